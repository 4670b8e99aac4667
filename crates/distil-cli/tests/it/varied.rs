//! Varied samples are for training alone, and what a teacher says of them is billed.

use distil_report::events::Event;
use distil_report::{Numbers, Part};

use crate::harness::Place;

/// What a run that learns nothing measures: its rate is too small to move a weight.
struct Run {
    /// Training losses of the student.
    losses: Vec<f64>,
    /// What was measured on validation and test, and the outputs for the test part.
    measured: Vec<(Part, Numbers)>,
    test: String,
    /// FLOPs of the student's training.
    flops: f64,
}

fn run(augment: &str) -> Run {
    let place = Place::new();
    place.write(
        "recipe.toml",
        format!(
            "task = \"classification\"\n\n[data]\nsource = \"gaussian\"\nsamples = 200\nshape = [8, 12]\npool = [2, 3]\nclasses = 3\n{augment}\n\n\
             [train]\nepochs = 2\nlr = 1e-30\n\n[stage.teacher]\nmodel = {{ kind = \"mlp\", hidden = [8] }}\n\n\
             [stage.student]\nmodel = {{ kind = \"mlp\", hidden = [4] }}\nlearn = {{ from = \"teacher\", method = \"kd\" }}\n"
        ),
    );
    let ended = place.distil(&["run", "./recipe.toml", "--no-control", "--quiet"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let (mut losses, mut measured, mut flops) = (Vec::new(), Vec::new(), 0.0);
    for event in place.events("runs/recipe-0001", "flow-s1") {
        match event {
            Event::Progress(progress) if progress.stage == "student" => {
                losses.push(progress.loss);
                flops = progress.flops.unwrap();
                measured.extend(progress.validation.map(|found| (Part::Validation, found)));
            }
            Event::Evaluated(evaluated) => measured.push((evaluated.part, evaluated.metrics)),
            _ => {}
        }
    }
    Run {
        losses,
        measured,
        test: place.read("runs/recipe-0001/trials/flow-s1/test.json"),
        flops,
    }
}

#[test]
fn masks_and_shifts_change_what_is_trained_on_and_neither_validation_nor_test() {
    let plain = run("");
    let parts: Vec<Part> = plain.measured.iter().map(|(part, _)| *part).collect();
    assert!(parts.contains(&Part::Validation) && parts.contains(&Part::Test));
    for augment in [
        "time_shift = 4",
        "frequency_width = 4",
        "time_width = 6, time_share = 0.5",
    ] {
        let varied = run(&format!("augment = {{ {augment} }}"));
        assert_ne!(varied.losses, plain.losses, "{augment}");
        assert_eq!(varied.measured, plain.measured, "{augment}");
        assert_eq!(varied.test, plain.test, "{augment}");
        // The teacher answers in both epochs instead of once: 130 samples more through 96 · 8 + 8 · 3 weights.
        assert_eq!(varied.flops - plain.flops, 130.0 * 2.0 * 792.0, "{augment}");
    }
}
