//! What plain's curve shows, in sentences.

use crate::compare::curve::{Bound, Curve, EqualQuality, Share, Times};
use crate::measure::MainMetric;
use crate::present::human::{human_flops, human_seconds};
use crate::present::show;
use crate::statistics::{FEWEST_FOR_BCA, FEWEST_PAIRS};

impl Curve {
    /// Knee, quality at equal cost, cost at equal quality and ceiling, those that are known, a sentence each.
    pub fn sentences(&self, metric: &MainMetric) -> Vec<String> {
        let cost = |found: Option<EqualQuality>, what: &str, human: fn(f64) -> String| {
            found.map(|found| self.equal_quality(&found, what, human))
        };
        let mut said = vec![self.knee_sentence(metric)];
        said.extend(self.equal_cost_sentence(metric));
        said.extend(cost(self.equal_quality_flops, "FLOPs", human_flops));
        said.extend(cost(self.equal_quality_seconds, "time", human_seconds));
        said.extend(self.ceiling_sentence());
        said.extend(self.left_out());
        said
    }

    /// That seeds are missing from it; none where none are.
    pub fn left_out(&self) -> Option<String> {
        (self.left_out > 0).then(|| {
            format!(
                "Left out of plain's curve: {} of {} seeds, with which a trial did not finish.",
                self.left_out,
                self.left_out + self.seeds
            )
        })
    }

    /// Where plain's knee is: what every claim of a saving has to stand beside.
    pub fn knee_sentence(&self, metric: &MainMetric) -> String {
        let seeds = self.seeds;
        let Some(width) = self.margin.map(|margin| metric.width(Some(margin))) else {
            return "Plain's knee: not known, without `[compare] margin` nothing says what is good enough.".to_owned();
        };
        let Some(knee) = self.knee else {
            return format!(
                "Plain's knee: not known, it takes at least {FEWEST_PAIRS} seeds, and plain's curve has {seeds}."
            );
        };
        let interval = match knee.low {
            low if low == knee.high => String::new(),
            low => format!(" (95 % interval {} to {})", share(low), share(knee.high)),
        };
        if knee.at.bound == Bound::MoreThan {
            return format!(
                "Plain's knee: beyond its declared budget{interval}: twice as much would gain more than {width}, over {seeds} seeds."
            );
        }
        let beyond = match knee.high.bound {
            Bound::MoreThan => String::new(),
            _ if knee.high.share >= 1.0 => String::new(),
            _ => format!(
                "; the budget lies beyond the knee, and savings against it are overstated {} ×",
                overstated(knee.at)
            ),
        };
        format!(
            "Plain's knee: {} of its declared budget{interval} is within {width} of its best over {seeds} seeds{beyond}.",
            share(knee.at)
        )
    }

    fn equal_cost_sentence(&self, metric: &MainMetric) -> Option<String> {
        let found = self.equal_cost?;
        let interval = found.ci95.map_or(String::new(), |_| {
            format!("95 % interval {}, ", metric.interval(found.ci95))
        });
        Some(format!(
            "At equal cost, {} of plain's declared budget: the flow − plain is {} ({interval}sign-flip test {}), plain being read between its points.",
            show::per_cent(found.share),
            metric.difference(Some(found.difference)),
            show::p(found.p)
        ))
    }

    fn equal_quality(&self, found: &EqualQuality, what: &str, human: fn(f64) -> String) -> String {
        let how = match found.bound {
            Bound::Exactly => "",
            Bound::AtMost => "at most ",
            Bound::MoreThan => "more than ",
        };
        let end = |end: f64| match end {
            0.0 => "below plain's smallest budget".to_owned(),
            f64::INFINITY => "beyond its whole budget".to_owned(),
            _ => times(end),
        };
        let ends = found.ci95.filter(|ends| ends.low != ends.high);
        let interval = ends.map_or(String::new(), |Times { low, high }| {
            let few = if self.seeds < FEWEST_FOR_BCA {
                format!(", rather too narrow with {} seeds", self.seeds)
            } else {
                String::new()
            };
            format!(
                " (95 % bootstrap interval {} to {}{few})",
                end(low),
                end(high)
            )
        });
        format!(
            "At equal quality, in {what}: plain takes {how}{}, {how}{} what the flow takes{interval}.",
            human(found.plain),
            times(found.times)
        )
    }

    fn ceiling_sentence(&self) -> Option<String> {
        let ceiling = self.ceiling?;
        let most = format!(
            "Growth ceiling: a head start from the small model saves at most {} of plain's FLOPs",
            show::per_cent(ceiling)
        );
        let never = self
            .equal_quality_flops
            .is_some_and(|found| found.bound == Bound::MoreThan);
        Some(match self.saving().filter(|_| self.above_ceiling()) {
            Some(saving) if never => format!(
                "{most}; at equal quality the flow would save at least {}: plain's best at any budget that was run is passed, and the ceiling does not apply.",
                show::per_cent(saving)
            ),
            Some(saving) => format!(
                "{most}, and at equal quality the flow would save {}, more than a head start can. Explain it, or look for the fault in plain's learning rate and schedule.",
                show::per_cent(saving)
            ),
            None => format!("{most}."),
        })
    }
}

/// `38 %`, `≤ 25 %`, `> 100 %`.
fn share(share: Share) -> String {
    let how = match share.bound {
        Bound::Exactly => "",
        Bound::AtMost => "≤ ",
        Bound::MoreThan => "> ",
    };
    format!("{how}{}", show::per_cent(share.share))
}

/// By how much a saving against the whole budget is too large: `1.41`, `at least 4.00`.
fn overstated(knee: Share) -> String {
    let how = match knee.bound {
        Bound::AtMost => "at least ",
        Bound::Exactly | Bound::MoreThan => "",
    };
    format!("{how}{:.2}", 1.0 / knee.share)
}

/// `1.41 ×`.
fn times(times: f64) -> String {
    format!("{times:.2} ×")
}
