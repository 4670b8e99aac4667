//! `[compare] tune`: the settings each arm may choose from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::problem::{Problem, Problems, Span};
use crate::recipe::TrainTable;
use crate::spanned::Spanned;
use crate::table::{Keys, Rules, count, range, table};
use crate::tree::{Entry, Kind, Table, Value};

/// Values that a list of positive numbers may get beyond either end.
pub const MOST_WIDER: u64 = 3;

table! {
    /// Settings of the result's training, of which every arm takes the ones that are best for it on the validation part.
    #[schemars(inline, extend("additionalProperties" = { "type": "array", "minItems": 1 }))]
    pub struct TuneTable with {
        /// The table.
        pub span: Option<Span>,
        /// Every combination of the settings, in the order in which they were written; at least two.
        pub candidates: Vec<Candidate>,
        /// The settings, each with the values to try.
        pub lists: Vec<List>,
    } {
        /// The run's first seeds, which choose for all by the mean of the metric on the validation part.
        // If absent, each seed chooses for itself.
        #[schemars(range(min = 1))]
        pub seeds: Option<Spanned<u64>>;
        /// Who chooses: `each` arm for itself, or the `small` network for all.
        pub by: Spanned<TunedBy> = TunedBy::Each;
        /// Values that a list of positive numbers gets beyond either end, for all arms, while the choice of one lies there.
        #[schemars(range(min = 0, max = 3))]
        pub widen: Spanned<u64> = MOST_WIDER => count(0..=MOST_WIDER);
        /// Successive halving: which values an arm gives up early.
        // If absent, it trains with all of them to the end.
        pub halving: Vec<Cut>;
    }
}

table! {
    /// A rung of successive halving: every value left is tried in trainings of this length, each with a schedule of its own, and only
    /// the best go on.
    #[schemars(inline)]
    pub struct Cut with {
        /// The table.
        pub span: Option<Span>,
    } {
        /// The length, as a share of the result's own; in whole per cent.
        #[schemars(range(min = 0.01, max = 0.99))]
        pub at: Spanned<f64> [needed "write for instance: halving = { at = 0.25, keep = 2 }"]
            => range("0.01 to 0.99, in whole per cent", whole_per_cent);
        /// How many values go on.
        #[schemars(range(min = 1))]
        pub keep: Spanned<u64> [needed "write for instance: halving = { at = 0.25, keep = 2 }"] => count(1..=u64::MAX);
    }
}

impl Rules for Cut {
    fn settle(mut self, keys: Keys) -> Option<Self> {
        let whole =
            keys.had("at") && keys.had("keep") && !keys.failed("at") && !keys.failed("keep");
        self.span = keys.span();
        keys.finish();
        whole.then_some(self)
    }
}

impl Cut {
    /// The length in per cent of the result's own, 1 to 99.
    pub fn per_cent(&self) -> u32 {
        (self.at.value * 100.0).round() as u32
    }
}

fn whole_per_cent(share: f64) -> bool {
    let per_cent = share * 100.0;
    (1.0..=99.0).contains(&per_cent.round()) && (per_cent - per_cent.round()).abs() < 1e-6
}

/// Who chooses settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TunedBy {
    /// Every arm for itself.
    #[default]
    Each,
    /// The network of the flow's first stage, by its loss in the result's own training; every arm of the large network has its choice,
    /// under µP, and `small` one of its own.
    Small,
}

/// One combination.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its name: `lr=0.001` or `lr=0.001,warmup=100`.
    pub name: String,
    /// Its settings.
    pub train: TrainTable,
    /// Its number in each list; none in a list that cannot be widened.
    numbers: Vec<Option<f64>>,
}

/// A setting and its values.
#[derive(Clone, Debug, PartialEq)]
pub struct List {
    key: Spanned<String>,
    values: Vec<Value>,
}

impl List {
    /// The setting.
    pub fn key(&self) -> &Spanned<String> {
        &self.key
    }

