//! Pictures and classes in IDX files: MNIST and its family.

use std::path::{Path, PathBuf};

use distil_report::Part;
use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::prepare::Scaling;
use crate::data::raw::{Raw, RawTargets};
use crate::data::source::Source;
use crate::data::source::decode::Colour;
use crate::data::source::file::{entries, read_file};
use crate::data::source::new_pictures;
use crate::data::source::pictures::{self, Block, Form};
use crate::error::{Error, Result};

/// The source `idx`: grey pictures in IDX files, plain or `.gz`, as MNIST, Fashion-MNIST, EMNIST and KMNIST have them.
///
/// The folder holds files whose names contain `train-images` and `train-labels`, and `t10k-images` and `t10k-labels` (or
/// `test-images` and `test-labels`): the official parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Idx {
    /// The folder of the four files.
    pub path: PathBuf,
    /// Names of the classes, in order; their numbers unless told otherwise.
    #[serde(default)]
    pub names: Option<Vec<String>>,
    /// How pixels, from 0 to 255, are scaled.
    #[serde(default = "super::channel")]
    pub scale: Scaling,
    /// Height and width of the pictures; found out in training, new pictures are brought to it.
    #[serde(default)]
    #[schemars(skip)]
    size: Option<[usize; 2]>,
}

impl Source for Idx {
    fn read(&self, base: &Path, kind: TaskKind) -> Result<Raw> {
        super::only_classes("idx", kind)?;
        let path = base.join(&self.path);
        let (train, test) = (
            self.pair(&path, &["train"])?,
            self.pair(&path, &["t10k", "test"])?,
        );
        if train.0.size != test.0.size {
            return Err(Error::input(
                path.display(),
                format!(
                    "training pictures are {:?} pixels, test pictures {:?}",
                    train.0.size, test.0.size
                ),
            )
            .remedy("Read files of one data set only"));
        }
        let official = [(Part::Train, &train), (Part::Test, &test)]
            .into_iter()
            .flat_map(|(part, (_, labels))| std::iter::repeat_n(part, labels.len()))
            .collect();
        let (mut block, mut labels) = train;
        block.values.extend(test.0.values);
        labels.extend(test.1);
        let targets = self.classes(labels);
        Ok(block.raw(Some(targets), Some(official)))
    }

    /// The folder of training, an IDX file of pictures (with its labels, if they lie beside it), or JPEG or PNG files.
    fn read_new(&self, path: &Path, kind: TaskKind) -> Result<Raw> {
        super::only_classes("idx", kind)?;
        if path.is_dir() && find(path, &["train"], "images").is_ok() {
            let there = Self {
                path: path.to_path_buf(),
                ..self.clone()
            };
            return there.read(Path::new(""), kind);
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() || !(name.contains("idx") || name.contains("ubyte")) {
            let form = Form {
                size: self.size,
                colour: Colour::Grey,
            };
            return new_pictures::read(path, form);
        }
        let block = images(path)?;
        let beside = name.replace("images", "labels").replace("idx3", "idx1");
        let labels_path = path.with_file_name(&beside);
        let targets = match beside != name && labels_path.is_file() {
            true => Some(self.classes(labels(&labels_path, &block, path, self.names.as_deref())?)),
            false => None,
        };
        Ok(block.raw(targets, None))
    }

    fn settled(&self, raw: &Raw) -> Self {
        Self {
            size: pictures::size_of(raw),
            ..self.clone()
        }
    }

    fn describe(&self) -> String {
        format!("grey pictures in IDX files, {}", self.path.display())
    }
}

impl Idx {
    /// Pictures and classes of a part.
    fn pair(&self, folder: &Path, part: &[&str]) -> Result<(Block, Vec<u32>)> {
        let path = find(folder, part, "images")?;
        let block = images(&path)?;
        let labels = labels(
            &find(folder, part, "labels")?,
            &block,
            &path,
            self.names.as_deref(),
        )?;
        Ok((block, labels))
    }

