//! The input columns of a table of text: what each holds, and how that is read.

use std::collections::{BTreeMap, HashSet};

use distil_report::show::grouped;

use crate::data::column_rule::{ColumnKind, ColumnRule};
use crate::data::raw::{Cells, Column, Inputs, Moments, Reading, Wide};
use crate::data::source::cells::{
    Markers, Numbers, are_whole, categorical, no_categories, numbers, plain_only, whole,
};
use crate::data::source::dates;
use crate::data::source::forms::{Form, Inferred, plain};
use crate::data::source::text_table::{TextColumn, TextTable};
use crate::error::{Error, Result};

/// Statements of so many columns that hold plain numbers are given one by one.
const EACH: usize = 40;

/// Which columns are kept in 64 bits, too.
#[derive(Clone, Copy)]
pub enum Exact<'a> {
    /// Those that 32 do not hold.
    Find,
    /// Those of these that are there.
    Only(&'a [String]),
}

/// Reads the inputs of a table.
pub struct Reader<'a> {
    pub table: &'a TextTable,
    pub markers: Markers,
    /// What is missing in columns of text.
    pub texts: Markers,
    pub target: &'a [String],
    pub groups: &'a [String],
    pub weights: Option<&'a String>,
    /// The column that names the rows.
    pub id: Option<&'a String>,
    pub ignore: HashSet<&'a str>,
    pub numeric: HashSet<&'a str>,
    pub categorical: HashSet<&'a str>,
    pub rules: &'a BTreeMap<String, ColumnRule>,
    /// Whether the comma is the decimal mark of some column for certain.
    pub comma: bool,
    /// Whether the columns are those of a model: others are left aside, and nothing is found out.
    pub fixed: bool,
    pub exact: Exact<'a>,
}

/// What a [`Reader`] read.
#[derive(Default)]
pub struct Read {
    pub inputs: Inputs,
    pub wide: Wide,
    pub reading: Reading,
    pub notes: Vec<String>,
    /// Columns that are left out and can put the rows in order.
    pub moments: Vec<Moments>,
}

/// How a column is read.
enum How {
    Numbers(Form),
    Categories { whole: bool },
    Dates(String),
    Ordinal(Vec<String>),
}

