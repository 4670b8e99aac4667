//! Power that is lost: what was not synced may be gone, and `resume` still comes to the bytes and the record of an unbroken run.
//!
//! `power.c` is preloaded into the program and its trials, writes down which changes of files and folders were synced, and ends all of them
//! at the n-th call. Then bytes that were not synced are cut off; and, in every other try, names that were given or taken in a folder
//! that was not synced since are as before. (An exchange of two folders, and the removal of one, count as synced.) The ordinary suite tries a
//! few, of a seed that is printed; the long form tries all:
//! `cargo test --release --workspace --test it -- --ignored --nocapture power`.

use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use crate::attacks::{Dice, Whole, go_on, no_orphans, now, number, whole};
use crate::failing_io::preloaded;
use crate::harness::{Ended, Place, ended};

/// Two trials, their checkpoints, and stages that are kept.
const ARGUMENTS: &[&str] = &["run", "digits", "--smoke", "--seeds", "2"];

const ROOT: &str = "runs";
const JOURNAL: &str = "journal";
const KEPT: &str = "kept";
const CUT: &str = "cut";

/// When power is lost, and what goes.
#[derive(Clone, Copy, Debug)]
struct Point {
    /// The call, counted from 1 over all processes; 0: never.
    at: usize,
    /// Whether names go, too, not only bytes.
    names: bool,
}

/// A name given or taken in a folder that was not synced since.
struct Change {
    what: String,
    inode: u64,
    folder: u64,
    name: String,
    /// Of a rename: the new folder and name.
    to: Option<(u64, String)>,
    /// A link to the file that the name was taken from.
    kept: Option<String>,
}

/// Every file and folder in one, by inode.
fn by_inode(folder: &Path, found: &mut HashMap<u64, PathBuf>) {
    let Ok(own) = folder.symlink_metadata() else {
        return;
    };
    found.insert(own.ino(), folder.to_path_buf());
    if own.is_dir() {
        let entries = fs::read_dir(folder).unwrap().flatten();
        entries.for_each(|entry| by_inode(&entry.path(), found));
    }
}

/// What the journal says is not on disk: changes of names, oldest first, and how many bytes of each file are.
fn unsynced(journal: &str) -> (Vec<Change>, HashMap<u64, u64>) {
    let (mut changes, mut bytes) = (Vec::<Change>::new(), HashMap::new());
    for line in journal.lines() {
        let parts: Vec<&str> = line.split('\t').collect();
        let number = |at: usize| parts[at].parse::<u64>().unwrap();
        let text = |at: usize| parts[at].to_string();
        let inode = number(1);
        let change = |to, kept: &str| Change {
            what: text(0),
            inode,
            folder: number(2),
            name: text(3),
            to,
            kept: Some(kept.to_string()).filter(|kept| kept != "-"),
        };
        match parts[0] {
            "sync" => drop(bytes.insert(inode, number(2))),
            "open" if number(2) == 0 => drop(bytes.insert(inode, 0)),
            "open" => drop(bytes.entry(inode).or_insert(number(2))),
            "folder" => changes.retain(|change| {
                let folder = change.to.as_ref().map_or(change.folder, |to| to.0);
                folder != inode
            }),
            "rename" => changes.push(change(Some((number(4), text(5))), parts[6])),
            "unlink" => changes.push(change(None, parts[4])),
            _ => {
                bytes.insert(inode, 0);
                changes.push(change(None, "-"));
            }
        }
    }
    (changes, bytes)
}

