//! Sources of pictures against PIL and numpy (`testdata/reference/pictures/make.py`), and hostile files.

use std::fs;
use std::path::{Path, PathBuf};

use distil::data::source::{AnySource, CifarBinary, Colour, Idx, ImageFolder, Parquet, Source};
use distil::data::{Dataset, Inputs, Part, Raw, Scaling, Split};
use distil::sample::SampleId;
use distil_report::measure::TaskKind::Classification;
use insta::assert_snapshot;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{folder, from, labels, say};

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../testdata/reference/pictures")
        .join(name)
}

fn pixels() -> Value {
    serde_json::from_str(include_str!(
        "../../../../../../testdata/reference/pictures/pixels.json"
    ))
    .unwrap()
}

fn numbers(value: &Value) -> Vec<u8> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_u64().unwrap() as u8)
        .collect()
}

fn bytes(raw: &Raw) -> (Vec<usize>, Vec<u8>) {
    let Inputs::Bytes { shape, values } = &raw.inputs else {
        panic!("no bytes")
    };
    (shape.clone(), values.to_vec())
}

fn parquet(path: &Path) -> Parquet {
    from(&json!({ "path": path }).to_string())
}

fn image_folder(path: &Path) -> ImageFolder {
    from(&json!({ "path": path }).to_string())
}

fn read(source: &impl Source) -> Raw {
    source.read(Path::new(""), Classification).unwrap()
}

/// Mean and largest difference.
fn differences(ours: &[u8], theirs: &[u8]) -> (f64, u8) {
    assert_eq!(ours.len(), theirs.len());
    let all = ours.iter().zip(theirs).map(|(a, b)| a.abs_diff(*b));
    let mean = all.clone().map(f64::from).sum::<f64>() / ours.len() as f64;
    (mean, all.max().unwrap())
}

#[test]
fn a_parquet_file_of_the_hub_decodes_as_pil_does() {
    let source = parquet(&reference("tiny.parquet"));
    let expected = pixels();
    for (colour, key, shape) in [
        (Colour::Rgb, "rgb", vec![12, 16, 3]),
        (Colour::Grey, "grey", vec![12, 16]),
    ] {
        let raw = read(&Parquet {
            colour,
            ..source.clone()
        });
        let (found, values) = bytes(&raw);
        assert_eq!(found, shape);
        for (row, picture) in values.chunks(shape.iter().product()).enumerate() {
            let (mean, most) = differences(picture, &numbers(&expected[key][row]));
            match row {
                // PNG has one decoding; JPEG decoders round and interpolate colours in their own ways.
                6.. => assert_eq!(most, 0, "{key} row {row}"),
                _ => assert!(mean < 1.0 && most <= 24, "{key} row {row}: {mean} {most}"),
            }
        }
    }
    let raw = read(&source);
    assert_eq!(labels(&raw).0, ["ape", "bee", "cat"]);
    assert_eq!(labels(&raw).1, [0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);
    assert_eq!(raw.official, None);
    assert_eq!(raw.hash, read(&source).hash);
}

#[test]
fn pictures_are_brought_to_a_size_by_area_means() {
    let raw = read(&Parquet {
        size: Some([5, 7]),
        ..parquet(&reference("tiny.parquet"))
    });
    let (shape, values) = bytes(&raw);
    assert_eq!(shape, [5, 7, 3]);
    let expected = pixels();
    let expected = expected["area"]
        .as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_f64().unwrap());
    for (ours, theirs) in values[6 * 105..7 * 105].iter().zip(expected) {
        assert!(
            (f64::from(*ours) - theirs).abs() <= 0.501,
            "{ours} {theirs}"
        );
    }
}

#[test]
fn a_folder_of_folders_has_a_class_each_and_its_pictures_their_names() {
    let raw = read(&image_folder(&reference("folder")));
    let rows = raw.rows.clone().unwrap();
    assert_eq!(rows, ["ape/0.png", "ape/1.png", "bee/0.png", "bee/1.png"]);
    assert_eq!(
        labels(&raw),
        (vec!["ape".into(), "bee".into()], vec![0, 0, 1, 1])
    );
    let expected = pixels();
    let (shape, values) = bytes(&raw);
    assert_eq!(shape, [12, 16, 3]);
    for (row, picture) in rows.iter().zip(values.chunks(12 * 16 * 3)) {
        assert_eq!(picture, numbers(&expected["folder"][row]), "{row}");
    }
}

