//! Maximal update parametrisation, µP: settings that suit a narrow network suit a wide one of its family.

use std::collections::BTreeMap;

use super::layout::{Kind, Layer, Layout};
use crate::weights::Weights;

/// What the first weights of a network, and the rate and the decay of each of its parameters, are multiplied by, so that its best
/// settings are those of a narrower network, the base.
///
/// The rules are those of Yang et al. (2022, "Tensor Programs V", table 3), which leave the forward pass alone: files, answers and
/// growth know nothing of them. With the multipliers m of the axis a layer reads, and n of the one it writes (its size ÷ the
/// base's; 1 for data and classes):
///
/// | parameter | first weights | SGD: rate | Adam: rate | decay, of AdamW |
/// |---|---|---|---|---|
/// | first weight, depthwise weight, embedding | 1 | n | 1 | 1 |
/// | hidden weight | 1 | n/m | 1/m | m |
/// | hidden bias | √m | n | 1 | 1 |
/// | gain and shift of a norm | 1 | n | 1 | 1 |
/// | weight of the head | 1/√m | 1/m | 1/m | m |
/// | bias of the head | √m | 1 | 1 | 1 |
///
/// A decay that is a part of the gradient, as SGD's, is divided by what the rate is multiplied by. A dense layer that reads the data
/// through a finer view than the base's has its rate multiplied by the base's inputs ÷ its own, too.
#[derive(Debug, Clone, PartialEq)]
pub struct Mup {
    /// Size ÷ the base's, of every axis from the data on.
    axes: Vec<f64>,
    /// The base's inputs ÷ its own, where it sees more of the data.
    view: f64,
    factors: BTreeMap<String, Factors>,
}

/// What a parameter's first values and its pace are multiplied by.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Factors {
    first: f64,
    sgd: f64,
    adam: f64,
}

/// What a parameter's learning rate and its weight decay are multiplied by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// The learning rate.
    pub lr: f64,
    /// The weight decay.
    pub decay: f64,
}

impl Default for Pace {
    /// The rule's own.
    fn default() -> Self {
        Self {
            lr: 1.0,
            decay: 1.0,
        }
    }
}

/// How long the steps of an update rule are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steps {
    /// As long as the gradient is.
    Gradient,
    /// The same for a gradient of any length.
    Normalised,
}

impl Mup {
    /// For a network whose settings were chosen on `base`. A layer has the widths of the one that has its path there; one that has none takes
    /// those of the layer it follows.
    pub fn of(base: &Layout, layout: &Layout) -> Self {
        let axes = multipliers(base, layout);
        let head = layout.layers.last().map(|layer| layer.path.as_str());
        let mut factors = BTreeMap::new();
        let mut view = 1.0;
        for layer in &layout.layers {
            let (m, n) = (axes[layer.reads], axes[layer.writes]);
            let is_head = Some(layer.path.as_str()) == head;
            for (path, _) in layer.arrays() {
                let name = path.rsplit('.').next().unwrap_or_default();
                let factor = match name {
                    "running_mean" | "running_var" => continue,
                    "weight" if is_head => Factors::new(1.0 / m.sqrt(), 1.0 / m, 1.0 / m),
                    "weight" if reads_data(layer) || layer.is_depthwise() => {
                        let seen = view_ratio(base, layer);
                        view = seen.min(view);
                        Factors::new(1.0, n * seen, seen)
                    }
                    "weight" => Factors::new(1.0, n / m, 1.0 / m),
                    "bias" => Factors::new(m.sqrt(), n, 1.0),
                    _ => Factors::new(1.0, n, 1.0),
                };
                factors.insert(path, factor);
            }
        }
        Self {
            axes,
            view,
            factors,
        }
    }

    /// What the rate of the first weights is multiplied by, as the base sees fewer inputs; 1 where it does not.
    pub fn view(&self) -> f64 {
        self.view
    }

    /// Size ÷ the base's, of every axis from the data on.
    pub fn axes(&self) -> &[f64] {
        &self.axes
    }

    /// Whether it changes nothing: the networks differ in depth or in what they see, not in width.
    pub fn is_none(&self) -> bool {
        let none = Factors::new(1.0, 1.0, 1.0);
        self.factors.values().all(|factor| *factor == none)
    }

