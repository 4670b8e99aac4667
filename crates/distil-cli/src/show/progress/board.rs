//! What is known of a run's trials while it runs. Times are seconds since the run began.

use std::collections::BTreeMap;

use distil::run::{Standing, TrialId};
use distil_report::events::{Event, Progress as Point, StageStarted};
use distil_report::measure::MainMetric;

/// All trials of a run.
#[derive(Default)]
pub struct Board {
    /// The metric the trials are compared by.
    pub metric: Option<MainMetric>,
    /// Trials with a result.
    pub finished: usize,
    /// Trials that ended without one.
    pub failed: usize,
    /// Trials under way, in the order in which they were started.
    pub running: Vec<Row>,
    /// The arms of the trials that have not begun.
    pub waiting: Vec<String>,
    /// Characters of the longest name of a trial.
    pub widest: usize,
    /// The most trials that ran at a time.
    together: usize,
    /// Seconds and number of the finished trials of each arm.
    pace: BTreeMap<String, (f64, f64)>,
}

/// A trial under way.
pub struct Row {
    /// Which.
    pub trial: TrialId,
    /// When it was started; later by what it has spent on measuring the machine.
    pub since: f64,
    /// While it measures the machine: when that began, steps done and in all.
    pub rehearsal: Option<(f64, u64, u64)>,
    /// The stage it is in; none before the first.
    pub stage: Option<Stage>,
}

/// A stage in training.
pub struct Stage {
    /// How it began.
    pub started: StageStarted,
    /// Where it stood last, and when that was said.
    pub point: Option<(Point, f64)>,
    /// The main metric of the last evaluation, to stand beside losses measured since.
    pub validation: Option<String>,
}

impl Board {
    /// Takes over which trials run, wait and have ended.
    pub fn stand(&mut self, standing: &Standing, now: f64) {
        self.metric = Some(standing.metric.clone());
        (self.finished, self.failed) = (standing.finished, standing.failed);
        self.waiting = standing.waiting.iter().map(|id| id.arm.clone()).collect();
        self.running
            .retain(|row| standing.running.contains(&row.trial));
        for trial in &standing.running {
            if self.row(trial).is_none() {
                self.running.push(Row {
                    trial: trial.clone(),
                    since: now,
                    rehearsal: None,
                    stage: None,
                });
            }
        }
        self.together = self.together.max(self.running.len());
        let names = standing.waiting.iter().chain(&standing.running);
        let widths = names.map(|id| id.to_string().chars().count());
        self.widest = widths.fold(self.widest, usize::max);
    }

    /// Notes how far a trial is in measuring the machine; the seconds that took, once it is done.
    pub fn rehearsed(&mut self, trial: &TrialId, done: u64, of: u64, now: f64) -> Option<f64> {
        let row = self.row(trial)?;
        let (began, ..) = row.rehearsal.unwrap_or((now, 0, 0));
        row.rehearsal = (done < of).then_some((began, done, of));
        let seconds = (done >= of).then_some(now - began)?;
        row.since += seconds;
        Some(seconds)
    }

    /// Takes over what a trial said.
    pub fn event(&mut self, trial: &TrialId, event: &Event, now: f64) {
        let metric = self.metric.clone();
        let Some(row) = self.row(trial) else {
            return;
        };
        match event {
            Event::StageStarted(started) => {
                row.stage = Some(Stage {
                    started: started.clone(),
                    point: None,
                    validation: None,
                });
            }
            Event::Progress(point) => {
                let Some(stage) = &mut row.stage else {
                    return;
                };
                let measured = metric.zip(point.validation.as_ref());
                let measured = measured.and_then(|(metric, measured)| {
                    let value = measured.get(&metric.name)?;
                    Some(metric.named_value(*value))
                });
                stage.validation = measured.or(stage.validation.take());
                stage.point = Some((point.clone(), now));
            }
            _ => {}
        }
    }

    /// Notes that a trial has its result; the seconds it took.
    pub fn finished(&mut self, trial: &TrialId, now: f64) -> f64 {
        let seconds = self.row(trial).map_or(0.0, |row| now - row.since);
        let pace = self.pace.entry(trial.arm.clone()).or_default();
        *pace = (pace.0 + seconds, pace.1 + 1.0);
        seconds
    }

    /// The stage a trial is in.
    pub fn stage(&self, trial: &TrialId) -> Option<&Stage> {
        let row = self.running.iter().find(|row| row.trial == *trial)?;
        row.stage.as_ref()
    }

    /// Trials in all.
    pub fn trials(&self) -> usize {
        self.finished + self.failed + self.running.len() + self.waiting.len()
    }

    /// Seconds to go, if every trial takes as long as its arm's did so far; none while an arm is to come of which none has finished.
    pub fn rest(&self, now: f64) -> Option<f64> {
        let mean = |arm: &str| self.pace.get(arm).map(|(seconds, count)| seconds / count);
        let mut work = 0.0;
        let mut longest = 0.0_f64;
        for row in &self.running {
            let left = (mean(&row.trial.arm)? - (now - row.since)).max(0.0);
            work += left;
            longest = longest.max(left);
        }
        for arm in &self.waiting {
            work += mean(arm)?;
        }
        Some(longest.max(work / self.together.max(1) as f64))
    }

    fn row(&mut self, trial: &TrialId) -> Option<&mut Row> {
        self.running.iter_mut().find(|row| row.trial == *trial)
    }
}

#[cfg(test)]
mod tests {
    use distil_report::measure::metric;

    use super::*;

    fn id(arm: &str, seed: u64) -> TrialId {
        TrialId {
            arm: arm.into(),
            seed,
            fold: None,
            settings: None,
        }
    }

    fn standing(running: &[TrialId], waiting: &[TrialId], finished: usize) -> Standing {
        Standing {
            metric: MainMetric::of(metric("accuracy").unwrap(), None),
            waiting: waiting.to_vec(),
            running: running.to_vec(),
            finished,
            failed: 0,
        }
    }

    #[test]
    fn the_rest_is_known_once_every_arm_to_come_has_had_a_trial() {
        let (flow, plain) = (|seed| id("flow", seed), |seed| id("plain", seed));
        let mut board = Board::default();
        board.stand(
            &standing(&[flow(1)], &[plain(1), flow(2), plain(2)], 0),
            0.0,
        );
        assert_eq!((board.trials(), board.rest(1.0)), (4, None));
        assert_eq!(board.finished(&flow(1), 10.0), 10.0);
        board.stand(&standing(&[plain(1), flow(2)], &[plain(2)], 1), 10.0);
        assert_eq!(board.rest(12.0), None, "no trial of plain has finished");
        assert_eq!(board.finished(&plain(1), 16.0), 6.0);
        board.stand(&standing(&[flow(2), plain(2)], &[], 2), 16.0);
        assert_eq!(board.rest(16.0), Some(6.0), "flow has 4 to go, plain 6");
        board.stand(&standing(&[flow(2)], &[plain(2)], 2), 16.0);
        assert_eq!(board.rest(16.0), Some(5.0), "two at a time share 4 + 6");
        assert_eq!(board.rest(100.0), Some(3.0), "late is not negative");
    }

    #[test]
    fn a_trial_that_ends_without_a_word_leaves_the_board() {
        let mut board = Board::default();
        board.stand(&standing(&[id("flow", 1), id("flow", 2)], &[], 0), 0.0);
        board.stand(&standing(&[id("flow", 2)], &[], 0), 1.0);
        let names: Vec<String> = board
            .running
            .iter()
            .map(|row| row.trial.to_string())
            .collect();
        assert_eq!(names, ["flow-s2"]);
    }
}
