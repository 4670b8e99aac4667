//! One parameter on its way from the small network to the large one.

use crate::optim::{Slot, Young};
use crate::weights::Array;

/// Values, and for every element the optimiser's memory and whether growth made it.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// The values; a vector counts as a matrix of one row.
    pub value: Array,
    /// Moments of the same shape, or none.
    moments: Vec<Array>,
    /// Which elements growth made or replaced.
    young: Vec<bool>,
    /// Updates the others have seen.
    age: u64,
    lr_factor: f32,
    /// Rows of the matrix for each input.
    taps: usize,
    /// Rows the matrix had before growth.
    rows_before: usize,
}

impl Parameter {
    /// A parameter of the small network. If growth has been here before, its young elements are old now,
    /// and all go by the smaller of the two ages: too small an age only shortens Adam's steps.
    pub fn old(value: Array, slot: Option<&Slot>) -> Self {
        let slot = slot.cloned().unwrap_or_default();
        let age = slot.young.map_or(slot.age, |y| slot.age.min(y.age));
        Self {
            young: vec![false; value.values.len()],
            taps: 1,
            rows_before: value.rows_cols().0,
            value,
            moments: slot.moments,
            age,
            lr_factor: slot.lr_factor,
        }
    }

    /// The same with so many rows for each input, the inputs of each tap together.
    pub fn tapped(self, taps: usize) -> Self {
        Self {
            taps: taps.max(1),
            ..self
        }
    }

    /// Rows for each input.
    pub fn taps(&self) -> usize {
        self.taps
    }

    /// Inputs and columns.
    pub fn shape(&self) -> (usize, usize) {
        let (rows, columns) = self.value.rows_cols();
        (rows / self.taps, columns)
    }

    /// A parameter that growth makes.
    pub fn young(value: Array) -> Self {
        let young = vec![true; value.values.len()];
        Self {
            young,
            ..Self::old(value, None)
        }
    }

    /// Puts other values in its place; all of its elements are young then. The fan-in before growth stays
    /// in memory.
    pub fn replace(&mut self, value: Array) {
        *self = Self {
            taps: self.taps,
            rows_before: self.rows_before,
            lr_factor: self.lr_factor,
            ..Self::young(value)
        };
    }

    /// Gives the parameter more inputs or columns; what joins is young and has the values
    /// `value([tap, input], column)`.
    pub fn enlarge(
        &mut self,
        inputs: usize,
        columns: usize,
        value: impl Fn([usize; 2], usize) -> f32,
    ) {
        let (inputs_now, columns_now) = self.shape();
        let rows = self.taps * inputs;
        let place = |row: usize, column: usize| {
            let (tap, input) = (row / inputs, row % inputs);
            let old = input < inputs_now && column < columns_now;
            old.then(|| (tap * inputs_now + input) * columns_now + column)
        };
        let value = |row: usize, column: usize| value([row / inputs, row % inputs], column);
        let cells = || (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        let shape = match self.value.shape.len() {
            1 => vec![columns],
            _ => vec![rows, columns],
        };
        let enlarged = |array: &Array, join: &dyn Fn(usize, usize) -> f32| {
            let cell = |(r, c)| place(r, c).map_or_else(|| join(r, c), |at| array.values[at]);
            Array::new(shape.clone(), cells().map(cell).collect())
        };
        let moments = self.moments.iter();
        self.moments = moments.map(|m| enlarged(m, &|_, _| 0.0)).collect();
        self.young = cells()
            .map(|(r, c)| place(r, c).is_none_or(|at| self.young[at]))
            .collect();
        self.value = enlarged(&self.value, &value);
    }

    /// Number of elements that growth made.
    pub fn young_count(&self) -> usize {
        self.young.iter().filter(|y| **y).count()
    }

    /// Its memory after growth; `None`: a fresh one. With `keep`, old elements keep theirs, and for Adam
    /// the learning rate falls as the number of rows rises.
    pub fn slot(&self, keep: bool, adam: bool, new_lr: f32, new_warmup: u64) -> Option<Slot> {
        let (rows, _) = self.value.rows_cols();
        let (young, all) = (self.young_count(), self.young.len());
        let kept = keep && young < all;
        let own_pace = young > 0 && (kept || new_lr != 1.0 || new_warmup > 0);
        let slot = Slot {
            age: if kept { self.age } else { 0 },
            moments: if kept {
                self.moments.clone()
            } else {
                Vec::new()
            },
            young: own_pace.then(|| Young {
                mask: self.young.clone(),
                age: 0,
                lr: new_lr,
                warmup: new_warmup,
            }),
            lr_factor: if keep && adam {
                self.lr_factor * self.rows_before as f32 / rows as f32
            } else {
                1.0
            },
        };
        (slot != Slot::default()).then_some(slot)
    }
}
