//! The plan as people read it before a run.

use std::fmt::Write;

use distil_report::foreign::terminal;
use distil_report::present::human::{human_bytes, human_flops, human_seconds};
use distil_report::show::grouped;

use crate::data::View;
use crate::data::source::Source;
use crate::growth::Promise;
use crate::plan::Plan;
use crate::plan::stage::{StagePlan, StartPlan, TermPlan, Training, Work};
use crate::train::{Length, ScheduleScope, TermWeight};

impl Plan {
    /// The plan as text for a terminal: stages with their cost, what grows, what is learned, and what a trial takes of
    /// memory and disk; with a rate, in FLOPs per second, the time it takes too.
    pub fn describe(&self, flops_per_second: Option<f64>) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let arms: Vec<_> = self.arms.iter().map(ToString::to_string).collect();
        let _ = self.write(&mut text, flops_per_second, true, &arms);
        text
    }

    /// The same without how each stage is trained, for a run of these arms.
    pub fn describe_briefly(&self, arms: &[String]) -> String {
        let mut text = String::new();
        let _ = self.write(&mut text, None, false, arms);
        text
    }

    fn write(
        &self,
        out: &mut String,
        rate: Option<f64>,
        stages: bool,
        arms: &[String],
    ) -> std::fmt::Result {
        let [train, validation, test] = self.samples.map(|count| grouped(count as f64));
        let source = self.source.describe();
        writeln!(out, "{}: {}", terminal(&self.name), terminal(&source))?;
        writeln!(
            out,
            "{train} samples to train on, {validation} to choose by, {test} to test on; compared by {}",
            self.metric.name
        )?;
        writeln!(out)?;
        let mut rows = vec![
            [
                "stage",
                "model",
                "parameters",
                "FLOPs a sample",
                "steps",
                "epochs",
                "share",
            ]
            .map(str::to_owned),
        ];
        rows.extend(self.answers.keys().map(|name| {
            let empty = String::new;
            [
                name.clone(),
                "answers".into(),
                empty(),
                empty(),
                "given".into(),
                empty(),
                empty(),
            ]
        }));
        rows.extend(self.stages.iter().map(|stage| self.row(stage)));
        table(out, &rows)?;
        for stage in self.stages.iter().filter(|_| stages) {
            writeln!(out)?;
            describe_stage(out, stage, self)?;
        }
        writeln!(out)?;
        if arms.len() > 1 {
            writeln!(out, "arms: {}", terminal(&arms.join(", ")))?;
        }
        if let Some(tuning) = &self.tuning {
            let who = match tuning.seeds {
                _ if tuning.small_chooses => {
                    "the small network chooses for every arm of the large one by its loss on the validation part".to_owned()
                }
                None => "every arm chooses on the validation part, each seed for itself".to_owned(),
                Some(1) => "every arm chooses on the validation part, over 1 seed".to_owned(),
                Some(seeds) => {
                    format!("every arm chooses on the validation part, over {seeds} seeds")
                }
            };
            writeln!(
                out,
                "{who}, from {}",
                terminal(&tuning.candidates.join(" | "))
            )?;
        }
        let arm = self.arm.to_string();
        let flops = human_flops(self.flops());
        write!(out, "the {} takes {flops}", terminal(&arm))?;
        if let Some(rate) = rate {
            write!(
                out,
                ", about {}",
                human_seconds(self.own_flops() / rate + self.stated_seconds())
            )?;
        }
        writeln!(
            out,
            "; a trial holds {} in memory beside the program, and {} on disk",
            human_bytes(self.memory()),
            human_bytes(self.disk())
        )?;
        for note in &self.notes {
            writeln!(out, "note: {}", terminal(note))?;
        }
        Ok(())
    }

    fn row(&self, stage: &StagePlan) -> [String; 7] {
        let parameters = grouped(stage.layout.parameters() as f64);
        let name = stage.name.clone();
        let model = stage.model.describe(&stage.layout);
        match stage.training() {
            None => [
                name,
                model,
                parameters,
                human_flops(stage.layout.flops_forward()),
                "given".into(),
                String::new(),
                String::new(),
            ],
            Some(training) => [
                name,
                model,
                parameters,
                human_flops(training.cost.train),
                grouped(training.steps as f64),
                epochs(training),
                format!("{:.1} %", 100.0 * training.cost.flops() / self.flops()),
            ],
        }
    }

    /// Bytes a trial holds at most: the data, once more as each stage sees it through a view, and the largest stage in
    /// training.
    pub fn memory(&self) -> u64 {
        let samples: usize = self.samples.iter().sum();
        let seen = |stage: &StagePlan| match stage.view {
            View::Full => 0,
            _ => samples * stage.view_shape.iter().product::<usize>(),
        };
        let training = |stage: &StagePlan| {
            let Some(training) = stage.training() else {
                return stage.layout.parameters() as usize;
            };
            let units: usize = stage
                .layout
                .layers
                .iter()
                .map(|layer| layer.passes * (layer.inputs + 2 * layer.answers()))
                .sum();
            // Weights and gradient; what a batch leaves for the backward pass, and its gradients.
            let batch = training.train.batch.min(training.epoch_samples);
            (stage.layout.parameters() as usize * training.train.copies())
                .saturating_add(2 * batch * units)
        };
        let data: usize = self.stages.iter().map(seen).sum();
        let largest = self.stages.iter().map(training).max().unwrap_or(0);
        let answers = self.answers.len() * samples * self.result().layout.outputs();
        self.data_bytes + 4 * (data + answers + largest) as u64
    }

    /// Bytes a trial writes and keeps: two checkpoints of each stage, and the model.
    pub fn disk(&self) -> u64 {
        let samples: usize = self.samples.iter().sum();
        let trained = self
            .stages
            .iter()
            .filter_map(|stage| Some((stage.layout.parameters() as usize, stage.training()?)));
        // Each checkpoint holds the samples' scores twice: now, and when the epoch began.
        let checkpoints: usize = trained
            .map(|(parameters, t)| 2 * (parameters * (t.train.copies() - 1) + 2 * samples))
            .sum();
        4 * (checkpoints as u64 + self.result().layout.parameters())
    }
}

