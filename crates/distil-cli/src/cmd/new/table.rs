//! A recipe for a table of one's own: the column to predict, the columns to leave out, the network and its training.

use std::path::Path;

use distil::data::source::{ColumnLook, TableLook, look_at_table};
use distil::data::{Raw, RawTargets};
use distil_report::foreign::terminal;

use super::recipe::{Written, early, finished, quoted, tried, written};
use super::target::{Target, asked, found, plain};
use crate::exit::Failure;

/// What a table's recipe is to be, where it is not found.
#[derive(Debug, Default)]
pub struct Asked {
    /// The column to predict.
    pub target: Option<String>,
    /// `classification` or `regression`.
    pub task: Option<String>,
}

const TIMES: [&str; 15] = [
    "day",
    "date",
    "time",
    "datetime",
    "timestamp",
    "year",
    "month",
    "week",
    "hour",
    "minute",
    "second",
    "t",
    "日期",
    "时间",
    "年份",
];
// Of a column that numbers the rows, in whatever order they stand now.
const NUMBERS: [&str; 10] = [
    "id",
    "index",
    "rowname",
    "rownames",
    "rownumber",
    "rownum",
    "level0",
    "unnamed0",
    "序号",
    "编号",
];

/// Rows from which an order tells of time.
const ORDERED: usize = 20;
/// So many different whole numbers may be classes.
const CLASSES: usize = 10;
/// Rows from which a table is given the network whose defaults were tuned on tables of a thousand rows and more.
const TUNED_FROM: usize = 1000;

/// Whether a column has no other part to play.
fn may_be_input(column: &ColumnLook, target: &ColumnLook, time: Option<&str>) -> bool {
    column.name != target.name && !column.nameless && time != Some(column.name.as_str())
}

/// Columns that are no feature, and why.
fn left_out(look: &TableLook, target: &ColumnLook, time: Option<&str>) -> Vec<(String, String)> {
    let reason = |column: &ColumnLook| {
        let name = plain(&column.name);
        let is_called = NUMBERS.contains(&name.as_str()) || name.ends_with("id");
        match &column.texts {
            Some(texts) => Some(texts.clone()),
            None if column.different == 0 => Some("it is empty".into()),
            None if column.whole
                && column.different == look.rows
                && (column.in_order || is_called) =>
            {
                Some("it numbers the rows".into())
            }
            None => None,
        }
    };
    let columns = look.columns.iter();
    columns
        .filter(|column| may_be_input(column, target, time))
        .filter_map(|column| Some((column.name.clone(), reason(column)?)))
        .collect()
}

/// The column of times that the rows are in the order of.
fn time(look: &TableLook) -> Option<&str> {
    let is_time = |column: &&ColumnLook| {
        column.dates || column.numbers && TIMES.contains(&plain(&column.name).as_str())
    };
    let orders = |column: &&ColumnLook| {
        column.in_order
            && column.missing == 0
            && look.rows >= ORDERED
            && column.different >= ORDERED / 2
    };
    let column = look.columns.iter().filter(is_time).find(orders)?;
    Some(&column.name)
}

/// What a table's recipe says of its data.
struct Seen<'a> {
    file: String,
    look: &'a TableLook,
    target: Target<'a>,
    task: &'a str,
    /// The column of times that the rows are in the order of.
    time: Option<&'a str>,
    /// Columns that are mostly one number, else marks.
    marked: Vec<&'a str>,
    /// Columns of other marks.
    codes: Vec<&'a str>,
    /// Columns that are no feature, and why.
    ignore: Vec<(String, String)>,
}

