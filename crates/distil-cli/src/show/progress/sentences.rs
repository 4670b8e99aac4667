//! Lines that stay: what happened to a trial, where its training stands, what it came to.

use distil_report::Part;
use distil_report::events::Event;
use distil_report::measure::MainMetric;
use distil_report::present::human::{human_count, human_epochs, human_flops, human_seconds};
use distil_report::run_json::Trial as TrialRow;

use super::board::Stage;

/// What is worth a line of its own.
pub fn of(event: &Event) -> Option<String> {
    Some(match event {
        Event::Resumed(resumed) => {
            format!("{}: going on from step {}", resumed.stage, resumed.step)
        }
        Event::Diverged(diverged) => {
            format!("{}: diverged at step {}", diverged.stage, diverged.step)
        }
        _ => return None,
    })
}

/// `epoch 3 of 6, loss 0.1234, 97.22 % accuracy, 48.1 k samples/s, 12 s left`
pub fn evaluated(stage: &Stage) -> Option<String> {
    let (point, _) = stage.point.as_ref()?;
    let mut parts = vec![
        format!(
            "epoch {:.1} of {}",
            point.epoch,
            human_epochs(stage.started.epochs)
        ),
        format!("loss {:.4}", point.loss),
    ];
    parts.extend(stage.validation.clone());
    parts.push(format!(
        "{} samples/s",
        human_count(point.time.samples_per_second)
    ));
    if point.step > 0 && point.step < stage.started.steps {
        let left = (stage.started.steps - point.step) as f64;
        parts.push(format!(
            "{} left",
            human_seconds(point.time.wall_seconds / point.step as f64 * left)
        ));
    }
    Some(parts.join(", "))
}

/// What a trial came to: its metric on the test part or, where it has not been read, on the validation part; FLOPs as the
/// bill compares them; seconds on the clock.
pub fn finished(trial: &TrialRow, metric: Option<&MainMetric>, seconds: f64) -> Vec<String> {
    let measured = |part: Part| {
        let (stage, metric) = trial.result().zip(metric)?;
        Some(metric.named_value(*stage.part(part).get(&metric.name)?))
    };
    let tested = measured(Part::Test)
        .or_else(|| Some(format!("{} on validation", measured(Part::Validation)?)));
    let flops = trial.bill.equalised().flops.map(human_flops);
    [
        Some(tested.unwrap_or_else(|| "no test".into())),
        flops,
        Some(human_seconds(seconds)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use distil_report::Numbers;
    use distil_report::events::{Pace, Progress as Point, StageStarted};

    use super::*;

    #[test]
    fn a_line_tells_epoch_loss_metric_pace_and_time_left() {
        let started = StageStarted {
            stage: "large".into(),
            parameters: 1,
            flops_forward: None,
            flops_train: None,
            steps: 100,
            epochs: 4.0,
            samples: 800,
        };
        let point = Point {
            stage: "large".into(),
            step: 25,
            epoch: 1.0,
            loss: 0.25,
            terms: Numbers::default(),
            lr: 1e-3,
            flops: None,
            samples: 800,
            validation: None,
            time: Pace {
                cpu_seconds: 2.0,
                wall_seconds: 2.0,
                samples_per_second: 400.0,
            },
        };
        let end = Point {
            step: 100,
            epoch: 4.0,
            ..point.clone()
        };
        let mut stage = Stage {
            started,
            point: Some((point, 0.0)),
            validation: Some("97.22 % accuracy".into()),
        };
        insta::assert_snapshot!(evaluated(&stage).unwrap(), @"epoch 1.0 of 4, loss 0.2500, 97.22 % accuracy, 400 samples/s, 6.00 s left");
        stage.point = Some((end, 0.0));
        stage.validation = None;
        insta::assert_snapshot!(evaluated(&stage).unwrap(), @"epoch 4.0 of 4, loss 0.2500, 400 samples/s");
    }
}