/// Copies the reference folder's classes into `to`.
fn copy_classes(to: &Path) {
    for class in ["ape", "bee"] {
        fs::create_dir_all(to.join(class)).unwrap();
        for name in ["0.png", "1.png"] {
            fs::copy(
                reference("folder").join(class).join(name),
                to.join(class).join(name),
            )
            .unwrap();
        }
    }
}

#[test]
fn folders_of_parts_are_the_official_parts() {
    let folder = tempfile::tempdir().unwrap();
    copy_classes(&folder.path().join("train"));
    copy_classes(&folder.path().join("test"));
    fs::remove_dir_all(folder.path().join("test/ape")).unwrap();
    let raw = read(&image_folder(folder.path()));
    assert_eq!(labels(&raw).1, [0, 0, 1, 1, 1, 1]);
    assert_eq!(
        raw.official.unwrap()[3..],
        [Part::Train, Part::Test, Part::Test]
    );
    assert_eq!(raw.rows.unwrap()[4], "test/bee/0.png");
    fs::rename(
        folder.path().join("test/bee"),
        folder.path().join("test/owl"),
    )
    .unwrap();
    assert_snapshot!(say(&folder, image_folder(folder.path()).read(Path::new(""), Classification)), @"FOLDER/test/owl: there is no class `owl` in FOLDER/train. Leave it out, or bring samples to train on.");
}

#[test]
fn idx_files_are_read_plain_or_packed_with_their_parts() {
    let raw = read(&from::<Idx>(
        &json!({ "path": reference("idx"), "names": ["a", "b", "c"] }).to_string(),
    ));
    let (shape, values) = bytes(&raw);
    assert_eq!(shape, [4, 3]);
    let expected: Vec<u8> = (0..72).chain(100..124).collect();
    assert_eq!(values, expected);
    assert_eq!(
        labels(&raw),
        (
            vec!["a".into(), "b".into(), "c".into()],
            vec![0, 1, 2, 0, 1, 2, 2, 0]
        )
    );
    assert_eq!(
        raw.official.unwrap()[5..],
        [Part::Train, Part::Test, Part::Test]
    );
}

#[test]
fn idx_files_are_found_in_the_folders_that_other_programs_make() {
    let expected = read(&from::<Idx>(
        &json!({ "path": reference("idx") }).to_string(),
    ));
    for nested in ["raw", "MNIST/raw"] {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join(nested);
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(reference("idx")).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
        let raw = read(&from::<Idx>(&json!({ "path": folder.path() }).to_string()));
        assert_eq!(bytes(&raw), bytes(&expected), "{nested}");
        assert_eq!(raw.official, expected.official, "{nested}");
    }
}

#[test]
fn cifar_records_become_rows_of_red_green_and_blue() {
    let raw = read(&from::<CifarBinary>(
        &json!({ "path": reference("cifar") }).to_string(),
    ));
    let expected = pixels();
    let (shape, values) = bytes(&raw);
    assert_eq!(shape, [32, 32, 3]);
    assert_eq!(labels(&raw).0, ["ape", "bee", "cat"]);
    let found: Vec<u8> = labels(&raw).1.iter().map(|label| *label as u8).collect();
    assert_eq!(found, numbers(&expected["cifar"]["labels"]));
    assert_eq!(values[3072..6144], numbers(&expected["cifar"]["rgb"]));
    use Part::{Test, Train};
    assert_eq!(raw.official.unwrap(), [Train, Train, Train, Test, Test]);
}

