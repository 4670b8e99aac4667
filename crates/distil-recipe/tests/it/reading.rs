//! What a recipe says, as the plan reads it.

use distil_recipe::recipe::{Column, MixOrAdd, ModelTable, SplitKind, View};
use distil_recipe::{RecipeText, parse};
use proptest::prelude::*;

use crate::{SOURCE, recipe};

#[test]
fn the_recipe_of_the_source_flow_is_read_without_problems() {
    let recipe = recipe(SOURCE);
    assert_eq!(recipe.task.kind.as_str(), "classification");
    assert_eq!(recipe.data.source.kind.as_str(), "fsdd");
    let options: Vec<_> = recipe
        .data
        .source
        .table
        .entries
        .iter()
        .map(|e| e.key.as_str())
        .collect();
    assert_eq!(options, ["path", "features"]);
    assert_eq!(*recipe.data.split.kind, SplitKind::Official);
    let [small, large] = recipe.stages.as_slice() else {
        panic!("two stages")
    };
    assert_eq!(small.view.as_deref(), Some(&View::Pool(vec![2, 5].into())));
    assert_eq!(small.samples.kind.as_str(), "stratified");
    assert_eq!(large.samples.kind.as_str(), "all");
    let start = large.start.as_ref().expect("a start");
    assert_eq!(
        (start.from.as_str(), start.width.kind.as_str()),
        ("small", "new")
    );
    let learn = &large.learn[0];
    assert_eq!(learn.method.kind.as_str(), "kd");
    assert_eq!(learn.weight(), MixOrAdd::Mix(0.5.into()));
    let options: Vec<_> = learn
        .method
        .table
        .entries
        .iter()
        .map(|e| e.key.as_str())
        .collect();
    assert_eq!(options, ["temperature"]);
    let train = large.train.as_ref().expect("a train table");
    assert_eq!(train.epochs, Some(6.into()));
    let plain = recipe.compare.plain.as_ref().expect("a plain table");
    assert_eq!(plain.epochs, Some(10.into()));
    assert_eq!(*recipe.run.checkpoint_seconds, 60.0);
}

#[test]
fn every_value_knows_where_it_was_written() {
    let recipe = recipe(SOURCE);
    let learn = &recipe.stages[1].learn[0];
    let MixOrAdd::Mix(mix) = learn.weight() else {
        panic!("mix")
    };
    assert_eq!(mix.span.clone().map(|span| &SOURCE[span]), Some("0.5"));
    assert_eq!(
        learn.from[0].span.clone().map(|span| &SOURCE[span]),
        Some("\"small\"")
    );
    assert_eq!(
        recipe.stages[1].name.span.clone().map(|span| &SOURCE[span]),
        Some("large")
    );
    assert_eq!(
        recipe.stages[1].span.clone().map(|span| &SOURCE[span]),
        Some("[stage.large]")
    );
    assert_eq!(recipe.stages[1].samples.kind.span, None);
}

/// A recipe with one line more in its second stage.
fn with(line: &str) -> String {
    format!(
        "task = \"regression\"\ndata = \"digits\"\n[stage.a]\nmodel = \"mlp\"\n[stage.b]\nmodel = \"mlp\"\n{line}\n"
    )
}

#[test]
fn a_string_stands_for_the_table_with_its_obvious_key() {
    let alike = [
        ("start = \"a\"", "start = { from = \"a\" }"),
        (
            "learn = \"a\"",
            "learn = { from = \"a\", method = \"kd\", mix = 0.5 }",
        ),
        ("learn = \"a\"", "learn = [\"a\"]"),
        ("learn = \"a\"", "[[stage.b.learn]]\nfrom = \"a\""),
        ("samples = \"random\"", "samples = { kind = \"random\" }"),
        (
            "train = { schedule = \"linear\" }",
            "train = { schedule = { kind = \"linear\" } }",
        ),
    ];
    for (string, table) in alike {
        let strip = |text: &str| {
            let mut recipe = recipe(text);
            let stage = &mut recipe.stages[1];
            stage.span = None;
            stage.samples.table.span = None;
            for learn in &mut stage.learn {
                learn.span = None;
                if let MixOrAdd::Mix(mix) = learn.weight() {
                    learn.mix = Some(mix);
                }
                learn.method.table.span = None;
            }
            if let Some(train) = &mut stage.train {
                train.span = None;
                train
                    .schedule
                    .iter_mut()
                    .for_each(|schedule| schedule.table.span = None);
            }
            recipe
        };
        assert_eq!(strip(&with(string)), strip(&with(table)), "{string}");
    }
}