/// Takes away what was not synced.
fn lose(place: &Place, names: bool) {
    let root = place.path(ROOT);
    let (changes, bytes) = unsynced(&place.read(JOURNAL));
    for change in changes.iter().rev().filter(|_| names) {
        let mut found = HashMap::new();
        by_inode(place.path(".").as_path(), &mut found);
        let old = found
            .get(&change.folder)
            .map(|folder| folder.join(&change.name));
        let put_back = |path: Option<PathBuf>| {
            if let (Some(path), Some(kept)) = (path, &change.kept) {
                fs::rename(place.path(KEPT).join(kept), path).unwrap();
            }
        };
        match (change.what.as_str(), found.get(&change.inode), old) {
            ("unlink", _, old) => put_back(old),
            ("rename", Some(path), Some(old)) => {
                fs::rename(path, old).unwrap();
                let to = change.to.as_ref();
                put_back(to.and_then(|(folder, name)| Some(found.get(folder)?.join(name))));
            }
            ("mkdir", Some(path), _) => fs::remove_dir_all(path).unwrap(),
            ("create", Some(path), _) => fs::remove_file(path).unwrap(),
            // Its folder is gone.
            _ => {}
        }
    }
    let mut found = HashMap::new();
    by_inode(&root, &mut found);
    for (inode, path) in found {
        let Some(bytes) = bytes.get(&inode).filter(|_| path.is_file()) else {
            continue;
        };
        let file = File::options().write(true).open(&path).unwrap();
        if file.metadata().unwrap().len() > *bytes {
            file.set_len(*bytes).unwrap();
        }
    }
}

/// Runs the program until power is lost; how many calls there were.
fn cut(place: &Place, shim: &Path, at: usize) -> (Ended, u64) {
    fs::create_dir(place.path(KEPT)).unwrap();
    place.write(CUT, [0; 8]);
    place.write(JOURNAL, "");
    let mut command = place.command(&[ARGUMENTS, &["--quiet"]].concat());
    command
        .env("LD_PRELOAD", shim)
        .env(
            "POWER_ROOT",
            place.path(".").canonicalize().unwrap().join(ROOT),
        )
        .env("POWER_LOG", place.path(JOURNAL))
        .env("POWER_KEPT", place.path(KEPT))
        .env("POWER_CUT", place.path(CUT))
        .env("POWER_AT", at.to_string());
    let ended = ended(command);
    let count = fs::read(place.path(CUT)).unwrap();
    (ended, u64::from_ne_bytes(count.try_into().unwrap()))
}

fn try_one(shim: &Path, point: Point, whole: &Whole) {
    let place = Place::new();
    let (hit, _) = cut(&place, shim, point.at);
    assert!([0, 137].contains(&hit.code), "{point:?}: {hit:?}");
    no_orphans(&place, &format!("{point:?}"));
    lose(&place, point.names);
    let on = go_on(&place, ARGUMENTS);
    assert_eq!(on.code, 0, "{point:?}: {}", on.stderr);
    whole.is_reached(&place, &format!("{point:?}"));
}

fn attack(points: impl Fn(usize) -> Vec<Point>) {
    let place = Place::new();
    let Some(shim) = preloaded(&place, "power") else {
        println!("SKIPPED: no C compiler, or no GNU library, to lose power with");
        return;
    };
    let whole = whole(ARGUMENTS);
    let (unbroken, calls) = cut(&Place::new(), &shim, 0);
    assert_eq!(unbroken.code, 0, "{}", unbroken.stderr);
    let points = points(calls as usize);
    let wrong = points
        .iter()
        .filter(|point| catch_unwind(|| try_one(&shim, **point, &whole)).is_err());
    let wrong: Vec<&Point> = wrong.collect();
    println!(
        "{calls} calls, {} points, {} went wrong",
        points.len(),
        wrong.len()
    );
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn whenever_power_is_lost_the_run_goes_on_without_what_was_not_synced() {
    let seed = number("SEED", now());
    println!("SEED={seed}");
    attack(|calls| {
        let mut dice = Dice(seed);
        let point = |at: usize| Point {
            at: 1 + dice.below(calls),
            names: at.is_multiple_of(2),
        };
        (0..6).map(point).collect()
    });
}

#[test]
#[ignore = "takes half an hour"]
fn whenever_of_all_moments_power_is_lost_the_run_goes_on_without_what_was_not_synced() {
    attack(|calls| {
        let all = (1..=calls).flat_map(|at| [false, true].map(|names| Point { at, names }));
        all.collect()
    });
}
