//! Where a run computes. The only file that names a backend.

use burn::tensor::Device;
use distil_report::show::listed;

/// What the CPU is called in recipes and on the command line.
pub const CPU: &str = "cpu";

/// A device that a word names.
pub struct Named {
    /// How it is written.
    pub name: &'static str,
    /// What makes it; nothing in a build that lacks it.
    make: Option<fn() -> Device>,
}

/// Every device there is or will be.
pub const DEVICES: &[Named] = &[
    Named {
        name: CPU,
        make: Some(cpu),
    },
    Named {
        name: "cuda:0",
        make: None,
    },
    Named {
        name: "wgpu",
        make: None,
    },
];

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
    let named = |device: &&Named| device.name == word;
    if let Some(make) = DEVICES.iter().find(named).and_then(|device| device.make) {
        return Ok(make());
    }
    let lacks = |device: &Named| device.make.is_none() && kind(device.name) == kind(word);
    Err(match DEVICES.iter().any(lacks) {
        true => format!("`{word}` is not in this build; leave `device` out to compute on the CPU"),
        false => {
            let names: Vec<_> = DEVICES.iter().map(|device| device.name).collect();
            format!("`{word}` is no device; the devices are {}", listed(&names))
        }
    })
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
