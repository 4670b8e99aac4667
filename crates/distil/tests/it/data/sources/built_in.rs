use std::path::Path;

use distil::data::source::{Digits, Gaussian, Source};
use distil::data::{Inputs, Part, Raw};
use distil_report::measure::TaskKind;
use insta::assert_snapshot;

use super::{folder, labels, say};
use TaskKind::{Classification, Regression};

#[test]
fn the_built_in_digits_are_all_there() {
    let raw = Digits::default()
        .read(Path::new("nowhere"), Classification)
        .unwrap();
    let (names, labels) = labels(&raw);
    assert_eq!((raw.len(), names.len()), (1797, 10));
    assert_eq!(labels[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let Inputs::Block { shape, values } = &raw.inputs else {
        panic!()
    };
    assert_eq!(shape, &[8, 8]);
    assert_eq!(values[..8], [0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0]);
    assert_eq!(values.iter().fold(0.0, |a: f32, b| a.max(*b)), 16.0);
    assert_snapshot!(raw.hash, @"6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8");
}

#[test]
fn new_digits_are_read_with_and_without_labels() {
    let pixels = vec!["3"; 64].join(",");
    let folder = folder(&[
        ("new.csv", format!("{pixels}\n{pixels}\n").as_bytes()),
        ("known.csv", format!("{pixels},7\n").as_bytes()),
    ]);
    let source = Digits::default();
    assert_eq!(
        source
            .read_new(&folder.path().join("new.csv"), Classification)
            .unwrap()
            .targets,
        None
    );
    assert_eq!(
        labels(
            &source
                .read_new(&folder.path().join("known.csv"), Classification)
                .unwrap()
        )
        .1,
        [7]
    );
    let own = Digits {
        path: Some("new.csv".into()),
        ..Digits::default()
    };
    assert_snapshot!(say(&folder, own.read(folder.path(), Classification)), @"new.csv: the samples have no targets. Add the class of each sample.");
    assert_snapshot!(say(&folder, own.read(folder.path(), Regression)), @r#"task: `digits` has classes, no values and no labels. Use `task = "classification"`."#);
}

#[test]
fn hostile_digit_files_are_refused_with_place_reason_and_remedy() {
    let good = vec!["3"; 65].join(",");
    let with = |cell: &str| format!("{good}\n{}{cell}\n", "3,".repeat(64));
    let zip: &[u8] = &[0x1f, 0x8b, 8, 0, 1, 2, 3];
    let folder = folder(&[
        ("zero.csv", b""),
        ("short.csv", b"1,2,3\n"),
        ("word.csv", with("x").as_bytes()),
        ("ten.csv", with("10").as_bytes()),
        (
            "mixed.csv",
            format!("{good}\n{}\n", vec!["3"; 64].join(",")).as_bytes(),
        ),
        ("cut.csv.gz", zip),
    ]);
    let read = |name: &str| {
        say(
            &folder,
            Digits::default().read_new(&folder.path().join(name), Classification),
        )
    };
    assert_snapshot!(read("zero.csv"), @"FOLDER/zero.csv: the file is empty (0 bytes). Fetch or write it again.");
    assert_snapshot!(read("short.csv"), @"FOLDER/short.csv, line 1: 3 numbers, where 64 and perhaps a class are expected. Write one sample a line, its numbers separated by commas, without a header.");
    assert_snapshot!(read("word.csv"), @"FOLDER/word.csv, line 2, column 65: `x` is not a finite number. Write one sample a line, its numbers separated by commas, without a header.");
    assert_snapshot!(read("ten.csv"), @"FOLDER/ten.csv, line 2, column 65: `10` is not a class from 0 to 9. Correct the label.");
    assert_snapshot!(read("mixed.csv"), @"FOLDER/mixed.csv, line 2: some lines have a class at the end, others have none. Give all lines a class, or none.");
    assert_snapshot!(read("cut.csv.gz"), @"FOLDER/cut.csv.gz: not a whole gzip file (unexpected end of file). Fetch it again, or unpack it and name it without `.gz`.");
    assert_snapshot!(read("absent.csv"), @"FOLDER/absent.csv: there is no such file or folder. Check the path; a relative path starts at the current folder.");
    assert_snapshot!(read("."), @"FOLDER/.: this is a folder, a file is needed. Name the file inside it.");
}

#[test]
fn a_gaussian_sample_depends_on_the_seed_and_its_row_alone() {
    let read = |samples, seed| {
        Gaussian {
            samples,
            seed,
            ..Gaussian::default()
        }
        .read(Path::new(""), Classification)
        .unwrap()
    };
    let values = |raw: &Raw| match &raw.inputs {
        Inputs::Block { values, .. } => values.to_vec(),
        _ => panic!(),
    };
    let (few, many, other) = (read(22, 0), read(44, 0), read(22, 1));
    assert_eq!(values(&few), values(&many)[..22_000]);
    assert_ne!(values(&few), values(&other));
    assert_eq!(labels(&few).1[..11], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0]);
    let official = few.official.unwrap();
    let count = |part| official.iter().filter(|p| **p == part).count();
    assert_eq!(
        (
            count(Part::Train),
            count(Part::Validation),
            count(Part::Test)
        ),
        (12, 2, 8)
    );
}

#[test]
fn gaussian_clusters_have_the_energy_their_options_say() {
    let source = Gaussian {
        samples: 30,
        noise: 0.0,
        modes: 1,
        separation: 0.5,
        coarse: 0.25,
        ..Gaussian::default()
    };
    let raw = source.read(Path::new(""), Classification).unwrap();
    let Inputs::Block { values, .. } = &raw.inputs else {
        panic!()
    };
    let means: Vec<&[f32]> = values.chunks(1000).take(10).collect();
    let energy = means
        .iter()
        .flat_map(|mean| mean.iter())
        .map(|x| x * x)
        .sum::<f32>()
        / 10_000.0;
    assert!((energy / 0.25 - 1.0).abs() < 0.05, "{energy}");
    // Pooled over 2 × 5 blocks, the coarse quarter stays and a tenth of the rest.
    let block = |mean: &[f32], i: usize, j: usize| {
        (0..10)
            .map(|k| mean[(2 * i + k / 5) * 50 + 5 * j + k % 5])
            .sum::<f32>()
            / 10.0
    };
    let pooled = means
        .iter()
        .flat_map(|mean| (0..100).map(|p| block(mean, p / 10, p % 10)))
        .map(|x| x * x)
        .sum::<f32>()
        / 1000.0;
    assert!(
        (pooled / (0.25 * (0.25 + 0.075)) - 1.0).abs() < 0.15,
        "{pooled}"
    );
    let refused = Gaussian {
        pool: [3, 5],
        ..Gaussian::default()
    }
    .read(Path::new(""), Classification)
    .unwrap_err();
    assert_snapshot!(refused, @"data (gaussian): pool [3, 5] does not divide shape [20, 50]. Use blocks that divide the grid.");
}
