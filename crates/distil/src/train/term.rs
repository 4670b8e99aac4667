//! A distillation term: one distillation loss of a stage, its teachers and how much it counts when.

use crate::data::Augmentation;
use crate::error::{Error, Result};
use crate::method::{
    Adapter, AdapterSpec, AtStep, Fit, LossInput, Method, Needs, OutputShape, Term,
};
use crate::model::{Output, TapSet};
use crate::sample::SampleId;
use crate::task::Target;
use crate::train::Teacher;

/// FLOPs of a forward pass of one sample, and how many samples passed.
pub type Forwards = (Option<f64>, usize);

/// How a term counts beside the label loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TermWeight {
    /// The share of the label loss it replaces, in [0, 1]; when the term ends the share returns to the labels.
    Mix(f64),
    /// The coefficient of an extra term.
    Add(f64),
}

/// One distillation loss of a stage.
#[derive(Debug)]
pub struct DistillTerm<'a> {
    /// What the log calls it, for example `kd`.
    pub name: String,
    /// The loss.
    pub method: &'a dyn Method,
    /// Whom it listens to; several are blended into one.
    pub teachers: Vec<Box<dyn Teacher>>,
    /// How much it counts at first.
    pub weight: TermWeight,
    /// The share of the stage's steps after which it has faded to nothing, linearly; `None`: it never fades.
    pub until: Option<f64>,
    layers: Vec<(String, String)>,
    needs: Needs,
    /// Whether the teachers' outputs are looked up.
    remembered: bool,
}

impl<'a> DistillTerm<'a> {
    /// A term, once student and teachers are known to fit.
    ///
    /// `layers` pairs taps, the student's and the teacher's, for methods on features.
    ///
    /// # Errors
    /// The method's reason why they do not.
    pub fn new(
        name: &str,
        method: &'a dyn Method,
        teachers: Vec<Box<dyn Teacher>>,
        weight: TermWeight,
        student: &OutputShape,
        teacher: Option<&OutputShape>,
        layers: &[(String, String)],
    ) -> Result<Self> {
        let fit = Fit {
            student,
            teacher,
            layers,
        };
        let needs = method
            .check(&fit)
            .map_err(|reason| Error::input(format!("learn `{name}`"), reason))?;
        Ok(Self::checked(name, method, teachers, weight, layers, needs))
    }

    /// A term whose method was checked, and needs this.
    pub fn checked(
        name: &str,
        method: &'a dyn Method,
        teachers: Vec<Box<dyn Teacher>>,
        weight: TermWeight,
        layers: &[(String, String)],
        needs: Needs,
    ) -> Self {
        Self {
            name: name.to_string(),
            method,
            teachers,
            weight,
            until: None,
            layers: layers.to_vec(),
            needs,
            remembered: false,
        }
    }

    /// Lets it fade to nothing, linearly, over this share of the stage's steps.
    pub fn until(mut self, share: Option<f64>) -> Self {
        self.until = share;
        self
    }

    /// The adapters it trains.
    pub fn adapters(&self) -> &[AdapterSpec] {
        &self.needs.adapters
    }

    /// The features it reads from the student.
    pub fn student_taps(&self) -> &[String] {
        &self.needs.student_taps
    }

    /// How much it counts at this moment: weight · max(0, 1 − t/until), t the share of steps done.
    pub fn strength(&self, at: AtStep) -> f64 {
        let (TermWeight::Mix(weight) | TermWeight::Add(weight)) = self.weight;
        let done = at.step as f64 / at.steps.max(1) as f64;
        weight
            * self
                .until
                .map_or(1.0, |until| (1.0 - done / until).max(0.0))
    }

    /// Lets every teacher compute its outputs for these samples once; returns what each took.
    ///
    /// Teachers asked for features are not remembered: features are large, and are computed batch by batch.
    pub fn prepare(&mut self, ids: &[SampleId]) -> Vec<Forwards> {
        if !self.needs.teacher_taps.is_empty() {
            return Vec::new();
        }
        self.remembered = true;
        self.teachers
            .iter_mut()
            .map(|t| (t.flops_forward(), t.remember(ids)))
            .collect()
    }

    /// Whether [`Self::teach`] takes forward passes, rather than looking outputs up.
    pub fn computes(&self, augmentation: Option<&Augmentation>) -> bool {
        !(self.teachers.is_empty() || self.remembered && augmentation.is_none())
    }

    /// 1 for each of these samples to which all of its teachers have an answer, else 0; none where that is all of them.
    pub fn answered(&self, ids: &[SampleId]) -> Option<Vec<f32>> {
        let each = self.teachers.iter().filter_map(|t| t.answered(ids));
        let all = each.reduce(|all, one| all.iter().zip(one).map(|(a, b)| *a && b).collect())?;
        let share = all.contains(&false);
        share.then(|| {
            all.into_iter()
                .map(|known| f32::from(u8::from(known)))
                .collect()
        })
    }

    /// The teachers' word on these samples, and what it took.
    pub fn teach(
        &self,
        ids: &[SampleId],
        augmentation: Option<&Augmentation>,
    ) -> Result<(Option<Output>, Vec<Forwards>)> {
        let taps = TapSet(self.needs.teacher_taps.clone());
        let (mut outputs, mut costs) = (Vec::new(), Vec::new());
        for teacher in &self.teachers {
            let (output, passes) = teacher.outputs(ids, augmentation, &taps)?;
            outputs.push(output);
            costs.push((teacher.flops_forward(), passes));
        }
        Ok((self.method.blend().of(outputs), costs))
    }

    /// Its loss for a batch.
    pub fn loss(
        &self,
        student: &Output,
        teacher: Option<&Output>,
        target: &Target,
        adapters: &[Adapter],
        at: AtStep,
    ) -> Result<Term> {
        self.method.loss(&LossInput {
            student,
            teacher,
            target,
            layers: &self.layers,
            adapters,
            at,
        })
    }
}
