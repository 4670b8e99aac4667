//! Samples with equal inputs, as a split keeps them together.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::data::raw::Raw;
use crate::data::rows::{RowHashes, few_values};

/// What a split does with samples whose inputs are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EqualRule {
    /// They are drawn like all others: what models of version 0.1.0, which do not say, were split by.
    #[default]
    Apart,
    /// They stay in one part and one fold, unless the values in a table's columns allow fewer combinations than there are
    /// rows: then equality is chance; or unless a part or a class of the training part would be empty. Given parts and groups
    /// come first.
    Together,
}

impl EqualRule {
    /// Whether nothing needs to be said of it in a file.
    pub fn is_apart(&self) -> bool {
        *self == Self::Apart
    }
}

/// Equal samples that a split keeps together.
#[derive(Debug)]
pub struct Equal<'a> {
    hashes: &'a [u64],
    /// The hashes that more than one row has, ascending.
    repeated: Vec<u64>,
}

impl<'a> Equal<'a> {
    /// Those of the data; `None` where all samples differ, or equality is chance.
    pub fn of(raw: &Raw, rows: &'a RowHashes) -> Option<Self> {
        let repeated = rows.repeated();
        let kept = !repeated.is_empty() && !few_values(raw, &rows.columns, raw.len());
        kept.then_some(Self {
            hashes: &rows.hashes,
            repeated,
        })
    }

    /// Of rows in strata, one for each set of equal ones, and the others of each set. A set is where the smallest stratum
    /// with one of its rows is, so that no rare class loses its samples to a common one.
    pub fn sets(&self, strata: Vec<Vec<usize>>) -> (Vec<Vec<usize>>, HashMap<usize, Vec<usize>>) {
        let mut sets: HashMap<u64, Vec<(usize, usize)>> = HashMap::new();
        let repeats = |row: usize| self.repeated.binary_search(&self.hashes[row]).is_ok();
        for (stratum, rows) in strata.iter().enumerate() {
            for &row in rows.iter().filter(|row| repeats(**row)) {
                let set = sets.entry(self.hashes[row]).or_default();
                set.push((stratum, row));
            }
        }
        let mut others = HashMap::new();
        let mut leaves = HashSet::new();
        for mut set in sets.into_values() {
            // The first row of the smallest stratum stands for all.
            set.sort_by_key(|(stratum, row)| (strata[*stratum].len(), *stratum, *row));
            let rows: Vec<usize> = set[1..].iter().map(|(_, row)| *row).collect();
            leaves.extend(rows.iter().copied());
            others.insert(set[0].1, rows);
        }
        let stay = |rows: Vec<usize>| -> Vec<usize> {
            let rows = rows.into_iter();
            rows.filter(|row| !leaves.contains(row)).collect()
        };
        (strata.into_iter().map(stay).collect(), others)
    }
}
