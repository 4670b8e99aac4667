//! What is fuzzed: one table, read by the fuzzer (`fuzz/src/main.rs`) and by the tests that replay its inputs
//! (`crates/distil/tests/it/fuzz.rs`). A target may answer anything but a panic, a hang or memory without measure.

use std::fs;
use std::io::Write;
use std::path::Path;

use distil::data::source::Source;
use distil::plan::{Arm, Draft};
use distil::saved::SavedModel;
use distil::train::checkpoint;
use distil::weights::{from_safetensors, sha256, to_safetensors};
use distil::{Error, device};
use distil_recipe::set::{parse_arm, parse_sets};
use distil_recipe::{RecipeText, render};
use distil_report::csv::{metrics_csv, trials_csv};
use distil_report::events::{self, fold};
use distil_report::markdown::markdown;
use distil_report::page::Page;
use distil_report::run_json::{RunJson, Trial};
use distil_report::text;
use serde_json::Value;

/// Something that reads bytes of unknown origin.
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
    /// Good inputs, made of the test data in this folder.
    pub seeds: fn(&Path) -> Vec<Vec<u8>>,
}

macro_rules! targets {
    ($($name:literal => $run:expr, $seeds:expr;)*) => {
        pub const TARGETS: &[Target] = &[$(Target { name: $name, run: $run, seeds: $seeds }),*];
    };
}

targets! {
    "recipe" => recipe, |_| recipes();
    "plan" => |bytes| planned(bytes), |_| words(PLANS);
    "set" => set, |_| words(SETS);
    "csv" => |bytes| table("t.csv", bytes), |data| [each(data, CSV), words(TABLES)].concat();
    "csv.gz" => |bytes| table("t.csv.gz", bytes), |data| packed([each(data, CSV), words(TABLES)].concat());
    "npy" => npy, |data| [members(each(data, &["formats/arrays"])), each(data, &["damaged/npy-braces-18.npy", "damaged/npy-claims.npy"])].concat();
    "npz" => npz, |data| each(data, &["formats/arrays", "damaged/npz-claims.npz"]);
    "idx" => |bytes| idx("", bytes), |data| each(data, IDX);
    "idx.gz" => |bytes| idx(".gz", bytes), |data| packed(each(data, IDX));
    "parquet" => parquet, |data| each(data, &["formats/parquet", "formats/parquet-parts", "formats/parquet-hive", "formats/parquet-table", "damaged/parquet-panics-1.parquet", "damaged/parquet-panics-2.parquet"]);
    "wav" => wav, |data| each(data, &["formats/sounds"]);
    "png" => |bytes| picture("png", bytes), |data| each(data, &["formats/pictures", "formats/exif"]);
    "jpeg" => |bytes| picture("jpg", bytes), |data| each(data, &["formats/pictures/jpeg.jpg", "formats/exif"]);
    "safetensors" => safetensors, |data| each(data, &["0.1.0/first/model/model.safetensors", "0.1.0/stopped/trials/flow-s1/stages/m/checkpoints/step-00000020/tensors.safetensors"]);
    "model" => model, |data| pairs(data, "0.1.0/first/model", ["model.json", "model.safetensors"]);
    "checkpoint" => checkpoint, |data| pairs(data, "0.1.0/stopped/trials/flow-s1/stages/m/checkpoints/step-00000020", CHECKPOINT);
    "run.json" => report, |data| each(data, &["0.1.0/first/run.json"]);
    "events" => read_events, |data| each(data, &["0.1.0/first/trials/flow-s1/events.jsonl", "0.1.0/stopped/trials/flow-s1/events.jsonl"]);
    "report" => report, reports;
    "cifar-binary" => cifar, |data| each(data, &["reference/pictures/cifar/data_batch_2.bin"]);
}

