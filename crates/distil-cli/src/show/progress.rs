//! A run while it runs: a bar per stage in a terminal, a line per evaluation elsewhere.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};

use distil::run::{RunFolder, TrialId, Watcher};
use distil_report::Numbers;
use distil_report::bill::{human_count, human_seconds};
use distil_report::events::{Event, Part, Progress as Point, StageStarted};
use distil_report::show::named_value;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::show;

/// Shows a run's progress on stderr.
pub struct Progress {
    quiet: bool,
    /// In a terminal only.
    bars: Option<MultiProgress>,
    /// The stage that each trial is in.
    stages: BTreeMap<TrialId, Stage>,
    folder: Option<RunFolder>,
}

/// A stage in training.
struct Stage {
    started: StageStarted,
    bar: Option<ProgressBar>,
    /// The last evaluation, to stand beside losses measured since.
    validation: Option<String>,
}

impl Progress {
    /// Bars if stderr is a terminal; nothing at all if `quiet`.
    pub fn new(quiet: bool) -> Self {
        let bars = !quiet && io::stderr().is_terminal();
        Self {
            quiet,
            bars: bars.then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr())),
            stages: BTreeMap::new(),
            folder: None,
        }
    }

    /// The run's folder, once it exists.
    pub fn folder(&self) -> Option<&RunFolder> {
        self.folder.as_ref()
    }

    fn line(&self, text: &str) {
        match &self.bars {
            // A terminal that is gone has nobody before it.
            Some(bars) => _ = bars.println(text),
            None => show::complain(text),
        }
    }

    fn begin(&mut self, trial: &TrialId, started: &StageStarted) {
        let bar = self.bars.as_ref().map(|bars| {
            let bar = ProgressBar::new(started.steps)
                .with_style(style())
                .with_prefix(format!("{trial} {}", started.stage));
            bars.add(bar)
        });
        self.stages.insert(
            trial.clone(),
            Stage {
                started: started.clone(),
                bar,
                validation: None,
            },
        );
    }

    fn point(&mut self, trial: &TrialId, point: &Point) {
        let Some(stage) = self.stages.get_mut(trial) else {
            return;
        };
        if let Some(metrics) = &point.validation {
            stage.validation = main_metric(metrics);
        }
        let text = describe(&stage.started, point, stage.validation.as_deref());
        match &stage.bar {
            Some(bar) => {
                bar.set_position(point.step);
                bar.set_message(text);
            }
            None if point.validation.is_some() => {
                self.line(&format!("{trial} {}: {text}", point.stage))
            }
            None => {}
        }
    }

    fn end(&mut self, trial: &TrialId) {
        if let Some(bar) = self.stages.remove(trial).and_then(|stage| stage.bar) {
            bar.finish_and_clear();
        }
    }
}

impl Watcher for Progress {
    fn plan(&mut self, text: &str) {
        self.note(text);
    }

    fn folder(&mut self, folder: &RunFolder) {
        self.folder = Some(folder.clone());
    }

    fn event(&mut self, trial: &TrialId, event: &Event) {
        if self.quiet {
            return;
        }
        match event {
            Event::StageStarted(started) => self.begin(trial, started),
            Event::Progress(point) => self.point(trial, point),
            Event::StageFinished(_) | Event::Finished => self.end(trial),
            Event::Diverged(_) | Event::Stopped(_) => self.end(trial),
            _ => {}
        }
        if let Some(text) = sentence(event) {
            self.line(&format!("{trial} {text}"));
        }
    }

    fn note(&mut self, text: &str) {
        if !self.quiet {
            self.line(text.trim_end());
        }
    }
}

/// What is worth a line of its own.
fn sentence(event: &Event) -> Option<String> {
    Some(match event {
        Event::Grown(grown) => format!(
            "{}: grown from {}, outputs differ by {:.1e} at most over {} rows",
            grown.stage, grown.from, grown.max_difference, grown.rows
        ),
        Event::Evaluated(evaluated) if evaluated.part == Part::Test => {
            format!(
                "{}: {} on {} test samples",
                evaluated.stage,
                main_metric(&evaluated.metrics)?,
                evaluated.samples
            )
        }
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
fn describe(stage: &StageStarted, point: &Point, validation: Option<&str>) -> String {
    let mut parts = vec![
        format!("epoch {:.1} of {}", point.epoch, rounded(stage.epochs)),
        format!("loss {:.4}", point.loss),
    ];
    parts.extend(validation.map(str::to_owned));
    parts.push(format!(
        "{} samples/s",
        human_count(point.time.samples_per_second)
    ));
    if point.step > 0 && point.step < stage.steps {
        let left = (stage.steps - point.step) as f64;
        parts.push(format!(
            "{} left",
            human_seconds(point.time.wall_seconds / point.step as f64 * left)
        ));
    }
    parts.join(", ")
}

/// Epochs with a digit only where a budget ends within one.
fn rounded(epochs: f64) -> String {
    let digits = usize::from(epochs.fract() > 0.05);
    format!("{epochs:.digits$}")
}

/// The metric that people look at first.
fn main_metric(metrics: &Numbers) -> Option<String> {
    let name = ["accuracy", "macro_f1", "rmse"]
        .into_iter()
        .find(|name| metrics.contains_key(*name))?;
    Some(named_value(name, None, metrics[name]))
}

fn style() -> ProgressStyle {
    let bar = if show::colours() {
        "{bar:24.cyan/dim}"
    } else {
        "{bar:24}"
    };
    let template = format!("{{prefix}} {bar} {{msg}}");
    ProgressStyle::with_template(&template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─")
}

#[cfg(test)]
mod tests {
    use distil_report::events::Pace;

    use super::*;

    #[test]
    fn a_line_tells_epoch_loss_metric_pace_and_time_left() {
        let stage = StageStarted {
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
        insta::assert_snapshot!(describe(&stage, &point, Some("97.22 % accuracy")), @"epoch 1.0 of 4, loss 0.2500, 97.22 % accuracy, 400 samples/s, 6.00 s left");
        let end = Point {
            step: 100,
            epoch: 4.0,
            ..point
        };
        insta::assert_snapshot!(describe(&stage, &end, None), @"epoch 4.0 of 4, loss 0.2500, 400 samples/s");
    }

    #[test]
    fn a_budget_that_ends_within_an_epoch_is_shown_with_a_digit() {
        assert_eq!([6.0, 6.02, 6.27].map(rounded), ["6", "6", "6.3"]);
    }
}
