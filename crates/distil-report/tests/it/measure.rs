//! Metrics agree with scikit-learn (`testdata/reference/measure/`) and with what a hand computes.

use std::collections::BTreeMap;

use distil_report::measure::{
    BadOutputs, ClassOutputs, LabelOutputs, METRICS, Outputs, Resolution, ValueOutputs, all,
    calibrated_nll, calibrated_nll_labels, confusion, ece, metric, resolution, top_k,
};
use serde_json::Value;

use crate::vectors::{MEASURE, WEIGHTED, cases_of, floats, singles, whole};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn cases(name: &str) -> Vec<Value> {
    cases_of(MEASURE, name)
}

#[track_caller]
fn assert_near(ours: f64, theirs: f64, what: &str) {
    assert!(
        (ours - theirs).abs() <= 1e-12 * theirs.abs().max(1.0),
        "{what}: {ours} here, {theirs} there"
    );
}

/// Every expected metric is met, and no metric is computed that the reference does not have.
#[track_caller]
fn assert_metrics(outputs: &Outputs<'_>, expected: &Value) {
    let measured = METRICS
        .iter()
        .filter_map(|metric| Some((metric.name, metric.of(outputs)?)));
    let ours: BTreeMap<&str, f64> = measured.collect();
    let expected = expected.as_object().unwrap();
    assert_eq!(
        ours.len(),
        expected.len(),
        "{:?} against {expected:?}",
        ours.keys()
    );
    for (name, value) in expected {
        assert_near(ours[name.as_str()], value.as_f64().unwrap(), name);
    }
}

#[test]
fn classification_metrics_equal_scikit_learns() -> Outcome {
    for case in cases("classification") {
        let labels: Vec<u32> = floats(&case["labels"])
            .into_iter()
            .map(|label| label as u32)
            .collect();
        let logits = singles(&case["logits"]);
        let outputs = ClassOutputs::new(&logits, &labels, whole(&case["classes"]))?;
        assert_metrics(&Outputs::Classes(outputs), &case["expected"]);
        let counts: Vec<u64> = floats(&case["confusion"])
            .into_iter()
            .map(|count| count as u64)
            .collect();
        let found = confusion(&outputs);
        let classes = 0..found.classes;
        let found: Vec<u64> = classes
            .clone()
            .flat_map(|truth| classes.clone().map(move |predicted| (truth, predicted)))
            .map(|(truth, predicted)| found.count(truth, predicted))
            .collect();
        assert_eq!(found, counts);
    }
    Ok(())
}

#[test]
fn multi_label_metrics_equal_scikit_learns() -> Outcome {
    for case in cases("multi_label") {
        let (logits, targets) = (singles(&case["logits"]), singles(&case["targets"]));
        let outputs = LabelOutputs::new(&logits, &targets, whole(&case["labels"]))?;
        assert_metrics(&Outputs::Labels(outputs), &case["expected"]);
    }
    Ok(())
}

#[test]
fn regression_metrics_equal_scikit_learns() -> Outcome {
    for case in cases("regression") {
        let (values, truth) = (singles(&case["values"]), singles(&case["truth"]));
        let outputs = ValueOutputs::new(&values, &truth, whole(&case["targets"]))?;
        assert_metrics(&Outputs::Values(outputs), &case["expected"]);
    }
    Ok(())
}

fn labels_of(case: &Value) -> Vec<u32> {
    let labels = floats(&case["labels"]).into_iter();
    labels.map(|label| label as u32).collect()
}

