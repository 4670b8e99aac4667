//! The file of events survives kills, and says where it is damaged.

use std::path::PathBuf;

use distil_report::events::{
    Billed, Event, EventLog, Pace, Process, Progress, Resumed, Started, Stopped, Time, fold, read,
};
use distil_report::{Error, Numbers, Purpose, TrialId};

use tempfile::TempDir;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A folder that goes with the test, and the file in it.
fn scratch() -> Result<(TempDir, PathBuf), std::io::Error> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("events.jsonl");
    Ok((folder, path))
}

fn started() -> Event {
    Event::Started(Started {
        id: TrialId {
            arm: "flow".into(),
            seed: 1,
            fold: None,
            settings: None,
        },
        plan: "5eed".into(),
        basis: None,
        rehearsal: Time::default(),
        process: Process { pid: 7, threads: 2 },
    })
}

fn progress(step: u64, cpu_seconds: f64) -> Event {
    Event::Progress(Progress {
        stage: "large".into(),
        step,
        epoch: step as f64 / 40.0,
        loss: 0.1 + 0.2,
        terms: Numbers::from([("cross-entropy", 0.2), ("kd", 0.1)]),
        lr: 1e-3,
        flops: Some(step as f64 * 1e6),
        samples: step * 32,
        validation: Some(Numbers::from([("accuracy", 0.9)])),
        time: Pace {
            cpu_seconds,
            wall_seconds: cpu_seconds,
            samples_per_second: 1e4,
        },
    })
}

fn billed(purpose: Purpose, cpu_seconds: f64) -> Event {
    Event::Billed(Billed {
        stage: "large".into(),
        purpose,
        flops: Some(1e6),
        samples: 32,
        time: Time {
            cpu_seconds,
            wall_seconds: cpu_seconds,
        },
        once: Time::default(),
    })
}

fn resumed(keep: usize) -> Event {
    Event::Resumed(Resumed {
        keep,
        stage: "large".into(),
        step: 10,
        process: Process::default(),
    })
}

#[test]
fn what_is_appended_is_read_back_equal() -> Outcome {
    let (_folder, path) = scratch()?;
    let events = [
        started(),
        progress(10, 1.0),
        Event::Stopped(Stopped { signal: 15 }),
        Event::Finished,
    ];
    let mut log = EventLog::open(&path)?;
    for event in &events {
        log.append(event)?;
    }
    log.sync()?;
    assert_eq!(log.count(), 4);
    assert_eq!(read(&path)?, events);
    Ok(())
}

#[test]
fn a_line_names_its_event_and_keeps_time_apart() -> Outcome {
    insta::assert_snapshot!(serde_json::to_string(&progress(10, 1.0))?, @r#"{"event":"progress","stage":"large","step":10,"epoch":0.25,"loss":0.30000000000000004,"terms":{"cross-entropy":0.2,"kd":0.1},"lr":0.001,"flops":10000000.0,"samples":320,"validation":{"accuracy":0.9},"time":{"cpu_seconds":1.0,"wall_seconds":1.0,"samples_per_second":10000.0}}"#);
    insta::assert_snapshot!(serde_json::to_string(&billed(Purpose::Teach, 0.5))?, @r#"{"event":"billed","stage":"large","purpose":"teach","flops":1000000.0,"samples":32,"time":{"cpu_seconds":0.5,"wall_seconds":0.5}}"#);
    insta::assert_snapshot!(serde_json::to_string(&Event::Finished)?, @r#"{"event":"finished"}"#);
    assert_eq!(
        progress(10, 1.0).deterministic(),
        progress(10, 2.0).deterministic()
    );
    assert_ne!(
        progress(10, 1.0).deterministic(),
        progress(11, 1.0).deterministic()
    );
    Ok(())
}

#[test]
fn a_torn_last_line_is_cut_at_any_byte_and_writing_goes_on() -> Outcome {
    let (_folder, path) = scratch()?;
    let mut log = EventLog::open(&path)?;
    log.append(&started())?;
    let first = std::fs::read(&path)?.len();
    log.append(&progress(10, 1.0))?;
    let bytes = std::fs::read(&path)?;
    for cut in first..bytes.len() {
        std::fs::write(&path, &bytes[..cut])?;
        assert_eq!(read(&path)?, [started()], "reader, cut at byte {cut}");
        let mut log = EventLog::open(&path)?;
        assert_eq!(log.count(), 1);
        log.append(&Event::Finished)?;
        assert_eq!(
            read(&path)?,
            [started(), Event::Finished],
            "writer, cut at byte {cut}"
        );
    }
    Ok(())
}

#[test]
fn other_damage_is_an_error_that_names_the_line() -> Outcome {
    let (_folder, path) = scratch()?;
    std::fs::write(
        &path,
        "{\"event\":\"finished\"}\n{\"event\":\"fini\n{\"event\":\"finished\"}\n",
    )?;
    let error = read(&path).unwrap_err();
    assert!(matches!(error, Error::Damaged { line: 2, .. }), "{error}");
    std::fs::write(&path, "{\"event\":\"finished\"}\n")?;
    EventLog::open(&path)?.append(&resumed(3))?;
    let message = read(&path)
        .unwrap_err()
        .to_string()
        .replace(&path.display().to_string(), "events.jsonl");
    insta::assert_snapshot!(message, @"events.jsonl:2: a resume that keeps 3 lines where there are 1; the file is damaged or was written by another version of Distil");
    Ok(())
}

#[test]
fn a_resume_drops_what_the_killed_process_did_after_its_checkpoint() {
    let events = [
        started(),
        progress(10, 1.0),
        billed(Purpose::Train, 1.0),
        progress(20, 2.5),
        billed(Purpose::Evaluate, 0.25),
        resumed(3),
        progress(20, 2.0),
        Event::Finished,
    ];
    let folded = fold(&events);
    let kept: Vec<&Event> = [0, 1, 2, 5, 6, 7]
        .iter()
        .map(|&index: &usize| &events[index])
        .collect();
    assert_eq!(folded.events, kept);
    assert_eq!(folded.resumes, 1);
    // 2.5 s shown by the lost progress event, 1 s of it billed and kept, and 0.25 s of lost evaluation.
    assert_eq!(folded.repeated_cpu_seconds, 1.75);
}

#[test]
fn a_second_resume_from_the_same_checkpoint_counts_both_losses() {
    let events = [
        started(),
        billed(Purpose::Train, 1.0),
        progress(20, 2.0),
        resumed(2),
        progress(20, 2.0),
        billed(Purpose::Train, 1.5),
        resumed(2),
        progress(20, 2.0),
    ];
    let folded = fold(&events);
    let kept: Vec<&Event> = [0, 1, 6, 7]
        .iter()
        .map(|&index: &usize| &events[index])
        .collect();
    assert_eq!(folded.events, kept);
    assert_eq!(folded.resumes, 2);
    assert_eq!(folded.repeated_cpu_seconds, 1.0 + 1.5);
}
