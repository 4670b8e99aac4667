//! Teachers: frozen networks whose outputs a stage learns from.

use burn::tensor::{Device, Tensor, TensorData};

use crate::data::{Augmentation, Features};
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

    /// The outputs for these samples, varied as the student sees them, and how many forward passes that took (0 if
    /// remembered).
    fn outputs(
        &self,
        ids: &[SampleId],
        augmentation: Option<&Augmentation>,
        taps: &TapSet,
    ) -> (Output, usize);
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
    ) -> (Output, usize) {
        match &self.remembered {
            Some(all) if taps.0.is_empty() && augmentation.is_none() => {
                let (_, width) = all.rows_cols();
                let values: Vec<f32> = ids
                    .iter()
                    .flat_map(|id| all.row(id.row()))
                    .copied()
                    .collect();
                let values =
                    Tensor::from_data(TensorData::new(values, [ids.len(), width]), &self.device);
                (
                    Output {
                        values,
                        taps: Vec::new(),
                    },
                    0,
                )
            }
            _ => (
                self.net.forward(
                    &batch::training(&self.inputs, ids, augmentation, &self.device),
                    taps,
                ),
                ids.len(),
            ),
        }
    }
}
