//! A recipe for a table of one's own: the column to predict, the columns to leave out, the network and its training.

use std::path::Path;

use distil::data::source::{ColumnLook, TableLook, look_at_table};
use distil::data::{Raw, RawTargets};
use distil_recipe::suggest;
use distil_report::foreign::terminal;

use super::recipe::{Written, early, finished, quoted, tried, written};
use crate::exit::Failure;

/// What a table's recipe is to be, where it is not found.
#[derive(Debug, Default)]
pub struct Asked {
    /// The column to predict.
    pub target: Option<String>,
    /// `classification` or `regression`.
    pub task: Option<String>,
}

// Of a column that is what a table is made for, by usual names; those earlier in the list come first: those of little else before those
// that name a feature as often.
const TARGETS: [&str; 27] = [
    "target",
    "label",
    "labels",
    "survived",
    "diagnosis",
    "churn",
    "outcome",
    "response",
    "class",
    "classes",
    "y",
    "species",
    "price",
    "saleprice",
    "salary",
    "income",
    "quality",
    "rating",
    "default",
    "category",
    "output",
    "result",
    "目标",
    "标签",
    "类别",
    "等级",
    "价格",
];
const TARGET_ENDS: [&str; 5] = ["target", "label", "class", "price", "value"];
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

/// A name's letters and digits, small.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .collect::<String>()
        .to_lowercase()
}

/// The column to predict.
struct Target<'a> {
    column: &'a ColumnLook,
    /// How it was found: "by its name"; none if it was asked for.
    found: Option<&'static str>,
    /// Other columns that are called as one to predict is.
    others: Vec<&'a str>,
}

/// Why a column cannot be predicted.
fn unfit(column: &ColumnLook) -> Option<String> {
    match column {
        ColumnLook {
            texts: Some(why), ..
        } => Some(why.clone()),
        ColumnLook { dates: true, .. } => Some("it holds dates".into()),
        ColumnLook { different: 0, .. } => Some("it is empty".into()),
        ColumnLook { different: 1, .. } => Some("all its cells are alike".into()),
        _ => None,
    }
}

fn asked<'a>(look: &'a TableLook, file: &str, name: &str) -> Result<Target<'a>, Failure> {
    let names = || look.columns.iter().map(|column| column.name.as_str());
    let Some(column) = look.columns.iter().find(|column| column.name == name) else {
        let remedy = match suggest(name, names()) {
            Some(near) => format!("Did you mean `{}`?", terminal(&near)),
            None => format!("It has {}.", terminal(&few(names().collect()))),
        };
        return Err(Failure::usage(format_args!(
            "{file}: has no column `{}` to predict. {remedy}",
            terminal(name)
        )));
    };
    match unfit(column) {
        Some(why) => Err(Failure::usage(format_args!(
            "{file}: column `{}` cannot be predicted: {}. Name a column of classes or numbers.",
            terminal(name),
            terminal(&why)
        ))),
        None => Ok(Target {
            column,
            found: None,
            others: Vec::new(),
        }),
    }
}

/// By its name, or the last one.
fn found<'a>(look: &'a TableLook, file: &str) -> Result<Target<'a>, Failure> {
    let columns = || {
        let fit = |column: &&ColumnLook| unfit(column).is_none() && !column.nameless;
        look.columns.iter().filter(fit)
    };
    // Beside a `z`, `y` is a place or a length.
    let is_place = |name: &str| name == "y" && columns().any(|column| plain(&column.name) == "z");
    let mut named: Vec<&ColumnLook> = TARGETS
        .iter()
        .filter(|name| !is_place(name))
        .flat_map(|name| columns().filter(move |column| plain(&column.name) == *name))
        .collect();
    if named.is_empty() {
        let ends = |end: &&str| columns().find(|column| plain(&column.name).ends_with(*end));
        named.extend(TARGET_ENDS.iter().find_map(ends));
    }
    let (column, how) = match (named.first(), columns().next_back()) {
        (Some(column), _) => (*column, "by its name"),
        (None, Some(column)) => (column, "as the last column"),
        (None, None) => {
            return Err(Failure::usage(format_args!(
                "{file}: no column varies as one to predict does. Bring a column of classes or numbers."
            )));
        }
    };
    Ok(Target {
        column,
        found: Some(how),
        others: named
            .iter()
            .skip(1)
            .map(|column| column.name.as_str())
            .collect(),
    })
}

