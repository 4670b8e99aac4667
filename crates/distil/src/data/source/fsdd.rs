//! Spoken digits.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use distil_report::Part;
use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::prepare::Scaling;
use crate::data::raw::{Group, Inputs, Raw, RawTargets};
use crate::data::rows;
use crate::data::source::file::{file_name, read_within};
use crate::data::source::limits::{Limit, Limits};
use crate::data::source::listing::{LeftOut, SOUNDS, files_beside};
use crate::data::source::logmel::Extractor;
use crate::data::source::sound::{Sound, read_sound};
use crate::data::source::{LogMel, Source};
use crate::error::{Error, Result};
use crate::weights::sha256;

/// The source `fsdd`: the Free Spoken Digit Dataset, a folder of `{digit}_{speaker}_{index}.wav`. WAV of every usual kind, FLAC, MP3,
/// Ogg Vorbis and AIFF are read, mixed down to one channel and resampled to `rate`.
///
/// The official test part is index 0 to 4 of each digit and speaker; the group is `speaker`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fsdd {
    /// The folder of recordings, or its parent.
    pub path: PathBuf,
    /// What is computed from each recording.
    #[serde(default)]
    pub features: LogMel,
    /// Samples per second; recordings of another rate are resampled.
    #[serde(default = "default_rate")]
    pub rate: u32,
    /// How features are scaled.
    #[serde(default = "default_scale")]
    pub scale: Scaling,
    /// The most that is read of each recording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
}

fn default_rate() -> u32 {
    8000
}

fn default_scale() -> Scaling {
    Scaling::Standard
}

const OFFICIAL_TEST: std::ops::RangeInclusive<u32> = 0..=4;

impl Source for Fsdd {
    fn read(&self, base: &Path, kind: TaskKind) -> Result<Raw> {
        let given = base.join(&self.path);
        let inside = given.join("recordings");
        let folder = if inside.is_dir() { inside } else { given };
        let (files, notes) = recordings(&folder)?;
        self.read_files(&files, notes, kind, Limits::training(self.limit))
    }

    /// A recording or a folder of them; the targets are there if every name tells its digit.
    fn read_new(&self, path: &Path, kind: TaskKind) -> Result<Raw> {
        let (files, notes) = match path.is_dir() {
            true => recordings(path)?,
            false => (vec![path.to_path_buf()], Vec::new()),
        };
        self.read_files(&files, notes, kind, Limits::new_data(self.limit))
    }

    fn new_data(&self) -> &'static str {
        "new.wav"
    }

    fn describe(&self) -> String {
        format!(
            "spoken digits from {}, log-mel {} × {}",
            self.path.display(),
            self.features.log_mel,
            self.features.frames
        )
    }
}

impl Fsdd {
    fn read_files(
        &self,
        files: &[PathBuf],
        notes: Vec<String>,
        kind: TaskKind,
        limits: Limits,
    ) -> Result<Raw> {
        super::only_classes("fsdd", kind)?;
        let labels: Vec<Option<Label>> = files.iter().map(|file| Label::of(file)).collect();
        if let Some(at) = labels
            .iter()
            .position(Option::is_none)
            .filter(|_| !limits.streams)
        {
            return Err(Error::input(
                files[at].display(),
                "the name is not {digit}_{speaker}_{index}.wav",
            )
            .remedy("Rename the file or leave it out"));
        }
        let extractor = self.features.extractor(self.rate)?;
        let mut values = Vec::new();
        let mut hashes = String::new();
        let mut sounds = Vec::new();
        let mut changed = Changed::default();
        for file in files {
            let bytes = read_within(file, limits)?;
            let sound = read_sound(file, &bytes, self.rate, limits)?;
            values.extend(extractor.features(&sound.samples)?);
            sounds.push(rows::sound(&sound.samples));
            changed.count(&sound, &extractor);
            hashes += &format!("{} {}\n", file_name(file), sha256(&bytes));
        }
        let inputs = Inputs::Block {
            shape: extractor.shape().to_vec(),
            values: values.into(),
        };
        let raw = Raw {
            rows: Some(files.iter().map(|file| file_name(file)).collect()),
            hashes: Some(sounds),
            notes: notes
                .into_iter()
                .chain(changed.notes(self.rate, &extractor))
                .collect(),
            ..Raw::new(inputs, None, sha256(hashes.as_bytes()))
        };
        Ok(match labels.into_iter().collect::<Option<Vec<Label>>>() {
            Some(labels) => labelled(raw, &labels),
            None => raw,
        })
    }
}

fn labelled(raw: Raw, labels: &[Label]) -> Raw {
    let mut spoken: Vec<u32> = labels.iter().map(|label| label.digit).collect();
    spoken.sort_unstable();
    spoken.dedup();
    let class = |label: &Label| spoken.partition_point(|digit| *digit < label.digit) as u32;
    let mut speakers: Vec<String> = labels.iter().map(|label| label.speaker.clone()).collect();
    speakers.sort();
    speakers.dedup();
    let code = |label: &Label| speakers.partition_point(|speaker| *speaker < label.speaker) as u32;
    let part = |label: &Label| {
        if OFFICIAL_TEST.contains(&label.index) {
            Part::Test
        } else {
            Part::Train
        }
    };
    Raw {
        targets: Some(RawTargets::Classes {
            labels: labels.iter().map(class).collect(),
            names: spoken.iter().map(u32::to_string).collect(),
        }),
        official: Some(labels.iter().map(part).collect()),
        groups: vec![Group {
            name: "speaker".to_string(),
            codes: labels.iter().map(code).collect(),
            members: speakers,
        }],
        ..raw
    }
}

/// What a recording's name tells.
struct Label {
    digit: u32,
    speaker: String,
    index: u32,
}

impl Label {
    fn of(file: &Path) -> Option<Self> {
        let (digit, rest) = file.file_stem()?.to_str()?.split_once('_')?;
        let (speaker, index) = rest.rsplit_once('_')?;
        let digit = digit.parse().ok().filter(|digit| *digit < 10)?;
        Some(Self {
            digit,
            speaker: speaker.to_string(),
            index: index.parse().ok()?,
        })
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
    fn count(&mut self, sound: &Sound, extractor: &Extractor) {
        let samples = sound.samples.len();
        self.all += 1;
        self.cut += usize::from(samples > extractor.length());
        self.filled += usize::from(samples < extractor.length());
        self.longest = self.longest.max(samples);
        self.mixed += usize::from(sound.mixed.is_some());
        if let Some(rate) = sound.resampled {
            *self.resampled.entry(rate).or_default() += 1;
        }
    }

    fn notes(&self, rate: u32, extractor: &Extractor) -> Vec<String> {
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
        let frames = extractor.shape()[1];
        if self.cut > 0 {
            notes.push(format!(
                "{} of {all} sounds are longer than the {frames} frames ({:.2} s) and are cut: the longest has {:.2} s, which `frames = {}` would \
                 hold (`keep` names the part that is kept)",
                self.cut,
                seconds(extractor.length()),
                seconds(self.longest),
                extractor.frames_for(self.longest)
            ));
        }
        if self.filled > 0 {
            notes.push(format!(
                "{} of {all} sounds are shorter than the {frames} frames ({:.2} s) and are filled up with silence",
                self.filled,
                seconds(extractor.length())
            ));
        }
        notes
    }
}

/// The sounds of a folder, by name, and what is to be said of the other files.
fn recordings(folder: &Path) -> Result<(Vec<PathBuf>, Vec<String>)> {
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
