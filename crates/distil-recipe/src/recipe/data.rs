//! `[data]`: the source of the samples and their split.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::choice::Flat;
use crate::problem::Span;
use crate::spanned::Spanned;
use crate::table::{Keys, Rules, count, range, table};

/// What helps where there is no data.
pub(super) const HELP: &str = "write for instance: data = \"digits\"";

table! {
    /// The source of the samples and their split. `data = "digits"` stands for `{ source = "digits" }`.
    #[schemars(rename = "data")]
    pub struct DataTable from "source" {
        /// The source; its options are all keys that the table does not have for all sources.
        pub source: Flat [needed HELP];
        /// The file or folder of the test part, read as `path` is.
        pub test: Option<Spanned<String>>;
        /// The file or folder of the validation part, read as `path` is.
        pub validation: Option<Spanned<String>>;
        /// How samples are divided.
        pub split: SplitTable;
        /// How training samples are varied; not at all by default.
        pub augment: Option<AugmentTable>;
    }
}

impl Rules for DataTable {
    fn settle(mut self, keys: Keys) -> Option<Self> {
        if !self.source.is_missing() {
            self.source.table = keys.table;
        }
        Some(self)
    }
}

table! {
    /// How samples are varied, anew for each sample and epoch, in training batches only. A teacher sees the same varied
    /// samples as its student. `shift`, `flip` and `cutout` are for pictures, `time_…` and `frequency_…` for sound, whose samples have
    /// bands and frames (SpecAugment, Park et al. 2019, without its time warp), `mixup` for all.
    #[schemars(rename = "augment")]
    pub struct AugmentTable {
        /// The most pixels a picture is shifted by, up or down and left or right; what moves in is 0 after scaling.
        pub shift: Spanned<u64> = 0u64;
        /// Whether half of all pictures are mirrored left to right.
        pub flip: Spanned<bool> = false;
        /// The side of a square, in pixels, that is set to 0 after scaling; its centre is anywhere in the picture.
        pub cutout: Spanned<u64> = 0u64;
        /// The most frames a sound is shifted by, earlier or later; what moves in is 0 after scaling.
        pub time_shift: Spanned<u64> = 0u64;
        /// The most bands that a mask sets to 0 after scaling: its width is drawn from 0 to this, then its place. Less than there are; 0
        /// for no mask.
        pub frequency_width: Spanned<u64> = 0u64;
        /// Masks over bands, drawn one by one; they may overlap.
        pub frequency_masks: Spanned<u64> = 1u64 => count(1..=100);
        /// The most frames that a mask sets to 0 after scaling, as `frequency_width`.
        pub time_width: Spanned<u64> = 0u64;
        /// Masks over frames, drawn one by one; they may overlap.
        pub time_masks: Spanned<u64> = 1u64 => count(1..=100);
        /// The largest share of all frames that one mask covers: it is no wider, whatever `time_width` says.
        pub time_share: Spanned<f64> = 1.0 => range("a share above 0, up to 1", |share| share > 0.0 && share <= 1.0);
        /// The alpha of mixup (Zhang et al. 2018), for samples of any kind: 0 for none, else from 0.001 to 1000. Every sample of
        /// a step is mixed with another one, and so are their labels, in shares drawn from Beta(alpha, alpha).
        pub mixup: Spanned<f64> = 0.0;
    }
}

impl Rules for AugmentTable {}

impl AugmentTable {
    /// Where this key is written.
    pub fn place(&self, key: &str) -> Option<Span> {
        let span = match key {
            "shift" => &self.shift.span,
            "flip" => &self.flip.span,
            "cutout" => &self.cutout.span,
            "time_shift" => &self.time_shift.span,
            "frequency_width" => &self.frequency_width.span,
            "frequency_masks" => &self.frequency_masks.span,
            "time_width" => &self.time_width.span,
            "time_masks" => &self.time_masks.span,
            "time_share" => &self.time_share.span,
            "mixup" => &self.mixup.span,
            _ => return None,
        };
        span.clone()
    }
}

/// Where the split comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SplitKind {
    /// Drawn at random from `seed`.
    #[default]
    Random,
    /// The parts the source was published with.
    Official,
    /// In the order of `column`: the latest samples are the test part, those before them the validation part.
    Time,
}

table! {
    /// How samples are divided. `split = "official"` stands for `{ kind = "official" }`.
    #[schemars(rename = "split")]
    pub struct SplitTable from "kind" {
        /// Where the split comes from.
        pub kind: Spanned<SplitKind> = SplitKind::Random;
        /// The column of a split by time, of numbers or dates; it may stand in `ignore`. Samples of the same time stay in one part.
        /// With k folds the samples are cut into k + 1 stretches of time, and each but the first is tested by what came before.
        pub column: Option<Spanned<String>>;
        /// The share of all samples kept for the test, 0 to 1. Not for an official split.
        pub test: Spanned<f64> = 0.2 => range("a share from 0 up to, but not, 1", |share| (0.0..1.0).contains(&share));
        /// The share of all samples used for validation, 0 to 1. With an official split: of its
        /// training part, if the source has no validation part of its own. With folds by time: of what comes before the test.
        pub validation: Spanned<f64> = 0.15 => range("a share from 0 up to, but not, 1", |share| (0.0..1.0).contains(&share));
        /// The column or tag whose groups (a speaker, a patient) are never divided.
        pub group: Option<Spanned<String>>;
        /// Whether every class, or every tenth of a regression's first target by its quantiles, keeps its share in each part;
        /// true unless told otherwise, and without effect on groups.
        pub stratify: Option<Spanned<bool>>;
        /// Classes of fewer samples than this stay in the training part, in every fold: they are learnt, never chosen or tested by.
        /// Not with `group` or a split by time. Given parts stay as given.
        pub rare: Spanned<u64> = 0u64;
        /// The seed of the split, independent of the trial's seed.
        pub seed: Spanned<u64> = 0u64;
    }
}

impl Rules for SplitTable {}