#[test]
fn a_model_of_pictures_reads_files_folders_and_parquet() {
    let trained = read(&Parquet {
        size: Some([6, 8]),
        ..parquet(&reference("tiny.parquet"))
    });
    let settled = parquet(&reference("tiny.parquet")).settled(&trained);
    assert_eq!(settled.size, Some([6, 8]));
    let new = |source: &dyn Fn(&Path) -> distil::Result<Raw>, name: &str| {
        source(&reference(name)).unwrap()
    };
    let by_parquet = |path: &Path| settled.read_new(path, Classification);
    let one = new(&by_parquet, "folder/ape/0.png");
    assert_eq!(
        (one.len(), one.rows.clone().unwrap(), one.targets.is_none()),
        (1, vec!["0.png".to_string()], true)
    );
    assert_eq!(bytes(&one).0, [6, 8, 3]);
    assert_eq!(
        new(&by_parquet, "folder/ape").rows.unwrap(),
        ["0.png", "1.png"]
    );
    assert_eq!(labels(&new(&by_parquet, "folder")).1, [0, 0, 1, 1]);
    assert_eq!(new(&by_parquet, "tiny.parquet"), trained);

    let idx: Idx = from(&json!({ "path": reference("idx") }).to_string());
    let idx = idx.settled(&read(&idx));
    let by_idx = |path: &Path| idx.read_new(path, Classification);
    assert_eq!(bytes(&new(&by_idx, "folder/ape/0.png")).0, [4, 3]);
    assert_eq!(
        labels(&new(&by_idx, "idx/train-images-idx3-ubyte")).1,
        [0, 1, 2, 0, 1, 2]
    );
    assert_eq!(new(&by_idx, "idx").len(), 8);
    let cifar: CifarBinary = from(&json!({ "path": reference("cifar") }).to_string());
    assert_eq!(
        bytes(
            &cifar
                .read_new(&reference("folder/ape/0.png"), Classification)
                .unwrap()
        )
        .0,
        [32, 32, 3]
    );
    // What a model stores reads back, the size included.
    let text = serde_json::to_string(&AnySource::Idx(idx.clone())).unwrap();
    assert_eq!(
        serde_json::from_str::<AnySource>(&text).unwrap(),
        AnySource::Idx(idx)
    );
}

#[test]
fn bytes_are_scaled_as_the_same_numbers_are_and_stay_bytes() {
    let raw = read(&image_folder(&reference("folder")));
    let (shape, values) = bytes(&raw);
    let as_numbers = Raw {
        inputs: Inputs::Block {
            shape,
            values: values.iter().map(|x| f32::from(*x)).collect(),
        },
        ..raw.clone()
    };
    let split = || Split {
        train: (0..3).map(SampleId).collect(),
        ..Split::default()
    };
    let all: Vec<SampleId> = (0..4).map(SampleId).collect();
    for scaling in [
        Scaling::None,
        Scaling::Range(255.0),
        Scaling::Standard,
        Scaling::Global,
        Scaling::Channel,
    ] {
        let ours = Dataset::prepare(raw.clone(), split(), scaling).unwrap();
        let theirs = Dataset::prepare(as_numbers.clone(), split(), scaling).unwrap();
        let pairs = ours
            .inputs
            .rows(&all)
            .values
            .into_iter()
            .zip(theirs.inputs.rows(&all).values);
        for (a, b) in pairs {
            assert!(
                (a - b).abs() <= 1e-5 * b.abs().max(1.0),
                "{scaling:?}: {a} {b}"
            );
        }
        assert_eq!(ours.pixels(SampleId(2)).unwrap(), values[2 * 576..3 * 576]);
    }
    let data = Dataset::prepare(raw, split(), Scaling::Channel).unwrap();
    for channel in 0..3 {
        let train = data.inputs.rows(&split().train).values;
        let own: Vec<f64> = train
            .iter()
            .skip(channel)
            .step_by(3)
            .map(|x| f64::from(*x))
            .collect();
        let mean = own.iter().sum::<f64>() / own.len() as f64;
        let variance = own.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / own.len() as f64;
        assert!(
            mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-4,
            "{mean} {variance}"
        );
    }
}

