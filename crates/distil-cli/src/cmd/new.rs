//! `distil new`: a shipped recipe to change.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use distil_report::foreign::terminal;

use crate::args::NewArgs;
use crate::exit::{Ended, Failure};
use crate::{find, show};

/// Copies a shipped recipe; a file that exists is left as it is.
pub fn new(args: &NewArgs) -> Ended {
    let shipped = find::shipped(&args.name)?;
    let file_name = format!("{}.toml", shipped.name);
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
    if let Err(error) = file.write_all(without_schema(shipped.text).as_bytes()) {
        let _ = fs::remove_file(&path);
        return Err(refuse(&error));
    }
    let mut word = terminal(&path.display().to_string()).into_owned();
    if !word.contains(['/', std::path::MAIN_SEPARATOR]) && !word.ends_with(".toml") {
        word.insert_str(0, "./");
    }
    show::print(&format!(
        "{word} is yours to change. `distil check {word}` shows what it would do, `distil run {word}` does it."
    ))
}

/// The first line names the schema for editors, by its place beside the shipped recipes.
fn without_schema(text: &str) -> &str {
    match text.split_once('\n') {
        Some((first, rest)) if first.starts_with("#:schema") => rest,
        _ => text,
    }
}
