//! Classification: one of several classes, cross-entropy.

use std::collections::BTreeMap;
use std::fmt;

use burn::tensor::{Device, Tensor};
use distil_kernels::cross_entropy;
use distil_report::measure::TaskKind;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::{LabelLoss, Target, TargetShape, Task};
use crate::error::Result;

/// One of several classes, by cross-entropy.
///
/// −Σₖ wₖ qₖ log softmax(z)ₖ with q = 1 − ε on the label plus ε/K on every class (label smoothing, Szegedy et al. 2016,
/// section 7), w the class weights. As PyTorch's `CrossEntropyLoss`, except that a batch is always averaged over its
/// rows, not over the rows' weights, so that batches of any size and weighted rows add up.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Classification {
    /// Share ε of the label spread evenly over all classes, from 0 up to, but not, 1.
    pub smoothing: f64,
    /// How much each class counts: `"none"`, `"balanced"` (in inverse proportion to its samples), or numbers by the names of classes.
    pub class_weights: ClassWeights,
}

/// How much each class counts: "none", "balanced", numbers above 0 by the names of classes (others count 1), or one per class in the
/// order of the classes.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum ClassWeights {
    /// All alike.
    #[default]
    None,
    /// n / (K nₖ): in inverse proportion to the class's training samples, 1 on average over the samples.
    Balanced,
    /// As given, by name; 1 where nothing is given.
    Named(BTreeMap<String, f64>),
    /// As given.
    List(Vec<f64>),
}

impl Task for Classification {
    fn kind(&self) -> TaskKind {
        TaskKind::Classification
    }

    fn default_metric(&self, _: usize) -> &'static str {
        "accuracy"
    }

    fn loss_metric(&self, _: usize) -> &'static str {
        "calibrated_nll"
    }

    fn outputs(&self, targets: &TargetShape) -> std::result::Result<usize, String> {
        let TargetShape::Classes { counts, names } = targets else {
            return Err(targets.refuse(self.kind()));
        };
        let classes = counts.len();
        if classes < 2 {
            return Err(format!(
                "classification needs at least two classes, and the data has {classes}; look at the target in [data]"
            ));
        }
        if !(0.0..1.0).contains(&self.smoothing) {
            return Err(format!(
                "`smoothing` is {}; give a share from 0 up to, but not, 1",
                self.smoothing
            ));
        }
        self.class_weights.of(counts, names)?;
        Ok(classes)
    }

    fn loss(
        &self,
        targets: &TargetShape,
        device: &Device,
    ) -> std::result::Result<Box<dyn LabelLoss>, String> {
        let classes = self.outputs(targets)?;
        let weights = match targets {
            TargetShape::Classes { counts, names } => self.class_weights.of(counts, names)?,
            _ => None,
        };
        let device = device.clone().inner();
        Ok(Box::new(CrossEntropy(distil_kernels::CrossEntropy {
            spread: self.smoothing / classes as f64,
            keep: 1.0 - self.smoothing,
            weights: weights.map(|list| Tensor::from_floats(list.as_slice(), &device)),
        })))
    }
}

impl ClassWeights {
    /// The weight of each class; `None` for all alike.
    fn of(
        &self,
        counts: &[u64],
        names: &[String],
    ) -> std::result::Result<Option<Vec<f32>>, String> {
        match self {
            Self::None => Ok(None),
            Self::Balanced => {
                if let Some(class) = counts.iter().position(|&count| count == 0) {
                    return Err(format!(
                        "class {class} (counted from 0) has no training sample and cannot be balanced; give `class_weights` as a list, or remove it"
                    ));
                }
                let mean = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
                Ok(Some(
                    counts
                        .iter()
                        .map(|&count| (mean / count as f64) as f32)
                        .collect(),
                ))
            }
            Self::Named(named) => {
                if let Some(unknown) = named.keys().find(|name| !names.contains(name)) {
                    let known = names.iter().map(String::as_str);
                    let help = match distil_recipe::suggest(unknown, known.clone()) {
                        Some(suggestion) => format!("perhaps it is `{suggestion}`"),
                        None => format!(
                            "the classes are {}",
                            known.take(20).collect::<Vec<_>>().join(", ")
                        ),
                    };
                    return Err(format!(
                        "`class_weights` names `{unknown}`, which is no class of the data; {help}"
                    ));
                }
                let weight = |name: &String| named.get(name).copied().unwrap_or(1.0);
                Self::List(names.iter().map(weight).collect()).of(counts, names)
            }
            Self::List(list) if list.len() != counts.len() => Err(format!(
                "`class_weights` has {} numbers, and the data {} classes; give one number per class",
                list.len(),
                counts.len()
            )),
            Self::List(list) => match list.iter().find(|w| !(w.is_finite() && **w > 0.0)) {
                Some(weight) => Err(format!(
                    "`class_weights` holds {weight}; every weight is a number above 0"
                )),
                None => Ok(Some(list.iter().map(|&w| w as f32).collect())),
            },
        }
    }
}

#[derive(Debug)]
struct CrossEntropy(distil_kernels::CrossEntropy);

impl LabelLoss for CrossEntropy {
    fn rows(&self, values: Tensor<2>, target: &Target) -> Result<Tensor<1>> {
        let labels = target.classes("classification")?;
        Ok(cross_entropy(values, labels, &self.0))
    }
}

impl Serialize for ClassWeights {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_str("none"),
            Self::Balanced => serializer.serialize_str("balanced"),
            Self::Named(named) => named.serialize(serializer),
            Self::List(list) => list.serialize(serializer),
        }
    }
}

// By hand, not `untagged`: that buffers the value and loses its place in the recipe.
impl<'de> Deserialize<'de> for ClassWeights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = ClassWeights;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"none\", \"balanced\", a table or an array of numbers")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> std::result::Result<Self::Value, E> {
                match word {
                    "none" => Ok(ClassWeights::None),
                    "balanced" => Ok(ClassWeights::Balanced),
                    _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(
                self,
                mut entries: A,
            ) -> std::result::Result<Self::Value, A::Error> {
                let mut named = BTreeMap::new();
                while let Some((name, weight)) = entries.next_entry()? {
                    named.insert(name, weight);
                }
                Ok(ClassWeights::Named(named))
            }

            fn visit_seq<A: SeqAccess<'de>>(
                self,
                mut items: A,
            ) -> std::result::Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(weight) = items.next_element()? {
                    list.push(weight);
                }
                Ok(ClassWeights::List(list))
            }
        }
        deserializer.deserialize_any(Words)
    }
}

impl JsonSchema for ClassWeights {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ClassWeights".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "\"none\", \"balanced\" (in inverse proportion to the class's training samples), numbers above 0 by the names of classes, others counting 1, or one per class in their order.",
            "anyOf": [
                { "enum": ["none", "balanced"] },
                { "type": "object", "additionalProperties": { "type": "number", "minimum": 0 } },
                { "type": "array", "items": { "type": "number", "minimum": 0 } }
            ]
        })
    }
}
