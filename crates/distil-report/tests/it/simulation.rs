//! What tests and verdicts do in the long run, by simulation with fixed draws: they keep their level, have the power that a hand
//! computes, and intervals hold the truth as often as they say.

use distil_report::Numbers;
use distil_report::compare::{
    Because, Comparison, LOOKS, PLAIN, PLAIN_FULL, Question, Route, TRANSFERRED, TrialOutputs,
    Verdict, compare, held_against, next_look, next_look_at_margin,
};
use distil_report::run_json::{MainMetric, Trial};
use distil_report::statistics::{
    FEWEST_FOR_BCA, bca, non_inferiority, normal_below, paired_errors, sign_flip,
};

use crate::compare::{accuracy, seeds, trial, tuned_alike};
use crate::synthetic::standard_normal;

/// `simulations` times `pairs` normal differences around `shift`: the share of which `counts`.
fn share(simulations: u64, pairs: u64, shift: f64, counts: impl Fn(&[f64]) -> bool) -> f64 {
    let differences = |one: u64| -> Vec<f64> {
        (0..pairs)
            .map(|pair| shift + standard_normal(20261124 + pairs, one * pairs + pair))
            .collect()
    };
    let counted = (0..simulations).filter(|one| counts(&differences(*one)));
    counted.count() as f64 / simulations as f64
}

/// Three standard errors of a share that is `expected`.
fn noise(expected: f64, simulations: u64) -> f64 {
    3.0 * (expected * (1.0 - expected) / simulations as f64).sqrt()
}

#[test]
fn without_an_effect_the_sign_flip_test_rejects_as_often_as_its_patterns_allow() {
    // The largest share of sign patterns below 0.05: 2/64 of six pairs, 12/256 of eight, 50/1024 of ten.
    for (pairs, level) in [(6, 2.0 / 64.0), (8, 12.0 / 256.0), (10, 50.0 / 1024.0)] {
        let found = share(4000, pairs, 0.0, |d| sign_flip(d).unwrap().p < 0.05);
        assert!(
            (found - level).abs() < noise(level, 4000),
            "{pairs}: {found}"
        );
    }
}

#[test]
fn with_an_effect_six_pairs_have_the_power_a_hand_computes() {
    // Six pairs reject when all differences have one sign.
    for effect in [0.5, 1.0, 2.0] {
        let power = normal_below(effect).powi(6) + normal_below(-effect).powi(6);
        let found = share(4000, 6, effect, |d| sign_flip(d).unwrap().p < 0.05);
        assert!(
            (found - power).abs() < noise(power, 4000),
            "{effect}: {found} of {power}"
        );
    }
}

#[test]
fn at_the_margin_non_inferiority_is_shown_in_one_case_of_forty_at_most() {
    for (pairs, level) in [(6, 1.0 / 64.0), (8, 6.0 / 256.0)] {
        let found = share(4000, pairs, -0.7, |d| {
            non_inferiority(d, 0.7).unwrap() < 0.025
        });
        assert!(
            (found - level).abs() < noise(level, 4000),
            "{pairs}: {found}"
        );
    }
    let power = normal_below(1.5).powi(6);
    let found = share(4000, 6, 0.0, |d| non_inferiority(d, 1.5).unwrap() < 0.025);
    assert!(
        (found - power).abs() < noise(power, 4000),
        "{found} of {power}"
    );
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let holds = |interval: [f64; 2]| interval[0] <= 0.0 && 0.0 <= interval[1];
    let student = share(2000, 6, 0.0, |d| holds(paired_errors(d).unwrap().ci95));
    assert!((student - 0.95).abs() < noise(0.95, 2000), "{student}");
    let bootstrap = share(300, FEWEST_FOR_BCA as u64, 0.0, |d| {
        let mean = |places: &[usize]| places.iter().map(|p| d[*p]).sum::<f64>() / d.len() as f64;
        holds(bca(d.len(), &mean).unwrap())
    });
    assert!(bootstrap > 0.90 - noise(0.90, 300), "{bootstrap}");
}

