//! What a run says where its numbers would mislead.

use distil_report::run_json::RunJson;

use crate::harness::Place;

/// A recipe of the digits with one network, trained as this says.
fn digits(place: &Place, model: &str, train: &str) {
    let recipe = format!(
        "task = \"classification\"\ndata = \"digits\"\n[stage.m]\nmodel = {{ kind = \"mlp\", {model} }}\ntrain = {{ {train} }}\n"
    );
    place.write("r.toml", recipe);
}

#[test]
fn time_constants_longer_than_the_run_are_told_with_both_numbers() {
    for (train, numbers) in [
        ("epochs = 6, warmup = 2000", ["2,000", "222"]),
        ("epochs = 2, average = 0.9999", ["10,000", "74"]),
        ("epochs = 2, patience = 20", ["20", "2"]),
        ("steps = 50, warmup = 50", ["50", "50"]),
    ] {
        let place = Place::new();
        digits(&place, "hidden = [8]", train);
        let shown = place.distil(&["check", "./r.toml"]).stdout;
        let note = shown
            .lines()
            .find(|line| line.starts_with("note: stage `m`: "));
        let note = note.unwrap_or_else(|| panic!("{train}: {shown}"));
        assert!(numbers.iter().all(|number| note.contains(number)), "{note}");
        let ran = place.distil(&["run", "./r.toml", "-q"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(
            ran.stdout.contains(note.trim_start_matches("note: ")),
            "{}",
            ran.stdout
        );
    }
    let place = Place::new();
    digits(
        &place,
        "hidden = [8]",
        "epochs = 6, warmup = 50, average = 0.9, patience = 2",
    );
    let shown = place.distil(&["check", "./r.toml"]).stdout;
    assert!(!shown.contains("note: stage"), "{shown}");
}

#[test]
fn the_epoch_whose_weights_were_kept_is_told_in_run_and_report() {
    let place = Place::new();
    digits(&place, "hidden = [8]", "epochs = 4, keep = \"best\"");
    let ran = place.distil(&["run", "./r.toml", "-q"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let run = RunJson::read(&place.path("runs/r-0001/run.json")).unwrap();
    let stage = run.trials[0].result().unwrap();
    assert_eq!(stage.epochs, 4.0, "it is no early stopping");
    let told = format!(
        "`m` kept epoch {} of 4, the best on the validation part.",
        stage.kept.unwrap()
    );
    assert!(ran.stdout.contains(&told), "{told}\n{}", ran.stdout);
    let markdown = place.distil(&["report", "runs/r-0001", "--markdown"]);
    assert!(
        markdown.stdout.contains("kept epoch"),
        "{}",
        markdown.stdout
    );
    // The last weights are nothing to be told of.
    digits(&place, "hidden = [8]", "epochs = 4");
    let ran = place.distil(&["run", "./r.toml", "-q"]);
    assert!(!ran.stdout.contains("kept epoch"), "{}", ran.stdout);
}

#[test]
fn what_was_learnt_by_heart_is_named_at_the_end_and_not_where_the_best_is_kept() {
    let place = Place::new();
    // Classes by chance: whatever is learnt of them is learnt by heart.
    let row = |row: u32| {
        let digits = |k: u32| (row * 7919 + k * 104_729) * (row + 3) % 1000;
        format!(
            "{},{},{},{}\n",
            digits(1),
            digits(2),
            digits(3),
            digits(4) / 10 % 2
        )
    };
    let rows: String = (0..80).map(row).collect();
    place.write("t.csv", format!("a,b,c,y\n{rows}"));
    let told = "`m` has learnt its training part by heart: its training loss fell from ";
    let ending = |keep: &str| {
        place.write(
            "r.toml",
            format!("task = \"classification\"\ndata = {{ source = \"csv\", path = \"t.csv\", target = \"y\" }}\n[stage.m]\nmodel = {{ kind = \"mlp\", hidden = [256, 64] }}\ntrain = {{ epochs = 150, lr = 1e-2{keep} }}\n"),
        );
        let ran = place.distil(&["run", "./r.toml", "-q"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stdout
    };
    let last = ending("");
    assert!(last.contains(told), "{last}");
    assert!(
        last.contains("; `keep = \"best\"` keeps the weights of the best epoch."),
        "{last}"
    );
    assert!(last.lines().count() <= 16, "{last}");
    for kept in [", keep = \"best\"", ", patience = 100"] {
        assert!(!ending(kept).contains("by heart"), "{kept}");
    }
}

#[test]
fn batch_norm_on_batches_of_one_is_refused_and_a_last_batch_of_one_joins_the_one_before() {
    let place = Place::new();
    digits(
        &place,
        "hidden = [8], norm = \"batch\"",
        "epochs = 1, batch = 1, accumulate = 32",
    );
    let ended = place.distil(&["run", "./r.toml", "-q"]);
    assert_eq!(ended.code, 2);
    insta::assert_snapshot!(ended.stderr, @r#"
    error: stage `m` has batch norm and batches of one sample, whose spread is 0
     --> ./r.toml:5:31
      |
    5 | train = { epochs = 1, batch = 1, accumulate = 32 }
      |                               ^
      |
      = note: batch norm takes two samples a batch, however many batches make an update
      = help: raise `batch` and lower `accumulate`, or write norm = "layer"
    "#);
    digits(
        &place,
        "hidden = [8], norm = \"layer\"",
        "epochs = 1, batch = 1, accumulate = 32",
    );
    assert_eq!(place.distil(&["run", "./r.toml", "-q"]).code, 0);
    // 1,168 samples: one is left over in the epoch, and in each window of 48 samples none.
    digits(
        &place,
        "hidden = [8], norm = \"batch\"",
        "epochs = 8, batch = 3, accumulate = 1",
    );
    let ended = place.distil(&["run", "./r.toml", "-q", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let run: RunJson = serde_json::from_str(&ended.stdout).unwrap();
    let stage = run.trials[0].result().unwrap();
    assert_eq!(run.trials[0].data.train % 3, 1);
    assert!(stage.test["accuracy"] > 0.85, "{:?}", stage.test);
}

#[test]
fn a_result_no_better_than_one_answer_is_told_in_run_and_report() {
    let place = Place::new();
    digits(&place, "hidden = [8]", "epochs = 2, lr = 1e10");
    let ran = place.distil(&["run", "./r.toml", "-q"]);
    let told = "warning: the result is no better than one answer for all samples";
    match ran.code {
        3 => return,
        code => assert_eq!(code, 0, "{}", ran.stderr),
    }
    let run = RunJson::read(&place.path("runs/r-0001/run.json")).unwrap();
    let stage = run.trials[0].result().unwrap();
    let worse = stage.test["accuracy"] <= stage.constant.unwrap();
    assert_eq!(ran.stdout.contains(told), worse, "{}", ran.stdout);
    // A table that tells nothing of its target.
    let rows: String = (0..200)
        .map(|row| format!("{},{}\n", row % 7, (row * 37 % 100) % 10 % 3 / 2))
        .collect();
    place.write("t.csv", format!("x,y\n{rows}"));
    for task in ["classification", "regression"] {
        place.write(
            "n.toml",
            format!("task = \"{task}\"\ndata = {{ source = \"csv\", path = \"t.csv\", target = \"y\"}}\n[stage.m]\nmodel = {{ kind = \"mlp\", hidden = [4] }}\ntrain = {{ epochs = 1, lr = 1e-6 }}\n"),
        );
        let ran = place.distil(&["run", "./n.toml", "-q"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stdout.contains(told), "{task}: {}", ran.stdout);
        let run = ran
            .stdout
            .lines()
            .find_map(|line| line.strip_prefix("  look     "))
            .unwrap();
        assert!(place.read(run).contains(told), "{run}");
        let folder = run.trim_end_matches("/report.html");
        let markdown = place.distil(&["report", folder, "--markdown"]).stdout;
        assert!(markdown.contains(told), "{markdown}");
    }
    // And one that is better says nothing.
    digits(&place, "hidden = [32]", "epochs = 3");
    let ran = place.distil(&["run", "./r.toml", "-q"]);
    assert!(!ran.stdout.contains(told), "{}", ran.stdout);
}

#[test]
fn one_stage_has_nothing_to_compare() {
    let place = Place::new();
    digits(&place, "hidden = [8]", "epochs = 2");
    let ran = place.distil(&["run", "./r.toml", "-q"]).stdout;
    assert!(
        ran.contains("One stage: nothing to compare; it reached "),
        "{ran}"
    );
    let ran = place
        .distil(&["run", "digits", "--smoke", "--no-control", "-q"])
        .stdout;
    assert!(!ran.contains("One stage"), "{ran}");
}

#[test]
fn the_smallest_and_largest_targets_are_shown_in_powers_of_ten() {
    for (power, unit) in [("e-30", "e-3"), ("e20", "e")] {
        let place = Place::new();
        let rows: String = (0..120)
            .map(|row| format!("{},{}{power}\n", row % 9, row % 9 + 1))
            .collect();
        place.write("t.csv", format!("x,y\n{rows}"));
        place.write("r.toml", "task = \"regression\"\ndata = { source = \"csv\", path = \"t.csv\", target = \"y\" }\n[stage.m]\nmodel = { kind = \"mlp\", hidden = [8] }\ntrain = { epochs = 3 }\n");
        let shown = place.distil(&["check", "./r.toml", "--data"]).stdout;
        let target = shown
            .lines()
            .find(|line| line.starts_with("target y"))
            .unwrap();
        assert!(target.len() < 80 && target.contains(unit), "{target}");
        let ran = place.distil(&["run", "./r.toml", "-q"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(
            !ran.stdout.contains("0.00000000") && ran.stdout.contains(unit),
            "{}",
            ran.stdout
        );
        let csv = place
            .distil(&["predict", "runs/r-0001", "t.csv", "--format", "csv"])
            .stdout;
        let cell = csv.lines().nth(1).unwrap().split(',').nth(1).unwrap();
        assert!(cell.len() < 16 && cell.contains('e'), "{cell}");
        let page = place.read("runs/r-0001/report.html");
        assert!(!page.contains("0.00000000"));
    }
}

#[test]
fn a_comma_makes_a_sweep_and_is_told_so_and_a_grid_crosses_sweeps() {
    let place = Place::new();
    place.write("r.toml", "task = \"classification\"\ndata = { source = \"csv\", path = \"elsewhere.csv\", target = \"y\" }\n[stage.m]\nmodel = { kind = \"mlp\", hidden = [8] }\n");
    for verb in [
        &["run", "./r.toml", "-q"][..],
        &["run", "./r.toml"],
        &["check", "./r.toml"],
    ] {
        let ended = place.distil(&[verb, &["--set", "data.path=a,b/data.csv"]].concat());
        assert_eq!(ended.code, 2);
        let told = "--set data.path=a,b/data.csv: the comma makes a sweep, 2 values, each an arm; one value with a comma is written in quotes: --set 'data.path=\"a,b/data.csv\"'";
        assert!(ended.stderr.contains(told), "{verb:?}: {}", ended.stderr);
    }
    digits(&place, "hidden = [8]", "epochs = 1");
    let sweep = [
        "--set",
        "stage.m.train.lr=1e-3,1e-2",
        "--set",
        "stage.m.model.hidden=[4],[8]",
    ];
    let arms = |run: &str| {
        let run = RunJson::read(&place.path(&format!("runs/{run}/run.json"))).unwrap();
        run.trials
            .iter()
            .map(|trial| trial.id.arm.clone())
            .collect::<Vec<_>>()
    };
    let ended = place.distil(&[&["run", "./r.toml"][..], &sweep].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("changes nothing else: 4 arms; `--grid` crosses them"),
        "{}",
        ended.stderr
    );
    assert_eq!(arms("r-0001").len(), 5);
    let ended = place.distil(&[&["run", "./r.toml", "--grid"][..], &sweep].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("--grid crosses the values of 2 --set: 4 arms"),
        "{}",
        ended.stderr
    );
    assert_eq!(
        arms("r-0002"),
        [
            "flow",
            "stage.m.train.lr=1e-2;stage.m.model.hidden=[4]",
            "stage.m.train.lr=1e-2;stage.m.model.hidden=[8]",
            "stage.m.train.lr=1e-3;stage.m.model.hidden=[4]",
            "stage.m.train.lr=1e-3;stage.m.model.hidden=[8]",
        ]
    );
}
