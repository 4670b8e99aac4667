//! The route by a small network: what it costs with the search, and when it is said to save.

use distil_report::bill::{BillRow, NO_STAGE};
use distil_report::compare::{
    Because, FLOW, Halved, PLAIN_FULL, Question, Route, SMALL, TRANSFERRED, TrialOutputs, Verdict,
    compare, held_against, wanted,
};
use distil_report::present::next::Next;
use distil_report::present::sentence::route as sentence;
use distil_report::record::arm::PLAIN_HALVED;
use distil_report::run_json::{RunJson, Status, Trial};
use distil_report::{Numbers, Purpose, TrialId, tables, text};

use crate::compare::{accuracy, seeds, trial, tuned_alike};
use crate::synthetic::digits_run;

const LARGE: f64 = 4e12;
const PLAIN: [f64; 6] = [0.971, 0.974, 0.972, 0.977, 0.968, 0.975];
/// Nearly as good, some above and some below.
const ALMOST: [f64; 6] = [0.970, 0.975, 0.971, 0.978, 0.967, 0.974];
const POOR: [f64; 6] = [0.911, 0.906, 0.918, 0.920, 0.902, 0.907];

/// What other trials cost, by which this one's settings were chosen.
fn search(flops: f64) -> BillRow {
    BillRow {
        stage: NO_STAGE.into(),
        purpose: Purpose::Tune,
        flops: Some(flops),
        cpu_seconds: flops * 2e-10,
        reference_seconds: Some(flops * 2e-10),
        samples: 8,
    }
}

/// Six seeds of `transferred`, whose eight small trainings took a twentieth of a large one each, and of plain training that had eight
/// large ones to choose from; the flow and the small network beside them.
fn trials(transferred: &[f64]) -> Vec<Trial> {
    let mut trials = seeds(&[
        (FLOW, 1e12, &ALMOST),
        (TRANSFERRED, LARGE, transferred),
        (PLAIN_FULL, LARGE, &PLAIN),
        (SMALL, 1e11, &POOR),
    ]);
    for trial in &mut trials {
        let of = match trial.id.arm.as_str() {
            TRANSFERRED => search(8.0 * LARGE / 20.0),
            PLAIN_FULL => search(7.0 * LARGE),
            _ => continue,
        };
        trial.id.settings = Some("lr=0.002".into());
        trial.bill.rows.push(of);
    }
    trials
}

/// Plain training at another value, seed by seed; null where it was not tested.
fn spares(settings: &str, values: &[Option<f64>]) -> Vec<Trial> {
    let one = |(seed, value): (usize, &Option<f64>)| {
        let test = value.map_or_else(Numbers::default, |value| {
            Numbers::from([("accuracy", value)])
        });
        let mut trial = trial(PLAIN_FULL, seed as u64 + 1, None, test, LARGE);
        trial.id.settings = Some(settings.into());
        trial
    };
    values.iter().enumerate().map(one).collect()
}

fn entries(trials: &[Trial]) -> Vec<TrialOutputs<'_>> {
    let entry = |trial| TrialOutputs {
        trial,
        predictions: None,
    };
    trials.iter().map(entry).collect()
}

fn question<'a>(
    trials: &[Trial],
    spares: &'a [Trial],
    metric: &'a distil_report::run_json::MainMetric,
    margin: Option<f64>,
) -> Question<'a> {
    Question {
        tuned: tuned_alike(trials),
        written: 8,
        margin,
        spares: entries(spares),
        ..Question::new(metric)
    }
}

fn route(trials: &[Trial], spares: &[Trial], margin: Option<f64>) -> Route {
    let metric = accuracy();
    Route::of(&entries(trials), &question(trials, spares, &metric, margin)).unwrap()
}

fn wants(trials: &[Trial], spares: &[Trial]) -> Vec<TrialId> {
    let metric = accuracy();
    let question = question(trials, spares, &metric, Some(0.003));
    let mut ids = wanted(&entries(trials), &question);
    ids.retain(|id| id.arm == PLAIN_FULL && id.settings.as_deref() == Some("lr=0.004"));
    ids
}

