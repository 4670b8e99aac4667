//! The reference is the same call with f64 tensors, which Burn's own operations compute.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use distil_kernels::{CrossEntropy, Isa, Op, Soft, cross_entropy, soften, with_gradient};
use proptest::prelude::*;

use crate::numbers::{Numbers, assert_close, host};

/// What is computed.
#[derive(Debug, Clone, Copy)]
enum Loss {
    Labels { smoothing: f64, weighted: bool },
    Teacher { temperature: f64, by: Soft },
}

#[derive(Debug, Clone, Copy)]
struct Case {
    rows: usize,
    classes: usize,
    loss: Loss,
    /// Logits are in −size..size.
    size: f64,
    /// Whether the logits are a transposed view.
    transposed: bool,
    seed: u64,
}

impl Case {
    /// The rows' losses, and the logits' gradient when each row counts differently.
    fn run(&self, dtype: DType) -> [Vec<f64>; 2] {
        let device = Device::flex().autodiff();
        let plain = device.clone().inner();
        let mut numbers = Numbers(self.seed);
        let (rows, classes) = (self.rows, self.classes);
        let z: Tensor<2> = match self.transposed {
            true => numbers.tensor([classes, rows], &device, dtype).transpose(),
            false => numbers.tensor([rows, classes], &device, dtype),
        };
        let z = z.mul_scalar(self.size).detach().require_grad();
        let rows_of = match self.loss {
            Loss::Labels {
                smoothing,
                weighted,
            } => {
                let labels = (0..rows).map(|i| (i * 7 % classes) as i64).collect();
                let labels = TensorData::new::<i64, _>(labels, [rows]);
                let weights = numbers.tensor([classes], &plain, dtype).add_scalar(1.5);
                let shares = CrossEntropy {
                    keep: 1.0 - smoothing,
                    spread: smoothing / classes as f64,
                    weights: weighted.then_some(weights),
                };
                cross_entropy(
                    z.clone(),
                    &Tensor::<1, Int>::from_data(labels, &plain),
                    &shares,
                )
            }
            Loss::Teacher { temperature, by } => {
                let teacher = numbers.tensor([rows, classes], &plain, dtype);
                soften(z.clone(), teacher.mul_scalar(self.size), temperature, by)
            }
        };
        let weights = numbers.tensor([rows], &plain, dtype);
        let gradients = (rows_of.clone() * weights).sum().backward();
        [host(rows_of), host(z.grad(&gradients).unwrap())]
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let smoothing = prop_oneof![Just(0.0), 0.0..0.9];
    let labels = (smoothing, any::<bool>()).prop_map(|(smoothing, weighted)| Loss::Labels {
        smoothing,
        weighted,
    });
    let by = prop_oneof![Just(Soft::Divergence), Just(Soft::CrossEntropy)];
    let teacher = (0.5..20.0, by).prop_map(|(temperature, by)| Loss::Teacher { temperature, by });
    let loss = prop_oneof![labels, teacher];
    (
        1..70_usize,
        2..40_usize,
        loss,
        0.5..8.0,
        any::<bool>(),
        any::<u64>(),
    )
        .prop_map(|(rows, classes, loss, size, transposed, seed)| Case {
            rows,
            classes,
            loss,
            size,
            transposed,
            seed,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn losses_on_a_softmax_equal_burns_operations_with_their_gradients(case in cases()) {
        let [value, gradient] = case.run(DType::F64);
        for isa in Isa::available() {
            let _forced = isa.force();
            let before = [Op::Softmax.count(), Op::WithGradientBackward.count()];
            let found = case.run(DType::F32);
            prop_assert_eq!(Op::Softmax.count(), before[0] + 1);
            prop_assert_eq!(Op::WithGradientBackward.count(), before[1] + 1);
            assert_close(&format!("loss, {isa:?}, {case:?}"), &found[0], &value);
            assert_close(&format!("gradient, {isa:?}, {case:?}"), &found[1], &gradient);
        }
    }
}

#[test]
fn the_closed_form_is_what_autodiff_finds() {
    let device = Device::flex().autodiff();
    let mut numbers = Numbers(3);
    let z = numbers
        .tensor::<2>([6, 5], &device, DType::F64)
        .require_grad();
    let log_q = burn::tensor::activation::log_softmax(z.clone(), 1);
    let labels = Tensor::<1, Int>::from_ints([0, 1, 2, 3, 4, 0], &device.clone().inner());
    let own = log_q.gather(1, labels.clone().reshape([6, 1]));
    let by_autodiff = z.grad(&own.neg().sum().backward()).unwrap();
    let shares = CrossEntropy {
        keep: 1.0,
        spread: 0.0,
        weights: None,
    };
    let rows = cross_entropy(z.clone(), &labels, &shares);
    let closed = z.grad(&rows.sum().backward()).unwrap();
    assert_close("gradient", &host(closed), &host(by_autodiff));
}

#[test]
fn logits_far_apart_give_finite_losses_and_what_is_not_a_number_stays_visible() {
    let device = Device::flex();
    let shares = CrossEntropy {
        keep: 0.9,
        spread: 0.05,
        weights: None,
    };
    let labels = Tensor::<1, Int>::from_ints([0, 1], &device);
    let loss = |z: [[f32; 2]; 2]| {
        host(cross_entropy(
            Tensor::from_floats(z, &device),
            &labels,
            &shares,
        ))
    };
    let far = loss([[1000.0, -1000.0], [1000.0, -1000.0]]);
    assert!(
        (far[0] - 100.0).abs() < 1e-2 && (far[1] - 1900.0).abs() < 1e-1,
        "{far:?}"
    );
    let lost = loss([[f32::NAN, 0.0], [0.0, f32::INFINITY]]);
    assert!(lost.iter().all(|x| x.is_nan()), "{lost:?}");
}

#[test]
fn a_given_gradient_is_shared_and_untouched() {
    let device = Device::flex().autodiff();
    let z = Tensor::<2>::from_floats([[1.0, 2.0], [3.0, 4.0]], &device).require_grad();
    let plain = device.clone().inner();
    let gradient = Tensor::<2>::from_floats([[1.0, -1.0], [2.0, 0.5]], &plain);
    let value = Tensor::<1>::from_floats([5.0, 6.0], &plain);
    let rows = with_gradient(z.clone(), value, gradient.clone());
    assert_eq!(host(rows.clone()), [5.0, 6.0]);
    let weights = Tensor::<1>::from_floats([3.0, 0.0], &plain);
    let found = z.grad(&(rows * weights).sum().backward()).unwrap();
    assert_eq!(host(found), [3.0, -3.0, 0.0, 0.0]);
    assert_eq!(host(gradient), [1.0, -1.0, 2.0, 0.5]);
}