    /// First weights as the family draws them, made into those of this parametrisation.
    pub fn first(&self, weights: &mut Weights) {
        for (path, array) in weights {
            let factor = self.factors.get(path).map_or(1.0, |factors| factors.first);
            if factor != 1.0 {
                for value in &mut array.values {
                    *value = (f64::from(*value) * factor) as f32;
                }
            }
        }
    }

    /// The pace of every parameter, by its path.
    pub fn paces(&self, steps: Steps) -> BTreeMap<String, Pace> {
        let pace = |factors: &Factors| {
            let lr = match steps {
                Steps::Gradient => factors.sgd,
                Steps::Normalised => factors.adam,
            };
            Pace {
                lr,
                decay: 1.0 / lr,
            }
        };
        let factors = self.factors.iter();
        factors
            .map(|(path, factors)| (path.clone(), pace(factors)))
            .collect()
    }
}

impl Factors {
    fn new(first: f64, sgd: f64, adam: f64) -> Self {
        Self { first, sgd, adam }
    }
}

fn reads_data(layer: &Layer) -> bool {
    layer.reads == 0
}

/// The base's inputs ÷ a dense layer's, where it sees more of the data.
fn view_ratio(base: &Layout, layer: &Layer) -> f64 {
    let same = base.layer(&layer.path).filter(|same| reads_data(same));
    match (layer.kind, same) {
        (Kind::Dense, Some(same)) if reads_data(layer) && same.inputs < layer.inputs => {
            same.inputs as f64 / layer.inputs as f64
        }
        _ => 1.0,
    }
}

/// Size ÷ the base's, by axis. Data and the head's outputs have 1 whatever their sizes.
fn multipliers(base: &Layout, layout: &Layout) -> Vec<f64> {
    let mut sizes: Vec<Option<usize>> = vec![None; layout.axes() + 1];
    let mut axes = vec![1.0; layout.axes() + 1];
    let hidden = layout.layers.split_last().map_or(&[][..], |(_, rest)| rest);
    for layer in hidden {
        if sizes[layer.writes].is_some() || layer.writes == 0 {
            continue;
        }
        let mut writers = hidden.iter().filter(|other| other.writes == layer.writes);
        let size = writers
            .find_map(|writer| base.layer(&writer.path))
            .map(|same| same.outputs)
            .or_else(|| expanded(base, layer, sizes[layer.reads]?))
            .or(sizes[layer.reads]);
        if let Some(size) = size {
            axes[layer.writes] = layer.outputs as f64 / size as f64;
            sizes[layer.writes] = Some(size);
        }
    }
    axes
}

/// The size of what an inserted layer expands to, of so many channels: as its siblings in the base do.
fn expanded(base: &Layout, layer: &Layer, channels: usize) -> Option<usize> {
    let expands = |path: &str| path.ends_with(".expand");
    let sibling = base.layers.iter().find(|other| expands(&other.path));
    let sibling = sibling.filter(|_| expands(&layer.path))?;
    Some(channels * sibling.outputs / sibling.inputs.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MlpConfig;
    use crate::model::family::Family;

    fn mlp(inputs: usize, hidden: &[usize]) -> Layout {
        let config = MlpConfig {
            hidden: hidden.to_vec(),
            ..MlpConfig::default()
        };
        config.layout(&[inputs], 10).unwrap()
    }

    #[test]
    fn a_network_is_its_own_base_and_then_nothing_changes() {
        let layout = mlp(64, &[32, 16]);
        let mup = Mup::of(&layout, &layout);
        assert!(mup.is_none());
        let all = mup.paces(Steps::Normalised);
        assert!(all.values().all(|pace| (pace.lr, pace.decay) == (1.0, 1.0)));
    }

    #[test]
    fn a_layer_without_a_counterpart_has_the_widths_of_the_one_before_it() {
        let mup = Mup::of(&mlp(100, &[50]), &mlp(1000, &[500, 100]));
        assert_eq!(mup.axes(), [1.0, 10.0, 2.0, 1.0]);
        // The first weight sees ten times as many inputs.
        assert_eq!(mup.paces(Steps::Normalised)["hidden.0.weight"].lr, 0.1);
        // Where the base has no hidden layer, nothing was chosen at any width.
        assert_eq!(
            Mup::of(&mlp(64, &[]), &mlp(64, &[512])).axes(),
            [1.0, 1.0, 1.0]
        );
    }
}
