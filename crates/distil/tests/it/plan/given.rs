//! Given models: what a plan asks of them.

use std::path::Path;

use burn::tensor::Device;
use distil::data::Dataset;
use distil::data::source::Source;
use distil::model::{MlpConfig, ModelConfig};
use distil::plan::{Arm, Draft, Plan, Work};
use distil::rng::Seed;
use distil::saved::{Card, Provenance, SavedModel};
use distil_recipe::RecipeText;
use insta::assert_snapshot;

use super::{GROW, dataset, draft, with};

/// Saves a model of the digits under this path, once `change` was made to its card; returns the digits.
pub(super) fn save(path: &Path, weights: Seed, change: impl FnOnce(&mut Card)) -> Dataset {
    let trained = draft(GROW, &Arm::Flow).unwrap();
    let data = dataset(&trained).unwrap();
    let model = ModelConfig::Mlp(MlpConfig {
        hidden: vec![64],
        ..MlpConfig::default()
    });
    let mut card = Card {
        stage: "small".into(),
        model,
        inputs: 64,
        outputs: 10,
        source: trained.source.settled(&trained.read_data().unwrap()),
        parts: trained.parts.clone(),
        preprocessing: data.preprocessing.clone(),
        view: distil::data::View::Full,
        view_shape: vec![8, 8],
        targets: data.fitted_targets.clone(),
        unit: None,
        metric: "accuracy".into(),
        split: trained.split.clone(),
        provenance: Provenance::default(),
    };
    change(&mut card);
    let device = Device::flex();
    let layout = card.model.layout(&card.view_shape, card.outputs).unwrap();
    let net = card.model.init(layout, weights, &device);
    let view = distil::data::ViewMatrix::identity(&card.view_shape);
    let saved = SavedModel {
        net: net.unwrap(),
        card,
        view,
    };
    saved.write(path, None).unwrap();
    data
}

/// Plans a recipe whose small stage is a model of the digits, after `change` was made to its card.
fn with_given(text: &str, weights: Seed, change: impl FnOnce(&mut Card)) -> Result<Plan, String> {
    let folder = tempfile::tempdir().unwrap();
    let data = save(&folder.path().join("model"), weights, change);
    let text = with(text, "kind = \"mlp\", hidden = [64]", "file = \"model\"");
    let draft = Draft::read(
        &RecipeText::new("recipe.toml", text),
        Path::new(folder.path()),
        &Arm::Flow,
    );
    let draft = draft.map_err(|refusal| refusal.to_string())?;
    draft.plan(&data).map_err(|refusal| refusal.to_string())
}

#[test]
fn a_given_model_starts_and_teaches_and_costs_no_training() {
    let plan = with_given(GROW, Seed(0), |_| ()).unwrap();
    assert!(matches!(plan.stages[0].work, Work::Given { .. }));
    assert_eq!(plan.stages[0].layout.parameters(), 4810);
    assert_eq!(plan.flops(), plan.result().training().unwrap().cost.flops());
    let arms: Vec<_> = plan.arms.iter().map(ToString::to_string).collect();
    assert_eq!(arms, ["flow", "plain"], "what is given is no small stage");
}

#[test]
fn a_given_model_with_other_weights_has_another_hash() {
    let hash = |seed: u64| with_given(GROW, Seed(seed), |_| ()).unwrap().hash();
    assert_eq!(hash(1), hash(1));
    assert_ne!(hash(1), hash(2));
}

#[test]
fn a_given_model_with_other_classes_is_refused() {
    let other = with_given(GROW, Seed(0), |card| card.targets.names[9] = "X".into());
    assert_snapshot!(other.unwrap_err(), @r#"
    error: the given model answers 0, 1, 2, 3, 4, 5, 6, 7, 8, X, and the data's targets are 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
     --> recipe.toml:5:18
      |
    5 | model = { file = "model" }
      |                  ^^^^^^^
      |
      = note: a given model has the data's classes, labels or values, in the same order
      = help: train a model on these targets, or choose the data the model was trained on
    "#);
}

#[test]
fn a_given_model_of_other_data_is_refused() {
    let other = with_given(GROW, Seed(0), |card| {
        card.inputs = 1000;
        card.view_shape = vec![20, 50];
        card.preprocessing = distil::data::Preprocessing::Block {
            shape: vec![20, 50],
            shift: vec![0.0],
            scale: vec![1.0],
        };
    });
    assert_snapshot!(other.unwrap_err(), @r#"
    error: the given model sees samples of shape [20, 50], and those of this data have shape [8, 8]
     --> recipe.toml:5:18
      |
    5 | model = { file = "model" }
      |                  ^^^^^^^
      |
      = note: a given model was trained on data of the same form

    error: the small model reads 1000 numbers and the large one 64, and no linear view leads from one to the other
     --> recipe.toml:9:9
      |
    9 | start = "small"
      |         ^^^^^^^
      |
      = note: `large` must be able to hold all of `small`
      = help: give the small stage a `view` of what the large one reads
    "#);
}
