//! A trial may run on another host: what it is told names no path of its parent but `base`, which can be another there.

use std::fs;

use crate::harness::Place;

const RECIPE: &str = r#"
task = "classification"
data = { source = "csv", path = "table.csv", target = "class" }

[train]
steps = 20

[stage.model]
model = { kind = "mlp", hidden = [4] }
"#;

#[test]
fn a_trial_runs_from_its_order_where_run_folder_and_data_lie_elsewhere() {
    let (here, there) = (Place::new(), Place::new());
    let rows = (0..60).map(|row| format!("{}.5,{},{}\n", row % 7, row % 5, ["a", "b"][row % 2]));
    let table = format!("x,y,class\n{}", rows.collect::<String>());
    here.write("table.csv", &table);
    here.write("mine.toml", RECIPE);
    let ended = here.distil(&["run", "./mine.toml", "--no-control", "--quiet"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);

    let trial = "runs/mine-0001/trials/flow-s1";
    for name in ["recipe.toml", "options.json", "trials/flow-s1/order.json"] {
        let text = here.read(&format!("runs/mine-0001/{name}"));
        let named = text.contains(here.path("").to_string_lossy().trim_end_matches('/'));
        assert_eq!(named, name == "options.json", "{name}: {text}");
        there.write(&format!("other/mine-0001/{name}"), text);
    }
    there.write("data/table.csv", &table);
    fs::remove_file(here.path("table.csv")).unwrap();
    let ended = there.distil(&["trial", "other/mine-0001/trials/flow-s1", "--base", "data"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let model = "model/model.safetensors";
    assert_eq!(
        fs::read(there.path(&format!("other/mine-0001/trials/flow-s1/{model}"))).unwrap(),
        fs::read(here.path(&format!("{trial}/{model}"))).unwrap()
    );
}
