//! What the result says about the test samples: confusion matrix, residual plot, or F1 by label.

use super::chart::{Axis, Bar, Piece, Scale, bars, bounds, heat, scatter, short};
use crate::measure::{ClassOutputs, LabelOutputs, Outputs, ValueOutputs, confusion, label_f1};
use crate::present::show;
use crate::present::table::Table;
use crate::trials::Predictions;

/// Title, chart as SVG, and one sentence; none where the predictions cannot be drawn.
pub(super) fn chart(predictions: &Predictions) -> Option<(String, String, String)> {
    match predictions.outputs().ok()? {
        Outputs::Classes(outputs) => Some(classes(&outputs, &predictions.names)),
        Outputs::Labels(outputs) => Some(labels(&outputs, &predictions.names)),
        Outputs::Values(outputs) => Some(values(&outputs, predictions)),
    }
}

fn classes(outputs: &ClassOutputs<'_>, names: &[String]) -> (String, String, String) {
    let found = confusion(outputs);
    let mistakes = found.mistakes();
    let sentence = match mistakes.first().copied() {
        Some((_, _, 1)) => {
            let mistakes = outputs.correct().filter(|correct| !correct).count();
            format!(
                "{mistakes} of {} test samples are taken for another class, no two in the same way.",
                outputs.rows().len()
            )
        }
        Some((truth, predicted, count)) => format!(
            "Most often, {} is taken for {}: {count} of {}.",
            names[truth],
            names[predicted],
            found.totals()[truth]
        ),
        None => "No test sample is taken for another class.".into(),
    };
    let chart = match found.classes > DRAWN {
        false => heat("confusion matrix of the test part", &found, names),
        true => pairs(&mistakes, names),
    };
    ("Confusion on the test part".into(), chart, sentence)
}

/// Classes beyond which a matrix shows nothing, and its worst pairs are listed instead.
const DRAWN: usize = 300;
/// Pairs that are listed.
const WORST: usize = 24;

fn pairs(mistakes: &[(usize, usize, u64)], names: &[String]) -> String {
    let worst = mistakes
        .iter()
        .take(WORST)
        .map(|(truth, predicted, count)| {
            let name = format!(
                "{} taken for {}",
                short(&names[*truth]),
                short(&names[*predicted])
            );
            Bar {
                total: count.to_string(),
                pieces: vec![Piece {
                    title: format!("{name}: {count}"),
                    class: "stage1 train".into(),
                    size: *count as f64,
                }],
                name,
            }
        });
    bars(
        "classes most often confused on the test part",
        &worst.collect::<Vec<_>>(),
    )
}

fn labels(outputs: &LabelOutputs<'_>, names: &[String]) -> (String, String, String) {
    let f1 = label_f1(outputs);
    let drawn: Vec<Bar> = names
        .iter()
        .zip(&f1)
        .map(|(name, f1)| Bar {
            name: name.clone(),
            total: format!("{f1:.3}"),
            pieces: vec![Piece {
                title: format!("{name}: {f1:.3}"),
                class: "stage1 train".into(),
                size: *f1,
            }],
        })
        .collect();
    let worst = names.iter().zip(&f1).min_by(|a, b| a.1.total_cmp(b.1));
    let sentence = worst.map_or(String::new(), |(name, f1)| {
        format!("The hardest label is {name}, with F1 {f1:.3}.")
    });
    (
        "F1 by label on the test part".into(),
        bars("F1 by label on the test part", &drawn),
        sentence,
    )
}

/// Each target's own errors, where there are several.
pub(super) fn targets(predictions: &Predictions) -> Option<Table> {
    let Outputs::Values(outputs) = predictions.outputs().ok()? else {
        return None;
    };
    let columns = ["target", "RMSE", "MAE", "R²"];
    let mut table = Table::new("Each target on the test part", 1, &columns);
    for (target, name) in predictions.names.iter().enumerate() {
        let errors: Vec<f64> = outputs.target(target).map(|(v, truth)| v - truth).collect();
        let of = |size: fn(f64) -> f64| {
            errors.iter().map(|error| size(*error)).sum::<f64>() / errors.len().max(1) as f64
        };
        let (square, size) = (of(|error| error * error), of(f64::abs));
        let variance = outputs.truth_variance(target);
        table.row(vec![
            name.clone(),
            show::number(square.sqrt()),
            show::number(size),
            show::plain(1.0 - square / variance),
        ]);
    }
    (table.rows.len() > 1).then_some(table)
}

/// Of several targets the first is drawn.
fn values(outputs: &ValueOutputs<'_>, predictions: &Predictions) -> (String, String, String) {
    let points: Vec<(f64, f64)> = outputs
        .target(0)
        .map(|(value, truth)| (truth, value))
        .collect();
    let all = points.iter().flat_map(|(truth, value)| [*truth, *value]);
    let (low, high) = bounds(all);
    let unit = predictions.unit.as_deref();
    let shown = unit.map_or(String::new(), |unit| format!(" ({unit})"));
    let margin = 0.03 * (high - low).max(1e-9 * low.abs().max(high.abs()));
    let axis = |title: &str| {
        Axis::new(title, low, high, Scale::Linear, 1.0).within(low - margin, high + margin)
    };
    let x = axis(&format!("true {}{shown}", predictions.names[0]));
    let y = axis(&format!("predicted{shown}"));
    let mut errors: Vec<f64> = points
        .iter()
        .map(|(truth, value)| (value - truth).abs())
        .collect();
    errors.sort_by(f64::total_cmp);
    let in_unit = |value: f64| show::with_unit(show::number(value), unit);
    let at = |share: f64| in_unit(errors[((errors.len() - 1) as f64 * share).round() as usize]);
    let bias = points
        .iter()
        .map(|(truth, value)| value - truth)
        .sum::<f64>()
        / points.len() as f64;
    let sign = if bias < 0.0 { "−" } else { "+" };
    let sentence = format!(
        "Half of the errors are below {}, nine in ten below {}; on average the prediction is {} off.",
        at(0.5),
        at(0.9),
        sign.to_owned() + &in_unit(bias.abs())
    );
    let title = format!("predicted against true {}", predictions.names[0]);
    (
        "Prediction against truth on the test part".into(),
        scatter(&title, &x, &y, &points),
        sentence,
    )
}