fn said(route: Route, brief: bool) -> String {
    let run = RunJson {
        route: Some(route),
        ..digits_run(1).record
    };
    sentence(&run, brief).unwrap()
}

fn close(found: Option<f64>, expected: f64) -> bool {
    found.is_some_and(|found| (found - expected).abs() < 1e-12)
}

#[test]
fn with_the_search_counted_a_route_as_good_saves_and_without_it_costs_the_same() {
    let worse = spares("lr=0.004", &POOR.map(Some));
    let found = route(&trials(&ALMOST), &worse, Some(0.003));
    assert_eq!(
        (found.known.verdict, found.known.because),
        (Verdict::NoDifference, Some(Because::EqualCost))
    );
    assert_eq!(
        (found.searched.verdict, found.searched.because),
        (Verdict::Saves, Some(Because::WithinMargin))
    );
    // 1 + 8/20 trainings against 1 + 7. In seconds a search's FLOPs take twice as long.
    assert!(close(found.searched.cost.flops_ratio, 1.4 / 8.0));
    assert!(close(found.searched.cost.seconds_ratio, 1.8 / 15.0));
    // Eight at a ninth, three at a third, one whole.
    let halving = 8.0 / 9.0 + 3.0 / 3.0 + 1.0;
    assert!(close(found.halving.flops_ratio, 1.4 / halving));
    assert!(close(found.halving.seconds_ratio, 1.8 / halving));
    insta::assert_snapshot!(said(found, false), @"The route saves: over 6 seeds the result at the small network's settings reached 97.25 % accuracy, plain training at its full budget 97.28 % (difference −0.03 points, 95 % interval −0.14 to +0.08, sign-flip test p = 0.688, one-sided p = 0.016 against 0.30 points worse); with the search counted on both sides at 18 % of its FLOPs and 12 % of its seconds, once settings are known at 100 % of its FLOPs and 100 % of its seconds, and at 48 % of its FLOPs and 62 % of its seconds had plain training been chosen by successive halving (computed).");
}

#[test]
fn what_halving_chose_is_told_where_it_was_run_and_changes_no_claim() {
    let worse = spares("lr=0.004", &POOR.map(Some));
    let without = trials(&ALMOST);
    let mut with = without.clone();
    let mut halved = seeds(&[(PLAIN_HALVED, LARGE, &POOR)]);
    for trial in &mut halved {
        trial.id.settings = Some("lr=0.004".into());
        trial.bill.rows.push(search(1.5 * LARGE));
    }
    with.extend(halved);
    let [found, other] = [&with, &without].map(|trials| route(trials, &worse, Some(0.003)));
    assert_eq!(
        (&found.known, found.searched),
        (&other.known, other.searched)
    );
    assert_eq!(other.halved, None);
    let halved = found.halved.unwrap();
    let mean = |of: &[f64; 6]| of.iter().sum::<f64>() / 6.0;
    assert_eq!(halved.n, 6);
    assert!(close(halved.value, mean(&POOR)));
    assert!(close(halved.difference, mean(&ALMOST) - mean(&POOR)));
    // 1 + 8/20 trainings against 1 + 1.5. In seconds a search's FLOPs take twice as long.
    assert!(close(found.halving.flops_ratio, 1.4 / 2.5));
    assert!(close(found.halving.seconds_ratio, 1.8 / 4.0));
    assert!(said(found.clone(), false).contains("and at 56 % of its FLOPs and 45 % of its seconds where successive halving chooses for plain training, which then reached 91.07 % (difference +6.18 points, 95 % interval "));
    let mut short = found.clone();
    short.halved = Some(Halved {
        n: 5,
        at_an_end: true,
        ..halved
    });
    let words = said(short, false);
    assert!(
        words.contains(", 5 seeds, its choice at the end of its list)"),
        "{words}"
    );
    let metric = accuracy();
    let compared = compare(
        &entries(&with),
        &question(&with, &worse, &metric, Some(0.003)),
    );
    assert!(compared.iter().all(|one| one.against != PLAIN_HALVED));
}

