//! A stage's network: whether it can be made of what the recipe says, and what a sample costs it.

use distil_recipe::recipe::{ModelTable, StageTable};
use distil_recipe::{Problem, Problems};
use distil_report::measure::TaskKind;
use distil_report::show::grouped;

use crate::data::{ColumnFeatures, View};
use crate::memory::fits;
use crate::model::{Layout, ModelConfig};
use crate::plan::refusal::sentence;
use crate::plan::stage::TermPlan;

/// The shapes of a stage's network, if it reads samples of this shape, or these columns of a table.
pub(super) fn layout(
    table: &StageTable,
    model: &ModelConfig,
    (shape, columns): (&[usize], Option<&[ColumnFeatures]>),
    (outputs, task): (usize, TaskKind),
    problems: &mut Problems,
) -> Option<Layout> {
    let place = match &table.model {
        Some(ModelTable::Given(given)) => given.file.span.clone(),
        Some(ModelTable::Family(choice)) => choice.kind.span.clone(),
        None => None,
    };
    let refused = |reason: String| {
        problems.push(
            sentence(place.or(table.name.span.clone()), &reason)
                .rule("a network reads samples of the shape that its stage sees"),
        );
    };
    let layout = match columns {
        Some(columns) => model.layout_of(columns, outputs),
        None => model.layout(shape, outputs),
    };
    layout
        .map_err(refused)
        .ok()
        .map(|layout| layout.for_task(task))
}

/// Whether the stage sees what its network reads: one that tells the columns of a table apart needs all of them as they are.
pub(super) fn sees_columns(
    table: &StageTable,
    model: &ModelConfig,
    view: &View,
    problems: &mut Problems,
) -> Option<()> {
    if *view == View::Full || !model.reads_columns() {
        return Some(());
    }
    let place = table.view.as_ref().and_then(|view| view.span.clone());
    problems.push(
        Problem::at(
            place.or(table.name.span.clone()),
            format!(
                "`{}` would read columns that a view has mixed",
                model.name()
            ),
        )
        .rule("a network that scales, embeds and spreads each column by what is in it reads the columns as they are")
        .help("remove `view`, or use `mlp`"),
    );
    None
}

/// Whether a batch has a spread, where the model is normalised by it.
pub(super) fn two_samples(
    table: &StageTable,
    layout: &Layout,
    batch: usize,
    problems: &mut Problems,
) -> Option<()> {
    if batch > 1 || !layout.needs_two_samples() {
        return Some(());
    }
    let written = table.train.as_ref().and_then(|train| train.batch.as_ref());
    let place = match (written, &table.model) {
        (Some(batch), _) => batch.span.clone(),
        (None, Some(ModelTable::Family(choice))) => choice.kind.span.clone(),
        _ => None,
    };
    problems.push(
        Problem::at(
            place.or(table.name.span.clone()),
            format!(
                "stage `{}` has batch norm and batches of one sample, whose spread is 0",
                table.name
            ),
        )
        .rule("batch norm takes two samples a batch, however many batches make an update")
        .help("raise `batch` and lower `accumulate`, or write norm = \"layer\""),
    );
    None
}

/// Whether so many copies of a stage's parameters fit into memory.
pub(super) fn in_memory(
    table: &StageTable,
    layout: &Layout,
    copies: usize,
    problems: &mut Problems,
) -> Option<()> {
    let parameters = layout.parameters();
    let refused = |reason: String| {
        let place = match &table.model {
            Some(ModelTable::Given(given)) => given.file.span.clone(),
            Some(ModelTable::Family(choice)) => {
                choice.table.span.clone().or(choice.kind.span.clone())
            }
            None => None,
        };
        let each = match copies {
            1 => String::new(),
            _ => format!(" in {copies} copies, with gradient and the optimiser's memory,"),
        };
        let message = format!(
            "the {} parameters of stage `{}`{each} {reason}",
            grouped(parameters as f64),
            table.name
        );
        problems.push(
            Problem::at(place.or(table.name.span.clone()), message)
                .rule("a model fits into memory")
                .help("make it smaller"),
        );
    };
    fits(&[parameters.into(), copies as u128])
        .map_err(refused)
        .ok()
}

/// FLOPs of one sample's forward and backward pass, adapters included.
pub(super) fn flops_train(layout: &Layout, learn: &[TermPlan]) -> f64 {
    let adapters = learn.iter().flat_map(|term| &term.needs.adapters);
    let adapters: f64 = adapters
        .map(|adapter| adapter.flops_forward() + adapter.flops_backward())
        .sum();
    layout.flops_forward() + layout.flops_backward() + adapters
}
