//! A recipe for data of one's own, written from what is seen in it.

use std::path::Path;

use distil::data::source::{
    ColumnLook, PictureLook, TableLook, look_at_pictures, look_at_sounds, look_at_table,
};
use distil::data::{Inputs, Raw, RawTargets};
use distil::plan::{Arm, Draft};
use distil_recipe::RecipeText;

use crate::cmd::run::refused;
use crate::exit::Failure;
use crate::find::What;

/// A recipe and what was found.
pub struct Written {
    pub text: String,
    /// Sentences.
    pub found: Vec<String>,
}

/// One that reads the data, and what it read.
struct Tried {
    head: String,
    raw: Raw,
}

/// Looks at data and writes a recipe for it, which was tried.
pub fn write(what: What, path: &Path) -> Result<Written, Failure> {
    match what {
        What::Table => table(path),
        What::Arrays => arrays(path),
        What::Shards => match pictures_in_shards(path) {
            Ok(written) => Ok(written),
            // Columns of numbers and texts.
            Err(_) => table(path),
        },
        What::Pictures => pictures(path),
        What::Sounds => sounds(path),
    }
}

// Of a column that is what a table is made for, by usual names; those earlier in the list come first.
const TARGETS: [&str; 27] = [
    "target",
    "label",
    "labels",
    "class",
    "classes",
    "y",
    "outcome",
    "response",
    "survived",
    "species",
    "diagnosis",
    "churn",
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

/// Rows from which an order tells of time.
const ORDERED: usize = 20;
/// So many different whole numbers may be classes.
const CLASSES: usize = 20;

fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .collect::<String>()
        .to_lowercase()
}

/// The column to predict, and how it was found.
fn target(look: &TableLook) -> Option<(&ColumnLook, &'static str)> {
    let fit = |column: &&ColumnLook| {
        column.different > 1 && column.texts.is_none() && !column.dates && !column.nameless
    };
    let columns = || look.columns.iter().filter(fit);
    let called = |name: &str| columns().find(|column| plain(&column.name) == name);
    let ends = |end: &str| columns().find(|column| plain(&column.name).ends_with(end));
    let named = TARGETS.iter().find_map(|name| called(name));
    let named = named.or_else(|| TARGET_ENDS.iter().find_map(|end| ends(end)));
    let by_name = named.map(|column| (column, "by its name"));
    by_name.or_else(|| Some((columns().next_back()?, "as the last column")))
}

