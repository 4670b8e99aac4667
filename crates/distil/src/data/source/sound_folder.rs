//! A folder of sounds for each class.

use std::path::{Path, PathBuf};

use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::prepare::Scaling;
use crate::data::raw::{Raw, RawTargets};
use crate::data::source::class_folders::{self, Classed};
use crate::data::source::labelled::Labelled;
use crate::data::source::limits::{Limit, Limits};
use crate::data::source::listing::SOUNDS;
use crate::data::source::{SoundFeatures, Source, recordings};
use crate::error::Result;
use crate::weights::sha256;

/// The source `sound-folder`: sounds in a folder per class, whose name is the class, as in Speech Commands, or in folders in it. WAV of
/// every usual kind, FLAC, MP3, Ogg Vorbis and AIFF are read, mixed down to one channel and resampled to `rate`.
///
/// If the folder holds `train` and `test` or `val`, each with folders per class, these are the official parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SoundFolder {
    /// The folder that holds the classes' folders, or the parts'.
    pub path: PathBuf,
    /// A table (CSV or parquet) of files and their classes, instead of a folder for each class; a relative path is read as `path` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<PathBuf>,
    /// The column of `list` that names the files, with or without their suffix; found by what lies in the folder unless told
    /// otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The column of `list` that holds the class: one called `label`, `class` or `category`, or the only other one, unless told
    /// otherwise. Columns beside them may be the split's `group`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What names are made of, instead of a folder for each class: `"{class}_{speaker}_*"`, without the suffix; with a `/`, the path
    /// from the folder. Parts other than the class may be the split's `group`; each is as short as can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// What is computed from each sound.
    #[serde(default)]
    pub features: SoundFeatures,
    /// Samples per second; sounds of another rate are resampled.
    #[serde(default = "default_rate")]
    pub rate: u32,
    /// How features are scaled.
    #[serde(default = "default_scale")]
    pub scale: Scaling,
    /// The most that is read of each sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
}

fn default_rate() -> u32 {
    16_000
}

fn default_scale() -> Scaling {
    Scaling::Standard
}

impl Source for SoundFolder {
    fn read(&self, base: &Path, kind: TaskKind) -> Result<Raw> {
        super::only_classes("sound-folder", kind)?;
        let path = base.join(&self.path);
        let files = self.labelled().read(&path, base, SOUNDS)?;
        self.classed(files, Limits::training(self.limit))
    }

    /// Folders of classes, which are the targets; a sound, or a folder of sounds, without.
    fn read_new(&self, path: &Path, kind: TaskKind) -> Result<Raw> {
        super::only_classes("sound-folder", kind)?;
        let limits = Limits::new_data(self.limit);
        if let Some(files) = self.labelled().new_files(path, SOUNDS)? {
            return self.classed(files, limits);
        }
        if path.is_dir() && class_folders::has_classes(path, SOUNDS)? {
            return self.classed(class_folders::read(path, SOUNDS, 1)?, limits);
        }
        self.unclassed(path)
    }

    /// Without the classes that a list tells: files it does not name are answered, too.
    fn read_inputs(&self, path: &Path, kind: TaskKind, _: &[String]) -> Result<Raw> {
        match self.labelled().is_listed() {
            true => self.unclassed(path),
            false => self.read_new(path, kind),
        }
    }

    fn new_data(&self) -> &'static str {
        "new.wav"
    }

    fn describe(&self) -> String {
        format!(
            "sounds{} in {}, {}",
            self.labelled().describe(),
            self.path.display(),
            self.features.describe()
        )
    }
}

impl SoundFolder {
    fn labelled(&self) -> Labelled<'_> {
        Labelled {
            list: self.list.as_deref(),
            file: self.file.as_deref(),
            label: self.label.as_deref(),
            pattern: self.pattern.as_deref(),
        }
    }

    fn unclassed(&self, path: &Path) -> Result<Raw> {
        let (files, notes) = recordings::of_path(path)?;
        let limits = Limits::new_data(self.limit);
        recordings::read(&files, notes, &self.features, self.rate, limits)
    }

    fn classed(&self, files: Classed, limits: Limits) -> Result<Raw> {
        let raw = recordings::read(&files.paths, files.notes, &self.features, self.rate, limits)?;
        // The same sounds under other classes are other data.
        let hash = sha256(
            [raw.hash.as_str(), &files.rows.join("\n"), &files.told]
                .concat()
                .as_bytes(),
        );
        Ok(Raw {
            targets: Some(RawTargets::Classes {
                names: files.names,
                labels: files.labels.into(),
            }),
            official: files.official,
            groups: files.groups,
            rows: Some(files.rows),
            hash,
            ..raw
        })
    }
}
