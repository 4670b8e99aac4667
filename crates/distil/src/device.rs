//! Where a run computes. The only file that names a backend.

use burn::tensor::Device;

/// What the CPU is called in recipes and on the command line.
pub const CPU: &str = "cpu";

/// Kinds of devices that a build may have and this one lacks.
const NOT_BUILT: &[&str] = &["cuda", "wgpu"];

/// The CPU: tensors are arrays of this process.
pub fn cpu() -> Device {
    Device::flex()
}

/// The device of a recipe's or a command's word: `cpu`.
///
/// # Errors
/// A device that this build lacks, such as `cuda:0`, and a word that names none: a sentence, the remedy its last clause.
pub fn named(word: &str) -> Result<Device, String> {
    let kind = word.split(':').next().unwrap_or_default();
    if word == CPU {
        Ok(cpu())
    } else if NOT_BUILT.contains(&kind) {
        Err(format!(
            "`{word}` is not in this build; leave `device` out to compute on the CPU"
        ))
    } else {
        Err(format!(
            "`{word}` is no device; the devices are cpu, cuda:0 and wgpu"
        ))
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