fn table(path: &Path) -> Result<Written, Failure> {
    let look = look_at_table(path).map_err(early)?;
    let file = path.display().to_string();
    let Some((target, how)) = target(&look) else {
        return Err(Failure::usage(format_args!(
            "{file}: no column varies as one to predict does. Bring a column of classes or numbers."
        )));
    };
    let regression = target.numbers && (!target.whole || target.different > CLASSES);
    let task = if regression {
        "regression"
    } else {
        "classification"
    };
    let mut found = vec![format!(
        "{file}: a table of {} rows and {} columns{}; to predict: {}, found {how}, {}.",
        look.rows,
        look.columns.len(),
        if look.has_header {
            ""
        } else {
            " without a header"
        },
        target.name,
        if regression {
            "numbers".to_owned()
        } else {
            format!("{} classes", target.different)
        }
    )];
    let is_time = |column: &&ColumnLook| {
        column.dates || column.numbers && TIMES.contains(&plain(&column.name).as_str())
    };
    let in_order = look.columns.iter().filter(is_time).find(|column| {
        column.in_order
            && column.missing == 0
            && look.rows >= ORDERED
            && column.different >= ORDERED / 2
    });
    let mut ignore: Vec<(String, String)> = Vec::new();
    for column in look
        .columns
        .iter()
        .filter(|column| column.name != target.name && !column.nameless)
    {
        let is_time = in_order.is_some_and(|time| time.name == column.name);
        let own = column.whole && column.different == look.rows && !is_time;
        let reason = match &column.texts {
            Some(texts) => Some(texts.clone()),
            None if own && (column.in_order || plain(&column.name).ends_with("id")) => {
                Some("it numbers the rows".into())
            }
            None if column.different == 0 => Some("it is empty".into()),
            None => None,
        };
        ignore.extend(reason.map(|reason| (column.name.clone(), reason)));
    }
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
            "target = {}  # found {how}; any other column can stand here\n",
            quoted(&target.name)
        );
        if target.missing > 0 {
            head += &format!(
                "drop_unlabelled = true  # {} rows have no {}\n",
                target.missing, target.name
            );
        }
        if !ignore.is_empty() {
            let lines = ignore
                .iter()
                .map(|(name, why)| format!("    {},  # {why}\n", quoted(name)));
            head += &format!("ignore = [\n{}]\n", lines.collect::<String>());
        }
        if let Some(time) = in_order {
            head += &format!(
                "split = {{ kind = \"time\", column = {} }}  # the file is in this order: the latest rows test\n",
                quoted(&time.name)
            );
        }
        head
    };
    // What is left out because it cannot be read as it is.
    let tried = loop {
        match tried(head(&ignore)) {
            Ok(tried) => break tried,
            Err((error, failure)) => {
                let column = error
                    .as_ref()
                    .and_then(|error| unread(error, &look, target));
                match column.filter(|column| !ignore.iter().any(|(name, _)| name == column)) {
                    Some(column) => {
                        ignore.push((column, "it cannot be read as one kind of cells".into()))
                    }
                    None => return Err(failure),
                }
            }
        }
    };
    if let Some(encoding) = look.encoding {
        found.push(format!(
            "It is not UTF-8, most likely {}, and was read as that.",
            encoding.name()
        ));
    }
    if !ignore.is_empty() {
        let names: Vec<&str> = ignore.iter().map(|(name, _)| name.as_str()).collect();
        found.push(format!("Left out: {}.", names.join(", ")));
    }
    if target.missing > 0 {
        found.push(format!(
            "{} rows have no {} and are left out.",
            target.missing, target.name
        ));
    }
    if let Some(time) = in_order {
        found.push(format!(
            "The rows are in the order of {}: the latest are the test part.",
            time.name
        ));
    }
    let rows = tried.raw.len();
    if rows < TUNED_FROM {
        let hidden = if rows < 500 { "[32]" } else { "[128, 64]" };
        let model = format!("{{ kind = \"mlp\", hidden = {hidden} }}");
        return Ok(finished(path, tried, found, &model, 400_000));
    }
    let stage = tuned(&tried.raw);
    Ok(written(path, tried, found, &stage))
}

/// Rows from which a table is given the network whose defaults were tuned on tables of a thousand rows and more.
const TUNED_FROM: usize = 1000;

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
    format!(
        "model = {model}\n\n[stage.model.train]  # RealMLP's tuned defaults; 256 epochs are better still\n\
         epochs = {epochs}\nbatch = {batch}\nlr = {lr}\nschedule = \"coslog\"\n\
         optimizer = {{ kind = \"adamw\", beta2 = 0.95, weight_decay = 0.02, exclude = \"nothing\" }}\n\
         decay_schedule = \"flat-cosine\"\nkeep = \"best\"  # the best epoch by the validation part\n"
    )
}

/// The input column that an error is about.
fn unread(error: &distil::Error, look: &TableLook, target: &ColumnLook) -> Option<String> {
    let about = |column: &&ColumnLook| {
        column.name != target.name && error.place.ends_with(&format!("column `{}`", column.name))
    };
    look.columns
        .iter()
        .find(about)
        .map(|column| column.name.clone())
}

fn arrays(path: &Path) -> Result<Written, Failure> {
    let head = |task: &str| {
        format!(
            "task = \"{task}\"\n\n[data]\nsource = \"npy\"\npath = {}\n",
            quoted(&path.display().to_string())
        )
    };
    let tried = match tried(head("classification")) {
        Ok(tried) => tried,
        Err((_, failure)) => self::tried(head("regression")).map_err(|_| failure)?,
    };
    let (Inputs::Block { shape, .. } | Inputs::Bytes { shape, .. }) = &tried.raw.inputs else {
        return Err(Failure::usage(format_args!(
            "{}: this holds no arrays. Name a table or a folder.",
            path.display()
        )));
    };
    let found = vec![format!(
        "{}: {} samples of shape {shape:?}, {}.",
        path.display(),
        tried.raw.len(),
        targets(&tried.raw)
    )];
    let (model, work) = match shape[..] {
        [height, width] | [height, width, _] if height.min(width) >= 6 => {
            (cnn(height.min(width)), 200_000)
        }
        _ => ("{ kind = \"mlp\", hidden = [128, 64] }".to_owned(), 400_000),
    };
    let augment = match shape[..] {
        [height, width] | [height, width, _] if height.min(width) >= 16 => {
            shifted(height.min(width), false)
        }
        _ => String::new(),
    };
    let tried = Tried {
        head: tried.head + &augment,
        ..tried
    };
    Ok(finished(path, tried, found, &model, work))
}

