//! Power spectra of frames, in 64 bits.

use std::sync::Arc;

use realfft::{RealFftPlanner, RealToComplex};

use crate::error::{Error, Result};

/// Takes the spectra of frames of one length, times a window, with zeros behind up to a size.
pub struct Spectrum {
    fft: Arc<dyn RealToComplex<f64>>,
    window: Vec<f64>,
}

impl Spectrum {
    /// Of frames as long as the window.
    pub fn new(window: Vec<f64>, size: usize) -> Self {
        let fft = RealFftPlanner::new().plan_fft_forward(size);
        Self { fft, window }
    }

    /// |X|² at every frequency from 0 to half the rate, `[size / 2 + 1]`.
    pub fn power(&self, frame: impl Iterator<Item = f64>) -> Result<Vec<f64>> {
        let (mut input, mut output) = (self.fft.make_input_vec(), self.fft.make_output_vec());
        let weighted = frame.zip(&self.window).map(|(x, weight)| x * weight);
        for (place, value) in input.iter_mut().zip(weighted) {
            *place = value;
        }
        self.fft
            .process(&mut input, &mut output)
            .map_err(|error| Error::input("data.features", error))?;
        Ok(output.iter().map(|value| value.norm_sqr()).collect())
    }
}

/// So many numbers of Hann's window of this period.
pub fn hann(length: usize, period: usize) -> impl Iterator<Item = f64> {
    let turn = std::f64::consts::TAU / period as f64;
    (0..length).map(move |i| 0.5 - 0.5 * (turn * i as f64).cos())
}
