//! A batch's loss, put together from the label loss and the terms'.

use burn::tensor::Tensor;

use crate::method::Term;
use crate::read_back::read;

/// What one part, the labels or a term, adds to a batch's loss.
#[derive(Debug, Clone)]
pub struct Part {
    /// `labels`, or the term's name.
    pub name: String,
    strength: f64,
    /// The loss of each row `[rows]`, or of the batch `[1]`; without gradient.
    losses: Tensor<1>,
    /// Whether each row counts by its sample's weight.
    weighted: bool,
}

impl Part {
    fn new(name: &str, strength: f64, losses: &Tensor<1>, weighted: bool) -> Self {
        Self {
            name: name.to_string(),
            strength,
            losses: losses.clone().inner(),
            weighted,
        }
    }

    /// Its value, in f64; `weights` of the rows as [`Mixture::labels`] takes them.
    pub fn read(&self, weights: &[f32]) -> f64 {
        let losses = read(self.losses.clone());
        let sum: f64 = match weights {
            [_, ..] if self.weighted => losses
                .iter()
                .zip(weights)
                .map(|(x, w)| f64::from(*x) * f64::from(*w))
                .sum(),
            _ => losses.iter().map(|x| f64::from(*x)).sum(),
        };
        self.strength * (sum / losses.len().max(1) as f64)
    }

    /// The same `[1]`, in f32 and left on the device.
    pub fn on_device(&self, weights: &[f32]) -> Tensor<1> {
        let losses = self.losses.clone();
        let losses = match weights {
            [_, ..] if self.weighted => {
                let weights = Tensor::from_floats(weights, &losses.device());
                losses * weights
            }
            _ => losses,
        };
        losses.mean() * self.strength
    }
}

/// A batch's loss under way.
pub struct Mixture<'a> {
    rows: Tensor<1>,
    batch: Option<Tensor<1>>,
    weights: &'a [f32],
    /// What it is made of.
    pub parts: Vec<Part>,
}

impl<'a> Mixture<'a> {
    /// Starts with the labels' share of the loss: `rows` is the label loss of each row, `[rows]`; `weights` is the
    /// weight of each row's loss, empty for all 1.
    pub fn labels(rows: Tensor<1>, share: f64, weights: &'a [f32]) -> Self {
        let parts = vec![Part::new("labels", share, &rows, true)];
        let rows = if share == 1.0 { rows } else { rows * share };
        Self {
            rows,
            batch: None,
            weights,
            parts,
        }
    }

    /// Adds a term's loss at this strength; of rows that are not `answered` it has none.
    pub fn add(&mut self, name: &str, loss: Term, strength: f64, answered: Option<&[f32]>) {
        match loss {
            Term::Rows(rows) => {
                let rows = match answered {
                    None => rows,
                    Some(answered) => {
                        let device = rows.device().inner();
                        rows * Tensor::<1>::from_floats(answered, &device)
                    }
                };
                self.parts.push(Part::new(name, strength, &rows, true));
                self.rows = self.rows.clone() + rows * strength;
            }
            Term::Batch(loss) => {
                self.parts.push(Part::new(name, strength, &loss, false));
                let loss = loss * strength;
                self.batch = Some(match self.batch.take() {
                    Some(sum) => sum + loss,
                    None => loss,
                });
            }
        }
    }

    /// The loss `[1]`: the mean of the weighted rows and the batch terms.
    pub fn total(self) -> Tensor<1> {
        let rows = match self.weights {
            [] => self.rows,
            weights => {
                let device = self.rows.device().inner();
                self.rows * Tensor::<1>::from_floats(weights, &device)
            }
        };
        match self.batch {
            Some(batch) => rows.mean() + batch,
            None => rows.mean(),
        }
    }
}
