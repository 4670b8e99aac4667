//! The second phase of planning: the draft bound to its data.

use distil_recipe::recipe::{Keep, Recipe, StageTable};
use distil_recipe::{Chosen, Problem, Problems};
use distil_report::measure::{Metric, TaskKind, metric};
use distil_report::record::arm::TRANSFERRED;

use crate::data::{Dataset, Features, Scores, SplitRule, View, ViewMatrix};
use crate::growth;
use crate::method::{Method, OutputShape};
use crate::model::{Layout, ModelConfig};
use crate::plan::cost::{Cost, samples_of, shortened, steps_within};
use crate::plan::draft::{Draft, ModelDraft, StageDraft};
use crate::plan::given::{self, Given};
use crate::plan::refusal::{Refusal, problem, sentence};
use crate::plan::stage::{StagePlan, StartPlan, TermPlan, Training, Work};
use crate::plan::{
    Arm, Plan, Tuning, answers, arm, chain, learn, mup, network, notes, settings, train, tune,
    written,
};
use crate::rng::Seed;
use crate::samples::Policy;
use crate::task::TargetShape;
use crate::train::{Base, Length, ScheduleSpan, Train};

/// A control that the flow's cost makes train for more than so many times its declared steps keeps its best weights by
/// validation: it would be compared by how far it overfits.
const LONG: u64 = 2;

impl Draft {
    /// Binds the draft to its data.
    ///
    /// # Errors
    /// Everything about the recipe that does not fit the data, or does not fit together.
    pub fn plan(mut self, data: &Dataset) -> Result<Plan, Refusal> {
        let mut problems = Problems::new();
        let task = &self.recipe.task;
        let outputs = match self
            .task
            .outputs(&TargetShape::of(&data.targets, &data.split.train))
        {
            Ok(outputs) => outputs,
            Err(reason) => {
                let place = task.table.span.clone().or(task.kind.span.clone());
                return Err(self.refusal(sentence(place, &reason).into()));
            }
        };
        let small_chooses = self.recipe.compare.small_chooses();
        let binding = Binding {
            data,
            columns: data.preprocessing.columns(),
            outputs,
            task: self.task.kind(),
            seed: Seed(self.recipe.run.seed.value),
            budget: self.arm.budget(),
            share: self.arm.share(),
            result: self.result.clone(),
            lenient: self.lenient,
            alone: self.stages.len() == 1,
            takes_over: self.arm == Arm::Transferred || small_chooses && self.arm.takes_over(),
        };
        let tables = || self.stages.iter().map(|stage| &stage.table);
        let of_files: Vec<String> = tables().filter_map(settings::note).collect();
        let named =
            |table: &StageTable| Some((table.name.value.clone(), table.settings()?.text.clone()));
        let settings = tables().filter_map(named).collect();
        let mut stages: Vec<StagePlan> = Vec::new();
        for draft in std::mem::take(&mut self.stages) {
            let stage = binding.stage(draft, &stages, &mut problems);
            stages.extend(stage);
        }
        if !problems.is_empty() {
            return Err(self.refusal(problems));
        }
        chain::span(&mut stages);
        let result = stages
            .iter()
            .position(|stage| stage.name == self.result)
            .unwrap_or_default();
        let answers = answers::planned(&self.answers, data);
        let split = SplitRule {
            official: data.official,
            own: self.split.own.filter(|_| data.draws_validation),
            ..self.split.clone()
        };
        let written = written::Written::of(
            &self.task,
            (&self.source, &self.parts),
            &split,
            &stages,
            &answers,
            data,
        );
        let named = self.recipe.compare.metric.as_ref();
        let name = named.map_or(self.task.default_metric(outputs), |named| named.as_str());
        let applies = |metric: &&Metric| metric.applies(self.task.kind(), outputs);
        let Some(metric) = metric(name).filter(applies) else {
            let reason = format!("a model of {outputs} outputs has no metric `{name}`");
            let place = named.and_then(|named| named.span.clone());
            return Err(self.refusal(Problem::at(place, reason).into()));
        };
        let recipe = self.recipe;
        // Who runs the arms knows them by the flow's plan.
        let plain_on_trunk = match self.arm {
            Arm::Flow => on_trunk(&recipe, &stages[result], &stages),
            _ => None,
        };
        let too_long = notes::too_long(&stages);
        let stem = || {
            std::path::Path::new(&self.text.name)
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
        };
        Ok(Plan {
            name: recipe
                .name
                .as_ref()
                .map(|name| name.value.clone())
                .or_else(stem)
                .unwrap_or_default(),
            task: self.task.value,
            metric,
            source: self.source.value,
            parts: self.parts,
            split,
            arms: match self.arm {
                Arm::Flow => arm::arms(&recipe, &stages, result),
                _ => Vec::new(),
            },
            arm: self.arm,
            notes: [
                too_long.clone(),
                notes::notes(&recipe, &stages, &self.result),
                of_files,
                notes::of_data(data, &stages),
                notes::of_answers(&answers, &stages, data.split.test.len()),
            ]
            .concat(),
            too_long,
            settings,
            result,
            stages,
            answers,
            tuning: recipe.compare.tune.as_ref().map(|table| {
                let mut arms = recipe.compare.arms.iter().flatten();
                let beside_route = arms.any(|name| name.as_str() == TRANSFERRED);
                Tuning::of(table, beside_route, |one| tune::can_train(one, &recipe))
            }),
            plain_on_trunk,
            declares_plain: recipe.compare.plain.is_some(),
            margin: recipe.compare.margin.as_ref().map(|margin| margin.value),
            device: self.device,
            run: recipe.run,
            draws_validation: data.draws_validation,
            data_bytes: data.inputs.bytes_held(),
            samples: [
                data.split.train.len(),
                data.split.validation.len(),
                data.split.test.len(),
            ],
            written,
        })
    }
}

