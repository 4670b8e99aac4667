//! What a source reads: rows in the order of the file, nothing fitted, nothing scaled.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use distil_report::Part;
use distil_report::measure::TaskKind;
use distil_report::show::grouped;
use serde::{Deserialize, Serialize};

use crate::data::answers::RawAnswers;
use crate::data::apportion::{apportion, strata};
use crate::data::codes::Codes;
use crate::data::column_rule::ColumnRule;
use crate::data::held::Held;
use crate::error::{Error, Result};
use crate::weights::sha256;

/// Numbers as they were read, where 32 bits do not hold them: a table's by column, a block's under the empty name.
/// Targets are there under their names, too.
pub type Wide = BTreeMap<String, Held<f64>>;

/// The content of a source.
#[derive(Debug, Clone, PartialEq)]
pub struct Raw {
    /// One row per sample.
    pub inputs: Inputs,
    /// The targets; always there in data to train on, perhaps absent in data to predict.
    pub targets: Option<RawTargets>,
    /// What a sample belongs to besides its class: a speaker, a patient.
    pub groups: Vec<Group>,
    /// What columns that are called as ids hold, whether they are inputs or left out: a person, a device.
    pub ids: Vec<Group>,
    /// SHA-256 of each part, where parts come from files of their own.
    pub files: BTreeMap<Part, String>,
    /// How much each row counts beside others; above 0, all 1 where absent.
    pub weights: Option<Held<f32>>,
    /// Columns of a table that are no inputs and can put its rows in order.
    pub moments: Vec<Moments>,
    /// The part the data's authors gave each row.
    pub official: Option<Vec<Part>>,
    /// How a sample is drawn, if it is a picture.
    pub picture: Option<Picture>,
    /// Names of the rows (file names), if they have any.
    pub rows: Option<Vec<String>>,
    /// SHA-256 of the content, in hexadecimal.
    pub hash: String,
    /// The hash of each row's inputs, where they were made of something else that was read: pictures before they were
    /// resized, sounds ([`crate::data::RowHashes`]).
    pub hashes: Option<Held<u64>>,
    /// Numbers as they were read, where 32 bits do not hold them.
    pub wide: Wide,
    /// What was guessed, left out or changed while it was read, a sentence each without its full stop.
    pub notes: Vec<String>,
    /// What other programs predict for the rows, by the stages of the recipe that hold it.
    pub answers: BTreeMap<String, Arc<RawAnswers>>,
    /// How a table was read.
    pub reading: Option<Reading>,
}

/// How a table was read: what its source found out.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Reading {
    /// What separated cells.
    pub delimiter: char,
    /// The names of the columns, where the file does not name them.
    pub header: Option<Vec<String>>,
    /// What stood for a missing value.
    pub missing: Vec<String>,
    /// Columns of numbers.
    pub numeric: Vec<String>,
    /// Columns of text.
    pub categorical: Vec<String>,
    /// What else is to be known of a column to read it again.
    pub rules: BTreeMap<String, ColumnRule>,
    /// How each column was read, a sentence each without its full stop.
    pub said: Vec<String>,
    /// Columns of new data that tell its rows apart and are not read: their texts, by name.
    #[serde(skip)]
    pub ids: Vec<(String, Vec<Box<str>>)>,
}

/// The inputs of all samples.
#[derive(Debug, Clone, PartialEq)]
pub enum Inputs {
    /// Numbers of one shape per sample.
    Block {
        /// The shape of one sample, for example `[8, 8]`.
        shape: Vec<usize>,
        /// `[samples, shape…]`, row-major, all finite.
        values: Held<f32>,
    },
    /// Bytes of one shape per sample: pixels.
    Bytes {
        /// The shape of one sample, for example `[32, 32, 3]`.
        shape: Vec<usize>,
        /// `[samples, shape…]`, row-major.
        values: Held<u8>,
    },
    /// Named columns of one length.
    Table(Vec<Column>),
}