fn pictures_in_shards(path: &Path) -> Result<Written, Failure> {
    let head = format!(
        "task = \"classification\"\n\n[data]\nsource = \"parquet\"\npath = {}\n",
        quoted(&path.display().to_string())
    );
    let sized = format!("{head}size = [32, 32]  # they differ in size\n");
    let tried = tried(head)
        .or_else(|_| self::tried(sized))
        .map_err(|(_, failure)| failure)?;
    let Inputs::Bytes { shape, .. } = &tried.raw.inputs else {
        return Err(Failure::usage(format_args!(
            "{}: this holds no pictures.",
            path.display()
        )));
    };
    let side = shape[0].min(shape[1]);
    let found = vec![format!(
        "{}: {} pictures of shape {shape:?}, {}.",
        path.display(),
        tried.raw.len(),
        targets(&tried.raw)
    )];
    let augment = shifted(side, shape.get(2) == Some(&3));
    let model = cnn(side);
    let tried = Tried {
        head: tried.head + &augment,
        ..tried
    };
    Ok(finished(path, tried, found, &model, 200_000))
}

fn pictures(path: &Path) -> Result<Written, Failure> {
    let look = look_at_pictures(path).map_err(early)?;
    let [height, width] = size(&look);
    let why = match (look.alike, [height, width] == look.median) {
        (true, true) => "their own size".to_owned(),
        (true, false) => format!(
            "they have {} × {}; larger ones take longer",
            look.median[0], look.median[1]
        ),
        (false, _) => format!(
            "they differ in size, about {} × {}; larger ones take longer",
            look.median[0], look.median[1]
        ),
    };
    let mut head = format!(
        "task = \"classification\"\n\n[data]\nsource = \"image-folder\"\npath = {}\nsize = [{height}, {width}]  # {why}\n",
        quoted(&path.display().to_string())
    );
    if look.grey {
        head += "colour = \"grey\"  # no picture has colours\n";
    }
    let side = height.min(width);
    head += &shifted(side, !look.grey);
    let tried = tried(head).map_err(|(_, failure)| failure)?;
    let found = vec![format!(
        "{}: {} {}pictures in folders, {}; {why}: brought to {height} × {width}.",
        path.display(),
        look.count,
        if look.grey { "grey " } else { "" },
        targets(&tried.raw)
    )];
    Ok(finished(path, tried, found, &cnn(side), 200_000))
}

/// Height and width to bring pictures to: the median, made smaller where it is large.
fn size(look: &PictureLook) -> [usize; 2] {
    const LARGEST: usize = 48;
    const SMALLEST: usize = 8;
    let longest = look.median[0].max(look.median[1]);
    look.median.map(|side| match longest > LARGEST {
        true => (side * LARGEST / longest).max(SMALLEST),
        false => side.max(1),
    })
}

fn sounds(path: &Path) -> Result<Written, Failure> {
    let look = look_at_sounds(path).map_err(early)?;
    let source = if look.in_classes {
        "sound-folder"
    } else {
        "fsdd"
    };
    let rate = match look.rate {
        ..=8_000 => 8_000,
        _ => 16_000,
    };
    let hop = if look.seconds > 2.0 { 20.0 } else { 10.0 };
    let frames = ((look.seconds * 1000.0 / hop).ceil() as usize).clamp(8, 300);
    let bands = if rate == 8_000 { 32 } else { 40 };
    let head = format!(
        "task = \"classification\"\n\n[data]\nsource = \"{source}\"\npath = {}\nrate = {rate}  # samples per second; most have {}\n\
         # the longest sound has {:.2} s, 95 of 100 at most {:.2} s, which the frames hold\n\
         features = {{ log_mel = {bands}, frames = {frames}, window_ms = 25, hop_ms = {hop} }}\n\
         scale = \"channel\"  # one mean and deviation, for filters see every place alike\n\
         augment = {{ mixup = 0.3 }}  # pairs of sounds are mixed\n",
        quoted(&path.display().to_string()),
        look.rate,
        look.longest,
        look.seconds
    );
    let tried = tried(head).map_err(|(_, failure)| failure)?;
    let found = vec![format!(
        "{}: {} sounds{} of up to {:.2} s, {}.",
        path.display(),
        look.count,
        if look.in_classes {
            " in folders"
        } else {
            ", their class in their name,"
        },
        look.longest,
        targets(&tried.raw)
    )];
    Ok(finished(
        path,
        tried,
        found,
        &cnn(bands.min(frames)),
        200_000,
    ))
}

