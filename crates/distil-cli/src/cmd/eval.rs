//! `distil eval`: a model's metrics on data with targets.

use std::collections::BTreeMap;
use std::path::Path;

use distil::Error;
use distil::data::Part as DataPart;
use distil::data::source::Source;
use distil::device;
use distil::saved::SavedModel;
use distil_report::Numbers;
use distil_report::foreign::terminal;
use distil_report::show::{exact, title, value};
use serde::Serialize;

use crate::args::{EvalArgs, Part};
use crate::exit::Ended;
use crate::show::table::{table, text};
use crate::{show, stderr};

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Evaluation {
    /// The model's folder.
    model: String,
    /// The data: a path, or what the model was trained on.
    data: String,
    part: Option<&'static str>,
    samples: usize,
    metrics: Numbers,
    /// Those of each of several targets.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    by_target: BTreeMap<String, Numbers>,
    /// What the targets are measured in.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
}

/// Measures a model.
pub fn eval(args: &EvalArgs) -> Ended {
    let folder = SavedModel::folder(&args.model);
    let device = device::cpu();
    let model = SavedModel::read(&folder, &device)?;
    if let Some(other) = distil::run::disagreement(&folder) {
        stderr::warn(&other);
    }
    let source = &model.card.source;
    let (raw, data) = match &args.data {
        Some(path) => (model.read_new(path)?, path.display().to_string()),
        None => (
            model
                .card
                .parts
                .read(source, Path::new("."), model.card.targets.kind)
                .map_err(name_the_data)?,
            source.describe(),
        ),
    };
    // What a model was trained on tells nothing of other samples: of its own data, the test part counts.
    let of = args
        .data
        .as_ref()
        .and_then(|path| model.own_part(path, &raw));
    let own = args.data.is_none() || of.is_some() || raw.hash == model.card.provenance.data;
    let part = args.part.or(own.then_some(Part::Test));
    let data = match (&args.data, args.part, of) {
        (Some(path), None, Some(of)) => format!(
            "{}, the {} part of the data this model was trained on (`--part all` measures on all of it)",
            path.display(),
            of.word()
        ),
        (Some(path), None, None) if own => format!(
            "{}, the data this model was trained on (`--part all` measures on all of it)",
            path.display()
        ),
        _ => data,
    };
    let seen = match part {
        None => SavedModel::read_rows(&folder)?.map_or(0, |rows| rows.among(&raw)),
        Some(_) => 0,
    };
    let samples = raw.len();
    let wanted = part.and_then(data_part);
    let evaluated = match (&args.data, of, wanted) {
        (Some(path), Some(of), Some(wanted)) => model.evaluate_own(path, raw, of, wanted, &device),
        _ => model.evaluate(Path::new(&data), raw, wanted, &device),
    };
    let evaluated = match args.data {
        Some(_) => evaluated?,
        None => evaluated.map_err(name_the_data)?,
    };
    stderr::note(&evaluated.notes);
    if seen > 0 {
        stderr::note(&[format!(
            "this model, or one it comes from, was trained or chosen on {seen} of these {samples} samples: the metrics say little of new ones"
        )]);
    }
    let evaluation = Evaluation {
        model: folder.display().to_string(),
        data,
        part: part.map(word),
        samples: evaluated.samples,
        metrics: evaluated.metrics,
        by_target: evaluated.by_target,
        unit: model.card.unit.clone(),
    };
    match args.json {
        true => show::print_json(&evaluation),
        false => show::print(&describe(&evaluation)),
    }
}

/// The model's own data is not where, or not what, it was: whatever the reason, other data can be named.
fn name_the_data(error: Error) -> Error {
    error.remedy("Name the data to measure on: `distil eval <MODEL> <DATA>`")
}

fn describe(evaluation: &Evaluation) -> String {
    let part = evaluation
        .part
        .filter(|part| *part != "all")
        .map_or(String::new(), |part| format!(", {part} part"));
    let mut shown = table(&["metric", "value", "exactly"]);
    let mut add = |metrics: &Numbers, of: &str| {
        for (name, number) in metrics {
            shown.add_row([
                format!("{}{of}", title(name)),
                value(name, evaluation.unit.as_deref(), *number),
                exact(*number),
            ]);
        }
    };
    add(&evaluation.metrics, "");
    for (target, metrics) in &evaluation.by_target {
        add(metrics, &format!(" of {}", terminal(target)));
    }
    format!(
        "{}{part}: {} samples\n{}",
        terminal(&evaluation.data),
        evaluation.samples,
        text(&shown)
    )
}

fn data_part(part: Part) -> Option<DataPart> {
    match part {
        Part::All => None,
        Part::Train => Some(DataPart::Train),
        Part::Validation => Some(DataPart::Validation),
        Part::Test => Some(DataPart::Test),
    }
}

fn word(part: Part) -> &'static str {
    match part {
        Part::All => "all",
        Part::Train => "train",
        Part::Validation => "validation",
        Part::Test => "test",
    }
}