    /// The values, where they are at least two different positive numbers.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        let numbers: Option<Vec<f64>> = self.values.iter().map(number).collect();
        let numbers = numbers.filter(|numbers| numbers.iter().all(|number| *number > 0.0))?;
        let differ = numbers.iter().any(|number| *number != numbers[0]);
        differ.then_some(numbers)
    }

    /// The same with so many values more below and above: in geometric steps, each list's ends saying how far; fewer where whole
    /// numbers end.
    fn wider(&self, by: [usize; 2]) -> Self {
        let mut list = self.clone();
        let Some(numbers) = self.numbers() else {
            return list;
        };
        let mut ascending = numbers;
        ascending.sort_by(f64::total_cmp);
        ascending.dedup();
        let last = ascending.len() - 1;
        let ends = [
            (ascending[0], ascending[0] / ascending[1]),
            (ascending[last], ascending[last] / ascending[last - 1]),
        ];
        let whole = self
            .values
            .iter()
            .all(|value| matches!(value.kind, Kind::Integer(_)));
        for ((end, ratio), by) in ends.into_iter().zip(by) {
            let mut before = end;
            for step in 1..=by {
                let number = rounded(end * ratio.powi(step as i32), whole);
                if number <= 0.0 || number == before || !number.is_finite() {
                    break;
                }
                before = number;
                list.values.push(Value {
                    span: self.values[0].span.clone(),
                    kind: match whole {
                        true => Kind::Integer(number as i64),
                        false => Kind::Float(number),
                    },
                });
            }
        }
        list
    }
}

fn number(value: &Value) -> Option<f64> {
    match value.kind {
        Kind::Integer(number) => Some(number as f64),
        Kind::Float(number) => Some(number),
        _ => None,
    }
}

/// To a whole number, or to four digits.
fn rounded(number: f64, whole: bool) -> f64 {
    match whole {
        true => number.round(),
        false => format!("{number:.3e}").parse().unwrap_or(number),
    }
}

impl Rules for TuneTable {
    fn settle(mut self, keys: Keys) -> Option<Self> {
        if let Some(none) = self.seeds.as_ref().filter(|seeds| seeds.value == 0) {
            keys.problems.push(
                Problem::at(none.span.clone(), "nobody can choose over 0 seeds")
                    .rule("`seeds` is 1 or more"),
            );
        }
        self.span = keys.span();
        let Keys {
            table: settings,
            problems,
            ..
        } = keys;
        let before = problems.len();
        for entry in &settings.entries {
            let values = values(entry, problems)?;
            self.lists.push(List {
                key: entry.key.clone(),
                values: values.to_vec(),
            });
        }
        let tables = combined(&self.lists, self.span.as_ref());
        if tables.len() < 2 && problems.len() == before {
            problems.push(
                Problem::at(self.span.clone(), "there is nothing to choose from")
                    .rule("`tune` names settings of `train`, each with the values to try")
                    .help("write for instance: tune = { lr = [1e-3, 2e-3, 4e-3] }"),
            );
        }
        let of = |table: Table| candidate(table, &self.lists, problems);
        self.candidates = tables.into_iter().filter_map(of).collect();
        if self.candidates.len() > 1 {
            self.check_halving(problems);
        }
        Some(self)
    }
}

impl TuneTable {
    /// Reports rungs of which nothing is left out, and choices that are not made by rungs.
    fn check_halving(&self, problems: &mut Problems) {
        let Some(first) = self.halving.first() else {
            return;
        };
        let refused = match &self.seeds {
            Some(seeds) => Some((
                seeds.span.clone(),
                "the first seeds would choose for all, and each leave out other values",
                "remove `seeds`, or `halving`",
            )),
            None if self.is_by_small() => Some((
                first.span.clone(),
                "the small network tries every value to the end: it is cheap, and short trainings want another rate",
                "remove `halving`, or `by`",
            )),
            None => None,
        };
        if let Some((place, message, help)) = refused {
            let rule = "with `halving` each seed of each arm chooses for itself";
            problems.push(Problem::at(place, message).rule(rule).help(help));
        }
        let (mut length, mut left) = (0, self.candidates.len() as u64);
        for cut in &self.halving {
            if cut.per_cent() <= length {
                problems.push(
                    Problem::at(
                        cut.at.span.clone(),
                        format!("the rung before was as long: {length} %"),
                    )
                    .rule("each rung is longer than the one before"),
                );
            }
            if cut.keep.value >= left {
                problems.push(
                    Problem::at(
                        cut.keep.span.clone(),
                        format!(
                            "no value would be left out: {left} are tried, and {} go on",
                            cut.keep.value
                        ),
                    )
                    .rule("fewer go on than are tried"),
                );
            }
            (length, left) = (cut.per_cent(), cut.keep.value);
        }
    }

