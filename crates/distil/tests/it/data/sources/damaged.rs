//! Files that hang, exhaust or crash decoders, and bombs: refused by name, at once.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use distil::data::source::{
    AnySource, Csv, Fsdd, Idx, ImageFolder, Limit, Npy, Parquet, SOURCES, Source,
};
use distil_recipe::{Problems, RecipeText, parse};
use distil_report::measure::TaskKind::Classification;
use insta::assert_snapshot;
use serde_json::json;

use super::arrays::{npy, npz};
use super::{folder, from, say};

fn damaged() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/damaged");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| !path.ends_with("README.md")).collect();
    files.sort();
    files
}

/// The source that reads such a file; pictures and sounds in a folder of their own.
fn source_of(file: &Path, own: &Path) -> AnySource {
    let place = |name: &str| {
        let to = own.join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(file, to).unwrap();
    };
    match file.extension().unwrap().to_str().unwrap() {
        "npy" => AnySource::Npy(Npy {
            inputs: file.display().to_string(),
            labels: file.display().to_string(),
            ..Npy::default()
        }),
        "npz" => AnySource::Npy(Npy {
            path: Some(file.to_path_buf()),
            ..Npy::default()
        }),
        "parquet" => AnySource::Parquet(from(&json!({ "path": file }).to_string())),
        "csv" => AnySource::Csv(from(&json!({ "path": file, "target": "y" }).to_string())),
        "wav" | "flac" | "mp3" | "ogg" => {
            place("0_ann_0.wav");
            AnySource::Fsdd(from(&json!({ "path": own }).to_string()))
        }
        suffix => {
            place(&format!("a/0.{suffix}"));
            place(&format!("b/0.{suffix}"));
            AnySource::ImageFolder(from(&json!({ "path": own }).to_string()))
        }
    }
}

#[test]
fn every_damaged_file_of_the_collection_is_refused_by_name_and_at_once() {
    let files = damaged();
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        let own = tempfile::tempdir().unwrap();
        let begun = Instant::now();
        let read = source_of(&file, own.path()).read(Path::new(""), Classification);
        let error = read.expect_err(&file.display().to_string()).to_string();
        let stem = file.file_stem().unwrap().to_str().unwrap();
        assert!(error.contains(stem) || error.contains("/a/0."), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{error}");
    }
}

/// Chunks of a PNG file that says it has so many pixels.
fn vast_png(side: u32) -> Vec<u8> {
    let mut small = Vec::new();
    let mut encoder = png::Encoder::new(&mut small, 1, 1);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[7]).unwrap();
    drop(writer);
    small[16..20].copy_from_slice(&side.to_be_bytes());
    small[20..24].copy_from_slice(&side.to_be_bytes());
    let mut crc = flate2::Crc::new();
    crc.update(&small[12..29]);
    small[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    small
}

#[test]
fn a_gif_of_153_bytes_whose_frame_takes_four_gigabytes_is_refused() {
    let pictures = tempfile::tempdir().unwrap();
    let gif = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/damaged/gif-frame.gif");
    for class in ["cat", "dog"] {
        fs::create_dir(pictures.path().join(class)).unwrap();
        fs::copy(&gif, pictures.path().join(class).join("0.gif")).unwrap();
    }
    let source: ImageFolder = from(&json!({ "path": pictures.path(), "size": [8, 8] }).to_string());
    assert_snapshot!(say(&pictures, source.read(Path::new(""), Classification)), @r"FOLDER/cat/0.gif: not a whole GIF file (Memory limit exceeded). Fetch it again or leave it out.");
}

