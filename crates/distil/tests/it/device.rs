//! Where a run computes: named in one file, and never another place than was asked for.

use std::fs;
use std::path::Path;

use burn::tensor::Device;
use distil::device;

#[test]
fn a_device_is_known_by_the_word_it_was_asked_for_with() {
    let cpu = device::named("cpu").unwrap();
    assert_eq!(device::name(&cpu), "cpu");
    assert_eq!(device::name(&cpu.clone().autodiff()), "cpu");
    assert!(!device::reading_is_dear(&cpu.autodiff()));
}

#[test]
fn no_other_file_names_a_backend_to_compute_on() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let constructors = [
        "Device::flex(",
        "Device::cuda(",
        "Device::wgpu(",
        "Device::default(",
    ];
    let mut found = Vec::new();
    let mut folders = vec![crates.join("distil/src"), crates.join("distil-cli/src")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let library = text.split("#[cfg(test)]").next().unwrap();
            let names = constructors
                .iter()
                .any(|constructor| library.contains(constructor));
            if names {
                found.push(path.strip_prefix(crates).unwrap().display().to_string());
            }
        }
    }
    assert_eq!(found, ["distil/src/device.rs"]);
    assert_eq!(device::cpu(), Device::flex());
}