    /// Whether the small network chooses for all.
    pub fn is_by_small(&self) -> bool {
        self.by.value == TunedBy::Small
    }

    /// The candidate of this name, one of a wider list too.
    pub fn candidate(&self, name: &str) -> Option<Candidate> {
        let most = vec![[MOST_WIDER as usize; 2]; self.lists.len()];
        let mut all = self.wider(&most).into_iter();
        all.find(|candidate| candidate.name == name)
    }

    /// The combinations where each list has so many values more below and above, those as written first; without combinations that
    /// training cannot have.
    pub fn wider(&self, by: &[[usize; 2]]) -> Vec<Candidate> {
        let lists: Vec<List> = self
            .lists
            .iter()
            .zip(by)
            .map(|(list, by)| list.wider(*by))
            .collect();
        let mut all = self.candidates.clone();
        for table in combined(&lists, self.span.as_ref()) {
            let mut problems = Problems::new();
            match candidate(table, &self.lists, &mut problems) {
                Some(new) if problems.is_empty() && all.iter().all(|c| c.name != new.name) => {
                    all.push(new);
                }
                _ => {}
            }
        }
        all
    }

    /// Of each list, whether the candidate of this name among `candidates` has its smallest, and its largest value; neither in a list
    /// that cannot be widened.
    pub fn ends(candidates: &[Candidate], name: &str) -> Vec<[bool; 2]> {
        let Some(chosen) = candidates.iter().find(|candidate| candidate.name == name) else {
            return Vec::new();
        };
        let at = |(list, chosen): (usize, &Option<f64>)| {
            let Some(chosen) = chosen else {
                return [false; 2];
            };
            let all = || candidates.iter().filter_map(|c| c.numbers[list]);
            [
                all().all(|number| number >= *chosen),
                all().all(|number| number <= *chosen),
            ]
        };
        chosen.numbers.iter().enumerate().map(at).collect()
    }
}

/// Every combination of the lists' values, in their order.
fn combined(lists: &[List], span: Option<&Span>) -> Vec<Table> {
    let mut tables = vec![Table {
        span: span.cloned(),
        entries: Vec::new(),
    }];
    for list in lists {
        tables = tables
            .iter()
            .flat_map(|table| {
                list.values
                    .iter()
                    .map(move |value| with(table, &list.key, value))
            })
            .collect();
    }
    tables
}

fn candidate(table: Table, lists: &[List], problems: &mut Problems) -> Option<Candidate> {
    let name = name(&table);
    let numbers = table.entries.iter().zip(lists);
    let numbers =
        numbers.map(|(entry, list)| number(&entry.value).filter(|_| list.numbers().is_some()));
    let numbers = numbers.collect();
    TrainTable::of(table, problems).map(|train| Candidate {
        name,
        train,
        numbers,
    })
}

fn values<'a>(entry: &'a Entry, problems: &mut Problems) -> Option<&'a [Value]> {
    let simple = |value: &Value| !matches!(value.kind, Kind::Array(_) | Kind::Table(_));
    match &entry.value.kind {
        Kind::Array(values) if values.iter().all(simple) && !values.is_empty() => Some(values),
        _ => {
            problems.push(
                Problem::at(
                    entry.value.span.clone(),
                    format!("`{}` is no list of values to try", entry.key.as_str()),
                )
                .rule("each setting to tune has a list of numbers or words")
                .help(format!(
                    "write for instance: {} = [1e-3, 2e-3]",
                    entry.key.as_str()
                )),
            );
            None
        }
    }
}

fn with(table: &Table, key: &Spanned<String>, value: &Value) -> Table {
    let mut table = table.clone();
    table.entries.push(Entry {
        key: key.clone(),
        value: value.clone(),
    });
    table
}

fn name(table: &Table) -> String {
    let setting = |entry: &Entry| {
        let value = match &entry.value.kind {
            Kind::String(word) => word.clone(),
            _ => entry.value.describe(),
        };
        format!("{}={value}", entry.key.as_str())
    };
    table
        .entries
        .iter()
        .map(setting)
        .collect::<Vec<_>>()
        .join(",")
}
