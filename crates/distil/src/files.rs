//! Files that are whole or absent: temporary name, fsync, rename, fsync of the folder.
//!
//! A folder takes the place of an older one whole; the old one goes only after that.
//!
//! On Unix, `Ok` means the bytes are on disk under their final name; elsewhere folders are not synced.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};

/// Marks names that are not finished; whatever carries it may be removed at the next start.
pub const UNFINISHED: &str = ".unfinished";

/// Marks a folder that is being replaced where that takes two steps.
const REPLACED: &str = ".replaced";

/// Bytes read at once.
const PIECE: usize = 256 << 10;

/// Writes `bytes` to `path` as a whole: a reader sees the old file or the new one.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let unfinished = unfinished(path);
    let written = write_synced(&unfinished, bytes)
        .and_then(|()| fs::rename(&unfinished, path).map_err(|e| refused(path, &e)));
    if written.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    written?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

/// Refuses a path that [`write`] could not write to; nothing is left there.
pub fn check_writable(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Err(Error::input(path.display(), "is a folder").remedy("Name a file in it"));
    }
    if path.exists() && !path.is_file() {
        return Err(Error::input(path.display(), "is no file")
            .remedy("Name a file, or none to write to standard output"));
    }
    let unfinished = unfinished(path);
    let made = File::create(&unfinished).map_err(|e| Error {
        kind: Kind::Input,
        ..refused(path, &e)
    });
    let _ = fs::remove_file(&unfinished);
    made.map(|_| ())
}

/// Writes a folder of files as a whole, `last` after all others; returns the bytes written.
pub fn write_folder(path: &Path, files: &[(&str, &[u8])], last: (&str, &[u8])) -> Result<u64> {
    let unfinished = unfinished(path);
    let fill = || -> Result<()> {
        fs::create_dir_all(&unfinished).map_err(|e| refused(&unfinished, &e))?;
        for (name, bytes) in files.iter().chain([&last]) {
            write_synced(&unfinished.join(name), bytes)?;
        }
        put(&unfinished, path)
    };
    let filled = fill();
    if filled.is_err() {
        let _ = fs::remove_dir_all(&unfinished);
    }
    filled?;
    Ok(files
        .iter()
        .chain([&last])
        .map(|(_, bytes)| bytes.len() as u64)
        .sum())
}

/// Gives a finished folder its name. An older folder of this name stands until the new one does, and then goes.
pub fn put(finished: &Path, path: &Path) -> Result<()> {
    sync_folder(finished)?;
    let moved = match path.exists() {
        true => exchange(finished, path),
        false => fs::rename(finished, path),
    };
    moved.map_err(|e| refused(path, &e))?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))?;
    // What is left of the old one costs space, and goes at the next start.
    let _ = fs::remove_dir_all(finished);
    Ok(())
}

/// Two folders take each other's names.
fn exchange(one: &Path, other: &Path) -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
            // A file system that cannot do it at once.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            done => return Ok(done?),
        }
    }
    let mut aside = other.as_os_str().to_os_string();
    aside.push(REPLACED);
    let aside = PathBuf::from(aside);
    fs::rename(other, &aside)?;
    if let Err(error) = fs::rename(one, other) {
        fs::rename(&aside, other)?;
        return Err(error);
    }
    fs::rename(&aside, one)
}

/// Removes what interrupted writes left in a folder and those in it, which belong to nobody else.
pub fn clean(folder: &Path) {
    for path in entries(folder) {
        let name = path.to_string_lossy();
        if let Some(whole) = name.strip_suffix(REPLACED) {
            // The new one is not there: the old one still counts.
            let _ = match Path::new(whole).exists() {
                true => fs::remove_dir_all(&path),
                false => fs::rename(&path, whole),
            };
        } else if name.ends_with(UNFINISHED) {
            remove(&path);
        } else if path.is_dir() && !path.is_symlink() {
            clean(&path);
        }
    }
}

/// Removes what processes that are gone left in a folder that several share, and in those in it.
pub fn clean_shared(folder: &Path) {
    for path in entries(folder) {
        let is_folder = path.is_dir() && !path.is_symlink();
        let inside = match is_unfinished(&path) || !is_folder {
            true => Vec::new(),
            false => entries(&path),
        };
        for path in inside.into_iter().chain([path]) {
            let name = path.to_string_lossy();
            let begun = name.strip_suffix(UNFINISHED);
            if begun.is_some_and(|begun| !is_at_work(begun)) {
                remove(&path);
            }
        }
    }
}

/// Whether this is the name of something that is not finished.
pub fn is_unfinished(path: &Path) -> bool {
    path.to_string_lossy().ends_with(UNFINISHED)
}

/// Whether the process whose number ends a name is there.
fn is_at_work(name: &str) -> bool {
    let process = name
        .rsplit('.')
        .next()
        .and_then(|number| number.parse().ok());
    #[cfg(unix)]
    if let Some(pid) = process.and_then(rustix::process::Pid::from_raw) {
        use rustix::io::Errno;
        return rustix::process::test_kill_process(pid) != Err(Errno::SRCH) && !is_zombie(pid);
    }
    let _: Option<i32> = process;
    false
}

