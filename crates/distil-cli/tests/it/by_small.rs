//! Settings that the small network chose for every arm of the large one, in the program itself.

use distil_report::Purpose;
use distil_report::compare::{Comparison, Verdict};
use distil_report::run_json::{RunJson, Trial, Tuned};

use crate::harness::{Ended, Place, number};

const RUN: &str = "runs/digits-0001";
const LISTS: &str = "lr = [1e-5, 4e-3, 1.0], widen = 0";

fn asked(place: &Place, tune: &str, more: &[&str]) -> Ended {
    let tune = format!("compare.tune={{ {tune} }}");
    let run = [
        "run", "digits", "--smoke", "--fresh", "--curve", "--set", &tune,
    ];
    place.distil(&[&run[..], more].concat())
}

fn run(place: &Place) -> RunJson {
    RunJson::read(&place.path(&format!("{RUN}/run.json"))).unwrap()
}

/// The names of all its trials.
fn trials(place: &Place) -> Vec<String> {
    let entries = std::fs::read_dir(place.path(&format!("{RUN}/trials"))).unwrap();
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
    entries
        .map(|entry| name(entry).into_string().unwrap())
        .collect()
}

#[test]
fn the_small_network_chooses_once_for_every_arm_of_the_large_one_and_the_bound_is_what_it_takes() {
    let place = Place::new();
    let ended = asked(
        &place,
        &format!("{LISTS}, by = \"small\""),
        &["--seeds", "6"],
    );
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let run = run(&place);
    let (small, large): (Vec<&Tuned>, Vec<&Tuned>) =
        run.tuned.iter().partition(|tuned| tuned.arm == "small");
    assert_eq!(small.len(), 6, "one choice a seed");
    assert!(small.iter().all(|tuned| tuned.by.is_none()));
    let arms = [
        "flow",
        "plain",
        "plain-25",
        "plain-50",
        "plain-75",
        "plain-full",
    ];
    assert_eq!(large.len(), arms.len());
    for tuned in &large {
        assert!(arms.contains(&tuned.arm.as_str()));
        assert_eq!(tuned.by.as_deref(), Some("proxy"), "{}", tuned.arm);
        assert_eq!(tuned.chosen, large[0].chosen);
    }
    let chosen = large[0].chosen.as_deref();
    assert_eq!(
        chosen,
        Some("lr=0.004"),
        "two epochs suit one of three rates"
    );
    for arm in arms {
        let trials: Vec<&Trial> = run.arm(arm).collect();
        assert_eq!(trials.len(), 6, "{arm}");
        assert!(
            trials
                .iter()
                .all(|trial| trial.id.settings.as_deref() == chosen)
        );
    }
    // Nothing is said of an untuned baseline, and no arm of the large network is checked at settings of another.
    let untuned = |c: &Comparison| c.verdict == Verdict::BaselineUntuned;
    assert!(!run.comparisons.iter().any(untuned));
    let spare = |name: &String| name.starts_with("plain") && !name.contains("lr_0.004");
    assert!(!trials(&place).iter().any(spare));

    let cost = |trial: &Trial| trial.bill.equalised().flops.unwrap();
    let full = run.arm("plain-full").map(cost).sum::<f64>() / 6.0;
    let tested: f64 = run.trials.iter().map(cost).sum();
    let flow = run.arm("flow").next().unwrap();
    let proxies = flow.bill.row("", Purpose::Tune).unwrap().flops.unwrap();
    let of_small: f64 = run
        .arm("small")
        .map(|trial| trial.bill.row("", Purpose::Tune).unwrap().flops.unwrap())
        .sum();
    let took = (tested + proxies + of_small) / full;
    let said = number(&ended.stderr, " trainings at plain's full budget");
    // What growing reads of the data is not planned.
    assert!((said / took - 1.0).abs() < 0.02, "{said} for {took}");
    let each = number(&ended.stderr, " more\n");
    let flows = 6.0 * cost(flow) / full;
    assert!((each / flows - 1.0).abs() < 0.05, "{each} for {flows}");
    let page = place.read(&format!("{RUN}/report.html"));
    assert!(page.contains("has the settings that the small one chose"));
    let bill = place.distil(&["report", RUN, "--bill"]).stdout;
    assert!(
        bill.contains("arms of the large network (by proxy)"),
        "{bill}"
    );
}

#[test]
fn plain_training_in_full_is_trained_as_transferred_is() {
    let [both, route] = [Place::new(), Place::new()];
    assert_eq!(
        asked(&both, &format!("{LISTS}, by = \"small\""), &[]).code,
        0
    );
    let arms = ["--set", "compare.arms=[\"transferred\"]"];
    assert_eq!(asked(&route, LISTS, &arms).code, 0);
    let model = |place: &Place, arm: &str| {
        let trial = place.trial(RUN, &format!("{arm}-s1~lr=0.004"));
        std::fs::read(place.path(&format!("{trial}/model/model.safetensors"))).unwrap()
    };
    assert_eq!(model(&both, "plain-full"), model(&route, "transferred"));
    assert_ne!(model(&both, "plain-full"), model(&route, "plain-full"));
    let settings = |place: &Place| {
        let text = place.read(&format!("{RUN}/settings.toml"));
        text.lines()
            .filter(|line| !line.starts_with('#'))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(settings(&both), settings(&route));
}

#[test]
fn longer_lists_are_tried_by_the_small_networks_alone_whatever_runs_at_a_time() {
    let [one, two] = [Place::new(), Place::new()];
    for (place, jobs) in [(&one, "1"), (&two, "2")] {
        let tune = "lr = [1e-4, 2e-4], widen = 1, by = \"small\"";
        let ended = asked(place, tune, &["--jobs", jobs, "--seeds", "2"]);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        assert!(
            ended.stderr.contains("try lr=0.0004 too"),
            "{}",
            ended.stderr
        );
        let wider = |name: &String| name.contains("0.0004");
        let tried = trials(place).into_iter().filter(wider);
        let arms = |name: String| name.split('-').next().unwrap_or_default().to_owned();
        let tried: std::collections::BTreeSet<String> = tried.map(arms).collect();
        assert!(
            tried.contains("proxy") && tried.contains("small"),
            "{tried:?}"
        );
        let run = run(place);
        assert!(
            run.comparisons.iter().all(|c| c.n == 2),
            "plain has what the flow cost"
        );
    }
    let quality = |place: &Place| -> Vec<String> {
        let csv = place.read(&format!("{RUN}/metrics.csv"));
        csv.lines()
            .map(|line| line.split(',').take(10).collect::<Vec<_>>().join(","))
            .collect()
    };
    assert_eq!(quality(&one), quality(&two));
}