    fn classes(&self, labels: Vec<u32>) -> RawTargets {
        let count = labels.iter().max().map_or(0, |label| label + 1);
        let names = self.names.clone();
        RawTargets::Classes {
            names: names.unwrap_or_else(|| (0..count).map(|class| class.to_string()).collect()),
            labels,
        }
    }
}

/// The file of a folder whose name says part and content.
fn find(folder: &Path, part: &[&str], content: &str) -> Result<PathBuf> {
    let is_wanted = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        part.iter()
            .any(|part| name.contains(&format!("{part}-{content}")))
    };
    let found: Vec<PathBuf> = entries(folder)?.into_iter().filter(is_wanted).collect();
    // A plain file beside its packed form holds the same.
    let plain = found
        .iter()
        .find(|path| path.extension().is_none_or(|suffix| suffix != "gz"));
    plain.or(found.first()).cloned().ok_or_else(|| {
        let wanted = format!(
            "{}-{content}-idx{}-ubyte",
            part[0],
            if content == "images" { 3 } else { 1 }
        );
        Error::input(
            folder.display(),
            format!("there is no file `{wanted}`, plain or .gz"),
        )
        .remedy("Name the folder of the four IDX files")
    })
}

/// A file of unsigned bytes, `[magic 0 0 8 axes][lengths, big-endian][bytes]`: its lengths and where its bytes begin.
fn parse(path: &Path, bytes: &[u8], axes: u8) -> Result<(Vec<usize>, usize)> {
    let refuse = |reason: String| {
        Err(Error::input(path.display(), reason).remedy("Fetch it again, or name another file"))
    };
    let start = 4 + 4 * usize::from(axes);
    let Some(head) = bytes.get(..start) else {
        return refuse(format!("{} bytes are too few for an IDX file", bytes.len()));
    };
    if head[..4] != [0, 0, 8, axes] {
        return refuse(format!(
            "begins with {:02x} {:02x} {:02x} {:02x}, where an IDX file of bytes with {axes} axes begins with 00 00 08 {axes:02x}",
            head[0], head[1], head[2], head[3]
        ));
    }
    let lengths: Vec<usize> = head[4..]
        .as_chunks::<4>()
        .0
        .iter()
        .map(|length| u32::from_be_bytes(*length) as usize)
        .collect();
    let expected = lengths
        .iter()
        .try_fold(1_usize, |product, length| product.checked_mul(*length));
    if expected != Some(bytes.len() - start) || expected == Some(0) {
        return refuse(format!(
            "{} bytes follow its head, which says {lengths:?}",
            bytes.len() - start
        ));
    }
    Ok((lengths, start))
}

fn images(path: &Path) -> Result<Block> {
    let mut bytes = read_file(path)?;
    let (lengths, start) = parse(path, &bytes, 3)?;
    bytes.drain(..start);
    Ok(Block {
        size: [lengths[1], lengths[2]],
        colour: Colour::Grey,
        values: bytes,
        hashes: None,
    })
}

fn labels(path: &Path, block: &Block, images: &Path, names: Option<&[String]>) -> Result<Vec<u32>> {
    let bytes = read_file(path)?;
    let (lengths, start) = parse(path, &bytes, 1)?;
    let pictures = block.values.len() / (block.size[0] * block.size[1]);
    if lengths[0] != pictures {
        return Err(Error::input(
            path.display(),
            format!(
                "{} classes, where {} has {pictures} pictures",
                lengths[0],
                images.display()
            ),
        )
        .remedy("Fetch both files again"));
    }
    let labels = &bytes[start..];
    if let Some(names) = names
        && let Some(row) = labels
            .iter()
            .position(|label| usize::from(*label) >= names.len())
    {
        return Err(Error::input(
            format!("{}, row {row}", path.display()),
            format!(
                "class {}, but `names` has {} names",
                labels[row],
                names.len()
            ),
        )
        .remedy("Name every class, the first being 0"));
    }
    Ok(labels.iter().map(|label| u32::from(*label)).collect())
}
