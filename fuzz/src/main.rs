//! libFuzzer on one of the targets: `FUZZ_TARGET=npy fuzz corpus/npy`. With `FUZZ_SEEDS=folder` it writes every target's seeds there and
//! ends.
#![no_main]

#[path = "../targets.rs"]
mod targets;

use std::path::Path;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use targets::{TARGETS, Target};

static TARGET: OnceLock<&Target> = OnceLock::new();

fn chosen() -> &'static Target {
    if let Ok(folder) = std::env::var("FUZZ_SEEDS") {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata");
        for target in TARGETS {
            let into = Path::new(&folder).join(target.name);
            std::fs::create_dir_all(&into).unwrap();
            for (at, seed) in (target.seeds)(&data).iter().enumerate() {
                std::fs::write(into.join(format!("seed-{at}")), seed).unwrap();
            }
        }
        std::process::exit(0);
    }
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let names = || TARGETS.iter().map(|target| target.name);
    match TARGETS.iter().find(|target| target.name == name) {
        Some(target) => target,
        None => {
            eprintln!(
                "FUZZ_TARGET is one of {}",
                names().collect::<Vec<_>>().join(", ")
            );
            std::process::exit(2);
        }
    }
}

fuzz_target!(|bytes: &[u8]| (TARGET.get_or_init(chosen).run)(bytes));
