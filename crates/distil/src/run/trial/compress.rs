//! What compression is for: bytes, latency and throughput of a student and its larger teacher, measured.

use std::time::{Duration, Instant};

use burn::tensor::Device;
use distil_report::run_json::Size;

use crate::data::Features;
use crate::error::Result;
use crate::model::Net;
use crate::model::access::weights_of;
use crate::model::{Model, TapSet};
use crate::sample::SampleId;
use crate::train::batch;
use crate::weights::to_safetensors;

/// Single rows answered before the clock starts, and while it runs.
const WARM_UP: usize = 50;
const SINGLES: usize = 300;
/// How long throughput is measured.
const LONG_ENOUGH: Duration = Duration::from_millis(200);

/// Measures a network on rows it reads, `inputs`: the median seconds of one row alone, and rows
/// per second in batches of [`batch::EVALUATION_ROWS`]; gathering the row is part of both.
pub fn size(
    stage: &str,
    net: &Model,
    parameters: u64,
    inputs: &Features,
    ids: &[SampleId],
    device: &Device,
) -> Result<Size> {
    use burn::module::Module;
    let net = net.valid();
    let device = device.clone().inner();
    let answer = |ids: &[SampleId]| {
        let output = net.forward(&batch::inputs(inputs, ids, &device), &TapSet::default());
        output.values.into_data()
    };
    let mut singles = Vec::with_capacity(SINGLES);
    for (i, id) in ids.iter().cycle().take(WARM_UP + SINGLES).enumerate() {
        let start = Instant::now();
        answer(&[*id]);
        if i >= WARM_UP {
            singles.push(start.elapsed().as_secs_f64());
        }
    }
    singles.sort_by(f64::total_cmp);
    let (start, mut rows) = (Instant::now(), 0);
    while start.elapsed() < LONG_ENOUGH && !ids.is_empty() {
        for chunk in ids.chunks(batch::EVALUATION_ROWS) {
            answer(chunk);
            rows += chunk.len();
        }
    }
    Ok(Size {
        stage: stage.to_string(),
        parameters,
        bytes: to_safetensors(&weights_of(&net))?.len() as u64,
        latency_seconds: singles.get(singles.len() / 2).copied().unwrap_or(f64::NAN),
        rows_per_second: rows as f64 / start.elapsed().as_secs_f64(),
    })
}
