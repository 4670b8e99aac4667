//! Two commands from data of one's own to a model: `distil new <DATA>` looks and writes a recipe, `distil run` trains it.

use std::fs;
use std::path::Path;

use distil_report::run_json::RunJson;

use crate::harness::Place;

fn random(state: &mut u64) -> f64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 40) as f64 / f64::from(1 << 24)
}

/// What `distil new` said, the recipe it wrote, and the run of it.
fn new_and_run(place: &Place, data: &str, recipe: &str, metric: &str) -> (String, String, f64) {
    let new = place.distil(&["new", data]);
    assert_eq!(new.code, 0, "{}", new.stderr);
    let run = place.distil(&["run", &format!("./{recipe}"), "-q", "--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let run: RunJson = serde_json::from_str(&run.stdout).unwrap();
    let stage = run.trials[0].result().unwrap();
    let value = stage.test[metric];
    assert!(stage.kept.is_some(), "the best epoch is the model");
    let whole = format!("train = {{ epochs = {}, ", stage.epochs);
    let text = place.read(recipe);
    assert!(text.contains(&whole), "its cost is fixed: {text}");
    let name = recipe.trim_end_matches(".toml");
    assert!(
        place
            .path(&format!("runs/{name}-0001/model/model.json"))
            .is_file()
    );
    (new.stdout, place.read(recipe), value)
}

/// A BMP picture of 24 bits: a bright bar that lies or stands, on noise.
fn picture(width: usize, height: usize, stands: bool, state: &mut u64) -> Vec<u8> {
    let line = (width * 3).div_ceil(4) * 4;
    let at = (random(state) * 0.6 + 0.1) * if stands { width } else { height } as f64;
    let mut bytes = b"BM".to_vec();
    let size = 54 + line * height;
    for number in [
        size as u32,
        0,
        54,
        40,
        width as u32,
        height as u32,
        1 | 24 << 16,
        0,
        0,
        2835,
        2835,
        0,
        0,
    ] {
        bytes.extend(number.to_le_bytes());
    }
    for y in 0..height {
        let mut row: Vec<u8> = Vec::new();
        for x in 0..width {
            let along = if stands { x } else { y } as f64;
            let bright = along >= at && along < at + 4.0;
            let value = random(state) * 60.0 + if bright { 180.0 } else { 0.0 };
            row.extend([value as u8, (value / 2.0) as u8, 40]);
        }
        row.resize(line, 0);
        bytes.extend(row);
    }
    bytes
}

/// A WAV sound of 16 bits and 8,000 samples a second: a tone.
fn sound(hertz: f64, seconds: f64, state: &mut u64) -> Vec<u8> {
    let samples = (8000.0 * seconds) as usize;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + 2 * samples as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    for number in [16_u32, 1 | 1 << 16, 8000, 16_000, 2 | 16 << 16] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(b"data");
    bytes.extend((2 * samples as u32).to_le_bytes());
    for i in 0..samples {
        let tone = (i as f64 / 8000.0 * hertz * std::f64::consts::TAU).sin();
        let value = 0.4 * tone + 0.2 * (random(state) - 0.5);
        bytes.extend(((value * 20_000.0) as i16).to_le_bytes());
    }
    bytes
}

#[test]
fn a_folder_of_pictures_of_mixed_sizes() {
    let (place, mut state) = (Place::new(), 1);
    for i in 0..60 {
        let stands = i % 2 == 0;
        let (width, height) = (24 + i % 5 * 4, 20 + i % 7 * 4);
        let class = if stands { "standing" } else { "lying" };
        place.write(
            &format!("my pics/{class}/{i}.bmp"),
            picture(width, height, stands, &mut state),
        );
    }
    let (said, recipe, accuracy) = new_and_run(&place, "./my pics", "my-pics.toml", "accuracy");
    for part in [
        "60 pictures in folders, 2 classes (lying, standing)",
        "they differ in size",
        "my-pics.toml is yours to change",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(
        recipe.contains("source = \"image-folder\"") && recipe.contains("kind = \"cnn\""),
        "{recipe}"
    );
    assert!(accuracy >= 0.75, "{accuracy}");
}

#[test]
fn a_table_with_texts_and_missing_values() {
    let (place, mut state) = (Place::new(), 2);
    let rows = (1..=300).map(|i| {
        let (sex, age) = (random(&mut state) < 0.4, 1.0 + random(&mut state) * 70.0);
        let fare = 5.0 + random(&mut state) * 100.0;
        let survived = if sex {
            random(&mut state) < 0.9
        } else {
            random(&mut state) < 0.1
        };
        let age = if i % 6 == 0 {
            String::new()
        } else {
            format!("{age:.0}")
        };
        let sex = if sex { "female" } else { "male" };
        let cabin = if i % 4 == 0 {
            format!("C{i}")
        } else {
            String::new()
        };
        format!(
            "{i},{},\"Doe, Mr. John the {i}th of his name\",{sex},{age},T{},{fare:.2},{cabin},{}\n",
            u8::from(survived),
            i * 17,
            ["S", "C", "Q"][i % 3]
        )
    });
    place.write(
        "titanic.csv",
        format!(
            "PassengerId,Survived,Name,Sex,Age,Ticket,Fare,Cabin,Embarked\n{}",
            rows.collect::<String>()
        ),
    );
    let (said, recipe, accuracy) = new_and_run(&place, "titanic.csv", "titanic.toml", "accuracy");
    for part in [
        "a table of 300 rows and 9 columns",
        "Survived, found by its name, 2 classes",
        "Left out: PassengerId, Name, Ticket, Cabin.",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(recipe.contains("# it numbers the rows"), "{recipe}");
    assert!(accuracy >= 0.8, "{accuracy}");
    // A shipped name stays what it was, and a recipe that exists is left alone.
    assert_eq!(place.distil(&["new", "digits"]).code, 0);
    let again = place.distil(&["new", "titanic.csv"]);
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("exists already"), "{}", again.stderr);
    assert_eq!(place.read("titanic.toml"), recipe);
}

#[test]
fn a_folder_of_wavs() {
    let (place, mut state) = (Place::new(), 3);
    for i in 0..60 {
        let high = i % 2 == 0;
        let hertz = if high { 1200.0 } else { 400.0 } * (0.9 + 0.2 * random(&mut state));
        let class = if high { "high" } else { "low" };
        let seconds = 0.3 + 0.2 * random(&mut state);
        place.write(
            &format!("sounds/{class}/{i}.wav"),
            sound(hertz, seconds, &mut state),
        );
    }
    let (said, recipe, accuracy) = new_and_run(&place, "sounds", "sounds.toml", "accuracy");
    assert!(
        said.contains("60 sounds in folders of up to 0.") && said.contains("2 classes (high, low)"),
        "{said}"
    );
    assert!(
        recipe.contains("source = \"sound-folder\"") && recipe.contains("rate = 8000"),
        "{recipe}"
    );
    assert!(accuracy >= 0.9, "{accuracy}");
    // One sound is answered by its file.
    place.write("new.wav", sound(1250.0, 0.4, &mut state));
    let answer = place.distil(&["predict", "runs/sounds-0001", "new.wav", "--format", "csv"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(answer.stdout.contains("high"), "{}", answer.stdout);
}

fn shared(place: &Place, name: &str) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../testdata/new")
        .join(name);
    match from.is_dir() {
        false => drop(place.write(name, fs::read(from).unwrap())),
        true => {
            for file in fs::read_dir(from).unwrap() {
                let file = file.unwrap();
                let file_name = file.file_name().to_string_lossy().into_owned();
                place.write(
                    &format!("{name}/{file_name}"),
                    fs::read(file.path()).unwrap(),
                );
            }
        }
    }
}

#[test]
fn an_npz() {
    let place = Place::new();
    shared(&place, "bars.npz");
    let (said, recipe, accuracy) = new_and_run(&place, "./bars.npz", "bars.toml", "accuracy");
    assert!(
        said.contains("300 samples of shape [12, 12], 2 classes (0, 1)"),
        "{said}"
    );
    assert!(recipe.contains("kind = \"cnn\""), "{recipe}");
    assert!(accuracy >= 0.9, "{accuracy}");
}

#[test]
fn a_folder_of_parquet() {
    let place = Place::new();
    shared(&place, "shards");
    let (said, recipe, accuracy) = new_and_run(&place, "shards/", "shards.toml", "accuracy");
    assert!(
        said.contains("a table of 300 rows and 5 columns")
            && said.contains("survived, found by its name"),
        "{said}"
    );
    assert!(recipe.contains("source = \"csv\""), "{recipe}");
    assert!(accuracy >= 0.75, "{accuracy}");
}

#[test]
fn what_is_seen_in_a_table_is_written_into_its_recipe() {
    let recipe = |table: String| {
        let place = Place::new();
        place.write("t.csv", table);
        let new = place.distil(&["new", "t.csv"]);
        assert_eq!(new.code, 0, "{}", new.stderr);
        let checked = place.distil(&["check", "./t.toml"]);
        assert_eq!(checked.code, 0, "{}", checked.stderr);
        place.read("t.toml")
    };
    let mut state = 4;
    let mut rows = |line: &dyn Fn(usize, f64) -> String| -> String {
        (0..200)
            .map(|i| line(i, random(&mut state)) + "\n")
            .collect()
    };
    // No header: numbers in the first row.
    let bare = recipe(rows(&|i, x| {
        format!("{x:.3},{},{}", i * 7919 % 100, u8::from(x > 0.5))
    }));
    assert!(
        bare.contains("header = false") && bare.contains("target = \"column 3\""),
        "{bare}"
    );
    // Numbers to predict.
    let houses = recipe(format!(
        "rooms,price\n{}",
        rows(&|i, x| format!("{},{:.1}", i * 7919 % 9, 100.0 * x))
    ));
    assert!(
        houses.contains("task = \"regression\"") && houses.contains("target = \"price\""),
        "{houses}"
    );
    // A file in the order of time.
    let dates = recipe(format!(
        "date,x,sales\n{}",
        rows(&|i, x| format!(
            "2024-{:02}-{:02},{x:.3},{:.2}",
            i / 28 + 1,
            i % 28 + 1,
            10.0 * x
        ))
    ));
    assert!(
        dates.contains("split = { kind = \"time\", column = \"date\" }")
            && dates.contains("target = \"sales\""),
        "{dates}"
    );
    // A column that is mostly 0, else marks; and one of codes.
    let marks = recipe(format!(
        "gain,code,x,price\n{}",
        rows(&|i, x| format!(
            "{},{},{x:.3},{:.2}",
            [0, 0, 0, 5178, 7688, 15024][i * 7919 % 6],
            [110, 211, 350, 604, 700][i * 31 % 5],
            10.0 * x
        ))
    ));
    assert!(
        marks.contains("categorical = [\n    \"gain\",\n]"),
        "{marks}"
    );
    assert!(
        marks.contains("# Numbers far apart that repeat: code; where they are codes"),
        "{marks}"
    );
    // One class of nearly all rows, rows without a class, decimal commas behind semicolons.
    let rare = recipe(format!(
        "a;y\n{}",
        rows(&|i, x| format!(
            "{};{}",
            format!("{x:.3}").replace('.', ","),
            if i == 7 {
                ""
            } else if i % 20 == 0 {
                "yes"
            } else {
                "no"
            }
        ))
    ));
    assert!(
        rare.contains("metric = \"balanced_accuracy\"")
            && rare.contains("class_weights = \"balanced\"")
            && rare.contains("drop_unlabelled = true"),
        "{rare}"
    );
}

#[test]
fn a_table_can_be_told_what_to_predict() {
    let (place, mut state) = (Place::new(), 6);
    // Rows that were numbered, then shuffled; `y` beside `x` and `z` is a length; stars are whole numbers of few values.
    let mut rows = "rownames,x,y,z,day,note,price,category,stars\n".to_owned();
    for i in 0..200 {
        let [x, y, z] = [0; 3].map(|_| random(&mut state));
        let category = ["ring", "stone"][usize::from(x > 0.5)];
        rows += &format!(
            "{},{x:.3},{y:.3},{z:.3},2024-{:02}-{:02},note {i} of nothing,{:.2},{category},{}\n",
            i * 7919 % 200 + 1,
            i * 5 % 12 + 1,
            i % 28 + 1,
            90.0 * x * y * z,
            (5.0 * y) as usize + 1
        );
    }
    place.write("gems.csv", rows);
    let new = |words: &[&str]| {
        let _ = fs::remove_file(place.path("gems.toml"));
        let ended = place.distil(&[&["new", "gems.csv"][..], words].concat());
        if ended.code == 0 {
            let checked = place.distil(&["check", "./gems.toml"]);
            assert_eq!(checked.code, 0, "{}", checked.stderr);
        }
        ended
    };
    let found = new(&[]);
    for part in [
        "to predict: price, found by its name, numbers.",
        "By its name it might be category, too: `--target` says which.",
        "Left out: rownames, note.",
    ] {
        assert!(found.stdout.contains(part), "{part}: {}", found.stdout);
    }
    for (words, part, task) in [
        (&["--target", "y"][..], "y, as asked, numbers", "regression"),
        (
            &["--target", "category"],
            "category, as asked, 2 classes",
            "classification",
        ),
        (
            &["--target", "stars"],
            "stars, as asked, 5 classes",
            "classification",
        ),
        (
            &["--target", "stars", "--task", "regression"],
            "stars, as asked, numbers",
            "regression",
        ),
    ] {
        let ended = new(words);
        assert!(
            ended.stdout.contains(part),
            "{part}: {}{}",
            ended.stdout,
            ended.stderr
        );
        let text = place.read("gems.toml");
        assert!(text.contains(&format!("task = \"{task}\"")), "{text}");
        assert!(
            text.contains(&format!("target = \"{}\"", words[1])),
            "{text}"
        );
    }
    for (words, part) in [
        (
            &["--target", "prise"][..],
            "no column `prise` to predict. Did you mean `price`?",
        ),
        (&["--target", "sold"], "It has rownames, x, y, z, day"),
        (&["--target", "note"], "column `note` cannot be predicted: "),
        (
            &["--target", "day"],
            "column `day` cannot be predicted: it holds dates",
        ),
        (
            &["--target", "category", "--task", "regression"],
            "column `category` holds texts, and `--task regression` was asked for",
        ),
        (
            &["--target", "x", "--task", "classification"],
            "has 179 different values in 200 rows, and `--task classification` was asked for",
        ),
        (&["--task", "ranking"], "classification, regression"),
    ] {
        let ended = new(words);
        assert_eq!(ended.code, 2, "{words:?}: {}", ended.stdout);
        assert!(
            ended.stderr.contains(part) && !place.path("gems.toml").exists(),
            "{part}: {}",
            ended.stderr
        );
    }
    let graded = new(&["--target", "stars"]);
    let hint =
        "The numbers of stars are taken for classes: `--task regression` if they count or grade.";
    assert!(graded.stdout.contains(hint), "{}", graded.stdout);
    // A column with one cell of another kind: which, and where.
    let odd = |i: usize| match i {
        99 => "abc".to_owned(),
        i => (i * i % 83).to_string(),
    };
    let rows: String = (0..200)
        .map(|i| format!("{},{},{}\n", i % 3, i * 31 % 17, odd(i)))
        .collect();
    place.write("odd.csv", format!("y,a,b\n{rows}"));
    let ended = place.distil(&["new", "odd.csv", "--target", "y"]);
    let why = "Of these may tell something: b (line 101: `abc` is not a number).";
    assert!(
        ended.stdout.contains(why),
        "{}{}",
        ended.stdout,
        ended.stderr
    );
    let ended = place.distil(&["new", "./none.csv"]);
    assert!(
        ended.code == 2 && ended.stderr.contains("there is no such file"),
        "{}",
        ended.stderr
    );
    // Both are for tables.
    shared(&place, "bars.npz");
    for words in [
        ["new", "bars.npz", "--target", "y"],
        ["new", "digits", "--task", "regression"],
    ] {
        let ended = place.distil(&words);
        assert_eq!(ended.code, 2, "{}", ended.stdout);
        assert!(ended.stderr.contains("for tables"), "{}", ended.stderr);
    }
}

#[test]
fn pictures_that_are_all_alike_are_refused_and_why_is_said() {
    let (place, mut state) = (Place::new(), 5);
    let same = picture(12, 12, true, &mut state);
    for (class, i) in [("a", 0), ("a", 1), ("b", 2), ("b", 3)]
        .iter()
        .flat_map(|(class, i)| (0..6).map(move |k| (class, 10 * i + k)))
    {
        place.write(&format!("icons/{class}/{i}.bmp"), &same);
    }
    place.write(
        "r.toml",
        "task = \"classification\"\ndata = { source = \"image-folder\", path = \"icons\" }\n\n[stage.m]\nmodel = { kind = \"mlp\", hidden = [4] }\n",
    );
    for words in [["check", "./r.toml"], ["new", "icons"]] {
        let ended = place.distil(&words);
        assert_eq!(ended.code, 2, "{}", ended.stdout);
        assert!(
            ended.stderr.contains("all features are constant") && ended.stderr.contains("opacity"),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn a_runs_folder_stands_for_its_model_also_in_a_recipe() {
    let place = Place::new();
    shared(&place, "bars.npz");
    assert_eq!(place.distil(&["new", "bars.npz"]).code, 0);
    let run = place.distil(&[
        "run",
        "./bars.toml",
        "-q",
        "--set",
        "stage.model.train.epochs=1",
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    place.write(
        "r.toml",
        "task = \"classification\"\ndata = { source = \"npy\", path = \"bars.npz\" }\nresult = \"m\"\n\n\
         [stage.old]\nmodel = { file = \"runs/bars-0001\" }\n\n[stage.m]\nmodel = { kind = \"mlp\", hidden = [4] }\nlearn = \"old\"\n",
    );
    let checked = place.distil(&["check", "./r.toml"]);
    assert_eq!(checked.code, 0, "{}", checked.stderr);
}

#[test]
fn a_table_of_a_thousand_rows_gets_the_network_whose_defaults_were_tuned_on_such() {
    let place = Place::new();
    let mut state = 3;
    let mut rows = "width,kind,where,price\n".to_owned();
    for _ in 0..1200 {
        let (x, kind) = (random(&mut state), (random(&mut state) * 2.0) as usize);
        let town = (random(&mut state) * 12.0) as usize;
        // Waves of a number, and a town of twelve.
        let price = (9.0 * x).sin() * 50.0 + 20.0 * kind as f64 + (town * town % 7) as f64 * 9.0;
        rows += &format!("{x:.4},{},town{town},{price:.2}\n", ["a", "b"][kind]);
    }
    fs::write(place.path("houses.csv"), rows).unwrap();
    let new = place.distil(&["new", "./houses.csv"]);
    assert_eq!(new.code, 0, "{}", new.stderr);
    let text = place.read("houses.toml");
    assert!(
        text.contains("model = { kind = \"realmlp\", activation = \"mish\", clamp = true }"),
        "{text}"
    );
    let short = "stage.model.train.epochs=12";
    let run = place.distil(&["run", "./houses.toml", "--set", short, "-q", "--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let run: RunJson = serde_json::from_str(&run.stdout).unwrap();
    let test = &run.trials[0].result().unwrap().test;
    assert!(test["r2"] > 0.95, "{test:?}");
    let answers = place.distil(&["predict", "runs/houses-0001", "houses.csv"]);
    assert_eq!(answers.code, 0, "{}", answers.stderr);
}

#[test]
fn new_rows_that_do_not_fit_a_model_are_refused_with_what_can_be_done_now() {
    let (place, mut state) = (Place::new(), 8);
    let rows: String = (0..60)
        .map(|i| {
            let x = random(&mut state);
            format!(
                "{x:.3},2024-{:02}-{:02},{}\n",
                i % 12 + 1,
                i % 28 + 1,
                x > 0.5
            )
        })
        .collect();
    place.write("t.csv", format!("Size,sold,y\n{rows}"));
    assert_eq!(place.distil(&["new", "t.csv"]).code, 0);
    let short = [
        "run",
        "./t.toml",
        "-q",
        "--set",
        "stage.model.train.epochs=1",
    ];
    assert_eq!(place.distil(&short).code, 0);
    for (table, said) in [
        (
            "size,sold\n0.5,2024-01-01\n",
            "there is no column `Size`, which the model reads. The file has `size`: if it is the same, name it `Size`.",
        ),
        (
            "length,width\n0.5,3\n",
            "no column `Size`, which the model reads, nor 1 more of its columns. What the file has besides is length, width:",
        ),
        (
            "Size,sold\nbig,2024-01-01\n",
            "line 2, column `Size`: `big` is not a number. Mend the cell, or leave the row out: how it is read was settled",
        ),
    ] {
        place.write("new.csv", table);
        let ended = place.distil(&["predict", "runs/t-0001", "new.csv"]);
        assert_eq!(ended.code, 2, "{}", ended.stderr);
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
    }
}
