//! Threads of a trial, where nobody says how many.

use distil_kernels::PRODUCTS_SHARED_FROM;

use crate::model::Layout;
use crate::optim::UPDATES_SHARED_FROM;
use crate::plan::Plan;
use crate::run::options::Options;

/// Threads of each trial of a run, one number for all of them, so that their times can be compared: what was asked for; else 1, or the
/// cores' share of a trial where fewer flows than cores can run side by side and a step has work to share.
pub fn threads(plan: &Plan, options: &Options, cores: usize) -> usize {
    let asked = plan
        .run
        .threads
        .as_ref()
        .map(|threads| threads.value as usize);
    if let Some(asked) = options.threads.or(asked) {
        return asked;
    }
    let candidates = plan
        .tuning
        .as_ref()
        .map_or(1, |tuning| tuning.candidates.len());
    let flows = options.folds().len() * candidates * options.seeds.max(1) as usize;
    let side_by_side = options.jobs.unwrap_or(flows).max(1);
    let mut trained = plan
        .stages
        .iter()
        .filter_map(|stage| Some((stage, stage.training()?)));
    match trained.any(|(stage, training)| has_work_to_share(&stage.layout, training.train.batch)) {
        true => (cores / side_by_side).max(1),
        false => 1,
    }
}

/// Whether a step of a network on so many samples has a product or an update that is shared among threads.
fn has_work_to_share(layout: &Layout, batch: usize) -> bool {
    layout.layers.iter().any(|layer| {
        layer
            .rows()
            .saturating_mul(layer.answers())
            .saturating_mul(batch)
            >= PRODUCTS_SHARED_FROM
            || layer.rows() * layer.outputs >= UPDATES_SHARED_FROM
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Layer;

    fn mlp(widths: &[usize]) -> Layout {
        let layers = widths.windows(2).enumerate();
        Layout::chain(
            layers
                .map(|(i, w)| Layer::dense(&i.to_string(), w[0], w[1]))
                .collect(),
        )
    }

    #[test]
    fn small_steps_stay_on_one_thread_and_large_ones_are_shared() {
        // `digits` and the small network of `source`: faster on one thread (bench/results.md).
        assert!(!has_work_to_share(&mlp(&[64, 512, 128, 10]), 32));
        assert!(!has_work_to_share(&mlp(&[100, 50, 10]), 32));
        // The large network of `source`: faster on two.
        assert!(has_work_to_share(&mlp(&[1000, 500, 100, 10]), 32));
        // Few weights, but many samples at once.
        assert!(has_work_to_share(&mlp(&[256, 256, 10]), 64));
    }
}
