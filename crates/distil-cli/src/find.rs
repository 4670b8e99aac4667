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
    if let Some((_, data)) = data(Path::new(word)) {
        return Err(Failure::usage(format_args!(
            "{word}: is data, not a recipe. `distil new {}` looks at it and writes one.",
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

/// What data a path holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A table of text.
    Table,
    /// NumPy's arrays.
    Arrays,
    /// Parquet files.
    Shards,
    /// A folder of pictures.
    Pictures,
    /// A folder of sounds.
    Sounds,
}

/// If a path is data: what it holds, and the `path` to name.
pub fn data(path: &Path) -> Option<(What, PathBuf)> {
    if path.is_file() {
        let what = kind(path).or_else(|| is_table(path).then_some(What::Table))?;
        let folder = match what {
            // A folder for each class lies between.
            What::Pictures => path.parent().and_then(Path::parent),
            What::Sounds => path.parent(),
            _ => Some(path),
        };
        let folder = folder.filter(|folder| *folder != Path::new(""));
        return Some((what, folder.unwrap_or(Path::new(".")).to_path_buf()));
    }
    if path.join("recipe.toml").exists() {
        return None;
    }
    let (what, file) = first(path, FOLDERS)?;
    let place = match what {
        What::Table => table_in(path).unwrap_or(file),
        // Files in folders are read as one; so are the parts of a data set in parquet.
        What::Arrays => file,
        _ => path.to_path_buf(),
    };
    Some((what, place))
}

/// Folders in each other that are looked into.
const FOLDERS: usize = 4;

/// The first file of a folder, or of a folder in it, that says what it holds.
fn first(folder: &Path, depth: usize) -> Option<(What, PathBuf)> {
    let inside = entries(folder);
    let mut files = inside.iter().filter(|path| path.is_file());
    let found = files.find_map(|file| Some((kind(file)?, file.clone())));
    found.or_else(|| {
        let mut folders = inside.iter().filter(|path| path.is_dir() && depth > 0);
        folders.find_map(|folder| first(folder, depth - 1))
    })
}

/// The table to train on among those of a folder: the one called so.
fn table_in(folder: &Path) -> Option<PathBuf> {
    let tables = entries(folder)
        .into_iter()
        .filter(|file| kind(file) == Some(What::Table));
    let tables: Vec<PathBuf> = tables.collect();
    let train = |file: &&PathBuf| {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        name.to_lowercase().starts_with("train")
    };
    tables.iter().find(train).or(tables.first()).cloned()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// What a file is, by its name or its first bytes, if it is data for certain.
fn kind(file: &Path) -> Option<What> {
    let name = file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let suffix = name
        .trim_end_matches(".gz")
        .rsplit_once('.')
        .map_or("", |(_, suffix)| suffix);
    match suffix {
        "csv" | "tsv" => return Some(What::Table),
        "npz" | "npy" => return Some(What::Arrays),
        "parquet" => return Some(What::Shards),
        "jpg" | "jpeg" | "png" => return Some(What::Pictures),
        "wav" => return Some(What::Sounds),
        "toml" => return None,
        _ => {}
    }
    match content_of(file)?.reader {
        Reader::Picture => Some(What::Pictures),
        Reader::Sound => Some(What::Sounds),
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
    if word.contains(['/', std::path::MAIN_SEPARATOR]) && !Path::new(word).exists() {
        return Failure::usage(format_args!(
            "{word}: there is no such file or folder. Check the path; a relative path starts at the current folder."
        ));
    }
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
