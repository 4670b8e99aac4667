//! Large data is read once, into a file that the run's trials share.

use std::fs;

use crate::harness::{Ended, Place, ended};
use crate::resume::record_of;

const ROWS: usize = 90_000;
const WIDTH: usize = 100;

/// 36 MB of numbers, in which one column and a little noise tell the class.
fn place() -> Place {
    let place = Place::new();
    let mut state = 1_u64;
    let mut draw = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as f32 / (1 << 24) as f32
    };
    let inputs: Vec<f32> = (0..ROWS * WIDTH).map(|_| draw()).collect();
    let labels: Vec<u8> = inputs
        .chunks(WIDTH)
        .map(|row| u8::from(row[0] > 0.5))
        .collect();
    let array = |descr: &str, shape: &str, data: &[u8]| {
        let header =
            format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}");
        let header = format!("{header:<117}\n");
        [
            b"\x93NUMPY\x01\0",
            &118_u16.to_le_bytes()[..],
            header.as_bytes(),
            data,
        ]
        .concat()
    };
    let bytes: Vec<u8> = inputs.iter().flat_map(|x| x.to_le_bytes()).collect();
    place.write("x.npy", array("<f4", &format!("{ROWS}, {WIDTH}"), &bytes));
    place.write("y.npy", array("|u1", &format!("{ROWS},"), &labels));
    place.write(
        "r.toml",
        "task = \"classification\"\ndata = { source = \"npy\", inputs = \"x.npy\", labels = \"y.npy\" }\n\
         [stage.s]\nmodel = { kind = \"mlp\", hidden = [2] }\ntrain = { epochs = 1, batch = 4096 }\n",
    );
    place
}

const RUN: [&str; 8] = [
    "run", "./r.toml", "--quiet", "--seeds", "2", "--jobs", "1", "--fresh",
];

fn run(place: &Place, runs: &str, cache: &str) -> Ended {
    let mut command = place.command(&[&RUN[..], &["--runs", runs]].concat());
    command.env("XDG_CACHE_HOME", place.path(cache));
    ended(command)
}

fn model(place: &Place, runs: &str) -> Vec<u8> {
    fs::read(place.path(&format!("{runs}/r-0001/model/model.safetensors"))).unwrap()
}

#[test]
fn trials_that_share_the_data_are_those_that_read_it_and_nothing_of_it_stays() {
    let place = place();
    let shared = run(&place, "shared", "cache");
    assert_eq!((shared.code, shared.stderr.as_str()), (0, ""));
    let left: Vec<_> = fs::read_dir(place.path("cache/distil/data"))
        .unwrap()
        .collect();
    assert!(left.is_empty(), "{left:?}");
    // Where it cannot be written each trial reads the source.
    place.write("file", "no folder");
    let alone = run(&place, "alone", "file");
    assert_eq!((alone.code, alone.stderr.as_str()), (0, ""));
    assert_eq!(model(&place, "shared"), model(&place, "alone"));
    let record = |runs: &str| record_of(&place, &format!("{runs}/r-0001"));
    assert_eq!(record("shared"), record("alone"));
}

/// 600 rows that hold all that a table can: weights, ids, groups, dates, numbers of 64 bits, text, missing cells, a constant column.
fn table(first: usize, rows: usize) -> String {
    let mut text = "w,patient_id,site,day,big,plain,word,gaps,same,y\n".to_owned();
    for row in first..first + rows {
        let x = (row * 7919 % 1000) as f64 / 500.0 - 1.0;
        let word = ["red", "green", "blue", ""][row * 31 % 4];
        let gap = match row % 7 {
            3 => "NA".into(),
            other => format!("{}", other * row % 13),
        };
        let date = format!("2020-{:02}-{:02}", 1 + row / 28 % 12, 1 + row % 28);
        text += &format!(
            "{},p{},s{},{date},{},{x:.3},{word},{gap},1,{}\n",
            1 + row % 9,
            row / 3,
            row % 5,
            2_459_000.125 + row as f64 / 1024.0,
            u8::from(x + 0.3 * (row % 4) as f64 > 0.4)
        );
    }
    text
}

/// The run's model, and what its record says but for times, with and without a file of the data.
fn both_ways(place: &Place, recipe: &str) -> [(Vec<u8>, String); 2] {
    ["0", "1000000000"].map(|from| {
        let runs = format!("runs-{from}");
        let mut command = place.command(&["run", recipe, "-q", "--fresh", "--runs", &runs]);
        command.env("DISTIL_MAPPED_FROM", from);
        command.env("XDG_CACHE_HOME", place.path("cache"));
        let ended = ended(command);
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{recipe}");
        let name = recipe.trim_start_matches("./").trim_end_matches(".toml");
        let folder = format!("{runs}/{name}-0001");
        let model = fs::read(place.path(&format!("{folder}/model/model.safetensors"))).unwrap();
        (model, format!("{:?}", record_of(place, &folder)))
    })
}

#[test]
fn nothing_that_a_table_holds_is_lost_on_the_way_through_a_file() {
    let place = Place::new();
    place.write("t.csv", table(0, 600));
    place.write("test.csv", table(600, 150));
    let recipe = |data: &str| {
        format!(
            "task = \"classification\"\n[data]\nsource = \"csv\"\npath = \"t.csv\"\ntarget = \"y\"\n{data}\n\
             [stage.small]\nmodel = {{ kind = \"mlp\", hidden = [4] }}\ntrain = {{ epochs = 2 }}\n\
             [stage.s]\nmodel = {{ kind = \"mlp\", hidden = [8] }}\nstart = \"small\"\ntrain = {{ epochs = 3 }}\n"
        )
    };
    let data = [
        ("weighted", "weights = \"w\"\nignore = [\"patient_id\"]"),
        (
            "time",
            "ignore = [\"day\", \"patient_id\", \"w\"]\nsplit = { kind = \"time\", column = \"day\" }",
        ),
        (
            "grouped",
            "groups = [\"site\"]\nignore = [\"patient_id\"]\nsplit = { group = \"site\" }",
        ),
        (
            "parts",
            "test = \"test.csv\"\nweights = \"w\"\nignore = [\"patient_id\"]",
        ),
    ];
    for (name, data) in data {
        place.write(&format!("{name}.toml"), recipe(data));
        let [mapped, held] = both_ways(&place, &format!("./{name}.toml"));
        assert_eq!(mapped.1, held.1, "{name}");
        assert!(mapped.0 == held.0, "{name}: the models differ");
    }
}

#[test]
fn data_that_goes_while_a_run_is_under_way_is_not_missed() {
    let place = place();
    let mut command = place.command(&[&RUN[..], &["--runs", "runs"]].concat());
    command.env("XDG_CACHE_HOME", place.path("cache"));
    let mut child = command.spawn().unwrap();
    let planned = place.path("runs/r-0001/basis.json");
    let begun = std::time::Instant::now();
    while !planned.exists() {
        assert!(begun.elapsed().as_secs() < 100, "the run does not begin");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    fs::remove_file(place.path("x.npy")).unwrap();
    assert!(child.wait().unwrap().success());
}
