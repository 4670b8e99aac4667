//! Each verdict as one plain sentence with the numbers in it.

use crate::compare::{
    AtEnd, Because, Comparison, CostRatios, EQUAL_COST, Guard, Sides, Test, Verdict, beyond,
    is_better, resolved,
};
use crate::measure::MainMetric;
use crate::present::sentence::leaks;
use crate::present::show;
use crate::record::arm::{
    ALONE, FLOW, PLAIN, PLAIN_FULL, PLAIN_HALVED, SMALL, SMOOTH, TRANSFERRED,
};
use crate::statistics::FEWEST_PAIRS;

/// The verdict's sentence without tests and intervals.
pub fn brief(comparisons: &[Comparison], metric: &MainMetric) -> String {
    told(comparisons, metric, true)
}

/// The run's verdict and its sentence: a saving over `plain-full`, which takes that `plain` is worse; or that the student alone
/// suffices; or else the comparison with `plain`, or with the first other arm that has results where `plain` has none; in whose
/// place stands that the small model suffices, unless the flow is worse than plain training.
pub fn headline(comparisons: &[Comparison], metric: &MainMetric) -> (Verdict, String) {
    let verdict = chosen(comparisons).map_or(Verdict::NotCompared, |chosen| chosen.verdict);
    (verdict, told(comparisons, metric, false))
}

fn told(comparisons: &[Comparison], metric: &MainMetric, brief: bool) -> String {
    match chosen(comparisons) {
        Some(comparison) => Words {
            comparison,
            metric,
            brief,
        }
        .sentence(comparisons),
        None => "Not compared: no trial of the flow finished.".into(),
    }
}

/// The comparison that the run's verdict is about; none where there is none.
pub fn chosen(comparisons: &[Comparison]) -> Option<&Comparison> {
    let of = |arm: &str| {
        comparisons
            .iter()
            .find(|comparison| comparison.against == arm && comparison.n > 0)
    };
    let usual = of(PLAIN)
        .or_else(|| of(PLAIN_FULL))
        .or_else(|| comparisons.iter().find(|comparison| comparison.n > 0))
        .or(comparisons.first());
    let worse = usual.is_some_and(|usual| usual.because == Some(Because::Worse));
    of(PLAIN_FULL)
        .filter(|full| full.verdict == Verdict::Saves)
        .or_else(|| of(ALONE).filter(|alone| alone.verdict == Verdict::AloneSuffices))
        .or_else(|| of(SMALL).filter(|small| small.verdict == Verdict::SmallSuffices && !worse))
        .or(usual)
}

/// The arm whose model the run's verdict recommends; none where that is the flow's, or nothing follows: the small model or the student
/// alone where it suffices, and what the flow is worse than, or as good as at more cost.
pub fn recommended<'a>(comparisons: &'a [Comparison], metric: &MainMetric) -> Option<&'a str> {
    let chosen = chosen(comparisons)?;
    let other = match (chosen.verdict, chosen.because) {
        (Verdict::SmallSuffices | Verdict::AloneSuffices, _) => true,
        (Verdict::Costs, Some(Because::Dearer)) => !is_better(chosen, metric.better),
        (Verdict::Costs, _) => true,
        _ => false,
    };
    other.then_some(chosen.against.as_str())
}

/// That another arm than this comparison's is as good as the flow at less cost; empty where none is.
fn as_good_alone(comparison: &Comparison, comparisons: &[Comparison]) -> String {
    let cheap = [
        (ALONE, Verdict::AloneSuffices),
        (SMALL, Verdict::SmallSuffices),
    ];
    let suffices = |(arm, verdict): &(&str, Verdict)| {
        let mut of_arm = comparisons.iter().filter(|other| other.against == *arm);
        comparison.against != *arm && of_arm.any(|other| other.verdict == *verdict)
    };
    match cheap.iter().find(|cheap| suffices(cheap)) {
        Some((arm, _)) => format!("; {} is as good as the flow", arm_words(arm)),
        None => String::new(),
    }
}

/// What the test set can tell apart, before anything is read from it; none where that is not known.
pub fn resolution(comparisons: &[Comparison], metric: &MainMetric) -> Option<String> {
    let (samples, width) = resolved(comparisons)?;
    Some(format!(
        "{} test samples: models closer than {} of {} look alike to them.",
        show::grouped(samples as f64),
        metric.width(Some(width)),
        metric.title()
    ))
}

