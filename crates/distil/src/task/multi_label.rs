//! Multi-label: any number of labels, each 0 or 1, binary cross-entropy.

use burn::tensor::{Device, Tensor, activation::log_sigmoid};
use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LabelLoss, Target, TargetShape, Task};
use crate::error::Result;

/// Any number of labels, each 0 or 1, by binary cross-entropy.
///
/// Mean over labels of −y log σ(z) − (1 − y) log(1 − σ(z)), as PyTorch's `BCEWithLogitsLoss`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MultiLabel {}

impl Task for MultiLabel {
    fn kind(&self) -> TaskKind {
        TaskKind::MultiLabel
    }

    fn default_metric(&self, _: usize) -> &'static str {
        "macro_f1"
    }

    fn loss_metric(&self, _: usize) -> &'static str {
        "calibrated_nll"
    }

    fn outputs(&self, targets: &TargetShape) -> std::result::Result<usize, String> {
        match targets {
            TargetShape::Labels(count) => Ok(*count),
            _ => Err(targets.refuse(self.kind())),
        }
    }

    fn loss(
        &self,
        targets: &TargetShape,
        _: &Device,
    ) -> std::result::Result<Box<dyn LabelLoss>, String> {
        self.outputs(targets)?;
        Ok(Box::new(*self))
    }
}

impl LabelLoss for MultiLabel {
    fn rows(&self, values: Tensor<2>, target: &Target) -> Result<Tensor<1>> {
        let [rows, _] = values.dims();
        let labels = target.values("multi-label")?.clone();
        // log(1 − σ(z)) = log σ(z) − z, so the loss is (1 − y) z − log σ(z).
        let absent = labels.neg().add_scalar(1.0);
        let each = values.clone().mul(absent).sub(log_sigmoid(values));
        Ok(each.mean_dim(1).reshape([rows]))
    }
}
