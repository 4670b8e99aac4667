//! What an arm chooses on the validation part.

use std::collections::BTreeMap;

use distil_report::events::fold;
use distil_report::measure::metric;
use distil_report::run_json::{Choice, End, MainMetric, Status, Trial, Tried, Tuned};

use distil_report::tables;

use crate::synthetic::digits_run;

/// A finished trial of `plain` with these settings and this validation accuracy; its test accuracy says the opposite.
fn trial(settings: &str, seed: u64, validation: f64) -> Trial {
    let run = digits_run(1);
    let mut trial = run
        .trials
        .iter()
        .filter_map(|(events, _)| Trial::of(&fold(events), None))
        .find(|trial| trial.id.arm == "plain")
        .expect("plain");
    trial.id.seed = seed;
    trial.id.settings = Some(settings.into());
    let result = trial.stages.last_mut().expect("a stage");
    result.validation.insert("accuracy".into(), validation);
    result.test.insert("accuracy".into(), 1.0 - validation);
    trial
}

fn choose(trials: &[Trial], seeds: &[u64]) -> Tuned {
    choose_by("accuracy", trials, seeds)
}

fn choose_by(name: &str, trials: &[Trial], seeds: &[u64]) -> Tuned {
    let candidates = ["a", "b", "c"].map(str::to_owned);
    let metric = MainMetric::of(metric(name).expect("a metric"), None);
    let choice = Choice {
        arm: "plain",
        by: "plain",
        fold: None,
        seed: None,
        seeds,
        metric: &metric,
        again: false,
        rungs: &[],
        out: None,
    };
    Tuned::of(trials, &choice, &candidates)
}

#[test]
fn what_another_arm_tried_is_counted_once_and_each_arm_counts_what_it_was_checked_by() {
    let of = |arm: &str, settings: &str| {
        let mut trial = trial(settings, 1, 0.9);
        trial.id.arm = arm.into();
        trial
    };
    let metric = MainMetric::of(metric("accuracy").expect("a metric"), None);
    let trials = [
        of("proxy", "a"),
        of("proxy", "b"),
        of("flow", "a"),
        of("flow", "b"),
        of("plain", "a"),
    ];
    let each = trials[0].bill.all().cpu_seconds;
    for (arm, again, spares) in [
        ("flow", false, 3.0),
        ("flow", true, 1.0),
        ("plain", true, 0.0),
    ] {
        let choice = Choice {
            arm,
            by: "proxy",
            fold: None,
            seed: None,
            seeds: &[1],
            metric: &metric,
            again,
            rungs: &[],
            out: None,
        };
        let tuned = Tuned::of(&trials, &choice, &["a", "b"].map(str::to_owned));
        assert_eq!(tuned.chosen.as_deref(), Some("a"));
        assert_eq!(tuned.trials as f64, spares, "{arm}");
        assert!(
            (tuned.spare_cpu_seconds - spares * each).abs() < 1e-9,
            "{arm}"
        );
    }
}

#[test]
fn the_best_mean_on_the_validation_part_is_chosen_and_the_test_part_has_no_say() {
    let trials = [
        trial("a", 1, 0.90),
        trial("a", 2, 0.98),
        trial("b", 1, 0.95),
        trial("b", 2, 0.96),
        trial("c", 1, 0.99),
        trial("c", 2, 0.80),
    ];
    let tuned = choose(&trials, &[1, 2]);
    assert_eq!(tuned.chosen.as_deref(), Some("b"));
    assert_eq!(tuned.trials, 6);
    let spare: f64 = [0, 1, 4, 5]
        .map(|at: usize| trials[at].bill.all().flops.expect("known"))
        .iter()
        .sum();
    assert_eq!(tuned.spare_flops, Some(spare));
}

#[test]
fn of_equals_the_first_is_chosen_and_other_seeds_have_no_say() {
    let trials = [trial("b", 1, 0.9), trial("a", 1, 0.9), trial("c", 7, 1.0)];
    assert_eq!(choose(&trials, &[1]).chosen.as_deref(), Some("a"));
}

