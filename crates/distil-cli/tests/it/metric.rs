//! `[compare] metric`: what arms are compared by, and what training keeps its best by.

use distil_report::run_json::RunJson;

use crate::harness::Place;

/// Three numbers and a class of one row in twenty that they tell.
fn place(metric: &str, task: &str) -> Place {
    let place = Place::new();
    let rows = (0..600).map(|i| {
        let number = |k: usize| ((i * 7919 + k * 104_729) * (i + 3) % 1000) as f64 / 500.0 - 1.0;
        let (a, b, c) = (number(1), number(2), number(3));
        format!(
            "{a:.3},{b:.3},{c:.3},{}\n",
            if a + 0.3 * b > 1.0 { "rare" } else { "usual" }
        )
    });
    place.write("t.csv", format!("a,b,c,y\n{}", rows.collect::<String>()));
    place.write(
        "r.toml",
        format!(
            "task = \"{task}\"\ndata = {{ source = \"csv\", path = \"t.csv\", target = \"y\" }}\n\n\
             [stage.small]\nmodel = {{ kind = \"mlp\", hidden = [4] }}\ntrain = {{ epochs = 3 }}\n\n\
             [stage.large]\nmodel = {{ kind = \"mlp\", hidden = [16] }}\nlearn = \"small\"\ntrain = {{ epochs = 8, patience = 20 }}\n\n\
             [compare]\n{metric}\n"
        ),
    );
    place
}

#[test]
fn the_metric_of_the_recipe_is_what_arms_are_compared_by_with_a_test_over_the_samples() {
    for name in ["balanced_accuracy", "macro_f1", "average_precision", "nll"] {
        let place = place(&format!("metric = \"{name}\""), "classification");
        let ended = place.distil(&["run", "./r.toml", "-q", "--json"]);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let run: RunJson = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(run.metric.name, name);
        let plain = run
            .comparisons
            .iter()
            .find(|c| c.against == "plain")
            .unwrap();
        assert!(
            plain.p.is_some() && plain.ci95.is_some() && plain.resolution.is_some(),
            "{name}: {plain:?}"
        );
        let [low, high] = plain.ci95.unwrap();
        assert!((0.5 * (low + high) - plain.difference.unwrap()).abs() < 1e-9);
    }
}

#[test]
fn training_keeps_what_is_best_by_that_metric() {
    let best = |metric: &str| {
        let place = place(metric, "classification");
        let ended = place.distil(&["check", "./r.toml"]);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        ended.stdout
    };
    assert!(
        best("metric = \"nll\"").contains("compared by nll"),
        "{}",
        best("metric = \"nll\"")
    );
    assert!(best("margin = 0.01").contains("compared by accuracy"));
}

#[test]
fn a_metric_of_another_task_or_none_is_refused_with_those_that_there_are() {
    for (metric, part) in [
        ("metric = \"f1\"", "there is no metric `f1`"),
        ("metric = \"macrof1\"", "macro_f1"),
        ("metric = \"rmse\"", "`rmse` is no metric of classification"),
        (
            "metric = \"top5\"",
            "a model of 2 outputs has no metric `top5`",
        ),
    ] {
        let ended = place(metric, "classification").distil(&["check", "./r.toml"]);
        assert_eq!(ended.code, 2, "{}", ended.stdout);
        assert!(ended.stderr.contains(part), "{metric}: {}", ended.stderr);
    }
}
