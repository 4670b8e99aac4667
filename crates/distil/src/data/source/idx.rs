//! Pictures and classes in IDX files: MNIST and its family.

use std::path::{Path, PathBuf};

use distil_report::Part;
use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::growing::{Growing, join};
use crate::data::prepare::Scaling;
use crate::data::raw::{Raw, RawTargets};
use crate::data::source::Source;
use crate::data::source::contents;
use crate::data::source::decode::Colour;
use crate::data::source::file::{entries, file_name, read_within};
use crate::data::source::limits::{Limit, Limits};
use crate::data::source::listing::folders_in;
use crate::data::source::new_pictures;
use crate::data::source::numbered::numbered;
use crate::data::source::parts;
use crate::data::source::pictures::{self, Block, Form};
use crate::error::{Error, Result};

/// The source `idx`: grey pictures in IDX files, plain or `.gz`, as MNIST, Fashion-MNIST, EMNIST and KMNIST have them.
///
/// The folder holds files whose names contain `train-images` and `train-labels`, and `t10k-images` and `t10k-labels` (or
/// `test-images` and `test-labels`): the official parts. It may lie in `raw` or `MNIST/raw` of the folder that is named.
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
    /// The most that is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
}

impl Source for Idx {
    fn read(&self, base: &Path, kind: TaskKind) -> Result<Raw> {
        super::only_classes("idx", kind)?;
        let limits = Limits::training(self.limit);
        let path = home(&base.join(&self.path))?;
        let (train, test) = (
            self.pair(&path, &["train"], limits)?,
            self.pair(&path, &["t10k", "test"], limits)?,
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
            .flat_map(|(part, (_, labels))| std::iter::repeat_n(part, labels.len()));
        let official = parts::given(official.collect());
        let (mut block, mut labels) = train;
        block.values = join(&block.values, &test.0.values)?;
        labels.extend(test.1);
        let (targets, note) = self.classes(labels);
        let (official, said) = official.unzip();
        let mut raw = block.raw(Some(targets), official);
        raw.notes.extend(said.into_iter().chain(note));
        Ok(raw)
    }

    /// The folder of training, an IDX file of pictures (with its labels, if they lie beside it), or JPEG or PNG files.
    fn read_new(&self, path: &Path, kind: TaskKind) -> Result<Raw> {
        super::only_classes("idx", kind)?;
        let limits = Limits::new_data(self.limit);
        if path.is_dir() && home(path).is_ok() {
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
                background: None,
                limits,
            };
            return new_pictures::read(path, form);
        }
        let block = images(path, limits)?;
        let beside = name.replace("images", "labels").replace("idx3", "idx1");
        let labels_path = path.with_file_name(&beside);
        if beside == name || !labels_path.is_file() {
            return Ok(block.raw(None, None));
        }
        let labels = labels(&labels_path, &block, path, self.names.as_deref(), limits)?;
        let (targets, note) = self.classes(labels);
        let mut raw = block.raw(Some(targets), None);
        raw.notes.extend(note);
        Ok(raw)
    }

    fn settled(&self, raw: &Raw) -> Self {
        Self {
            size: pictures::size_of(raw),
            ..self.clone()
        }
    }

    fn new_data(&self) -> &'static str {
        "new.png"
    }

    fn describe(&self) -> String {
        format!("grey pictures in IDX files, {}", self.path.display())
    }
}

impl Idx {
    /// Pictures and classes of a part.
    fn pair(&self, folder: &Path, part: &[&str], limits: Limits) -> Result<(Block, Vec<u32>)> {
        let path = find(folder, part, "images")?;
        let block = images(&path, limits)?;
        let beside = find(folder, part, "labels")?;
        let labels = labels(&beside, &block, &path, self.names.as_deref(), limits)?;
        Ok((block, labels))
    }

    fn classes(&self, labels: Vec<u32>) -> (RawTargets, Option<String>) {
        if let Some(names) = self.names.clone() {
            return (
                RawTargets::Classes {
                    names,
                    labels: labels.into(),
                },
                None,
            );
        }
        let numbers: Vec<i64> = labels.into_iter().map(i64::from).collect();
        let (names, labels, note) = numbered(&numbers);
        (
            RawTargets::Classes {
                names,
                labels: labels.into(),
            },
            note,
        )
    }
}

/// The folder that holds the files: this one, or one in it, as `MNIST/raw` of other programs.
fn home(folder: &Path) -> Result<PathBuf> {
    let holds = |folder: &Path| find(folder, &["train"], "images").is_ok();
    if holds(folder) || !folder.is_dir() {
        return Ok(folder.to_path_buf());
    }
    let mut below = Vec::new();
    for child in folders_in(folder)? {
        below.extend(folders_in(&child)?);
        below.push(child);
    }
    below.retain(|folder| holds(folder));
    match below.as_slice() {
        [only] => Ok(only.clone()),
        [] => find(folder, &["train"], "images"),
        _ => {
            let all: Vec<String> = below.iter().map(|f| f.display().to_string()).collect();
            Err(Error::input(
                folder.display(),
                format!("several folders in it hold such files: {}", all.join(", ")),
            )
            .remedy("Name one of them"))
        }
    }
}

/// The file of a folder whose name says part and content.
fn find(folder: &Path, part: &[&str], content: &str) -> Result<PathBuf> {
    let is_wanted = |path: &PathBuf| {
        let name = file_name(path).to_lowercase();
        part.iter()
            .any(|part| name.contains(&format!("{part}-{content}")))
    };
    let mut found: Vec<PathBuf> = entries(folder)?.into_iter().filter(is_wanted).collect();
    // A plain file beside its packed form holds the same.
    let plain: Vec<PathBuf> = found.clone();
    found.retain(|path| {
        path.extension().is_none_or(|suffix| suffix != "gz")
            || !plain.contains(&path.with_extension(""))
    });
    match found.as_slice() {
        [only] => return Ok(only.clone()),
        [first, second, ..] => {
            return Err(Error::input(
                folder.display(),
                format!(
                    "there are several files of that part, {} and {}",
                    file_name(first),
                    file_name(second)
                ),
            )
            .remedy("Put the four files of one data set into a folder of their own"));
        }
        [] => {}
    }
    let wanted = format!(
        "{}-{content}-idx{}-ubyte",
        part[0],
        if content == "images" { 3 } else { 1 }
    );
    Err(Error::input(
        folder.display(),
        format!("there is no file `{wanted}`, plain or .gz"),
    )
    .remedy("Name the folder of the four IDX files"))
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
    if head[..4] != [0, 0, 8, axes]
        && let Some(found) = contents::content(bytes)
    {
        return refuse(format!("this is {}, no IDX file", found.name));
    }
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

fn images(path: &Path, limits: Limits) -> Result<Block> {
    let bytes = read_within(path, limits)?;
    let (lengths, start) = parse(path, &bytes, 3)?;
    let mut values = Growing::default();
    values.extend(&bytes[start..])?;
    Ok(Block {
        size: [lengths[1], lengths[2]],
        colour: Colour::Grey,
        values: values.finish()?,
        hashes: None,
        notes: Vec::new(),
    })
}

fn labels(
    path: &Path,
    block: &Block,
    images: &Path,
    names: Option<&[String]>,
    limits: Limits,
) -> Result<Vec<u32>> {
    let bytes = read_within(path, limits)?;
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
