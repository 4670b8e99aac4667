//! From a recipe to a plan.

mod answers;
mod arms;
mod given;
mod hashes;
mod keys;
mod mup;
mod page;
mod recipes;
mod refusals;
mod schedules;
// Shared with the tests of the schema's frame.
#[path = "../../../../distil-recipe/tests/it/validator.rs"]
mod validator;

use std::path::Path;

use distil::data::Dataset;
use distil::plan::{Arm, Draft, Plan, Refusal};
use distil_recipe::RecipeText;

/// Small to large on the digits.
const GROW: &str = r#"task = "classification"
data = "digits"

[stage.small]
model = { kind = "mlp", hidden = [64] }

[stage.large]
model = { kind = "mlp", hidden = [512, 128] }
start = "small"
learn = { from = "small", until = 0.4 }
"#;

fn draft(text: &str, arm: &Arm) -> Result<Draft, Refusal> {
    Draft::read(&RecipeText::new("recipe.toml", text), Path::new("."), arm)
}

fn dataset(draft: &Draft) -> distil::error::Result<Dataset> {
    draft.dataset(draft.read_data()?, None)
}

/// The plan of an arm; what a reader of the problems sees instead.
fn plan_of(text: &str, arm: &Arm) -> Result<Plan, String> {
    let draft = draft(text, arm).map_err(|refusal| refusal.to_string())?;
    let data = dataset(&draft).map_err(|error| error.to_string())?;
    draft.plan(&data).map_err(|refusal| refusal.to_string())
}

fn plan(text: &str) -> Plan {
    match plan_of(text, &Arm::Flow) {
        Ok(plan) => plan,
        Err(problems) => panic!("{problems}"),
    }
}

fn problems(text: &str) -> String {
    match plan_of(text, &Arm::Flow) {
        Ok(plan) => panic!("a plan came of it:\n{}", plan.to_toml()),
        Err(problems) => problems,
    }
}

/// The recipe with one part changed.
fn with(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "{old}");
    text.replace(old, new)
}
