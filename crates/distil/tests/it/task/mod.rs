//! Tasks as recipes write them: what fits, what is refused and with which words.

use burn::tensor::{Device, Int, Tensor};
use distil::task::{ClassWeights, Classification, TASKS, Target, TargetShape, Task};
use distil_recipe::{RecipeText, parse, render};

/// The task of a recipe, or the rendered problems.
fn task(line: &str) -> Result<Box<dyn Task>, String> {
    let text = format!("task = {line}\ndata = \"digits\"\n[stage.a]\nmodel = \"mlp\"\n");
    let text = RecipeText::new("recipe.toml", text);
    let (recipe, mut problems) = parse(&text);
    let task = recipe.and_then(|recipe| TASKS.resolve(&recipe.task, &mut problems));
    match task {
        Some(task) if problems.is_empty() => Ok(task.value),
        _ => Err(render(&text, problems.as_slice(), false)),
    }
}

fn refused(line: &str, targets: &TargetShape) -> String {
    task(line).unwrap().outputs(targets).unwrap_err()
}

#[test]
fn a_task_is_a_name_or_a_table_with_its_parameters() {
    let classes = TargetShape::classes(vec![3, 2, 5]);
    let lines = [
        ("\"classification\"", &classes, 3),
        (
            "{ kind = \"classification\", smoothing = 0.1, class_weights = \"balanced\" }",
            &classes,
            3,
        ),
        (
            "{ kind = \"classification\", class_weights = [1, 2.5, 1] }",
            &classes,
            3,
        ),
        ("\"multi-label\"", &TargetShape::Labels(4), 4),
        (
            "{ kind = \"regression\", loss = \"huber\", delta = 0.5 }",
            &TargetShape::Values(2),
            2,
        ),
    ];
    for (line, targets, outputs) in lines {
        let task = task(line).unwrap();
        assert_eq!(task.outputs(targets), Ok(outputs), "{line}");
        assert!(task.loss(targets, &Device::flex()).is_ok(), "{line}");
    }
}

#[test]
fn a_wrong_parameter_is_reported_at_its_place() {
    insta::assert_snapshot!(task("{ kind = \"classification\", class_weights = \"even\" }").unwrap_err(), @r#"
    error: `class_weights` must be "none", "balanced", a table or an array of numbers, not the string "even"
     --> recipe.toml:1:51
      |
    1 | task = { kind = "classification", class_weights = "even" }
      |                                                   ^^^^^^
    "#);
    insta::assert_snapshot!(task("{ kind = \"regression\", loss = \"rmse\" }").unwrap_err(), @r#"
    error: `rmse` is none of the choices
     --> recipe.toml:1:38
      |
    1 | task = { kind = "regression", loss = "rmse" }
      |                                      ^^^^^^
      |
      = note: the choices are mse, mae, huber
      = help: did you mean `mse`?
    "#);
}

#[test]
fn a_task_that_does_not_fit_the_targets_is_refused_with_reason_and_remedy() {
    let classes = TargetShape::classes(vec![3, 0, 5]);
    let values = TargetShape::Values(1);
    insta::assert_snapshot!(refused("\"regression\"", &classes), @r#"the task is regression, and the data's targets are classes; use task = "classification", or name other targets in [data]"#);
    insta::assert_snapshot!(refused("\"classification\"", &values), @r#"the task is classification, and the data's targets are numbers; use task = "regression", or name other targets in [data]"#);
    insta::assert_snapshot!(refused("\"classification\"", &TargetShape::classes(vec![9])), @"classification needs at least two classes, and the data has 1; look at the target in [data]");
    insta::assert_snapshot!(refused("{ kind = \"classification\", smoothing = 1.0 }", &classes), @"`smoothing` is 1; give a share from 0 up to, but not, 1");
    insta::assert_snapshot!(refused("{ kind = \"classification\", class_weights = \"balanced\" }", &classes), @"class 1 (counted from 0) has no training sample and cannot be balanced; give `class_weights` as a list, or remove it");
    insta::assert_snapshot!(refused("{ kind = \"classification\", class_weights = [1, 2] }", &classes), @"`class_weights` has 2 numbers, and the data 3 classes; give one number per class");
    insta::assert_snapshot!(refused("{ kind = \"classification\", class_weights = [1, 0, 2] }", &classes), @"`class_weights` holds 0; every weight is a number above 0");
    insta::assert_snapshot!(refused("{ kind = \"regression\", delta = 1 }", &values), @r#"`delta` belongs to the huber loss; write loss = "huber", or remove it"#);
    insta::assert_snapshot!(refused("{ kind = \"regression\", loss = \"huber\", delta = 0 }", &values), @"`delta` is 0; give a number of standard deviations above 0");
}

#[test]
fn balanced_class_weights_give_every_class_the_same_say_and_average_1_over_the_samples() {
    let counts = [6.0, 3.0, 1.0];
    let task = Classification {
        class_weights: ClassWeights::Balanced,
        ..Classification::default()
    };
    let device = Device::flex();
    let shape = TargetShape::classes(counts.iter().map(|&n| n as u64).collect());
    let loss = task.loss(&shape, &device).unwrap();
    // All logits alike: each row's loss is its weight times ln 3.
    let target = Target::Classes(Tensor::<1, Int>::from_data([0, 1, 2], &device));
    let rows = loss.rows(Tensor::zeros([3, 3], &device), &target).unwrap();
    let rows: Vec<f32> = rows.into_data().try_into_vec().unwrap();
    let says: Vec<f32> = rows
        .iter()
        .zip(counts)
        .map(|(row, n)| row / 3f32.ln() * n)
        .collect();
    for say in says {
        assert!((say - 10.0 / 3.0).abs() < 1e-5, "{say}");
    }
}

#[test]
fn a_target_of_another_kind_is_an_error_and_no_panic() {
    let device = Device::flex();
    let values = Target::Values(Tensor::zeros([2, 3], &device));
    let classes = Target::Classes(Tensor::zeros([2], &device));
    let shapes = [
        (
            "\"classification\"",
            TargetShape::classes(vec![1; 3]),
            values,
        ),
        ("\"multi-label\"", TargetShape::Labels(3), classes.clone()),
        ("\"regression\"", TargetShape::Values(3), classes),
    ];
    let refusals = shapes.map(|(line, shape, target)| {
        let loss = task(line).unwrap().loss(&shape, &device).unwrap();
        loss.rows(Tensor::zeros([2, 3], &device), &target)
            .unwrap_err()
            .to_string()
    });
    insta::assert_snapshot!(refusals.join("\n"), @r"
    classification: reads classes, and was given values. Give class indices, one per row.
    multi-label: reads values, and was given classes. Give one number per row and output.
    regression: reads values, and was given classes. Give one number per row and output.
    ");
}
