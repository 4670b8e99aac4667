//! Hashes that must not move: checkpoints and kept stages of earlier versions are found by them.

use distil::plan::shipped;

use super::plan;

/// Every training key in both places, and every key of `start` and `learn`.
const EVERY: &str = r#"task = { kind = "classification", smoothing = 0.1 }

[data]
source = "digits"
split = { test = 0.25, validation = 0.1, seed = 3, stratify = false }
augment = { shift = 1, mixup = 0.2 }

[train]
steps = 60
batch = 16
optimizer = { kind = "sgd", momentum = 0.9 }
lr = 3e-2
schedule = "trapezoid"
warmup = 5
clip = 1.5
accumulate = 2
average = 0.99
patience = 3
evaluate = 2

[stage.small]
model = { kind = "mlp", hidden = [16] }
view = { pool = [2, 2] }
samples = { kind = "random", fraction = 0.5 }

[stage.large]
model = { kind = "mlp", hidden = [32, 16] }
start = { from = "small", width = "copy", depth = "identity", optimizer = "keep", shrink = 0.7, noise = 0.01, new = { lr = 1.5, warmup = 10 } }
learn = [
  { from = "small", method = "kd", mix = 0.3, temperature = 2, until = 0.4 },
  { from = "small", method = "fitnet", add = 1, layers = { "hidden.0" = "hidden.0" } },
]
train = { epochs = 2, batch = 64, optimizer = { kind = "adamw", weight_decay = 0.05, exclude = "nothing" }, lr = 1e-3, schedule = "cosine", warmup = 3, clip = 0.5, accumulate = 1, average = 0.9, patience = 2, evaluate = 3 }
"#;

#[test]
fn a_plan_that_keeps_the_last_weights_is_the_one_that_does_not_say_so() {
    let with = |keep: &str| EVERY.replacen("[train]", &format!("[train]\nkeep = \"{keep}\""), 1);
    let hash = |keep: &str| plan(&with(keep)).hash();
    let unsaid = plan(EVERY).hash();
    assert_eq!(hash("last"), unsaid);
    assert_ne!(hash("best"), unsaid);
}

#[test]
fn the_hashes_of_plans_are_those_of_earlier_versions() {
    // As they were shipped then.
    let kept = |line: &&str| !line.starts_with("keep ");
    let text = |name: &str| -> String {
        let lines = shipped(name).unwrap().text.lines().filter(kept);
        lines.collect::<Vec<_>>().join("\n")
    };
    for (text, hash) in [
        (
            text("digits"),
            "f415a4283fde47ab0f805521bfb6e2bbe3a3ea20c1491c335219fdee18acb161",
        ),
        (
            text("compress"),
            "9d1ac75c4b4004dc70f558182ac149dd7ac36b5273ec352fdbd4a8079c9b9562",
        ),
        (
            text("source-generated"),
            "6597a7b086230624f271a7b255467eaf12b23b50b10ce7baf9be4b03693a7efd",
        ),
        (
            EVERY.to_owned(),
            "3323754a12b06cc5a10a6904e19fe7dc9a7c4e3d793df2e87182cf936729e0b9",
        ),
    ] {
        assert_eq!(plan(&text).hash(), hash, "{text}");
    }
}