/// Looks at a table and writes a recipe for it, which was tried.
pub fn table(path: &Path, wanted: &Asked) -> Result<Written, Failure> {
    let look = look_at_table(path).map_err(early)?;
    let file = path.display().to_string();
    let target = match &wanted.target {
        Some(name) => asked(&look, &file, name)?,
        None => found(&look, &file)?,
    };
    let time = time(&look);
    let ignore = left_out(&look, target.column, time);
    let is_input = |column: &&ColumnLook| {
        let is_left_out = ignore.iter().any(|(name, _)| *name == column.name);
        may_be_input(column, target.column, time) && !is_left_out
    };
    let marks = |mostly_one: bool| -> Vec<&str> {
        let of_kind = |column: &&ColumnLook| {
            let marks = column.marks.as_ref();
            marks.is_some_and(|marks| marks.mostly.is_some() == mostly_one)
        };
        let columns = look.columns.iter().filter(is_input).filter(of_kind);
        columns.map(|column| column.name.as_str()).collect()
    };
    let mut seen = Seen {
        task: task(&look, &file, target.column, wanted.task.as_deref())?,
        marked: marks(true),
        codes: marks(false),
        file,
        look: &look,
        target,
        time,
        ignore,
    };
    // Besides, what cannot be read as it is, and why.
    let mut unreadable: Vec<String> = Vec::new();
    let tried = loop {
        match tried(seen.head()) {
            Ok(tried) => break tried,
            Err((error, failure)) => {
                let found = error.as_ref().and_then(|error| seen.unread(error));
                let Some((column, why)) = found else {
                    return Err(failure);
                };
                unreadable.push(format!("{column} ({why})"));
                seen.ignore.push((column, why));
            }
        }
    };
    let said = seen.said(wanted, &unreadable);
    let rows = tried.raw.len();
    if rows < TUNED_FROM {
        let hidden = if rows < 500 { "[32]" } else { "[128, 64]" };
        let model = format!("{{ kind = \"mlp\", hidden = {hidden} }}");
        return Ok(finished(path, tried, said, &model, 400_000));
    }
    let stage = tuned(&tried.raw);
    Ok(written(path, tried, said, &stage))
}

/// The task that was asked for, if the column is fit for it, or that which it looks like.
fn task<'a>(
    look: &TableLook,
    file: &str,
    target: &ColumnLook,
    wanted: Option<&'a str>,
) -> Result<&'a str, Failure> {
    let Some(wanted) = wanted else {
        let are_numbers = target.numbers && (!target.whole || target.different > CLASSES);
        return Ok(match are_numbers {
            true => "regression",
            false => "classification",
        });
    };
    let unfit = match wanted {
        "regression" if !target.numbers => "holds texts".to_owned(),
        "classification" if target.different > CLASSES && 2 * target.different > look.rows => {
            format!(
                "has {} different values in {} rows",
                target.different, look.rows
            )
        }
        _ => return Ok(wanted),
    };
    Err(Failure::usage(format_args!(
        "{file}: column `{}` {unfit}, and `--task {wanted}` was asked for. Leave that out, or name another column.",
        terminal(&target.name)
    )))
}

