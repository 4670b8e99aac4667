//! Every format of the table in docs/data.md against what other programs read (`testdata/formats/make.py`).

use std::fs;
use std::path::{Path, PathBuf};

use distil::data::source::{Axes, Background, Csv, Fsdd, ImageFolder, Npy, Parquet, Source};
use distil::data::{Cells, Inputs, Part, Raw};
use distil_report::measure::TaskKind::Classification;
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{block, from, labels};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../testdata/formats")
        .join(name)
}

fn expected() -> Value {
    serde_json::from_str(include_str!(
        "../../../../../../testdata/formats/expected.json"
    ))
    .unwrap()
}

fn names(folder: &str) -> Vec<String> {
    let files = fs::read_dir(file(folder)).unwrap();
    let mut names: Vec<String> = files
        .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn pixels(raw: &Raw) -> Vec<i32> {
    let Inputs::Bytes { values, .. } = &raw.inputs else {
        panic!("no bytes")
    };
    values.iter().map(|x| i32::from(*x)).collect()
}

fn pictures() -> ImageFolder {
    from(r#"{ "path": "" }"#)
}

fn picture(name: &str, source: &ImageFolder) -> Raw {
    source.read_new(&file(name), Classification).unwrap()
}

/// The largest difference to what Pillow decodes.
fn difference(raw: &Raw, key: &str) -> i32 {
    let expected: Vec<i32> = serde_json::from_value(expected()["pictures"][key].clone()).unwrap();
    let found = pixels(raw);
    assert_eq!(found.len(), expected.len(), "{key}");
    let pairs = found.iter().zip(&expected);
    pairs.map(|(a, b)| (a - b).abs()).max().unwrap()
}

#[test]
fn pictures_of_every_format_are_what_pillow_decodes_whatever_their_names() {
    let mut read = 0;
    for name in names("pictures") {
        if expected()["pictures"].get(&name).is_none() {
            continue;
        }
        let raw = picture(&format!("pictures/{name}"), &pictures());
        // JPEG and lossy WebP decoders round in their own ways.
        let most = match name.as_str() {
            "jpeg.jpg" | "jpeg.jfif" | "webp.webp" => 6,
            _ => 0,
        };
        let found = difference(&raw, &name);
        assert!(found <= most, "{name}: {found}");
        read += 1;
    }
    assert!(read >= 11, "{read}");
}

#[test]
fn exif_orientation_is_applied_and_said() {
    for orientation in 1..=8 {
        for suffix in ["png", "jpg"] {
            let name = format!("exif-{orientation}.{suffix}");
            let raw = picture(&format!("exif/{name}"), &pictures());
            let most = if suffix == "png" { 0 } else { 6 };
            let found = difference(&raw, &name);
            assert!(found <= most, "{name}: {found}");
            let notes = match orientation {
                1 => vec![],
                _ => vec![
                    "1 of 1 pictures are turned or mirrored, as their EXIF orientation says"
                        .to_string(),
                ],
            };
            assert_eq!(raw.notes, notes, "{name}");
        }
    }
}

#[test]
fn transparent_pictures_are_laid_over_a_background_or_said_to_be_transparent() {
    let without = picture("pictures/alpha.png", &pictures());
    assert!(pixels(&without).iter().all(|x| *x == 0));
    assert_snapshot!(without.notes.join("\n"), @r#"1 of 1 pictures have transparent pixels, and what lies under them is read; `background = "white"` or "black" lays them over it"#);
    for (background, key) in [
        (Background::White, "alpha.png on white"),
        (Background::Black, "alpha.png on black"),
    ] {
        let source = ImageFolder {
            background: Some(background),
            ..pictures()
        };
        let raw = picture("pictures/alpha.png", &source);
        assert_eq!(difference(&raw, key), 0, "{key}");
        assert_eq!(raw.notes, [""; 0]);
    }
}

#[test]
fn pictures_of_16_bits_that_use_few_of_them_are_said_to() {
    let raw = picture("pictures/16-bit-dark.png", &pictures());
    assert_snapshot!(raw.notes.join("\n"), @"1 of 1 pictures have 16 bits and no number above 500: of the 256 levels of 8 bits 2 are used; spread them over the 16 bits before");
    assert_eq!(picture("pictures/16-bit.png", &pictures()).notes, [""; 0]);
}

/// A folder with two classes of these files, each under a name of its own.
fn two_classes(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for class in ["a", "b"] {
        for name in files {
            let to = folder
                .path()
                .join(class)
                .join(name.rsplit('/').next().unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(file(name), to).unwrap();
        }
    }
    folder
}

fn said(folder: &tempfile::TempDir, raw: &Raw) -> String {
    let notes = raw.notes.join("\n");
    notes.replace(&folder.path().display().to_string(), "FOLDER")
}

#[test]
fn every_picture_of_a_class_is_read_or_counted() {
    let folder = two_classes(&[
        "pictures/jpeg.jfif",
        "pictures/webp.webp",
        "pictures/bmp.bmp",
        "pictures/gif.gif",
        "pictures/tiff-lzw.tif",
        "pictures/no-suffix",
    ]);
    let inside = folder.path().join("a/more/deeper");
    fs::create_dir_all(&inside).unwrap();
    fs::copy(file("pictures/png.png"), inside.join("x.PNG")).unwrap();
    let jpe = folder.path().join("b/y.jpe");
    fs::copy(file("pictures/jpeg.jpg"), jpe).unwrap();
    fs::write(
        folder.path().join("b/z.heic"),
        b"\0\0\0\x18ftypheic\0\0\0\0",
    )
    .unwrap();
    fs::write(
        folder.path().join("b/named.jpg"),
        b"\0\0\0\x18ftypheic\0\0\0\0",
    )
    .unwrap();
    fs::write(folder.path().join("a/labels.csv"), "x,y\n").unwrap();
    fs::write(folder.path().join("a/Thumbs.db"), "x").unwrap();
    fs::write(folder.path().join("a/.DS_Store"), "x").unwrap();
    fs::copy(file("pictures/png.png"), folder.path().join("loose.png")).unwrap();
    let source = ImageFolder {
        path: folder.path().into(),
        ..pictures()
    };
    let raw = source.read(Path::new(""), Classification).unwrap();
    assert_eq!(raw.len(), 14);
    assert_eq!(labels(&raw).1.iter().sum::<u32>(), 7);
    assert!(
        raw.rows
            .as_ref()
            .unwrap()
            .contains(&"a/more/deeper/x.PNG".to_string())
    );
    assert_snapshot!(said(&folder, &raw), @r"
        1 pictures lie beside the folders of classes and are left out, the first FOLDER/loose.png
        3 files are left out of the pictures: FOLDER/b/z.heic is a HEIC picture; FOLDER/b/named.jpg is a HEIC picture, which is not read; FOLDER/a/labels.csv is named .csv
        ");
    // A model reads the whole folder: what lies loose and what lies in folders.
    let new = source.read_new(folder.path(), Classification).unwrap();
    assert_eq!((new.len(), new.targets.is_none()), (15, true));
}

#[test]
fn folders_of_parts_are_found_under_the_names_people_give_them() {
    for (train, other, parts) in [
        ("train", "test", [4, 0, 4]),
        ("Train", "Test", [4, 0, 4]),
        ("training", "testing", [4, 0, 4]),
        ("training_set", "test_set", [4, 0, 4]),
        ("seg_train/seg_train", "seg_test/seg_test", [4, 0, 4]),
        // Without a test part the validation part is it.
        ("train", "val", [4, 0, 4]),
        ("TRAIN", "Validation", [4, 0, 4]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for part in [train, other] {
            let from = two_classes(&["pictures/png.png", "pictures/bmp.bmp"]);
            let to = folder.path().join("archive").join(part);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::rename(from.keep(), to).unwrap();
        }
        let source = ImageFolder {
            path: folder.path().into(),
            ..pictures()
        };
        let raw = source.read(Path::new(""), Classification).unwrap();
        let official = raw.official.as_ref().unwrap();
        let count = |part| official.iter().filter(|other| **other == part).count();
        let found = [Part::Train, Part::Validation, Part::Test].map(count);
        assert_eq!(found, parts, "{train} {other}: {:?}", raw.notes);
        assert!(raw.has_given_test(), "{train} {other}");
        assert!(raw.notes.len() >= 2, "{:?}", raw.notes);
    }
}

#[test]
fn a_test_folder_without_classes_is_left_out_and_a_class_called_train_is_a_class() {
    let folder = two_classes(&["pictures/png.png"]);
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("train")).unwrap();
    for class in ["a", "b"] {
        fs::rename(path(class), path("train").join(class)).unwrap();
    }
    fs::create_dir(path("test")).unwrap();
    fs::copy(file("pictures/png.png"), path("test/1.png")).unwrap();
    let source = ImageFolder {
        path: folder.path().into(),
        ..pictures()
    };
    let raw = source.read(Path::new(""), Classification).unwrap();
    assert_eq!((raw.len(), raw.official.is_none()), (2, true));
    assert_snapshot!(said(&folder, &raw), @"FOLDER/test: 1 pictures without folders of classes are left out; `distil predict` answers them");
    // Vehicles.
    let folder = two_classes(&["pictures/png.png"]);
    fs::rename(folder.path().join("a"), folder.path().join("train")).unwrap();
    let source = ImageFolder {
        path: folder.path().into(),
        ..pictures()
    };
    let raw = source.read(Path::new(""), Classification).unwrap();
    assert_eq!(labels(&raw).0, ["b", "train"]);
}

fn parquet(name: &str) -> Parquet {
    from(&json!({ "path": file(name) }).to_string())
}

#[test]
fn parquet_files_are_read_whatever_they_are_compressed_with() {
    let plain = parquet("parquet/none.parquet")
        .read(Path::new(""), Classification)
        .unwrap();
    assert_eq!(pixels(&plain)[..3], [0, 0, 0]);
    assert_eq!(pixels(&plain)[72 * 7..72 * 7 + 3], [140, 140, 140]);
    for codec in ["snappy", "gzip", "lz4", "brotli", "zstd"] {
        let source = parquet(&format!("parquet/{codec}.parquet"));
        let raw = source.read(Path::new(""), Classification).unwrap();
        assert_eq!(raw, plain, "{codec}");
    }
}

#[test]
fn binary_pictures_text_labels_folders_and_parts_of_parquet_files_are_read() {
    let raw = parquet("parquet/binary-and-text.parquet")
        .read(Path::new(""), Classification)
        .unwrap();
    assert_eq!(labels(&raw).0, ["cat", "dog"]);
    assert_eq!(labels(&raw).1, [0, 1, 0, 1, 0, 1, 0, 1]);
    let hive = parquet("parquet-hive")
        .read(Path::new(""), Classification)
        .unwrap();
    assert_eq!(labels(&hive).1, [0, 0, 0, 0, 1, 1, 1, 1]);
    assert_eq!(labels(&hive).0, ["cat", "dog"]);
    let parts = parquet("parquet-parts")
        .read(Path::new(""), Classification)
        .unwrap();
    assert_eq!(parts.official.unwrap()[3..5], [Part::Test, Part::Train]);
}

#[test]
fn a_missing_label_is_named_by_its_row() {
    for name in ["null-label", "marked-label"] {
        let source = parquet(&format!("parquet/{name}.parquet"));
        let error = source.read(Path::new(""), Classification).unwrap_err();
        let row = if name == "null-label" { 3 } else { 5 };
        assert!(
            error.place.ends_with(&format!("{name}.parquet, row {row}")),
            "{error}"
        );
        assert_eq!(error.reason, "there is no label, as in 1 of 8 rows");
        // New data may lack them.
        let new = source.read_new(&source.path, Classification).unwrap();
        assert_eq!((new.len(), new.targets), (8, None));
    }
}

#[test]
fn a_table_in_parquet_files_is_a_table() {
    let csv =
        |name: &str| -> Csv { from(&json!({ "path": file(name), "target": "y" }).to_string()) };
    let raw = csv("parquet/table.parquet")
        .read(Path::new(""), Classification)
        .unwrap();
    let Inputs::Table(columns) = &raw.inputs else {
        panic!("no table")
    };
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names[..3], ["x", "n", "c"]);
    let Cells::Numeric(x) = &columns[0].cells else {
        panic!("no numbers")
    };
    assert_eq!((x[1], x[3], x[5]), (1.25, -2.0, 0.1));
    assert!(x[2].is_nan());
    assert_eq!(labels(&raw).1, [0, 1, 0, 1, 0, 1]);
    let hive = csv("parquet-table")
        .read(Path::new(""), Classification)
        .unwrap();
    let Inputs::Table(columns) = &hive.inputs else {
        panic!("no table")
    };
    let year = columns.iter().find(|column| column.name == "year").unwrap();
    assert_eq!(
        year.cells,
        Cells::Numeric(vec![2020.0, 2020.0, 2020.0, 2021.0, 2021.0, 2021.0].into())
    );
}

fn npz(name: &str) -> Npy {
    Npy {
        path: Some(file(name)),
        ..Npy::default()
    }
}

fn array(name: &str) -> Raw {
    npz(name).read(Path::new(""), Classification).unwrap()
}

fn without_path(raw: &Raw) -> String {
    let folder = file("").display().to_string();
    raw.notes.join("\n").replace(&folder, "")
}

#[test]
fn the_order_of_axes_is_guessed_said_and_can_be_given() {
    let raw = array("arrays/channels-first.npz");
    let (shape, values) = block(&raw);
    assert_eq!(shape, [5, 7, 3]);
    // The first pixel's channels lie 35 numbers apart in the file.
    assert_eq!(values[..4], [0.0, 35.0, 70.0, 1.0]);
    assert_snapshot!(without_path(&raw), @r#"arrays/channels-first.npz, array `inputs`: samples of shape [3, 5, 7] are read as channels, height, width, by their first axis; `layout = "nhwc"` if they are not"#);
    let kept = Npy {
        layout: Some(Axes::Nhwc),
        ..npz("arrays/channels-first.npz")
    };
    let kept = kept.read(Path::new(""), Classification).unwrap();
    assert_eq!((block(&kept).0, kept.notes), (vec![3, 5, 7], vec![]));
}

#[test]
fn classes_may_be_numbered_from_one_named_or_one_hot() {
    let one = array("arrays/from-one.npz");
    assert_eq!(
        labels(&one),
        (vec!["1".into(), "2".into()], vec![0, 1, 0, 1, 0, 1])
    );
    assert_snapshot!(without_path(&one), @"arrays/from-one.npz, array `labels`: the 2 classes are numbered 1 to 2, and named by these numbers");
    let text = array("arrays/text-labels.npz");
    assert_eq!(
        labels(&text),
        (vec!["cat".into(), "dog".into()], vec![1, 0, 1, 0, 1, 0])
    );
    let hot = array("arrays/one-hot.npz");
    assert_eq!(labels(&hot).1, [0, 1, 0, 1, 0, 1]);
    assert_snapshot!(without_path(&hot), @"arrays/one-hot.npz, array `labels`: the class is the one of 2 columns that is 1");
}

#[test]
fn an_archive_with_parts_is_read_by_the_usual_names() {
    let keras = array("arrays/keras.npz");
    assert_eq!(block(&keras).1[10..], [10.0, 11.0, 0.0, 1.0, 2.0, 3.0]);
    assert_eq!(
        keras.official.as_ref().unwrap()[5..],
        [Part::Train, Part::Test, Part::Test]
    );
    assert_snapshot!(without_path(&keras), @r"
        arrays/keras.npz: read is `x_train` with `y_train`, `x_test` with `y_test`
        the data comes in parts: 6 training, 0 validation and 2 test samples
        ");
    let named = Npy {
        inputs: "x_train".into(),
        labels: "y_train".into(),
        ..npz("arrays/keras.npz")
    };
    let named = named.read(Path::new(""), Classification).unwrap();
    assert_eq!(named.official, keras.official);
    let medical = array("arrays/medmnist.npz");
    use Part::{Test, Train, Validation};
    assert_eq!(
        medical.official.unwrap(),
        [
            Train, Train, Train, Train, Validation, Validation, Test, Test, Test
        ]
    );
}

#[test]
fn recordings_of_every_format_are_read_mixed_down_and_resampled_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let sounds = [
        "pcm16.wav",
        "flac.flac",
        "mp3.mp3",
        "vorbis.ogg",
        "aiff.aiff",
        "stereo.wav",
        "16000.wav",
    ];
    for (index, name) in sounds.iter().enumerate() {
        let suffix = name.rsplit('.').next().unwrap();
        let to = folder
            .path()
            .join(format!("{}_ann_{index}.{suffix}", index % 2));
        fs::copy(file(&format!("sounds/{name}")), to).unwrap();
    }
    fs::copy(file("sounds/opus.ogg"), folder.path().join("0_ann_9.opus")).unwrap();
    let source: Fsdd = from(&json!({ "path": folder.path() }).to_string());
    let raw = source.read(Path::new(""), Classification).unwrap();
    assert_eq!(raw.len(), sounds.len());
    assert_snapshot!(said(&folder, &raw), @r"
        1 file is left out of the sounds: FOLDER/0_ann_9.opus is an Opus sound
        1 of 7 sounds have several channels and are mixed down to their mean
        1 of 7 sounds are resampled from 16000 to 8000 samples per second (`rate`)
        7 of 7 sounds are shorter than the 50 frames (1.01 s) and are filled up with silence
        ");
}

#[test]
fn sounds_that_are_cut_or_filled_up_are_counted_and_the_part_that_is_kept_is_chosen() {
    let folder = tempfile::tempdir().unwrap();
    // Quiet, then loud: 0.5 s, 1.008 s (50 frames to the sample) and 1.9 s.
    for (index, samples) in [4000, 8096, 15200].into_iter().enumerate() {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let path = folder.path().join(format!("1_ann_{index}.wav"));
        let mut wav = hound::WavWriter::create(path, spec).unwrap();
        for at in 0..samples {
            let loud = at >= samples - 800;
            wav.write_sample(if loud {
                8000 * (1 - 2 * (at % 2)) as i16
            } else {
                0
            })
            .unwrap();
        }
        wav.finalize().unwrap();
    }
    let read = |features: &str| {
        let features: Value = serde_json::from_str(features).unwrap();
        let recipe = json!({ "path": folder.path(), "features": features });
        let source: Fsdd = from(&recipe.to_string());
        source.read(Path::new(""), Classification).unwrap()
    };
    let raw = read("{}");
    assert_snapshot!(said(&folder, &raw), @r"
        1 of 3 sounds are longer than the 50 frames (1.01 s) and are cut: the longest has 1.90 s, which `frames = 95` would hold (`keep` names the part that is kept)
        1 of 3 sounds are shorter than the 50 frames (1.01 s) and are filled up with silence
        ");
    assert!(!read(r#"{ "frames": 95 }"#).notes.concat().contains("cut"));
    let energy = |raw: &Raw, sound: usize| {
        let Inputs::Block { shape, values } = &raw.inputs else {
            panic!("{:?}", raw.inputs);
        };
        let size = shape[0] * shape[1];
        values[sound * size..][..size]
            .iter()
            .copied()
            .fold(f32::MIN, f32::max)
    };
    // The loud end of the longest lies behind the frames, unless the end is kept.
    let (start, middle, end) = (
        energy(&raw, 2),
        energy(&read(r#"{ "keep": "middle" }"#), 2),
        energy(&read(r#"{ "keep": "end" }"#), 2),
    );
    let silence = 1e-6_f32.ln();
    assert_eq!((start, middle), (silence, silence));
    assert!(end > silence + 5.0, "{end}");
    assert_eq!(energy(&raw, 1), energy(&read(r#"{ "keep": "end" }"#), 1));
    // As many frames as the note says hold all of it.
    assert!(energy(&read(r#"{ "frames": 95 }"#), 2) > silence + 5.0);
}
