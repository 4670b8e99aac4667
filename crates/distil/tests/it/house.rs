//! The order of the rooms: who may use whom.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Rooms from the bottom up; a room may use its own floor and those below.
const FLOORS: &[&[&str]] = &[
    &["error", "files", "rng", "sample", "weights"],
    &[
        "data", "growth", "method", "model", "optim", "samples", "task",
    ],
    &["train"],
    &["saved"],
    &["export", "plan"],
    &["run"],
];

fn uses(folder: &Path, room: &str, found: &mut BTreeMap<(String, String), String>) {
    for path in fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        if path.is_dir() {
            uses(&path, room, found);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let library = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in library
            .lines()
            .filter_map(|line| line.trim().strip_prefix("use crate::"))
        {
            let used: String = line
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            found
                .entry((room.to_string(), used))
                .or_insert_with(|| path.display().to_string());
        }
    }
}

#[test]
fn imports_go_down_the_house_never_up() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let floor = |room: &str| FLOORS.iter().position(|rooms| rooms.contains(&room));
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(&source)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        let room = entry.file_stem().unwrap().to_string_lossy().into_owned();
        if entry.is_dir() {
            assert!(
                floor(&room).is_some(),
                "`{room}` has no floor: give it one in this test"
            );
            uses(&entry, &room, &mut found);
        }
    }
    assert!(
        found.len() > 30,
        "the test reads the imports: {}",
        found.len()
    );
    for ((room, used), place) in found {
        let Some(below) = floor(&used) else { continue };
        assert!(
            below <= floor(&room).unwrap(),
            "{place}: `{room}` uses `{used}`, which is above it"
        );
    }
}
