//! Several targets of different sizes.

use serde_json::Value;

use crate::harness::Place;

const RECIPE: &str = r#"
task = "regression"

[data]
source = "csv"
path = "data.csv"
target = ["price", "rooms"]

[stage.m]
model = { kind = "mlp", hidden = [32] }
train = { epochs = 20 }
"#;

/// Two targets of two inputs: one in dollars, one of a few rooms.
fn homes() -> String {
    let mut text = "p,q,price,rooms\n".to_string();
    for i in 0..300_i32 {
        let (p, q) = (
            f64::from(i % 17) / 8.0 - 1.0,
            f64::from(i % 23) / 11.0 - 1.0,
        );
        let (price, rooms) = (150_000.0 + 40_000.0 * p, 3.0 + 0.5 * q);
        text += &format!("{p:.4},{q:.4},{price:.0},{rooms:.3}\n");
    }
    text
}

#[test]
fn targets_of_different_sizes_count_alike_and_each_has_its_numbers() {
    let place = Place::new();
    place.write("data.csv", homes());
    place.write("homes.toml", RECIPE);
    let ran = place.distil(&["run", "./homes.toml", "--no-control", "--quiet", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let run: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(run["metric"]["name"], "nrmse");

    let shown = place.distil(&["eval", "runs/homes-0001", "--json"]);
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    let eval: Value = serde_json::from_str(&shown.stdout).unwrap();
    let of = |target: &str, name: &str| eval["by_target"][target][name].as_f64().unwrap();
    let whole = |name: &str| eval["metrics"][name].as_f64().unwrap();
    // An explained share of 1 − (RMSE ÷ spread)²: the mean of the shares that are not explained, by hand.
    let unexplained = ["price", "rooms"].map(|target| (1.0 - of(target, "r2")).sqrt());
    assert!(
        (whole("nrmse") - (unexplained[0] + unexplained[1]) / 2.0).abs() < 1e-9,
        "{eval}"
    );
    assert!((whole("rmse") - (of("price", "rmse") + of("rooms", "rmse")) / 2.0).abs() < 1e-9);
    assert!(of("price", "rmse") > 100.0 * of("rooms", "rmse"), "{eval}");
    let table = place.distil(&["eval", "runs/homes-0001"]).stdout;
    assert!(
        table.contains("RMSE of price") && table.contains("RMSE of rooms"),
        "{table}"
    );
}
