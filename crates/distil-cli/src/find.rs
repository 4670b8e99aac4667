//! What a word on the command line stands for: a recipe, a model folder, a run folder.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use distil::data::source::{Reader, content_of};
use distil::plan::{SHIPPED, Shipped};
use distil_recipe::{RecipeText, suggest};

use crate::exit::Failure;

/// A recipe's text and the name its runs get.
#[derive(Debug)]
pub struct Found {
    /// The text, quoted by problems under its path or its name.
    pub text: RecipeText,
    /// The shipped recipe's name, or the file's without `.toml`.
    pub name: String,
}

/// A bare word is a shipped recipe, anything with `/` or `.toml` a file.
pub fn recipe(word: &str) -> Result<Found, Failure> {
    if let Some((shipped, keys, data)) = data(Path::new(word)) {
        return Err(Failure::usage(format_args!(
            "{word}: is data, not a recipe. `distil new {shipped}` copies a recipe; in it, `[data]` then says {keys}, with `path = \"{}\"`.",
            data.display()
        )));
    }
    if word.contains(['/', std::path::MAIN_SEPARATOR]) || word.ends_with(".toml") {
        return file(word);
    }
    match distil::plan::shipped(word) {
        Some(shipped) => Ok(Found {
            text: RecipeText::new(format!("{word}.toml (shipped)"), shipped.text),
            name: word.to_owned(),
        }),
        None => Err(unknown(word)),
    }
}

/// The shipped recipe to start from, and what its `[data]` is to say.
type Advice = (&'static str, &'static str);

const TABLE: Advice = (
    "california",
    "`source = \"csv\"` and, as `target`, the column to predict",
);
const ARRAYS: Advice = ("digits", "`source = \"npy\"`");
const SHARDS: Advice = ("cifar", "`source = \"parquet\"`");
const SOUNDS: Advice = ("source", "`source = \"fsdd\"`");
const PICTURES: Advice = (
    "cifar",
    "`source = \"image-folder\"` and, as `size`, the height and width to bring all pictures to",
);

/// If a path is data: what to do with it, and the `path` to name.
fn data(path: &Path) -> Option<(&'static str, &'static str, PathBuf)> {
    let (advice, place) = if path.is_file() {
        let advice = kind(path).or_else(|| is_table(path).then_some(TABLE))?;
        let folder = match advice {
            // A folder for each class lies between.
            PICTURES => path.parent().and_then(Path::parent),
            SOUNDS => path.parent(),
            _ => Some(path),
        };
        let folder = folder.filter(|folder| *folder != Path::new(""));
        (advice, folder.unwrap_or(Path::new(".")).to_path_buf())
    } else if path.join("recipe.toml").exists() {
        return None;
    } else {
        // The first file of a folder, or of its first folder, that says what it holds.
        let inside = entries(path);
        let below = inside.iter().filter(|path| path.is_dir()).take(1);
        let below: Vec<PathBuf> = below.flat_map(|folder| entries(folder)).collect();
        let mut files = inside.iter().chain(&below).filter(|path| path.is_file());
        let (advice, file) = files.find_map(|file| Some((kind(file)?, file)))?;
        let place = if advice == TABLE { file } else { path };
        (advice, place.to_path_buf())
    };
    Some((advice.0, advice.1, place))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// What a file is, by its name or its first bytes, if it is data for certain.
fn kind(file: &Path) -> Option<Advice> {
    let suffix = file.extension().unwrap_or_default().to_string_lossy();
    match suffix.to_lowercase().as_str() {
        "csv" | "tsv" => return Some(TABLE),
        "npz" | "npy" => return Some(ARRAYS),
        "parquet" => return Some(SHARDS),
        "jpg" | "jpeg" | "png" => return Some(PICTURES),
        "wav" => return Some(SOUNDS),
        "toml" => return None,
        _ => {}
    }
    match content_of(file)?.reader {
        Reader::Picture => Some(PICTURES),
        Reader::Sound => Some(SOUNDS),
        Reader::None => None,
    }
}

/// Whether a file is text that begins with cells, and not as TOML can begin.
fn is_table(file: &Path) -> bool {
    let Ok(mut opened) = File::open(file) else {
        return false;
    };
    let mut head = [0; 4096];
    let read = opened.read(&mut head).unwrap_or(0);
    let text = String::from_utf8_lossy(&head[..read]);
    let statement = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with('#');
    let cells =
        |line: &str| line.contains([',', ';', '\t']) && !line.contains(['=', '[', '\u{fffd}']);
    file.extension().is_none_or(|suffix| suffix != "toml")
        && text.lines().find(statement).is_some_and(cells)
}

/// A shipped recipe; the error names what was meant, or all there are.
pub fn shipped(word: &str) -> Result<&'static Shipped, Failure> {
    distil::plan::shipped(word).ok_or_else(|| unknown(word))
}

fn unknown(word: &str) -> Failure {
    let remedy = if Path::new(word).is_file() {
        format!("For the file of that name here, write `./{word}`.")
    } else if let Some(near) = suggest(word, names()) {
        format!("Did you mean `{near}`?")
    } else {
        let names: Vec<&str> = names().collect();
        format!(
            "There are {}; a file is named with its path, such as `./my.toml`.",
            names.join(", ")
        )
    };
    Failure::usage(format_args!(
        "{word}: no shipped recipe has this name. {remedy}"
    ))
}

fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|recipe| recipe.name)
}

fn file(word: &str) -> Result<Found, Failure> {
    let path = Path::new(word);
    let refuse =
        |reason: &str, remedy: &str| Failure::usage(format_args!("{word}: {reason}. {remedy}."));
    if path.is_dir() {
        return Err(refuse(
            "is a folder, not a recipe",
            "Name the file in it, such as its recipe.toml",
        ));
    }
    if !path.exists() {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let remedy = match distil::plan::shipped(&stem) {
            Some(shipped) => format!("The shipped recipe is called `{}`", shipped.name),
            None => "`distil list recipes` names the shipped ones; `distil new` copies one".into(),
        };
        return Err(refuse("there is no such file", &remedy));
    }
    if !word.ends_with(".toml")
        && let Some(content) = content_of(path)
    {
        let reason = format!("is {}, not a recipe", content.name);
        return Err(refuse(&reason, "Name a recipe, a TOML file"));
    }
    let bytes = distil::files::read(path).map_err(|e| Failure::from(e).before_anything())?;
    let text = String::from_utf8(bytes)
        .map_err(|_| refuse("is not text in UTF-8", "Name a recipe, a TOML file"))?;
    let name = path.file_stem().map_or_else(
        || word.to_owned(),
        |stem| stem.to_string_lossy().into_owned(),
    );
    Ok(Found {
        text: RecipeText::new(word, text),
        name,
    })
}

/// A model's folder: the folder itself, or `model` in a run's folder.
pub fn model(path: &Path) -> PathBuf {
    let inside = path.join("model");
    if !path.join("model.json").is_file() && inside.join("model.json").is_file() {
        inside
    } else {
        path.to_path_buf()
    }
}
