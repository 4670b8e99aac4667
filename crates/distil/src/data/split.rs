//! Who trains, who validates, who tests.

use std::collections::HashMap;
use std::sync::Arc;

use distil_recipe::recipe::{SplitKind, SplitTable};
use distil_report::Part;
use serde::{Deserialize, Serialize};

use crate::data::apportion::{apportion, quantiles, strata};
use crate::data::equal::{Equal, EqualRule};
use crate::data::raw::{Group, Raw, RawTargets};
use crate::data::rows::RowHashes;
use crate::data::time;
use crate::error::{Error, Result};
use crate::rng::{Seed, Stream};
use crate::sample::SampleId;

/// How the data is split. It has its own seed, so that trials with different seeds share one test part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SplitRule {
    /// Whether the parts given by the data's authors are used. Where they name no validation part,
    /// it is drawn from their training part.
    pub official: bool,
    /// The test part's share of all samples; unused with `official` or folds.
    pub test: f64,
    /// The validation part's share of all samples; with `official`, of the official training part.
    pub validation: f64,
    /// A grouping that is never split: all samples of a speaker are in one part.
    pub group: Option<String>,
    /// Whether every class, or every tenth of the first target's values, has its share of every part (without groups).
    pub stratify: bool,
    /// Classes of fewer samples than this stay in the training part, in every fold; 0: none do.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rare: u64,
    /// The split's own seed.
    pub seed: Seed,
    /// Cross-validation: which fold is the test part. The official parts are then pooled.
    pub fold: Option<Fold>,
    /// What becomes of samples with equal inputs. Absent in the models of version 0.1.0.
    #[serde(default, skip_serializing_if = "EqualRule::is_apart")]
    pub equal: EqualRule,
    /// The column in whose order the parts follow each other: training, validation, test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// What is not tested is divided into training and validation by this seed beside the split's own, which still says what is
    /// tested: a trial that chooses its settings by itself. Absent: by the split's own, as in the models of version 0.1.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<Seed>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// One fold of a cross-validation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fold {
    /// Which fold tests, from 0.
    pub index: usize,
    /// How many folds there are, at least 2.
    pub of: usize,
}

impl From<&SplitTable> for SplitRule {
    fn from(table: &SplitTable) -> Self {
        Self {
            official: table.kind.value == SplitKind::Official,
            test: table.test.value,
            validation: table.validation.value,
            group: table.group.as_ref().map(|group| group.value.clone()),
            stratify: table
                .stratify
                .as_ref()
                .is_none_or(|stratify| stratify.value),
            rare: table.rare.value,
            seed: Seed(table.seed.value),
            fold: None,
            equal: EqualRule::Together,
            time: table.column.as_ref().map(|column| column.value.clone()),
            own: None,
        }
    }
}

impl Default for SplitRule {
    /// 20 % test, 15 % validation, stratified, equal samples together, seed 0.
    fn default() -> Self {
        Self {
            official: false,
            test: 0.2,
            validation: 0.15,
            group: None,
            stratify: true,
            rare: 0,
            seed: Seed(0),
            fold: None,
            equal: EqualRule::Together,
            time: None,
            own: None,
        }
    }
}

impl SplitRule {
    /// Whether the validation part is drawn: neither given nor the time before the test part.
    pub fn draws_validation(&self, raw: &Raw) -> bool {
        let official = raw
            .official
            .as_ref()
            .filter(|_| self.official && self.fold.is_none());
        self.time.is_none() && !official.is_some_and(|parts| parts.contains(&Part::Validation))
    }
}

/// The three parts: disjoint, each ascending; together all samples, but for what comes after the test part of a fold in order of
/// time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Split {
    /// What is fitted: weights, preprocessing, subsets, scores.
    pub train: Arc<[SampleId]>,
    /// What choices are made on.
    pub validation: Arc<[SampleId]>,
    /// What is read once.
    pub test: Arc<[SampleId]>,
}

impl Split {
    /// The samples of a part.
    pub fn part(&self, part: Part) -> &[SampleId] {
        match part {
            Part::Train => &self.train,
            Part::Validation => &self.validation,
            Part::Test => &self.test,
        }
    }

