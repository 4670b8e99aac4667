//! What makes a result look better, or worse, than it is: seen in the data before anything is trained.

use std::collections::{BTreeMap, HashMap};

use distil_report::show::grouped;

use crate::data::constant::nothing_differs;
use crate::data::marks::marks;
use crate::data::raw::{Cells, Inputs, Raw, RawTargets};
use crate::data::rows::RowHashes;
use crate::data::split::{Split, SplitRule};
use crate::data::table::shown;
use crate::error::{Error, Result};
use crate::sample::SampleId;

/// A class of this share of all samples makes accuracy say little.
const MAJORITY: f64 = 0.95;

/// So few different numbers may be classes.
const FEW_VALUES: usize = 10;

/// On fewer samples a column that tells the class may do so by chance.
const HELD: usize = 20;

/// Classes that are never tested are named one by one up to so many.
const SAID: usize = 10;

/// Refuses samples that are all equal, and classes of which nearly every sample has its own.
pub fn refuse(raw: &Raw, rows: &RowHashes) -> Result<()> {
    if rows.hashes.len() > 1 && rows.hashes.iter().all(|hash| *hash == rows.hashes[0]) {
        return Err(nothing_differs(raw, ""));
    }
    let Some(RawTargets::Classes { names, labels }) = &raw.targets else {
        return Ok(());
    };
    if names.len() <= FEW_VALUES || 2 * names.len() <= labels.len() {
        return Ok(());
    }
    let numbers = names.iter().all(|name| name.parse::<f64>().is_ok());
    let reason = format!(
        "the target has {} different values in {} samples, too many for classes",
        grouped(names.len() as f64),
        grouped(labels.len() as f64)
    );
    Err(Error::input("task", reason).remedy(match numbers {
        true => "They are numbers: did you mean `task = \"regression\"`?",
        false => "Name the column that holds the class as `target`",
    }))
}

/// What a reader should know of the data, a sentence each without its full stop.
pub fn notes(raw: &Raw, split: &Split, rule: &SplitRule) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(raw.weights.as_ref().map(|weights| weighted(weights, split)));
    match &raw.targets {
        Some(RawTargets::Classes { names, labels }) => {
            classes(names, labels, split, rule, &mut notes);
            spelling("classes", names, &mut notes);
        }
        Some(RawTargets::Values { names, values }) => {
            for (target, name) in names.iter().enumerate() {
                let mut different: Vec<f32> = values
                    .iter()
                    .skip(target)
                    .step_by(names.len())
                    .copied()
                    .collect();
                let rows = different.len();
                different.sort_by(f32::total_cmp);
                different.dedup();
                if different.len() <= FEW_VALUES && rows >= 10 * different.len() {
                    notes.push(format!(
                        "the target {name} has only {} different values in {} samples; if they are classes, `task = \"classification\"`",
                        different.len(),
                        grouped(rows as f64)
                    ));
                }
            }
        }
        _ => {}
    }
    if let Inputs::Table(columns) = &raw.inputs {
        for column in columns {
            match &column.cells {
                Cells::Numeric(cells) => {
                    counts(&column.name, cells, raw, &mut notes);
                    marked(&column.name, cells, split, &mut notes);
                }
                Cells::Categorical { levels, .. } => {
                    spelling(
                        &format!("categories of column {}", column.name),
                        levels,
                        &mut notes,
                    );
                }
            }
            if columns.len() > 1 {
                tells(&column.name, &column.cells, raw, split, &mut notes);
            }
        }
    }
    notes
}

/// How far rows differ in what they count, and what is left of the test part: equal rows of the same variance (Kish 1965, section 8.2).
fn weighted(weights: &[f32], split: &Split) -> String {
    let (least, most) = weights
        .iter()
        .fold((f32::INFINITY, 0.0_f32), |(least, most), w| {
            (least.min(*w), most.max(*w))
        });
    let test = || split.test.iter().map(|id| f64::from(weights[id.row()]));
    let alike = test().sum::<f64>().powi(2) / test().map(|w| w * w).sum::<f64>();
    format!(
        "rows count by their weights, {} to {}: the {} test samples tell as much as {} of equal weight",
        shown(f64::from(least)),
        shown(f64::from(most)),
        grouped(split.test.len() as f64),
        grouped(alike.round())
    )
}

