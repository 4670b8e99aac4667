//! `[data]`: the source of the samples and their split.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::choice::Choice;
use crate::keys::{Keys, string_or_table};
use crate::problem::Problems;
use crate::spanned::Spanned;
use crate::tree::Table;

/// The source of the samples and their split. `data = "digits"` stands for `{ source = "digits" }`.
#[derive(Clone, Debug, PartialEq)]
pub struct DataTable {
    /// The source; its options are all keys of `[data]` except those below and `source`.
    pub source: Choice,
    /// What holds the test part, beside the source's own path.
    pub test: Option<Spanned<String>>,
    /// What holds the validation part, beside the source's own path.
    pub validation: Option<Spanned<String>>,
    /// How samples are divided into training, validation and test.
    pub split: SplitTable,
    /// How training samples are varied.
    pub augment: Option<AugmentTable>,
}

impl DataTable {
    pub(crate) fn read(recipe: &mut Keys) -> Self {
        const HELP: &str = "write for instance: data = \"digits\"";
        if !recipe.has("data") {
            recipe.missing("data", HELP);
        }
        let table = recipe
            .take("data")
            .and_then(|value| string_or_table("data", value, "source", recipe.problems));
        let Some(table) = table else {
            return Self {
                source: Choice::missing(),
                test: None,
                validation: None,
                split: SplitTable::default(),
                augment: None,
            };
        };
        let mut keys = Keys::new(table, recipe.problems);
        let span = keys.span();
        if !keys.has("source") {
            keys.missing("source", HELP);
        }
        let kind = keys.value("source");
        let split = match keys.take("split") {
            Some(value) => string_or_table("split", value, "kind", keys.problems)
                .map(|table| SplitTable::read(table, keys.problems))
                .unwrap_or_default(),
            None => SplitTable::default(),
        };
        let (test, validation) = (keys.value("test"), keys.value("validation"));
        let augment = keys
            .table("augment")
            .and_then(|table| table.read(keys.problems));
        let table = Table {
            span,
            ..keys.rest()
        };
        let source = kind.map_or_else(Choice::missing, |kind| Choice { kind, table });
        Self {
            source,
            test,
            validation,
            split,
            augment,
        }
    }
}

/// How samples are varied, anew for each sample and epoch, in training batches only. A teacher sees the same varied
/// samples as its student. All but `mixup` is for pictures.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AugmentTable {
    /// The most pixels a picture is shifted by, up or down and left or right; what moves in is 0 after scaling.
    pub shift: Spanned<u64>,
    /// Whether half of all pictures are mirrored left to right.
    pub flip: Spanned<bool>,
    /// The side of a square, in pixels, that is set to 0 after scaling; its centre is anywhere in the picture.
    pub cutout: Spanned<u64>,
    /// The alpha of mixup (Zhang et al. 2018), for samples of any kind: 0 for none, else from 0.001 to 1000. Every sample of
    /// a step is mixed with another one, and so are their labels, in shares drawn from Beta(alpha, alpha).
    pub mixup: Spanned<f64>,
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
}

/// How samples are divided. `split = "official"` stands for `{ kind = "official" }`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SplitTable {
    /// Where the split comes from.
    pub kind: Spanned<SplitKind>,
    /// The share of all samples kept for the test, 0 to 1. For a random split only.
    pub test: Spanned<f64>,
    /// The share of all samples used for validation, 0 to 1. With an official split: of its
    /// training part, if the source has no validation part of its own.
    pub validation: Spanned<f64>,
    /// The column or tag whose groups (a speaker, a patient) are never divided.
    pub group: Option<Spanned<String>>,
    /// Whether every class, or every tenth of a regression's first target by its quantiles, keeps its share in each part;
    /// true unless told otherwise, and without effect on groups.
    pub stratify: Option<Spanned<bool>>,
    /// The seed of the split, independent of the trial's seed.
    pub seed: Spanned<u64>,
}

impl Default for SplitTable {
    fn default() -> Self {
        Self {
            kind: SplitKind::Random.into(),
            test: 0.2.into(),
            validation: 0.15.into(),
            group: None,
            stratify: None,
            seed: 0.into(),
        }
    }
}

impl SplitTable {
    fn read(table: Table, problems: &mut Problems) -> Self {
        table.read(problems).unwrap_or_default()
    }
}