fn epochs(training: &Training) -> String {
    match training.train.length {
        Length::Epochs(epochs) => epochs.to_string(),
        Length::Steps(steps) => {
            let epochs =
                steps as f64 / training.train.steps_per_epoch(training.epoch_samples) as f64;
            format!("{epochs:.1}")
        }
    }
}

fn describe_stage(out: &mut String, stage: &StagePlan, plan: &Plan) -> std::fmt::Result {
    let name = &stage.name;
    let sees = match &stage.view {
        View::Full => "all of a sample".to_owned(),
        _ => format!("{} numbers of a sample", stage.layout.inputs()),
    };
    let training = match &stage.work {
        Work::Given { folder, .. } => {
            return writeln!(
                out,
                "{name} is given, {}, and sees {sees}",
                terminal(&folder.display().to_string())
            );
        }
        Work::Train(training) => training,
    };
    let train = &training.train;
    let curve = match train.scope {
        ScheduleScope::Stage => "",
        ScheduleScope::Chain => " along the chain of growth",
    };
    let widths = match &train.base {
        Some(base) => format!(" as for the widths of {base} (µP)"),
        None => String::new(),
    };
    let samples = grouped(training.epoch_samples as f64);
    writeln!(
        out,
        "{name} sees {sees}, {samples} samples an epoch in batches of {}; {}, lr {}{widths}, {}{curve}",
        train.batch, train.optimizer.name, train.lr, train.schedule.name
    )?;
    match &training.start {
        Some(start) => grows(out, name, start, stage, plan)?,
        None => writeln!(out, "{name} starts from fresh weights")?,
    }
    for term in &training.learn {
        learns(out, name, term)?;
    }
    Ok(())
}

fn grows(
    out: &mut String,
    name: &str,
    start: &StartPlan,
    stage: &StagePlan,
    plan: &Plan,
) -> std::fmt::Result {
    let promise = match start.promise {
        Promise::Exact => "the same function",
        Promise::Nothing => "not the same function",
    };
    write!(out, "{name} grows from {}, {promise}", start.from)?;
    let Some(small) = plan.stage(&start.from) else {
        return writeln!(out);
    };
    for (i, layer) in stage.layout.layers.iter().enumerate() {
        let before = small.layout.layer(&layer.path);
        let mark = if i == 0 { ": " } else { ", " };
        match before {
            Some(old) if (old.inputs, old.outputs) == (layer.inputs, layer.outputs) => {
                write!(out, "{mark}{} as it is", layer.path)?
            }
            Some(old) => write!(
                out,
                "{mark}{} {} × {} → {} × {}",
                layer.path, old.inputs, old.outputs, layer.inputs, layer.outputs
            )?,
            None => write!(
                out,
                "{mark}{} inserted ({} × {})",
                layer.path, layer.inputs, layer.outputs
            )?,
        }
    }
    writeln!(out)
}

fn learns(out: &mut String, name: &str, term: &TermPlan) -> std::fmt::Result {
    let from = match term.teachers.as_slice() {
        [] => "a virtual teacher".to_owned(),
        teachers => teachers.join(" and "),
    };
    let weight = match term.weight {
        TermWeight::Mix(mix) => format!("{} % of the loss", 100.0 * mix),
        TermWeight::Add(add) => format!("{add} times added to the loss"),
    };
    let until = term.until.map_or(String::new(), |until| {
        format!(", fading until {} % of its steps", 100.0 * until)
    });
    writeln!(
        out,
        "{name} learns from {from}: {}, {weight}{until}",
        term.name
    )
}

/// Columns of text, the first two left-aligned.
fn table(out: &mut String, rows: &[[String; 7]]) -> std::fmt::Result {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = width(column);
            match column {
                0 => write!(line, "{cell:<width$}")?,
                1 => write!(line, "  {cell:<width$}")?,
                _ => write!(line, "  {cell:>width$}")?,
            }
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
