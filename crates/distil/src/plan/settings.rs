//! `train = { settings = "…" }`: settings in a file of their own.

use std::collections::BTreeSet;
use std::path::Path;

use distil_recipe::recipe::{Recipe, StageTable, TrainTable};
use distil_recipe::{Problem, Problems};

use distil_report::TrialId;
use toml::{Table, Value};

use crate::data::View;
use crate::error::{Error, Result};
use crate::files;
use crate::plan::refusal::problem;
use crate::plan::written::{self, shorten};
use crate::plan::{Plan, StagePlan};

/// Bytes of the longest file of settings: no such file comes near.
const MOST_BYTES: u64 = 1 << 20;

/// Reads the file of every stage that names one, and lets it stand under what the stage says itself.
pub(super) fn read(stages: &mut [StageTable], base: &Path, problems: &mut Problems) {
    for train in stages.iter_mut().filter_map(|stage| stage.train.as_mut()) {
        let Some(settings) = train.settings.as_ref().filter(|s| s.text.is_empty()) else {
            continue;
        };
        let file = &settings.file;
        match text(&base.join(file.as_str())) {
            Ok(text) => *train = std::mem::take(train).with_file(text, problems),
            Err(error) => {
                let reason = format!("{}: {}", error.place, error.reason);
                problems.push(problem(file.span.clone(), &Error { reason, ..error }));
            }
        }
    }
}

fn text(path: &Path) -> Result<String> {
    const REMEDY: &str = "Name the settings.toml of a run";
    let wrong = |reason: &str| Error::input(path.display(), reason).remedy(REMEDY);
    let file = std::fs::metadata(path).map_err(|e| files::refused(path, &e))?;
    if !file.is_file() {
        return Err(wrong("it is no file"));
    }
    if file.len() > MOST_BYTES {
        return Err(wrong("it is longer than any file of settings"));
    }
    String::from_utf8(files::read(path)?).map_err(|_| wrong("it is no text in UTF-8"))
}

/// Settings were chosen for one network, so that only a stage can name their file.
pub(super) fn refuse_elsewhere(recipe: &Recipe, problems: &mut Problems) {
    let tune = recipe.compare.tune.iter().flat_map(|tune| &tune.candidates);
    let tables: [&mut dyn Iterator<Item = &TrainTable>; 3] = [
        &mut std::iter::once(&recipe.train),
        &mut recipe.compare.plain.iter(),
        &mut tune.map(|candidate| &candidate.train),
    ];
    for train in tables.into_iter().flatten() {
        let Some(settings) = &train.settings else {
            continue;
        };
        problems.push(
            Problem::at(
                settings.file.span.clone(),
                "no stage would have these settings alone",
            )
            .rule("a file of settings suits one network, and stands in the `train` of its stage")
            .help("write [stage.<name>] train = { settings = \"…\" }"),
        );
    }
}

/// What a stage says beside its file, where a rate belongs to what it was chosen with.
pub(super) fn note(stage: &StageTable) -> Option<String> {
    let settings = stage.settings()?;
    let word = |key: &&'static str| match *key {
        "epochs" | "steps" => Some("length"),
        "batch" | "accumulate" => Some("batch"),
        "optimizer" => Some("optimiser"),
        "schedule" | "warmup" => Some("schedule"),
        _ => None,
    };
    let over: BTreeSet<&str> = settings.over.iter().filter_map(word).collect();
    let over: Vec<&str> = over.into_iter().collect();
    (!over.is_empty()).then(|| {
        format!(
            "stage `{}` has {} of its own beside {}: a rate belongs to length, batch, optimiser and schedule, and was chosen with others",
            stage.name,
            over.join(", "),
            settings.file
        )
    })
}

impl StagePlan {
    /// The stage as a recipe has it, every default filled in; its schedule is its own.
    pub(crate) fn recipe_table(&self) -> Table {
        let mut table = written::stage(self);
        table.remove("mup");
        if self.view == View::Full {
            table.remove("view");
        }
        if let Some(Value::Table(train)) = table.get_mut("train") {
            train.remove("schedule_spans");
        }
        table.iter_mut().for_each(|(_, value)| shorten(value));
        table
    }
}

impl Plan {
    /// The result's training with all it says and takes by default, as a file that another recipe can name.
    pub(crate) fn settings_file(&self, trial: &TrialId) -> Option<String> {
        let stage = self.result().recipe_table();
        let table = stage.get("train").and_then(Value::as_table)?;
        let chosen = trial.settings.as_deref().unwrap_or("its settings");
        Some(format!(
            "# {chosen}: chosen by the network under `base`, by its loss on the validation part, for trainings of this length, batch,\n\
             # optimiser and schedule on the data of `{}`. Name this file in the stage of a recipe: train = {{ settings = \"settings.toml\" }}.\n\
             # plan {}\n\n{}",
            self.name,
            self.hash(),
            toml::to_string(table).unwrap_or_default()
        ))
    }
}
