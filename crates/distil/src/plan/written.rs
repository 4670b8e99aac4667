//! What a plan decides, written out: for people, and for its hash.

use std::collections::{BTreeMap, BTreeSet};

use distil_recipe::Chosen;
use distil_recipe::recipe::StartTable;
use toml::{Table, Value};

use crate::data::source::{AnySource, PartFiles};
use crate::data::{Dataset, EqualRule, SplitRule};
use crate::growth::{Depth, Width};
use crate::plan::stage::{StagePlan, TermPlan, Training, Work};
use crate::plan::{AnswersPlan, Plan};
use crate::task::Task;
use crate::train::TermWeight;
use crate::weights::sha256;

/// Everything that decides what is trained.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Written {
    /// SHA-256 of the data's content.
    data: String,
    /// `task`, `data` and `stage`, every default filled in.
    table: Table,
}

impl Written {
    pub fn of(
        task: &Chosen<Box<dyn Task>>,
        (source, parts): (&Chosen<AnySource>, &PartFiles),
        split: &SplitRule,
        stages: &[StagePlan],
        answers: &BTreeMap<String, AnswersPlan>,
        data: &Dataset,
    ) -> Self {
        let mut source = source.table("source");
        // Without samples that are kept together the rule makes no difference.
        let equal = match &data.equal {
            Some(equal) if !equal.chance => split.equal,
            _ => EqualRule::Apart,
        };
        let split = SplitRule {
            equal,
            ..split.clone()
        };
        if let Value::Table(parts) = value(parts) {
            source.extend(parts);
        }
        source.insert("split".into(), value(&split));
        if let Some(augment) = &data.augment {
            source.insert("augment".into(), value(augment));
        }
        let stages = stages
            .iter()
            .map(|plan| (plan.name.clone(), Value::Table(stage(plan))));
        let answers = answers
            .iter()
            .map(|(name, plan)| (name.clone(), Value::Table(given_answers(plan))));
        let mut table = Table::new();
        table.insert("task".into(), value(task));
        table.insert("data".into(), source.into());
        table.insert(
            "stage".into(),
            Value::Table(stages.chain(answers).collect()),
        );
        table.iter_mut().for_each(|(_, value)| shorten(value));
        Self {
            data: data.hash.clone(),
            table,
        }
    }

    pub fn hash(&self) -> String {
        self.hash_of(self.table.clone())
    }

    /// As [`Self::hash`], of these stages alone, one of them `of_any_length`.
    pub fn hash_of_stages(&self, names: &BTreeSet<&str>, of_any_length: Option<&str>) -> String {
        let mut table = self.table.clone();
        if let Some(Value::Table(stages)) = table.get_mut("stage") {
            stages.retain(|name, _| names.contains(name));
            let stage = of_any_length.and_then(|name| stages.get_mut(name));
            let train = stage.and_then(|stage| stage.get_mut("train")?.as_table_mut());
            if let Some(train) = train {
                train.remove("epochs");
                train.remove("steps");
                train.insert("of_any_length".into(), true.into());
            }
        }
        self.hash_of(table)
    }

    fn hash_of(&self, mut table: Table) -> String {
        // Where the data lies is no matter; what it holds has a hash of its own.
        if let Some(Value::Table(data)) = table.get_mut("data") {
            for place in ["path", "list", "test", "validation"] {
                data.remove(place);
            }
        }
        // What a base comes to has numbers of its own, whichever stage has it.
        let stages = table.get_mut("stage").and_then(Value::as_table_mut);
        for (_, stage) in stages.into_iter().flatten() {
            if let Some(train) = stage.get_mut("train").and_then(Value::as_table_mut) {
                train.remove("base");
            }
        }
        // The hash is over JSON: TOML's numbers and strings have no second spelling there.
        let text = serde_json::to_string(&table).unwrap_or_default();
        sha256(format!("distil plan 1\n{}\n{text}", self.data).as_bytes())
    }

    pub fn to_toml(&self, plan: &Plan) -> String {
        let mut head = Table::new();
        head.insert("name".into(), plan.name.clone().into());
        head.insert("arm".into(), plan.arm.to_string().into());
        head.insert("result".into(), plan.result().name.clone().into());
        head.insert("metric".into(), plan.metric.name.into());
        head.insert("hash".into(), self.hash().into());
        head.insert("data_hash".into(), self.data.clone().into());
        let arms = plan.arms.iter().map(|arm| Value::from(arm.to_string()));
        head.insert("arms".into(), Value::Array(arms.collect()));
        let mut body = self.table.clone();
        if let Some(Value::Table(stages)) = body.get_mut("stage") {
            for stage in &plan.stages {
                if let Some(Value::Table(table)) = stages.get_mut(&stage.name) {
                    table.insert("follows".into(), follows(stage).into());
                }
            }
        }
        let text = |table: &Table| toml::to_string(table).unwrap_or_default();
        format!(
            "# What this run does: every default filled in, every name resolved, and under `follows` what comes of it.\n\
             # Written by Distil for people to read; to change something, change recipe.toml.\n\n{}\n{}",
            text(&head),
            text(&body)
        )
    }
}

