//! An arm's results seed by seed, as tables, charts and CSV show them.

use crate::run_json::RunJson;
use crate::statistics::mean;
use crate::trials::Status;

/// Each seed's value of the main metric on the test part, the mean over its finished folds, by rising seed.
pub fn values(run: &RunJson, arm: &str) -> Vec<(u64, f64)> {
    by_seed(run, arm, |trial| {
        trial.result()?.test.get(&run.metric.name).copied()
    })
}

/// Each seed's FLOPs towards equal cost, the mean over its finished folds, by rising seed.
pub fn flops(run: &RunJson, arm: &str) -> Vec<(u64, f64)> {
    by_seed(run, arm, |trial| trial.bill.equalised().flops)
}

/// The standard deviation of a sample; none of fewer than two numbers.
pub fn spread(values: &[f64]) -> Option<f64> {
    let middle = mean(values).filter(|_| values.len() > 1)?;
    let squares: f64 = values.iter().map(|value| (value - middle).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

fn by_seed(
    run: &RunJson,
    arm: &str,
    of: impl Fn(&crate::trials::Trial) -> Option<f64>,
) -> Vec<(u64, f64)> {
    let finished = || {
        let of_arm = run.arm(arm);
        of_arm.filter(|trial| trial.status == Status::Finished)
    };
    let mut seeds: Vec<u64> = finished().map(|trial| trial.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let value = |seed: u64| {
        let folds = finished().filter(|trial| trial.seed == seed);
        let values: Vec<f64> = folds.filter_map(&of).filter(|v| v.is_finite()).collect();
        Some((seed, mean(&values)?))
    };
    seeds.into_iter().filter_map(value).collect()
}
