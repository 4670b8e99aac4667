//! A search on one page of Markdown: what was tried, what it cost, where it stopped, what the usual way would have cost.

use std::fmt::Write;

use distil_report::measure::{Better, MainMetric};
use distil_report::present::human::{human_flops, human_seconds};
use distil_report::show::exact;

use super::record::{Confirmed, FindJson, Tried};

/// The page.
pub fn page(find: &FindJson) -> String {
    let mut page = format!("# {}: {}\n\n{}\n", find.name, find.goal, sentence(find));
    let _ = write!(
        page,
        "\nThe search took {} of training and {} of the processor. Training the large network in full at each of {} rates, the usual way to find its own, \
         would take {} (computed, not run).\n",
        human_flops(find.search_flops),
        human_seconds(find.search_cpu_seconds),
        find.rates,
        human_flops(find.naive_flops)
    );
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
    let Some(((name, epochs), confirmed)) = find.route.as_ref().zip(find.confirmed.as_ref()) else {
        return format!("Nothing was found: {}.", find.stopped);
    };
    let Confirmed {
        test,
        mean,
        bound,
        met,
        flops,
        cpu_seconds,
    } = confirmed;
    let value = |value: f64| find.metric.value(Some(value));
    let words = find.steps.iter().flat_map(|step| &step.tried);
    let words = words
        .filter(|tried| tried.name == *name)
        .map(|tried| tried.words.as_str())
        .next_back();
    let side = match find.metric.better {
        Better::Higher => "at least",
        Better::Lower => "at most",
    };
    let reached = match met {
        true => "The goal is reached",
        false => "The goal is not shown to be reached",
    };
    let bound = bound.map_or_else(String::new, |bound| {
        format!(", {side} {} with 95 % confidence", value(bound))
    });
    format!(
        "{reached}: over {} fresh seeds `{name}` ({}, {} epochs) has {} {} on the test part{bound}; asked was {side} {}. One such training takes {} and {}. The search ended: {}.",
        test.len(),
        words.unwrap_or_default(),
        exact(*epochs as f64),
        find.metric.title(),
        value(*mean),
        value(find.at),
        human_flops(*flops),
        human_seconds(*cpu_seconds),
        find.stopped
    )
}