#[test]
fn where_a_trial_of_an_older_version_lacks_the_calibrated_loss_the_loss_as_it_is_has_the_say() {
    let of = |settings: &str, nll: f64, calibrated: Option<f64>| {
        let mut trial = trial(settings, 1, 0.9);
        let measured = &mut trial.stages.last_mut().expect("a stage").validation;
        measured.insert("nll".into(), nll);
        measured.extend(calibrated.map(|value| ("calibrated_nll".to_owned(), value)));
        trial
    };
    let mut trials = [
        of("a", 0.3, Some(0.25)),
        of("b", 0.5, Some(0.2)),
        of("c", 0.4, Some(0.3)),
    ];
    let chosen = |trials: &[Trial]| choose_by("calibrated_nll", trials, &[1]).chosen;
    assert_eq!(chosen(&trials).as_deref(), Some("b"));
    trials[1] = of("b", 0.5, None);
    assert_eq!(chosen(&trials).as_deref(), Some("a"));
}

#[test]
fn settings_that_failed_with_one_seed_are_never_chosen() {
    let mut failed = trial("a", 2, 0.99);
    failed.status = Status::Diverged;
    let trials = [
        trial("a", 1, 0.99),
        failed,
        trial("b", 1, 0.5),
        trial("b", 2, 0.5),
    ];
    let tuned = choose(&trials, &[1, 2]);
    assert_eq!(tuned.chosen.as_deref(), Some("b"));
    assert_eq!(
        (tuned.tried[0].finished, tuned.tried[0].validation),
        (1, None)
    );
    assert_eq!(choose(&trials[..2], &[1, 2]).chosen, None);
}

#[test]
fn an_arm_chose_from_as_many_settings_as_on_its_poorest_fold_and_from_none_where_it_chose_none() {
    let of = |arm: &str, fold, chosen: bool, settings: usize| {
        let trials = [trial("a", 1, 0.9)];
        let mut tuned = choose(&trials, &[1]);
        (tuned.arm, tuned.fold) = (arm.into(), fold);
        tuned.chosen = tuned.chosen.filter(|_| chosen);
        tuned.tried.truncate(settings);
        tuned
    };
    let tuned = [
        of("flow", Some(0), true, 3),
        of("flow", Some(1), true, 2),
        of("plain", Some(0), true, 3),
        of("plain", Some(1), false, 3),
    ];
    let expected = [("flow".to_owned(), 2)];
    assert_eq!(Tuned::settings_by_arm(&tuned), expected.into());
}

