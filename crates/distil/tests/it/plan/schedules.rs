//! Steps, and the curve of the learning rate over a chain of growth.

use distil::plan::{Arm, StagePlan, Training};
use distil::train::{ScheduleScope, ScheduleSpan};

use super::{GROW, plan, plan_of, with};

fn training<'a>(stages: &'a [StagePlan], name: &str) -> &'a Training {
    stages
        .iter()
        .find(|stage| stage.name == name)
        .and_then(StagePlan::training)
        .unwrap()
}

#[test]
fn epochs_become_steps_by_the_samples_an_epoch_has() {
    let text = with(
        GROW,
        "hidden = [64] }",
        "hidden = [64] }\nsamples = { kind = \"random\", fraction = 0.5 }\ntrain = { epochs = 3, batch = 10, accumulate = 2 }",
    );
    let plan = plan(&text);
    let small = training(&plan.stages, "small");
    assert_eq!(small.epoch_samples, plan.samples[0].div_ceil(2));
    assert_eq!(small.steps, 3 * small.epoch_samples.div_ceil(20) as u64);
    assert_eq!(small.cost.samples, 3.0 * small.epoch_samples as f64);
}

#[test]
fn a_schedule_at_the_top_is_one_curve_over_the_chain_of_growth() {
    let text = format!(
        "{GROW}\n[stage.larger]\nmodel = {{ kind = \"mlp\", hidden = [600, 200] }}\nstart = \"large\"\n\n[train]\nschedule = \"linear\"\nwarmup = 5\nepochs = 2\n"
    );
    let plan = plan(&text);
    let steps = training(&plan.stages, "small").steps;
    for (name, before) in [("small", 0), ("large", steps), ("larger", 2 * steps)] {
        let training = training(&plan.stages, name);
        assert_eq!(training.train.scope, ScheduleScope::Chain);
        assert_eq!(
            training.span,
            ScheduleSpan {
                offset: before,
                steps: 3 * steps
            },
            "{name}"
        );
    }
    let factor = |name: &str, step: u64| {
        let training = training(&plan.stages, name);
        training
            .train
            .schedule
            .factor(training.span.offset + step, training.span.steps)
    };
    assert_eq!(
        factor("small", 0),
        0.2,
        "the warm-up is where the curve begins"
    );
    assert!(factor("large", 0) < factor("small", steps - 1));
    assert!(
        factor("large", 0) > 0.6,
        "and not where a later stage begins"
    );
    assert_eq!(factor("larger", steps), 0.0);
}

#[test]
fn a_schedule_of_a_stage_is_that_stages() {
    let text = with(
        GROW,
        "until = 0.4 }",
        "until = 0.4 }\ntrain = { schedule = \"cosine\" }\n\n[train]\nschedule = \"linear\"",
    );
    let plan = plan(&text);
    let (small, large) = (
        training(&plan.stages, "small"),
        training(&plan.stages, "large"),
    );
    assert_eq!(
        large.span,
        ScheduleSpan {
            offset: 0,
            steps: large.steps
        }
    );
    assert_eq!(
        small.span,
        ScheduleSpan {
            offset: 0,
            steps: small.steps
        },
        "what has its own schedule is no part of the chain's"
    );
}

#[test]
fn the_small_stage_alone_has_a_curve_of_its_own() {
    let text = with(
        GROW,
        "until = 0.4 }",
        "until = 0.4 }\n\n[train]\nschedule = \"cosine\"",
    );
    let plan = plan_of(&text, &Arm::Small).unwrap();
    let small = plan.result().training().unwrap();
    assert_eq!(
        small.span,
        ScheduleSpan {
            offset: 0,
            steps: small.steps
        }
    );
}

#[test]
fn like_repeats_a_stages_settings_and_its_own_come_first() {
    let text = with(
        GROW,
        "hidden = [64] }",
        "hidden = [64] }\nview = { pool = [2, 2] }\nsamples = { kind = \"random\", fraction = 0.5 }\ntrain = { epochs = 3, lr = 0.01 }",
    );
    let text = format!(
        "{text}\n[stage.again]\nlike = \"small\"\nlearn = \"small\"\ntrain = {{ steps = 7 }}\n"
    );
    let text = format!("result = \"large\"\n{text}");
    let plan = plan(&text);
    let (first, again) = (plan.stage("small").unwrap(), plan.stage("again").unwrap());
    assert_eq!((&first.model, &first.view), (&again.model, &again.view));
    let (first, again) = (first.training().unwrap(), again.training().unwrap());
    assert_eq!(first.epoch_samples, again.epoch_samples);
    assert_eq!((again.train.lr, again.steps), (0.01, 7));
    assert_eq!(
        plan.notes,
        [
            "stage `again` runs, and the result `large` does not use it: in [stage.large], `start = \"again\"` hands on its weights, `learn = \"again\"` its answers"
        ]
    );
}

#[test]
fn a_longer_training_begins_alike_until_the_rate_goes_down_and_where_nothing_else_depends_on_its_length()
 {
    let alone = |more: &str| {
        let model = "model = { kind = \"mlp\", hidden = [8] }";
        let head = "task = \"classification\"\ndata = \"digits\"\n[stage.large]";
        plan(&format!("{head}\n{model}\n{more}\n"))
    };
    for (train, steps) in [
        ("steps = 100, schedule = \"trapezoid\"", Some(81)),
        (
            "steps = 100, schedule = { kind = \"trapezoid\", decay = 0.5 }",
            Some(51),
        ),
        (
            "steps = 110, warmup = 10, schedule = \"trapezoid\"",
            Some(91),
        ),
        ("steps = 100, schedule = \"flat-cosine\"", Some(51)),
        (
            "steps = 100, schedule = { kind = \"trapezoid\", decay = 0.6 }",
            None,
        ),
        ("steps = 100, schedule = \"constant\"", None),
        ("steps = 100, schedule = \"linear\"", None),
        ("steps = 100, schedule = \"cosine\"", None),
        ("steps = 100, schedule = \"coslog\"", None),
        (
            "steps = 100, schedule = \"trapezoid\", decay_schedule = \"linear\"",
            None,
        ),
    ] {
        let plan = alone(&format!("train = {{ {train} }}"));
        assert_eq!(plan.result().training().unwrap().trunk(), steps, "{train}");
    }
    let of = |length: &str, lr: f64| {
        let schedule = format!("train = {{ {length}, lr = {lr}, schedule = \"trapezoid\" }}");
        let plan = alone(&schedule);
        plan.trunk_of(plan.result()).unwrap().0
    };
    assert_eq!(of("steps = 100", 0.01), of("epochs = 7", 0.01));
    assert_ne!(of("steps = 100", 0.01), of("steps = 100", 0.02));
    let anew = "samples = { kind = \"random\", fraction = 0.5, refresh = \"epoch\" }";
    let falls = "train = { steps = 100, schedule = \"trapezoid\" }";
    let grown = with(GROW, "until = 0.4 }", &format!("until = 0.4 }}\n{falls}"));
    let taught = with(&grown, "start = \"small\"\n", "");
    for plan in [
        alone(&format!("{anew}\n{falls}")),
        plan(&grown),
        plan(&taught),
    ] {
        assert_eq!(plan.result().training().unwrap().trunk(), None);
    }
}
