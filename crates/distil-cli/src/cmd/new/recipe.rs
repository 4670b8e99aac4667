//! A recipe for data of one's own, written from what is seen in it.

use std::path::Path;

use distil::data::source::{PictureLook, look_at_pictures, look_at_sounds};
use distil::data::{Inputs, Raw, RawTargets};
use distil::plan::{Arm, Draft};
use distil_recipe::RecipeText;

use crate::cmd::run::refused;
use crate::exit::Failure;

/// A recipe and what was found.
pub struct Written {
    pub text: String,
    /// Sentences.
    pub found: Vec<String>,
}

/// One that reads the data, and what it read.
pub struct Tried {
    pub head: String,
    pub raw: Raw,
}

pub fn arrays(path: &Path) -> Result<Written, Failure> {
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

pub fn pictures_in_shards(path: &Path) -> Result<Written, Failure> {
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

pub fn pictures(path: &Path) -> Result<Written, Failure> {
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

pub fn sounds(path: &Path) -> Result<Written, Failure> {
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
pub fn tried(head: String) -> Result<Tried, (Option<distil::Error>, Failure)> {
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
pub fn finished(
    path: &Path,
    tried: Tried,
    found: Vec<String>,
    model: &str,
    work: usize,
) -> Written {
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
pub fn written(path: &Path, tried: Tried, found: Vec<String>, stage: &str) -> Written {
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
    let mut head = tried.head;
    let mut compare = String::new();
    if largest >= 0.9 {
        head = head.replacen(
            "task = \"classification\"\n",
            "task = { kind = \"classification\", class_weights = \"balanced\" }  # classes count alike in the loss, too\n",
            1,
        );
        compare = format!(
            "\n[compare]\nmetric = \"balanced_accuracy\"  # {:.1} % are of one class: to answer it always is no merit\n",
            (1000.0 * largest).floor() / 10.0
        );
    }
    let text = format!(
        "# Written by `distil new {}`.\n{comments}# Every key: docs/recipes.md. One stage: to have a small network start or teach a large one, add a stage\n\
         # (`start = \"model\"`, `learn = \"model\"`), and the run compares.\n\n{}\n[stage.model]\n{stage}{compare}",
        path.display(),
        head
    );
    Written { text, found }
}

/// A TOML string.
pub fn quoted(text: &str) -> String {
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

pub fn early(error: distil::Error) -> Failure {
    Failure::from(error).before_anything()
}
