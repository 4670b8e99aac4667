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
