//! A linear layer with its bias and activation in one operation: `act(x w + b)`.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_flex::FlexTensor;

use crate::host::{contiguous, into_vec, on_host, slice, tensor};
use crate::product::{Epilogue, Matrix, product};
use crate::{Isa, Op};

/// What follows the linear map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    None,
    /// max(0, x).
    Relu,
}

/// `act(x w + b)`.
///
/// # Shapes
/// - `x`: `[rows, inputs]`, `w`: `[inputs, outputs]`, `b`: `[outputs]`
/// - output: `[rows, outputs]`
pub fn linear_act(x: Tensor<2>, w: Tensor<2>, b: Tensor<1>, activation: Activation) -> Tensor<2> {
    if !(on_host(&x) && on_host(&w) && on_host(&b)) {
        let y = burn::tensor::module::linear(x, w, Some(b));
        return match activation {
            Activation::None => y,
            Activation::Relu => burn::tensor::activation::relu(y),
        };
    }
    let (x, w, b) = (x.into_dispatch(), w.into_dispatch(), b.into_dispatch());
    Tensor::from_dispatch(<Dispatch as LinearBackend>::linear_act(x, w, b, activation))
}

#[backend_extension(Flex, Autodiff)]
trait LinearBackend: Backend {
    fn linear_act(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        b: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self>;
}

impl LinearBackend for Flex {
    fn linear_act(
        x: FlexTensor,
        w: FlexTensor,
        b: FlexTensor,
        activation: Activation,
    ) -> FlexTensor {
        Layer::new(x, w).forward(&contiguous(b), activation)
    }
}

impl<C: CheckpointStrategy> LinearBackend for Autodiff<Flex, C> {
    fn linear_act(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        b: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        let ((x, x_node), (w, w_node), (b, b_node)) =
            (x.into_parts(), w.into_parts(), b.into_parts());
        let layer = Layer::new(x, w);
        let y = layer.forward(&contiguous(b), activation);
        let prepared = LinearStep
            .prepare::<C>([x_node, w_node, b_node])
            .compute_bound();
        match prepared.stateful() {
            OpsKind::Tracked(prepared) => {
                let active = (activation == Activation::Relu).then(|| y.clone());
                prepared.finish((layer, active), y)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }
}

#[derive(Debug)]
struct LinearStep;

impl Backward<Flex, 3> for LinearStep {
    /// The layer, and its output where the activation needs it.
    type State = (Layer, Option<FlexTensor>);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = contiguous(gradients.consume::<Flex>(&ops.node));
        let (layer, active) = ops.state;
        let [x, w, b] = ops.parents;
        let wanted = [x.is_some(), w.is_some(), b.is_some()];
        let found = layer.backward(gradient, active, wanted);
        for (node, found) in [x, w, b].into_iter().zip(found) {
            if let (Some(node), Some(found)) = (node, found) {
                gradients.register::<Flex>(node.id, found);
            }
        }
    }
}

/// The operands of a linear map, both contiguous.
#[derive(Debug, Clone)]
struct Layer {
    x: FlexTensor,
    w: FlexTensor,
    rows: usize,
    inputs: usize,
    outputs: usize,
}

impl Layer {
    fn new(x: FlexTensor, w: FlexTensor) -> Self {
        let (x, w) = (contiguous(x), contiguous(w));
        let rows = x.layout().shape()[0];
        let (inputs, outputs) = (w.layout().shape()[0], w.layout().shape()[1]);
        Self {
            x,
            w,
            rows,
            inputs,
            outputs,
        }
    }

    fn forward(&self, b: &FlexTensor, activation: Activation) -> FlexTensor {
        Op::Linear.ran();
        let isa = Isa::current();
        let x = Matrix::new(slice(&self.x), self.rows, self.inputs);
        let w = Matrix::new(slice(&self.w), self.inputs, self.outputs);
        let epilogue = Epilogue {
            bias: Some(slice(b)),
            relu: activation == Activation::Relu,
        };
        let y = product(isa, x, w, epilogue);
        tensor(y, [self.rows, self.outputs])
    }

    /// The gradients of x, w and b, as far as `wanted`, from the output's.
    fn backward(
        &self,
        gradient: FlexTensor,
        active: Option<FlexTensor>,
        wanted: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        Op::LinearBackward.ran();
        let isa = Isa::current();
        let Self {
            rows,
            inputs,
            outputs,
            ..
        } = *self;
        let mut g = into_vec(gradient);
        if let Some(active) = active {
            mask(isa, &mut g, slice(&active));
        }
        let db = wanted[2].then(|| tensor(column_sums(isa, &g, outputs), [outputs]));
        let g_rows = Matrix::new(&g, rows, outputs);
        let dw = wanted[1].then(|| {
            let x = Matrix::new(slice(&self.x), rows, inputs);
            let dw = product(isa, x.t(), g_rows, Epilogue::default());
            tensor(dw, [inputs, outputs])
        });
        let dx = wanted[0].then(|| {
            let w = Matrix::new(slice(&self.w), inputs, outputs);
            let dx = product(isa, g_rows, w.t(), Epilogue::default());
            tensor(dx, [rows, inputs])
        });
        [dx, dw, db]
    }
}

/// Zero wherever the output is not positive.
fn mask(isa: Isa, gradient: &mut [f32], output: &[f32]) {
    isa.run(|| {
        for (g, y) in gradient.iter_mut().zip(output) {
            *g = if *y > 0.0 { *g } else { 0.0 };
        }
    });
}

fn column_sums(isa: Isa, values: &[f32], columns: usize) -> Vec<f32> {
    let mut sums = vec![0.0; columns];
    isa.run(|| {
        for row in values.chunks_exact(columns.max(1)) {
            for (sum, x) in sums.iter_mut().zip(row) {
                *sum += x;
            }
        }
    });
    sums
}