pub(super) fn value<T: serde::Serialize>(written: &T) -> Value {
    Value::try_from(written).unwrap_or_else(|_| Value::Table(Table::new()))
}

pub(super) fn stage(plan: &StagePlan) -> Table {
    let mut stage = Table::new();
    stage.insert("model".into(), value(&plan.model));
    stage.insert("view".into(), value(&plan.view));
    match &plan.work {
        Work::Given { hash, .. } => {
            stage.insert("given".into(), hash.clone().into());
        }
        Work::Train(training) => {
            stage.insert("samples".into(), value(&training.samples));
            if let Some(start) = &training.start {
                stage.insert("start".into(), start.written.clone().into());
            }
            let terms: Vec<Value> = training.learn.iter().map(|t| term(t).into()).collect();
            if !terms.is_empty() {
                stage.insert("learn".into(), terms.into());
            }
            stage.insert("train".into(), value(&training.train));
            if let Some(mup) = &training.mup {
                let multipliers = mup.axes().iter().copied().chain([mup.view()]);
                let multipliers = multipliers.map(Value::from).collect();
                stage.insert("mup".into(), Value::Array(multipliers));
            }
        }
    }
    stage
}

fn given_answers(answers: &AnswersPlan) -> Table {
    Table::from_iter([
        ("answers".to_owned(), answers.hash.clone().into()),
        ("form".to_owned(), value(&answers.form)),
    ])
}

/// A stage's `start`, every default filled in.
pub(super) fn start(
    start: &StartTable,
    width: &Chosen<Box<dyn Width>>,
    depth: &Chosen<Box<dyn Depth>>,
) -> Table {
    Table::from_iter([
        ("from".to_owned(), start.from.value.clone().into()),
        ("width".to_owned(), value(width)),
        ("depth".to_owned(), value(depth)),
        ("optimizer".to_owned(), value(&start.optimizer)),
        ("shrink".to_owned(), start.shrink.value.into()),
        ("noise".to_owned(), start.noise.value.into()),
        ("new".to_owned(), value(&start.new)),
    ])
}

fn term(term: &TermPlan) -> Table {
    let mut written = Table::new();
    written.insert("from".into(), term.teachers.clone().into());
    written.extend(term.method.table("method"));
    match term.weight {
        TermWeight::Mix(mix) => written.insert("mix".into(), mix.into()),
        TermWeight::Add(add) => written.insert("add".into(), add.into()),
    };
    if let Some(until) = term.until {
        written.insert("until".into(), until.into());
    }
    if !term.layers.is_empty() {
        let layers = term
            .layers
            .iter()
            .map(|(own, other)| (own.clone(), Value::from(other.clone())));
        written.insert("layers".into(), Value::Table(layers.collect()));
    }
    written
}

/// What comes of the settings with this data; no part of the hash.
fn follows(stage: &StagePlan) -> Table {
    let whole = |number: u64| Value::Integer(number as i64);
    let mut follows = Table::new();
    follows.insert("parameters".into(), whole(stage.layout.parameters()));
    follows.insert("flops_forward".into(), stage.layout.flops_forward().into());
    if let Some(Training {
        epoch_samples,
        steps,
        span,
        cost,
        ..
    }) = stage.training()
    {
        follows.insert("flops_train".into(), cost.train.into());
        follows.insert("flops_teach".into(), cost.teach.into());
        follows.insert("flops".into(), cost.flops().into());
        follows.insert("epoch_samples".into(), whole(*epoch_samples as u64));
        follows.insert("steps".into(), whole(*steps));
        follows.insert("schedule_from".into(), whole(span.offset));
        follows.insert("schedule_steps".into(), whole(span.steps));
    }
    follows
}

/// Writes numbers that were kept in single precision with the digits they were given: 0.01, not 0.009999999776.
pub(super) fn shorten(value: &mut Value) {
    match value {
        Value::Float(number) => {
            let single = *number as f32;
            if f64::from(single) == *number {
                *number = single.to_string().parse().unwrap_or(*number);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Table(table) => table.iter_mut().for_each(|(_, value)| shorten(value)),
        _ => {}
    }
}
