//! Whether student and teacher fit, known before any training.

use std::collections::BTreeMap;

use distil_report::measure::TaskKind;
use distil_report::show::listed;

use super::names_where;
use crate::model::Layout;
use crate::task::name_of;
use crate::weights::Array;

/// The shapes a method may rely on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputShape {
    /// What the outputs mean.
    pub task: TaskKind,
    /// Number of outputs (classes, labels or values).
    pub outputs: usize,
    /// Width of each tap's feature.
    pub taps: BTreeMap<String, usize>,
}

/// A student, what it is to learn from, and how.
#[derive(Debug, Clone, Copy)]
pub struct Fit<'a> {
    /// The student.
    pub student: &'a OutputShape,
    /// The teacher, if one is named; several as [`OutputShape::of_several`] makes them.
    pub teacher: Option<&'a OutputShape>,
    /// The recipe's `layers`: pairs of taps, the student's and the teacher's.
    pub layers: &'a [(String, String)],
}

/// The methods for a task, the usual one first.
fn for_task(task: TaskKind) -> Vec<&'static str> {
    names_where(|method| method.tasks().contains(&task))
}

fn on_features() -> Vec<&'static str> {
    names_where(|method| method.compares_features())
}

impl OutputShape {
    /// What a method may rely on in a network of this layout.
    pub fn of(layout: &Layout, task: TaskKind) -> Self {
        let width = |tap: String| Some((layout.tap_width(&tap)?, tap));
        let taps = layout.taps().into_iter().filter_map(width);
        Self {
            task,
            outputs: layout.outputs(),
            taps: taps.map(|(width, tap)| (tap, width)).collect(),
        }
    }

    /// What a method may rely on in answers from elsewhere, `[samples, outputs]`.
    pub fn of_answers(answers: &Array, task: TaskKind) -> Self {
        Self {
            task,
            outputs: answers.rows_cols().1,
            taps: BTreeMap::new(),
        }
    }

    /// The shape of several teachers' blended outputs: those of each, without taps.
    pub fn of_several(teachers: &[OutputShape]) -> Result<OutputShape, String> {
        let Some((first, others)) = teachers.split_first() else {
            return Err("there is no teacher to learn from; name one in `from`".into());
        };
        if others.is_empty() {
            return Ok(first.clone());
        }
        for other in others {
            if (other.task, other.outputs) != (first.task, first.outputs) {
                return Err(format!(
                    "the teachers do not agree on what they answer ({} and {}); name teachers of the same task and outputs, or give each a term of its own",
                    first.describe(),
                    other.describe()
                ));
            }
        }
        Ok(OutputShape {
            taps: BTreeMap::new(),
            ..first.clone()
        })
    }

    fn describe(&self) -> String {
        let outputs = match (self.task, self.outputs) {
            (TaskKind::Classification, 1) => "class",
            (TaskKind::Classification, _) => "classes",
            (TaskKind::MultiLabel, 1) => "label",
            (TaskKind::MultiLabel, _) => "labels",
            (TaskKind::Regression, 1) => "value",
            (TaskKind::Regression, _) => "values",
        };
        format!("{} with {} {outputs}", name_of(self.task), self.outputs)
    }
}

impl<'a> Fit<'a> {
    /// Refuses a student whose task is none of `tasks`.
    pub(super) fn task_among(&self, method: &str, tasks: &[TaskKind]) -> Result<(), String> {
        if tasks.contains(&self.student.task) {
            return Ok(());
        }
        Err(format!(
            "method `{method}` is not for {}; the methods for it are {}",
            name_of(self.student.task),
            listed(&for_task(self.student.task))
        ))
    }

    /// The teacher, which must be named.
    pub(super) fn a_teacher(&self, method: &str) -> Result<&'a OutputShape, String> {
        self.teacher.ok_or_else(|| {
            format!("method `{method}` learns from a teacher, and none is named; add `from`")
        })
    }

    /// Refuses a teacher for a method that has its own.
    pub(super) fn no_teacher(&self, method: &str) -> Result<(), String> {
        match self.teacher {
            Some(_) => Err(format!(
                "method `{method}` needs no teacher; remove `from`, or use {} to learn from it",
                for_task(self.student.task).first().unwrap_or(&"another")
            )),
            None => Ok(()),
        }
    }

    /// Refuses `layers` for a method that compares outputs.
    pub(super) fn no_layers(&self, method: &str) -> Result<(), String> {
        match self.layers {
            [] => Ok(()),
            _ => Err(format!(
                "method `{method}` compares outputs, not features; remove `layers`, or use {} for them",
                listed(&on_features())
            )),
        }
    }

    /// All that a method on the outputs asks: one of these tasks, a teacher of the same task and outputs, no layers.
    pub(super) fn same_outputs(&self, method: &str, tasks: &[TaskKind]) -> Result<(), String> {
        self.task_among(method, tasks)?;
        self.no_layers(method)?;
        let teacher = self.a_teacher(method)?;
        let student = self.student;
        if (teacher.task, teacher.outputs) != (student.task, student.outputs) {
            return Err(format!(
                "the teacher's outputs ({}) are not the student's ({}); name a teacher trained for the same outputs, or compare features with {}",
                teacher.describe(),
                student.describe(),
                listed(&on_features())
            ));
        }
        Ok(())
    }
}

