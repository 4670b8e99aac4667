//! Nothing of a test fold reaches a model: whatever its samples hold, the model trained beside them has the same bytes.

use std::fs;

use distil_report::predictions::Predictions;
use distil_report::run_json::RunJson;

use crate::harness::{Place, number};

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

/// Random numbers, and labels that have nothing to do with them.
pub struct Random(pub u64);

impl Random {
    fn number(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / f64::from(1_u32 << 31)
    }

    /// A table of `columns` columns with values of `values` kinds, and a label of two.
    pub fn rows(&mut self, rows: usize, columns: usize, values: usize) -> Vec<String> {
        (0..rows)
            .map(|_| {
                let cell = |n: f64| format!("{:.3}", (n * values as f64).floor() / 10.0 - 4.0);
                let cells: Vec<String> = (0..columns).map(|_| cell(self.number())).collect();
                format!("{},{}", cells.join(","), u8::from(self.number() < 0.5))
            })
            .collect()
    }
}

pub fn csv(rows: &[String]) -> String {
    let columns = rows[0].split(',').count() - 1;
    let names: Vec<String> = (0..columns).map(|column| format!("x{column}")).collect();
    format!("{},y\n{}\n", names.join(","), rows.join("\n"))
}

pub const DATA: &str =
    "task = \"classification\"\n\n[data]\nsource = \"csv\"\npath = \"data.csv\"\ntarget = \"y\"\n";

fn first() -> String {
    format!(
        "{DATA}\n[stage.m]\nmodel = {{ kind = \"mlp\", hidden = [32] }}\ntrain = {{ epochs = 40, lr = 1e-2 }}\n"
    )
}

/// A recipe that starts from the first one's model, with another line in `[data]` and more in the model table.
fn second(data: &str, more: &str) -> String {
    format!(
        "{DATA}{data}\n\n[stage.old]\nmodel = {{ file = \"runs/first-0001/model\"{more} }}\n\n\
         [stage.new]\nmodel = {{ kind = \"mlp\", hidden = [32] }}\nstart = \"old\"\ntrain = {{ epochs = 2, lr = 1e-4 }}\n"
    )
}

