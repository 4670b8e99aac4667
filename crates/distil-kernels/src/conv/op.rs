//! [`Block`] as one differentiable operation.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use super::block::{Block, Kept, Trained};
use super::geometry::ConvShape;
use super::shape::{ConvBlock, Pair};
use super::{fallback, winograd};
use crate::host::{contiguous, into_vec, on_host, slice, tensor};
use crate::{Isa, Op};

impl ConvBlock {
    /// The block in training: normalised by the batch's own statistics, which come after the answer as mean and mean
    /// squared deviation, without gradients.
    ///
    /// # Shapes
    /// - `x`: `[images, height, width, inputs]`
    /// - `weight`: `[kernel · kernel · inputs, outputs]`, ordered by kernel row, kernel column, input; depthwise
    ///   `[9, inputs]`
    /// - `scale_shift`: batch norm's γ and β
    /// - `residual`: as the convolution's output
    /// - output: `[images, height / stride, width / stride, outputs]`, halved by pooling
    pub fn train(
        &self,
        x: Tensor<4>,
        weight: Tensor<2>,
        scale_shift: Pair,
        residual: Option<Tensor<4>>,
    ) -> (Tensor<4>, Pair) {
        let [gamma, beta] = scale_shift;
        if !self.is_covered(&x, &weight, residual.as_ref()) {
            return fallback::train(self, x, weight, [gamma, beta], residual);
        }
        let adds = residual.is_some();
        let residual =
            residual.map_or_else(|| gamma.clone().into_dispatch(), Tensor::into_dispatch);
        let (y, mean, variance) = <Dispatch as ConvBackend>::conv_block(
            x.into_dispatch(),
            weight.into_dispatch(),
            gamma.into_dispatch(),
            beta.into_dispatch(),
            residual,
            *self,
            adds,
        );
        let statistics = [mean, variance].map(Tensor::from_dispatch);
        (Tensor::from_dispatch(y), statistics)
    }

    /// The block with given statistics, mean and mean squared deviation; else as [`Self::train`].
    pub fn evaluate(
        &self,
        x: Tensor<4>,
        weight: Tensor<2>,
        scale_shift: Pair,
        statistics: Pair,
        residual: Option<Tensor<4>>,
    ) -> Tensor<4> {
        // Nothing here has a gradient: who wants one gets Burn's own operations.
        if x.is_autodiff()
            || weight.is_autodiff()
            || !self.is_covered(&x, &weight, residual.as_ref())
        {
            return fallback::evaluate(self, x, weight, scale_shift, statistics, residual);
        }
        let ([gamma, beta], [mean, variance]) = (scale_shift, statistics);
        let adds = residual.is_some();
        let residual =
            residual.map_or_else(|| gamma.clone().into_dispatch(), Tensor::into_dispatch);
        Tensor::from_dispatch(<Dispatch as ConvBackend>::conv_block_evaluated(
            x.into_dispatch(),
            weight.into_dispatch(),
            gamma.into_dispatch(),
            beta.into_dispatch(),
            mean.into_dispatch(),
            variance.into_dispatch(),
            residual,
            *self,
            adds,
        ))
    }

    fn is_covered(&self, x: &Tensor<4>, w: &Tensor<2>, residual: Option<&Tensor<4>>) -> bool {
        let shape = self.sized(&x.dims(), &w.dims()).conv;
        on_host(x) && on_host(w) && residual.is_none_or(on_host) && shape.is_covered()
    }

    /// With the sizes of `x` `[images, height, width, inputs]` and of the weights.
    fn sized(&self, x: &[usize], weight: &[usize]) -> Block {
        Block {
            conv: ConvShape {
                height: x[1],
                width: x[2],
                inputs: x[3],
                outputs: weight[1],
                kernel: self.kernel,
                stride: self.stride,
                depthwise: self.depthwise,
            },
            clamp: self.clamp,
            pool: self.pool,
            epsilon: self.epsilon,
        }
    }
}

/// Extensions take no optional tensors: `residual` counts only if `adds`, and is any tensor if not.
#[backend_extension(Flex, Autodiff)]
trait ConvBackend: Backend {
    #[allow(clippy::too_many_arguments)]
    fn conv_block(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        residual: FloatTensor<Self>,
        block: ConvBlock,
        adds: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    #[allow(clippy::too_many_arguments)]
    fn conv_block_evaluated(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        residual: FloatTensor<Self>,
        block: ConvBlock,
        adds: bool,
    ) -> FloatTensor<Self>;
}

impl ConvBackend for Flex {
    fn conv_block(
        x: FlexTensor,
        weight: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        residual: FlexTensor,
        block: ConvBlock,
        adds: bool,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let residual = adds.then_some(residual);
        let (y, call) = Call::train(block, [x, weight, gamma, beta], residual);
        (y, call.mean, call.variance)
    }

