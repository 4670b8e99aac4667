//! Mixup: who is mixed with whom, and in which shares.

use crate::rng::Seed;
use crate::sample::SampleId;

/// How one step mixes its samples (Zhang et al. 2018, equation 1): x = λ xᵢ + (1 − λ) xⱼ, and so the losses of their labels.
///
/// As in the authors' code there is one λ from Beta(alpha, alpha) for all samples of the step, and the partners are the same
/// samples in another order. Of λ and 1 − λ the larger is taken: which of two samples is called the partner changes
/// nothing in the distribution of what is trained on, and so every row is mostly its own sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Mix {
    /// λ: the share a sample has of its own row, from 1/2 to 1; its partner has the rest.
    pub share: f32,
    /// The partner of the sample at each place of the step, and the partner's weight.
    pub partners: Vec<(SampleId, f32)>,
}

impl Mix {
    /// The mixing of a stage's step: a pure function of all of these, so that a resumed run repeats it.
    ///
    /// `seed` is the stage's, `step` counts its steps from 0.
    pub(super) fn draw(alpha: f64, seed: Seed, step: u64, samples: &[(SampleId, f32)]) -> Self {
        let mut stream = seed.stream("mixup", &[step]);
        let share = stream.beta(alpha);
        let mut partners = samples.to_vec();
        stream.shuffle(&mut partners);
        Self {
            share: share.max(1.0 - share) as f32,
            partners,
        }
    }
}
