//! The source files that tests read.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The text of every Rust file in a folder of the workspace and the folders in it, by its path below the folder, parts apart by `/`.
pub fn sources(folder: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    read(&workspace.join(folder), "", &mut found);
    found
}

fn read(folder: &Path, below: &str, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        let name = format!("{below}{name}");
        if path.is_dir() {
            read(&path, &format!("{name}/"), found);
        } else if name.ends_with(".rs") {
            found.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

/// What of a file is the library: all before its own tests.
pub fn library(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or_default()
}
