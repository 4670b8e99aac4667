//! Reading a curve of cost and value in both directions, linear in the logarithm of cost between its points.

use serde::{Deserialize, Serialize};

use crate::measure::Better;

/// How far outside the curve's costs a cost may lie and still be taken for its end: budgets end at whole steps.
const ROUNDING: f64 = 1.02;

/// A cost at which a value is reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reached {
    /// The cost.
    pub cost: f64,
    /// What it is to the true cost.
    pub bound: Bound,
}

/// What a number is to the true one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// It is that.
    Exactly,
    /// The true one is that or less.
    AtMost,
    /// The true one is more.
    MoreThan,
}

/// The curve's value at a cost, by interpolation between points of rising cost above 0; none outside the curve, beyond 2 %.
pub fn value_at_cost(curve: &[(f64, f64)], cost: f64) -> Option<f64> {
    let (first, last) = (curve.first()?, curve.last()?);
    if cost < first.0 / ROUNDING || cost > last.0 * ROUNDING || cost.is_nan() {
        return None;
    }
    if cost <= first.0 {
        return Some(first.1);
    }
    let between = curve.windows(2).find(|pair| cost <= pair[1].0);
    Some(match between {
        None => last.1,
        Some(pair) => {
            let (low, high) = (pair[0], pair[1]);
            let share = (cost / low.0).ln() / (high.0 / low.0).ln();
            low.1 + share * (high.1 - low.1)
        }
    })
}

/// The cost at which a curve of rising cost first reaches `value`; none of an empty curve.
pub fn cost_to_reach(curve: &[(f64, f64)], value: f64, better: Better) -> Option<Reached> {
    let reaches = |point: &(f64, f64)| better.advantage(point.1 - value) >= 0.0;
    let Some(place) = curve.iter().position(reaches) else {
        let cost = curve.last()?.0;
        let bound = Bound::MoreThan;
        return Some(Reached { cost, bound });
    };
    if place == 0 {
        let cost = curve[0].0;
        let bound = Bound::AtMost;
        return Some(Reached { cost, bound });
    }
    let (low, high) = (curve[place - 1], curve[place]);
    let share = (value - low.1) / (high.1 - low.1);
    Some(Reached {
        cost: low.0 * (high.0 / low.0).powf(share),
        bound: Bound::Exactly,
    })
}
