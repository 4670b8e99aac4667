//! What makes a result look better, or worse, than it is, is said before anything is trained; and nothing is said without cause.

use crate::harness::{Ended, Place};

const ROWS: usize = 200;

/// A number of 0 to 999 that looks random.
fn random(row: usize, column: usize) -> usize {
    let mut state = (row * 64 + column) as u64;
    for _ in 0..3 {
        state = (state ^ (state >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1;
    }
    (state >> 40) as usize % 1000
}

fn check(task: &str, text: &str) -> Ended {
    let place = Place::new();
    place.write("t.csv", text);
    place.write(
        "r.toml",
        format!(
            "task = \"{task}\"\ndata = {{ source = \"csv\", path = \"t.csv\", target = \"y\" }}\n\n\
             [stage.m]\nmodel = {{ kind = \"mlp\", hidden = [4] }}\ntrain = {{ epochs = 1 }}\n"
        ),
    );
    place.distil(&["check", "./r.toml", "--data"])
}

/// What is said of a table `a,b,y` with these cells, besides how it is read.
fn notes(task: &str, row: impl Fn(usize) -> [String; 3]) -> Vec<String> {
    let rows: String = (0..ROWS).map(|i| row(i).join(",") + "\n").collect();
    let ended = check(task, &format!("a,b,y\n{rows}"));
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let said = ended.stdout.lines().map(String::from);
    said.filter(|line| line.starts_with("note: ")).collect()
}

fn class(i: usize) -> String {
    (if (i * 31 % 97).is_multiple_of(2) {
        "no"
    } else {
        "yes"
    })
    .into()
}

fn text(number: usize) -> String {
    number.to_string()
}

fn one(notes: &[String], part: &str) -> String {
    let found: Vec<&String> = notes.iter().filter(|note| note.contains(part)).collect();
    assert_eq!(found.len(), 1, "{part}: {notes:#?}");
    found[0].clone()
}

#[test]
fn of_a_plain_table_nothing_is_said() {
    let said = notes("classification", |i| {
        [text(random(i, 0)), text(random(i, 1)), class(i)]
    });
    assert_eq!(said, Vec::<String>::new());
    let said = notes("regression", |i| {
        [
            text(random(i, 0)),
            text(random(i, 1)),
            text(random(i, 2) * 1000 + random(i, 3)),
        ]
    });
    assert_eq!(said, Vec::<String>::new());
}

#[test]
fn a_column_that_counts_the_rows_is_told_and_what_it_tells_of_a_sorted_file() {
    for (row, said) in [
        ((|i| text(i)) as fn(usize) -> String, "0 to 199"),
        (|i| text(1_000_001 + i), "1000001 to 1000200"),
        (|i| text(5000 - 10 * i), "5000 to 3010"),
        (
            |i| format!("{}", 2_460_000.0 + 0.5 * i as f64),
            "2460000 to 2460099.5",
        ),
        (|i| format!("{:.1}", 0.1 * i as f64), "0 to 19.9"),
    ] {
        let note = one(
            &notes("classification", |i| [row(i), text(random(i, 1)), class(i)]),
            "counts the rows",
        );
        assert!(
            note.contains(&format!("column a counts the rows ({said})")),
            "{note}"
        );
        assert!(!note.contains("sorted by class"), "{note}");
    }
    let sorted = |i: usize| text(i / 70);
    let said = notes("classification", |i| {
        [text(i), text(random(i, 1)), sorted(i)]
    });
    let note = one(&said, "counts the rows");
    assert!(
        note.contains("the file is sorted by class (2 changes in 200 rows)"),
        "{note}"
    );
    // One row out of place: it is another number.
    let said = notes("classification", |i| {
        [
            text(if i == 77 { 0 } else { i }),
            text(random(i, 1)),
            class(i),
        ]
    });
    assert!(
        said.iter().all(|note| !note.contains("counts the rows")),
        "{said:?}"
    );
}

#[test]
fn a_column_that_alone_tells_the_target_is_told_with_its_figure() {
    let leak = |i: usize| if class(i) == "yes" { "won" } else { "lost" };
    let said = notes("classification", |i| {
        [leak(i).into(), text(random(i, 1)), class(i)]
    });
    let note = one(&said, "alone tells the class");
    assert!(
        note.contains("column a alone tells the class of 30 of 30 validation samples"),
        "{note}"
    );
    let code = |i: usize| text(5000 * usize::from(class(i) == "yes") + random(i, 0));
    let said = notes("classification", |i| {
        [text(random(i, 1)), code(i), class(i)]
    });
    assert!(one(&said, "alone tells the class").contains("column b"));
    let value = |i: usize| random(i, 2) * 1000 + random(i, 3);
    let said = notes("regression", |i| {
        [text(2 * value(i) + 7), text(random(i, 1)), text(value(i))]
    });
    let note = one(&said, "alone predicts y");
    assert!(
        note.contains("column a") && note.contains("1.00000"),
        "{note}"
    );
    // Its logarithm, which is on no line with it.
    let log = |i: usize| format!("{:.9}", (value(i) as f64 + 1.0).ln());
    let said = notes("regression", |i| {
        [text(random(i, 1)), log(i), text(value(i))]
    });
    assert!(
        one(&said, "alone predicts y").contains("column b")
            && one(&said, "alone predicts y").contains("their rank correlation is 1.00000"),
        "{said:?}"
    );
    // A list of prices; and one of prices that vary a little.
    let kind = |i: usize| random(i, 4) % 5;
    let price = |i: usize, noise: usize| text(1000 * kind(i).pow(2) + random(i, 1) % (noise + 1));
    let listed = |noise: usize| {
        notes("regression", |i| {
            [
                format!("kind{}", kind(i)),
                text(random(i, 6)),
                price(i, noise),
            ]
        })
    };
    assert!(
        one(&listed(0), "alone predicts y").contains(
            "column a alone predicts y: 100.00 % of its variance lies between categories"
        ),
    );
    assert!(listed(900).iter().all(|note| !note.contains("alone")));
    // A good column is none that tells all.
    let good = |i: usize| match random(i, 5) < 100 {
        true => "x",
        false => leak(i),
    };
    let said = notes("classification", |i| {
        [good(i).into(), text(random(i, 1)), class(i)]
    });
    assert!(said.iter().all(|note| !note.contains("alone")), "{said:?}");
}

#[test]
fn a_column_of_marks_is_told_and_amounts_are_not() {
    let few = [594, 2174, 5013, 7298, 15024];
    let gain = |i: usize| match random(i, 7) {
        ..600 => 0,
        drawn => few[drawn % 5],
    };
    let said = notes("classification", |i| {
        [text(gain(i)), text(random(i, 1)), class(i)]
    });
    assert_eq!(
        one(&said, "categories"),
        "note: column a is mostly 0, else 5 whole numbers far apart that repeat: as categories they may tell more, \
         `categorical = [\"a\"]`; the validation part says"
    );
    let count = |i: usize| match random(i, 7) {
        ..600 => 0,
        drawn => drawn % 6 + 1,
    };
    let said = notes("classification", |i| {
        [text(count(i)), text(random(i, 1)), class(i)]
    });
    assert!(said.iter().all(|note| !note.contains("categories")));
}

#[test]
fn a_target_that_looks_like_another_tasks_is_refused_or_told() {
    let rows: String = (0..ROWS)
        .map(|i| format!("{},{}.{i:03}\n", random(i, 0), random(i, 1)))
        .collect();
    let ended = check("classification", &format!("a,y\n{rows}"));
    assert_eq!(ended.code, 2);
    insta::assert_snapshot!(ended.stderr, @r#"
    error: the target has 200 different values in 200 samples, too many for classes
     --> ./r.toml:1:8
      |
    1 | task = "classification"
      |        ^^^^^^^^^^^^^^^^
      |
      = help: they are numbers: did you mean `task = "regression"`?
    "#);
    let rows: String = (0..ROWS)
        .map(|i| format!("{},person {i}\n", random(i, 0)))
        .collect();
    let ended = check("classification", &format!("a,y\n{rows}"));
    assert_eq!(ended.code, 2);
    assert!(
        ended
            .stderr
            .contains("Name the column that holds the class")
            || ended
                .stderr
                .contains("name the column that holds the class"),
        "{}",
        ended.stderr
    );
    let said = notes("regression", |i| {
        [
            text(random(i, 0)),
            text(random(i, 1)),
            text(random(i, 2) % 3),
        ]
    });
    let note = one(&said, "different values");
    assert!(
        note.contains("only 3 different values in 200 samples"),
        "{note}"
    );
}

#[test]
fn a_class_of_nearly_all_samples_is_told_with_the_accuracy_of_always_answering_it() {
    let rare = |i: usize| {
        (if i.is_multiple_of(50) {
            "rare"
        } else {
            "usual"
        })
        .into()
    };
    let said = notes("classification", |i| {
        [text(random(i, 0)), text(random(i, 1)), rare(i)]
    });
    let note = one(&said, "of all samples are of class usual");
    assert!(
        note.contains("98.0 %") && note.contains("accuracy on the test part"),
        "{note}"
    );
}

#[test]
fn a_class_that_is_never_tested_is_named_with_its_counts() {
    let rare = |i: usize| {
        if i == 20 || i == 120 {
            "rare".into()
        } else {
            class(i)
        }
    };
    let said = notes("classification", |i| {
        [text(random(i, 0)), text(random(i, 1)), rare(i)]
    });
    let note = one(&said, "is never tested");
    assert!(
        note.contains("class rare is never tested: it has 2 samples to train on, 0 to choose by"),
        "{note}"
    );
}

#[test]
fn a_class_too_rare_for_the_folds_is_named_or_kept_in_training() {
    let check = |samples: usize, split: &str| {
        let place = Place::new();
        let rows = (0..ROWS).map(|i| {
            let class = if i < samples { "rare".into() } else { class(i) };
            format!("{},{},{class}\n", random(i, 0), random(i, 1))
        });
        place.write("t.csv", format!("a,b,y\n{}", rows.collect::<String>()));
        place.write(
            "r.toml",
            format!(
                "task = \"classification\"\ndata = {{ source = \"csv\", path = \"t.csv\", target = \"y\", split = {{ {split} }} }}\n\n\
                 [stage.m]\nmodel = {{ kind = \"mlp\", hidden = [4] }}\ntrain = {{ epochs = 1 }}\n"
            ),
        );
        place.distil(&["run", "./r.toml", "--smoke", "--folds", "5"])
    };
    let one = check(1, "");
    assert_eq!(one.code, 2);
    assert!(
        one.stderr.contains("class `rare` has 1 sample"),
        "{}",
        one.stderr
    );
    assert!(
        one.stderr.contains("`split = { rare = 2 }`"),
        "{}",
        one.stderr
    );
    let kept = check(1, "rare = 2");
    assert_eq!(kept.code, 0, "{}", kept.stderr);
    let said = "class rare stays in training with its 1 sample, fewer than `rare = 2`; no metric counts it";
    assert!(kept.stdout.contains(said), "{}", kept.stdout);
    let three = check(3, "");
    let said = "class rare has 3 samples for 5 folds: some of them test none of it";
    assert!(three.stdout.contains(said), "{}", three.stdout);
    assert!(!three.stdout.contains("never tested"), "{}", three.stdout);
    let grouped = check(1, "rare = 2, group = \"a\"");
    assert!(
        grouped.stderr.contains("`rare` does not go with `group`"),
        "{}",
        grouped.stderr
    );
}

/// A PNG of 4 × 4 pixels of two numbers each, grey and opacity, or of one of 16 bits.
fn picture(colour: png::ColorType, depth: png::BitDepth, bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 4, 4);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(bytes).unwrap();
    writer.finish().unwrap();
    file
}

#[test]
fn pictures_that_are_all_alike_as_read_say_where_their_content_may_be() {
    let check = |background: &str, draw: &dyn Fn(usize) -> Vec<u8>| {
        let place = Place::new();
        for i in 0..40 {
            place.write(&format!("pictures/{}/{i}.png", i % 2), draw(i));
        }
        place.write(
            "r.toml",
            format!(
                "task = \"classification\"\ndata = {{ source = \"image-folder\", path = \"pictures\"{background} }}\n\n\
                 [stage.m]\nmodel = {{ kind = \"mlp\", hidden = [4] }}\ntrain = {{ epochs = 1 }}\n"
            ),
        );
        place.distil(&["check", "./r.toml", "--data"])
    };
    let opacity = |i: usize| {
        let pixels = (0..16).flat_map(|pixel| [0, (random(i, pixel) % 256) as u8]);
        let bytes: Vec<u8> = pixels.collect();
        picture(png::ColorType::GrayscaleAlpha, png::BitDepth::Eight, &bytes)
    };
    let dark = |i: usize| {
        let pixels = (0..16).flat_map(|pixel| [0, (random(i, pixel) % 100) as u8]);
        let bytes: Vec<u8> = pixels.collect();
        picture(png::ColorType::Grayscale, png::BitDepth::Sixteen, &bytes)
    };
    for draw in [&opacity as &dyn Fn(usize) -> Vec<u8>, &dark] {
        let refused = check("", draw);
        assert_eq!(refused.code, 2, "{}", refused.stdout);
        let error = refused
            .stderr
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(
            error.contains("all features are constant: every sample is the same"),
            "{error}"
        );
        assert!(error.contains("what is only in their opacity takes `background = \"white\"`, 16 bits of which few are used"), "{error}");
    }
    let white = check(", background = \"white\"", &opacity);
    assert_eq!(white.code, 0, "{}", white.stderr);
}

#[test]
fn names_that_differ_in_spelling_only_are_told() {
    for [one_way, other] in [
        ["yes", "Yes"],
        ["0", "0.0"],
        ["a  b", "a b"],
        ["<=50K", "<=50K."],
    ] {
        let spelled = |i: usize| (if i.is_multiple_of(3) { one_way } else { other }).into();
        let target = |i: usize| match class(i).as_str() {
            "yes" => spelled(i),
            _ => "no".into(),
        };
        let said = notes("classification", |i| {
            [text(random(i, 0)), text(random(i, 1)), target(i)]
        });
        one(&said, "the classes `");
        if one_way != "0" {
            let said = notes("classification", |i| {
                [spelled(i), text(random(i, 1)), class(i)]
            });
            one(&said, "the categories of column a `");
        }
    }
}

#[test]
fn an_id_that_repeats_over_the_split_is_named_with_how_many_test_samples_share_it() {
    let table = |id: &dyn Fn(usize) -> String, name: &str| {
        let rows = (0..ROWS).map(|i| format!("{},{},{}\n", id(i), random(i, 1), class(i)));
        check(
            "classification",
            &format!("{name},b,y\n{}", rows.collect::<String>()),
        )
        .stdout
    };
    let patient = |i: usize| format!("p{}", i / 4);
    for name in ["patient_id", "patientId", "Patient", "user ID"] {
        let said = table(&patient, name);
        let note = format!("note: column {name} repeats over the split: ");
        assert!(
            said.contains(&note) && said.contains(" of 40 test samples have a"),
            "{name}: {said}"
        );
    }
    // One row each, few groups, or another name.
    for (said, why) in [
        (table(&|i| i.to_string(), "patient_id"), "an id a row"),
        (table(&|i| (i % 4).to_string(), "store_id"), "four stores"),
        (table(&patient, "avoid"), "no id by its name"),
    ] {
        assert!(!said.contains("repeats over the split"), "{why}: {said}");
    }
}