/// One simulated run of six tuned seeds: the flow, plain at its cost, plain at four times its cost, and the small model at a
/// tenth, their accuracies normal around these means with a standard deviation of one hundredth of a point; the margin is 0.02 points.
fn simulated(run: u64, [flow, plain, full, small]: [f64; 4]) -> Vec<Comparison> {
    let drawn = |arm: u64, mean: f64| -> [f64; 6] {
        std::array::from_fn(|seed| {
            0.9 + 1e-4 * (mean + standard_normal(arm, run * 6 + seed as u64))
        })
    };
    let arms = [
        drawn(1, flow),
        drawn(2, plain),
        drawn(3, full),
        drawn(4, small),
    ];
    let trials = seeds(&[
        ("flow", 1e12, &arms[0]),
        (PLAIN, 1e12, &arms[1]),
        (PLAIN_FULL, 4e12, &arms[2]),
        ("small", 1e11, &arms[3]),
    ]);
    let entry = |trial| TrialOutputs {
        trial,
        predictions: None,
    };
    let entries: Vec<TrialOutputs<'_>> = trials.iter().map(entry).collect();
    let metric = accuracy();
    let question = Question {
        tuned: tuned_alike(&trials),
        margin: Some(2e-4),
        ..Question::new(&metric)
    };
    compare(&entries, &question)
}

/// The share of 1,000 simulated runs in which the comparison with `against` has one of these verdicts.
fn share_of_runs(means: [f64; 4], against: &str, verdicts: &[Verdict]) -> f64 {
    let counts = |run: &u64| {
        let comparisons = simulated(*run, means);
        let mut of = comparisons.iter().filter(|c| c.against == against);
        of.any(|c| verdicts.contains(&c.verdict))
    };
    (0..1000).filter(counts).count() as f64 / 1000.0
}

const CLAIMS: [Verdict; 2] = [Verdict::Saves, Verdict::Costs];

#[test]
fn of_a_thousand_comparisons_of_identical_arms_at_most_five_per_cent_claim_a_difference() {
    let found = share_of_runs([0.0, 0.0, 0.0, -50.0], PLAIN, &CLAIMS);
    assert!(found <= 0.05 + noise(0.05, 1000), "{found}");
    let expected = 2.0 / 64.0;
    assert!((found - expected).abs() < noise(expected, 1000), "{found}");
}

#[test]
fn a_real_advantage_at_equal_cost_is_found_as_often_as_a_hand_computes() {
    // Differences of two arms have √2 times their standard deviation.
    for effect in [1.0, 2.0, 4.0] {
        let shown = effect / 2f64.sqrt();
        let expected = normal_below(shown).powi(6);
        let found = share_of_runs([effect, 0.0, 0.0, -50.0], PLAIN, &[Verdict::Saves]);
        let wrong_way = normal_below(-shown).powi(6);
        assert!(
            (found - expected).abs() < noise(expected, 1000) + wrong_way,
            "{effect}: {found} of {expected}"
        );
    }
}

#[test]
fn a_flow_worse_by_the_margin_saves_over_the_full_budget_in_one_run_of_forty_at_most() {
    let found = share_of_runs([-2.0, -50.0, 0.0, -50.0], PLAIN_FULL, &[Verdict::Saves]);
    let expected = 1.0 / 64.0;
    assert!((found - expected).abs() < noise(expected, 1000), "{found}");
    // As good as the full budget: within a margin of √2 standard deviations of the differences with all six seeds.
    let power = normal_below(2f64.sqrt()).powi(6);
    let found = share_of_runs([0.0, -50.0, 0.0, -50.0], PLAIN_FULL, &[Verdict::Saves]);
    assert!(
        (found - power).abs() < noise(power, 1000),
        "{found} of {power}"
    );
}

