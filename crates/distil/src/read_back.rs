//! From a device to the host: the one place where the library's training reads numbers out of a tensor.

use std::cell::Cell;

use burn::tensor::Tensor;

thread_local! {
    static READS: Cell<u64> = const { Cell::new(0) };
}

/// The tensor's numbers, row by row. Waits until the device has computed them.
pub fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    READS.set(READS.get() + 1);
    let data = tensor.into_data().convert::<f32>();
    data.try_into_vec().unwrap_or_default()
}

/// How often this thread has read so far: for tests of when it does.
pub fn reads() -> u64 {
    READS.get()
}
