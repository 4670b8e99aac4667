//! Weights in PyTorch's layout and under the names of a PyTorch module.

use crate::model::{Kind, Layer};
use crate::saved::SavedModel;
use crate::weights::{Array, Weights};

/// The state of this module, where `view` and `norm` exist only if the model has them:
///
/// ```python
/// self.view   = nn.Linear(data, inputs, bias=False)
/// self.hidden = nn.ModuleList([nn.Linear(inputs, width), …])
/// self.norm   = nn.ModuleList([nn.BatchNorm1d(width) or nn.LayerNorm(width), …])
/// self.head   = nn.Linear(width, outputs)
/// ```
///
/// A linear layer's weight is `[outputs, inputs]`. Convolutional families keep the paths of their layers, each an
/// `nn.Conv2d` with its batch norm in `norm`; weights are `[outputs, inputs / groups, height, width]`.
pub fn tensors(model: &SavedModel) -> Weights {
    let layout = model.net.shapes();
    let named = |(path, array): (String, Array)| {
        let layer = path.split_once(".norm.").or(path.rsplit_once('.'));
        match layer.and_then(|(layer, name)| Some((layout.layer(layer)?, name))) {
            Some((layer, name)) if layer.kind != Kind::Dense => convolution(layer, name, array),
            _ => torch(&path, array),
        }
    };
    let mut tensors: Weights = model.weights().into_iter().map(named).collect();
    if let Some(matrix) = &model.view.matrix {
        tensors.insert("view.weight".to_owned(), transposed(matrix));
    }
    tensors
}

/// `hidden.0.norm.gamma` → `norm.0.weight`; matrices are transposed.
fn torch(path: &str, array: Array) -> (String, Array) {
    let norm = path
        .strip_prefix("hidden.")
        .and_then(|rest| rest.split_once(".norm."));
    if let Some((layer, name)) = norm {
        let name = match name {
            "gamma" => "weight",
            "beta" => "bias",
            running => running,
        };
        return (format!("norm.{layer}.{name}"), array);
    }
    let array = if array.shape.len() == 2 {
        transposed(&array)
    } else {
        array
    };
    (path.to_owned(), array)
}

/// `stem.norm.gamma` → `stem.norm.weight`; kernels in PyTorch's order of axes.
fn convolution(layer: &Layer, name: &str, array: Array) -> (String, Array) {
    let name = match name {
        "weight" => {
            let side = layer.taps().isqrt();
            let turned = transposed(&array);
            let inputs = layer.rows() / layer.taps();
            // [outputs, taps, inputs] → [outputs, inputs, taps]
            let kernel = |of: &[f32]| -> Vec<f32> {
                let taps = |input| (0..layer.taps()).map(move |tap| of[tap * inputs + input]);
                (0..inputs).flat_map(taps).collect()
            };
            let values = turned.values.chunks(layer.rows()).flat_map(kernel);
            let array = Array::new([layer.outputs, inputs, side, side], values.collect());
            return (format!("{}.weight", layer.path), array);
        }
        "gamma" => "weight",
        "beta" => "bias",
        running => running,
    };
    (format!("{}.norm.{name}", layer.path), array)
}

fn transposed(matrix: &Array) -> Array {
    let (rows, columns) = matrix.rows_cols();
    let values = (0..columns)
        .flat_map(|column| (0..rows).map(move |row| matrix.values[row * columns + column]));
    Array::new([columns, rows], values.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_are_transposed_and_norms_get_pytorchs_names() {
        let matrix = Array::new([2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let (path, turned) = torch("hidden.0.weight", matrix.clone());
        assert_eq!(
            (path.as_str(), turned.shape.as_slice()),
            ("hidden.0.weight", [3, 2].as_slice())
        );
        assert_eq!(turned.values, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert_eq!(transposed(&turned), matrix);
        let vector = Array::new([2], vec![1.0, 2.0]);
        assert_eq!(
            torch("hidden.1.norm.gamma", vector.clone()),
            ("norm.1.weight".to_owned(), vector.clone())
        );
        assert_eq!(
            torch("hidden.1.norm.running_var", vector.clone()).0,
            "norm.1.running_var"
        );
        assert_eq!(
            torch("head.bias", vector.clone()),
            ("head.bias".to_owned(), vector)
        );
    }
}
