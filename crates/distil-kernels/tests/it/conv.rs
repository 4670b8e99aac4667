//! The reference is the same call with f64 tensors, which Burn's own operations compute.

use burn::tensor::{DType, Device, Tensor, TensorData};
use distil_kernels::{Clamp, ConvBlock, Isa, Op, global_mean};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Sizes of a call.
#[derive(Debug, Clone, Copy)]
struct Case {
    images: usize,
    side: [usize; 2],
    inputs: usize,
    outputs: usize,
    block: ConvBlock,
    residual: bool,
    seed: u64,
}

/// Output, statistics, output in evaluation, and the gradients of all inputs.
type Results = Vec<(&'static str, Vec<f64>)>;

impl Case {
    fn out_side(&self) -> [usize; 2] {
        self.side.map(|length| length.div_ceil(self.block.stride))
    }

    /// Whether minimal filtering applies.
    fn is_tiled(&self) -> bool {
        let ConvBlock {
            kernel,
            stride,
            depthwise,
            ..
        } = self.block;
        (kernel, stride, depthwise) == (3, 1, false) && self.inputs.min(self.outputs) >= 8
    }

    fn run(&self, dtype: DType) -> Results {
        let device = Device::flex().autodiff();
        let mut state = self.seed;
        let mut values = |count: usize| -> Vec<f32> {
            let next = || {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f32 / (1_u64 << 23) as f32 - 0.9
            };
            std::iter::repeat_with(next).take(count).collect()
        };
        let mut leaf =
            |shape: &[usize]| TensorData::new(values(shape.iter().product()), shape.to_vec());
        fn tensor<const D: usize>(data: TensorData, device: &Device, dtype: DType) -> Tensor<D> {
            Tensor::<D>::from_data(data, device)
                .cast(dtype)
                .detach()
                .require_grad()
        }
        let [height, width] = self.side;
        let kernel = self.block.kernel * self.block.kernel;
        let rows = kernel * if self.block.depthwise { 1 } else { self.inputs };
        let (n, outputs) = (self.images, self.outputs);
        let [out_height, out_width] = self.out_side();
        let x = tensor::<4>(leaf(&[n, height, width, self.inputs]), &device, dtype);
        let w = tensor::<2>(leaf(&[rows, outputs]), &device, dtype);
        let gamma = tensor::<1>(leaf(&[outputs]), &device, dtype);
        let beta = tensor::<1>(leaf(&[outputs]), &device, dtype);
        let residual = leaf(&[n, out_height, out_width, outputs]);
        let residual = self.residual.then(|| tensor::<4>(residual, &device, dtype));

        let pair = [gamma.clone(), beta.clone()];
        let (y, statistics) = self
            .block
            .train(x.clone(), w.clone(), pair, residual.clone());
        let shape = y.dims();
        let slope = tensor::<4>(leaf(&shape), &device, dtype).detach();
        let gradients = (y.clone() * slope).sum().backward();
        let evaluated = self.block.evaluate(
            x.clone().inner(),
            w.clone().inner(),
            [gamma.clone().inner(), beta.clone().inner()],
            statistics.clone().map(Tensor::inner),
            residual.clone().map(Tensor::inner),
        );
        let host = |t: Tensor<4>| t.into_data().iter::<f64>().collect::<Vec<_>>();
        let vector = |t: Tensor<1>| t.into_data().iter::<f64>().collect::<Vec<_>>();
        let gradient = |t: &Tensor<1>| t.grad(&gradients).map(vector).unwrap_or_default();
        let [mean, variance] = statistics;
        let mut results = vec![
            ("output", host(y)),
            ("evaluated", host(evaluated)),
            ("mean", vector(mean)),
            ("variance", vector(variance)),
            (
                "gradient of x",
                x.grad(&gradients).map(host).unwrap_or_default(),
            ),
            ("gradient of gamma", gradient(&gamma)),
            ("gradient of beta", gradient(&beta)),
        ];
        let weight = w
            .grad(&gradients)
            .map(|t| t.into_data().iter::<f64>().collect());
        results.push(("gradient of the weight", weight.unwrap_or_default()));
        if let Some(residual) = residual {
            let gradient = residual.grad(&gradients).map(host).unwrap_or_default();
            results.push(("gradient of the residual", gradient));
        }
        results
    }
}

/// max|Δ| ≤ 1e-5 · max|reference|, with every instruction set.
fn assert_equals_burn(case: &Case) {
    let reference = case.run(DType::F64);
    let largest = |values: &[f64]| values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let gamma = largest(&reference[5].1);
    for isa in Isa::available() {
        let _forced = isa.force();
        let ops = [Op::ConvBlock, Op::ConvBlockBackward, Op::Winograd];
        let before = ops.map(Op::count);
        let found = case.run(DType::F32);
        // Once in training and once in evaluation.
        assert_eq!(Op::ConvBlock.count(), before[0] + 2);
        assert_eq!(Op::ConvBlockBackward.count(), before[1] + 1);
        let tiled = if case.is_tiled() { 3 } else { 0 };
        assert_eq!(Op::Winograd.count(), before[2] + tiled, "{case:?}");
        assert_eq!(found.len(), reference.len());
        for ((name, found), (_, reference)) in found.iter().zip(&reference) {
            assert_eq!(found.len(), reference.len(), "{name}, {isa:?}, {case:?}");
            // Batch norm undoes the scale of a channel: where that is all a weight does, its gradient is a
            // difference of numbers as large as gamma's.
            let size = match *name {
                "gradient of the weight" | "gradient of x" => largest(reference).max(gamma),
                _ => largest(reference),
            };
            let apart = found.iter().zip(reference).map(|(a, b)| (a - b).abs());
            let apart = apart.fold(0.0, f64::max);
            assert!(
                apart <= 1e-5 * size,
                "{name}: {apart:e} of {size:e}, {isa:?}, {case:?}"
            );
        }
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let sizes = (
        1..20_usize,
        1..12_usize,
        1..12_usize,
        1..40_usize,
        1..40_usize,
    );
    let clamp = prop_oneof![Just(Clamp::None), Just(Clamp::Relu), Just(Clamp::Relu6)];
    let kind = (0..3_usize, 1..3_usize, clamp, 0..3_usize, any::<u64>());
    (sizes, kind)
        .prop_map(
            |((images, height, width, inputs, outputs), (kernel, stride, clamp, end, seed))| {
                let depthwise = kernel == 2;
                Case {
                    images,
                    side: [height, width],
                    inputs,
                    outputs: if depthwise { inputs } else { outputs },
                    block: ConvBlock {
                        kernel: [1, 3, 3][kernel],
                        stride,
                        depthwise,
                        clamp,
                        pool: end == 1,
                        epsilon: 1e-5,
                    },
                    residual: end == 2,
                    seed,
                }
            },
        )
        .prop_filter(
            "the variance of a few numbers may be nearly nothing",
            |case| {
                let [height, width] = case.out_side();
                case.images * height * width >= 8 && (!case.block.pool || (height > 1 && width > 1))
            },
        )
}

#[test]
fn blocks_equal_burns_operations_forward_and_in_every_gradient() {
    // Always the same cases: a number next to an activation's bound may fall on either side of it.
    let config = Config {
        cases: 96,
        ..Config::default()
    };
    let numbers = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, numbers);
    let result = runner.run(&cases(), |case| {
        assert_equals_burn(&case);
        Ok(())
    });
    result.unwrap();
}

#[test]
fn minimal_filtering_equals_burns_operations_on_any_tiles() {
    let config = Config {
        cases: 48,
        ..Config::default()
    };
    let numbers = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, numbers);
    // Images whose tiles stand out, fill groups or are more than are worked on at once; channels that fill vectors or not.
    let sizes = (
        1..24_usize,
        1..19_usize,
        1..19_usize,
        8..72_usize,
        8..72_usize,
    );
    let cases = (sizes, 0..3_usize, any::<u64>())
        .prop_map(
            |((images, height, width, inputs, outputs), end, seed)| Case {
                images,
                side: [height, width],
                inputs,
                outputs,
                block: ConvBlock {
                    pool: end == 1,
                    ..RELU_3X3
                },
                residual: end == 2,
                seed,
            },
        )
        .prop_filter(
            "the variance of a few numbers may be nearly nothing",
            |case| {
                let [height, width] = case.side;
                case.images * height * width >= 8 && (!case.block.pool || (height > 1 && width > 1))
            },
        );
    let result = runner.run(&cases, |case| {
        assert!(case.is_tiled());
        assert_equals_burn(&case);
        Ok(())
    });
    result.unwrap();
}

