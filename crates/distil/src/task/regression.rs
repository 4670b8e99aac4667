//! Regression: one or several numbers.

use burn::tensor::{Device, Tensor};
use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LabelLoss, Target, TargetShape, Task};
use crate::error::Result;

/// One or several numbers. The loss is that of the standardised targets, averaged over them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Regression {
    /// The loss of one number.
    pub loss: RegressionLoss,
    /// Where huber turns from square to linear, in standard deviations of the target, above 0; 1 unless given.
    pub delta: Option<f64>,
    /// What the target is measured in, such as "$": written behind its numbers in tables and charts. It changes no number.
    // Not serialised: what training depends on, and the plan's hash, are made of what is.
    #[serde(skip_serializing)]
    pub unit: Option<String>,
}

/// The loss of an error e.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RegressionLoss {
    /// e²
    #[default]
    Mse,
    /// |e|
    Mae,
    /// e²/2 up to `delta`, delta (|e| − delta/2) beyond (Huber 1964).
    Huber,
}

impl Task for Regression {
    fn kind(&self) -> TaskKind {
        TaskKind::Regression
    }

    fn default_metric(&self, outputs: usize) -> &'static str {
        match outputs {
            1 => "rmse",
            _ => "nrmse",
        }
    }

    fn loss_metric(&self, outputs: usize) -> &'static str {
        self.default_metric(outputs)
    }

    fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }

    fn outputs(&self, targets: &TargetShape) -> std::result::Result<usize, String> {
        let TargetShape::Values(count) = targets else {
            return Err(targets.refuse(self.kind()));
        };
        match self.delta {
            Some(_) if self.loss != RegressionLoss::Huber => Err(
                "`delta` belongs to the huber loss; write loss = \"huber\", or remove it".into(),
            ),
            Some(delta) if !(delta.is_finite() && delta > 0.0) => Err(format!(
                "`delta` is {delta}; give a number of standard deviations above 0"
            )),
            _ => Ok(*count),
        }
    }

    fn loss(
        &self,
        targets: &TargetShape,
        _: &Device,
    ) -> std::result::Result<Box<dyn LabelLoss>, String> {
        self.outputs(targets)?;
        Ok(Box::new(self.clone()))
    }
}

impl LabelLoss for Regression {
    fn rows(&self, values: Tensor<2>, target: &Target) -> Result<Tensor<1>> {
        let [rows, _] = values.dims();
        let error = values.sub(target.values("regression")?.clone());
        let each = match self.loss {
            RegressionLoss::Mse => error.square(),
            RegressionLoss::Mae => error.abs(),
            RegressionLoss::Huber => {
                let delta = self.delta.unwrap_or(1.0);
                let size = error.abs();
                let near = size.clone().clamp_max(delta);
                let beyond = size.sub(near.clone()).mul_scalar(delta);
                near.square().mul_scalar(0.5).add(beyond)
            }
        };
        Ok(each.mean_dim(1).reshape([rows]))
    }
}