/// Whether a process has ended and only waits to be asked how: it writes nothing any more.
#[cfg(unix)]
fn is_zombie(pid: rustix::process::Pid) -> bool {
    // Linux: `pid (name) state …`, the name being anything.
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    stat.is_ok_and(|stat| {
        let state = stat.rsplit(')').next();
        state.is_some_and(|state| state.trim_start().starts_with(['Z', 'X']))
    })
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

fn remove(path: &Path) {
    let _ = match path.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    };
}

/// Reads a whole file.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|e| refused(path, &e))
}

/// Gives a file's content piece by piece.
pub fn read_pieces(path: &Path, mut each: impl FnMut(&[u8])) -> Result<()> {
    let mut file = File::open(path).map_err(|e| refused(path, &e))?;
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(read) => each(&piece[..read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(refused(path, &error)),
        }
    }
}

/// Bytes of the files in a folder.
pub fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => size(&entry.path()),
            _ => entry.metadata().map_or(0, |metadata| metadata.len()),
        })
        .sum()
}

/// Creates a folder and its parents.
pub fn create_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|e| refused(path, &e))
}

/// An operating-system refusal, with the remedy that fits it.
pub fn refused(path: &Path, error: &std::io::Error) -> Error {
    use std::io::ErrorKind;
    let remedy = match error.kind() {
        ErrorKind::NotFound => "Check the path",
        ErrorKind::PermissionDenied => "Check the permissions, or choose another folder",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "Free some space, then `distil resume` goes on from the last checkpoint"
        }
        ErrorKind::FileTooLarge => {
            "Raise the file-size limit (`ulimit -f`), then `distil resume` goes on from the last checkpoint"
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "A file is in the way: choose another folder"
        }
        _ => "",
    };
    Error::io(path, error).remedy(remedy)
}

/// The name that something has until it is finished.
pub fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}{UNFINISHED}", std::process::id()));
    path.with_file_name(name)
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|e| refused(path, &e))
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> Result<()> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    File::open(folder)
        .and_then(|f| f.sync_all())
        .map_err(|e| refused(folder, &e))
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write(&path, b"old").unwrap();
        fs::create_dir(unfinished(&path)).unwrap();
        assert!(write(&path, b"new").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        clean(folder.path());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_cannot_take_its_place_leaves_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("unit");
        // A file in the way is not removed either.
        write(&path, b"old").unwrap();
        fs::create_dir(folder.path().join("new")).unwrap();
        let _ = put(&folder.path().join("new"), &path);
        let whole = [&path, &folder.path().join("new")].map(|path| fs::read(path).ok());
        assert!(whole.contains(&Some(b"old".to_vec())), "{whole:?}");
    }

    #[test]
    fn a_folder_replaced_in_two_steps_is_never_lost() {
        let folder = tempfile::tempdir().unwrap();
        let [unit, replaced] = ["unit", "unit.replaced"].map(|name| folder.path().join(name));
        fs::create_dir(&replaced).unwrap();
        write(&replaced.join("a"), b"old").unwrap();
        clean(folder.path());
        assert_eq!(fs::read(unit.join("a")).unwrap(), b"old");
        fs::create_dir(&replaced).unwrap();
        clean(folder.path());
        assert!(unit.exists() && !replaced.exists());
    }

    #[test]
    fn leftovers_go_wherever_they_are_and_those_of_a_process_at_work_stay() {
        let folder = tempfile::tempdir().unwrap();
        let own = unfinished(&folder.path().join("kept"));
        // No process has a number beyond the kernel's limit of 2^22.
        let gone = folder.path().join("kept.999999999.unfinished");
        let inside = folder.path().join("key/events.999999999.unfinished");
        for path in [&own, &gone, &inside] {
            fs::create_dir_all(path).unwrap();
        }
        clean_shared(folder.path());
        assert_eq!(
            [&own, &gone, &inside].map(|path| path.exists()),
            [true, false, false]
        );
        fs::create_dir_all(folder.path().join("a/b/c.1.unfinished")).unwrap();
        clean(folder.path());
        assert!(!own.exists() && !folder.path().join("a/b/c.1.unfinished").exists());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_process_left_that_nobody_has_waited_for_goes_too() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let stat = format!("/proc/{}/stat", child.id());
        while !fs::read_to_string(&stat).unwrap().contains(") Z ") {
            std::thread::yield_now();
        }
        let left = folder
            .path()
            .join(format!("kept.{}.unfinished", child.id()));
        fs::create_dir(&left).unwrap();
        clean_shared(folder.path());
        assert!(!left.exists());
        child.wait().unwrap();
    }

    #[test]
    fn a_folder_replaces_the_old_one_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("unit");
        write_folder(&path, &[("a", b"1"), ("b", b"22")], ("z", b"333")).unwrap();
        assert_eq!(write_folder(&path, &[("a", b"4")], ("z", b"5")).unwrap(), 2);
        assert_eq!(fs::read(path.join("a")).unwrap(), b"4");
        assert!(!path.join("b").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
