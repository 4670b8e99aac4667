//! Bad recipes, bad data, bad disks: each ends in a sentence with place, reason and remedy and the right exit code.

use std::fs;
use std::process::Command;

use crate::harness::{Ended, Place, ended};

const CSV: &str = "\
task = \"classification\"
data = { source = \"csv\", path = \"table.csv\", target = \"kind\" }
[stage.net]
model = { kind = \"mlp\", hidden = [4] }
train = { epochs = 1 }
";

/// What the program says to a recipe, and that nothing was written.
fn refused(place: &Place, recipe: &str) -> String {
    place.write("recipe.toml", recipe);
    let before = place.files();
    let ended = place.distil(&["run", "./recipe.toml"]);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (2, ""),
        "{}",
        ended.stderr
    );
    assert_eq!(
        place.files(),
        before,
        "nothing is written before a plan exists"
    );
    plain(place, &ended)
}

fn plain(place: &Place, ended: &Ended) -> String {
    ended.stderr.replace(
        &format!(
            "{}/",
            place.path("").display().to_string().trim_end_matches('/')
        ),
        "",
    )
}

fn table(rows: &[&str]) -> String {
    let mut text = "size,kind\n".to_string();
    rows.iter()
        .cycle()
        .take(60)
        .for_each(|row| text.push_str(&format!("{row}\n")));
    text
}

#[test]
fn two_mistakes_in_a_recipe_are_told_at_once_with_their_places() {
    let recipe = CSV
        .replace("hidden = [4]", "hiden = [4]")
        .replace("epochs = 1", "epochs = \"one\"");
    insta::assert_snapshot!(refused(&Place::new(), &recipe), @r#"
    error: unknown key `hiden`
     --> ./recipe.toml:4:25
      |
    4 | model = { kind = "mlp", hiden = [4] }
      |                         ^^^^^
      |
      = note: the keys here are hidden, activation, dropout, norm
      = help: did you mean `hidden`?

    error: `epochs` must be a whole number, 0 or more, not the string "one"
     --> ./recipe.toml:5:20
      |
    5 | train = { epochs = "one" }
      |                    ^^^^^
    "#);
}

#[test]
fn shares_of_more_than_the_whole_are_refused() {
    let recipe = "\
task = \"classification\"
data = \"digits\"
[stage.small]
model = \"mlp\"
[stage.large]
model = { kind = \"mlp\", hidden = [8] }
learn = { from = \"small\", mix = 1.5 }
";
    insta::assert_snapshot!(refused(&Place::new(), recipe), @r#"
    error: `mix` is 1.5
     --> ./recipe.toml:7:33
      |
    7 | learn = { from = "small", mix = 1.5 }
      |                                 ^^^
      |
      = note: `mix` is a share from 0 to 1
    "#);
}

#[test]
fn a_missing_file_is_named() {
    insta::assert_snapshot!(refused(&Place::new(), CSV), @"error: table.csv: there is no such file or folder. Check the path; a relative path starts at the current folder.");
}

#[test]
fn an_empty_file_is_named() {
    let place = Place::new();
    place.write("table.csv", "");
    insta::assert_snapshot!(refused(&place, CSV), @"error: table.csv: the file is empty (0 bytes). Fetch or write it again.");
}

#[test]
fn text_in_a_numeric_column_is_shown_with_its_line() {
    let place = Place::new();
    let mut text = table(&["1,a", "2,b", "3,a", "4,b"]);
    text.push_str("many,a\n");
    place.write("table.csv", text);
    insta::assert_snapshot!(refused(&place, CSV), @r#"error: table.csv, line 62, column `size`: `many` is not a number. Correct the cell, or declare the column as text with `categorical = ["size"]`."#);
}

#[test]
fn a_class_absent_from_training_is_named() {
    let place = Place::new();
    let mut text = table(&["1,a", "2,b"]);
    text.push_str("3,rare\n");
    place.write("table.csv", text);
    let recipe = CSV.replace(
        "target = \"kind\"",
        "target = \"kind\", split = { stratify = false, test = 0.5, seed = 1 }",
    );
    insta::assert_snapshot!(refused(&place, &recipe), @r#"
    error: class `rare` has no sample in the training part
     --> ./recipe.toml:2:98
      |
    2 | data = { source = "csv", path = "table.csv", target = "kind", split = { stratify = false, test = 0.5, seed = 1 } }
      |                                                                                                  ^^^
      |
      = help: bring samples of it, leave its rows out, or split with `stratify = true` and without `group`
    "#);
}

/// A NumPy file of f32 rows.
fn npy(rows: usize, columns: usize, values: &[f32]) -> Vec<u8> {
    let header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    let padded = format!("{header:<117}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((padded.len() as u16).to_le_bytes());
    bytes.extend(padded.as_bytes());
    values.iter().for_each(|v| bytes.extend(v.to_le_bytes()));
    bytes
}

#[test]
fn a_number_that_is_none_in_an_array_is_shown_with_its_row_and_column() {
    let place = Place::new();
    let mut values = vec![1.0; 60];
    values[17] = f32::NAN;
    place.write("x.npy", npy(30, 2, &values));
    place.write("y.npy", npy(30, 1, &[0.0; 30]));
    let recipe = "\
task = \"classification\"
data = { source = \"npy\", inputs = \"x.npy\", labels = \"y.npy\" }
[stage.net]
model = \"mlp\"
";
    insta::assert_snapshot!(refused(&place, recipe), @"error: x.npy, row 8, column 1: NaN is not a finite 32-bit number. Fill it in or leave the row out; rows and columns count from 0.");
}

#[test]
fn a_corrupt_recording_is_named() {
    let place = Place::new();
    place.write("recordings/0_anna_0.wav", b"RIFF....WAVEjunk");
    let recipe = "\
task = \"classification\"
data = { source = \"fsdd\", path = \"recordings\", split = \"official\" }
[stage.net]
model = \"mlp\"
";
    insta::assert_snapshot!(refused(&place, recipe), @"error: recordings/0_anna_0.wav: not a whole WAV file (it does not say how its samples are stored). Fetch it again or leave it out.");
}

/// A finished smoke run in `runs/digits-0001`.
fn smoke() -> Place {
    let place = Place::new();
    let ended = place.distil(&["run", "digits", "--smoke", "--no-control", "--quiet"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    place
}

#[test]
fn a_teacher_with_other_classes_is_refused() {
    let place = smoke();
    place.write("table.csv", table(&["1,a", "2,b"]));
    let recipe = CSV.replace("train = { epochs = 1 }", "train = { epochs = 1 }\nlearn = \"expert\"\n[stage.expert]\nmodel = { file = \"runs/digits-0001/model\" }");
    insta::assert_snapshot!(refused(&place, &recipe), @r#"
    error: the teacher's outputs (classification with 10 classes) are not the student's (classification with 2 classes)
     --> ./recipe.toml:6:9
      |
    6 | learn = "expert"
      |         ^^^^^^^^
      |
      = help: name a teacher trained for the same outputs, or compare features with fitnet

    error: the given model sees samples of shape [8, 8], and those of this data have shape [1]
     --> ./recipe.toml:8:18
      |
    8 | model = { file = "runs/digits-0001/model" }
      |                  ^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = note: a given model was trained on data of the same form

    error: the given model answers 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, and the data's targets are a, b
     --> ./recipe.toml:8:18
      |
    8 | model = { file = "runs/digits-0001/model" }
      |                  ^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = note: a given model has the data's classes, labels or values, in the same order
      = help: train a model on these targets, or choose the data the model was trained on
    "#);
}

#[test]
fn a_flipped_bit_in_a_model_is_refused_by_name() {
    let place = Place::new();
    assert_eq!(
        place
            .distil(&["run", "digits", "--no-control", "--quiet"])
            .code,
        0
    );
    for name in ["model.safetensors", "model.json"] {
        let file = place.path("runs/digits-0001/model").join(name);
        let whole = fs::read(&file).unwrap();
        let mut damaged = whole.clone();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        fs::write(&file, damaged).unwrap();
        let said = place.distil(&["eval", "runs/digits-0001/model"]);
        assert_eq!(said.code, 1, "{}", said.stderr);
        assert!(
            said.stderr.contains(name) && said.stderr.contains("Restore the folder"),
            "{}",
            said.stderr
        );
        fs::write(&file, whole).unwrap();
    }
    assert_eq!(place.distil(&["eval", "runs/digits-0001/model"]).code, 0);
}

#[test]
fn cut_checkpoints_are_refused_by_name_and_nothing_is_lost() {
    let place = smoke();
    let trial = "runs/digits-0001/trials/flow-s1";
    let events = place.path(&format!("{trial}/events.jsonl"));
    let log = fs::read_to_string(&events).unwrap();
    fs::write(&events, log.replace("{\"event\":\"finished\"}\n", "")).unwrap();
    let folder = place.path(&format!("{trial}/stages/large/checkpoints"));
    for step in fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        let tensors = step.join("tensors.safetensors");
        let bytes = fs::read(&tensors).unwrap();
        fs::write(&tensors, &bytes[..bytes.len() / 2]).unwrap();
    }
    let said = place.distil(&["resume", "runs/digits-0001", "--quiet"]);
    assert_eq!(said.code, 1, "{}", said.stderr);
    assert!(
        said.stderr.contains("tensors.safetensors")
            && said.stderr.contains("where the manifest says"),
        "{}",
        said.stderr
    );
    assert!(
        place
            .path("runs/digits-0001/model/model.safetensors")
            .exists()
    );
}

#[test]
fn a_run_folder_under_a_file_is_refused() {
    let place = Place::new();
    place.write("runs", "a file");
    let said = place.distil(&["run", "digits", "--smoke", "--quiet"]);
    assert_eq!(said.code, 2, "{}", said.stderr);
    insta::assert_snapshot!(plain(&place, &said), @"error: runs: File exists (os error 17). A file is in the way: choose another folder.");
    assert_eq!(place.files(), ["runs"]);
}

#[test]
fn a_file_size_limit_ends_with_the_reason_and_a_way_on() {
    // With the signal that tells of it ignored, and as it is.
    for before in ["trap '' XFSZ; ", ""] {
        let place = Place::new();
        let mut command = Command::new("bash");
        let program = env!("CARGO_BIN_EXE_distil");
        let line = format!("{before}ulimit -f 64; exec {program} run digits --no-control --quiet");
        command.arg("-c").arg(line).current_dir(place.path(""));
        let said = ended(command);
        assert_eq!(said.code, 1, "{}", said.stderr);
        assert!(
            said.stderr.contains("File too large") && said.stderr.contains("ulimit -f"),
            "{}",
            said.stderr
        );
        let on = place.distil(&["resume", "runs/digits-0001", "--quiet"]);
        assert_eq!(on.code, 0, "{}", on.stderr);
    }
}

#[test]
fn margins_and_lengths_that_mean_nothing_are_refused() {
    for (set, parts) in [
        (
            "compare.margin=-0.01",
            ["`margin` is -0.01", "between 0 and 1"],
        ),
        (
            "compare.margin=1.5",
            ["`margin` is 1.5", "one percentage point is 0.01"],
        ),
        (
            "compare.margin=nan",
            ["not a finite number", "compare.margin"],
        ),
        (
            "stage.large.train.epochs=1000000000000000000",
            ["`epochs` is", "1 to 1000000"],
        ),
        (
            "compare.plain.epochs=1000000000000000000",
            ["`epochs` is", "1 to 1000000"],
        ),
        (
            "stage.large.train.epochs=9223372036854775807",
            ["`epochs` is", "1 to 1000000"],
        ),
    ] {
        let place = Place::new();
        let said = place.distil(&["run", "digits", "--set", set]);
        assert_eq!(said.code, 2, "{set}: {}", said.stderr);
        for part in parts {
            assert!(said.stderr.contains(part), "{set}: {}", said.stderr);
        }
        assert!(place.files().is_empty());
    }
}

#[test]
fn a_learning_rate_that_diverges_exits_with_3_and_keeps_what_was_saved() {
    let place = Place::new();
    let said = place.distil(&[
        "run",
        "digits",
        "--no-control",
        "--quiet",
        "--set",
        "stage.large.train.lr=1e30",
    ]);
    assert_eq!(said.code, 3, "{}", said.stderr);
    assert!(
        said.stderr.contains("was not applied") && said.stderr.contains("Lower the learning rate"),
        "{}",
        said.stderr
    );
    assert!(
        place
            .files()
            .iter()
            .any(|f| f.contains("stages/small/checkpoints")),
        "{:?}",
        place.files()
    );
}
