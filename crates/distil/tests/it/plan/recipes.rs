//! The shipped recipes, their plans and the schema.

use std::path::{Path, PathBuf};

use distil::plan::{Arm, Draft, Plan, SHIPPED, schema, shipped};
use distil_recipe::RecipeText;
use distil_recipe::set::parse_sets;
use insta::assert_snapshot;

use super::validator::is_valid;
use super::{GROW, dataset, page, with};
use crate::skipped;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// A shipped recipe with its data at hand; says so and gives nothing where it is not.
fn planned(name: &str) -> Option<Plan> {
    let recipe = shipped(name).unwrap();
    let mut text = RecipeText::new(name, recipe.text);
    let outside = [
        ("source", "fsdd/recordings"),
        ("california", "california-housing.csv"),
        ("cifar", "cifar10-jpeg"),
    ];
    if let Some((_, file)) = outside.iter().find(|(named, _)| *named == name) {
        let path = PathBuf::from(ROOT).join("../shared/data").join(file);
        if !path.exists() {
            skipped(&format!("the recipe `{name}` needs {}", path.display()));
            return None;
        }
        let sets = parse_sets(&[format!("data.path={:?}", path.display().to_string())]).unwrap();
        text.set(&sets[0], &sets[0].values[0]).unwrap();
    }
    let draft = Draft::read(&text, Path::new("."), &Arm::Flow)
        .unwrap_or_else(|refusal| panic!("{refusal}"));
    let data = dataset(&draft).unwrap();
    Some(
        draft
            .plan(&data)
            .unwrap_or_else(|refusal| panic!("{refusal}")),
    )
}

#[test]
fn every_shipped_recipe_has_a_plan() {
    for recipe in SHIPPED {
        if let Some(plan) = planned(recipe.name) {
            println!("{}", plan.describe(None));
            println!("{}", plan.to_toml());
            assert_eq!(plan.name, recipe.name);
            let arms: Vec<_> = plan.arms.iter().map(ToString::to_string).collect();
            let small_is_smaller = !["compress", "ensemble"].contains(&recipe.name);
            let expected: &[&str] = if small_is_smaller {
                &["flow", "small", "plain"]
            } else {
                &["flow", "alone", "plain"]
            };
            assert_eq!(arms, expected, "{}", recipe.name);
        }
    }
}

#[test]
fn the_plan_is_read_before_a_run() {
    let plan = planned("digits").unwrap();
    assert_snapshot!(plan.describe(Some(1e9)), @r"
    digits: handwritten digits, 8 × 8, built in
    1,168 samples to train on, 270 to choose by, 359 to test on; compared by accuracy

    stage  model              parameters  FLOPs a sample  steps  epochs   share
    small  mlp 64-64-10            4,810     20.2 kFLOPs    370      10   3.7 %
    large  mlp 64-512-128-10     100,234      532 kFLOPs    370      10  96.3 %

    small sees all of a sample, 1,168 samples an epoch in batches of 32; adam, lr 0.004, constant
    small starts from fresh weights

    large sees all of a sample, 1,168 samples an epoch in batches of 32; adam, lr 0.004, linear
    large grows from small, not the same function: hidden.0 64 × 64 → 64 × 512, hidden.1 inserted (512 × 128), head 64 × 10 → 128 × 10

    arms: flow, small, plain
    the flow takes 6.45 GFLOPs, about 6.45 s; a trial holds 2.84 MiB in memory beside the program, and 3.64 MiB on disk
    ");
}

#[test]
fn the_schema_that_is_checked_in_is_the_one_the_registries_make() {
    let path = PathBuf::from(ROOT).join("schema/recipe.schema.json");
    let fresh = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &fresh).unwrap();
    }
    let held = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        held == fresh,
        "schema/recipe.schema.json is out of date; write it anew: BLESS=1 cargo test --release --workspace schema"
    );
}

#[test]
fn the_tables_of_the_page_on_recipes_are_what_the_schema_says() {
    let path = PathBuf::from(ROOT).join("docs/recipes.md");
    let held = std::fs::read_to_string(&path).unwrap();
    let fresh = page::fill(&held, &schema()).unwrap();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    } else {
        assert!(
            held == fresh,
            "docs/recipes.md is out of date; write its tables anew: BLESS=1 cargo test --release --workspace schema"
        );
    }
}

#[test]
fn every_shipped_recipe_names_the_schema_and_obeys_it() {
    let schema = schema();
    for recipe in SHIPPED {
        assert_eq!(
            recipe.text.lines().next(),
            Some("#:schema ../schema/recipe.schema.json"),
            "{}",
            recipe.name
        );
        let json: serde_json::Value = toml::from_str(recipe.text).unwrap();
        assert!(is_valid(&schema, &schema, &json), "{}", recipe.name);
    }
}

#[test]
fn the_schema_refuses_what_a_plan_refuses() {
    let schema = schema();
    let valid = |text: &str| is_valid(&schema, &schema, &toml::from_str(text).unwrap());
    assert!(valid(GROW));
    for (old, new) in [
        ("\"digits\"", "\"digit\""),
        ("hidden", "hiden"),
        ("until = 0.4", "until = 0.4, method = \"dk\""),
        ("\"mlp\"", "\"cnn\""),
    ] {
        assert!(!valid(&with(GROW, old, new)), "{new}");
    }
}
