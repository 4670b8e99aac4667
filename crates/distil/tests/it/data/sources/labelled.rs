//! Classes that stand in a table of files, or in the files' names.

use std::fs;
use std::path::Path;

use distil::data::Raw;
use distil::data::source::{ImageFolder, SoundFolder, Source};
use distil_report::measure::TaskKind::Classification;
use insta::assert_snapshot;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{from, labels, say};

/// A WAV sound of 8 bits, 8,000 samples a second.
fn wav(level: u8) -> Vec<u8> {
    let samples = [level; 800];
    let size = |bytes: usize| (bytes as u32).to_le_bytes();
    [
        &b"RIFF"[..],
        &size(36 + samples.len()),
        b"WAVEfmt ",
        &size(16),
        &[1, 0, 1, 0],
        &8000_u32.to_le_bytes(),
        &8000_u32.to_le_bytes(),
        &[1, 0, 8, 0],
        b"data",
        &size(samples.len()),
        &samples,
    ]
    .concat()
}

fn sounds(names: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, level) in names.iter().zip(100..) {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, wav(level)).unwrap();
    }
    folder
}

fn read(folder: &TempDir, list: &str, options: Value) -> distil::error::Result<Raw> {
    if !list.is_empty() {
        fs::create_dir_all(folder.path().join("meta")).unwrap();
        fs::write(folder.path().join("meta/list.csv"), list).unwrap();
    }
    let mut all =
        json!({ "path": "audio", "rate": 8000, "features": { "log_mel": 2, "frames": 2 } });
    all.as_object_mut()
        .unwrap()
        .extend(options.as_object().unwrap().clone());
    let source: SoundFolder = from(&all.to_string());
    source.read(folder.path(), Classification)
}

fn listed(folder: &TempDir, list: &str) -> distil::error::Result<Raw> {
    read(folder, list, json!({ "list": "meta/list.csv" }))
}

const FOUR: [&str; 4] = [
    "audio/a.wav",
    "audio/b.wav",
    "audio/c.wav",
    "audio/deep/d.wav",
];

#[test]
fn a_table_of_files_tells_their_classes_however_it_names_files_and_columns() {
    let folder = sounds(&FOUR);
    for list in [
        "filename,fold,target,category,esc10\na.wav,1,0,dog,x\nb.wav,2,5,cat,y\nc.wav,1,0,dog,x\nd.wav,2,5,cat,y\n",
        "id,label\na,dog\nb,cat\nc,dog\ndeep/d,cat\n",
        "class;path\ndog;audio\\a.wav\ncat;.\\b.wav\ndog;audio/c.wav\ncat;deep\\d.wav\n",
        "what\twhich\naudio/a.wav\tdog\naudio/b.wav\tcat\naudio/c.wav\tdog\naudio/deep/d.wav\tcat\n",
        "y,file\ndog,../audio/a.wav\ncat,../audio/b.wav\ndog,../audio/c.wav\ncat,../audio/deep/d.wav\n",
    ] {
        let raw = listed(&folder, list).unwrap_or_else(|error| panic!("{list}: {error}"));
        let (names, labels) = labels(&raw);
        assert_eq!(names, ["cat", "dog"], "{list}");
        assert_eq!(labels, [1, 0, 1, 0], "{list}");
        assert_eq!(
            raw.rows.unwrap(),
            ["a.wav", "b.wav", "c.wav", "deep/d.wav"],
            "{list}"
        );
    }
    // Columns beside them may keep samples together.
    let list = "filename,fold,category\na.wav,10,dog\nb.wav,2,cat\nc.wav,10,dog\nd.wav,2,cat\n";
    let raw = listed(&folder, list).unwrap();
    assert_eq!(
        (
            &*raw.groups[0].name,
            &raw.groups[0].members[..],
            &raw.groups[0].codes[..]
        ),
        (
            "fold",
            &["2".to_string(), "10".into()][..],
            &[1, 0, 1, 0][..]
        )
    );
    // Other classes are other data.
    let other = listed(&folder, &list.replace("b.wav,2,cat", "b.wav,2,dog")).unwrap();
    assert_ne!(raw.hash, other.hash);
}