const IDX: &[&str] = &[
    "reference/pictures/idx/train-images-idx3-ubyte",
    "reference/pictures/idx/train-labels-idx1-ubyte",
];
const CHECKPOINT: [&str; 2] = ["state.json", "tensors.safetensors"];
const CSV: &[&str] = &["0.1.0/table.csv"];
const TABLES: &[&str] = &[
    "a;b;class\n\"1,5\";2024-03-01;x\n\"2,5\";2024-04-01;y\n\"1.000,5\";2024-05-01;x\n",
    "# a comment\nid,price,class\r\n1,$3.50,\"y \"\"es\"\"\"\r\n2,NA,no\r\n3,12 %,no\r\n",
];
const PLANS: &[&str] = &[
    "[stage.a]\nmodel = { kind = \"mlp\", hidden = [2] }\n[stage.b]\nmodel = { kind = \"mlp\", hidden = [4] }\nstart = \"a\"\n",
    "[data.columns.z]\nkind = \"categorical\"\n[stage.s]\nmodel = { kind = \"mlp\", hidden = [2] }\ntrain = { epochs = 2, batch = 4 }\n[compare]\nplain = {}\n",
];
const SETS: &[&str] = &[
    "stage.large.train.lr=1e-3,3e-4",
    "stage.small.model.hidden=[4, 2]",
    "stage.large.start={ from = \"small\", width = \"copies\" };compare.metric=accuracy",
    "data.split.test=0.3",
];

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

/// Everything up to the plan of a recipe, and all that is written of it.
fn plan(text: &str, base: &Path) {
    let text = RecipeText::new("r.toml", text);
    let plan = Draft::read(&text, base, &Arm::Flow)
        .map_err(Error::from)
        .and_then(|draft| {
            let raw = draft.read_data()?;
            let _ = draft.source.settled(&raw).describe();
            let data = draft.dataset(raw, None)?;
            Ok(draft.plan(&data)?)
        });
    match plan {
        Ok(plan) => drop((plan.describe(None), plan.to_toml(), plan.hash())),
        Err(error) => drop(error.to_string()),
    }
}

/// The same of data in files, by the lines of its `[data]`; then those files as new data.
fn data(lines: &str, new: &str, files: &[(&str, &[u8])]) {
    let folder = folder(files);
    let text = format!(
        "task = \"classification\"\n[data]\n{lines}\nlimit = \"20 MB\"\n[stage.s]\nmodel = {{ kind = \"mlp\", hidden = [2] }}\n"
    );
    plan(&text, folder.path());
    let text = RecipeText::new("r.toml", text);
    if let Ok(draft) = Draft::read(&text, folder.path(), &Arm::Flow) {
        let new = folder.path().join(new);
        let read = draft.source.read_new(&new, draft.targets());
        drop(read.map_err(|error| error.to_string()));
    }
}

fn recipe(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    let text = RecipeText::new("r.toml", text);
    let base = tempfile::tempdir().unwrap();
    if let Err(refusal) = Draft::read(&text, base.path(), &Arm::Flow) {
        render(&refusal.text, refusal.problems.as_slice(), true);
    }
}

fn planned(bytes: &[u8]) {
    if let Ok(text) = str::from_utf8(bytes) {
        let head = "task = \"classification\"\ndata = { source = \"csv\", path = \"t.csv\", target = \"class\" }\n";
        let table = include_bytes!("../testdata/0.1.0/table.csv");
        plan(&format!("{head}{text}"), folder(&[("t.csv", table)]).path());
    }
}

fn set(bytes: &[u8]) {
    let Ok(argument) = str::from_utf8(bytes) else {
        return;
    };
    for sets in [parse_sets(&[argument]), parse_arm(argument)] {
        let mut text = RecipeText::new("r.toml", include_str!("../recipes/digits.toml"));
        for set in sets.iter().flatten() {
            for value in &set.values {
                drop(text.set(set, value));
            }
        }
        if let Err(refusal) = Draft::read(&text, Path::new("nowhere"), &Arm::Flow) {
            render(&refusal.text, refusal.problems.as_slice(), false);
        }
    }
}

fn table(name: &str, bytes: &[u8]) {
    let lines = format!("source = \"csv\"\npath = \"{name}\"\ntarget = \"class\"");
    data(&lines, name, &[(name, bytes)]);
}

