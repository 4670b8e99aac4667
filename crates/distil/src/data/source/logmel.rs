//! Log-mel features of sound.

use mel_spec::mel::{BatchLogMelConfig, BatchLogMelSpectrogram};
use schemars::JsonSchema;
use serde::Serialize;

use crate::data::source::cut::{Cut, Keep};
use crate::error::{Error, Result};

/// Log-mel features: `features = { log_mel = 20, frames = 50 }`.
///
/// Frame t covers `window_ms` from t · `hop_ms` on (the sound is zero-padded behind, or cropped to the frames by `keep`), times a
/// symmetric Hann window; the power spectrum is summed by triangular filters spaced on Slaney's mel scale, each of
/// unit area; the feature is ln(energy + 1e-6), samples being from −1 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct LogMel {
    /// Mel bands.
    pub log_mel: usize,
    /// Frames.
    pub frames: usize,
    /// Length of a frame in milliseconds.
    pub window_ms: f64,
    /// Distance between frames in milliseconds.
    pub hop_ms: f64,
    /// Lower end of the lowest band in Hz.
    pub low_hz: f64,
    /// Upper end of the highest band in Hz; 4,000 or half the rate, whichever is less, unless told otherwise.
    pub high_hz: Option<f64>,
    /// What is kept of a sound longer than the frames: its `start`, its `middle` or its `end`; its start unless told otherwise.
    #[serde(skip_serializing_if = "Keep::is_start")]
    pub keep: Keep,
}

impl Default for LogMel {
    fn default() -> Self {
        Self {
            log_mel: 20,
            frames: 50,
            window_ms: 32.0,
            hop_ms: 20.0,
            low_hz: 0.0,
            high_hz: None,
            keep: Keep::Start,
        }
    }
}

/// Added to every energy before the logarithm.
const FLOOR: f32 = 1e-6;

/// The filters of sounds of one rate.
pub struct Filters(BatchLogMelSpectrogram);

impl LogMel {
    /// The filters for sounds of `rate` samples per second, and what they look at.
    pub fn filters(&self, rate: u32) -> Result<(Filters, Cut)> {
        let refuse = |reason: String, remedy: &str| {
            Err(Error::input("data.features", reason).remedy(remedy))
        };
        let samples =
            |milliseconds: f64| (milliseconds / 1000.0 * f64::from(rate)).round() as usize;
        let (window, hop) = (samples(self.window_ms), samples(self.hop_ms));
        let half = f64::from(rate) / 2.0;
        let high = self.high_hz.unwrap_or(half.min(4000.0));
        if self.log_mel == 0 || self.frames == 0 || window < 2 || hop == 0 {
            return refuse(
                "bands, frames, window and hop must be positive".to_string(),
                "Correct the numbers",
            );
        }
        if !(self.low_hz >= 0.0 && self.low_hz < high && high <= half) {
            return refuse(
                format!(
                    "{} Hz to {high} Hz is not a range below half the rate, {half} Hz",
                    self.low_hz
                ),
                "Correct `low_hz` and `high_hz`",
            );
        }
        let config = BatchLogMelConfig {
            sample_rate: rate as usize,
            n_fft: window,
            win_length: window,
            hop_length: hop,
            n_mels: self.log_mel,
            f_min: self.low_hz,
            f_max: Some(high),
            htk: false,
            norm: true,
            preemphasis: 0.0,
            center: false,
            log_zero_guard: FLOOR,
            pad_to: 0,
            normalize_per_feature: false,
        };
        let spectrogram = BatchLogMelSpectrogram::new(config)
            .map_err(|error| Error::input("data.features", error))?;
        if let Some(empty) =
            (0..self.log_mel).find(|&band| spectrogram.filters().weights_for_mel(band).is_empty())
        {
            return refuse(
                format!(
                    "band {empty} of {} is narrower than the window's frequency resolution",
                    self.log_mel
                ),
                "Use fewer bands or a longer window",
            );
        }
        let cut = Cut {
            length: (self.frames - 1).saturating_mul(hop).saturating_add(window),
            hop,
            keep: self.keep,
            shape: [self.log_mel, self.frames],
        };
        Ok((Filters(spectrogram), cut.checked()?))
    }
}

impl Filters {
    /// The features of a sound of the length that is looked at, `[bands, frames]`, row-major.
    pub fn features(&self, sound: &[f32]) -> Result<Vec<f32>> {
        let output = self
            .0
            .compute_flat(sound)
            .map_err(|error| Error::input("data.features", error))?;
        Ok(output.data)
    }
}
