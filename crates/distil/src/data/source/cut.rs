//! The part of a sound that its features look at.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::memory;

/// The part of a sound that is kept where it is longer than the frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Its first samples.
    #[default]
    Start,
    /// As many samples are cut off before as behind, one more behind where they are odd.
    Middle,
    /// Its last samples.
    End,
}

impl Keep {
    pub(super) fn is_start(&self) -> bool {
        *self == Self::Start
    }

    /// Where the part begins, so many samples being too many.
    fn from(self, too_many: usize) -> usize {
        match self {
            Self::Start => 0,
            Self::Middle => too_many / 2,
            Self::End => too_many,
        }
    }
}

/// Sounds of any length made into those of one.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    /// Samples looked at: the rest is cut off, what is missing is filled up with zeros.
    pub length: usize,
    /// Samples from one frame to the next.
    pub hop: usize,
    /// What is kept of a longer sound.
    pub keep: Keep,
    /// `[bands, frames]`
    pub shape: [usize; 2],
}

impl Cut {
    /// The same, if samples and features fit into memory.
    pub fn checked(self) -> Result<Self> {
        let [bands, frames] = self.shape;
        let counts = [bands as u128, frames as u128];
        match memory::fits(&counts).and(memory::fits(&[self.length as u128])) {
            Ok(()) => Ok(self),
            Err(why) => Err(Error::input(
                "data.features",
                format!("the {frames} frames of a sound {why}"),
            )
            .remedy("Use fewer frames")),
        }
    }

    /// The part of a sound that is looked at, of the one length.
    pub fn of(&self, sound: &[f32]) -> Vec<f32> {
        let from = self.keep.from(sound.len().saturating_sub(self.length));
        let mut sound = sound[from..sound.len().min(from + self.length)].to_vec();
        sound.resize(self.length, 0.0);
        sound
    }

    /// The frames that would look at so many samples.
    pub fn frames_for(&self, samples: usize) -> usize {
        self.shape[1] + samples.saturating_sub(self.length).div_ceil(self.hop)
    }
}
