//! `--set`, as people type it.

use distil_recipe::set::{apply, overruled, parse_sets};
use distil_recipe::{RecipeText, parse, render};
use insta::assert_snapshot;
use proptest::prelude::*;

use crate::SOURCE;

/// The recipe's text after some arguments, and the problems it then has.
fn set(arguments: &[&str]) -> (String, String) {
    let mut text = RecipeText::new("recipe.toml", SOURCE);
    for set in parse_sets(arguments).expect("arguments") {
        text.set(&set, &set.values[0]).expect("an edit");
    }
    let (_, problems) = parse(&text);
    (
        text.text().to_owned(),
        render(&text, problems.as_slice(), false),
    )
}

/// The lines that some arguments change or add.
fn changed(arguments: &[&str]) -> String {
    let (text, problems) = set(arguments);
    assert_eq!(problems, "");
    let lines: Vec<_> = text
        .lines()
        .filter(|line| !SOURCE.lines().any(|old| old == *line))
        .collect();
    lines.join("\n")
}

#[test]
fn a_value_is_replaced_and_comments_stay() {
    assert_snapshot!(changed(&["stage.large.train.epochs=7"]), @"train = { epochs = 7 }");
    assert_snapshot!(changed(&["data.features={ log_mel = 40, frames = 50 }"]), @"features = { log_mel = 40, frames = 50 }            # the finest view");
    assert_snapshot!(changed(&["data.path=../else where/fsdd"]), @r#"path     = "../else where/fsdd""#);
}

#[test]
fn missing_tables_are_created() {
    assert_snapshot!(changed(&["stage.small.train.lr=1e-3", "run.threads=2", "stage.small.train.schedule.kind=linear"]), @r#"
    train = { lr = 1e-3, schedule = { kind = "linear" } }
    [run]
    threads = 2
    "#);
    assert_snapshot!(changed(&["stage.middle.model=mlp"]), @r#"
    [stage.middle]
    model = "mlp"
    "#);
}

#[test]
fn a_misspelt_stage_is_refused_with_what_was_meant() {
    let problem = apply(SOURCE, "stage.larg.train.lr", "1e-3").expect_err("no such stage");
    assert_eq!(problem.message, "there is no stage `larg`");
    assert_eq!(problem.help.as_deref(), Some("did you mean `large`?"));
    assert!(apply(SOURCE, "stage.larger.like", "\"large\"").is_ok());
}

#[test]
fn a_path_below_a_string_turns_it_into_its_table() {
    assert_snapshot!(changed(&["stage.large.start.shrink=0.6", "data.split.validation=0.1", "task.smoothing=0.1"]), @r#"
    task = { kind = "classification", smoothing = 0.1 }
    split    = { kind = "official", validation = 0.1 }
    start = { from = "small", shrink = 0.6 }
    "#);
}

#[test]
fn a_problem_in_a_set_value_points_to_the_argument() {
    let (_, problems) = set(&[
        "stage.large.train.lr=fast",
        "stage.large.trian.lr=1",
        "stage.large.start.shrink=7",
    ]);
    assert_snapshot!(problems, @r#"
    error: `shrink` is 7
    --> --set:1:26
     |
     | stage.large.start.shrink=7
     |                          ^
     |
     = note: `shrink` is above 0 and at most 1

    error: `lr` must be a number, not the string "fast"
    --> --set:1:22
     |
     | stage.large.train.lr=fast
     |                      ^^^^

    error: unknown key `trian`
    --> --set:1:13
     |
     | stage.large.trian.lr=1
     |             ^^^^^
     |
     = note: the keys here are model, view, samples, start, learn, train, like, answers
     = help: did you mean `train`?
    "#);
}

#[test]
fn a_problem_elsewhere_keeps_the_line_of_the_file() {
    let (_, problems) = set(&[
        "stage.small.train.lr=1e-3",
        "run.threads=2",
        "stage.large.start.shrink=0.5",
        "result=big",
    ]);
    assert_snapshot!(problems, @r"
    error: there is no stage `big`
    --> --set:1:8
     |
     | result=big
     |        ^^^
     |
     = note: the stages are small, large
    ");
    let mut text = RecipeText::new("recipe.toml", SOURCE.replace("epochs = 10", "epochs = 0"));
    let sets = parse_sets(&["stage.small.train.lr=1e-3", "run.threads=2"]).expect("arguments");
    sets.iter()
        .for_each(|set| text.set(set, &set.values[0]).expect("an edit"));
    assert_snapshot!(render(&text, parse(&text).1.as_slice(), false), @r"
    error: `epochs` is 0
      --> recipe.toml:21:20
       |
    21 | plain = { epochs = 0 }
       |                    ^
       |
       = note: `epochs` is 1 or more
    ");
}

#[test]
fn the_lines_of_a_file_with_carriage_returns_are_kept_too() {
    let file = SOURCE
        .replace("epochs = 10", "epochs = 0")
        .replace('\n', "\r\n");
    let mut text = RecipeText::new("recipe.toml", file);
    let sets = parse_sets(&["result=large", "stage.small.train.lr=1e-3"]).expect("arguments");
    sets.iter()
        .for_each(|set| text.set(set, &set.values[0]).expect("an edit"));
    let problems = render(&text, parse(&text).1.as_slice(), false);
    assert!(problems.contains("--> recipe.toml:21:20"), "{problems}");
}

#[test]
fn dotted_keys_and_arrays_of_tables_are_followed() {
    let dotted = SOURCE.replace("train = { epochs = 6 }", "train.epochs = 6");
    let edited = apply(&dotted, "stage.large.train.schedule.kind", "\"linear\"").expect("an edit");
    assert!(
        edited.contains("train.schedule = { kind = \"linear\" }"),
        "{edited}"
    );
    let terms = format!("{SOURCE}[[stage.small.learn]]\nmethod = \"smooth\"\n");
    let edited = apply(&terms, "stage.small.learn.0.mix", "0.1").expect("an edit");
    assert!(
        edited.ends_with("method = \"smooth\"\nmix = 0.1\n"),
        "{edited}"
    );
    assert!(apply(&terms, "stage.small.learn.0", "\"large\"").is_err());
    let edited = apply(&terms, "stage.small.learn.0", "{ from = \"large\" }").expect("an edit");
    assert!(
        edited.ends_with("[[stage.small.learn]]\nfrom = \"large\"\n"),
        "{edited}"
    );
}

#[test]
fn a_table_with_a_header_can_become_a_value() {
    let header = format!("{SOURCE}\n[stage.small.train] # short\nepochs = 3\n");
    let edited = apply(&header, "stage.small.train", "{ steps = 9 }").expect("an edit");
    assert!(!edited.contains("epochs = 3"), "{edited}");
    let (recipe, problems) = parse(&RecipeText::new("set", edited));
    assert!(problems.is_empty());
    let train = recipe.and_then(|recipe| recipe.stage("small")?.train.clone());
    assert_eq!(train.and_then(|train| train.steps), Some(9.into()));
    let edited = apply(SOURCE, "stage.large.model.hidden.1", "7").expect("an edit");
    assert!(edited.contains("hidden = [500, 7] }"), "{edited}");
}

#[test]
fn only_commas_outside_brackets_and_quotes_make_a_sweep() {
    let values = |argument: &str| -> Vec<String> {
        let sets = parse_sets(&[argument]).expect("an argument");
        sets[0]
            .values
            .iter()
            .map(|value| value.toml.clone())
            .collect()
    };
    assert_eq!(values("a.b=1e-3,3e-4"), ["1e-3", "3e-4"]);
    assert_eq!(values("a=[1, 2],[3]"), ["[1, 2]", "[3]"]);
    assert_eq!(values("a='x,y',z"), ["'x,y'", "\"z\""]);
    assert_eq!(
        values("a={ b = \"\\\",\", c = 1 }"),
        ["{ b = \"\\\",\", c = 1 }"]
    );
    assert_eq!(values("a=true,adam"), ["true", "\"adam\""]);
    assert_eq!(values("\"a=b\".c=1"), ["1"]);
}

#[test]
fn arguments_that_are_not_understood_are_all_reported() {
    let problems = parse_sets(&["lr", "a..b=1", "lr=", "lr=[1", "ok=1"]).expect_err("problems");
    assert_snapshot!(render(&RecipeText::new("", ""), problems.as_slice(), false), @r"
    error: --set lr: there is no `=`
     |
     = note: --set takes a key path and a value
     = help: write for instance: --set stage.large.train.lr=3e-4

    error: --set a..b=1: `a..b` is not a key path
     |
     = note: --set takes a key path and a value
     = help: write for instance: --set stage.large.train.lr=3e-4

    error: --set lr=: the value is empty
     |
     = note: --set takes a key path and a value
     = help: write for instance: --set stage.large.train.lr=3e-4

    error: --set lr=[1: `[1` is not a TOML value: unclosed array, expected `]`
     |
     = note: --set takes a key path and a value
     = help: write for instance: --set stage.large.train.lr=3e-4
    ");
}

#[test]
fn a_path_through_something_that_is_no_table_is_refused() {
    let refusal =
        |path: &str, value: &str| apply(SOURCE, path, value).expect_err("a refusal").message;
    assert_snapshot!(refusal("stage.large.train.epochs.x", "1"), @"cannot set stage.large.train.epochs.x: `epochs` is not a table but of type integer");
    assert_snapshot!(refusal("stage.large.model.hidden.5", "1"), @"cannot set stage.large.model.hidden.5: `hidden` is a list of 2; its items are numbered from 0");
    let terms = SOURCE
        .replace("learn = {", "learn = [{")
        .replace("until = 0.4 }", "until = 0.4 }]");
    assert!(apply(&terms, "stage.large.learn.mix", "1").is_err());
    let edited = apply(&terms, "stage.large.learn.0.mix", "1").expect("an edit");
    assert!(edited.contains("mix = 1,"), "{edited}");
}

proptest! {
    #[test]
    fn a_value_that_was_set_is_read_back(steps in 1u64..1_000_000, stage in "[a-z]{1,8}") {
        let path = format!("stage.{stage}.train.steps");
        let text = apply(SOURCE, &format!("stage.{stage}.model"), "\"mlp\"").expect("an edit");
        let text = apply(&text, &format!("stage.{stage}.train"), "{}").expect("an edit");
        let text = apply(&text, &path, &steps.to_string()).expect("an edit");
        let again = apply(&text, &path, &steps.to_string()).expect("an edit");
        prop_assert_eq!(&again, &text);
        let (recipe, problems) = parse(&RecipeText::new("set", text));
        prop_assert!(problems.is_empty());
        let read = recipe.and_then(|recipe| recipe.stage(&stage)?.train.clone()?.steps);
        prop_assert_eq!(read, Some(steps.into()));
    }

    #[test]
    fn setting_anything_never_panics(path in "\\PC{0,20}", value in "\\PC{0,20}") {
        let _ = apply(SOURCE, &path, &value);
        if let Ok(sets) = parse_sets(&[format!("{path}={value}")]) {
            let mut text = RecipeText::new("any", SOURCE);
            if text.set(&sets[0], &sets[0].values[0]).is_ok() {
                let (_, problems) = parse(&text);
                render(&text, problems.as_slice(), false);
            }
        }
    }
}

#[test]
fn a_setting_for_all_stages_is_overruled_where_every_stage_has_its_own() {
    let text = |small: &str, large: &str| {
        format!(
            "[train]\nbatch = 8\n[stage.given]\nmodel = {{ file = \"model\" }}\n\
             [stage.small]\nmodel = \"mlp\"\ntrain = {{ {small} }}\n\
             [stage.large]\nmodel = \"mlp\"\ntrain = {{ {large} }}\n\
             [stage.twin]\nlike = \"large\"\n"
        )
    };
    let both = text("lr = 1e-3, steps = 5", "lr = 1e-2, epochs = 2");
    let help = |text: &str, path| Some(overruled(text, path)?.help.unwrap());
    assert_eq!(
        help(&both, "train.lr").as_deref(),
        Some("set stage.small.train.lr, stage.large.train.lr")
    );
    assert_eq!(
        help(&both, "train.epochs").as_deref(),
        Some("set stage.small.train.steps, stage.large.train.epochs"),
        "a length goes before the other one too"
    );
    assert_eq!(help(&both, "train.clip"), None, "no stage sets it");
    assert_eq!(help(&both, "run.seed"), None);
    assert_eq!(
        help(&text("lr = 1e-3", ""), "train.lr"),
        None,
        "one of them follows"
    );
}
