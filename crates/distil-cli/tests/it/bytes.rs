//! The same seed gives the same bytes, with the fast kernels on.

use std::fs;

use crate::harness::Place;

/// Digits, with networks of a batch wide enough for products and updates to be shared among threads.
fn recipe(small: &str, large: &str) -> String {
    format!(
        "task = \"classification\"\ndata = \"digits\"\n\n[train]\nepochs = 1\nbatch = 256\n\n\
         [stage.small]\nmodel = {small}\n\n[stage.large]\nmodel = {large}\nstart = \"small\"\n\
         learn = {{ from = \"small\", method = \"kd\" }}\n"
    )
}

/// The bytes of a new run's model.
fn trained(recipe: &str, threads: &str) -> Vec<u8> {
    let place = Place::new();
    place.write("recipe.toml", recipe);
    let arguments = ["run", "./recipe.toml", "--no-control", "--threads", threads];
    let ended = place.distil(&arguments);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    fs::read(place.path("runs/recipe-0001/model/model.safetensors")).unwrap()
}

fn assert_same_bytes(recipe: &str) {
    let one = trained(recipe, "1");
    assert!(one == trained(recipe, "1"), "1 thread, twice");
    let two = trained(recipe, "2");
    assert!(two == trained(recipe, "2"), "2 threads, twice");
    // Sums are added in the same order however many threads share them.
    assert!(one == two, "1 thread and 2");
}

#[test]
fn perceptrons() {
    assert_same_bytes(&recipe(
        r#"{ kind = "mlp", hidden = [256] }"#,
        r#"{ kind = "mlp", hidden = [1024, 512] }"#,
    ));
}

#[test]
fn convolutions_with_batch_norm() {
    assert_same_bytes(&recipe(
        r#"{ kind = "resnet", depth = 8 }"#,
        r#"{ kind = "resnet", depth = 14 }"#,
    ));
}

#[test]
fn masked_and_shifted_sounds() {
    let data = "{ source = \"gaussian\", samples = 400, shape = [8, 12], pool = [2, 3], classes = 4, \
                augment = { time_shift = 2, frequency_width = 3, time_width = 4, time_masks = 2 } }";
    let recipe = recipe(
        r#"{ kind = "dscnn", channels = 8, blocks = 1 }"#,
        r#"{ kind = "dscnn", channels = 16, blocks = 2 }"#,
    );
    assert_same_bytes(&recipe.replace("\"digits\"", data));
}
