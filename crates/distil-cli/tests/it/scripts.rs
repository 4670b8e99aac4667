//! Files, columns, classes and names in any script, and tables that are not UTF-8, from the file to its predictions.

use distil_report::run_json::RunJson;
use encoding_rs::GBK;

use crate::harness::Place;

fn gbk(text: &str) -> Vec<u8> {
    let (bytes, _, lost) = GBK.encode(text);
    assert!(!lost);
    bytes.into_owned()
}

fn flowers() -> String {
    let row = |at: usize| match at % 3 {
        0 => format!("{},红,玫瑰\n", 10 + at % 7),
        1 => format!("{},黄,菊花\n", 30 + at % 7),
        _ => format!("{},白,百合\n", 50 + at % 7),
    };
    let rows: String = (0..150).map(row).collect();
    format!("长度,颜色,品种\n{rows}")
}

#[test]
fn a_table_in_gbk_goes_from_its_file_to_predictions() {
    let place = Place::new();
    place.write("花.csv", gbk(&flowers()));
    let ended = place.distil(&["new", "./花.csv"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let said = "It is not UTF-8, most likely gb18030, and was read as that.";
    assert!(ended.stdout.contains(said), "{}", ended.stdout);
    assert!(place.read("花.toml").contains("encoding = \"gb18030\""));
    let ended = place.distil(&["run", "花.toml", "-q"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let new = "长度,颜色\n12,红\n33,黄\n52,白\n";
    place.write("新.csv", gbk(new));
    let ended = place.distil(&["predict", "runs/花-0001", "新.csv", "--format", "csv"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let classes = |text: &str| -> Vec<String> {
        let rows = text.lines().skip(1);
        rows.map(|row| row.split(',').next().unwrap_or_default().to_owned())
            .collect()
    };
    for class in ["玫瑰", "菊花", "百合"] {
        assert!(ended.stdout.contains(class), "{}", ended.stdout);
    }
    // The same in UTF-8.
    place.write("新8.csv", new);
    let same = place.distil(&["predict", "runs/花-0001", "新8.csv", "--format", "csv"]);
    assert_eq!(
        (same.code, classes(&same.stdout)),
        (0, classes(&ended.stdout))
    );
    let ended = place.distil(&["eval", "runs/花-0001", "花.csv"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}

#[test]
fn without_its_encoding_a_table_in_gbk_is_refused_with_what_to_write() {
    let place = Place::new();
    place.write("花.csv", gbk(&flowers()));
    let recipe = |more: &str| {
        format!(
            "task = \"classification\"\ndata = {{ source = \"csv\", path = \"花.csv\", target = \"品种\"{more} }}\nstage.net = {{ model = {{ kind = \"mlp\", hidden = [4] }}, train = {{ epochs = 1 }} }}\n"
        )
    };
    place.write("a.toml", recipe(""));
    let ended = place.distil(&["run", "a.toml", "-q"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    let remedy = "Write `encoding = \"gb18030\"` where the recipe names the file, in [data] or `answers`, or save it as UTF-8.";
    assert!(
        ended.stderr.contains("长度") && ended.stderr.contains(remedy),
        "{}",
        ended.stderr
    );
    place.write("a.toml", recipe(", encoding = \"gbk\""));
    let ended = place.distil(&["run", "a.toml", "-q"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    place.write("a.toml", recipe(", encoding = \"gb2313\""));
    let ended = place.distil(&["run", "a.toml", "-q"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("`gb2313` is no encoding"),
        "{}",
        ended.stderr
    );
}

#[test]
fn stages_arms_and_runs_have_names_in_any_script() {
    let place = Place::new();
    place.write("花.csv", flowers());
    place.write(
        "教.toml",
        "name = \"实验\"\ntask = \"classification\"\ndata = { source = \"csv\", path = \"花.csv\", target = \"品种\" }\n\
         [stage.\"小\"]\nmodel = { kind = \"mlp\", hidden = [4] }\ntrain = { epochs = 1 }\n\
         [stage.\"大\"]\nmodel = { kind = \"mlp\", hidden = [8] }\nstart = \"小\"\ntrain = { epochs = 1 }\n\
         [compare.arm.\"快\"]\nstage.\"大\".train.lr = 0.01\n",
    );
    let ended = place.distil(&["run", "教.toml", "--set", "stage.小.train.lr=0.002"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let run = RunJson::read(&place.path("runs/实验-0001/run.json")).unwrap();
    assert!(run.trials.iter().any(|trial| trial.id.arm == "快"));
    assert!(
        place
            .path("runs/实验-0001/trials/flow-s1/stages/小")
            .is_dir()
    );
    let page = place.read("runs/实验-0001/report.html");
    assert!(page.contains("实验") && page.contains("快"));
    for verb in ["report", "resume", "eval"] {
        let ended = place.distil(&[verb, "runs/实验-0001"]);
        assert_eq!(ended.code, 0, "{verb}: {}", ended.stderr);
    }
}