/// One comparison's verdict as a sentence. `comparisons` are all of the run's: a small model that suffices is quoted from its own.
pub fn sentence(
    comparison: &Comparison,
    comparisons: &[Comparison],
    metric: &MainMetric,
) -> String {
    Words {
        comparison,
        metric,
        brief: false,
    }
    .sentence(comparisons)
}

/// A comparison's outcome in a few words, as its sentence begins.
pub fn badge(comparison: &Comparison, metric: &MainMetric) -> &'static str {
    Words {
        comparison,
        metric,
        brief: true,
    }
    .claim()
    .0
}

/// An arm as it is called in a sentence.
pub(crate) fn arm_words(arm: &str) -> String {
    match arm {
        FLOW => "the flow".into(),
        PLAIN => "plain training at equal cost".into(),
        PLAIN_FULL => "plain training at its full budget".into(),
        SMOOTH => "plain training with label smoothing".into(),
        SMALL => "the small model alone".into(),
        ALONE => "the student alone".into(),
        TRANSFERRED => "the result at the small network's settings".into(),
        PLAIN_HALVED => "plain training at settings chosen by successive halving".into(),
        other => format!("the arm `{other}`"),
    }
}

/// `failed in 1 trial and diverged in 2`; none where neither.
fn broken(failed: usize, diverged: usize) -> Option<String> {
    let said: Vec<String> = [("failed", failed), ("diverged", diverged)]
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(how, count)| {
            let trials = if count == 1 { "trial" } else { "trials" };
            format!("{how} in {count} {trials}")
        })
        .collect();
    (!said.is_empty()).then(|| said.join(" and "))
}

struct Words<'a> {
    comparison: &'a Comparison,
    metric: &'a MainMetric,
    /// Whether tests and intervals are left out.
    brief: bool,
}

