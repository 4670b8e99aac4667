//! Trials as processes: started here, heard through a pipe, ended with this process.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::cores::Cores;
use crate::error::{Error, Kind, Result};
use crate::files;
use crate::run::message::{Order, VERB, Word};
use distil_report::TrialId;

/// Milliseconds after which the allocator hands freed memory back: longer than a training step, or each would have the
/// system clear its arrays anew.
const KEEP_MEMORY: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "10000");

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
