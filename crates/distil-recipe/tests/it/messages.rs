//! What people read when a recipe is wrong, word for word.

use distil_recipe::{Problems, RecipeText, Registry, Spanned, entry, parse, render};
use insta::assert_snapshot;

use crate::{SOURCE, problems, recipe, rendered};

#[test]
fn a_syntax_error_shows_the_place_where_toml_ends() {
    assert_snapshot!(problems("task = \"classification\"\n[data\nsource = \"digits\"\n"), @r"
    error: unclosed table, expected `]`
     --> recipe.toml:2:6
      |
    2 | [data
      |      ^
      |
      = note: a recipe is a TOML file
    ");
}

#[test]
fn an_unknown_key_is_reported_with_the_key_that_was_meant() {
    let text = SOURCE.replace("samples =", "smaples =");
    assert_snapshot!(problems(&text), @r#"
    error: unknown key `smaples`
      --> recipe.toml:12:1
       |
    12 | smaples = { kind = "stratified", fraction = 0.25 }
       | ^^^^^^^
       |
       = note: the keys here are model, view, samples, start, learn, train, like, answers
       = help: did you mean `samples`?
    "#);
}

#[test]
fn an_unknown_table_is_reported_with_the_table_that_was_meant() {
    let text = SOURCE.replace("[compare]", "[compair]");
    assert_snapshot!(problems(&text), @r"
    error: unknown key `compair`
      --> recipe.toml:20:2
       |
    20 | [compair]
       |  ^^^^^^^
       |
       = note: the keys here are name, result, task, data, stage, train, compare, run
       = help: did you mean `compare`?
    ");
}

#[derive(Debug, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(default)]
struct Kd {
    temperature: Spanned<f64>,
    top: Option<u64>,
}

static METHODS: Registry<Kd> = Registry {
    noun: "method",
    entries: &[
        entry!("kd", "soft labels", Kd => |kd| kd),
        entry!("dkd", "soft labels, target and others apart", Kd => |kd| kd),
    ],
};

fn method(text: &str) -> String {
    let mut problems = Problems::new();
    let method = &recipe(text).stages[1].learn[0].method.clone();
    METHODS.resolve(method, &mut problems);
    rendered(text, &problems)
}

#[test]
fn an_unknown_method_is_reported_with_the_method_that_was_meant() {
    assert_snapshot!(method(&SOURCE.replace("\"kd\"", "\"dk\"")), @r#"
    error: there is no method `dk`
      --> recipe.toml:17:36
       |
    17 | learn = { from = "small", method = "dk", mix = 0.5, temperature = 4, until = 0.4 }
       |                                    ^^^^
       |
       = note: the method is one of kd, dkd
       = help: did you mean `kd`?
    "#);
}

#[test]
fn an_unknown_option_and_a_wrong_type_of_one_method_are_reported_together() {
    let text = SOURCE.replace("temperature = 4", "temprature = 4, top = \"all\"");
    assert_snapshot!(method(&text), @r#"
    error: unknown key `temprature`
      --> recipe.toml:17:53
       |
    17 | learn = { from = "small", method = "kd", mix = 0.5, temprature = 4, top = "all", until = 0.4 }
       |                                                     ^^^^^^^^^^
       |
       = note: the keys here are temperature, top
       = help: did you mean `temperature`?

    error: `top` must be a whole number, 0 or more, not the string "all"
      --> recipe.toml:17:75
       |
    17 | learn = { from = "small", method = "kd", mix = 0.5, temprature = 4, top = "all", until = 0.4 }
       |                                                                           ^^^^^
    "#);
}

#[test]
fn a_wrong_type_says_what_is_wanted_and_what_was_found() {
    assert_snapshot!(problems(&SOURCE.replace("mix = 0.5", "mix = \"half\"")), @r#"
    error: `mix` must be a number, not the string "half"
      --> recipe.toml:17:48
       |
    17 | learn = { from = "small", method = "kd", mix = "half", temperature = 4, until = 0.4 }
       |                                                ^^^^^^
    "#);
}

#[test]
fn two_problems_in_different_tables_are_reported_at_once_in_order() {
    let text = SOURCE
        .replace("epochs = 10", "epochs = 1.5")
        .replace("\"official\"", "\"offical\"");
    assert_snapshot!(problems(&text), @r#"
    error: `offical` is none of the choices
     --> recipe.toml:7:12
      |
    7 | split    = "offical"
      |            ^^^^^^^^^
      |
      = note: the choices are random, official, time
      = help: did you mean `official`?

    error: `epochs` must be a whole number, 0 or more, not 1.5
      --> recipe.toml:21:20
       |
    21 | plain = { epochs = 1.5 }
       |                    ^^^
    "#);
}

#[test]
fn mix_and_add_exclude_each_other() {
    assert_snapshot!(problems(&SOURCE.replace("mix = 0.5", "mix = 0.5, add = 1")), @r#"
    error: `mix` and `add` are both given
      --> recipe.toml:17:59
       |
    17 | learn = { from = "small", method = "kd", mix = 0.5, add = 1, temperature = 4, until = 0.4 }
       |                                                           ^
       |
       = note: `mix` is the share of the label loss a term replaces, `add` makes it an extra term: exactly one of them
       = help: remove one of the two
    "#);
}

#[test]
fn a_stage_that_does_not_exist_is_reported_wherever_it_is_named() {
    let text = SOURCE
        .replace("start = \"small\"", "start = \"smal\"")
        .replace("from = \"small\"", "from = [\"large\", \"big\"]");
    assert_snapshot!(problems(&text), @r#"
    error: there is no stage `smal`
      --> recipe.toml:16:9
       |
    16 | start = "smal"
       |         ^^^^^^
       |
       = note: the stages are small, large
       = help: did you mean `small`?

    error: there is no stage `big`
      --> recipe.toml:17:28
       |
    17 | learn = { from = ["large", "big"], method = "kd", mix = 0.5, temperature = 4, until = 0.4 }
       |                            ^^^^^
       |
       = note: the stages are small, large
    "#);
}

#[test]
fn what_must_be_written_is_asked_for() {
    assert_snapshot!(problems("name = \"nothing\"\n"), @r#"
    error: `task` is missing
     --> recipe.toml:1:1
      |
    1 | name = "nothing"
      | ^
      |
      = help: write for instance: task = "classification"

    error: `data` is missing
     --> recipe.toml:1:1
      |
    1 | name = "nothing"
      | ^
      |
      = help: write for instance: data = "digits"

    error: the recipe has no stage
     --> recipe.toml:1:1
      |
    1 | name = "nothing"
      | ^
      |
      = note: a stage is one model and its training
      = help: write for instance: [stage.small] with model = "mlp"
    "#);
    assert_snapshot!(problems("task = {}\n[data]\npath = \"x\"\n[stage.a]\n"), @r#"
    error: `task` does not say its `kind`
     --> recipe.toml:1:8
      |
    1 | task = {}
      |        ^^
      |
      = note: a table here names its `kind`

    error: `source` is missing
     --> recipe.toml:2:1
      |
    2 | [data]
      | ^^^^^^
      |
      = help: write for instance: data = "digits"

    error: `model` is missing
     --> recipe.toml:4:1
      |
    4 | [stage.a]
      | ^^^^^^^^^
      |
      = help: write for instance: model = { kind = "mlp", hidden = [50] }
    "#);
}

#[test]
fn shares_outside_their_range_are_reported() {
    let text = SOURCE
        .replace("mix = 0.5", "mix = 1.5")
        .replace("until = 0.4", "until = 0.0")
        .replace("\"official\"", "{ test = 0.5, validation = 0.5 }");
    assert_snapshot!(problems(&text), @r#"
    error: nothing is left to train on
     --> recipe.toml:7:39
      |
    7 | split    = { test = 0.5, validation = 0.5 }
      |                                       ^^^
      |
      = note: `test` and `validation` together are less than 1

    error: `mix` is 1.5
      --> recipe.toml:17:48
       |
    17 | learn = { from = "small", method = "kd", mix = 1.5, temperature = 4, until = 0.0 }
       |                                                ^^^
       |
       = note: `mix` is a share from 0 to 1

    error: `until` is 0
      --> recipe.toml:17:78
       |
    17 | learn = { from = "small", method = "kd", mix = 1.5, temperature = 4, until = 0.0 }
       |                                                                              ^^^
       |
       = note: `until` is a share of the stage's steps, above 0 to 1
    "#);
}

#[test]
fn terms_that_mix_to_more_than_one_are_reported() {
    let text = SOURCE
        .replace("learn = {", "learn = [\"small\", {")
        .replace("until = 0.4 }", "until = 0.4 }]")
        .replace("mix = 0.5", "mix = 0.75");
    assert_snapshot!(problems(&text), @r#"
    error: the terms of stage `large` mix to 1.25
      --> recipe.toml:17:58
       |
    17 | learn = ["small", { from = "small", method = "kd", mix = 0.75, temperature = 4, until = 0.4 }]
       |                                                          ^^^^
       |
       = note: the shares of all terms of a stage together are at most 1
       = help: lower a `mix`; a term without `mix` or `add` takes 0.5
    "#);
}

#[test]
fn tabs_wide_letters_and_carriage_returns_keep_the_caret_in_place() {
    let text = "task = \"classification\"\r\n[data]\r\nsource = \"digits\"\r\n\tgröße = \"\u{6a21}\u{578b}\", 3\r\n";
    assert_snapshot!(problems(text), @r#"
    error: invalid unquoted key, expected letters, numbers, `-`, `_`
     --> recipe.toml:4:4
      |
    4 |     größe = "模型", 3
      |       ^^
      |
      = note: a recipe is a TOML file
      = help: write it between quotes: "größe"

    error: unexpected key or value, expected newline, `#`
     --> recipe.toml:4:14
      |
    4 |     größe = "模型", 3
      |                   ^
      |
      = note: a recipe is a TOML file
    "#);
    let text = "task = \"classification\"\r\n[data]\r\nsource = \"digits\"\r\n[stage.a]\r\n\tmodel = \"mlp\"\r\n\t\"gr\u{f6}\u{df}e \u{6a21}\u{578b}\" = 3 # x\r\n";
    assert_snapshot!(problems(text), @r#"
    error: unknown key `größe 模型`
     --> recipe.toml:6:2
      |
    6 |     "größe 模型" = 3 # x
      |     ^^^^^^^^^^^^
      |
      = note: the keys here are model, view, samples, start, learn, train, like, answers
    "#);
}

#[test]
fn numbers_that_are_not_finite_and_dates_are_refused() {
    let text = SOURCE
        .replace("mix = 0.5", "mix = nan")
        .replace("\"data/fsdd\"", "2020-01-01");
    assert_snapshot!(problems(&text), @r#"
    error: a recipe has no dates
     --> recipe.toml:5:12
      |
    5 | path     = 2020-01-01
      |            ^^^^^^^^^^
      |
      = help: write it as text: "2020-01-01"

    error: this is not a finite number
      --> recipe.toml:17:48
       |
    17 | learn = { from = "small", method = "kd", mix = nan, temperature = 4, until = 0.4 }
       |                                                ^^^
       |
       = note: every number in a recipe is finite
    "#);
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[expect(dead_code, reason = "only the problems are read")]
struct Csv {
    path: String,
    target: Spanned<String>,
    #[serde(default)]
    missing: Missing,
    #[serde(default)]
    columns: Option<Columns>,
}

#[derive(Debug, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only the problems are read")]
enum Missing {
    #[default]
    Mean,
    Constant(f64),
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[expect(dead_code, reason = "only the problems are read")]
struct Columns {
    numeric: Vec<u32>,
    #[serde(default)]
    drop: Vec<String>,
}

/// The problems of the options of a source in which much is wrong.
fn options(options: &str) -> String {
    let text = format!(
        "task = \"regression\"\n[data]\nsource = \"csv\"\n{options}[stage.a]\nmodel = \"mlp\"\n"
    );
    let mut problems = Problems::new();
    let read = recipe(&text).data.source.table.read::<Csv>(&mut problems);
    assert!(read.is_none());
    rendered(&text, &problems)
}

#[test]
fn all_problems_of_one_table_are_reported_at_any_depth() {
    let text = "path = 3\nmissing = \"median\"\ncolumns = { numeric = [0, -1], dorp = [\"id\"], drop = \"id\" }\n";
    assert_snapshot!(options(text), @r#"
    error: `target` is missing
     --> recipe.toml:2:1
      |
    2 | [data]
      | ^^^^^^

    error: `path` must be a string, not 3
     --> recipe.toml:4:8
      |
    4 | path = 3
      |        ^

    error: `median` is none of the choices
     --> recipe.toml:5:11
      |
    5 | missing = "median"
      |           ^^^^^^^^
      |
      = note: the choices are mean, constant
      = help: did you mean `mean`?

    error: every item of `numeric` must be a whole number, 0 or more, not -1
     --> recipe.toml:6:27
      |
    6 | columns = { numeric = [0, -1], dorp = ["id"], drop = "id" }
      |                           ^^

    error: unknown key `dorp`
     --> recipe.toml:6:32
      |
    6 | columns = { numeric = [0, -1], dorp = ["id"], drop = "id" }
      |                                ^^^^
      |
      = note: the keys here are numeric, drop
      = help: did you mean `drop`?

    error: `drop` must be an array, not the string "id"
     --> recipe.toml:6:54
      |
    6 | columns = { numeric = [0, -1], dorp = ["id"], drop = "id" }
      |                                                      ^^^^
    "#);
}

#[test]
fn a_choice_with_a_value_says_how_it_is_written() {
    assert_snapshot!(options("path = \"x\"\ntarget = \"y\"\nmissing = \"constant\"\n"), @r#"
    error: `missing`: `constant` needs a value: { constant = … }
     --> recipe.toml:6:11
      |
    6 | missing = "constant"
      |           ^^^^^^^^^^
    "#);
    assert_snapshot!(options("path = \"x\"\ntarget = \"y\"\nmissing = { mean = 1 }\n"), @r#"
    error: `missing`: `mean` takes no value: write "mean"
     --> recipe.toml:6:20
      |
    6 | missing = { mean = 1 }
      |                    ^
    "#);
    assert_snapshot!(options("path = \"x\"\ntarget = \"y\"\nmissing = { mean = 1, constant = 2 }\n"), @r"
    error: `missing` must be a table with exactly one key of mean, constant, not a table with 2 keys
     --> recipe.toml:6:11
      |
    6 | missing = { mean = 1, constant = 2 }
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn only_coloured_text_has_terminal_codes() {
    let text = RecipeText::new("recipe.toml", SOURCE.replace("samples =", "smaples ="));
    let (_, problems) = parse(&text);
    assert!(render(&text, problems.as_slice(), true).contains("\u{1b}["));
    assert!(!render(&text, problems.as_slice(), false).contains('\u{1b}'));
}

#[test]
fn a_name_that_cannot_be_part_of_a_path_is_refused_wherever_one_is_given() {
    let text = |name: &str, stage: &str, arm: &str| {
        let named = SOURCE.replace("[stage.large]", &format!("[stage.{stage}]"));
        let arms = format!("[compare.arm.{arm}]\nstage.small.train.lr = 0.1\n");
        format!("name = {name}\n{named}{arms}")
    };
    assert_snapshot!(problems(&text("\"../../evil\"", "\"../../x\"", "\"lr=1\"")), @r#"
    error: a run cannot be named `../../evil`
     --> recipe.toml:1:8
      |
    1 | name = "../../evil"
      |        ^^^^^^^^^^^^
      |
      = note: a name has letters and digits of any script, `.`, `_` and `-`, does not begin with `.` or `-`, and is at most 64 bytes long

    error: a stage cannot be named `../../x`
      --> recipe.toml:15:8
       |
    15 | [stage."../../x"]
       |        ^^^^^^^^^
       |
       = note: a name has letters and digits of any script, `.`, `_` and `-`, does not begin with `.` or `-`, and is at most 64 bytes long

    error: an arm cannot be named `lr=1`
      --> recipe.toml:23:14
       |
    23 | [compare.arm."lr=1"]
       |              ^^^^^^
       |
       = note: a name has letters and digits of any script, `.`, `_` and `-`, does not begin with `.` or `-`, and is at most 64 bytes long
    "#);
    let long = "a".repeat(65);
    for bad in [
        "",
        "/etc/x",
        "..",
        ".",
        ".x",
        "-x",
        "a/b",
        "a b",
        "a\\nb",
        "\\u001b[31m",
        "a\\u0000",
        "C:x",
        &long,
        // No letters: a picture, marks of direction, a joiner, a filler, a selector, a mark without its letter.
        "\u{1f600}",
        "a\u{202e}b",
        "\u{2066}a",
        "a\u{200b}",
        "a\u{200d}b",
        "\u{3164}",
        "a\u{fe0f}",
        "\u{301}a",
        "小、大",
        &"小".repeat(22),
    ] {
        let word = format!("\"{bad}\"");
        for text in [
            text(&word, "large", "a"),
            text("\"r\"", &word, "a"),
            text("\"r\"", "large", &word),
        ] {
            let found = problems(&text);
            assert!(found.contains("cannot be named"), "{bad:?}: {found}");
        }
    }
    let longest = "小".repeat(21);
    let scripts = [
        "小",
        "größe",
        "обучение",
        "きょうし",
        "학생",
        "हिन्दी",
        "ครู",
        "معلم",
        "מורה",
        "٣",
        "教师.v2_a-1",
    ];
    let plain = ["a", "A.b_c-1", "0", &long[1..], &longest];
    for good in plain.into_iter().chain(scripts) {
        let word = format!("\"{good}\"");
        assert_eq!(problems(&text(&word, &word, &word)), "", "{good}");
    }
}

#[test]
fn a_name_is_the_same_however_its_letters_were_typed() {
    let recipe = |text: String| parse(&RecipeText::new("recipe.toml", text)).0.unwrap();
    // In two characters where it is given, in one where it is used.
    let text = SOURCE
        .replace("[stage.small]", "[stage.\"e\u{301}te\u{301}\"]")
        .replace("\"small\"", "\"été\"");
    assert_eq!(problems(&text), "");
    let recipe = recipe(text);
    assert_eq!(*recipe.stages[0].name, "été");
    let twice = format!(
        "{SOURCE}[stage.\"é\"]\nlike = \"small\"\n[stage.\"e\u{301}\"]\nlike = \"small\"\n"
    );
    assert_snapshot!(problems(&twice), @r#"
    error: there are two stages named `é`
      --> recipe.toml:24:8
       |
    24 | [stage."é"]
       |        ^^^
       |
       = note: names are compared in Unicode's composed form (NFC)
    "#);
}

#[test]
fn letters_of_other_scripts_are_asked_to_stand_between_quotes() {
    assert_snapshot!(problems(&SOURCE.replace("[stage.small]", "[stage.小]")), @r#"
    error: invalid unquoted key, expected letters, numbers, `-`, `_`
     --> recipe.toml:9:8
      |
    9 | [stage.小]
      |        ^^
      |
      = note: a recipe is a TOML file
      = help: write it between quotes: "小"
    "#);
}
