//! `distil find`, in the program itself.

use std::collections::BTreeMap;
use std::fs;

use distil::find::record::{FindJson, Route, Tried};
use distil_report::Part;
use distil_report::events::{self, Event};
use distil_report::run_json::RunJson;
use rustix::process::Signal;

use crate::harness::Place;

const FOLDER: &str = "runs/digits-find-0001";

/// A search for what there is not, with all but no budget.
const OUT_OF_REACH: [&str; 6] = [
    "find",
    "digits",
    "--goal",
    "accuracy >= 1",
    "--budget",
    "1 MFLOPs",
];

fn found(place: &Place, folder: &str) -> FindJson {
    serde_json::from_str(&place.read(&format!("{folder}/find.json"))).unwrap()
}

/// What a search decided, without what a clock says.
fn decided(place: &Place) -> FindJson {
    let mut find = found(place, FOLDER);
    (find.seconds, find.search_cpu_seconds) = (0.0, 0.0);
    for tried in find.steps.iter_mut().flat_map(|step| &mut step.tried) {
        tried.cpu_seconds = 0.0;
    }
    if let Some(confirmed) = &mut find.confirmed {
        confirmed.cpu_seconds = 0.0;
    }
    find
}

#[test]
fn the_cheapest_that_will_do_is_found_on_the_validation_part_and_confirmed_on_fresh_seeds() {
    let place = Place::new();
    let asked = [
        "find",
        "digits",
        "--goal",
        "accuracy >= 95 %",
        "--jobs",
        "2",
    ];
    let ended = place.distil(&asked);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(
        ended
            .stdout
            .starts_with("The goal is reached: over 6 fresh seeds `"),
        "{}",
        ended.stdout
    );
    let find = found(&place, FOLDER);
    let Route { name, epochs, .. } = find.route.clone().unwrap();
    let confirmed = find.confirmed.clone().unwrap();
    assert_eq!(confirmed.test.len(), 6);
    assert!(confirmed.met && confirmed.bound.unwrap() >= 0.95);
    // It costs what the trainings of the search cost, and nothing that was tried and does as well costs less.
    let all: Vec<&Tried> = find.steps.iter().flat_map(|step| &step.tried).collect();
    let sum: f64 = all.iter().map(|tried| tried.flops).sum();
    assert_eq!(find.search_flops, sum);
    let again = |one: &Tried| {
        let name = format!("again-{}-{}", one.name, one.epochs);
        find.steps.iter().find(|step| step.name == name)
    };
    let route = all
        .iter()
        .find(|tried| tried.name == name && tried.epochs == epochs)
        .unwrap();
    assert_eq!(again(route).unwrap().tried.len(), 2);
    let rungs = find
        .steps
        .iter()
        .filter(|step| step.name.starts_with("rung-"));
    let cheaper = rungs
        .flat_map(|step| &step.tried)
        .filter(|one| one.flops < route.flops);
    for cheaper in cheaper.filter(|one| one.value.unwrap() >= 0.95) {
        assert!(again(cheaper).is_some(), "{cheaper:?}");
    }
    // The small network's best rate is the one with the least loss, and lies inside its list.
    let rates: Vec<&Tried> = all
        .iter()
        .filter(|t| t.name.starts_with("lr-"))
        .copied()
        .collect();
    assert_eq!(rates.len(), find.rates);
    let rate = |tried: &Tried| -> f64 { tried.name["lr-".len()..].parse().unwrap() };
    let best = rates
        .iter()
        .min_by(|a, b| a.loss.unwrap().total_cmp(&b.loss.unwrap()))
        .unwrap();
    assert!(
        rates.iter().any(|t| rate(t) < rate(best)) && rates.iter().any(|t| rate(t) > rate(best))
    );
    assert!(
        place
            .read(&format!("{FOLDER}/route.toml"))
            .contains(&format!("lr = {}", rate(best)))
    );
    // Nothing but the runs that confirm reads the test part.
    let mut read = 0;
    for run in fs::read_dir(place.path(&format!("{FOLDER}/runs"))).unwrap() {
        let run = run.unwrap().path();
        let confirms = run.display().to_string().contains("/confirm-");
        for trial in fs::read_dir(run.join("trials")).into_iter().flatten() {
            let log = events::read(&trial.unwrap().path().join("events.jsonl")).unwrap();
            let test =
                |event: &&Event| matches!(event, Event::Evaluated(e) if e.part == Part::Test);
            assert_eq!(
                log.iter().any(|event| test(&event)),
                confirms,
                "{}",
                run.display()
            );
            read += usize::from(confirms);
        }
    }
    assert_eq!(read, 6);
    // The route is a recipe, and its result the model.
    let route = format!("./{FOLDER}/route.toml");
    let ended = place.distil(&["run", &route, "--no-control", "--quiet", "--fresh"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let weights =
        |folder: &str| fs::read(place.path(&format!("{folder}/model.safetensors"))).unwrap();
    assert!(weights("runs/route-0001/model") == weights(&format!("{FOLDER}/model")));
    let page = place.read(&format!("{FOLDER}/find.md"));
    assert!(page.contains("(computed, not run)"), "{page}");
    // It is listed among runs, its page printed, and what only a search needs removed.
    let listed = place.distil(&["list", "runs"]).stdout;
    let row = listed
        .lines()
        .find(|line| line.starts_with("digits-find-0001"))
        .unwrap();
    assert!(
        row.contains("finished") && row.ends_with("goal reached"),
        "{row}"
    );
    assert_eq!(place.distil(&["report", FOLDER]).stdout, page);
    let whole = decided(&place);
    let ended = place.distil(&["clean", FOLDER]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let confirm = format!("{FOLDER}/runs/confirm-{name}-{epochs}-0001");
    assert!(place.path(&confirm).join("run.json").exists());
    assert!(!place.path(&confirm).join("trials").exists());
    assert_eq!(place.distil(&["resume", FOLDER, "--quiet"]).code, 0);
    assert_eq!(decided(&place), whole);
    // However many trainings run at a time.
    let other = Place::new();
    let mut alone = asked;
    alone[5] = "1";
    assert_eq!(other.distil(&alone).code, 0);
    assert_eq!(decided(&other).steps, decided(&place).steps);
    assert_eq!(decided(&other).confirmed, decided(&place).confirmed);
}

/// The large network's trainings with the fresh seeds: by seed, of each rate the quality on the validation part and on the test part.
fn large_tried(place: &Place) -> BTreeMap<u64, Vec<[f64; 2]>> {
    let mut tried: BTreeMap<u64, Vec<[f64; 2]>> = BTreeMap::new();
    let runs = fs::read_dir(place.path(&format!("{FOLDER}/runs"))).unwrap();
    let mut runs: Vec<_> = runs.map(|run| run.unwrap().path()).collect();
    runs.retain(|run| run.display().to_string().contains("/confirm-large-"));
    runs.sort();
    for run in runs {
        let run = RunJson::read(&run.join("run.json")).unwrap();
        for trial in &run.trials {
            let result = trial.result().unwrap();
            let of = [&result.validation, &result.test].map(|numbers| numbers["accuracy"]);
            tried.entry(trial.id.seed).or_default().push(of);
        }
    }
    tried
}

/// One-sided p of the sign-flip test that differences lie above `-margin`.
fn above(differences: &[f64], margin: f64) -> f64 {
    let shifted: Vec<f64> = differences.iter().map(|d| d + margin).collect();
    let sum = |flips: usize| -> f64 {
        let sign = |at: usize| if flips >> at & 1 == 1 { -1.0 } else { 1.0 };
        shifted.iter().enumerate().map(|(at, d)| sign(at) * d).sum()
    };
    let all = 1 << shifted.len();
    let as_large = (0..all).filter(|flips| sum(*flips) >= sum(0) - 1e-12);
    as_large.count() as f64 / all as f64
}

#[test]
fn as_good_as_large_is_shown_against_large_networks_that_chose_their_own_rates() {
    let place = Place::new();
    let find_within = |place: &Place, margin: &str| {
        let margin = format!("compare.margin={margin}");
        let tune = "compare.tune={ lr = [8e-3, 4e-3, 1.6e-2] }";
        let mut asked = vec!["find", "digits", "--quiet"];
        for set in ["compare.plain.epochs=4", tune, &margin] {
            asked.extend(["--set", set]);
        }
        place.distil(&asked)
    };
    let ended = find_within(&place, "0.03");
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let find = found(&place, FOLDER);
    assert_eq!(find.goal, "as good as large");
    let confirmed = find.confirmed.clone().unwrap();
    let large = confirmed.large.clone().unwrap();
    // What a candidate has to reach: the mean of three large trainings less the margin.
    let step = find.steps.iter().find(|step| step.name == "large").unwrap();
    let values: Vec<f64> = step.tried.iter().map(|one| one.value.unwrap()).collect();
    assert_eq!(values.len(), 3);
    let level = values.iter().sum::<f64>() / 3.0 - 0.03;
    assert!((find.at.unwrap() - level).abs() < 1e-12);
    // The difference and its p by hand, from what every training of the large network came to.
    let tried = large_tried(&place);
    assert_eq!(tried.len(), confirmed.test.len());
    assert!(
        tried
            .values()
            .all(|rates| rates.len() == large.rates && rates.len() > 2)
    );
    let chosen = tried.values().map(|rates| {
        let most = rates.iter().map(|rate| rate[0]).fold(0.0, f64::max);
        let best = rates.iter().filter(move |rate| rate[0] == most);
        best.map(|rate| rate[1]).collect::<Vec<f64>>()
    });
    let (mut low, mut high) = (Vec::new(), Vec::new());
    // Of equals on the validation part any may be the chosen one.
    for (route, equals) in confirmed.test.iter().zip(chosen) {
        low.push(route - equals.iter().copied().fold(0.0, f64::max));
        high.push(route - equals.iter().copied().fold(1.0, f64::min));
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let difference = large.comparison.difference.unwrap();
    assert!(mean(&low) - 1e-12 <= difference && difference <= mean(&high) + 1e-12);
    let p = large.comparison.non_inferior_p.unwrap();
    assert!(above(&high, 0.03) <= p && p <= above(&low, 0.03), "{p}");
    assert!(p < 0.025 && large.equalled && confirmed.met);
    // At the rate that tests best, too.
    let column = |rate: usize| tried.values().map(move |rates| rates[rate][1]);
    let best = (0..large.rates)
        .map(|rate| column(rate).sum::<f64>())
        .fold(0.0, f64::max);
    let guard = large.comparison.guard.clone().unwrap();
    let beside = mean(&confirmed.test) - best / tried.len() as f64;
    assert!((guard.difference.unwrap() - beside).abs() < 1e-12);
    assert!(guard.non_inferior_p.unwrap() < 0.025);
    assert!(ended.stdout.contains(&format!(
        "each at that of {} rates which was best",
        large.rates
    )));
    let page = place.read(&format!("{FOLDER}/find.md"));
    assert!(
        page.contains("From nothing to a model, the usual way: "),
        "{page}"
    );
    assert!(!page.contains("computed, not run"), "{page}");
    // What is not shown is looked at again with more seeds, or given up.
    let other = Place::new();
    let ended = find_within(&other, "0.001");
    let find = found(&other, FOLDER);
    let confirmed = find.confirmed.unwrap();
    let large = confirmed.large.unwrap();
    assert_eq!(ended.code, i32::from(!confirmed.met), "{}", ended.stderr);
    assert_eq!(large.equalled, confirmed.met);
    let seeds = confirmed.test.len();
    assert_eq!(large_tried(&other).len(), seeds);
    let p = large.comparison.non_inferior_p.unwrap();
    let hopeless = p > if seeds == 6 { 0.25 } else { 0.15 };
    assert!([6, 9, 12].contains(&seeds) && (seeds == 12 || hopeless || confirmed.met));
    // What was tried beside it cost less than the large network once; another may ask again after the last rung.
    let whole = find.steps.iter().find(|step| step.name == "large").unwrap();
    let rungs = find
        .steps
        .iter()
        .filter(|step| step.name.starts_with("rung-"));
    let flops: f64 = rungs
        .flat_map(|rung| &rung.tried)
        .map(|one| one.flops)
        .sum();
    assert!(flops < whole.tried[0].flops);
}

#[test]
fn a_large_network_at_the_end_of_its_list_is_not_equalled_and_not_looked_at_again() {
    let place = Place::new();
    let tune = "compare.tune={ lr = [1e-5, 2e-5, 2e-5] }";
    let sets = ["compare.plain.epochs=1", tune, "compare.margin=0.5"];
    let mut asked = vec!["find", "digits", "--quiet"];
    sets.iter().for_each(|set| asked.extend(["--set", set]));
    let ended = place.distil(&asked);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let find = found(&place, FOLDER);
    let confirmed = find.confirmed.unwrap();
    let large = confirmed.large.unwrap();
    // Two as written, each once, and three more.
    assert_eq!((large.rates, confirmed.test.len()), (5, 6));
    assert!(large.comparison.non_inferior_p.unwrap() < 0.025 && !large.equalled);
    let said = "the large network chose the end of its list, lr-0.00016, so nothing is claimed";
    assert!(ended.stdout.contains(said), "{}", ended.stdout);
    // The page counts all that confirming took.
    let page = place.read(&format!("{FOLDER}/find.md"));
    let said = "6 trainings, and 30 of the large network, at 5 rates with as many seeds";
    assert!(page.contains(said), "{page}");
}

#[test]
fn a_goal_that_is_not_met_ends_with_the_best_there_is_and_exit_1() {
    let place = Place::new();
    let asked = [&OUT_OF_REACH[..], &["--quiet"]].concat();
    let ended = place.distil(&asked);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(
        ended
            .stdout
            .starts_with("The goal is not shown to be reached: over 6 fresh seeds `"),
        "{}",
        ended.stdout
    );
    assert!(
        ended
            .stdout
            .contains("The search ended: the budget was spent."),
        "{}",
        ended.stdout
    );
    let find = found(&place, FOLDER);
    assert_eq!(
        find.steps
            .iter()
            .filter(|step| step.name.starts_with("rung-"))
            .count(),
        1
    );
    // Nothing that was not asked again looked better.
    let Route { name, epochs, .. } = find.route.clone().unwrap();
    let tried = || find.steps.iter().flat_map(|step| &step.tried);
    let of = |one: &&Tried| one.name == name && one.epochs == epochs;
    let chooser = |one: &&Tried| name == "chooser" && one.name.starts_with("lr-");
    let value = |one: &Tried| one.value.unwrap();
    let route = tried()
        .filter(|one| of(one) || chooser(one))
        .map(value)
        .fold(0.0, f64::max);
    let again = |one: &Tried| format!("again-{}-{}", one.name, one.epochs);
    for one in tried().filter(|one| find.steps.iter().all(|step| step.name != again(one))) {
        assert!(value(one) <= route, "{one:?}");
    }
    assert!(!find.confirmed.unwrap().met);
}

#[test]
fn a_search_that_was_stopped_goes_on_to_the_end_of_an_unbroken_one() {
    let place = Place::new();
    let asked = [
        "find",
        "digits",
        "--goal",
        "accuracy >= 1",
        "--set",
        "compare.plain.epochs=20",
        "--budget",
        "20 GFLOPs",
    ];
    let mut running = place.start(&asked);
    let rung = place.path(&format!("{FOLDER}/runs/rung-1-0001/trials"));
    running.wait_for("a rung", || rung.exists());
    running.signal(Signal::TERM);
    let ended = running.end();
    assert_eq!(ended.code, 143, "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("`distil resume runs/digits-find-0001` goes on"),
        "{}",
        ended.stderr
    );
    let ended = place.distil(&["resume", FOLDER, "--quiet"]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let whole = Place::new();
    assert_eq!(whole.distil(&asked).code, 1);
    assert_eq!(decided(&place), decided(&whole));
    // What has ended is read again, not trained.
    let before = place.files();
    assert_eq!(place.distil(&["resume", FOLDER, "--quiet"]).code, 1);
    assert_eq!(place.files(), before);
    assert_eq!(decided(&place), decided(&whole));
    // An ended search is what it is.
    let record = place.read(&format!("{FOLDER}/find.json"));
    assert_eq!(place.distil(&["resume", FOLDER, "--quiet"]).code, 1);
    assert_eq!(place.read(&format!("{FOLDER}/find.json")), record);
    // It is of one recipe.
    let recipe = place.read(&format!("{FOLDER}/recipe.toml"));
    place.write(
        &format!("{FOLDER}/recipe.toml"),
        recipe.replace("[64]", "[32]"),
    );
    let ended = place.distil(&["resume", FOLDER, "--quiet"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    let said = "recipe.toml of the search: it has changed since the search began";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
}

#[test]
fn a_search_is_by_one_loss_whichever_version_began_it() {
    let place = Place::new();
    let mut running = place.start(&OUT_OF_REACH);
    let rates = place.path(&format!("{FOLDER}/runs/rates-1-0001/trials"));
    running.wait_for("a rate", || rates.exists());
    running.signal(Signal::TERM);
    assert_eq!(running.end().code, 143);
    // As it was before the loss was calibrated.
    let asked = format!("{FOLDER}/asked.json");
    let mut old: serde_json::Value = serde_json::from_str(&place.read(&asked)).unwrap();
    let loss = old.as_object_mut().unwrap().remove("loss").unwrap();
    assert_eq!(loss, "calibrated_nll");
    place.write(&asked, old.to_string());
    let ended = place.distil(&["resume", FOLDER, "--quiet"]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let find = found(&place, FOLDER);
    let run = RunJson::read(&place.path(&format!("{FOLDER}/runs/rates-1-0001/run.json"))).unwrap();
    assert_eq!(find.steps[0].tried.len(), run.trials.len());
    for (tried, trial) in find.steps[0].tried.iter().zip(&run.trials) {
        let measured = &trial.result().unwrap().validation;
        assert_eq!(tried.loss, Some(measured["nll"]), "{}", tried.name);
        assert!(measured["calibrated_nll"] < measured["nll"]);
    }
}

#[test]
fn a_mistake_in_a_goal_or_a_budget_is_told_before_anything_is_written() {
    let place = Place::new();
    for (goal, budget, said) in [
        (
            "accuracy",
            "1 min",
            "--goal: `accuracy` has neither >= nor <=. Write for instance",
        ),
        (
            "accuracy <= 0.9",
            "1 min",
            "--goal: of accuracy more is better. Write accuracy >= …",
        ),
        (
            "rmse <= 3",
            "1 min",
            "--goal: the models of this recipe have no rmse",
        ),
        (
            "accuracy >= 0.9",
            "ten min",
            "--budget: `ten min` is no budget. Write for instance",
        ),
        (
            "accuracy >= 0.9",
            "3 lightyears",
            "--budget: `lightyears` is no unit of time or work",
        ),
    ] {
        let ended = place.distil(&["find", "digits", "--goal", goal, "--budget", budget]);
        assert_eq!(ended.code, 2, "{}", ended.stderr);
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
    let recipe = "task = \"classification\"\ndata = \"digits\"\n[stage.a]\nmodel = { kind = \"mlp\", hidden = [32] }\ntrain = { epochs = 1 }\n";
    place.write("plain.toml", recipe);
    let ended = place.distil(&["find", "plain.toml"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    let said = "--goal: \"as good as large\" takes a margin, and the recipe declares none.";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    fs::remove_file(place.path("plain.toml")).unwrap();
    for (set, said) in [
        (
            "stage.large.train.lr=1e-3,2e-3",
            "`find` chooses by itself what to try",
        ),
        (
            "run.seed=9223372036854775000",
            "leaves no room for fresh ones",
        ),
        (
            "stage.large.train.optimizer={ kind = \"adam\", weight_decay = 1e-2 }",
            "adam's `weight_decay` does not carry over",
        ),
    ] {
        let ended = place.distil(&["find", "digits", "--goal", "accuracy >= 0.9", "--set", set]);
        assert_eq!(ended.code, 2, "{}", ended.stderr);
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
    assert!(place.files().is_empty());
}

#[test]
fn what_chooses_is_smaller_than_the_result_and_what_is_not_searched_is_said() {
    let place = Place::new();
    let asked = [
        "find",
        "compress",
        "--goal",
        "accuracy >= 0.5",
        "--set",
        "compare.plain.epochs=2",
        "--set",
        "compare.tune={ lr = [8e-3, 1.6e-2, 3.2e-2], batch = [32, 64] }",
    ];
    let ended = place.distil(&asked);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let said = "`batch` of `tune` is not searched";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    let find = found(&place, "runs/compress-find-0001");
    assert!(find.notes[0].contains(said), "{:?}", find.notes);
    // The teacher of 512 and 128 units is no small network: a quarter of the student's 32 is.
    let rates = &find.steps[0];
    let page = place.read("runs/compress-find-0001/find.md");
    assert!(page.contains("the large one at 1/4 of its width"), "{page}");
    assert!(
        rates
            .tried
            .iter()
            .all(|tried| tried.flops * 4.0 < find.naive_flops)
    );
}

#[test]
fn networks_that_read_pictures_of_any_size_are_tried_on_half_of_it_and_then_on_all() {
    let place = Place::new();
    place.write(
        "pictures.toml",
        "task = \"classification\"\ndata = \"digits\"\ntrain = { schedule = \"linear\", epochs = 4 }\n\
         [stage.large]\nmodel = { kind = \"cnn\", channels = [16, 32] }\n\
         [compare]\nplain = { epochs = 4 }\ntune = { lr = [4e-3, 8e-3] }\n",
    );
    let asked = ["find", "./pictures.toml", "--goal", "accuracy >= 99.9 %"];
    assert_eq!(place.distil(&asked).code, 1);
    let find = found(&place, "runs/pictures-find-0001");
    let of = |name: &str| -> Vec<&Tried> {
        let all = find.steps.iter().flat_map(|step| &step.tried);
        all.filter(|tried| tried.name == name).collect()
    };
    let epoch = |tried: &Tried| tried.flops / tried.epochs as f64;
    let (wide, half) = (of("wide"), of("half"));
    assert!(!wide.is_empty() && !half.is_empty());
    // A convolution takes a quarter of the work at half the size.
    let ratio = epoch(half[0]) / epoch(wide[0]);
    assert!((0.23..0.3).contains(&ratio), "{ratio}");
    // Two epochs at half the size come before the first on whole pictures, and a look at whether they answer alike.
    for ladder in of("ladder") {
        let before = ladder.flops - epoch(wide[0]) * ladder.epochs as f64;
        let epochs = before / epoch(half[0]);
        assert!((2.0..2.6).contains(&epochs), "{epochs}");
    }
    let digits = ["find", "digits", "--goal", "accuracy >= 90 %", "--set"];
    let rates = ["compare.tune.lr=[4e-3, 8e-3]"];
    assert_eq!(place.distil(&[&digits[..], &rates].concat()).code, 0);
    let dense = found(&place, FOLDER);
    let names = dense
        .steps
        .iter()
        .flat_map(|step| &step.tried)
        .map(|one| one.name.as_str());
    assert!(
        !names
            .into_iter()
            .any(|name| ["half", "ladder"].contains(&name))
    );
}
