//! Where a run computes. The only file that names a backend.

use burn::tensor::Device;
use distil_report::show::listed;

/// What the CPU is called in recipes and on the command line.
pub const CPU: &str = "cpu";

/// Every device as it is written, and what makes it; nothing does in a build that lacks it.
pub const DEVICES: &[(&str, Option<fn() -> Device>)] =
    &[(CPU, Some(cpu)), ("cuda:0", None), ("wgpu", None)];

/// The CPU: tensors are arrays of this process.
pub fn cpu() -> Device {
    Device::flex()
}

/// The device of a recipe's or a command's word: `cpu`.
///
/// # Errors
/// A device that this build lacks, such as `cuda:0`, and a word that names none: a sentence, the remedy its last clause.
pub fn named(word: &str) -> Result<Device, String> {
    let kind = |word: &str| word.split(':').next().map(str::to_owned);
    let is_built = |(name, open): &&(&str, Option<fn() -> Device>)| *name == word && open.is_some();
    let lacks = |(name, open): &(&str, Option<_>)| open.is_none() && kind(name) == kind(word);
    match DEVICES.iter().find(is_built) {
        Some((_, Some(open))) => Ok(open()),
        _ if DEVICES.iter().any(lacks) => Err(format!(
            "`{word}` is not in this build; leave `device` out to compute on the CPU"
        )),
        _ => {
            let names: Vec<_> = DEVICES.iter().map(|(name, _)| *name).collect();
            Err(format!(
                "`{word}` is no device; the devices are {}",
                listed(&names)
            ))
        }
    }
}

/// What a reader knows a device by: the word [`named`] takes, for those of this build.
pub fn name(device: &Device) -> String {
    match device.clone().inner() {
        plain if plain == cpu() => CPU.to_string(),
        other => format!("{other:?}"),
    }
}

/// Whether the host waits for the device when it reads a number back, so that it should read seldom.
pub fn reading_is_dear(device: &Device) -> bool {
    device.clone().inner() != cpu()
}
