//! Tests and intervals agree with SciPy and statsmodels (`testdata/reference/`) and with what a hand computes.

use distil_report::statistics::{
    FEWEST_FOR_BCA, bca, bca_of, corrected_folds, cost_ratio, holm, mcnemar, median,
    non_inferiority, normal_below, normal_quantile, paired_errors, percentile_interval, sign_flip,
    worst_ranks,
};
use serde_json::Value;

use crate::vectors::{MEASURE, STATISTICS, cases_of, flags, floats, whole};

fn cases(name: &str) -> Vec<Value> {
    cases_of(STATISTICS, name)
}

fn number(case: &Value, name: &str) -> f64 {
    case[name].as_f64().unwrap()
}

#[track_caller]
fn assert_near(ours: f64, theirs: f64) {
    let allowed = 1e-9 * theirs.abs().max(1e-6);
    assert!(
        (ours - theirs).abs() <= allowed,
        "{ours} here, {theirs} there"
    );
}

#[test]
fn mcnemar_equals_scipys_exact_binomial_test() {
    for case in cases_of(MEASURE, "mcnemar") {
        let test = mcnemar(&flags(&case["first"]), &flags(&case["second"]));
        assert_eq!(test.only_first, whole(&case["only_first"]));
        assert_eq!(test.only_second, whole(&case["only_second"]));
        let p = case["p"].as_f64().unwrap();
        assert!(
            (test.p - p).abs() <= 1e-11 * p,
            "{} here, {p} there",
            test.p
        );
    }
}

#[test]
fn the_paired_test_equals_scipys() {
    for case in cases_of(MEASURE, "paired_errors") {
        let test = paired_errors(&floats(&case["differences"])).unwrap();
        assert_near(test.difference, number(&case, "difference"));
        let interval = floats(&case["ci95"]);
        assert_near(test.ci95[0], interval[0]);
        assert_near(test.ci95[1], interval[1]);
        assert_near(test.p, number(&case, "p"));
    }
}

#[test]
fn sign_flips_equal_scipys_permutation_test() {
    for case in cases_of(MEASURE, "sign_flip") {
        let test = sign_flip(&floats(&case["differences"])).unwrap();
        assert_near(test.difference, number(&case, "difference"));
        assert_near(test.p, number(&case, "p"));
    }
}

#[test]
fn five_pairs_never_reach_five_per_cent_and_six_can() {
    assert_eq!(sign_flip(&[1.0]).unwrap().p, 1.0);
    assert_eq!(sign_flip(&[1.0; 5]).unwrap().p, 0.0625);
    assert_eq!(sign_flip(&[1.0; 6]).unwrap().p, 0.03125);
    let many = sign_flip(&[1.0; 40]).unwrap().p;
    assert!(many > 0.0 && many < 1e-4, "{many}");
    let none: Vec<f64> = (0..40)
        .map(|place| if place % 2 == 0 { 1.0 } else { -1.0 })
        .collect();
    assert_eq!(sign_flip(&none).unwrap().p, 1.0);
}

#[test]
fn non_inferiority_equals_scipys_one_sided_permutation_test() {
    for case in cases("non_inferiority") {
        let advantages = floats(&case["advantages"]);
        let p = non_inferiority(&advantages, number(&case, "margin")).unwrap();
        assert_near(p, number(&case, "p"));
    }
    assert_eq!(non_inferiority(&[], 1.0), None);
}

#[test]
fn six_pairs_inside_the_margin_are_the_fewest_that_show_it_at_a_fortieth() {
    assert_eq!(non_inferiority(&[0.0; 5], 0.1), Some(1.0 / 32.0));
    assert_eq!(non_inferiority(&[0.0; 6], 0.1), Some(1.0 / 64.0));
}

#[test]
fn failures_rank_as_the_worst_and_the_test_is_wilcoxons() {
    for case in cases("worst_rank") {
        let beyond = number(&case, "infinite_beyond");
        let infinite = |d: f64| {
            if d.abs() > beyond {
                d.signum() * f64::INFINITY
            } else {
                d
            }
        };
        let differences: Vec<f64> = floats(&case["differences"])
            .into_iter()
            .map(infinite)
            .collect();
        let ranks = worst_ranks(&differences);
        let without_zeros: Vec<f64> = ranks.iter().copied().filter(|r| *r != 0.0).collect();
        assert_eq!(without_zeros, floats(&case["ranks"]), "{case}");
        assert_near(sign_flip(&ranks).unwrap().p, number(&case, "p"));
    }
    assert_eq!(
        worst_ranks(&[f64::NAN, -2.0, 0.0, f64::INFINITY]),
        [0.0, -1.0, 0.0, 2.0]
    );
}

#[test]
fn the_bca_interval_equals_scipys_on_scipys_draws() {
    for case in cases("bca") {
        let values = floats(&case["values"]);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let ours = bca_of(mean, &floats(&case["draws"]), &floats(&case["jackknife"])).unwrap();
        for (ours, theirs) in ours.iter().zip(floats(&case["ci95"])) {
            assert_near(*ours, theirs);
        }
    }
}

