//! `answers`: predictions of another program, where a stage has no model.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::spanned::Spanned;
use crate::table::{Keys, Rules, names, range, table};

/// A cost, of which a sum can be made.
fn counted() -> impl Fn(f64) -> Option<String> {
    range("0 or more", |cost| cost.is_finite() && cost >= 0.0)
}

table! {
    /// Predictions of another program for the samples. A string stands for `{ file = "…" }`.
    #[schemars(rename = "answers")]
    pub struct AnswersTable from "file" {
        /// The file: `.npy`, `.npz`, CSV or parquet, a row a sample; without `id` one for every sample, in the order of the data.
        pub file: Spanned<String> [needed "name the file with the answers"];
        /// The columns of a table that hold the answers, in the order of the classes, labels or targets.
        pub columns: Option<Vec<Spanned<String>>> as names;
        /// The array of a `.npz` file, where it holds several.
        pub array: Option<Spanned<String>>;
        /// The column of a table that names the sample, as the data's own `id` does, or its file.
        pub id: Option<Spanned<String>>;
        /// How the text of a table is encoded, where it is not UTF-8: `gb18030`, `windows-1252`.
        pub encoding: Option<Spanned<String>>;
        /// What its numbers are; the numbers tell, if absent.
        pub form: Option<Spanned<AnswersForm>>;
        /// Whether the answer to a training sample is by a model that was fitted without it.
        pub out_of_fold: Spanned<bool> = false;
        /// What making them took: CPU seconds, for the bill.
        #[schemars(range(min = 0))]
        pub seconds: Option<Spanned<f64>> => counted();
        /// What making them took: FLOPs, for the bill; with `seconds` alone they count none.
        #[schemars(range(min = 0))]
        pub flops: Option<Spanned<f64>> => counted();
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
