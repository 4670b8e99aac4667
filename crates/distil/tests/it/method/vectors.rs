//! Methods and label losses agree with PyTorch: `testdata/reference/methods.json`, format in `methods.py` beside it.

use std::collections::{BTreeMap, BTreeSet};

use burn::module::Param;
use burn::tensor::{Device, Int, Tensor, TensorData};
use distil::method::{
    Adapter, AtStep, Bce, Bounded, Dkd, Fitnet, Kd, Logits, LossInput, METHODS, Method, Mse,
    Smooth, SoftCe, Term,
};
use distil::model::{Feature, Output};
use distil::task::{Classification, MultiLabel, Regression, Target, TargetShape, Task};
use serde::Deserialize;
use serde_json::Value;

type Matrix = Vec<Vec<f32>>;

#[derive(Deserialize)]
struct Reference {
    inputs: BTreeMap<String, Inputs>,
    methods: Vec<MethodCase>,
    tasks: Vec<TaskCase>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Inputs {
    Outputs {
        task: String,
        student: Matrix,
        teacher: Matrix,
        labels: Option<Vec<i64>>,
        targets: Option<Matrix>,
        teachers: Option<Vec<Matrix>>,
    },
    Features {
        student_taps: BTreeMap<String, Matrix>,
        teacher_taps: BTreeMap<String, Matrix>,
        adapters: Vec<AdapterValues>,
    },
}

#[derive(Deserialize)]
struct AdapterValues {
    weight: Matrix,
    bias: Vec<f32>,
}

#[derive(Deserialize)]
struct MethodCase {
    method: String,
    parameters: Value,
    at: (u64, u64),
    input: String,
    rows: Vec<f32>,
    term_share: f64,
    label_share: f64,
    value: f32,
    gradient: Value,
}

#[derive(Deserialize)]
struct TaskCase {
    task: String,
    parameters: Value,
    input: String,
    rows: Vec<f32>,
    gradient: Matrix,
}

fn reference() -> Reference {
    let text = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../testdata/reference/methods.json"
    ));
    serde_json::from_str(text).unwrap()
}

fn method(name: &str, parameters: &Value) -> Box<dyn Method> {
    fn read<M: serde::de::DeserializeOwned>(parameters: &Value) -> M {
        serde_json::from_value(parameters.clone()).unwrap()
    }
    match name {
        "kd" => Box::new(read::<Kd>(parameters)),
        "soft-ce" => Box::new(read::<SoftCe>(parameters)),
        "logits" => Box::new(read::<Logits>(parameters)),
        "dkd" => Box::new(read::<Dkd>(parameters)),
        "smooth" => Box::new(read::<Smooth>(parameters)),
        "bce" => Box::new(read::<Bce>(parameters)),
        "mse" => Box::new(read::<Mse>(parameters)),
        "bounded" => Box::new(read::<Bounded>(parameters)),
        "fitnet" => Box::<Fitnet>::default(),
        _ => panic!("no method `{name}`"),
    }
}

fn task(name: &str, parameters: &Value) -> Box<dyn Task> {
    fn read<T: serde::de::DeserializeOwned>(parameters: &Value) -> T {
        serde_json::from_value(parameters.clone()).unwrap()
    }
    match name {
        "classification" => Box::new(read::<Classification>(parameters)),
        "multi-label" => Box::new(read::<MultiLabel>(parameters)),
        "regression" => Box::new(read::<Regression>(parameters)),
        _ => panic!("no task `{name}`"),
    }
}

fn matrix(rows: &Matrix, device: &Device) -> Tensor<2> {
    let data = TensorData::new(rows.concat(), [rows.len(), rows[0].len()]);
    Tensor::from_data(data, device)
}

fn leaf(rows: &Matrix) -> Tensor<2> {
    matrix(rows, &Device::flex().autodiff()).require_grad()
}

fn output(values: Tensor<2>) -> Output {
    let taps = Vec::new();
    Output { values, taps }
}

