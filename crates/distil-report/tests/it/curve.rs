//! Plain's curve is read as a hand reads it, in both directions, and says where its knee and the growth ceiling are.

use distil_report::compare::curve::{
    Bound, Curve, Reached, ceiling, ceilings, cost_to_reach, value_at_cost,
};
use distil_report::compare::{Question, TrialOutputs};
use distil_report::measure::Better;
use distil_report::record::arm::arm_of_share;
use distil_report::record::arm::share_of_arm;
use distil_report::run_json::{Status, Trial};

use crate::compare::{accuracy, seeds};

/// Costs 1, 2, 4 and 8.
const CURVE: [(f64, f64); 4] = [(1.0, 0.80), (2.0, 0.90), (4.0, 0.94), (8.0, 0.93)];

fn reached(cost: f64, bound: Bound) -> Option<Reached> {
    Some(Reached { cost, bound })
}

#[test]
fn values_between_two_budgets_are_read_on_the_logarithm_of_cost() {
    let at = |cost| value_at_cost(&CURVE, cost);
    assert!(
        (at(2f64.sqrt()).unwrap() - 0.85).abs() < 1e-12,
        "half way from 1 to 2"
    );
    assert!((at(2.0).unwrap() - 0.90).abs() < 1e-12);
    assert!((at(32f64.sqrt()).unwrap() - 0.935).abs() < 1e-12);
    assert_eq!((at(0.99), at(8.1)), (Some(0.80), Some(0.93)), "whole steps");
    assert_eq!((at(0.9), at(8.5), at(f64::NAN)), (None, None, None));
    assert_eq!(value_at_cost(&[], 1.0), None);
}

#[test]
fn the_cost_of_a_quality_is_where_the_curve_first_reaches_it() {
    let to = |value| cost_to_reach(&CURVE, value, Better::Higher);
    let Reached { cost, bound } = to(0.85).unwrap();
    assert!((cost - 2f64.sqrt()).abs() < 1e-12 && bound == Bound::Exactly);
    let first = to(0.93).unwrap();
    assert!(
        first.cost < 4.0,
        "before the curve turns, not where it comes down again"
    );
    assert_eq!(to(0.70), reached(1.0, Bound::AtMost));
    assert_eq!(to(0.95), reached(8.0, Bound::MoreThan));
    let losses = CURVE.map(|(cost, accuracy)| (cost, 1.0 - accuracy));
    let same = cost_to_reach(&losses, 0.15, Better::Lower).unwrap();
    assert!((same.cost - 2f64.sqrt()).abs() < 1e-12);
    assert_eq!(cost_to_reach(&[], 0.5, Better::Higher), None);
}

#[test]
fn the_ceiling_is_the_largest_lead_of_the_small_model_over_plains_whole_cost() {
    // Small reaches 0.8 at cost 1 and stays; plain reaches 0.8 at cost 4 and its best, 0.9, at cost 10.
    let small = [(0.5, 0.6), (1.0, 0.8), (2.0, 0.8)];
    let plain = [(2.0, 0.6), (4.0, 0.8), (10.0, 0.9)];
    let found = ceiling(&small, &plain, Better::Higher).unwrap();
    assert!((found - (4.0 - 1.0) / 10.0).abs() < 1e-12, "{found}");
    let slow = [(20.0, 0.9)];
    assert_eq!(ceiling(&slow, &plain, Better::Higher), Some(0.0));
    assert_eq!(ceiling(&[], &plain, Better::Higher), None);
    assert_eq!(ceiling(&small, &[], Better::Higher), None);
}

#[test]
fn every_seed_with_a_small_model_and_plains_whole_budget_has_its_ceiling() {
    let trials = seeds(&[
        ("small", 1e11, &[0.9, 0.9]),
        ("plain-full", 1e12, &[0.9]),
        ("plain", 1e12, &[0.9, 0.9]),
    ]);
    let trials: Vec<&Trial> = trials.iter().collect();
    let id = |arm: &str| {
        trials
            .iter()
            .find(|trial| trial.id.arm == arm)
            .unwrap()
            .id
            .clone()
    };
    let small = (id("small"), vec![(1.0, 0.8)]);
    let plain = (id("plain-full"), vec![(4.0, 0.8), (10.0, 0.9)]);
    let learned = [small, plain].into();
    assert_eq!(ceilings(&trials, &learned, Better::Higher), [0.3]);
    assert!(ceilings(&trials, &Default::default(), Better::Higher).is_empty());
}