    fn of(parts: &[Part]) -> Self {
        let ids = |part| {
            (0..)
                .zip(parts)
                .filter(|(_, p)| **p == part)
                .map(|(row, _)| SampleId(row))
                .collect()
        };
        Self {
            train: ids(Part::Train),
            validation: ids(Part::Validation),
            test: ids(Part::Test),
        }
    }
}

impl SplitRule {
    /// Whether a class of so many samples stays in the training part.
    pub fn keeps(&self, samples: usize) -> bool {
        (samples as u64) < self.rare
    }
}

/// Splits the data by the rule: a pure function of both.
pub fn split(raw: &Raw, rule: &SplitRule) -> Result<Split> {
    match rule.equal {
        EqualRule::Apart => split_known(raw, rule, &RowHashes::default()),
        EqualRule::Together => split_known(raw, rule, &RowHashes::of(raw)),
    }
}

/// The same where the rows' hashes are at hand.
pub(crate) fn split_known(raw: &Raw, rule: &SplitRule, rows: &RowHashes) -> Result<Split> {
    check_shares(rule)?;
    let equal = match (rule.equal, &rule.time) {
        (EqualRule::Apart, _) | (_, Some(_)) => None,
        (EqualRule::Together, None) => Equal::of(raw, rows),
    };
    let drawn = |equal: Option<Equal<'_>>| draw(raw, rule, equal);
    let together = equal.is_some();
    match drawn(equal) {
        // Too few different samples to fill the parts: how many stand on both sides is said.
        Err(_) if together => drawn(None),
        split => split,
    }
}

fn draw(raw: &Raw, rule: &SplitRule, equal: Option<Equal<'_>>) -> Result<Split> {
    if let Some(column) = &rule.time {
        let fold = rule.fold.map(|fold| (fold.index, fold.of));
        let parts = time::parts(raw, column, [rule.test, rule.validation], fold)?;
        let [train, validation, test] = parts;
        let split = Split {
            train: train.into(),
            validation: validation.into(),
            test: test.into(),
        };
        check_parts(raw, &split, rule)?;
        return Ok(split);
    }
    let mut drawer = Drawer {
        rule,
        units: units(raw, rule)?,
        equal,
        parts: vec![Part::Train; raw.len()],
        own: None,
    };
    match (rule.fold, rule.official) {
        (Some(fold), _) => drawer.fold(fold)?,
        (None, true) => drawer.official(raw)?,
        (None, false) => drawer.draw(Part::Test, rule.test)?,
    }
    if rule.fold.is_none() && !drawer.parts.contains(&Part::Test) {
        // A validation part was given, and nothing to test on.
        drawer.draw(Part::Test, rule.test)?;
    }
    if drawer.parts.contains(&Part::Validation) {
        return drawer.split(raw);
    }
    let share = {
        let kept = drawer
            .parts
            .iter()
            .filter(|part| **part == Part::Train)
            .count() as f64;
        let of_all = if rule.official && rule.fold.is_none() {
            kept / raw.len() as f64
        } else {
            1.0
        };
        rule.validation * of_all
    };
    let tested = drawer.parts.clone();
    drawer.draw(Part::Validation, share)?;
    let split = drawer.split(raw)?;
    let own = rule.own.into_iter();
    let mut others = own.flat_map(|own| (0..ATTEMPTS).map(move |attempt| [own.0, attempt]));
    // Where each of them would leave a class out of training, this one does not.
    Ok(others
        .find_map(|own| {
            drawer.parts.clone_from(&tested);
            drawer.own = Some(own);
            drawer.draw(Part::Validation, share).ok()?;
            drawer.split(raw).ok()
        })
        .unwrap_or(split))
}

/// Divisions of a seed's own that are tried, until one has every class in training.
const ATTEMPTS: u64 = 100;

/// Numbers are stratified by tenths of their samples, and by fewer parts if those were small.
const MOST_BINS: usize = 10;
const LEAST_PER_BIN: usize = 10;

/// What moves together: single samples within strata, or whole groups.
enum Units {
    Strata {
        members: Vec<Vec<usize>>,
        /// How many of each stratum always stay in training.
        stay: usize,
    },
    Groups {
        name: String,
        members: Vec<Vec<usize>>,
    },
}

