//! Rows that count more than others: in the loss, in the metrics, in the tests.

use distil_report::run_json::RunJson;

use crate::harness::Place;

/// Rows `a,w,y`: nine of ten say that `y` follows the sign of `a`, and weigh 1; one says the opposite and weighs `heavy`.
fn table(heavy: &str) -> String {
    let rows = (0..400).map(|i| {
        let a = (i * 7919 % 1000) as f64 / 500.0 - 1.0;
        let against = i % 10 == 0;
        let y = (a > 0.0) != against;
        let weight = if against { heavy } else { "1" };
        format!("{a:.3},{weight},{}\n", u8::from(y))
    });
    format!("a,w,y\n{}", rows.collect::<String>())
}

fn place(table: &str, data: &str, more: &str) -> Place {
    let place = Place::new();
    place.write("t.csv", table);
    place.write(
        "r.toml",
        format!(
            "{more}\n[data]\nsource = \"csv\"\npath = \"t.csv\"\ntarget = \"y\"\n{data}\n\n\
             [stage.m]\nmodel = {{ kind = \"mlp\", hidden = [16] }}\ntrain = {{ epochs = 30 }}\n"
        ),
    );
    place
}

const CLASSES: &str = "task = \"classification\"\n";

fn run(place: &Place) -> RunJson {
    let ended = place.distil(&["run", "./r.toml", "-q", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap()
}

fn accuracy(run: &RunJson) -> f64 {
    run.trials[0].result().unwrap().test["accuracy"]
}

#[test]
fn a_network_learns_what_weighs_most_and_is_measured_by_it() {
    let light = run(&place(&table("1"), "weights = \"w\"", CLASSES));
    assert!(
        (0.85..0.95).contains(&accuracy(&light)),
        "{}",
        accuracy(&light)
    );
    // One row of ten with a weight of 81 is nine tenths of all.
    let heavy = place(&table("81"), "weights = \"w\"", CLASSES);
    let run = run(&heavy);
    assert!((0.85..0.95).contains(&accuracy(&run)), "{}", accuracy(&run));
    // The same network is wrong of nine rows of ten: without the column every row counts alike, and that is said.
    heavy.write(
        "bare.csv",
        table("81")
            .lines()
            .map(|line| {
                let cells: Vec<&str> = line.split(',').collect();
                format!("{},{}\n", cells[0], cells[2])
            })
            .collect::<String>(),
    );
    let eval = heavy.distil(&["eval", "runs/r-0001", "bare.csv", "--json"]);
    assert!(
        eval.stderr
            .contains("there is no column w: every row counts alike"),
        "{}",
        eval.stderr
    );
    let alike: serde_json::Value = serde_json::from_str(&eval.stdout).unwrap();
    let alike = alike["metrics"]["accuracy"].as_f64().unwrap();
    assert!((0.05..0.15).contains(&alike), "{alike}");
    let predicted = heavy.distil(&["predict", "runs/r-0001", "bare.csv"]);
    assert_eq!(predicted.code, 0, "{}", predicted.stderr);
}

#[test]
fn weights_are_no_input_and_what_they_leave_of_the_test_part_is_said() {
    let checked =
        place(&table("81"), "weights = \"w\"", CLASSES).distil(&["check", "./r.toml", "--data"]);
    assert_eq!(checked.code, 0, "{}", checked.stderr);
    for line in [
        "1 features: a",
        "column w: how much each row counts",
        "note: rows count by their weights, 1 to 81: the 80 test samples tell as much as ",
    ] {
        assert!(checked.stdout.contains(line), "{line}: {}", checked.stdout);
    }
}

#[test]
fn rows_that_weigh_nothing_are_an_error_with_their_place() {
    for (cell, part) in [
        ("0", "t.csv, line 2, column `w`: `0` is no weight"),
        ("-2", "`-2` is no weight"),
        ("", "the row has no weight"),
        ("heavy", "`heavy` is not a number"),
    ] {
        let ended = place(&table(cell), "weights = \"w\"", CLASSES)
            .distil(&["check", "./r.toml", "--data"]);
        assert_eq!(ended.code, 2, "{}", ended.stdout);
        assert!(ended.stderr.contains(part), "{cell}: {}", ended.stderr);
    }
    let ended =
        place(&table("2"), "weights = \"ww\"", CLASSES).distil(&["check", "./r.toml", "--data"]);
    assert!(
        ended.stderr.contains("`weights` names the column `ww`"),
        "{}",
        ended.stderr
    );
}

#[test]
fn weights_and_repeated_rows_train_to_the_same_regression() {
    let rows = |weights: bool| -> String {
        let rows = (0..240).flat_map(|i| {
            let a = (i * 7919 % 1000) as f64 / 500.0 - 1.0;
            let times = if i % 3 == 0 { 4 } else { 1 };
            let line = format!("{a:.3},{times},{:.3}\n", if i % 3 == 0 { 5.0 } else { 0.0 });
            std::iter::repeat_n(line, if weights { 1 } else { times })
        });
        format!("a,w,y\n{}", rows.collect::<String>())
    };
    let task = "task = \"regression\"\n";
    let weighted = run(&place(&rows(true), "weights = \"w\"", task));
    let repeated = run(&place(&rows(false), "ignore = [\"w\"]", task));
    let rmse = |run: &RunJson| run.trials[0].result().unwrap().test["rmse"];
    // Two thirds of the weight is at 5, a third at 0: both are 2.36 from their mean.
    assert!(
        (rmse(&weighted) - rmse(&repeated)).abs() < 0.15,
        "{} {}",
        rmse(&weighted),
        rmse(&repeated)
    );
}

#[test]
fn classes_are_weighed_by_name() {
    let named = |weights: &str| {
        let task = format!("task = {{ kind = \"classification\", class_weights = {weights} }}\n");
        place(&table("1"), "ignore = [\"w\"]", &task)
    };
    let ended = named("{ 2 = 3 }").distil(&["check", "./r.toml", "--data"]);
    assert_eq!(ended.code, 2);
    assert!(
        ended
            .stderr
            .contains("names `2`, which is no class of the data"),
        "{}",
        ended.stderr
    );
    let (by_name, by_order) = (run(&named("{ 1 = 1000 }")), run(&named("[1, 1000]")));
    assert_eq!(accuracy(&by_name), accuracy(&by_order));
    // Whoever misses class 1 pays a thousand times: it is nearly always answered.
    assert!(accuracy(&by_name) < 0.7, "{}", accuracy(&by_name));
}
