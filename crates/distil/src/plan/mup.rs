//! A stage whose settings were chosen with a narrower network.

use std::mem::discriminant;

use distil_recipe::recipe::{Parametrization, StageTable, TrainTable};
use distil_recipe::{Problem, Problems};

use crate::model::{Layout, ModelConfig, Mup};
use crate::plan::refusal::sentence;
use crate::plan::stage::StagePlan;
use crate::train::{Base, Train};

/// Plain training is that of a network nobody has a smaller one for, and where a small one chooses for all it is as every arm is.
pub(super) fn refuse_in_plain(plain: &TrainTable, small_chooses: bool, problems: &mut Problems) {
    let param = plain.param.as_ref();
    if let Some(param) = param.filter(|_| small_chooses) {
        problems.push(
            Problem::at(
                param.span.clone(),
                "plain training would not be in this parametrisation",
            )
            .rule("where the small network chooses for all, every arm of the large one is under µP")
            .help("remove `param`, or let every arm choose for itself: without `by` in `tune`"),
        );
        return;
    }
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
    let param = train.param.as_ref().map(|param| param.span.clone());
    for span in param
        .into_iter()
        .chain(train.base.as_ref().map(|base| base.span()))
    {
        problems.push(
            Problem::at(span, "the parametrisation is no setting to tune")
                .rule("every arm chooses from the same settings, and `plain` has no other network")
                .help("compare it by an arm of its own: [compare.arm] mup = { … }"),
        );
    }
}

/// A network that settings may have been chosen with.
struct Chooser<'a> {
    name: Option<&'a str>,
    model: &'a ModelConfig,
    layout: &'a Layout,
}

impl<'a> Chooser<'a> {
    fn of(stage: &'a StagePlan) -> Self {
        Self {
            name: Some(&stage.name),
            model: &stage.model,
            layout: &stage.layout,
        }
    }
}

/// What the stage's first weights and paces are multiplied by: nothing in the standard parametrisation, and for the base itself. `base`:
/// the shapes of the base where no stage has it.
pub(super) fn of(
    table: &StageTable,
    (model, layout): (&ModelConfig, &Layout),
    train: &mut Train,
    base: Option<&Layout>,
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
    let chooser = match (&train.base, base) {
        (Some(Base::Stage(name)), _) if *name == table.name.value => return Some(None),
        (Some(Base::Stage(name)), _) => before.iter().find(|s| s.name == *name).map(Chooser::of),
        (Some(Base::Network(model)), Some(layout)) => Some(Chooser {
            name: None,
            model,
            layout,
        }),
        (Some(Base::Network(_)), None) => return None,
        (None, _) => before.first().map(Chooser::of),
    };
    let Some(chooser) = chooser else {
        if !alone && train.base.is_none() {
            return Some(None);
        }
        let named = written.and_then(|train| train.base.as_ref()?.span());
        let message = match &train.base {
            Some(name) => format!("no stage `{name}` comes before `{}`", table.name),
            None => format!(
                "there is no stage but `{}`, so its settings were chosen with no other network",
                table.name
            ),
        };
        problems.push(
            Problem::at(named.or(place()), message)
                .rule("`param = \"mup\"` takes over settings that were chosen with another network, its `base`: that of a stage, or one written out")
                .help("add a narrow stage before it, write for instance base = { kind = \"mlp\", hidden = [50] }, or remove `param`"),
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
    if discriminant(chooser.model) != discriminant(model) {
        problems.push(
            Problem::at(
                place(),
                format!(
                    "`{}` is a network of the family {}, {} one of {}",
                    table.name,
                    model.name(),
                    match chooser.name {
                        Some(name) => format!("`{name}`"),
                        None => "that which chose its settings".to_owned(),
                    },
                    chooser.model.name()
                ),
            )
            .rule("settings carry over between widths of one family")
            .help("name another `base`, or remove `param`"),
        );
        return None;
    }
    let mup = Mup::of(chooser.layout, layout);
    if let Some(name) = chooser.name {
        train.base = Some(Base::Stage(name.to_owned()));
    }
    Some(Some(mup))
}

/// Reports where the network whose settings are taken over is not the smaller one.
pub(super) fn smaller(base: &Layout, table: &StageTable, layout: &Layout, problems: &mut Problems) {
    if base.parameters() >= layout.parameters() {
        problems.push(
            Problem::at(
                table.name.span.clone(),
                format!(
                    "the network that settings are chosen with, that of the first stage, is no smaller than that of `{}`: to choose with it would cost as much",
                    table.name
                ),
            )
            .rule("settings are taken over from a smaller network")
            .help("let every arm choose for itself: without `transferred`, and without `by` in `tune`"),
        );
    }
}
