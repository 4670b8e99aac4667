//! Tuning over several seeds: each chooses for itself, and what is shown is checked before it is claimed.

use std::collections::BTreeSet;
use std::fs;

use distil::plan::shipped;
use distil::run::{Options, Request, RunFolder, TrialId, Watcher};
use distil_recipe::RecipeText;
use distil_report::compare::Verdict;
use distil_report::events::Event;
use distil_report::record::Part;
use distil_report::run_json::{RunJson, Trial, Tuned, Validation};
use serde_json::{Value, json};

use crate::harness::{Ended, Place};
use crate::leaks::{Random, after_first, csv, run_second};
use crate::lost::{goes_on_to_the_end_of_an_unbroken_run, tuned, with_a_trial_killed};
use crate::resume::record_of;

const RUN: &str = "runs/digits-0001";
const TUNE: &str = "compare.tune={ lr = [1e-3, 4e-3], widen = 0 }";

fn smoke(place: &Place, more: &[&str]) -> Ended {
    let run = ["run", "digits", "--smoke", "--fresh"];
    let ended = place.distil(&[&run[..], more].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    ended
}

fn record(place: &Place) -> RunJson {
    RunJson::read(&place.path(&format!("{RUN}/run.json"))).unwrap()
}

/// What a trial's log says it trains: the plan's hash.
fn planned(place: &Place, trial: &str) -> String {
    let Some(Event::Started(started)) = place.events(RUN, trial).into_iter().next() else {
        panic!("{trial} has not begun");
    };
    started.plan.split(' ').next().unwrap().to_owned()
}

fn own_division(place: &Place, trial: &Trial) -> Value {
    let card = place.read(&format!(
        "{}/model/model.json",
        place.trial(RUN, &trial.id.to_string())
    ));
    let card: Value = serde_json::from_str(&card).unwrap();
    card["split"]["own"].clone()
}

#[test]
fn each_seed_chooses_for_itself_on_its_own_division_and_the_first_keeps_the_splits() {
    let untuned = Place::new();
    smoke(&untuned, &["--seeds", "2", "--quiet", "--no-control"]);
    let place = Place::new();
    let ended = smoke(&place, &["--seeds", "3", "--set", TUNE]);
    assert!(
        ended
            .stderr
            .contains("each seed for itself, from lr=0.001 | lr=0.004")
    );
    let run = record(&place);
    assert_eq!(run.validation, Some(Validation::Own));
    assert_eq!(run.plan, record(&untuned).plan);
    assert_eq!(planned(&untuned, "flow-s1"), planned(&untuned, "flow-s2"));
    let chose: BTreeSet<(&str, Option<u64>)> =
        run.tuned.iter().map(|t| (t.arm.as_str(), t.seed)).collect();
    assert_eq!(
        (chose.len(), run.tuned.len()),
        (9, 9),
        "three arms with three seeds"
    );
    for trial in &run.trials {
        let mut own = run
            .tuned
            .iter()
            .filter(|t| t.arm == trial.id.arm && t.seed == Some(trial.id.seed));
        let own = own.next().unwrap();
        assert_eq!((&own.chosen, own.trials), (&trial.id.settings, 2));
        let division = own_division(&place, trial);
        match trial.id.seed {
            1 => assert_eq!(division, Value::Null, "{}", trial.id),
            seed => assert_eq!(division, seed, "{}", trial.id),
        }
    }
    let of = |seed: u64| planned(&place, &format!("flow-s{seed}~lr=0.004"));
    // The digits' own rate: what runs without tuning train.
    assert_eq!(of(1), planned(&untuned, "flow-s1"));
    assert_ne!(of(2), of(1));
    assert_ne!(of(2), of(3));
    // A test part for all: the same samples.
    let tested: BTreeSet<String> = run
        .trials
        .iter()
        .map(|trial| {
            let tested = place.read(&format!(
                "{}/test.json",
                place.trial(RUN, &trial.id.to_string())
            ));
            let tested: Value = serde_json::from_str(&tested).unwrap();
            tested["ids"].to_string()
        })
        .collect();
    assert_eq!(tested.len(), 1);
    let bill = place.distil(&["report", RUN, "--bill"]).stdout;
    for said in ["with the search", "Each seed chose its settings by itself"] {
        assert!(bill.contains(said), "{bill}");
    }
}

#[test]
fn seeds_that_choose_for_all_and_a_model_that_knows_one_division_leave_one_for_all() {
    let place = Place::new();
    let tune = "compare.tune={ lr = [1e-3, 4e-3], seeds = 1, widen = 0 }";
    smoke(
        &place,
        &["--seeds", "2", "--set", tune, "--no-control", "--quiet"],
    );
    let run = record(&place);
    assert_eq!(run.validation, Some(Validation::Common));
    assert_eq!((run.tuned.len(), run.tuned[0].seed), (1, None));
    assert!(
        run.trials
            .iter()
            .all(|trial| own_division(&place, trial).is_null())
    );
    assert_eq!(run.trials[0].id.settings, run.trials[1].id.settings);
    let page = place.read(&format!("{RUN}/report.html"));
    assert!(
        page.contains("The validation part is common to all seeds"),
        "{page}"
    );

    let place = after_first(&csv(&Random(3).rows(120, 4, 1000)));
    let two = [
        "--seeds",
        "2",
        "--set",
        "compare.tune={ lr = [1e-4, 1e-3], widen = 0 }",
    ];
    let ended = run_second(&place, "", "", &two);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let run = RunJson::read(&place.path("runs/second-0001/run.json")).unwrap();
    assert_eq!(run.validation, Some(Validation::Common));
    assert!(
        run.tuned.iter().all(|tuned| tuned.seed.is_some()),
        "each chooses"
    );
}

/// The flow beside an arm that is far worse with every seed: what is shown has to be checked.
const POOR: [&str; 8] = [
    "--seeds",
    "6",
    "--set",
    "compare.tune={ lr = [1e-9, 1e-3, 4e-3, 1e30], widen = 0 }",
    "--set",
    "compare.arms=[\"poor\"]",
    "--set",
    "compare.arm.poor={ stage.large.start.shrink = 0.01, stage.large.train.batch = 512 }",
];

/// The flow is better than the arm `poor` with every one of six seeds, at its settings too.
pub fn poor_lost_when_checked(run: &RunJson) {
    let poor = run
        .comparisons
        .iter()
        .find(|c| c.against == "poor")
        .unwrap();
    let guard = poor
        .guard
        .as_ref()
        .expect("the flow is better with every seed");
    assert_eq!(
        (guard.loser.as_str(), guard.n, guard.same_sign),
        ("poor", 6, true)
    );
}

/// The trials of an arm with a test, and whether their settings were chosen.
fn tested(place: &Place, run: &RunJson, arm: &str) -> Vec<(String, bool)> {
    let chosen: BTreeSet<String> = run
        .trials
        .iter()
        .map(|trial| trial.id.to_string())
        .collect();
    let mut found = Vec::new();
    for seed in 1..=6 {
        for lr in ["1e-9", "0.001", "0.004"] {
            let name = format!("{arm}-s{seed}~lr={lr}");
            let read = |event: &Event| matches!(event, Event::Evaluated(e) if e.part == Part::Test);
            if place.events(RUN, &name).iter().any(read) {
                found.push((name.clone(), chosen.contains(&name)));
            }
        }
    }
    found
}

#[test]
fn what_is_shown_is_checked_by_the_loser_at_the_winners_settings_before_it_is_claimed() {
    let place = Place::new();
    smoke(&place, &[&POOR[..], &["--quiet"]].concat());
    let run = record(&place);
    poor_lost_when_checked(&run);
    // The arm's own choice, and its trial at the flow's, with every seed; of the flow nothing but its choice.
    let choice = |arm: &str, seed: u64| {
        let mut of = run
            .tuned
            .iter()
            .filter(|t| t.arm == arm && t.seed == Some(seed));
        of.next().unwrap().chosen.clone().unwrap()
    };
    let mut expected = BTreeSet::new();
    for seed in 1..=6 {
        for arm in ["poor", "flow"] {
            expected.insert(format!("poor-s{seed}~{}", choice(arm, seed)));
        }
    }
    let found: BTreeSet<String> = tested(&place, &run, "poor")
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(found, expected);
    assert!(
        tested(&place, &run, "flow")
            .iter()
            .all(|(_, chosen)| *chosen)
    );
}

#[test]
fn a_run_killed_before_its_check_goes_on_with_it_and_counts_it_once() {
    let place = Place::new();
    smoke(&place, &[&POOR[..], &["--quiet"]].concat());
    let whole = record_of(&place, RUN);
    let run = record(&place);
    let checked: Vec<String> = tested(&place, &run, "poor")
        .into_iter()
        .filter_map(|(name, chosen)| (!chosen).then_some(name))
        .collect();
    assert!(
        !checked.is_empty(),
        "some seed of the arm chose otherwise than the flow"
    );
    for (at, name) in checked.iter().enumerate() {
        let log = format!("{}/events.jsonl", place.trial(RUN, name));
        let text = place.read(&log);
        let finished = text.find("\"finished\"").unwrap();
        let trained = finished + text[finished..].find('\n').unwrap() + 1;
        // Before its test, and in the midst of it.
        let midst = trained + text[trained..].find('\n').unwrap() + 1;
        place.write(&log, &text[..if at == 0 { midst } else { trained }]);
        fs::remove_file(place.path(&format!("{}/test.json", place.trial(RUN, name)))).unwrap();
    }
    fs::remove_file(place.path(&format!("{RUN}/run.json"))).unwrap();
    let ended = place.distil(&["resume", RUN]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(record_of(&place, RUN), whole);
}

#[test]
fn one_list_is_widened_for_all_arms_while_a_choice_lies_at_its_end_and_no_further_than_said() {
    let place = Place::new();
    let tune = "compare.tune={ lr = [1e-5, 2e-5] }";
    let ended = smoke(&place, &["--seeds", "2", "--set", tune]);
    let plan = "to choose settings takes 12 trainings, at most 48 if choices lie at the ends of their lists";
    for said in [
        plan,
        "all arms try lr=5e-6 and lr=4e-5 too",
        "lr=0.00016 too",
    ] {
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
    }
    let run = record(&place);
    let tried = |tuned: &Tuned| -> Vec<String> {
        tuned
            .tried
            .iter()
            .map(|tried| tried.settings.clone())
            .collect()
    };
    let lists: BTreeSet<Vec<String>> = run.tuned.iter().map(tried).collect();
    assert_eq!(lists.len(), 1, "{lists:?}");
    let list = lists.into_iter().next().unwrap();
    for lr in ["1e-5", "2e-5", "4e-5", "8e-5", "0.00016"] {
        assert!(list.contains(&format!("lr={lr}")), "{list:?}");
    }
    assert!(
        !list.contains(&"lr=0.00032".to_owned()),
        "three more at most: {list:?}"
    );
    let plain = run
        .comparisons
        .iter()
        .find(|c| c.against == "plain")
        .unwrap();
    assert_eq!(plain.verdict, Verdict::BaselineUntuned);
    let ends = plain.ends.iter();
    let ends: Vec<(&str, &str)> = ends
        .map(|e| (e.arm.as_str(), e.settings.as_str()))
        .collect();
    assert!(ends.contains(&("plain", "lr=0.00016")), "{ends:?}");
    assert!(
        ended
            .stdout
            .contains("plain training at equal cost have lr=0.00016, the end of the list"),
        "{}",
        ended.stdout
    );
    let whole = record_of(&place, RUN);
    let other = Place::new();
    smoke(
        &other,
        &["--seeds", "2", "--set", tune, "--jobs", "4", "--quiet"],
    );
    assert_eq!(record_of(&other, RUN), whole, "for any number of jobs");
    // What is missing when it goes on is tried, and nothing else changes.
    for trial in ["small-s2~lr=8e-5", "plain-s1~lr=0.00016"] {
        fs::remove_dir_all(place.path(&place.trial(RUN, trial))).unwrap();
    }
    let ended = place.distil(&["resume", RUN, "--quiet"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(record_of(&place, RUN), whole);
}

#[test]
fn while_a_candidate_is_lost_that_might_widen_the_list_nothing_is_tested() {
    let place = Place::new();
    let arguments = tuned("compare.tune={ lr = [1e-3, 4e-3], widen = 1 }");
    let ended = with_a_trial_killed(&place, &arguments, "plain-s1~lr=0.001");
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    for arm in ["flow", "small", "plain"] {
        for lr in ["0.001", "0.004"] {
            let events = place.events(RUN, &format!("{arm}-s1~lr={lr}"));
            let tests =
                |event: &Event| matches!(event, Event::Evaluated(e) if e.part == Part::Test);
            assert!(!events.iter().any(tests), "{arm} {lr}");
        }
    }
    goes_on_to_the_end_of_an_unbroken_run(&place, &arguments);
}

/// Nobody looks.
struct Blind;

impl Watcher for Blind {
    fn plan(&mut self, _: &str) {}
    fn folder(&mut self, _: &RunFolder) {}
    fn event(&mut self, _: &TrialId, _: &Event) {}
    fn note(&mut self, _: &str) {}
}

#[test]
fn a_run_begun_before_lists_were_widened_goes_on_with_its_own_and_claims_what_it_did() {
    let place = Place::new();
    let recipe = RecipeText::new("digits", shipped("digits").unwrap().text.to_owned());
    let mut recipe = recipe;
    recipe.patch("compare.tune.lr", "[1e-5, 2e-5]").unwrap();
    let options: Options = serde_json::from_value(json!({
        "name": "digits", "base": place.path(""), "seeds": 2, "folds": null, "control": true,
        "jobs": null, "threads": 1, "smoke": true, "fresh": true, "nested": true,
        "equal": "together", "swept": [],
    }))
    .unwrap();
    let request = Request {
        recipe,
        options,
        runs: place.path("runs"),
        program: env!("CARGO_BIN_EXE_distil").into(),
    };
    distil::run::run(&request, &mut Blind).unwrap();
    let whole = record_of(&place, RUN);
    let run = record(&place);
    assert!(run.tuned.iter().all(|tuned| tuned.tried.len() == 2));
    assert!(
        run.comparisons
            .iter()
            .all(|c| c.ends.is_empty() && c.verdict != Verdict::BaselineUntuned)
    );
    fs::remove_dir_all(place.path(&place.trial(RUN, "plain-s2~lr=2e-5"))).unwrap();
    let ended = place.distil(&["resume", RUN, "--quiet"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(record_of(&place, RUN), whole);
}

#[test]
fn a_run_that_is_looked_at_ends_where_it_is_decided_and_a_resumed_one_as_it() {
    let looked = |more: &[&str]| {
        let place = Place::new();
        let asked = [
            "run", "digits", "--smoke", "--fresh", "--looks", "--set", TUNE, "--quiet",
        ];
        let ended = place.distil(&[&asked[..], more].concat());
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        place
    };
    let seeds = |place: &Place| {
        let run = record(place);
        run.arm("flow").count()
    };
    // No worse by so much after six seeds, whatever comes of them.
    let decided = looked(&["--set", "compare.margin=0.95"]);
    assert_eq!(seeds(&decided), 6);
    let page = decided.read(&format!("{RUN}/report.html"));
    assert!(
        page.contains("looked at after 6, 9 and 12 seeds, it ends once it is decided or hardly can be; it ended after 6"),
        "{page}"
    );
    let open = looked(&["--set", "compare.margin=0"]);
    let ran = seeds(&open);
    assert!([6, 9, 12].contains(&ran), "{ran}");
    let before = record_of(&open, RUN);
    let resumed = open.distil(&["resume", RUN, "--quiet"]);
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    assert_eq!(record_of(&open, RUN), before);
    let both = Place::new();
    let refused = both.distil(&["run", "digits", "--looks", "--seeds", "6"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
}
