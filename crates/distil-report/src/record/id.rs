//! Which trial: the one identity and its one spelling.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Arm × seed × fold, and settings where they are tuned. Written `flow-s1`, `flow-s1-f0`, `flow-s1~lr=0.001` in sentences and tables;
/// the trial's folder is named after it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TrialId {
    /// The arm.
    pub arm: String,
    /// The seed.
    pub seed: u64,
    /// The fold, counted from 0; none without folds.
    pub fold: Option<usize>,
    /// Which of the settings to tune it uses; none where nothing is tuned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<String>,
}

impl fmt::Display for TrialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-s{}", self.arm, self.seed)?;
        if let Some(fold) = self.fold {
            write!(f, "-f{fold}")?;
        }
        match &self.settings {
            Some(settings) => write!(f, "~{settings}"),
            None => Ok(()),
        }
    }
}
