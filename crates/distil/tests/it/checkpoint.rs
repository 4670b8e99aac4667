//! A checkpoint is whole or refused.

use std::collections::BTreeMap;
use std::path::Path;

use distil::data::Scores;
use distil::optim::{Slot, State, Young};
use distil::train::checkpoint::{Checkpoint, StageProgress, Store, read, write};
use distil::weights::{Array, Weights};

fn array(values: &[f32]) -> Array {
    Array::new([values.len()], values.to_vec())
}

fn tiny(step: u64) -> Checkpoint {
    let weights = Weights::from([("head.bias".into(), array(&[1.0, -2.5]))]);
    let slot = Slot {
        age: 3,
        moments: vec![array(&[0.1, 0.2]), array(&[0.3, 0.4])],
        young: Some(Young {
            mask: vec![true, false],
            age: 1,
            lr: 1.3,
            warmup: 250,
        }),
        lr_factor: 0.5,
    };
    Checkpoint {
        plan: "plan".into(),
        progress: StageProgress {
            step,
            epoch: 1,
            best: Some((2, 0.1 + 0.2)),
            ..StageProgress::default()
        },
        state: State {
            weights: weights.clone(),
            slots: BTreeMap::from([("head.bias".into(), slot)]),
        },
        average: Some(weights),
        best: None,
        scores: Scores {
            loss: vec![f32::NAN, 0.5],
        },
        epoch_scores: Scores {
            loss: vec![f32::NAN, 0.25],
        },
    }
}

fn same(a: &Checkpoint, b: &Checkpoint) -> bool {
    let bits = |s: &Scores| s.loss.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    bits(&a.scores) == bits(&b.scores)
        && bits(&a.epoch_scores) == bits(&b.epoch_scores)
        && (&a.plan, &a.progress, &a.state, &a.average, &a.best)
            == (&b.plan, &b.progress, &b.state, &b.average, &b.best)
}

#[test]
fn a_checkpoint_reads_back_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("step-1");
    write(&path, &tiny(7)).unwrap();
    assert!(same(&read(&path, Some("plan")).unwrap(), &tiny(7)));
}

#[test]
fn any_flipped_byte_is_refused_or_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("step-1");
    write(&path, &tiny(7)).unwrap();
    let mut refused = 0;
    for name in ["state.json", "tensors.safetensors"] {
        let file = path.join(name);
        let whole = std::fs::read(&file).unwrap();
        for i in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[i] ^= 0x10;
            std::fs::write(&file, &damaged).unwrap();
            match read(&path, Some("plan")) {
                Err(_) => refused += 1,
                // White space and the digits of counters in the manifest carry no tensor.
                Ok(_) => assert_eq!(name, "state.json", "byte {i}"),
            }
        }
        std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        assert!(read(&path, Some("plan")).is_err(), "{name} cut in half");
        std::fs::write(&file, &whole).unwrap();
    }
    assert!(
        refused
            > std::fs::metadata(path.join("tensors.safetensors"))
                .unwrap()
                .len() as usize
    );
}

#[test]
fn another_plan_is_refused_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("step-1");
    write(&path, &tiny(7)).unwrap();
    let message = read(&path, Some("other")).unwrap_err().to_string();
    assert!(
        message.contains("another plan") && message.contains("distil run"),
        "{message}"
    );
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_newest_two_stay_and_leftovers_go() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("step-00000009.123.unfinished")).unwrap();
    let store = Store::open(folder.path(), "plan").unwrap();
    for step in [10, 20, 30] {
        store.save(&tiny(step)).unwrap();
    }
    assert_eq!(names(folder.path()), ["step-00000020", "step-00000030"]);
}

#[test]
fn a_damaged_newest_checkpoint_falls_back_to_the_older_one_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), "plan").unwrap();
    store.save(&tiny(10)).unwrap();
    store.save(&tiny(20)).unwrap();
    let newest = folder.path().join("step-00000020/tensors.safetensors");
    std::fs::write(&newest, b"").unwrap();
    let (found, damaged) = store.latest().unwrap();
    assert_eq!(found.unwrap().progress.step, 10);
    assert!(
        damaged[0]
            .to_string()
            .contains("0 bytes where the manifest says"),
        "{}",
        damaged[0]
    );
    std::fs::write(folder.path().join("step-00000010/state.json"), b"{").unwrap();
    assert!(store.latest().is_err());
}
