//! Tensors of the host: Burn's `flex` tensors as slices, and back.

use burn::backend::DispatchTensorKind;
use burn::tensor::{Bytes, DType, Shape, Tensor};
use burn_flex::{FlexTensor, Layout};

/// Whether a tensor is f32 on the host, tracked by autodiff or not.
pub fn on_host<const D: usize>(tensor: &Tensor<D>) -> bool {
    fn flex(kind: &DispatchTensorKind) -> bool {
        match kind {
            DispatchTensorKind::Flex(_) => true,
            DispatchTensorKind::Autodiff(inner) => flex(inner),
            #[allow(unreachable_patterns)]
            // Depends on which backends the tensor library was compiled with.
            _ => false,
        }
    }
    tensor.dtype() == DType::F32 && flex(&tensor.clone().into_dispatch().kind)
}

/// A new tensor that takes the values over without copying them.
pub fn tensor(values: Vec<f32>, shape: impl Into<Shape>) -> FlexTensor {
    FlexTensor::new(
        Bytes::from_elems(values),
        Layout::contiguous(shape.into()),
        DType::F32,
    )
}

/// The tensor itself if its elements lie one after the other, else a copy whose elements do.
pub fn contiguous(tensor: FlexTensor) -> FlexTensor {
    match tensor.is_contiguous() {
        true => tensor,
        false => tensor.to_contiguous(),
    }
}

/// The elements of a [`contiguous`] f32 tensor.
pub fn slice(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice().unwrap_or_default()
}

/// The elements, to be changed in place: the tensor's own if nobody else holds them, else a copy.
pub fn into_vec(tensor: FlexTensor) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap_or_default()
}
