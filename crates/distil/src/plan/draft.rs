//! The first phase of planning: what can be checked without data.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use distil_recipe::recipe::{ModelTable, OptimizerState, Recipe, RunTable, StageTable, StartTable};
use distil_recipe::{Chosen, Problem, Problems, RecipeText, Span, Spanned};
use distil_report::measure::{Quantity, TaskKind, metric};

use crate::data::source::{AnySource, PartFiles, SOURCES, Source};
use crate::data::{Augment, Dataset, Fold, Found, Raw, SplitRule, View};
use crate::device;
use crate::error::Error;
use crate::growth::{DEPTHS, StartRule, WIDTHS};
use crate::method::{METHODS, Method};
use crate::model::{MODELS, ModelConfig};
use crate::plan::answers::{self, AnswersDraft};
use crate::plan::arm::Arm;
use crate::plan::given::{self, Given};
use crate::plan::refusal::{Refusal, problem, sentence};
use crate::plan::{like, mup, order, settings, train, tune, written};
use crate::rng::Seed;
use crate::samples::{Policy, SAMPLES};
use crate::task::{TASKS, Task, metrics, name_of};
use crate::train::Train;

/// A recipe without a mistake that could be seen without its data.
#[derive(Debug)]
pub struct Draft {
    /// Where the samples come from.
    pub source: Chosen<AnySource>,
    /// What holds further parts of them.
    pub parts: PartFiles,
    /// How they are split; without a fold.
    pub split: SplitRule,
    /// What is learned.
    pub task: Chosen<Box<dyn Task>>,
    /// The folder relative paths start at.
    pub base: PathBuf,
    /// Whether a given model may have seen test samples: then nothing is claimed.
    pub lenient: bool,
    pub(super) device: Device,
    pub(super) text: RecipeText,
    pub(super) arm: Arm,
    /// With the arm's changes, and every stage with what `like` gives it.
    pub(super) recipe: Recipe,
    /// In the order in which they run.
    pub(super) stages: Vec<StageDraft>,
    pub(super) answers: Vec<AnswersDraft>,
    pub(super) result: String,
}

/// A stage without its data.
#[derive(Debug)]
pub(super) struct StageDraft {
    pub table: StageTable,
    pub view: View,
    pub model: ModelDraft,
}

#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // There is one a stage.
pub(super) enum ModelDraft {
    Given(Given),
    Train {
        model: ModelConfig,
        samples: Chosen<Box<dyn Policy>>,
        /// How it grows, and the same written out.
        start: Option<(StartRule, toml::Table)>,
        methods: Vec<Chosen<Box<dyn Method>>>,
        train: Box<Train>,
    },
}

