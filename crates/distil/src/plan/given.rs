//! Given models: a folder of ours, used as it is.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use distil_recipe::recipe::{GivenModel, ModelTable, StageTable};
use distil_recipe::{Problem, Problems, Span};
use distil_report::Overlap;
use distil_report::show::grouped;

use crate::data::rows::sorted;
use crate::data::{Dataset, Met, Raw, RowHashes, SeenRows, Split, Tested, split};
use crate::error::{Error, Result};
use crate::plan::refusal::problem;
use crate::saved::{Card, SavedModel};

/// A given model: its folder, what it says of itself, and the hash of that.
#[derive(Debug)]
pub(super) struct Given {
    pub folder: PathBuf,
    pub card: Box<Card>,
    pub hash: String,
    /// What it was trained or chosen on, if it tells.
    pub seen: Option<SeenRows>,
    /// Whether the recipe declares that it has seen test samples.
    pub declared: bool,
}

/// Reads the given model of a stage.
pub(super) fn read(
    table: &StageTable,
    model: &GivenModel,
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
    if let Some(classes) = &model.classes {
        refuse(
            classes.span.clone(),
            "a model folder holds the names of its classes".into(),
            "remove `classes`",
        );
    }
    let file = &model.file;
    if file.to_lowercase().ends_with(".onnx") {
        problems.push(
            Problem::at(file.span.clone(), "not yet: ONNX models")
                .rule("a given model is the `model` folder of a run")
                .help("train the model with Distil, or name another run's model/"),
        );
        return None;
    }
    let folder = SavedModel::folder(&base.join(file.as_str()));
    let read = || -> Result<_> {
        let card = SavedModel::read_card(&folder)?;
        let hash = SavedModel::hash(&folder)?;
        Ok((card, hash, SavedModel::read_rows(&folder)?))
    };
    match read() {
        Ok((card, hash, seen)) if problems.len() == before => Some(Given {
            folder,
            card: Box::new(card),
            hash,
            seen,
            declared: model.overlap.is_some(),
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

/// How the given models of stages meet the data: what they were trained or chosen on of what is tested.
pub(super) fn met<'a>(
    given: impl Iterator<Item = (&'a str, &'a Given)>,
    raw: &Raw,
    rows: &RowHashes,
    parts: &Split,
    folds: bool,
) -> BTreeMap<String, Met> {
    let tested = OnceCell::new();
    let tested = || tested.get_or_init(|| Tested::of(rows, parts, folds));
    let given = given.map(|(stage, Given { card, seen, .. })| {
        let columns = sorted(card.preprocessing.inputs().into_iter());
        // A split that cannot be drawn again is as unknown as one of other data.
        let own = (raw.hash == card.provenance.data)
            .then(|| split(raw, &card.split).ok())
            .flatten();
        let alone = card.provenance.grown_from.is_none() && card.provenance.learned_from.is_empty();
        let told = seen.is_some() || alone;
        let mut met = tested().met(raw, &columns, own.as_ref(), seen.clone());
        met.seen.whole &= told;
        met.overlap.unknown |= !told;
        (stage.to_owned(), met)
    });
    given.collect()
}

/// How a given model meets the data. One that has seen more than one test sample in a thousand is refused, unless the recipe
/// declares it.
pub(super) fn overlap(
    table: &StageTable,
    data: &Dataset,
    declared: bool,
    problems: &mut Problems,
) -> Met {
    let mut met = data.given.get(&table.name.value).cloned().unwrap_or(Met {
        seen: SeenRows::unknown(),
        overlap: Overlap {
            unknown: true,
            ..Overlap::default()
        },
        same_data: false,
    });
    met.overlap.declared = declared && !met.overlap.is_none();
    let Overlap { rows, of, .. } = met.overlap;
    if !met.overlap.is_large() || declared {
        return met;
    }
    let count = |count: usize| grouped(count as f64);
    let message = format!(
        "the given model was trained or chosen on {} of the {} samples that are tested here",
        count(rows),
        count(of)
    );
    let remedy = match met.same_data {
        true => {
            "it comes from this data: split it as the model's own run did, without folds, or train the model inside the flow"
        }
        false => "leave these rows out of the data, or train the model inside the flow",
    };
    problems.push(
        Problem::at(place(table), message)
            .rule("what a model has learnt by heart says nothing of new samples")
            .help(format!(
                "{remedy}; with overlap = \"known\" in its model table it runs, and nothing is claimed"
            )),
    );
    met
}

fn place(table: &StageTable) -> Option<Span> {
    match &table.model {
        Some(ModelTable::Given(given)) => given.file.span.clone(),
        _ => table.name.span.clone(),
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
    let place = place(table);
    let missing = missing(card, data);
    if !missing.is_empty() {
        problems.push(
            Problem::at(
                place,
                format!(
                    "the given model reads {}, which this data does not have",
                    listed(&missing)
                ),
            )
            .rule("a given model reads the columns it was trained on")
            .help("bring these columns, or train a model on those there are"),
        );
        return;
    }
    let others = card.preprocessing.of_another_kind(&data.preprocessing);
    if !others.is_empty() {
        let message = format!(
            "the given model reads numbers where this data has text, or the reverse: {}",
            listed(&others)
        );
        problems.push(
            Problem::at(place, message)
                .rule("a given model reads its columns as it did in training")
                .help("say how they are read: `numeric`, `categorical` or `columns` of [data]"),
        );
        return;
    }
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

/// The columns a given model reads and a table of this data does not have.
fn missing(card: &Card, data: &Dataset) -> Vec<String> {
    let (its, own) = (card.preprocessing.inputs(), data.preprocessing.inputs());
    if own.is_empty() {
        return Vec::new();
    }
    its.into_iter().filter(|name| !own.contains(name)).collect()
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
