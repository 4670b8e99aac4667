//! From recipe text to a plan and its data: the same in the parent and in every trial.

use distil_kernels::give_back_free_memory;
use distil_recipe::RecipeText;

use super::basis::{Basis, unreadable};
use super::options::Options;
use super::shared::{self, Shared};
use super::smoke;
use crate::data::source::Source;
use crate::data::{Dataset, Fold, Inputs, Wide, copy, private};
use crate::error::{Error, Result};
use crate::plan::{Arm, Draft, Named, Plan};

/// A plan and the data it was fitted to.
#[derive(Debug)]
pub struct Prepared {
    /// The plan.
    pub plan: Plan,
    /// The data, split and prepared.
    pub data: Dataset,
    /// The inputs as they were read, if the plan has a given model.
    pub raw: Option<(Inputs, Wide)>,
    /// What was read: data, given models, lists of samples.
    pub read: Vec<Named>,
    /// The parent's hold on the copy of the data that trials read.
    pub shared: Option<Shared>,
}

impl Prepared {
    /// What the parent goes on with: the trials have the data.
    pub(super) fn without_data(self) -> (Plan, Option<Shared>) {
        let Self { plan, shared, .. } = self;
        (plan, shared)
    }
}

/// Where the data is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// From its source.
    Source,
    /// From its source, and a copy is kept for the trials.
    SourceForAll,
    /// From that copy, where it is.
    Copy,
}

/// What is planned: an arm, and where a trial plans its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of<'a> {
    pub arm: &'a Arm,
    pub settings: Option<&'a str>,
    pub fold: Option<Fold>,
    /// The trial's seed; none for the first.
    pub seed: Option<u64>,
}

impl<'a> Of<'a> {
    /// An arm as the recipe has it, of the first seed and fold.
    pub fn arm(arm: &'a Arm, options: &Options) -> Self {
        Self {
            arm,
            settings: None,
            fold: options.fold(0),
            seed: None,
        }
    }
}

/// Reads the data and plans one arm on one fold. What is read of a run that has begun has to be what it began with.
pub(super) fn prepare(
    text: &RecipeText,
    options: &Options,
    of: Of<'_>,
    begun: Option<&Basis>,
    from: Origin,
) -> Result<Prepared> {
    let known_error = |error: Error| match begun {
        Some(_) => unreadable(error),
        None => error,
    };
    let draft = Draft::tuned(text, &options.base, of.arm, of.settings);
    let mut draft = draft.map_err(|refusal| known_error(refusal.into()))?;
    if let Some(seed) = of.seed
        && options.nested
        && begun.is_some_and(Basis::is_data_alone)
    {
        draft.divide_for(seed);
    }
    draft.split.equal = options.equal;
    draft.lenient = options.smoke;
    let mut read = draft.named();
    if let Some(begun) = begun {
        begun.refuse_changed(&read)?;
    }
    let hash = begun.and_then(|begun| begun.hash_of(&draft.data_key()));
    let copy = match (from, hash) {
        (Origin::Copy, Some(hash)) => shared::find(&draft.data_named(hash)),
        _ => None,
    };
    let (raw, mut known) = match copy {
        Some((raw, known)) => (raw, known),
        None => (draft.read_source().map_err(known_error)?, None),
    };
    let named = draft.named_data(&raw);
    let name = draft.data_named(&named.hash);
    let mut raw = draft.with_answers(raw).map_err(known_error)?;
    read.push(named);
    if let Some(begun) = begun {
        begun.refuse_changed(&read)?;
    }
    let mut shared = None;
    if from == Origin::SourceForAll && !options.smoke && Shared::is_worth_it(&raw) {
        let found = draft.found(&raw, of.fold, None)?;
        shared = Shared::new(&name, &raw, &found);
        known = Some(found);
        if shared.is_some() {
            // Never both at once.
            let answers = std::mem::take(&mut raw.answers);
            drop(raw);
            raw = match shared::find(&name) {
                Some((copy, found)) => {
                    known = found;
                    copy
                }
                None => draft.read_source().map_err(known_error)?,
            };
            raw.answers = answers;
        }
    }
    if options.smoke {
        raw = raw.thinned(smoke::SAMPLES);
        known = None;
    }
    let source = draft.source.settled(&raw);
    let inputs = (draft.has_given()).then(|| (raw.inputs.clone(), raw.wide.clone()));
    let large = copy::bytes(&raw) >= private::least();
    let found = draft.found(&raw, of.fold, known)?;
    let data = draft.dataset_found(raw, of.fold, found)?;
    if large {
        give_back_free_memory();
    }
    let name = draft.name().unwrap_or(&options.name).to_owned();
    let mut plan = draft.plan(&data)?;
    plan.name = name;
    if let Some(tuning) = &mut plan.tuning {
        if !options.nested {
            tuning.shared();
        }
        if !options.widened {
            tuning.as_written();
        }
    }
    plan.source = source;
    Ok(Prepared {
        plan,
        data,
        raw: inputs,
        read,
        shared,
    })
}
