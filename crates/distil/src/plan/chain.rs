//! The learning rate's curve over a chain of growth.

use std::collections::BTreeMap;

use crate::plan::stage::{StagePlan, Work};
use crate::train::{ScheduleScope, ScheduleSpan};

/// Gives every stage its place on its learning rate's curve: in a chain of growth, the stages without a schedule of
/// their own share one.
pub(super) fn span(stages: &mut [StagePlan]) {
    // Steps on the shared curve, before each stage and from its end on to the end of the longest chain through it.
    let mut before = BTreeMap::<String, u64>::new();
    let mut after = BTreeMap::<String, u64>::new();
    let shared = |stage: &StagePlan| match stage.training() {
        Some(training) if training.train.scope == ScheduleScope::Chain => training.steps,
        _ => 0,
    };
    let from = |stage: &StagePlan| {
        stage
            .training()
            .and_then(|t| t.start.as_ref())
            .map(|start| start.from.clone())
    };
    for stage in stages.iter() {
        let parent = from(stage).and_then(|name| stages.iter().find(|other| other.name == name));
        let steps = parent.map_or(0, |parent| before[&parent.name] + shared(parent));
        before.insert(stage.name.clone(), steps);
    }
    for stage in stages.iter().rev() {
        let children = stages
            .iter()
            .filter(|child| from(child).as_ref() == Some(&stage.name));
        let steps = children
            .map(|child| shared(child) + after[&child.name])
            .max();
        after.insert(stage.name.clone(), steps.unwrap_or(0));
    }
    for stage in stages {
        let (offset, rest) = (before[&stage.name], after[&stage.name]);
        if let Work::Train(training) = &mut stage.work
            && training.train.scope == ScheduleScope::Chain
        {
            training.span = ScheduleSpan {
                offset,
                steps: offset + training.steps + rest,
            };
        }
    }
}
