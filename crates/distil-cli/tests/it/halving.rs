//! Successive halving inside the choice of each seed of each arm.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use distil_report::Purpose;
use distil_report::compare::CostRatios;
use distil_report::events::{Event, fold, read};
use distil_report::record::Part;
use distil_report::run_json::{RunJson, Status, Trial, Tuned};

use crate::harness::{Ended, Place, number};
use crate::lost::{goes_on_to_the_end_of_an_unbroken_run, with_a_trial_killed};
use crate::resume::record_of;
use crate::tuning::poor_lost_when_checked;

const RUN: &str = "runs/digits-0001";
const RATES: [&str; 4] = ["0.001", "0.002", "0.004", "0.008"];
const HALVING: &str =
    "compare.tune={ lr = [1e-3, 2e-3, 4e-3, 8e-3], widen = 0, halving = { at = 0.25, keep = 2 } }";

fn asked<'a>(tune: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let run = ["run", "digits", "--smoke", "--curve", "--set", tune];
    [&run[..], more].concat()
}

fn halved(place: &Place, tune: &str, more: &[&str]) -> Ended {
    let ended = place.distil(&asked(tune, more));
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    ended
}

fn record(place: &Place) -> RunJson {
    RunJson::read(&place.path(&format!("{RUN}/run.json"))).unwrap()
}

/// Every trial of a run, from its log.
fn trials(place: &Place) -> BTreeMap<String, Trial> {
    let folders = fs::read_dir(place.path(&format!("{RUN}/trials"))).unwrap();
    let of = |folder: std::io::Result<fs::DirEntry>| {
        let events = read(&folder.unwrap().path().join("events.jsonl")).unwrap();
        let trial = Trial::of(&fold(&events), None).unwrap();
        (trial.id.to_string(), trial)
    };
    folders.map(of).collect()
}

fn accuracy(trial: &Trial) -> f64 {
    trial.stages.last().unwrap().validation["accuracy"]
}

/// The names of an arm's trials with a seed, by the rates, best on validation first.
fn ranked(trials: &BTreeMap<String, Trial>, arm: &str, seed: u64) -> Vec<&'static str> {
    let of = |rate: &&str| trials.get(&format!("{arm}-s{seed}~lr={rate}"));
    let mut tried: Vec<&str> = RATES
        .into_iter()
        .filter(|rate| of(rate).is_some())
        .collect();
    // Stable: the first of equals stays first.
    tried.sort_by(|a, b| accuracy(of(b).unwrap()).total_cmp(&accuracy(of(a).unwrap())));
    tried
}