/// What the stages cost, as a share of the result's plain training in full, where a longer plain training begins as a shorter one does.
fn on_trunk(recipe: &Recipe, result: &StagePlan, stages: &[StagePlan]) -> Option<f64> {
    let training = result.training()?;
    let own = recipe
        .stage(&result.name)
        .and_then(|stage| stage.train.clone());
    let own = own.unwrap_or_default();
    let plain = match &recipe.compare.plain {
        Some(declared) => declared.clone().over(&own),
        None => own,
    };
    let train = train::settle(Some(&plain), &recipe.train, &mut Problems::new())?;
    let steps = train.steps(training.epoch_samples);
    if train.trunk(steps).is_none() || !training.samples.value.is_static() {
        return None;
    }
    let samples = samples_of(steps, training.epoch_samples, train.window());
    let full = network::flops_train(&result.layout, &[]) * samples;
    let trained = stages.iter().filter_map(StagePlan::training);
    Some(trained.map(|training| training.cost.flops()).sum::<f64>() / full)
}

struct Binding<'a> {
    data: &'a Dataset,
    columns: Vec<String>,
    outputs: usize,
    task: TaskKind,
    seed: Seed,
    budget: Option<f64>,
    share: f64,
    result: String,
    /// Whether a given model may have seen test samples, since nothing is claimed.
    lenient: bool,
    /// Whether there is no other stage.
    alone: bool,
    /// Whether settings are taken over from a network that has to be smaller.
    takes_over: bool,
}