#[test]
fn arms_of_the_curve_are_named_by_their_share() {
    assert_eq!(
        [0.25, 0.5, 1.0].map(arm_of_share),
        ["plain-25", "plain-50", "plain-full"]
    );
    assert_eq!(share_of_arm("plain-25"), Some(0.25));
    for other in [
        "plain",
        "plain-full",
        "plain-0",
        "plain-100",
        "plain-2e1",
        "small",
    ] {
        assert_eq!(share_of_arm(other), None, "{other}");
    }
}

/// Six seeds: plain at 25, 50 and 100 %, seed by seed a little apart, and the flow at half the budget's cost.
fn trials(flow: f64, [quarter, half, whole]: [f64; 3]) -> Vec<Trial> {
    let around = |(arm, middle): (usize, f64)| -> [f64; 6] {
        std::array::from_fn(|seed| middle + [0.0, 1e-4, -1e-4, 3e-4, -4e-4, 1e-4][(seed + arm) % 6])
    };
    let drawn = [(0, flow), (1, quarter), (2, half), (3, whole)].map(around);
    seeds(&[
        ("flow", 2e12, &drawn[0]),
        ("plain-25", 1e12, &drawn[1]),
        ("plain-50", 2e12, &drawn[2]),
        ("plain-full", 4e12, &drawn[3]),
    ])
}

fn curve(trials: &[Trial], margin: Option<f64>, ceilings: &[f64]) -> Option<Curve> {
    let entry = |trial| TrialOutputs {
        trial,
        predictions: None,
    };
    let entries: Vec<TrialOutputs<'_>> = trials.iter().map(entry).collect();
    let metric = accuracy();
    let question = Question {
        margin,
        ..Question::new(&metric)
    };
    Curve::of(&entries, &question, ceilings)
}

