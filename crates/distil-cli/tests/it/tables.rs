//! Tables as people have them: how a column was read is said, and a model reads new data the same way.

use std::process::Stdio;

use distil_report::run_json::RunJson;

use crate::harness::{Ended, Place, ended};

const ROWS: usize = 200;

/// How a number is written.
type Form<'a> = &'a dyn Fn(f64) -> String;

/// Two random numbers of about −2 to 2 and a class that their sum tells.
fn points() -> Vec<(f64, f64, bool)> {
    let mut state = 11_u64;
    let mut number = || {
        let mut sum = 0.0;
        for _ in 0..4 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            sum += (state >> 40) as f64 / f64::from(1 << 24) - 0.5;
        }
        (sum * 1500.0).round() / 1000.0
    };
    (0..ROWS)
        .map(|_| (number(), number()))
        .map(|(a, b)| (a, b, a + b > 0.0))
        .collect()
}

/// A table `a,b,y` of the points.
fn table(row: impl Fn(usize, f64, f64, &str) -> String) -> String {
    let rows = points().into_iter().enumerate();
    rows.map(|(i, (a, b, y))| row(i, a, b, if y { "1" } else { "0" }) + "\n")
        .collect()
}

fn comma(x: f64) -> String {
    x.to_string().replace('.', ",")
}

fn plain() -> String {
    format!("a,b,y\n{}", table(|_, a, b, y| format!("{a},{b},{y}")))
}

/// Writes a table and a recipe of one network for it.
fn place(table: &str, task: &str, options: &str) -> Place {
    let place = Place::new();
    place.write("t.csv", table);
    recipe(
        &place,
        "r.toml",
        task,
        &format!("target = \"y\"\n{options}"),
    );
    place
}

fn recipe(place: &Place, name: &str, task: &str, options: &str) {
    place.write(
        name,
        format!(
            "task = \"{task}\"\n\n[stage.m]\nmodel = {{ kind = \"mlp\", hidden = [16] }}\ntrain = {{ epochs = 30 }}\n\n\
             [data]\nsource = \"csv\"\npath = \"t.csv\"\n{options}\n"
        ),
    );
}

