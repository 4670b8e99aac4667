//! What a stage carries from step to step: weights and, by parameter, the optimiser's memory.

use std::collections::BTreeMap;

use crate::weights::{Array, Weights};

/// Weights and optimiser memory, on the host: what growth maps and a checkpoint stores.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    /// Parameters and buffers by path.
    pub weights: Weights,
    /// Optimiser memory by parameter path; a missing slot is a fresh one.
    pub slots: BTreeMap<String, Slot>,
}

/// The optimiser's memory for one parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// Updates the old elements have seen (Adam's t).
    pub age: u64,
    /// Moments of the parameter's shape: Adam `[m, v]`, momentum `[m]`, SGD none. Empty: all zero.
    pub moments: Vec<Array>,
    /// Elements that joined later, if any.
    pub young: Option<Young>,
    /// Constant factor on this parameter's learning rate (fan-in correction after growth; 1 otherwise).
    pub lr_factor: f32,
}

impl Default for Slot {
    fn default() -> Self {
        Self {
            age: 0,
            moments: Vec::new(),
            young: None,
            lr_factor: 1.0,
        }
    }
}

/// The elements of a parameter that growth added: their own age, learning rate and warm-up.
#[derive(Debug, Clone, PartialEq)]
pub struct Young {
    /// Which elements are young, in the parameter's order.
    pub mask: Vec<bool>,
    /// Updates they have seen.
    pub age: u64,
    /// Factor on the learning rate.
    pub lr: f32,
    /// Updates over which their learning rate rises linearly: the k-th of them (from 1) has k / warmup of it.
    pub warmup: u64,
}