fn units(raw: &Raw, rule: &SplitRule) -> Result<Units> {
    if let Some(name) = &rule.group {
        let group = find_group(raw, name)?;
        let mut members = strata(&group.codes, group.members.len());
        members.retain(|rows| !rows.is_empty());
        return Ok(Units::Groups {
            name: name.clone(),
            members,
        });
    }
    let (mut members, stay) = match &raw.targets {
        Some(RawTargets::Classes { names, labels }) if rule.stratify => {
            (strata(labels, names.len()), 1)
        }
        Some(RawTargets::Values { names, values }) if rule.stratify => {
            let first: Vec<f32> = values.iter().step_by(names.len().max(1)).copied().collect();
            let bins = (first.len() / LEAST_PER_BIN).clamp(1, MOST_BINS);
            (strata(&quantiles(&first, bins), bins), 0)
        }
        _ => (vec![(0..raw.len()).collect()], 1),
    };
    if rule.rare > 0 {
        let kept = kept_in_training(raw, rule)?;
        members
            .iter_mut()
            .for_each(|rows| rows.retain(|row| !kept[*row]));
    }
    Ok(Units::Strata { members, stay })
}

/// Which samples are of classes too rare to be drawn.
fn kept_in_training(raw: &Raw, rule: &SplitRule) -> Result<Vec<bool>> {
    let Some(RawTargets::Classes { names, labels }) = &raw.targets else {
        let reason = "`rare` is for classes, and this target has none";
        return Err(Error::input("data.split.rare", reason).remedy("Remove it"));
    };
    let rare: Vec<bool> = strata(labels, names.len())
        .iter()
        .map(|rows| rule.keeps(rows.len()))
        .collect();
    Ok(labels.iter().map(|label| rare[*label as usize]).collect())
}

fn find_group<'a>(raw: &'a Raw, name: &str) -> Result<&'a Group> {
    raw.groups
        .iter()
        .find(|group| group.name == name)
        .ok_or_else(|| {
            let known: Vec<_> = raw
                .groups
                .iter()
                .map(|group| format!("`{}`", group.name))
                .collect();
            let remedy = if known.is_empty() {
                "This data has no groups; a table names its own with `groups = [\"column\"]`"
                    .to_string()
            } else {
                format!("The data is grouped by {}", known.join(", "))
            };
            Error::input("data.split.group", format!("there is no group `{name}`")).remedy(remedy)
        })
}

struct Drawer<'a> {
    rule: &'a SplitRule,
    units: Units,
    /// Samples that stay together, within strata.
    equal: Option<Equal<'a>>,
    parts: Vec<Part>,
    /// What streams are numbered by besides their stratum: a seed with a division of its own, and which attempt this is.
    own: Option<[u64; 2]>,
}