/// A named column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its header.
    pub name: String,
    /// Its cells.
    pub cells: Cells,
}

/// The cells of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// Numbers; NaN where the cell is missing.
    Numeric(Held<f32>),
    /// Text.
    Categorical {
        /// The different texts, sorted.
        levels: Vec<String>,
        /// Each row's level; none where the cell is missing.
        codes: Codes,
    },
}

/// The targets of all samples.
#[derive(Debug, Clone, PartialEq)]
pub enum RawTargets {
    /// One class per sample.
    Classes {
        /// Names of the classes.
        names: Vec<String>,
        /// Indices into `names`.
        labels: Held<u32>,
    },
    /// Numbers in their own unit.
    Values {
        /// Names of the targets.
        names: Vec<String>,
        /// `[samples, targets]`, row-major, all finite.
        values: Vec<f32>,
    },
    /// Zeros and ones.
    Labels {
        /// Names of the labels.
        names: Vec<String>,
        /// `[samples, labels]`, row-major.
        values: Vec<f32>,
    },
}

/// A grouping of the samples that a split can respect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// What groups them: `speaker`.
    pub name: String,
    /// The groups, sorted.
    pub members: Vec<String>,
    /// Each row's index into `members`.
    pub codes: Vec<u32>,
}

/// A column of a table by which samples can be put in order, though it is no input.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// The header.
    pub name: String,
    /// Numbers, or days since 1970; NaN where the cell is missing.
    pub values: Vec<f64>,
    /// Whether they are dates.
    pub dates: bool,
}

/// How a sample of shape `[height, width]` or `[height, width, channels]` is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Rows of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// The raw value of full ink or full light; 0 is none.
    pub full: f32,
}

impl Default for Inputs {
    fn default() -> Self {
        Self::Table(Vec::new())
    }
}

impl Inputs {
    /// Number of samples.
    pub fn len(&self) -> usize {
        match self {
            Self::Block { shape, values } => values.len() / shape.iter().product::<usize>().max(1),
            Self::Bytes { shape, values } => values.len() / shape.iter().product::<usize>().max(1),
            Self::Table(columns) => columns.first().map_or(0, |column| column.cells.len()),
        }
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn keep(&self, rows: &[usize]) -> Self {
        match self {
            Self::Block { shape, values } => Self::Block {
                shape: shape.clone(),
                values: keep_rows(values, shape.iter().product(), rows).into(),
            },
            Self::Bytes { shape, values } => Self::Bytes {
                shape: shape.clone(),
                values: keep_rows(values, shape.iter().product(), rows).into(),
            },
            Self::Table(columns) => Self::Table(columns.iter().map(|c| c.keep(rows)).collect()),
        }
    }
}

impl Column {
    fn keep(&self, rows: &[usize]) -> Self {
        let cells = match &self.cells {
            Cells::Numeric(values) => Cells::Numeric(keep_rows(values, 1, rows).into()),
            Cells::Categorical { levels, codes } => Cells::Categorical {
                levels: levels.clone(),
                codes: rows.iter().map(|row| codes.at(*row)).collect(),
            },
        };
        Self {
            name: self.name.clone(),
            cells,
        }
    }
}

impl Cells {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Numeric(values) => values.len(),
            Self::Categorical { codes, .. } => codes.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How messages call this kind of cell.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Numeric(_) => "numbers",
            Self::Categorical { .. } => "text",
        }
    }
}

impl RawTargets {
    /// The kind of task that predicts them.
    pub fn kind(&self) -> TaskKind {
        match self {
            Self::Classes { .. } => TaskKind::Classification,
            Self::Values { .. } => TaskKind::Regression,
            Self::Labels { .. } => TaskKind::MultiLabel,
        }
    }

    /// Names of the classes, values or labels.
    pub fn names(&self) -> &[String] {
        match self {
            Self::Classes { names, .. }
            | Self::Values { names, .. }
            | Self::Labels { names, .. } => names,
        }
    }

