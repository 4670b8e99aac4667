//! `distil new`: a shipped recipe to change, or one written for data of one's own.

mod recipe;
mod table;
mod target;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use distil_recipe::name::{composed, is_in_names};
use distil_report::foreign::terminal;

use self::recipe::Written;
use self::table::{Asked, table};
use crate::args::NewArgs;
use crate::exit::{Ended, Failure};
use crate::find::What;
use crate::{find, show};

/// Copies a shipped recipe, or writes one for data; a file that exists is left as it is.
pub fn new(args: &NewArgs) -> Ended {
    let word = args.name.as_str();
    let (text, found, name) = match distil::plan::shipped(word)
        .is_none()
        .then(|| find::data(Path::new(word)))
        .flatten()
    {
        Some((what, data)) => {
            let asked = Asked {
                target: args.target.clone(),
                task: args.task.clone(),
            };
            let written = write(what, &data, &asked)?;
            (written.text, written.found, name_of(&data))
        }
        None => {
            let shipped = find::shipped(word)?;
            if args.target.is_some() || args.task.is_some() {
                return Err(Failure::usage(format_args!(
                    "{}: is a shipped recipe, and `--target` and `--task` are for tables of your own. Leave them out.",
                    shipped.name
                )));
            }
            (
                without_schema(shipped.text).to_owned(),
                Vec::new(),
                shipped.name.to_owned(),
            )
        }
    };
    let file_name = format!("{name}.toml");
    let path = match &args.path {
        None => PathBuf::from(file_name),
        Some(folder) if folder.is_dir() => folder.join(file_name),
        Some(path) => path.clone(),
    };
    let refuse = |error: &std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::usage(format_args!(
            "{}: exists already. Name another path, or remove it first.",
            path.display()
        )),
        _ => Failure::from(distil::files::refused(&path, error)).before_anything(),
    };
    let mut file = File::create_new(&path).map_err(|e| refuse(&e))?;
    if let Err(error) = file.write_all(text.as_bytes()) {
        let _ = fs::remove_file(&path);
        return Err(refuse(&error));
    }
    let mut word = terminal(&path.display().to_string()).into_owned();
    if !word.contains(['/', std::path::MAIN_SEPARATOR]) && !word.ends_with(".toml") {
        word.insert_str(0, "./");
    }
    let found: String = found
        .iter()
        .map(|line| format!("{}\n", terminal(line)))
        .collect();
    show::print(&format!(
        "{found}{word} is yours to change. `distil check {word}` shows what it would do, `distil run {word}` does it."
    ))
}

/// Looks at data and writes a recipe for it, which was tried.
fn write(what: What, path: &Path, asked: &Asked) -> Result<Written, Failure> {
    let is_asked = asked.target.is_some() || asked.task.is_some();
    match what {
        What::Table => table(path, asked),
        What::Shards if is_asked => table(path, asked),
        _ if is_asked => Err(Failure::usage(format_args!(
            "{}: is no table, and `--target` and `--task` are for tables. Leave them out.",
            path.display()
        ))),
        What::Arrays => recipe::arrays(path),
        What::Shards => match recipe::pictures_in_shards(path) {
            Ok(written) => Ok(written),
            // Columns of numbers and texts.
            Err(_) => table(path, asked),
        },
        What::Pictures => recipe::pictures(path),
        What::Sounds => recipe::sounds(path),
    }
}

/// A name for a recipe of this data: that of the file or folder, in letters, digits and `-`, wherever its text came from.
fn name_of(data: &Path) -> String {
    let whole = data.canonicalize().unwrap_or_else(|_| data.to_path_buf());
    let stem = whole
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let plain = |c: char| {
        if is_in_names(c) && c != '.' { c } else { '-' }
    };
    let stem = composed(stem.trim_end_matches(".csv"));
    let name: String = stem.chars().map(plain).collect();
    match name.trim_matches('-') {
        "" => "own".into(),
        name => name.into(),
    }
}

/// The first line names the schema for editors, by its place beside the shipped recipes.
fn without_schema(text: &str) -> &str {
    match text.split_once('\n') {
        Some((first, rest)) if first.starts_with("#:schema") => rest,
        _ => text,
    }
}
