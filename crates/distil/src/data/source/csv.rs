//! Tables of text.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use distil_report::measure::TaskKind;
use distil_report::show::grouped;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::column_rule::{ColumnKind, ColumnRule};
use crate::data::held::Held;
use crate::data::prepare::Scaling;
use crate::data::raw::{Group, Raw, RawTargets, Wide};
use crate::data::source::Source;
use crate::data::source::called::{is_id, missing_columns};
use crate::data::source::cells::{self, FIRST, Markers, USUAL, members, usual_of_texts};
use crate::data::source::encoding::TextEncoding;
use crate::data::source::forms::{Form, Inferred};
use crate::data::source::inputs::{Exact, Reader};
use crate::data::source::limits::{Limit, Limits};
use crate::data::source::names::Names;
use crate::data::source::parquet_table::Read;
use crate::data::source::table_file::read_table;
use crate::data::source::text_table::{Cut, Header, TextColumn, TextTable, counted};
use crate::error::{Error, Result};

/// The source `csv`: a file of text with a header, plain or `.gz`; or parquet files with columns of numbers, text and dates.
///
/// A column nobody declares holds numbers if more than half of its cells do, however numbers are written there; a cell that is
/// then no number is an error. It holds dates if all its cells do, else categories, unless most of them are different.
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
    /// Columns to leave out; an empty name stands for all that have none.
    #[serde(default)]
    pub ignore: Vec<String>,
    /// Columns that are no inputs but group the samples (a patient, a site), for `split.group`.
    #[serde(default)]
    pub groups: Vec<String>,
    /// The column that says how much each row counts, by numbers above 0, in the loss, in every metric and every test: survey weights,
    /// exposure, confidence. It is no input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<String>,
    /// The column that names the rows. It is no input: answers from elsewhere are found by it, and the page says it of the worst mistakes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// How numbers are scaled.
    #[serde(default = "standard")]
    pub scale: Scaling,
    /// Whether the first row names the columns, or their names; without, they are called by their place, `column 3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<HeaderOption>,
    /// Cells that mean that there is no value, instead of the usual ones; an empty one always does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<String>>,
    /// Lines that begin so are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<char>,
    /// Whether rows without a target are left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drop_unlabelled: bool,
    /// How columns are read, by name, where it is not seen from their cells.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, ColumnRule>,
    /// How its text is encoded, where that is not UTF-8: `gb18030` (also for GBK), `big5`, `shift_jis`, `euc-kr`, `windows-1252`, `utf-16le` or
    /// another name of the Encoding Standard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<TextEncoding>,
    /// The most that is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
}

