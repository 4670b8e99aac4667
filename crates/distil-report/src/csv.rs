//! metrics.csv: every progress point of every trial, one a row.

use std::collections::BTreeSet;

use crate::bill::Calibration;
use crate::curve::{Point, curve};
use crate::events::{Event, Folded};

/// The header and one row per progress event. Costs are the trial's up to that point, towards equal cost; unknown numbers are
/// empty. Loss terms are columns `term.<name>`, validation metrics `validation.<name>`.
pub fn metrics_csv(trials: &[Folded<'_>], calibration: Option<&Calibration>) -> String {
    let curves: Vec<(&Folded<'_>, Vec<Point<'_>>)> = trials
        .iter()
        .map(|trial| (trial, curve(trial, calibration)))
        .collect();
    let points = || curves.iter().flat_map(|(_, points)| points);
    let terms: BTreeSet<&String> = points()
        .flat_map(|point| point.progress.terms.keys())
        .collect();
    let metrics: BTreeSet<&String> = points()
        .filter_map(|point| point.progress.validation.as_ref())
        .flat_map(|metrics| metrics.keys())
        .collect();
    let mut header: Vec<String> = COLUMNS.iter().map(|column| (*column).to_owned()).collect();
    header.extend(terms.iter().map(|name| quoted(&format!("term.{name}"))));
    header.extend(
        metrics
            .iter()
            .map(|name| quoted(&format!("validation.{name}"))),
    );
    let mut text = header.join(",") + "\n";
    for (trial, points) in &curves {
        let Some(Event::Started(started)) = trial.events.first() else {
            continue;
        };
        for point in points {
            let progress = point.progress;
            let mut cells = vec![
                quoted(&started.arm),
                started.seed.to_string(),
                started.fold.map_or(String::new(), |fold| fold.to_string()),
                quoted(&progress.stage),
                progress.step.to_string(),
                progress.epoch.to_string(),
                progress.samples.to_string(),
                progress.loss.to_string(),
                progress.lr.to_string(),
                number(point.flops),
                number(point.reference_seconds),
                point.cpu_seconds.to_string(),
                progress.time.samples_per_second.to_string(),
            ];
            cells.extend(
                terms
                    .iter()
                    .map(|name| number(progress.terms.get(*name).copied())),
            );
            cells.extend(metrics.iter().map(|name| {
                number(
                    progress
                        .validation
                        .as_ref()
                        .and_then(|metrics| metrics.get(*name).copied()),
                )
            }));
            text += &(cells.join(",") + "\n");
        }
    }
    text
}

const COLUMNS: [&str; 13] = [
    "arm",
    "seed",
    "fold",
    "stage",
    "step",
    "epoch",
    "samples",
    "loss",
    "lr",
    "flops",
    "reference_seconds",
    "cpu_seconds",
    "samples_per_second",
];

fn number(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}

/// A field as RFC 4180 writes it.
fn quoted(field: &str) -> String {
    if field.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn fields_are_quoted_as_rfc_4180_says() {
        assert_eq!(
            ["plain", "a,b", "say \"x\"", "two\nlines"].map(quoted),
            ["plain", "\"a,b\"", "\"say \"\"x\"\"\"", "\"two\nlines\""]
        );
    }
}