#[test]
fn a_budget_four_times_too_long_does_not_make_a_saving() {
    // Plain at the flow's cost, plain at four times the cost and the flow are all the same.
    let found = share_of_runs([0.0, 0.0, 0.0, -50.0], PLAIN_FULL, &[Verdict::Saves]);
    assert!(found <= 1.0 / 64.0 + noise(1.0 / 64.0, 1000), "{found}");
}

#[test]
fn a_small_model_as_good_as_the_flow_leaves_hardly_a_saving() {
    let found = share_of_runs([3.0, 0.0, 0.0, 3.0], PLAIN, &[Verdict::Saves]);
    assert!(found <= 1.0 / 64.0 + noise(1.0 / 64.0, 1000), "{found}");
}

/// Luck of validation, in a model's own standard deviation: the spread about what the test part sees of the same model but its own, and
/// the share of it that all seeds have in common, by arm.
#[derive(Clone, Copy, Debug)]
struct Luck {
    sd: f64,
    common: f64,
}

/// How a seed comes to the value it chooses.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Search {
    /// It tries each to the end.
    Whole,
    /// The two go on that are best in short trainings, which suit another value; their validation part is the same, and so is the luck of it.
    Halving,
}

/// The values that go on: all, or the two best of those that short trainings of these true `effects` found, in luck that is the end's and
/// as much of their own.
fn went_on(
    search: Search,
    effects: &[f64],
    luck: &dyn Fn(u64) -> f64,
    own: &dyn Fn(u64) -> f64,
) -> Vec<u64> {
    let mut values: Vec<u64> = (0..effects.len() as u64).collect();
    if search == Search::Halving {
        let short =
            |value: u64| effects[(value as usize + 1) % effects.len()] + luck(value) + own(value);
        values.sort_by(|a, b| short(*b).total_cmp(&short(*a)));
        values.truncate(2);
    }
    values
}

/// One simulated run of the flow and another arm at four times its cost, six seeds that choose each for itself among values of these
/// true effects by validation; the flow is worse by `loss` in truth. The margin is 1.5 standard deviations.
fn chosen(run: u64, effects: &[f64], luck: Luck, loss: f64) -> Comparison {
    searched(run, effects, luck, loss, Search::Whole)
}

fn searched(run: u64, effects: &[f64], luck: Luck, loss: f64, search: Search) -> Comparison {
    let values = effects.len() as u64;
    let rest = (luck.sd * luck.sd - 1.0).sqrt();
    let mut trials: Vec<(Trial, bool)> = Vec::new();
    for (arm, of, mean, flops) in [(1, "flow", -loss, 1e12), (2, PLAIN_FULL, 0.0, 4e12)] {
        let draw = |what: u64, place: u64| {
            standard_normal(
                arm * 10 + what,
                (run * 6 + place / values) * 4 + place % values,
            )
        };
        for seed in 0..6 {
            let own: Vec<f64> = (0..values)
                .map(|value| mean + effects[value as usize] + draw(1, seed * values + value))
                .collect();
            let of_part = |value: u64| {
                rest * (luck.common.sqrt() * draw(2, value)
                    + (1.0 - luck.common).sqrt() * draw(3, seed * values + value))
            };
            let validation = |value: u64| own[value as usize] + of_part(value);
            let short = |value: u64| draw(4, seed * values + value);
            let best = went_on(search, effects, &of_part, &short)
                .into_iter()
                .max_by(|a, b| validation(*a).total_cmp(&validation(*b)))
                .unwrap();
            for value in 0..values {
                let test = Numbers::from([("accuracy", 0.9 + 1e-4 * own[value as usize])]);
                let mut trial = trial(of, seed + 1, None, test, flops);
                trial.id.settings = Some(format!("lr={value}"));
                trials.push((trial, value == best));
            }
        }
    }
    let of = |compared: bool| -> Vec<TrialOutputs<'_>> {
        let of = trials.iter().filter(|(_, chosen)| *chosen == compared);
        let entry = |trial| TrialOutputs {
            trial,
            predictions: None,
        };
        of.map(|(trial, _)| entry(trial)).collect()
    };
    let metric = accuracy();
    let entries = of(true);
    let tuned = ["flow", PLAIN_FULL].map(|arm| (arm.to_owned(), 4));
    let question = Question {
        tuned: tuned.into(),
        margin: Some(1.5e-4),
        spares: of(false),
        ..Question::new(&metric)
    };
    let mut found = compare(&entries, &question);
    found.swap_remove(0)
}

