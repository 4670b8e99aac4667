//! `like`: a stage takes model, view, samples and train from another one where it has none of its own.

use distil_recipe::recipe::{ModelTable, StageTable};
use distil_recipe::{Problem, Problems};

/// Every stage with what `like` gives it, in the same order.
pub(super) fn settle(stages: &[StageTable], problems: &mut Problems) -> Vec<StageTable> {
    let settled = stages.iter().map(|stage| follow(stage, stages, problems));
    settled.collect()
}

fn follow(stage: &StageTable, stages: &[StageTable], problems: &mut Problems) -> StageTable {
    let mut settled = stage.clone();
    let mut trail = vec![stage.name.as_str()];
    let mut next = &stage.like;
    while let Some(name) = next {
        let Some(model) = stages.iter().find(|other| *other.name == **name) else {
            break;
        };
        if trail.contains(&name.as_str()) {
            let circle = trail.join(", ");
            problems.push(
                Problem::at(
                    name.span.clone(),
                    format!("`like` leads in a circle: {circle}"),
                )
                .rule("`like` names a stage that says what it is itself")
                .help("give one of them a `model` and remove its `like`"),
            );
            break;
        }
        if matches!(model.model, Some(ModelTable::Given(_))) {
            problems.push(
                Problem::at(
                    name.span.clone(),
                    format!("stage `{name}` is a given model, there is no training to repeat"),
                )
                .rule("`like` names a stage that is trained")
                .help(format!(
                    "write start = \"{name}\" to go on from its weights"
                )),
            );
            break;
        }
        if model.answers.is_some() {
            problems.push(
                Problem::at(
                    name.span.clone(),
                    format!("stage `{name}` has answers alone, there is no training to repeat"),
                )
                .rule("`like` names a stage that is trained")
                .help(format!(
                    "write learn = \"{name}\" to learn from its answers"
                )),
            );
            break;
        }
        take(&mut settled, model);
        trail.push(&model.name);
        next = &model.like;
    }
    settled
}

fn take(stage: &mut StageTable, from: &StageTable) {
    stage.model = stage.model.take().or_else(|| from.model.clone());
    stage.view = stage.view.take().or_else(|| from.view.clone());
    if !stage.samples.kind.is_written() {
        stage.samples = from.samples.clone();
    }
    stage.train = match (stage.train.take(), &from.train) {
        (Some(own), Some(theirs)) => Some(own.over(theirs)),
        (own, theirs) => own.or_else(|| theirs.clone()),
    };
}
