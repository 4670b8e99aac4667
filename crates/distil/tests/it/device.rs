//! Where a run computes: named in one file, and never another place than was asked for.

use burn::tensor::Device;
use distil::device;

use crate::sources::{library, sources};

#[test]
fn a_device_is_known_by_the_word_it_was_asked_for_with() {
    let cpu = device::named("cpu").unwrap();
    assert_eq!(device::name(&cpu), "cpu");
    assert_eq!(device::name(&cpu.clone().autodiff()), "cpu");
    assert!(!device::reading_is_dear(&cpu.autodiff()));
}

#[test]
fn no_other_file_names_a_backend_to_compute_on() {
    let constructors = [
        "Device::flex(",
        "Device::cuda(",
        "Device::wgpu(",
        "Device::default(",
    ];
    let files = ["distil/src", "distil-cli/src"]
        .into_iter()
        .flat_map(|folder| {
            let files = sources(&format!("crates/{folder}")).into_iter();
            files.map(move |(file, text)| (format!("{folder}/{file}"), text))
        });
    let names = |text: &str| constructors.iter().any(|word| library(text).contains(word));
    let found = files.filter(|(_, text)| names(text)).map(|(file, _)| file);
    let found: Vec<String> = found.collect();
    assert_eq!(found, ["distil/src/device.rs"]);
    assert_eq!(device::cpu(), Device::flex());
}
