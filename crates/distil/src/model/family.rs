//! What a family of networks is.

use std::collections::BTreeMap;

use burn::tensor::Device;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Net;
use super::layout::Layout;
use super::mup::Pace;
use super::output::Input;
use crate::data::ColumnFeatures;
use crate::error::Result;
use crate::rng::Seed;

/// A family of networks by its parameters: what a recipe gives, and all that is known of the network beside its numbers.
pub trait Family: Serialize {
    /// The network; its parameters are named as its layout says.
    type Net: Net;

    /// What this architecture cannot be, as a sentence.
    fn problem(&self) -> Option<String>;

    /// The shapes, for samples of this shape and so many outputs; else why the family cannot read them, as a sentence.
    fn layout(&self, input: &[usize], outputs: usize) -> std::result::Result<Layout, String>;

    /// The same for the columns of a table; by default it does not tell them apart.
    fn layout_of(
        &self,
        columns: &[ColumnFeatures],
        outputs: usize,
    ) -> std::result::Result<Layout, String> {
        self.layout(&[columns.iter().map(ColumnFeatures::width).sum()], outputs)
    }

    /// The network of its [`Self::layout`] with weights drawn for this seed.
    fn init(&self, layout: Layout, seed: Seed, device: &Device) -> Result<Self::Net>;

    /// Whether it tells the columns of a table apart.
    fn reads_columns(&self) -> bool {
        false
    }

    /// Training rows of so many features that its first weights depend on, at most.
    fn rows_looked_at(&self, _features: usize) -> usize {
        0
    }

    /// A network of [`Self::init`] with what of its first weights depends on training rows.
    fn fit(&self, net: Self::Net, _first: &First, _seed: Seed) -> Result<Self::Net> {
        Ok(net)
    }

    /// The pace of parameters that have one of their own; those of a family with a parametrisation of its own.
    fn paces(&self, _layout: &Layout) -> BTreeMap<String, Pace> {
        BTreeMap::new()
    }

    /// The network in a few words, for example `mlp 64-128-10`.
    fn describe(&self, layout: &Layout) -> String;

    /// The parameters as `config.json` of an exported model names them: by default as recipes do.
    fn export_config(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(members)) => members,
            _ => Map::new(),
        }
    }

    /// The name of a parameter of this layer in the PyTorch module, there being `weight`, `bias`, `norm.weight`, …
    fn export_name(&self, layer: &str, parameter: &str) -> String {
        format!("{layer}.{parameter}")
    }

    /// The PyTorch module that reads an exported model.
    fn pytorch(&self) -> PyTorch;
}

/// What first weights may depend on.
#[derive(Debug, Clone)]
pub struct First {
    /// Some rows of the training part, or all.
    pub rows: Input,
    /// The least and the largest of each target over training and validation, as the network answers them; none for classes.
    pub range: Option<[Vec<f32>; 2]>,
}

/// A PyTorch module as a model card shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PyTorch {
    /// The module's class; made from `config.json`, it has the parameters of the weights.
    pub class: &'static str,
    /// Its Python, imports of `torch` first.
    pub source: String,
}

/// Declares the families: a name, what it is in one line, and its parameters and network.
macro_rules! families {
    ($($name:literal, $summary:literal => $family:ident($config:ident);)*) => {
        /// The architecture a recipe names: family and its parameters.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind")]
        pub enum ModelConfig {
            $(#[doc = $summary] #[serde(rename = $name)] $family($config),)*
        }

        /// Every family, in the order in which lists show them.
        pub static MODELS: Registry<ModelConfig> = Registry {
            noun: "model",
            entries: &[$(entry!($name, $summary, $config => ModelConfig::$family)),*],
        };

        impl ModelConfig {
            /// The family's name.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$family(_) => $name,)* }
            }

            /// See [`Family::problem`].
            pub fn problem(&self) -> Option<String> {
                match self { $(Self::$family(config) => config.problem(),)* }
            }

            /// See [`Family::layout`].
            pub fn layout(&self, input: &[usize], outputs: usize) -> std::result::Result<Layout, String> {
                match self { $(Self::$family(config) => config.layout(input, outputs),)* }
            }

            /// See [`Family::layout_of`].
            pub fn layout_of(&self, columns: &[ColumnFeatures], outputs: usize) -> std::result::Result<Layout, String> {
                match self { $(Self::$family(config) => config.layout_of(columns, outputs),)* }
            }

            /// See [`Family::reads_columns`].
            pub fn reads_columns(&self) -> bool {
                match self { $(Self::$family(config) => config.reads_columns(),)* }
            }

            /// See [`Family::rows_looked_at`].
            pub fn rows_looked_at(&self, features: usize) -> usize {
                match self { $(Self::$family(config) => config.rows_looked_at(features),)* }
            }

            /// See [`Family::fit`].
            pub fn fit(&self, net: Model, first: &First, seed: Seed) -> Result<Model> {
                match (self, net) {
                    $((Self::$family(config), Model::$family(net)) => config.fit(net, first, seed).map(Model::$family),)*
                    (_, net) => Ok(net),
                }
            }

            /// See [`Family::paces`].
            pub fn paces(&self, layout: &Layout) -> BTreeMap<String, Pace> {
                match self { $(Self::$family(config) => config.paces(layout),)* }
            }

            /// See [`Family::init`].
            pub fn init(&self, layout: Layout, seed: Seed, device: &Device) -> Result<Model> {
                match self { $(Self::$family(config) => config.init(layout, seed, device).map(Model::$family),)* }
            }

            /// See [`Family::describe`].
            pub fn describe(&self, layout: &Layout) -> String {
                match self { $(Self::$family(config) => config.describe(layout),)* }
            }

            /// See [`Family::export_config`].
            pub fn export_config(&self) -> Map<String, Value> {
                match self { $(Self::$family(config) => config.export_config(),)* }
            }

            /// See [`Family::export_name`].
            pub fn export_name(&self, layer: &str, parameter: &str) -> String {
                match self { $(Self::$family(config) => config.export_name(layer, parameter),)* }
            }

            /// See [`Family::pytorch`].
            pub fn pytorch(&self) -> PyTorch {
                match self { $(Self::$family(config) => config.pytorch(),)* }
            }
        }

        /// A network of a built-in family.
        #[derive(Module, Debug)]
        #[allow(clippy::large_enum_variant)]
        pub enum Model {
            $(#[doc = $summary] $family($family),)*
        }

        impl Model {
            /// The shapes.
            pub fn shapes(&self) -> &Layout {
                match self { $(Self::$family(net) => &net.layout,)* }
            }
        }

        impl Net for Model {
            fn forward(&self, x: &Input, taps: &TapSet) -> Output {
                match self { $(Self::$family(net) => net.forward(x, taps),)* }
            }

            fn layout(&self) -> Option<Layout> {
                Some(self.shapes().clone())
            }

            fn at(&mut self, done: f64, seed: u64) {
                match self { $(Self::$family(net) => net.at(done, seed),)* }
            }
        }
    };
}

pub(super) use families;