impl Draft {
    /// Checks a recipe as `arm` changes it. Relative paths in it start at `base`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(text: &RecipeText, base: &Path, arm: &Arm) -> Result<Self, Refusal> {
        Self::tuned(text, base, arm, None)
    }

    /// The same with one of the recipe's combinations of settings to tune.
    ///
    /// # Errors
    /// Everything that is wrong with it, and settings that `[compare] tune` does not have.
    pub fn tuned(
        text: &RecipeText,
        base: &Path,
        arm: &Arm,
        settings: Option<&str>,
    ) -> Result<Self, Refusal> {
        let mut problems = Problems::new();
        let mut text = text.clone();
        let recipe =
            arm.applied(&mut text, base, &mut problems)
                .and_then(|recipe| match settings {
                    Some(name) => tune::applied(recipe, name, &mut problems),
                    None => Some(recipe),
                });
        let draft = match recipe {
            Some(recipe) => draft(text.clone(), recipe, base, arm, &mut problems),
            None => None,
        };
        match draft {
            Some(draft) if problems.is_empty() => Ok(draft),
            _ => Err(Refusal { text, problems }),
        }
    }

    /// Gives a trial's seed a division into training and validation of its own, where each seed chooses its settings for itself. The
    /// first keeps the split's.
    pub fn divide_for(&mut self, seed: u64) {
        let tune = self.recipe.compare.tune.as_ref();
        let nested = tune.is_some_and(|tune| tune.seeds.is_none());
        let own = nested && seed != self.recipe.run.seed.value;
        self.split.own = own.then_some(Seed(seed));
    }

    /// The name the recipe gives its runs.
    pub fn name(&self) -> Option<&str> {
        self.recipe.name.as_ref().map(|name| name.as_str())
    }

    /// The kind of targets the task predicts.
    pub fn targets(&self) -> TaskKind {
        self.task.kind()
    }

    /// Whether a stage is a given model, which reads the inputs as the source gave them.
    pub fn has_given(&self) -> bool {
        let given = |stage: &StageDraft| matches!(stage.model, ModelDraft::Given(_));
        self.stages.iter().any(given)
    }

    /// The stages that are given models.
    fn given(&self) -> impl Iterator<Item = (&str, &Given)> {
        self.stages.iter().filter_map(|stage| match &stage.model {
            ModelDraft::Given(given) => Some((stage.table.name.as_str(), given)),
            ModelDraft::Train { .. } => None,
        })
    }

    /// Reads the source, before any split.
    ///
    /// # Errors
    /// What the source cannot read.
    pub fn read_data(&self) -> crate::error::Result<Raw> {
        self.with_answers(self.read_source()?)
    }

    /// What the source reads, without what other programs answer.
    ///
    /// # Errors
    /// What the source cannot read.
    pub fn read_source(&self) -> crate::error::Result<Raw> {
        let read = self.parts.read(&self.source, &self.base, self.targets());
        read.map_err(|error| self.placed(error))
    }

    /// What the source read, with the answers beside it.
    ///
    /// # Errors
    /// Answers that do not fit its rows.
    pub fn with_answers(&self, mut raw: Raw) -> crate::error::Result<Raw> {
        answers::beside(&self.answers, &mut raw).map_err(|problems| self.refusal(problems))?;
        Ok(raw)
    }

    /// Splits and prepares what [`Draft::read_data`] read, or a part of it.
    ///
    /// # Errors
    /// What the split refuses, and data that cannot be prepared.
    pub fn dataset(&self, raw: Raw, fold: Option<Fold>) -> crate::error::Result<Dataset> {
        let found = self.found(&raw, fold, None)?;
        self.dataset_found(raw, fold, found)
    }

    /// What is to be found out about data before it is prepared; what is known already if it is of the same rule.
    ///
    /// # Errors
    /// As [`Draft::dataset`].
    pub fn found(
        &self,
        raw: &Raw,
        fold: Option<Fold>,
        known: Option<Found>,
    ) -> crate::error::Result<Found> {
        let rule = SplitRule {
            fold,
            official: self.split.official || self.takes_given(raw),
            ..self.split.clone()
        };
        let scaling = self.source.scaling();
        match known {
            Some(known) if (&known.rule, known.scaling) == (&rule, scaling) => Ok(known),
            _ => Found::of(raw, &rule, scaling).map_err(|error| self.placed(error)),
        }
    }

    /// Prepares what [`Draft::found`] looked at.
    ///
    /// # Errors
    /// Data that cannot be prepared.
    pub fn dataset_found(
        &self,
        raw: Raw,
        fold: Option<Fold>,
        found: Found,
    ) -> crate::error::Result<Dataset> {
        let official = found.rule.official;
        let draws_validation = found.rule.draws_validation(&raw);
        let comes_in_parts = raw.official.is_some() && self.source.gives_parts();
        let (hashes, split) = (&found.hashes, &found.split);
        let given = given::met(self.given(), &raw, hashes, split, fold.is_some());
        let rows = raw.answers.clone();
        let mut data = Dataset::prepare_found(raw, found).map_err(|error| self.placed(error))?;
        data.given = given;
        answers::fit(&self.answers, &rows, &mut data).map_err(|problems| self.refusal(problems))?;
        data.official = official;
        data.draws_validation = draws_validation;
        if comes_in_parts && (fold.is_some() || !official) {
            data.notes
                .push("the parts the data comes with are pooled and divided anew".into());
        } else if official && !self.split.official && self.parts.is_empty() {
            data.notes.push(
                "the test part the data comes with is used, as the recipe names no other; `split = \"random\"` divides all samples anew"
                    .into(),
            );
        }
        if let Some(table) = &self.recipe.data.augment {
            let augment = Augment::new(table, &data.shape).map_err(|error| self.placed(error))?;
            data.augment = Some(augment);
        }
        Ok(data)
    }

    /// Whether the parts the data comes with are used, though the recipe does not ask for them.
    fn takes_given(&self, raw: &Raw) -> bool {
        let split = &self.recipe.data.split;
        let asks = split.kind.is_written() || split.test.is_written() || split.group.is_some();
        let found = !asks && self.source.gives_parts() && raw.has_given_test();
        found || !self.parts.is_empty()
    }

    /// An error of the data as a problem of the recipe, if a place of the recipe led to it.
    fn placed(&self, error: Error) -> Error {
        match self.place(&error.place) {
            None => error,
            Some(place) => self.refusal(problem(Some(place), &error).into()).into(),
        }
    }

    fn place(&self, path: &str) -> Option<Span> {
        let data = &self.recipe.data;
        let source = || data.source.kind.span.clone();
        if let Some(key) = path.strip_prefix("data.augment.") {
            return data.augment.as_ref()?.place(key);
        }
        match path {
            "data.split.group" => data.split.group.as_ref()?.span.clone(),
            "data.split.rare" => data.split.rare.span.clone(),
            "data.split.column" => data.split.column.as_ref()?.span.clone(),
            "data.split" => data
                .split
                .kind
                .span
                .clone()
                .or(data.split.validation.span.clone())
                .or(data.split.test.span.clone())
                .or_else(source),
            "task" => self.recipe.task.kind.span.clone(),
            "data" => source(),
            "data.augment" => {
                let augment = data.augment.as_ref()?;
                let keys = [
                    "shift",
                    "cutout",
                    "time_shift",
                    "frequency_width",
                    "time_width",
                ];
                let mut written = keys.iter().filter_map(|key| augment.place(key));
                written.next().or_else(source)
            }
            "data.test" => data.test.as_ref()?.span.clone(),
            "data.validation" => data.validation.as_ref()?.span.clone(),
            _ => {
                let key = path.strip_prefix("data.")?;
                data.source.table.get(key).map(|value| value.span.clone())
            }
        }
    }

    pub(super) fn refusal(&self, problems: Problems) -> Refusal {
        Refusal {
            text: self.text.clone(),
            problems,
        }
    }
}

