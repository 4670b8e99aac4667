use std::path::Path;

use distil::data::source::{AnySource, Csv, Digits, Fsdd, Gaussian, LogMel, Names, Npy, Source};
use distil::data::{Cells, Inputs, Part, Raw, RawTargets, TargetKind};
use insta::assert_snapshot;
use npyz::WriterBuilder;
use tempfile::TempDir;

use TargetKind::{Classes, Labels, Values};

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    files
        .iter()
        .for_each(|(name, bytes)| std::fs::write(folder.path().join(name), bytes).unwrap());
    folder
}

/// The error without the temporary folder's own name.
fn say<T>(folder: &TempDir, result: distil::error::Result<T>) -> String {
    let error = result.err().expect("an error").to_string();
    error.replace(&folder.path().display().to_string(), "FOLDER")
}

fn csv(target: &[&str]) -> Csv {
    let options = serde_json::json!({ "path": "table.csv", "target": target });
    serde_json::from_value(options).unwrap()
}

fn read_csv(text: &str, source: &Csv, kind: TargetKind) -> (TempDir, distil::error::Result<Raw>) {
    let folder = folder(&[("table.csv", text.as_bytes())]);
    let raw = source.read(folder.path(), kind);
    (folder, raw)
}

fn labels(raw: &Raw) -> (Vec<String>, Vec<u32>) {
    let Some(RawTargets::Classes { names, labels }) = &raw.targets else {
        panic!("no classes")
    };
    (names.clone(), labels.clone())
}

#[test]
fn the_built_in_digits_are_all_there() {
    let raw = Digits::default()
        .read(Path::new("nowhere"), Classes)
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
            .read_new(&folder.path().join("new.csv"), Classes)
            .unwrap()
            .targets,
        None
    );
    assert_eq!(
        labels(
            &source
                .read_new(&folder.path().join("known.csv"), Classes)
                .unwrap()
        )
        .1,
        [7]
    );
    let own = Digits {
        path: Some("new.csv".into()),
        ..Digits::default()
    };
    assert_snapshot!(say(&folder, own.read(folder.path(), Classes)), @"new.csv: the samples have no targets. Add the class of each sample.");
    assert_snapshot!(say(&folder, own.read(folder.path(), Values)), @r#"task: `digits` has classes, no values and no labels. Use `task = "classification"`."#);
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
            Digits::default().read_new(&folder.path().join(name), Classes),
        )
    };
    assert_snapshot!(read("zero.csv"), @"FOLDER/zero.csv: the file is empty (0 bytes). Fetch or write it again.");
    assert_snapshot!(read("short.csv"), @"FOLDER/short.csv, line 1: 3 numbers, where 64 and perhaps a class are expected. Write one sample a line, its numbers separated by commas, without a header.");
    assert_snapshot!(read("word.csv"), @"FOLDER/word.csv, line 2, column 65: `x` is not a finite number. Write one sample a line, its numbers separated by commas, without a header.");
    assert_snapshot!(read("ten.csv"), @"FOLDER/ten.csv, line 2, column 65: `10` is not a class from 0 to 9. Correct the label.");
    assert_snapshot!(read("mixed.csv"), @"FOLDER/mixed.csv, line 2: some lines have a class at the end, others have none. Give all lines a class, or none.");
    assert_snapshot!(read("cut.csv.gz"), @"FOLDER/cut.csv.gz: not a whole gzip file (unexpected end of file). Fetch it again, or unpack it and name it without `.gz`.");
    assert_snapshot!(read("absent.csv"), @"FOLDER/absent.csv: there is no such file or folder. Check the path; a relative path in a recipe starts at the recipe's folder.");
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
        .read(Path::new(""), Classes)
        .unwrap()
    };
    let values = |raw: &Raw| match &raw.inputs {
        Inputs::Block { values, .. } => values.clone(),
        Inputs::Table(_) => panic!(),
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
    let raw = source.read(Path::new(""), Classes).unwrap();
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
    .read(Path::new(""), Classes)
    .unwrap_err();
    assert_snapshot!(refused, @"data (gaussian): pool [3, 5] does not divide shape [20, 50]. Use blocks that divide the grid.");
}

const TABLE: &str = "\
age,town,rooms,price,kind
31,Bern,,100.5,b
,Rome,3,-2,a
44,NA,4,7e2,b
";

