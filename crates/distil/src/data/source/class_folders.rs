//! Files in a folder for each class, perhaps in a folder for each part.

use std::path::{Path, PathBuf};

use distil_report::Part;

use crate::data::raw::Group;
use crate::data::source::file::file_name;
use crate::data::source::listing::{LeftOut, Wanted, files_beside, files_within, folders_in};
use crate::data::source::parts::{self, part_of};
use crate::error::{Error, Result};

/// Files and their classes.
pub struct Classed {
    /// Where they lie.
    pub paths: Vec<PathBuf>,
    /// Their names, from the folder that was asked for.
    pub rows: Vec<String>,
    /// The classes' names.
    pub names: Vec<String>,
    /// Indices into `names`.
    pub labels: Vec<u32>,
    /// The hash of what else tells their classes; empty where the rows' names say all.
    pub told: String,
    /// What may keep samples together.
    pub groups: Vec<Group>,
    /// The part the folders tell.
    pub official: Option<Vec<Part>>,
    /// What is to be said of them.
    pub notes: Vec<String>,
}

/// What a reading meets on its way.
struct Walk {
    wanted: Wanted,
    left_out: LeftOut,
    notes: Vec<String>,
}

/// The files of a folder of classes, or of one whose folders are parts (`train`, `test`, …) with folders of classes, at
/// least so many.
pub fn read(path: &Path, wanted: Wanted, least: usize) -> Result<Classed> {
    let mut walk = Walk {
        wanted,
        left_out: LeftOut::default(),
        notes: Vec::new(),
    };
    let path = &walk.unwrapped(path)?;
    let parts = walk.parts(path)?;
    let of_classes = match parts.first() {
        Some((_, train)) => train,
        None => path,
    };
    let names: Vec<String> = folders_in(of_classes)?
        .iter()
        .map(|f| file_name(f))
        .collect();
    if names.len() < least {
        return Err(no_classes(of_classes, names.len(), wanted));
    }
    let mut all = Classed {
        paths: Vec::new(),
        rows: Vec::new(),
        names,
        labels: Vec::new(),
        told: String::new(),
        groups: Vec::new(),
        official: None,
        notes: Vec::new(),
    };
    if parts.is_empty() {
        all.add(&mut walk, path, path)?;
    }
    let mut official = Vec::new();
    for (part, folder) in &parts {
        let other = folders_in(folder)?.into_iter();
        let mut other = other.filter(|class| !all.names.contains(&file_name(class)));
        if let Some(other) = other.next() {
            return Err(Error::input(
                other.display(),
                format!(
                    "there is no class `{}` in {}",
                    file_name(&other),
                    of_classes.display()
                ),
            )
            .remedy("Leave it out, or bring samples to train on"));
        }
        all.add(&mut walk, folder, path)?;
        official.resize(all.paths.len(), *part);
    }
    if let Some((parts, note)) = parts::given(official) {
        all.official = Some(parts);
        walk.notes.push(note);
    }
    walk.notes.extend(walk.left_out.note(wanted.noun));
    all.notes = walk.notes;
    Ok(all)
}

