//! run.json is stable and comes back equal.

use distil_report::run_json::{RunJson, Status};

use crate::synthetic::{compress, digits_run};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[test]
fn a_record_is_read_back_equal() -> Outcome {
    let mut record = digits_run(17).record;
    record.compress = Some(compress());
    record.trials[0].stages[0]
        .test
        .insert("r2".into(), f64::NEG_INFINITY);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("run.json");
    std::fs::write(&path, record.to_json()?)?;
    assert_eq!(RunJson::read(&path)?, record);
    assert_eq!(
        std::fs::read_dir(folder.path())?.count(),
        1,
        "no temporary file is left"
    );
    Ok(())
}

#[test]
fn another_format_is_refused_by_its_number() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("run.json");
    std::fs::write(&path, r#"{"format": 2, "everything": "else"}"#)?;
    let message = RunJson::read(&path)
        .unwrap_err()
        .to_string()
        .replace(&path.display().to_string(), "run.json");
    insta::assert_snapshot!(message, @"run.json:1: run.json has format 2, this version reads format 1; the file is damaged or was written by another version of Distil");
    Ok(())
}

#[test]
fn keys_keep_their_order() -> Outcome {
    let mut record = digits_run(17).record;
    record.trials.truncate(1);
    record.trials[0].stages.remove(0);
    record.trials[0].bill.rows.truncate(2);
    record.comparisons.truncate(1);
    record
        .calibration
        .stages
        .retain(|stage, _| stage == "small");
    insta::assert_snapshot!(serde_json::to_string_pretty(&record)?, @r#"
{
  "format": 1,
  "status": "finished",
  "name": "digits",
  "plan": "9f2c41d0e8b7",
  "host": {
    "distil": "0.1.0",
    "system": "Linux 6.1 x86_64",
    "cpu": "Intel Xeon Platinum 8488C",
    "cores": 2,
    "threads": 1,
    "memory_bytes": 8589934592,
    "instructions": "avx512",
    "device": "cpu"
  },
  "task": "classification",
  "metric": {
    "name": "accuracy",
    "better": "higher"
  },
  "trials": [
    {
      "arm": "flow",
      "seed": 1,
      "fold": null,
      "status": "finished",
      "stages": [
        {
          "name": "large",
          "parameters": 100234,
          "flops": {
            "forward": 199168.0,
            "train": 577587.2
          },
          "steps": 200,
          "epochs": 5.0,
          "train": {
            "accuracy": 0.998,
            "ece": 0.008400000000000001,
            "macro_f1": 0.997,
            "nll": 0.025200000000000007
          },
          "validation": {
            "accuracy": 0.974,
            "ece": 0.013200000000000005,
            "macro_f1": 0.973,
            "nll": 0.08760000000000007
          },
          "test": {
            "accuracy": 0.975,
            "ece": 0.016004457241901356,
            "macro_f1": 0.9752580044833566,
            "nll": 0.05705078307140076,
            "top5": 1.0
          },
          "grown": {
            "from": "small",
            "promise": "exact",
            "max_difference": 3.4e-7,
            "rows": 256
          }
        }
      ],
      "bill": [
        {
          "stage": "small",
          "purpose": "train",
          "flops": 281280512.0,
          "cpu_seconds": 0.0426000384,
          "reference_seconds": 0.0426000384,
          "samples": 10240
        },
        {
          "stage": "small",
          "purpose": "evaluate",
          "flops": 17021184.0,
          "cpu_seconds": 0.0034042368,
          "reference_seconds": 0.0024919358400000004,
          "samples": 1797
        }
      ],
      "data": {
        "train": 1257,
        "validation": 180,
        "test": 360
      },
      "resumes": 0,
      "repeated_cpu_seconds": 0.0
    }
  ],
  "bill": [
    {
      "stage": "",
      "purpose": "load",
      "flops": 0.0,
      "cpu_seconds": 0.03,
      "reference_seconds": null,
      "samples": 0
    },
    {
      "stage": "",
      "purpose": "report",
      "flops": 0.0,
      "cpu_seconds": 0.06,
      "reference_seconds": null,
      "samples": 0
    }
  ],
  "comparisons": [
    {
      "arm": "flow",
      "against": "plain",
      "n": 1,
      "difference": 0.005555555555555536,
      "ci95": [
        -0.016214259147766568,
        0.02732537025887764
      ],
      "test": "mcnemar",
      "p": 0.8036193847666823,
      "cost": {
        "flops_ratio": 1.0103058482379754,
        "seconds_ratio": 1.106897964430213
      },
      "given": false,
      "verdict": "one-pair",
      "value": 0.975,
      "against_value": 0.9694444444444444,
      "samples": 360,
      "resolution": 0.008228507357554796
    }
  ],
  "calibration": {
    "small": {
      "train": {
        "seconds_per_sample": 4.16016e-6,
        "once_seconds": 0.0
      },
      "grow": {
        "seconds_per_sample": 0.0,
        "once_seconds": 0.012
      },
      "evaluate": {
        "seconds_per_sample": 1.3867200000000001e-6,
        "once_seconds": 0.0
      },
      "save": {
        "seconds_per_sample": 0.0,
        "once_seconds": 0.021
      }
    }
  }
}
"#);
    Ok(())
}

#[test]
fn a_trial_that_never_finished_says_how_it_ended() {
    use distil_report::events::{Diverged, Event, Process, Resumed, Stopped, fold};
    use distil_report::{Numbers, run_json::Trial};
    let whole = crate::synthetic::digits_run(17).trials.remove(0).0;
    let ending = |last: &[Event]| {
        let mut events = whole[..12].to_vec();
        events.extend_from_slice(last);
        Trial::of(&fold(&events), None).unwrap().status
    };
    let stopped = Event::Stopped(Stopped { signal: 15 });
    let resumed = Event::Resumed(Resumed {
        keep: 10,
        stage: "small".into(),
        step: 40,
        process: Process::default(),
    });
    let diverged = Event::Diverged(Diverged {
        stage: "small".into(),
        step: 41,
        terms: Numbers::from([("cross-entropy", f64::NAN)]),
        gradient_norms: Numbers::default(),
    });
    assert_eq!(ending(&[]), Status::Failed);
    assert_eq!(ending(std::slice::from_ref(&stopped)), Status::Stopped);
    assert_eq!(ending(&[diverged]), Status::Diverged);
    assert_eq!(ending(&[stopped.clone(), resumed.clone()]), Status::Failed);
    assert_eq!(
        ending(&[stopped, resumed, Event::Finished]),
        Status::Finished
    );
    assert_eq!(Trial::of(&fold(&[]), None), None);
}

#[test]
fn nothing_here_writes_a_file_but_the_log_of_events() {
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut writers = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap() {
            let path = path.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            if ["File::create", "fs::write", "fs::rename", "OpenOptions"]
                .iter()
                .any(|how| text.contains(how))
            {
                writers.push(path.file_name().unwrap().to_owned());
            }
        }
    }
    assert_eq!(
        writers,
        ["log.rs"],
        "`distil::files` writes whole files, this crate makes their bytes"
    );
}