fn npy(bytes: &[u8]) {
    let lines = "source = \"npy\"\ninputs = \"x.npy\"\nlabels = \"x.npy\"";
    data(lines, "x.npy", &[("x.npy", bytes)]);
}

fn npz(bytes: &[u8]) {
    let lines = "source = \"npy\"\npath = \"x.npz\"";
    data(lines, "x.npz", &[("x.npz", bytes)]);
}

fn idx(suffix: &str, bytes: &[u8]) {
    let images = include_bytes!("../testdata/reference/pictures/idx/train-images-idx3-ubyte");
    let labels = include_bytes!("../testdata/reference/pictures/idx/train-labels-idx1-ubyte");
    let names = [
        format!("train-images-idx3-ubyte{suffix}"),
        format!("train-labels-idx1-ubyte{suffix}"),
    ];
    let (test, right) = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte");
    let lines = "source = \"idx\"\npath = \".\"";
    let of_images = [
        (names[0].as_str(), bytes),
        ("train-labels-idx1-ubyte", labels),
    ];
    let of_labels = [
        ("train-images-idx3-ubyte", images.as_slice()),
        (&names[1], bytes),
    ];
    for [a, b] in [of_images, of_labels] {
        data(lines, ".", &[a, b, (test, images), (right, labels)]);
    }
}

fn parquet(bytes: &[u8]) {
    let file = [("p.parquet", bytes)];
    data(
        "source = \"parquet\"\npath = \"p.parquet\"",
        "p.parquet",
        &file,
    );
    data(
        "source = \"csv\"\npath = \"p.parquet\"\ntarget = \"y\"",
        "p.parquet",
        &file,
    );
}

fn wav(bytes: &[u8]) {
    let files = [("0_ann_7.wav", bytes), ("1_ann_7.wav", bytes)];
    data("source = \"fsdd\"\npath = \".\"", "0_ann_7.wav", &files);
}

fn picture(suffix: &str, bytes: &[u8]) {
    let (a, b) = (format!("a/0.{suffix}"), format!("b/0.{suffix}"));
    let lines = "source = \"image-folder\"\npath = \".\"";
    data(lines, &a, &[(&a, bytes), (&b, bytes)]);
}

fn cifar(bytes: &[u8]) {
    let names = include_bytes!("../testdata/reference/pictures/cifar/batches.meta.txt");
    let test = include_bytes!("../testdata/reference/pictures/cifar/data_batch_2.bin");
    let files: [(&str, &[u8]); 3] = [
        ("batches.meta.txt", names),
        ("data_batch_1.bin", bytes),
        ("test_batch.bin", test),
    ];
    data("source = \"cifar-binary\"\npath = \".\"", ".", &files);
}

fn safetensors(bytes: &[u8]) {
    if let Ok(weights) = from_safetensors(Path::new("x"), bytes) {
        to_safetensors(&weights).unwrap();
    }
}

/// A JSON text and what follows it, its length in two bytes before; with the second's size and hash set right where the
/// first claims them.
fn forged(bytes: &[u8], claims: fn(&mut Value) -> Option<&mut Value>) -> Option<(Vec<u8>, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    let (text, tail) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
    let Ok(mut json) = serde_json::from_slice::<Value>(text) else {
        return Some((text.to_vec(), tail));
    };
    if let Some(claims) = claims(&mut json).and_then(Value::as_object_mut) {
        claims.insert("bytes".into(), tail.len().into());
        claims.insert("sha256".into(), sha256(tail).into());
    }
    Some((serde_json::to_vec_pretty(&json).unwrap(), tail))
}

fn of_weights(json: &mut Value) -> Option<&mut Value> {
    json.get_mut("files")?.get_mut("model.safetensors")
}

fn model(bytes: &[u8]) {
    let Some((mut card, weights)) = forged(bytes, of_weights) else {
        return;
    };
    if let Ok(mut json) = serde_json::from_slice::<Value>(&card)
        && json.is_object()
    {
        json["sha256"] = "".into();
        json["sha256"] = sha256(&serde_json::to_vec_pretty(&json).unwrap()).into();
        card = serde_json::to_vec_pretty(&json).unwrap();
    }
    let new = include_bytes!("../testdata/0.1.0/new.csv");
    let files: [(&str, &[u8]); 3] = [
        ("model.json", &card),
        ("model.safetensors", weights),
        ("new.csv", new),
    ];
    let folder = folder(&files);
    let answered = SavedModel::read(folder.path(), &device::cpu()).and_then(|model| {
        let raw = model.read_inputs(&folder.path().join("new.csv"))?;
        model.predict(raw, &device::cpu())
    });
    drop(answered.map_err(|error| error.to_string()));
}