fn target(labels: &Option<Vec<i64>>, targets: &Option<Matrix>) -> Target {
    match (labels, targets) {
        (Some(labels), _) => Target::Classes(Tensor::<1, Int>::from_data(
            TensorData::new(labels.clone(), [labels.len()]),
            &Device::flex(),
        )),
        (None, Some(targets)) => Target::Values(matrix(targets, &Device::flex())),
        (None, None) => panic!("the input has neither labels nor targets"),
    }
}

fn shape(task: &str, outputs: usize) -> TargetShape {
    match task {
        "classification" => TargetShape::classes(vec![1; outputs]),
        "multi-label" => TargetShape::Labels(outputs),
        _ => TargetShape::Values(outputs),
    }
}

fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

/// |ours − theirs| ≤ 1e-5 · max(1, |theirs|).
fn agree(what: &str, ours: &[f32], theirs: &[f32]) {
    agree_within(what, ours, theirs, 0.0);
}

fn agree_within(what: &str, ours: &[f32], theirs: &[f32], slack: f32) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!(
            (a - b).abs() <= 1e-5 * b.abs().max(1.0) + slack,
            "{what}[{i}]: {a}, PyTorch {b}"
        );
    }
}

fn rows(term: Term) -> Tensor<1> {
    match term {
        Term::Rows(rows) => rows,
        Term::Batch(_) => panic!("a loss per row was expected"),
    }
}

fn compare_outputs(case: &MethodCase, inputs: &Inputs) {
    let Inputs::Outputs {
        task: kind,
        student,
        teacher,
        labels,
        targets,
        teachers,
    } = inputs
    else {
        panic!("{} compares outputs", case.method);
    };
    let what = format!("{} {} on {}", case.method, case.parameters, case.input);
    let method = method(&case.method, &case.parameters);
    let plain = |rows: &Matrix| output(matrix(rows, &Device::flex()));
    let teachers = match teachers {
        Some(several) => several.iter().map(plain).collect(),
        None => vec![plain(teacher)],
    };
    let teacher = method.blend().of(teachers);
    let student = output(leaf(student));
    let target = target(labels, targets);
    let input = LossInput {
        student: &student,
        teacher: teacher.as_ref().filter(|_| case.method != "smooth"),
        target: &target,
        layers: &[],
        adapters: &[],
        at: AtStep {
            step: case.at.0,
            steps: case.at.1,
        },
    };
    let term = rows(method.loss(&input).unwrap());
    // A single row is T² times a number near 1 minus another: its rounding, unlike the batch's, shows.
    let temperature = case.parameters["temperature"].as_f64().unwrap_or(1.0) as f32;
    let rounding = temperature * temperature * f32::EPSILON / 2.0;
    let rows_of = format!("rows of {what}");
    agree_within(&rows_of, &read(term.clone()), &case.rows, rounding);

    let shape = shape(kind, student.values.dims()[1]);
    let label_loss = task(kind, &Value::Object(Default::default()))
        .loss(&shape, &Device::flex())
        .unwrap();
    let label = label_loss.rows(student.values.clone(), &target).unwrap();
    let value = term.mean().mul_scalar(case.term_share) + label.mean().mul_scalar(case.label_share);
    agree(
        &format!("value of {what}"),
        &read(value.clone()),
        &[case.value],
    );

    let gradient = student.values.grad(&value.backward()).unwrap();
    let theirs: Matrix = serde_json::from_value(case.gradient.clone()).unwrap();
    agree(
        &format!("gradient of {what}"),
        &read(gradient),
        &theirs.concat(),
    );
}

