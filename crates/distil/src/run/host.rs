//! The machine a run is on.

use burn::tensor::Device;
use distil_kernels::Isa;
use distil_report::run_json::Host;

use crate::{device, memory};

/// This machine, as run.json describes it, of a run whose trials use so many threads and compute on `device`.
pub fn host(threads: usize, device: &Device) -> Host {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Host {
        distil: env!("CARGO_PKG_VERSION").to_string(),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        cpu: proc_value("/proc/cpuinfo", "model name")
            .unwrap_or_else(|| std::env::consts::ARCH.to_string()),
        cores,
        threads,
        memory_bytes: memory::total_bytes().unwrap_or(0),
        instructions: Isa::best().name().to_string(),
        device: device::name(device),
    }
}

fn proc_value(file: &str, key: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_string())
}
