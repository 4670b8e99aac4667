//! The arms of a recipe, and the plans' hashes.

use std::path::Path;

use distil::plan::{Arm, Draft, Plan, Tuning};
use distil::train::Length;
use distil_recipe::RecipeText;
use distil_recipe::recipe::Keep;
use insta::assert_snapshot;

use super::{GROW, dataset, plan, plan_of, with};

fn arm(text: &str, name: &str) -> Plan {
    match plan_of(text, &Arm::named(name)) {
        Ok(plan) => plan,
        Err(problems) => panic!("{problems}"),
    }
}

/// The plan of an arm with some of the settings to tune.
fn tuned(text: &str, arm: &str, settings: &str) -> Plan {
    let text = RecipeText::new("recipe.toml", text);
    let draft = Draft::tuned(&text, Path::new("."), &Arm::named(arm), Some(settings)).unwrap();
    let data = dataset(&draft).unwrap();
    draft.plan(&data).unwrap()
}

fn names(plan: &Plan) -> Vec<String> {
    plan.arms.iter().map(ToString::to_string).collect()
}

/// The plan as it is written, from its stages on.
fn stages(plan: &Plan) -> String {
    let text = plan.to_toml();
    text[text.find("[stage").unwrap()..].to_owned()
}

#[test]
fn plain_trains_the_result_without_start_and_teachers_at_its_declared_settings() {
    let text = format!("{GROW}\n[compare]\nplain = {{ epochs = 20, lr = 0.002 }}\n");
    let plain = arm(&text, "plain-full");
    assert_snapshot!(stages(&plain), @r#"
    [stage.large]
    view = "full"

    [stage.large.model]
    kind = "mlp"
    hidden = [512, 128]
    activation = "relu"
    dropout = 0.0
    norm = "none"

    [stage.large.samples]
    kind = "all"

    [stage.large.train]
    epochs = 20
    batch = 32
    accumulate = 1
    lr = 0.002
    schedule_spans = "stage"
    warmup = 0
    evaluate = 1

    [stage.large.train.optimizer]
    kind = "adam"
    beta1 = 0.9
    beta2 = 0.999
    epsilon = 0.00000001
    weight_decay = 0.0

    [stage.large.train.schedule]
    kind = "constant"

    [stage.large.follows]
    parameters = 100234
    flops_forward = 199168.0
    flops_train = 531968.0
    flops_teach = 0.0
    flops = 12426772480.0
    epoch_samples = 1168
    steps = 740
    schedule_from = 0
    schedule_steps = 740
    "#);
    assert_eq!(
        plan(&text)
            .stage("large")
            .unwrap()
            .training()
            .unwrap()
            .train
            .lr,
        1e-3
    );
}

#[test]
fn plain_never_costs_more_than_the_flow_and_hardly_less() {
    let text = with(
        GROW,
        "until = 0.4 }",
        "until = 0.4 }\ntrain = { epochs = 4, schedule = \"linear\" }",
    );
    let flow = plan(&text);
    for name in ["plain", "smooth"] {
        let plain = plan_of(&text, &Arm::named(name).within(flow.flops())).unwrap();
        let training = plain.result().training().unwrap();
        let step = training.cost.train * training.train.window() as f64;
        assert!(
            plain.flops() <= flow.flops() && plain.flops() > flow.flops() - step,
            "{name}"
        );
        assert_eq!(training.train.length, Length::Steps(training.steps));
        assert_eq!(
            training.span.steps, training.steps,
            "its schedule ends where it ends"
        );
    }
}

#[test]
fn a_budget_below_one_step_buys_one_step() {
    let plain = plan_of(GROW, &Arm::named("plain").within(1.0)).unwrap();
    assert_eq!(plain.result().training().unwrap().steps, 1);
}

#[test]
fn smooth_is_plain_with_smoothed_labels() {
    let toml = arm(GROW, "smooth").to_toml();
    assert!(toml.contains("smoothing = 0.1"), "{toml}");
    assert!(arm(GROW, "plain").to_toml().contains("smoothing = 0.0"));
}

#[test]
fn small_is_the_first_stage_alone_and_annealed() {
    let small = arm(GROW, "small");
    assert_eq!(small.stages.len(), 1);
    assert_snapshot!(stages(&small), @r#"
    [stage.small]
    view = "full"

    [stage.small.model]
    kind = "mlp"
    hidden = [64]
    activation = "relu"
    dropout = 0.0
    norm = "none"

    [stage.small.samples]
    kind = "all"

    [stage.small.train]
    epochs = 10
    batch = 32
    accumulate = 1
    lr = 0.001
    schedule_spans = "stage"
    warmup = 0
    evaluate = 1

    [stage.small.train.optimizer]
    kind = "adam"
    beta1 = 0.9
    beta2 = 0.999
    epsilon = 0.00000001
    weight_decay = 0.0

    [stage.small.train.schedule]
    kind = "linear"

    [stage.small.follows]
    parameters = 4810
    flops_forward = 9472.0
    flops_train = 20224.0
    flops_teach = 0.0
    flops = 236216320.0
    epoch_samples = 1168
    steps = 370
    schedule_from = 0
    schedule_steps = 370
    "#);
    let text = with(
        GROW,
        "hidden = [64] }",
        "hidden = [64] }\ntrain = { schedule = \"cosine\" }",
    );
    assert!(
        stages(&arm(&text, "small")).contains("cosine"),
        "a schedule that ends at zero stays"
    );
}

#[test]
fn the_arms_by_default_are_flow_small_plain_and_the_recipes_own() {
    let own = format!("{GROW}\n[compare.arm.shrunk]\nstage.large.start.shrink = 0.6\n");
    assert_eq!(names(&plan(&own)), ["flow", "small", "plain", "shrunk"]);
    let chosen = format!("{GROW}\n[compare]\narms = [\"plain-full\", \"smooth\"]\n");
    assert_eq!(
        names(&plan(&chosen)),
        ["flow", "small", "plain-full", "smooth"]
    );
    let alone = "task = \"classification\"\ndata = \"digits\"\n[stage.only]\nmodel = \"mlp\"\n";
    assert_eq!(names(&plan(alone)), ["flow"]);
}

#[test]
fn a_small_stage_that_is_larger_than_the_result_is_no_small_arm() {
    let text = with(GROW, "start = \"small\"\n", "");
    let text = with(&text, "[512, 128]", "[16]");
    assert_eq!(names(&plan(&text)), ["flow", "alone", "plain"]);
}

/// A large network and five small ones; the student learns from `from`.
fn taught(from: &str) -> String {
    let fifth = |n: usize| format!("[stage.t{n}]\nmodel = {{ kind = \"mlp\", hidden = [16] }}\n");
    let small: String = (1..=5).map(fifth).collect();
    format!(
        "task = \"classification\"\ndata = \"digits\"\nresult = \"student\"\n[stage.big]\nmodel = {{ kind = \"mlp\", hidden = [64] }}\n{small}\
         [stage.student]\nmodel = {{ kind = \"mlp\", hidden = [32] }}\nlearn = {{ from = {from}, method = \"kd\", mix = 0.9 }}\ntrain = {{ epochs = 7, lr = 0.016 }}\n\
         [compare]\nplain = {{ epochs = 20 }}\n"
    )
}

#[test]
fn the_student_runs_alone_where_its_teachers_together_cost_more_than_itself() {
    for (from, alone) in [
        ("\"big\"", true),
        ("\"t1\"", false),
        ("[\"t1\", \"t2\", \"t3\"]", true),
    ] {
        let plan = plan(&taught(from));
        assert_eq!(names(&plan).contains(&"alone".to_string()), alone, "{from}");
        assert_eq!(!plan.costlier_teachers().is_empty(), alone, "{from}");
    }
    // A network that starts from a smaller one, or learns from it, has `small` for that.
    assert!(!names(&plan(GROW)).contains(&"alone".to_string()));
}

#[test]
fn alone_is_the_result_with_its_own_training_and_the_flow_is_the_same_plan_as_before() {
    let text = taught("\"big\"");
    let alone = arm(&text, "alone");
    assert_eq!(alone.stages.len(), 1);
    let training = alone.result().training().unwrap();
    assert!(training.learn.is_empty() && training.start.is_none());
    assert_eq!(training.train.lr, 0.016);
    assert_eq!(
        training.train.length,
        Length::Epochs(7),
        "not plain's budget"
    );
    assert_eq!(training.train.patience, None);
}

#[test]
fn a_control_that_trains_for_much_longer_than_it_declares_keeps_its_best_weights() {
    let patience = |text: &str, flops: f64| {
        let plain = plan_of(text, &Arm::named("plain").within(flops)).unwrap();
        let training = plain.result().training().unwrap();
        (training.train.patience, training.steps)
    };
    let text = taught("\"big\"");
    let declared = arm(&text, "plain-full").flops();
    assert_eq!(patience(&text, 1.9 * declared).0, None);
    let (patience, steps) = patience(&text, 3.0 * declared);
    assert_eq!(
        patience,
        Some(steps),
        "as many evaluations never come, so it stops no sooner"
    );
    let text = format!("{text}\n[train]\nkeep = \"best\"\n");
    let plain = plan_of(&text, &Arm::named("plain").within(3.0 * declared)).unwrap();
    let train = &plain.result().training().unwrap().train;
    assert_eq!((train.keep, train.patience), (Keep::Best, None));
}

#[test]
fn an_own_arm_changes_the_recipe_and_leaves_out_what_it_no_longer_reaches() {
    let text = format!(
        "{GROW}\n[stage.aside]\nmodel = \"mlp\"\n\n[compare.arm.shrunk]\nstage.large.start.shrink = 0.6\n"
    );
    let text = format!("result = \"large\"\n{text}");
    assert_eq!(plan(&text).stages.len(), 3);
    let shrunk = arm(&text, "shrunk");
    assert_eq!(shrunk.stages.len(), 2);
    assert_eq!(
        shrunk
            .result()
            .training()
            .unwrap()
            .start
            .as_ref()
            .unwrap()
            .rule
            .shrink,
        0.6
    );
}

#[test]
fn a_swept_value_is_an_arm_named_after_it() {
    let swept = arm(GROW, "stage.large.train.lr=3e-4");
    assert_eq!(swept.result().training().unwrap().train.lr, 3e-4);
    assert_eq!(swept.arm.to_string(), "stage.large.train.lr=3e-4");
}

#[test]
fn a_point_of_the_curve_is_plain_in_a_share_of_its_declared_budget() {
    let text = format!("{GROW}\n[compare]\nplain = {{ epochs = 20, schedule = \"linear\" }}\n");
    let steps = |name: &str| arm(&text, name).result().training().unwrap().steps;
    assert_eq!(steps("plain-25") * 4, steps("plain-full"));
    assert_eq!(steps("plain-75") * 4, steps("plain-full") * 3);
    let quarter = arm(&text, "plain-25");
    let training = quarter.result().training().unwrap();
    assert_eq!(
        training.span.steps, training.steps,
        "its schedule ends with it"
    );
    assert_eq!(quarter.arm.to_string(), "plain-25");
    assert_eq!(Arm::named("plain-100"), Arm::Own("plain-100".into()));
}

/// What a recipe's arms choose from, at most, and as it is written.
fn lists(tune: &str) -> (Tuning, Vec<String>) {
    let text = format!("{GROW}\n[compare]\ntune = {{ {tune} }}\n");
    let tuning = plan(&text).tuning.expect("settings to tune");
    let names = tuning.names(&tuning.widest());
    (tuning, names)
}

#[test]
fn a_list_of_positive_numbers_can_have_three_more_values_beyond_either_end() {
    let beyond = |tune: &str| -> String {
        let (tuning, names) = lists(tune);
        assert_eq!(names[..tuning.candidates.len()], tuning.candidates);
        names[tuning.candidates.len()..].join(" ")
    };
    assert_eq!(
        beyond("lr = [4e-3, 1e-3, 2e-3]"),
        "lr=0.0005 lr=0.00025 lr=0.000125 lr=0.008 lr=0.016 lr=0.032"
    );
    // Each end by its own step; numbers of four digits.
    assert_eq!(
        beyond("lr = [1e-3, 3e-3, 6e-3], widen = 1"),
        "lr=0.0003333 lr=0.012"
    );
    assert_eq!(
        beyond("batch = [32, 16]"),
        "batch=8 batch=4 batch=2 batch=64 batch=128 batch=256"
    );
    assert_eq!(
        beyond("batch = [2, 4]"),
        "batch=1 batch=8 batch=16 batch=32"
    );
    assert_eq!(
        beyond("average = [0.5, 0.8]"),
        "average=0.3125 average=0.1953 average=0.1221",
        "1.28 is none"
    );
    for fixed in [
        "warmup = [0, 20]",
        "schedule = [\"linear\", \"cosine\"]",
        "lr = [1e-3, 2e-3], widen = 0",
    ] {
        assert_eq!(beyond(fixed), "");
    }
}

#[test]
fn lists_are_widened_where_a_choice_lies_at_an_end_and_it_is_said_where_it_stays_there() {
    let (tuning, _) = lists("lr = [1e-3, 2e-3], warmup = [0, 20]");
    let chosen = |lr: &str| vec![format!("lr={lr},warmup=0")];
    let mut width = tuning.written();
    for _ in 0..5 {
        width = tuning.wider(&width, &chosen("0.001"));
    }
    let names = tuning.names(&width).join(" ");
    assert_eq!(
        names,
        "lr=0.001,warmup=0 lr=0.001,warmup=20 lr=0.002,warmup=0 lr=0.002,warmup=20 lr=0.0005,warmup=0 lr=0.0005,warmup=20"
    );
    assert!(!tuning.is_at_an_end(&width, &chosen("0.001")[0]));
    assert!(tuning.is_at_an_end(&width, &chosen("0.0005")[0]));
    // Two arms at two ends; one list for both.
    let both = tuning.wider(
        &tuning.written(),
        &[chosen("0.001"), chosen("0.002")].concat(),
    );
    assert_eq!(tuning.names(&both).len(), 8);
    // Nothing lies beyond one sample a batch.
    let (tuning, _) = lists("batch = [1, 2]");
    assert!(!tuning.is_at_an_end(&tuning.written(), "batch=1"));
    assert!(tuning.is_at_an_end(&tuning.written(), "batch=2"));
    let (tuning, _) = lists("lr = [1e-3, 2e-3, 4e-3], widen = 0");
    assert!(tuning.is_at_an_end(&tuning.written(), "lr=0.004"));
    assert!(!tuning.is_at_an_end(&tuning.written(), "lr=0.002"));
}

#[test]
fn every_arm_tunes_the_training_of_its_own_result() {
    let text = format!("{GROW}\n[compare]\ntune = {{ lr = [1e-3, 3e-4], warmup = [0, 20] }}\n");
    let tuning = plan(&text).tuning.expect("settings to tune");
    assert_eq!(
        tuning.candidates,
        [
            "lr=0.001,warmup=0",
            "lr=0.001,warmup=20",
            "lr=0.0003,warmup=0",
            "lr=0.0003,warmup=20"
        ]
    );
    assert_eq!(tuning.choosers(5, 1, 6), [5], "each seed for itself");
    let shared = text.replace("warmup = [0, 20] }", "warmup = [0, 20], seeds = 2 }");
    let shared = plan(&shared).tuning.unwrap();
    assert_eq!(shared.choosers(5, 1, 6), [1, 2]);
    assert_eq!(shared.choosers(4, 4, 1), [4]);
    for (name, result) in [("flow", "large"), ("plain", "large"), ("small", "small")] {
        let plan = tuned(&text, name, "lr=0.0003,warmup=20");
        assert_eq!(plan.result().name, result);
        assert_eq!(plan.result().training().unwrap().train.lr, 3e-4);
        let others = plan.stages.iter().filter(|stage| stage.name != result);
        let rates: Vec<f64> = others
            .map(|stage| stage.training().unwrap().train.lr)
            .collect();
        assert!(rates.iter().all(|lr| *lr == 1e-3), "{name}: {rates:?}");
    }
}

#[test]
fn recipes_that_train_the_same_have_the_same_hash() {
    let written = with(
        GROW,
        "start = \"small\"",
        "start = { from = \"small\", width = { kind = \"new\" }, shrink = 1 }",
    );
    let written = with(
        &written,
        "from = \"small\", until = 0.4",
        "until = 0.4, mix = 0.5, temperature = 4.0, method = \"kd\", from = [\"small\"]",
    );
    let written = with(
        &written,
        "hidden = [64] }",
        "activation = \"relu\", hidden = [64] }\ntrain = { batch = 32, optimizer = { kind = \"adam\", beta1 = 0.9 }, lr = 1e-3 }",
    );
    let written = format!(
        "name = \"other\"\n{written}\n[run]\nseed = 7\nthreads = 1\n\n[compare]\nplain = {{ epochs = 20 }}\n"
    );
    assert_eq!(plan(GROW).hash(), plan(&written).hash());
    assert_eq!(plan(GROW).hash(), plan(GROW).hash());
}

#[test]
fn the_unit_of_a_target_is_known_to_the_plan_and_changes_no_hash() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prices.csv");
    let rows: String = (0..60).map(|n| format!("{n},{}\n", 3 * n)).collect();
    std::fs::write(&path, format!("rooms,price\n{rows}")).unwrap();
    let priced = |task: &str| {
        plan(&format!(
            "task = {task}\ndata = {{ source = \"csv\", path = {path:?}, target = \"price\" }}\n[stage.one]\nmodel = \"mlp\"\n"
        ))
    };
    let (bare, dollars) = (
        priced("\"regression\""),
        priced("{ kind = \"regression\", unit = \"$\" }"),
    );
    assert_eq!([bare.task.unit(), dollars.task.unit()], [None, Some("$")]);
    assert_eq!(bare.hash(), dollars.hash());
}

#[test]
fn a_change_to_what_is_trained_changes_the_hash() {
    let changes = [
        (
            "\"digits\"",
            "{ source = \"digits\", scale = \"standard\" }",
        ),
        (
            "\"digits\"",
            "{ source = \"digits\", split = { seed = 1 } }",
        ),
        (
            "\"classification\"",
            "{ kind = \"classification\", smoothing = 0.1 }",
        ),
        ("hidden = [64]", "hidden = [63]"),
        ("until = 0.4", "until = 0.5"),
        ("until = 0.4", "until = 0.4, temperature = 3"),
        (
            "start = \"small\"",
            "start = { from = \"small\", shrink = 0.6 }",
        ),
        (
            "start = \"small\"",
            "start = { from = \"small\", new = { lr = 2 } }",
        ),
        ("until = 0.4 }", "until = 0.4 }\ntrain = { lr = 2e-3 }"),
        (
            "until = 0.4 }",
            "until = 0.4 }\ntrain = { optimizer = { kind = \"adamw\" } }",
        ),
        (
            "until = 0.4 }",
            "until = 0.4 }\ntrain = { schedule = \"linear\" }",
        ),
        (
            "until = 0.4 }",
            "until = 0.4 }\n[train]\nschedule = \"constant\"\nwarmup = 3",
        ),
        ("until = 0.4 }", "until = 0.4 }\nsamples = \"infobatch\""),
    ];
    let mut hashes = vec![plan(GROW).hash()];
    for (old, new) in changes {
        let hash = plan(&with(GROW, old, new)).hash();
        assert!(!hashes.contains(&hash), "{new}");
        hashes.push(hash);
    }
}
