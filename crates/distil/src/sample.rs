//! A sample's stable name.

use serde::{Deserialize, Serialize};

/// The row of a sample in its source, counted from 0; the same in every epoch, arm and process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SampleId(pub u32);

impl SampleId {
    /// The row as an index.
    pub fn row(self) -> usize {
        self.0 as usize
    }
}