#[test]
fn a_choice_at_the_end_of_its_list_is_told_from_one_inside() {
    let among = |chosen: &str, tried: &[&str]| Tuned {
        arm: "plain".into(),
        by: None,
        fold: None,
        seed: None,
        chosen: Some(chosen.into()),
        tried: tried
            .iter()
            .map(|settings| Tried {
                settings: (*settings).into(),
                finished: 1,
                validation: Some(0.9),
                left_out_at: None,
            })
            .collect(),
        trials: 3,
        spare_flops: Some(2e9),
        spare_cpu_seconds: 1.5,
    };
    let lrs = ["lr=4e-3", "lr=1e-3", "lr=2e-3"];
    let found = lrs.map(|chosen| among(chosen, &lrs).end());
    assert_eq!(
        found,
        [Some(End::Largest), Some(End::Smallest), Some(End::Inside)]
    );
    assert_eq!(among("kind=sgd", &["kind=sgd", "kind=adam"]).end(), None);
    assert_eq!(among("lr=1", &["lr=1", "decay=1"]).end(), None);
    let mut run = digits_run(40).record;
    assert_eq!(tables::tuning(&run), None);
    run.tuned = vec![among("lr=4e-3", &lrs)];
    insta::assert_snapshot!(tables::tuning(&run).unwrap().text(), @r#"
arm    chose    among the values tried  settings  trials  FLOPs of the others  CPU time of the others
─────────────────────────────────────────────────────────────────────────────────────────────────────
plain  lr=4e-3  the largest                    3       3          2.00 GFLOPs                  1.50 s
"#);
}

#[test]
fn each_seed_chooses_for_itself_and_a_row_counts_what_an_arms_seeds_chose() {
    let values = [
        ("a", 0.95, 0.90, 0.91),
        ("b", 0.94, 0.96, 0.97),
        ("c", 0.1, 0.1, 0.1),
    ];
    let trials: Vec<Trial> = values
        .iter()
        .flat_map(|(settings, one, two, three)| {
            [(1, one), (2, two), (3, three)].map(|(seed, value)| trial(settings, seed, *value))
        })
        .collect();
    let candidates = ["a", "b", "c"].map(str::to_owned);
    let metric = MainMetric::of(metric("accuracy").expect("a metric"), None);
    let tuned: Vec<Tuned> = [1, 2, 3]
        .map(|seed| {
            let choice = Choice {
                arm: "plain",
                by: "plain",
                fold: None,
                seed: Some(seed),
                seeds: &[seed],
                metric: &metric,
                again: false,
                rungs: &[],
                out: None,
            };
            Tuned::of(&trials, &choice, &candidates)
        })
        .into();
    let chosen: Vec<_> = tuned.iter().map(|tuned| tuned.chosen.as_deref()).collect();
    assert_eq!(chosen, [Some("a"), Some("b"), Some("b")]);
    let together = Tuned::together(&tuned, metric.better);
    assert_eq!(together.len(), 1);
    assert_eq!(
        together[0].chosen.as_deref(),
        Some("b"),
        "by the mean over the seeds"
    );
    assert_eq!((together[0].trials, together[0].tried[0].finished), (9, 3));
    let spare: f64 = tuned.iter().map(|tuned| tuned.spare_flops.unwrap()).sum();
    assert_eq!(together[0].spare_flops, Some(spare));
    let mut run = digits_run(40).record;
    run.tuned = tuned;
    let table = tables::tuning(&run).unwrap();
    assert_eq!(table.rows[0].cells[1], "a × 1, b × 2");
}

#[test]
fn what_a_seed_left_out_is_not_chosen_and_together_counts_what_most_chose() {
    let values = [
        ("a", [0.95, 0.90, 0.91]),
        ("b", [0.94, 0.96, 0.97]),
        ("c", [0.9, 0.97, 0.98]),
    ];
    let mut trials: Vec<Trial> = values
        .iter()
        .flat_map(|(settings, of)| {
            (1..)
                .zip(of)
                .map(|(seed, value)| trial(settings, seed, *value))
        })
        .collect();
    let rung = |seed: u64| {
        let mut rung = trial("c", seed, 0.99);
        rung.id.arm = "plain-25".into();
        rung
    };
    trials.extend([1, 2, 3].map(rung));
    let candidates = ["a", "b", "c"].map(str::to_owned);
    let metric = MainMetric::of(metric("accuracy").expect("a metric"), None);
    // The best at its end was left out by the last two; that such a trial is there is by a check.
    let outs = [("a", 1), ("c", 2), ("c", 3)]
        .map(|(out, seed)| (BTreeMap::from([(out.to_owned(), 25)]), seed));
    let tuned: Vec<Tuned> = outs
        .iter()
        .map(|(out, seed)| {
            let rungs = [rung(*seed).id];
            let choice = Choice {
                arm: "plain",
                by: "plain",
                fold: None,
                seed: Some(*seed),
                seeds: &[*seed],
                metric: &metric,
                again: false,
                rungs: &rungs,
                out: Some(out),
            };
            Tuned::of(&trials, &choice, &candidates)
        })
        .collect();
    let chosen: Vec<_> = tuned.iter().map(|tuned| tuned.chosen.as_deref()).collect();
    assert_eq!(chosen, [Some("b"), Some("b"), Some("b")]);
    assert_eq!(tuned[0].tried[0].left_out_at, Some(0.25));
    assert_eq!((tuned[0].tried[0].validation, tuned[0].trials), (None, 4));
    let mut different = tuned.clone();
    different[0].chosen = Some("c".into());
    let together = Tuned::together(&different, metric.better);
    assert_eq!(together[0].chosen.as_deref(), Some("b"), "by two of three");
    assert_eq!(together[0].trials, 12);
    // One chose each: the best by the mean over those who went on with it, however the values are written.
    different[1].chosen = Some("a".into());
    for turned in [false, true] {
        let mut written = different.clone();
        written
            .iter_mut()
            .filter(|_| turned)
            .for_each(|one| one.tried.reverse());
        let together = Tuned::together(&written, metric.better);
        assert_eq!(together[0].chosen.as_deref(), Some("b"));
    }
    different[1].chosen = None;
    assert_eq!(Tuned::together(&different, metric.better)[0].chosen, None);
    let mut run = digits_run(1).record;
    run.tuned = tuned;
    let table = tables::tuning(&run).unwrap();
    assert_eq!(table.rows[0].cells[0], "plain (halving at 25 %)");
}