#[test]
fn a_broken_picture_inside_a_parquet_file_is_named_by_its_row() {
    let error = parquet(&reference("broken.parquet"))
        .read(Path::new(""), Classification)
        .unwrap_err();
    assert!(error.place.ends_with("broken.parquet, row 3"), "{error}");
    assert_snapshot!(error.reason, @"not a whole JPEG file (its end is missing)");
    let whole = fs::read(reference("tiny.parquet")).unwrap();
    let cut = folder(&[
        ("cut.parquet", &whole[..whole.len() / 2]),
        ("other.parquet", b"PAR1PAR1"),
    ]);
    for name in ["cut.parquet", "other.parquet"] {
        let error = say(
            &cut,
            parquet(&cut.path().join(name)).read(Path::new(""), Classification),
        );
        assert!(
            error.starts_with(&format!("FOLDER/{name}: not a whole parquet file (")),
            "{error}"
        );
    }
}

#[test]
fn any_byte_of_a_parquet_file_may_be_wrong_without_a_crash() {
    let whole = fs::read(reference("tiny.parquet")).unwrap();
    let spoilt = tempfile::tempdir().unwrap();
    let path = spoilt.path().join("t.parquet");
    for at in (0..whole.len())
        .step_by(37)
        .chain(whole.len() - 200..whole.len())
    {
        let mut file = whole.clone();
        file[at] ^= 0x5a;
        fs::write(&path, &file).unwrap();
        // Either is right: pixels can change without a trace.
        let _ = parquet(&path).read(Path::new(""), Classification);
    }
}

#[test]
fn pictures_that_cannot_be_used_say_which_and_why() {
    let reading = |folder: &TempDir| {
        say(
            folder,
            image_folder(folder.path()).read(Path::new(""), Classification),
        )
    };
    let make = || {
        let folder = tempfile::tempdir().unwrap();
        copy_classes(folder.path());
        folder
    };
    let truncated = make();
    let jpeg = {
        let raw = fs::read(reference("tiny.parquet")).unwrap();
        let start = raw
            .windows(3)
            .position(|w| w == [0xff, 0xd8, 0xff])
            .unwrap();
        raw[start..start + 300].to_vec()
    };
    fs::write(truncated.path().join("ape/1.jpg"), jpeg).unwrap();
    assert_snapshot!(reading(&truncated), @"FOLDER/ape/1.jpg: not a whole JPEG file (its end is missing). Fetch it again or leave it out.");
    let half = make();
    let png = fs::read(reference("folder/bee/1.png")).unwrap();
    fs::write(half.path().join("bee/1.png"), &png[..png.len() / 2]).unwrap();
    assert!(
        reading(&half).starts_with("FOLDER/bee/1.png: not a whole PNG file ("),
        "{}",
        reading(&half)
    );
    let text = make();
    fs::write(text.path().join("bee/2.png"), "hello").unwrap();
    assert_snapshot!(reading(&text), @"FOLDER/bee/2.png: it begins like none of JPEG, PNG, WebP, GIF, BMP and TIFF. Fetch it again or leave it out.");
    let empty = make();
    fs::create_dir(empty.path().join("cat")).unwrap();
    assert_snapshot!(reading(&empty), @"FOLDER/cat: there is no picture in this class's folder. Bring .jpg, .jpeg, .jpe, .jfif, .png, .webp, .gif, .bmp, .dib, .tif or .tiff files, or remove the folder.");
    let alone = make();
    fs::remove_dir_all(alone.path().join("bee")).unwrap();
    assert_snapshot!(reading(&alone), @"FOLDER: only one folder is in it, where each of at least two classes needs one. Put each class's pictures into a folder with the class's name; such folders may lie in folders of parts, named train or training, validation, valid, val or dev, test or testing. Or name a table of files and classes (`list = \"labels.csv\"`), or what the files' names are made of (`pattern = \"{class}_*\"`).");
    let sizes = make();
    let other = read(&Parquet {
        size: None,
        ..parquet(&reference("tiny.parquet"))
    });
    assert_eq!(bytes(&other).0, [12, 16, 3]);
    fs::write(sizes.path().join("bee/2.png"), small_png()).unwrap();
    assert_snapshot!(reading(&sizes), @"FOLDER/bee/2.png: 1 × 1 pixels, where the first picture has 12 × 16. Bring all to one size, for example with `size = [12, 16]`.");
    let brought = ImageFolder {
        size: Some([6, 6]),
        ..image_folder(sizes.path())
    };
    assert_eq!(bytes(&read(&brought)).0, [6, 6, 3]);
    let none = ImageFolder {
        size: Some([0, 6]),
        ..image_folder(sizes.path())
    };
    assert_snapshot!(say(&sizes, none.read(Path::new(""), Classification)), @"data.size: 0 × 6 pixels are no picture. Write height and width, for example `size = [32, 32]`.");
}

