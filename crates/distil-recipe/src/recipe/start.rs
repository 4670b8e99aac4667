//! `start`: first weights grown from another stage.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::choice::Choice;
use crate::spanned::Spanned;
use crate::table::{Keys, Rules, range, table};

table! {
    /// How a stage's first weights come from another stage. `start = "small"` stands for
    /// `{ from = "small" }`. What must grow follows from comparing the two models.
    #[schemars(rename = "start")]
    pub struct StartTable from "from" {
        /// The stage it starts from.
        pub from: Spanned<String> [needed "name the stage whose weights it starts from"];
        /// How layers grow wider; new by default.
        pub width: Choice = "new";
        /// How layers are added; identity by default.
        pub depth: Choice = "identity";
        /// What becomes of the optimiser's state when a model grows.
        pub optimizer: Spanned<OptimizerState> = OptimizerState::Reset;
        /// The factor on the grown weights, above 0 to 1; 1 by default.
        #[schemars(range(min = 0, max = 1))]
        pub shrink: Spanned<f64> = 1.0 => range("above 0 and at most 1", |factor| factor > 0.0 && factor <= 1.0);
        /// The share of fresh random weights added; 0 by default.
        #[schemars(range(min = 0))]
        pub noise: Spanned<f64> = 0.0 => range("0 or more", |noise| noise >= 0.0);
        /// How new units are trained at first.
        pub new: NewTable;
    }
}

impl Rules for StartTable {
    fn settle(self, keys: Keys) -> Option<Self> {
        keys.finish();
        self.from.is_written().then_some(self)
    }
}

/// What becomes of the optimiser's state when a model grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OptimizerState {
    /// Every element starts anew.
    #[default]
    Reset,
    /// Old elements keep state and age, new ones start at age 0.
    Keep,
}

table! {
    /// How new units are trained at first.
    #[derive(Serialize)]
    #[schemars(inline)]
    pub struct NewTable {
        /// The factor on their learning rate.
        pub lr: Spanned<f64> = 1.0 => range("above 0", |lr| lr > 0.0);
        /// Steps over which that rate rises from 0.
        pub warmup: Spanned<u64> = 0u64;
    }
}

impl Rules for NewTable {}