/// Refuses a number that is not finite and above 0.
pub(super) fn above_zero(key: &str, value: f64) -> Result<(), String> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(format!("`{key}` is {value}; give a number above 0"))
}

/// Refuses a number that is not finite and at least 0.
pub(super) fn not_negative(key: &str, value: f64) -> Result<(), String> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(format!("`{key}` is {value}; give 0 or a number above it"))
}

#[cfg(test)]
pub(super) mod tests {
    use distil_recipe::{Choice, Problems};

    use super::*;
    use crate::method::{Kd, METHODS, Method, Mse, Smooth};

    pub fn shape(task: TaskKind, outputs: usize) -> OutputShape {
        OutputShape {
            task,
            outputs,
            taps: BTreeMap::new(),
        }
    }

    fn refusal(
        method: &dyn Method,
        student: &OutputShape,
        teacher: Option<&OutputShape>,
    ) -> String {
        let fit = Fit {
            student,
            teacher,
            layers: &[],
        };
        method.check(&fit).unwrap_err()
    }

    #[test]
    fn a_teacher_that_does_not_fit_is_refused_with_reason_and_remedy() {
        let ten = shape(TaskKind::Classification, 10);
        let twelve = shape(TaskKind::Classification, 12);
        let value = shape(TaskKind::Regression, 1);
        let kd = Kd::default();
        insta::assert_snapshot!(refusal(&kd, &ten, None), @"method `kd` learns from a teacher, and none is named; add `from`");
        insta::assert_snapshot!(refusal(&kd, &ten, Some(&twelve)), @"the teacher's outputs (classification with 12 classes) are not the student's (classification with 10 classes); name a teacher trained for the same outputs, or compare features with fitnet");
        insta::assert_snapshot!(refusal(&kd, &value, Some(&value)), @"method `kd` is not for regression; the methods for it are mse, bounded and fitnet");
        insta::assert_snapshot!(refusal(&Mse::default(), &value, Some(&ten)), @"the teacher's outputs (classification with 10 classes) are not the student's (regression with 1 value); name a teacher trained for the same outputs, or compare features with fitnet");
        insta::assert_snapshot!(refusal(&Smooth::default(), &ten, Some(&ten)), @"method `smooth` needs no teacher; remove `from`, or use kd to learn from it");
        insta::assert_snapshot!(refusal(&Kd { temperature: 0.0 }, &ten, Some(&ten)), @"`temperature` is 0; give a number above 0");
    }

    #[test]
    fn layers_are_refused_where_nothing_reads_them() {
        let ten = shape(TaskKind::Classification, 10);
        let layers = [("hidden.0".to_string(), "hidden.0".to_string())];
        let fit = Fit {
            student: &ten,
            teacher: Some(&ten),
            layers: &layers,
        };
        let reason = Kd::default().check(&fit).unwrap_err();
        insta::assert_snapshot!(reason, @"method `kd` compares outputs, not features; remove `layers`, or use fitnet for them");
    }

    #[test]
    fn the_methods_a_message_names_for_a_task_are_those_that_take_it() {
        let tasks = [
            TaskKind::Classification,
            TaskKind::MultiLabel,
            TaskKind::Regression,
        ];
        for task in tasks {
            let model = OutputShape {
                taps: [("hidden.0".to_string(), 4)].into(),
                ..shape(task, 3)
            };
            let layers = [("hidden.0".to_string(), "hidden.0".to_string())];
            let takes = |name: &&str| {
                let mut problems = Problems::new();
                let method = METHODS
                    .resolve(&Choice::default_of(name), &mut problems)
                    .unwrap();
                [Some(&model), None].into_iter().any(|teacher| {
                    [&[][..], &layers[..]].into_iter().any(|layers| {
                        let student = &model;
                        method
                            .check(&Fit {
                                student,
                                teacher,
                                layers,
                            })
                            .is_ok()
                    })
                })
            };
            let fitting: Vec<_> = METHODS.names().filter(takes).collect();
            assert_eq!(fitting, for_task(task));
        }
    }

    #[test]
    fn several_teachers_must_answer_the_same_question() {
        let ten = shape(TaskKind::Classification, 10);
        let twelve = shape(TaskKind::Classification, 12);
        let several = |shapes: &[&OutputShape]| {
            let shapes: Vec<_> = shapes.iter().map(|&s| s.clone()).collect();
            OutputShape::of_several(&shapes)
        };
        assert_eq!(several(&[&ten, &ten]), Ok(ten.clone()));
        insta::assert_snapshot!(several(&[&ten, &twelve]).unwrap_err(), @"the teachers do not agree on what they answer (classification with 10 classes and classification with 12 classes); name teachers of the same task and outputs, or give each a term of its own");
    }
}
