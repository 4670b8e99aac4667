//! How wrong answers from elsewhere are, and what that tells of them.

use distil_report::show::per_cent;
use distil_report::statistics::{mean, standard_error};

use crate::data::{Dataset, FittedAnswers, Targets, one_for_all};
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
    let Some(seen) = train else {
        return Vec::new();
    };
    let shown = |errors: Errors| match targets {
        Targets::Values { .. } => format!("by {:.3}", errors.mean.sqrt()),
        _ => format!("on {}", per_cent(errors.mean)),
    };
    let all = match &fitted.answered {
        None => "",
        Some(_) => " that it answers",
    };
    let [first, then] = match targets {
        Targets::Values { .. } => [
            " of the targets' deviation on training samples",
            " on those",
        ],
        Targets::Classes { .. } => [" of the training samples", " of those"],
        Targets::Labels { .. } => [" of the labels of training samples", " of those"],
    };
    let errs = format!("`{name}` errs {}{first}{all}", shown(seen));
    let senseless = senseless(name, fitted, data);
    let errs = match validation {
        Some(unseen) if unseen.count >= FEW => {
            let errs = format!("{errs}, {}{then} to choose by", shown(unseen));
            match (by_heart(seen, unseen) && senseless.is_none(), out_of_fold) {
                (false, _) => errs,
                (true, true) => {
                    format!("{errs}: its answers are said to be out-of-fold, and do not look it")
                }
                (true, false) => format!(
                    "{errs}: it looks as if it was fitted on the training samples and knew them by heart; there it teaches little that their labels do not. Save out-of-fold answers for them (in scikit-learn cross_val_predict), and say `out_of_fold = true`"
                ),
            }
        }
        _ => format!(
            "{errs}; of those to choose by it answers too few to tell whether it was fitted on the training samples"
        ),
    };
    [errs].into_iter().chain(senseless).collect()
}

fn by_heart(seen: Errors, unseen: Errors) -> bool {
    let (times, apart) = BY_HEART;
    let apart = apart * (seen.error.powi(2) + unseen.error.powi(2)).sqrt();
    seen.count >= FEW && unseen.mean - seen.mean > apart && unseen.mean >= times * seen.mean
}

/// Says of answers that they are the labels, or of no use.
fn senseless(name: &str, fitted: &FittedAnswers, data: &Dataset) -> Option<String> {
    let (targets, split) = (&data.targets, &data.split);
    let [train, validation] =
        [&split.train, &split.validation].map(|ids| fitted.answers(ids).into_owned());
    if train.len() < FEW {
        return None;
    }
    let mut all = train.iter().chain(&validation);
    if all.all(|id| is_label(fitted, targets, *id)) {
        return Some(format!(
            "`{name}` answers what the labels say, for every sample: there is nothing in it to learn that they do not teach. Perhaps a column of the targets was taken for the answers"
        ));
    }
    let answer = |id: &SampleId| fitted.outputs.row(id.row());
    let mut rest = train.iter().skip(1);
    if rest.all(|id| answer(id) == answer(&train[0])) {
        return Some(format!(
            "`{name}` gives every training sample the same answer: there is nothing in it to learn"
        ));
    }
    let (usual, weights) = (one_for_all(data), data.loss_weights());
    let worse = |id: &SampleId| {
        let weight = weights.as_ref().map_or(1.0, |of| f64::from(of[id.row()]));
        weight * (distance(answer(id), targets, *id) - distance(&usual, targets, *id))
    };
    let worse = mean_of(train.iter().chain(&validation).map(worse))?;
    let columns = match targets {
        Targets::Values { names, .. } if names.len() == 1 => "in the target's own unit",
        Targets::Values { .. } => "its columns in that of the targets, in their own units",
        _ => "its columns in that of the names",
    };
    // Two standard errors are hardly chance.
    (worse.mean > 2.0 * worse.error).then(|| {
        let one = match targets {
            Targets::Values { .. } => "the mean",
            _ => "the shares of the training part",
        };
        format!("`{name}` is further from the truth than {one} would be as the answer to every sample: are its rows in the order of the data, {columns}?")
    })
}

/// What outputs say: probabilities of classes or labels, or values as they are.
fn read(outputs: &[f32], targets: &Targets) -> Vec<f64> {
    let outputs = outputs.iter().map(|z| f64::from(*z));
    match targets {
        Targets::Classes { .. } => {
            let most = outputs.clone().fold(f64::MIN, f64::max);
            let sum: f64 = outputs.clone().map(|z| (z - most).exp()).sum();
            outputs.map(|z| (z - most).exp() / sum).collect()
        }
        Targets::Labels { .. } => outputs.map(|z| 1.0 / (1.0 + (-z).exp())).collect(),
        Targets::Values { .. } => outputs.collect(),
    }
}

/// How far that is from the truth, output by output.
fn apart(outputs: &[f32], targets: &Targets, id: SampleId) -> Vec<f64> {
    let truth = |at: usize| match targets {
        Targets::Classes { labels, .. } => f64::from(u8::from(labels[id.row()] as usize == at)),
        Targets::Labels { values, .. } | Targets::Values { values, .. } => {
            f64::from(values.row(id.row())[at])
        }
    };
    let mut apart = read(outputs, targets);
    for (at, x) in apart.iter_mut().enumerate() {
        *x -= truth(at);
    }
    apart
}

fn distance(outputs: &[f32], targets: &Targets, id: SampleId) -> f64 {
    apart(outputs, targets, id).iter().map(|x| x.powi(2)).sum()
}

/// The errors of the answers to these samples; none where there are fewer than two.
fn errors(fitted: &FittedAnswers, targets: &Targets, ids: &[SampleId]) -> Option<Errors> {
    let answered = fitted.answers(ids);
    mean_of(answered.iter().map(|id| error_of(fitted, targets, *id)))
}

/// The mean of numbers and its standard error; none of fewer than two.
fn mean_of(numbers: impl Iterator<Item = f64>) -> Option<Errors> {
    let numbers: Vec<f64> = numbers.collect();
    Some(Errors {
        mean: mean(&numbers)?,
        error: standard_error(&numbers)?,
        count: numbers.len(),
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
        Targets::Values { .. } => distance(answer, targets, id) / width as f64,
    }
}

/// Whether an answer says no more than the label.
fn is_label(fitted: &FittedAnswers, targets: &Targets, id: SampleId) -> bool {
    let answer = fitted.outputs.row(id.row());
    let apart = apart(answer, targets, id);
    let Targets::Values { scale, .. } = targets else {
        return apart.iter().all(|x| x.abs() < 1.0 - SURE);
    };
    // 32 bits hold a target of a large mean and a small deviation to so much of that.
    let rounding = |(mean, std): (&f32, &f32)| 4.0 * f32::EPSILON * (1.0 + (mean / std).abs());
    let rounding = scale.mean.iter().zip(&scale.std).map(rounding);
    let mut each = apart.iter().zip(answer).zip(rounding);
    each.all(|((x, z), rounding)| x.abs() <= f64::from(rounding * z.abs().max(1.0)))
}
