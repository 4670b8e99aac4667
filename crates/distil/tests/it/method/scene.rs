//! A student and a teacher with all that any method may ask of them.

use burn::tensor::{Device, Int, Tensor, TensorData};
use distil::method::{Adapter, AdapterSpec, AtStep, LossInput, METHODS, Method, Term};
use distil::model::{Feature, Output};
use distil::rng::Seed;
use distil::task::Target;
use distil_recipe::{Choice, Problems};
use distil_report::measure::TaskKind;

/// Width of every output and of the student's feature.
pub const WIDTH: usize = 3;

/// A method by its name, with its default parameters.
pub fn method(name: &str) -> Box<dyn Method> {
    let mut problems = Problems::new();
    METHODS
        .resolve(&Choice::default_of(name), &mut problems)
        .unwrap()
        .value
}

/// Student, teacher and labels of a batch, on the host.
#[derive(Clone)]
pub struct Scene {
    pub task: TaskKind,
    /// `[rows][outputs]`
    pub student: Vec<Vec<f32>>,
    pub teacher: Vec<Vec<f32>>,
    pub labels: Vec<usize>,
}

/// The task a method is for.
pub fn task_of(name: &str) -> TaskKind {
    match name {
        "bce" => TaskKind::MultiLabel,
        "mse" | "bounded" => TaskKind::Regression,
        _ => TaskKind::Classification,
    }
}

impl Scene {
    /// Random outputs of 5 rows for a method.
    pub fn new(name: &str, seed: u64) -> Self {
        let mut stream = Seed(seed).stream("scene", &[]);
        let mut draw = || {
            (0..5)
                .map(|_| (0..WIDTH).map(|_| 2.0 * stream.normal()).collect())
                .collect()
        };
        Self {
            task: task_of(name),
            student: draw(),
            teacher: draw(),
            labels: vec![0, 2, 1, 1, 0],
        }
    }

    /// The rows in this order.
    pub fn rows(&self, order: &[usize]) -> Self {
        let pick = |rows: &Vec<Vec<f32>>| order.iter().map(|&i| rows[i].clone()).collect();
        Self {
            task: self.task,
            student: pick(&self.student),
            teacher: pick(&self.teacher),
            labels: order.iter().map(|&i| self.labels[i]).collect(),
        }
    }

    fn target(&self, outputs: usize, device: &Device) -> Target {
        let rows = self.labels.len();
        match self.task {
            TaskKind::Classification => {
                let labels: Vec<i64> = self.labels.iter().map(|&l| l as i64).collect();
                Target::Classes(Tensor::<1, Int>::from_data(
                    TensorData::new(labels, [rows]),
                    device,
                ))
            }
            _ => {
                let hot = |label: usize| (0..outputs).map(move |k| f32::from(u8::from(k == label)));
                let values = self
                    .labels
                    .iter()
                    .flat_map(|&label| hot(label))
                    .collect::<Vec<_>>();
                Target::Values(Tensor::from_data(
                    TensorData::new(values, [rows, outputs]),
                    device,
                ))
            }
        }
    }
}

/// A scene on a device: the student's outputs are also its feature, through `adapter`.
pub struct Played {
    pub student: Output,
    pub teacher: Output,
    pub target: Target,
    pub adapter: Adapter,
}

fn output(rows: &[Vec<f32>], device: &Device, track: bool) -> Output {
    let data = TensorData::new(rows.concat(), [rows.len(), rows[0].len()]);
    let values = Tensor::<2>::from_data(data, device);
    let values = if track { values.require_grad() } else { values };
    let feature = Feature {
        tap: "hidden.0".into(),
        values: values.clone(),
    };
    Output {
        values,
        taps: vec![feature],
    }
}

impl Played {
    /// The student with a gradient; the teacher too if `tracked`, and then all on the autodiff device.
    pub fn new(scene: &Scene, tracked: bool) -> Self {
        let autodiff = Device::flex().autodiff();
        let device = if tracked {
            autodiff.clone()
        } else {
            Device::flex()
        };
        let outputs = scene.student[0].len();
        let spec = AdapterSpec {
            name: "hidden.0".into(),
            inputs: outputs,
            outputs,
        };
        Self {
            student: output(&scene.student, &autodiff, true),
            teacher: output(&scene.teacher, &device, tracked),
            target: scene.target(outputs, &device),
            adapter: spec.init("adapter.0.hidden.0", Seed(1), &autodiff),
        }
    }

    /// The method's loss of each row.
    pub fn rows(&self, method: &dyn Method) -> Tensor<1> {
        let layers = [("hidden.0".to_string(), "hidden.0".to_string())];
        let input = LossInput {
            student: &self.student,
            teacher: Some(&self.teacher),
            target: &self.target,
            layers: &layers,
            adapters: std::slice::from_ref(&self.adapter),
            at: AtStep { step: 0, steps: 1 },
        };
        match method.loss(&input).unwrap() {
            Term::Rows(rows) => rows,
            Term::Batch(_) => panic!("a loss per row was expected"),
        }
    }
}

/// The losses of a scene's rows.
pub fn losses(method: &dyn Method, scene: &Scene) -> Vec<f32> {
    read(Played::new(scene, false).rows(method))
}

/// The mean loss and its gradient with respect to the student's outputs, row by row.
pub fn gradient(method: &dyn Method, scene: &Scene) -> (f32, Vec<f32>) {
    let played = Played::new(scene, false);
    let value = played.rows(method).mean();
    let gradients = value.backward();
    let gradient = played.student.values.grad(&gradients).unwrap();
    (read(value)[0], read(gradient))
}

/// A tensor's numbers.
pub fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}
