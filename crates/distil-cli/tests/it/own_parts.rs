//! `eval` on the model's own data where its parts stand in files of their own: it answers for the test part, and says so.

use serde_json::Value;

use crate::harness::{Ended, Place};

fn table(from: usize, to: usize) -> String {
    let rows = (from..to).map(|i| {
        let number = |k: usize| ((i * 7919 + k * 104_729) * (i + 3) % 1000) as f64 / 500.0 - 1.0;
        let noise = number(3) * 0.6;
        format!(
            "{:.3},{:.3},{}\n",
            number(1),
            number(2),
            u8::from(number(1) + number(2) + noise > 0.0)
        )
    });
    format!("a,b,y\n{}", rows.collect::<String>())
}

fn trained(parts: &str) -> Place {
    let place = Place::new();
    place.write("train.csv", table(0, 200));
    place.write("val.csv", table(200, 260));
    place.write("test.csv", table(260, 340));
    place.write(
        "r.toml",
        format!(
            "task = \"classification\"\n\n[data]\nsource = \"csv\"\npath = \"train.csv\"\ntarget = \"y\"\n{parts}\n\n\
             [stage.m]\nmodel = {{ kind = \"mlp\", hidden = [8] }}\ntrain = {{ epochs = 10 }}\n"
        ),
    );
    let ended = place.distil(&["run", "./r.toml", "-q"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    place
}

fn eval(place: &Place, words: &[&str]) -> Value {
    let ended = ended(place, words);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap()
}

fn ended(place: &Place, words: &[&str]) -> Ended {
    place.distil(&[&["eval", "runs/r-0001", "--json"], words].concat())
}

#[test]
fn whichever_of_its_files_is_named_the_test_part_is_measured() {
    for parts in [
        "test = \"test.csv\"",
        "test = \"test.csv\"\nvalidation = \"val.csv\"",
    ] {
        let place = trained(parts);
        let own = eval(&place, &[]);
        for (file, said) in [
            ("train.csv", "the training part"),
            ("./test.csv", "the test part"),
            ("val.csv", "the validation part"),
        ] {
            let found = eval(&place, &[file]);
            let is_part = file != "val.csv" || parts.contains("validation");
            let (metrics, samples) = (&found["metrics"], found["samples"].as_u64());
            match is_part {
                true => {
                    assert_eq!(
                        (metrics, samples),
                        (&own["metrics"], Some(80)),
                        "{parts}: {file}"
                    );
                    assert!(
                        found["data"].as_str().unwrap().contains(said),
                        "{}",
                        found["data"]
                    );
                    assert_eq!(found["part"], "test");
                }
                false => assert_eq!((samples, &found["part"]), (Some(60), &Value::Null)),
            }
        }
        assert_eq!(
            eval(&place, &["train.csv", "--part", "all"])["samples"],
            200
        );
        let train = if parts.contains("validation") {
            200
        } else {
            170
        };
        assert_eq!(
            eval(&place, &["train.csv", "--part", "train"])["samples"],
            train
        );
        assert_eq!(
            eval(&place, &["test.csv", "--part", "train"])["samples"],
            train
        );
        // Elsewhere, and renamed: what it holds tells.
        place.write("new/any.csv", place.read("test.csv"));
        assert_eq!(eval(&place, &["new/any.csv"])["metrics"], own["metrics"]);
        std::fs::remove_file(place.path("test.csv")).unwrap();
        let lost = ended(&place, &["train.csv"]);
        assert_eq!(lost.code, 2);
        assert!(
            lost.stderr.contains("this is the training part of the data this model was trained on, and its test part is not where it was"),
            "{}",
            lost.stderr
        );
    }
}

#[test]
fn other_data_is_measured_as_a_whole() {
    let place = trained("test = \"test.csv\"");
    place.write("other.csv", table(400, 450));
    let found = eval(&place, &["other.csv"]);
    assert_eq!(
        (&found["samples"], &found["part"]),
        (&50.into(), &Value::Null)
    );
}

#[test]
fn labels_of_a_test_file_that_end_in_a_full_stop_are_those_of_training_and_that_is_said() {
    // As UCI Adult's files have them.
    let named = |from: usize, to: usize, classes: [&str; 2]| {
        let line = |line: &str| match line.rsplit_once(',') {
            Some((inputs, class @ ("0" | "1"))) => {
                format!("{inputs},{}\n", classes[usize::from(class == "1")])
            }
            _ => format!("{line}\n"),
        };
        table(from, to).lines().map(line).collect::<String>()
    };
    let place = Place::new();
    place.write("train.csv", named(0, 200, ["<=50K", ">50K"]));
    place.write("plain.csv", named(260, 340, ["<=50K", ">50K"]));
    place.write("test.csv", named(260, 340, ["<=50K.", ">50K ."]));
    place.write("other.csv", named(260, 340, ["<=50K.", "unknown."]));
    place.write("half.csv", named(260, 340, ["<=50K", ">50K."]));
    place.write(
        "r.toml",
        "task = \"classification\"\n\n[data]\nsource = \"csv\"\npath = \"train.csv\"\ntarget = \"y\"\ntest = \"plain.csv\"\n\n\
         [stage.m]\nmodel = { kind = \"mlp\", hidden = [8] }\ntrain = { epochs = 10 }\n",
    );
    let run = |test: &str| {
        let set = format!("data.test={test}");
        place.distil(&["run", "./r.toml", "-q", "--json", "--set", &set])
    };
    let test_of = |ended: &Ended| {
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let run: Value = serde_json::from_str(&ended.stdout).unwrap();
        let trial = &run["trials"][0];
        (
            trial["stages"][0]["test"].clone(),
            trial["notes"].to_string(),
        )
    };
    let (plain, notes) = test_of(&run("plain.csv"));
    assert!(!notes.contains("full stop"), "{notes}");
    for (file, ends, classes) in [
        ("test.csv", ".\n", "`<=50K`, `>50K`"),
        ("half.csv", ">50K.\n", "`>50K`"),
    ] {
        let (test, notes) = test_of(&run(file));
        assert_eq!(test, plain, "{file}");
        let count = place.read(file).matches(ends).count();
        let of = |whose: &str| {
            format!(
                "of {file}, {count} labels end in a full stop or a blank that {whose} lack: read as {classes}"
            )
        };
        let said = of("those of the training part");
        assert!(notes.contains(&said), "{said}\n{notes}");
        let measured = ended(&place, &[file]);
        assert_eq!(measured.code, 0, "{}", measured.stderr);
        let found: Value = serde_json::from_str(&measured.stdout).unwrap();
        assert_eq!(found["metrics"], plain, "{file}");
        let said = of("the model's classes");
        assert!(
            measured.stderr.contains(&said),
            "{said}\n{}",
            measured.stderr
        );
    }
    // One class that training does not know: none is touched.
    let refused = run("other.csv");
    assert_eq!(refused.code, 2);
    assert!(
        refused
            .stderr
            .contains("class `<=50K.` has no sample to train on"),
        "{}",
        refused.stderr
    );
    assert_eq!(ended(&place, &["other.csv"]).code, 2);
}