impl Words<'_> {
    fn sentence(&self, comparisons: &[Comparison]) -> String {
        let (_, claim) = self.claim();
        let cheap = as_good_alone(self.comparison, comparisons);
        match self.comparison.verdict {
            Verdict::NotCompared => self.not_compared(),
            Verdict::OnePair => self.one_pair(&cheap),
            Verdict::NoDifference => {
                let similar = self.equal_seconds(comparisons);
                let reason = match self.comparison.because {
                    Some(Because::AloneNotWorse | Because::SmallNotWorse) if !cheap.is_empty() => {
                        format!("{cheap}, so no saving is claimed")
                    }
                    _ => format!("{}{cheap}", self.reason(comparisons)),
                };
                format!("{claim}: {}{reason}{similar}.", self.means())
            }
            Verdict::Saves => {
                let small = comparisons.iter().any(|other| other.against == SMALL);
                let alone = if small {
                    ""
                } else {
                    "; no small model was run beside it"
                };
                let similar = self.equal_seconds(comparisons);
                format!(
                    "{claim}: {}{}{}{alone}{similar}.",
                    self.means(),
                    self.tuning(),
                    self.checked()
                )
            }
            Verdict::Costs => format!("{claim}: {}{}{cheap}.", self.means(), self.checked()),
            Verdict::BaselineUntuned => {
                format!("{claim}: {}; {}{cheap}.", self.means(), self.untuned())
            }
            Verdict::Overlap => format!("No claim, {}: {}.", self.overlap(), self.numbers()),
            Verdict::SmallSuffices | Verdict::AloneSuffices => {
                let (arm, how) = match self.comparison.verdict {
                    Verdict::AloneSuffices => (ALONE, "without a teacher"),
                    _ => (SMALL, "alone"),
                };
                // In a run.json from before each comparison had a verdict of its own, this may be that of another arm.
                let cheap = comparisons
                    .iter()
                    .find(|other| other.against == arm)
                    .unwrap_or(self.comparison);
                Words {
                    comparison: cheap,
                    ..*self
                }
                .suffices(&format!("{claim}: {how}"), plain_full(arm, comparisons))
            }
        }
    }

    fn value(&self, value: Option<f64>) -> String {
        value.map_or("–".into(), |value| self.metric.named_value(value))
    }

    /// The outcome in a few words, and as the sentence's beginning.
    fn claim(&self) -> (&'static str, &'static str) {
        const NO_SAVING: &str = "No saving shown for the flow";
        let c = self.comparison;
        let better = is_better(c, self.metric.better);
        match (c.verdict, c.because) {
            (Verdict::NotCompared, Some(Because::OneStage)) => ("one stage", "One stage"),
            (Verdict::NotCompared, _) => ("not compared", "Not compared"),
            (Verdict::OnePair, _) => ("one pair, no claim", "One pair, no claim"),
            (Verdict::Overlap, _) => ("overlap, no claim", "No claim"),
            (Verdict::BaselineUntuned, _) => (
                "baseline untuned, no claim",
                "Baseline untuned, no claim for the flow",
            ),
            (Verdict::SmallSuffices, _) => ("the small model suffices", "The small model suffices"),
            (Verdict::AloneSuffices, _) => {
                ("the student alone suffices", "The student alone suffices")
            }
            (Verdict::Saves, Some(Because::Better)) => match self.cheaper() {
                true => ("saves and is better", "The flow saves and is better"),
                false => ("better at equal cost", "The flow is better at equal cost"),
            },
            (Verdict::Saves, _) => ("saves", "The flow saves"),
            (Verdict::Costs, Some(Because::Dearer)) => match better {
                true => ("better, dearer", "The flow is better and costs more"),
                false => ("as good, dearer", "The flow costs more"),
            },
            (Verdict::Costs, _) => ("worse", "The flow costs quality"),
            (Verdict::NoDifference, Some(Because::CostsDisagree)) => {
                match (better, self.dearer()) {
                    (true, "seconds") => (
                        "better, dearer in seconds",
                        "The flow is better, but dearer in seconds",
                    ),
                    (true, _) => (
                        "better, dearer in FLOPs",
                        "The flow is better, but dearer in FLOPs",
                    ),
                    (false, _) => ("no saving shown", NO_SAVING),
                }
            }
            (
                Verdict::NoDifference,
                Some(
                    Because::Chance
                    | Because::OtherSamples
                    | Because::WinnersSettings
                    | Because::NotChecked
                    | Because::NoMargin
                    | Because::MarginNotShown,
                )
                | None,
            ) => ("no difference shown", "No difference shown for the flow"),
            (Verdict::NoDifference, _) if better => ("better, no saving shown", NO_SAVING),
            (Verdict::NoDifference, _) => ("no saving shown", NO_SAVING),
        }
    }

    /// What the flow took more of, where FLOPs and seconds disagree.
    fn dearer(&self) -> &'static str {
        let cost = self.comparison.cost;
        match cost.seconds_ratio > cost.flops_ratio {
            true => "seconds",
            false => "FLOPs",
        }
    }

    /// What a claim of equal quality over plain's full budget rests on where plain at equal FLOPs took fewer seconds than the flow.
    fn equal_seconds(&self, comparisons: &[Comparison]) -> String {
        let hangs = matches!(
            self.comparison.because,
            Some(Because::WithinMargin | Because::PlainShorter)
        );
        let plain = comparisons.iter().find(|other| other.against == PLAIN);
        let plain = plain.filter(|_| hangs && self.comparison.against == PLAIN_FULL);
        let Some((plain, ratio)) = plain.and_then(|p| Some((p, beyond(p, EQUAL_COST)?))) else {
            return String::new();
        };
        let unit = match plain.cost.seconds_ratio == Some(ratio) {
            true => "seconds",
            false => "FLOPs",
        };
        let taken = format!("the flow took {} of its {unit}", show::per_cent(ratio));
        let at = self.comparison.equal_seconds.map(|at| {
            let difference = self.metric.difference(Some(at.difference));
            format!("difference {difference}, sign-flip test {}", show::p(at.p))
        });
        let shorter = "so a shorter budget alone may save as much";
        match (self.comparison.because, at) {
            (Some(Because::WithinMargin), Some(at)) => format!(
                "; plain training at equal cost is worse; {taken}, and plain training in the same seconds, read off its curve, is worse too ({at})"
            ),
            (Some(Because::WithinMargin), None) => String::new(),
            (_, Some(at)) if unit == "seconds" => format!(
                "; plain training at equal cost is worse, but {taken}, and that plain training in the same seconds, read off its curve, is worse is not shown ({at}), {shorter}"
            ),
            _ if unit == "seconds" => format!(
                "; plain training at equal cost is worse, but {taken}, and what it reaches in the same seconds is not known without its whole curve (`--curve`), {shorter}"
            ),
            _ => format!("; plain training at equal cost is worse, but {taken}, {shorter}"),
        }
    }

    /// `difference +0.28 points, 95 % interval −0.80 to +1.36, McNemar's test p = 0.754`.
    fn evidence(&self) -> String {
        let c = self.comparison;
        if self.brief {
            return format!("difference {}", self.metric.difference(c.difference));
        }
        let what = match c.test {
            Some(Test::SignedRank) => "median difference",
            _ => "difference",
        };
        let mut parts = vec![format!("{what} {}", self.metric.difference(c.difference))];
        if c.ci95.is_some() {
            parts.push(format!("95 % interval {}", self.metric.interval(c.ci95)));
        }
        parts.extend(self.test());
        if let Some(p) = c.samples_p {
            parts.push(format!("over the test samples {}", show::p(p)));
        }
        if let Some(p) = c.holm_p.filter(|adjusted| Some(*adjusted) != c.p) {
            parts.push(format!("Holm-adjusted {}", show::p(p)));
        }
        if let Some((margin, p)) = c.margin.zip(c.non_inferior_p) {
            let margin = self.metric.width(Some(margin));
            parts.push(format!("one-sided {} against {margin} worse", show::p(p)));
        }
        if let Some(folds) = c.folds {
            parts.push(format!(
                "corrected for overlapping folds {}",
                show::p(folds.p)
            ));
        }
        parts.join(", ")
    }

    fn test(&self) -> Option<String> {
        let (test, p) = self.comparison.test.zip(self.comparison.p)?;
        if self.brief {
            return None;
        }
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
        match (self.comparison.given, self.comparison.verdict) {
            (false, Verdict::Overlap) => cost,
            (false, _) => format!("{cost}{}", self.given_seen()),
            (true, Verdict::Overlap) => format!("{cost}, the given model not counted"),
            (true, _) => format!("{cost}, the given model not counted{}", self.seen()),
        }
    }

    /// `; whether it has seen the test rows is not known`, it being the given model.
    fn seen(&self) -> String {
        let overlap = self.comparison.overlap;
        overlap.map_or(String::new(), |overlap| {
            format!("; {}", leaks::overlap(&overlap))
        })
    }

    /// `for a given model has seen what is tested: …`.
    fn overlap(&self) -> String {
        let overlap = self.comparison.overlap.unwrap_or_default();
        format!(
            "the recipe declares an overlap of its given model ({})",
            leaks::overlap(&overlap)
        )
    }

    fn cheaper(&self) -> bool {
        let cost = &self.comparison.cost;
        let known = || [cost.flops_ratio, cost.seconds_ratio].into_iter().flatten();
        known().all(|ratio| ratio < 1.0 / EQUAL_COST)
    }

    fn not_compared(&self) -> String {
        let c = self.comparison;
        let other = arm_words(&c.against);
        match c.value {
            Some(value) if c.because == Some(Because::OneStage) => format!(
                "One stage: nothing to compare; it reached {} on the test part{}.",
                self.value(Some(value)),
                self.given_seen(),
            ),
            Some(value) => format!(
                "Not compared: the flow reached {} on the test part, and {other} {}{}.",
                self.value(Some(value)),
                broken(c.failed.against, c.diverged.against)
                    .unwrap_or("was not run to its end".into()),
                self.given_seen(),
            ),
            None => match broken(c.failed.arm, c.diverged.arm) {
                Some(how) => format!("Not compared: the flow {how}."),
                None => "Not compared: no trial of the flow finished.".into(),
            },
        }
    }

    /// What the given model has seen, where no cost is named.
    fn given_seen(&self) -> String {
        match self.comparison.overlap {
            Some(overlap) => format!("; of the given model, {}", leaks::overlap(&overlap)),
            None => String::new(),
        }
    }

    fn resolution(&self) -> String {
        let c = self.comparison;
        c.resolution.map_or(String::new(), |width| {
            let width = self.metric.width(Some(width));
            format!("; {} test samples resolve {width}", c.samples)
        })
    }

    fn one_pair(&self, cheap: &str) -> String {
        format!(
            "One pair, no claim: {}; to say more takes at least {FEWEST_PAIRS} seeds{cheap}.",
            self.numbers(),
        )
    }

    /// The means of several pairs, or the values of one.
    fn numbers(&self) -> String {
        let c = self.comparison;
        if c.n > 1 {
            return self.means();
        }
        format!(
            "the flow reached {}, {} {} ({}), {}{}",
            self.value(c.value),
            arm_words(&c.against),
            self.metric.value(c.against_value),
            self.evidence(),
            self.cost(),
            self.resolution(),
        )
    }

    fn means(&self) -> String {
        let c = self.comparison;
        format!(
            "over {} seeds{} it reached {}, {} {} ({}), {}{}",
            c.n,
            self.failures(),
            self.value(c.value),
            arm_words(&c.against),
            self.metric.value(c.against_value),
            self.evidence(),
            self.cost(),
            self.resolution(),
        )
    }

    /// ` (plain training at equal cost diverged in 2 trials: the worst there is)`.
    fn failures(&self) -> String {
        let c = self.comparison;
        let sides = [
            (FLOW, c.failed.arm, c.diverged.arm),
            (&c.against, c.failed.against, c.diverged.against),
        ];
        let said: Vec<String> = sides
            .into_iter()
            .filter_map(|(arm, failed, diverged)| {
                Some(format!("{} {}", arm_words(arm), broken(failed, diverged)?))
            })
            .collect();
        if said.is_empty() {
            String::new()
        } else {
            format!(" ({}, counted as the worst)", said.join(", "))
        }
    }

    /// `; the small model alone was not tuned, so no saving is claimed`.
    fn not_tuned(&self, arm: &str, comparisons: &[Comparison]) -> String {
        let other = comparisons.iter().find(|other| other.against == arm);
        let why = other
            .and_then(|other| chosen_ends(&other.ends))
            .unwrap_or(format!("{} was not tuned", arm_words(arm)));
        format!("; {why}, so no saving is claimed")
    }

    /// What is missing for a saving.
    fn reason(&self, comparisons: &[Comparison]) -> String {
        let c = self.comparison;
        let other = arm_words(&c.against);
        let few = format!(
            "; {} pairs cannot show one, at least {FEWEST_PAIRS} seeds can",
            c.n
        );
        let dearer = self.dearer();
        match c.because {
            _ if c.n < FEWEST_PAIRS => few,
            Some(Because::OtherSamples) => {
                "; it is shown for other seeds but not for other test samples".into()
            }
            Some(Because::WinnersSettings) => self.with_winners_settings(),
            Some(Because::NotChecked) => {
                "; it has yet to be checked with both at the same settings".into()
            }
            Some(Because::NoMargin) => {
                "; that it is as good cannot be shown without a declared `margin`".into()
            }
            Some(Because::MarginNotShown) => format!(
                "; that it is less than {} worse is not shown",
                self.metric.width(c.margin)
            ),
            Some(Because::EqualCost) => {
                "; being as good within the margin at equal cost saves nothing".into()
            }
            Some(Because::CostsDisagree) => {
                format!("; it is dearer in {dearer}, so no saving is claimed")
            }
            Some(Because::SecondsBusy) => busy(&c.cost),
            Some(Because::SecondsUnknown) => {
                "; its seconds are not known, so no saving is claimed".into()
            }
            Some(Because::SmallNotWorse) => {
                "; the small model alone is not shown to be worse than the flow, so no saving is claimed".into()
            }
            Some(Because::SmallUntuned) => self.not_tuned(SMALL, comparisons),
            Some(Because::AloneNotWorse) => {
                "; the student alone is not shown to be worse than the flow, so no saving is claimed".into()
            }
            Some(Because::AloneUntuned) => self.not_tuned(ALONE, comparisons),
            Some(Because::PlainUntuned) => self.not_tuned(PLAIN, comparisons),
            Some(Because::PlainNotWorse) => {
                "; plain training at the flow's cost is not shown to be worse, so a shorter budget alone may save as much".into()
            }
            Some(Because::OtherFailed) => {
                format!("; {other} failed other than by diverging, so no saving is claimed")
            }
            _ => String::new(),
        }
    }

    /// `; with plain training at equal cost at the settings of the flow, seed by seed, it is not shown (…), so luck in choosing …`.
    fn with_winners_settings(&self) -> String {
        self.at_winners_settings()
            .map_or(String::new(), |(with, difference)| {
                format!(
                    "; {with} it is not shown ({difference}), so luck in choosing may explain it"
                )
            })
    }

    /// `; with plain training at equal cost at the settings of the flow, seed by seed, it holds too (difference +0.80 points)`.
    fn checked(&self) -> String {
        // Where both have chosen the same with every seed, it is what was shown.
        let other = |guard: &Guard| guard.difference != self.comparison.difference;
        let checked = self.comparison.guard.as_ref().filter(|guard| other(guard));
        let checked = checked
            .filter(|_| !self.brief)
            .and_then(|_| self.at_winners_settings());
        checked.map_or(String::new(), |(with, difference)| {
            format!("; {with} it holds too ({difference})")
        })
    }

    fn at_winners_settings(&self) -> Option<(String, String)> {
        let guard = self.comparison.guard.as_ref()?;
        let winner = match guard.loser.as_str() {
            FLOW => self.comparison.against.as_str(),
            _ => FLOW,
        };
        let (loser, winner) = (arm_words(&guard.loser), arm_words(winner));
        Some((
            format!("with {loser} at the settings of {winner}, seed by seed,"),
            format!("difference {}", self.metric.difference(guard.difference)),
        ))
    }

    fn tuning(&self) -> String {
        match self.comparison.tuning {
            Some(Sides { arm, against }) if arm == against => {
                format!("; each chose from {arm} settings")
            }
            Some(Sides { arm, against }) => {
                format!("; it chose from {against} settings, the flow from {arm}")
            }
            None => String::new(),
        }
    }

    fn untuned(&self) -> String {
        let other = arm_words(&self.comparison.against);
        if let Some(ends) = chosen_ends(&self.comparison.ends) {
            return format!("{ends}, so nothing follows until a longer list has been tried");
        }
        match self.comparison.tuning {
            Some(Sides { arm, against }) => format!(
                "{other} chose from {against} settings and the flow from {arm}, and nothing follows from it until both have the same choice, of two at least"
            ),
            None => {
                "nothing follows from it until plain's learning rate and budget are tuned".into()
            }
        }
    }

    /// `The small model suffices: alone it reached …`; `who` is the part before `it`.
    fn suffices(&self, who: &str, plain: &str) -> String {
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
        let test = self
            .test()
            .map_or(String::new(), |test| format!(", {test}"));
        let told = match c.margin.filter(|_| c.n > 1) {
            Some(margin) => format!(
                "not better by the margin of {} (difference {}{test})",
                self.metric.width(Some(margin)),
                self.metric.difference(c.difference),
            ),
            None => format!(
                "no better than the test set can tell (±{}{test})",
                self.metric.width(c.resolution)
            ),
        };
        format!(
            "{who} it reached {} for {}; the flow's {} is {told}{}{plain}.",
            self.value(c.against_value),
            cost.join(" and "),
            self.metric.value(c.value),
            self.given_seen(),
        )
    }
}

