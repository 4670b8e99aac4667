//! Distillation losses: one file per method, one line in the registry.

mod adapter;
mod bce;
mod bounded;
mod dkd;
mod fit;
mod fitnet;
mod kd;
mod logits;
mod loss_input;
mod mse;
mod smooth;
mod soft;
mod soft_ce;

pub use adapter::{Adapter, AdapterSpec};
pub use bce::Bce;
pub use bounded::Bounded;
pub use dkd::Dkd;
pub use fit::{Fit, OutputShape};
pub use fitnet::Fitnet;
pub use kd::Kd;
pub use logits::Logits;
pub use loss_input::{AtStep, LossInput};
pub use mse::Mse;
pub use smooth::Smooth;
pub use soft_ce::SoftCe;

use burn::tensor::Tensor;
use distil_recipe::{Choice, Problems, Registry, entry};
use distil_report::measure::TaskKind;

use crate::error::Result;
use crate::model::Blend;

/// Every method, in the order in which lists show them.
pub static METHODS: Registry<Box<dyn Method>> = Registry {
    noun: "method",
    entries: &[
        entry!("kd", "softened classes towards the teacher's (Hinton, Vinyals & Dean 2015)", Kd => Box::new),
        entry!("soft-ce", "kd by cross-entropy: the same gradient (Hinton, Vinyals & Dean 2015)", SoftCe => Box::new),
        entry!("logits", "logits towards the teacher's, K/2 × the mean square (Ba & Caruana 2014)", Logits => Box::new),
        entry!("dkd", "kd with the label and the other classes weighted apart (Zhao et al. 2022)", Dkd => Box::new),
        entry!("smooth", "a virtual teacher that is always right (Yuan et al. 2020)", Smooth => Box::new),
        entry!("bce", "kd for labels that do not exclude each other, mean over labels", Bce => Box::new),
        entry!("mse", "values towards the teacher's", Mse => Box::new),
        entry!("bounded", "regression till the teacher is beaten, mean of targets (Chen et al. 2017)", Bounded => Box::new),
        entry!("fitnet", "hidden features towards the teacher's (Romero et al. 2015)", Fitnet => Box::new),
    ],
};

/// The names of the registered methods that are so, as a sentence lists them.
fn names_where(holds: impl Fn(&dyn Method) -> bool) -> Vec<&'static str> {
    let method = |name| METHODS.resolve(&Choice::default_of(name), &mut Problems::new());
    let names = METHODS.names();
    names
        .filter(|name| method(name).is_some_and(|method| holds(&**method)))
        .collect()
}

/// A distillation loss.
///
/// A method gives its own loss only. The caller averages it over the batch's rows and weighs it against the label loss:
/// `mix · term + (1 − mix) · label`, or `label + add · term`.
pub trait Method: std::fmt::Debug + Send {
    /// The tasks it is for; all of them unless it says otherwise.
    fn tasks(&self) -> &[TaskKind] {
        &[
            TaskKind::Classification,
            TaskKind::MultiLabel,
            TaskKind::Regression,
        ]
    }

    /// Whether it compares features, of the layers a recipe pairs, and not outputs.
    fn compares_features(&self) -> bool {
        false
    }

    /// What the method needs of a student and a teacher of these shapes; else why they do not fit, as a sentence without
    /// its full stop.
    fn check(&self, fit: &Fit) -> std::result::Result<Needs, String>;

    /// How the outputs of several teachers become those of one.
    fn blend(&self) -> Blend {
        Blend::Values
    }

    /// The loss of a batch.
    ///
    /// # Errors
    /// If the input lacks what [`Method::check`] asked for.
    fn loss(&self, input: &LossInput) -> Result<Term>;
}

/// A method's loss for a batch.
#[derive(Debug, Clone)]
pub enum Term {
    /// One loss per row `[rows]`: can be weighted per sample.
    Rows(Tensor<1>),
    /// One loss for the whole batch `[1]`: cannot be weighted per sample.
    Batch(Tensor<1>),
}

/// What a method asks of the stage that uses it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needs {
    /// Whether it reads a teacher's outputs.
    pub teacher: bool,
    /// Taps of the student.
    pub student_taps: Vec<String>,
    /// Taps of the teacher.
    pub teacher_taps: Vec<String>,
    /// Trainable layers between them, in the order in which a [`LossInput`] holds them.
    pub adapters: Vec<AdapterSpec>,
}

impl Needs {
    /// A teacher's outputs and nothing else.
    fn outputs() -> Self {
        Self {
            teacher: true,
            ..Self::default()
        }
    }
}