#[test]
fn a_table_is_read_by_column() {
    let source = Csv {
        ignore: vec!["kind".into()],
        ..csv(&["price"])
    };
    let raw = read_csv(TABLE, &source, Values).1.unwrap();
    let Inputs::Table(columns) = &raw.inputs else {
        panic!()
    };
    assert_eq!(
        columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(),
        ["age", "town", "rooms"]
    );
    let Cells::Numeric(age) = &columns[0].cells else {
        panic!()
    };
    assert!(age[0] == 31.0 && age[1].is_nan() && age[2] == 44.0);
    assert_eq!(
        columns[1].cells,
        Cells::Categorical {
            levels: vec!["Bern".into(), "Rome".into()],
            codes: vec![Some(0), Some(1), None]
        }
    );
    assert_eq!(
        raw.targets,
        Some(RawTargets::Values {
            names: vec!["price".into()],
            values: vec![100.5, -2.0, 700.0]
        })
    );
}

#[test]
fn classes_are_sorted_as_numbers_if_all_are() {
    let read = |text: &str| labels(&read_csv(text, &csv(&["y"]), Classes).1.unwrap());
    assert_eq!(
        read("x,y\n1,10\n2,9\n3,10\n"),
        (vec!["9".into(), "10".into()], vec![1, 0, 1])
    );
    assert_eq!(
        read("x,y\n1,10\n2,b9\n3,10\n"),
        (vec!["10".into(), "b9".into()], vec![0, 1, 0])
    );
}

#[test]
fn several_targets_are_values_or_labels() {
    let text = "x,a,b\n1,0,1\n2,1,1\n";
    let values = read_csv(text, &csv(&["b", "a"]), Values)
        .1
        .unwrap()
        .targets
        .unwrap();
    assert_eq!(
        values,
        RawTargets::Values {
            names: vec!["b".into(), "a".into()],
            values: vec![1.0, 0.0, 1.0, 1.0]
        }
    );
    let labels = read_csv(text, &csv(&["a", "b"]), Labels)
        .1
        .unwrap()
        .targets
        .unwrap();
    assert_eq!(
        labels,
        RawTargets::Labels {
            names: vec!["a".into(), "b".into()],
            values: vec![0.0, 1.0, 1.0, 1.0]
        }
    );
}

#[test]
fn quotes_tabs_gzip_and_byte_order_marks_are_understood() {
    use std::io::Write;
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zip.write_all("\u{feff}x\ty\n1\t\"a\nb\"\n2\tc\n".as_bytes())
        .unwrap();
    let folder = folder(&[("table.csv.gz", &zip.finish().unwrap())]);
    let source = Csv {
        path: "table.csv.gz".into(),
        delimiter: '\t',
        ..csv(&["y"])
    };
    assert_eq!(
        labels(&source.read(folder.path(), Classes).unwrap()).0,
        ["a\nb", "c"]
    );
}

#[test]
fn group_columns_are_groups_and_no_inputs() {
    let source = Csv {
        groups: vec!["site".into()],
        ..csv(&["y"])
    };
    let raw = read_csv("x,site,y\n1,b,0\n2,a,1\n3,b,1\n", &source, Classes)
        .1
        .unwrap();
    assert_eq!(
        (raw.groups[0].members.clone(), raw.groups[0].codes.clone()),
        (vec!["a".into(), "b".into()], vec![1, 0, 1])
    );
    assert!(matches!(&raw.inputs, Inputs::Table(columns) if columns.len() == 1));
}

