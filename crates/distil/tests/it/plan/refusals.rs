//! What people read when a recipe cannot become a plan, word for word.

use distil::plan::Arm;
use insta::assert_snapshot;

use super::{GROW, plan_of, problems, with};

#[test]
fn a_name_that_does_not_exist_and_a_part_that_is_missing_are_reported_together() {
    assert_snapshot!(problems("task = \"clasification\"\n[stage.a]\nmodel = \"mpl\"\n"), @r#"
    error: `data` is missing
     --> recipe.toml:1:1
      |
    1 | task = "clasification"
      | ^
      |
      = help: write for instance: data = "digits"

    error: there is no task `clasification`
     --> recipe.toml:1:8
      |
    1 | task = "clasification"
      |        ^^^^^^^^^^^^^^^
      |
      = note: the task is one of classification, multi-label, regression
      = help: did you mean `classification`?

    error: there is no model `mpl`
     --> recipe.toml:3:9
      |
    3 | model = "mpl"
      |         ^^^^^
      |
      = note: the model is one of mlp, cnn, resnet, mobilenet, realmlp, dscnn
      = help: did you mean `mlp`?
    "#);
}

#[test]
fn a_mistyped_method_is_reported_with_the_method_that_was_meant() {
    let text = with(
        GROW,
        "from = \"small\", until",
        "from = \"small\", method = \"dk\", until",
    );
    assert_snapshot!(problems(&text), @r#"
    error: there is no method `dk`
      --> recipe.toml:10:36
       |
    10 | learn = { from = "small", method = "dk", until = 0.4 }
       |                                    ^^^^
       |
       = note: the method is one of kd, soft-ce, logits, dkd, smooth, bce, mse, bounded, fitnet
       = help: did you mean `kd`?
    "#);
}

#[test]
fn an_option_the_method_does_not_have_is_reported() {
    let text = with(GROW, "until = 0.4", "temprature = 4");
    assert_snapshot!(problems(&text), @r#"
    error: unknown key `temprature`
      --> recipe.toml:10:27
       |
    10 | learn = { from = "small", temprature = 4 }
       |                           ^^^^^^^^^^
       |
       = note: the keys here are temperature
       = help: did you mean `temperature`?
    "#);
}

#[test]
fn an_option_of_the_wrong_type_is_reported() {
    let text = with(GROW, "hidden = [64]", "hidden = 64");
    assert_snapshot!(problems(&text), @r#"
    error: `hidden` must be an array, not 64
     --> recipe.toml:5:34
      |
    5 | model = { kind = "mlp", hidden = 64 }
      |                                  ^^
    "#);
}

#[test]
fn a_model_that_cannot_be_is_reported() {
    let text = with(GROW, "hidden = [64]", "hidden = [64, 0]");
    assert_snapshot!(problems(&text), @r#"
    error: a hidden layer needs at least one unit
     --> recipe.toml:5:9
      |
    5 | model = { kind = "mlp", hidden = [64, 0] }
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn an_optimiser_out_of_range_is_reported() {
    let text = with(
        GROW,
        "hidden = [64] }",
        "hidden = [64] }\ntrain = { optimizer = { kind = \"adam\", beta1 = 1.0 } }",
    );
    assert_snapshot!(problems(&text), @r#"
    error: `beta1` must be at least 0 and below 1
     --> recipe.toml:6:23
      |
    6 | train = { optimizer = { kind = "adam", beta1 = 1.0 } }
      |                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn a_method_on_features_takes_no_share_of_the_label_loss() {
    let text = with(
        GROW,
        "until = 0.4",
        "method = \"fitnet\", mix = 0.5, layers = { \"hidden.0\" = \"hidden.0\" }",
    );
    assert_snapshot!(problems(&text), @r#"
    error: `fitnet` compares features, it cannot replace a share of the label loss
      --> recipe.toml:10:52
       |
    10 | learn = { from = "small", method = "fitnet", mix = 0.5, layers = { "hidden.0" = "hidden.0" } }
       |                                                    ^^^
       |
       = note: a method on features is an extra term: it takes `add`, not `mix`
       = help: write for instance: add = 100
    "#);
}

#[test]
fn a_method_on_features_is_given_a_coefficient() {
    let text = with(
        GROW,
        "until = 0.4",
        "method = \"fitnet\", layers = { \"hidden.0\" = \"hidden.0\" }",
    );
    assert_snapshot!(problems(&text), @r#"
    error: `fitnet` compares features, and its coefficient is not given
      --> recipe.toml:10:9
       |
    10 | learn = { from = "small", method = "fitnet", layers = { "hidden.0" = "hidden.0" } }
       |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = note: a method on features is an extra term: it takes `add`, not `mix`
       = help: write for instance: add = 100
    "#);
}

#[test]
fn a_tap_that_is_not_there_is_reported_with_those_that_are() {
    let text = with(
        GROW,
        "until = 0.4",
        "method = \"fitnet\", add = 100, layers = { \"hidden.2\" = \"hidden.0\" }",
    );
    assert_snapshot!(problems(&text), @r#"
    error: the student has no tap `hidden.2`
      --> recipe.toml:10:9
       |
    10 | learn = { from = "small", method = "fitnet", add = 100, layers = { "hidden.2" = "hidden.0" } }
       |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: its taps are hidden.0, hidden.1
    "#);
}

#[test]
fn a_method_that_needs_a_teacher_names_one() {
    let text = with(GROW, "from = \"small\", until = 0.4", "method = \"kd\"");
    assert_snapshot!(problems(&text), @r#"
    error: method `kd` learns from a teacher, and none is named
      --> recipe.toml:10:9
       |
    10 | learn = { method = "kd" }
       |         ^^^^^^^^^^^^^^^^^
       |
       = help: add `from`
    "#);
}

#[test]
fn mutual_learning_is_not_there_yet() {
    let text = with(
        GROW,
        "hidden = [64] }",
        "hidden = [64] }\nlearn = \"large\"",
    );
    assert_snapshot!(problems(&text), @r#"
    error: not yet: mutual learning (stages `small` and `large` learn from each other)
     --> recipe.toml:6:9
      |
    6 | learn = "large"
      |         ^^^^^^^
      |
      = note: a stage learns from stages that are trained before it
      = help: remove one of the edges
    "#);
}

#[test]
fn a_mean_teacher_is_not_there_yet() {
    let text = with(
        GROW,
        "from = \"small\", until = 0.4 }",
        "from = \"large\" }\ntrain = { average = 0.99 }",
    );
    assert_snapshot!(problems(&text), @r#"
    error: not yet: a mean teacher (stage `large` learns from its own average)
      --> recipe.toml:10:18
       |
    10 | learn = { from = "large" }
       |                  ^^^^^^^
       |
       = note: a stage learns from stages that are trained before it
       = help: name another stage in `from`

    error: not yet: mutual learning (stages `large` learn from each other)
      --> recipe.toml:10:18
       |
    10 | learn = { from = "large" }
       |                  ^^^^^^^
       |
       = note: a stage learns from stages that are trained before it
       = help: remove one of the edges
    "#);
}

#[test]
fn a_stage_cannot_learn_from_itself() {
    let text = with(GROW, "from = \"small\", until", "from = \"large\", until");
    assert_snapshot!(problems(&text), @r#"
    error: stage `large` learns from itself
      --> recipe.toml:10:18
       |
    10 | learn = { from = "large", until = 0.4 }
       |                  ^^^^^^^
       |
       = note: a stage learns from stages that are trained before it
       = help: name another stage in `from`

    error: not yet: mutual learning (stages `large` learn from each other)
      --> recipe.toml:10:18
       |
    10 | learn = { from = "large", until = 0.4 }
       |                  ^^^^^^^
       |
       = note: a stage learns from stages that are trained before it
       = help: remove one of the edges
    "#);
}

#[test]
fn stages_cannot_start_from_each_other() {
    let text = with(
        GROW,
        "hidden = [64] }",
        "hidden = [64] }\nstart = \"large\"",
    );
    let text = with(&text, "learn = { from = \"small\", until = 0.4 }\n", "");
    assert_snapshot!(problems(&text), @r#"
    error: stages `small` and `large` start from each other
     --> recipe.toml:6:9
      |
    6 | start = "large"
      |         ^^^^^^^
      |
      = note: a stage starts from one that is trained before it
      = help: remove one `start`
    "#);
}

#[test]
fn a_stage_cannot_start_from_itself() {
    let text = with(GROW, "start = \"small\"", "start = \"large\"");
    assert_snapshot!(problems(&text), @r#"
    error: stage `large` starts from itself
     --> recipe.toml:9:9
      |
    9 | start = "large"
      |         ^^^^^^^
      |
      = note: `start` names another stage

    error: stages `large` start from each other
     --> recipe.toml:9:9
      |
    9 | start = "large"
      |         ^^^^^^^
      |
      = note: a stage starts from one that is trained before it
      = help: remove one `start`
    "#);
}

#[test]
fn like_cannot_lead_in_a_circle() {
    let text = with(
        GROW,
        "model = { kind = \"mlp\", hidden = [64] }",
        "like = \"large\"",
    );
    let text = with(
        &text,
        "model = { kind = \"mlp\", hidden = [512, 128] }",
        "like = \"small\"",
    );
    assert_snapshot!(problems(&text), @r#"
    error: `like` leads in a circle: large, small
     --> recipe.toml:5:8
      |
    5 | like = "large"
      |        ^^^^^^^
      |
      = note: `like` names a stage that says what it is itself
      = help: give one of them a `model` and remove its `like`

    error: `like` leads in a circle: small, large
     --> recipe.toml:8:8
      |
    8 | like = "small"
      |        ^^^^^^^
      |
      = note: `like` names a stage that says what it is itself
      = help: give one of them a `model` and remove its `like`
    "#);
}

#[test]
fn two_results_are_told_apart_by_the_reader() {
    let text = with(
        GROW,
        "start = \"small\"\nlearn = { from = \"small\", until = 0.4 }",
        "",
    );
    assert_snapshot!(problems(&text), @r#"
    error: no stage starts or learns from small, large: which one is the result?
     --> recipe.toml:7:8
      |
    7 | [stage.large]
      |        ^^^^^
      |
      = note: the result is the one stage nobody starts or learns from
      = help: if it shall go on from `small`, write in [stage.large]: start = "small" (or learn = "small"); else at the top: result = "large"
    "#);
}

#[test]
fn onnx_is_not_there_yet() {
    let text = with(
        GROW,
        "{ kind = \"mlp\", hidden = [64] }",
        "{ file = \"teacher.onnx\", classes = \"labels.txt\" }",
    );
    assert_snapshot!(problems(&text), @r#"
    error: not yet: ONNX models
     --> recipe.toml:5:18
      |
    5 | model = { file = "teacher.onnx", classes = "labels.txt" }
      |                  ^^^^^^^^^^^^^^
      |
      = note: a given model is the `model` folder of a run
      = help: train the model with Distil, or name another run's model/

    error: a model folder holds the names of its classes
     --> recipe.toml:5:44
      |
    5 | model = { file = "teacher.onnx", classes = "labels.txt" }
      |                                            ^^^^^^^^^^^^
      |
      = note: a given model is used as it is
      = help: remove `classes`
    "#);
}

#[test]
fn a_given_model_that_is_not_there_is_reported() {
    let text = with(
        GROW,
        "{ kind = \"mlp\", hidden = [64] }",
        "{ file = \"runs/none/model\" }",
    );
    assert_snapshot!(problems(&text), @r#"
    error: ./runs/none/model: is no model folder: it has no model.json
     --> recipe.toml:5:18
      |
    5 | model = { file = "runs/none/model" }
      |                  ^^^^^^^^^^^^^^^^^
      |
      = help: name the `model` folder of a run, for example runs/digits-0001/model
    "#);
}

#[test]
fn a_given_model_is_not_trained() {
    let text = with(
        GROW,
        "{ kind = \"mlp\", hidden = [64] }",
        "{ file = \"runs/none/model\" }\nlearn = \"large\"\ntrain = {}",
    );
    assert_snapshot!(problems(&text), @r#"
    error: ./runs/none/model: is no model folder: it has no model.json
     --> recipe.toml:5:18
      |
    5 | model = { file = "runs/none/model" }
      |                  ^^^^^^^^^^^^^^^^^
      |
      = help: name the `model` folder of a run, for example runs/digits-0001/model

    error: not yet: mutual learning (stages `small` and `large` learn from each other)
     --> recipe.toml:6:9
      |
    6 | learn = "large"
      |         ^^^^^^^
      |
      = note: a stage learns from stages that are trained before it
      = help: remove one of the edges

    error: stage `small` is a given model, it learns nothing
     --> recipe.toml:6:9
      |
    6 | learn = "large"
      |         ^^^^^^^
      |
      = note: a given model is used as it is
      = help: remove `learn`, or name a family in `model` instead of a file

    error: stage `small` is a given model, it is not trained
     --> recipe.toml:7:9
      |
    7 | train = {}
      |         ^^
      |
      = note: a given model is used as it is
      = help: remove `train` here, and train another stage with start = "…" from it
    "#);
}

#[test]
fn growth_does_not_remove_units() {
    let text = with(GROW, "[512, 128]", "[32, 128]");
    assert_snapshot!(problems(&text), @r#"
    error: growth does not remove units: `hidden.0` has 32 in the large model and has to carry 64
     --> recipe.toml:9:9
      |
    9 | start = "small"
      |         ^^^^^^^
      |
      = note: `large` must be able to hold all of `small`
      = help: give it at least 64
    "#);
}

#[test]
fn depth_by_identity_needs_relu() {
    let text = with(
        GROW.replace("[64]", "[64], activation = \"gelu\"").as_str(),
        "[512, 128]",
        "[512, 128], activation = \"gelu\"",
    );
    assert_snapshot!(problems(&text), @r#"
    error: a layer inserted as an identity hands on what it reads for `relu` only: gelu(gelu(x)) is not gelu(x)
     --> recipe.toml:9:9
      |
    9 | start = "small"
      |         ^^^^^^^
      |
      = note: `large` must be able to hold all of `small`
      = help: use `relu`, or give the large model 1 hidden layer like the small one
    "#);
}

#[test]
fn noise_without_copies_is_reported() {
    let text = with(
        GROW,
        "start = \"small\"",
        "start = { from = \"small\", noise = 0.1 }",
    );
    assert_snapshot!(problems(&text), @r#"
    error: noise tells copies apart, and this width rule makes none
     --> recipe.toml:9:18
      |
    9 | start = { from = "small", noise = 0.1 }
      |                  ^^^^^^^
      |
      = note: `large` must be able to hold all of `small`
      = help: drop `noise`, or choose `width = "copy"`
    "#);
}

#[test]
fn a_stage_grows_from_one_whose_view_follows_from_its_own() {
    let text = with(
        GROW,
        "hidden = [512, 128] }",
        "hidden = [512, 128] }\nview = { first = 60 }",
    );
    assert_snapshot!(problems(&text), @r#"
    error: `small` sees what cannot be computed from what `large` sees
      --> recipe.toml:10:9
       |
    10 | start = "small"
       |         ^^^^^^^
       |
       = note: a stage grows from one whose view is a linear map of its own
       = help: remove the view of `large`, or give both the same
    "#);
}

#[test]
fn a_view_that_does_not_fit_the_data_is_reported() {
    let text = with(
        GROW,
        "hidden = [64] }",
        "hidden = [64] }\nview = { pool = [3, 3] }",
    );
    assert_snapshot!(problems(&text), @r"
    error: 3 does not fit into the axis of length 8 of shape [8, 8] a whole number of times
     --> recipe.toml:6:8
      |
    6 | view = { pool = [3, 3] }
      |        ^^^^^^^^^^^^^^^^^
      |
      = help: `distil check --data` shows the shape of a sample
    ");
}

#[test]
fn a_group_that_is_not_there_is_reported() {
    let text = with(
        GROW,
        "data = \"digits\"",
        "data = { source = \"digits\", split = { group = \"writer\" } }",
    );
    assert_snapshot!(problems(&text), @r#"
    error: there is no group `writer`
     --> recipe.toml:2:47
      |
    2 | data = { source = "digits", split = { group = "writer" } }
      |                                               ^^^^^^^^
      |
      = help: this data has no groups; a table names its own with `groups = ["column"]`
    "#);
}

#[test]
fn an_official_split_that_is_not_there_is_reported() {
    let text = with(
        GROW,
        "data = \"digits\"",
        "data = { source = \"digits\", split = \"official\" }",
    );
    assert_snapshot!(problems(&text), @r#"
    error: this data has no official split
     --> recipe.toml:2:37
      |
    2 | data = { source = "digits", split = "official" }
      |                                     ^^^^^^^^^^
      |
      = help: name shares instead, for example `split = { test = 0.2, validation = 0.1 }`
    "#);
}

#[test]
fn class_weights_are_as_many_as_classes() {
    let text = with(
        GROW,
        "task = \"classification\"",
        "task = { kind = \"classification\", class_weights = [1, 2, 1] }",
    );
    assert_snapshot!(problems(&text), @r#"
    error: `class_weights` has 3 numbers, and the data 10 classes
     --> recipe.toml:1:8
      |
    1 | task = { kind = "classification", class_weights = [1, 2, 1] }
      |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: give one number per class
    "#);
}

#[test]
fn a_task_the_source_has_no_targets_for_is_reported() {
    let text = with(GROW, "\"classification\"", "\"regression\"");
    assert_snapshot!(problems(&text), @r#"
    error: `digits` has classes, no values and no labels
     --> recipe.toml:1:8
      |
    1 | task = "regression"
      |        ^^^^^^^^^^^^
      |
      = help: use `task = "classification"`
    "#);
}

#[test]
fn a_samples_policy_that_does_not_fit_the_task_is_reported() {
    let text = with(
        GROW.replace("\"classification\"", "\"regression\"")
            .as_str(),
        "hidden = [64] }",
        "hidden = [64] }\nsamples = { kind = \"stratified\", fraction = 0.25 }",
    );
    assert_snapshot!(problems(&text), @r#"
    error: `stratified` needs classes
     --> recipe.toml:6:11
      |
    6 | samples = { kind = "stratified", fraction = 0.25 }
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: use `random` here
    "#);
}

#[test]
fn a_file_of_samples_that_is_not_there_is_reported() {
    let text = with(
        GROW,
        "hidden = [64] }",
        "hidden = [64] }\nsamples = { kind = \"ids\", file = \"none.txt\" }",
    );
    assert_snapshot!(problems(&text), @r#"
    error: there is no such file or folder
     --> recipe.toml:6:11
      |
    6 | samples = { kind = "ids", file = "none.txt" }
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: check the path; a relative path starts at the current folder
    "#);
}

#[test]
fn a_warm_up_belongs_to_the_table_of_its_schedule() {
    let text = with(
        GROW,
        "until = 0.4 }",
        "until = 0.4 }\ntrain = { warmup = 50 }\n\n[train]\nschedule = \"linear\"",
    );
    assert_snapshot!(problems(&text), @r"
    error: this stage's schedule is the recipe's, and it warms up where that begins
      --> recipe.toml:11:20
       |
    11 | train = { warmup = 50 }
       |                    ^^
       |
       = note: a schedule and its warm-up span the table they are written in
       = help: give the stage a `schedule` of its own, or slow new units with start = { new = { warmup = … } }
    ");
}

#[test]
fn an_arm_that_is_not_there_is_reported_with_the_one_that_was_meant() {
    let text = with(
        GROW,
        "until = 0.4 }",
        "until = 0.4 }\n\n[compare]\narms = [\"plain\", \"smoth\"]",
    );
    assert_snapshot!(problems(&text), @r#"
    error: there is no arm `smoth`
      --> recipe.toml:13:18
       |
    13 | arms = ["plain", "smoth"]
       |                  ^^^^^^^
       |
       = note: the arms are flow, plain, plain-full, smooth, small, alone, transferred
       = help: did you mean `smooth`?
    "#);
}

#[test]
fn an_own_arm_has_a_name_of_its_own() {
    let text = with(
        GROW,
        "until = 0.4 }",
        "until = 0.4 }\n\n[compare.arm.plain]\nstage.large.start.shrink = 0.6",
    );
    assert_snapshot!(problems(&text), @r"
    error: there is an arm `plain` already
      --> recipe.toml:12:14
       |
    12 | [compare.arm.plain]
       |              ^^^^^
       |
       = note: an own arm has a name that is none of flow, plain, plain-full, smooth, small, alone, transferred, proxy, plain-halved
    ");
}

#[test]
fn smoothing_is_for_classification() {
    let text = with(
        GROW.replace("\"classification\"", "\"regression\"")
            .as_str(),
        "until = 0.4 }",
        "until = 0.4 }\n\n[compare]\narms = [\"smooth\"]",
    );
    assert_snapshot!(problems(&text), @r#"
    error: `smooth` smooths labels, and the task is regression
      --> recipe.toml:13:9
       |
    13 | arms = ["smooth"]
       |         ^^^^^^^^
       |
       = note: the arm `smooth` is for classification
       = help: remove it; `plain` is a control for every task
    "#);
}

#[test]
fn what_cannot_be_tuned_is_refused_with_its_place() {
    let tune = |table: &str| {
        let compare = format!("until = 0.4 }}\n\n[compare]\ntune = {table}");
        problems(&with(GROW, "until = 0.4 }", &compare))
    };
    assert_snapshot!(tune("{ lr = 1e-3 }"), @r"
    error: `lr` is no list of values to try
      --> recipe.toml:13:15
       |
    13 | tune = { lr = 1e-3 }
       |               ^^^^
       |
       = note: each setting to tune has a list of numbers or words
       = help: write for instance: lr = [1e-3, 2e-3]
    ");
    assert_snapshot!(tune("{ lr = [1e-3] }"), @r"
    error: there is nothing to choose from
      --> recipe.toml:13:8
       |
    13 | tune = { lr = [1e-3] }
       |        ^^^^^^^^^^^^^^^
       |
       = note: `tune` names settings of `train`, each with the values to try
       = help: write for instance: tune = { lr = [1e-3, 2e-3, 4e-3] }
    ");
    assert_snapshot!(tune("{ lr = [1e-3, 2e-3], seeds = 0 }"), @r"
    error: nobody can choose over 0 seeds
      --> recipe.toml:13:37
       |
    13 | tune = { lr = [1e-3, 2e-3], seeds = 0 }
       |                                     ^
       |
       = note: `seeds` is 1 or more
    ");
    assert_snapshot!(tune("{ rate = [1e-3, 2e-3] }"), @r"
    error: unknown key `rate`
      --> recipe.toml:13:10
       |
    13 | tune = { rate = [1e-3, 2e-3] }
       |          ^^^^
       |
       = note: the keys here are epochs, steps, batch, optimizer, lr, param, base, schedule, warmup, decay_schedule, clip, accumulate, average, keep, patience, evaluate, settings
    ");
    assert_snapshot!(tune("{ epochs = [5, 10] }"), @r"
    error: the length of a training is no setting to tune
      --> recipe.toml:13:20
       |
    13 | tune = { epochs = [5, 10] }
       |                    ^
       |
       = note: it is the budget: arms are compared at the same one
       = help: `--curve` shows plain training at several budgets

    error: the length of a training is no setting to tune
      --> recipe.toml:13:23
       |
    13 | tune = { epochs = [5, 10] }
       |                       ^^
       |
       = note: it is the budget: arms are compared at the same one
       = help: `--curve` shows plain training at several budgets
    ");
}

#[test]
fn every_problem_is_reported_at_once_in_the_order_of_the_text() {
    let text = with(GROW, "\"digits\"", "\"digit\"");
    let text = with(&text, "hidden = [64]", "hiden = [64]");
    let text = with(
        &text,
        "start = \"small\"",
        "start = { from = \"small\", width = \"wide\" }",
    );
    let text = with(&text, "until = 0.4", "mix = 1.5");
    assert_snapshot!(problems(&text), @r#"
    error: there is no source `digit`
     --> recipe.toml:2:8
      |
    2 | data = "digit"
      |        ^^^^^^^
      |
      = note: the source is one of digits, gaussian, csv, npy, fsdd, sound-folder, idx, image-folder, parquet, cifar-binary
      = help: did you mean `digits`?

    error: unknown key `hiden`
     --> recipe.toml:5:25
      |
    5 | model = { kind = "mlp", hiden = [64] }
      |                         ^^^^^
      |
      = note: the keys here are hidden, activation, dropout, norm
      = help: did you mean `hidden`?

    error: there is no width rule `wide`
     --> recipe.toml:9:35
      |
    9 | start = { from = "small", width = "wide" }
      |                                   ^^^^^^
      |
      = note: the width rule is one of new, copy

    error: `mix` is 1.5
      --> recipe.toml:10:33
       |
    10 | learn = { from = "small", mix = 1.5 }
       |                                 ^^^
       |
       = note: `mix` is a share from 0 to 1
    "#);
}

#[test]
fn a_problem_in_an_own_arm_shows_the_line_it_changes() {
    let text = with(
        GROW,
        "until = 0.4 }",
        "until = 0.4 }\n\n[compare.arm.wide]\nstage.large.model.hidden = [512, 16]",
    );
    assert_snapshot!(plan_of(&text, &Arm::Own("wide".into())).unwrap_err(), @r#"
    error: growth does not remove units: `hidden.1` has 16 in the large model and has to carry 64
     --> recipe.toml:9:9
      |
    9 | start = "small"
      |         ^^^^^^^
      |
      = note: `large` must be able to hold all of `small`
      = help: give it at least 64
    "#);
}

#[test]
fn a_problem_in_a_swept_value_shows_the_argument() {
    let arm = Arm::named("stage.large.start.width=wide");
    assert_snapshot!(plan_of(GROW, &arm).unwrap_err(), @r"
    error: there is no width rule `wide`
    --> --set:1:25
     |
     | stage.large.start.width=wide
     |                         ^^^^
     |
     = note: the width rule is one of new, copy
    ");
}

#[test]
fn the_small_arm_needs_a_small_stage() {
    let text = "task = \"classification\"\ndata = \"digits\"\n[stage.only]\nmodel = \"mlp\"\n";
    assert_snapshot!(plan_of(text, &Arm::Small).unwrap_err(), @r"
    error: the recipe has no small stage
     |
     = note: `small` is the first stage that is trained for the result
    ");
}

#[test]
fn a_circle_is_reported_whatever_the_arm() {
    let text = with(
        GROW,
        "hidden = [64] }",
        "hidden = [64] }\nlearn = \"large\"",
    );
    let flow = plan_of(&text, &Arm::Flow).unwrap_err();
    for arm in ["plain", "small", "stage.large.train.lr=1e-3"] {
        assert_eq!(plan_of(&text, &Arm::named(arm)).unwrap_err(), flow, "{arm}");
    }
    let broken = "task = ";
    let flow = plan_of(broken, &Arm::Flow).unwrap_err();
    for arm in ["plain", "stage.large.train.lr=1e-3"] {
        assert_eq!(
            plan_of(broken, &Arm::named(arm)).unwrap_err(),
            flow,
            "{arm}"
        );
    }
}

#[test]
fn mixup_is_reported_where_it_was_mistyped_and_where_no_distribution_is_left() {
    let text = |augment: &str| {
        with(
            GROW,
            "data = \"digits\"",
            &format!("data = {{ source = \"digits\", augment = {{ {augment} }} }}"),
        )
    };
    assert_snapshot!(problems(&text("mixpu = 0.2")), @r#"
    error: unknown key `mixpu`
     --> recipe.toml:2:41
      |
    2 | data = { source = "digits", augment = { mixpu = 0.2 } }
      |                                         ^^^^^
      |
      = note: the keys here are shift, flip, cutout, time_shift, frequency_width, frequency_masks, time_width, time_masks, time_share, mixup
      = help: did you mean `mixup`?
    "#);
    assert_snapshot!(problems(&text("mixup = -0.2")), @r#"
    error: `mixup = -0.2` is no alpha of Beta(alpha, alpha)
     --> recipe.toml:2:49
      |
    2 | data = { source = "digits", augment = { mixup = -0.2 } }
      |                                                 ^^^^
      |
      = help: use a number from 0.001 to 1000, for example 0.2, or 0 for none
    "#);
    assert_snapshot!(problems(&text("time_width = 8")), @r#"
    error: a mask of up to 8 frames can leave nothing of 8
     --> recipe.toml:2:54
      |
    2 | data = { source = "digits", augment = { time_width = 8 } }
      |                                                      ^
      |
      = help: use a smaller number
    "#);
}