impl Seen<'_> {
    /// The recipe's task and its data.
    fn head(&self) -> String {
        let column = self.target.column;
        let mut head = format!(
            "task = \"{}\"\n\n[data]\nsource = \"csv\"\npath = {}\n",
            self.task,
            quoted(&self.file)
        );
        if let Some(encoding) = self.look.encoding {
            head += &format!(
                "encoding = \"{}\"  # most likely: look at the names and classes\n",
                encoding.name()
            );
        }
        if !self.look.has_header {
            head += "header = false  # the first row holds numbers\n";
        }
        head += &format!(
            "target = {}  # {}; for another, `distil new` with `--target COLUMN`\n",
            quoted(&column.name),
            self.target.how
        );
        if column.missing > 0 {
            head += &format!(
                "drop_unlabelled = true  # {} rows have no {}\n",
                column.missing, column.name
            );
        }
        if !self.marked.is_empty() {
            let lines = self.marked.iter();
            let lines = lines.map(|name| format!("    {},\n", quoted(name)));
            head += &format!(
                "# mostly one number, else some far apart that repeat: each may mean something of its own\ncategorical = [\n{}]\n",
                lines.collect::<String>()
            );
        }
        if !self.ignore.is_empty() {
            let lines = self.ignore.iter();
            let lines = lines.map(|(name, why)| format!("    {},  # {why}\n", quoted(name)));
            head += &format!("ignore = [\n{}]\n", lines.collect::<String>());
        }
        if let Some(time) = self.time {
            head += &format!(
                "split = {{ kind = \"time\", column = {} }}  # the file is in this order: the latest rows test\n",
                quoted(time)
            );
        }
        head
    }

    /// What was found, in sentences.
    fn said(&self, wanted: &Asked, unreadable: &[String]) -> Vec<String> {
        let (look, column) = (self.look, self.target.column);
        let mut said = vec![format!(
            "{}: a table of {} rows and {} columns{}; to predict: {}, {}, {}.",
            self.file,
            look.rows,
            look.columns.len(),
            if look.has_header {
                ""
            } else {
                " without a header"
            },
            column.name,
            self.target.how,
            match self.task {
                "regression" => "numbers".to_owned(),
                _ => format!("{} classes", column.different),
            }
        )];
        let are_taken = self.task == "classification" && wanted.task.is_none() && column.numbers;
        if are_taken && column.different > 2 {
            said.push(format!(
                "The numbers of {} are taken for classes: `--task regression` if they count or grade.",
                column.name
            ));
        }
        if !self.target.others.is_empty() {
            said.push(format!(
                "By its name it might be {}, too: `--target` says which.",
                self.target.others.join(" or ")
            ));
        }
        if let Some(encoding) = look.encoding {
            said.push(format!(
                "It is not UTF-8, most likely {}, and was read as that.",
                encoding.name()
            ));
        }
        if !self.ignore.is_empty() {
            let names = self.ignore.iter().map(|(name, _)| name.as_str());
            let names: Vec<&str> = names.collect();
            said.push(format!("Left out: {}.", names.join(", ")));
        }
        if !unreadable.is_empty() {
            said.push(format!(
                "Of these may tell something: {}. Mend the file, or take it out of `ignore` and say how it is read.",
                unreadable.join("; ")
            ));
        }
        if !self.marked.is_empty() {
            said.push(format!(
                "Read as categories: {}, mostly one number, else some far apart that repeat.",
                self.marked.join(", ")
            ));
        }
        if !self.codes.is_empty() {
            said.push(format!(
                "Numbers far apart that repeat: {}; where they are codes, `categorical` has them read as such.",
                self.codes.join(", ")
            ));
        }
        if column.missing > 0 {
            said.push(format!(
                "{} rows have no {} and are left out.",
                column.missing, column.name
            ));
        }
        if let Some(time) = self.time {
            said.push(format!(
                "The rows are in the order of {time}: the latest are the test part."
            ));
        }
        said
    }

    /// The input column that an error is about, and what is wrong with it.
    fn unread(&self, error: &distil::Error) -> Option<(String, String)> {
        let about = |column: &&ColumnLook| {
            column.name != self.target.column.name
                && !self.ignore.iter().any(|(name, _)| *name == column.name)
                && error.place.ends_with(&format!("column `{}`", column.name))
        };
        let column = self.look.columns.iter().find(about)?;
        let mut parts = error.place.rsplit(", ").skip(1);
        let line = parts.next().filter(|part| part.starts_with("line "));
        let why = match line {
            Some(line) => format!("{line}: {}", error.reason),
            None => error.reason.clone(),
        };
        Some((column.name.clone(), why.replace('\n', " ")))
    }
}

/// RealMLP with its tuned defaults, each of them to be seen; shorter than its authors train it, at 256 epochs.
fn tuned(raw: &Raw) -> String {
    let rows = raw.len();
    let epochs = (1_500_000 / rows).clamp(10, 256);
    let batch = match rows {
        ..2000 => 64,
        2000..8000 => 128,
        _ => 256,
    };
    let (model, lr) = match &raw.targets {
        Some(RawTargets::Classes { .. }) => ("{ kind = \"realmlp\" }", 0.04),
        _ => (
            "{ kind = \"realmlp\", activation = \"mish\", clamp = true }",
            0.2,
        ),
    };
    let shorter = if epochs < 256 {
        "; 256 epochs are better still"
    } else {
        ""
    };
    format!(
        "model = {model}\n\n[stage.model.train]  # RealMLP's tuned defaults{shorter}\n\
         epochs = {epochs}\nbatch = {batch}\nlr = {lr}\nschedule = \"coslog\"\n\
         optimizer = {{ kind = \"adamw\", beta2 = 0.95, weight_decay = 0.02, exclude = \"nothing\" }}\n\
         decay_schedule = \"flat-cosine\"\nkeep = \"best\"  # the best epoch by the validation part\n"
    )
}
