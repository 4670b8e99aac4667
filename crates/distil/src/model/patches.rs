//! What a convolution of any kernel and steps reads, laid out for a product.

use std::sync::Arc;

use burn::tensor::{Int, Tensor, TensorData};

use super::layout::Layer;

/// The numbers of a sample under the kernel, for each place of the answer: a convolution of these is one of 1 × 1. Beyond the sample
/// there are zeros, `(side − 1) / 2` of them before it, as many behind as the last place takes.
#[derive(Debug, Clone)]
pub(super) struct Patches {
    /// By place, kernel row, kernel column and channel: where the number stands in the sample, behind which stands a zero.
    from: Arc<[i32]>,
    /// Height and width of the answer, and numbers of a patch.
    shape: [usize; 3],
}

impl Patches {
    /// Of a layer that reads samples of this shape, height, width and channels.
    pub fn new(sample: &[usize], layer: &Layer) -> Self {
        let [height, width, channels] = *sample else {
            return Self {
                from: Arc::default(),
                shape: [0; 3],
            };
        };
        let (kernel, stride) = (layer.kernel(), layer.stride());
        let places = [height.div_ceil(stride[0]), width.div_ceil(stride[1])];
        // The row or column of the sample, if it lies inside.
        let at = |axis: usize, place: usize, tap: usize, length: usize| {
            let padded = place * stride[axis] + tap;
            let inside = padded.checked_sub((kernel[axis] - 1) / 2);
            inside.filter(|at| *at < length)
        };
        let zero = height * width * channels;
        let mut from = Vec::with_capacity(places[0] * places[1] * kernel[0] * kernel[1] * channels);
        for y in 0..places[0] {
            for x in 0..places[1] {
                for ky in 0..kernel[0] {
                    for kx in 0..kernel[1] {
                        let spot = at(0, y, ky, height).zip(at(1, x, kx, width));
                        let first = spot.map(|(row, column)| (row * width + column) * channels);
                        from.extend(
                            (0..channels)
                                .map(|channel| first.map_or(zero, |first| first + channel) as i32),
                        );
                    }
                }
            }
        }
        Self {
            from: from.into(),
            shape: [places[0], places[1], kernel[0] * kernel[1] * channels],
        }
    }

    /// `[rows, height, width, channels]` → `[rows, places down, places across, numbers]`
    pub fn of(&self, x: Tensor<4>) -> Tensor<4> {
        let ([rows, height, width, channels], device) = (x.dims(), x.device());
        let sample = x.reshape([rows, height * width * channels]);
        let zero = Tensor::zeros([rows, 1], &device);
        let from = TensorData::new(self.from.to_vec(), [self.from.len()]);
        let from = Tensor::<1, Int>::from_data(from, &device);
        let [down, across, numbers] = self.shape;
        let patches = Tensor::cat(vec![sample, zero], 1).select(1, from);
        patches.reshape([rows, down, across, numbers])
    }
}
