//! Global average pooling.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use crate::host::{contiguous, on_host, slice, tensor};
use crate::{Isa, Op};

/// The mean of each channel over an image.
///
/// # Shapes
/// - `x`: `[images, height, width, channels]`
/// - output: `[images, channels]`
pub fn global_mean(x: Tensor<4>) -> Tensor<2> {
    let [images, height, width, channels] = x.dims();
    if !on_host(&x) {
        let places = x.reshape([images, height * width, channels]);
        return places.mean_dim(1).reshape([images, channels]);
    }
    Tensor::from_dispatch(<Dispatch as PoolBackend>::global_mean(x.into_dispatch()))
}

#[backend_extension(Flex, Autodiff)]
trait PoolBackend: Backend {
    fn global_mean(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl PoolBackend for Flex {
    fn global_mean(x: FlexTensor) -> FlexTensor {
        Op::GlobalMean.ran();
        let x = contiguous(x);
        let shape = x.layout().shape();
        let (images, places, channels) = (shape[0], shape[1] * shape[2], shape[3]);
        let mut means = vec![0.0; images * channels];
        Isa::current().run(|| {
            let all = slice(&x).chunks_exact((places * channels).max(1));
            for (mean, image) in means.chunks_exact_mut(channels.max(1)).zip(all) {
                for place in image.chunks_exact(channels) {
                    mean.iter_mut().zip(place).for_each(|(m, x)| *m += x);
                }
                mean.iter_mut().for_each(|m| *m /= places as f32);
            }
        });
        tensor(means, [images, channels])
    }
}

impl<C: CheckpointStrategy> PoolBackend for Autodiff<Flex, C> {
    fn global_mean(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let (x, node) = x.into_parts();
        let shape = x.layout().shape().to_vec();
        let y = Flex::global_mean(x);
        match PoolStep.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(shape, y),
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }
}

#[derive(Debug)]
struct PoolStep;

impl Backward<Flex, 1> for PoolStep {
    /// The shape of x.
    type State = Vec<usize>;

    fn backward(self, ops: Ops<Vec<usize>, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let dy = contiguous(gradients.consume::<Flex>(&ops.node));
        let [Some(x)] = ops.parents else {
            return;
        };
        Op::GlobalMeanBackward.ran();
        let shape = ops.state;
        let (places, channels) = (shape[1] * shape[2], shape[3]);
        let mut dx = Vec::with_capacity(shape.iter().product());
        for row in slice(&dy).chunks_exact(channels.max(1)) {
            let share: Vec<f32> = row.iter().map(|d| d / places as f32).collect();
            (0..places).for_each(|_| dx.extend_from_slice(&share));
        }
        gradients.register::<Flex>(x.id, tensor(dx, shape));
    }
}
