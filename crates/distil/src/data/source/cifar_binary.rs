//! CIFAR-10 and CIFAR-100 in their authors' binary form.

use std::path::{Path, PathBuf};

use distil_report::Part;
use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::growing::Growing;
use crate::data::prepare::Scaling;
use crate::data::raw::{Raw, RawTargets};
use crate::data::source::Source;
use crate::data::source::decode::Colour;
use crate::data::source::file::{files_in, read_file};
use crate::data::source::limits::Limits;
use crate::data::source::new_pictures;
use crate::data::source::parts;
use crate::data::source::pictures::{Block, Form};
use crate::error::{Error, Result};

/// The source `cifar-binary`: the binary form of CIFAR-10 (`data_batch_1.bin` … and `test_batch.bin`) or CIFAR-100
/// (`train.bin` and `test.bin`, with its 100 fine classes), 32 × 32 colour pictures; the official parts are those files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CifarBinary {
    /// The unpacked folder: `cifar-10-batches-bin` or `cifar-100-binary`.
    pub path: PathBuf,
    /// How pixels, from 0 to 255, are scaled.
    #[serde(default = "super::channel")]
    pub scale: Scaling,
}

const SIDE: usize = 32;
const PLANE: usize = SIDE * SIDE;

impl Source for CifarBinary {
    fn read(&self, base: &Path, kind: TaskKind) -> Result<Raw> {
        super::only_classes("cifar-binary", kind)?;
        read_folder(&base.join(&self.path))
    }

    /// Such a folder, or JPEG or PNG files, which are brought to 32 × 32 pixels.
    fn read_new(&self, path: &Path, kind: TaskKind) -> Result<Raw> {
        super::only_classes("cifar-binary", kind)?;
        if path.is_dir() && !files_in(path, &["bin"])?.is_empty() {
            return read_folder(path);
        }
        let form = Form {
            size: Some([SIDE; 2]),
            colour: Colour::Rgb,
            background: None,
            limits: Limits::new_data(None),
        };
        new_pictures::read(path, form)
    }

    fn new_data(&self) -> &'static str {
        "new.png"
    }

    fn describe(&self) -> String {
        format!("CIFAR pictures, 32 × 32, from {}", self.path.display())
    }
}

fn read_folder(folder: &Path) -> Result<Raw> {
    let files = files_in(folder, &["bin"])?;
    let part = |path: &PathBuf| match path.file_stem()?.to_str()? {
        "test_batch" | "test" => Some(Part::Test),
        "train" => Some(Part::Train),
        name if name.starts_with("data_batch") => Some(Part::Train),
        _ => None,
    };
    let files: Vec<(Part, PathBuf)> = files
        .into_iter()
        .filter_map(|path| Some((part(&path)?, path)))
        .collect();
    for wanted in [Part::Train, Part::Test] {
        if !files.iter().any(|(part, _)| *part == wanted) {
            let name = if wanted == Part::Train {
                "data_batch_1.bin or train.bin"
            } else {
                "test_batch.bin or test.bin"
            };
            return Err(
                Error::input(folder.display(), format!("there is no {name}"))
                    .remedy("Name the unpacked folder, cifar-10-batches-bin or cifar-100-binary"),
            );
        }
    }
    let fine = folder.join("fine_label_names.txt");
    let (names, label_bytes) = match fine.is_file() {
        true => (names(&fine)?, 2),
        false => (names(&folder.join("batches.meta.txt"))?, 1),
    };
    let mut values = Growing::default();
    let (mut labels, mut official) = (Vec::new(), Vec::new());
    for (part, path) in &files {
        read_batch(path, label_bytes, names.len(), &mut values, &mut labels)?;
        official.resize(labels.len(), *part);
    }
    let block = Block {
        size: [SIDE; 2],
        colour: Colour::Rgb,
        values: values.finish()?,
        hashes: None,
        notes: Vec::new(),
    };
    let (official, note) = parts::given(official).unzip();
    let mut raw = block.raw(
        Some(RawTargets::Classes {
            names,
            labels: labels.into(),
        }),
        official,
    );
    raw.notes.extend(note);
    Ok(raw)
}

/// A line for each class.
fn names(path: &Path) -> Result<Vec<String>> {
    let bytes = read_file(path)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(String::from)
        .collect())
}

/// Records of one or two bytes of classes (the last counts) and a plane for each of red, green and blue.
fn read_batch(
    path: &Path,
    label_bytes: usize,
    classes: usize,
    values: &mut Growing<u8>,
    labels: &mut Vec<u32>,
) -> Result<()> {
    let bytes = read_file(path)?;
    let length = label_bytes + 3 * PLANE;
    if !bytes.len().is_multiple_of(length) {
        return Err(Error::input(
            path.display(),
            format!(
                "{} bytes are not a whole number of records of {length} bytes",
                bytes.len()
            ),
        )
        .remedy("Fetch it again"));
    }
    for (row, record) in bytes.chunks_exact(length).enumerate() {
        let (label, planes) = (record[label_bytes - 1], &record[label_bytes..]);
        if usize::from(label) >= classes {
            return Err(Error::input(
                format!("{}, row {row}", path.display()),
                format!("class {label}, but there are {classes} names"),
            )
            .remedy("Fetch the folder again"));
        }
        labels.push(u32::from(label));
        let pixel = |at: usize| [planes[at], planes[at + PLANE], planes[at + 2 * PLANE]];
        let pixels: [[u8; 3]; PLANE] = std::array::from_fn(pixel);
        values.extend(pixels.as_flattened())?;
    }
    Ok(())
}