#[test]
fn of_each_rung_the_best_of_a_seed_go_on_and_the_best_at_the_end_is_chosen() {
    let place = Place::new();
    let ended = halved(&place, HALVING, &["--seeds", "2", "--fresh"]);
    let run = record(&place);
    let trials = trials(&place);
    let flops = |name: &str| trials[name].bill.equalised().flops.unwrap();
    for seed in [1, 2] {
        let arms = [
            ("flow", "rung-25-flow"),
            ("small", "rung-25-small"),
            ("plain", "plain-25"),
            ("plain-50", "plain-25"),
            ("plain-75", "plain-25"),
            ("plain-full", "plain-25"),
        ];
        for (arm, rung) in arms {
            let first = ranked(&trials, rung, seed);
            assert_eq!(first.len(), 4, "{rung} tries all");
            let went_on: BTreeSet<&str> = first[..2].iter().copied().collect();
            let last = ranked(&trials, arm, seed);
            assert_eq!(
                last.iter().copied().collect::<BTreeSet<_>>(),
                went_on,
                "{arm}"
            );
            let mut of = run.arm(arm).filter(|trial| trial.id.seed == seed);
            let chosen = of.next().unwrap();
            let best = Some(format!("lr={}", last[0]));
            assert_eq!((&chosen.id.settings, of.count()), (&best, 0), "{arm}");
            // Everything its choice was made by, but itself, is in its bill.
            let tried = first.iter().map(|rate| format!("{rung}-s{seed}~lr={rate}"));
            let other = format!("{arm}-s{seed}~lr={}", last[1]);
            let others: f64 = tried.chain([other]).map(|name| flops(&name)).sum();
            let row = chosen.bill.row("", Purpose::Tune).unwrap();
            assert!((row.flops.unwrap() / others - 1.0).abs() < 1e-9, "{arm}");
            let mut of = run.tuned.iter();
            let tuned = of
                .find(|one| one.arm == arm && one.seed == Some(seed))
                .unwrap();
            for tried in &tuned.tried {
                let on = went_on.contains(&tried.settings["lr=".len()..]);
                let expected = if on { None } else { Some(0.25) };
                assert_eq!(tried.left_out_at, expected, "{arm} {}", tried.settings);
                assert_eq!(tried.validation.is_some(), on, "{arm} {}", tried.settings);
            }
        }
        // The point of the curve that is a rung, too, chooses among all.
        let chosen = run
            .arm("plain-25")
            .find(|trial| trial.id.seed == seed)
            .unwrap();
        let best = format!("lr={}", ranked(&trials, "plain-25", seed)[0]);
        assert_eq!(chosen.id.settings, Some(best));
        // A quarter of the result's training, and the whole small stage.
        let steps =
            |arm: &str, stage: &str| steps_of(&place, &format!("{arm}-s{seed}~lr=0.004"), stage);
        let whole = ranked(&trials, "flow", seed)[0];
        let whole = steps_of(&place, &format!("flow-s{seed}~lr={whole}"), "large");
        assert_eq!(
            steps("rung-25-flow", "large"),
            (whole as f64 / 4.0).round() as u64
        );
        let small = ranked(&trials, "flow", seed)[0];
        let small = steps_of(&place, &format!("flow-s{seed}~lr={small}"), "small");
        assert_eq!(steps("rung-25-flow", "small"), small);
    }
    // What is said before the run is what it takes: but that few steps make no exact quarter.
    let tested = |trial: &Trial| trial.id.settings.is_some();
    let all: f64 = trials
        .values()
        .filter(|t| tested(t))
        .map(|t| t.bill.equalised().flops.unwrap())
        .sum();
    let full: f64 = run
        .arm("plain-full")
        .map(|t| t.bill.equalised().flops.unwrap())
        .sum::<f64>()
        / 2.0;
    let said = number(&ended.stderr, " trainings at plain's full budget");
    assert!(
        (said * full / all - 1.0).abs() < 0.06,
        "{said} for {}",
        all / full
    );
    let counted: usize = run.tuned.iter().map(|tuned| tuned.trials).sum();
    assert_eq!(counted, trials.len(), "each trial is counted once");
    assert!(
        ended
            .stderr
            .contains("to choose settings takes 48 trainings, 24 of them shorter ones"),
        "{}",
        ended.stderr
    );
    // Nothing that was left out has read the test part.
    for (name, trial) in &trials {
        assert_eq!(
            trial.is_tested(),
            run.trials.iter().any(|one| one.id.to_string() == *name),
            "{name}"
        );
    }
}

fn steps_of(place: &Place, trial: &str, stage: &str) -> u64 {
    let of = |event: &Event| match event {
        Event::Progress(progress) if *progress.stage == *stage => Some(progress.step),
        _ => None,
    };
    place
        .events(RUN, trial)
        .iter()
        .filter_map(of)
        .max()
        .unwrap()
}

