//! Losses whose gradient is known in closed form.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use crate::host::{contiguous, into_vec, on_host, slice, tensor};
use crate::{Isa, Op};

/// Losses of these values, one per row, whose gradients with respect to `input` are the rows of `gradient`.
///
/// Both are constants: a gradient of the gradient would be 0.
///
/// # Shapes
/// - `input`, `gradient`: `[rows, columns]`, `value`: `[rows]`
/// - output: `[rows]`
pub fn with_gradient(input: Tensor<2>, value: Tensor<1>, gradient: Tensor<2>) -> Tensor<1> {
    let (value, gradient) = (value.inner(), gradient.inner());
    if !(on_host(&input) && on_host(&value) && on_host(&gradient)) {
        let [rows, _] = input.dims();
        let zero = input.clone().sub(input.inner());
        return zero.mul(gradient).sum_dim(1).reshape([rows]).add(value);
    }
    let (input, value, gradient) = (
        input.into_dispatch(),
        value.into_dispatch(),
        gradient.into_dispatch(),
    );
    Tensor::from_dispatch(<Dispatch as WithGradientBackend>::with_gradient(
        input, value, gradient,
    ))
}

#[backend_extension(Flex, Autodiff)]
trait WithGradientBackend: Backend {
    fn with_gradient(
        input: FloatTensor<Self>,
        value: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

impl WithGradientBackend for Flex {
    fn with_gradient(_: FlexTensor, value: FlexTensor, _: FlexTensor) -> FlexTensor {
        value
    }
}

impl<C: CheckpointStrategy> WithGradientBackend for Autodiff<Flex, C> {
    fn with_gradient(
        input: FloatTensor<Self>,
        value: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let (_, node) = input.into_parts();
        let (value, gradient) = (value.into_primitive(), gradient.into_primitive());
        match WithGradientStep
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prepared) => prepared.finish(gradient, value),
            OpsKind::UnTracked(prepared) => prepared.finish(value),
        }
    }
}

#[derive(Debug)]
struct WithGradientStep;

impl Backward<Flex, 1> for WithGradientStep {
    /// The gradient of each row's loss.
    type State = FlexTensor;

    fn backward(self, ops: Ops<FlexTensor, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let rows = contiguous(gradients.consume::<Flex>(&ops.node));
        let [Some(input)] = ops.parents else {
            return;
        };
        Op::WithGradientBackward.ran();
        let gradient = contiguous(ops.state);
        let shape = gradient.layout().shape().clone();
        let columns = shape[1].max(1);
        let mut values = into_vec(gradient);
        Isa::current().run(|| {
            for (row, by) in values.chunks_exact_mut(columns).zip(slice(&rows)) {
                row.iter_mut().for_each(|x| *x *= by);
            }
        });
        gradients.register::<Flex>(input.id, tensor(values, shape));
    }
}