#[test]
fn a_flow_ahead_of_the_curve_is_better_at_equal_cost_and_cheaper_at_equal_quality() {
    let curve = curve(&trials(0.95, [0.90, 0.94, 0.96]), None, &[0.25, 0.35]).unwrap();
    assert_eq!((curve.seeds, curve.left_out, curve.knee), (6, 0, None));
    let cost = curve.equal_cost.unwrap();
    assert!((cost.difference - 0.01).abs() < 1e-12 && (cost.share - 0.5).abs() < 1e-12);
    assert_eq!(cost.p, 0.03125);
    // 0.95 is half way from 0.94 at 2e12 to 0.96 at 4e12.
    let quality = curve.equal_quality_flops.unwrap();
    assert!((quality.times - 2f64.sqrt()).abs() < 1e-9 && quality.bound == Bound::Exactly);
    let saving = 1.0 - 1.0 / 2f64.sqrt();
    assert!((curve.saving().unwrap() - saving).abs() < 1e-9);
    assert_eq!((curve.ceiling, curve.above_ceiling()), (Some(0.3), false));
    insta::assert_snapshot!(curve.sentences(&accuracy()).join("\n"), @r#"
Plain's knee: not known, without `[compare] margin` nothing says what is good enough.
At equal cost, 50 % of plain's declared budget: the flow − plain is +1.00 points (95 % interval +0.97 to +1.03, sign-flip test p = 0.031), plain being read between its points.
At equal quality, in FLOPs: plain takes 2.83 TFLOPs, 1.41 × what the flow takes (95 % bootstrap interval 1.40 × to 1.42 ×, rather too narrow with 6 seeds).
At equal quality, in time: plain takes 4 min 43 s, 1.41 × what the flow takes (95 % bootstrap interval 1.40 × to 1.42 ×, rather too narrow with 6 seeds).
Growth ceiling: a head start from the small model saves at most 30 % of plain's FLOPs.
"#);
}

#[test]
fn a_saving_above_the_growth_ceiling_is_flagged() {
    let curve = curve(&trials(0.97, [0.90, 0.94, 0.96]), None, &[0.3]).unwrap();
    assert_eq!(curve.equal_quality_flops.unwrap().bound, Bound::MoreThan);
    assert!(curve.above_ceiling());
    let said = curve.sentences(&accuracy());
    insta::assert_snapshot!(said[2..].join("\n"), @"At equal quality, in FLOPs: plain takes more than 4.00 TFLOPs, more than 2.00 × what the flow takes.\nAt equal quality, in time: plain takes more than 6 min 40 s, more than 2.00 × what the flow takes.\nGrowth ceiling: a head start from the small model saves at most 30 % of plain's FLOPs; at equal quality the flow would save at least 50 %: plain's best at any budget that was run is passed, and the ceiling does not apply.");
}

#[test]
fn a_budget_that_plain_does_not_need_lies_beyond_its_knee() {
    let said = |points, margin| {
        let curve = curve(&trials(0.95, points), margin, &[]).unwrap();
        curve.knee_sentence(&accuracy())
    };
    let margin = Some(0.005);
    insta::assert_snapshot!(said([0.90, 0.9600, 0.9600], margin), @"Plain's knee: 47 % of its declared budget (95 % interval 41 % to 54 %) is within 0.50 points of its best over 6 seeds; the budget lies beyond the knee, and savings against it are overstated 2.12 ×.");
    insta::assert_snapshot!(said([0.96, 0.9600, 0.9600], margin), @"Plain's knee: ≤ 25 % of its declared budget (95 % interval ≤ 25 % to 29 %) is within 0.50 points of its best over 6 seeds; the budget lies beyond the knee, and savings against it are overstated at least 4.00 ×.");
    insta::assert_snapshot!(said([0.90, 0.9400, 0.9600], margin), @"Plain's knee: beyond its declared budget: twice as much would gain more than 0.50 points, over 6 seeds.");
    insta::assert_snapshot!(said([0.95, 0.9560, 0.9600], margin), @"Plain's knee: 45 % of its declared budget (95 % interval 38 % to 53 %) is within 0.50 points of its best over 6 seeds; the budget lies beyond the knee, and savings against it are overstated 2.24 ×.");
    insta::assert_snapshot!(said([0.90, 0.9600, 0.9600], None), @"Plain's knee: not known, without `[compare] margin` nothing says what is good enough.");
}

#[test]
fn too_few_seeds_have_no_knee_and_no_interval_of_cost() {
    let mut few = trials(0.95, [0.90, 0.94, 0.96]);
    few.retain(|trial| trial.id.seed <= 5);
    let found = curve(&few, Some(0.005), &[]).unwrap();
    assert_eq!(
        (found.knee, found.equal_quality_flops.unwrap().ci95),
        (None, None)
    );
    insta::assert_snapshot!(found.knee_sentence(&accuracy()), @"Plain's knee: not known, it takes at least 6 seeds, and plain's curve has 5.");
}

#[test]
fn a_seed_with_a_trial_that_did_not_finish_is_left_out_and_said_so() {
    let mut trials = trials(0.95, [0.90, 0.94, 0.96]);
    trials[6].status = Status::Diverged;
    let found = curve(&trials, None, &[]).unwrap();
    assert_eq!((found.seeds, found.left_out), (5, 1));
    assert!(
        found
            .sentences(&accuracy())
            .iter()
            .any(|said| said.contains("1 of 6 seeds"))
    );
    trials.retain(|trial| trial.id.arm != "plain-full");
    assert_eq!(curve(&trials, None, &[]), None);
}

#[test]
fn a_flow_cheaper_than_the_smallest_budget_is_not_compared_at_equal_cost() {
    let mut trials = trials(0.85, [0.90, 0.94, 0.96]);
    for trial in trials.iter_mut().filter(|trial| trial.id.arm == "flow") {
        trial.bill.rows[0].flops = Some(0.5e12);
    }
    let found = curve(&trials, None, &[0.1]).unwrap();
    assert_eq!(found.equal_cost, None);
    let quality = found.equal_quality_flops.unwrap();
    assert_eq!((quality.bound, quality.times), (Bound::AtMost, 2.0));
    assert_eq!((found.saving(), found.above_ceiling()), (None, false));
}

#[test]
fn a_curve_comes_back_from_json() -> Result<(), serde_json::Error> {
    for flow in [0.85, 0.95, 0.96, 0.97] {
        let found = curve(&trials(flow, [0.90, 0.94, 0.96]), None, &[0.3]).unwrap();
        let text = serde_json::to_string(&found)?;
        assert_eq!(serde_json::from_str::<Curve>(&text)?, found);
    }
    Ok(())
}

#[test]
fn folds_are_averaged_in_value_and_in_cost() {
    let mut trials = trials(0.95, [0.90, 0.94, 0.96]);
    for trial in &mut trials {
        // Three seeds of two folds.
        (trial.id.seed, trial.id.fold) =
            (trial.id.seed.div_ceil(2), Some(trial.id.seed as usize % 2));
    }
    let found = curve(&trials, None, &[]).unwrap();
    assert_eq!((found.seeds, found.points[0].flops), (3, Some(1e12)));
    assert!((found.equal_quality_flops.unwrap().plain - 2e12 * 2f64.sqrt()).abs() < 1e6);
}
