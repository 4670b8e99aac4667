//! Nothing of a test fold reaches a model: whatever its samples hold, the model trained beside them has the same bytes.

use std::fs;

use distil_report::predictions::Predictions;

use crate::harness::Place;

const ROWS: usize = 120;

/// A table of six columns and a class of two. The rows in `spoilt` hold large numbers instead of their own.
fn table(spoilt: &[usize]) -> String {
    let mut text = "a,b,c,d,e,f,class\n".to_owned();
    let mut state = 7_u64;
    for row in 0..ROWS {
        let class = row % 2;
        let mut cells = Vec::new();
        for column in 0..6 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let noise = (state >> 40) as f64 / f64::from(1 << 24);
            cells.push(match spoilt.contains(&row) {
                true => format!("{}", 1000 + 37 * row + column),
                false => format!("{:.4}", noise + 0.6 * class as f64),
            });
        }
        text += &format!("{},{}\n", cells.join(","), ["no", "yes"][class]);
    }
    text
}

/// The bytes of the model of the first of three folds, and the rows that were its test part.
fn trained(recipe: &str, table: &str) -> (Vec<u8>, Vec<usize>) {
    let place = Place::new();
    place.write("table.csv", table);
    place.write("recipe.toml", recipe);
    let ended = place.distil(&[
        "run",
        "./recipe.toml",
        "--folds",
        "3",
        "--no-control",
        "--quiet",
    ]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let trial = place.path("runs/recipe-0001/trials/flow-s1-f0");
    let tested = Predictions::read(&trial.join("test.json")).unwrap();
    let rows = tested.ids.iter().map(|id| *id as usize).collect();
    (
        fs::read(trial.join("model/model.safetensors")).unwrap(),
        rows,
    )
}

/// Trains twice: with the test rows as they are, and with every number of theirs changed.
fn sees_nothing_of_the_test_fold(scale: &str, stages: &str) {
    let recipe = format!(
        "task = \"classification\"\n\n[data]\nsource = \"csv\"\npath = \"table.csv\"\ntarget = \"class\"\nscale = \"{scale}\"\n\n\
         [train]\nepochs = 4\n\n{stages}"
    );
    let (model, test) = trained(&recipe, &table(&[]));
    assert_eq!(test.len(), ROWS / 3);
    let (beside_others, same) = trained(&recipe, &table(&test));
    assert_eq!(same, test);
    assert!(model == beside_others, "the test fold has been seen");
    // Enough of the others to be in the training part and not in the validation part alone.
    let others = (0..ROWS).filter(|row| !test.contains(row)).take(40);
    let (other, _) = trained(&recipe, &table(&others.collect::<Vec<_>>()));
    assert!(model != other, "rows that are not tested matter");
}

#[test]
fn a_scaler_sees_nothing_of_the_test_fold() {
    sees_nothing_of_the_test_fold(
        "standard",
        "[stage.only]\nmodel = { kind = \"mlp\", hidden = [4] }\n",
    );
}

#[test]
fn a_subset_sees_nothing_of_the_test_fold() {
    for policy in ["k-center", "herding", "stratified"] {
        let samples = format!("samples = {{ kind = \"{policy}\", fraction = 0.5 }}");
        let stages =
            format!("[stage.only]\nmodel = {{ kind = \"mlp\", hidden = [4] }}\n{samples}\n");
        sees_nothing_of_the_test_fold("none", &stages);
    }
}

#[test]
fn scores_see_nothing_of_the_test_fold() {
    sees_nothing_of_the_test_fold(
        "none",
        "[stage.only]\nmodel = { kind = \"mlp\", hidden = [4] }\nsamples = \"infobatch\"\n",
    );
}

#[test]
fn a_teacher_and_a_start_see_nothing_of_the_test_fold() {
    sees_nothing_of_the_test_fold(
        "none",
        "[stage.small]\nmodel = { kind = \"mlp\", hidden = [4] }\nview = { pca = 3 }\n\n\
         [stage.large]\nmodel = { kind = \"mlp\", hidden = [8] }\nlearn = \"small\"\n",
    );
    sees_nothing_of_the_test_fold(
        "none",
        "[stage.small]\nmodel = { kind = \"mlp\", hidden = [4] }\n\n\
         [stage.large]\nmodel = { kind = \"mlp\", hidden = [8] }\nstart = { from = \"small\", shrink = 0.6 }\n",
    );
}