/// Says where most test samples share their id with samples to train on: who they are is known already.
pub fn ids(raw: &Raw, split: &Split) -> Vec<String> {
    const FEWEST: usize = 10;
    const MOST_OF: f64 = 0.5;
    let known = split.train.iter().chain(split.validation.iter());
    let known: Vec<usize> = known.map(|id| id.row()).collect();
    let ids = raw.ids.iter().filter(|ids| ids.members.len() >= FEWEST);
    let said = ids.filter_map(|ids| {
        let mut seen = vec![false; ids.members.len()];
        known.iter().for_each(|row| seen[ids.codes[*row] as usize] = true);
        let shared = split.test.iter().filter(|id| seen[ids.codes[id.row()] as usize]).count();
        let name = &ids.name;
        (shared as f64 > MOST_OF * split.test.len() as f64).then(|| {
            format!(
                "column {name} repeats over the split: {} of {} test samples have a {name} that is also trained on; `groups = [\"{name}\"]` and `split = {{ group = \"{name}\" }}` keep each in one part (what is in `ignore` comes out of it)",
                grouped(shared as f64),
                grouped(split.test.len() as f64)
            )
        })
    });
    said.collect()
}

fn classes(
    names: &[String],
    labels: &[u32],
    split: &Split,
    rule: &SplitRule,
    notes: &mut Vec<String>,
) {
    let count = |ids: &[SampleId]| {
        let mut counts = vec![0_usize; names.len()];
        ids.iter()
            .for_each(|id| counts[labels[id.row()] as usize] += 1);
        counts
    };
    let [train, validation, test] =
        [&split.train, &split.validation, &split.test].map(|ids| count(ids));
    let all = |class: usize| train[class] + validation[class] + test[class];
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    // What metrics of the test part, or of some of the folds, do not count.
    let said = |class: usize| {
        let (name, all) = (&names[class], all(class));
        let kept = rule.keeps(all) && test[class] == 0 && validation[class] == 0;
        match rule.fold {
            _ if kept => Some(format!(
                "class {name} stays in training with its {all} sample{}, fewer than `rare = {}`; no metric counts it",
                plural(all),
                rule.rare
            )),
            Some(fold) if all < fold.of => Some(format!(
                "class {name} has {all} samples for {} folds: some of them test none of it",
                fold.of
            )),
            None if test[class] == 0 => Some(format!(
                "class {name} is never tested: it has {} sample{} to train on, {} to choose by and none to test on; no metric counts it",
                train[class],
                plural(train[class]),
                validation[class]
            )),
            _ => None,
        }
    };
    let mut untested = (0..names.len()).filter_map(said);
    notes.extend(untested.by_ref().take(SAID));
    let more = untested.count();
    if more > 0 {
        notes.push(format!(
            "the same of {} more class{}",
            grouped(more as f64),
            if more == 1 { "" } else { "es" }
        ));
    }
    for (class, name) in names.iter().enumerate() {
        let share = all(class) as f64 / labels.len().max(1) as f64;
        if share >= MAJORITY {
            let tested = 100.0 * test[class] as f64 / split.test.len().max(1) as f64;
            notes.push(format!(
                "{:.1} % of all samples are of class {name}: always to answer it has {tested:.2} % accuracy and {:.2} % balanced accuracy on the test part; `[compare] metric = \"balanced_accuracy\"` or `\"macro_f1\"` compares by more than accuracy does",
                100.0 * share,
                100.0 / test.iter().filter(|count| **count > 0).count().max(1) as f64
            ));
        }
    }
}

/// Names that are the same but for case, blanks and how a number is written.
fn spelling(what: &str, names: &[String], notes: &mut Vec<String>) {
    let mut same: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in names {
        let plain = name
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .to_lowercase();
        let plain = plain.trim_end_matches('.').to_owned();
        let key = match plain.parse::<f64>() {
            Ok(number) if number.is_finite() => number.to_string(),
            _ => plain,
        };
        same.entry(key).or_default().push(name);
    }
    for names in same.values().filter(|names| names.len() > 1) {
        notes.push(format!(
            "the {what} `{}` differ in spelling only",
            names.join("` and `")
        ));
    }
}

