//! First weights.

use super::layout::{Kind, Layout, Norm};
use crate::rng::{Seed, Stream};
use crate::weights::{Array, Weights};

/// Initial weights of a layout, each array drawn from its own stream. Dense weights and biases come from
/// U(−1/√inputs, 1/√inputs) (PyTorch's default for linear layers), kernels from a normal distribution with
/// variance 2 / (taps · inputs) (He et al. 2015, of fan-in), embeddings from N(0, 1) (PyTorch's), norms begin at the identity.
pub fn fresh(layout: &Layout, seed: Seed) -> Weights {
    let mut weights = Weights::new();
    for layer in layout.computing() {
        let mut draw = |name: &str, shape: Vec<usize>, number: &dyn Fn(&mut Stream) -> f32| {
            let path = format!("{}.{name}", layer.path);
            let mut stream = seed.stream(&format!("weights/{path}"), &[]);
            let values = (0..shape.iter().product()).map(|_| number(&mut stream));
            weights.insert(path, Array::new(shape.clone(), values.collect()));
        };
        let matrix = vec![layer.rows(), layer.outputs];
        match layer.kind {
            Kind::Dense => {
                let bound = 1.0 / (layer.inputs.max(1) as f32).sqrt();
                draw("weight", matrix, &|s| s.uniform(-bound, bound));
                draw("bias", vec![layer.outputs], &|s| s.uniform(-bound, bound));
            }
            Kind::Embedding => draw("weight", matrix, &|s| s.normal()),
            // They prepare the sample.
            Kind::Scaled
            | Kind::Waves { .. }
            | Kind::Diagonal
            | Kind::Members { .. }
            | Kind::Range => {}
            Kind::Conv { .. } => {
                let deviation = (2.0 / layer.rows().max(1) as f32).sqrt();
                draw("weight", matrix, &|s| deviation * s.normal());
            }
        }
        let constants: &[(&str, f32)] = match layer.norm {
            Norm::None => &[],
            Norm::Batch => &[
                ("gamma", 1.0),
                ("beta", 0.0),
                ("running_mean", 0.0),
                ("running_var", 1.0),
            ],
            Norm::Layer => &[("gamma", 1.0), ("beta", 0.0)],
        };
        for (name, value) in constants {
            let array = Array::new([layer.outputs], vec![*value; layer.outputs]);
            weights.insert(format!("{}.norm.{name}", layer.path), array);
        }
    }
    weights
}
