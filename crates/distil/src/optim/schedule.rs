//! Learning rate schedules: pure functions of the step.
//!
//! The step s counts from 0 and n is the number of steps; every factor is multiplied onto the peak
//! learning rate. The schedules that end at zero reach it at s = n, so the last step still moves.

use serde::{Deserialize, Serialize};

/// A learning rate's factor over the steps of a schedule.
pub trait Schedule: std::fmt::Debug + Send + Sync {
    /// Whether the settings are in range; else the reason, as a sentence without its full stop.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// Factor on the peak learning rate at `step` of `steps`, in [0, 1].
    fn factor(&self, step: u64, steps: u64) -> f64;
}

/// A linear warm-up over the first u steps, with factors (s+1)/u, then `then` over the other n−u.
///
/// The first step already moves, and step u−1 has the full rate.
#[derive(Debug)]
pub struct WarmUp {
    /// Steps of warm-up, u.
    pub steps: u64,
    /// What follows.
    pub then: Box<dyn Schedule>,
}

/// 1 throughout; the last step has 1.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Constant {}

/// 1 − s/n; the last step has 1/n.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Linear {}

/// (1 + cos(πs/n))/2 (Loshchilov & Hutter 2017, one period); the last step has (1 − cos(π/n))/2.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cosine {}

/// 1, then (n−s)/d over the last d = max(1, round(decay·n)) steps (Hägele et al. 2024); the last step has 1/d.
/// Budgets of several lengths share a trunk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Trapezoid {
    /// Share of the steps spent going down to zero, in [0, 1].
    #[schemars(range(min = 0, max = 1))]
    pub decay: f64,
}

/// 1 up to s = n/2, then (1 + cos(π(2s/n − 1)))/2; the last step has (1 − cos(2π/n))/2.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FlatCosine {}

/// (1 − cos(2π log₂(1 + (2ᶜ − 1) s/n)))/2 with c cycles (Holzmüller et al. 2024): 0 at s = 0 and, but for the first step, between
/// cycles; the last step is near 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Coslog {
    /// c, from 1 to 16.
    #[schemars(range(min = 1, max = 16))]
    pub cycles: u32,
}

impl Default for Coslog {
    fn default() -> Self {
        Self { cycles: 4 }
    }
}

impl Default for Trapezoid {
    fn default() -> Self {
        Self { decay: 0.2 }
    }
}

impl Schedule for WarmUp {
    fn check(&self) -> Result<(), String> {
        self.then.check()
    }

    fn factor(&self, step: u64, steps: u64) -> f64 {
        match step.checked_sub(self.steps) {
            None => ramp(step, self.steps),
            Some(step) => self.then.factor(step, steps.saturating_sub(self.steps)),
        }
    }
}

impl Schedule for Constant {
    fn factor(&self, _step: u64, _steps: u64) -> f64 {
        1.0
    }
}

impl Schedule for Linear {
    fn factor(&self, step: u64, steps: u64) -> f64 {
        1.0 - passed(step, steps)
    }
}

impl Schedule for Cosine {
    fn factor(&self, step: u64, steps: u64) -> f64 {
        0.5 * (1.0 + (std::f64::consts::PI * passed(step, steps)).cos())
    }
}

impl Schedule for Trapezoid {
    fn check(&self) -> Result<(), String> {
        if (0.0..=1.0).contains(&self.decay) {
            Ok(())
        } else {
            Err("`decay` must be a share between 0 and 1".into())
        }
    }

    fn factor(&self, step: u64, steps: u64) -> f64 {
        let decay = (self.decay * steps as f64).round().max(1.0);
        (steps.saturating_sub(step) as f64 / decay).min(1.0)
    }
}

impl Schedule for FlatCosine {
    fn factor(&self, step: u64, steps: u64) -> f64 {
        let falls = (2.0 * passed(step, steps) - 1.0).max(0.0);
        0.5 * (1.0 + (std::f64::consts::PI * falls).cos())
    }
}

impl Schedule for Coslog {
    fn check(&self) -> Result<(), String> {
        match self.cycles {
            1..=16 => Ok(()),
            _ => Err("`cycles` must be from 1 to 16".into()),
        }
    }

    fn factor(&self, step: u64, steps: u64) -> f64 {
        let stretched = (2_f64.powi(self.cycles as i32) - 1.0) * passed(step, steps);
        0.5 * (1.0 - (std::f64::consts::TAU * stretched.ln_1p() / std::f64::consts::LN_2).cos())
    }
}

/// A warm-up's factor: min(1, (s+1)/u).
pub(super) fn ramp(step: u64, warmup: u64) -> f64 {
    if step >= warmup {
        1.0
    } else {
        (step + 1) as f64 / warmup as f64
    }
}

/// Share of the steps that lie behind `step`, in [0, 1].
fn passed(step: u64, steps: u64) -> f64 {
    (step as f64 / steps.max(1) as f64).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedules() -> [Box<dyn Schedule>; 4] {
        [
            Box::new(Constant {}),
            Box::new(Linear {}),
            Box::new(Cosine {}),
            Box::new(Trapezoid::default()),
        ]
    }

    #[test]
    fn every_schedule_ends_where_its_documentation_says() {
        let cosine = 0.5 * (1.0 - (std::f64::consts::PI / 100.0).cos());
        for (schedule, last) in schedules().iter().zip([1.0, 0.01, cosine, 1.0 / 20.0]) {
            assert!(
                (schedule.factor(99, 100) - last).abs() < 1e-15,
                "{schedule:?}"
            );
        }
    }

    #[test]
    fn a_warm_up_starts_above_zero_and_reaches_the_full_rate_at_its_last_step() {
        for then in schedules() {
            let schedule = WarmUp { steps: 4, then };
            let first: Vec<f64> = (0..5).map(|s| schedule.factor(s, 100)).collect();
            assert_eq!(first, [0.25, 0.5, 0.75, 1.0, 1.0], "{schedule:?}");
        }
    }

    #[test]
    fn a_trapezoid_is_flat_until_its_decay() {
        let schedule = Trapezoid::default();
        assert!((0..=80).all(|s| schedule.factor(s, 100) == 1.0));
        assert_eq!(schedule.factor(90, 100), 0.5);
        assert_eq!(schedule.factor(100, 100), 0.0);
    }

    #[test]
    fn a_warm_up_longer_than_the_steps_stays_finite() {
        for then in schedules() {
            let schedule = WarmUp { steps: 10, then };
            assert_eq!(schedule.factor(4, 5), 0.5, "{schedule:?}");
            assert!(schedule.factor(10, 5).is_finite(), "{schedule:?}");
        }
    }
}