const RELU_3X3: ConvBlock = ConvBlock {
    kernel: 3,
    stride: 1,
    depthwise: false,
    clamp: Clamp::Relu,
    pool: false,
    epsilon: 1e-5,
};

#[test]
fn the_shapes_of_the_families_equal_burns_operations() {
    let of = |side: usize, inputs: usize, outputs: usize, block: ConvBlock, residual: bool| Case {
        images: 9,
        side: [side; 2],
        inputs,
        outputs,
        block,
        residual,
        seed: 5,
    };
    let strided = ConvBlock {
        stride: 2,
        ..RELU_3X3
    };
    let pooled = ConvBlock {
        pool: true,
        ..RELU_3X3
    };
    let shortcut = ConvBlock {
        kernel: 1,
        clamp: Clamp::None,
        ..strided
    };
    let depthwise = ConvBlock {
        depthwise: true,
        clamp: Clamp::Relu6,
        ..strided
    };
    assert_equals_burn(&of(32, 3, 16, RELU_3X3, false));
    assert_equals_burn(&of(32, 16, 16, RELU_3X3, true));
    assert_equals_burn(&of(32, 16, 32, strided, false));
    assert_equals_burn(&of(32, 16, 32, shortcut, false));
    assert_equals_burn(&of(8, 64, 64, RELU_3X3, true));
    assert_equals_burn(&of(28, 1, 32, pooled, false));
    assert_equals_burn(&of(7, 64, 128, pooled, false));
    assert_equals_burn(&of(16, 96, 96, depthwise, false));
}

