//! Several networks as one.

use burn::tensor::{Tensor, activation};
use distil_report::measure::TaskKind;

use super::output::Output;

/// How the outputs of several networks become those of one: of teachers, so that every method works on them unchanged, and of an
/// ensemble's members.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Blend {
    /// The logits T log(meanᵢ softmax(zᵢ / T)): softened by T they are the mean of the networks' softened classes (Hinton,
    /// Vinyals & Dean 2015, section 1).
    Classes {
        /// T, a method's temperature.
        temperature: f64,
    },
    /// The logits z with σ(z / T) = meanᵢ σ(zᵢ / T): the same for labels that do not exclude each other.
    Labels {
        /// T, a method's temperature.
        temperature: f64,
    },
    /// The mean of the outputs.
    Values,
}

impl Blend {
    /// How the members of an ensemble answer together: the mean of their probabilities, or of their values.
    pub fn of_members(task: TaskKind) -> Self {
        match task {
            TaskKind::Classification => Self::Classes { temperature: 1.0 },
            TaskKind::MultiLabel => Self::Labels { temperature: 1.0 },
            TaskKind::Regression => Self::Values,
        }
    }

    /// The outputs of one network in place of several, row by row the same samples; none if there is no network.
    ///
    /// One network passes as it is, its taps included. Several have no taps, and their blend carries no gradient.
    pub fn of(self, mut networks: Vec<Output>) -> Option<Output> {
        if networks.len() < 2 {
            return networks.pop();
        }
        let values = networks.into_iter().map(|network| network.values.inner());
        let values = match self {
            Self::Classes { temperature: t } => {
                let softened = |z: Tensor<2>| activation::log_softmax(z.mul_scalar(1.0 / t), 1);
                log_mean_exp(values.map(softened).collect()).mul_scalar(t)
            }
            Self::Labels { temperature: t } => {
                let chance = |sign: f64, values: &[Tensor<2>]| {
                    let scale = |z: &Tensor<2>| z.clone().mul_scalar(sign / t);
                    log_mean_exp(
                        values
                            .iter()
                            .map(|z| activation::log_sigmoid(scale(z)))
                            .collect(),
                    )
                };
                let values: Vec<_> = values.collect();
                chance(1.0, &values)
                    .sub(chance(-1.0, &values))
                    .mul_scalar(t)
            }
            Self::Values => mean(values.collect()),
        };
        Some(Output {
            values,
            taps: Vec::new(),
        })
    }
}

/// log of the mean of the exponentials, element by element.
fn log_mean_exp(logs: Vec<Tensor<2>>) -> Tensor<2> {
    let stacked: Tensor<3> = Tensor::stack(logs, 0);
    let highest = stacked.clone().max_dim(0);
    let mean = stacked.sub(highest.clone()).exp().mean_dim(0);
    mean.log().add(highest).squeeze_dim(0)
}

fn mean(values: Vec<Tensor<2>>) -> Tensor<2> {
    Tensor::stack::<3>(values, 0).mean_dim(0).squeeze_dim(0)
}
