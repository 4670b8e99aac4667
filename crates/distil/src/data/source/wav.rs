//! WAV files.

use std::path::Path;

use hound::{SampleFormat, WavReader};

use crate::error::{Error, Result};

/// The samples of a mono WAV file of this rate, from −1 to 1; `path` is for the messages.
pub fn parse_wav(path: &Path, bytes: &[u8], rate: u32) -> Result<Vec<f32>> {
    let refuse =
        |reason: String, remedy: &str| Err(Error::input(path.display(), reason).remedy(remedy));
    let broken = |error: hound::Error| {
        let why = error.to_string();
        Error::input(
            path.display(),
            format!("not a whole WAV file ({})", why.trim_end_matches('.')),
        )
        .remedy("Fetch it again or leave it out")
    };
    let mut reader = WavReader::new(bytes).map_err(broken)?;
    let spec = reader.spec();
    if spec.channels != 1 {
        return refuse(
            format!("{} channels, where one is expected", spec.channels),
            "Mix it down to mono",
        );
    }
    if spec.sample_rate != rate {
        return refuse(
            format!(
                "{} samples per second, where {rate} are expected",
                spec.sample_rate
            ),
            "Resample it, or name the rate of all files with `rate`",
        );
    }
    let samples: Vec<f32> = match spec.sample_format {
        SampleFormat::Float => reader
            .samples::<f32>()
            .collect::<hound::Result<_>>()
            .map_err(broken)?,
        SampleFormat::Int => {
            let full = (1_u64 << (spec.bits_per_sample.clamp(1, 32) - 1)) as f32;
            reader
                .samples::<i32>()
                .map(|sample| sample.map(|x| x as f32 / full))
                .collect::<hound::Result<_>>()
                .map_err(broken)?
        }
    };
    if samples.is_empty() {
        return refuse(
            "there is no sound in it".to_string(),
            "Fetch it again or leave it out",
        );
    }
    match samples.iter().position(|x| !x.is_finite()) {
        None => Ok(samples),
        Some(at) => refuse(
            format!("sample {at} is not a finite number"),
            "Fetch it again or leave it out",
        ),
    }
}