#[test]
fn one_image_and_shared_or_permuted_inputs_are_taken() {
    let _forced = Isa::best().force();
    let device = Device::flex().autodiff();
    let x = Tensor::<4>::random([1, 6, 5, 4], burn::tensor::Distribution::Default, &device);
    let w = Tensor::<2>::random([36, 4], burn::tensor::Distribution::Default, &device);
    let pair = || [Tensor::ones([4], &device), Tensor::zeros([4], &device)];
    // The input is the residual too, and a permuted view of other numbers.
    let turned = x.clone().permute([0, 2, 1, 3]);
    let run = |x: Tensor<4>| {
        let x = x.require_grad();
        let (y, _) = RELU_3X3.train(x.clone(), w.clone(), pair(), Some(x.clone()));
        let gradients = y.sum().backward();
        let gradient = x.grad(&gradients).unwrap();
        gradient.into_data().try_into_vec::<f32>().unwrap()
    };
    let copied = Tensor::from_data(turned.clone().into_data(), &device);
    assert!(run(turned.detach()) == run(copied));
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let _forced = Isa::best().force();
    let case = Case {
        images: 37,
        side: [9, 7],
        inputs: 5,
        outputs: 20,
        block: RELU_3X3,
        residual: true,
        seed: 3,
    };
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| case.run(DType::F32))
    };
    let one = with(1);
    for threads in [2, 3, 8] {
        assert!(with(threads) == one, "{threads} threads");
    }
}

#[test]
fn the_global_mean_equals_burns_operations() {
    let device = Device::flex().autodiff();
    let x = Tensor::<4>::random([3, 5, 2, 7], burn::tensor::Distribution::Default, &device);
    let x = x.require_grad();
    let slope = Tensor::<2>::random([3, 7], burn::tensor::Distribution::Default, &device);
    let stock = |x: Tensor<4>| x.reshape([3, 10, 7]).mean_dim(1).reshape([3, 7]);
    let results = |y: Tensor<2>| {
        let gradients = (y.clone() * slope.clone()).sum().backward();
        (y.into_data(), x.grad(&gradients).unwrap().into_data())
    };
    let (y, dx) = results(global_mean(x.clone()));
    let (stock_y, stock_dx) = results(stock(x.clone()));
    let close = burn::tensor::Tolerance::<f32>::absolute(1e-6);
    y.assert_approx_eq(&stock_y, close);
    dx.assert_approx_eq(&stock_dx, close);
    assert_eq!(
        (Op::GlobalMean.count(), Op::GlobalMeanBackward.count()),
        (1, 1)
    );
}
