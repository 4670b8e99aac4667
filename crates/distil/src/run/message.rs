//! What a parent asks of a trial, and what a trial says to its parent.

use distil_report::TrialId;
use distil_report::events::Event;
use serde::{Deserialize, Serialize};

use super::basis::Basis;
use super::program::Program;
use crate::error::Error;

/// The hidden verb a trial is started with; its argument is the trial's folder, where its [`Order`] lies.
pub const VERB: &str = "trial";

/// What a trial is asked to do, besides what the run folder says. It holds no path: a run folder that is elsewhere on the trial's
/// host means the same there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Which trial it is.
    pub trial: TrialId,
    /// What it has in common with all trials of the run.
    pub basis: Basis,
    /// The FLOPs an arm of equal cost may spend.
    pub budget: Option<f64>,
    /// Whether it may read the test part. A candidate of tuning may not, unless it is chosen: then it is asked for once more.
    pub test: bool,
    /// Whose seconds per sample to measure first, alone, by a rehearsal of a few steps of every stage; none if they are known.
    pub rehearse: Option<Rates>,
    /// The program, for a trial that may take stages that it trained before; none to train each.
    pub reuse: Option<Program>,
}

/// Rates by the arm they are named after ([`crate::plan::Plan::rates_of`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// The arm; none for the recipe's own.
    pub of: Option<String>,
}

/// What a trial says, a line of JSON each.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// An event, as in its log.
    Event(Event),
    /// So many of the steps of its rehearsal are done.
    Rehearsed {
        /// Steps done.
        done: u64,
        /// Steps in all.
        of: u64,
    },
    /// Something worth telling a person.
    Note(String),
    /// Why it ends without a result.
    Failed(Error),
}