    fn keep(&self, rows: &[usize]) -> Self {
        let width = self.names().len();
        let names = self.names().to_vec();
        match self {
            Self::Classes { labels, .. } => Self::Classes {
                names,
                labels: keep_rows(labels, 1, rows).into(),
            },
            Self::Values { values, .. } => Self::Values {
                names,
                values: keep_rows(values, width, rows),
            },
            Self::Labels { values, .. } => Self::Labels {
                names,
                values: keep_rows(values, width, rows),
            },
        }
    }

    /// Names classes that are none of `known` by what they are without full stops and blanks at their end, if each of them is one of
    /// `known` then; the sentence that says so, of whom the classes `known` are.
    pub fn without_full_stops(&mut self, known: &[String], whose: &str) -> Option<String> {
        let Self::Classes { names, labels } = self else {
            return None;
        };
        let places = places(names, known);
        let unknown = || (0..names.len()).filter(|class| places[*class].is_none());
        let known_bare = |class: usize| known.iter().any(|known| known == bare(&names[class]));
        if unknown().next().is_none() || !unknown().all(known_bare) {
            return None;
        }
        let labels = labels
            .iter()
            .filter(|label| places[**label as usize].is_none());
        let said = format!(
            "{} labels end in a full stop or a blank that {whose} lack: read as {}",
            grouped(labels.count() as f64),
            unknown()
                .map(|class| format!("`{}`", bare(&names[class])))
                .collect::<Vec<_>>()
                .join(", ")
        );
        for (name, place) in names.iter_mut().zip(places) {
            if place.is_none() {
                *name = bare(name).to_owned();
            }
        }
        Some(said)
    }

    /// The same classes under a model's indices; other targets must have the model's names.
    pub fn in_terms_of(self, model: &[String]) -> Result<Self> {
        match self {
            Self::Classes { names, labels } if names != model => {
                let places = places(&names, model);
                let labels = labels.iter().map(|&label| {
                    places[label as usize].ok_or_else(|| {
                        Error::input(
                            "targets",
                            format!(
                                "class `{}` is not one of the model's classes ({})",
                                names[label as usize],
                                model.join(", ")
                            ),
                        )
                        .remedy("Leave its rows out, or train a model that knows the class")
                    })
                });
                Ok(Self::Classes {
                    labels: labels.collect::<Result<_>>()?,
                    names: model.to_vec(),
                })
            }
            other if other.names() == model => Ok(other),
            other => Err(Error::input(
                "targets",
                format!(
                    "the data's targets are {}, the model's are {}",
                    other.names().join(", "),
                    model.join(", ")
                ),
            )
            .remedy("Name the same target columns in the same order")),
        }
    }
}

/// A class without full stops and blanks at its end.
fn bare(name: &str) -> &str {
    name.trim_end_matches(|c: char| c == '.' || c.is_whitespace())
}

/// Where these classes stand among a model's. Those that are numbers are the same however they are written: 1 and 1.0.
fn places(names: &[String], model: &[String]) -> Vec<Option<u32>> {
    let number = |name: &str| name.parse::<f64>().ok().map(f64::to_bits);
    let named: HashMap<&str, u32> = model.iter().map(String::as_str).zip(0..).collect();
    let mut numbered: HashMap<u64, u32> = HashMap::new();
    for (name, i) in model.iter().zip(0..) {
        if let Some(number) = number(name) {
            numbered.entry(number).or_insert(i);
        }
    }
    let place = |name: &String| {
        let exact = named.get(name.as_str());
        exact.or_else(|| numbered.get(&number(name)?)).copied()
    };
    names.iter().map(place).collect()
}

