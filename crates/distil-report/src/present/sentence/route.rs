//! What the route by a small network came to, in one sentence.

use super::comparison::{arm_words, busy, chosen_ends};
use crate::compare::{Because, Comparison, CostRatios, Route, Verdict};
use crate::measure::MainMetric;
use crate::present::show;
use crate::record::arm::{PLAIN_FULL, TRANSFERRED};
use crate::run_json::RunJson;
use crate::statistics::FEWEST_PAIRS;

/// The route against plain training at its full budget, for one model whose settings are known and with the search; none where it was
/// not run. `brief`: without tests and intervals.
pub fn route(run: &RunJson, brief: bool) -> Option<String> {
    let route = run.route.as_ref()?;
    let known = &route.known;
    let (transferred, plain) = (arm_words(TRANSFERRED), arm_words(PLAIN_FULL));
    if known.n == 0 {
        return Some(format!(
            "Route not compared: {transferred} and {plain} have no pair that finished."
        ));
    }
    let over = match known.n {
        1 => "with one seed".to_owned(),
        n => format!("over {n} seeds"),
    };
    Some(format!(
        "{}: {over} {transferred} reached {}, {plain} {} ({}); {}{}{}.",
        claim(route),
        run.metric.named_value(known.value.unwrap_or(f64::NAN)),
        run.metric.value(known.against_value),
        evidence(known, &run.metric, brief),
        costs(route, &run.metric, brief),
        checked(route, &run.metric, brief),
        reason(route, &run.metric),
    ))
}

fn claim(route: &Route) -> &'static str {
    match (route.searched.verdict, route.searched.because) {
        (Verdict::Saves, Some(Because::Better)) => "The route saves and is better",
        (Verdict::Saves, _) => "The route saves",
        (Verdict::Costs, Some(Because::Dearer)) => "The route costs more",
        (Verdict::Costs, _) => "The route costs quality",
        (Verdict::OnePair, _) => "One pair of the route, no claim",
        (Verdict::BaselineUntuned | Verdict::Overlap, _) => "No claim for the route",
        _ => "No saving shown for the route",
    }
}

/// What a comparison shows: `difference −0.10 points, 95 % interval …, one-sided p = 0.008 against 1.00 points worse`; `brief`: the
/// difference alone.
pub fn evidence(known: &Comparison, metric: &MainMetric, brief: bool) -> String {
    let mut parts = vec![format!(
        "difference {}",
        metric.difference(known.difference)
    )];
    if brief {
        return parts.concat();
    }
    if known.ci95.is_some() {
        parts.push(format!("95 % interval {}", metric.interval(known.ci95)));
    }
    if let Some((test, p)) = known.test.zip(known.p) {
        parts.push(format!("{} {}", test.words(), show::p(p)));
    }
    if let Some((margin, p)) = known.margin.zip(known.non_inferior_p) {
        let margin = metric.width(Some(margin));
        parts.push(format!("one-sided {} against {margin} worse", show::p(p)));
    }
    parts.join(", ")
}

/// `its cost is 16 % of plain's in FLOPs and 25 % in seconds with the search, 100 % and 101 % where settings are known`.
fn costs(route: &Route, metric: &MainMetric, brief: bool) -> String {
    let both = |cost: &CostRatios| {
        let per_cent = |ratio: Option<f64>| ratio.map_or("–".to_owned(), show::per_cent);
        format!(
            "{} of its FLOPs and {} of its seconds",
            per_cent(cost.flops_ratio),
            per_cent(cost.seconds_ratio)
        )
    };
    let mut said = format!(
        "with the search counted on both sides at {}, once settings are known at {}",
        both(&route.searched.cost),
        both(&route.known.cost)
    );
    let halving = both(&route.halving);
    said += &match &route.halved {
        _ if brief => String::new(),
        Some(halved) if halved.n == 0 => {
            ", and no pair finished in which successive halving chose for plain training".into()
        }
        Some(halved) => {
            let mut evidence = format!("difference {}", metric.difference(halved.difference));
            if halved.ci95.is_some() {
                evidence += &format!(", 95 % interval {}", metric.interval(halved.ci95));
            }
            if halved.n != route.known.n {
                evidence += &format!(", {} seeds", halved.n);
            }
            if halved.at_an_end {
                evidence += ", its choice at the end of its list";
            }
            let value = metric.value(halved.value);
            format!(
                ", and at {halving} where successive halving chooses for plain training, which then reached {value} ({evidence})"
            )
        }
        None if route.halving == CostRatios::default() => String::new(),
        None => format!(
            ", and at {halving} had plain training been chosen by successive halving (computed)"
        ),
    };
    said
}

fn checked(route: &Route, metric: &MainMetric, brief: bool) -> String {
    let guard = route.known.guard.as_ref();
    let Some((guard, settings)) = guard.and_then(|guard| Some((guard, guard.settings.as_ref()?)))
    else {
        return String::new();
    };
    let holds = match route.searched.because {
        Some(Because::WinnersSettings) => "it is not shown",
        _ if brief || guard.difference == route.known.difference => return String::new(),
        _ => "it holds too",
    };
    format!(
        "; against plain training at {settings} for every seed, which tests best, {holds} (difference {})",
        metric.difference(guard.difference)
    )
}

/// What is missing for a saving.
fn reason(route: &Route, metric: &MainMetric) -> String {
    let known = &route.known;
    if route.searched.verdict == Verdict::OnePair {
        return format!("; to say more takes at least {FEWEST_PAIRS} seeds");
    }
    if route.searched.verdict == Verdict::BaselineUntuned {
        let ends = chosen_ends(&known.ends);
        let why = ends.unwrap_or_else(|| "the two did not choose from as many settings".into());
        return format!("; {why}, so nothing follows");
    }
    match route.searched.because {
        _ if route.searched.verdict != Verdict::NoDifference => String::new(),
        _ if known.n < FEWEST_PAIRS => {
            format!(
                "; {} pairs cannot show one, at least {FEWEST_PAIRS} seeds can",
                known.n
            )
        }
        Some(Because::NotChecked) => {
            "; it has yet to be checked against plain training at each value it chose from".into()
        }
        Some(Because::OtherSamples) => {
            "; it is shown for other seeds but not for other test samples".into()
        }
        Some(Because::NoMargin | Because::Chance) if known.margin.is_none() => {
            "; that it is as good cannot be shown without a declared `margin`".into()
        }
        Some(Because::MarginNotShown | Because::Chance) => format!(
            "; that it is less than {} worse is not shown",
            metric.width(known.margin)
        ),
        Some(Because::SmallNotWorse) => {
            "; the small model alone is not shown to be worse, so no saving is claimed".into()
        }
        Some(Because::SmallUntuned) => {
            "; the small model alone was not tuned, so no saving is claimed".into()
        }
        Some(Because::SecondsBusy) => busy(&route.searched.cost),
        Some(Because::SecondsUnknown) => "; its seconds are not known".into(),
        Some(Because::OtherFailed) => "; plain training failed other than by diverging".into(),
        _ => String::new(),
    }
}
