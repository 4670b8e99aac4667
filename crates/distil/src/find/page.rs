//! A search on one page of Markdown: what was tried, what it cost, where it stopped, what the usual way would have cost.

use std::fmt::Write;

use distil_report::measure::{Better, MainMetric};
use distil_report::present::human::{human_flops, human_seconds};
use distil_report::show::exact;

use super::record::{Confirmed, FindJson, Tried};

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
    if let Some(confirmed) = &find.confirmed {
        let seeds = confirmed.test.len() as f64;
        let _ = writeln!(
            page,
            "The {seeds} trainings that confirm took {} and {} more.",
            human_flops(seeds * confirmed.flops),
            human_seconds(seeds * confirmed.cpu_seconds)
        );
    }
    if find.naive_flops > 0.0 {
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
        return format!("Nothing is confirmed: {}.", find.stopped);
    };
    let Confirmed {
        test,
        mean,
        bound,
        met,
        flops,
        cpu_seconds,
        ..
    } = confirmed;
    let value = |value: f64| find.metric.value(Some(value));
    let side = match find.metric.better {
        Better::Higher => "at least",
        Better::Lower => "at most",
    };
    let reached = match met {
        true => "The goal is reached",
        false => "The goal is not shown to be reached",
    };
    let lost = match confirmed.lost {
        0 => String::new(),
        lost => format!(" ({lost} more diverged)"),
    };
    let bound = bound.map_or_else(String::new, |bound| {
        format!(", {side} {} with 95 % confidence", value(bound))
    });
    format!(
        "{reached}: over {} fresh seeds{lost} `{}` ({}, {} epochs) has {} {} on the test part{bound}; asked was {side} {}. One such training takes {} and {}. The search ended: {}.",
        test.len(),
        route.name,
        route.words,
        exact(route.epochs as f64),
        find.metric.title(),
        value(*mean),
        value(find.at),
        human_flops(*flops),
        human_seconds(*cpu_seconds),
        find.stopped
    )
}