fn checkpoint(bytes: &[u8]) {
    if let Some((state, tensors)) = forged(bytes, |json| Some(json)) {
        let folder = folder(&[(CHECKPOINT[0], &state), (CHECKPOINT[1], tensors)]);
        let read = checkpoint::read(folder.path(), None);
        drop(read.map_err(|error| error.to_string()));
    }
}

fn read_events(bytes: &[u8]) {
    let folder = folder(&[("events.jsonl", bytes)]);
    match events::read(&folder.path().join("events.jsonl")) {
        Ok(events) => drop(Trial::of(&fold(&events), None)),
        Err(error) => drop(error.to_string()),
    }
}

/// run.json, and after a zero byte the log of its first trial.
fn report(bytes: &[u8]) {
    let (run, log) = match bytes.iter().position(|byte| *byte == 0) {
        Some(end) => (&bytes[..end], &bytes[end + 1..]),
        None => (bytes, &[][..]),
    };
    let folder = folder(&[("run.json", run), ("events.jsonl", log)]);
    let run = RunJson::read(&folder.path().join("run.json"));
    let log = events::read(&folder.path().join("events.jsonl"));
    let (Ok(run), Ok(log)) = (run, log) else {
        return;
    };
    let trials = [fold(&log)];
    drop(Page::new(&run, &trials, None, "").html());
    drop((metrics_csv(&trials, &run), trials_csv(&run), markdown(&run)));
    drop((text::results(&run), text::bill(&run), text::verdict(&run)));
    drop(run.to_json());
}

/// The bytes of these files, and of all files in these folders.
fn each(data: &Path, names: &[&str]) -> Vec<Vec<u8>> {
    names
        .iter()
        .flat_map(|name| {
            let path = data.join(name);
            match path.is_dir() {
                false => vec![fs::read(path).unwrap()],
                true => {
                    let entries = fs::read_dir(&path).unwrap();
                    let mut inside: Vec<String> = entries
                        .map(|entry| format!("{name}/{}", entry.unwrap().file_name().display()))
                        .collect();
                    inside.sort();
                    inside.iter().flat_map(|name| each(data, &[name])).collect()
                }
            }
        })
        .collect()
}

fn words(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn packed(plain: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let pack = |bytes: Vec<u8>| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&bytes).unwrap();
        encoder.finish().unwrap()
    };
    plain.into_iter().map(pack).collect()
}

/// The arrays of archives.
fn members(archives: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for archive in archives {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(archive)).unwrap();
        for at in 0..archive.len() {
            let mut bytes = Vec::new();
            std::io::copy(&mut archive.by_index(at).unwrap(), &mut bytes).unwrap();
            found.push(bytes);
        }
    }
    found
}

/// Two files of a folder as [`forged`] takes them.
fn pairs(data: &Path, folder: &str, names: [&str; 2]) -> Vec<Vec<u8>> {
    let [text, tail] = names.map(|name| fs::read(data.join(folder).join(name)).unwrap());
    let length = u16::try_from(text.len()).unwrap();
    vec![[&length.to_le_bytes()[..], &text, &tail].concat()]
}

fn recipes() -> Vec<Vec<u8>> {
    let shipped = distil::plan::SHIPPED.iter();
    shipped
        .map(|shipped| shipped.text.as_bytes().to_vec())
        .collect()
}

fn reports(data: &Path) -> Vec<Vec<u8>> {
    let [run, log] = ["run.json", "trials/flow-s1/events.jsonl"]
        .map(|name| fs::read(data.join("0.1.0/first").join(name)).unwrap());
    vec![[&run[..], &[0], &log].concat()]
}