/// Whether a table has a header, or the names it does not give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum HeaderOption {
    /// Whether the first row names the columns.
    Is(bool),
    /// The names of the columns, in order.
    Names(Vec<String>),
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
        let limits = Limits::training(self.limit);
        let mut read = self.table(&path, limits, &self.target.0, true)?;
        let own = self.in_terms_of(&read.table);
        own.check_names(&read.table)?;
        own.drop_unlabelled(&mut read, kind)?;
        let Read {
            mut table,
            hash,
            official,
        } = read;
        let reader = own.reader(&table, Exact::Find);
        let (targets, mut rules, mut wide) = own.targets(&table, kind, reader.comma)?;
        let mut raw = reader.read()?;
        wide.append(&mut raw.wide);
        let groups = own.group_members(&table)?;
        let weights = own.row_weights(&table)?;
        let mut reading = raw.reading;
        for (name, rule) in &rules {
            let words = Form::of(rule).unwrap_or_default().words();
            raw.notes
                .push(format!("the target {name} was read as numbers: {words}"));
        }
        reading.rules.append(&mut rules);
        reading.missing = match &own.missing {
            Some(missing) => missing.clone(),
            None => USUAL.map(String::from).to_vec(),
        };
        let notes = std::mem::take(&mut table.notes)
            .into_iter()
            .chain(raw.notes)
            .collect();
        Ok(Raw {
            ids: own.ids(&table, 0.5),
            groups,
            weights,
            rows: own.row_names(&table),
            moments: raw.moments,
            official,
            wide,
            notes,
            reading: Some(reading),
            ..Raw::new(raw.inputs, targets, hash)
        })
    }

    fn read_new(&self, path: &Path, kind: TaskKind) -> Result<Raw> {
        let limits = Limits::new_data(self.limit);
        let read = self.table(path, limits, &self.settled_columns(), true)?;
        self.read_as_settled(read, Some(kind), Exact::Find)
    }

    fn read_inputs(&self, path: &Path, _: TaskKind, wide: &[String]) -> Result<Raw> {
        let limits = Limits::new_data(self.limit);
        let read = self.table(path, limits, &self.settled_columns(), false)?;
        self.read_as_settled(read, None, Exact::Only(wide))
    }

    fn settled(&self, raw: &Raw) -> Self {
        let Some(reading) = &raw.reading else {
            return self.clone();
        };
        Self {
            delimiter: reading.delimiter,
            categorical: reading.categorical.clone(),
            numeric: reading.numeric.clone(),
            header: reading.header.clone().map(HeaderOption::Names),
            missing: Some(reading.missing.clone()),
            columns: reading.rules.clone(),
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

impl Csv {
    fn table(
        &self,
        path: &Path,
        limits: Limits,
        wanted: &[String],
        with_targets: bool,
    ) -> Result<Read> {
        let header = match &self.header {
            None | Some(HeaderOption::Is(true)) => Header::First,
            Some(HeaderOption::Is(false)) => Header::Counted,
            Some(HeaderOption::Names(names)) => Header::Names(names),
        };
        let cut = Cut {
            encoding: self.encoding,
            delimiter: self.delimiter,
            header,
            comment: self.comment,
            wanted,
            optional: &self.target.0,
            skip_blank: with_targets,
        };
        read_table(path, limits, &cut)
    }

    /// The same with columns of a table without a header called by their place: `3` is `column 3`.
    fn in_terms_of(&self, table: &TextTable) -> Self {
        if table.has_header {
            return self.clone();
        }
        let name = |name: &String| match name.parse::<usize>() {
            Ok(place @ 1..) if table.column(name).is_none() => counted(place - 1),
            _ => name.clone(),
        };
        let names = |names: &[String]| names.iter().map(name).collect();
        Self {
            target: Names(names(&self.target.0)),
            categorical: names(&self.categorical),
            numeric: names(&self.numeric),
            ignore: names(&self.ignore),
            groups: names(&self.groups),
            weights: self.weights.as_ref().map(&name),
            id: self.id.as_ref().map(&name),
            columns: self
                .columns
                .iter()
                .map(|(key, rule)| (name(key), rule.clone()))
                .collect(),
            ..self.clone()
        }
    }

    /// What stands for a missing value: what the recipe says, else these.
    fn markers(&self, usual: &[&str]) -> Markers {
        match &self.missing {
            Some(missing) => Markers::new(missing),
            None => Markers::new(usual),
        }
    }

    /// The markers of a target: a class may be called `-` or `None`.
    fn target_markers(&self, kind: TaskKind) -> Markers {
        match kind {
            TaskKind::Classification => self.markers(&[&FIRST[..], &["?"]].concat()),
            _ => self.markers(&USUAL),
        }
    }

    fn reader<'a>(&'a self, table: &'a TextTable, exact: Exact<'a>) -> Reader<'a> {
        let set = |names: &'a [String]| names.iter().map(String::as_str).collect::<HashSet<_>>();
        let (ignore, categorical) = (set(&self.ignore), set(&self.categorical));
        let column = |column: &&TextColumn| {
            let name = column.name.as_str();
            !ignore.contains(name) && !categorical.contains(name)
        };
        let markers = self.markers(&USUAL);
        // A model keeps the usual ones as a list.
        let usual = self.missing.as_deref().is_none_or(|own| own == USUAL);
        let texts = match usual {
            true => Markers::new(&usual_of_texts()),
            false => self.markers(&[]),
        };
        Reader {
            comma: table.columns.iter().filter(column).any(|column| {
                let known = markers.known(column);
                !column.cells.lack(b',')
                    && column.cells.iter().any(|cell| cell.contains(','))
                    && matches!(
                        Form::infer(known.clone(), table.delimiter, false),
                        Inferred::Form(Form { comma: true, .. }, read) if 2 * read > known.count()
                    )
            }),
            table,
            markers,
            texts,
            target: &self.target.0,
            groups: &self.groups,
            weights: self.weights.as_ref(),
            id: self.id.as_ref(),
            ignore,
            numeric: set(&self.numeric),
            categorical,
            rules: &self.columns,
            fixed: false,
            exact,
        }
    }

    /// Columns a settled source reads; none before it is settled.
    fn settled_columns(&self) -> Vec<String> {
        let read = |(name, rule): (&String, &ColumnRule)| {
            let input = rule.kind == Some(ColumnKind::Date) || rule.order.is_some();
            (input && !self.target.0.contains(name)).then(|| name.clone())
        };
        let named = self.numeric.iter().chain(&self.categorical).cloned();
        let mut names: Vec<String> = named.chain(self.columns.iter().filter_map(read)).collect();
        names.dedup();
        names
    }

    fn read_as_settled(&self, read: Read, kind: Option<TaskKind>, exact: Exact<'_>) -> Result<Raw> {
        let mut read = read;
        let own = self.in_terms_of(&read.table);
        // Models of version 0.1.0 do not say what they read as missing.
        let own = Self {
            missing: Some(
                own.missing
                    .clone()
                    .unwrap_or_else(|| FIRST.map(String::from).to_vec()),
            ),
            ..own
        };
        let mut targets = (None, Wide::new());
        if let Some(kind) = kind {
            let labelled = |name: &String| read.table.column(name).is_some();
            if own.target.0.iter().all(labelled) {
                own.drop_unlabelled(&mut read, kind)?;
            }
        }
        let Read {
            table,
            hash,
            official,
        } = read;
        if let Some(kind) = kind {
            let (found, _, wide) = own.targets(&table, kind, false)?;
            targets = (found, wide);
        }
        let settled = own.settled_columns();
        missing_columns(&table, &settled)?;
        let reader = Reader {
            fixed: !settled.is_empty(),
            ..own.reader(&table, exact)
        };
        let mut raw = reader.read()?;
        let (targets, mut wide) = targets;
        wide.append(&mut raw.wide);
        // What a split or a metric asks for, and answers do not.
        let (groups, weights, rows) = match kind {
            Some(_) => (
                own.group_members(&table)?,
                own.row_weights(&table)?,
                own.row_names(&table),
            ),
            None => (Vec::new(), None, None),
        };
        let mut notes: Vec<String> = table.notes.iter().cloned().chain(raw.notes).collect();
        if let (Some(name), Some(_), None) = (&own.weights, kind, &weights) {
            notes.push(format!("there is no column {name}: every row counts alike"));
        }
        Ok(Raw {
            ids: kind.map(|_| own.ids(&table, 1.0)).unwrap_or_default(),
            groups,
            weights,
            rows,
            moments: raw.moments,
            official,
            wide,
            notes,
            reading: Some(raw.reading),
            ..Raw::new(raw.inputs, targets, hash)
        })
    }

    /// The groups of the samples, of those columns that are there.
    fn group_members(&self, table: &TextTable) -> Result<Vec<Group>> {
        let columns = self.groups.iter().filter_map(|name| table.column(name));
        let groups = columns.map(|column| {
            let (members, codes) = members(table, column, &self.markers(&FIRST))?;
            Ok(Group {
                name: column.name.clone(),
                members,
                codes,
            })
        });
        groups.collect()
    }

    /// What the column that names the rows calls them.
    fn row_names(&self, table: &TextTable) -> Option<Vec<String>> {
        let column = table.column(self.id.as_ref()?)?;
        Some(column.texts().map(String::from).collect())
    }

    /// What columns that are called as ids hold, where at most this share of the rows have ids of their own.
    fn ids(&self, table: &TextTable, most_of: f64) -> Vec<Group> {
        let set_apart = |name: &String| {
            self.target.0.contains(name)
                || self.groups.contains(name)
                || [&self.weights, &self.id].contains(&&Some(name.clone()))
        };
        let markers = self.markers(&FIRST);
        let called = table
            .columns
            .iter()
            .filter(|column| is_id(&column.name) && !set_apart(&column.name));
        let ids = called.filter_map(|column| {
            let (members, codes) = members(table, column, &markers).ok()?;
            (members.len() as f64 <= most_of * codes.len() as f64).then(|| Group {
                name: column.name.clone(),
                members,
                codes,
            })
        });
        ids.collect()
    }

    /// How much each row counts, if the column that says so is there.
    fn row_weights(&self, table: &TextTable) -> Result<Option<Held<f32>>> {
        let Some(column) = self.weights.as_ref().and_then(|name| table.column(name)) else {
            return Ok(None);
        };
        let markers = self.markers(&USUAL);
        let form = match Form::infer(markers.known(column), table.delimiter, false) {
            Inferred::Form(form, _) => form,
            Inferred::Ambiguous => {
                return Err(crate::data::source::inputs::ambiguous(
                    table, column, &markers,
                ));
            }
        };
        let weights = cells::numbers(table, column, &form, &markers, false, Some(false))?.cells;
        let above = |x: &f32| x.is_finite() && *x > 0.0;
        if let Some(row) = weights.iter().position(|x| !above(x)) {
            let reason = match column.cells.at(row).is_empty() {
                true => "the row has no weight".into(),
                false => format!(
                    "`{}` is no weight: a row counts by a number above 0",
                    column.cells.at(row)
                ),
            };
            return Err(Error::input(table.place(row, &column.name), reason)
                .remedy("Correct the cell, or leave out rows that are not to count"));
        }
        Ok(Some(weights.into()))
    }

    /// Leaves out the rows whose target is missing, where that is asked for.
    fn drop_unlabelled(&self, read: &mut Read, kind: TaskKind) -> Result<()> {
        if !self.drop_unlabelled {
            return Ok(());
        }
        let Read {
            table, official, ..
        } = read;
        let markers = self.target_markers(kind);
        let columns: Vec<&TextColumn> = self
            .target
            .0
            .iter()
            .filter_map(|name| table.column(name))
            .collect();
        let labelled = |row: usize| {
            columns
                .iter()
                .all(|column| !markers.has(column.cells.at(row)))
        };
        let keep: Vec<bool> = (0..table.rows()).map(labelled).collect();
        let dropped = keep.iter().filter(|keep| !**keep).count();
        if dropped == keep.len() {
            return Err(Error::input(&table.file, "no row has a target")
                .remedy("Fill in the column to predict"));
        }
        if dropped > 0 {
            let of = grouped(keep.len() as f64);
            table.notes.push(format!(
                "{} of {of} rows have no target and are left out",
                grouped(dropped as f64)
            ));
            table.retain(&keep);
            if let Some(parts) = official {
                let mut keep = keep.iter();
                parts.retain(|_| keep.next() == Some(&true));
            }
        }
        Ok(())
    }

    /// Every column the options name is there and has one role.
    fn check_names(&self, table: &TextTable) -> Result<()> {
        let keys: Vec<String> = self
            .columns
            .keys()
            .filter(|name| !self.target.0.contains(*name))
            .cloned()
            .collect();
        let [weights, id] = [&self.weights, &self.id].map(|name| Vec::from_iter(name.clone()));
        let roles = [
            ("target", &self.target.0),
            ("categorical", &self.categorical),
            ("numeric", &self.numeric),
            ("ignore", &self.ignore),
            ("groups", &self.groups),
            ("weights", &weights),
            ("id", &id),
            ("columns", &keys),
        ];
        let columns = table.by_name();
        let mut taken: HashMap<&str, Vec<&str>> = HashMap::new();
        for (role, name) in roles
            .iter()
            .flat_map(|(role, names)| names.iter().map(move |name| (*role, name.as_str())))
        {
            if name.is_empty() && role == "ignore" {
                continue;
            }
            if !columns.contains_key(name) {
                let known = table.columns.iter().map(|column| column.name.as_str());
                let remedy = match distil_recipe::suggest(name, known.clone()) {
                    Some(suggestion) => format!("Perhaps it is `{suggestion}`"),
                    None => format!("The columns are {}", known.collect::<Vec<_>>().join(", ")),
                };
                let header = if table.has_header {
                    "in the header"
                } else {
                    "a column: the file has no header"
                };
                return Err(Error::input(
                    &table.file,
                    format!("`{role}` names the column `{name}`, which is not {header}"),
                )
                .remedy(remedy));
            }
            let roles = taken.entry(name).or_default();
            let excludes = |other: &&&str| {
                !(role == "columns" && matches!(**other, "numeric" | "categorical"))
            };
            if let Some(other) = roles.iter().find(excludes) {
                return Err(Error::input(
                    format!("data.{role}"),
                    format!("the column `{name}` is named in `{other}` already"),
                )
                .remedy("Give each column one role"));
            }
            roles.push(role);
        }
        if self.target.0.is_empty() {
            return Err(Error::input("data.target", "no column is named")
                .remedy("Name the column to predict"));
        }
        for (name, rule) in &self.columns {
            let marks = [("decimal", rule.decimal), ("thousands", rule.thousands)];
            if let Some((key, mark)) = marks.into_iter().find_map(|(key, mark)| {
                Some((
                    key,
                    mark.filter(|mark| {
                        let known: &[char] = if key == "decimal" {
                            &['.', ',']
                        } else {
                            &['.', ',', ' ', '\'', '’']
                        };
                        !known.contains(mark)
                    })?,
                ))
            }) {
                return Err(Error::input(
                    format!("data.columns.{name}.{key}"),
                    format!("`{mark}` is no such mark"),
                )
                .remedy("Use `.` or `,`; between thousands also a blank or `'`"));
            }
        }
        Ok(())
    }

    /// The targets, `None` if a target column is absent or all cells of it are missing; how their numbers are written; and
    /// those that need 64 bits.
    fn targets(
        &self,
        table: &TextTable,
        kind: TaskKind,
        comma: bool,
    ) -> Result<(Option<RawTargets>, BTreeMap<String, ColumnRule>, Wide)> {
        let markers = self.target_markers(kind);
        let columns: Option<Vec<&TextColumn>> = self
            .target
            .0
            .iter()
            .map(|name| table.column(name))
            .collect();
        let mut rules = BTreeMap::new();
        let Some(columns) = columns else {
            return Ok((None, rules, Wide::new()));
        };
        let empty = |column: &&&TextColumn| markers.known(column).next().is_none();
        if columns.iter().any(|column| empty(&column)) {
            return Ok((None, rules, Wide::new()));
        }
        let mut forms = Vec::new();
        for column in &columns {
            let given = self.columns.get(&column.name).and_then(Form::of);
            let form = match given {
                Some(form) => form,
                None if kind == TaskKind::Classification => Form::default(),
                None => match Form::infer(markers.known(column), table.delimiter, comma) {
                    // Where most are no numbers in any form, the message is about the usual one.
                    Inferred::Form(form, read) if 2 * read > column.cells.len() => form,
                    Inferred::Form(..) => Form::default(),
                    Inferred::Ambiguous => {
                        return Err(crate::data::source::inputs::ambiguous(
                            table, column, &markers,
                        ));
                    }
                },
            };
            if form != Form::default() {
                let mut rule = ColumnRule::default();
                form.note(&mut rule);
                rules.insert(column.name.clone(), rule);
            }
            forms.push(form);
        }
        let (targets, wide) = cells::targets(table, &columns, &forms, &markers, kind)?;
        Ok((Some(targets), rules, wide))
    }
}
