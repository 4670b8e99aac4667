//! Which trial: the one identity and its one spelling.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Arm × seed × fold, and settings where they are tuned. Written `flow-s1`, `flow-s1-f0`, `flow-s1~lr=0.001`: in sentences and
/// tables and as the name of the trial's folder, so what a file's name cannot hold is written `_`.
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
        write!(f, "{}-s{}", file_name(&self.arm), self.seed)?;
        if let Some(fold) = self.fold {
            write!(f, "-f{fold}")?;
        }
        match &self.settings {
            Some(settings) => write!(f, "~{}", file_name(settings)),
            None => Ok(()),
        }
    }
}

/// Part of a file's name: an arm made by `--set`, and settings, are named after keys and values.
pub fn file_name(word: &str) -> String {
    let safe = |c: char| {
        if c.is_alphanumeric() || "-_.=+,".contains(c) {
            c
        } else {
            '_'
        }
    };
    word.chars().map(safe).collect()
}
