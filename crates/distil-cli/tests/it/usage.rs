//! Commands that cannot be right: exit code 2, a sentence with place, reason and remedy, and nothing written.

use crate::harness::Place;

/// What a wrong command says.
fn refused(place: &Place, arguments: &[&str]) -> String {
    let before = place.files();
    let ended = place.distil(arguments);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (2, ""),
        "{}",
        ended.stderr
    );
    assert_eq!(place.files(), before);
    ended.stderr
}

#[test]
fn a_misspelt_recipe_is_answered_with_the_nearest_one() {
    insta::assert_snapshot!(refused(&Place::new(), &["run", "digit"]), @"error: digit: no shipped recipe has this name. Did you mean `digits`?");
}

#[test]
fn an_unknown_recipe_is_answered_with_all_there_are() {
    insta::assert_snapshot!(refused(&Place::new(), &["run", "imagenet"]), @"error: imagenet: no shipped recipe has this name. There are digits, source, source-generated, california, cifar, compress, ensemble; a file is named with its path, such as `./my.toml`.");
}

#[test]
fn a_bare_word_that_is_a_file_here_is_answered_with_its_path() {
    let place = Place::new();
    place.write("mine", "task = \"classification\"");
    insta::assert_snapshot!(refused(&place, &["run", "mine"]), @"error: mine: no shipped recipe has this name. For the file of that name here, write `./mine`.");
}

#[test]
fn a_recipe_that_is_no_readable_text_is_refused() {
    let place = Place::new();
    place.write("folder/recipe.toml", [0xff, 0xfe]);
    insta::assert_snapshot!(refused(&place, &["run", "no.toml"]), @"error: no.toml: there is no such file. `distil list recipes` names the shipped ones; `distil new` copies one.");
    insta::assert_snapshot!(refused(&place, &["run", "./folder"]), @"error: ./folder: is a folder, not a recipe. Name the file in it, such as its recipe.toml.");
    insta::assert_snapshot!(refused(&place, &["run", "folder/recipe.toml"]), @"error: folder/recipe.toml: is not text in UTF-8. Name a recipe, a TOML file.");
}