/// Some names, for a sentence.
fn few(names: Vec<&str>) -> String {
    match names.len() {
        0..=12 => names.join(", "),
        count => format!("{}, … ({count} columns)", names[..12].join(", ")),
    }
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
    let is_none = |column: &&ColumnLook| {
        column.name == target.name || column.nameless || time == Some(column.name.as_str())
    };
    look.columns
        .iter()
        .filter(|column| !is_none(column))
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

/// Looks at a table and writes a recipe for it, which was tried.
pub fn table(path: &Path, wanted: &Asked) -> Result<Written, Failure> {
    let look = look_at_table(path).map_err(early)?;
    let file = path.display().to_string();
    let Target {
        column: target,
        found,
        others,
    } = match &wanted.target {
        Some(name) => asked(&look, &file, name)?,
        None => self::found(&look, &file)?,
    };
    let are_numbers = target.numbers && (!target.whole || target.different > CLASSES);
    let task = match &wanted.task {
        Some(task) => task.as_str(),
        None if are_numbers => "regression",
        None => "classification",
    };
    let refuse = |reason: String| {
        Err(Failure::usage(format_args!(
            "{file}: column `{}` {}, and `--task {task}` was asked for. Leave that out, or name another column.",
            terminal(&target.name),
            terminal(&reason)
        )))
    };
    match task {
        "regression" if !target.numbers => return refuse("holds texts".into()),
        "classification" if target.different > CLASSES && 2 * target.different > look.rows => {
            return refuse(format!(
                "has {} different values in {} rows",
                target.different, look.rows
            ));
        }
        _ => {}
    }
    let how = match found {
        Some(how) => format!("found {how}"),
        None => "as asked".into(),
    };
    let time = time(&look);
    // Of what is an input and holds marks, that which is mostly one number.
    let aside = left_out(&look, target, time);
    let is_input = |column: &&ColumnLook| {
        column.name != target.name
            && !column.nameless
            && time != Some(column.name.as_str())
            && !aside.iter().any(|(name, _)| *name == column.name)
    };
    let marks = |mostly_one: bool| -> Vec<&str> {
        let columns = look.columns.iter().filter(is_input);
        let found = columns.filter(|column| {
            column
                .marks
                .is_some_and(|marks| marks.mostly.is_some() == mostly_one)
        });
        found.map(|column| column.name.as_str()).collect()
    };
    let (marked, codes) = (marks(true), marks(false));
    let head = |ignore: &[(String, String)]| {
        let mut head = format!(
            "task = \"{task}\"\n\n[data]\nsource = \"csv\"\npath = {}\n",
            quoted(&file)
        );
        if let Some(encoding) = look.encoding {
            head += &format!(
                "encoding = \"{}\"  # most likely: look at the names and classes\n",
                encoding.name()
            );
        }
        if !look.has_header {
            head += "header = false  # the first row holds numbers\n";
        }
        head += &format!(
            "target = {}  # {how}; for another, `distil new` with `--target COLUMN`\n",
            quoted(&target.name)
        );
        if target.missing > 0 {
            head += &format!(
                "drop_unlabelled = true  # {} rows have no {}\n",
                target.missing, target.name
            );
        }
        if !marked.is_empty() {
            let lines = marked.iter().map(|name| format!("    {},\n", quoted(name)));
            head += &format!(
                "# mostly one number, else some far apart that repeat: each may mean something of its own\ncategorical = [\n{}]\n",
                lines.collect::<String>()
            );
        }
        if !ignore.is_empty() {
            let lines = ignore
                .iter()
                .map(|(name, why)| format!("    {},  # {why}\n", quoted(name)));
            head += &format!("ignore = [\n{}]\n", lines.collect::<String>());
        }
        if let Some(time) = time {
            head += &format!(
                "split = {{ kind = \"time\", column = {} }}  # the file is in this order: the latest rows test\n",
                quoted(time)
            );
        }
        head
    };
    let mut ignore = aside.clone();
    // Besides, what cannot be read as it is, and why.
    let mut unreadable: Vec<String> = Vec::new();
    let tried = loop {
        match tried(head(&ignore)) {
            Ok(tried) => break tried,
            Err((error, failure)) => {
                let found = error
                    .as_ref()
                    .and_then(|error| unread(error, &look, target));
                match found.filter(|(column, _)| !ignore.iter().any(|(name, _)| name == column)) {
                    Some((column, why)) => {
                        unreadable.push(format!("{column} ({why})"));
                        ignore.push((column, why));
                    }
                    None => return Err(failure),
                }
            }
        }
    };
    let mut said = vec![format!(
        "{file}: a table of {} rows and {} columns{}; to predict: {}, {how}, {}.",
        look.rows,
        look.columns.len(),
        if look.has_header {
            ""
        } else {
            " without a header"
        },
        target.name,
        match task {
            "regression" => "numbers".to_owned(),
            _ => format!("{} classes", target.different),
        }
    )];
    if task == "classification" && wanted.task.is_none() && target.numbers && target.different > 2 {
        said.push(format!(
            "The numbers of {} are taken for classes: `--task regression` if they count or grade.",
            target.name
        ));
    }
    if !others.is_empty() {
        said.push(format!(
            "By its name it might be {}, too: `--target` says which.",
            others.join(" or ")
        ));
    }
    if let Some(encoding) = look.encoding {
        said.push(format!(
            "It is not UTF-8, most likely {}, and was read as that.",
            encoding.name()
        ));
    }
    if !ignore.is_empty() {
        let names: Vec<&str> = ignore.iter().map(|(name, _)| name.as_str()).collect();
        said.push(format!("Left out: {}.", names.join(", ")));
    }
    if !unreadable.is_empty() {
        said.push(format!(
            "Of these may tell something: {}. Mend the file, or take it out of `ignore` and say how it is read.",
            unreadable.join("; ")
        ));
    }
    if !marked.is_empty() {
        said.push(format!(
            "Read as categories: {}, mostly one number, else some far apart that repeat.",
            marked.join(", ")
        ));
    }
    if !codes.is_empty() {
        said.push(format!(
            "Numbers far apart that repeat: {}; where they are codes, `categorical` has them read as such.",
            codes.join(", ")
        ));
    }
    if target.missing > 0 {
        said.push(format!(
            "{} rows have no {} and are left out.",
            target.missing, target.name
        ));
    }
    if let Some(time) = time {
        said.push(format!(
            "The rows are in the order of {time}: the latest are the test part."
        ));
    }
    let rows = tried.raw.len();
    if rows < TUNED_FROM {
        let hidden = if rows < 500 { "[32]" } else { "[128, 64]" };
        let model = format!("{{ kind = \"mlp\", hidden = {hidden} }}");
        return Ok(finished(path, tried, said, &model, 400_000));
    }
    let stage = tuned(&tried.raw);
    Ok(written(path, tried, said, &stage))
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

/// The input column that an error is about, and what is wrong with it.
fn unread(
    error: &distil::Error,
    look: &TableLook,
    target: &ColumnLook,
) -> Option<(String, String)> {
    let about = |column: &&ColumnLook| {
        column.name != target.name && error.place.ends_with(&format!("column `{}`", column.name))
    };
    let column = look.columns.iter().find(about)?;
    let line = error
        .place
        .rsplit(", ")
        .nth(1)
        .filter(|part| part.starts_with("line "));
    let why = match line {
        Some(line) => format!("{line}: {}", error.reason),
        None => error.reason.clone(),
    };
    Some((column.name.clone(), why.replace('\n', " ")))
}
