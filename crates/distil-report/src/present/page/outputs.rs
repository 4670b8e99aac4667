//! What the result says about the test samples: confusion matrix, residual plot, or F1 by label.

use super::chart::{Axis, Bar, Piece, Scale, bars, bounds, heat, scatter};
use crate::measure::{
    ClassOutputs, Confusion, LabelOutputs, Outputs, ValueOutputs, confusion, label_f1,
};
use crate::present::show;
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
    let sentence = match most_confused(&found) {
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
            (0..found.classes)
                .map(|class| found.count(truth, class))
                .sum::<u64>()
        ),
        None => "No test sample is taken for another class.".into(),
    };
    (
        "Confusion on the test part".into(),
        heat("confusion matrix of the test part", &found, names),
        sentence,
    )
}

fn most_confused(confusion: &Confusion) -> Option<(usize, usize, u64)> {
    let pairs = (0..confusion.classes)
        .flat_map(|truth| (0..confusion.classes).map(move |other| (truth, other)));
    let mistakes = pairs
        .filter(|(truth, other)| truth != other)
        .map(|(a, b)| (a, b, confusion.count(a, b)));
    mistakes
        .filter(|(_, _, count)| *count > 0)
        .reduce(|most, next| if next.2 > most.2 { next } else { most })
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
    let margin = 0.03 * (high - low).max(1e-9);
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
