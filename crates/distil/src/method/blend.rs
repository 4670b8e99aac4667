//! Several teachers as one.

use burn::tensor::{Tensor, activation};

use super::soft::log_softened;
use crate::model::Output;

/// How the outputs of several teachers become those of one, so that every method works on them unchanged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Blend {
    /// The logits T log(meanᵢ softmax(zᵢ / T)): softened by T they are the mean of the teachers' softened classes (Hinton,
    /// Vinyals & Dean 2015, section 1).
    Classes {
        /// T, the method's temperature.
        temperature: f64,
    },
    /// The logits z with σ(z / T) = meanᵢ σ(zᵢ / T): the same for labels that do not exclude each other.
    Labels {
        /// T, the method's temperature.
        temperature: f64,
    },
    /// The mean of the outputs.
    Values,
}

impl Blend {
    /// The outputs of one teacher in place of several, row by row the same samples; none if there is no teacher.
    ///
    /// One teacher passes as it is, its taps included. Several have no taps, and their blend carries no gradient.
    pub fn of(self, mut teachers: Vec<Output>) -> Option<Output> {
        if teachers.len() < 2 {
            return teachers.pop();
        }
        let values = teachers.into_iter().map(|teacher| teacher.values.inner());
        let values = match self {
            Self::Classes { temperature: t } => {
                log_mean_exp(values.map(|z| log_softened(z, t)).collect()).mul_scalar(t)
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
