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
    insta::assert_snapshot!(refused(&Place::new(), &["run", "digit"]), @"");
}

#[test]
fn an_unknown_recipe_is_answered_with_all_there_are() {
    insta::assert_snapshot!(refused(&Place::new(), &["run", "imagenet"]), @"");
}

#[test]
fn a_bare_word_that_is_a_file_here_is_answered_with_its_path() {
    let place = Place::new();
    place.write("mine", "task = \"classification\"");
    insta::assert_snapshot!(refused(&place, &["run", "mine"]), @"");
}

#[test]
fn a_recipe_that_is_no_readable_text_is_refused() {
    let place = Place::new();
    place.write("folder/recipe.toml", [0xff, 0xfe]);
    insta::assert_snapshot!(refused(&place, &["run", "no.toml"]), @"");
    insta::assert_snapshot!(refused(&place, &["run", "./folder"]), @"");
    insta::assert_snapshot!(refused(&place, &["run", "folder/recipe.toml"]), @"");
}

#[test]
fn numbers_out_of_range_are_refused_before_anything_happens() {
    let place = Place::new();
    insta::assert_snapshot!(refused(&place, &["run", "digits", "--seeds", "0"]), @"");
    insta::assert_snapshot!(refused(&place, &["run", "digits", "--folds", "1"]), @"");
    insta::assert_snapshot!(refused(&place, &["run", "digits", "--threads", "0"]), @"");
}

#[test]
fn devices_that_are_not_compiled_in_are_refused_with_the_reason() {
    let place = Place::new();
    insta::assert_snapshot!(refused(&place, &["run", "digits", "--device", "cuda:0"]), @"");
    insta::assert_snapshot!(refused(&place, &["run", "digits", "--device", "tpu"]), @"");
}

#[test]
fn what_does_not_exist_yet_says_so() {
    let place = Place::new();
    insta::assert_snapshot!(refused(&place, &["run", "digits", "--curve"]), @"");
    insta::assert_snapshot!(refused(&place, &["export", "model", "--to", "onnx"]), @"");
}

#[test]
fn set_arguments_that_cannot_be_understood_are_all_reported() {
    let place = Place::new();
    insta::assert_snapshot!(refused(&place, &["run", "digits", "--set", "nothing", "--set", "a.=1"]), @"");
}

#[test]
fn a_folder_that_is_no_model_is_refused() {
    let place = Place::new();
    insta::assert_snapshot!(refused(&place, &["eval", "runs/digits-0001"]), @"");
}

#[test]
fn a_folder_that_is_no_run_is_refused() {
    let place = Place::new();
    insta::assert_snapshot!(refused(&place, &["resume", "runs/digits-0001"]), @"");
    insta::assert_snapshot!(refused(&place, &["report", "runs/digits-0001"]), @"");
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
