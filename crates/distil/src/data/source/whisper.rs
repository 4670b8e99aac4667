//! Whisper's log-mel features.

use mel_spec::mel::SparseMelFilterbank;

use crate::data::source::cut::{Cut, Keep};
use crate::data::source::spectrum::{Spectrum, hann};
use crate::error::{Error, Result};

/// Log-mel features as Whisper's (Radford et al. 2022; `log_mel_spectrogram`, `WhisperFeatureExtractor`), of a sound filled up or cut to its
/// frames instead of to 30 s: frames of 400 samples at 16,000 a second, one every 160, the sound mirrored at its ends; a periodic Hann
/// window; Slaney's mel filters, of unit area, up to 8,000 Hz; log₁₀ of the energy, at least of 10⁻¹⁰, and at least the sound's largest
/// less 8; (x + 4) / 4.
pub struct Whisper {
    spectrum: Spectrum,
    filters: SparseMelFilterbank,
}

const RATE: u32 = 16_000;
const WINDOW: usize = 400;
const HOP: usize = 160;

impl Whisper {
    /// For 80 or 128 bands; sounds have 16,000 samples per second.
    pub fn new(bands: usize, rate: u32) -> Result<Self> {
        let refuse = |reason: String, remedy: &str| {
            Err(Error::input("data.features", reason).remedy(remedy))
        };
        if rate != RATE {
            return refuse(
                format!("Whisper's features are of {RATE} samples per second, not {rate}"),
                "Write `rate = 16000`: sounds are resampled to it",
            );
        }
        if ![80, 128].contains(&bands) {
            return refuse(
                format!("Whisper has 80 or 128 bands, not {bands}"),
                "Write `bands = 80` or 128, or log-mel features of your own: `features = { log_mel = …, frames = … }`",
            );
        }
        let half = f64::from(RATE) / 2.0;
        Ok(Self {
            spectrum: Spectrum::new(hann(WINDOW, WINDOW).collect(), WINDOW),
            filters: SparseMelFilterbank::from_mel(
                f64::from(RATE),
                WINDOW,
                bands,
                Some(0.0),
                Some(half),
                false,
                true,
            ),
        })
    }

    /// What so many frames look at.
    pub fn cut(&self, frames: usize, keep: Keep) -> Result<Cut> {
        let length = frames.saturating_mul(HOP);
        if length <= WINDOW / 2 {
            return Err(Error::input(
                "data.features",
                format!("a sound of {frames} frame is too short to be mirrored at its ends"),
            )
            .remedy("Use at least 2 frames"));
        }
        Ok(Cut {
            length,
            hop: HOP,
            keep,
            shape: [self.filters.n_mels(), frames],
        })
    }

    /// The features of a sound of that length, `[bands, frames]`, row-major.
    pub fn features(&self, sound: &[f32]) -> Result<Vec<f32>> {
        let (frames, bands) = (sound.len() / HOP, self.filters.n_mels());
        let mirrored = |at: usize| {
            let at = at.abs_diff(WINDOW / 2);
            f64::from(sound[at.min(2 * (sound.len() - 1) - at)])
        };
        let mut logs = vec![0.0; bands * frames];
        let mut energies = vec![0.0; bands];
        for t in 0..frames {
            let power = self
                .spectrum
                .power((t * HOP..t * HOP + WINDOW).map(mirrored))?;
            self.filters.project_power_f64(&power, &mut energies);
            for (b, energy) in energies.iter().enumerate() {
                logs[b * frames + t] = energy.max(1e-10).log10();
            }
        }
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let feature = |log: f64| ((log.max(largest - 8.0) + 4.0) / 4.0) as f32;
        Ok(logs.into_iter().map(feature).collect())
    }
}
