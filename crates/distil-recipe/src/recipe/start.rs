//! `start`: first weights grown from another stage.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::choice::Choice;
use crate::keys::Keys;
use crate::problem::Problems;
use crate::spanned::Spanned;
use crate::tree::Table;

/// How a stage's first weights come from another stage. `start = "small"` stands for
/// `{ from = "small" }`. What must grow follows from comparing the two models.
#[derive(Clone, Debug, PartialEq)]
pub struct StartTable {
    /// The stage it starts from.
    pub from: Spanned<String>,
    /// How layers grow wider; `new` by default.
    pub width: Choice,
    /// How layers are added; `identity` by default.
    pub depth: Choice,
    /// What becomes of the optimiser's state.
    pub optimizer: Spanned<OptimizerState>,
    /// The factor on the grown weights, above 0 to 1; 1 leaves them as they are.
    pub shrink: Spanned<f64>,
    /// The share of fresh random weights added to them, 0 or more.
    pub noise: Spanned<f64>,
    /// How new units are trained at first.
    pub new: NewTable,
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

/// How new units are trained at first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NewTable {
    /// The factor on their learning rate.
    pub lr: Spanned<f64>,
    /// Steps over which that rate rises from 0.
    pub warmup: Spanned<u64>,
}

impl Default for NewTable {
    fn default() -> Self {
        Self {
            lr: 1.0.into(),
            warmup: 0.into(),
        }
    }
}

impl StartTable {
    pub(crate) fn read(table: Table, problems: &mut Problems) -> Option<Self> {
        let mut keys = Keys::new(table, problems);
        if !keys.has("from") {
            keys.missing("from", "name the stage whose weights it starts from");
        }
        let from = keys.value("from");
        let width = keys
            .choice("width")
            .unwrap_or_else(|| Choice::default_of("new"));
        let depth = keys
            .choice("depth")
            .unwrap_or_else(|| Choice::default_of("identity"));
        let optimizer = keys.value_or("optimizer", OptimizerState::Reset);
        let shrink = keys.value_or("shrink", 1.0);
        let noise = keys.value_or("noise", 0.0);
        let new = match keys.table("new") {
            Some(table) => table.read(keys.problems).unwrap_or_default(),
            None => NewTable::default(),
        };
        keys.finish();
        Some(Self {
            from: from?,
            width,
            depth,
            optimizer,
            shrink,
            noise,
            new,
        })
    }
}
