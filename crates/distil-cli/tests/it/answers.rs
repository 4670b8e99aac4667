//! A teacher that is not ours: its answers lie in a `.npy` file.

use std::path::Path;

use distil::data::source::Source;
use distil::device;
use distil::plan::{Arm, Draft};
use distil::saved::SavedModel;
use distil::weights::Array;
use distil_recipe::RecipeText;
use distil_report::events::Event;
use distil_report::run_json::RunJson;

use crate::harness::{Ended, Place};

/// Classes, and a network of ours that knows them.
const CLASSES: &str = r#"task = "classification"
data = "digits"

[stage.teacher]
model = { kind = "mlp", hidden = [32] }
train = { epochs = 3, lr = 4e-3 }
"#;

/// Two values of a table, and a network of ours that knows them.
const VALUES: &str = r#"task = "regression"

[data]
source = "csv"
path = "table.csv"
target = ["price", "area"]

[stage.teacher]
model = { kind = "mlp", hidden = [16] }
train = { epochs = 3, lr = 4e-3 }
"#;

const STUDENT: &str = r#"
[stage.student]
model = { kind = "mlp", hidden = [8] }
learn = { from = "teacher", METHOD, mix = 0.7 }
train = { epochs = 3, lr = 4e-3 }
"#;

fn table() -> String {
    let mut text = "a,b,c,price,area\n".to_owned();
    let mut state = 3_u64;
    for _ in 0..300 {
        let mut draw = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 40) as f64 / f64::from(1 << 24)
        };
        let [a, b, c] = [draw(), draw(), draw()];
        let price = 200_000.0 + 90_000.0 * a * b;
        text += &format!("{a:.4},{b:.4},{c:.4},{price:.1},{:.4}\n", 40.0 * c - a);
    }
    text
}

/// A `.npy` file of 64-bit numbers.
pub fn npy(shape: &[usize], values: &[f64]) -> Vec<u8> {
    let mut header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape:?}, }}")
        .replace('[', "(")
        .replace(']', ",)");
    header += &" ".repeat((64 - (10 + header.len() + 1) % 64) % 64);
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

fn saved(bytes: &Array, form: impl Fn(&[f32]) -> Vec<f64>) -> Vec<u8> {
    let (rows, width) = bytes.rows_cols();
    let values: Vec<f64> = (0..rows).flat_map(|row| form(bytes.row(row))).collect();
    npy(&[rows, width], &values)
}

/// Numbers as they are.
fn wide(row: &[f32]) -> Vec<f64> {
    row.iter().copied().map(f64::from).collect()
}

fn done(ended: Ended) -> Ended {
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    ended
}

/// Trains the teacher alone, and says what it answers to every row.
fn taught(place: &Place, recipe: &str) -> (SavedModel, Array) {
    place.write("table.csv", table());
    place.write("teacher.toml", recipe);
    done(place.distil(&["run", "./teacher.toml", "--no-control", "--quiet"]));
    let model = SavedModel::read(&place.path("runs/teacher-0001/model"), &device::cpu()).unwrap();
    let read = model
        .card
        .source
        .read(Path::new(&place.path("")), model.card.targets.kind);
    let answers = model.outputs(read.unwrap().inputs, &device::cpu()).unwrap();
    (model, answers)
}

/// The recipe with the teacher's own stage replaced.
fn student(recipe: &str, teacher: &str, method: &str) -> String {
    let (head, _) = recipe.split_once("[stage.teacher]").unwrap();
    format!("{head}[stage.teacher]\n{teacher}\n{STUDENT}").replace("METHOD", method)
}

/// The student's losses.
fn losses(place: &Place, name: &str, recipe: &str) -> Vec<f64> {
    place.write(&format!("{name}.toml"), recipe);
    let file = format!("./{name}.toml");
    done(place.distil(&["run", &file, "--no-control", "--quiet"]));
    let events = place.events(&format!("runs/{name}-0001"), "flow-s1");
    let losses = events.into_iter().filter_map(|event| match event {
        Event::Progress(progress) if progress.stage == "student" => Some(progress.loss),
        _ => None,
    });
    losses.collect()
}

