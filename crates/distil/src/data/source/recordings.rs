//! Recordings as features: every source of sounds reads them so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::data::raw::{Inputs, Raw};
use crate::data::rows;
use crate::data::source::SoundFeatures;
use crate::data::source::cut::Cut;
use crate::data::source::file::{file_name, read_within};
use crate::data::source::limits::Limits;
use crate::data::source::listing::{LeftOut, SOUNDS, files_beside};
use crate::data::source::sound::{Sound, read_sound};
use crate::error::{Error, Result};
use crate::weights::sha256;

/// What these files hold at this rate, without targets; rows are called by the files' names.
pub fn read(
    files: &[PathBuf],
    notes: Vec<String>,
    features: &SoundFeatures,
    rate: u32,
    limits: Limits,
) -> Result<Raw> {
    let extractor = features.extractor(rate)?;
    let cut = extractor.cut();
    let mut values = Vec::new();
    let mut hashes = String::new();
    let mut sounds = Vec::new();
    let mut changed = Changed::default();
    for file in files {
        let bytes = read_within(file, limits)?;
        let sound = read_sound(file, &bytes, rate, limits)?;
        values.extend(extractor.features(&sound.samples)?);
        sounds.push(rows::sound(&sound.samples));
        changed.count(&sound, cut);
        hashes += &format!("{} {}\n", file_name(file), sha256(&bytes));
    }
    let inputs = Inputs::Block {
        shape: cut.shape.to_vec(),
        values: values.into(),
    };
    Ok(Raw {
        rows: Some(files.iter().map(|file| file_name(file)).collect()),
        hashes: Some(sounds.into()),
        notes: notes.into_iter().chain(changed.notes(rate, cut)).collect(),
        ..Raw::new(inputs, None, sha256(hashes.as_bytes()))
    })
}

/// The sounds of a folder, by name, and what is to be said of the other files.
pub fn of_folder(folder: &Path) -> Result<(Vec<PathBuf>, Vec<String>)> {
    let mut left_out = LeftOut::default();
    let files = files_beside(folder, SOUNDS, &mut left_out)?;
    match files.is_empty() {
        false => Ok((files, left_out.note(SOUNDS.noun).into_iter().collect())),
        true => Err(
            Error::input(folder.display(), "there is no sound file in this folder")
                .remedy("Name the folder of recordings, or its parent"),
        ),
    }
}

/// The sounds of a folder, or one sound.
pub fn of_path(path: &Path) -> Result<(Vec<PathBuf>, Vec<String>)> {
    match path.is_dir() {
        true => of_folder(path),
        false => Ok((vec![path.to_path_buf()], Vec::new())),
    }
}

/// How many sounds were not as they are used.
#[derive(Default)]
struct Changed {
    all: usize,
    mixed: usize,
    /// By the rate they had.
    resampled: BTreeMap<u32, usize>,
    /// Longer than the frames.
    cut: usize,
    /// Shorter than the frames.
    filled: usize,
    /// Samples of the longest.
    longest: usize,
}

impl Changed {
    fn count(&mut self, sound: &Sound, cut: &Cut) {
        let samples = sound.samples.len();
        self.all += 1;
        self.cut += usize::from(samples > cut.length);
        self.filled += usize::from(samples < cut.length);
        self.longest = self.longest.max(samples);
        self.mixed += usize::from(sound.mixed.is_some());
        if let Some(rate) = sound.resampled {
            *self.resampled.entry(rate).or_default() += 1;
        }
    }

    fn notes(&self, rate: u32, cut: &Cut) -> Vec<String> {
        let all = self.all;
        let mut notes = Vec::new();
        if self.mixed > 0 {
            notes.push(format!(
                "{} of {all} sounds have several channels and are mixed down to their mean",
                self.mixed
            ));
        }
        for (from, count) in &self.resampled {
            notes.push(format!(
                "{count} of {all} sounds are resampled from {from} to {rate} samples per second (`rate`)"
            ));
        }
        let seconds = |samples: usize| samples as f64 / f64::from(rate);
        let frames = cut.shape[1];
        if self.cut > 0 {
            notes.push(format!(
                "{} of {all} sounds are longer than the {frames} frames ({:.2} s) and are cut: the longest has {:.2} s, which `frames = {}` would \
                 hold (`keep` names the part that is kept)",
                self.cut,
                seconds(cut.length),
                seconds(self.longest),
                cut.frames_for(self.longest)
            ));
        }
        if self.filled > 0 {
            notes.push(format!(
                "{} of {all} sounds are shorter than the {frames} frames ({:.2} s) and are filled up with silence",
                self.filled,
                seconds(cut.length)
            ));
        }
        notes
    }
}