#[test]
fn what_a_list_leaves_out_is_counted() {
    let folder = sounds(&[&FOUR[..], &["audio/e.wav", "audio/f.wav"]].concat());
    let list =
        "file,class\na.wav,dog\nb.wav,cat\na.wav,dog\nz.wav,cat\ny.wav,cat\nc.wav,\nd.wav,cat\n";
    let raw = listed(&folder, list).unwrap();
    assert_eq!(labels(&raw).1, [1, 0, 0]);
    let notes = raw
        .notes
        .join("\n")
        .replace(&folder.path().display().to_string(), "FOLDER");
    assert_snapshot!(notes, @r#"
3 sounds are classed by FOLDER/meta/list.csv: files by its column file, classes by class
2 files of FOLDER/meta/list.csv are not in FOLDER/audio and are left out, the first `z.wav`
1 files have no class in FOLDER/meta/list.csv and are left out
1 lines of FOLDER/meta/list.csv name a file again, with the same class
3 sounds are not in FOLDER/meta/list.csv and are left out, the first FOLDER/audio/c.wav
3 of 3 sounds are longer than the 2 frames (0.05 s) and are cut: the longest has 0.10 s, which `frames = 5` would hold (`keep` names the part that is kept)
"#);
}

#[test]
fn a_list_that_cannot_be_used_says_why() {
    let folder = sounds(&FOUR);
    let refused = |list: &str, options: Value| say(&folder, read(&folder, list, options));
    let usual = || json!({ "list": "meta/list.csv" });
    assert_snapshot!(refused("file,class\nx.wav,dog\n", usual()), @"FOLDER/meta/list.csv: no column names files of the folder. Name the folder they lie in as `path`; the columns are `file`, `class`.");
    assert_snapshot!(refused("file,one,two\na.wav,dog,3\n", usual()), @"FOLDER/meta/list.csv: which column holds the class is not told. Name it with `label = \"…\"`; the columns are `file`, `one`, `two`.");
    assert_snapshot!(refused("file,class\na.wav,dog\na.wav,cat\n", usual()), @"FOLDER/meta/list.csv, line 3: `a.wav` is of class `cat` here and of `dog` before. Keep one of the lines.");
    assert_snapshot!(refused("file,class\na.wav,dog\n", usual()), @"FOLDER/audio: all sounds are of one class, dog. Bring samples of at least two classes.");
    assert_snapshot!(refused("file,class\na.wav,dog\n", json!({ "list": "meta/list.csv", "label": "kind" })), @"FOLDER/meta/list.csv: there is no column `kind`. Name one of `file`, `class` as `label`.");
    assert_snapshot!(refused("", json!({ "label": "kind" })), @"data.list: `file` and `label` are columns of a list, and there is none. Name it, for example `list = \"labels.csv\"`.");
    assert_snapshot!(refused("", json!({ "list": "meta/none.csv" })), @"FOLDER/meta/none.csv: there is no such file or folder. Check the path; a relative path starts at the current folder.");
    assert_snapshot!(refused("", json!({ "list": "meta/list.csv", "pattern": "{class}_*" })), @"data.pattern: a list and a pattern both tell the classes. Name one of `list` and `pattern`.");
    assert_snapshot!(refused("", json!({ "pattern": "{speaker}_*" })), @"data.pattern: `{speaker}_*` has to hold `{class}` once. Write for instance `pattern = \"{class}_{speaker}_*\"`: the name without its suffix; with a `/`, the path from the folder.");
    assert_snapshot!(refused("", json!({ "pattern": "{class}_*" })), @"FOLDER/audio: no name of the 4 sounds is like `{class}_*`, for example a.wav. Write the pattern as the names are, without their suffix.");
}

#[test]
fn names_tell_classes_and_groups_of_sounds_and_pictures() {
    let folder = sounds(&[
        "audio/7_theo_0.wav",
        "audio/7_anna_1.wav",
        "audio/10_theo_0.wav",
        "audio/10_anna_1.wav",
        "audio/noise.wav",
    ]);
    let options = json!({ "pattern": "{class}_{speaker}_*" });
    let raw = read(&folder, "", options.clone()).unwrap();
    assert_eq!(
        labels(&raw),
        (vec!["7".into(), "10".into()], vec![1, 1, 0, 0])
    );
    assert_eq!(
        (&*raw.groups[0].name, &raw.groups[0].codes[..]),
        ("speaker", &[0, 1, 0, 1][..])
    );
    let notes = raw
        .notes
        .join("\n")
        .replace(&folder.path().display().to_string(), "FOLDER");
    assert_snapshot!(notes, @r#"
1 sounds are left out, for their names are not like `{class}_{speaker}_*`, the first FOLDER/audio/noise.wav
4 of 4 sounds are longer than the 2 frames (0.05 s) and are cut: the longest has 0.10 s, which `frames = 5` would hold (`keep` names the part that is kept)
"#);
    // New sounds have their classes where all names tell them.
    let source: SoundFolder =
        from(r#"{ "path": "audio", "pattern": "{class}_{speaker}_*", "rate": 8000 }"#);
    let path = folder.path().join("audio");
    assert!(
        source
            .read_new(&path, Classification)
            .unwrap()
            .targets
            .is_none()
    );
    fs::remove_file(path.join("noise.wav")).unwrap();
    assert_eq!(
        labels(&source.read_new(&path, Classification).unwrap()).1,
        [1, 1, 0, 0]
    );

    let pictures = tempfile::tempdir().unwrap();
    let png = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/formats/pictures/png.png");
    for name in ["cat.0.jpg", "cat.1.jpg", "dog.0.jpg", "dog.1.jpg"] {
        fs::copy(&png, pictures.path().join(name)).unwrap();
    }
    let named: ImageFolder =
        from(&json!({ "path": pictures.path(), "pattern": "{class}.*" }).to_string());
    let raw = named.read(Path::new(""), Classification).unwrap();
    assert_eq!(
        labels(&raw),
        (vec!["cat".into(), "dog".into()], vec![0, 0, 1, 1])
    );
    fs::write(
        pictures.path().join("labels.csv"),
        "id,breed\ndog.0,pug\ncat.1,siam\ncat.0,siam\ndog.1,pug\n",
    )
    .unwrap();
    let listed: ImageFolder = from(
        &json!({ "path": pictures.path(), "list": pictures.path().join("labels.csv") }).to_string(),
    );
    let raw = listed.read(Path::new(""), Classification).unwrap();
    assert_eq!(
        labels(&raw),
        (vec!["pug".into(), "siam".into()], vec![0, 1, 1, 0])
    );
}

#[test]
fn new_files_of_a_list_are_classed_by_it_and_answered_without_it() {
    let folder = sounds(&[&FOUR[..], &["audio/e.wav"]].concat());
    let list = folder.path().join("meta/list.csv");
    fs::create_dir_all(list.parent().unwrap()).unwrap();
    fs::write(
        &list,
        "file,class\na.wav,dog\nb.wav,cat\nc.wav,dog\nd.wav,cat\n",
    )
    .unwrap();
    let audio = folder.path().join("audio");
    let source: SoundFolder = from(&json!({ "path": audio, "list": list }).to_string());
    let own = source.read(Path::new(""), Classification).unwrap();
    let again = source.read_new(&audio, Classification).unwrap();
    assert_eq!((&again.targets, &again.hash), (&own.targets, &own.hash));
    // Answers are for the files of a folder, listed or not.
    let inputs = source.read_inputs(&audio, Classification, &[]).unwrap();
    let rows = inputs.rows.unwrap();
    assert_eq!(
        (rows.last().map(String::as_str), inputs.targets),
        (Some("e.wav"), None)
    );
    // Elsewhere the list lies beside the folder or in it, or is named itself.
    let other = sounds(&["audio/x.wav", "audio/y.wav"]);
    let audio = other.path().join("audio");
    let new = |path: &Path| source.read_new(path, Classification).unwrap();
    assert_eq!(new(&audio.join("x.wav")).targets, None);
    for place in ["list.csv", "audio/list.csv", "audio/mine.csv"] {
        let list = other.path().join(place);
        fs::write(&list, "file,class\nx.wav,cat\ny.wav,dog\n").unwrap();
        let path = if place.ends_with("mine.csv") {
            &list
        } else {
            &audio
        };
        assert_eq!(labels(&new(path)).1, [0, 1], "{place}");
        fs::remove_file(&list).unwrap();
    }
}
