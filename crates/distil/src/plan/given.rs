//! Given models: a folder of ours, used as it is.

use std::path::{Path, PathBuf};

use distil_recipe::recipe::{ModelTable, StageTable};
use distil_recipe::{Problem, Problems, Span, Spanned};

use crate::data::Dataset;
use crate::error::Error;
use crate::files;
use crate::plan::refusal::problem;
use crate::saved::{Card, SavedModel};
use crate::weights::sha256;

/// A given model: its folder, what it says of itself, and the hash of that.
#[derive(Debug)]
pub(super) struct Given {
    pub folder: PathBuf,
    pub card: Box<Card>,
    pub hash: String,
}

/// Reads the given model of a stage.
pub(super) fn read(
    table: &StageTable,
    file: &Spanned<String>,
    classes: Option<&Option<Span>>,
    base: &Path,
    problems: &mut Problems,
) -> Option<Given> {
    let before = problems.len();
    let mut refuse = |place: Option<Span>, message: String, help: &str| {
        let rule = "a given model is used as it is";
        problems.push(Problem::at(place, message).rule(rule).help(help));
    };
    let name = &table.name;
    if let Some(start) = &table.start {
        refuse(
            start.from.span.clone(),
            format!("stage `{name}` is a given model, it starts from nothing"),
            "remove `start`, or name a family in `model` instead of a file",
        );
    }
    if let Some(term) = table.learn.first() {
        refuse(
            term.span.clone(),
            format!("stage `{name}` is a given model, it learns nothing"),
            "remove `learn`, or name a family in `model` instead of a file",
        );
    }
    if let Some(train) = &table.train {
        refuse(
            train.span.clone(),
            format!("stage `{name}` is a given model, it is not trained"),
            "remove `train` here, and train another stage with start = \"…\" from it",
        );
    }
    if let Some(view) = &table.view {
        refuse(
            view.span.clone(),
            format!("stage `{name}` is a given model, it has its own view"),
            "remove `view`",
        );
    }
    if let Some(span) = classes {
        refuse(
            span.clone(),
            "a model folder holds the names of its classes".into(),
            "remove `classes`",
        );
    }
    if file.to_lowercase().ends_with(".onnx") {
        problems.push(
            Problem::at(file.span.clone(), "not yet: ONNX models")
                .rule("a given model is the `model` folder of a run")
                .help("train the model with Distil, or name another run's model/"),
        );
        return None;
    }
    let folder = base.join(file.as_str());
    // model.json holds the checksums of the other files, so its own stands for all.
    let read = SavedModel::read_card(&folder)
        .and_then(|card| Ok((card, sha256(&files::read(&folder.join("model.json"))?))));
    match read {
        Ok((card, hash)) if problems.len() == before => Some(Given {
            folder,
            card: Box::new(card),
            hash,
        }),
        Ok(_) => None,
        Err(error) => {
            let error = Error {
                reason: format!("{}: {}", error.place, error.reason),
                ..error
            };
            problems.push(problem(file.span.clone(), &error));
            None
        }
    }
}

/// Whether a given model reads this data and answers its question. `columns`: as for a view.
pub(super) fn check(
    table: &StageTable,
    card: &Card,
    data: &Dataset,
    columns: &[String],
    problems: &mut Problems,
) {
    let place = match &table.model {
        Some(ModelTable::Given { file, .. }) => file.span.clone(),
        _ => table.name.span.clone(),
    };
    let seen = card.view.shape(&data.shape, columns);
    if seen.as_ref().ok() != Some(&card.view_shape) {
        let message = format!(
            "the given model sees samples of shape {:?}, and those of this data have shape {:?}",
            card.view_shape, data.shape
        );
        problems.push(
            Problem::at(place.clone(), message)
                .rule("a given model was trained on data of the same form"),
        );
    }
    let (own, its) = (data.targets.names(), &card.targets.names);
    if own != its {
        let message = format!(
            "the given model answers {}, and the data's targets are {}",
            listed(its),
            listed(own)
        );
        problems.push(
            Problem::at(place, message)
                .rule("a given model has the data's classes, labels or values, in the same order")
                .help(
                    "train a model on these targets, or choose the data the model was trained on",
                ),
        );
    }
}

/// The names, or the first of many.
fn listed(names: &[String]) -> String {
    const MOST: usize = 12;
    match names.get(..MOST) {
        Some(first) if names.len() > MOST => {
            format!("{}, … ({} in all)", first.join(", "), names.len())
        }
        _ => names.join(", "),
    }
}