fn compare_features(case: &MethodCase, inputs: &Inputs) {
    #[derive(Deserialize)]
    struct Gradient {
        taps: BTreeMap<String, Matrix>,
        adapters: Vec<AdapterValues>,
    }
    let Inputs::Features {
        student_taps,
        teacher_taps,
        adapters,
    } = inputs
    else {
        panic!("{} compares features", case.method);
    };
    let device = Device::flex().autodiff();
    let adapters: Vec<_> = adapters
        .iter()
        .map(|a| Adapter {
            weight: Param::from_tensor(matrix(&a.weight, &device)),
            bias: Param::from_tensor(Tensor::from_floats(a.bias.as_slice(), &device)),
        })
        .collect();
    let features = |taps: &BTreeMap<String, Matrix>, make: &dyn Fn(&Matrix) -> Tensor<2>| {
        let taps = taps.iter().map(|(tap, values)| Feature {
            tap: tap.clone(),
            values: make(values),
        });
        Output {
            values: Tensor::zeros([1, 1], &Device::flex()),
            taps: taps.collect(),
        }
    };
    let student = features(student_taps, &leaf);
    let teacher = features(teacher_taps, &|rows| matrix(rows, &Device::flex()));
    let layers: BTreeMap<String, String> =
        serde_json::from_value(case.parameters["layers"].clone()).unwrap();
    let layers: Vec<_> = layers.into_iter().collect();
    let input = LossInput {
        student: &student,
        teacher: Some(&teacher),
        target: &Target::Values(Tensor::zeros([1, 1], &Device::flex())),
        layers: &layers,
        adapters: &adapters,
        at: AtStep { step: 0, steps: 1 },
    };
    let term = rows(Fitnet::default().loss(&input).unwrap());
    agree("rows of fitnet", &read(term.clone()), &case.rows);
    let value = term.mean().mul_scalar(case.term_share);
    agree("value of fitnet", &read(value.clone()), &[case.value]);

    let theirs: Gradient = serde_json::from_value(case.gradient.clone()).unwrap();
    let gradients = value.backward();
    for feature in &student.taps {
        let ours = read(feature.values.grad(&gradients).unwrap());
        agree(&feature.tap, &ours, &theirs.taps[&feature.tap].concat());
    }
    for (adapter, theirs) in adapters.iter().zip(&theirs.adapters) {
        let weight = read(adapter.weight.val().grad(&gradients).unwrap());
        agree(
            "gradient of an adapter's weights",
            &weight,
            &theirs.weight.concat(),
        );
        let bias = read(adapter.bias.val().grad(&gradients).unwrap());
        agree("gradient of an adapter's bias", &bias, &theirs.bias);
    }
}

#[test]
fn every_method_agrees_with_pytorch_in_value_and_gradient() {
    let reference = reference();
    for case in &reference.methods {
        let inputs = &reference.inputs[&case.input];
        match inputs {
            Inputs::Outputs { .. } => compare_outputs(case, inputs),
            Inputs::Features { .. } => compare_features(case, inputs),
        }
    }
    let compared: BTreeSet<_> = reference
        .methods
        .iter()
        .map(|c| c.method.as_str())
        .collect();
    assert_eq!(compared, METHODS.names().collect());
}

#[test]
fn every_label_loss_agrees_with_pytorch_in_value_and_gradient() {
    let reference = reference();
    for case in &reference.tasks {
        let Inputs::Outputs {
            student,
            labels,
            targets,
            ..
        } = &reference.inputs[&case.input]
        else {
            panic!("a label loss reads outputs");
        };
        let what = format!("{} {} on {}", case.task, case.parameters, case.input);
        let student = leaf(student);
        let shape = shape(&case.task, student.dims()[1]);
        let loss = task(&case.task, &case.parameters)
            .loss(&shape, &Device::flex())
            .unwrap();
        let rows = loss
            .rows(student.clone(), &target(labels, targets))
            .unwrap();
        agree(&format!("rows of {what}"), &read(rows.clone()), &case.rows);
        let gradient = student.grad(&rows.mean().backward()).unwrap();
        agree(
            &format!("gradient of {what}"),
            &read(gradient),
            &case.gradient.concat(),
        );
    }
}