#[test]
fn nothing_is_claimed_before_plain_was_tested_at_every_value_and_what_is_missing_is_asked_for() {
    let untested = spares("lr=0.004", &[None; 6]);
    let trials = trials(&ALMOST);
    assert_eq!(wants(&trials, &untested).len(), 6);
    let found = route(&trials, &untested, Some(0.003));
    assert_eq!(found.searched.because, Some(Because::NotChecked));
    let mut some = spares("lr=0.004", &POOR.map(Some));
    some.truncate(5);
    assert_eq!(
        route(&trials, &some, Some(0.003)).searched.because,
        Some(Because::NotChecked)
    );
    assert!(
        wants(&trials, &some).is_empty(),
        "one that was never trained is not trained for this"
    );
    // Where nothing is shown, nothing has to be checked.
    let worse = self::trials(&POOR);
    assert!(wants(&worse, &untested).is_empty());
}

#[test]
fn a_route_has_to_hold_against_the_value_that_tests_best() {
    let better = PLAIN.map(|value| Some(value + 0.004));
    let found = route(&trials(&ALMOST), &spares("lr=0.004", &better), Some(0.003));
    assert_eq!(
        (found.searched.verdict, found.searched.because),
        (Verdict::NoDifference, Some(Because::WinnersSettings))
    );
    insta::assert_snapshot!(said(found, false), @"No saving shown for the route: over 6 seeds the result at the small network's settings reached 97.25 % accuracy, plain training at its full budget 97.28 % (difference −0.03 points, 95 % interval −0.14 to +0.08, sign-flip test p = 0.688, one-sided p = 0.016 against 0.30 points worse); with the search counted on both sides at 18 % of its FLOPs and 12 % of its seconds, once settings are known at 100 % of its FLOPs and 100 % of its seconds, and at 48 % of its FLOPs and 62 % of its seconds had plain training been chosen by successive halving (computed); against plain training at lr=0.004 for every seed, which tests best, it is not shown (difference −0.43 points).");
    // One that diverged with a seed is not the best, however good it is with the others.
    let mut diverged = spares("lr=0.004", &better);
    diverged[3].status = Status::Diverged;
    let found = route(&trials(&ALMOST), &diverged, Some(0.003));
    assert_eq!(found.searched.verdict, Verdict::Saves);
    assert_eq!(
        found.known.guard.unwrap().settings.as_deref(),
        Some("lr=0.002")
    );
}

#[test]
fn an_arm_is_as_good_as_a_tuned_one_where_it_is_against_its_choices_and_against_the_value_that_tests_best()
 {
    let trials = trials(&ALMOST);
    let metric = accuracy();
    let better = spares("lr=0.004", &PLAIN.map(|value| Some(value + 0.004)));
    let worse = spares("lr=0.004", &POOR.map(Some));
    let untested = spares("lr=0.004", &[None; 6]);
    let holds = |spares: &[Trial], end: Option<&str>| {
        let ends = end.map(|end| (PLAIN_FULL.to_owned(), end.to_owned()));
        let question = Question {
            ends: ends.into_iter().collect(),
            ..question(&trials, spares, &metric, Some(0.003))
        };
        held_against(&entries(&trials), (TRANSFERRED, PLAIN_FULL), &question).1
    };
    assert!(holds(&worse, None));
    assert!(!holds(&better, None));
    assert!(!holds(&untested, None));
    assert!(!holds(&worse, Some("lr=0.002")));
}

