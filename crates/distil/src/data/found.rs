//! What is found out about data before anything is trained: a pure function of the data, the rule of the split and the scaling, and so
//! the same in all trials that share them.

use distil_report::EqualSamples;

use crate::data::constant::refuse_constant;
use crate::data::prepare::{Preprocessing, Scaling};
use crate::data::raw::Raw;
use crate::data::rows::RowHashes;
use crate::data::seen::equal_samples;
use crate::data::split::{Split, SplitRule, split_known};
use crate::data::{time, traps};
use crate::error::Result;
use crate::sample::SampleId;

/// Parts, preprocessing, and what is to be said.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The rule of the split.
    pub rule: SplitRule,
    /// How numbers are scaled.
    pub scaling: Scaling,
    /// The hash of each row's inputs.
    pub hashes: RowHashes,
    /// Who trains, who validates, who tests.
    pub split: Split,
    /// Fitted to the training part.
    pub preprocessing: Preprocessing,
    /// Samples with equal inputs, if there are any.
    pub equal: Option<EqualSamples>,
    /// What is to be said of how inputs become features.
    pub notes: Vec<String>,
    /// What makes a result look better, or worse, than it is.
    pub traps: Vec<String>,
}

impl Found {
    /// Looks at the data.
    ///
    /// # Errors
    /// Samples that are all the same, what the split refuses, and data that cannot be scaled so.
    pub fn of(raw: &Raw, rule: &SplitRule, scaling: Scaling) -> Result<Self> {
        let hashes = RowHashes::of(raw);
        traps::refuse(raw, &hashes)?;
        let split = split_known(raw, rule, &hashes)?;
        let mut said = traps::notes(raw, &split, rule);
        match &rule.time {
            Some(column) => {
                let parts: [&[SampleId]; 3] = [&split.train, &split.validation, &split.test];
                said.push(time::said(raw, parts, column)?);
            }
            None if !rule.official => said.extend(time::hint(raw)),
            None => {}
        }
        if rule.group.is_none() && rule.time.is_none() {
            said.extend(traps::ids(raw, &split));
        }
        refuse_constant(raw, &split.train)?;
        let preprocessing =
            Preprocessing::fit_exact(&raw.inputs, &raw.wide, &split.train, scaling)?;
        Ok(Self {
            rule: rule.clone(),
            scaling,
            equal: equal_samples(raw, &hashes, &split),
            hashes,
            split,
            notes: preprocessing.notes(&raw.inputs),
            preprocessing,
            traps: said,
        })
    }
}