/// A place where the first recipe has been run on this table.
pub fn after_first(table: &str) -> Place {
    let place = Place::new();
    place.write("data.csv", table);
    place.write("first.toml", first());
    let ended = place.distil(&["run", "./first.toml", "--no-control", "--quiet"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    place
}

pub fn run_second(
    place: &Place,
    data: &str,
    more: &str,
    arguments: &[&str],
) -> crate::harness::Ended {
    place.write("second.toml", second(data, more));
    place.distil(&[&["run", "./second.toml", "--quiet"], arguments].concat())
}

#[test]
fn a_given_model_of_another_split_of_the_same_data_is_refused() {
    let place = after_first(&csv(&Random(3).rows(120, 4, 1000)));
    let before = place.files();
    let ended = run_second(&place, "split = { seed = 1 }", "", &[]);
    assert_eq!(ended.code, 2);
    insta::assert_snapshot!(ended.stderr, @r#"
    error: the given model was trained or chosen on 18 of the 24 samples that are tested here
      --> ./second.toml:10:18
       |
    10 | model = { file = "runs/first-0001/model" }
       |                  ^^^^^^^^^^^^^^^^^^^^^^^
       |
       = note: what a model has learnt by heart says nothing of new samples
       = help: it comes from this data: split it as the model's own run did, without folds, or train the model inside the flow; with overlap = "known" in its model table it runs, and nothing is claimed
    "#);
    let folded = run_second(&place, "", "", &["--folds", "3"]);
    assert_eq!(folded.code, 2, "{}", folded.stdout);
    assert!(
        folded
            .stderr
            .contains("of the 120 samples that are tested here"),
        "{}",
        folded.stderr
    );
    fs::remove_file(place.path("second.toml")).unwrap();
    assert_eq!(place.files(), before, "nothing was written");
}

#[test]
fn a_given_model_of_the_same_split_runs_and_so_do_its_students() {
    let place = after_first(&csv(&Random(4).rows(120, 4, 1000)));
    let ended = run_second(&place, "", "", &[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(!ended.stdout.contains("not known"), "{}", ended.stdout);
    // The student has inherited the rows: another split of the same data is refused for it too.
    place.write(
        "third.toml",
        second("split = { seed = 1 }", "").replace("first-0001", "second-0001"),
    );
    let third = place.distil(&["check", "./third.toml"]);
    assert_eq!(third.code, 2, "{}", third.stdout);
    assert!(third.stderr.contains("was trained or chosen on"));
}

#[test]
fn neither_another_row_order_nor_another_column_hides_rows_that_were_seen() {
    let rows = Random(5).rows(120, 4, 1000);
    let place = after_first(&csv(&rows));
    let turned = rows.iter().rev().enumerate().map(|(i, row)| {
        let mut cells: Vec<&str> = row.split(',').collect();
        cells.swap(0, 3);
        let more = format!("{}.5", i);
        [&[more.as_str()], &cells[..]].concat().join(",")
    });
    let turned: Vec<String> = turned.collect();
    let table = format!("more,x3,x1,x2,x0,y\n{}\n", turned.join("\n"));
    place.write("data.csv", table);
    let ended = run_second(&place, "split = { seed = 1 }", "", &[]);
    assert_eq!(ended.code, 2, "{}", ended.stdout);
    assert!(
        ended
            .stderr
            .contains("of the 24 samples that are tested here"),
        "{}",
        ended.stderr
    );
    // Without a column of the model's the plan says so.
    place.write("data.csv", csv(&Random(15).rows(60, 3, 1000)));
    let ended = run_second(&place, "", "", &[]);
    assert_eq!(ended.code, 2);
    assert!(
        ended.stderr.contains("the given model reads x3"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_given_model_of_other_rows_runs() {
    let place = after_first(&csv(&Random(6).rows(120, 4, 1000)));
    place.write("data.csv", csv(&Random(7).rows(120, 4, 1000)));
    let ended = run_second(&place, "", "", &[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(!ended.stdout.contains("not known"), "{}", ended.stdout);
}

#[test]
fn a_table_of_few_values_has_equal_rows_by_chance_and_runs_with_a_given_model() {
    let place = after_first(&csv(&Random(8).rows(120, 3, 3)));
    place.write("data.csv", csv(&Random(9).rows(120, 3, 3)));
    let ended = run_second(&place, "", "", &[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let clause = "the given model not counted; whether it has seen the test rows is not known";
    assert!(ended.stdout.contains(clause), "{}", ended.stdout);
}

#[test]
fn a_model_that_does_not_tell_its_rows_has_a_clause_in_the_verdict() {
    let place = after_first(&csv(&Random(10).rows(120, 4, 1000)));
    // As version 0.1.0 wrote it: without the file of rows, on other data.
    let path = place.path("runs/first-0001/model/model.json");
    let mut card: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert!(
        card["files"]
            .as_object_mut()
            .unwrap()
            .shift_remove("rows.bin")
            .is_some()
    );
    card["sha256"] = "".into();
    let hash = distil::weights::sha256(&serde_json::to_vec_pretty(&card).unwrap());
    card["sha256"] = hash.into();
    fs::write(&path, serde_json::to_vec_pretty(&card).unwrap()).unwrap();
    place.write("data.csv", csv(&Random(11).rows(120, 4, 1000)));
    let ended = run_second(&place, "", "", &[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(
        ended
            .stdout
            .contains("whether it has seen the test rows is not known"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_declared_overlap_runs_and_claims_nothing() {
    let place = after_first(&csv(&Random(12).rows(120, 4, 1000)));
    let arguments = [
        "--seeds",
        "6",
        "--set",
        "compare.tune={ lr = [1e-4, 1e-3], widen = 0 }",
    ];
    let ended = run_second(
        &place,
        "split = { seed = 1 }",
        ", overlap = \"known\"",
        &arguments,
    );
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let said =
        "No claim, the recipe declares an overlap of its given model (it was trained or chosen on ";
    assert!(ended.stdout.contains(said), "{}", ended.stdout);
    let run = RunJson::read(&place.path("runs/second-0001/run.json")).unwrap();
    assert!(
        run.comparisons
            .iter()
            .all(|c| c.verdict.word() == "overlap")
    );
}

#[test]
fn of_other_data_it_is_said_how_many_samples_a_model_was_trained_on() {
    let rows = Random(15).rows(120, 4, 1000);
    let place = after_first(&csv(&rows));
    // All but ten of its data, and 30 that are new, in another order.
    let mut other = rows[10..].to_vec();
    other.extend(Random(16).rows(30, 4, 1000));
    other.reverse();
    place.write("other.csv", csv(&other));
    place.write("new.csv", csv(&other[..30]));
    let parts = place.distil(&["eval", "runs/first-0001", "data.csv"]);
    let tested = number(&parts.stdout, " samples");
    let ended = place.distil(&["eval", "runs/first-0001", "other.csv"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let seen = number(&ended.stderr, " of these 140 samples");
    // Of 120 all but the tested ones; of those the ten left out are some.
    assert!(
        (110.0 - tested..=120.0 - tested).contains(&seen),
        "{seen}, {tested}"
    );
    let ended = place.distil(&["eval", "runs/first-0001", "new.csv"]);
    assert!(!ended.stderr.contains("of these"), "{}", ended.stderr);
}

#[test]
fn the_rows_a_model_was_trained_on_are_not_exported() {
    let place = after_first(&csv(&Random(13).rows(120, 4, 1000)));
    assert!(place.path("runs/first-0001/model/rows.bin").exists());
    let ended = place.distil(&["export", "runs/first-0001", "--to", "safetensors"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let exported = place.files();
    let mut exported = exported.iter().filter(|file| file.contains("/export/"));
    assert!(!exported.any(|file| file.contains("rows")));
}

#[test]
fn rows_that_stand_several_times_are_tested_as_new_ones_are() {
    let place = Place::new();
    let different = Random(14).rows(40, 8, 1000);
    let rows: Vec<String> = (0..240)
        .map(|row| different[row * 7 % 40].clone())
        .collect();
    place.write("data.csv", csv(&rows));
    place.write("first.toml", first());
    let said = "240 samples are equal to another in all inputs (40 different ones); equal ones are in one part.";
    let checked = place.distil(&["check", "./first.toml", "--data"]);
    assert!(
        checked.stdout.contains(said.trim_end_matches('.')),
        "{}",
        checked.stdout
    );
    let ended = place.distil(&[
        "run",
        "./first.toml",
        "--no-control",
        "--quiet",
        "--folds",
        "5",
    ]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains(said), "{}", ended.stdout);
    let run = RunJson::read(&place.path("runs/first-0001/run.json")).unwrap();
    assert_eq!(run.trials[0].findings.equal.unwrap().across, 0);
    let right: f64 = run
        .trials
        .iter()
        .map(|trial| trial.result().unwrap().test["accuracy"])
        .sum();
    assert!(
        right / 5.0 < 0.72,
        "labels drawn at random: {}",
        right / 5.0
    );
    let page = place.read("runs/first-0001/report.html");
    assert!(page.contains(said));
}

#[test]
fn groups_that_the_split_does_not_use_are_asked_about() {
    let place = Place::new();
    place.write("data.csv", "x0,patient,y\n1,a,0\n2,b,1\n");
    place.write(
        "first.toml",
        first().replace("target = \"y\"", "target = \"y\"\ngroups = [\"patient\"]"),
    );
    let ended = place.distil(&["check", "./first.toml"]);
    assert_eq!(ended.code, 2);
    insta::assert_snapshot!(ended.stderr, @r#"
    error: `groups` sets the column `patient` apart, and the split does not use it
     --> ./first.toml:7:10
      |
    7 | groups = ["patient"]
      |          ^^^^^^^^^^^
      |
      = note: a group that is not named in `split` is divided among all parts
      = help: keep each `patient` in one part with split = { group = "patient" }, or only leave the column out with ignore = ["patient"]
    "#);
}
