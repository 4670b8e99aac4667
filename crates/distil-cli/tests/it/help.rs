//! The help texts, word for word.

use crate::harness::Place;

fn help(arguments: &[&str]) -> String {
    let ended = Place::new().distil(arguments);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    ended.stdout
}

#[test]
fn the_program_says_what_it_does() {
    insta::assert_snapshot!(help(&["--help"]), @"");
}

#[test]
fn run_says_what_it_takes() {
    insta::assert_snapshot!(help(&["run", "--help"]), @"");
}

#[test]
fn the_verbs_for_models_say_what_they_take() {
    insta::assert_snapshot!(help(&["eval", "-h"]), @"");
    insta::assert_snapshot!(help(&["predict", "-h"]), @"");
    insta::assert_snapshot!(help(&["export", "-h"]), @"");
}

#[test]
fn the_other_verbs_say_what_they_take() {
    insta::assert_snapshot!(help(&["resume", "-h"]), @"");
    insta::assert_snapshot!(help(&["check", "-h"]), @"");
    insta::assert_snapshot!(help(&["new", "-h"]), @"");
    insta::assert_snapshot!(help(&["list", "-h"]), @"");
    insta::assert_snapshot!(help(&["report", "-h"]), @"");
}

#[test]
fn completions_name_every_verb_a_user_types() {
    for shell in ["bash", "zsh", "fish"] {
        let script = help(&["completions", shell]);
        for verb in [
            "run", "resume", "check", "new", "list", "eval", "predict", "export", "report",
        ] {
            assert!(script.contains(verb), "{shell}: {verb}");
        }
    }
}

#[test]
fn the_schema_is_one_json_document_with_every_table_of_a_recipe() {
    let schema: serde_json::Value = serde_json::from_str(&help(&["schema"])).unwrap();
    for table in ["task", "data", "stage", "train", "compare", "run"] {
        assert!(schema["properties"].get(table).is_some(), "{table}");
    }
}