/// Whether the flow was said to differ, and whether it was said to be no worse; nothing else can be said where plain at equal cost was
/// not run.
fn claims(comparison: &Comparison) -> [bool; 2] {
    let differs = comparison.because == Some(Because::Worse)
        || comparison.because == Some(Because::PlainNotWorse) && comparison.p < Some(0.05);
    let no_worse = comparison.because == Some(Because::PlainNotWorse);
    [differs, no_worse]
}

/// Lists of values, one, two and four, whose effects differ by 0, 1 and 1.5 standard deviations.
const LISTS: [&[f64]; 7] = [
    &[0.0],
    &[0.0, 0.0],
    &[0.0, 1.0],
    &[0.0, 1.5],
    &[0.0; 4],
    &[0.0, 1.0, 2.0, 1.0],
    &[0.0, 1.5, 3.0, 1.5],
];

/// Shares of runs over all lists of values.
fn shares(luck: Luck, loss: f64, counts: impl Fn(&Comparison) -> bool) -> Vec<f64> {
    let of = |effects: &&[f64]| {
        let counted = (0..RUNS).filter(|run| counts(&chosen(*run, effects, luck, loss)));
        counted.count() as f64 / RUNS as f64
    };
    LISTS.iter().map(of).collect()
}

const RUNS: u64 = 800;

/// Validation that says as much as the model's own luck, or far less; its luck each seed's own, or that of all.
const LUCKS: [Luck; 4] = [
    Luck {
        sd: 1.5,
        common: 0.0,
    },
    Luck {
        sd: 1.5,
        common: 1.0,
    },
    Luck {
        sd: 3.0,
        common: 0.5,
    },
    Luck {
        sd: 3.0,
        common: 1.0,
    },
];

#[test]
fn luck_in_choosing_settings_makes_no_more_claims_than_chance() {
    let mut unchecked: f64 = 0.0;
    for luck in LUCKS {
        let found = shares(luck, 0.0, |c| claims(c)[0]);
        let most = found.iter().fold(0.0, |a: f64, b| a.max(*b));
        assert!(most <= 0.05 + noise(0.05, RUNS), "{luck:?}: {found:?}");
        let mean = found.iter().sum::<f64>() / found.len() as f64;
        assert!(mean <= 0.032 + noise(0.032, RUNS), "{luck:?}: {found:?}");
        let seen = shares(luck, 0.0, |c| c.p < Some(0.05));
        unchecked = seen.iter().fold(unchecked, |a: f64, b| a.max(*b));
    }
    // Without the check the luck that all seeds share passes for an effect.
    assert!(unchecked > 0.15, "{unchecked}");
}

#[test]
fn luck_in_choosing_settings_makes_no_flow_as_good_that_is_worse_by_the_margin() {
    let mut unchecked: f64 = 0.0;
    for luck in LUCKS {
        let found = shares(luck, 1.5, |c| claims(c)[1]);
        let most = found.iter().fold(0.0, |a: f64, b| a.max(*b));
        assert!(most <= 0.025 + noise(0.025, RUNS), "{luck:?}: {found:?}");
        let seen = shares(luck, 1.5, |c| c.non_inferior_p < Some(0.025));
        unchecked = seen.iter().fold(unchecked, |a: f64, b| a.max(*b));
    }
    assert!(unchecked > 0.05, "{unchecked}");
}

