//! Two clocks: the processor's, and the wall's, which a person waits for. Which of them counts as a cost, by device.

use std::time::Instant;

use burn::tensor::Device;
use distil_report::events::Time;

use crate::device::reading_is_dear;

/// Seconds of processor time this process has used so far, all threads together.
pub fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// The seconds that count as the cost of work on this device.
///
/// On the CPU the smaller of wall and processor time: waiting for a core that others keep busy is no cost, nor are cores that
/// work side by side. On any other device the wall's: its processor only waits meanwhile.
pub fn counted_seconds(time: &Time, device: &Device) -> f64 {
    match reading_is_dear(device) {
        false => time.wall_seconds.min(time.cpu_seconds),
        true => time.wall_seconds,
    }
}

/// Measures a piece of work on both clocks.
#[derive(Debug, Clone)]
pub struct Stopwatch {
    cpu: f64,
    wall: Instant,
    /// The device to wait for, where it works on while the program goes on.
    device: Option<Device>,
}

impl Stopwatch {
    /// Starts now: for work that the program itself does, or whose result it reads.
    pub fn start() -> Self {
        Self {
            cpu: cpu_seconds(),
            wall: Instant::now(),
            device: None,
        }
    }

    /// Starts once the device has nothing left to do, and stops likewise.
    pub fn on(device: &Device) -> Self {
        let device = reading_is_dear(device).then(|| device.clone().inner());
        wait(&device);
        Self {
            device,
            ..Self::start()
        }
    }

    /// Time since the start.
    pub fn time(&self) -> Time {
        wait(&self.device);
        Time {
            cpu_seconds: cpu_seconds() - self.cpu,
            wall_seconds: self.wall.elapsed().as_secs_f64(),
        }
    }
}

/// A device that failed says so at the next reading.
fn wait(device: &Option<Device>) {
    let _ = device.as_ref().map(Device::sync);
}
