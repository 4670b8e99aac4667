//! One step of a search: an ordinary run in its folder, and what its trainings came to.

use std::path::PathBuf;

use distil_recipe::RecipeText;
use distil_report::compare::FLOW;
use distil_report::run_json::{RunJson, Status, Trial};

use super::candidates::Candidate;
use super::record::{Step, Tried};
use super::search::Search;
use crate::error::{Error, Kind, Result};
use crate::run::{Options, Outcome, Request, RunFolder, resume, run};
use crate::train::refused;

/// What a run of a search trains, and whether it reads the test part.
#[derive(Clone, Copy)]
pub(super) enum Asks {
    /// The flow and every arm, on the validation part alone.
    Validation,
    /// The flow and every arm, with the test part.
    Test,
    /// The flow alone, with the test part.
    FlowAlone,
}

impl Search<'_> {
    /// Runs trainings with the first seed, the first of them the flow, and keeps what each came to.
    pub fn step(
        &mut self,
        name: &str,
        purpose: &str,
        text: String,
        tried: Vec<Tried>,
    ) -> Result<Vec<Tried>> {
        self.watcher
            .note(&format!("{name}: {purpose}, {} trainings", tried.len()));
        let run = self.run(name, seeded(text, self.seed)?, 1, Asks::Validation)?;
        let came = tried.into_iter().enumerate().map(|(at, blank)| {
            let arm = if at == 0 { FLOW } else { blank.name.as_str() };
            match run.trials.iter().find(|trial| trial.id.arm == arm) {
                Some(trial) => self.came(trial, blank),
                None => blank,
            }
        });
        let tried = came.collect();
        Ok(self.kept(name.into(), purpose, tried))
    }

    /// Trains a candidate with several seeds, from this on.
    pub fn with_seeds(
        &mut self,
        (name, purpose): (String, &str),
        (candidate, text): (&Candidate, String),
        epochs: u64,
        (first, seeds): (u64, u64),
    ) -> Result<Vec<Tried>> {
        let run = self.run(&name, seeded(text, first)?, seeds, Asks::Validation)?;
        let blank = Tried::of(&candidate.name, &candidate.words, epochs);
        let trials = run.trials.iter();
        let tried = trials.map(|t| self.came(t, blank.clone())).collect();
        Ok(self.kept(name, purpose, tried))
    }

    /// Keeps what the trainings of a step came to.
    fn kept(&mut self, name: String, purpose: &str, tried: Vec<Tried>) -> Vec<Tried> {
        self.steps.push(Step {
            name,
            purpose: purpose.into(),
            tried: tried.clone(),
        });
        tried
    }

    /// What a training came to.
    pub fn came(&self, trial: &Trial, blank: Tried) -> Tried {
        let finished = trial.result().filter(|_| trial.status == Status::Finished);
        let measured = |key: &str| {
            finished?
                .validation
                .get(key)
                .copied()
                .filter(|v| v.is_finite())
        };
        let total = trial.bill.equalised();
        Tried {
            loss: measured(self.loss),
            value: measured(self.metric.name),
            flops: total.flops.unwrap_or(0.0),
            cpu_seconds: total.cpu_seconds,
            ..blank
        }
    }

    /// An ordinary run in the search's folder: begun, gone on with, or read where it has finished.
    pub fn run(&mut self, name: &str, text: String, seeds: u64, asks: Asks) -> Result<RunJson> {
        let path = self.run_folder(name);
        let outcome = match path.exists() {
            true => {
                let folder = RunFolder::open(&path)?;
                if folder.text()?.text() != text {
                    return Err(Error::new(
                        Kind::Changed,
                        path.display(),
                        "it is of another program, recipe or data than the search goes on with",
                    )
                    .remedy("Search anew with `distil find`"));
                }
                let record = folder.run_json();
                let known = record.exists().then(|| RunJson::read(&record)).transpose();
                match known.map_err(refused)? {
                    Some(run) if run.status != Status::Stopped && run.status != Status::Failed => {
                        return Ok(run);
                    }
                    _ => resume(&path, self.program, self.watcher),
                }
            }
            false => {
                let options = Options {
                    name: name.into(),
                    seeds,
                    control: !matches!(asks, Asks::FlowAlone),
                    probe: matches!(asks, Asks::Validation),
                    ..self.options.clone()
                };
                let request = Request {
                    recipe: RecipeText::new(format!("{name}.toml"), text),
                    options,
                    runs: self.folder.join("runs"),
                    program: self.program.to_path_buf(),
                };
                run(&request, self.watcher)
            }
        };
        match outcome {
            Ok(Outcome {
                signal: Some(signal),
                ..
            }) => Err(Error::new(Kind::Stopped(signal), name, "it was stopped")),
            // A training that was lost came to nothing yet.
            Ok(Outcome {
                failure: Some(error),
                ..
            }) => Err(error),
            Ok(outcome) => Ok(outcome.run),
            // That a candidate diverged is what it came to.
            Err(error) if error.kind == Kind::Diverged => {
                RunJson::read(&RunFolder::open(&path)?.run_json()).map_err(refused)
            }
            Err(error) => Err(error),
        }
    }

    pub fn run_folder(&self, name: &str) -> PathBuf {
        self.folder.join("runs").join(format!("{name}-0001"))
    }
}

/// The recipe with this seed.
pub(super) fn seeded(text: String, seed: u64) -> Result<String> {
    let mut recipe = RecipeText::new("find.toml", text);
    recipe
        .patch("run.seed", &seed.to_string())
        .map_err(|problem| Error::input("run.seed", problem.message))?;
    Ok(recipe.text().to_owned())
}