#[test]
fn the_check_costs_little_power_where_an_effect_is_real() {
    let luck = Luck {
        sd: 1.5,
        common: 0.0,
    };
    let share = |counts: fn(&Comparison) -> bool| {
        let counted =
            (0..RUNS).filter(|run| counts(&chosen(*run, &[0.0, 1.0, 2.0, 1.0], luck, -2.0)));
        counted.count() as f64 / RUNS as f64
    };
    let (seen, claimed) = (share(|c| c.p < Some(0.05)), share(|c| claims(c)[0]));
    assert!(
        seen > 0.5 && claimed > seen - 0.1 && claimed <= seen,
        "{seen} {claimed}"
    );
}

#[test]
fn values_left_out_after_short_trainings_make_no_more_claims_than_chance() {
    for luck in LUCKS {
        for effects in &LISTS[4..] {
            let share = |loss: f64, counts: &dyn Fn(&Comparison) -> bool| {
                let run = |run: &u64| counts(&searched(*run, effects, luck, loss, Search::Halving));
                (0..RUNS).filter(run).count() as f64 / RUNS as f64
            };
            let claimed = share(0.0, &|c| claims(c)[0]);
            assert!(
                claimed <= 0.05 + noise(0.05, RUNS),
                "{luck:?} {effects:?}: {claimed}"
            );
            let passed = share(1.5, &|c| claims(c)[1]);
            assert!(
                passed <= 0.025 + noise(0.025, RUNS),
                "{luck:?} {effects:?}: {passed}"
            );
        }
    }
}

/// One simulated run of plain training, six seeds that choose each for itself among values of these true effects, and of the result at a
/// quarter of its cost with the value that a small network chose once, by luck of its own; with that of the largest effect it is worse by
/// `loss`.
fn routed(run: u64, effects: &[f64], luck: Luck, loss: f64) -> Route {
    let (entries, question) = (&routed_trials(run, effects, luck, loss, 6), accuracy());
    let [taken, spares] = [true, false].map(|chosen| outputs(entries, chosen));
    Route::of(&taken, &routed_question(&question, spares, false)).unwrap()
}

/// The same with so many seeds; beside each trial whether it is of the settings that were chosen.
fn routed_trials(
    run: u64,
    effects: &[f64],
    luck: Luck,
    loss: f64,
    seeds: u64,
) -> Vec<(Trial, bool)> {
    let values = effects.len() as u64;
    let rest = (luck.sd * luck.sd - 1.0).sqrt();
    let best_of = |value: &dyn Fn(u64) -> f64| {
        let best = (0..values).max_by(|a, b| value(*a).total_cmp(&value(*b)));
        best.unwrap()
    };
    let finished = |arm: &str, seed: u64, value: u64, reached: f64, flops: f64| {
        let test = Numbers::from([("accuracy", 0.9 + 1e-4 * reached)]);
        let mut trial = trial(arm, seed + 1, None, test, flops);
        trial.id.settings = Some(format!("lr={value}"));
        trial
    };
    let draw = |what: u64, place: u64| standard_normal(70 + what, run * 64 + place);
    let mut trials: Vec<(Trial, bool)> = Vec::new();
    for seed in 0..seeds {
        let own = |value: u64| effects[value as usize] + draw(1, seed * values + value);
        let validation = |value: u64| {
            let common = luck.common.sqrt() * draw(2, value);
            let alone = (1.0 - luck.common).sqrt() * draw(3, seed * values + value);
            own(value) + rest * (common + alone)
        };
        let best = best_of(&validation);
        for value in 0..values {
            let trial = finished(PLAIN_FULL, seed, value, own(value), 4e12);
            trials.push((trial, value == best));
        }
    }
    let small = best_of(&|value| effects[value as usize] + luck.sd * draw(4, value));
    for seed in 0..seeds {
        let reached = effects[small as usize] - loss + draw(5, seed);
        trials.push((finished(TRANSFERRED, seed, small, reached, 1e12), true));
    }
    trials
}

