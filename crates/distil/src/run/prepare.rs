//! From recipe text to a plan and its data: the same in the parent and in every trial.

use distil_recipe::RecipeText;

use super::options::Options;
use super::smoke;
use crate::data::source::Source;
use crate::data::{Dataset, Fold, Inputs, Wide};
use crate::error::Result;
use crate::plan::{Arm, Draft, Plan};

/// A plan and the data it was fitted to.
#[derive(Debug)]
pub struct Prepared {
    /// The plan.
    pub plan: Plan,
    /// The data, split and prepared.
    pub data: Dataset,
    /// The inputs as they were read, if the plan has a given model.
    pub raw: Option<(Inputs, Wide)>,
}

/// Reads the data and plans one arm on one fold.
pub(super) fn prepare(
    text: &RecipeText,
    options: &Options,
    arm: &Arm,
    settings: Option<&str>,
    fold: Option<Fold>,
) -> Result<Prepared> {
    let mut draft = Draft::tuned(text, &options.base, arm, settings)?;
    draft.split.equal = options.equal;
    draft.lenient = options.smoke;
    let mut raw = draft.read_data()?;
    if options.smoke {
        raw = raw.thinned(smoke::SAMPLES);
    }
    let source = draft.source.settled(&raw);
    let inputs = (draft.has_given()).then(|| (raw.inputs.clone(), raw.wide.clone()));
    let data = draft.dataset(raw, fold)?;
    let name = draft.name().unwrap_or(&options.name).to_owned();
    let mut plan = draft.plan(&data)?;
    plan.name = name;
    plan.source = source;
    Ok(Prepared {
        plan,
        data,
        raw: inputs,
    })
}
