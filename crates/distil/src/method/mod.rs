//! Distillation losses: one file per method, one line in the registry.

use std::collections::BTreeMap;

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use crate::model::Output;
use crate::task::Target;

/// The shapes a method may rely on, known before any training.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutputShape {
    /// Number of outputs (classes, labels or values).
    pub outputs: usize,
    /// Width of each tap's feature.
    pub taps: BTreeMap<String, usize>,
}

/// Where training is: for methods that change over time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// Optimiser steps done in this stage.
    pub step: u64,
    /// Optimiser steps planned for this stage.
    pub steps: u64,
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
    /// Trainable layers between them, in the order `loss` receives them.
    pub adapters: Vec<AdapterSpec>,
}

/// The shape of an adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdapterSpec {
    /// Name, unique within the method: its weights are `adapter.<n>.<name>`.
    pub name: String,
    /// Width of the student's feature.
    pub inputs: usize,
    /// Width of the teacher's feature.
    pub outputs: usize,
}

/// A trainable linear map from a student's feature to a teacher's.
#[derive(Module, Debug)]
pub struct Adapter {
    /// `[inputs, outputs]`
    pub weight: Param<Tensor<2>>,
    /// `[outputs]`
    pub bias: Param<Tensor<1>>,
}

/// A distillation loss.
pub trait Method: std::fmt::Debug + Send {
    /// Whether student and teacher fit, and what the method needs; else the reason they do not, as a sentence.
    fn check(&self, student: &OutputShape, teacher: &OutputShape) -> Result<Needs, String>;

    /// The loss of a batch. `teacher` carries no gradient; without a teacher it is the student's shape, unused.
    fn loss(
        &self,
        student: &Output,
        teacher: Option<&Output>,
        target: &Target,
        adapters: &[Adapter],
        at: Moment,
    ) -> Term;
}
