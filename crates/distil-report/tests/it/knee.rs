//! Plain's knee agrees with a dense grid in NumPy (`testdata/reference/knee/`), and by simulation its mean and its interval with the true one.

use distil_report::compare::curve::{Bound, Knee, Share};
use serde::Deserialize;

use crate::synthetic::standard_normal;

const SHARES: [f64; 4] = [0.25, 0.5, 0.75, 1.0];

#[derive(Deserialize)]
struct Case {
    means: [f64; 4],
    knee: Option<f64>,
}

/// The knee of curves that are the same with every seed, in units of the margin.
fn of_means(means: &[f64; 4]) -> Knee {
    Knee::of(&SHARES, &vec![means.to_vec(); 6], 1.0).unwrap()
}

#[test]
fn the_knee_is_the_one_of_a_dense_grid() {
    let cases = include_str!("../../../../testdata/reference/knee/vectors.json");
    let cases: Vec<Case> = serde_json::from_str(cases).unwrap();
    assert_eq!(cases.len(), 48);
    for Case { means, knee } in cases {
        let found = of_means(&means).at;
        let agrees = match knee {
            None => found.bound == Bound::MoreThan,
            Some(knee) => (found.share - knee).abs() < 1e-4 && found.bound != Bound::MoreThan,
        };
        assert!(agrees, "{means:?}: {found:?}, {knee:?}");
    }
}

#[test]
fn ends_of_the_curve_are_bounds_and_the_interval_allows_for_what_lies_between_budgets() {
    let share = |share, bound| Share { share, bound };
    let flat = of_means(&[0.0; 4]);
    assert_eq!(flat.at, share(0.25, Bound::AtMost));
    assert_eq!(flat.low, share(0.25, Bound::AtMost));
    assert!((flat.high.share - 0.25 * 1.15).abs() < 1e-12);
    let rising = of_means(&[0.0, 10.0, 16.0, 20.0]);
    let beyond = share(1.0, Bound::MoreThan);
    assert_eq!(
        (rising.at, rising.low, rising.high),
        (beyond, beyond, beyond)
    );
    // Half way between 50 and 75 % in the logarithm.
    let knee = of_means(&[-9.0, -2.0, 0.0, 0.0]);
    let middle = (0.5_f64 * 0.75).sqrt();
    assert!((knee.at.share - middle).abs() < 1e-12, "{knee:?}");
    assert!((knee.low.share - middle / 1.15).abs() < 1e-12);
    assert!((knee.high.share - middle * 1.15).abs() < 1e-12);
}

#[test]
fn fewer_than_six_seeds_have_none() {
    assert_eq!(Knee::of(&SHARES, &vec![vec![0.0; 4]; 5], 1.0), None);
}

#[test]
fn shares_that_begin_above_a_quarter_have_a_knee_too() {
    let of = |means: [f64; 2]| {
        Knee::of(&[0.5, 1.0], &vec![means.to_vec(); 6], 1.0)
            .unwrap()
            .at
    };
    assert_eq!(of([-0.5, 0.0]).bound, Bound::AtMost);
    assert_eq!(of([-2.0, 0.0]).bound, Bound::MoreThan);
}

type Curve = Box<dyn Fn(f64) -> f64>;

/// True curves over the share of the budget, in units of the margin.
fn curves() -> Vec<(&'static str, Curve)> {
    let mut curves: Vec<(&str, Curve)> = vec![
        ("flat", Box::new(|_| 0.0)),
        ("0.6 a doubling", Box::new(|b| 0.6 * b.log2())),
        ("1.5 a doubling", Box::new(|b| 1.5 * b.log2())),
        (
            "flat from 50 % on",
            Box::new(|b| -3.0 * (-1.0 - b.log2()).max(0.0)),
        ),
        (
            "flat from 75 % on",
            Box::new(|b| -4.0 * (0.75_f64.log2() - b.log2()).max(0.0)),
        ),
        ("falls by 1.5", Box::new(|b| -0.75 * (b.log2() + 2.0))),
        ("falls by 4", Box::new(|b| -2.0 * (b.log2() + 2.0))),
        (
            "a hump at 50 %",
            Box::new(|b| {
                if b < 0.5 {
                    -2.0 * (-1.0 - b.log2())
                } else {
                    -1.5 * (b.log2() + 1.0)
                }
            }),
        ),
        (
            "a hump at 71 %",
            Box::new(|b| -4.0 * (b.log2() + 0.5).powi(2)),
        ),
    ];
    for power in [0.5, 1.0, 2.0] {
        for knee in [0.28_f64, 0.35, 0.45, 0.55, 0.62] {
            let rise = move |b: f64| -(b.powf(-power) - 1.0) / (knee.powf(-power) - 1.0);
            curves.push(("a power law", Box::new(rise)));
        }
        let rise = move |b: f64| -2.0 / (1.0 - 2_f64.powf(-power)) * (b.powf(-power) - 1.0);
        curves.push(("a power law, rising still", Box::new(rise)));
    }
    curves
}

/// The knee of a true curve; above 1 where twice the budget gains more than the margin.
fn truth(curve: &dyn Fn(f64) -> f64) -> f64 {
    if curve(2.0) - curve(1.0) > 1.0 {
        return 2.0;
    }
    let grid = || (0..=2000).map(|n| (f64::from(n) / 1000.0 - 2.0).exp2());
    let best = grid().map(curve).fold(f64::NEG_INFINITY, f64::max);
    grid().find(|b| curve(*b) >= best - 1.0).unwrap()
}

#[test]
fn by_simulation_the_knee_is_right_on_average_and_its_interval_holds_the_true_one() {
    const RUNS: u64 = 300;
    // Two grid steps of the truth, where the interval ends at a budget.
    const STEP: f64 = 1.002;
    for (number, (name, curve)) in (0..).zip(curves()) {
        let truth = truth(&*curve);
        for (level, noise) in (0..).zip([0.1, 0.3, 0.5]) {
            let (mut sum, mut held) = (0.0, 0);
            for run in 0..RUNS {
                let stream = 1000 * number + 10 * run + level;
                // Half of a seed's luck shifts its whole curve.
                let seeds: Vec<Vec<f64>> = (0..6)
                    .map(|seed| {
                        let common = standard_normal(stream, 100 + seed);
                        let point = |place: u64| {
                            let own = standard_normal(stream, 5 * seed + place);
                            curve(SHARES[place as usize]) + noise * 0.5_f64.sqrt() * (common + own)
                        };
                        (0..4).map(point).collect()
                    })
                    .collect();
                let Knee { at, low, high } = Knee::of(&SHARES, &seeds, 1.0).unwrap();
                sum += at.share;
                let above = low.bound == Bound::AtMost
                    || (low.bound == Bound::MoreThan && truth > 1.0)
                    || low.share <= truth * STEP;
                let below = high.bound == Bound::MoreThan || high.share * STEP >= truth;
                held += u64::from(above && below);
            }
            let mean = sum / RUNS as f64 / truth.min(1.0);
            let coverage = held as f64 / RUNS as f64;
            let about = format!("{name}, true {truth:.2}, noise {noise}: {mean:.2} ×, {coverage}");
            assert!((1.0 / 1.3..=1.3).contains(&mean), "{about}");
            assert!(coverage >= 0.95, "{about}");
        }
    }
}