#[test]
fn the_bca_interval_of_our_own_draws_is_scipys_up_to_their_noise() {
    for case in cases("bca_many") {
        let values = floats(&case["values"]);
        let mean =
            |places: &[usize]| places.iter().map(|p| values[*p]).sum::<f64>() / places.len() as f64;
        let [low, high] = bca(values.len(), &mean).unwrap();
        let theirs = floats(&case["ci95"]);
        let allowed = 0.02 * (theirs[1] - theirs[0]);
        assert!((low - theirs[0]).abs() < allowed && (high - theirs[1]).abs() < allowed);
        assert_eq!(
            bca(values.len(), &mean),
            Some([low, high]),
            "the draws are fixed"
        );
    }
}

#[test]
fn few_seeds_get_no_bca_interval() {
    assert_eq!(bca(FEWEST_FOR_BCA - 1, &|places| places[0] as f64), None);
}

#[test]
fn an_interval_that_reaches_infinity_says_so() {
    let cost = [1.0, 1.1, 0.9, 1.2, f64::INFINITY, 1.0];
    let worst = |places: &[usize]| places.iter().map(|p| cost[*p]).fold(0.0, f64::max);
    let [low, high] = percentile_interval(6, 6, &worst).unwrap();
    assert!(
        (1.0..=1.2).contains(&low) && high == f64::INFINITY,
        "{low} {high}"
    );
    assert_eq!(percentile_interval(5, 6, &worst), None);
}

#[test]
fn the_normal_distribution_equals_scipys() {
    for case in cases("normal") {
        let (z, below) = (number(&case, "z"), number(&case, "below"));
        assert!(
            (normal_below(z) - below).abs() <= 1e-11 * below,
            "{case}: {}",
            normal_below(z)
        );
        if below < 0.9999 {
            assert!((normal_quantile(below) - z).abs() < 1e-9, "{case}");
        }
    }
    assert_eq!(
        [0.0, 1.0].map(normal_quantile),
        [f64::NEG_INFINITY, f64::INFINITY]
    );
}

#[test]
fn holms_adjustment_equals_statsmodels() {
    for case in cases("holm") {
        for (ours, theirs) in holm(&floats(&case["p"]))
            .iter()
            .zip(floats(&case["adjusted"]))
        {
            assert_near(*ours, theirs);
        }
    }
    assert_eq!(holm(&[]), Vec::<f64>::new());
}

#[test]
fn overlapping_folds_are_corrected_as_nadeau_and_bengio_say() {
    for case in cases("corrected_folds") {
        let differences = floats(&case["differences"]);
        let ours = corrected_folds(&differences, number(&case, "test_to_train")).unwrap();
        assert_near(ours.p, number(&case, "p"));
        for (ours, theirs) in ours.ci95.iter().zip(floats(&case["ci95"])) {
            assert_near(*ours, theirs);
        }
        let naive = paired_errors(&differences).unwrap();
        assert!(ours.p > naive.p, "the correction makes the test stricter");
    }
    assert_eq!(corrected_folds(&[1.0], 0.25), None);
}

#[test]
fn cost_ratios_are_geometric_means_and_medians_where_a_trial_failed() {
    for case in cases("cost_ratio") {
        let pairs: Vec<Vec<f64>> = case["pairs"]
            .as_array()
            .unwrap()
            .iter()
            .map(floats)
            .collect();
        let pairs: Vec<(f64, f64)> = pairs.iter().map(|pair| (pair[0], pair[1])).collect();
        let ours = cost_ratio(&pairs).unwrap();
        assert_near(ours.ratio, number(&case, "ratio"));
        assert_eq!(ours.failures, 0);
    }
    const NEVER: f64 = f64::INFINITY;
    let of = |pairs: &[(f64, f64)]| cost_ratio(pairs).map(|found| (found.ratio, found.failures));
    assert_eq!(of(&[(1.0, 2.0), (3.0, 4.0), (NEVER, 2.0)]), Some((0.75, 1)));
    assert_eq!(
        of(&[(1.0, 2.0), (1.0, NEVER), (1.0, NEVER)]),
        Some((0.0, 2))
    );
    assert_eq!(
        of(&[(NEVER, 2.0), (NEVER, 4.0), (1.0, 4.0)]),
        Some((NEVER, 2))
    );
    assert_eq!(of(&[(1.0, 2.0), (NEVER, NEVER)]), Some((0.5, 1)));
    assert_eq!(of(&[(NEVER, NEVER)]), None);
    assert_eq!(of(&[(1.0, 0.0)]), None);
}

#[test]
fn medians_may_be_infinite_but_not_half_so() {
    assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
    assert_eq!(median(&[1.0, f64::NAN, f64::INFINITY]), Some(f64::INFINITY));
    assert_eq!(median(&[f64::INFINITY; 2]), Some(f64::INFINITY));
    assert_eq!(median(&[f64::NEG_INFINITY, f64::INFINITY]), None);
    assert_eq!(median(&[]), None);
}
