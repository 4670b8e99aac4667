//! Hints from hidden layers.

use std::collections::BTreeMap;

use burn::tensor::Tensor;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AdapterSpec, Fit, LossInput, Method, Needs, Term};
use crate::error::{Error, Result};
use crate::model::Output;

/// Hints: the student's hidden features, through a trained linear map, towards the teacher's.
///
/// Σ over the pairs in `layers` of the mean over the teacher's units of (r(fₛ) − fₜ)² per row, r linear with bias, one per pair
/// (Romero et al. 2015, equation 3, there with ½ and the sum over units). Of any task, and between any widths. It is small
/// beside a label loss: the usual coefficient is `add = 100`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Fitnet {}

impl Method for Fitnet {
    fn compares_features(&self) -> bool {
        true
    }

    fn check(&self, fit: &Fit) -> std::result::Result<Needs, String> {
        let teacher = fit.a_teacher("fitnet")?;
        if fit.layers.is_empty() {
            return Err("method `fitnet` compares features, and no pair of layers is named; add, for instance, layers = { \"hidden.0\" = \"hidden.0\" } (the student's = the teacher's)".into());
        }
        let mut needs = Needs::outputs();
        for (own, other) in fit.layers {
            needs.adapters.push(AdapterSpec {
                name: own.clone(),
                inputs: width("student", &fit.student.taps, own)?,
                outputs: width("teacher", &teacher.taps, other)?,
            });
            needs.student_taps.push(own.clone());
            needs.teacher_taps.push(other.clone());
        }
        Ok(needs)
    }

    fn loss(&self, input: &LossInput) -> Result<Term> {
        let teacher = input.teacher("fitnet")?;
        if input.layers.is_empty() || input.layers.len() != input.adapters.len() {
            return Err(refuse(format!(
                "was given {} pairs of layers and {} adapters",
                input.layers.len(),
                input.adapters.len()
            )));
        }
        let pairs = input.layers.iter().zip(input.adapters);
        let losses = pairs.map(|((own, other), adapter)| {
            let hint = feature(teacher, other)?.clone().inner();
            let [rows, _] = hint.dims();
            let guess = adapter.forward(feature(input.student, own)?.clone());
            Ok(guess.sub(hint).square().mean_dim(1).reshape([rows]))
        });
        let sum = losses.reduce(|sum: Result<Tensor<1>>, loss| Ok(sum?.add(loss?)));
        sum.unwrap_or_else(|| Err(refuse("was given no layers".into())))
            .map(Term::Rows)
    }
}

/// The width of a tap, or the taps there are.
fn width(
    whose: &str,
    taps: &BTreeMap<String, usize>,
    tap: &str,
) -> std::result::Result<usize, String> {
    taps.get(tap).copied().ok_or_else(|| {
        let known: Vec<_> = taps.keys().map(String::as_str).collect();
        let known = match known.is_empty() {
            true => "it has none".to_string(),
            false => format!("its taps are {}", known.join(", ")),
        };
        format!("the {whose} has no tap `{tap}`; {known}")
    })
}

fn feature<'a>(output: &'a Output, tap: &str) -> Result<&'a Tensor<2>> {
    output
        .tap(tap)
        .ok_or_else(|| refuse(format!("reads the tap `{tap}`, and was not given it")))
}

fn refuse(reason: String) -> Error {
    Error::input("method fitnet", reason)
        .remedy("Give one adapter per pair of layers, and the features they name")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::method::OutputShape;
    use distil_report::measure::TaskKind;

    fn shape(task: TaskKind, taps: &[(&str, usize)]) -> OutputShape {
        let taps = taps
            .iter()
            .map(|&(tap, width)| (tap.to_string(), width))
            .collect();
        OutputShape {
            task,
            outputs: 3,
            taps,
        }
    }

    fn check(layers: &[(&str, &str)]) -> std::result::Result<Needs, String> {
        let student = shape(
            TaskKind::Classification,
            &[("hidden.0", 4), ("hidden.1", 5)],
        );
        let teacher = shape(TaskKind::Regression, &[("hidden.0", 7)]);
        let layers: Vec<_> = layers
            .iter()
            .map(|(a, b)| (a.to_string(), b.to_string()))
            .collect();
        let fit = Fit {
            student: &student,
            teacher: Some(&teacher),
            layers: &layers,
        };
        Fitnet::default().check(&fit)
    }

    #[test]
    fn an_adapter_maps_the_students_width_to_the_teachers_whatever_their_tasks() {
        let needs = check(&[("hidden.1", "hidden.0")]).unwrap();
        let adapter = AdapterSpec {
            name: "hidden.1".into(),
            inputs: 5,
            outputs: 7,
        };
        assert_eq!(needs.adapters, [adapter]);
        assert_eq!(needs.student_taps, ["hidden.1"]);
        assert_eq!(needs.teacher_taps, ["hidden.0"]);
    }

    #[test]
    fn a_tap_that_is_not_there_is_refused_with_those_that_are() {
        insta::assert_snapshot!(check(&[]).unwrap_err(), @r#"method `fitnet` compares features, and no pair of layers is named; add, for instance, layers = { "hidden.0" = "hidden.0" } (the student's = the teacher's)"#);
        insta::assert_snapshot!(check(&[("hidden.2", "hidden.0")]).unwrap_err(), @"the student has no tap `hidden.2`; its taps are hidden.0, hidden.1");
        insta::assert_snapshot!(check(&[("hidden.0", "hidden.1")]).unwrap_err(), @"the teacher has no tap `hidden.1`; its taps are hidden.0");
    }
}
