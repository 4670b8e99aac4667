//! Cores for trials that run side by side.

use std::collections::VecDeque;

/// The cores of this process that no trial is pinned to. Trials are pinned where one thread each fills all cores: where
/// there is room, the scheduler and other programs know better.
#[derive(Debug, Default)]
pub struct Cores {
    free: VecDeque<usize>,
}

impl Cores {
    /// For so many trials at a time of so many threads each.
    pub fn shared_by(jobs: usize, threads: usize) -> Self {
        let cores = allowed();
        match jobs > 1 && threads == 1 && jobs >= cores.len() {
            true => Self { free: cores.into() },
            false => Self::default(),
        }
    }

    /// Pins a new process to a free core, if there is one. Threads inherit it, those already started do not.
    pub fn pin(&mut self, process: u32) -> Option<usize> {
        let core = self.free.pop_front()?;
        if !confine(process, core) {
            self.free.push_front(core);
            return None;
        }
        Some(core)
    }

    /// Takes back the core of a process that ended.
    pub fn give_back(&mut self, core: Option<usize>) {
        self.free.extend(core);
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
        assert!(Cores::shared_by(cores.max(2), 2).free.is_empty());
        assert!(Cores::shared_by(1, 1).free.is_empty());
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
        let mut cores = Cores {
            free: mine.clone().into(),
        };
        let mut children: Vec<Child> = (0..=mine.len()).map(|_| start()).collect();
        let whole = confined(children.last().unwrap());
        let pinned: Vec<_> = children.iter().map(|c| cores.pin(c.id())).collect();
        for ((child, pinned), core) in children.iter().zip(&pinned).zip(&mine) {
            assert_eq!(*pinned, Some(*core));
            assert_eq!(confined(child), core.to_string());
        }
        // One more than there are cores stays as it was.
        assert_eq!(pinned.last(), Some(&None));
        assert_eq!(confined(children.last().unwrap()), whole);
        cores.give_back(pinned[0]);
        assert_eq!(cores.pin(children.last().unwrap().id()), pinned[0]);
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}
