//! Starts the real program in a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use distil::run::file_name;
use distil_report::events::{self, Event};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long any one thing may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// Names another processor, on which the program is to run: see CONTRIBUTING.md, "Moving numbers".
const EMULATED: &str = "DISTIL_CPU";

/// A temporary folder in which the program runs.
pub struct Place(TempDir);

/// How the program ended and what it said.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    /// The exit code; 128 + n for a program that signal n ended.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// The number before these words in what was said.
pub fn number(said: &str, after: &str) -> f64 {
    let at = said
        .find(after)
        .unwrap_or_else(|| panic!("{after}: {said}"));
    let before = said[..at].split_whitespace().next_back();
    before.unwrap().parse().unwrap()
}

impl Place {
    /// An empty folder.
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, its folders included.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Reads a text file.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The command `distil <arguments>`, in this folder, with a plain environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_distil");
        let mut command = Command::new(program);
        if std::env::var_os(EMULATED).is_some() {
            command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.ci/emulated"));
            command.arg(program);
        }
        command
            .args(arguments)
            .current_dir(self.0.path())
            .stdin(Stdio::null());
        for variable in ["NO_COLOR", "CLICOLOR_FORCE", "RAYON_NUM_THREADS"] {
            command.env_remove(variable);
        }
        command
    }

    /// Runs the program to its end.
    pub fn distil(&self, arguments: &[&str]) -> Ended {
        ended(self.command(arguments))
    }

    /// Starts the program; what it says goes to `stdout` and `stderr` in this folder.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let file = |name| fs::File::create(self.path(name)).unwrap();
        let child = self
            .command(arguments)
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .spawn()
            .unwrap();
        Running {
            child,
            folder: self.0.path().to_path_buf(),
        }
    }

    /// The folder of a trial, called so or as messages write it.
    pub fn trial(&self, run: &str, trial: &str) -> String {
        format!("{run}/trials/{}", file_name(trial))
    }

    /// The events a trial has written so far; none before it has started.
    pub fn events(&self, run: &str, trial: &str) -> Vec<Event> {
        let path = self.path(&format!("{}/events.jsonl", self.trial(run, trial)));
        if path.exists() {
            events::read(&path).unwrap()
        } else {
            Vec::new()
        }
    }

    /// Everything in the folder, in order, to prove that nothing was written.
    pub fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        collect(self.0.path(), self.0.path(), &mut found);
        found.sort();
        found
    }
}

/// Runs a command to its end.
pub fn ended(mut command: Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended {
        code: code(output.status),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// The program while it runs. It is killed if the test ends before it does.
pub struct Running {
    child: Child,
    folder: PathBuf,
}

impl Running {
    /// Waits until `condition` holds; panics if the program ends or time runs out before.
    pub fn wait_for(&mut self, what: &str, mut condition: impl FnMut() -> bool) {
        let start = Instant::now();
        while !condition() {
            let over = self.child.try_wait().unwrap().is_some() && !condition();
            assert!(
                !over,
                "the program ended before {what}: {}",
                self.said("stderr")
            );
            assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Kills it at once, as `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end.
    pub fn end(&mut self) -> Ended {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "the program does not end: {}",
                self.said("stderr")
            );
            std::thread::sleep(Duration::from_millis(5));
        };
        Ended {
            code: code(status),
            stdout: self.said("stdout"),
            stderr: self.said("stderr"),
        }
    }

    fn said(&self, stream: &str) -> String {
        fs::read_to_string(self.folder.join(stream)).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .unwrap()
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for path in fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        if path.is_dir() {
            collect(root, &path, found);
        } else {
            found.push(
                path.strip_prefix(root)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned(),
            );
        }
    }
}
