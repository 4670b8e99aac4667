//! A trial's data: how many samples, and what may have leaked from the test samples.

use serde::{Deserialize, Serialize};

/// Samples in each part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Trained on.
    pub train: usize,
    /// Chosen on.
    pub validation: usize,
    /// Read once.
    pub test: usize,
}

/// What was seen of the data that a reader of results should know.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// Samples with equal inputs; absent where all differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equal: Option<EqualSamples>,
    /// What given models have seen of the test samples; absent where they have seen none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<Overlap>,
    /// What was guessed, left out or changed while it was read, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// How each column of a table was read, a sentence each; many columns of plain numbers are said at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
}

/// Samples whose inputs are equal to another sample's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EqualSamples {
    /// How many.
    pub samples: usize,
    /// How many different inputs they have.
    pub different: usize,
    /// Test samples with an equal one in the training or validation part.
    pub across: usize,
    /// Whether the values in the columns allow fewer combinations than there are samples: then equality is chance, and
    /// equal samples are not kept together.
    pub chance: bool,
}

/// What given models, or those they come from, were trained or chosen on of the test samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlap {
    /// Test samples that are known to be among them.
    pub rows: usize,
    /// Of so many.
    pub of: usize,
    /// Whether there may be more: a model does not tell what it was trained on, or it cannot be compared.
    pub unknown: bool,
    /// Whether the recipe declares it with `overlap = "known"`: then nothing is claimed.
    pub declared: bool,
}

impl Overlap {
    /// Whether there is nothing to be said.
    pub fn is_none(&self) -> bool {
        self.rows == 0 && !self.unknown
    }

    /// More than one test sample in a thousand: too many to claim anything.
    pub fn is_large(&self) -> bool {
        1000 * self.rows > self.of
    }

    /// That of several models together.
    pub fn and(self, other: Self) -> Self {
        Self {
            rows: self.rows.max(other.rows),
            of: self.of.max(other.of),
            unknown: self.unknown || other.unknown,
            declared: self.declared || other.declared,
        }
    }
}
