//! Answers from elsewhere that their model knows by heart.

use distil_report::show::per_cent;

use crate::data::{Dataset, FittedAnswers, Targets};
use crate::sample::SampleId;

/// Validation errors that are by so much larger than training errors are no chance: 1.25 times, and three standard errors.
const BY_HEART: (f64, f64) = (1.25, 3.0);

/// Says that a teacher answers training samples much better than those of the validation part: it was fitted on them.
pub(super) fn said(
    name: &str,
    out_of_fold: bool,
    fitted: &FittedAnswers,
    data: &Dataset,
) -> Option<String> {
    let errors = |ids: &[SampleId]| -> Vec<f64> {
        let answered = fitted.answers(ids);
        let of = answered
            .iter()
            .map(|id| error_of(fitted, &data.targets, *id));
        of.collect()
    };
    let [train, validation] = [&data.split.train, &data.split.validation].map(|ids| errors(ids));
    let [(seen, seen_error), (unseen, unseen_error)] = [mean(&train)?, mean(&validation)?];
    let (times, errors_apart) = BY_HEART;
    let apart = errors_apart * (seen_error.powi(2) + unseen_error.powi(2)).sqrt();
    if unseen - seen <= apart || unseen < times * seen {
        return None;
    }
    let shown = |error: f64| match data.targets {
        Targets::Values { .. } => format!("{:.3} of the targets' deviation", error.sqrt()),
        _ => format!("{} errors", per_cent(error)),
    };
    let [seen, unseen] = [seen, unseen].map(shown);
    let why = match out_of_fold {
        false => {
            "it was fitted on the training samples, whose answers it knows by heart, and there it teaches little that their labels do not. Save out-of-fold answers for them (in scikit-learn cross_val_predict), and say `out_of_fold = true`"
        }
        true => "they are said to be out-of-fold, and do not look it",
    };
    Some(format!(
        "`{name}` is much better on training samples ({seen}) than on those of the validation part ({unseen}): {why}"
    ))
}

/// Mean and its standard error.
fn mean(numbers: &[f64]) -> Option<(f64, f64)> {
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let squares: f64 = numbers.iter().map(|x| (x - mean).powi(2)).sum();
    (count >= 2.0).then(|| (mean, (squares / (count - 1.0) / count).sqrt()))
}

/// How wrong an answer is: 1 for another class, the share of other labels, the mean squared distance of standardised values.
fn error_of(fitted: &FittedAnswers, targets: &Targets, id: SampleId) -> f64 {
    let answer = fitted.outputs.row(id.row());
    let width = answer.len();
    match targets {
        Targets::Classes { labels, .. } => {
            let best = answer.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
            f64::from(u8::from(
                best.map(|(class, _)| class as u32) != Some(labels[id.row()]),
            ))
        }
        Targets::Labels { values, .. } => {
            let truth = values.row(id.row());
            let wrong = answer
                .iter()
                .zip(truth)
                .filter(|(z, y)| (**z > 0.0) != (**y > 0.5));
            wrong.count() as f64 / width as f64
        }
        Targets::Values { values, .. } => {
            let truth = values.row(id.row());
            let squares = answer
                .iter()
                .zip(truth)
                .map(|(z, y)| f64::from(z - y).powi(2));
            squares.sum::<f64>() / width as f64
        }
    }
}
