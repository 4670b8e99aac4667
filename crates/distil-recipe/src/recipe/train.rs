//! `train`: the settings of a training loop.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::choice::Choice;
use crate::problem::{Problem, Problems, Span};
use crate::spanned::Spanned;
use crate::table::{Field, Keys, Rules, count, range, table};
use crate::tree::{self, Kind, Value};

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
            /// The keys that say something.
            fn keys(&self) -> Vec<&'static str> {
                let keys = [$((stringify!($key), self.$key.is_some()),)*];
                keys.into_iter().filter(|(_, said)| *said).map(|(key, _)| key).collect()
            }

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
        /// With `param = "mup"`: the network with which the settings were chosen, a stage's or one written out as in `model`; the
        /// first stage's by default.
        pub base: Option<Base>;
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
        /// A file of settings, such as the `settings.toml` that a run with `transferred` writes; of a stage alone. What is written
        /// beside it stands over it.
        #[schemars(with = "Option<String>")]
        pub settings: Option<Settings>;
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

/// The network with which settings were chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum Base {
    /// That of a stage.
    Stage(Spanned<String>),
    /// One that no stage has: a family with its sizes.
    Network(Choice),
}

impl Base {
    /// Where it is written.
    pub fn span(&self) -> Option<Span> {
        match self {
            Self::Stage(name) => name.span.clone(),
            Self::Network(choice) => choice.table.span.clone(),
        }
    }

    /// The stage, if it is one.
    pub fn stage(&self) -> Option<&Spanned<String>> {
        match self {
            Self::Stage(name) => Some(name),
            Self::Network(_) => None,
        }
    }
}

impl Field for Base {
    fn read(key: &str, value: Value, problems: &mut Problems) -> Option<Self> {
        match value.kind {
            Kind::Table(_) => <Choice as Field>::read(key, value, problems).map(Self::Network),
            _ => value.read(key, problems).map(Self::Stage),
        }
    }
}

impl JsonSchema for Base {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Base".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "oneOf": [
            { "type": "string", "description": "The stage." },
            { "$ref": "#/definitions/model" },
        ] })
    }
}

/// Settings in a file of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The file.
    pub file: Spanned<String>,
    /// What it says, once it has been read.
    pub text: String,
    /// Keys of the file that the table beside it has, too: there they count.
    pub over: Vec<&'static str>,
}

impl Field for Settings {
    fn read(key: &str, value: Value, problems: &mut Problems) -> Option<Self> {
        value.read(key, problems).map(|file| Self {
            file,
            text: String::new(),
            over: Vec::new(),
        })
    }
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
    /// These settings over those that their file says.
    ///
    /// Everything that is wrong with the file is reported at the place that names it: its own places are of another text.
    pub fn with_file(mut self, text: String, problems: &mut Problems) -> Self {
        let Some(mut settings) = self.settings.take() else {
            return self;
        };
        let place = settings.file.span.clone().unwrap_or_default();
        let mut found = Problems::new();
        let table = tree::parse(&text, &mut found).map(|table| table.all_at(&place));
        let line = |at: usize| 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        let syntax = |problem: Problem| match &problem.span {
            Some(span) => Problem {
                message: format!("line {}: {}", line(span.start), problem.message),
                rule: Some("a file of settings is a TOML file".into()),
                ..problem
            },
            None => problem,
        };
        let mut found: Problems = found.into_iter().map(syntax).collect();
        let file = table.and_then(|table| Self::of(table, &mut found));
        if let Some(named) = file.as_ref().and_then(|file| file.settings.as_ref()) {
            let message = format!("it names a file itself, {}", named.file.value);
            found.push(Problem::new(message).rule("a file of settings has them in it"));
        }
        let name = settings.file.value.clone();
        problems.extend(found.into_iter().map(|problem| {
            let message = format!("{name}: {}", problem.message);
            Problem {
                message,
                span: Some(place.clone()),
                ..problem
            }
        }));
        settings.text = text;
        let train = match file {
            Some(file) => {
                let theirs = file.keys();
                let is_length = |key: &&str| ["epochs", "steps"].contains(key);
                let has_length = theirs.iter().any(is_length);
                let over = |key: &&str| theirs.contains(key) || has_length && is_length(key);
                settings.over = self.keys().into_iter().filter(over).collect();
                self.over(&file)
            }
            None => self,
        };
        Self {
            settings: Some(settings),
            ..train
        }
    }

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
