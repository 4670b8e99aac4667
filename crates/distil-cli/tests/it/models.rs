//! `distil eval` and `predict` on a trained model.

use distil_report::run_json::RunJson;
use serde_json::Value;

use crate::harness::Place;

/// A place with a run of the digits, trained for a moment on all of them, and with three pictures in a file.
pub fn trained() -> Place {
    let place = Place::new();
    let short = ["--set", "stage.large.train.epochs=1"];
    let run = ["run", "digits", "--no-control", "--quiet"];
    let ended = place.distil(&[&run[..], &short].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    place.write("three.csv", rows(&[0, 1, 2]));
    place
}

/// The model's folder, for use from elsewhere.
pub fn model(trained: &Place) -> String {
    trained.path("runs/digits-0001/model").display().to_string()
}

/// Pictures of one lit pixel, as a file of digits without labels.
fn rows(pixels: &[usize]) -> String {
    let row = |lit: &usize| {
        let cells = (0..64).map(|pixel| if pixel == *lit { "16" } else { "0" });
        cells.collect::<Vec<_>>().join(",") + "\n"
    };
    pixels.iter().map(row).collect()
}

#[test]
fn eval_reproduces_the_runs_test_metrics_to_every_digit_from_another_directory() {
    let trained = trained();
    let run = RunJson::read(&trained.path("runs/digits-0001/run.json")).unwrap();
    let stage = run.trials[0].result().unwrap();
    let elsewhere = Place::new();
    for (part, expected) in [
        ("test", &stage.test),
        ("validation", &stage.validation),
        ("train", &stage.train),
    ] {
        let ended = elsewhere.distil(&["eval", &model(&trained), "--part", part, "--json"]);
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
        let found: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(
            found["metrics"],
            serde_json::to_value(expected).unwrap(),
            "{part}"
        );
    }
    let shown = elsewhere.distil(&["eval", &model(&trained)]).stdout;
    assert!(
        shown.contains(&stage.test["accuracy"].to_string()),
        "{shown}"
    );
}

#[test]
fn a_run_folder_stands_for_its_model() {
    let trained = trained();
    let run = trained.distil(&["predict", "runs/digits-0001", "three.csv"]);
    let model = trained.distil(&["predict", "runs/digits-0001/model", "three.csv"]);
    assert_eq!((run.code, &run), (0, &model));
}

#[test]
fn eval_writes_the_targets_unit_behind_its_numbers_where_the_recipe_says_one() {
    let place = Place::new();
    let rows: String = (0..90).map(|x| format!("{x},{}\n", 1000 * x)).collect();
    place.write("houses.csv", format!("rooms,price\n{rows}"));
    for (name, task, unit) in [
        ("dollars", "{ kind = \"regression\", unit = \"$\" }", " $"),
        ("bare", "\"regression\"", ""),
    ] {
        let recipe = format!(
            "task = {task}\n\n[data]\nsource = \"csv\"\npath = \"houses.csv\"\ntarget = \"price\"\n\n\
             [stage.only]\nmodel = {{ kind = \"mlp\", hidden = [4] }}\ntrain = {{ epochs = 1 }}\n"
        );
        place.write(&format!("{name}.toml"), recipe);
        let run = place.distil(&["run", &format!("./{name}.toml"), "--no-control", "--quiet"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let model = format!("runs/{name}-0001/model");
        let shown = place.distil(&["eval", &model]).stdout;
        let cells = |metric: &str| -> Vec<String> {
            let line = shown
                .lines()
                .find(|line| line.trim_start().starts_with(metric));
            let cells = line.unwrap_or_else(|| panic!("{shown}")).split("  ");
            cells
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
                .map(str::to_owned)
                .collect()
        };
        for metric in ["RMSE", "MAE"] {
            let [_, value, exactly] = &cells(metric)[..] else {
                panic!("{shown}")
            };
            assert_eq!(value.ends_with(" $"), !unit.is_empty(), "{shown}");
            assert!(exactly.parse::<f64>().is_ok(), "{shown}");
        }
        assert!(!cells("R²")[1].ends_with('$'), "{shown}");
        let json = place.distil(&["eval", &model, "--json"]).stdout;
        assert_eq!(json.contains("\"unit\": \"$\""), !unit.is_empty(), "{json}");
    }
}

#[test]
fn eval_of_data_without_targets_says_what_answers_them() {
    let trained = trained();
    let ended = trained.distil(&["eval", "runs/digits-0001", "three.csv"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    insta::assert_snapshot!(ended.stderr, @"error: three.csv: has no targets to compare with. `distil predict` answers without them.");
}

#[test]
fn predict_answers_as_json_and_as_a_table_with_the_same_numbers() {
    let trained = trained();
    let json = trained
        .distil(&["predict", "runs/digits-0001", "three.csv"])
        .stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    let answers = json["answers"].as_array().unwrap();
    assert_eq!(answers.len(), 3);
    let table = trained
        .distil(&[
            "predict",
            "runs/digits-0001",
            "three.csv",
            "--format",
            "csv",
        ])
        .stdout;
    assert_eq!(
        table.lines().next(),
        Some("sample,class,0,1,2,3,4,5,6,7,8,9")
    );
    for (line, answer) in table.lines().skip(1).zip(answers) {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(
            cells[..2],
            [
                answer["sample"].as_str().unwrap(),
                answer["class"].as_str().unwrap()
            ]
        );
        let probabilities: Vec<f32> = cells[2..]
            .iter()
            .map(|cell| cell.parse().unwrap())
            .collect();
        let in_json = answer["probabilities"].as_array().unwrap();
        let in_json: Vec<f32> = in_json.iter().map(|p| p.as_f64().unwrap() as f32).collect();
        assert_eq!(probabilities, in_json);
        assert!((probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }
}

#[test]
fn an_output_file_is_written_in_the_form_its_name_says() {
    let trained = trained();
    let place = Place::new();
    let input = trained.path("three.csv").display().to_string();
    let ended = place.distil(&["predict", &model(&trained), &input, "-o", "answers.csv"]);
    assert_eq!(
        (ended.code, ended.stdout.as_str(), ended.stderr.as_str()),
        (0, "", "")
    );
    assert!(place.read("answers.csv").starts_with("sample,class,"));
    assert_eq!(
        place
            .distil(&["predict", &model(&trained), &input, "-o", "answers.json"])
            .code,
        0
    );
    assert!(place.read("answers.json").starts_with('{'));
}

#[test]
fn samples_of_several_files_are_kept_apart_by_the_files_names() {
    let trained = trained();
    let ended = trained.distil(&["predict", "runs/digits-0001", "three.csv", "three.csv"]);
    let answers: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(answers["answers"][3]["sample"], "three.csv:0");
}

#[test]
fn an_input_that_cannot_be_read_is_named() {
    let trained = trained();
    let place = Place::new();
    place.write("empty.csv", "");
    place.write("short.csv", "1,2,3\n");
    insta::assert_snapshot!(place.distil(&["predict", &model(&trained), "none.csv"]).stderr, @"error: none.csv: there is no such file or folder. Check the path; a relative path starts at the current folder.");
    insta::assert_snapshot!(place.distil(&["predict", &model(&trained), "empty.csv"]).stderr, @"error: empty.csv: the file is empty (0 bytes). Fetch or write it again.");
    insta::assert_snapshot!(place.distil(&["predict", &model(&trained), "short.csv"]).stderr, @"error: short.csv, line 1: 3 numbers, where 64 and perhaps a class are expected. Write one sample a line, its numbers separated by commas, without a header.");
}

#[test]
fn a_model_of_resized_and_varied_pictures_answers_for_files_of_another_size() {
    let place = Place::new();
    let pictures = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../testdata/reference/pictures/folder"
    );
    for class in ["ape", "bee"] {
        std::fs::create_dir_all(place.path(&format!("pictures/{class}"))).unwrap();
        for copy in 0..8 {
            let from = format!("{pictures}/{class}/{}.png", copy % 2);
            std::fs::copy(from, place.path(&format!("pictures/{class}/{copy}.png"))).unwrap();
        }
    }
    let recipe = r#"
        task = "classification"
        [data]
        source = "image-folder"
        path = "pictures"
        size = [6, 8]
        augment = { shift = 1, flip = true, cutout = 2 }
        split = { test = 0.25, validation = 0.25 }
        [stage.teacher]
        model = { kind = "mlp", hidden = [8] }
        train = { epochs = 2 }
        [stage.m]
        model = { kind = "mlp", hidden = [4] }
        view = { pool = [2, 2] }
        learn = { from = "teacher" }
        train = { epochs = 2 }
    "#;
    place.write("zoo.toml", recipe);
    let ran = place.distil(&["run", "./zoo.toml", "--no-control", "--quiet"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let model = "runs/zoo-0001/model";
    let one = place.distil(&["predict", model, "pictures/ape/0.png"]);
    assert_eq!((one.code, one.stderr.as_str()), (0, ""));
    let one: Value = serde_json::from_str(&one.stdout).unwrap();
    assert_eq!(one["names"], serde_json::json!(["ape", "bee"]));
    assert_eq!(one["answers"][0]["sample"], "0.png");
    let measured = |part: &str| {
        let ended = place.distil(&["eval", model, "pictures", "--json", "--part", part]);
        let read: Value = serde_json::from_str(&ended.stdout).unwrap();
        read["samples"].clone()
    };
    assert_eq!((measured("test"), measured("all")), (4.into(), 16.into()));
}
