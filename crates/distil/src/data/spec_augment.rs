//! SpecAugment (Park et al. 2019): bands and stretches of time of a sound that are set to 0. Without the paper's time warp, of which its
//! authors found the least use.

use distil_recipe::recipe::AugmentTable;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::rng::Stream;

/// The masks of a sound of bands × frames. Of each the width is drawn uniformly from 0 to the widest, then its place uniformly from those
/// where it fits, as in the paper.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct SpecAugment {
    /// Masks over bands: the paper's m_F.
    #[serde(skip_serializing_if = "is_zero")]
    pub frequency_masks: usize,
    /// Bands of the widest: its F.
    #[serde(skip_serializing_if = "is_zero")]
    pub frequency_width: usize,
    /// Masks over frames: its m_T.
    #[serde(skip_serializing_if = "is_zero")]
    pub time_masks: usize,
    /// Frames of the widest: the lesser of its T and p · frames.
    #[serde(skip_serializing_if = "is_zero")]
    pub time_width: usize,
}

pub(super) fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl SpecAugment {
    /// What the recipe asks for, for samples of so many bands and frames.
    ///
    /// # Errors
    /// A mask that can cover a whole sample, or masks without a width.
    pub fn new(table: &AugmentTable, [bands, frames]: [usize; 2]) -> Result<Self> {
        let refuse = |key: &str, reason: String, remedy: &str| {
            Err(Error::input(format!("data.augment.{key}"), reason).remedy(remedy))
        };
        for (key, width, of_width) in [
            (
                "frequency_masks",
                &table.frequency_width,
                &table.frequency_masks.span,
            ),
            ("time_masks", &table.time_width, &table.time_masks.span),
            ("time_share", &table.time_width, &table.time_share.span),
        ] {
            if width.value == 0 && of_width.is_some() {
                let width = key.split('_').next().unwrap_or_default();
                return refuse(
                    key,
                    format!("`{key}` is of masks, and none has a width"),
                    &format!("Write `{width}_width` too, or remove `{key}`"),
                );
            }
        }
        let share = (table.time_share.value * frames as f64).floor() as u64;
        let time = table.time_width.value.min(share);
        for (key, width, length, noun) in [
            (
                "frequency_width",
                table.frequency_width.value,
                bands,
                "bands",
            ),
            ("time_width", time, frames, "frames"),
        ] {
            if width > 0 && width >= length as u64 {
                return refuse(
                    key,
                    format!("a mask of up to {width} {noun} can leave nothing of {length}"),
                    "Use a smaller number",
                );
            }
        }
        if table.time_width.value > 0 && time == 0 {
            return refuse(
                "time_share",
                format!(
                    "{} of {frames} frames is less than one, so no mask has a width",
                    table.time_share.value
                ),
                "Use a larger share",
            );
        }
        let masks = |width: u64, count: u64| if width > 0 { count as usize } else { 0 };
        Ok(Self {
            frequency_masks: masks(table.frequency_width.value, table.frequency_masks.value),
            frequency_width: table.frequency_width.value as usize,
            time_masks: masks(time, table.time_masks.value),
            time_width: time as usize,
        })
    }

    /// Sets what this stream's masks cover of a sample `[bands, frames, channels]` to 0.
    pub(super) fn apply(&self, stream: &mut Stream, shape: [usize; 3], sample: &mut [f32]) {
        let [bands, frames, channels] = shape;
        let mut mask = |widest: usize, length: usize| {
            let width = stream.below(widest as u64 + 1) as usize;
            let from = stream.below((length - width) as u64) as usize;
            from..from + width
        };
        for _ in 0..self.frequency_masks {
            let masked = mask(self.frequency_width, bands);
            let row = frames * channels;
            sample[masked.start * row..masked.end * row].fill(0.0);
        }
        for _ in 0..self.time_masks {
            let masked = mask(self.time_width, frames);
            for row in sample.chunks_mut(frames * channels) {
                row[masked.start * channels..masked.end * channels].fill(0.0);
            }
        }
    }
}
