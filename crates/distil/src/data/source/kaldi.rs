//! Kaldi's filter banks.

use crate::data::source::cut::{Cut, Keep};
use crate::data::source::spectrum::{Spectrum, hann};
use crate::error::{Error, Result};

/// Log-mel features as Kaldi's `compute-fbank-feats` has them by default, and `torchaudio.compliance.kaldi.fbank`: frames of 25 ms every
/// 10 ms, all within the sound; their mean taken away; preemphasis by 0.97; Povey's window; a spectrum of the next power of two; triangles
/// on the scale 1127 ln(1 + Hz / 700) from 20 Hz to half the rate, each 1 at its peak; ln of the energy, at least of 2⁻²³. Without dither.
///
/// Samples are from −1 to 1, as torchaudio loads them. Kaldi itself reads 16-bit numbers: all above the floor is 2 ln 32768 = 20.79 larger.
pub struct Kaldi {
    spectrum: Spectrum,
    /// Samples of a frame.
    window: usize,
    /// Samples from one to the next.
    hop: usize,
    /// By band: frequencies, counted in the spectrum, and their weights.
    bands: Vec<Vec<(usize, f64)>>,
}

const PREEMPHASIS: f64 = 0.97;
const LOWEST_HZ: f64 = 20.0;
const FLOOR: f64 = f32::EPSILON as f64;

fn mel(hz: f64) -> f64 {
    1127.0 * (1.0 + hz / 700.0).ln()
}

impl Kaldi {
    /// For so many bands of sounds of `rate` samples per second.
    pub fn new(bands: usize, rate: u32) -> Result<Self> {
        let refuse = |reason: String, remedy: &str| {
            Err(Error::input("data.features", reason).remedy(remedy))
        };
        let (window, hop) = (rate as usize * 25 / 1000, rate as usize / 100);
        if window < 2 || hop == 0 {
            return refuse(
                format!("{rate} samples per second leave nothing of frames of 25 ms"),
                "Write a higher `rate`",
            );
        }
        let size = window.next_power_of_two();
        let (low, high) = (mel(LOWEST_HZ), mel(f64::from(rate) / 2.0));
        let step = (high - low) / (bands + 1) as f64;
        let width = f64::from(rate) / size as f64;
        let band = |band: usize| -> Vec<(usize, f64)> {
            let left = low + band as f64 * step;
            let weights = (0..size / 2).map(|bin| {
                let at = (mel(bin as f64 * width) - left) / step;
                (bin, at.min(2.0 - at))
            });
            weights.filter(|(_, weight)| *weight > 0.0).collect()
        };
        let made: Vec<_> = (0..bands).map(band).collect();
        if let Some(empty) = made.iter().position(Vec::is_empty) {
            return refuse(
                format!("band {empty} of {bands} is narrower than the spectrum's resolution"),
                "Use fewer bands or a higher `rate`",
            );
        }
        let povey = hann(window, window - 1).map(|weight| weight.powf(0.85));
        Ok(Self {
            spectrum: Spectrum::new(povey.collect(), size),
            window,
            hop,
            bands: made,
        })
    }

    /// What so many frames look at.
    pub fn cut(&self, frames: usize, keep: Keep) -> Cut {
        Cut {
            length: (frames - 1)
                .saturating_mul(self.hop)
                .saturating_add(self.window),
            hop: self.hop,
            keep,
            shape: [self.bands.len(), frames],
        }
    }

    /// The features of a sound of that length, `[bands, frames]`, row-major.
    pub fn features(&self, sound: &[f32]) -> Result<Vec<f32>> {
        let frames = (sound.len() - self.window) / self.hop + 1;
        let mut features = vec![0.0; self.bands.len() * frames];
        for t in 0..frames {
            let frame = &sound[t * self.hop..][..self.window];
            let mean = frame.iter().map(|x| f64::from(*x)).sum::<f64>() / self.window as f64;
            let level = |x: &f32| f64::from(*x) - mean;
            let before = frame.first().into_iter().chain(frame).map(level);
            let emphasised = frame.iter().map(level).zip(before);
            let emphasised = emphasised.map(|(x, before)| x - PREEMPHASIS * before);
            let power = self.spectrum.power(emphasised)?;
            for (b, band) in self.bands.iter().enumerate() {
                let energy: f64 = band.iter().map(|(bin, weight)| power[*bin] * weight).sum();
                features[b * frames + t] = energy.max(FLOOR).ln() as f32;
            }
        }
        Ok(features)
    }
}