#[test]
fn a_picture_of_billions_of_pixels_is_refused_before_it_is_decoded() {
    let pictures = tempfile::tempdir().unwrap();
    for class in ["a", "b"] {
        fs::create_dir(pictures.path().join(class)).unwrap();
        fs::write(pictures.path().join(class).join("0.png"), vast_png(60_000)).unwrap();
    }
    let source: ImageFolder = from(&json!({ "path": pictures.path() }).to_string());
    assert_snapshot!(say(&pictures, source.read(Path::new(""), Classification)), @"FOLDER/a/0.png: 60000 × 60000 pixels, where a picture of at most 268435456 pixels is decoded. Make it smaller, leave it out, or raise `[data] limit`.");
    let asked = ImageFolder {
        size: Some([1_000_000, 1_000_000]),
        ..source
    };
    assert_snapshot!(say(&pictures, asked.read(Path::new(""), Classification)), @"data.size: 1000000 × 1000000 pixels, where a picture of at most 268435456 pixels is decoded. Write a smaller size, or raise `[data] limit`.");
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn what_unpacks_to_more_than_the_limit_is_refused_and_a_higher_limit_reads_it() {
    let mut pictures = vec![0, 0, 8, 3, 0, 0, 0x0b, 0xb8, 0, 0, 0, 28, 0, 0, 0, 28];
    pictures.resize(16 + 3000 * 28 * 28, 0);
    let mut labels = vec![0, 0, 8, 1, 0, 0, 0x0b, 0xb8];
    labels.extend((0..3000).map(|row| (row % 2) as u8));
    let bomb = folder(&[
        ("train-images-idx3-ubyte.gz", &packed(&pictures)),
        ("train-labels-idx1-ubyte.gz", &packed(&labels)),
        ("t10k-images-idx3-ubyte.gz", &packed(&pictures)),
        ("t10k-labels-idx1-ubyte.gz", &packed(&labels)),
    ]);
    let source =
        |limit: u64| -> Idx { from(&json!({ "path": bomb.path(), "limit": limit }).to_string()) };
    let read = |limit| source(limit).read(Path::new(""), Classification);
    assert_snapshot!(say(&bomb, read(1_000_000)), @r#"FOLDER/train-images-idx3-ubyte.gz: the file holds more than 1 MB, the most that is read. If that is meant, raise the limit with `[data] limit = "…"`, for example "20 GB"."#);
    assert_eq!(read(3_000_000).unwrap().len(), 6000);

    let array = folder(&[]);
    let path = array.path().join("zeros.npz");
    let bits = |count| (0..count).map(|at| (at % 2) as f32).collect::<Vec<f32>>();
    let inputs = npy(&[1000, 1000], false, &bits(1_000_000));
    let labels = npy(&[1000], false, &bits(1000));
    npz(&path, &[("inputs", inputs), ("labels", labels)]);
    let source = |limit| Npy {
        path: Some(path.clone()),
        limit: Some(Limit(limit)),
        ..Npy::default()
    };
    let read = |limit| source(limit).read(Path::new(""), Classification);
    assert_snapshot!(say(&array, read(1_000_000)), @r#"FOLDER/zeros.npz, array `inputs`: the file holds more than 1 MB, the most that is read. If that is meant, raise the limit with `[data] limit = "…"`, for example "20 GB"."#);
    assert_eq!(read(5_000_000).unwrap().len(), 1000);
}

#[test]
fn a_limit_is_written_as_bytes_with_a_unit() {
    let limit = |written: &str| {
        let text = format!(
            "task = \"classification\"\n[data]\nsource = \"csv\"\npath = \"t.csv\"\ntarget = \"y\"\nlimit = {written}\n[stage.s]\nmodel = \"mlp\"\n"
        );
        let (recipe, _) = parse(&RecipeText::new("r.toml", text));
        let mut problems = Problems::new();
        let source = SOURCES.resolve(&recipe.unwrap().data.source, &mut problems);
        match source.map(|source| source.value) {
            Some(AnySource::Csv(Csv { limit, .. })) => Ok(limit.unwrap().0),
            _ => Err(problems.as_slice()[0].message.clone()),
        }
    };
    assert_eq!(limit("\"20 GB\""), Ok(20_000_000_000));
    assert_eq!(limit("\"1.5gb\""), Ok(1_500_000_000));
    assert_eq!(limit("7"), Ok(7));
    assert_snapshot!(limit("\"many\"").unwrap_err(), @r#"`limit`: `many` is no number of bytes such as "20 GB""#);
    assert_snapshot!(limit("0").unwrap_err(), @"`limit`: a limit of 0 bytes reads nothing");
    assert_snapshot!(limit("-1").unwrap_err(), @"`limit`: a limit is no negative number");
}

#[test]
fn pipes_and_devices_are_no_data_to_train_on_and_a_pipe_can_be_answered() {
    let csv = |path: &Path| -> Csv {
        from(&json!({ "path": path, "target": "y", "limit": 1000 }).to_string())
    };
    let pipes = folder(&[]);
    let pipe = pipes.path().join("pipe.csv");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    assert_snapshot!(say(&pipes, csv(&pipe).read(Path::new(""), Classification)), @"FOLDER/pipe.csv: this is a pipe or a device, and data to train on is read more than once. Write it into a file first.");
    let device = Path::new("/dev/zero");
    assert_snapshot!(say(&pipes, csv(device).read(Path::new(""), Classification)), @"/dev/zero: this is a pipe or a device, and data to train on is read more than once. Write it into a file first.");
    // A device never ends: it is read up to the limit.
    assert_snapshot!(say(&pipes, csv(device).read_new(device, Classification)), @"/dev/zero: the file holds more than 1 kB, the most that is read. Give it in smaller parts.");
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, "x,y\n1,a\n2,b\n").unwrap()
    });
    let raw = csv(&pipe).read_new(&pipe, Classification).unwrap();
    writer.join().unwrap();
    assert_eq!(raw.len(), 2);
}

#[test]
fn a_file_in_another_format_is_named_by_it() {
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
    let page = b"<!DOCTYPE html><html><body>404</body></html>";
    let others = folder(&[
        ("a.parquet", b"\x89HDF\r\n\x1a\n and so on"),
        ("b.parquet", page),
        ("c.npy", b"\x80\x04\x95 pickled"),
        (
            "train-images-idx3-ubyte",
            b"PK\x03\x04 and what follows of it",
        ),
        (
            "train-labels-idx1-ubyte",
            b"PK\x03\x04 and what follows of it",
        ),
    ]);
    let parquet =
        |name: &str| -> Parquet { from(&json!({ "path": others.path().join(name) }).to_string()) };
    let read = |source: &dyn Fn() -> distil::Result<distil::data::Raw>| say(&others, source());
    assert_snapshot!(read(&|| parquet("a.parquet").read(Path::new(""), Classification)), @"FOLDER/a.parquet: this is an HDF5 file, no parquet file. Convert it, or leave it out.");
    assert_snapshot!(read(&|| parquet("b.parquet").read(Path::new(""), Classification)), @"FOLDER/b.parquet: this is a web page, no parquet file. Convert it, or leave it out.");
    let array = Npy {
        inputs: "c.npy".into(),
        labels: "c.npy".into(),
        ..Npy::default()
    };
    assert_snapshot!(read(&|| array.read(others.path(), Classification)), @"FOLDER/c.npy: this is a Python pickle, no NumPy file. Convert it with numpy.save or numpy.savez.");
    let idx: Idx = from(&json!({ "path": others.path() }).to_string());
    assert_snapshot!(read(&|| idx.read(Path::new(""), Classification)), @"FOLDER/train-images-idx3-ubyte: this is a ZIP archive, no IDX file. Fetch it again, or name another file.");
    let sounds = folder(&[("0_ann_0.wav", heic)]);
    let fsdd: Fsdd = from(&json!({ "path": sounds.path() }).to_string());
    assert!(say(&sounds, fsdd.read(Path::new(""), Classification)).contains("HEIC"));
    let alone = folder(&[("new.jpg", heic)]);
    let source: ImageFolder = from(&json!({ "path": alone.path() }).to_string());
    let new = alone.path().join("new.jpg");
    assert_snapshot!(say(&alone, source.read_new(&new, Classification)), @"FOLDER/new.jpg: this is a HEIC picture, which is not read here. Convert it, or leave it out.");
}
