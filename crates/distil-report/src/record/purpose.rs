//! What work is done for.

use serde::{Deserialize, Serialize};

/// What work was done for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Forward and backward passes and the optimiser.
    Train,
    /// Choosing samples.
    Select,
    /// Making a large model's weights from a small model's.
    Grow,
    /// A teacher's forward passes.
    Teach,
    /// Measuring on train, validation or test.
    Evaluate,
    /// Reading data and models.
    Load,
    /// Writing checkpoints and models.
    Save,
    /// Measuring the machine before the first trial: what a sample costs.
    Calibrate,
    /// Hearing the trials, comparing the arms, writing the page.
    Report,
    /// Other trials, by which the settings of this one were chosen.
    Tune,
}

impl Purpose {
    /// All purposes, in the bill's order.
    pub const ALL: [Self; 10] = [
        Self::Train,
        Self::Select,
        Self::Grow,
        Self::Teach,
        Self::Evaluate,
        Self::Load,
        Self::Save,
        Self::Calibrate,
        Self::Report,
        Self::Tune,
    ];

    /// Whether the purpose counts towards equal cost. The others are listed, not equalised.
    pub fn equalised(self) -> bool {
        match self {
            Self::Train | Self::Select | Self::Grow | Self::Teach => true,
            Self::Evaluate
            | Self::Load
            | Self::Save
            | Self::Calibrate
            | Self::Report
            | Self::Tune => false,
        }
    }

    /// The word in events, run.json and tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Select => "select",
            Self::Grow => "grow",
            Self::Teach => "teach",
            Self::Evaluate => "evaluate",
            Self::Load => "load",
            Self::Save => "save",
            Self::Calibrate => "calibrate",
            Self::Report => "report",
            Self::Tune => "tune",
        }
    }
}
