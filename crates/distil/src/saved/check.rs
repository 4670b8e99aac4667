//! Whether what a model folder says fits together, before anything is made of it.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};

use super::{Card, SavedModel};
use crate::data::{ColumnFeatures, Preprocessing, View, ViewMatrix};
use crate::error::{Error, Result};
use crate::memory::{fits, numbers};
use crate::model::{Input, Layout, Net, TapSet};
use crate::read_back::read;
use crate::weights::{Array, Weights};

/// Numbers of a view's matrix up to which it is written beside the weights.
const WRITTEN: usize = 16 << 20;

type Checked = std::result::Result<(), String>;

impl Card {
    /// Every size follows from every other; else the reason, as a sentence without its full stop.
    pub(super) fn check(&self) -> Checked {
        if let Some(problem) = self.model.problem() {
            return Err(problem);
        }
        if numbers(&self.view_shape) != self.inputs || self.inputs == 0 {
            return Err(format!(
                "a network of {} inputs cannot read samples of shape {:?}",
                self.inputs, self.view_shape
            ));
        }
        let names = self.targets.names.len();
        if names != self.outputs || names == 0 {
            return Err(format!(
                "there are {} outputs and {names} names for them",
                self.outputs
            ));
        }
        if let Some(scale) = &self.targets.scale {
            let spreads = scale.std.iter().all(|x| x.is_finite() && *x > 0.0);
            let means = scale.mean.iter().all(|x| x.is_finite());
            if (scale.mean.len(), scale.std.len()) != (names, names) || !spreads || !means {
                return Err("the scale of its targets does not fit their names".into());
            }
        }
        let features = self.features()?;
        if self.view == View::Full && features != self.inputs {
            return Err(format!(
                "a network of {} inputs cannot read {features} features",
                self.inputs
            ));
        }
        self.layout().map(drop)
    }

    pub(super) fn layout(&self) -> std::result::Result<Layout, String> {
        let layout = match self.columns() {
            Some(columns) => self.model.layout_of(&columns, self.outputs),
            None => self.model.layout(&self.view_shape, self.outputs),
        };
        layout.map(|layout| layout.for_task(self.targets.kind))
    }

    /// What the features of each column are that the network reads; none where it does not read a table's own.
    pub fn columns(&self) -> Option<Vec<ColumnFeatures>> {
        let columns = self.preprocessing.kinds();
        columns.filter(|_| self.view == View::Full)
    }

    /// How many features preprocessing makes.
    fn features(&self) -> std::result::Result<usize, String> {
        let features = numbers(&self.preprocessing.shape());
        if let Preprocessing::Block {
            shape,
            shift,
            scale,
        } = &self.preprocessing
        {
            let period = shift.len();
            let finite = shift.iter().chain(scale).all(|x| x.is_finite());
            let fits = period > 0 && period == scale.len() && features.is_multiple_of(period);
            if !fits || !finite || scale.contains(&0.0) {
                return Err(format!(
                    "{period} shifts and {} scales do not fit samples of shape {shape:?}",
                    scale.len()
                ));
            }
        }
        Ok(features)
    }

    /// Whether the arrays are those of the network, by name and shape.
    pub(super) fn check_weights(&self, weights: &Weights) -> Checked {
        let layout = self.layout()?;
        let mut expected: BTreeMap<String, Vec<usize>> = layout
            .layers
            .iter()
            .flat_map(|layer| layer.arrays())
            .collect();
        for (name, array) in weights {
            match expected.remove(name) {
                None => return Err(format!("it holds `{name}`, which the model has not")),
                Some(shape) if shape != array.shape => {
                    return Err(format!(
                        "`{name}` has shape {:?} where the model has {shape:?}",
                        array.shape
                    ));
                }
                Some(_) => {}
            }
        }
        match expected.keys().next() {
            None => Ok(()),
            Some(name) => Err(format!("it holds no `{name}`, which the model has")),
        }
    }

    /// Whether the view's matrix is not written: with all its zeros it would be large, and the shape of a sample tells it.
    pub(super) fn is_view_left_out(&self) -> bool {
        let numbers = numbers(&self.preprocessing.shape()).saturating_mul(self.inputs);
        numbers > WRITTEN && !matches!(self.view, View::Full | View::Pca(_))
    }

    /// The view's matrix, as the shape of a sample tells it.
    pub(super) fn view_of_shape(&self) -> std::result::Result<ViewMatrix, String> {
        let shape = self.preprocessing.shape();
        // A fine place counts in few coarse ones.
        fits(&[numbers(&shape) as u128, 8]).map_err(|why| format!("its samples would {why}"))?;
        let made = self.view.of_shape(&shape, &self.preprocessing.columns());
        match made.map_err(|error| error.reason)? {
            Some(view) if view.shape == self.view_shape => Ok(view),
            _ => Err("its view does not lead from its samples to what its network reads".into()),
        }
    }

    /// Whether the view's matrix leads from the features to what the network reads.
    pub(super) fn check_view(&self, matrix: &Array) -> Checked {
        let expected = [self.features()?, self.inputs];
        let finite = matrix.values.iter().all(|x| x.is_finite());
        match matrix.shape == expected && finite {
            true => Ok(()),
            false => Err(format!(
                "the view has shape {:?} where the model has {expected:?}, or holds numbers that are not finite",
                matrix.shape
            )),
        }
    }
}

/// Refuses weights that make every answer meaningless.
pub(super) fn finite(path: &Path, weights: &Weights) -> Result<()> {
    for (name, array) in weights {
        if let Some(number) = array.values.iter().find(|x| !x.is_finite()) {
            let reason =
                format!("`{name}` holds {number}: whatever the model answers means nothing");
            return Err(Error::input(path.display(), reason).remedy(
                "Restore the folder from a copy, or train again with a lower learning rate",
            ));
        }
    }
    Ok(())
}

impl SavedModel {
    /// Refuses a model that answers the mean sample, or one a deviation beside it, with a number that is not finite.
    ///
    /// # Errors
    /// Weights so large that sums of them overflow.
    pub fn check_answers(&self, device: &Device) -> Result<()> {
        let inputs = self.card.inputs;
        let samples = [0.0, 1.0, -1.0]
            .into_iter()
            .flat_map(|x| vec![x; inputs])
            .collect();
        let samples = TensorData::new::<f32, _>(samples, [3, inputs]);
        let samples = Input::Flat(Tensor::from_data(samples, &device.clone().inner()));
        let answers = read(self.net.forward(&samples, &TapSet::default()).values);
        match answers.iter().all(|x| x.is_finite()) {
            true => Ok(()),
            false => Err(overflowing("the mean sample")),
        }
    }
}

/// The error of a sample whose answer is not finite.
pub(super) fn overflowing(sample: &str) -> Error {
    let reason = format!(
        "the model's answer for {sample} is not a finite number: its weights, or the sample's values, are too large"
    );
    Error::input("the model", reason).remedy(
        "Check the data against what it was trained on, or train again with a lower learning rate",
    )
}
