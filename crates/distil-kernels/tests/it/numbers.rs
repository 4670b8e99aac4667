//! Numbers for tests, and how far two results are apart.

use burn::tensor::{DType, Device, Tensor, TensorData};

/// A linear congruential generator (Knuth's MMIX): numbers in [−1, 1).
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    }

    pub fn tensor<const D: usize>(
        &mut self,
        shape: [usize; D],
        device: &Device,
        dtype: DType,
    ) -> Tensor<D> {
        let values = (0..shape.iter().product()).map(|_| self.next()).collect();
        Tensor::<D>::from_data(TensorData::new::<f32, _>(values, shape), device).cast(dtype)
    }
}

pub fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

/// max|Δ| ≤ 1e-5 · max|reference|.
pub fn assert_close(name: &str, found: &[f64], reference: &[f64]) {
    assert_eq!(found.len(), reference.len(), "{name}");
    let largest = reference.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let apart = found.iter().zip(reference).map(|(a, b)| (a - b).abs());
    let apart = apart.fold(0.0, f64::max);
    assert!(apart <= 1e-5 * largest, "{name}: {apart:e} of {largest:e}");
}
