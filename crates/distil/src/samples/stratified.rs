//! A random subset with each class's share.

use distil_report::measure::TaskKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::{SampleTable, Scores, apportion, strata};
use crate::error::Result;
use crate::rng::Seed;
use crate::sample::SampleId;
use crate::samples::{Policy, Share, chosen};

/// A static uniform draw within each class: class shares are exact up to rounding, and every class has at least one sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stratified {
    /// The share of the training samples.
    pub fraction: Share,
}

impl Policy for Stratified {
    fn check(&self, kind: TaskKind) -> std::result::Result<(), String> {
        needs_classes("stratified", kind)
    }

    fn epoch(
        &self,
        _: u64,
        _: u64,
        table: &SampleTable,
        _: &Scores,
        seed: Seed,
    ) -> Result<Vec<(SampleId, f32)>> {
        let mut positions = Vec::new();
        for (class, (mut members, count)) in
            class_shares(table, self.fraction).into_iter().enumerate()
        {
            seed.stream("samples.stratified", &[class as u64])
                .shuffle(&mut members);
            positions.extend(&members[..count]);
        }
        Ok(chosen(table, positions))
    }
}

/// The positions of each class and how many of them a subset of this share takes: at least one. Without classes, all
/// positions are one class.
pub(super) fn class_shares(table: &SampleTable, share: Share) -> Vec<(Vec<usize>, usize)> {
    let of = |id: &SampleId| table.classes.get(id.row()).copied();
    let labels: Vec<u32> = table.ids.iter().filter_map(of).collect();
    let classes = labels.iter().max().map_or(0, |class| *class as usize + 1);
    let members = if classes == 0 {
        vec![(0..table.ids.len()).collect()]
    } else {
        strata(&labels, classes)
    };
    let sizes: Vec<usize> = members.iter().map(Vec::len).collect();
    let counts = apportion(share.of(table.ids.len()), &sizes, &sizes);
    let at_least_one = sizes
        .iter()
        .zip(counts)
        .map(|(size, count)| count.max(1).min(*size))
        .collect::<Vec<_>>();
    members.into_iter().zip(at_least_one).collect()
}

/// Refuses a task without classes.
fn needs_classes(policy: &str, kind: TaskKind) -> std::result::Result<(), String> {
    match kind {
        TaskKind::Classification => Ok(()),
        _ => Err(format!("`{policy}` needs classes; use `random` here")),
    }
}
