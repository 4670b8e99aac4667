//! Files of a kind in a folder and its folders, by their content; what is left out is counted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::data::source::contents::{Reader, content_of};
use crate::data::source::file::{has_suffix, refused};
use crate::error::{Error, Result};

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Who reads it.
    pub reader: Reader,
    /// In a sentence: `pictures`.
    pub noun: &'static str,
    /// What such names end in: files that are named so are meant to be it, whatever they hold.
    pub suffixes: &'static [&'static str],
}

/// Pictures.
pub const PICTURES: Wanted = Wanted {
    reader: Reader::Picture,
    noun: "pictures",
    suffixes: &[
        "jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp", "dib", "tif", "tiff",
    ],
};

/// Sounds.
pub const SOUNDS: Wanted = Wanted {
    reader: Reader::Sound,
    noun: "sounds",
    suffixes: &[
        "wav", "wave", "flac", "mp3", "ogg", "oga", "aif", "aiff", "aifc",
    ],
};

/// Folders lie in each other no deeper: a link to a folder above would never end.
const DEEPEST: usize = 32;

/// Files that are no such thing, by kind: how many, and the first of each.
#[derive(Debug, Default)]
pub struct LeftOut(BTreeMap<String, (usize, PathBuf)>);

impl LeftOut {
    /// Counts a file.
    pub fn add(&mut self, kind: String, file: &Path) {
        let (count, _) = self.0.entry(kind).or_insert((0, file.to_path_buf()));
        *count += 1;
    }

    /// A sentence without its full stop, if anything was left out.
    pub fn note(&self, noun: &str) -> Option<String> {
        let all: usize = self.0.values().map(|(count, _)| count).sum();
        let kinds: Vec<String> = self
            .0
            .iter()
            .map(|(kind, (count, first))| match count {
                1 => format!("{} is {kind}", first.display()),
                _ => format!("{count}, the first {}, are each {kind}", first.display()),
            })
            .collect();
        (all > 0).then(|| {
            let are = if all == 1 { "file is" } else { "files are" };
            format!("{all} {are} left out of the {noun}: {}", kinds.join("; "))
        })
    }
}

/// The files of a folder and its folders that are wanted, by name; the others are counted.
pub fn files_within(folder: &Path, wanted: Wanted, left_out: &mut LeftOut) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    walk(folder, wanted, 0, &mut files, left_out)?;
    Ok(files)
}

/// The same of a folder alone.
pub fn files_beside(folder: &Path, wanted: Wanted, left_out: &mut LeftOut) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in all_entries(folder)? {
        if !path.is_dir() {
            sort(path, wanted, &mut files, left_out);
        }
    }
    Ok(files)
}

fn walk(
    folder: &Path,
    wanted: Wanted,
    depth: usize,
    files: &mut Vec<PathBuf>,
    left_out: &mut LeftOut,
) -> Result<()> {
    if depth > DEEPEST {
        return Err(Error::input(
            folder.display(),
            format!("folders lie in each other more than {DEEPEST} deep"),
        )
        .remedy("Remove links that lead to a folder above"));
    }
    for path in all_entries(folder)? {
        match path.is_dir() {
            true if is_hidden(&path) => {}
            true => walk(&path, wanted, depth + 1, files, left_out)?,
            false => sort(path, wanted, files, left_out),
        }
    }
    Ok(())
}

fn sort(path: PathBuf, wanted: Wanted, files: &mut Vec<PathBuf>, left_out: &mut LeftOut) {
    if is_hidden(&path) {
        // What systems leave behind is nobody's picture.
        if content_of(&path).is_some_and(|content| content.reader == wanted.reader) {
            left_out.add("hidden".into(), &path);
        }
        return;
    }
    if !path.is_file() {
        left_out.add("no regular file".into(), &path);
        return;
    }
    let content = content_of(&path);
    let meant = has_suffix(&path, wanted.suffixes);
    match content {
        Some(content) if content.reader == wanted.reader => files.push(path),
        // A picture in another format than its name says.
        Some(content)
            if content.reader == Reader::None && meant && is_like(content.name, wanted) =>
        {
            left_out.add(format!("{}, which is not read", content.name), &path);
        }
        _ if meant => files.push(path),
        Some(content) => left_out.add(content.name.to_string(), &path),
        None => left_out.add(unknown(&path), &path),
    }
}

/// Whether a kind that is not read is of the wanted sort: `a HEIC picture`.
fn is_like(name: &str, wanted: Wanted) -> bool {
    let sort = wanted.noun.trim_end_matches('s');
    name.ends_with(sort)
}

fn unknown(path: &Path) -> String {
    match path.extension() {
        Some(suffix) => format!("named .{}", suffix.to_string_lossy().to_lowercase()),
        None => "of a kind not known".into(),
    }
}

/// Whether a system or program put it there for itself.
pub fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') || matches!(&*name, "__MACOSX" | "@eaDir" | "Thumbs.db" | "desktop.ini")
}

/// Everything in a folder, hidden or not, by name.
pub fn all_entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(|error| refused(folder, &error))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(|error| refused(folder, &error))?.path());
    }
    paths.sort();
    Ok(paths)
}

/// The folders in a folder, by name; hidden ones aside.
pub fn folders_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = all_entries(folder)?;
    folders.retain(|path| path.is_dir() && !is_hidden(path));
    Ok(folders)
}
