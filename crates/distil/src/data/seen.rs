//! What has been seen of the test samples: by all arms, in equal samples of the other parts; by a given model, in what it, or one
//! it comes from, was trained or chosen on.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use distil_report::{EqualSamples, Overlap};

use crate::data::raw::Raw;
use crate::data::rows::{RowHashes, few_values};
use crate::data::split::Split;
use crate::sample::SampleId;

/// How many samples have equals, and how many of the test part's in the others; `None` where all differ.
pub fn equal_samples(raw: &Raw, rows: &RowHashes, split: &Split) -> Option<EqualSamples> {
    let repeated = rows.repeated();
    if repeated.is_empty() {
        return None;
    }
    let repeats = |hash: &u64| repeated.binary_search(hash).is_ok();
    Some(EqualSamples {
        samples: rows.hashes.iter().filter(|hash| repeats(hash)).count(),
        different: repeated.len(),
        across: on_both_sides(rows, split).len(),
        chance: few_values(raw, &rows.columns, raw.len()),
    })
}

/// The rows of the test part that have an equal one in the training or validation part.
pub fn on_both_sides(rows: &RowHashes, split: &Split) -> HashSet<usize> {
    let hash = |row: usize| rows.hashes[row];
    let others = split.train.iter().chain(split.validation.iter());
    let others: HashSet<u64> = others.map(|id| hash(id.row())).collect();
    let tested = split.test.iter().map(|id| id.row());
    tested.filter(|row| others.contains(&hash(*row))).collect()
}

/// The rows that a model, or one it started or learnt from, was trained or chosen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenRows {
    /// Hashes, ascending and each once, by the columns they cover: a model it comes from may have had others.
    pub sections: BTreeMap<Vec<String>, Vec<u64>>,
    /// Whether these are all: false where a model it comes from does not tell its rows.
    pub whole: bool,
}

impl Default for SeenRows {
    fn default() -> Self {
        Self {
            sections: BTreeMap::new(),
            whole: true,
        }
    }
}

impl SeenRows {
    /// Of a model that does not tell.
    pub fn unknown() -> Self {
        Self {
            whole: false,
            ..Self::default()
        }
    }

    /// What a split trains and chooses on.
    pub fn of(rows: &RowHashes, split: &Split) -> Self {
        let mut seen = Self::default();
        let ids = split.train.iter().chain(split.validation.iter());
        let hashes = ids.filter_map(|id| rows.hashes.get(id.row()).copied());
        seen.add(&rows.columns, hashes);
        seen
    }

    /// What another model has seen, too.
    pub fn extend(&mut self, other: &Self) {
        self.whole &= other.whole;
        for (columns, hashes) in &other.sections {
            self.add(columns, hashes.iter().copied());
        }
    }

    /// How many rows of other data are equal to one of these, by the rule of [`Tested::met`].
    pub fn among(self, raw: &Raw) -> usize {
        let rows = RowHashes::of(raw);
        let met = Tested::all(&rows).met(raw, &[], None, Some(self));
        met.overlap.rows
    }

    fn add(&mut self, columns: &[String], hashes: impl Iterator<Item = u64>) {
        let section = self.sections.entry(columns.to_vec()).or_default();
        section.reserve_exact(hashes.size_hint().1.unwrap_or_default());
        section.extend(hashes);
        section.sort_unstable();
        section.dedup();
    }
}

/// How a given model meets the data of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Met {
    /// What it was trained or chosen on: what its students inherit.
    pub seen: SeenRows,
    /// How much of what is tested that is.
    pub overlap: Overlap,
    /// Whether it was trained on this very data.
    pub same_data: bool,
}

/// Who is tested, and what all arms have seen of it.
#[derive(Debug)]
pub struct Tested<'a> {
    rows: &'a RowHashes,
    ids: Vec<usize>,
    /// Those that have an equal one in the training or validation part: every arm has seen it.
    both: HashSet<usize>,
}

impl<'a> Tested<'a> {
    /// The test part; with folds all samples, since each is tested in its turn.
    pub fn of(rows: &'a RowHashes, split: &Split, folds: bool) -> Self {
        match folds {
            true => Self::all(rows),
            false => Self {
                rows,
                ids: split.test.iter().map(|id| id.row()).collect(),
                both: on_both_sides(rows, split),
            },
        }
    }

    /// All samples.
    pub fn all(rows: &'a RowHashes) -> Self {
        Self {
            rows,
            ids: (0..rows.hashes.len()).collect(),
            both: HashSet::new(),
        }
    }

    /// What a model has seen of it. `columns` are the model's own, sorted, `own` its split of this data, where it was trained
    /// on this very data, and `seen` what it tells, if it does.
    ///
    /// Of the same data, the split tells of each row. Else rows are compared by their hashes; but not where equal rows are
    /// chance, because the columns' values allow fewer combinations than there are rows here and there together, and
    /// rows are equal among those of this data, too: then nothing is known.
    pub fn met(
        &self,
        raw: &Raw,
        columns: &[String],
        own: Option<&Split>,
        seen: Option<SeenRows>,
    ) -> Met {
        let mut met = BTreeSet::new();
        let mut told = Vec::new();
        if let Some(own) = own {
            let ids: HashSet<&SampleId> = own.train.iter().chain(own.validation.iter()).collect();
            let has = |row: &usize| ids.contains(&SampleId(*row as u32));
            met.extend(self.ids.iter().copied().filter(has));
            let rows = RowHashes::over(raw, columns).unwrap_or_default();
            told = SeenRows::of(&rows, own)
                .sections
                .remove(columns)
                .unwrap_or_default();
        }
        let seen = seen.unwrap_or_else(|| match own {
            Some(_) => SeenRows {
                sections: BTreeMap::from([(columns.to_vec(), told.clone())]),
                whole: true,
            },
            None => SeenRows::unknown(),
        });
        let mut unknown = !seen.whole;
        for (section, hashes) in &seen.sections {
            let Some(rows) = self.over(raw, section) else {
                unknown = true;
                continue;
            };
            let has = |hashes: &[u64], row: usize| hashes.binary_search(&rows.hashes[row]).is_ok();
            let found = self.ids.iter().copied().filter(|row| has(hashes, *row));
            let found: Vec<usize> = found.collect();
            let together = raw.len() + hashes.len();
            let chance = || few_values(raw, section, together) && !rows.repeated().is_empty();
            if found.is_empty() || !chance() {
                met.extend(found.into_iter().filter(|row| !self.both.contains(row)));
            } else {
                let by_split = section == columns;
                unknown |= !(by_split && found.iter().all(|row| has(&told, *row)));
            }
        }
        Met {
            seen,
            overlap: Overlap {
                rows: met.len(),
                of: self.ids.len(),
                unknown,
                declared: false,
            },
            same_data: own.is_some(),
        }
    }

    fn over(&self, raw: &Raw, columns: &[String]) -> Option<Cow<'_, RowHashes>> {
        match columns == self.rows.columns {
            true => Some(Cow::Borrowed(self.rows)),
            false => RowHashes::over(raw, columns).map(Cow::Owned),
        }
    }
}
