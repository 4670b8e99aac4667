//! The large network trained once with settings that a small one chose, in the program itself.

use distil_report::Purpose;
use distil_report::events::{Event, fold};
use distil_report::record::Part;
use distil_report::run_json::{RunJson, Trial, Tuned};

use crate::harness::{Place, number};
use crate::lost::{goes_on_to_the_end_of_an_unbroken_run, with_a_trial_killed};

const RUN: &str = "runs/digits-0001";
/// Of three rates one is too small for two epochs and one too large; the small network says so.
const RATES: [&str; 3] = ["lr=1e-5", "lr=0.004", "lr=1.0"];
const ASKED: [&str; 10] = [
    "run",
    "digits",
    "--smoke",
    "--fresh",
    "--seeds",
    "2",
    "--set",
    "compare.tune={ lr = [1e-5, 4e-3, 1.0], widen = 0 }",
    "--set",
    "compare.arms=[\"transferred\"]",
];

fn trial(place: &Place, name: &str) -> Trial {
    Trial::of(&fold(&place.events(RUN, name)), None).unwrap()
}

fn loss(trial: &Trial) -> f64 {
    trial
        .result()
        .unwrap()
        .validation
        .get("calibrated_nll")
        .copied()
        .unwrap()
}

#[test]
fn the_small_network_chooses_by_its_loss_and_the_large_one_is_trained_once_a_seed() {
    let place = Place::new();
    let checked = place.distil(&["check", "digits", "--set", ASKED[7], "--set", ASKED[9]]);
    assert!(
        checked.stdout.contains("with one seed, to choose settings takes 12 trainings, 3 of them of the small network alone\nwith one seed, all training takes"),
        "{}",
        checked.stdout
    );
    // As a run says it.
    let bound = |said: &str| number(said, " trainings at plain's full budget");
    let ran = Place::new().distil(&["run", "digits", "--set", ASKED[7], "--set", ASKED[9]]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(bound(&checked.stdout), bound(&ran.stderr));
    let ended = place.distil(&ASKED);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    // Flow, small and plain-full with two seeds, and the small network's three.
    assert!(
        ended.stderr.contains(
            "to choose settings takes 21 trainings, 3 of them of the small network alone"
        ),
        "{}",
        ended.stderr
    );
    let run = RunJson::read(&place.path(&format!("{RUN}/run.json"))).unwrap();
    let proxies = RATES.map(|rate| trial(&place, &format!("proxy-s1~{rate}")));
    assert!(!place.path(&place.trial(RUN, "proxy-s2~lr=0.004")).exists());
    let losses = proxies.each_ref().map(loss);
    let least = (0..3).min_by(|a, b| losses[*a].total_cmp(&losses[*b]));
    let best = RATES[least.unwrap()];
    let of: Vec<&Tuned> = run
        .tuned
        .iter()
        .filter(|t| t.arm == "transferred")
        .collect();
    let [chose] = of[..] else { panic!("{of:?}") };
    assert_eq!(
        (chose.by.as_deref(), chose.seed, chose.chosen.as_deref()),
        (Some("proxy"), None, Some(best))
    );
    assert_eq!(chose.tried[1].validation, Some(losses[1]));
    for proxy in &proxies {
        assert!(!proxy.is_tested(), "{}", proxy.id);
    }
    assert!(run.arm("proxy").next().is_none());
    let large: Vec<&Trial> = run.arm("transferred").collect();
    assert_eq!(large.len(), 2);
    let cost = |trial: &Trial| trial.bill.equalised().flops.unwrap();
    for trial in large {
        assert_eq!(trial.id.settings.as_deref(), Some(best), "{}", trial.id);
        assert!(trial.is_tested());
        let tune = trial.bill.row("", Purpose::Tune).unwrap();
        assert_eq!(tune.flops, Some(proxies.iter().map(cost).sum()));
        assert!(
            tune.reference_seconds.is_some(),
            "its own rates were measured"
        );
    }
    for trial in run.arm("plain-full") {
        let tune = trial.bill.row("", Purpose::Tune).unwrap();
        assert_eq!(
            tune.flops,
            Some(2.0 * cost(trial)),
            "the other rates' trainings"
        );
    }
    let route = run.route.unwrap();
    let ratio = route.known.cost.flops_ratio.unwrap();
    assert!((ratio - 1.0).abs() < 1e-9, "{ratio}");
    assert!(route.searched.cost.flops_ratio.unwrap() < 0.7);
    let page = place.read(&format!("{RUN}/report.html"));
    let bill = place.distil(&["report", RUN, "--bill"]).stdout;
    for (said, told) in [
        ("the result at the small network", page.as_str()),
        ("with the search", page.as_str()),
        ("transferred (by proxy)", bill.as_str()),
        ("No saving shown for the route", ended.stdout.as_str()),
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
}

#[test]
fn the_large_network_is_trained_as_a_recipe_that_names_the_small_one_as_its_base() {
    let place = Place::new();
    assert_eq!(place.distil(&ASKED).code, 0);
    let run = RunJson::read(&place.path(&format!("{RUN}/run.json"))).unwrap();
    let plain = "stage.large.train={ epochs = 2, lr = 4e-3, schedule = \"linear\", param = \"mup\", base = \"small\" }";
    let chosen = run.arm("transferred").next().unwrap();
    assert_eq!(chosen.id.settings.as_deref(), Some("lr=0.004"));
    let losses = |events: &[Event]| -> Vec<u64> {
        let loss = |event: &Event| match event {
            Event::Progress(progress) => Some(progress.loss.to_bits()),
            _ => None,
        };
        events.iter().filter_map(loss).collect()
    };
    let own = Place::new();
    let recipe = place.read(&format!("{RUN}/recipe.toml"));
    let grown = |line: &&str| line.starts_with("start = ");
    assert_eq!(recipe.lines().filter(grown).count(), 1, "{recipe}");
    let alone: Vec<&str> = recipe.lines().filter(|line| !grown(line)).collect();
    own.write("own.toml", alone.join("\n"));
    let run = [
        "run",
        "own.toml",
        "--smoke",
        "--fresh",
        "--no-control",
        "--quiet",
    ];
    let sets = ["--set", plain, "--set", "result=\"large\""];
    let ended = own.distil(&[&run[..], &sets].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let mut events = own.events("runs/own-0001", "flow-s1~lr=0.004");
    events.retain(|event| !matches!(event, Event::Progress(p) if p.stage != "large"));
    let route = place.events(RUN, "transferred-s1~lr=0.004");
    assert!(!losses(&route).is_empty());
    assert_eq!(losses(&events), losses(&route));
}

#[test]
fn what_the_small_network_chose_trains_the_same_in_another_recipe_whose_run_keeps_a_copy() {
    let place = Place::new();
    let ended = place.distil(&ASKED);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let said = "Settings: runs/digits-0001/settings.toml has what the small network chose";
    assert!(ended.stdout.contains(said), "{}", ended.stdout);
    assert!(
        place
            .read(&format!("{RUN}/report.html"))
            .contains("settings.toml")
    );
    let settings = place.read(&format!("{RUN}/settings.toml"));
    assert!(
        settings.starts_with("# lr=0.004: chosen by the network under `base`"),
        "{settings}"
    );
    let recipe = place.read(&format!("{RUN}/recipe.toml"));
    let model = recipe
        .lines()
        .rfind(|line| line.starts_with("model = "))
        .unwrap();
    let own = format!(
        "task = \"classification\"\ndata = \"digits\"\n[stage.large]\n{model}\ntrain = {{ settings = \"{RUN}/settings.toml\" }}\n"
    );
    place.write("own.toml", own);
    let ended = place.distil(&["run", "own.toml", "--smoke", "--fresh", "--quiet"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let weights =
        |folder: &str| std::fs::read(place.path(&format!("{folder}/model.safetensors"))).unwrap();
    let chosen = place.trial(RUN, "transferred-s1~lr=0.004");
    assert!(weights("runs/own-0001/model") == weights(&format!("{chosen}/model")));
    assert_eq!(place.read("runs/own-0001/settings/large.toml"), settings);
    // The file belongs to what the run was begun with.
    place.write(
        &format!("{RUN}/settings.toml"),
        settings.replace("0.004", "0.002"),
    );
    let ended = place.distil(&["resume", "runs/own-0001"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("settings.toml: it has changed since the run began"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_small_training_that_was_lost_chooses_nothing_and_resume_goes_on() {
    let place = Place::new();
    let arguments = [
        "run",
        "digits",
        "--quiet",
        "--fresh",
        "--set",
        "compare.tune={ lr = [1e-3, 4e-3], widen = 0 }",
        "--set",
        "compare.arms=[\"transferred\"]",
        "--set",
        "compare.plain.epochs=20",
    ];
    let ended = with_a_trial_killed(&place, &arguments, "proxy-s1~lr=0.001");
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("proxy-s1~lr=0.001"),
        "{}",
        ended.stderr
    );
    let run = RunJson::read(&place.path(&format!("{RUN}/run.json"))).unwrap();
    assert!(run.arm("transferred").next().is_none());
    goes_on_to_the_end_of_an_unbroken_run(&place, &arguments);
}

#[test]
fn once_a_route_is_as_good_plain_is_tested_at_every_rate_and_the_small_network_at_none() {
    let place = Place::new();
    let mut asked = ASKED;
    asked[5] = "6";
    let wide = ["--set", "compare.margin=0.95"];
    assert_eq!(place.distil(&[&asked[..], &wide].concat()).code, 0);
    let tested = |trial: &str| {
        let events = place.events(RUN, trial);
        assert!(!events.is_empty(), "{trial}");
        let tested = |event: &Event| matches!(event, Event::Evaluated(e) if e.part == Part::Test);
        events.iter().any(tested)
    };
    for rate in RATES {
        assert!(!tested(&format!("proxy-s1~{rate}")));
        for seed in 1..=6 {
            assert!(tested(&format!("plain-full-s{seed}~{rate}")));
        }
    }
    let run = RunJson::read(&place.path(&format!("{RUN}/run.json"))).unwrap();
    let guard = run.route.unwrap().known.guard.unwrap();
    assert_eq!((guard.n, guard.settings.as_deref()), (6, Some("lr=0.004")));
}

#[test]
fn a_run_names_the_arms_that_it_runs() {
    for (more, arms) in [
        (&[][..], "arms: flow, small, transferred, plain-full\n"),
        (
            &["--curve"],
            "arms: flow, small, transferred, plain-full, plain-25, plain-50, plain-75\n",
        ),
    ] {
        let ended = Place::new().distil(&[&ASKED[..4], &ASKED[6..], more].concat());
        assert!(ended.stderr.contains(arms), "{}", ended.stderr);
    }
    let ended = Place::new().distil(&[&ASKED[..4], &ASKED[6..], &["--no-control"]].concat());
    assert!(!ended.stderr.contains("arms: "), "{}", ended.stderr);
}
