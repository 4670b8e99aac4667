//! `--smoke`: every stage, growth, control, checkpoint and report, on little data for a short time.

use distil_recipe::recipe::DEFAULT_EPOCHS;
use distil_recipe::{RecipeText, parse};

use crate::error::Result;
use crate::plan::Refusal;

/// Samples kept, about.
pub const SAMPLES: usize = 512;
/// Epochs of a stage at most.
const EPOCHS: u64 = 2;
/// Steps of a stage at most, where its length is written in steps.
const STEPS: u64 = 30;

/// The recipe with every stage's length, and plain's, cut short.
pub fn shortened(text: &RecipeText) -> Result<RecipeText> {
    let (recipe, problems) = parse(text);
    let recipe = match recipe {
        Some(recipe) if problems.is_empty() => recipe,
        _ => {
            return Err(Refusal {
                text: text.clone(),
                problems,
            }
            .into());
        }
    };
    let mut short = text.clone();
    let lengths = recipe
        .stages
        .iter()
        .filter(|stage| !stage.is_given() && (stage.like.is_none() || stage.train.is_some()))
        .map(|stage| {
            (
                format!("stage.{}.train", stage.name.value),
                stage.train.clone().unwrap_or_default().over(&recipe.train),
            )
        })
        .chain(
            recipe
                .compare
                .plain
                .iter()
                .map(|plain| ("compare.plain".to_string(), plain.clone())),
        );
    for (table, train) in lengths {
        let (key, least) = match (&train.steps, &train.epochs) {
            (Some(steps), _) => ("steps", steps.value.min(STEPS)),
            (None, epochs) => (
                "epochs",
                epochs
                    .as_ref()
                    .map_or(DEFAULT_EPOCHS, |e| e.value)
                    .min(EPOCHS),
            ),
        };
        short
            .patch(&format!("{table}.{key}"), &least.to_string())
            .map_err(|problem| Refusal {
                text: text.clone(),
                problems: problem.into(),
            })?;
    }
    Ok(short)
}
