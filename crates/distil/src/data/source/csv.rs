//! Tables of text.

use std::path::{Path, PathBuf};

use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::prepare::Scaling;
use crate::data::raw::{Cells, Column, Group, Inputs, Raw, RawTargets, Wide};
use crate::data::source::Source;
use crate::data::source::cells::{
    categorical, is_missing, looks_numeric, members, numeric, targets, wide,
};
use crate::data::source::file::read_within;
use crate::data::source::limits::{Limit, Limits};
use crate::data::source::names::Names;
use crate::data::source::parquet_table::{self, Read};
use crate::data::source::text_table::{TextColumn, TextTable};
use crate::error::{Error, Result};
use crate::weights::sha256;

/// The source `csv`: a UTF-8 file with a header, plain or `.gz`; or parquet files with columns of numbers, text and dates.
///
/// A column nobody declares holds numbers if more than half of its cells do; a cell that is then no number is an
/// error. Cells that are empty, NA, N/A, NaN or null are missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Csv {
    /// The file.
    pub path: PathBuf,
    /// The column to predict, or several.
    pub target: Names,
    /// What separates cells.
    #[serde(default = "comma")]
    pub delimiter: char,
    /// Columns that hold text, whatever they look like.
    #[serde(default)]
    pub categorical: Vec<String>,
    /// Columns that hold numbers: anything else in them is an error.
    #[serde(default)]
    pub numeric: Vec<String>,
    /// Columns to leave out.
    #[serde(default)]
    pub ignore: Vec<String>,
    /// Columns that are no inputs but group the samples (a patient, a site), for `split.group`.
    #[serde(default)]
    pub groups: Vec<String>,
    /// How numbers are scaled.
    #[serde(default = "standard")]
    pub scale: Scaling,
    /// The most that is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
}

fn comma() -> char {
    ','
}

fn standard() -> Scaling {
    Scaling::Standard
}

impl Source for Csv {
    fn read(&self, base: &Path, kind: TaskKind) -> Result<Raw> {
        let path = base.join(&self.path);
        let Read {
            table,
            hash,
            official,
            notes,
        } = self.table(&path, Limits::training(self.limit))?;
        self.check_names(&table)?;
        let targets = self.targets(&table, kind)?;
        let groups = self
            .groups
            .iter()
            .filter_map(|name| table.column(name))
            .map(|column| {
                let (members, codes) = members(&table, column)?;
                Ok(Group {
                    name: column.name.clone(),
                    members,
                    codes,
                })
            });
        let groups = groups.collect::<Result<_>>()?;
        let inputs = self.inputs(&table)?;
        Ok(Raw {
            groups,
            official,
            notes,
            wide: wide_columns(&table, &inputs),
            ..Raw::new(inputs, targets, hash)
        })
    }

    fn read_new(&self, path: &Path, kind: TaskKind) -> Result<Raw> {
        let Read { table, hash, .. } = self.table(path, Limits::new_data(self.limit))?;
        let targets = self.targets(&table, kind)?;
        Ok(Raw::new(self.inputs(&table)?, targets, hash))
    }

    fn settled(&self, raw: &Raw) -> Self {
        let Inputs::Table(columns) = &raw.inputs else {
            return self.clone();
        };
        let (texts, numbers): (Vec<&Column>, Vec<&Column>) = columns
            .iter()
            .partition(|column| matches!(column.cells, Cells::Categorical { .. }));
        let names =
            |columns: Vec<&Column>| columns.iter().map(|column| column.name.clone()).collect();
        Self {
            categorical: names(texts),
            numeric: names(numbers),
            ..self.clone()
        }
    }

    fn groups(&self) -> &[String] {
        &self.groups
    }

    fn describe(&self) -> String {
        format!(
            "the table {}, target {}",
            self.path.display(),
            self.target.0.join(", ")
        )
    }
}

/// The columns of numbers that need 64 bits.
fn wide_columns(table: &TextTable, inputs: &Inputs) -> Wide {
    let Inputs::Table(columns) = inputs else {
        return Wide::new();
    };
    let numbers = columns
        .iter()
        .filter(|column| matches!(column.cells, Cells::Numeric(_)));
    numbers
        .filter_map(|column| Some((column.name.clone(), wide(table.column(&column.name)?)?)))
        .collect()
}

impl Csv {
    fn table(&self, path: &Path, limits: Limits) -> Result<Read> {
        if let Some(table) = parquet_table::read(path, limits)? {
            return Ok(table);
        }
        let bytes = read_within(path, limits)?;
        Ok(Read {
            table: TextTable::parse(path, &bytes, self.delimiter)?,
            hash: sha256(&bytes),
            official: None,
            notes: Vec::new(),
        })
    }

    /// Every column the options name is there and has one role.
    fn check_names(&self, table: &TextTable) -> Result<()> {
        let roles = [
            ("target", &self.target.0),
            ("categorical", &self.categorical),
            ("numeric", &self.numeric),
            ("ignore", &self.ignore),
            ("groups", &self.groups),
        ];
        let mut taken: Vec<(&str, &str)> = Vec::new();
        for (role, name) in roles
            .iter()
            .flat_map(|(role, names)| names.iter().map(move |name| (*role, name.as_str())))
        {
            if table.column(name).is_none() {
                let known = table.columns.iter().map(|column| column.name.as_str());
                let remedy = match distil_recipe::suggest(name, known.clone()) {
                    Some(suggestion) => format!("Perhaps it is `{suggestion}`"),
                    None => format!("The columns are {}", known.collect::<Vec<_>>().join(", ")),
                };
                return Err(Error::input(
                    &table.file,
                    format!("`{role}` names the column `{name}`, which is not in the header"),
                )
                .remedy(remedy));
            }
            if let Some((other, _)) = taken.iter().find(|(_, taken)| *taken == name) {
                return Err(Error::input(
                    format!("data.{role}"),
                    format!("the column `{name}` is named in `{other}` already"),
                )
                .remedy("Give each column one role"));
            }
            taken.push((role, name));
        }
        if self.target.0.is_empty() {
            return Err(Error::input("data.target", "no column is named")
                .remedy("Name the column to predict"));
        }
        Ok(())
    }

    /// The targets; `None` if a target column is absent or all cells of it are missing.
    fn targets(&self, table: &TextTable, kind: TaskKind) -> Result<Option<RawTargets>> {
        let columns: Option<Vec<&TextColumn>> = self
            .target
            .0
            .iter()
            .map(|name| table.column(name))
            .collect();
        match columns {
            Some(columns)
                if !columns
                    .iter()
                    .any(|column| column.cells.iter().all(|cell| is_missing(cell))) =>
            {
                targets(table, &columns, kind).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn inputs(&self, table: &TextTable) -> Result<Inputs> {
        let aside = |name: &String| {
            self.target.0.contains(name) || self.ignore.contains(name) || self.groups.contains(name)
        };
        let read = |column: &TextColumn| {
            let is_numeric = self.numeric.contains(&column.name)
                || !self.categorical.contains(&column.name) && looks_numeric(column);
            let cells = if is_numeric {
                numeric(table, column)?
            } else {
                categorical(table, column)?
            };
            Ok(Column {
                name: column.name.clone(),
                cells,
            })
        };
        let columns: Vec<Column> = table
            .columns
            .iter()
            .filter(|column| !aside(&column.name))
            .map(read)
            .collect::<Result<_>>()?;
        if columns.is_empty() {
            return Err(Error::input(&table.file, "no column is left as input")
                .remedy("Bring at least one column besides the target"));
        }
        Ok(Inputs::Table(columns))
    }
}
