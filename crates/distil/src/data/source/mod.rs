//! Sources: where data comes from. One file per source; one line in `sources!`: name, what it is, what its samples are.

mod answers;
mod arrays;
mod axes;
mod called;
mod cells;
mod cifar_binary;
mod class_folders;
mod contents;
mod csv;
mod cut;
mod dates;
mod decode;
mod decoded;
mod digits;
mod encoding;
mod file;
mod forms;
mod fsdd;
mod gaussian;
mod guarded;
mod idx;
mod image_folder;
mod inputs;
mod joined;
mod kaldi;
mod labelled;
mod limits;
mod lines;
mod listing;
mod logmel;
mod look;
mod names;
mod new_pictures;
mod npy;
mod npy_header;
mod numbered;
mod numbers;
mod pairs;
mod parquet;
mod parquet_table;
mod part_files;
mod parts;
mod pictures;
mod recordings;
mod riff;
mod shard_columns;
mod shards;
mod sound;
mod sound_features;
mod sound_folder;
mod spectrum;
mod table_file;
mod text_table;
mod texts;
mod turned;
mod whisper;

pub use self::csv::Csv;
pub use self::parquet::Parquet;
pub use answers::read_answers;
pub(crate) use arrays::read_npy;
pub use axes::Axes;
pub use cifar_binary::CifarBinary;
pub use contents::{Content, Reader, content_of};
pub(crate) use dates::date;
pub use decode::{Background, Colour};
pub(crate) use decoded::DECODED;
pub use digits::Digits;
pub use encoding::TextEncoding;
pub(crate) use file::read_file;
pub use fsdd::Fsdd;
pub use gaussian::Gaussian;
pub use idx::Idx;
pub use image_folder::ImageFolder;
pub use limits::Limit;
pub use logmel::LogMel;
pub use look::{
    ColumnLook, PictureLook, SoundLook, TableLook, look_at_pictures, look_at_sounds, look_at_table,
};
pub use names::Names;
pub use npy::Npy;
pub use part_files::PartFiles;
pub use sound_features::{FeatureName, NamedFeatures, SoundFeatures};
pub use sound_folder::SoundFolder;

use std::path::Path;

use distil_recipe::{Registry, entry};
use distil_report::measure::TaskKind;
use serde::{Deserialize, Serialize};

use crate::data::prepare::Scaling;
use crate::data::raw::Raw;
use crate::error::{Error, Result};

/// Where data comes from. An implementation is its options: a model stores them to read new data the same way.
pub trait Source: Clone {
    /// Reads the data to train on, targets included. Relative paths start at `base`.
    fn read(&self, base: &Path, kind: TaskKind) -> Result<Raw>;

    /// Reads new data of the same form from `path`, with targets where it has them.
    fn read_new(&self, path: &Path, kind: TaskKind) -> Result<Raw>;

    /// Reads the inputs of new data alone: what answers need. Of a table only the columns it was settled on are read, those of
    /// `wide` in 64 bits.
    fn read_inputs(&self, path: &Path, kind: TaskKind, wide: &[String]) -> Result<Raw> {
        let _ = wide;
        self.read_new(path, kind)
    }

    /// The same source with everything it found out while reading made explicit: what a model stores.
    fn settled(&self, raw: &Raw) -> Self {
        let _ = raw;
        self.clone()
    }

    /// Whether parts it gives are for use where the recipe does not say how to split.
    fn gives_parts(&self) -> bool {
        true
    }

    /// Columns that the recipe sets apart as groups.
    fn groups(&self) -> &[String] {
        &[]
    }

    /// What a file of new data could be called, for `predict`.
    fn new_data(&self) -> &'static str {
        "new.csv"
    }

    /// What it reads, in a few words.
    fn describe(&self) -> String;
}

/// What samples are, whatever is predicted of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modality {
    /// Numbers and categories.
    Table,
    /// Pixels.
    Picture,
    /// Recordings, or what is computed from them.
    Sound,
    /// Words.
    Text,
}

macro_rules! sources {
    ($($name:literal, $summary:literal, $modality:ident => $source:ident;)*) => {
        /// One of the sources: what a recipe chooses and a model stores.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "source")]
        pub enum AnySource {
            $(#[doc = $summary] #[serde(rename = $name)] $source($source),)*
        }

        /// The sources a recipe can choose from.
        pub static SOURCES: Registry<AnySource> = Registry {
            noun: "source",
            entries: &[$(entry!($name, $summary, $source => AnySource::$source)),*],
        };

        impl AnySource {
            /// What its samples are.
            pub fn modality(&self) -> Modality {
                match self { $(Self::$source(_) => Modality::$modality,)* }
            }

            /// How its numbers are scaled.
            pub fn scaling(&self) -> Scaling {
                match self { $(Self::$source(source) => source.scale,)* }
            }
        }

        impl Source for AnySource {
            fn read(&self, base: &Path, kind: TaskKind) -> Result<Raw> {
                match self { $(Self::$source(source) => source.read(base, kind),)* }
            }

            fn read_new(&self, path: &Path, kind: TaskKind) -> Result<Raw> {
                match self { $(Self::$source(source) => source.read_new(path, kind),)* }
            }

            fn read_inputs(&self, path: &Path, kind: TaskKind, wide: &[String]) -> Result<Raw> {
                match self { $(Self::$source(source) => source.read_inputs(path, kind, wide),)* }
            }

            fn settled(&self, raw: &Raw) -> Self {
                match self { $(Self::$source(source) => Self::$source(source.settled(raw)),)* }
            }

            fn gives_parts(&self) -> bool {
                match self { $(Self::$source(source) => source.gives_parts(),)* }
            }

            fn groups(&self) -> &[String] {
                match self { $(Self::$source(source) => source.groups(),)* }
            }

            fn new_data(&self) -> &'static str {
                match self { $(Self::$source(source) => source.new_data(),)* }
            }

            fn describe(&self) -> String {
                match self { $(Self::$source(source) => source.describe(),)* }
            }
        }
    };
}

sources! {
    "digits", "handwritten digits, built in", Picture => Digits;
    "gaussian", "generated class clusters", Table => Gaussian;
    "csv", "a table with a header", Table => Csv;
    "npy", "NumPy arrays, .npy or .npz", Table => Npy;
    "fsdd", "spoken digits, a folder of recordings", Sound => Fsdd;
    "sound-folder", "sounds, a folder per class", Sound => SoundFolder;
    "idx", "grey pictures, the MNIST family's IDX files", Picture => Idx;
    "image-folder", "pictures, a folder per class", Picture => ImageFolder;
    "parquet", "pictures in parquet files, as on the Hugging Face hub", Picture => Parquet;
    "cifar-binary", "CIFAR-10 and CIFAR-100, their binary form", Picture => CifarBinary;
}

/// What pictures are scaled by unless told otherwise.
fn channel() -> Scaling {
    Scaling::Channel
}

/// Refuses a task that this source has no targets for.
fn only_classes(source: &str, kind: TaskKind) -> Result<()> {
    if kind == TaskKind::Classification {
        return Ok(());
    }
    Err(Error::input(
        "task",
        format!("`{source}` has classes, no values and no labels"),
    )
    .remedy("Use `task = \"classification\"`"))
}

/// Refuses data to train on that has no targets.
fn with_targets(raw: Raw, path: &Path) -> Result<Raw> {
    if raw.targets.is_some() {
        return Ok(raw);
    }
    Err(Error::input(path.display(), "the samples have no targets")
        .remedy("Add the class of each sample"))
}