/// `; the machine was too busy to tell its seconds from plain's (95 % interval 91 % to 118 %), so no saving is claimed`.
pub(super) fn busy(cost: &CostRatios) -> String {
    let interval = cost.seconds_ci95.map_or(String::new(), |ends| {
        let [low, high] = ends.map(show::per_cent);
        format!(" (95 % interval of their ratio {low} to {high})")
    });
    format!(
        "; the machine was too busy to tell which took more seconds{interval}, so no saving is claimed"
    )
}

/// `the flow chose lr=0.064, the end of its list`; none where no arm did.
pub(super) fn chosen_ends(ends: &[AtEnd]) -> Option<String> {
    let (first, more) = ends.split_first()?;
    if !more.is_empty() && more.iter().all(|end| end.settings == first.settings) {
        let arms: Vec<String> = ends.iter().map(|end| arm_words(&end.arm)).collect();
        let arms = arms.join(" and ");
        return Some(format!(
            "{arms} have {}, the end of the list",
            first.settings
        ));
    }
    let chose = |end: &AtEnd| format!("{} chose {}", arm_words(&end.arm), end.settings);
    let more: String = more
        .iter()
        .map(|end| format!(" and {}", chose(end)))
        .collect();
    let list = match more.is_empty() {
        true => "the end of its list",
        false => "the ends of their lists",
    };
    Some(format!("{}{more}, {list}", chose(first)))
}

/// What is to be said of plain training's full budget where the small model suffices.
fn plain_full(arm: &str, comparisons: &[Comparison]) -> &'static str {
    let run = comparisons
        .iter()
        .any(|c| c.against == PLAIN_FULL && c.n > 0);
    match arm == SMALL && !run {
        true => "; plain training at its full budget was not run",
        false => "",
    }
}