const GIVEN: &str = "model = { file = \"runs/teacher-0001/model\" }";
const ANSWERS: &str = "answers = \"p.npy\"";
const KD: &str = "method = \"kd\", temperature = 2";

fn furthest(some: &[f64], others: &[f64]) -> f64 {
    assert_eq!(some.len(), others.len());
    let apart = some
        .iter()
        .zip(others)
        .map(|(a, b)| (a - b).abs() / a.abs());
    apart.fold(0.0, f64::max)
}

#[test]
fn logits_of_a_network_teach_to_the_same_bits_as_the_network_and_its_probabilities_to_1e_6() {
    let place = Place::new();
    let (_, logits) = taught(&place, CLASSES);
    let by_network = losses(&place, "network", &student(CLASSES, GIVEN, KD));
    assert!(by_network.len() >= 3);

    place.write("p.npy", saved(&logits, wide));
    let by_logits = losses(&place, "logits", &student(CLASSES, ANSWERS, KD));
    assert_eq!(by_network, by_logits);

    let softmax = |row: &[f32]| {
        let exp: Vec<f64> = wide(row).iter().map(|x| x.exp()).collect();
        exp.iter().map(|x| x / exp.iter().sum::<f64>()).collect()
    };
    place.write("p.npy", saved(&logits, softmax));
    let by_probabilities = losses(&place, "probabilities", &student(CLASSES, ANSWERS, KD));
    let apart = furthest(&by_network, &by_probabilities);
    assert!(apart < 1e-6, "{apart:e}");
    let plain = CLASSES.replace("teacher", "student").replace("[32]", "[8]");
    let alone = losses(&place, "alone", &plain);
    assert!(furthest(&by_network, &alone) > 0.01, "nobody taught");
}

#[test]
fn values_of_a_network_in_their_own_unit_teach_as_the_network_does_to_1e_5() {
    let place = Place::new();
    let (model, outputs) = taught(&place, VALUES);
    let scale = model.card.targets.scale.clone().unwrap();
    let by_network = losses(
        &place,
        "network",
        &student(VALUES, GIVEN, "method = \"mse\""),
    );
    let units = |row: &[f32]| scale.to_units(row).into_iter().map(f64::from).collect();
    place.write("p.npy", saved(&outputs, units));
    let by_values = losses(
        &place,
        "values",
        &student(VALUES, ANSWERS, "method = \"mse\""),
    );
    let apart = furthest(&by_network, &by_values);
    assert!(apart < 1e-5, "{apart:e}");
}

#[test]
fn a_run_says_how_answers_were_read_and_what_is_not_known_of_them() {
    let place = Place::new();
    let (_, logits) = taught(&place, CLASSES);
    place.write("p.npy", saved(&logits, wide));
    place.write("mine.toml", student(CLASSES, ANSWERS, KD));
    let checked = done(place.distil(&["check", "./mine.toml"]));
    let ended = done(place.distil(&["run", "./mine.toml", "--quiet"]));
    let said = "`teacher` is the answers of another program (p.npy), read as logits, for not all numbers lie between 0 and 1; \
                what they cost is not known";
    let unseen = "whether it has seen the test rows is not known";
    for said in [said, unseen] {
        assert!(checked.stdout.contains(said), "{}", checked.stdout);
    }
    let log = place.events("runs/mine-0001", "flow-s1");
    let told = log.iter().find_map(|event| match event {
        Event::Data(data) => Some(&data.findings.notes),
        _ => None,
    });
    assert!(told.unwrap().contains(&said.to_string()), "{told:?}");
    let run = RunJson::read(&place.path("runs/mine-0001/run.json")).unwrap();
    let flow = run.arm("flow").next().unwrap();
    assert!(
        flow.findings.notes.contains(&said.to_string()),
        "{:?}",
        flow.findings.notes
    );
    assert!(
        flow.bill.rows.iter().all(|row| row.stage != "teacher"),
        "{:?}",
        flow.bill
    );
    assert!(
        flow.stages[0].test["accuracy"] > 0.8,
        "{:?}",
        flow.stages[0]
    );
    let against = &run.comparisons[0];
    assert!(
        against.given && against.overlap.unwrap().unknown,
        "{against:?}"
    );
    assert!(
        ended.stdout.contains(
            "the given model not counted; whether it has seen the test rows is not known"
        ),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.contains(said), "{}", ended.stdout);
    let page = place.read("runs/mine-0001/report.html");
    assert!(page.contains("read as logits"));

    // A student of answers passes on that nobody knows what they have seen.
    let next = student(CLASSES, "model = { file = \"runs/mine-0001/model\" }", KD);
    place.write("next.toml", next);
    let next = done(place.distil(&["check", "./next.toml"]));
    assert!(
        next.stdout.contains("whether it has seen"),
        "{}",
        next.stdout
    );
}

