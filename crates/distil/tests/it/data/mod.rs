//! Data: sources, splits, preprocessing, views.

mod augment;
mod codes;
mod equal;
mod prepare;
mod real;
mod sources;
mod spec_augment;
mod split;
mod view;

use std::path::{Path, PathBuf};

use distil::data::{Inputs, Raw, RawTargets};
use distil::rng::Seed;

use crate::skipped;

/// The real data beside the repository, or `None` with a line that says what is skipped.
pub fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(name);
    if path.exists() {
        return Some(path);
    }
    skipped(&format!("{} is not here", path.display()));
    None
}

/// Random numbers of this shape with these classes.
pub fn block(shape: &[usize], labels: Vec<u32>, classes: usize) -> Raw {
    let mut stream = Seed(5).stream("test.block", &[]);
    let count = labels.len() * shape.iter().product::<usize>();
    let inputs = Inputs::Block {
        shape: shape.to_vec(),
        values: (0..count).map(|_| stream.normal()).collect(),
    };
    let names = (0..classes).map(|class| format!("class {class}")).collect();
    Raw::new(
        inputs,
        Some(RawTargets::Classes {
            names,
            labels: labels.into(),
        }),
        String::new(),
    )
}
