//! Starting trials: today as processes of this machine.

use std::cell::RefCell;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;

use super::cores::{Cores, Pinned};
use crate::error::Result;
use crate::files;
use crate::run::folder::TrialFolder;
use crate::run::message::VERB;

/// Milliseconds after which the allocator hands freed memory back: longer than a training step, or each would have the
/// system clear its arrays anew.
const KEEP_MEMORY: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "10000");

/// Starts trials, somewhere.
pub trait Launcher {
    /// Whether one that is started now will not slow down those of other runs.
    fn room(&self) -> bool;

    /// Starts the trial whose order lies in this folder.
    ///
    /// # Errors
    /// If it cannot be started.
    fn start(&mut self, folder: &TrialFolder) -> Result<Box<dyn Launched>>;
}

/// A trial that was started.
pub trait Launched {
    /// What it says, [`crate::run::message::Message`]s a line each, until it ends; given once.
    fn says(&mut self) -> Option<Box<dyn Read + Send>>;

    /// Asks it to save and stop.
    fn stop(&self);

    /// Ends it at once.
    fn kill(&mut self);

    /// Waits for its end; its exit code, or `None` if a signal ended it.
    fn wait(&mut self) -> Option<i32>;
}

/// Trials as processes of this machine.
pub struct Local {
    program: PathBuf,
    threads: usize,
    cores: Rc<RefCell<Cores>>,
}

impl Local {
    /// Each will run `program` with so many threads, and at most `jobs` of them at a time.
    pub fn new(program: &Path, threads: usize, jobs: usize) -> Self {
        Self {
            program: program.to_path_buf(),
            threads,
            cores: Rc::new(RefCell::new(Cores::shared_by(jobs, threads))),
        }
    }
}

impl Launcher for Local {
    fn room(&self) -> bool {
        self.cores.borrow().room()
    }

    fn start(&mut self, folder: &TrialFolder) -> Result<Box<dyn Launched>> {
        let keep_memory = std::env::var_os(KEEP_MEMORY.0)
            .is_none()
            .then_some(KEEP_MEMORY);
        let spawned = Command::new(&self.program)
            .arg(VERB)
            .arg(folder.path())
            .env("RAYON_NUM_THREADS", self.threads.to_string())
            .envs(keep_memory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        let child = spawned.map_err(|e| files::refused(&self.program, &e))?;
        let core = self.cores.borrow_mut().pin(child.id());
        Ok(Box::new(Process {
            child,
            core,
            cores: Rc::clone(&self.cores),
        }))
    }
}

struct Process {
    child: Child,
    /// The one it is pinned to.
    core: Option<Pinned>,
    cores: Rc<RefCell<Cores>>,
}

impl Launched for Process {
    fn says(&mut self) -> Option<Box<dyn Read + Send>> {
        let pipe = self.child.stdout.take()?;
        Some(Box::new(pipe))
    }

    fn stop(&self) {
        if let Some(pid) = rustix::process::Pid::from_raw(self.child.id() as i32) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
    }

    fn wait(&mut self) -> Option<i32> {
        let code = self.child.wait().ok().and_then(|status| status.code());
        self.cores.borrow_mut().give_back(self.core.take());
        code
    }
}
