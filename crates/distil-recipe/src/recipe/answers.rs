//! `answers`: predictions of another program, where a stage has no model.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spanned::Spanned;
use crate::table::{Keys, Rules, table};

table! {
    /// Predictions of another program for every sample. A string stands for `{ file = "…" }`.
    #[schemars(rename = "answers")]
    pub struct AnswersTable from "file" {
        /// A `.npy` file: one row a sample, in the order of the data.
        pub file: Spanned<String> [needed "name the `.npy` file with the answers"];
        /// What its numbers are; the numbers tell, if absent.
        pub form: Option<Spanned<AnswersForm>>;
    }
}

impl Rules for AnswersTable {
    fn settle(self, keys: Keys) -> Option<Self> {
        keys.finish();
        self.file.is_written().then_some(self)
    }
}

/// What the numbers of a file of answers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswersForm {
    /// Logits of classes or labels.
    Logits,
    /// Probabilities of classes or labels.
    Probabilities,
    /// Values in the targets' own unit.
    Values,
}