#[test]
fn numbers_out_of_range_are_refused_before_anything_happens() {
    let place = Place::new();
    insta::assert_snapshot!(refused(&place, &["run", "digits", "--seeds", "0"]), @r"
    error: invalid value '0' for '--seeds <N>': a whole number of at least 1 is needed

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(refused(&place, &["run", "digits", "--folds", "1"]), @r"
    error: invalid value '1' for '--folds <K>': a whole number of at least 2 is needed

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(refused(&place, &["run", "digits", "--threads", "0"]), @r"
    error: invalid value '0' for '--threads <N>': a whole number of at least 1 is needed

    For more information, try '--help'.
    ");
}

/// The smallest run on a device of the recipe's own.
fn on(device: &str) -> String {
    format!(
        "task = \"classification\"\ndata = \"digits\"\n\n[train]\nsteps = 2\n\n[stage.model]\nmodel = {{ kind = \"mlp\", hidden = [4] }}\n\n[run]\ndevice = \"{device}\"\n"
    )
}

#[test]
fn a_device_that_is_not_in_this_build_is_refused_by_name_whoever_asks_for_it() {
    let place = Place::new();
    insta::assert_snapshot!(refused(&place, &["run", "digits", "--device", "cuda:0"]), @r"
    error: invalid value 'cuda:0' for '--device <DEVICE>': `cuda:0` is not in this build; leave `device` out to compute on the CPU

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(refused(&place, &["run", "digits", "--device", "tpu"]), @r"
    error: invalid value 'tpu' for '--device <DEVICE>': `tpu` is no device; the devices are cpu, cuda:0 and wgpu

    For more information, try '--help'.
    ");
    place.write("gpu.toml", on("cuda:0"));
    insta::assert_snapshot!(refused(&place, &["run", "./gpu.toml"]), @r#"
    error: `cuda:0` is not in this build
      --> ./gpu.toml:11:10
       |
    11 | device = "cuda:0"
       |          ^^^^^^^^
       |
       = help: leave `device` out to compute on the CPU
    "#);
    insta::assert_snapshot!(refused(&place, &["check", "./gpu.toml"]), @r#"
    error: `cuda:0` is not in this build
      --> ./gpu.toml:11:10
       |
    11 | device = "cuda:0"
       |          ^^^^^^^^
       |
       = help: leave `device` out to compute on the CPU
    "#);
    place.write("tpu.toml", on("tpu"));
    insta::assert_snapshot!(refused(&place, &["run", "./tpu.toml"]), @r#"
    error: `tpu` is no device
      --> ./tpu.toml:11:10
       |
    11 | device = "tpu"
       |          ^^^^^
       |
       = help: the devices are cpu, cuda:0 and wgpu
    "#);
}

#[test]
fn the_command_decides_where_a_recipe_computes() {
    let place = Place::new();
    place.write("gpu.toml", on("cuda:0"));
    let ended = place.distil(&[
        "run",
        "./gpu.toml",
        "--device",
        "cpu",
        "--no-control",
        "--quiet",
    ]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(
        place
            .read("runs/gpu-0001/recipe.toml")
            .contains("device = \"cpu\"")
    );
    assert!(
        place
            .read("runs/gpu-0001/run.json")
            .contains("\"device\": \"cpu\"")
    );
}

#[test]
fn what_does_not_exist_yet_says_so() {
    let place = Place::new();
    insta::assert_snapshot!(refused(&place, &["export", "model", "--to", "onnx"]), @"error: --to onnx: not yet. `--to safetensors` writes what Python reads.");
}

#[test]
fn set_arguments_that_cannot_be_understood_are_all_reported() {
    let place = Place::new();
    insta::assert_snapshot!(refused(&place, &["run", "digits", "--set", "nothing", "--set", "a.=1"]), @r"
    error: --set nothing: there is no `=`
     |
     = note: --set takes a key path and a value
     = help: write for instance: --set stage.large.train.lr=3e-4

    error: --set a.=1: `a.` is not a key path
     |
     = note: --set takes a key path and a value
     = help: write for instance: --set stage.large.train.lr=3e-4
    ");
}

#[test]
fn a_folder_that_is_no_model_is_refused() {
    let place = Place::new();
    insta::assert_snapshot!(refused(&place, &["eval", "runs/digits-0001"]), @"error: runs/digits-0001: is no model folder: it has no model.json. Name the `model` folder of a run, for example runs/digits-0001/model.");
}

#[test]
fn a_folder_that_is_no_run_is_refused() {
    let place = Place::new();
    insta::assert_snapshot!(refused(&place, &["resume", "runs/digits-0001"]), @"error: runs/digits-0001: is no run folder: it has no recipe.toml. `distil list runs` shows the runs of this folder.");
    insta::assert_snapshot!(refused(&place, &["report", "runs/digits-0001"]), @"error: runs/digits-0001: is no run folder: it has no recipe.toml. `distil list runs` shows the runs of this folder.");
}

#[test]
fn no_colour_codes_reach_a_file_or_pipe() {
    let said = refused(&Place::new(), &["run", "digit"]);
    assert!(!said.contains('\x1b'), "{said:?}");
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let place = Place::new();
    let mut command = std::process::Command::new("sh");
    let program = env!("CARGO_BIN_EXE_distil");
    command
        .arg("-c")
        .arg(format!("({program} completions bash; echo $? >&2) | true"))
        .current_dir(place.path("."));
    let ended = crate::harness::ended(command);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, "0\n"));
}

#[test]
fn data_in_a_recipes_place_is_answered_with_how_a_recipe_names_it() {
    let place = Place::new();
    let rows: String = (0..5000).map(|row| format!("{row},{row}\n")).collect();
    place.write("houses.csv", format!("rooms,price\n{rows}"));
    place.write("digits.npz", [0x50, 0x4b, 0x03, 0x04, 0xff]);
    place.write("cats/tabby/1.jpg", [0xff]);
    insta::assert_snapshot!(refused(&place, &["run", "houses.csv"]), @"error: houses.csv: is data, not a recipe. `distil new houses.csv` looks at it and writes one.");
    insta::assert_snapshot!(refused(&place, &["run", "./digits.npz"]), @"error: ./digits.npz: is data, not a recipe. `distil new ./digits.npz` looks at it and writes one.");
    insta::assert_snapshot!(refused(&place, &["run", "cats/"]), @"error: cats/: is data, not a recipe. `distil new cats/` looks at it and writes one.");
    place.write("adult.data", "39, State-gov, 77516\n50, Private, 83311\n");
    place.write("cats.any/1", b"GIF89a");
    place.write("zipped.csv.gz", [0x1f, 0x8b, 8, 0]);
    insta::assert_snapshot!(refused(&place, &["run", "adult.data"]), @"error: adult.data: is data, not a recipe. `distil new adult.data` looks at it and writes one.");
    insta::assert_snapshot!(refused(&place, &["run", "cats.any"]), @"error: cats.any: is data, not a recipe. `distil new cats.any` looks at it and writes one.");
    insta::assert_snapshot!(refused(&place, &["run", "cats/tabby/1.jpg"]), @"error: cats/tabby/1.jpg: is data, not a recipe. `distil new cats` looks at it and writes one.");
    insta::assert_snapshot!(refused(&place, &["run", "./zipped.csv.gz"]), @"error: ./zipped.csv.gz: is data, not a recipe. `distil new ./zipped.csv.gz` looks at it and writes one.");
    place.write("houses.toml", format!("rooms,price\n{rows}"));
    let flood = refused(&place, &["run", "./houses.toml"]);
    let shown = flood.lines().filter(|line| line.starts_with("error:"));
    assert_eq!(shown.count(), 12, "{flood}");
    assert!(flood.contains("more problems"), "{flood}");
}

#[test]
fn a_setting_that_tuning_overrules_is_refused_and_one_that_counts_is_not() {
    let place = Place::new();
    let tune = "compare.tune={ lr = [1e-3, 2e-3] }";
    for set in ["stage.large.train.lr=0.5", "compare.plain.lr=0.5"] {
        let said = refused(&place, &["run", "digits", "--set", tune, "--set", set]);
        assert!(said.contains("changes nothing"), "{said}");
        assert!(said.contains("set compare.tune.lr"), "{said}");
    }
    // The small stage is not tuned, nor is the schedule.
    for set in [
        "stage.small.train.lr=1e-3",
        "stage.large.train.schedule=constant",
    ] {
        let ended = place.distil(&["check", "digits", "--set", tune, "--set", set]);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
    }
}

#[test]
fn a_setting_that_every_stage_overrules_is_refused_with_the_keys_that_count() {
    let place = Place::new();
    for (recipe, keys) in [
        ("digits", "stage.small.train.lr, stage.large.train.lr"),
        ("compress", "stage.teacher.train.lr, stage.student.train.lr"),
    ] {
        for values in ["0.5", "1e-3,2e-3"] {
            let set = format!("train.lr={values}");
            let said = refused(&place, &["run", recipe, "--set", &set]);
            assert!(
                said.contains("setting `train.lr` changes nothing"),
                "{said}"
            );
            assert!(said.contains(&format!("set {keys}")), "{said}");
        }
    }
}