impl Binding<'_> {
    fn stage(
        &self,
        draft: StageDraft,
        before: &[StagePlan],
        problems: &mut Problems,
    ) -> Option<StagePlan> {
        let StageDraft { table, view, model } = draft;
        match model {
            ModelDraft::Given(Given {
                folder,
                card,
                hash,
                declared,
                ..
            }) => {
                given::check(&table, &card, self.data, &self.columns, problems);
                let met = given::overlap(&table, self.data, declared || self.lenient, problems);
                let columns = card.columns();
                let sample = (&card.view_shape[..], columns.as_deref());
                let layout = network::layout(
                    &table,
                    &card.model,
                    sample,
                    (card.outputs, card.targets.kind),
                    problems,
                )?;
                network::in_memory(&table, &layout, 1, problems)?;
                Some(StagePlan {
                    name: table.name.value,
                    layout,
                    model: card.model,
                    view: card.view,
                    view_shape: card.view_shape,
                    work: Work::Given {
                        folder,
                        hash,
                        met: Box::new(met),
                    },
                })
            }
            ModelDraft::Train {
                model,
                samples,
                start,
                methods,
                train,
            } => {
                let view_shape = match view.shape(&self.data.shape, &self.columns) {
                    Ok(shape) => shape,
                    Err(error) => {
                        problems.push(problem(
                            table.view.as_ref().and_then(|view| view.span.clone()),
                            &error,
                        ));
                        return None;
                    }
                };
                network::sees_columns(&table, &model, &view, problems)?;
                let columns = match view {
                    View::Full => self.data.preprocessing.kinds(),
                    _ => None,
                };
                let sample = (&view_shape[..], columns.as_deref());
                let layout =
                    network::layout(&table, &model, sample, (self.outputs, self.task), problems)?;
                network::in_memory(&table, &layout, train.copies(), problems)?;
                let base = match &train.base {
                    Some(Base::Network(base)) => {
                        let shape = (self.outputs, self.task);
                        Some(network::layout(&table, base, sample, shape, problems)?)
                    }
                    _ => None,
                };
                let stage = Shapes {
                    model,
                    layout,
                    view,
                    view_shape,
                };
                let mut train = *train;
                if let Some(base) = base.as_ref().filter(|_| self.takes_over) {
                    mup::smaller(base, &table, &stage.layout, problems);
                }
                let mup = mup::of(
                    &table,
                    (&stage.model, &stage.layout),
                    &mut train,
                    base.as_ref(),
                    before,
                    self.alone,
                    problems,
                )?;
                let start = match start {
                    None => None,
                    Some((rule, written)) => {
                        let rule = growth::StartRule {
                            mup: mup.is_some(),
                            ..rule
                        };
                        Some(self.start(&table, &stage, rule, written, before, problems)?)
                    }
                };
                let learn = self.learn(&table, &stage.layout, methods, before, problems);
                let epoch_samples =
                    self.epoch_samples(&table, &stage, samples.value.as_ref(), problems)?;
                let learn = learn?;
                network::two_samples(
                    &table,
                    &stage.layout,
                    train.batch.min(epoch_samples),
                    problems,
                )?;
                let each = network::flops_train(&stage.layout, &learn);
                self.limit(&table.name, &mut train, each, epoch_samples);
                let steps = train.steps(epoch_samples);
                let used = samples_of(steps, epoch_samples, train.window());
                let cost = Cost {
                    forward: stage.layout.flops_forward(),
                    train: each,
                    samples: used,
                    teach: self.teach(&learn, used, before),
                };
                let span = ScheduleSpan { offset: 0, steps };
                let training = Training {
                    samples,
                    epoch_samples,
                    start,
                    learn,
                    train,
                    mup,
                    steps,
                    span,
                    cost,
                };
                let Shapes {
                    model,
                    layout,
                    view,
                    view_shape,
                } = stage;
                Some(StagePlan {
                    name: table.name.value,
                    model,
                    layout,
                    view,
                    view_shape,
                    work: Work::Train(Box::new(training)),
                })
            }
        }
    }

    fn start(
        &self,
        table: &StageTable,
        large: &Shapes,
        rule: growth::StartRule,
        settings: toml::Table,
        before: &[StagePlan],
        problems: &mut Problems,
    ) -> Option<StartPlan> {
        let written = table.start.as_ref()?;
        let place = written.from.span.clone();
        let small = before
            .iter()
            .find(|stage| stage.name == written.from.value)?;
        let view = match self.between(&small.view, &large.view) {
            Ok(view) => view,
            Err(error) => {
                problems.push(problem(place, &error));
                return None;
            }
        };
        if view.is_none() && small.view != large.view {
            problems.push(
                Problem::at(
                    place,
                    format!(
                        "`{}` sees what cannot be computed from what `{}` sees",
                        small.name, table.name
                    ),
                )
                .rule("a stage grows from one whose view is a linear map of its own")
                .help(format!(
                    "remove the view of `{}`, or give both the same",
                    table.name
                )),
            );
            return None;
        }
        match growth::check(&small.layout, &large.layout, view, &rule) {
            Ok(promise) => Some(StartPlan {
                from: small.name.clone(),
                rule,
                written: settings,
                promise,
            }),
            Err(reason) => {
                problems.push(sentence(place, &reason).rule(format!(
                    "`{}` must be able to hold all of `{}`",
                    table.name, small.name
                )));
                None
            }
        }
    }

    /// The shape of the matrix that leads from the large view to the small one; `None` if both are one, or if there is none.
    fn between(&self, small: &View, large: &View) -> crate::error::Result<Option<[usize; 2]>> {
        if small == large {
            return Ok(None);
        }
        let fine = || self.data.fine(&self.columns);
        let (small, large) = (small.fit(fine())?, large.fit(fine())?);
        Ok(ViewMatrix::between(&small, &large).map(|matrix| matrix.rows_cols().into()))
    }

    fn learn(
        &self,
        table: &StageTable,
        layout: &Layout,
        methods: Vec<Chosen<Box<dyn Method>>>,
        before: &[StagePlan],
        problems: &mut Problems,
    ) -> Option<Vec<TermPlan>> {
        let student = OutputShape::of(layout, self.task);
        let teacher = |name: &str| match self.data.answers.get(name) {
            Some(answers) => Some(OutputShape::of_answers(&answers.outputs, self.task)),
            None => {
                let stage = before.iter().find(|stage| stage.name == name)?;
                Some(OutputShape::of(&stage.layout, self.task))
            }
        };
        let mut terms = Vec::new();
        for (term, method) in table.learn.iter().zip(methods) {
            let teachers: Option<Vec<_>> = term.from.iter().map(|name| teacher(name)).collect();
            let ensemble = |name: &str| {
                let stage = before.iter().find(|stage| stage.name == name);
                stage.is_some_and(|stage| stage.layout.members() > 1)
            };
            if !answers::teach(term, method.as_ref(), self.data, problems)
                || !learn::of_one_network(term, method.as_ref(), layout, ensemble, problems)
            {
                terms.push(None);
                continue;
            }
            terms.push(learn::term(term, method, &student, &teachers?, problems));
        }
        let mut terms = terms.into_iter().collect::<Option<Vec<_>>>()?;
        learn::number(&mut terms);
        Some(terms)
    }

    /// Samples in an epoch, as the loop will count them.
    fn epoch_samples(
        &self,
        table: &StageTable,
        stage: &Shapes,
        policy: &dyn Policy,
        problems: &mut Problems,
    ) -> Option<usize> {
        let unseen = Scores {
            loss: vec![f32::NAN; self.data.len()],
        };
        let chosen = self
            .viewed(&stage.view)
            .and_then(|viewed| policy.epoch(0, 1, &self.data.table(&viewed), &unseen, self.seed));
        let samples = &table.samples;
        let place = samples
            .table
            .span
            .clone()
            .or(samples.kind.span.clone())
            .or(table.name.span.clone());
        match chosen {
            Ok(chosen) if !chosen.is_empty() => Some(chosen.len()),
            Ok(_) => {
                problems.push(
                    Problem::at(
                        place,
                        format!("stage `{}` has no sample to train on", table.name),
                    )
                    .rule("an epoch has at least one sample"),
                );
                None
            }
            Err(error) => {
                problems.push(problem(place, &error));
                None
            }
        }
    }

    fn viewed(&self, view: &View) -> crate::error::Result<Features> {
        let fit = |view: &View| view.fit(self.data.fine(&self.columns));
        match view {
            View::Full => Ok(self.data.inputs.clone()),
            view => Ok(fit(view)?.see(&self.data.inputs)),
        }
    }

    /// Brings plain training down to what it may cost.
    fn limit(&self, name: &str, train: &mut Train, flops_train: f64, epoch_samples: usize) {
        if self.result != name {
            return;
        }
        if self.share < 1.0 {
            let steps = train.steps(epoch_samples);
            train.length = Length::Steps(shortened(steps, self.share));
        }
        if let Some(flops) = self.budget {
            let declared = train.steps(epoch_samples);
            let steps = steps_within(flops / flops_train, epoch_samples, train.window());
            train.length = Length::Steps(steps);
            if steps > LONG * declared && train.keep == Keep::Last {
                // No more evaluations than steps: it never stops early, and its best weights, the first of equal ones, are the result.
                train.patience.get_or_insert(steps);
            }
        }
    }

    /// FLOPs of the teachers, if the stage trains on so many samples.
    fn teach(&self, learn: &[TermPlan], samples: f64, before: &[StagePlan]) -> f64 {
        let forward = |name: &String| {
            let teacher = before.iter().find(|stage| stage.name == *name);
            teacher.map_or(0.0, |stage| stage.layout.flops_forward())
        };
        let each = learn.iter().map(|term| {
            // Answers are computed once per sample; features are too large to keep, and varied pictures never the same.
            let passes = match term.needs.teacher_taps.is_empty() && self.data.augment.is_none() {
                true => self.data.split.train.len() as f64,
                false => samples,
            };
            passes * term.teachers.iter().map(forward).sum::<f64>()
        });
        each.fold(0.0, |sum, flops| sum + flops)
    }
}

/// A trained stage's model and what it sees.
struct Shapes {
    model: ModelConfig,
    layout: Layout,
    view: View,
    view_shape: Vec<usize>,
}
