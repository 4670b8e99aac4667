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
        match layer.and_then(|(layer, _)| layout.layer(layer)) {
            Some(layer) => {
                let (name, array) = torch(layer, &path[layer.path.len() + 1..], array);
                (model.card.model.export_name(&layer.path, name), array)
            }
            None => (path, array),
        }
    };
    let mut tensors: Weights = model.weights().into_iter().map(named).collect();
    if let Some(matrix) = &model.view.matrix {
        tensors.insert("view.weight".to_owned(), transposed(&matrix.to_array()));
    }
    tensors
}

/// A parameter under PyTorch's name and in its order of axes: `norm.gamma` is `norm.weight`, matrices are transposed,
/// kernels `[outputs, inputs, height, width]`.
fn torch<'a>(layer: &Layer, name: &'a str, array: Array) -> (&'a str, Array) {
    match name {
        "norm.gamma" => ("norm.weight", array),
        "norm.beta" => ("norm.bias", array),
        "weight" if layer.kind == Kind::Dense => (name, transposed(&array)),
        "weight" if layer.is_conv() => (name, kernel(layer, &array)),
        _ => (name, array),
    }
}

fn kernel(layer: &Layer, array: &Array) -> Array {
    let [height, width] = layer.kernel();
    let inputs = layer.rows() / layer.taps();
    // [outputs, taps, inputs] → [outputs, inputs, taps]
    let turned = |of: &[f32]| -> Vec<f32> {
        let taps = |input| (0..layer.taps()).map(move |tap| of[tap * inputs + input]);
        (0..inputs).flat_map(taps).collect()
    };
    let rows = transposed(array);
    let values = rows.values.chunks(layer.rows()).flat_map(turned);
    Array::new([layer.outputs, inputs, height, width], values.collect())
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
    use crate::model::{Family, MlpConfig};

    #[test]
    fn matrices_are_transposed_and_norms_get_pytorchs_names() {
        let model = MlpConfig::default();
        let layer = Layer::dense("hidden.0", 2, 3);
        let named = |name: &str, array: Array| {
            let (name, array) = torch(&layer, name, array);
            (model.export_name(&layer.path, name), array)
        };
        let matrix = Array::new([2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let (path, turned) = named("weight", matrix.clone());
        assert_eq!(path, "hidden.0.weight");
        assert_eq!(
            turned,
            Array::new([3, 2], vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0])
        );
        assert_eq!(transposed(&turned), matrix);
        let vector = Array::new([2], vec![1.0, 2.0]);
        for (name, torch) in [
            ("norm.gamma", "norm.0.weight"),
            ("norm.running_var", "norm.0.running_var"),
            ("bias", "hidden.0.bias"),
        ] {
            assert_eq!(
                named(name, vector.clone()),
                (torch.to_owned(), vector.clone())
            );
        }
    }
}
