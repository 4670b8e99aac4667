//! The reference is the same call with f64 tensors, which Burn's own operations compute.

use burn::tensor::{DType, Device, Tensor};
use distil_kernels::{Dropped, Isa, Op, Smooth, parametric_act};

use crate::numbers::{Numbers, assert_close, host};

/// Output and both gradients.
fn run(rows: usize, units: usize, smooth: Smooth, dtype: DType) -> [Vec<f64>; 3] {
    let device = Device::flex().autodiff();
    let mut numbers = Numbers(7);
    // From −30 to 30: past where either activation is a line.
    let x = (numbers.tensor([rows, units], &device, dtype) * 30.0)
        .detach()
        .require_grad();
    let slope = numbers.tensor([units], &device, dtype).require_grad();
    let by = numbers.tensor([rows, units], &device.clone().inner(), dtype);
    let y = parametric_act(x.clone(), slope.clone(), smooth, None);
    let gradients = (y.clone() * Tensor::from_inner(by)).sum().backward();
    let dx = x.grad(&gradients).unwrap();
    [host(y), host(dx), host(slope.grad(&gradients).unwrap())]
}

#[test]
fn bent_activations_equal_burns_operations_forward_and_in_every_gradient() {
    for smooth in [Smooth::Selu, Smooth::Mish] {
        for (rows, units) in [(1, 1), (3, 7), (64, 256), (129, 33)] {
            let reference = run(rows, units, smooth, DType::F64);
            for isa in Isa::available() {
                let _forced = isa.force();
                let before = Op::ParametricBackward.count();
                let found = run(rows, units, smooth, DType::F32);
                assert_eq!(Op::ParametricBackward.count(), before + 1);
                for (name, (found, reference)) in ["output", "gradient of x", "gradient of slope"]
                    .iter()
                    .zip(found.iter().zip(&reference))
                {
                    let name = format!("{name}, {smooth:?}, {isa:?}, {rows} × {units}");
                    assert_close(&name, found, reference);
                }
            }
        }
    }
}

#[test]
fn at_a_slope_of_0_nothing_is_changed() {
    let device = Device::flex();
    let x = Numbers(3).tensor([5, 4], &device, DType::F32);
    for smooth in [Smooth::Selu, Smooth::Mish] {
        let y = parametric_act(x.clone(), Tensor::zeros([4], &device), smooth, None);
        assert_eq!(host(y), host(x.clone()));
    }
}

#[test]
fn dropout_leaves_the_share_and_the_mean_and_its_gradient_the_same_places() {
    let (device, plain) = (Device::flex().autodiff(), Device::flex());
    let dropped = |seed| Dropped { share: 0.15, seed };
    let slope = || Tensor::ones([256], &plain);
    let run = |dropped: Dropped| {
        let x = Tensor::<2>::ones([200, 256], &device).require_grad();
        let y = parametric_act(
            x.clone(),
            Tensor::from_inner(slope()),
            Smooth::Mish,
            Some(dropped),
        );
        let gradients = y.clone().sum().backward();
        (host(y), host(x.grad(&gradients).unwrap()))
    };
    let whole = host(parametric_act(
        Tensor::ones([1, 256], &plain),
        slope(),
        Smooth::Mish,
        None,
    ))[0];
    let (y, dx) = run(dropped(5));
    let zeros = y.iter().filter(|y| **y == 0.0).count() as f64 / y.len() as f64;
    // Four standard errors of a share of 51,200.
    assert!(
        (zeros - 0.15).abs() < 4.0 * (0.15 * 0.85 / 51_200.0_f64).sqrt(),
        "{zeros}"
    );
    let kept = whole / 0.85;
    assert!(y.iter().all(|y| *y == 0.0 || (y - kept).abs() < 1e-6));
    assert!(y.iter().zip(&dx).all(|(y, dx)| (*y == 0.0) == (*dx == 0.0)));
    for isa in Isa::available() {
        let _forced = isa.force();
        let again = run(dropped(5)).0;
        assert!(y.iter().zip(again).all(|(a, b)| (*a == 0.0) == (b == 0.0)));
    }
    // Another seed chooses other places, no more alike than chance: 0.15² + 0.85² of them.
    let other = run(dropped(5 << 32)).0;
    let alike = y
        .iter()
        .zip(&other)
        .filter(|(a, b)| (**a == 0.0) == (**b == 0.0))
        .count();
    assert!((alike as f64 / 51_200.0 - 0.745).abs() < 0.01, "{alike}");
    // Neighbouring units and rows have nothing in common, either.
    for step in [1, 256] {
        let both = y
            .iter()
            .zip(&y[step..])
            .filter(|(a, b)| **a == 0.0 && **b == 0.0)
            .count();
        assert!(
            (both as f64 / 51_200.0 - 0.0225).abs() < 0.003,
            "{step}: {both}"
        );
    }
}