impl Drawer<'_> {
    /// The parts as they are, if each has what it needs.
    fn split(&self, raw: &Raw) -> Result<Split> {
        let split = Split::of(&self.parts);
        check_parts(raw, &split, self.rule)?;
        Ok(split)
    }

    /// The stream that shuffles what a part is drawn from.
    fn stream(&self, purpose: &str, place: &[u64]) -> Stream {
        match self.own {
            None => self.rule.seed.stream(purpose, place),
            Some(own) => {
                let place = [&own, place].concat();
                self.rule.seed.stream("split.validation.own", &place)
            }
        }
    }

    fn official(&mut self, raw: &Raw) -> Result<()> {
        self.parts = raw.official.clone().ok_or_else(|| {
            Error::input("data.split", "this data has no official split").remedy(
                "Name shares instead, for example `split = { test = 0.2, validation = 0.1 }`",
            )
        })?;
        if let Units::Groups { name, members } = &self.units
            && members.iter().any(|rows| {
                rows.iter()
                    .any(|&row| self.parts[row] != self.parts[rows[0]])
            })
        {
            return Err(Error::input(
                "data.split.group",
                format!("the official parts divide groups of `{name}`"),
            )
            .remedy("Leave out `group`, or name shares or folds instead of the official parts"));
        }
        Ok(())
    }

    /// Moves a share of all samples from the training part to another.
    fn draw(&mut self, part: Part, share: f64) -> Result<()> {
        let wanted = (share * self.parts.len() as f64).round() as usize;
        let purpose = if part == Part::Test {
            "split.test"
        } else {
            "split.validation"
        };
        match &self.units {
            Units::Strata { members, stay } => {
                let free: Vec<Vec<usize>> = members
                    .iter()
                    .map(|rows| in_training(rows, &self.parts))
                    .collect();
                let (free, equals) = self.sets(free);
                let of = |row: &usize| equals.get(row).map_or(&[][..], Vec::as_slice);
                let size = |row: &usize| 1 + of(row).len();
                let sizes: Vec<usize> = free
                    .iter()
                    .map(|rows| rows.iter().map(size).sum())
                    .collect();
                let room: Vec<usize> = sizes
                    .iter()
                    .map(|size| size.saturating_sub(*stay))
                    .collect();
                // What whole sets left over or took too many in the strata so far.
                let mut owed = 0_isize;
                for (i, (mut rows, take)) in free
                    .into_iter()
                    .zip(apportion(wanted, &sizes, &room))
                    .enumerate()
                {
                    self.stream(purpose, &[i as u64]).shuffle(&mut rows);
                    owed += take as isize;
                    let wanted = owed.clamp(0, room[i] as isize) as usize;
                    let mut taken = 0;
                    for row in &rows {
                        let more = taken + size(row);
                        if more > room[i] || more.abs_diff(wanted) >= taken.abs_diff(wanted) {
                            continue;
                        }
                        taken = more;
                        self.parts[*row] = part;
                        of(row).iter().for_each(|row| self.parts[*row] = part);
                    }
                    owed -= taken as isize;
                }
            }
            Units::Groups { name, members } => {
                let mut free: Vec<&Vec<usize>> = members
                    .iter()
                    .filter(|rows| !in_training(rows, &self.parts).is_empty())
                    .collect();
                if free.len() < 2 && wanted > 0 {
                    return Err(too_few_groups(name, members.len(), "three parts"));
                }
                self.stream(purpose, &[]).shuffle(&mut free);
                let mut taken = 0;
                for rows in &free[..free.len().saturating_sub(1)] {
                    let rows = in_training(rows, &self.parts);
                    if taken == 0 && wanted > 0
                        || (taken + rows.len()).abs_diff(wanted) < taken.abs_diff(wanted)
                    {
                        taken += rows.len();
                        rows.iter().for_each(|&row| self.parts[row] = part);
                    }
                }
            }
        }
        Ok(())
    }

    fn fold(&mut self, fold: Fold) -> Result<()> {
        if fold.of < 2 || fold.index >= fold.of {
            return Err(Error::input(
                "folds",
                format!("fold {} of {} does not exist", fold.index, fold.of),
            )
            .remedy("Use at least 2 folds, counted from 0"));
        }
        let of = self.folds(fold.of)?;
        of.iter()
            .enumerate()
            .filter(|(_, of)| **of == Some(fold.index))
            .for_each(|(row, _)| self.parts[row] = Part::Test);
        Ok(())
    }

    /// Of each stratum's rows one for each set of equal ones, and the others of each set.
    fn sets(&self, strata: Vec<Vec<usize>>) -> (Vec<Vec<usize>>, HashMap<usize, Vec<usize>>) {
        match &self.equal {
            Some(equal) => equal.sets(strata),
            None => (strata, HashMap::new()),
        }
    }

    /// The fold of each sample; none of those that always train.
    fn folds(&self, count: usize) -> Result<Vec<Option<usize>>> {
        let mut folds = vec![None; self.parts.len()];
        let seed = self.rule.seed;
        match &self.units {
            Units::Strata { members, .. } => {
                if self.parts.len() < count {
                    return Err(Error::input(
                        "folds",
                        format!("{count} folds of {} samples", self.parts.len()),
                    )
                    .remedy("Use fewer folds"));
                }
                let (sets, equals) = self.sets(members.clone());
                let of = |row: &usize| equals.get(row).map_or(&[][..], Vec::as_slice);
                let mut sizes = vec![0; count];
                for (i, mut rows) in sets.into_iter().enumerate() {
                    seed.stream("split.fold", &[i as u64]).shuffle(&mut rows);
                    rows.sort_by_key(|row| std::cmp::Reverse(of(row).len()));
                    // The fold that has the fewest of this stratum, then of all: in turn, as long as no samples are equal.
                    let mut of_stratum = vec![0; count];
                    for row in &rows {
                        let least = |fold: &usize| (of_stratum[*fold], sizes[*fold]);
                        let fold = (0..count).min_by_key(least).unwrap_or(0);
                        let size = 1 + of(row).len();
                        of_stratum[fold] += size;
                        sizes[fold] += size;
                        folds[*row] = Some(fold);
                        of(row).iter().for_each(|row| folds[*row] = Some(fold));
                    }
                }
            }
            Units::Groups { name, members } => {
                if members.len() < count {
                    return Err(too_few_groups(
                        name,
                        members.len(),
                        &format!("{count} folds"),
                    ));
                }
                let mut members: Vec<&Vec<usize>> = members.iter().collect();
                seed.stream("split.fold", &[]).shuffle(&mut members);
                members.sort_by_key(|rows| std::cmp::Reverse(rows.len()));
                let mut sizes = vec![0; count];
                for rows in members {
                    let smallest = (0..count).min_by_key(|&fold| sizes[fold]).unwrap_or(0);
                    sizes[smallest] += rows.len();
                    rows.iter().for_each(|&row| folds[row] = Some(smallest));
                }
            }
        }
        Ok(folds)
    }
}