/// Says where a column counts the rows.
fn counts(name: &str, cells: &[f32], raw: &Raw, notes: &mut Vec<String>) {
    const FEWEST: usize = 20;
    let exact = raw.wide.get(name);
    let at = |row: usize| exact.map_or_else(|| f64::from(cells[row]), |exact| exact[row]);
    let last = match cells.len() {
        rows if rows < FEWEST => return,
        rows => rows - 1,
    };
    let (first, end) = (at(0), at(last));
    let step = (end - first) / last as f64;
    let off = |row: usize| (at(row) - first - step * row as f64).abs();
    // Not a comparison turned round: NaN counts nothing.
    if step == 0.0 || !(0..=last).all(|row| off(row) <= 1e-3 * step.abs()) {
        return;
    }
    let sorted = match &raw.targets {
        Some(RawTargets::Classes { names, labels }) => {
            let changes = labels.windows(2).filter(|pair| pair[0] != pair[1]).count();
            (changes < 2 * names.len()).then(|| {
                format!(
                    ", and the file is sorted by class ({changes} changes in {} rows), so that it tells the class",
                    grouped(labels.len() as f64)
                )
            })
        }
        _ => None,
    };
    notes.push(format!(
        "column {name} counts the rows ({} to {}){}; leave it out with `ignore = [\"{name}\"]` unless it is a time",
        shown(first),
        shown(end),
        sorted.unwrap_or_default()
    ));
}

/// Says where a column is mostly one number, else marks.
fn marked(name: &str, cells: &[f32], split: &Split, notes: &mut Vec<String>) {
    let train = split.train.iter().map(|id| f64::from(cells[id.row()]));
    let Some((found, mostly)) = marks(train).and_then(|found| Some((found, found.mostly?))) else {
        return;
    };
    notes.push(format!(
        "column {name} is mostly {}, else {} whole numbers far apart that repeat: as categories they may tell more, `categorical = [\"{name}\"]`; the validation part says",
        shown(mostly),
        found.different - 1
    ));
}

/// Says where a column alone predicts the target: its nearest training sample has the same class, or the target
/// follows it on a line or in its order, or hardly differs within a category.
fn tells(name: &str, cells: &Cells, raw: &Raw, split: &Split, notes: &mut Vec<String>) {
    match (&raw.targets, cells) {
        (Some(RawTargets::Classes { labels, .. }), Cells::Numeric(cells)) => {
            let train = split.train.iter().map(|id| id.row());
            let mut known: Vec<(f32, u32)> = train.map(|row| (cells[row], labels[row])).collect();
            known.retain(|(x, _)| !x.is_nan());
            known.sort_by(|a, b| a.0.total_cmp(&b.0));
            let nearest = |row: usize| {
                let x = cells[row];
                let at = known.partition_point(|(y, _)| *y < x);
                let near = known[at.saturating_sub(1)..].iter().take(2);
                near.min_by(|a, b| (a.0 - x).abs().total_cmp(&(b.0 - x).abs()))
                    .map(|(_, class)| *class)
            };
            alone(name, labels, split, nearest, notes);
        }
        (Some(RawTargets::Classes { labels, .. }), Cells::Categorical { codes, .. }) => {
            let mut seen: HashMap<(u32, u32), usize> = HashMap::new();
            for row in split.train.iter().map(|id| id.row()) {
                if let Some(code) = codes.at(row) {
                    *seen.entry((code, labels[row])).or_default() += 1;
                }
            }
            let mut best: HashMap<u32, (usize, u32)> = HashMap::new();
            for ((code, label), count) in seen {
                let best = best.entry(code).or_default();
                *best = (*best).max((count, label));
            }
            let likeliest = |row: usize| best.get(&codes.at(row)?).map(|(_, label)| *label);
            alone(name, labels, split, likeliest, notes);
        }
        (Some(RawTargets::Values { names, values }), cells) => {
            // Enough to see it by.
            const LOOKED_AT: usize = 4000;
            let step = split.train.len().div_ceil(LOOKED_AT).max(1);
            let rows = || split.train.iter().step_by(step).map(|id| id.row());
            for (target, of) in names.iter().enumerate() {
                let value = |row: usize| f64::from(values[row * names.len() + target]);
                let found = match cells {
                    Cells::Numeric(cells) => {
                        let known = rows().filter(|row| !cells[*row].is_nan());
                        follows(
                            &known
                                .map(|row| (f64::from(cells[row]), value(row)))
                                .collect::<Vec<_>>(),
                        )
                    }
                    Cells::Categorical { codes, .. } => {
                        let known = rows().filter_map(|row| Some((codes.at(row)?, value(row))));
                        is_held(&known.collect::<Vec<_>>())
                    }
                };
                notes.extend(found.map(|how| {
                    format!("column {name} alone predicts {of}: {how}; is it known before the target is?")
                }));
            }
        }
        _ => {}
    }
}

