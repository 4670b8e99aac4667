//! A loss and a network of one's own come in through what the library shows everyone.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, activation::relu, activation::softmax};
use distil::method::{Fit, LossInput, Method, Needs, OutputShape, Term};
use distil::model::{Feature, Input, Net, Output, TapSet};
use distil::task::Classification;
use distil::train::{DistillTerm, Frozen, Settings, TermWeight, Train, batch, metrics, train};
use distil_report::events::Event;
use distil_report::measure::TaskKind;

use crate::train::{alone, blobs};

/// A network that is in no registry.
#[derive(Module, Debug)]
struct OwnNet {
    inner: Linear,
    head: Linear,
}

impl OwnNet {
    fn new(width: usize) -> Self {
        let device = Device::flex();
        Self {
            inner: LinearConfig::new(8, width).init(&device),
            head: LinearConfig::new(width, 3).init(&device),
        }
    }
}

impl Net for OwnNet {
    fn forward(&self, x: &Input, taps: &TapSet) -> Output {
        let inner = relu(self.inner.forward(x.flat()));
        let features = taps.wants("inner").then(|| Feature {
            tap: "inner".into(),
            values: inner.clone(),
        });
        Output {
            values: self.head.forward(inner),
            taps: features.into_iter().collect(),
        }
    }
}

/// A loss that is in no registry: the squared distance of the probabilities.
#[derive(Debug)]
struct OwnLoss;

impl Method for OwnLoss {
    fn tasks(&self) -> &[TaskKind] {
        &[TaskKind::Classification]
    }

    fn check(&self, fit: &Fit) -> Result<Needs, String> {
        match fit.teacher {
            Some(teacher) if teacher.outputs == fit.student.outputs => Ok(Needs {
                teacher: true,
                ..Needs::default()
            }),
            _ => Err("the own loss needs a teacher of the same classes".into()),
        }
    }

    fn loss(&self, input: &LossInput) -> distil::Result<Term> {
        let teacher = input.teacher.map(|teacher| teacher.values.clone().inner());
        let student = softmax(input.student.values.clone(), 1);
        let [rows, _] = student.dims();
        let apart = match teacher {
            Some(teacher) => student - softmax(teacher, 1),
            None => student,
        };
        Ok(Term::Rows(apart.square().sum_dim(1).reshape([rows])))
    }
}

#[test]
fn an_own_network_learns_from_another_by_an_own_loss() {
    let _alone = alone();
    let (data, device, task) = (blobs(), Device::flex(), Classification::default());
    let settings = Settings {
        train: &Train {
            lr: 1e-2,
            ..Train::default()
        },
        ..Settings::of(&task)
    };
    let go = |width: usize, terms: &mut [DistillTerm], sink: &mut Vec<Event>| {
        let net = OwnNet::new(width);
        train(net, None, &data, &data.inputs, &settings, terms, sink).unwrap()
    };
    let teacher = go(16, &mut [], &mut Vec::new());
    let shape = OutputShape {
        task: TaskKind::Classification,
        outputs: 3,
        taps: Default::default(),
    };
    let term = |teacher: Option<&OutputShape>, teachers| {
        let weight = TermWeight::Mix(1.0);
        DistillTerm::new("own", &OwnLoss, teachers, weight, &shape, teacher, &[])
    };
    let refusal = term(None, Vec::new()).unwrap_err().to_string();
    assert!(
        refusal.contains("needs a teacher of the same classes"),
        "{refusal}"
    );

    // Labels count nothing: what the student knows, it knows by the own loss.
    let frozen = Frozen::new("teacher", &teacher.net, data.inputs.clone(), &device);
    let mut sink = Vec::new();
    let mut terms = [term(Some(&shape), vec![Box::new(frozen)]).unwrap()];
    let student = go(4, &mut terms, &mut sink);
    let ids = &data.split.test;
    let outputs = batch::outputs(&student.net, &data.inputs, ids, &device);
    let found = metrics(&outputs, &data, ids).unwrap();
    assert!(found["accuracy"] > 0.8, "{}", found["accuracy"]);
    let named = |event: &Event| match event {
        Event::Progress(progress) => format!("{:?}", progress.terms).contains("own"),
        _ => false,
    };
    assert!(sink.iter().any(named), "the log names the own loss");
}
