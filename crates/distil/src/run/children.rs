//! Trials as processes: started here, heard through a pipe, ended with this process.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use distil_report::events::{Event, EventLog};
use serde::{Deserialize, Serialize};

use super::cores::Cores;
use super::folder::TrialId;
use crate::error::{Error, Kind, Result};
use crate::files;
use crate::train::{Journal, refused};

/// The hidden verb a child is started with; its one argument is an [`Order`] as JSON.
pub const VERB: &str = "trial";

/// Milliseconds after which the allocator hands freed memory back: longer than a training step, or each would have the
/// system clear its arrays anew.
const KEEP_MEMORY: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "10000");

/// What a child is asked to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// The run folder.
    pub run: PathBuf,
    /// The trial's arm.
    pub arm: String,
    /// The trial's seed.
    pub seed: u64,
    /// The trial's fold, from 0, and how many folds there are.
    pub fold: Option<(usize, usize)>,
    /// Which of the settings to tune it uses; none where nothing is tuned, or before the arm has chosen.
    pub settings: Option<String>,
    /// The FLOPs an arm of equal cost may spend.
    pub budget: Option<f64>,
    /// Whether to rehearse it first, alone: a few steps of every stage, to measure seconds per sample.
    pub rehearse: bool,
}

impl Order {
    /// Which trial it is.
    pub fn trial(&self) -> TrialId {
        TrialId {
            arm: self.arm.clone(),
            seed: self.seed,
            fold: self.fold.map(|f| f.0),
            settings: self.settings.clone(),
        }
    }
}

/// What a child says, a line of JSON each.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// An event, as in its log.
    Event(Event),
    /// Something worth telling a person.
    Note(String),
    /// Why it ends without a result.
    Failed(Failure),
}

/// An error on its way to the parent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Failure {
    kind: String,
    signal: Option<i32>,
    place: String,
    reason: String,
    remedy: String,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let signal = match error.kind {
            Kind::Stopped(signal) => Some(signal),
            _ => None,
        };
        let kind = match error.kind {
            Kind::Recipe => "recipe",
            Kind::Input => "input",
            Kind::Io => "io",
            Kind::Damaged => "damaged",
            Kind::Busy => "busy",
            Kind::Diverged => "diverged",
            Kind::Stopped(_) => "stopped",
        };
        Self {
            kind: kind.into(),
            signal,
            place: error.place.clone(),
            reason: error.reason.clone(),
            remedy: error.remedy.clone(),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let kind = match (failure.kind.as_str(), failure.signal) {
            ("recipe", _) => Kind::Recipe,
            ("input", _) => Kind::Input,
            ("damaged", _) => Kind::Damaged,
            ("busy", _) => Kind::Busy,
            ("diverged", _) => Kind::Diverged,
            ("stopped", Some(signal)) => Kind::Stopped(signal),
            _ => Kind::Io,
        };
        Error::new(kind, failure.place, failure.reason).remedy(failure.remedy)
    }
}

/// A trial's journal: its log, and the pipe to the parent.
#[derive(Debug)]
pub struct Piped {
    log: EventLog,
}

impl Piped {
    /// Opens the log; a torn last line is cut off.
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self {
            log: EventLog::open(path).map_err(refused)?,
        })
    }

    /// Events in the log.
    pub fn count(&self) -> usize {
        self.log.count()
    }
}

impl Journal for Piped {
    fn write(&mut self, event: Event) -> Result<()> {
        self.log.append(&event).map_err(refused)?;
        say(&Word::Event(event))
    }

    fn repeat(&mut self, event: Event) -> Result<()> {
        self.log.append(&event).map_err(refused)
    }

    fn settle(&mut self) -> Result<usize> {
        self.log.settle()
    }
}

/// Tells the parent something. A closed pipe means that the parent is gone, and ends the child.
pub fn say(word: &Word) -> Result<()> {
    let mut line = serde_json::to_string(word).map_err(|e| Error::new(Kind::Io, "pipe", e))?;
    line.push('\n');
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|e| {
            Error::new(
                Kind::Io,
                "pipe",
                format!("the process that started this trial is gone ({e})"),
            )
            .remedy("`distil resume` goes on from the last checkpoint")
        })
}