/// Answers that are one class for every digit.
fn always(class: usize) -> Vec<u8> {
    let row = |_| (0..10).map(move |k| f64::from(u8::from(k == class)));
    npy(&[1797, 10], &(0..1797).flat_map(row).collect::<Vec<f64>>())
}

#[test]
fn other_answers_are_another_plan_for_kept_stages_and_for_a_run_that_is_resumed() {
    let place = Place::new();
    place.write("p.npy", always(3));
    let recipe = student(CLASSES, ANSWERS, KD).replace("epochs = 3", "epochs = 60");
    place.write("mine.toml", &recipe);
    let more = [
        "--no-control",
        "--jobs",
        "1",
        "--set",
        "run.checkpoint_steps=5",
    ];
    let arguments = [&["run", "./mine.toml"][..], &more].concat();
    let mut running = place.start(&arguments);
    running.wait_for("a checkpoint", || {
        let events = place.events("runs/mine-0001", "flow-s1");
        events
            .iter()
            .any(|event| matches!(event, Event::Checkpointed(_)))
    });
    running.signal(rustix::process::Signal::TERM);
    assert_eq!(running.end().code, 143);
    place.write("p.npy", always(4));
    let refused = place.distil(&["resume", "runs/mine-0001", "--quiet"]);
    assert_ne!(refused.code, 0);
    assert!(
        refused
            .stderr
            .contains("p.npy: it has changed since the run began"),
        "{}",
        refused.stderr
    );
    place.write("p.npy", always(3));
    done(place.distil(&["resume", "runs/mine-0001", "--quiet"]));

    // The same answers: the stage is there. Others: it is trained.
    let again = |name: &str| {
        done(place.distil(&[&["run", "./mine.toml"][..], &more].concat()));
        let events = place.events(name, "flow-s1");
        events.iter().any(|event| matches!(event, Event::Reused(_)))
    };
    assert!(again("runs/mine-0002"));
    place.write("p.npy", always(4));
    assert!(!again("runs/mine-0003"));
}

#[test]
fn a_smoke_run_takes_the_answers_to_the_samples_it_keeps() {
    let place = Place::new();
    let (_, logits) = taught(&place, CLASSES);
    place.write("p.npy", saved(&logits, wide));
    place.write("mine.toml", student(CLASSES, ANSWERS, KD));
    done(place.distil(&["run", "./mine.toml", "--smoke", "--quiet"]));
    let run = RunJson::read(&place.path("runs/mine-0001/run.json")).unwrap();
    let flow = run.arm("flow").next().unwrap();
    assert!(flow.data.train < 500, "{:?}", flow.data);
    assert!(
        flow.stages[0].train["accuracy"] > 0.8,
        "{:?}",
        flow.stages[0]
    );
}

