//! A run while it runs: a live table in a terminal, elsewhere a few lines, however long it takes.

mod board;
mod live;
mod region;
mod sentences;

use std::io::{self, IsTerminal};
use std::time::Instant;

use distil::run::{RunFolder, Standing, TrialId, Watcher};
use distil_report::events::{Event, fold, read};
use distil_report::foreign::{terminal, terminal_lines};
use distil_report::present::human::human_seconds;
use distil_report::run_json::Trial as TrialRow;

use self::board::Board;
use self::live::Live;
use crate::stderr;

/// Shows a run's progress on stderr.
pub struct Screen {
    shown: Shown,
    begun: Instant,
    board: Board,
    folder: Option<RunFolder>,
}

enum Shown {
    Nothing,
    Lines(Sparse),
    Live(Live),
}

/// What keeps lines few: the first trials have one each as they finish, then one whenever their number has doubled; where training
/// stands is told whenever the time has doubled.
#[derive(Default)]
struct Sparse {
    finished: usize,
    told: f64,
}

/// Trials that have a line each.
const FIRST: usize = 8;

/// Seconds before where training stands is told first.
const SOON: f64 = 1.0;

impl Sparse {
    fn tells_finish(&mut self) -> bool {
        self.finished += 1;
        self.finished <= FIRST || self.finished.is_power_of_two()
    }

    fn tells_training(&mut self, now: f64) -> bool {
        let tells = now >= SOON.max(2.0 * self.told);
        if tells {
            self.told = now;
        }
        tells
    }
}

impl Screen {
    /// A live table if stderr is a terminal; nothing at all if `quiet`.
    pub fn new(quiet: bool) -> Self {
        let shown = match (quiet, io::stderr().is_terminal()) {
            (true, _) => Shown::Nothing,
            (false, true) => Shown::Live(Live::new()),
            (false, false) => Shown::Lines(Sparse::default()),
        };
        Self {
            shown,
            begun: Instant::now(),
            board: Board::default(),
            folder: None,
        }
    }

    /// The run's folder, once it exists.
    pub fn folder(&self) -> Option<&RunFolder> {
        self.folder.as_ref()
    }

    /// Removes what is not to stay in the terminal.
    pub fn close(&self) {
        if let Shown::Live(live) = &self.shown {
            live.clear();
        }
    }

    fn now(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    fn line(&self, text: &str) {
        match &self.shown {
            Shown::Nothing => {}
            Shown::Lines(_) => stderr::complain(text),
            Shown::Live(live) => live.line(&terminal_lines(text)),
        }
    }

    fn is_live(&self) -> bool {
        matches!(self.shown, Shown::Live(_))
    }

    /// What a trial's log says: of earlier processes, and of stages that were not trained again, only the log tells.
    fn log(&self, trial: &TrialId) -> Option<Vec<Event>> {
        read(&self.folder.as_ref()?.trial(trial).events()).ok()
    }

    fn result(&self, trial: &TrialId) -> Option<TrialRow> {
        TrialRow::of(&fold(&self.log(trial)?), None)
    }

    /// How a stage that is gone on with began.
    fn beginning(&self, trial: &TrialId, stage: &str) -> Option<Event> {
        let of_stage =
            |event: &Event| matches!(event, Event::StageStarted(started) if started.stage == stage);
        self.log(trial)?.into_iter().rev().find(of_stage)
    }

    /// Tells where training stands, if it is time to.
    fn training(&mut self, trial: &TrialId, stage: &str) {
        let now = self.now();
        let tells = match &mut self.shown {
            Shown::Lines(lines) => lines.tells_training(now),
            _ => false,
        };
        if !tells {
            return;
        }
        let Some(text) = self.board.stage(trial).and_then(sentences::evaluated) else {
            return;
        };
        let trials = match self.board.trials() {
            0 | 1 => String::new(),
            all => format!("; {} of {all} trials finished", self.board.finished),
        };
        self.line(&terminal(&format!("{trial} {stage}: {text}{trials}")));
    }

    fn finished(&mut self, trial: &TrialId) {
        let seconds = self.board.finished(trial, self.now());
        let Some(result) = self.result(trial) else {
            return;
        };
        if let Shown::Lines(lines) = &mut self.shown
            && !lines.tells_finish()
        {
            return;
        }
        let cells = sentences::finished(&result, self.board.metric.as_ref(), seconds);
        let name = terminal(&trial.to_string()).into_owned();
        self.line(&match self.is_live() {
            true => region::finished(&name, self.board.widest, &cells),
            false => format!("{name}: finished, {}", terminal(&cells.join(", "))),
        });
    }
}

impl Watcher for Screen {
    fn reading(&mut self, done: usize, all: usize) {
        let now = self.now();
        if let Shown::Live(live) = &mut self.shown {
            live.reading(done, all, now);
        }
    }

    fn plan(&mut self, text: &str) {
        self.note(text);
    }

    fn folder(&mut self, folder: &RunFolder) {
        self.folder = Some(folder.clone());
    }

    fn rehearsed(&mut self, trial: &TrialId, done: u64, of: u64) {
        let now = self.now();
        if let Some(seconds) = self.board.rehearsed(trial, done, of, now) {
            self.line(&format!(
                "measuring this machine: {}",
                human_seconds(seconds)
            ));
        }
    }

    fn event(&mut self, trial: &TrialId, event: &Event) {
        if matches!(self.shown, Shown::Nothing) {
            return;
        }
        if let Event::Resumed(resumed) = event
            && let Some(started) = self.beginning(trial, &resumed.stage)
        {
            self.board.event(trial, &started, self.now());
        }
        self.board.event(trial, event, self.now());
        if let Some(text) = sentences::of(event) {
            self.line(&terminal(&format!("{trial} {text}")));
        }
        match event {
            Event::Progress(point) if point.validation.is_some() => {
                self.training(trial, &point.stage)
            }
            Event::Finished => self.finished(trial),
            _ => {}
        }
    }

    fn note(&mut self, text: &str) {
        self.line(text.trim_end());
    }

    fn standing(&mut self, standing: &Standing) {
        let now = self.now();
        self.board.stand(standing, now);
        if let Shown::Live(live) = &mut self.shown {
            live.trials(&self.board, now);
        }
    }
}