/// Makes this process end when its parent does (Linux; elsewhere the closed pipe ends it).
pub fn die_with_parent() {
    #[cfg(target_os = "linux")]
    {
        // Failing to arm this leaves the closed pipe, which ends the trial at its next word.
        let _ =
            rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    }
}

/// The running children.
pub struct Children {
    program: PathBuf,
    threads: usize,
    cores: Cores,
    running: Vec<Running>,
    sender: Sender<(TrialId, Heard)>,
    receiver: Receiver<(TrialId, Heard)>,
}

struct Running {
    order: Order,
    child: Child,
    /// The one it is pinned to.
    core: Option<usize>,
}

/// What came out of a child's pipe.
enum Heard {
    Word(Box<Word>),
    End,
}

/// News of a child.
pub enum News {
    /// It said something.
    Word(TrialId, Box<Word>),
    /// It ended, with this exit code (`None`: killed by a signal).
    Ended(Order, Option<i32>),
}

impl Children {
    /// None yet; each will run `program` with so many threads, and at most `jobs` at a time.
    pub fn new(program: &Path, threads: usize, jobs: usize) -> Self {
        let (sender, receiver) = channel();
        Self {
            program: program.to_path_buf(),
            threads,
            cores: Cores::shared_by(jobs, threads),
            running: Vec::new(),
            sender,
            receiver,
        }
    }

    /// Starts one.
    pub fn start(&mut self, order: &Order) -> Result<()> {
        let argument =
            serde_json::to_string(order).map_err(|e| Error::new(Kind::Io, "trial", e))?;
        let keep_memory = std::env::var_os(KEEP_MEMORY.0)
            .is_none()
            .then_some(KEEP_MEMORY);
        let spawned = Command::new(&self.program)
            .arg(VERB)
            .arg(argument)
            .env("RAYON_NUM_THREADS", self.threads.to_string())
            .envs(keep_memory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = spawned.map_err(|e| files::refused(&self.program, &e))?;
        let core = self.cores.pin(child.id());
        let (trial, sender, pipe) = (order.trial(), self.sender.clone(), child.stdout.take());
        std::thread::spawn(move || {
            for line in pipe
                .into_iter()
                .flat_map(|p| BufReader::new(p).lines())
                .map_while(std::result::Result::ok)
            {
                let word = serde_json::from_str(&line).unwrap_or(Word::Note(line));
                if sender
                    .send((trial.clone(), Heard::Word(Box::new(word))))
                    .is_err()
                {
                    return;
                }
            }
            let _ = sender.send((trial, Heard::End));
        });
        let order = order.clone();
        self.running.push(Running { order, child, core });
        Ok(())
    }

    /// How many run.
    pub fn count(&self) -> usize {
        self.running.len()
    }

    /// The orders of those that run.
    pub fn orders(&self) -> impl Iterator<Item = &Order> {
        self.running.iter().map(|running| &running.order)
    }

    /// The next news, if any comes within this time.
    pub fn news(&mut self, within: Duration) -> Option<News> {
        let (trial, heard) = self.receiver.recv_timeout(within).ok()?;
        match heard {
            Heard::Word(word) => Some(News::Word(trial, word)),
            Heard::End => {
                let at = self
                    .running
                    .iter()
                    .position(|running| running.order.trial() == trial)?;
                let Running {
                    order,
                    mut child,
                    core,
                } = self.running.swap_remove(at);
                let code = child.wait().ok().and_then(|status| status.code());
                self.cores.give_back(core);
                Some(News::Ended(order, code))
            }
        }
    }

    /// Asks all of them to save and stop.
    pub fn stop(&self) {
        for Running { child, .. } in &self.running {
            if let Some(pid) = rustix::process::Pid::from_raw(child.id() as i32) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            }
        }
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        for Running { child, .. } in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
