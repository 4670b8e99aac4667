//! The JSON schema of recipes, for editors: what the registries hold, in the recipe's own frame.

use distil_recipe::schema::Registries;

use crate::data::source::SOURCES;
use crate::growth::{DEPTHS, WIDTHS};
use crate::method::METHODS;
use crate::model::MODELS;
use crate::optim::{RULES, SCHEDULES};
use crate::samples::SAMPLES;
use crate::task::TASKS;

/// The schema (draft 7). It is checked in as `schema/recipe.schema.json`; to write it anew:
/// `BLESS=1 cargo test --release --workspace schema`.
pub fn schema() -> serde_json::Value {
    distil_recipe::schema::schema(&Registries {
        task: &TASKS,
        source: &SOURCES,
        model: &MODELS,
        samples: &SAMPLES,
        method: &METHODS,
        width: &WIDTHS,
        depth: &DEPTHS,
        optimizer: &RULES,
        schedule: &SCHEDULES,
    })
}