#[test]
fn views_models_and_layers_have_their_own_forms() {
    let view = |line: &str| {
        recipe(&with(line)).stages[1]
            .view
            .clone()
            .map(|view| view.value)
    };
    let columns = vec![Column::Name("age".into()).into(), Column::Number(3).into()];
    assert_eq!(
        view("view = { columns = [\"age\", 3] }"),
        Some(View::Columns(columns))
    );
    assert_eq!(
        view("view = { resize = [4, 4] }"),
        Some(View::Resize([4, 4].into()))
    );
    let given = recipe(&with(
        "[stage.c]\nmodel = { file = \"m/\", classes = \"c.txt\" }",
    ));
    assert!(given.stages[2].is_given());
    assert!(matches!(given.stages[2].model, Some(ModelTable::Given(_))));
    let learn = recipe(&with(
        "learn = { from = \"a\", add = 1, layers = { \"hidden.0\" = \"hidden.1\" } }",
    ));
    let layers = vec![("hidden.0".to_owned().into(), "hidden.1".to_owned().into())];
    assert_eq!(learn.stages[1].learn[0].layers, layers);
    assert_eq!(learn.stages[1].learn[0].weight(), MixOrAdd::Add(1.0.into()));
}

#[test]
fn a_patch_of_an_arm_becomes_edits() {
    let text = with(
        "[compare]\narms = [\"shrunk\"]\n[compare.arm.shrunk]\nstage.b.start = { from = \"a\", shrink = 0.6 }\nstage.b.train.lr = 3e-4",
    );
    let recipe = recipe(&text);
    let expected = [
        (
            "stage.b.start".to_owned(),
            "{ from = \"a\", shrink = 0.6 }".to_owned(),
        ),
        ("stage.b.train.lr".to_owned(), "3e-4".to_owned()),
    ];
    assert_eq!(recipe.compare.arm[0].edits(&text), expected);
}

#[test]
fn settings_of_a_stage_win_over_those_of_the_recipe() {
    let text = with("train = { steps = 50, lr = 0.1 }\n[train]\nepochs = 3\nlr = 0.2\nbatch = 8");
    let recipe = recipe(&text);
    let train = recipe.stages[1]
        .train
        .clone()
        .expect("a train table")
        .over(&recipe.train);
    assert_eq!((train.steps, train.epochs), (Some(50.into()), None));
    assert_eq!((train.lr, train.batch), (Some(0.1.into()), Some(8.into())));
}

#[test]
fn hostile_depth_ends_in_a_problem_or_a_table_not_in_a_crash() {
    let depth = 100_000;
    let hostile = [
        format!("a = {}", "[".repeat(depth)),
        format!("a = {}", "{ a = ".repeat(depth)),
        format!("{}a = 1", "a.".repeat(depth)),
        format!("[{}a]", "a.".repeat(depth)),
    ];
    for text in hostile {
        let text = RecipeText::new("hostile", text);
        let (recipe, problems) = parse(&text);
        assert!(recipe.is_none() && !problems.is_empty());
        distil_recipe::render(&text, problems.as_slice(), false);
    }
}

proptest! {
    #[test]
    fn reading_never_panics_on_any_text(text in "\\PC*") {
        let text = RecipeText::new("any", text);
        let (_, problems) = parse(&text);
        distil_recipe::render(&text, problems.as_slice(), true);
    }

    #[test]
    fn reading_never_panics_on_a_damaged_recipe(cut in 0..SOURCE.len(), length in 0usize..40, insert in "[\\[\\]{}=,.\"'\\n\\r\\ta-z0-9é\u{6a21}]{0,6}") {
        let end = (cut + length).min(SOURCE.len());
        let damaged = format!("{}{insert}{}", &SOURCE[..cut], &SOURCE[end..]);
        let text = RecipeText::new("damaged", damaged);
        let (recipe, problems) = parse(&text);
        prop_assert!(recipe.is_some() || !problems.is_empty());
        distil_recipe::render(&text, problems.as_slice(), false);
    }
}
