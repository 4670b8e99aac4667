//! Each verdict as one plain sentence with the numbers in it.

use super::{Comparison, FLOW, PLAIN, PLAIN_FULL, SMALL, SMOOTH, Verdict};
use crate::run_json::MainMetric;
use crate::show;

/// The run's verdict and its sentence: the comparison with `plain`, or with `plain-full` or the first other arm where
/// `plain` did not finish.
pub fn headline(comparisons: &[Comparison], metric: &MainMetric) -> (Verdict, String) {
    let of = |arm: &str| {
        comparisons
            .iter()
            .find(|comparison| comparison.against == arm && comparison.n > 0)
    };
    let chosen = of(PLAIN)
        .or_else(|| of(PLAIN_FULL))
        .or_else(|| of(SMALL))
        .or(comparisons.first());
    match chosen {
        Some(comparison) => (
            comparison.verdict,
            sentence(comparison, comparisons, metric),
        ),
        None => (
            Verdict::NotCompared,
            "Not compared: no trial of the flow finished.".into(),
        ),
    }
}

/// One comparison's verdict as a sentence. `comparisons` are all of the run's: a small model that suffices is quoted from its own.
pub fn sentence(
    comparison: &Comparison,
    comparisons: &[Comparison],
    metric: &MainMetric,
) -> String {
    let words = Words { comparison, metric };
    match comparison.verdict {
        Verdict::NotCompared => words.not_compared(),
        Verdict::OnePair => words.one_pair(),
        Verdict::NoDifference => format!(
            "No difference shown for the flow: {}{}.",
            words.means(),
            words.no_difference_reason()
        ),
        Verdict::Saves => format!("The flow saves: {}.", words.means()),
        Verdict::Costs => format!("The flow costs: {}.", words.means()),
        Verdict::BaselineUntuned => format!(
            "Baseline untuned, no claim for the flow: {}; nothing follows from it until plain's learning rate and budget are tuned.",
            words.means()
        ),
        Verdict::SmallSuffices => {
            let small = comparisons
                .iter()
                .find(|other| other.against == SMALL)
                .unwrap_or(comparison);
            Words {
                comparison: small,
                metric,
            }
            .small_suffices()
        }
    }
}

/// An arm as it is called in a sentence.
pub(crate) fn arm_words(arm: &str) -> String {
    match arm {
        FLOW => "the flow".into(),
        PLAIN => "plain training at equal cost".into(),
        PLAIN_FULL => "plain training at its full budget".into(),
        SMOOTH => "plain training with label smoothing".into(),
        SMALL => "the small model alone".into(),
        other => format!("the arm `{other}`"),
    }
}

struct Words<'a> {
    comparison: &'a Comparison,
    metric: &'a MainMetric,
}

impl Words<'_> {
    fn value(&self, value: Option<f64>) -> String {
        let (name, unit) = (&self.metric.name, self.metric.unit.as_deref());
        value.map_or("–".into(), |value| show::named_value(name, unit, value))
    }

    fn bare(&self, value: Option<f64>) -> String {
        value.map_or("–".into(), |value| {
            show::value(&self.metric.name, self.metric.unit.as_deref(), value)
        })
    }

    fn difference(&self, value: Option<f64>) -> String {
        value.map_or("–".into(), |value| {
            show::difference(&self.metric.name, self.metric.unit.as_deref(), value)
        })
    }

    /// `difference +0.28 points, 95 % interval −0.80 to +1.36, McNemar's test p = 0.754`.
    fn evidence(&self) -> String {
        let c = self.comparison;
        let mut parts = vec![format!("difference {}", self.difference(c.difference))];
        if let Some([low, high]) = c.ci95 {
            let bare = |value| show::bare_difference(&self.metric.name, value);
            parts.push(format!("95 % interval {} to {}", bare(low), bare(high)));
        }
        parts.extend(self.test());
        parts.join(", ")
    }

    fn test(&self) -> Option<String> {
        let (test, p) = self.comparison.test.zip(self.comparison.p)?;
        Some(format!("{} {}", test.words(), show::p(p)))
    }

    /// `at 100 % of its FLOPs and 104 % of its seconds`, with the given model named as free.
    fn cost(&self) -> String {
        let ratios = [
            self.comparison
                .cost
                .flops_ratio
                .map(|ratio| format!("{} of its FLOPs", show::per_cent(ratio))),
            self.comparison
                .cost
                .seconds_ratio
                .map(|ratio| format!("{} of its seconds", show::per_cent(ratio))),
        ];
        let known: Vec<String> = ratios.into_iter().flatten().collect();
        let cost = if known.is_empty() {
            "at a cost that is not known".into()
        } else {
            format!("at {}", known.join(" and "))
        };
        if self.comparison.given {
            format!("{cost}, the given model not counted")
        } else {
            cost
        }
    }

    fn not_compared(&self) -> String {
        match self.comparison.value {
            Some(value) => format!(
                "Not compared: the flow reached {} on the test part, and {} was not run to its end.",
                self.value(Some(value)),
                arm_words(&self.comparison.against)
            ),
            None => "Not compared: no trial of the flow finished.".into(),
        }
    }

    fn one_pair(&self) -> String {
        let c = self.comparison;
        let resolution = c.resolution.map_or(String::new(), |width| {
            let width = show::width(&self.metric.name, self.metric.unit.as_deref(), width);
            format!("; {} test samples resolve {width}", c.samples)
        });
        format!(
            "One pair, no claim: the flow reached {}, {} {} ({}), {}{resolution}.",
            self.value(c.value),
            arm_words(&c.against),
            self.bare(c.against_value),
            self.evidence(),
            self.cost()
        )
    }

    fn means(&self) -> String {
        let c = self.comparison;
        format!(
            "over {} seeds it reached {}, {} {} ({}), {}",
            c.n,
            self.value(c.value),
            arm_words(&c.against),
            self.bare(c.against_value),
            self.evidence(),
            self.cost()
        )
    }

    fn no_difference_reason(&self) -> String {
        let c = self.comparison;
        if c.p.is_some_and(|p| p < super::verdict::SIGNIFICANT) {
            return "; FLOPs and seconds disagree on which is cheaper, so no saving is claimed"
                .into();
        }
        if c.n < 6 {
            format!("; {} pairs cannot show one, six can", c.n)
        } else {
            String::new()
        }
    }

    fn small_suffices(&self) -> String {
        let c = self.comparison;
        let flops = c
            .cost
            .flops_ratio
            .map(|ratio| format!("{} of the flow's FLOPs", show::per_cent(1.0 / ratio)));
        let seconds = c
            .cost
            .seconds_ratio
            .map(|ratio| format!("{} of its seconds", show::per_cent(1.0 / ratio)));
        let cost: Vec<String> = [flops, seconds].into_iter().flatten().collect();
        let width = show::width(
            &self.metric.name,
            self.metric.unit.as_deref(),
            c.resolution.unwrap_or(f64::NAN),
        );
        format!(
            "The small model suffices: alone it reached {} for {}; the flow's {} is no better than the test set can tell (±{width}{}).",
            self.value(c.against_value),
            cost.join(" and "),
            self.bare(c.value),
            self.test()
                .map_or(String::new(), |test| format!(", {test}"))
        )
    }
}
