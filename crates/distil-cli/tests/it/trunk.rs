//! A longer plain training begins with what a shorter one made, where its schedule makes them alike, and nobody can tell by the result.

use std::fs;

use distil_report::events::Event;
use distil_report::run_json::{RunJson, Trial};

use crate::harness::{Ended, Place, number};

const RUN: &str = "runs/digits-0001";
/// The shorter first: the flow costs a little more than plain training in full.
const ARMS: [&str; 5] = ["plain-25", "plain-50", "plain-75", "plain-full", "plain"];
const FALLS: [&str; 2] = ["--set", "compare.plain.schedule=trapezoid"];

fn run(place: &Place, more: &[&[&str]]) -> Ended {
    let asked: &[&str] = &["run", "digits", "--curve"];
    let ended = place.distil(&[&[asked, &FALLS], more].concat().concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    ended
}

/// The trials of an arm with so many steps that it did not make.
fn begun_with(place: &Place, trial: &str) -> Option<u64> {
    let reused = place
        .events(RUN, trial)
        .into_iter()
        .find_map(|event| match event {
            Event::Reused(reused) => Some(reused),
            _ => None,
        });
    reused.map(|reused| reused.step.unwrap_or(u64::MAX))
}

fn bytes(place: &Place, trial: &str, file: &str) -> Vec<u8> {
    let folder = place.trial(RUN, trial);
    fs::read(place.path(&format!("{folder}/{file}"))).unwrap()
}

/// The result as far as it does not depend on who trained it.
fn same(place: &Place, other: &Place, trial: &str) {
    let files = [
        "model/model.safetensors",
        "test.json",
        "stages/large/scores.safetensors",
    ];
    for file in files {
        assert_eq!(
            bytes(place, trial, file),
            bytes(other, trial, file),
            "{trial} {file}"
        );
    }
    let of = |place: &Place| -> Trial {
        let run = RunJson::read(&place.path(&format!("{RUN}/run.json"))).unwrap();
        run.trials
            .iter()
            .find(|one| one.id.to_string() == trial)
            .unwrap()
            .clone()
    };
    let (one, other) = (of(place), of(other));
    assert_eq!(
        one.bill.equalised().flops,
        other.bill.equalised().flops,
        "{trial}"
    );
    let stages = |trial: &Trial| -> Vec<_> {
        let of =
            |s: &distil_report::run_json::StageRun| (s.validation.clone(), s.test.clone(), s.kept);
        trial.stages.iter().map(of).collect()
    };
    assert_eq!(stages(&one), stages(&other), "{trial}");
}

#[test]
fn each_plain_training_begins_with_the_longest_that_is_made_alike_and_comes_out_as_one_made_alone()
{
    let [shared, alone] = [Place::new(), Place::new()];
    let said = run(&shared, &[&["--jobs", "2"]]).stderr;
    assert!(
        said.contains("the beginnings of 4 stages were trained the same way before"),
        "{said}"
    );
    let fresh = run(&alone, &[&["--fresh"]]).stderr;
    for arm in ARMS {
        same(&shared, &alone, &format!("{arm}-s1"));
    }
    // 370 steps in full, of which the last fifth goes down: each begins where the one before went down.
    let begun = ARMS.map(|arm| begun_with(&shared, &format!("{arm}-s1")));
    assert_eq!(begun, [None, Some(75), Some(149), Some(223), Some(297)]);
    let trainings = |said: &str| number(said, " trainings at plain's full budget");
    // 0.2, 0.4, 0.6 and 0.8 are not made again.
    let less = trainings(&fresh) - trainings(&said);
    assert!((less - 2.0).abs() < 0.1, "{less}");
    let csv = shared.read(&format!("{RUN}/metrics.csv"));
    let column = csv
        .lines()
        .next()
        .unwrap()
        .split(',')
        .position(|name| name == "cpu_seconds");
    let seconds = |line: &str| -> f64 {
        line.split(',')
            .nth(column.unwrap())
            .unwrap()
            .parse()
            .unwrap()
    };
    let of_plain: Vec<f64> = csv
        .lines()
        .filter(|line| line.starts_with("plain,"))
        .map(seconds)
        .collect();
    assert!(
        of_plain.is_sorted(),
        "what other processes took is counted: {of_plain:?}"
    );
}

#[test]
fn whatever_a_stage_keeps_it_is_made_alike() {
    let sets: [&[&str]; 4] = [
        &[
            "compare.plain.keep=last",
            "compare.plain.average=0.9",
            "compare.plain.warmup=5",
        ],
        &[
            "compare.plain.optimizer={ kind = \"sgd\", momentum = 0.9 }",
            "compare.plain.lr=0.05",
        ],
        &[
            "compare.plain.accumulate=2",
            "compare.plain.clip=0.5",
            "compare.plain.batch=24",
        ],
        &[
            "stage.large.model={ kind = \"mlp\", hidden = [96], dropout = 0.2 }",
            "compare.plain.patience=1",
        ],
    ];
    for set in sets {
        let set: Vec<&str> = set.iter().flat_map(|set| ["--set", set]).collect();
        let short = [
            "--set",
            "compare.plain.epochs=4",
            "--set",
            "stage.large.start.width=new",
        ];
        let [shared, alone] = [Place::new(), Place::new()];
        run(&shared, &[&set, &short]);
        run(&alone, &[&set, &short, &["--fresh"]]);
        assert!(begun_with(&shared, "plain-50-s1").is_some(), "{set:?}");
        for arm in ARMS {
            same(&shared, &alone, &format!("{arm}-s1"));
        }
    }
}

#[test]
fn a_training_that_ends_with_another_rate_from_the_start_begins_by_itself() {
    let place = Place::new();
    let ended = place.distil(&["run", "digits", "--curve", "--smoke"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    for arm in ARMS {
        assert_eq!(begun_with(&place, &format!("{arm}-s1")), None, "{arm}");
    }
}
