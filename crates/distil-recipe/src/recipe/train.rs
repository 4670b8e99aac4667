//! `train`: the settings of a training loop.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::choice::Choice;
use crate::problem::{Problem, Span};
use crate::spanned::Spanned;
use crate::table::{Keys, Rules, count, range, table};

/// Epochs of a training that says neither `epochs` nor `steps`.
pub const DEFAULT_EPOCHS: u64 = 10;
/// Samples in a batch.
pub const DEFAULT_BATCH: u64 = 32;
/// The optimiser.
pub const DEFAULT_OPTIMIZER: &str = "adam";
/// The learning rate's schedule.
pub const DEFAULT_SCHEDULE: &str = "constant";

// What no training comes near, and what products of can be counted.
const MOST_EPOCHS: u64 = 1_000_000;
pub(super) const MOST_STEPS: u64 = 1_000_000_000;
const MOST_SAMPLES: u64 = 1_000_000_000;

/// Beyond these a 32-bit number is infinite or zero.
fn of_32_bits() -> impl Fn(f64) -> Option<String> {
    range("above 0, from 1e-30 to 1e30", |x| {
        (1e-30..=1e30).contains(&x)
    })
}

/// A table whose keys are all optional, so that one may stand over another.
macro_rules! settings {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $($(#[$doc:meta])* pub $key:ident: $type:ty $(=> $range:expr)?;)*
        }
    ) => {
        table! {
            $(#[$meta])*
            pub struct $name with {
                /// The braces or the header in brackets.
                pub span: Option<Span>,
            } {
                $($(#[$doc])* pub $key: $type $(=> $range)?;)*
            }
        }

        impl $name {
            /// These settings, with those of `base` where they say nothing.
            fn or(self, base: Self) -> Self {
                Self {
                    span: self.span.or(base.span),
                    $($key: self.$key.or(base.$key),)*
                }
            }
        }
    };
}

settings! {
    /// The settings of a training loop; what is absent is taken from the recipe's `[train]`, then from
    /// the defaults.
    #[schemars(rename = "train")]
    pub struct TrainTable {
        /// Passes over the samples, 1 or more; 10 by default. Not together with `steps`.
        pub epochs: Option<Spanned<u64>> => count(1..=MOST_EPOCHS);
        /// Updates of the weights, 1 or more. Not together with `epochs`.
        pub steps: Option<Spanned<u64>> => count(1..=MOST_STEPS);
        /// Samples in a batch, 1 or more; 32 by default.
        pub batch: Option<Spanned<u64>> => count(1..=MOST_SAMPLES);
        /// The optimiser and its options; adam by default.
        pub optimizer: Option<Choice>;
        /// The learning rate, above 0; the optimiser's own by default.
        pub lr: Option<Spanned<f64>> => of_32_bits();
        /// How first weights and rates depend on the widths of the network; standard by default.
        pub param: Option<Spanned<Parametrization>>;
        /// With `param = "mup"`: the stage with whose network the settings were chosen; the first stage by default.
        pub base: Option<Spanned<String>>;
        /// The learning rate's schedule; constant by default.
        pub schedule: Option<Choice>;
        /// Steps over which the learning rate rises from 0; 0 by default.
        pub warmup: Option<Spanned<u64>> => count(0..=MOST_STEPS);
        /// The schedule of the optimiser's weight decay, multiplied by that of the learning rate; constant by default.
        pub decay_schedule: Option<Choice>;
        /// The largest norm of the whole gradient, above 0; unlimited by default.
        pub clip: Option<Spanned<f64>> => of_32_bits();
        /// Batches whose gradients make one update, 1 or more; 1 by default.
        pub accumulate: Option<Spanned<u64>> => count(1..=MOST_SAMPLES);
        /// The decay per step of an exponential average of the weights, 0 up to but not 1. With it the
        /// average is what is evaluated and saved; none by default.
        pub average: Option<Spanned<f64>> => range("from 0 up to, but not, 1", |decay| (0.0..1.0).contains(&decay));
        /// The weights that are the stage's model: those after the last step, or of the best evaluation on the validation part, of equal
        /// ones the latest. The length stays as it is; `last` by default.
        pub keep: Option<Spanned<Keep>>;
        /// Evaluations without a better validation metric after which training stops; never by default. The best weights are then kept
        /// whatever `keep` says: of equal ones the first, with `keep = "best"` the latest.
        pub patience: Option<Spanned<u64>> => count(1..=MOST_STEPS);
        /// Evaluations on the validation part per epoch, 1 or more; 1 by default.
        pub evaluate: Option<Spanned<u64>> => count(1..=MOST_EPOCHS);
    }
}

/// How first weights and learning rates depend on the widths of a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Parametrization {
    /// As PyTorch has them: the best learning rate depends on the width.
    #[default]
    Standard,
    /// Maximal update parametrisation, µP: settings that suit the stage `base` suit this one (Yang et al. 2022).
    Mup,
}

/// Which weights of a training are its model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Those after the last step.
    #[default]
    Last,
    /// Those of the best evaluation on the validation part, of equal ones the latest.
    Best,
}

impl Rules for TrainTable {
    fn settle(mut self, keys: Keys) -> Option<Self> {
        if let (Some(_), Some(steps)) = (&self.epochs, &self.steps) {
            keys.problems.push(
                Problem::at(steps.span.clone(), "`epochs` and `steps` are both given")
                    .rule("a training's length is given once")
                    .help("remove one of the two"),
            );
        }
        self.span = keys.span();
        keys.finish();
        Some(self)
    }
}

impl TrainTable {
    /// These settings, with those of `base` where they say nothing. The length, `epochs` or
    /// `steps`, is one setting.
    pub fn over(self, base: &Self) -> Self {
        let mut base = base.clone();
        if self.epochs.is_some() || self.steps.is_some() {
            (base.epochs, base.steps) = (None, None);
        }
        self.or(base)
    }
}