impl Raw {
    /// Inputs and targets with nothing else known about them.
    pub fn new(inputs: Inputs, targets: Option<RawTargets>, hash: String) -> Self {
        Self {
            inputs,
            targets,
            groups: Vec::new(),
            ids: Vec::new(),
            files: BTreeMap::new(),
            weights: None,
            moments: Vec::new(),
            official: None,
            picture: None,
            rows: None,
            hash,
            hashes: None,
            wide: Wide::new(),
            notes: Vec::new(),
            answers: BTreeMap::new(),
            reading: None,
        }
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.inputs.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// Whether its authors kept samples to train on, of every class, and others.
    pub fn has_given_test(&self) -> bool {
        let Some(parts) = &self.official else {
            return false;
        };
        let others = parts.iter().any(|part| *part != Part::Train);
        let mut train = (0..).zip(parts).filter(|(_, part)| **part == Part::Train);
        let of_all = match &self.targets {
            Some(RawTargets::Classes { names, labels }) => {
                let mut seen = vec![false; names.len()];
                train.for_each(|(row, _): (usize, _)| seen[labels[row] as usize] = true);
                seen.into_iter().all(|seen| seen)
            }
            _ => train.next().is_some(),
        };
        others && of_all
    }

    /// At most about `limit` rows, evenly spaced within each class (all rows, without classes); no class is lost.
    pub fn thinned(self, limit: usize) -> Self {
        if self.len() <= limit {
            return self;
        }
        let members = match &self.targets {
            Some(RawTargets::Classes { names, labels }) => strata(labels, names.len()),
            _ => vec![(0..self.len()).collect()],
        };
        let sizes: Vec<usize> = members.iter().map(Vec::len).collect();
        let shares = apportion(limit, &sizes, &sizes);
        let spaced = members.iter().zip(shares).flat_map(|(rows, share)| {
            let share = share.max(1).min(rows.len());
            (0..share).map(move |i| rows[i * rows.len() / share])
        });
        let mut rows: Vec<usize> = spaced.collect();
        rows.sort_unstable();
        self.keep(&rows)
    }

    /// These rows only, in this order; they are counted anew from 0. The hash says which rows were kept.
    pub fn keep(&self, rows: &[usize]) -> Self {
        let kept: Vec<u8> = rows
            .iter()
            .flat_map(|&row| (row as u64).to_le_bytes())
            .collect();
        Self {
            inputs: self.inputs.keep(rows),
            targets: self.targets.as_ref().map(|targets| targets.keep(rows)),
            groups: keep_groups(&self.groups, rows),
            ids: keep_groups(&self.ids, rows),
            files: self.files.clone(),
            weights: self
                .weights
                .as_ref()
                .map(|weights| keep_rows(weights, 1, rows).into()),
            moments: self
                .moments
                .iter()
                .map(|moments| Moments {
                    values: keep_rows(&moments.values, 1, rows),
                    ..moments.clone()
                })
                .collect(),
            official: self
                .official
                .as_ref()
                .map(|parts| keep_rows(parts, 1, rows)),
            picture: self.picture.clone(),
            rows: self.rows.as_ref().map(|names| keep_rows(names, 1, rows)),
            hash: sha256(&[self.hash.as_bytes(), &kept].concat()),
            hashes: self
                .hashes
                .as_ref()
                .map(|hashes| keep_rows(hashes, 1, rows).into()),
            wide: self
                .wide
                .iter()
                .map(|(name, values)| {
                    let width = values.len() / self.len().max(1);
                    (name.clone(), keep_rows(values, width, rows).into())
                })
                .collect(),
            notes: self.notes.clone(),
            answers: self
                .answers
                .iter()
                .map(|(name, answers)| (name.clone(), Arc::new(answers.keep(rows))))
                .collect(),
            reading: self.reading.clone(),
        }
    }
}

fn keep_groups(groups: &[Group], rows: &[usize]) -> Vec<Group> {
    let keep = |group: &Group| Group {
        codes: keep_rows(&group.codes, 1, rows),
        ..group.clone()
    };
    groups.iter().map(keep).collect()
}

fn keep_rows<T: Clone>(values: &[T], width: usize, rows: &[usize]) -> Vec<T> {
    rows.iter()
        .flat_map(|&row| values[row * width..(row + 1) * width].iter().cloned())
        .collect()
}
