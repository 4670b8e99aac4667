//! Teachers: frozen networks whose outputs a stage learns from.

use burn::tensor::{Device, Tensor, TensorData};

use crate::data::{Augmentation, Features};
use crate::error::{Error, Result};
use crate::model::{Net, Output, TapSet};
use crate::sample::SampleId;
use crate::train::batch;
use crate::weights::Array;

/// A model a stage learns from. Its outputs carry no gradient.
pub trait Teacher: std::fmt::Debug + Send {
    /// Its name, for messages and the bill.
    fn name(&self) -> &str;

    /// FLOPs of one sample's forward pass; `None` if unknown.
    fn flops_forward(&self) -> Option<f64>;

    /// Computes the logits of these samples once, to be looked up from then on; returns how many it computed.
    fn remember(&mut self, ids: &[SampleId]) -> usize;

    /// Whether it has an answer to each of these samples; none where it has one to all.
    fn answered(&self, _ids: &[SampleId]) -> Option<Vec<bool>> {
        None
    }

    /// The outputs for these samples, varied as the student sees them, and how many forward passes that took (0 if
    /// remembered).
    ///
    /// # Errors
    /// A teacher that has no answer to what it is asked.
    fn outputs(
        &self,
        ids: &[SampleId],
        augmentation: Option<&Augmentation>,
        taps: &TapSet,
    ) -> Result<(Output, usize)>;
}

/// A frozen network and its own view of every sample.
#[derive(Debug)]
pub struct Frozen<N: Net> {
    name: String,
    net: N,
    inputs: Features,
    device: Device,
    /// `[samples, outputs]` by row of the source; rows never asked for stay zero.
    remembered: Option<Array>,
}

impl<N: Net> Frozen<N> {
    /// `net` with the inputs it reads, by row of the source.
    pub fn new(name: &str, net: &N, inputs: Features, device: &Device) -> Self {
        let device = device.clone().inner();
        Self {
            name: name.to_string(),
            net: net.valid(),
            inputs,
            device,
            remembered: None,
        }
    }
}

impl<N: Net> Teacher for Frozen<N> {
    fn name(&self) -> &str {
        &self.name
    }

    fn flops_forward(&self) -> Option<f64> {
        self.net.layout().map(|l| l.flops_forward())
    }

    fn remember(&mut self, ids: &[SampleId]) -> usize {
        let outputs = batch::outputs(&self.net, &self.inputs, ids, &self.device);
        let (rows, width) = (self.inputs.len(), outputs.rows_cols().1);
        let mut all = Array::zeros([rows, width]);
        for (i, id) in ids.iter().enumerate() {
            all.values[id.row() * width..][..width].copy_from_slice(outputs.row(i));
        }
        self.remembered = Some(all);
        ids.len()
    }

    fn outputs(
        &self,
        ids: &[SampleId],
        augmentation: Option<&Augmentation>,
        taps: &TapSet,
    ) -> Result<(Output, usize)> {
        if let Some(all) = &self.remembered
            && taps.0.is_empty()
            && augmentation.is_none()
        {
            return Ok((looked_up(all, ids, &self.device), 0));
        }
        let inputs = batch::training(&self.inputs, ids, augmentation, &self.device);
        Ok((self.net.forward(&inputs, taps), ids.len()))
    }
}

/// Answers from elsewhere: the outputs of another program for samples, in the terms of our networks' outputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    name: String,
    /// `[samples, outputs]` by row of the source: logits, or standardised values.
    values: Array,
    /// Whether each sample has an answer; none where all have.
    known: Option<Vec<bool>>,
    device: Device,
}

impl Answers {
    /// `values`, `[samples, outputs]` by row of the source, are logits or standardised values.
    pub fn new(name: &str, values: Array, device: &Device) -> Self {
        Self {
            name: name.to_string(),
            values,
            known: None,
            device: device.clone().inner(),
        }
    }

    /// The same where only those samples have an answer that are `known`, if that is said.
    pub fn known(self, known: Option<Vec<bool>>) -> Self {
        Self { known, ..self }
    }

    /// All of them, `[samples, outputs]`.
    pub fn values(&self) -> &Array {
        &self.values
    }

    /// Those for these samples, `[ids, outputs]`.
    pub fn of(&self, ids: &[SampleId]) -> Array {
        rows(&self.values, ids)
    }
}

impl Teacher for Answers {
    fn name(&self) -> &str {
        &self.name
    }

    /// Nothing: what they cost was paid elsewhere.
    fn flops_forward(&self) -> Option<f64> {
        Some(0.0)
    }

    fn remember(&mut self, _: &[SampleId]) -> usize {
        0
    }

    fn answered(&self, ids: &[SampleId]) -> Option<Vec<bool>> {
        let known = self.known.as_ref()?;
        Some(ids.iter().map(|id| known[id.row()]).collect())
    }

    fn outputs(
        &self,
        ids: &[SampleId],
        augmentation: Option<&Augmentation>,
        taps: &TapSet,
    ) -> Result<(Output, usize)> {
        let refuse = |reason: &str| Err(Error::input(format!("teacher `{}`", self.name), reason));
        match (augmentation, taps.0.as_slice()) {
            (Some(_), _) => refuse("has answers to the samples as they are, not to varied ones"),
            (None, [_, ..]) => refuse("has answers alone, and no features"),
            (None, []) => Ok((looked_up(&self.values, ids, &self.device), 0)),
        }
    }
}

/// The rows of these samples, `[ids, outputs]`.
fn rows(all: &Array, ids: &[SampleId]) -> Array {
    let (_, width) = all.rows_cols();
    let values = ids.iter().flat_map(|id| all.row(id.row())).copied();
    Array::new([ids.len(), width], values.collect())
}

fn looked_up(all: &Array, ids: &[SampleId], device: &Device) -> Output {
    let rows = rows(all, ids);
    Output {
        values: Tensor::from_data(TensorData::new(rows.values, rows.shape), device),
        taps: Vec::new(),
    }
}