/// Calls with the outputs of each weighted case, and what is expected of them.
fn each_weighted(mut of: impl FnMut(Outputs<'_>, &Value)) -> Outcome {
    for case in cases_of(WEIGHTED, "classification") {
        let (logits, labels) = (singles(&case["logits"]), labels_of(&case));
        let weights = singles(&case["weights"]);
        let outputs = ClassOutputs::new(&logits, &labels, whole(&case["classes"]))?;
        of(
            Outputs::Classes(outputs.weighted(Some(&weights))?),
            &case["expected"],
        );
    }
    for case in cases_of(WEIGHTED, "multi_label") {
        let (logits, targets) = (singles(&case["logits"]), singles(&case["targets"]));
        let weights = singles(&case["weights"]);
        let outputs = LabelOutputs::new(&logits, &targets, whole(&case["labels"]))?;
        of(
            Outputs::Labels(outputs.weighted(Some(&weights))?),
            &case["expected"],
        );
    }
    for case in cases_of(WEIGHTED, "regression") {
        let (values, truth) = (singles(&case["values"]), singles(&case["truth"]));
        let weights = singles(&case["weights"]);
        let outputs = ValueOutputs::new(&values, &truth, whole(&case["targets"]))?;
        of(
            Outputs::Values(outputs.weighted(Some(&weights))?),
            &case["expected"],
        );
    }
    Ok(())
}

#[test]
fn metrics_of_weighted_rows_equal_scikit_learns() -> Outcome {
    each_weighted(|outputs, expected| assert_metrics(&outputs, expected))
}

#[test]
fn a_row_of_weight_three_is_three_rows_in_every_metric() -> Outcome {
    for case in cases_of(WEIGHTED, "classification") {
        let classes = whole(&case["classes"]);
        let (logits, labels) = (singles(&case["logits"]), labels_of(&case));
        let times: Vec<usize> = (0..labels.len()).map(|row| 1 + row % 3).collect();
        let weights: Vec<f32> = times.iter().map(|times| *times as f32).collect();
        let rows = || {
            times
                .iter()
                .enumerate()
                .flat_map(|(row, times)| std::iter::repeat_n(row, *times))
        };
        let (mut all_logits, mut all_labels) = (Vec::new(), Vec::new());
        for row in rows() {
            all_logits.extend(&logits[row * classes..(row + 1) * classes]);
            all_labels.push(labels[row]);
        }
        let weighted = ClassOutputs::new(&logits, &labels, classes)?.weighted(Some(&weights))?;
        let repeated = ClassOutputs::new(&all_logits, &all_labels, classes)?;
        let (weighted, repeated) = (
            all(&Outputs::Classes(weighted)),
            all(&Outputs::Classes(repeated)),
        );
        for (name, value) in &weighted {
            assert_near(*value, repeated[name], name);
        }
    }
    Ok(())
}

#[test]
fn weights_are_one_above_zero_per_row() -> Outcome {
    let outputs = ClassOutputs::new(&[0.0, 1.0, 1.0, 0.0], &[0, 1], 2)?;
    for weights in [
        &[1.0][..],
        &[1.0, 0.0],
        &[1.0, -1.0],
        &[1.0, f32::NAN],
        &[1.0, 1.0, 1.0],
    ] {
        assert!(outputs.weighted(Some(weights)).is_err(), "{weights:?}");
    }
    Ok(())
}

#[test]
fn how_sure_a_network_is_does_not_count_at_the_best_temperature() -> Outcome {
    let measured = |logits: &[f32], labels: &[u32]| -> Result<f64, BadOutputs> {
        Ok(calibrated_nll(&ClassOutputs::new(logits, labels, 2)?))
    };
    // Three of four are right, all as sure: p of 3/4 is best, whatever the logits were.
    let labels = [0, 0, 0, 1];
    let entropy = -(0.75 * 0.75_f64.ln() + 0.25 * 0.25_f64.ln());
    for sure in [2e-2, 0.3, 1.0, 7.0, 90.0] {
        let logits = [sure, 0.0].repeat(4);
        assert_near(measured(&logits, &labels)?, entropy, "three of four");
    }
    // Answers worse than none count as none.
    assert_near(measured(&[5.0, 0.0], &[1])?, 2.0_f64.ln(), "wrong");
    assert_near(measured(&[4.0, 4.0], &[1])?, 2.0_f64.ln(), "undecided");
    // However large they are.
    for huge in [1e8, 1e25, f32::MAX] {
        let half = measured(&[huge, 0.0, huge, 0.0], &[0, 1])?;
        assert!((half - 2.0_f64.ln()).abs() < 1e-9, "{huge}: {half}");
        assert!(measured(&[huge, 0.0], &[0])? < 1e-9, "{huge}");
    }
    // Where all are right the surest is best, and there is a number.
    let (more, less) = (measured(&[2.0, 0.0], &[0])?, measured(&[0.1, 0.0], &[0])?);
    assert!(0.0 <= more && more < less && less < 1e-3, "{more} {less}");
    let labels = LabelOutputs::new(&[0.5, 0.5, 0.5, -0.5], &[1.0, 1.0, 0.0, 0.0], 1)?;
    assert_near(calibrated_nll_labels(&labels), entropy, "labels");
    Ok(())
}

#[test]
fn what_a_test_set_resolves_of_a_metric_is_what_other_draws_of_it_would_show() -> Outcome {
    for name in [
        "accuracy",
        "balanced_accuracy",
        "macro_f1",
        "average_precision",
        "nll",
    ] {
        for case in cases_of(WEIGHTED, "classification") {
            let classes = whole(&case["classes"]);
            let (logits, labels) = (singles(&case["logits"]), labels_of(&case));
            let weights = singles(&case["weights"]);
            let found = metric(name).unwrap();
            let outputs = ClassOutputs::new(&logits, &labels, classes)?.weighted(Some(&weights))?;
            let error = resolution(name, &Outputs::Classes(outputs))
                .unwrap()
                .standard_error;
            // The bootstrap's: rows drawn with replacement.
            let mut state = 5_u64;
            let mut draw = || {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as usize % labels.len()
            };
            let mut values = Vec::new();
            for _ in 0..1000 {
                let rows: Vec<usize> = (0..labels.len()).map(|_| draw()).collect();
                let logits: Vec<f32> = rows
                    .iter()
                    .flat_map(|row| &logits[row * classes..(row + 1) * classes])
                    .copied()
                    .collect();
                let labels: Vec<u32> = rows.iter().map(|row| labels[*row]).collect();
                let weights: Vec<f32> = rows.iter().map(|row| weights[*row]).collect();
                let outputs =
                    ClassOutputs::new(&logits, &labels, classes)?.weighted(Some(&weights))?;
                values.extend(found.of(&Outputs::Classes(outputs)));
            }
            let mean = values.iter().sum::<f64>() / 1000.0;
            let spread = (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 999.0).sqrt();
            assert!(
                (0.6..1.5).contains(&(error / spread)),
                "{name} of {classes} classes: {error} against {spread}"
            );
        }
    }
    Ok(())
}

#[test]
fn by_hand_a_tie_goes_to_the_first_class_in_accuracy_and_top_k_alike() -> Outcome {
    let logits = [1.0, 1.0, 0.0, 0.0, 1.0, 1.0];
    let outputs = ClassOutputs::new(&logits, &[0, 2], 3)?;
    assert_eq!(outputs.predictions().collect::<Vec<_>>(), [0, 1]);
    assert_eq!(distil_report::measure::accuracy(&outputs), 0.5);
    assert_eq!(top_k(&outputs, 1), 0.5);
    assert_eq!(top_k(&outputs, 2), 1.0);
    Ok(())
}

#[test]
fn by_hand_a_sure_and_wrong_model_has_a_calibration_error_of_one() -> Outcome {
    let logits = [1000.0, 0.0, 1000.0, 0.0];
    assert_eq!(ece(&ClassOutputs::new(&logits, &[1, 1], 2)?), 1.0);
    assert_eq!(ece(&ClassOutputs::new(&logits, &[0, 0], 2)?), 0.0);
    assert_eq!(
        distil_report::measure::nll(&ClassOutputs::new(&logits, &[1, 1], 2)?),
        1000.0
    );
    Ok(())
}

#[test]
fn a_constant_target_gives_an_r2_of_one_when_met_and_zero_otherwise() -> Outcome {
    let truth = [2.0, 2.0, 2.0];
    assert_eq!(
        distil_report::measure::r2(&ValueOutputs::new(&truth, &truth, 1)?),
        1.0
    );
    assert_eq!(
        distil_report::measure::r2(&ValueOutputs::new(&[2.0, 2.0, 3.0], &truth, 1)?),
        0.0
    );
    Ok(())
}

#[test]
fn the_resolution_is_a_standard_error_and_never_less_than_one_sample() -> Outcome {
    let logits = [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0];
    let found = resolution(
        "accuracy",
        &Outputs::Classes(ClassOutputs::new(&logits, &[0, 0, 0, 1], 2)?),
    )
    .unwrap();
    assert_eq!((found.samples, found.one_sample), (4, Some(0.25)));
    assert_near(
        found.standard_error,
        (0.75f64 * 0.25 / 4.0).sqrt(),
        "standard error",
    );
    let perfect = resolution(
        "accuracy",
        &Outputs::Classes(ClassOutputs::new(&logits, &[0; 4], 2)?),
    )
    .unwrap();
    assert_eq!(perfect.width(), 0.25);
    // Squared errors 0, 4, 4, 16: rmse √6, their standard error √(48/4), by the delta method over 2·√6.
    let values = ValueOutputs::new(&[0.0, 2.0, -2.0, 4.0], &[0.0; 4], 1)?;
    let found = resolution("rmse", &Outputs::Values(values)).unwrap();
    assert_near(
        found.standard_error,
        12f64.sqrt() / (2.0 * 6f64.sqrt()),
        "delta method",
    );
    assert_eq!(
        resolution(
            "ece",
            &Outputs::Classes(ClassOutputs::new(&logits, &[0; 4], 2)?)
        ),
        None
    );
    Ok(())
}

#[test]
fn folds_resolve_what_their_samples_together_resolve() {
    let part = |samples: usize, standard_error: f64| Resolution {
        samples,
        one_sample: Some(1.0 / samples as f64),
        standard_error,
    };
    let share = |n: f64| (0.2f64 * 0.8 / n).sqrt();
    let folds = [part(100, share(100.0)), part(300, share(300.0))];
    let together = Resolution::together(&folds).unwrap();
    assert_eq!(
        (together.samples, together.one_sample),
        (400, Some(1.0 / 400.0))
    );
    assert_near(together.standard_error, share(400.0), "as of one part");
    assert_eq!(Resolution::together(&folds[..1]), Some(folds[0]));
    assert_eq!(Resolution::together(&[]), None);
}

#[test]
fn outputs_that_do_not_fit_are_refused_with_the_row() {
    assert_eq!(
        ClassOutputs::new(&[], &[], 3).unwrap_err(),
        BadOutputs::NoRows
    );
    let shape = ClassOutputs::new(&[0.0; 5], &[0, 1], 3).unwrap_err();
    insta::assert_snapshot!(shape.to_string(), @"5 outputs do not make 2 rows of 3");
    let label = ClassOutputs::new(&[0.0; 6], &[0, 3], 3).unwrap_err();
    insta::assert_snapshot!(label.to_string(), @"row 1 has the label 3, which is not among the 3 known");
    let infinite = ValueOutputs::new(&[0.0, 1.0, f32::NAN, 0.0], &[0.0; 4], 2).unwrap_err();
    insta::assert_snapshot!(infinite.to_string(), @"row 1 has an output or a target that is not a finite number");
    let half = LabelOutputs::new(&[0.0; 4], &[0.0, 1.0, 0.5, 0.0], 2).unwrap_err();
    insta::assert_snapshot!(half.to_string(), @"row 1 has the label 0.5, which is not among the 2 known");
    assert!(LabelOutputs::new(&[0.0; 4], &[0.0; 3], 2).is_err());
    assert!(ValueOutputs::new(&[0.0; 3], &[0.0; 4], 2).is_err());
}

#[test]
fn every_metric_is_registered_once_and_describes_itself() {
    for entry in METRICS {
        assert_eq!(
            METRICS
                .iter()
                .filter(|other| other.name == entry.name)
                .count(),
            1,
            "{}",
            entry.name
        );
        assert!(!entry.tasks().is_empty(), "{} knows no task", entry.name);
        assert!(
            !entry.summary.ends_with('.') && entry.summary.len() > 20,
            "{}",
            entry.name
        );
        assert_eq!(metric(entry.name).unwrap().title, entry.title);
    }
    let list: Vec<String> = METRICS
        .iter()
        .map(|entry| {
            format!(
                "{} ({:?} is better): {}",
                entry.name, entry.better, entry.summary
            )
        })
        .collect();
    insta::assert_snapshot!(list.join("\n"), @r"
accuracy (Higher is better): the share of samples classified right
balanced_accuracy (Higher is better): the mean of the classes' shares of samples classified right, however many samples a class has
top5 (Higher is better): the share of samples whose class is among the five likeliest; shown where there are more than five
subset_accuracy (Higher is better): the share of samples all of whose labels are right
micro_f1 (Higher is better): F1 of all labels' decisions together, at probability 0.5
macro_f1 (Higher is better): the mean of the classes' or labels' F1
average_precision (Higher is better): the area under precision over recall, the mean of the classes' or labels': how well the rare ones are found
nll (Lower is better): mean negative log-likelihood in nats; with several labels their mean binary cross-entropy
calibrated_nll (Lower is better): NLL with all logits divided by the one temperature that makes it least on the samples measured: the loss without too much or too little confidence
ece (Lower is better): how far confidence and accuracy are apart, over 15 bins
nrmse (Lower is better): with several targets: the mean of their RMSE, each divided by its target's standard deviation
rmse (Lower is better): root mean squared error in the target's unit; with several targets the mean of theirs
mae (Lower is better): mean absolute error in the target's unit; with several targets the mean of theirs
r2 (Higher is better): the share of the target's variance explained; with several targets the mean of theirs
");
}

#[test]
fn a_metrics_name_stands_in_its_own_file_and_nowhere_else() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![source];
    let mut named: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap() {
            let path = path.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let library = text.split("#[cfg(test)]").next().unwrap_or_default();
            for metric in METRICS {
                if library.contains(&format!("\"{}\"", metric.name)) {
                    let file = path.file_name().unwrap().to_string_lossy().into_owned();
                    named.entry(metric.name).or_default().push(file);
                }
            }
        }
    }
    assert_eq!(named.len(), METRICS.len());
    for (metric, files) in named {
        assert_eq!(files.len(), 1, "{metric} is named in {files:?}");
    }
}