#[test]
fn a_sample_without_an_answer_learns_from_its_label_alone() {
    let place = Place::new();
    let (_, logits) = taught(&place, CLASSES);
    place.write("all.npy", saved(&logits, wide));
    // Every third sample has none.
    let (rows, width) = logits.rows_cols();
    let some = (0..rows).flat_map(|row| {
        let gap = row % 3 == 0;
        let each = wide(logits.row(row)).into_iter();
        each.map(move |x| if gap { f64::NAN } else { x })
    });
    place.write("some.npy", npy(&[rows, width], &some.collect::<Vec<f64>>()));
    let text = RecipeText::new("teacher.toml", CLASSES.to_owned());
    let draft = Draft::read(&text, Path::new(""), &Arm::Flow).unwrap();
    let data = draft.dataset(draft.read_data().unwrap(), None).unwrap();
    let train: Vec<usize> = data.split.train.iter().map(|id| id.row()).collect();
    let (without, with): (Vec<usize>, Vec<usize>) = train.iter().partition(|row| *row % 3 == 0);
    let list = |rows: &[usize]| {
        rows.iter()
            .map(|row| format!("{row}\n"))
            .collect::<String>()
    };
    place.write("with.txt", list(&with));
    place.write("without.txt", list(&without));
    // One step over all samples: its loss is the first one's, before any update.
    let first = |name: &str, file: &str, mix: &str, samples: &str| {
        let recipe = student(CLASSES, &format!("answers = \"{file}\""), KD)
            .replace("mix = 0.7", &format!("mix = {mix}"))
            .replace(
                "epochs = 3, lr = 4e-3 }\n",
                "steps = 1, batch = 2000, lr = 4e-3 }\n",
            );
        let recipe = format!("{recipe}samples = {samples}\n");
        losses(&place, name, &recipe)[0]
    };
    let listed = |file: &str| format!("{{ kind = \"ids\", file = \"{file}\" }}");
    let share = with.len() as f64 / train.len() as f64;
    let known = first("known", "all.npy", "0.7", &listed("with.txt"));
    let unknown = first("unknown", "all.npy", "0.0", &listed("without.txt"));
    let found = first("found", "some.npy", "0.7", "\"all\"");
    let expected = share * known + (1.0 - share) * unknown;
    assert!(
        (found - expected).abs() < 1e-5 * expected,
        "{found} {expected}"
    );
    let all = first("all", "all.npy", "0.7", "\"all\"");
    assert!((all - found).abs() > 1e-3, "{all} {found}");
}

#[test]
fn what_answers_are_said_to_have_cost_is_in_the_bill_and_in_every_comparison() {
    let place = Place::new();
    let (_, logits) = taught(&place, CLASSES);
    place.write("p.npy", saved(&logits, wide));
    let priced = "answers = { file = \"p.npy\", seconds = 7.5, flops = 3e9 }";
    place.write("mine.toml", student(CLASSES, priced, KD));
    done(place.distil(&["run", "./mine.toml", "--quiet"]));
    let run = RunJson::read(&place.path("runs/mine-0001/run.json")).unwrap();
    let flow = run.arm("flow").next().unwrap();
    let row = flow
        .bill
        .rows
        .iter()
        .find(|row| row.stage == "teacher")
        .unwrap();
    assert_eq!((row.flops, row.cpu_seconds), (Some(3e9), 7.5));
    assert_eq!(row.reference_seconds, Some(7.5));
    assert!(flow.bill.equalised().flops.unwrap() > 3e9);
    assert!(flow.bill.equalised().reference_seconds.unwrap() > 7.5);
    // Plain training had as much.
    let plain = run.arm("plain").next().unwrap();
    assert!(plain.bill.rows.iter().all(|row| row.stage != "teacher"));
    let ratio = plain.bill.equalised().flops.unwrap() / flow.bill.equalised().flops.unwrap();
    assert!((0.98..=1.02).contains(&ratio), "{ratio}");
    assert!(!run.comparisons[0].given);
}