impl Reader<'_> {
    /// All columns but targets, groups and those to ignore.
    pub fn read(&self) -> Result<Read> {
        let mut read = Read::default();
        let mut columns = Vec::new();
        let mut refused: Vec<(String, String)> = Vec::new();
        read.reading.delimiter = self.table.delimiter;
        if !self.table.has_header {
            let names = self.table.columns.iter().map(|column| column.name.clone());
            read.reading.header = Some(names.collect());
        }
        for column in &self.table.columns {
            if let Some(why) = self.aside(column)? {
                read.say(&column.name, &why);
                if column.nameless && !self.ignore.contains("") && !self.fixed {
                    read.notes.push(format!(
                        "the column without a name ({}) is left aside: {why}",
                        column.name
                    ));
                }
                self.id(column, &mut read);
                self.moments(column, &mut read);
                continue;
            }
            let rule = self.rules.get(&column.name).cloned().unwrap_or_default();
            let own = rule.missing.as_ref().map(|missing| Markers::new(missing));
            let markers = own.as_ref().unwrap_or(&self.markers);
            let how = self.how(column, &rule, markers)?;
            let texts = matches!(how, How::Categories { .. } | How::Ordinal(_));
            let markers = match &own {
                None if texts => &self.texts,
                _ => markers,
            };
            if let How::Categories { .. } = how
                && !self.fixed
                && let Some(reason) =
                    no_categories(column, markers, self.declared(&column.name, &rule))
            {
                refused.push((column.name.clone(), reason));
                continue;
            }
            self.column(column, &rule, how, markers, &mut columns, &mut read)?;
            column.cells.give_back();
        }
        self.refuse_texts(&refused)?;
        if columns.is_empty() {
            return Err(Error::input(&self.table.file, "no column is left as input")
                .remedy("Bring at least one column besides the target"));
        }
        read.inputs = Inputs::Table(columns);
        read.shorten();
        Ok(read)
    }

    /// Refuses columns of text that are no categories, each with the reason.
    fn refuse_texts(&self, refused: &[(String, String)]) -> Result<()> {
        let [(name, reason), others @ ..] = refused else {
            return Ok(());
        };
        let names: Vec<String> = refused
            .iter()
            .map(|(name, _)| format!("\"{name}\""))
            .collect();
        let also: Vec<String> = others
            .iter()
            .map(|(name, reason)| format!("; column `{name}`: {reason}"))
            .collect();
        let remedy = match others {
            [] if reason.ends_with(')') => {
                format!("Leave the column out with `ignore = [\"{name}\"]`")
            }
            [] => format!(
                "Leave the column out with `ignore = [\"{name}\"]`; tables of text are not learned from. If each text is a category all the same: `categorical = [\"{name}\"]`"
            ),
            _ => format!(
                "Leave them out with `ignore = [{}]`, or declare as `categorical` what is",
                names.join(", ")
            ),
        };
        Err(Error::input(
            format!("{}, column `{name}`", self.table.file),
            format!("{reason}{}", also.concat()),
        )
        .remedy(remedy))
    }

    fn declared(&self, name: &str, rule: &ColumnRule) -> bool {
        self.categorical.contains(name) || rule.kind == Some(ColumnKind::Category)
    }

    fn named(&self, name: &str) -> bool {
        self.numeric.contains(name)
            || self.categorical.contains(name)
            || self.rules.contains_key(name)
    }

    /// Why a column is no input; `None` if it is one.
    fn aside(&self, column: &TextColumn) -> Result<Option<String>> {
        let name = &column.name;
        let ignored =
            self.ignore.contains(name.as_str()) || column.nameless && self.ignore.contains("");
        let rule = self.rules.get(name);
        Ok(if self.target.contains(name) {
            Some("the target".into())
        } else if self.weights == Some(name) {
            Some("how much each row counts".into())
        } else if self.id == Some(name) {
            Some("names the rows".into())
        } else if self.groups.contains(name) {
            Some("groups the samples".into())
        } else if ignored || rule.is_some_and(|rule| rule.kind == Some(ColumnKind::Ignore)) {
            Some("left out".into())
        } else if self.named(name) {
            None
        } else if self.fixed {
            Some("not read".into())
        } else if column.nameless {
            Some(self.nameless(column)?)
        } else {
            None
        })
    }

    /// Why a column without a name is left aside, as the index that a data frame writes is.
    fn nameless(&self, column: &TextColumn) -> Result<String> {
        let mut different = HashSet::new();
        if self.markers.known(column).next().is_none() {
            return Ok("it is empty".into());
        }
        if column
            .cells
            .iter()
            .all(|cell| whole(cell).is_some_and(|cell| different.insert(cell)))
        {
            return Ok("it numbers the rows".into());
        }
        let place = self
            .table
            .columns
            .iter()
            .position(|other| other.name == column.name)
            .unwrap_or(0);
        let place = format!("{}, line 1, column {}", self.table.file, place + 1);
        Err(Error::input(place, "the header has no name here")
            .remedy("Name every column, or leave out those without a name with `ignore = [\"\"]`"))
    }

    /// Keeps a column that is not read and tells the rows of new data apart.
    fn id(&self, column: &TextColumn, read: &mut Read) {
        if !self.fixed
            || self.target.contains(&column.name)
            || !matches!(self.exact, Exact::Only(_))
        {
            return;
        }
        let mut different = HashSet::with_capacity(column.cells.len());
        if column
            .cells
            .iter()
            .all(|cell| !cell.is_empty() && different.insert(cell))
        {
            let texts = column.texts().map(Into::into).collect();
            read.reading.ids.push((column.name.clone(), texts));
        }
    }

    /// Keeps what may put the rows in order of a column that is left out: all its cells are numbers, or dates. A prediction
    /// needs no order.
    fn moments(&self, column: &TextColumn, read: &mut Read) {
        if self.target.contains(&column.name) || matches!(self.exact, Exact::Only(_)) {
            return;
        }
        let known = || self.markers.known(column);
        let given = self.rules.get(&column.name);
        let given = given.and_then(|rule| rule.format.clone());
        let number = |cell: &str| (!self.markers.has(cell)).then(|| plain(cell)).flatten();
        let (values, dates): (Vec<Option<f64>>, bool) = match given {
            None if known().all(|cell| plain(cell).is_some()) => {
                (column.texts().map(number).collect(), false)
            }
            given => {
                let found = given.or_else(|| match dates::infer(known()) {
                    dates::Inferred::Format(format) if format != dates::TIME => Some(format.into()),
                    _ => None,
                });
                let Some(format) = found else { return };
                if let Some(rule) = self.rules.get(&column.name) {
                    read.reading.rules.insert(column.name.clone(), rule.clone());
                }
                let moment = |cell: &str| Some(dates::moment(cell, &format)?.days);
                (column.texts().map(moment).collect(), true)
            }
        };
        if values.iter().any(Option::is_some) {
            read.moments.push(Moments {
                name: column.name.clone(),
                values: values.into_iter().map(|x| x.unwrap_or(f64::NAN)).collect(),
                dates,
            });
        }
    }

    fn how(&self, column: &TextColumn, rule: &ColumnRule, markers: &Markers) -> Result<How> {
        let name = &column.name;
        let known = || markers.known(column);
        let categories = || How::Categories {
            whole: rule.whole || !self.fixed && are_whole(known()),
        };
        if let Some(order) = &rule.order {
            return Ok(How::Ordinal(order.clone()));
        }
        if self.declared(name, rule) {
            return Ok(categories());
        }
        let is_date = rule.kind == Some(ColumnKind::Date) || rule.format.is_some() || rule.time;
        if let Some(format) = &rule.format {
            return Ok(How::Dates(format.clone()));
        }
        if let Some(form) = Form::of(rule) {
            return Ok(How::Numbers(form));
        }
        let declared =
            self.numeric.contains(name.as_str()) || rule.kind == Some(ColumnKind::Number);
        if declared && (self.fixed && plain_only(column, markers)) {
            return Ok(How::Numbers(Form::default()));
        }
        if !is_date {
            match Form::infer(known(), self.table.delimiter, self.comma) {
                Inferred::Ambiguous => return Err(ambiguous(self.table, column, markers)),
                Inferred::Form(form, read)
                    if declared || 2 * read > known().count() || known().next().is_none() =>
                {
                    return Ok(How::Numbers(form));
                }
                Inferred::Form(..) => {}
            }
        }
        match dates::infer(known()) {
            dates::Inferred::Format(format) => Ok(How::Dates(format.into())),
            dates::Inferred::Ambiguous(one, other) => {
                let cell = known().next().unwrap_or_default();
                Err(Error::input(
                    format!("{}, column `{name}`", self.table.file),
                    format!("dates such as `{cell}` can be read as {one} and as {other}"),
                )
                .remedy(format!(
                    "Say which it is: `columns = {{ \"{name}\" = {{ format = \"{one}\" }} }}`"
                )))
            }
            dates::Inferred::None if is_date => {
                let cell = known().find(|cell| {
                    matches!(dates::infer([*cell].into_iter()), dates::Inferred::None)
                });
                let cell = cell.or(known().next()).unwrap_or_default();
                Err(Error::input(
                    format!("{}, column `{name}`", self.table.file),
                    format!("`{cell}` is no date in a form that the others have"),
                )
                .remedy("Say how dates are written with `format`, such as `%d.%m.%Y`"))
            }
            dates::Inferred::None => Ok(categories()),
        }
    }

    fn column(
        &self,
        column: &TextColumn,
        rule: &ColumnRule,
        how: How,
        markers: &Markers,
        columns: &mut Vec<Column>,
        read: &mut Read,
    ) -> Result<()> {
        let name = &column.name;
        let mut settled = ColumnRule {
            missing: rule.missing.clone(),
            ..ColumnRule::default()
        };
        let mut push = |name: String, found: Numbers, read: &mut Read| {
            let cells = Cells::Numeric(found.cells.into());
            if let Some(wide) = found.wide {
                read.wide.insert(name.clone(), wide.into());
            }
            columns.push(Column { name, cells });
        };
        let exact = match self.exact {
            Exact::Find => None,
            Exact::Only(names) => Some(names.contains(name)),
        };
        let mut said = match how {
            How::Numbers(form) => {
                let found = numbers(self.table, column, &form, markers, rule.log, exact)?;
                push(name.clone(), found, read);
                read.reading.numeric.push(name.clone());
                form.note(&mut settled);
                settled.log = rule.log;
                let mut said = vec!["numbers".to_owned()];
                said.extend(Some(form.words()).filter(|words| !words.is_empty()));
                said.extend(rule.log.then(|| "ln(1 + x) of them".to_owned()));
                let as_said = Form::of(rule).unwrap_or_default();
                if form != as_said {
                    let example = markers
                        .known(column)
                        .find(|cell| crate::data::source::forms::plain(cell).is_none());
                    let example = example.unwrap_or_default();
                    read.notes.push(format!(
                        "column {name} was read as numbers such as `{example}`: {}",
                        form.words()
                    ));
                }
                said.join(", ")
            }
            How::Categories { whole } => {
                let cells = categorical(column, markers, whole);
                let Cells::Categorical { levels, .. } = &cells else {
                    return Ok(());
                };
                let said = match whole {
                    true => format!("{} categories, whole numbers", grouped(levels.len() as f64)),
                    false => format!("{} categories", grouped(levels.len() as f64)),
                };
                columns.push(Column {
                    name: name.clone(),
                    cells,
                });
                read.reading.categorical.push(name.clone());
                settled.whole = whole;
                said
            }
            How::Ordinal(order) => {
                let place =
                    |row: usize, cell: &str| match order.iter().position(|level| level == cell) {
                        _ if markers.has(cell) => Ok(f64::NAN),
                        Some(place) => Ok(place as f64),
                        None if self.fixed => Ok(f64::NAN),
                        None => Err(Error::input(
                            self.table.place(row, name),
                            format!("`{cell}` is not in `order`"),
                        )
                        .remedy(format!("`order` has {}: add it", order.join(", ")))),
                    };
                let cells = column.cells.iter().enumerate();
                let cells = cells
                    .map(|(row, cell)| place(row, cell))
                    .collect::<Result<_>>()?;
                push(name.clone(), Numbers::of(cells), read);
                let said = format!("{} ordered categories, as one number", order.len());
                settled.order = Some(order);
                said
            }
            How::Dates(format) => {
                let moment = |(row, cell): (usize, &str)| {
                    match dates::moment(cell, &format) {
                    _ if markers.has(cell) => Ok(None),
                    Some(moment) => Ok(Some(moment)),
                    None => Err(Error::input(self.table.place(row, name), format!("`{cell}` is no date of the form {format}"))
                        .remedy(format!("Correct the cell, or say how dates are written: `columns = {{ \"{name}\" = {{ format = \"…\" }} }}`"))),
                }
                };
                let moments: Vec<Option<dates::Moment>> = column
                    .texts()
                    .enumerate()
                    .map(moment)
                    .collect::<Result<_>>()?;
                let timed = moments
                    .iter()
                    .flatten()
                    .any(|moment| moment.days.fract() != 0.0);
                let time = if self.fixed {
                    rule.time
                } else {
                    rule.time || timed
                };
                let features = dates::features(&format, time);
                for feature in &features {
                    let values = moments.iter();
                    let values = values.map(|moment| {
                        moment.map_or(f64::NAN, |moment| dates::feature(moment, feature))
                    });
                    push(
                        format!("{name}{feature}"),
                        Numbers::of(values.collect()),
                        read,
                    );
                }
                let said = format!(
                    "dates ({format}), as {} numbers: {}",
                    features.len(),
                    match (format == dates::TIME, time) {
                        (true, _) => "the time of day",
                        (false, true) =>
                            "days since 1970, the seasons of the year, the week and the day",
                        (false, false) => "days since 1970, the seasons of the year and the week",
                    }
                );
                if !self.fixed && rule.format.is_none() {
                    read.notes.push(format!("column {name} was read as {said}"));
                }
                settled = ColumnRule {
                    kind: Some(ColumnKind::Date),
                    format: Some(format),
                    time,
                    ..settled
                };
                said
            }
        };
        if !settled.is_empty() {
            read.reading.rules.insert(name.clone(), settled);
        }
        said += &self.missing(column, markers, read);
        read.say(name, &said);
        Ok(())
    }

    /// How many cells are missing, and what stands in them.
    fn missing(&self, column: &TextColumn, markers: &Markers, read: &mut Read) -> String {
        if self.fixed {
            return String::new();
        }
        let mut found: BTreeMap<&str, usize> = BTreeMap::new();
        for cell in column.cells.iter().filter(|cell| markers.has(cell)) {
            *found.entry(cell).or_default() += 1;
        }
        if found.is_empty() {
            return String::new();
        }
        let words: Vec<String> = found
            .iter()
            .map(|(cell, count)| match *cell {
                "" => format!("{} empty", grouped(*count as f64)),
                cell => format!("{} `{cell}`", grouped(*count as f64)),
            })
            .collect();
        let written: Vec<&String> = words
            .iter()
            .filter(|words| !words.ends_with("empty"))
            .collect();
        if !written.is_empty() {
            let words: Vec<&str> = written.iter().map(|words| words.as_str()).collect();
            read.notes.push(format!(
                "column {}: read as missing are {}",
                column.name,
                words.join(", ")
            ));
        }
        let all: usize = found.values().sum();
        format!("; missing: {} ({})", grouped(all as f64), words.join(", "))
    }
}

impl Read {
    fn say(&mut self, name: &str, said: &str) {
        self.reading.said.push(format!("{name}: {said}"));
    }

    /// Many columns of plain numbers are said at once.
    fn shorten(&mut self) {
        let plain = |said: &String| said.ends_with(": numbers");
        let count = self.reading.said.iter().filter(|said| plain(said)).count();
        if count > EACH {
            self.reading.said.retain(|said| !plain(said));
            self.reading
                .said
                .push(format!("{count} more columns: numbers"));
        }
    }
}

/// `1,234` can be read in two ways.
pub fn ambiguous(table: &TextTable, column: &TextColumn, markers: &Markers) -> Error {
    let name = &column.name;
    let cell = markers
        .known(column)
        .find(|cell| cell.contains(','))
        .unwrap_or_default();
    Error::input(
        format!("{}, column `{name}`", table.file),
        format!("numbers such as `{cell}` can have a decimal comma or a comma between thousands"),
    )
    .remedy(format!(
        "Say which it is: `columns = {{ \"{name}\" = {{ decimal = \",\" }} }}`, or `thousands = \",\"`"
    ))
}
