//! A stage whose settings were chosen with a narrower network.

use std::mem::discriminant;

use distil_recipe::recipe::{Parametrization, StageTable, TrainTable};
use distil_recipe::{Problem, Problems};

use crate::model::{Layout, ModelConfig, Mup};
use crate::plan::refusal::sentence;
use crate::plan::stage::StagePlan;
use crate::train::Train;

/// Plain training is that of a network nobody has a smaller one for.
pub(super) fn refuse_in_plain(plain: &TrainTable, problems: &mut Problems) {
    let param = plain.param.as_ref();
    if let Some(param) = param.filter(|param| param.value == Parametrization::Mup) {
        problems.push(
            Problem::at(
                param.span.clone(),
                "plain training has no other network whose settings it could take over",
            )
            .rule("the arm `plain` is in the standard parametrisation")
            .help("remove `param`"),
        );
    }
}

/// Every arm chooses from the same settings, and most have no other network.
pub(super) fn refuse_in_tune(train: &TrainTable, problems: &mut Problems) {
    let param = train.param.as_ref().map(|param| &param.span);
    for span in param
        .into_iter()
        .chain(train.base.as_ref().map(|base| &base.span))
    {
        problems.push(
            Problem::at(span.clone(), "the parametrisation is no setting to tune")
                .rule("every arm chooses from the same settings, and `plain` has no other network")
                .help("compare it by an arm of its own: [compare.arm] mup = { … }"),
        );
    }
}

/// What the stage's first weights and paces are multiplied by: nothing in the standard parametrisation, and for the base itself.
pub(super) fn of(
    table: &StageTable,
    model: &ModelConfig,
    layout: &Layout,
    train: &mut Train,
    before: &[StagePlan],
    alone: bool,
    problems: &mut Problems,
) -> Option<Option<Mup>> {
    if train.param == Parametrization::Standard {
        return Some(None);
    }
    let written = table.train.as_ref();
    let param = written.and_then(|train| train.param.as_ref()?.span.clone());
    let place = || param.clone().or(table.name.span.clone());
    if let Err(reason) = train.optimizer.steps() {
        let optimizer = written.and_then(|train| train.optimizer.as_ref()?.kind.span.clone());
        problems.push(
            sentence(optimizer.or(place()), &reason)
                .rule("under `param = \"mup\"` the best settings are the same for every width"),
        );
        return None;
    }
    let base = match &train.base {
        Some(name) if *name == table.name.value => return Some(None),
        Some(name) => before.iter().find(|stage| stage.name == *name),
        None => before.first(),
    };
    let Some(base) = base else {
        if !alone && train.base.is_none() {
            return Some(None);
        }
        let named = written.and_then(|train| train.base.as_ref()?.span.clone());
        let message = match &train.base {
            Some(name) => format!("no stage `{name}` comes before `{}`", table.name),
            None => format!(
                "there is no stage but `{}`, so its settings were chosen with no other network",
                table.name
            ),
        };
        problems.push(
            Problem::at(named.or(place()), message)
                .rule("`param = \"mup\"` takes over settings that were chosen with the network of another stage, its `base`")
                .help("add a narrow stage before it, or remove `param`"),
        );
        return None;
    };
    if !model.paces(layout).is_empty() {
        problems.push(
            Problem::at(
                place(),
                format!(
                    "`{}` is a network of the family {}, which has a parametrisation of its own",
                    table.name,
                    model.name()
                ),
            )
            .rule("µP changes the first weights and rates of the standard parametrisation")
            .help("remove `param`"),
        );
        return None;
    }
    if discriminant(&base.model) != discriminant(model) {
        problems.push(
            Problem::at(
                place(),
                format!(
                    "`{}` is a network of the family {}, `{}` one of {}",
                    table.name,
                    model.name(),
                    base.name,
                    base.model.name()
                ),
            )
            .rule("settings carry over between widths of one family")
            .help("name another stage as `base`, or remove `param`"),
        );
        return None;
    }
    train.base = Some(base.name.clone());
    Some(Some(Mup::of(&base.layout, layout)))
}
