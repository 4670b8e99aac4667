//! `distil check`: the plan of a recipe, or the machine.

use std::fmt::Write;
use std::path::Path;

use distil::data::source::Source;
use distil::data::{Dataset, Targets};
use distil::device;
use distil::plan::{Arm, Draft};
use distil::run::{beforehand, host};
use distil::sample::SampleId;
use distil_report::foreign::terminal;
use distil_report::present::human::human_bytes;
use distil_report::show::exact;

use crate::args::CheckArgs;
use crate::cmd::run::{apply_sets, comma, refused};
use crate::exit::{Ended, Failure};
use crate::find::{self, Found};
use crate::machine;
use crate::show;

/// Shows the plan of a recipe, or without one the machine.
pub fn check(args: &CheckArgs) -> Ended {
    let Some(word) = &args.recipe else {
        return show::print(&this_machine());
    };
    let Found { mut text, .. } = find::recipe(word)?;
    if let Some(set) = apply_sets(&mut text, &args.set)?.first() {
        return Err(Failure::usage(format_args!(
            "{}. Give one value: a check shows one plan.",
            comma(set)
        )));
    }
    let draft =
        Draft::read(&text, Path::new("."), &Arm::Flow).map_err(|refusal| refused(&refusal))?;
    let early = |error: distil::Error| Failure::from(error).before_anything();
    let raw = draft.read_data().map_err(early)?;
    let source = draft.source.describe();
    let data = draft.dataset(raw, None).map_err(early)?;
    let plan = draft.plan(&data).map_err(|refusal| refused(&refusal))?;
    let mut shown = plan.describe(Some(machine::flops_per_second()));
    for line in beforehand(&text, &plan, &data) {
        // Writing to a string cannot fail.
        _ = writeln!(shown, "with one seed, {line}");
    }
    if args.data {
        shown += &describe(&source, &data);
    }
    show::print(&shown)
}

fn this_machine() -> String {
    let host = host(1, &device::cpu());
    format!(
        "Distil {}\n{}\n{}\n{} cores, {} instructions, {} of memory\nA trial uses 1 thread, or several where trials are few and \
         steps large, and there are as many trials at a time as the cores have room for, unless --threads and --jobs say otherwise.\nA training step through a wide layer: {:.0} GFLOPs per second\n",
        host.distil,
        host.system,
        host.cpu,
        host.cores,
        host.instructions,
        human_bytes(host.memory_bytes),
        machine::flops_per_second() / 1e9,
    )
}

/// What the models will see: the shape and the first features of a sample, the targets, what had to be guessed.
fn describe(source: &str, data: &Dataset) -> String {
    let mut text = format!(
        "\nData: {}, {} samples of shape {:?}\n",
        terminal(source),
        data.len(),
        data.shape
    );
    let features = data.preprocessing.features();
    const SHOWN: usize = 8;
    let more = if features.len() > SHOWN { ", …" } else { "" };
    // Writing to a string cannot fail.
    _ = writeln!(
        text,
        "{} features: {}{more}",
        features.len(),
        terminal(&features[..features.len().min(SHOWN)].join(", "))
    );
    if let Some(first) = data.split.train.first() {
        let row = data.inputs.row(first.row());
        let numbers: Vec<String> = row.iter().take(SHOWN).map(|x| format!("{x:.4}")).collect();
        _ = writeln!(
            text,
            "the first training sample, scaled: {}{more}",
            numbers.join(", ")
        );
    }
    match &data.targets {
        Targets::Classes { names, labels } => {
            let count = |class: usize| {
                let split = &data.split;
                let parts: [&[SampleId]; 3] = [&split.train, &split.validation, &split.test];
                let of = |ids: &&[SampleId]| {
                    let ids = ids.iter();
                    ids.filter(|id| labels[id.row()] as usize == class)
                        .count()
                        .to_string()
                };
                parts.iter().map(of).collect::<Vec<_>>().join("/")
            };
            let counts: Vec<String> = names
                .iter()
                .enumerate()
                .map(|(class, name)| format!("{name}: {}", count(class)))
                .collect();
            _ = writeln!(
                text,
                "{} classes, samples of each to train on, to choose by and to test on: {}",
                names.len(),
                terminal(&counts.join(", "))
            );
        }
        Targets::Values { names, scale, .. } => {
            for (target, name) in names.iter().enumerate() {
                _ = writeln!(
                    text,
                    "target {}: mean {}, standard deviation {}",
                    terminal(name),
                    exact(scale.mean[target]),
                    exact(scale.std[target])
                );
            }
        }
        Targets::Labels { names, .. } => {
            _ = writeln!(
                text,
                "{} labels: {}",
                names.len(),
                terminal(&names.join(", "))
            )
        }
    }
    for column in &data.columns {
        // A column without a name is called by its place, `column 3`.
        let word = match column.starts_with("column ") {
            true => "",
            false => "column ",
        };
        _ = writeln!(text, "{word}{}", terminal(column));
    }
    for guess in &data.guesses {
        _ = writeln!(
            text,
            "column {}: cells outside the training part with a text or a gap that it has not: {}, the first in sample {}, counted from 0 through all files",
            terminal(&guess.column),
            guess.cells,
            guess.row
        );
    }
    text
}
