//! What a stage costs, before it runs.

/// FLOPs of a stage: dense multiply-adds count two, element-wise work is not counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// One sample's forward pass.
    pub forward: f64,
    /// One sample's forward and backward pass, adapters included.
    pub train: f64,
    /// Samples trained on, each as often as it is used.
    pub samples: f64,
    /// All of the teachers' forward passes.
    pub teach: f64,
}

impl Cost {
    /// FLOPs of the whole stage: training and teaching.
    pub fn flops(&self) -> f64 {
        self.train * self.samples + self.teach
    }
}

/// Samples that so many updates use: a whole epoch's, then full windows of the next.
pub(super) fn samples_of(steps: u64, epoch: usize, window: usize) -> f64 {
    let per_epoch = epoch.div_ceil(window) as u64;
    let rest = (steps % per_epoch) as usize * window;
    (steps / per_epoch) as f64 * epoch as f64 + rest as f64
}

/// The most updates that use no more than so many samples; at least one.
pub(super) fn steps_within(samples: f64, epoch: usize, window: usize) -> u64 {
    let epochs = (samples / epoch as f64).floor();
    let rest = samples - epochs * epoch as f64;
    let steps = epochs as u64 * epoch.div_ceil(window) as u64 + (rest / window as f64) as u64;
    steps.max(1)
}

/// Steps of a training of so many that ends after this share of its length: at least one.
pub(super) fn shortened(steps: u64, share: f64) -> u64 {
    ((steps as f64 * share).round() as u64).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_steps_within_a_budget_cost_no_more_than_it_and_one_more_costs_more() {
        for (epoch, window) in [(100, 32), (96, 32), (10, 32), (2400, 1)] {
            for budget in [33.0, 64.0, 99.9, 100.0, 250.0, 12_345.6] {
                let steps = steps_within(budget, epoch, window);
                let least = samples_of(1, epoch, window);
                assert!(
                    samples_of(steps, epoch, window) <= budget.max(least),
                    "{epoch} {window} {budget}"
                );
                assert!(
                    samples_of(steps + 1, epoch, window) > budget,
                    "{epoch} {window} {budget}"
                );
            }
        }
    }
}