#[test]
fn several_rungs_are_climbed_one_after_the_other_whatever_runs_at_a_time_and_after_a_stop() {
    let tune = "compare.tune={ lr = [1e-3, 2e-3, 4e-3, 8e-3], widen = 0, halving = [{ at = 0.2, keep = 3 }, { at = 0.5, keep = 1 }] }";
    let more = ["--seeds", "2", "--quiet"];
    let place = Place::new();
    halved(&place, tune, &more);
    let whole = record_of(&place, RUN);
    let trials = trials(&place);
    for seed in [1, 2] {
        let first = ranked(&trials, "plain-20", seed);
        let second = ranked(&trials, "plain-50", seed);
        assert_eq!(first.len(), 4);
        // A point of the curve has the rungs alone that are shorter; here it is the second.
        assert_eq!(
            second.iter().collect::<BTreeSet<_>>(),
            first[..3].iter().collect::<BTreeSet<_>>()
        );
        assert_eq!(ranked(&trials, "plain-25", seed).len(), 3);
        assert_eq!(ranked(&trials, "plain-full", seed), second[..1]);
        assert_eq!(ranked(&trials, "rung-50-flow", seed).len(), 3);
        assert_eq!(ranked(&trials, "flow", seed).len(), 1);
    }
    let other = Place::new();
    halved(&other, tune, &[&more[..], &["--jobs", "4"]].concat());
    assert_eq!(record_of(&other, RUN), whole, "for any number of jobs");
    // Trials of every rung that are missing when it goes on are made again, and nothing else changes.
    for trial in ["plain-20-s2~lr=0.002", "rung-20-flow-s1~lr=0.004"] {
        fs::remove_dir_all(place.path(&place.trial(RUN, trial))).unwrap();
    }
    let last = ranked(&trials, "plain-full", 1)[0];
    let last = format!("plain-full-s1~lr={last}");
    fs::remove_dir_all(place.path(&place.trial(RUN, &last))).unwrap();
    fs::remove_file(place.path(&format!("{RUN}/run.json"))).unwrap();
    let ended = place.distil(&["resume", RUN, "--quiet"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(record_of(&place, RUN), whole);
}

#[test]
fn while_a_trial_of_a_rung_is_lost_nothing_goes_on_from_it() {
    let tune =
        "compare.tune={ lr = [1e-3, 4e-3, 8e-3], widen = 0, halving = { at = 0.5, keep = 2 } }";
    let arguments = crate::lost::tuned(tune);
    let place = Place::new();
    let ended = with_a_trial_killed(&place, &arguments, "rung-50-flow-s1~lr=0.001");
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("rung-50-flow-s1~lr=0.001: it was killed"),
        "{}",
        ended.stderr
    );
    let run = record(&place);
    assert_eq!(run.status, Status::Failed);
    assert!(
        trials(&place)
            .keys()
            .all(|name| !name.starts_with("flow-s1"))
    );
    goes_on_to_the_end_of_an_unbroken_run(&place, &arguments);
}

#[test]
fn a_list_is_widened_where_most_seeds_chose_its_end_and_what_is_beyond_climbs_too() {
    let tune =
        "compare.tune={ lr = [1e-4, 2e-4, 4e-4], widen = 2, halving = { at = 0.5, keep = 2 } }";
    let place = Place::new();
    let ended = place.distil(&asked(tune, &["--seeds", "2"]));
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    for said in ["lr=0.0008 too", "lr=0.0016 too"] {
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
    }
    let run = record(&place);
    let trials = trials(&place);
    let of = |arm: &str| -> Vec<&Tuned> { run.tuned.iter().filter(|t| t.arm == arm).collect() };
    for tuned in of("plain-full") {
        let seed = tuned.seed.unwrap();
        for rate in ["0.0001", "0.0008", "0.0016"] {
            assert!(
                trials.contains_key(&format!("plain-50-s{seed}~lr={rate}")),
                "{rate}"
            );
        }
        let left_out = |settings: &str| {
            let mut of = tuned
                .tried
                .iter()
                .filter(|tried| tried.settings == settings);
            of.any(|tried| tried.left_out_at == Some(0.5))
        };
        assert_eq!(
            tuned.chosen.as_deref(),
            Some("lr=0.0016"),
            "it learns too slowly"
        );
        assert!(!left_out("lr=0.0016"));
        let out = tuned.tried.iter().filter(|tried| left_out(&tried.settings));
        assert!(out.count() >= 1, "two of three go on");
    }
    // The arm pays for what its own choice asked for, left out or not, and not for what another's did.
    let flops = |name: &str| trials[name].bill.equalised().flops.unwrap();
    let one = run.arm("plain-full").next().unwrap();
    let names = trials.keys().filter(|name| {
        let of = name.starts_with("plain-50-s1") || name.starts_with("plain-full-s1");
        of && !name.ends_with("~lr=5e-5")
    });
    let own = one.id.to_string();
    let all: f64 = names
        .filter(|name| **name != own)
        .map(|name| flops(name))
        .sum();
    let row = one.bill.row("", Purpose::Tune).unwrap().flops.unwrap();
    assert!((row / all - 1.0).abs() < 1e-9, "{row} for {all}");
}

#[test]
fn what_is_shown_is_checked_with_values_that_the_loser_left_out() {
    let tune = "compare.tune={ lr = [1e-9, 1e-3, 4e-3, 1e30], widen = 0, halving = { at = 0.5, keep = 1 } }";
    let place = Place::new();
    let poor =
        "compare.arm.poor={ stage.large.start.shrink = 0.01, stage.large.train.batch = 512 }";
    let more = [
        "--quiet",
        "--seeds",
        "6",
        "--set",
        "compare.arms=[\"poor\"]",
        "--set",
        poor,
    ];
    let run = ["run", "digits", "--smoke", "--set", tune];
    let ended = place.distil(&[&run[..], &more[..]].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let run = record(&place);
    poor_lost_when_checked(&run);
    let trials = trials(&place);
    let chosen = |arm: &str, seed: u64| {
        let mut of = run.arm(arm).filter(|trial| trial.id.seed == seed);
        of.next().unwrap().id.settings.clone().unwrap()
    };
    let mut left_out = 0;
    for seed in 1..=6 {
        let (winner, own) = (chosen("flow", seed), chosen("poor", seed));
        let read = |settings: &str| {
            let events = place.events(RUN, &format!("poor-s{seed}~{settings}"));
            events
                .iter()
                .any(|e| matches!(e, Event::Evaluated(e) if e.part == Part::Test))
        };
        assert!(read(&winner) && read(&own), "{seed}");
        if winner == own {
            continue;
        }
        left_out += 1;
        // What the check took is no part of the search, and not chosen from.
        let poor = run.arm("poor").find(|trial| trial.id.seed == seed).unwrap();
        let flops = |name: String| trials[&name].bill.equalised().flops.unwrap();
        let rung = ["1e-9", "0.001", "0.004", "1e30"]
            .map(|rate| flops(format!("rung-50-poor-s{seed}~lr={rate}")));
        let row = poor.bill.row("", Purpose::Tune).unwrap().flops.unwrap();
        assert!((row / rung.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }
    assert!(
        left_out > 0,
        "some seed of the arm chose otherwise than the flow"
    );
}

#[test]
fn mistakes_are_named_where_they_stand() {
    let place = Place::new();
    let refused = |tune: &str| {
        let ended = place.distil(&[
            "check",
            "digits",
            "--set",
            &format!("compare.tune={{ {tune} }}"),
        ]);
        assert_eq!(ended.code, 2, "{}", ended.stderr);
        ended.stderr
    };
    for (tune, said) in [
        (
            "lr = [1e-3, 2e-3], halving = { at = 0.25, keep = 2 }",
            "no value would be left out: 2 are tried, and 2 go on",
        ),
        (
            "lr = [1e-3, 2e-3], halving = { at = 0.255, keep = 1 }",
            "in whole per cent",
        ),
        (
            "lr = [1e-3, 2e-3], halving = { at = 1.0, keep = 1 }",
            "`at` is 0.01 to 0.99",
        ),
        (
            "lr = [1e-3, 2e-3], halving = { at = 0.25 }",
            "`keep` is missing",
        ),
        (
            "lr = [1e-3, 2e-3], halving = { keep = 1 }",
            "`at` is missing",
        ),
        (
            "lr = [1e-3, 2e-3], halving = { at = 0.25, keep = 0 }",
            "`keep` is 1 or more",
        ),
        (
            "lr = [1e-3, 2e-3, 4e-3], halving = [{ at = 0.5, keep = 2 }, { at = 0.25, keep = 1 }]",
            "the rung before was as long: 50 %",
        ),
        (
            "lr = [1e-3, 2e-3], seeds = 1, halving = { at = 0.25, keep = 1 }",
            "each leave out other values",
        ),
        (
            "lr = [1e-3, 2e-3], by = \"small\", halving = { at = 0.25, keep = 1 }",
            "the small network tries every value to the end",
        ),
        (
            "lr = [1e-3, 2e-3], halving = 2",
            "`halving` must be a table",
        ),
    ] {
        let found = refused(tune);
        assert!(found.contains(said), "{tune}: {found}");
    }
    let checked = |sets: [&str; 2]| {
        let check = ["check", "digits", "--set", sets[0], "--set", sets[1]];
        let ended = place.distil(&check);
        ended.stdout + &ended.stderr
    };
    let found = checked([HALVING, "compare.arms=[\"plain-halved\"]"]);
    assert!(
        found.contains("`plain-halved` is not asked for by name"),
        "{found}"
    );
    let few = "compare.tune={ lr = [1e-3, 2e-3, 4e-3], halving = [{ at = 0.02, keep = 2 }, { at = 0.03, keep = 1 }] }";
    let said = checked([few, "stage.large.train.epochs=1"]);
    assert!(
        said.contains(" steps the rungs at 2 and 3 % are the same training"),
        "{said}"
    );
    let said = checked([few, "stage.large.train.epochs=10"]);
    assert!(
        said.contains("arms: ") && !said.contains("the same training"),
        "{said}"
    );
}

const ROUTE: &str = "compare.arms=[\"transferred\"]";

fn beside_a_route(tune: &str) -> [&str; 9] {
    [
        "run", "digits", "--smoke", "--seeds", "2", "--set", tune, "--set", ROUTE,
    ]
}

#[test]
fn beside_a_route_halving_is_measured_on_plain_training_alone_and_every_other_arm_tries_all() {
    let place = Place::new();
    let ended = place.distil(&beside_a_route(HALVING));
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let run = record(&place);
    let trials = trials(&place);
    let flops = |name: &str| trials[name].bill.equalised().flops.unwrap();
    let weights = |trial: &str| {
        let model = format!("{}/model/model.safetensors", place.trial(RUN, trial));
        fs::read(place.path(&model)).unwrap()
    };
    let mut ratios = [0.0; 2];
    for seed in [1, 2] {
        for arm in ["flow", "small", "plain-full"] {
            assert_eq!(ranked(&trials, arm, seed).len(), 4, "{arm} tries all");
            assert!(!trials.contains_key(&format!("rung-25-{arm}-s{seed}~lr=0.004")));
        }
        let first = ranked(&trials, "plain-25", seed);
        assert_eq!(first.len(), 4);
        let last = ranked(&trials, "plain-halved", seed);
        let on = |of: &[&'static str]| of.iter().copied().collect::<BTreeSet<_>>();
        assert_eq!(on(&last), on(&first[..2]));
        let best = format!("lr={}", last[0]);
        let mut chosen = run.arm("plain-halved");
        let chosen = chosen.find(|trial| trial.id.seed == seed).unwrap();
        assert_eq!(chosen.id.settings.as_deref(), Some(&best[..]));
        // The same training as that of plain in full with these settings.
        let name = |arm: &str| format!("{arm}-s{seed}~{best}");
        assert!(weights(&name("plain-halved")) == weights(&name("plain-full")));
        let tried = first
            .iter()
            .map(|rate| format!("plain-25-s{seed}~lr={rate}"));
        let other = format!("plain-halved-s{seed}~lr={}", last[1]);
        let others: f64 = tried.chain([other]).map(|name| flops(&name)).sum();
        let row = chosen.bill.row("", Purpose::Tune).unwrap();
        assert!((row.flops.unwrap() / others - 1.0).abs() < 1e-9);
        let mut routes = run.arm("transferred");
        let route = routes.find(|trial| trial.id.seed == seed).unwrap();
        ratios[0] += route.bill.with_the_search().flops.unwrap();
        ratios[1] += others + flops(&name("plain-halved"));
    }
    let mean = |arm: &str| {
        run.arm(arm)
            .map(|t| t.stages.last().unwrap().test["accuracy"])
            .sum::<f64>()
            / 2.0
    };
    let route = run.route.as_ref().unwrap();
    let halved = route.halved.unwrap();
    assert_eq!(halved.n, 2);
    assert!((halved.value.unwrap() - mean("plain-halved")).abs() < 1e-12);
    let ahead = mean("transferred") - mean("plain-halved");
    assert!((halved.difference.unwrap() - ahead).abs() < 1e-12);
    let ratio = route.halving.flops_ratio.unwrap();
    assert!(
        (ratio / (ratios[0] / ratios[1]) - 1.0).abs() < 1e-9,
        "{ratio} {ratios:?}"
    );
    // Nothing is claimed between it and the flow.
    assert!(
        run.comparisons
            .iter()
            .all(|one| one.against != "plain-halved")
    );
    let said = place.distil(&["report", RUN, "--markdown"]).stdout;
    assert!(
        said.contains("where successive halving chooses for plain training, which then reached"),
        "{said}"
    );
    // What the claims rest on is as it is without.
    let without = Place::new();
    let tune = "compare.tune={ lr = [1e-3, 2e-3, 4e-3, 8e-3], widen = 0 }";
    let ended = without.distil(&beside_a_route(tune));
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let mut other = record(&without).route.unwrap().known;
    let mut known = route.known.clone();
    for comparison in [&mut other, &mut known] {
        comparison.cost = CostRatios::default();
    }
    assert_eq!(known, other);
}

#[test]
fn a_short_training_lost_beside_a_route_is_made_up_for_by_resume() {
    let place = Place::new();
    let tune = "compare.tune={ lr = [1e-3, 4e-3], widen = 0, halving = { at = 0.5, keep = 1 } }";
    let run = [
        "run", "digits", "--quiet", "--fresh", "--set", tune, "--set", ROUTE,
    ];
    let run = [&run[..], &["--set", "compare.plain.epochs=20"]].concat();
    let ended = with_a_trial_killed(&place, &run, "plain-50-s1~lr=0.001");
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(record(&place).arm("plain-halved").next().is_none());
    goes_on_to_the_end_of_an_unbroken_run(&place, &run);
}

#[test]
fn the_arm_that_halving_is_measured_on_widens_no_list_and_pays_for_what_it_chose() {
    // After one step the smallest rate looks best: halving alone would ask for less.
    let tune = "compare.tune={ lr = [2e-3, 4e-3, 8e-3, 16e-3, 32e-3, 64e-3], halving = { at = 0.05, keep = 1 } }";
    let without = "compare.tune={ lr = [2e-3, 4e-3, 8e-3, 16e-3, 32e-3, 64e-3] }";
    let of = |tune: &str| {
        let place = Place::new();
        let ended = place.distil(&beside_a_route(tune));
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        place
    };
    let places = [of(tune), of(without)];
    let records = places.each_ref().map(record);
    let mut ends = records[0].tuned.iter();
    let ends =
        ends.any(|one| one.arm == "plain-halved" && one.chosen.as_deref() == Some("lr=0.002"));
    assert!(ends, "it chooses the end of the list as it is written");
    let tried = records.each_ref().map(|run| {
        let tuned = run
            .tuned
            .iter()
            .find(|one| one.arm == "plain-full")
            .unwrap();
        tuned
            .tried
            .iter()
            .map(|tried| tried.settings.clone())
            .collect::<Vec<_>>()
    });
    assert_eq!(tried[0], tried[1]);
    // It pays for the values as written and for what it chose, which another arm's choice may have asked for.
    let trials = trials(&places[0]);
    for trial in records[0].arm("plain-halved") {
        let (seed, chosen) = (trial.id.seed, trial.id.settings.as_ref().unwrap());
        let looked_at = tried[0][..6].iter().chain([chosen]);
        let looked_at: BTreeSet<&String> = looked_at.collect();
        let names = looked_at.iter().flat_map(|settings| {
            [
                format!("plain-5-s{seed}~{settings}"),
                format!("plain-halved-s{seed}~{settings}"),
            ]
        });
        let others = names.filter(|name| *name != trial.id.to_string());
        let took = others.filter_map(|name| trials.get(&name)?.bill.equalised().flops);
        let paid = trial.bill.row("", Purpose::Tune).unwrap().flops.unwrap();
        assert!(
            (paid / took.sum::<f64>() - 1.0).abs() < 1e-9,
            "{}",
            trial.id
        );
    }
}

#[test]
fn what_a_longer_list_adds_is_at_most_what_is_said_of_several_lists_too() {
    let place = Place::new();
    let tune = "compare.tune={ lr = [2e-5, 1e-4], widen = 1, schedule = [\"cosine\", \"constant\"], halving = { at = 0.5, keep = 2 } }";
    let arms = "compare.arms=[\"plain-full\"]";
    let run = [
        "run", "digits", "--smoke", "--fresh", "--set", tune, "--set", arms,
    ];
    let ended = place.distil(&run);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let written = number(&ended.stderr, " trainings at plain's full budget");
    let each = number(&ended.stderr, " more");
    let trials = trials(&place);
    let of = |trial: &Trial| trial.bill.equalised().flops.unwrap();
    let added = ended.stderr.matches("its list: all arms try").count();
    assert_eq!(added, 1, "{}", ended.stderr);
    let tested = |trial: &&Trial| trial.id.settings.is_some();
    let all: f64 = trials.values().filter(tested).map(of).sum();
    let full = trials
        .values()
        .find(|trial| trial.id.arm == "plain-full")
        .unwrap();
    let took = all / of(full);
    assert!(took < (written + each) * 1.06, "{took} {written} {each}");
    assert!(took > written, "{took} {written}");
}