fn in_training(rows: &[usize], parts: &[Part]) -> Vec<usize> {
    rows.iter()
        .copied()
        .filter(|&row| parts[row] == Part::Train)
        .collect()
}

fn too_few_groups(name: &str, groups: usize, wanted: &str) -> Error {
    Error::input(
        "data.split.group",
        format!("`{name}` has {groups} groups, too few for {wanted}"),
    )
    .remedy("Bring more groups, use fewer folds, or split without `group`")
}

fn check_shares(rule: &SplitRule) -> Result<()> {
    let drawn_test = if rule.official || rule.fold.is_some() {
        0.0
    } else {
        rule.test
    };
    let inside = |share: f64| (0.0..1.0).contains(&share);
    if inside(drawn_test) && inside(rule.validation) && drawn_test + rule.validation < 1.0 {
        return Ok(());
    }
    Err(Error::input(
        "data.split",
        format!(
            "test = {} and validation = {} leave nothing to train on",
            drawn_test, rule.validation
        ),
    )
    .remedy("Use shares between 0 and 1 whose sum is below 1"))
}

fn check_parts(raw: &Raw, split: &Split, rule: &SplitRule) -> Result<()> {
    for (name, part) in [
        ("training", &split.train),
        ("validation", &split.validation),
        ("test", &split.test),
    ] {
        if part.is_empty() {
            return Err(Error::input(
                "data.split",
                format!("the {name} part of {} samples is empty", raw.len()),
            )
            .remedy("Give each part a larger share, or bring more data"));
        }
    }
    let Some(RawTargets::Classes { names, labels }) = &raw.targets else {
        return Ok(());
    };
    let mut seen = vec![false; names.len()];
    split
        .train
        .iter()
        .for_each(|id| seen[labels[id.row()] as usize] = true);
    match seen.iter().position(|seen| !seen) {
        None => Ok(()),
        Some(class) if rule.time.is_some() => {
            let reason = format!("class `{}` has no sample in the training part: in the order of time it comes later only", names[class]);
            Err(Error::input("data.split.column", reason).remedy("Leave its rows out, give training a larger share, or use fewer folds"))
        }
        Some(class) if rule.fold.is_some() && labels.iter().filter(|label| **label as usize == class).count() == 1 => {
            let name = &names[class];
            Err(Error::input("data.split", format!("class `{name}` has 1 sample, which in one of the folds is not in training: with folds it needs at least 2"))
                .remedy("Bring more samples of it, leave its row out, or keep it in training only with `split = { rare = 2 }`"))
        }
        Some(class) => Err(Error::input("data.split", format!("class `{}` has no sample in the training part", names[class]))
            .remedy("Bring samples of it, leave its rows out, or split with `stratify = true` and without `group`")),
    }
}