fn draft(
    text: RecipeText,
    mut recipe: Recipe,
    base: &Path,
    arm: &Arm,
    problems: &mut Problems,
) -> Option<Draft> {
    recipe.stages = like::settle(&recipe.stages, problems);
    let task = TASKS.resolve(&recipe.task, problems);
    let source = SOURCES.resolve(&recipe.data.source, problems);
    let order = order::order(&recipe.stages, problems);
    let result = order::result(&recipe, problems);
    if let Some(source) = &source {
        groups_used(&recipe, source, problems);
    }
    train::settle(None, &recipe.train, problems);
    if let Some(plain) = &recipe.compare.plain {
        train::settle(Some(plain), &recipe.train, problems);
        mup::refuse_in_plain(plain, recipe.compare.small_chooses(), problems);
    }
    settings::refuse_elsewhere(&recipe, problems);
    Arm::check_names(&recipe, problems);
    if let Some(tune) = &recipe.compare.tune {
        tune::check(tune, &recipe, problems);
    }
    if let Some(task) = &task {
        if let Some(name) = &recipe.compare.metric {
            metric_of_task(name, task.kind(), problems);
        }
        if let Some(margin) = &recipe.compare.margin {
            let metric = recipe.compare.metric.as_ref();
            let name = metric.map_or(task.default_metric(1), |metric| metric.as_str());
            margin_in_range(margin, name, problems);
        }
    }
    let device = device(&recipe.run, problems);
    let kind = task.as_ref().map(|task| task.kind());
    let mut stages: Vec<_> = recipe
        .stages
        .iter()
        .map(|stage| stage_draft(stage, &recipe, base, kind, problems))
        .collect();
    let answers = answers::read(&recipe, base, problems);
    let has_model = |i: &usize| recipe.stages[*i].answers.is_none();
    let stages: Option<Vec<_>> = order?
        .into_iter()
        .filter(has_model)
        .map(|i| stages[i].take())
        .collect();
    Some(Draft {
        source: source?,
        parts: PartFiles {
            test: recipe
                .data
                .test
                .as_ref()
                .map(|path| path.value.as_str().into()),
            validation: recipe
                .data
                .validation
                .as_ref()
                .map(|path| path.value.as_str().into()),
        },
        split: SplitRule::from(&recipe.data.split),
        task: task?,
        base: base.to_path_buf(),
        lenient: false,
        device: device?,
        text,
        arm: arm.clone(),
        stages: stages?,
        answers: answers?,
        result: result?,
        recipe,
    })
}

fn device(run: &RunTable, problems: &mut Problems) -> Option<Device> {
    let Some(word) = &run.device else {
        return Some(device::cpu());
    };
    let device = device::named(word);
    device
        .map_err(|reason| problems.push(sentence(word.span.clone(), &reason)))
        .ok()
}

/// The smallest difference that counts is one that two models can have; whether it is a number at all was asked before.
fn margin_in_range(margin: &Spanned<f64>, name: &str, problems: &mut Problems) {
    let most = match metric(name).map(|metric| metric.quantity) {
        Some(Quantity::Share) => 1.0,
        _ => f64::MAX,
    };
    if !margin.value.is_finite() || (0.0..=most).contains(&margin.value) {
        return;
    }
    let message = format!("`margin` is {}", margin.value);
    let problem = Problem::at(margin.span.clone(), message);
    problems.push(match most {
        1.0 => problem
            .rule(format!(
                "a difference in {name} is a share, between 0 and 1"
            ))
            .help("one percentage point is 0.01"),
        _ => problem.rule(format!("a difference in {name} is a number from 0 up")),
    });
}

