//! Spoken digits.

use std::path::{Path, PathBuf};

use distil_report::Part;
use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::prepare::Scaling;
use crate::data::raw::{Group, Raw, RawTargets};
use crate::data::source::labelled::coded;
use crate::data::source::limits::{Limit, Limits};
use crate::data::source::{SoundFeatures, Source, recordings};
use crate::error::{Error, Result};

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
    pub features: SoundFeatures,
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
        let (files, notes) = recordings::of_folder(&folder)?;
        self.read_files(&files, notes, kind, Limits::training(self.limit))
    }

    /// A recording or a folder of them; the targets are there if every name tells its digit.
    fn read_new(&self, path: &Path, kind: TaskKind) -> Result<Raw> {
        let (files, notes) = recordings::of_path(path)?;
        self.read_files(&files, notes, kind, Limits::new_data(self.limit))
    }

    fn new_data(&self) -> &'static str {
        "new.wav"
    }

    fn describe(&self) -> String {
        format!(
            "spoken digits from {}, {}",
            self.path.display(),
            self.features.describe()
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
        let raw = recordings::read(files, notes, &self.features, self.rate, limits)?;
        Ok(match labels.into_iter().collect::<Option<Vec<Label>>>() {
            Some(labels) => labelled(raw, &labels),
            None => raw,
        })
    }
}

fn labelled(raw: Raw, labels: &[Label]) -> Raw {
    let digits: Vec<String> = labels.iter().map(|label| label.digit.to_string()).collect();
    let digits: Vec<&str> = digits.iter().map(String::as_str).collect();
    let speakers: Vec<&str> = labels.iter().map(|label| label.speaker.as_str()).collect();
    let (names, classes) = coded(&digits);
    let (members, codes) = coded(&speakers);
    let part = |label: &Label| {
        if OFFICIAL_TEST.contains(&label.index) {
            Part::Test
        } else {
            Part::Train
        }
    };
    Raw {
        targets: Some(RawTargets::Classes {
            labels: classes.into(),
            names,
        }),
        official: Some(labels.iter().map(part).collect()),
        groups: vec![Group {
            name: "speaker".to_string(),
            codes,
            members,
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
