//! What a run writes into its bill, told by what was counted, never by how long it took.

use distil_report::Purpose;
use distil_report::bill::NO_STAGE;
use distil_report::events::Event;
use distil_report::run_json::RunJson;

use crate::harness::Place;

const RUN: &str = "runs/digits-0001";

fn run(place: &Place, more: &[&str]) -> (RunJson, String) {
    let ended = place.distil(&[&["run", "digits", "--smoke", "--fresh"], more].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let run = RunJson::read(&place.path(RUN).join("run.json")).unwrap();
    (run, ended.stderr)
}

#[test]
fn a_view_is_billed_as_done_once_and_apart_from_any_sample() {
    let place = Place::new();
    let (run, _) = run(&place, &["--set", "stage.small.view={ pool = [2, 2] }"]);
    for (stage, trial) in [
        ("small", "flow-s1"),
        ("large", "flow-s1"),
        ("large", "plain-s1"),
    ] {
        let events = place.events(RUN, trial);
        let mut billed = events.iter().filter_map(|event| match event {
            Event::Billed(billed) if billed.stage == stage => Some(billed),
            _ => None,
        });
        let first = billed
            .find(|billed| billed.purpose == Purpose::Train)
            .unwrap();
        assert_eq!(
            (first.samples, first.time),
            (0, first.once),
            "{trial} {stage}"
        );
        assert!(!first.once.is_none());
        let steps = billed.filter(|billed| billed.purpose == Purpose::Train);
        let samples: u64 = steps
            .inspect(|billed| assert!(billed.once.is_none(), "{billed:?}"))
            .map(|billed| billed.samples)
            .sum();
        assert!(samples > 0);
    }
    let rate = run.calibration.rate("small", Purpose::Train).unwrap();
    assert!(
        rate.once_seconds > 0.0 && rate.seconds_per_sample > 0.0,
        "{rate:?}"
    );
}

#[test]
fn measuring_the_machine_is_billed_once_and_told_once_and_is_no_part_of_equal_cost() {
    let place = Place::new();
    let (run, told) = run(&place, &["--seeds", "2"]);
    let measured = run.trials.iter().filter_map(|trial| {
        let row = trial.bill.row(NO_STAGE, Purpose::Calibrate)?;
        Some((trial.id.to_string(), row.flops))
    });
    assert_eq!(
        measured.collect::<Vec<_>>(),
        [("flow-s1".to_owned(), Some(0.0))]
    );
    let lines = told
        .lines()
        .filter(|line| line.starts_with("measuring this machine: "));
    assert_eq!(lines.count(), 1, "{told}");
    let flows: Vec<_> = run
        .arm("flow")
        .map(|flow| flow.bill.equalised().flops)
        .collect();
    assert_eq!(flows[0], flows[1]);
}

#[test]
fn reading_and_reporting_are_billed_and_the_sum_is_the_runs() {
    let place = Place::new();
    let (run, _) = run(&place, &[]);
    for trial in &run.trials {
        for purpose in [Purpose::Load, Purpose::Save] {
            let row = trial.bill.row(NO_STAGE, purpose).unwrap();
            assert!(row.cpu_seconds > 0.0, "{} {row:?}", trial.id);
        }
        // Stages first, then what is of none.
        let of_none = trial.bill.rows.iter().map(|row| row.stage == NO_STAGE);
        assert!(of_none.is_sorted(), "{:?}", trial.bill.rows);
    }
    let own: Vec<Purpose> = run.bill.rows.iter().map(|row| row.purpose).collect();
    assert_eq!(own, [Purpose::Load, Purpose::Report]);
    let trials = run.trials.iter().map(|trial| trial.bill.all().cpu_seconds);
    let sum = trials.sum::<f64>() + run.bill.all().cpu_seconds;
    assert!((run.cpu_seconds() - sum).abs() < 1e-9);
}
