//! Rows of host arrays as tensors.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::data::{Augmentation, Features, Targets};
use crate::model::{Input, Net, OneHot, TapSet};
use crate::read_back::read;
use crate::sample::SampleId;
use crate::task::Target;
use crate::weights::Array;

/// Rows evaluated at once: fixed, because a row's last bits may depend on its place in the batch.
pub const EVALUATION_ROWS: usize = 256;

/// What a network reads of these samples: their features, `[ids, features]`, or numbers and codes.
pub fn inputs(features: &Features, ids: &[SampleId], device: &Device) -> Input {
    let Some(coded) = features.coded(ids) else {
        return Input::Flat(tensor(features.rows(ids), device));
    };
    let shape = [ids.len(), coded.columns()];
    let codes = coded.codes.iter().map(|code| i64::from(*code)).collect();
    Input::Coded {
        numbers: tensor(coded.numbers, device),
        codes: Tensor::from_data(TensorData::new::<i64, _>(codes, shape), device),
        one_hot: OneHot(coded.places),
    }
}

/// The same in training, where an epoch may vary them.
pub fn training(
    features: &Features,
    ids: &[SampleId],
    augmentation: Option<&Augmentation>,
    device: &Device,
) -> Input {
    match augmentation {
        None => inputs(features, ids, device),
        Some(augmentation) => Input::Flat(tensor(features.varied(ids, augmentation), device)),
    }
}

fn tensor(array: Array, device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(array.values, array.shape), device)
}

/// The targets of these samples.
pub fn targets(targets: &Targets, ids: &[SampleId], device: &Device) -> Target {
    match targets {
        Targets::Classes { labels, .. } => {
            let classes: Vec<i64> = ids.iter().map(|id| i64::from(labels[id.row()])).collect();
            Target::Classes(Tensor::<1, Int>::from_data(
                TensorData::new(classes, [ids.len()]),
                device,
            ))
        }
        Targets::Values { values, .. } | Targets::Labels { values, .. } => {
            let (_, width) = values.rows_cols();
            let rows = ids.iter().flat_map(|id| values.row(id.row()));
            let rows = Array::new([ids.len(), width], rows.copied().collect());
            Target::Values(tensor(rows, device))
        }
    }
}

/// A network's outputs for these samples, `[ids, outputs]` on the host; the network must be `valid()`.
///
/// Evaluated in fixed chunks in the order given: the same samples in the same order give the same bits.
pub fn outputs<N: Net>(net: &N, features: &Features, ids: &[SampleId], device: &Device) -> Array {
    let device = device.clone().inner();
    let mut all = Array::zeros([0, 0]);
    for chunk in ids.chunks(EVALUATION_ROWS) {
        let values = net
            .forward(&inputs(features, chunk, &device), &TapSet::default())
            .values;
        let [rows, outputs] = values.dims();
        if all.values.is_empty() {
            // At once: with many classes they are large, and growing would hold them twice.
            all.values.reserve_exact(ids.len().saturating_mul(outputs));
        }
        all.shape = vec![all.shape[0] + rows, outputs];
        all.values.extend(read(values));
    }
    all
}
