//! The reference is the same call with f64 tensors, which Burn's own operations compute.

use burn::tensor::{DType, Device, Tensor};
use distil_kernels::{Activation, Isa, Op, linear_act};
use proptest::prelude::*;

use crate::numbers::{Numbers, assert_close, host};

/// How the operands lie in memory.
#[derive(Debug, Clone, Copy)]
struct Case {
    rows: usize,
    inputs: usize,
    outputs: usize,
    activation: Activation,
    /// Whether `x` and `w` are transposed views.
    transposed: [bool; 2],
    /// Whether `x` is every second row of a larger tensor.
    sliced: bool,
    /// Whether `x` wants a gradient.
    tracked: bool,
    seed: u64,
}

type Results = Vec<(&'static str, Vec<f64>)>;

impl Case {
    /// Output and gradients.
    fn run(&self, dtype: DType) -> Results {
        let device = Device::flex().autodiff();
        let mut numbers = Numbers(self.seed);
        let mut matrix =
            |[rows, columns]: [usize; 2], transposed: bool, device: &Device| match transposed {
                true => numbers.tensor([columns, rows], device, dtype).transpose(),
                false => numbers.tensor([rows, columns], device, dtype),
            };
        let plain = device.clone().inner();
        let (rows, inputs, outputs) = (self.rows, self.inputs, self.outputs);
        let x = matrix([2 * rows, inputs], self.transposed[0], &device);
        let x = match self.sliced {
            true => x
                .reshape([rows, 2, inputs])
                .narrow(1, 1, 1)
                .reshape([rows, inputs]),
            false => x.narrow(0, 0, rows),
        };
        let x = match self.tracked {
            true => x.detach().require_grad(),
            false => x.inner(),
        };
        let w = matrix([inputs, outputs], self.transposed[1], &device);
        let w = w.detach().require_grad();
        let slope = matrix([rows, outputs], false, &plain);
        let b = numbers.tensor([outputs], &device, dtype).require_grad();

        let y = linear_act(x.clone(), w.clone(), b.clone(), self.activation);
        let gradients = (y.clone() * slope).sum().backward();
        let matrix = |t: &Tensor<2>| t.grad(&gradients).map(host).unwrap_or_default();
        vec![
            ("output", host(y)),
            ("gradient of w", matrix(&w)),
            ("gradient of b", host(b.grad(&gradients).unwrap())),
            (
                "gradient of x",
                if self.tracked { matrix(&x) } else { Vec::new() },
            ),
        ]
    }

    /// Exact in f32: no sum of the reference may fall on the other side of the activation's bound by rounding.
    fn assert_equals_burn(&self) {
        let reference = self.run(DType::F64);
        for isa in Isa::available() {
            let _forced = isa.force();
            let before = [Op::Linear.count(), Op::LinearBackward.count()];
            let found = self.run(DType::F32);
            assert_eq!(Op::Linear.count(), before[0] + 1);
            assert_eq!(Op::LinearBackward.count(), before[1] + 1);
            for ((name, found), (_, reference)) in found.iter().zip(&reference) {
                assert_close(&format!("{name}, {isa:?}, {self:?}"), found, reference);
            }
        }
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let size = || prop_oneof![1..20_usize, 1..150_usize, Just(32), Just(48), Just(256)];
    let activation = prop_oneof![Just(Activation::None), Just(Activation::Relu)];
    let flags = any::<(bool, bool, bool, bool)>();
    (size(), size(), size(), activation, flags, any::<u64>()).prop_map(
        |(rows, inputs, outputs, activation, (x, w, sliced, tracked), seed)| Case {
            rows,
            inputs,
            outputs,
            activation,
            transposed: [x, w],
            sliced,
            tracked,
            seed,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::with_cases(192) })]

    #[test]
    fn a_layer_equals_burns_operations_forward_and_in_every_gradient(case in cases()) {
        case.assert_equals_burn();
    }
}

const WIDE: Case = Case {
    rows: 130,
    inputs: 300,
    outputs: 1100,
    activation: Activation::Relu,
    transposed: [false; 2],
    sliced: false,
    tracked: true,
    seed: 5,
};

#[test]
fn sums_of_several_blocks_equal_burns_operations() {
    for (rows, inputs, outputs) in [(1, 700, 3), (130, 1030, 60), (33, 513, 129)] {
        let case = Case {
            rows,
            inputs,
            outputs,
            ..WIDE
        };
        case.assert_equals_burn();
    }
}

#[test]
fn one_thread_and_three_give_the_same_bits() {
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| WIDE.run(DType::F32))
    };
    let _forced = Isa::best().force();
    assert!(with(1) == with(3));
}

#[test]
fn a_row_has_the_same_bits_in_any_batch() {
    let _forced = Isa::best().force();
    let device = Device::flex();
    let mut numbers = Numbers(7);
    let mut random = |shape| numbers.tensor::<2>(shape, &device, DType::F32);
    let (x, w) = (random([37, 300]), random([300, 70]));
    let b = Tensor::<1>::zeros([70], &device);
    let run = |x: Tensor<2>| linear_act(x, w.clone(), b.clone(), Activation::Relu);
    let all = run(x.clone()).into_data();
    for row in [0, 7, 36] {
        let alone = run(x.clone().narrow(0, row, 1)).into_data();
        let here = row * 70..(row + 1) * 70;
        assert_eq!(
            all.as_slice::<f32>().unwrap()[here],
            *alone.as_slice::<f32>().unwrap()
        );
    }
}

#[test]
fn an_input_without_gradient_and_a_shared_one_are_left_alone() {
    let device = Device::flex().autodiff();
    let mut numbers = Numbers(9);
    let x: Tensor<2> = numbers.tensor([4, 6], &device, DType::F32);
    let w = numbers.tensor([6, 6], &device, DType::F32).require_grad();
    let b = numbers.tensor([6], &device, DType::F32).require_grad();
    let before = host(x.clone());
    // The same layer twice: its gradients add up, and the first output is read by the second step and kept.
    let first = linear_act(x.clone(), w.clone(), b.clone(), Activation::Relu);
    let second = linear_act(first.clone(), w.clone(), b.clone(), Activation::Relu);
    let kept = host(first.clone());
    let gradients = (second + first.clone()).sum().backward();
    assert!(x.grad(&gradients).is_none());
    assert_eq!((host(x), host(first)), (before, kept));
    assert!(host(w.grad(&gradients).unwrap()).iter().any(|g| *g != 0.0));
}

#[test]
fn what_is_not_a_number_stays_visible() {
    let device = Device::flex();
    let x = Tensor::<2>::from_floats([[f32::NAN, 1.0], [1.0, 1.0]], &device);
    let w = Tensor::<2>::ones([2, 20], &device);
    let b = Tensor::<1>::zeros([20], &device);
    for isa in Isa::available() {
        let _forced = isa.force();
        let y = linear_act(x.clone(), w.clone(), b.clone(), Activation::Relu);
        let y = host(y);
        assert!(y[..20].iter().all(|y| y.is_nan()), "{isa:?}");
        assert!(y[20..].iter().all(|y| *y == 2.0), "{isa:?}");
    }
}