#[test]
fn a_settled_table_reads_new_data_as_it_read_the_old() {
    let source = Csv {
        categorical: vec!["code".into()],
        ..csv(&["y"])
    };
    let text = "code,town,x,y\n1,Bern,5,0\n2,Rome,6,1\n";
    let raw = read_csv(text, &source, Classes).1.unwrap();
    let settled = source.settled(&raw);
    assert_eq!(
        (settled.categorical.clone(), settled.numeric.clone()),
        (vec!["code".into(), "town".into()], vec!["x".into()])
    );
    let new = folder(&[
        ("new.csv", b"x,town,code\n5,17,3\n"),
        ("bad.csv", b"x,town,code\nfive,17,3\n"),
    ]);
    let read = settled
        .read_new(&new.path().join("new.csv"), Classes)
        .unwrap();
    assert_eq!(read.targets, None);
    let Inputs::Table(columns) = &read.inputs else {
        panic!()
    };
    assert!(matches!(&columns[1].cells, Cells::Categorical { levels, .. } if levels == &["17"]));
    assert_snapshot!(say(&new, settled.read_new(&new.path().join("bad.csv"), Classes)), @r#"FOLDER/bad.csv, line 2, column `x`: `five` is not a number. Correct the cell, or declare the column as text with `categorical = ["x"]`."#);
}

#[test]
fn hostile_tables_are_refused_with_place_reason_and_remedy() {
    let say = |text: &str, source: Csv, kind| {
        let (folder, raw) = read_csv(text, &source, kind);
        say(&folder, raw)
    };
    let y = || csv(&["y"]);
    assert_snapshot!(say("rooms,y\n1,2\n2,3\nmany,4\n4,5\n", y(), Values), @r#"FOLDER/table.csv, line 4, column `rooms`: `many` is not a number. Correct the cell, or declare the column as text with `categorical = ["rooms"]`."#);
    assert_snapshot!(say("x,y\n1,2\ninf,3\n3,3\n", y(), Values), @r#"FOLDER/table.csv, line 3, column `x`: `inf` is not a number. Correct the cell, or declare the column as text with `categorical = ["x"]`."#);
    assert_snapshot!(say("x,y\n1,2\n2,three\n", y(), Values), @r#"FOLDER/table.csv, line 3, column `y`: the target `three` is not a number. Correct the cell, or use `task = "classification"` if it is the name of a class."#);
    assert_snapshot!(say("x,y\n1,2\n2,\n", y(), Values), @"FOLDER/table.csv, line 3, column `y`: the target is missing. Fill it in or leave the row out.");
    assert_snapshot!(say("x,y\n1,0.5\n", y(), Labels), @r#"FOLDER/table.csv, line 2, column `y`: the target `0.5` is not 0 or 1. Correct the cell, or use `task = "classification"` if it is the name of a class."#);
    assert_snapshot!(say("x,y,x\n1,2,3\n", y(), Values), @"FOLDER/table.csv, line 1, column 3: the header names `x` twice. Give each column its own name.");
    assert_snapshot!(say("x,,y\n1,2,3\n", y(), Values), @"FOLDER/table.csv, line 1, column 2: the header has no name here. Name every column.");
    assert_snapshot!(say("x,y\n1,2\n1,2,3\n", y(), Values), @"FOLDER/table.csv, line 3: 3 cells, the header has 2. Quote cells that hold the delimiter, or name another one with `delimiter`.");
    assert_snapshot!(say("", y(), Values), @"FOLDER/table.csv: the file is empty (0 bytes). Fetch or write it again.");
    assert_snapshot!(say("x,y\n", y(), Values), @"FOLDER/table.csv: there are no rows below the header. Write a header and at least one row.");
    assert_snapshot!(say("y\n1\n", y(), Values), @"FOLDER/table.csv: no column is left as input. Bring at least one column besides the target.");
    assert_snapshot!(say("x,price\n1,2\n", csv(&["prise"]), Values), @"FOLDER/table.csv: `target` names the column `prise`, which is not in the header. Perhaps it is `price`.");
    assert_snapshot!(say("x,price\n1,2\n", csv(&["outcome"]), Values), @"FOLDER/table.csv: `target` names the column `outcome`, which is not in the header. The columns are x, price.");
    assert_snapshot!(say("x,y\n1,2\n", Csv { ignore: vec!["y".into()], ..y() }, Values), @"data.ignore: the column `y` is named in `target` already. Give each column one role.");
    assert_snapshot!(say("x,y\n1,2\n", csv(&[]), Values), @"data.target: no column is named. Name the column to predict.");
    assert_snapshot!(say("x,y,z\n1,2,3\n", csv(&["y", "z"]), Classes), @r#"data.target: 2 columns, where one holds the class. Name one column, or use `task = "multi-label"` for several labels."#);
    assert_snapshot!(say("x,y\n1,2\n", Csv { delimiter: 'é', ..y() }, Values), @r"data.delimiter: `é` is not a single byte. Use `,`, `;` or a tab (`\t`).");
    let many: String = (0..1001).map(|i| format!("name {i},1\n")).collect();
    assert_snapshot!(say(&format!("x,y\n{many}"), y(), Values), @r#"FOLDER/table.csv, column `x`: 1001 different texts are too many for categories (at most 1000). Leave the column out with `ignore = ["x"]`."#);
    let latin = folder(&[("table.csv", b"x,y\n1,2\nZ\xfcrich,3\n")]);
    assert_snapshot!(self::say(&latin, y().read(latin.path(), Values)), @"FOLDER/table.csv, line 3, column `x`: `Z�rich` is not UTF-8 text. Save the file as UTF-8.");
    assert_snapshot!(self::say(&latin, Csv { path: "absent.csv".into(), ..y() }.read(latin.path(), Values)), @"FOLDER/absent.csv: there is no such file or folder. Check the path; a relative path in a recipe starts at the recipe's folder.");
}

/// A `.npy` file of these values.
fn npy<T: npyz::Serialize + npyz::AutoSerialize + Copy>(
    shape: &[u64],
    columns_first: bool,
    values: &[T],
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let order = if columns_first {
        npyz::Order::Fortran
    } else {
        npyz::Order::C
    };
    let mut writer = npyz::WriteOptions::new()
        .default_dtype()
        .shape(shape)
        .order(order)
        .writer(&mut bytes)
        .begin_nd()
        .unwrap();
    writer.extend(values.iter().copied()).unwrap();
    writer.finish().unwrap();
    bytes
}

fn npy_source() -> Npy {
    Npy {
        inputs: "x.npy".into(),
        labels: "y.npy".into(),
        ..Npy::default()
    }
}

fn block(raw: &Raw) -> (Vec<usize>, Vec<f32>) {
    let Inputs::Block { shape, values } = &raw.inputs else {
        panic!()
    };
    (shape.clone(), values.clone())
}

#[test]
fn arrays_of_every_number_type_and_order_are_read() {
    let half = [1.5, -2.0, 0.25, 8.0].map(half::f16::from_f64);
    for (bytes, expected) in [
        (npy(&[2, 2], false, &half), [1.5, -2.0, 0.25, 8.0]),
        (
            npy(&[2, 2], false, &[1.5_f32, -2.0, 0.25, 8.0]),
            [1.5, -2.0, 0.25, 8.0],
        ),
        (
            npy(&[2, 2], true, &[1.5_f64, 0.25, -2.0, 8.0]),
            [1.5, -2.0, 0.25, 8.0],
        ),
        (
            npy(&[2, 2], false, &[1_u8, 2, 3, 255]),
            [1.0, 2.0, 3.0, 255.0],
        ),
        (
            npy(&[2, 2], false, &[1_i16, -2, 3, 255]),
            [1.0, -2.0, 3.0, 255.0],
        ),
        (
            npy(&[2, 2], false, &[1_i32, -2, 3, 255]),
            [1.0, -2.0, 3.0, 255.0],
        ),
        (
            npy(&[2, 2], false, &[1_i64, -2, 3, 255]),
            [1.0, -2.0, 3.0, 255.0],
        ),
        (
            npy(&[2, 2], false, &[true, false, false, true]),
            [1.0, 0.0, 0.0, 1.0],
        ),
    ] {
        let folder = folder(&[("x.npy", &bytes), ("y.npy", &npy(&[2], false, &[1_u8, 0]))]);
        let raw = npy_source().read(folder.path(), Classes).unwrap();
        assert_eq!(block(&raw), (vec![2], expected.to_vec()));
        assert_eq!(labels(&raw), (vec!["0".into(), "1".into()], vec![1, 0]));
    }
}

#[test]
fn the_axes_of_a_fortran_array_keep_their_meaning() {
    // x[i, j, k] = 100 i + 10 j + k, stored first axis fastest.
    let stored: Vec<i32> = (0..24)
        .map(|at| 100 * (at % 2) + 10 * (at / 2 % 3) + at / 6)
        .collect();
    let folder = folder(&[
        ("x.npy", &npy(&[2, 3, 4], true, &stored)),
        ("y.npy", &npy(&[2], false, &[0.5_f32, 2.0])),
    ]);
    let (shape, values) = block(&npy_source().read(folder.path(), Values).unwrap());
    assert_eq!(shape, [3, 4]);
    let expected: Vec<f32> = (0..24)
        .map(|at| (100 * (at / 12) + 10 * (at / 4 % 3) + at % 4) as f32)
        .collect();
    assert_eq!(values, expected);
}

#[test]
fn an_archive_holds_both_arrays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("both.npz");
    let mut archive = npyz::npz::NpzWriter::create(&path).unwrap();
    for (name, shape, values) in [
        ("x", [3, 1], [1.0_f32, 2.0, 3.0]),
        ("y", [3, 1], [2.0, 0.0, 1.0]),
    ] {
        let mut writer = archive
            .array(name, Default::default())
            .unwrap()
            .default_dtype()
            .shape(&shape)
            .begin_nd()
            .unwrap();
        writer.extend(values).unwrap();
        writer.finish().unwrap();
    }
    drop(archive);
    let names = Some(vec!["a".into(), "b".into(), "c".into(), "d".into()]);
    let source = Npy {
        path: Some("both.npz".into()),
        inputs: "x".into(),
        labels: "y".into(),
        names,
        ..Npy::default()
    };
    let raw = source.read(folder.path(), Classes).unwrap();
    assert_eq!(
        (block(&raw).1, labels(&raw).1, labels(&raw).0.len()),
        (vec![1.0, 2.0, 3.0], vec![2, 0, 1], 4)
    );
    assert_eq!(source.read_new(&path, Classes).unwrap(), raw);
    assert_snapshot!(say(&folder, Npy { inputs: "z".into(), ..source.clone() }.read(folder.path(), Classes)), @r#"FOLDER/both.npz: there is no array `z`; there are x, y. Name the arrays with `inputs = "…"` and `labels = "…"`."#);
    assert_snapshot!(say(&folder, Npy { labels: "z".into(), ..source }.read(folder.path(), Classes)), @"both.npz: the samples have no targets. Add the class of each sample.");
}

#[test]
fn hostile_arrays_are_refused_with_place_reason_and_remedy() {
    let x = npy(&[3, 2], false, &[1.0_f32, 2.0, 3.0, f32::NAN, 5.0, 6.0]);
    let good = npy(&[3, 2], false, &[1.0_f32; 6]);
    let try_pair = |x: &[u8], y: &[u8], kind| {
        let folder = folder(&[("x.npy", x), ("y.npy", y)]);
        say(&folder, npy_source().read(folder.path(), kind))
    };
    let y = npy(&[3], false, &[0_u8, 1, 2]);
    assert_snapshot!(try_pair(&x, &y, Classes), @"FOLDER/x.npy, row 1, column 1: NaN is not a finite 32-bit number. Fill it in or leave the row out; rows and columns count from 0.");
    assert_snapshot!(try_pair(&npy(&[1, 1], false, &[1e300_f64]), &y, Classes), @"FOLDER/x.npy, row 0, column 0: inf is not a finite 32-bit number. Fill it in or leave the row out; rows and columns count from 0.");
    assert_snapshot!(try_pair(&good[..good.len() - 3], &y, Classes), @"FOLDER/x.npy: not a whole NumPy file (failed to fill whole buffer). Write it again with numpy.save or numpy.savez.");
    assert_snapshot!(try_pair(b"not numpy", &y, Classes), @"FOLDER/x.npy: not a whole NumPy file (magic not found for NPY file). Write it again with numpy.save or numpy.savez.");
    assert_snapshot!(try_pair(b"", &y, Classes), @"FOLDER/x.npy: the file is empty (0 bytes). Fetch or write it again.");
    assert_snapshot!(try_pair(&npy(&[0, 2], false, &[0.0_f32; 0]), &y, Classes), @"FOLDER/x.npy: shape [0, 2] holds no number. Save an array `[samples, …]`.");
    assert_snapshot!(try_pair(&good, &npy(&[2], false, &[0_u8, 1]), Classes), @"FOLDER/y.npy: shape [2] does not fit 3 samples. Save one row of labels per sample: `[samples]` or `[samples, targets]`.");
    assert_snapshot!(try_pair(&good, &npy(&[3], false, &[0.0_f32, 1.0, 0.5]), Classes), @"FOLDER/y.npy, row 2: 0.5 is not a class from 0 to 65535. Number the classes from 0.");
    assert_snapshot!(try_pair(&good, &npy(&[3], false, &[0_i8, 1, -1]), Classes), @"FOLDER/y.npy, row 2: -1 is not a class from 0 to 65535. Number the classes from 0.");
    assert_snapshot!(try_pair(&good, &npy(&[3, 2], false, &[0_u8; 6]), Classes), @"FOLDER/y.npy: 2 columns, where one class per sample is expected. Save the number of each sample's class.");
    assert_snapshot!(try_pair(&good, &npy(&[3], false, &[0_u8, 1, 2]), Labels), @"FOLDER/y.npy, row 2, column 0: 2 is neither 0 nor 1. Save one column of zeros and ones per label.");
    let mut objects =
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '|O', 'fortran_order': False, 'shape': (3,), }"
            .to_vec();
    objects.resize(127, b' ');
    objects.extend(b"\nabc");
    assert_snapshot!(try_pair(&objects, &y, Classes), @"FOLDER/x.npy: elements of type '|O' are not numbers Distil reads. Convert them first, for example with `.astype(numpy.float32)`; classes are numbers from 0, their names go into `names`.");
}

fn wav(rate: u32, channels: u16, samples: &[i16]) -> Vec<u8> {
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    samples
        .iter()
        .for_each(|sample| writer.write_sample(*sample).unwrap());
    writer.finalize().unwrap();
    bytes.into_inner()
}

fn fsdd(features: LogMel) -> Fsdd {
    Fsdd {
        features,
        ..serde_json::from_value(serde_json::json!({ "path": "" })).unwrap()
    }
}

#[test]
fn log_mel_features_agree_with_their_formula_in_numpy() {
    let vectors: serde_json::Value = serde_json::from_str(include_str!(
        "../../../../../testdata/reference/logmel/vectors.json"
    ))
    .unwrap();
    let sound: Vec<i16> = serde_json::from_value(vectors["sound"].clone()).unwrap();
    let folder = folder(&[("3_ann_7.wav", &wav(8000, 1, &sound))]);
    for case in vectors["cases"].as_array().unwrap() {
        let mut options = case.clone();
        let expected: Vec<Vec<f32>> =
            serde_json::from_value(options.as_object_mut().unwrap().remove("features").unwrap())
                .unwrap();
        let features: LogMel = serde_json::from_value(options).unwrap();
        let (shape, values) = block(&fsdd(features).read(folder.path(), Classes).unwrap());
        assert_eq!(shape, [expected.len(), expected[0].len()]);
        for (a, b) in values.iter().zip(expected.iter().flatten()) {
            assert!((a - b).abs() < 1e-3, "{a} {b}");
        }
        let worst = values
            .iter()
            .zip(expected.iter().flatten())
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(worst < 1e-3 && values.iter().any(|x| *x > -5.0), "{worst}");
    }
}

#[test]
fn recordings_are_named_by_digit_speaker_and_index() {
    let sound = wav(8000, 1, &[100; 400]);
    let folder = folder(&[
        ("3_bob_7.wav", &sound),
        ("0_ann_lee_4.wav", &sound),
        ("9_ann_lee_5.wav", &sound),
        ("notes.txt", b""),
    ]);
    let raw = fsdd(LogMel::default())
        .read(folder.path(), Classes)
        .unwrap();
    assert_eq!(
        raw.rows.clone().unwrap(),
        ["0_ann_lee_4.wav", "3_bob_7.wav", "9_ann_lee_5.wav"]
    );
    assert_eq!(labels(&raw).1, [0, 3, 9]);
    assert_eq!(
        (raw.groups[0].members.clone(), raw.groups[0].codes.clone()),
        (vec!["ann_lee".into(), "bob".into()], vec![0, 1, 0])
    );
    assert_eq!(
        raw.official.clone().unwrap(),
        [Part::Test, Part::Train, Part::Train]
    );
    let parent = tempfile::tempdir().unwrap();
    std::fs::rename(folder.path(), parent.path().join("recordings")).unwrap();
    assert_eq!(
        fsdd(LogMel::default())
            .read(parent.path(), Classes)
            .unwrap(),
        raw
    );
    let one = parent.path().join("recordings/3_bob_7.wav");
    assert_eq!(
        labels(&fsdd(LogMel::default()).read_new(&one, Classes).unwrap()).1,
        [3]
    );
    let unnamed = parent.path().join("hello.wav");
    std::fs::copy(&one, &unnamed).unwrap();
    assert_eq!(
        fsdd(LogMel::default())
            .read_new(&unnamed, Classes)
            .unwrap()
            .targets,
        None
    );
}

#[test]
fn hostile_recordings_are_refused_with_place_reason_and_remedy() {
    let good = wav(8000, 1, &[100; 400]);
    let only = |name: &str, bytes: &[u8]| {
        let folder = folder(&[("0_ann_0.wav", &good), (name, bytes)]);
        say(
            &folder,
            fsdd(LogMel::default()).read(folder.path(), Classes),
        )
    };
    assert_snapshot!(only("1_ann_0.wav", b""), @"FOLDER/1_ann_0.wav: the file is empty (0 bytes). Fetch or write it again.");
    assert_snapshot!(only("1_ann_0.wav", &good[..30]), @"FOLDER/1_ann_0.wav: not a whole WAV file (Failed to read enough bytes). Fetch it again or leave it out.");
    assert_snapshot!(only("1_ann_0.wav", &good[..300]), @"FOLDER/1_ann_0.wav: not a whole WAV file (Failed to read enough bytes). Fetch it again or leave it out.");
    assert_snapshot!(only("1_ann_0.wav", b"this is not a sound file at all"), @"FOLDER/1_ann_0.wav: not a whole WAV file (Ill-formed WAVE file: no RIFF tag found). Fetch it again or leave it out.");
    assert_snapshot!(only("1_ann_0.wav", &wav(16_000, 1, &[1; 9])), @"FOLDER/1_ann_0.wav: 16000 samples per second, where 8000 are expected. Resample it, or name the rate of all files with `rate`.");
    assert_snapshot!(only("1_ann_0.wav", &wav(8000, 2, &[1; 8])), @"FOLDER/1_ann_0.wav: 2 channels, where one is expected. Mix it down to mono.");
    assert_snapshot!(only("1_ann_0.wav", &wav(8000, 1, &[])), @"FOLDER/1_ann_0.wav: there is no sound in it. Fetch it again or leave it out.");
    assert_snapshot!(only("hello.wav", &good), @"FOLDER/hello.wav: the name is not {digit}_{speaker}_{index}.wav. Rename the file or leave it out.");
    let empty = folder(&[("notes.txt", b"")]);
    assert_snapshot!(say(&empty, fsdd(LogMel::default()).read(empty.path(), Classes)), @"FOLDER/: there is no WAV file in this folder. Name the folder of recordings, or its parent.");
    assert_snapshot!(say(&empty, fsdd(LogMel::default()).read(&empty.path().join("absent"), Classes)), @"FOLDER/absent/: there is no such file or folder. Check the path; a relative path in a recipe starts at the recipe's folder.");
    let sounds = folder(&[("0_ann_0.wav", &good)]);
    let features = |features| say(&sounds, fsdd(features).read(sounds.path(), Classes));
    assert_snapshot!(features(LogMel { log_mel: 200, ..LogMel::default() }), @"data.features: band 0 of 200 is narrower than the window's frequency resolution. Use fewer bands or a longer window.");
    assert_snapshot!(features(LogMel { high_hz: Some(5000.0), ..LogMel::default() }), @"data.features: 0 Hz to 5000 Hz is not a range below half the rate, 4000 Hz. Correct `low_hz` and `high_hz`.");
    assert_snapshot!(features(LogMel { frames: 0, ..LogMel::default() }), @"data.features: bands, frames, window and hop must be positive. Correct the numbers.");
}

#[test]
fn a_source_survives_the_model_s_json() {
    let sources = [
        AnySource::Digits(Digits::default()),
        AnySource::Gaussian(Gaussian::default()),
        AnySource::Csv(csv(&["a", "b"])),
        AnySource::Npy(npy_source()),
        AnySource::Fsdd(fsdd(LogMel::default())),
    ];
    for source in sources {
        let text = serde_json::to_string(&source).unwrap();
        assert_eq!(
            serde_json::from_str::<AnySource>(&text).unwrap(),
            source,
            "{text}"
        );
    }
    assert_eq!(
        serde_json::from_str::<Names>("\"y\"").unwrap(),
        Names(vec!["y".into()])
    );
}

#[test]
fn every_source_is_found_by_its_name_in_a_recipe() {
    use distil::data::source::SOURCES;
    use distil_recipe::{Problems, RecipeText, parse};
    let names: Vec<&str> = SOURCES.names().collect();
    assert_eq!(names, ["digits", "gaussian", "csv", "npy", "fsdd"]);
    let text = "task = \"classification\"\n[data]\nsource = \"csv\"\npath = \"t.csv\"\ntarget = [\"a\", \"b\"]\nscale = \"none\"\n[stage.s]\nmodel = \"mlp\"\n";
    let (recipe, _) = parse(&RecipeText::new("r.toml", text));
    let mut problems = Problems::new();
    let source = SOURCES
        .resolve(&recipe.unwrap().data.source, &mut problems)
        .unwrap();
    assert_eq!(
        (problems.len(), source.describe()),
        (0, "the table t.csv, target a, b".to_string())
    );
}
