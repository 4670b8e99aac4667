//! `distil list`: what there is, from the registries.

mod runs;

use distil::plan::SHIPPED;
use distil::task::name_of;
use distil_recipe::Kinds;
use distil_recipe::registry::KindSchema;
use distil_report::measure::{Better, METRICS};
use schemars::SchemaGenerator;

use crate::args::{ListArgs, What};
use crate::exit::Ended;
use crate::show;
use crate::show::table::{table, text};

/// Lists one sort of thing.
pub fn list(args: &ListArgs) -> Ended {
    let shown = match args.what {
        What::Recipes => recipes(),
        What::Models => kinds(&distil::model::MODELS),
        What::Methods => kinds(&distil::method::METHODS),
        What::Growth => growth(),
        What::Samples => kinds(&distil::samples::SAMPLES),
        What::Sources => kinds(&distil::data::source::SOURCES),
        What::Metrics => metrics(),
        What::Optimizers => kinds(&distil::optim::RULES),
        What::Schedules => kinds(&distil::optim::SCHEDULES),
        What::Tasks => kinds(&distil::task::TASKS),
        What::Runs => runs::runs(&args.folder)?,
    };
    show::print(&shown)
}

fn recipes() -> String {
    let mut shown = table(&["recipe", "what it does"]);
    for recipe in SHIPPED {
        shown.add_row([recipe.name, recipe.summary]);
    }
    text(&shown)
}

fn kinds(registry: &dyn Kinds) -> String {
    let mut shown = table(&["name", "what it is", "options"]);
    for kind in registry.kinds(&mut SchemaGenerator::default()) {
        shown.add_row([
            kind.name.to_owned(),
            kind.summary.to_owned(),
            options(&kind),
        ]);
    }
    text(&shown)
}

fn growth() -> String {
    let mut shown = table(&["in `start`", "name", "what it is", "options"]);
    let registries: [(&str, &dyn Kinds); 2] = [
        ("width", &distil::growth::WIDTHS),
        ("depth", &distil::growth::DEPTHS),
    ];
    for (key, registry) in registries {
        for kind in registry.kinds(&mut SchemaGenerator::default()) {
            shown.add_row([
                key.to_owned(),
                kind.name.to_owned(),
                kind.summary.to_owned(),
                options(&kind),
            ]);
        }
    }
    text(&shown)
}

/// The keys beside the name.
fn options(kind: &KindSchema) -> String {
    let keys = kind
        .schema
        .get("properties")
        .and_then(serde_json::Value::as_object);
    keys.map_or_else(String::new, |keys| {
        keys.keys()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    })
}

fn metrics() -> String {
    let mut shown = table(&["metric", "better", "tasks", "what it is"]);
    for metric in METRICS {
        let better = match metric.better {
            Better::Higher => "higher",
            Better::Lower => "lower",
        };
        let tasks: Vec<&str> = metric.tasks().into_iter().map(name_of).collect();
        shown.add_row([metric.name, better, &tasks.join(", "), metric.summary]);
    }
    text(&shown)
}