#[test]
fn a_route_that_is_worse_costs_quality_and_one_no_better_than_the_small_network_saves_nothing() {
    let found = route(&trials(&POOR), &[], Some(0.003));
    assert_eq!(
        (found.searched.verdict, found.searched.because),
        (Verdict::Costs, Some(Because::Worse))
    );
    insta::assert_snapshot!(said(found, true), @"The route costs quality: over 6 seeds the result at the small network's settings reached 91.07 % accuracy, plain training at its full budget 97.28 % (difference −6.22 points); with the search counted on both sides at 18 % of its FLOPs and 12 % of its seconds, once settings are known at 100 % of its FLOPs and 100 % of its seconds.");
    let mut as_small = trials(&ALMOST);
    for (trial, value) in as_small
        .iter_mut()
        .filter(|trial| trial.id.arm == SMALL)
        .zip(PLAIN)
    {
        let result = trial.stages.last_mut().unwrap();
        result.test.insert("accuracy".into(), value);
    }
    let found = route(&as_small, &spares("lr=0.004", &POOR.map(Some)), Some(0.003));
    assert_eq!(
        (found.searched.verdict, found.searched.because),
        (Verdict::NoDifference, Some(Because::SmallNotWorse))
    );
}

#[test]
fn without_a_margin_or_with_one_seed_a_route_claims_nothing() {
    let found = route(&trials(&ALMOST), &[], None);
    assert_eq!(found.searched.because, Some(Because::NoMargin));
    let mut one = trials(&ALMOST);
    one.retain(|trial| trial.id.seed == 1);
    let found = route(&one, &[], Some(0.003));
    assert_eq!(found.searched.verdict, Verdict::OnePair);
    insta::assert_snapshot!(said(found, true), @"One pair of the route, no claim: with one seed the result at the small network's settings reached 97.00 % accuracy, plain training at its full budget 97.10 % (difference −0.10 points); with the search counted on both sides at 18 % of its FLOPs and 12 % of its seconds, once settings are known at 100 % of its FLOPs and 100 % of its seconds; to say more takes at least 6 seeds.");
}

#[test]
fn the_route_is_held_against_plain_training_alone() {
    let trials = trials(&ALMOST);
    let metric = accuracy();
    let question = question(&trials, &[], &metric, Some(0.003));
    let comparisons = compare(&entries(&trials), &question);
    let against: Vec<&str> = comparisons.iter().map(|c| c.against.as_str()).collect();
    assert_eq!(against, [PLAIN_FULL, SMALL]);
    let mut alone = trials;
    alone.retain(|trial| trial.id.arm != PLAIN_FULL);
    assert!(Route::of(&entries(&alone), &question).is_none());
}

#[test]
fn the_search_is_in_its_own_line_of_the_bill_and_in_no_other_sum() {
    let mut run = digits_run(1).record;
    let before = run.cpu_seconds();
    let everything = |run: &RunJson, name: &str| -> Vec<Vec<String>> {
        let rows = tables::bill(run).rows.into_iter().map(|row| row.cells);
        rows.filter(|cells| cells[1] == name).collect()
    };
    let (equal, all) = (
        everything(&run, "equal cost"),
        everything(&run, "everything"),
    );
    assert!(everything(&run, "with the search").is_empty());
    for trial in &mut run.trials {
        trial.bill.rows.push(search(2e9));
    }
    assert_eq!(
        run.cpu_seconds(),
        before,
        "the trials that were tried are counted once"
    );
    assert_eq!(everything(&run, "equal cost"), equal);
    assert_eq!(everything(&run, "everything"), all);
    let whole = run.trials[0].bill.with_the_search();
    let own = run.trials[0].bill.equalised();
    assert_eq!(whole.flops, own.flops.map(|flops| flops + 2e9));
    assert_eq!(everything(&run, "with the search").len(), equal.len());
}

#[test]
fn the_sentence_on_a_route_takes_no_line_from_the_arms() {
    let mut run = digits_run(1).record;
    let next = Next::of(&run, "runs/digits-0001", true);
    let ending = |run: &RunJson| text::ending(run, Some(80), &next, None);
    let without = ending(&run);
    run.route = Some(route(&trials(&ALMOST), &[], None));
    let with = ending(&run);
    let table = |shown: &str| shown.lines().take_while(|line| !line.is_empty()).count();
    assert_eq!(table(&with), table(&without), "{with}");
    assert!(with.contains("No saving shown for the route"), "{with}");
}
