//! What a word on the command line stands for: a recipe, a model folder, a run folder.

use std::path::{Path, PathBuf};

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
    if let Some((shipped, keys)) = data(Path::new(word)) {
        return Err(Failure::usage(format_args!(
            "{word}: is data, not a recipe. `distil new {shipped}` copies a recipe; in it, `[data]` then says {keys}, with `path = \"{word}\"`."
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

/// If a path is data: the shipped recipe to start from, and what its `[data]` is to say.
fn data(path: &Path) -> Option<(&'static str, &'static str)> {
    let suffix = |path: &Path| {
        let suffix = path.extension().unwrap_or_default().to_string_lossy();
        suffix.to_lowercase()
    };
    const PARQUET: (&str, &str) = ("cifar", "`source = \"parquet\"`");
    if path.is_file() {
        return Some(match suffix(path).as_str() {
            "csv" | "tsv" => (
                "california",
                "`source = \"csv\"` and, as `target`, the column to predict",
            ),
            "npz" | "npy" => ("digits", "`source = \"npy\"`"),
            "parquet" => PARQUET,
            _ => return None,
        });
    }
    if path.join("recipe.toml").exists() {
        return None;
    }
    // The first file of a folder, or of its first folder, that says what it holds.
    let entries = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    };
    let inside = entries(path);
    let below = inside.iter().filter(|path| path.is_dir()).take(1);
    let below: Vec<PathBuf> = below.flat_map(|folder| entries(folder)).collect();
    inside
        .iter()
        .chain(&below)
        .find_map(|file| match suffix(file).as_str() {
            "parquet" => Some(PARQUET),
            "wav" => Some(("source", "`source = \"fsdd\"`")),
            "jpg" | "jpeg" | "png" => Some((
                "cifar",
                "`source = \"image-folder\"` and, as `size`, the height and width to bring all pictures to",
            )),
            _ => None,
        })
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
