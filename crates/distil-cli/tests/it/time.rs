//! Samples in the order of time: the latest are the test part, and a file in that order is hinted at.

use distil_report::run_json::RunJson;

use crate::harness::{Ended, Place};

const DAYS: usize = 300;

/// A column `day` that counts days, or writes them as dates, and the price of a random walk.
fn walk(date: impl Fn(usize) -> String) -> String {
    let (mut state, mut price) = (7_u64, 0.0);
    let mut step = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as f64 / f64::from(1 << 24) - 0.5
    };
    let rows: String = (0..DAYS)
        .map(|day| {
            price += step() + 0.05;
            format!("{},{:.3},{price:.3}\n", date(day), step())
        })
        .collect();
    format!("day,z,price\n{rows}")
}

fn iso(day: usize) -> String {
    format!(
        "{}-{:02}-{:02}",
        2020 + day / 336,
        day % 336 / 28 + 1,
        day % 28 + 1
    )
}

fn place(table: &str, data: &str) -> Place {
    let place = Place::new();
    place.write("t.csv", table);
    place.write(
        "r.toml",
        format!(
            "task = \"regression\"\n\n[data]\nsource = \"csv\"\npath = \"t.csv\"\ntarget = \"price\"\n{data}\n\n\
             [stage.m]\nmodel = {{ kind = \"mlp\", hidden = [32, 32] }}\ntrain = {{ epochs = 60, lr = 3e-3 }}\n"
        ),
    );
    place
}

fn run(place: &Place, more: &[&str]) -> RunJson {
    let ended = place.distil(&[&["run", "./r.toml", "-q", "--json"], more].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap()
}

fn notes(ended: &Ended) -> Vec<&str> {
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let said = ended.stdout.lines();
    said.filter(|line| line.starts_with("note: ")).collect()
}

fn r2(run: &RunJson) -> f64 {
    run.trials[0].result().unwrap().test["r2"]
}

#[test]
fn a_random_walk_is_not_known_ahead_though_days_drawn_at_random_are() {
    let walk = walk(|day| day.to_string());
    let drawn = run(&place(&walk, ""), &[]);
    assert!(r2(&drawn) > 0.9, "{}", r2(&drawn));
    let ahead = run(
        &place(&walk, "split = { kind = \"time\", column = \"day\" }"),
        &[],
    );
    assert!(r2(&ahead) < 0.5, "{}", r2(&ahead));
    let data = &ahead.trials[0].data;
    assert_eq!((data.train, data.validation, data.test), (195, 45, 60));
}

#[test]
fn when_each_part_begins_and_ends_is_said_and_eval_draws_the_same_parts() {
    let split = "split = { kind = \"time\", column = \"day\" }";
    for options in [
        split.to_owned(),
        format!("ignore = [\"day\"]\n{split}"),
        format!("groups = [\"day\"]\n{split}"),
    ] {
        let place = place(&walk(iso), &options);
        let checked = place.distil(&["check", "./r.toml", "--data"]);
        let said = notes(&checked);
        assert!(
            said.contains(&"note: parts in the order of day: 2020-01-01 to 2020-07-27 to train on, 2020-07-28 to 2020-09-16 to choose by, 2020-09-17 to 2020-11-20 to test on"),
            "{options}: {said:#?}"
        );
        assert!(!said.iter().any(|note| note.contains("rises")), "{said:#?}");
        let tested = run(&place, &[]).trials[0].result().unwrap().test["rmse"];
        let own = place.distil(&["eval", "runs/r-0001", "t.csv", "--json"]);
        assert_eq!(own.code, 0, "{}", own.stderr);
        let own: serde_json::Value = serde_json::from_str(&own.stdout).unwrap();
        assert_eq!(own["part"], "test");
        assert_eq!(own["metrics"]["rmse"].as_f64(), Some(tested), "{options}");
    }
}

#[test]
fn folds_ask_what_comes_next_and_nobody_learns_from_later() {
    let place = place(
        &walk(|day| day.to_string()),
        "split = { kind = \"time\", column = \"day\" }",
    );
    let run = run(&place, &["--folds", "4"]);
    let sizes = run.trials.iter().map(|trial| &trial.data);
    let sizes: Vec<_> = sizes
        .map(|data| (data.train, data.validation, data.test))
        .collect();
    assert_eq!(
        sizes,
        [(51, 9, 60), (102, 18, 60), (153, 27, 60), (204, 36, 60)]
    );
}

#[test]
fn a_file_in_the_order_of_time_is_hinted_at_and_one_that_is_not_is_not() {
    let hinted = |table: &str, options: &str| {
        let checked = place(table, options).distil(&["check", "./r.toml", "--data"]);
        let said = notes(&checked);
        let found = said.iter().find(|note| note.contains("kind = \"time\""));
        found.map(|note| note.to_string())
    };
    assert_eq!(
        hinted(&walk(iso), "").unwrap(),
        "note: column day rises from row to row (2020-01-01 to 2020-11-20): at random, the samples to test on lie between those to train on; `split = { kind = \"time\", column = \"day\" }` tests on the latest"
    );
    // The newest first, several rows a day, left out of the inputs, seconds with gaps.
    assert!(
        hinted(&walk(|day| iso(DAYS - day)), "")
            .unwrap()
            .contains("falls")
    );
    assert!(hinted(&walk(|day| iso(day / 5)), "").is_some());
    assert!(hinted(&walk(iso), "ignore = [\"day\"]").is_some());
    assert!(
        hinted(
            &walk(|day| format!("{}", 1_600_000_000 + day * day * 1000)),
            ""
        )
        .unwrap()
        .contains("if it is a time")
    );
    // In no order, or in the order of a column with few values.
    assert_eq!(hinted(&walk(|day| iso(day * 7919 % DAYS)), ""), None);
    assert_eq!(hinted(&walk(|day| (day / 100).to_string()), ""), None);
}

#[test]
fn what_cannot_be_put_in_order_is_refused_with_the_reason() {
    let refused = |table: &str, data: &str| {
        let ended = place(table, data).distil(&["check", "./r.toml", "--data"]);
        assert_eq!(ended.code, 2, "{}", ended.stdout);
        ended.stderr
    };
    let table = walk(iso);
    for (data, part) in [
        (
            "split = { kind = \"time\" }",
            "a split by time needs a column",
        ),
        ("split = \"time\"", "a split by time needs a column"),
        (
            "split = { column = \"day\" }",
            "`column` belongs to a split by time",
        ),
        (
            "groups = [\"z\"]\nsplit = { kind = \"time\", column = \"day\", group = \"z\" }",
            "`group` does not go with a split by time",
        ),
        (
            "split = { kind = \"time\", column = \"date\" }",
            "there is no column `date` of numbers or dates",
        ),
        (
            "split = { kind = \"time\", column = \"dya\" }",
            "perhaps it is `day`",
        ),
        (
            "split = { kind = \"time\", column = \"price\" }",
            "there is no column `price` of numbers or dates",
        ),
    ] {
        let said = refused(&table, data);
        assert!(
            said.to_lowercase().contains(&part.to_lowercase()),
            "{data}: {said}"
        );
    }
    let split = "split = { kind = \"time\", column = \"day\" }";
    let holed = table.replacen("2020-01-03", "", 1);
    assert!(refused(&holed, split).contains("column `day` has no value in row 3"));
    let still = walk(|_| "2020-01-01".into());
    assert!(refused(&still, split).contains("has 1 different times in 300 samples"));
}
