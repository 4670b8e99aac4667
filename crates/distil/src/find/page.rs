//! A search on one page of Markdown: what was tried, what it cost, where it stopped, what the usual way would have cost.

use std::fmt::Write;

use distil_report::measure::{Better, MainMetric};
use distil_report::present::human::{human_flops, human_seconds};
use distil_report::present::sentence::evidence;
use distil_report::show::{exact, per_cent};

use super::record::{Confirmed, FindJson, Large, Tried};

/// The page.
pub fn page(find: &FindJson) -> String {
    let mut page = format!("# {}: {}\n\n{}\n", find.name, find.goal, sentence(find));
    for note in &find.notes {
        let _ = writeln!(page, "\nNote: {note}.");
    }
    let _ = writeln!(
        page,
        "\nThe search took {} of training and {} of the processor.",
        human_flops(find.search_flops),
        human_seconds(find.search_cpu_seconds)
    );
    let confirmed = find.confirmed.as_ref();
    let large = confirmed.and_then(|confirmed| confirmed.large.as_ref());
    if let Some(confirmed) = confirmed {
        let seeds = (confirmed.test.len() as u64 + confirmed.lost) as f64;
        let (mut flops, mut seconds) = (seeds * confirmed.flops, seeds * confirmed.cpu_seconds);
        let mut what = format!("{} trainings", exact(seeds));
        if let Some(large) = large {
            flops += seeds * large.flops;
            seconds += seeds * large.cpu_seconds;
            let rates = exact(large.rates as f64);
            let _ = write!(
                what,
                ", and {} of the large network, at {rates} rates with as many seeds",
                exact(seeds * large.rates as f64)
            );
        }
        let _ = writeln!(
            page,
            "Confirming took {} and {} more: {what}.",
            human_flops(flops),
            human_seconds(seconds)
        );
    }
    if let Some((large, confirmed)) = large.zip(confirmed) {
        let _ = writeln!(
            page,
            "\nFrom nothing to a model, the usual way: {} and {} for the large network in full at each of {} rates (measured while confirming, the mean of its seeds). By this search and one training of its route: {} and {}. That it is as good is known only by confirming.",
            human_flops(large.flops),
            human_seconds(large.cpu_seconds),
            large.rates,
            human_flops(find.search_flops + confirmed.flops),
            human_seconds(find.search_cpu_seconds + confirmed.cpu_seconds),
        );
    } else if find.naive_flops > 0.0 {
        let _ = writeln!(
            page,
            "Training the large network in full at each of {} rates, the usual way to find its own, would take {} (computed, not run).",
            find.rates,
            human_flops(find.naive_flops)
        );
    }
    for step in &find.steps {
        let _ = write!(page, "\n## {}: {}\n\n", step.name, step.purpose);
        let _ = writeln!(
            page,
            "| | | epochs | {}, validation | loss | FLOPs | CPU |\n|---|---|---:|---:|---:|---:|---:|",
            find.metric.title()
        );
        for tried in &step.tried {
            let _ = writeln!(page, "{}", row(tried, &find.metric));
        }
    }
    page
}

fn row(tried: &Tried, metric: &MainMetric) -> String {
    let none = || "–".to_owned();
    format!(
        "| {} | {} | {} | {} | {} | {} | {} |",
        tried.name,
        tried.words,
        tried.epochs,
        tried
            .value
            .map_or_else(none, |value| metric.value(Some(value))),
        tried.loss.map_or_else(none, |loss| format!("{loss:.4}")),
        human_flops(tried.flops),
        human_seconds(tried.cpu_seconds)
    )
}

/// What came of the search, in a few sentences.
pub fn sentence(find: &FindJson) -> String {
    let Some((route, confirmed)) = find.route.as_ref().zip(find.confirmed.as_ref()) else {
        return match &find.route {
            Some(route) => format!(
                "Not confirmed yet: `{}` was found ({}), and `distil resume` goes on.",
                route.name, find.stopped
            ),
            None => format!("Nothing is confirmed: {}.", find.stopped),
        };
    };
    let Confirmed {
        test,
        mean,
        bound,
        met,
        flops,
        cpu_seconds,
        large,
        ..
    } = confirmed;
    let reached = match met {
        true => "The goal is reached",
        false => "The goal is not shown to be reached",
    };
    let lost = match confirmed.lost {
        0 => String::new(),
        lost => format!(" ({lost} more diverged)"),
    };
    let against = match large {
        Some(large) => beside_large(large, &find.metric),
        None => at_level(*bound, find),
    };
    format!(
        "{reached}: over {} fresh seeds{lost} `{}` ({}, {} epochs) has {} {} on the test part{against}. One such training takes {} and {}. The search ended: {}.",
        test.len(),
        route.name,
        route.words,
        exact(route.epochs as f64),
        find.metric.title(),
        find.metric.value(Some(*mean)),
        human_flops(*flops),
        human_seconds(*cpu_seconds),
        find.stopped
    )
}

fn at_level(bound: Option<f64>, find: &FindJson) -> String {
    let side = match find.metric.better {
        Better::Higher => "at least",
        Better::Lower => "at most",
    };
    let value = |value: f64| find.metric.value(Some(value));
    let bound = bound.map_or_else(String::new, |bound| {
        format!(", {side} {} with 95 % confidence over seeds", value(bound))
    });
    format!("{bound}; asked was {side} {}", find.metric.value(find.at))
}

fn beside_large(large: &Large, metric: &MainMetric) -> String {
    let found = &large.comparison;
    let mut said = format!(
        "; the large network in full has {} with the same seeds, each at that of {} rates which was best on the validation part ({})",
        metric.value(found.against_value),
        large.rates,
        evidence(found, metric, false)
    );
    let guard = found.guard.as_ref();
    if let Some((settings, guard)) = guard.and_then(|guard| Some((guard.settings.as_ref()?, guard)))
    {
        let holds = match large.equalled {
            true => "it holds too",
            false => "it is not shown",
        };
        said += &format!(
            "; against {settings} for every seed, which tests best, {holds} (difference {})",
            metric.difference(guard.difference)
        );
    }
    for end in &found.ends {
        said += &format!(
            "; the large network chose the end of its list, {}, so nothing is claimed: give a list that goes on, `--set \"compare.tune={{ lr = [...] }}\"`",
            end.settings
        );
    }
    if let Some(ratio) = found.cost.flops_ratio.filter(|_| large.equalled) {
        said += &match ratio < 0.99 {
            true => format!(
                "; the route takes {} of the large one's FLOPs",
                per_cent(ratio)
            ),
            false => {
                "; nothing cheaper was found than the large network at the small one's rate".into()
            }
        };
    }
    said
}