/// How a number follows another, if it is on a line or in its order.
fn follows(pairs: &[(f64, f64)]) -> Option<String> {
    const NEARLY: f64 = 0.999;
    let line = correlation(pairs);
    if pairs.len() < HELD {
        return None;
    }
    if line.abs() >= NEARLY {
        return Some(format!("their correlation is {line:.5}"));
    }
    let ranks = |of: &dyn Fn(&(f64, f64)) -> f64| ranks(&pairs.iter().map(of).collect::<Vec<_>>());
    let ranked = ranks(&|pair| pair.0).into_iter().zip(ranks(&|pair| pair.1));
    let order = correlation(&ranked.collect::<Vec<_>>());
    (order.abs() >= NEARLY).then(|| format!("their rank correlation is {order:.5}"))
}

/// How a number is held by a category, if its samples hardly differ within one.
fn is_held(pairs: &[(u32, f64)]) -> Option<String> {
    /// The share of the variance that is between categories.
    const NEARLY: f64 = 0.998;
    /// Samples of a category, on average.
    const EACH: usize = 10;
    let mut of: HashMap<u32, (f64, f64)> = HashMap::new();
    for (code, value) in pairs {
        let (count, sum) = of.entry(*code).or_default();
        *count += 1.0;
        *sum += value;
    }
    if pairs.len() < HELD || pairs.len() < EACH * of.len() {
        return None;
    }
    let mean = pairs.iter().map(|(_, value)| value).sum::<f64>() / pairs.len() as f64;
    let (within, all) = pairs
        .iter()
        .fold((0.0, 0.0), |(within, all), (code, value)| {
            let (count, sum) = of[code];
            (
                within + (value - sum / count).powi(2),
                all + (value - mean).powi(2),
            )
        });
    let share = 1.0 - within / all;
    (share >= NEARLY).then(|| {
        format!(
            "{:.2} % of its variance lies between categories",
            100.0 * share
        )
    })
}

/// Places in ascending order, equal values sharing the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for equal in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let mean = start as f64 + (equal.len() - 1) as f64 / 2.0;
        equal.iter().for_each(|at| ranks[*at] = mean);
        start += equal.len();
    }
    ranks
}

/// Says where these answers, made of one column, are right of nearly all validation samples.
fn alone(
    name: &str,
    labels: &[u32],
    split: &Split,
    answer: impl Fn(usize) -> Option<u32>,
    notes: &mut Vec<String>,
) {
    const RIGHT: f64 = 0.99;
    let held: Vec<usize> = split.validation.iter().map(|id| id.row()).collect();
    if held.len() < HELD {
        return;
    }
    let mut counts: HashMap<u32, usize> = HashMap::new();
    for row in &held {
        *counts.entry(labels[*row]).or_default() += 1;
    }
    let right = held
        .iter()
        .filter(|row| answer(**row) == Some(labels[**row]))
        .count();
    let most = counts.into_values().max().unwrap_or(0);
    let share = |count: usize| count as f64 / held.len() as f64;
    // Where nearly all are of one class, right of the others, too.
    let (wrong, others) = (held.len() - right, held.len() - most);
    let by_merit = share(most) < MAJORITY || others >= FEW_VALUES && 20 * wrong <= others;
    if share(right) >= RIGHT && by_merit {
        notes.push(format!(
            "column {name} alone tells the class of {right} of {} validation samples; is it known before the class is?",
            held.len()
        ));
    }
}

/// Pearson's correlation; 0 where one does not vary.
fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len().max(1) as f64;
    let (a, b) = pairs
        .iter()
        .fold((0.0, 0.0), |(a, b), (x, y)| (a + x / n, b + y / n));
    let sums = pairs.iter().fold([0.0; 3], |[xy, xx, yy], (x, y)| {
        let (x, y) = (x - a, y - b);
        [xy + x * y, xx + x * x, yy + y * y]
    });
    let product = (sums[1] * sums[2]).sqrt();
    if product > 0.0 {
        sums[0] / product
    } else {
        0.0
    }
}