fn run(place: &Place) -> RunJson {
    let ended = place.distil(&["run", "./r.toml", "-q", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap()
}

fn metric(run: &RunJson, name: &str) -> f64 {
    run.trials[0].result().unwrap().test[name]
}

fn check(place: &Place) -> Ended {
    place.distil(&["check", "./r.toml", "--data"])
}

/// What `check --data` says, of a table that can be read.
fn checked(place: &Place) -> String {
    let ended = check(place);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    ended.stdout
}

/// What is refused, in one line.
fn refused(table: &str, options: &str) -> String {
    let place = place(table, "classification", options);
    let ended = check(&place);
    assert_eq!(ended.code, 2, "{}{}", ended.stdout, ended.stderr);
    ended.stderr
}

#[test]
fn numbers_however_they_are_written_train_the_same_model() {
    let big = |x: f64, group: &str, mark: &str| {
        let cents = (x * 1_000_000.0).round() as i64;
        let (sign, cents) = (if cents < 0 { "-" } else { "" }, cents.abs());
        let (whole, cents) = (cents / 100, cents % 100);
        match whole / 1000 {
            0 => format!("{sign}{whole}{mark}{cents:02}"),
            thousands => format!(
                "{sign}{thousands}{group}{:03}{mark}{cents:02}",
                whole % 1000
            ),
        }
    };
    let accuracy = metric(&run(&place(&plain(), "classification", "")), "accuracy");
    let forms: [(&str, &str, Form<'_>, &str); 8] = [
        (";", "delimiter = \";\"", &comma, "decimal comma"),
        (";", "", &comma, "decimal comma"),
        (",", "", &|x| format!("{x}%"), "percent, divided by 100"),
        (",", "", &|x| format!("{x} %"), "percent, divided by 100"),
        (",", "", &|x| format!("${x}"), "`$` taken off"),
        (
            ";",
            "",
            &|x| format!("{} €", comma(x)),
            "decimal comma, `€` taken off",
        ),
        (
            ";",
            "",
            &|x| big(x, ".", ","),
            "decimal comma, thousands set apart by `.`",
        ),
        (
            ";",
            "",
            &|x| big(x, " ", "."),
            "thousands set apart by blanks",
        ),
    ];
    for (delimiter, options, form, words) in forms {
        let rows = table(|_, a, b, y| [form(a), form(b), y.into()].join(delimiter));
        let text = format!("{}\n{rows}", ["a", "b", "y"].join(delimiter));
        let place = place(&text, "classification", options);
        let run = run(&place);
        let found = metric(&run, "accuracy");
        assert!(
            (found - accuracy).abs() < 0.03,
            "{words}: {found} {accuracy}"
        );
        for shown in [checked(&place), run.trials[0].findings.columns.join("\n")] {
            assert!(shown.contains(&format!("a: numbers, {words}")), "{shown}");
        }
    }
    let quoted =
        table(|_, a, b, y| format!("\"{}\",\"{}\",{y}", big(a, ",", "."), big(b, ",", ".")));
    let place = place(&format!("a,b,y\n{quoted}"), "classification", "");
    let shown = checked(&place);
    assert!(
        shown.contains("a: numbers, thousands set apart by `,`"),
        "{shown}"
    );
    // The model keeps how they are written.
    run(&place);
    let ended = place.distil(&["eval", "runs/r-0001", "t.csv", "--part", "all"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}

#[test]
fn a_comma_that_can_be_either_mark_is_asked_about_and_a_rule_answers() {
    let rows = table(|i, _, b, y| format!("{},{:03}\t{b}\t{y}", i % 9 + 1, 7 * i % 1000));
    let text = format!("a\tb\ty\n{rows}");
    insta::assert_snapshot!(refused(&text, "delimiter = \"\\t\""), @r#"error: ./t.csv, column `a`: numbers such as `1,000` can have a decimal comma or a comma between thousands. Say which it is: `columns = { "a" = { decimal = "," } }`, or `thousands = ","`."#);
    for (rule, words) in [
        ("decimal = \",\"", "decimal comma"),
        ("thousands = \",\"", "thousands set apart by `,`"),
    ] {
        let options = format!("delimiter = \"\\t\"\ncolumns = {{ a = {{ {rule} }} }}");
        let shown = checked(&place(&text, "classification", &options));
        assert!(shown.contains(&format!("a: numbers, {words}")), "{shown}");
    }
}

#[test]
fn names_and_free_text_are_no_categories_and_a_dash_is_one() {
    let text = |cell: &dyn Fn(usize) -> String| {
        format!(
            "a,t,y\n{}",
            table(|i, a, _, y| format!("{a},{},{y}", cell(i)))
        )
    };
    insta::assert_snapshot!(refused(&text(&|i| format!("Mr {i}")), ""), @r#"error: ./t.csv, column `t`: 200 of 200 texts are different, so they are names or numbers of rows, no categories. Leave the column out with `ignore = ["t"]`; tables of text are not learned from. If each text is a category all the same: `categorical = ["t"]`."#);
    insta::assert_snapshot!(refused(&text(&|i| format!("it is what it is {i}")), ""), @r#"error: ./t.csv, column `t`: 200 of 200 texts are different, so they are free text, no categories. Leave the column out with `ignore = ["t"]`; tables of text are not learned from. If each text is a category all the same: `categorical = ["t"]`."#);
    let shown = checked(&place(
        &text(&|i| ["-", "None", "x", "NA"][i % 4].into()),
        "classification",
        "",
    ));
    assert!(
        shown.contains("t: 3 categories; missing: 50 (50 `NA`)"),
        "{shown}"
    );
    let all = "missing = [\"NA\", \"None\", \"-\"]";
    let shown = checked(&place(
        &text(&|i| ["-", "None", "x", "NA"][i % 4].into()),
        "classification",
        all,
    ));
    assert!(shown.contains("t: 1 categories; missing: 150"), "{shown}");
}

#[test]
fn usual_markers_among_numbers_are_missing_and_counted() {
    for marker in ["?", "-", "N/A", "null", "#DIV/0!", "<NA>", "."] {
        let rows = table(|i, a, b, y| match i % 10 {
            3 => format!("{marker},{b},{y}"),
            _ => format!("{a},{b},{y}"),
        });
        let shown = checked(&place(&format!("a,b,y\n{rows}"), "classification", ""));
        let said = format!("column a: read as missing are 20 `{marker}`");
        assert!(shown.contains(&said), "{shown}");
        assert!(shown.contains("a is missing"), "{shown}");
    }
    // What nobody declared is asked about, with the key that answers.
    let rows = table(|i, a, b, y| match i % 10 {
        3 => format!("unknown,{b},{y}"),
        _ => format!("{a},{b},{y}"),
    });
    let text = format!("a,b,y\n{rows}");
    assert!(refused(&text, "").contains("`missing = [\"unknown\", …]`"));
    let shown = checked(&place(&text, "classification", "missing = [\"unknown\"]"));
    assert!(
        shown.contains("read as missing are 20 `unknown`"),
        "{shown}"
    );
}

#[test]
fn a_column_without_a_name_is_left_aside_if_it_numbers_the_rows() {
    for name in ["", "Unnamed: 0"] {
        let text = format!(
            "{name},a,b,y\n{}",
            table(|i, a, b, y| format!("{i},{a},{b},{y}"))
        );
        let place = place(&text, "classification", "");
        let run = run(&place);
        let notes = run.trials[0].findings.notes.join("\n");
        assert!(notes.contains("it numbers the rows"), "{notes}");
        assert_eq!(run.trials[0].findings.columns.len(), 4);
        // New data may have it or not.
        place.write("new.csv", plain());
        for data in ["t.csv", "new.csv"] {
            let ended = place.distil(&["predict", "runs/r-0001", data, "--format", "csv"]);
            assert_eq!(ended.code, 0, "{}", ended.stderr);
            assert_eq!(ended.stdout.lines().count(), ROWS + 1);
        }
    }
    let text = format!(",a,b,y\n{}", table(|_, a, b, y| format!("{a},{a},{b},{y}")));
    assert!(refused(&text, "").contains("`ignore = [\"\"]`"));
    checked(&place(&text, "classification", "ignore = [\"\"]"));
}

#[test]
fn predict_reads_the_models_columns_alone_and_passes_ids_on() {
    let place = place(&plain(), "regression", "ignore = [\"b\"]");
    run(&place);
    let rows = |last: &str| {
        let rows = table(|i, a, _, y| match i % 2 {
            0 => format!("c{i},{a},{last},{y}"),
            _ => format!("c{i},{a},{last},"),
        });
        format!("customer,a,note,y\n{rows}")
    };
    place.write("new.csv", rows("?"));
    let ended = place.distil(&["predict", "runs/r-0001", "new.csv", "--format", "csv"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let mut lines = ended.stdout.lines();
    assert_eq!(lines.next(), Some("sample,customer,y"));
    assert!(lines.next().is_some_and(|line| line.starts_with("0,c0,")));
    // The same through standard input, and cut by another delimiter.
    let mut command = place.command(&["predict", "runs/r-0001", "-", "--format", "csv"]);
    command.stdin(Stdio::from(
        std::fs::File::open(place.path("new.csv")).unwrap(),
    ));
    assert_eq!(self::ended(command).stdout, ended.stdout);
    place.write("new.csv", rows("?").replace(',', ";"));
    let other = place.distil(&["predict", "runs/r-0001", "new.csv", "--format", "csv"]);
    assert_eq!(other.stdout, ended.stdout);
    let json = place.distil(&["predict", "runs/r-0001", "new.csv"]);
    assert!(
        json.stdout.contains("\"ids\":{\"customer\":\"c0\"}"),
        "{}",
        json.stdout
    );
}

#[test]
fn an_output_that_cannot_be_written_is_refused_before_the_data_is_read() {
    let place = place(&plain(), "classification", "");
    run(&place);
    for output in ["no/such/folder/p.csv", "runs", "/dev/null"] {
        let ended = place.distil(&["predict", "runs/r-0001", "no.csv", "--output", output]);
        assert_eq!(ended.code, 2, "{}", ended.stderr);
        assert!(
            ended
                .stderr
                .contains(output.split('/').next_back().unwrap()),
            "{}",
            ended.stderr
        );
        assert!(!ended.stderr.contains("no.csv"), "{}", ended.stderr);
    }
}

#[test]
fn sixty_four_bits_are_kept_where_thirty_two_cut_the_digits_off() {
    let shifted = |offset: f64| {
        let rows = table(|_, a, b, _| {
            let (x, y) = (offset + a, offset + a + 0.1 * b);
            format!("{x:.5},{y:.5}")
        });
        let place = place(&format!("x,y\n{rows}"), "regression", "");
        let rmse = metric(&run(&place), "rmse");
        let ended = place.distil(&["predict", "runs/r-0001", "t.csv", "--format", "csv"]);
        let answers = ended.stdout.lines().skip(1);
        let answers = answers.map(|line| line.split(',').nth(1).unwrap().parse::<f64>().unwrap());
        let truth = place.read("t.csv");
        let truth = truth
            .lines()
            .skip(1)
            .map(|line| line.split(',').nth(1).unwrap().parse::<f64>().unwrap());
        let errors: Vec<f64> = answers
            .zip(truth)
            .map(|(answer, truth)| (answer - truth).powi(2))
            .collect();
        (
            rmse,
            (errors.iter().sum::<f64>() / errors.len() as f64).sqrt(),
        )
    };
    let (rmse, all) = shifted(0.0);
    // At the larger one 32 bits tell fewer targets apart, and the parts are others.
    for (offset, tolerance) in [(2_460_000.0, 0.05), (1_700_000_000.0, 0.25)] {
        let (far, far_all) = shifted(offset);
        assert!(
            (far - rmse).abs() < tolerance * rmse,
            "{offset}: {far} {rmse}"
        );
        assert!(
            (far_all - all).abs() < tolerance * all,
            "{offset}: {far_all} {all}"
        );
    }
}

#[test]
fn markers_far_outside_are_said_and_do_not_move_the_scale() {
    let accuracy = metric(&run(&place(&plain(), "classification", "")), "accuracy");
    for markers in [
        &["-9999"][..],
        &["-999", "-9999"],
        &["9999.0"],
        &["1e30"],
        &["-99"],
    ] {
        let rows = table(|i, a, b, y| match i % 20 {
            7 | 17 => format!("{},{b},{y}", markers[i / 20 % markers.len()]),
            _ => format!("{a},{b},{y}"),
        });
        let place = place(&format!("a,b,y\n{rows}"), "classification", "");
        let run = run(&place);
        let found = metric(&run, "accuracy");
        assert!(found > accuracy - 0.11, "{markers:?}: {found} {accuracy}");
        let notes = run.trials[0].findings.notes.join("\n");
        let first = markers[markers.len() - 1].trim_end_matches(".0");
        assert!(
            notes.contains("the end of the range of all others") && notes.contains(first),
            "{notes}"
        );
    }
}

#[test]
fn a_column_that_is_constant_in_training_is_held_at_that_value() {
    let rows = table(|_, a, b, y| format!("{a},{b},2,A,{y}"));
    let place = place(&format!("a,b,version,site,y\n{rows}"), "classification", "");
    let run = run(&place);
    let notes = run.trials[0].findings.notes.join("\n");
    assert!(
        notes.contains("column version is 2 in every training sample"),
        "{notes}"
    );
    assert!(
        notes.contains("column site is `A` in every training sample"),
        "{notes}"
    );
    let answers = |version: &str, site: &str| {
        let rows = table(|_, a, b, y| format!("{a},{b},{version},{site},{y}"));
        place.write("new.csv", format!("a,b,version,site,y\n{rows}"));
        place
            .distil(&["predict", "runs/r-0001", "new.csv", "--format", "csv"])
            .stdout
    };
    let same = answers("2", "A");
    for (version, site) in [("3", "A"), ("30000", "B"), ("", "")] {
        assert_eq!(answers(version, site), same, "{version} {site}");
    }
    let alike = table(|_, _, _, y| format!("1,x,{y}"));
    assert!(refused(&format!("a,b,y\n{alike}"), "").contains("every sample is the same"));
}

#[test]
fn whole_numbers_are_one_category_however_they_are_spelled_and_unseen_ones_are_counted() {
    let text = |cell: &dyn Fn(usize) -> String| {
        let rows = (0..ROWS).map(|i| {
            let branch = i * 7 % 6 + 1;
            format!("{},{},{}\n", cell(branch), i % 13, branch % 2)
        });
        format!("branch,x,y\n{}", rows.collect::<String>())
    };
    let place = place(
        &text(&|i| i.to_string()),
        "classification",
        "categorical = [\"branch\"]",
    );
    run(&place);
    let eval = |cell: &dyn Fn(usize) -> String| {
        // One row less: it is not the model's own file.
        place.write(
            "new.csv",
            text(cell).trim_end().rsplit_once('\n').unwrap().0,
        );
        place.distil(&["eval", "runs/r-0001", "new.csv"])
    };
    let same = eval(&|i| i.to_string());
    for cell in [
        &(|i| format!("{i}.0")) as &dyn Fn(usize) -> String,
        &|i| format!("0{i}"),
        &|i| format!("+{i}"),
    ] {
        let ended = eval(cell);
        assert_eq!((ended.stderr.as_str(), &ended.stdout), ("", &same.stdout));
    }
    for verb in ["eval", "predict"] {
        eval(&|i| format!("{}", i + 40));
        let ended = place.distil(&[verb, "runs/r-0001", "new.csv"]);
        assert!(
            ended
                .stderr
                .contains("199 of 199 cells of `branch` were never seen"),
            "{}",
            ended.stderr
        );
    }
    // Codes with a leading zero are text.
    let place = self::place(
        &text(&|i| format!("0{i}")),
        "classification",
        "categorical = [\"branch\"]",
    );
    run(&place);
    place.write("new.csv", text(&|i| i.to_string()));
    let ended = place.distil(&["predict", "runs/r-0001", "new.csv"]);
    assert!(
        ended
            .stderr
            .contains("200 of 200 cells of `branch` were never seen"),
        "{}",
        ended.stderr
    );
}

#[test]
fn no_two_columns_of_answers_are_called_the_same() {
    let header = |names: [&str; 2]| {
        let rows = table(|_, a, b, y| format!("{a},{b},{}", names[usize::from(y == "1")]));
        let place = place(&format!("a,b,y\n{rows}"), "classification", "");
        run(&place);
        place.write(
            "new.csv",
            format!("class,a,b\n{}", table(|i, a, b, _| format!("{i},{a},{b}"))),
        );
        let header = |data: &str| {
            let ended = place.distil(&["predict", "runs/r-0001", data, "--format", "csv"]);
            ended.stdout.lines().next().unwrap().to_owned()
        };
        [header("t.csv"), header("new.csv")]
    };
    assert_eq!(
        header(["class", "sample"]),
        [
            "sample,class,probability class,probability sample",
            "sample,id class,class,probability class,probability sample"
        ]
    );
    assert_eq!(
        header(["no", "yes"]),
        [
            "sample,class,no,yes",
            "sample,id class,class,probability no,probability yes"
        ]
    );
    let rows = table(|_, a, b, _| format!("{a},{b}"));
    let place = place(
        &format!("a,y\n{rows}").replace('y', "sample"),
        "regression",
        "",
    );
    recipe(&place, "r.toml", "regression", "target = \"sample\"");
    run(&place);
    let ended = place.distil(&["predict", "runs/r-0001", "t.csv", "--format", "csv"]);
    assert_eq!(ended.stdout.lines().next(), Some("sample,value sample"));
}

#[test]
fn of_the_models_own_file_eval_measures_the_test_part_and_says_so() {
    let place = place(&plain(), "classification", "");
    let run = run(&place);
    let ended = place.distil(&["eval", "runs/r-0001", "t.csv", "--json"]);
    let found: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&found["part"], &found["samples"]),
        (&"test".into(), &40.into())
    );
    assert_eq!(found["metrics"]["accuracy"], metric(&run, "accuracy"));
    let shown = place.distil(&["eval", "runs/r-0001", "t.csv"]).stdout;
    assert!(shown.contains("the data this model was trained on (`--part all` measures on all of it), test part: 40 samples"), "{shown}");
    let shown = place
        .distil(&["eval", "runs/r-0001", "t.csv", "--part", "all"])
        .stdout;
    assert!(shown.starts_with("t.csv: 200 samples"), "{shown}");
    // Other data is measured whole.
    place.write("new.csv", plain() + "0.5,0.5,1\n");
    let shown = place.distil(&["eval", "runs/r-0001", "new.csv"]).stdout;
    assert!(shown.starts_with("new.csv: 201 samples"), "{shown}");
}

#[test]
fn the_columns_of_a_given_model_are_checked_before_anything_is_written() {
    let place = place(&plain(), "classification", "");
    run(&place);
    place.write("t2.csv", plain().replacen("a,b,y", "a,c,y", 1));
    place.write(
        "s.toml",
        "task = \"classification\"\ndata = { source = \"csv\", path = \"t2.csv\", target = \"y\" }\n\n\
         [stage.teacher]\nmodel = { file = \"runs/r-0001/model\" }\n\n\
         [stage.student]\nmodel = { kind = \"mlp\", hidden = [8] }\nlearn = { from = \"teacher\", method = \"kd\", mix = 0.5 }\ntrain = { epochs = 1 }\n",
    );
    let before = place.files();
    let ended = place.distil(&["run", "./s.toml", "-q"]);
    assert_eq!(ended.code, 2);
    insta::assert_snapshot!(ended.stderr, @r#"
    error: the given model reads b, which this data does not have
     --> ./s.toml:5:18
      |
    5 | model = { file = "runs/r-0001/model" }
      |                  ^^^^^^^^^^^^^^^^^^^
      |
      = note: a given model reads the columns it was trained on
      = help: bring these columns, or train a model on those there are
    "#);
    assert_eq!(place.files(), before);
    // A column of another kind does not fit either.
    let text = table(|_, a, b, y| format!("{a},b{},{y}", b > 0.0));
    place.write("t2.csv", format!("a,b,y\n{text}"));
    let ended = place.distil(&["run", "./s.toml", "-q"]);
    assert_eq!((ended.code, place.files()), (2, before));
    assert!(
        ended
            .stderr
            .contains("reads numbers where this data has text, or the reverse: b"),
        "{}",
        ended.stderr
    );
}

#[test]
fn parts_in_files_of_their_own_are_the_parts_and_are_read_as_the_training_part_was() {
    let rows = |from: usize, to: usize| {
        let all = table(|_, a, b, y| format!("{};{};{y}", comma(a), comma(b)));
        let rows: Vec<&str> = all.lines().skip(from).take(to - from).collect();
        format!("a;b;y\n{}\n", rows.join("\n"))
    };
    let place = place(
        &rows(0, 120),
        "classification",
        "test = \"test.csv\"\nvalidation = \"val.csv\"",
    );
    place.write("val.csv", rows(120, 150));
    place.write("test.csv", rows(150, 200));
    let shown = checked(&place);
    assert!(
        shown.contains("120 samples to train on, 30 to choose by, 50 to test on"),
        "{shown}"
    );
    let run = run(&place);
    assert!(metric(&run, "accuracy") > 0.85);
    // Which rows are tested is seen where their answers are changed: then none is right.
    place.write(
        "test.csv",
        rows(150, 200)
            .replace(";1\n", ";x\n")
            .replace(";0\n", ";1\n")
            .replace(";x\n", ";0\n"),
    );
    assert!(metric(&self::run(&place), "accuracy") < 0.15);
    // A file without the target is none to test on.
    let new = rows(150, 200)
        .replace(";1\n", "\n")
        .replace(";0\n", "\n")
        .replace(";y", "");
    place.write("test.csv", new);
    let ended = check(&place);
    assert_eq!(ended.code, 2, "{}", ended.stdout);
    insta::assert_snapshot!(ended.stderr, @"error: ./test.csv: the samples of the test part have no targets. Add them; `distil predict` answers samples without.");
}
