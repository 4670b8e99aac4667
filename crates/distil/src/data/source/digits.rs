//! Handwritten digits, built into the program.

use std::io::Read;
use std::path::{Path, PathBuf};

use distil_report::measure::TaskKind;
use flate2::read::GzDecoder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::prepare::Scaling;
use crate::data::raw::{Picture, Raw, RawTargets};
use crate::data::source::Source;
use crate::data::source::numbers::{Numbers, parse_lines, read_numbers};
use crate::error::{Error, Result};

/// UCI Optical Recognition of Handwritten Digits (Alpaydin & Kaynak 1998, CC BY 4.0), test part:
/// 1,797 pictures of 8 × 8 pixels from 0 to 16, ten classes.
static DIGITS: &[u8] = include_bytes!("../../../assets/digits.csv.gz");

const SHAPE: [usize; 2] = [8, 8];
const CLASSES: usize = 10;
const FULL: f32 = 16.0;

/// The source `digits`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Digits {
    /// Another file of the same form instead of the built-in one: 64 pixels from 0 to 16 and the digit a line.
    pub path: Option<PathBuf>,
    /// How pixels are scaled.
    pub scale: Scaling,
}

impl Default for Digits {
    fn default() -> Self {
        Self {
            path: None,
            scale: Scaling::Range(f64::from(FULL)),
        }
    }
}

impl Source for Digits {
    fn read(&self, base: &Path, kind: TaskKind) -> Result<Raw> {
        if let Some(path) = &self.path {
            let raw = self.read_new(&base.join(path), kind)?;
            return super::with_targets(raw, path);
        }
        let mut bytes = Vec::new();
        let name = Path::new("built-in digits");
        GzDecoder::new(DIGITS)
            .read_to_end(&mut bytes)
            .map_err(|error| Error::damaged(name, error))?;
        raw(parse_lines(name, &bytes, &SHAPE, CLASSES)?, kind)
    }

    fn read_new(&self, path: &Path, kind: TaskKind) -> Result<Raw> {
        raw(read_numbers(path, &SHAPE, CLASSES)?, kind)
    }

    fn describe(&self) -> String {
        match &self.path {
            None => "handwritten digits, 8 × 8, built in".to_string(),
            Some(path) => format!("handwritten digits, 8 × 8, from {}", path.display()),
        }
    }
}

fn raw(numbers: Numbers, kind: TaskKind) -> Result<Raw> {
    super::only_classes("digits", kind)?;
    let names = (0..CLASSES).map(|digit| digit.to_string()).collect();
    let targets = numbers
        .labels
        .map(|labels| RawTargets::Classes { names, labels });
    let [height, width] = SHAPE;
    Ok(Raw {
        picture: Some(Picture {
            height,
            width,
            channels: 1,
            full: FULL,
        }),
        ..Raw::new(numbers.inputs, targets, numbers.hash)
    })
}