/// The metric that the recipe names is one of the task's.
fn metric_of_task(name: &Spanned<String>, task: TaskKind, problems: &mut Problems) {
    let known = || metrics(task).map(|metric| metric.name);
    if known().any(|known| known == name.as_str()) {
        return;
    }
    let message = match metric(name.as_str()) {
        Some(_) => format!("`{}` is no metric of {}", name.value, name_of(task)),
        None => format!("there is no metric `{}`", name.value),
    };
    let problem = Problem::at(name.span.clone(), message).rule(format!(
        "the metrics of {} are {}",
        name_of(task),
        known().collect::<Vec<_>>().join(", ")
    ));
    problems.push(problem.did_you_mean(name.as_str(), known().collect::<Vec<_>>()));
}

/// Columns set apart as groups take part in the split, or they are not what was meant.
fn groups_used(recipe: &Recipe, source: &AnySource, problems: &mut Problems) {
    let data = &recipe.data;
    let [first, ..] = source.groups() else {
        return;
    };
    let ordered = data
        .split
        .column
        .as_ref()
        .is_some_and(|column| column.value == *first);
    if data.split.group.is_some() || ordered {
        return;
    }
    let place = data.source.table.get("groups");
    let place = place.map_or(data.source.kind.span.clone(), |value| {
        Some(value.span.clone())
    });
    let message =
        format!("`groups` sets the column `{first}` apart, and the split does not use it");
    problems.push(
        Problem::at(place, message)
            .rule("a group that is not named in `split` is divided among all parts")
            .help(format!(
                "keep each `{first}` in one part with split = {{ group = \"{first}\" }}, or only leave the column out with ignore = [\"{first}\"]"
            )),
    );
}

fn stage_draft(
    table: &StageTable,
    recipe: &Recipe,
    base: &Path,
    kind: Option<TaskKind>,
    problems: &mut Problems,
) -> Option<StageDraft> {
    let view = table
        .view
        .as_ref()
        .map_or(View::Full, |view| View::from(&view.value));
    let model = match table.model.as_ref() {
        // Without a model of its own it is like a stage that was reported.
        None => None,
        Some(ModelTable::Given(model)) => {
            given::read(table, model, base, problems).map(ModelDraft::Given)
        }
        Some(ModelTable::Family(choice)) => {
            let model = MODELS.resolve(choice, problems);
            if let Some(reason) = model.as_ref().and_then(|model| model.problem()) {
                train::refused(choice, Err(reason), problems);
            }
            let samples = policy(table, base, kind, problems);
            let start = table
                .start
                .as_ref()
                .map(|start| start_rule(start, problems));
            let methods: Vec<_> = table
                .learn
                .iter()
                .map(|term| METHODS.resolve(&term.method, problems))
                .collect();
            let train = train::settle(table.train.as_ref(), &recipe.train, problems);
            let methods: Option<Vec<_>> = methods.into_iter().collect();
            let start = match start {
                Some(rule) => Some(rule?),
                None => None,
            };
            Some(ModelDraft::Train {
                model: model?.value,
                samples: samples?,
                start,
                methods: methods?,
                train: Box::new(train?),
            })
        }
    };
    Some(StageDraft {
        table: table.clone(),
        view,
        model: model?,
    })
}

fn policy(
    table: &StageTable,
    base: &Path,
    kind: Option<TaskKind>,
    problems: &mut Problems,
) -> Option<Chosen<Box<dyn Policy>>> {
    let mut policy = SAMPLES.resolve(&table.samples, problems)?;
    if let Some(kind) = kind {
        train::refused(&table.samples, policy.check(kind), problems);
    }
    if let Err(error) = policy.value.open(base) {
        let span = table
            .samples
            .table
            .span
            .clone()
            .or(table.samples.kind.span.clone());
        problems.push(problem(span, &error));
    }
    Some(policy)
}

fn start_rule(start: &StartTable, problems: &mut Problems) -> Option<(StartRule, toml::Table)> {
    let width = WIDTHS.resolve(&start.width, problems);
    let depth = DEPTHS.resolve(&start.depth, problems);
    let (width, depth) = (width?, depth?);
    let written = written::start(start, &width, &depth);
    let rule = StartRule {
        width: width.value,
        depth: depth.value,
        keep: start.optimizer.value == OptimizerState::Keep,
        mup: false,
        shrink: start.shrink.value as f32,
        noise: start.noise.value as f32,
        new_lr: start.new.lr.value as f32,
        new_warmup: start.new.warmup.value,
    };
    Some((rule, written))
}
