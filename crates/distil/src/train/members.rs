//! Members of an ensemble, each of which learns every sample by itself.

use burn::tensor::Tensor;

use crate::method::Term;
use crate::model::{Feature, Output};
use crate::sample::SampleId;

/// How many rows of a network's answers are one sample's: 1, but for an ensemble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Members(usize);

impl Members {
    /// Those of answers to so many samples.
    pub fn of(answers: &Output, samples: usize) -> Self {
        Self((answers.values.dims()[0] / samples.max(1)).max(1))
    }

    /// Each sample as often as it is answered.
    pub fn each(self, ids: &[SampleId]) -> Vec<SampleId> {
        let each = ids.iter().map(|id| std::iter::repeat_n(*id, self.0));
        each.flatten().collect()
    }

    /// A teacher's outputs, to every member.
    pub fn to_each(self, teacher: Output) -> Output {
        if self.0 == 1 {
            return teacher;
        }
        let rows = |values: Tensor<2>| {
            let [rows, width] = values.dims();
            let each = values.reshape([rows, 1, width]);
            each.expand([rows, self.0, width])
                .reshape([rows * self.0, width])
        };
        Output {
            values: rows(teacher.values),
            taps: teacher
                .taps
                .into_iter()
                .map(|Feature { tap, values }| Feature {
                    tap,
                    values: rows(values),
                })
                .collect(),
        }
    }

    /// The mean loss of a sample's members: `[rows · members]` → `[rows]`.
    pub fn mean(self, losses: Tensor<1>) -> Tensor<1> {
        if self.0 == 1 {
            return losses;
        }
        let [all] = losses.dims();
        let losses = losses.reshape([all / self.0, self.0]);
        losses.mean_dim(1).squeeze_dim(1)
    }

    /// The same of a term's.
    pub fn mean_of(self, loss: Term) -> Term {
        match loss {
            Term::Rows(rows) => Term::Rows(self.mean(rows)),
            batch => batch,
        }
    }
}