fn cnn(side: usize) -> String {
    let channels = if side < 20 {
        "[32, 64]"
    } else {
        "[32, 64, 128]"
    };
    format!("{{ kind = \"cnn\", channels = {channels} }}")
}

fn shifted(side: usize, flip: bool) -> String {
    let shift = (side / 12).max(1);
    match flip {
        true => format!(
            "augment = {{ shift = {shift}, flip = true }}  # moved by pixels and mirrored; no `flip` where left and right matter\n"
        ),
        false => format!("augment = {{ shift = {shift} }}  # moved by so many pixels\n"),
    }
}

fn targets(raw: &Raw) -> String {
    match &raw.targets {
        Some(RawTargets::Classes { names, .. }) => match names.len() {
            count @ ..=10 => format!("{count} classes ({})", names.join(", ")),
            count => format!("{count} classes"),
        },
        Some(RawTargets::Values { names, .. }) if names.len() == 1 => "a number to predict".into(),
        Some(RawTargets::Values { names, .. }) => format!("{} numbers to predict", names.len()),
        Some(RawTargets::Labels { names, .. }) => format!("{} labels", names.len()),
        None => "without targets".into(),
    }
}

/// Reads the data by a recipe's head, and a network of no size.
fn tried(head: String) -> Result<Tried, (Option<distil::Error>, Failure)> {
    let text = format!("{head}\n[stage.model]\nmodel = {{ kind = \"mlp\", hidden = [] }}\n");
    let text = RecipeText::new("new.toml", text);
    let draft = Draft::read(&text, Path::new("."), &Arm::Flow)
        .map_err(|refusal| (None, refused(&refusal)))?;
    let failed = |error: distil::Error| (Some(error.clone()), early(error));
    let raw = draft.read_data().map_err(failed)?;
    let data = draft.dataset(raw.clone(), None).map_err(failed)?;
    draft
        .plan(&data)
        .map_err(|refusal| (None, refused(&refusal)))?;
    Ok(Tried { head, raw })
}

/// The whole recipe: so many samples are passed through the network, in 10 to 100 epochs.
fn finished(path: &Path, tried: Tried, found: Vec<String>, model: &str, work: usize) -> Written {
    let rows = tried.raw.len().max(1);
    let epochs = (work / rows).clamp(10, 100);
    let batch = if rows > 20_000 { 128 } else { 32 };
    let stage = format!(
        "model = {model}\n\
         train = {{ epochs = {epochs}, batch = {batch}, lr = 2e-3, schedule = \"cosine\", keep = \"best\" }}  # the best epoch by the validation part\n"
    );
    written(path, tried, found, &stage)
}

/// The whole recipe, of one stage.
fn written(path: &Path, tried: Tried, found: Vec<String>, stage: &str) -> Written {
    let rows = tried.raw.len().max(1);
    let comments: String = found.iter().map(|line| format!("# {line}\n")).collect();
    let largest = match &tried.raw.targets {
        Some(RawTargets::Classes { names, labels }) => {
            let mut counts = vec![0_usize; names.len()];
            labels.iter().for_each(|label| counts[*label as usize] += 1);
            counts.into_iter().max().unwrap_or(0) as f64 / rows as f64
        }
        _ => 0.0,
    };
    let compare = match largest >= 0.9 {
        true => format!(
            "\n[compare]\nmetric = \"balanced_accuracy\"  # {:.0} % are of one class: to answer it always is no merit\n",
            100.0 * largest
        ),
        false => String::new(),
    };
    let text = format!(
        "# Written by `distil new {}`.\n{comments}# Every key: docs/recipes.md. One stage: to have a small network start or teach a large one, add a stage\n\
         # (`start = \"model\"`, `learn = \"model\"`), and the run compares.\n\n{}\n[stage.model]\n{stage}{compare}",
        path.display(),
        tried.head
    );
    Written { text, found }
}

/// A TOML string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted += &format!("\\u{:04X}", c as u32),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

fn early(error: distil::Error) -> Failure {
    Failure::from(error).before_anything()
}