/// A grey PNG of one pixel.
fn small_png() -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 1, 1);
    encoder.set_color(png::ColorType::Grayscale);
    encoder
        .write_header()
        .unwrap()
        .write_image_data(&[7])
        .unwrap();
    file
}

#[test]
fn idx_and_cifar_files_that_cannot_be_used_say_which_and_why() {
    let idx = |change: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        for file in fs::read_dir(reference("idx")).unwrap().flatten() {
            fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
        change(folder.path());
        let source: Idx =
            from(&json!({ "path": folder.path(), "names": ["a", "b", "c"] }).to_string());
        say(&folder, source.read(Path::new(""), Classification))
    };
    let spoil = |name: &'static str, at: usize, byte: u8| {
        move |folder: &Path| {
            let mut bytes = fs::read(folder.join(name)).unwrap();
            bytes[at] = byte;
            fs::write(folder.join(name), bytes).unwrap();
        }
    };
    assert_snapshot!(idx(&spoil("train-images-idx3-ubyte", 2, 13)), @"FOLDER/train-images-idx3-ubyte: begins with 00 00 0d 03, where an IDX file of bytes with 3 axes begins with 00 00 08 03. Fetch it again, or name another file.");
    assert_snapshot!(idx(&spoil("train-images-idx3-ubyte", 7, 7)), @"FOLDER/train-images-idx3-ubyte: 72 bytes follow its head, which says [7, 4, 3]. Fetch it again, or name another file.");
    assert_snapshot!(idx(&spoil("train-labels-idx1-ubyte", 11, 9)), @"FOLDER/train-labels-idx1-ubyte, row 3: class 9, but `names` has 3 names. Name every class, the first being 0.");
    assert_snapshot!(idx(&|folder| fs::write(folder.join("t10k-labels-idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, 1, 0]).unwrap()), @"FOLDER/t10k-labels-idx1-ubyte: 1 classes, where FOLDER/t10k-images-idx3-ubyte.gz has 2 pictures. Fetch both files again.");
    assert_snapshot!(idx(&|folder| fs::remove_file(folder.join("t10k-images-idx3-ubyte.gz")).unwrap()), @"FOLDER: there is no file `t10k-images-idx3-ubyte`, plain or .gz. Name the folder of the four IDX files.");
    let cifar = |change: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        for file in fs::read_dir(reference("cifar")).unwrap().flatten() {
            fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
        change(folder.path());
        let source: CifarBinary = from(&json!({ "path": folder.path() }).to_string());
        say(&folder, source.read(Path::new(""), Classification))
    };
    assert_snapshot!(cifar(&spoil("data_batch_2.bin", 0, 3)), @"FOLDER/data_batch_2.bin, row 0: class 3, but there are 3 names. Fetch the folder again.");
    assert_snapshot!(cifar(&|folder| fs::write(folder.join("data_batch_1.bin"), [0; 3000]).unwrap()), @"FOLDER/data_batch_1.bin: 3000 bytes are not a whole number of records of 3073 bytes. Fetch it again.");
    assert_snapshot!(cifar(&|folder| fs::remove_file(folder.join("test_batch.bin")).unwrap()), @"FOLDER: there is no test_batch.bin or test.bin. Name the unpacked folder, cifar-10-batches-bin or cifar-100-binary.");
}
