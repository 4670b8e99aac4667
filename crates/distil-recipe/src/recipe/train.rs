//! `train`: the settings of a training loop.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::choice::Choice;
use crate::keys::Keys;
use crate::problem::{Problem, Problems, Span};
use crate::spanned::Spanned;
use crate::tree::Table;

/// Epochs of a training that says neither `epochs` nor `steps`.
pub const DEFAULT_EPOCHS: u64 = 10;
/// Samples in a batch.
pub const DEFAULT_BATCH: u64 = 32;
/// The optimiser.
pub const DEFAULT_OPTIMIZER: &str = "adam";
/// The learning rate's schedule.
pub const DEFAULT_SCHEDULE: &str = "constant";

/// The settings of a training loop; what is absent is taken from the recipe's `[train]`, then from
/// the defaults.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema)]
pub struct TrainTable {
    /// The braces or the header in brackets.
    #[schemars(skip)]
    pub span: Option<Span>,
    /// Passes over the samples, 1 or more; 10 by default. Not together with `steps`.
    pub epochs: Option<Spanned<u64>>,
    /// Updates of the weights, 1 or more. Not together with `epochs`.
    pub steps: Option<Spanned<u64>>,
    /// Samples in a batch, 1 or more; 32 by default.
    pub batch: Option<Spanned<u64>>,
    /// The optimiser and its options; adam by default.
    #[schemars(schema_with = "optimizer")]
    pub optimizer: Option<Choice>,
    /// The learning rate, above 0; the optimiser's own by default.
    pub lr: Option<Spanned<f64>>,
    /// The learning rate's schedule; constant by default.
    #[schemars(schema_with = "schedule")]
    pub schedule: Option<Choice>,
    /// Steps over which the learning rate rises from 0; 0 by default.
    pub warmup: Option<Spanned<u64>>,
    /// The largest norm of the whole gradient, above 0; unlimited by default.
    pub clip: Option<Spanned<f64>>,
    /// Batches whose gradients make one update, 1 or more; 1 by default.
    pub accumulate: Option<Spanned<u64>>,
    /// The decay per step of an exponential average of the weights, 0 up to but not 1. With it the
    /// average is what is evaluated and saved; none by default.
    pub average: Option<Spanned<f64>>,
    /// Evaluations without a better validation metric after which training stops; never by default.
    pub patience: Option<Spanned<u64>>,
    /// Evaluations on the validation part per epoch, 1 or more; 1 by default.
    pub evaluate: Option<Spanned<u64>>,
}

impl TrainTable {
    pub(crate) fn read(table: Table, problems: &mut Problems) -> Self {
        let mut keys = Keys::new(table, problems);
        let train = Self {
            span: keys.span(),
            epochs: keys.value("epochs"),
            steps: keys.value("steps"),
            batch: keys.value("batch"),
            optimizer: keys.choice("optimizer"),
            lr: keys.value("lr"),
            schedule: keys.choice("schedule"),
            warmup: keys.value("warmup"),
            clip: keys.value("clip"),
            accumulate: keys.value("accumulate"),
            average: keys.value("average"),
            patience: keys.value("patience"),
            evaluate: keys.value("evaluate"),
        };
        if let (Some(_), Some(steps)) = (&train.epochs, &train.steps) {
            keys.problems.push(
                Problem::at(steps.span.clone(), "`epochs` and `steps` are both given")
                    .rule("a training's length is given once")
                    .help("remove one of the two"),
            );
        }
        keys.finish();
        train
    }

    /// These settings, with those of `base` where they say nothing. The length, `epochs` or
    /// `steps`, is one setting.
    pub fn over(self, base: &Self) -> Self {
        let own_length = self.epochs.is_some() || self.steps.is_some();
        let (epochs, steps) = match own_length {
            true => (self.epochs, self.steps),
            false => (base.epochs.clone(), base.steps.clone()),
        };
        Self {
            span: self.span.or_else(|| base.span.clone()),
            epochs,
            steps,
            batch: self.batch.or_else(|| base.batch.clone()),
            optimizer: self.optimizer.or_else(|| base.optimizer.clone()),
            lr: self.lr.or_else(|| base.lr.clone()),
            schedule: self.schedule.or_else(|| base.schedule.clone()),
            warmup: self.warmup.or_else(|| base.warmup.clone()),
            clip: self.clip.or_else(|| base.clip.clone()),
            accumulate: self.accumulate.or_else(|| base.accumulate.clone()),
            average: self.average.or_else(|| base.average.clone()),
            patience: self.patience.or_else(|| base.patience.clone()),
            evaluate: self.evaluate.or_else(|| base.evaluate.clone()),
        }
    }
}

fn optimizer(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "$ref": "#/definitions/optimizer" })
}

fn schedule(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "$ref": "#/definitions/schedule" })
}
