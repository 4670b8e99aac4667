//! The result trained once with settings that a small network chose, against plain training that chose its own.

use serde::{Deserialize, Serialize};

use super::comparison::{Because, Comparison, CostRatios, Verdict};
use super::entry::{Question, TrialOutputs};
use super::pairs::Pairs;
use super::verdict::{Evidence, Others};
use crate::bill::{Bill, Total};
use crate::record::TrialId;
use crate::record::arm::{PLAIN_FULL, PLAIN_HALVED, SMALL, TRANSFERRED};

/// [`TRANSFERRED`] against [`PLAIN_FULL`].
///
/// The two are in different parametrisations and share no settings, so what is shown in favour of the route has to hold against plain
/// training at the one value, for all seeds, that tests best; and where the small network alone was run, it has to be worse. A shorter budget is no objection: either side has plain's full one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// As costs one model whose settings are known.
    pub known: Comparison,
    /// As costs the way from nothing to the model.
    pub searched: Searched,
    /// What the route costs with its search, divided by what plain training does whose settings successive halving chose: [`PLAIN_HALVED`],
    /// where it was run; else computed from what plain training cost, with the k settings as written at a ninth of the budget, ⌈k/3⌉ at a
    /// third, one whole. Whether that would have chosen as well is then not known.
    pub halving: CostRatios,
    /// What plain training came to so; none where it is only computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halved: Option<Halved>,
}

/// A comparison in which every trial counts that settings were chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Searched {
    /// Cost ratios.
    pub cost: CostRatios,
    /// What follows.
    pub verdict: Verdict,
    /// Why no more is claimed, where the verdict alone does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<Because>,
}

/// The route against [`PLAIN_HALVED`]. Nothing is claimed of it: what is, has to hold against plain training at its best single value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Halved {
    /// Pairs of seeds; 0 where none finished, and nothing is known.
    pub n: usize,
    /// The mean of plain training on the main metric.
    pub value: Option<f64>,
    /// The mean difference, the route's less plain's.
    pub difference: Option<f64>,
    /// Its 95 % confidence interval.
    pub ci95: Option<[f64; 2]>,
    /// Whether plain's choice lies at the end of its list: it may be better than it looks.
    pub at_an_end: bool,
}

impl Halved {
    /// Beside it the route's cost divided by plain's, each with its search.
    fn of(entries: &[TrialOutputs<'_>], question: &Question<'_>) -> (Self, CostRatios) {
        let pairs = Pairs::of(entries, (TRANSFERRED, PLAIN_HALVED), question);
        let (comparison, _) = pairs.unchecked(question);
        let halved = Self {
            n: comparison.n,
            value: comparison.against_value,
            difference: comparison.difference,
            ci95: comparison.ci95,
            at_an_end: comparison.ends.iter().any(|end| end.arm == PLAIN_HALVED),
        };
        (
            halved,
            cost(&pairs, &comparison, [Bill::with_the_search; 2]),
        )
    }
}

/// The cost ratios by what is counted; none where no pair finished.
fn cost(pairs: &Pairs<'_>, of: &Comparison, counted: [fn(&Bill) -> Total; 2]) -> CostRatios {
    match of.n {
        0 => CostRatios::default(),
        _ => pairs.cost(counted),
    }
}

impl Route {
    /// None where one of the two arms has no trial.
    pub fn of(entries: &[TrialOutputs<'_>], question: &Question<'_>) -> Option<Self> {
        let has = |arm: &str| entries.iter().any(|entry| entry.trial.id.arm == arm);
        if !(has(TRANSFERRED) && has(PLAIN_FULL)) {
            return None;
        }
        let pairs = Pairs::of(entries, (TRANSFERRED, PLAIN_FULL), question);
        let (mut known, advantage) = pairs.measured_at_best(question);
        // The small network is the cheapest of all: where it is as good, there is nothing to save by a large one.
        let small = has(SMALL)
            .then(|| Pairs::of(entries, (TRANSFERRED, SMALL), question).unchecked(question));
        let small = small
            .as_ref()
            .map(|(small, ahead)| Evidence::of(small, *ahead));
        let others = Others {
            small: small.as_ref(),
            ..Others::default()
        };
        let judged = |comparison: &Comparison| Evidence::of(comparison, advantage).verdict(&others);
        (known.verdict, known.because) = judged(&known);
        let cost = |counted| cost(&pairs, &known, counted);
        let with_the_search = cost([Bill::with_the_search; 2]);
        let (verdict, because) = judged(&Comparison {
            cost: with_the_search,
            ..known.clone()
        });
        let once = cost([Bill::with_the_search, Bill::equalised]);
        let over = |ratio: Option<f64>| Some(ratio? / halving(question.written)?);
        let halved = has(PLAIN_HALVED).then(|| Halved::of(entries, question));
        let computed = || CostRatios {
            flops_ratio: over(once.flops_ratio),
            seconds_ratio: over(once.seconds_ratio),
            seconds_ci95: None,
        };
        Some(Self {
            searched: Searched {
                cost: with_the_search,
                verdict,
                because,
            },
            halving: halved.map_or_else(computed, |(_, cost)| cost),
            halved: halved.map(|(halved, _)| halved),
            known,
        })
    }

    /// The trials by which a route that was shown to be as good has to be checked.
    pub(super) fn wanted(entries: &[TrialOutputs<'_>], question: &Question<'_>) -> Vec<TrialId> {
        Pairs::of(entries, (TRANSFERRED, PLAIN_FULL), question).wanted_at_best(question)
    }
}

/// Whole trainings that successive halving among so many takes; none where there is nothing to choose from.
fn halving(candidates: usize) -> Option<f64> {
    let kept = candidates.div_ceil(3);
    (candidates > 1).then(|| candidates as f64 / 9.0 + kept as f64 / 3.0 + 1.0)
}
