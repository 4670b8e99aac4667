//! How wrong answers from elsewhere are, and what that tells of them.

use distil_report::show::per_cent;

use crate::data::{Dataset, FittedAnswers, Targets};
use crate::sample::SampleId;

/// Validation errors that are by so much larger than training errors are no chance: 1.25 times, and three standard errors.
const BY_HEART: (f64, f64) = (1.25, 3.0);
/// Of so few samples nothing is concluded.
const FEW: usize = 10;
/// The probability of its label from which an answer says no more than the label.
const SURE: f64 = 0.999;

/// The mean error of some samples' answers, and its standard error.
#[derive(Clone, Copy)]
struct Errors {
    mean: f64,
    error: f64,
    count: usize,
}

/// How wrong a teacher's answers are on training and validation samples; whether it was fitted on the former, says what the labels
/// say, or no more than one answer for all would.
pub(super) fn said(
    name: &str,
    out_of_fold: bool,
    fitted: &FittedAnswers,
    data: &Dataset,
) -> Vec<String> {
    let (targets, split) = (&data.targets, &data.split);
    let [train, validation] =
        [&split.train, &split.validation].map(|ids| errors(fitted, targets, ids));
    let (Some(seen), unseen) = (train, validation) else {
        return Vec::new();
    };
    let shown = |errors: Errors| match targets {
        Targets::Values { .. } => format!("by {:.3}", errors.mean.sqrt()),
        _ => format!("on {}", per_cent(errors.mean)),
    };
    let [first, then] = match targets {
        Targets::Values { .. } => [
            " of the targets' deviation on training samples",
            " on those",
        ],
        Targets::Classes { .. } => [" of the training samples", " of those"],
        Targets::Labels { .. } => [" of the training samples' labels", " of those"],
    };
    let errs = format!("`{name}` errs {}{first}", shown(seen));
    let errs = match unseen {
        None => format!(
            "{errs}, and answers none to choose by: whether it was fitted on the training samples cannot be told"
        ),
        Some(unseen) => {
            let errs = format!("{errs}, {}{then} to choose by", shown(unseen));
            match (by_heart(seen, unseen), out_of_fold) {
                (false, _) => errs,
                (true, true) => {
                    format!("{errs}: its answers are said to be out-of-fold, and do not look it")
                }
                (true, false) => format!(
                    "{errs}: it was fitted on the training samples, whose answers it knows by heart, and there it teaches little that their labels do not. Save out-of-fold answers for them (in scikit-learn cross_val_predict), and say `out_of_fold = true`"
                ),
            }
        }
    };
    let senseless = senseless(name, fitted, data, unseen.unwrap_or(seen));
    [errs].into_iter().chain(senseless).collect()
}

fn by_heart(seen: Errors, unseen: Errors) -> bool {
    let (times, apart) = BY_HEART;
    let apart = apart * (seen.error.powi(2) + unseen.error.powi(2)).sqrt();
    unseen.mean - seen.mean > apart && unseen.mean >= times * seen.mean
}

/// Says of answers that they are the labels, or of no use.
fn senseless(name: &str, fitted: &FittedAnswers, data: &Dataset, errors: Errors) -> Option<String> {
    if errors.count < FEW {
        return None;
    }
    let (targets, split) = (&data.targets, &data.split);
    let all = split.train.iter().chain(split.validation.iter());
    let known = |id: &&SampleId| {
        let answered = fitted.answered.as_ref();
        answered.is_none_or(|answered| answered[id.row()])
    };
    if errors.mean < 1e-12 && all.filter(known).all(|id| is_label(fitted, targets, *id)) {
        return Some(format!(
            "`{name}` answers what the labels say, for every sample: there is nothing in it to learn that they do not teach. Perhaps a column of the targets was taken for the answers"
        ));
    }
    let known = || split.train.iter().filter(known);
    let first = known().next().map(|id| fitted.outputs.row(id.row()));
    if known().all(|id| Some(fitted.outputs.row(id.row())) == first) {
        return Some(format!(
            "`{name}` gives every training sample the same answer: there is nothing in it to learn"
        ));
    }
    let (alike, what) = one_for_all(targets, &split.train);
    let columns = match targets {
        Targets::Values { .. } => "in the targets' own unit",
        _ => "its columns in the order of the names",
    };
    (errors.mean >= alike).then(|| {
        format!("`{name}` is no better than {what} would be for every sample: are its rows in the order of the data, {columns}?")
    })
}

/// The error of the best answer that is the same for all, and what that is.
fn one_for_all(targets: &Targets, train: &[SampleId]) -> (f64, &'static str) {
    let count = train.len().max(1) as f64;
    match targets {
        Targets::Classes { names, labels } => {
            let mut of_class = vec![0_usize; names.len()];
            for id in train {
                of_class[labels[id.row()] as usize] += 1;
            }
            let most = of_class.into_iter().max().unwrap_or(0);
            (1.0 - most as f64 / count, "the most frequent class")
        }
        Targets::Labels { names, values } => {
            let share = |label: usize| {
                let set: f32 = train.iter().map(|id| values.row(id.row())[label]).sum();
                let share = f64::from(set) / count;
                share.min(1.0 - share)
            };
            let shares: f64 = (0..names.len()).map(share).sum();
            (
                shares / names.len().max(1) as f64,
                "the more frequent of each label",
            )
        }
        // Standardised over the training part.
        Targets::Values { .. } => (1.0, "the mean"),
    }
}

/// The errors of the answers to these samples; none where there are fewer than two.
fn errors(fitted: &FittedAnswers, targets: &Targets, ids: &[SampleId]) -> Option<Errors> {
    let answered = fitted.answers(ids);
    let each = answered.iter().map(|id| error_of(fitted, targets, *id));
    let each: Vec<f64> = each.collect();
    let count = each.len() as f64;
    let mean = each.iter().sum::<f64>() / count;
    let squares: f64 = each.iter().map(|x| (x - mean).powi(2)).sum();
    (each.len() >= 2).then(|| Errors {
        mean,
        error: (squares / (count - 1.0) / count).sqrt(),
        count: each.len(),
    })
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

/// Whether an answer that is not wrong says no more than the label: values have no more to say.
fn is_label(fitted: &FittedAnswers, targets: &Targets, id: SampleId) -> bool {
    let answer = fitted.outputs.row(id.row());
    match targets {
        Targets::Classes { labels, .. } => {
            let own = answer[labels[id.row()] as usize];
            let sum: f64 = answer.iter().map(|z| f64::from(z - own).exp()).sum();
            1.0 / sum > SURE
        }
        Targets::Labels { .. } => answer
            .iter()
            .all(|z| 1.0 / (1.0 + f64::from(-z.abs()).exp()) > SURE),
        Targets::Values { .. } => error_of(fitted, targets, id) < 1e-12,
    }
}