    fn conv_block_evaluated(
        x: FlexTensor,
        weight: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        mean: FlexTensor,
        variance: FlexTensor,
        residual: FlexTensor,
        block: ConvBlock,
        adds: bool,
    ) -> FlexTensor {
        let [x, weight, gamma, beta, mean, variance] =
            [x, weight, gamma, beta, mean, variance].map(contiguous);
        let residual = adds.then(|| contiguous(residual));
        let images = x.layout().shape()[0];
        let block = block.sized(x.layout().shape(), weight.layout().shape());
        count(Op::ConvBlock, &block);
        let y = block.evaluate(
            Isa::current(),
            slice(&x),
            slice(&weight),
            [slice(&gamma), slice(&beta)],
            [slice(&mean), slice(&variance)],
            residual.as_ref().map(slice),
        );
        let [height, width, channels] = block.answer_shape();
        tensor(y, [images, height, width, channels])
    }
}

impl<C: CheckpointStrategy> ConvBackend for Autodiff<Flex, C> {
    fn conv_block(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        residual: FloatTensor<Self>,
        block: ConvBlock,
        adds: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let ((x, x_node), (weight, weight_node)) = (x.into_parts(), weight.into_parts());
        let ((gamma, gamma_node), (beta, beta_node)) = (gamma.into_parts(), beta.into_parts());
        let nodes = [x_node, weight_node, gamma_node, beta_node];
        let (residual, node) = residual.into_parts();
        let residual = adds.then_some(residual);
        let (y, call) = Call::train(block, [x, weight, gamma, beta], residual);
        let (mean, variance) = (call.mean.clone(), call.variance.clone());
        let y = match adds {
            true => {
                let [x, weight, gamma, beta] = nodes;
                track::<C, 5>([x, weight, gamma, beta, node], call, y)
            }
            false => track::<C, 4>(nodes, call, y),
        };
        let constant = <Self as burn::backend::AutodiffBackend>::from_inner;
        (y, constant(mean), constant(variance))
    }

    fn conv_block_evaluated(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        residual: FloatTensor<Self>,
        block: ConvBlock,
        adds: bool,
    ) -> FloatTensor<Self> {
        let plain = |t: FloatTensor<Self>| t.into_parts().0;
        let y = Flex::conv_block_evaluated(
            plain(x),
            plain(weight),
            plain(gamma),
            plain(beta),
            plain(mean),
            plain(variance),
            plain(residual),
            block,
            adds,
        );
        <Self as burn::backend::AutodiffBackend>::from_inner(y)
    }
}

fn track<C: CheckpointStrategy, const N: usize>(
    nodes: [NodeGuard; N],
    call: Call,
    y: FlexTensor,
) -> FloatTensor<Autodiff<Flex, C>> {
    match BlockStep.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(call, y),
        OpsKind::UnTracked(prepared) => prepared.finish(y),
    }
}

fn count(op: Op, block: &Block) {
    op.ran();
    if winograd::covers(&block.conv) {
        Op::Winograd.ran();
    }
}

#[derive(Debug)]
struct BlockStep;

/// Parents: x, weight, γ, β and, if there is one, the residual.
impl<const N: usize> Backward<Flex, N> for BlockStep {
    type State = Call;

    fn backward(self, ops: Ops<Call, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let dy = contiguous(gradients.consume::<Flex>(&ops.node));
        let wants_x = ops.parents[0].is_some();
        let found = ops.state.backward(dy, wants_x);
        for (node, found) in ops.parents.into_iter().zip(found) {
            if let (Some(node), Some(found)) = (node, found) {
                gradients.register::<Flex>(node.id, found);
            }
        }
    }
}

/// A call in training, and what its gradients need.
#[derive(Debug, Clone)]
struct Call {
    block: Block,
    /// x, weight, γ, β.
    inputs: [FlexTensor; 4],
    z: FlexTensor,
    mean: FlexTensor,
    variance: FlexTensor,
    /// The answer, if a residual was added.
    answer: Option<FlexTensor>,
}

impl Call {
    fn train(
        block: ConvBlock,
        inputs: [FlexTensor; 4],
        residual: Option<FlexTensor>,
    ) -> (FlexTensor, Self) {
        let inputs = inputs.map(contiguous);
        let residual = residual.map(contiguous);
        let [x, weight, gamma, beta] = &inputs;
        let images = x.layout().shape()[0];
        let block = block.sized(x.layout().shape(), weight.layout().shape());
        count(Op::ConvBlock, &block);
        let Trained {
            y,
            z,
            mean,
            variance,
        } = block.train(
            Isa::current(),
            slice(x),
            slice(weight),
            [slice(gamma), slice(beta)],
            residual.as_ref().map(slice),
        );
        let ([height, width, channels], conv) = (block.answer_shape(), block.conv);
        let y = tensor(y, [images, height, width, channels]);
        let call = Self {
            block,
            inputs,
            z: tensor(z, [images, conv.out_height(), conv.out_width(), channels]),
            mean: tensor(mean, [channels]),
            variance: tensor(variance, [channels]),
            answer: residual.map(|_| y.clone()),
        };
        (y, call)
    }

    /// The gradients of x (if wanted), weight, γ, β and residual from the answer's.
    fn backward(self, dy: FlexTensor, wants_x: bool) -> [Option<FlexTensor>; 5] {
        count(Op::ConvBlockBackward, &self.block);
        let [x, weight, gamma, beta] = &self.inputs;
        let shape = dy.layout().shape().clone();
        let mut dy = into_vec(dy);
        let kept = Kept {
            x: slice(x),
            weight: slice(weight),
            gamma: slice(gamma),
            beta: slice(beta),
            z: slice(&self.z),
            mean: slice(&self.mean),
            variance: slice(&self.variance),
            y: self.answer.as_ref().map(slice),
        };
        let found = self.block.backward(Isa::current(), &kept, &mut dy, wants_x);
        let like = |values: Vec<f32>, of: &FlexTensor| tensor(values, of.layout().shape().clone());
        [
            found.x.map(|dx| like(dx, x)),
            Some(like(found.weight, weight)),
            Some(like(found.gamma, gamma)),
            Some(like(found.beta, beta)),
            self.answer.as_ref().map(|_| tensor(dy, shape)),
        ]
    }
}