fn outputs(trials: &[(Trial, bool)], chosen: bool) -> Vec<TrialOutputs<'_>> {
    let of = trials.iter().filter(|(_, of)| *of == chosen);
    let entry = |trial| TrialOutputs {
        trial,
        predictions: None,
    };
    of.map(|(trial, _)| entry(trial)).collect()
}

fn routed_question<'a>(
    metric: &'a MainMetric,
    spares: Vec<TrialOutputs<'a>>,
    looks: bool,
) -> Question<'a> {
    let tuned = [TRANSFERRED, PLAIN_FULL].map(|arm| (arm.to_owned(), 4));
    Question {
        tuned: tuned.into(),
        written: 4,
        margin: Some(1.5e-4),
        looks,
        spares,
        ..Question::new(metric)
    }
}

/// The same looked at after six, nine and twelve seeds: whether it is shown to be as good.
fn equalled(run: u64, effects: &[f64], luck: Luck, loss: f64) -> bool {
    let metric = accuracy();
    let mut ran = LOOKS[0];
    loop {
        let trials = routed_trials(run, effects, luck, loss, ran);
        let [taken, spares] = [true, false].map(|chosen| outputs(&trials, chosen));
        let question = routed_question(&metric, spares, true);
        let (found, holds) = held_against(&taken, (TRANSFERRED, PLAIN_FULL), &question);
        match next_look_at_margin(&found, ran) {
            Some(next) if !holds => ran = next,
            _ => return holds,
        }
    }
}

#[test]
fn looks_equal_no_large_network_with_a_route_that_is_worse_by_the_margin() {
    let mut most: f64 = 0.0;
    for effects in [&[0.0][..], &[0.0, 1.5], &[0.0, 1.5, 3.0, 1.5]] {
        for luck in [1.5, 3.0].map(|sd| Luck { sd, common: 0.5 }) {
            let shown = (0..600).filter(|run| equalled(*run, effects, luck, 1.5));
            most = most.max(shown.count() as f64 / 600.0);
        }
    }
    assert!(most <= 0.025 + noise(0.025, 600), "{most}");
    // One value, where the guard takes nothing away: the level of six seeds at each of three looks would let 4.4 in a hundred pass.
    let one = Luck {
        sd: 1.5,
        common: 0.5,
    };
    let runs = 6000;
    let shown = (0..runs).filter(|run| equalled(*run, &[0.0], one, 1.5));
    let share = shown.count() as f64 / runs as f64;
    assert!(share <= 0.031, "{share}");
    let same = Luck {
        sd: 1.5,
        common: 0.5,
    };
    let power = (0..300).filter(|run| equalled(*run, &[0.0, 3.0], same, 0.0));
    assert!(power.count() > 150);
}

#[test]
fn a_route_worse_by_the_margin_is_said_to_save_in_one_run_of_forty_at_most() {
    const LISTS: [&[f64]; 4] = [
        &[0.0],
        &[0.0, 1.5],
        &[0.0, 1.5, 3.0, 1.5],
        &[0.0, 1.0, 2.0, 3.0, 2.0, 1.0, 0.0, -1.0],
    ];
    let mut unchecked: f64 = 0.0;
    for luck in LUCKS {
        for effects in LISTS {
            let share = |counts: &dyn Fn(&Route) -> bool| {
                let counted = (0..RUNS).filter(|run| counts(&routed(*run, effects, luck, 1.5)));
                counted.count() as f64 / RUNS as f64
            };
            let found = share(&|route| route.searched.verdict == Verdict::Saves);
            assert!(
                found <= 0.025 + noise(0.025, RUNS),
                "{luck:?} {effects:?}: {found}"
            );
            let seen = share(&|route| route.known.non_inferior_p < Some(0.025));
            unchecked = unchecked.max(seen);
        }
    }
    // Held against plain's own choices alone, luck in them makes the route as good.
    assert!(unchecked > 0.04, "{unchecked}");
}

