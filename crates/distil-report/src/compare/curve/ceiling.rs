//! What a head start can save at most.

use std::collections::BTreeMap;

use super::invert::{Bound, cost_to_reach};
use crate::bill::Calibration;
use crate::measure::Better;
use crate::record::TrialId;
use crate::record::arm::{PLAIN_FULL, SMALL};
use crate::record::events::Folded;
use crate::trials::Trial;
use crate::trials::learning::learning_curve;

/// A trial's learning curve: FLOPs so far and the metric on the validation part, in the order of cost.
pub fn validation_curve(
    folded: &Folded<'_>,
    calibration: Option<&Calibration>,
    metric: &str,
) -> Vec<(f64, f64)> {
    let value = |value: &f64| value.is_finite();
    learning_curve(folded, calibration)
        .into_iter()
        .filter_map(|point| {
            let metrics = point.progress.validation.as_ref()?;
            let cost = point.flops.filter(|flops| *flops > 0.0)?;
            Some((cost, *metrics.get(metric).filter(|v| value(v))?))
        })
        .collect()
}

/// The ceiling with every seed and fold with which the small model and plain at its whole budget were trained, `learned` being the
/// learning curves of the trials.
pub fn ceilings(
    trials: &[&Trial],
    learned: &BTreeMap<TrialId, Vec<(f64, f64)>>,
    better: Better,
) -> Vec<f64> {
    let of = |arm: &'static str| trials.iter().filter(move |trial| trial.id.arm == arm);
    of(SMALL)
        .filter_map(|small| {
            let same =
                |plain: &&&Trial| (plain.id.seed, plain.id.fold) == (small.id.seed, small.id.fold);
            let plain = of(PLAIN_FULL).find(same)?;
            ceiling(learned.get(&small.id)?, learned.get(&plain.id)?, better)
        })
        .collect()
}

/// The largest share of plain's cost that starting from the small model can save, were the large one to go on at once from
/// where the small one is: the maximum over levels ℓ of [C_plain(ℓ) − C_small(ℓ)] / C_plain(target), C(ℓ) being the cost at which a
/// learning curve first reaches ℓ and the target what plain reaches at its best. 0 where the small model is never ahead; none of
/// empty curves. Before its learning rate has come down plain is behind what a schedule of that length would reach, so this is
/// rather too high.
pub fn ceiling(small: &[(f64, f64)], plain: &[(f64, f64)], better: Better) -> Option<f64> {
    let target = plain
        .iter()
        .map(|point| point.1)
        .max_by(|a, b| better.advantage(*a).total_cmp(&better.advantage(*b)))?;
    let cost = |curve: &[(f64, f64)], level: f64| {
        cost_to_reach(curve, level, better)
            .filter(|reached| reached.bound != Bound::MoreThan)
            .map(|reached| reached.cost)
    };
    let whole = cost(plain, target)?;
    let levels = small.iter().chain(plain).map(|point| point.1);
    let ahead = levels.filter_map(|level| Some(cost(plain, level)? - cost(small, level)?));
    (!small.is_empty()).then(|| ahead.fold(0.0, f64::max) / whole)
}
