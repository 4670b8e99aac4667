//! Cores for trials that run side by side.

use std::collections::VecDeque;

/// What the lock on a core is called on this host.
const LOCK: &str = "distil-core";

/// The cores of this process that it has no trial pinned to. Trials are pinned where one thread each fills all cores: where
/// there is room, the scheduler and other programs know better. A core that a trial of another run is pinned to is not free.
#[derive(Debug, Default)]
pub struct Cores {
    free: VecDeque<usize>,
    /// Whether trials are pinned at all.
    pinning: bool,
    lock: &'static str,
}

/// A core that a process is pinned to, and nobody else's while this lives.
#[derive(Debug)]
pub struct Pinned {
    core: usize,
    _lock: Lock,
}

/// A name in the kernel, which forgets it when its holder dies.
#[cfg(target_os = "linux")]
type Lock = std::os::unix::net::UnixListener;
#[cfg(not(target_os = "linux"))]
type Lock = ();

impl Cores {
    /// For so many trials at a time of so many threads each.
    pub fn shared_by(jobs: usize, threads: usize) -> Self {
        let cores = allowed();
        match jobs > 1 && threads == 1 && jobs >= cores.len() {
            true => Self {
                free: cores.into(),
                pinning: true,
                lock: LOCK,
            },
            false => Self::default(),
        }
    }

    /// Whether a process that is started now will not share its core with a trial of another run, as far as trials are pinned: more
    /// of them than cores are slower together than one after another, as they take the caches from each other.
    pub fn room(&self) -> bool {
        !self.pinning || self.unshared().is_some()
    }

    /// Pins a new process to a free core, if there is one. Threads inherit it, those already started do not.
    pub fn pin(&mut self, process: u32) -> Option<Pinned> {
        let (at, lock) = self.unshared()?;
        let core = self.free[at];
        if !confine(process, core) {
            return None;
        }
        self.free.remove(at);
        Some(Pinned { core, _lock: lock })
    }

    /// One of the free cores that nobody else on this host has, locked.
    fn unshared(&self) -> Option<(usize, Lock)> {
        let locked = |at: usize| Some((at, take(self.lock, self.free[at])?));
        (0..self.free.len()).find_map(locked)
    }

    /// Takes back the core of a process that ended.
    pub fn give_back(&mut self, pinned: Option<Pinned>) {
        self.free.extend(pinned.map(|pinned| pinned.core));
    }
}

/// The lock on a core, unless somebody on this host has it.
fn take(lock: &str, core: usize) -> Option<Lock> {
    #[cfg(target_os = "linux")]
    {
        use std::os::linux::net::SocketAddrExt;
        let name = format!("{lock}-{core}");
        let name = std::os::unix::net::SocketAddr::from_abstract_name(name).ok()?;
        Lock::bind_addr(&name).ok()
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (lock, core);
        None
    }
}

/// The cores this process may use; none where the system does not tell.
fn allowed() -> Vec<usize> {
    #[cfg(target_os = "linux")]
    if let Ok(set) = rustix::thread::sched_getaffinity(None) {
        let all = 0..rustix::thread::CpuSet::MAX_CPU;
        return all.filter(|core| set.is_set(*core)).collect();
    }
    Vec::new()
}

/// Whether the process was confined to the core.
fn confine(process: u32, core: usize) -> bool {
    #[cfg(target_os = "linux")]
    if let Some(pid) = rustix::process::Pid::from_raw(process as i32) {
        let mut set = rustix::thread::CpuSet::new();
        set.set(core);
        return rustix::thread::sched_setaffinity(Some(pid), &set).is_ok();
    }
    let _ = (process, core);
    false
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    #[test]
    fn pinned_where_trials_fill_the_cores() {
        let cores = allowed().len();
        assert_eq!(Cores::shared_by(cores.max(2), 1).free.len(), cores);
        for unpinned in [Cores::shared_by(cores.max(2), 2), Cores::shared_by(1, 1)] {
            assert!(unpinned.free.is_empty() && unpinned.room());
        }
        if cores > 2 {
            assert!(Cores::shared_by(2, 1).free.is_empty());
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn each_process_has_its_own_core_until_it_ends() {
        let start = || Command::new("sleep").arg("60").spawn().unwrap();
        let confined = |child: &Child| {
            let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
            let line = status.lines().find(|l| l.starts_with("Cpus_allowed_list:"));
            line.unwrap().split_whitespace().last().unwrap().to_string()
        };
        let mine = allowed();
        let cores = || Cores {
            free: mine.clone().into(),
            pinning: true,
            lock: "distil-test-core",
        };
        let (mut cores, mut of_another_run) = (cores(), cores());
        let mut children: Vec<Child> = (0..=mine.len()).map(|_| start()).collect();
        let whole = confined(children.last().unwrap());
        assert!(cores.room() && of_another_run.room());
        let mut pinned: Vec<_> = children.iter().map(|c| cores.pin(c.id())).collect();
        assert!(!cores.room() && !of_another_run.room());
        for ((child, pinned), core) in children.iter().zip(&pinned).zip(&mine) {
            assert_eq!(pinned.as_ref().map(|pinned| pinned.core), Some(*core));
            assert_eq!(confined(child), core.to_string());
        }
        // One more than there are cores stays as it was, whichever run it is of.
        let last = children.last().unwrap();
        assert!(pinned.last().unwrap().is_none());
        assert!(of_another_run.pin(last.id()).is_none());
        assert_eq!(confined(last), whole);
        cores.give_back(pinned.swap_remove(0));
        assert!(cores.room() && of_another_run.room());
        let again = of_another_run.pin(last.id()).unwrap();
        assert_eq!((again.core, confined(last)), (mine[0], mine[0].to_string()));
        assert!(cores.pin(last.id()).is_none());
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}