#[test]
fn the_check_against_the_best_value_costs_a_route_little_power() {
    let luck = Luck {
        sd: 1.5,
        common: 0.0,
    };
    let share = |counts: fn(&Route) -> bool| {
        let counted = (0..RUNS).filter(|run| counts(&routed(*run, &[0.0, 0.0], luck, -1.0)));
        counted.count() as f64 / RUNS as f64
    };
    let seen = share(|route| route.known.non_inferior_p < Some(0.025));
    let claimed = share(|route| route.searched.verdict == Verdict::Saves);
    assert!(
        seen > 0.5 && claimed > seen - 0.1 && claimed <= seen,
        "{seen} {claimed}"
    );
}

/// One simulated run that is looked at: the flow ahead of plain at its cost by `effect`, each a standard deviation of 1/√2, so that of their
/// difference it is 1; the margin is `margin`. The seeds it took and what it came to.
fn looked_at(run: u64, effect: f64, margin: f64) -> (u64, Comparison) {
    let drawn = |arm: u64, mean: f64| -> Vec<f64> {
        let own = |seed| standard_normal(90 + arm, run * 12 + seed) / 2f64.sqrt();
        (0..12)
            .map(|seed| 0.9 + 1e-4 * (mean + own(seed)))
            .collect()
    };
    let (flow, plain) = (drawn(1, effect), drawn(2, 0.0));
    let metric = accuracy();
    let mut ran = LOOKS[0];
    loop {
        let so_far = ran as usize;
        let trials = seeds(&[
            ("flow", 1e12, &flow[..so_far]),
            (PLAIN, 1e12, &plain[..so_far]),
        ]);
        let entry = |trial| TrialOutputs {
            trial,
            predictions: None,
        };
        let entries: Vec<TrialOutputs<'_>> = trials.iter().map(entry).collect();
        let question = Question {
            tuned: tuned_alike(&trials),
            margin: Some(1e-4 * margin),
            looks: true,
            ..Question::new(&metric)
        };
        let mut found = compare(&entries, &question);
        match next_look(&found, None, metric.better, ran) {
            Some(next) => ran = next,
            None => return (ran, found.swap_remove(0)),
        }
    }
}

#[test]
fn looks_keep_the_level_and_find_a_real_effect_with_fewer_seeds() {
    // `../shared/route/looks.py`, table C: mean seeds and claims in % by the true effect in standard deviations of the difference.
    let no_margin = -5.0;
    for (effect, seeds, claims) in [(0.0, 7.0, 0.045), (1.0, 8.6, 0.70), (2.0, 6.5, 1.0)] {
        let runs: Vec<(u64, Comparison)> = (0..1000)
            .map(|run| looked_at(run, effect, no_margin))
            .collect();
        let mean = runs.iter().map(|(seeds, _)| seeds).sum::<u64>() as f64 / 1000.0;
        let claimed = |(_, found): &&(u64, Comparison)| {
            let worse = found.because == Some(Because::Worse);
            worse || found.verdict == Verdict::Saves
        };
        let share = runs.iter().filter(claimed).count() as f64 / 1000.0;
        assert!((mean - seeds).abs() < 0.25, "{effect}: {mean} seeds");
        assert!(
            (share - claims).abs() < noise(claims, 1000) + 0.01,
            "{effect}: {share} claims"
        );
        assert!(effect > 0.0 || share <= 0.05 + noise(0.05, 1000), "{share}");
    }
}

#[test]
fn looks_show_no_flow_as_good_that_is_worse_by_the_margin() {
    let share = |effect: f64, margin: f64| {
        let shown = |run: &u64| {
            let because = looked_at(*run, effect, margin).1.because;
            because == Some(Because::EqualCost)
        };
        (0..1000).filter(shown).count() as f64 / 1000.0
    };
    let found = share(-1.0, 1.0);
    assert!(found <= 0.025 + noise(0.025, 1000), "{found}");
    let power = share(0.0, 2.0);
    assert!(power > 0.9, "{power}");
}
