//! The trials under way: started with an order, heard until they end, ended with this process.

use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use distil_report::TrialId;

use super::launch::{Launched, Launcher};
use crate::error::{Error, Result};
use crate::files;
use crate::run::folder::RunFolder;
use crate::run::message::{Message, Order};

/// The running children.
pub struct Children {
    launcher: Box<dyn Launcher>,
    running: Vec<Child>,
    sender: Sender<(TrialId, Heard)>,
    receiver: Receiver<(TrialId, Heard)>,
}

struct Child {
    order: Order,
    process: Box<dyn Launched>,
}

/// What came out of a child's pipe.
enum Heard {
    Message(Box<Message>),
    End,
}

/// News of a child.
pub enum News {
    /// It said something.
    Message(TrialId, Box<Message>),
    /// It ended, with this exit code (`None`: killed by a signal).
    Ended(Order, Option<i32>),
}

impl Children {
    /// None yet.
    pub fn new(launcher: Box<dyn Launcher>) -> Self {
        let (sender, receiver) = channel();
        Self {
            launcher,
            running: Vec::new(),
            sender,
            receiver,
        }
    }

    /// Starts one, its order in its folder.
    pub fn start(&mut self, run: &RunFolder, order: Order) -> Result<()> {
        let folder = run.trial(&order.trial);
        let path = folder.order();
        let text = serde_json::to_vec_pretty(&order).map_err(|e| Error::damaged(&path, e))?;
        files::create_folder(folder.path())?;
        files::write(&path, &text)?;
        let mut process = self.launcher.start(&folder)?;
        let (said, sender, name) = (process.says(), self.sender.clone(), order.trial.clone());
        std::thread::spawn(move || hear(said, &name, &sender));
        self.running.push(Child { order, process });
        Ok(())
    }

    /// Whether another may start: at most `jobs` at a time, and beside one only where there is room for it on this machine, unless so
    /// many were `asked` for.
    pub fn may_start(&self, jobs: usize, asked: bool) -> bool {
        let running = self.running.len();
        running < jobs && (running == 0 || asked || self.launcher.room())
    }

    /// How many run.
    pub fn count(&self) -> usize {
        self.running.len()
    }

    /// What those that run were asked for, in the order in which they were started.
    pub fn orders(&self) -> impl Iterator<Item = &Order> {
        self.running.iter().map(|child| &child.order)
    }

    /// Those that run, in the same order.
    pub fn trials(&self) -> impl Iterator<Item = &TrialId> {
        self.orders().map(|order| &order.trial)
    }

    /// The next news, if any comes within this time.
    pub fn news(&mut self, within: Duration) -> Option<News> {
        let (trial, heard) = self.receiver.recv_timeout(within).ok()?;
        match heard {
            Heard::Message(message) => Some(News::Message(trial, message)),
            Heard::End => {
                let at = self.trials().position(|running| *running == trial)?;
                let mut ended = self.running.swap_remove(at);
                let code = ended.process.wait();
                Some(News::Ended(ended.order, code))
            }
        }
    }

    /// Asks all of them to save and stop.
    pub fn stop(&self) {
        self.running.iter().for_each(|child| child.process.stop());
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        for child in &mut self.running {
            child.process.kill();
            child.process.wait();
        }
    }
}

/// Passes on what a child says; what is no message is worth telling a person.
fn hear(said: Option<Box<dyn Read + Send>>, trial: &TrialId, sender: &Sender<(TrialId, Heard)>) {
    let lines = said
        .into_iter()
        .flat_map(|said| BufReader::new(said).lines());
    for line in lines.map_while(std::result::Result::ok) {
        let message = serde_json::from_str(&line).unwrap_or(Message::Note(line));
        let heard = Heard::Message(Box::new(message));
        if sender.send((trial.clone(), heard)).is_err() {
            return;
        }
    }
    let _ = sender.send((trial.clone(), Heard::End));
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::io::Cursor;
    use std::path::Path;
    use std::rc::Rc;

    use super::*;
    use crate::run::basis::Basis;
    use crate::run::folder::TrialFolder;
    use crate::run::message::Rates;

    /// A launcher of another host: it carries the order there, and brings back what the trial said.
    struct Elsewhere(Rc<RefCell<Vec<String>>>);

    struct Said(Option<&'static str>);

    impl Launcher for Elsewhere {
        fn room(&self) -> bool {
            false
        }

        fn start(&mut self, folder: &TrialFolder) -> Result<Box<dyn Launched>> {
            let order = files::read(&folder.order())?;
            self.0.borrow_mut().push(String::from_utf8(order).unwrap());
            Ok(Box::new(Said(Some("{\"note\":\"from afar\"}\nnot JSON\n"))))
        }
    }

    impl Launched for Said {
        fn says(&mut self) -> Option<Box<dyn Read + Send>> {
            Some(Box::new(Cursor::new(self.0.take()?)))
        }
        fn stop(&self) {}
        fn kill(&mut self) {}
        fn wait(&mut self) -> Option<i32> {
            Some(7)
        }
    }

    #[test]
    fn a_trial_may_run_anywhere_and_its_order_names_no_path_of_its_parent() {
        let runs = tempfile::tempdir().unwrap();
        let (run, _lock) = RunFolder::create(runs.path(), "there", |_| Ok(())).unwrap();
        let orders = Rc::new(RefCell::new(Vec::new()));
        let mut children = Children::new(Box::new(Elsewhere(Rc::clone(&orders))));
        let trial = TrialId {
            arm: "flow".into(),
            seed: 3,
            fold: Some(1),
            settings: None,
        };
        let order = Order {
            trial: trial.clone(),
            basis: Basis::of(&[("data", "1f")]),
            budget: Some(0.1 + 0.2),
            test: true,
            rehearse: Some(Rates { of: None }),
            reuse: None,
        };
        assert!(children.may_start(2, false));
        children.start(&run, order.clone()).unwrap();
        // There is no room for a second.
        assert!(!children.may_start(2, false) && children.may_start(2, true));
        assert!(!children.may_start(1, true));
        let mut notes = Vec::new();
        let code = loop {
            match children.news(Duration::from_secs(10)).unwrap() {
                News::Message(from, message) => match *message {
                    Message::Note(note) => notes.push((from, note)),
                    other => panic!("{other:?}"),
                },
                News::Ended(ended, code) => break (ended, code),
            }
        };
        assert_eq!(code, (order.clone(), Some(7)));
        assert_eq!(
            notes,
            ["from afar", "not JSON"].map(|note| (trial.clone(), note.to_string()))
        );
        let [sent] = orders.take().try_into().unwrap();
        assert_eq!(serde_json::from_str::<Order>(&sent).unwrap(), order);
        let here = std::path::absolute(Path::new(".")).unwrap();
        for path in [runs.path(), &here] {
            assert!(!sent.contains(&path.display().to_string()), "{sent}");
        }
    }
}
