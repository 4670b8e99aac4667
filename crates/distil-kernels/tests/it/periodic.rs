//! The reference is the same call with f64 tensors, which Burn's own operations compute.

use burn::tensor::{DType, Device, Tensor};
use distil_kernels::{Isa, Op, Waves, periodic};

use crate::numbers::{Numbers, assert_close, host};

type Results = Vec<(&'static str, Vec<f64>)>;

/// Output and all gradients, for `[rows, numbers, waves, outputs]`.
fn run([rows, n, k, c]: [usize; 4], dtype: DType) -> Results {
    let device = Device::flex().autodiff();
    let mut numbers = Numbers(11);
    let x = numbers.tensor([rows, n], &device.clone().inner(), dtype) * 3.0;
    let mut matrix = |shape: [usize; 2]| numbers.tensor(shape, &device, dtype).require_grad();
    let (frequency, phase) = (matrix([n, k]), matrix([n, k]));
    let bias = matrix([n, c]);
    let weight = numbers.tensor([n, k, c], &device, dtype).require_grad();
    let by = numbers.tensor([rows, n * c], &device.clone().inner(), dtype);
    let waves = Waves {
        frequency: frequency.clone(),
        phase: phase.clone(),
        weight: weight.clone(),
        bias: bias.clone(),
    };
    let y = periodic(Tensor::from_inner(x), waves);
    let gradients = (y.clone() * Tensor::from_inner(by)).sum().backward();
    vec![
        ("output", host(y)),
        ("frequency", host(frequency.grad(&gradients).unwrap())),
        ("phase", host(phase.grad(&gradients).unwrap())),
        ("weight", host(weight.grad(&gradients).unwrap())),
        ("bias", host(bias.grad(&gradients).unwrap())),
    ]
}

#[test]
fn waves_of_numbers_equal_burns_operations_forward_and_in_every_gradient() {
    let sizes = [
        [7, 1, 1, 1],
        [5, 3, 16, 3],
        [256, 8, 16, 3],
        [33, 2, 7, 5],
        [40, 2, 20, 2],
    ];
    for sizes in sizes {
        let reference = run(sizes, DType::F64);
        let mut first = None;
        for isa in Isa::available() {
            let _forced = isa.force();
            let before = Op::PeriodicBackward.count();
            let found = run(sizes, DType::F32);
            assert_eq!(Op::PeriodicBackward.count(), before + 1);
            for ((name, found), (_, reference)) in found.iter().zip(&reference) {
                assert_close(&format!("{name}, {isa:?}, {sizes:?}"), found, reference);
            }
            // The same sums in the same order.
            assert_eq!(
                &found,
                first.get_or_insert_with(|| found.clone()),
                "{isa:?}"
            );
        }
    }
}
