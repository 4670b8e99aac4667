//! Optimisers, schedules and averaging. One file per update rule, one line in its registry.

pub mod adam;
pub mod adamw;
mod average;
mod gradients;
mod optimizer;
mod rule;
pub mod schedule;
pub mod sgd;
mod state;

pub use average::Average;
pub use gradients::{Accumulator, Gradients, Norms};
pub use optimizer::{Optimizer, SHARED_FROM as UPDATES_SHARED_FROM};
pub use rule::{Elements, Rule, UpdateParams};
pub use schedule::{Schedule, WarmUp};
pub use state::{Slot, State, Young};

use distil_recipe::{Registry, entry};

/// The update rules a recipe can name.
pub static RULES: Registry<Box<dyn Rule>> = Registry {
    noun: "optimizer",
    entries: &[
        entry!("sgd", "gradient descent, with momentum if asked for", sgd::Sgd => Box::new),
        entry!("adam", "Adam (Kingma & Ba 2015)", adam::Adam => Box::new),
        entry!("adamw", "Adam with decoupled weight decay (Loshchilov & Hutter 2019)", adamw::AdamW => Box::new),
    ],
};

/// The schedules a recipe can name; warm-up is set beside them.
pub static SCHEDULES: Registry<Box<dyn Schedule>> = Registry {
    noun: "schedule",
    entries: &[
        entry!("constant", "the learning rate stays", schedule::Constant => Box::new),
        entry!("linear", "down to zero in a straight line", schedule::Linear => Box::new),
        entry!("cosine", "down to zero along half a cosine", schedule::Cosine => Box::new),
        entry!("trapezoid", "flat, then down to zero in a straight line", schedule::Trapezoid => Box::new),
        entry!("flat-cosine", "flat over the first half, then down to zero along half a cosine", schedule::FlatCosine => Box::new),
        entry!("coslog", "waves between zero and the full rate, each twice as long as the one before", schedule::Coslog => Box::new),
    ],
};