/// Whether all that is wanted in a folder lies in folders of it, and each of them holds some.
pub fn has_classes(path: &Path, wanted: Wanted) -> Result<bool> {
    let mut aside = LeftOut::default();
    let folders = folders_in(path)?;
    if folders.is_empty() || !files_beside(path, wanted, &mut aside)?.is_empty() {
        return Ok(false);
    }
    for folder in folders {
        if files_within(&folder, wanted, &mut aside)?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Classed {
    /// Every file of the classes' folders in `folder`; their names are relative to `base`.
    fn add(&mut self, walk: &mut Walk, folder: &Path, base: &Path) -> Result<()> {
        let wanted = walk.wanted;
        for (label, class) in (0..).zip(&self.names) {
            let inside = folder.join(class);
            if !inside.is_dir() {
                continue;
            }
            let found = files_within(&inside, wanted, &mut walk.left_out)?;
            if found.is_empty() {
                let noun = wanted.noun.trim_end_matches('s');
                return Err(Error::input(
                    inside.display(),
                    format!("there is no {noun} in this class's folder"),
                )
                .remedy(format!(
                    "Bring {} files, or remove the folder",
                    suffixes(wanted)
                )));
            }
            for path in found {
                let name = path.strip_prefix(base).unwrap_or(&path);
                self.rows.push(name.to_string_lossy().into_owned());
                self.labels.push(label);
                self.paths.push(path);
            }
        }
        let loose = files_beside(folder, wanted, &mut walk.left_out)?;
        if let Some(first) = loose.first() {
            walk.notes.push(format!(
                "{} {} lie beside the folders of classes and are left out, the first {}",
                loose.len(),
                wanted.noun,
                first.display()
            ));
        }
        Ok(())
    }
}

impl Walk {
    /// The folder itself, or the folder of folders that is all there is in it.
    fn unwrapped(&mut self, path: &Path) -> Result<PathBuf> {
        let mut path = path.to_path_buf();
        loop {
            let folders = folders_in(&path)?;
            let [only] = folders.as_slice() else {
                return Ok(path);
            };
            let loose = files_beside(&path, self.wanted, &mut LeftOut::default())?;
            if folders_in(only)?.is_empty() || !loose.is_empty() {
                return Ok(path);
            }
            self.notes.push(format!(
                "{} is read, the only folder in {}",
                only.display(),
                path.display()
            ));
            path.clone_from(only);
        }
    }

    /// The folders that are parts, the training part first; none where the folders are classes.
    fn parts(&mut self, path: &Path) -> Result<Vec<(Part, PathBuf)>> {
        let mut parts: Vec<(Part, PathBuf)> = Vec::new();
        let (mut others, mut unlabelled) = (Vec::new(), Vec::new());
        for folder in folders_in(path)? {
            let Some(part) = part_of(&file_name(&folder)) else {
                others.push(folder);
                continue;
            };
            // `seg_train/seg_train`.
            let inside = folders_in(&folder)?;
            let folder = match inside.as_slice() {
                [only] if part_of(&file_name(only)) == Some(part) => only.clone(),
                _ => folder,
            };
            match folders_in(&folder)?.is_empty() {
                true => unlabelled.push(folder),
                false => parts.push((part, folder)),
            }
        }
        let has = |part: Part| parts.iter().any(|(other, _)| *other == part);
        let is_layout = has(Part::Train)
            && (has(Part::Test) || has(Part::Validation) || !unlabelled.is_empty());
        if !is_layout {
            return Ok(Vec::new());
        }
        for folder in unlabelled {
            let found = files_within(&folder, self.wanted, &mut self.left_out)?;
            self.notes.push(format!(
                "{}: {} {} without folders of classes are left out; `distil predict` answers them",
                folder.display(),
                found.len(),
                self.wanted.noun
            ));
        }
        for folder in others {
            let found = files_within(&folder, self.wanted, &mut self.left_out)?;
            self.notes.push(format!(
                "{}: {} {} are left out, for the folder's name is not that of a part ({})",
                folder.display(),
                found.len(),
                self.wanted.noun,
                parts::NAMES
            ));
        }
        let order = |part: Part| match part {
            Part::Train => 0,
            Part::Test => 1,
            Part::Validation => 2,
        };
        parts.sort_by_key(|(part, _)| order(*part));
        Ok(parts)
    }
}

/// `.jpg, .png or .tiff`.
fn suffixes(wanted: Wanted) -> String {
    let all: Vec<String> = wanted.suffixes.iter().map(|s| format!(".{s}")).collect();
    match all.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

fn no_classes(folder: &Path, found: usize, wanted: Wanted) -> Error {
    Error::input(
        folder.display(),
        format!(
            "{} in it, where each of at least two classes needs one",
            if found == 0 {
                "no folder is"
            } else {
                "only one folder is"
            }
        ),
    )
    .remedy(format!(
        "Put each class's {} into a folder with the class's name; such folders may lie in folders of parts, named {}. Or name a table of files and classes (`list = \"labels.csv\"`), or what the files' names are made of (`pattern = \"{{class}}_*\"`)",
        wanted.noun,
        parts::NAMES
    ))
}
