use std::fs;
use std::io::Write;
use std::path::Path;

use distil::data::source::{Npy, Source};
use distil_report::measure::TaskKind;
use insta::assert_snapshot;
use npyz::WriterBuilder;

use super::{block, folder, labels, say};
use TaskKind::{Classification, MultiLabel, Regression};

/// An `.npz` archive of these `.npy` files.
pub fn npz(path: &Path, arrays: &[(&str, Vec<u8>)]) {
    let mut archive = zip::ZipWriter::new(fs::File::create(path).unwrap());
    for (name, bytes) in arrays {
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(format!("{name}.npy"), options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap();
}

/// A `.npy` file of these values.
pub fn npy<T: npyz::Serialize + npyz::AutoSerialize + Copy>(
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
        let raw = npy_source().read(folder.path(), Classification).unwrap();
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
    let (shape, values) = block(&npy_source().read(folder.path(), Regression).unwrap());
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
    let x = npy(&[3, 1], false, &[1.0_f32, 2.0, 3.0]);
    let y = npy(&[3, 1], false, &[2.0_f32, 0.0, 1.0]);
    npz(&path, &[("x", x), ("y", y)]);
    let names = Some(vec!["a".into(), "b".into(), "c".into(), "d".into()]);
    let source = Npy {
        path: Some("both.npz".into()),
        inputs: "x".into(),
        labels: "y".into(),
        names,
        ..Npy::default()
    };
    let raw = source.read(folder.path(), Classification).unwrap();
    assert_eq!(
        (block(&raw).1, labels(&raw).1, labels(&raw).0.len()),
        (vec![1.0, 2.0, 3.0], vec![2, 0, 1], 4)
    );
    assert_eq!(source.read_new(&path, Classification).unwrap(), raw);
    assert_snapshot!(say(&folder, Npy { inputs: "z".into(), ..source.clone() }.read(folder.path(), Classification)), @r#"FOLDER/both.npz: there is no array `z`; there are x, y. Name the arrays with `inputs = "…"` and `labels = "…"`."#);
    assert_snapshot!(say(&folder, Npy { labels: "z".into(), ..source }.read(folder.path(), Classification)), @"both.npz: the samples have no targets. Add the class of each sample.");
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
    assert_snapshot!(try_pair(&x, &y, Classification), @"FOLDER/x.npy, row 1, column 1: NaN is not a finite 32-bit number. Fill it in or leave the row out; rows and columns count from 0.");
    assert_snapshot!(try_pair(&npy(&[1, 1], false, &[1e300_f64]), &y, Classification), @"FOLDER/x.npy, row 0, column 0: inf is not a finite 32-bit number. Fill it in or leave the row out; rows and columns count from 0.");
    assert_snapshot!(try_pair(&good[..good.len() - 3], &y, Classification), @"FOLDER/x.npy: not a whole NumPy file (21 bytes follow its header, which says [3, 2] of <f4). Write it again with numpy.save or numpy.savez.");
    assert_snapshot!(try_pair(b"not numpy", &y, Classification), @"FOLDER/x.npy: not a whole NumPy file (it does not begin like one). Write it again with numpy.save or numpy.savez.");
    assert_snapshot!(try_pair(b"", &y, Classification), @"FOLDER/x.npy: the file is empty (0 bytes). Fetch or write it again.");
    assert_snapshot!(try_pair(&npy(&[0, 2], false, &[0.0_f32; 0]), &y, Classification), @"FOLDER/x.npy: shape [0, 2] holds no number. Save an array `[samples, …]`.");
    assert_snapshot!(try_pair(&good, &npy(&[2], false, &[0_u8, 1]), Classification), @"FOLDER/y.npy: shape [2] does not fit 3 samples. Save one row of labels per sample: `[samples]` or `[samples, targets]`.");
    assert_snapshot!(try_pair(&good, &npy(&[3], false, &[0.0_f32, 1.0, 0.5]), Classification), @"FOLDER/y.npy, row 2: 0.5 is not a class from 0 to 65535. Number the classes from 0.");
    assert_snapshot!(try_pair(&good, &npy(&[3], false, &[0_i8, 1, -1]), Classification), @"FOLDER/y.npy, row 2: -1 is not a class from 0 to 65535. Number the classes from 0.");
    assert_snapshot!(try_pair(&good, &npy(&[3, 2], false, &[0_u8; 6]), Classification), @"FOLDER/y.npy: 2 columns, where one class per sample is expected. Save the number of each sample's class.");
    assert_snapshot!(try_pair(&good, &npy(&[3], false, &[0_u8, 1, 2]), MultiLabel), @"FOLDER/y.npy, row 2, column 0: 2 is neither 0 nor 1. Save one column of zeros and ones per label.");
    let mut objects =
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '|O', 'fortran_order': False, 'shape': (3,), }"
            .to_vec();
    objects.resize(127, b' ');
    objects.extend(b"\nabc");
    assert_snapshot!(try_pair(&objects, &y, Classification), @"FOLDER/x.npy: elements of type '|O' are not numbers Distil reads. Convert them first, for example with `.astype(numpy.float32)`; classes are numbers from 0, their names go into `names`.");
}
