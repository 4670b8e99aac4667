//! Growth: a large model's first weights out of a small model's. Pure host functions on named arrays.
//!
//! The small network becomes the large one in four steps, each of which leaves its function alone:
//!
//! 1. its first layer is led through the view, W ← P·W, if the large model reads a finer form of the data;
//! 2. layers that the large model has and the small one lacks, by their paths, are inserted: those of a chain as
//!    identities ([`Depth`]), residual branches with the family's own first weights and an end that answers 0;
//! 3. every axis between layers is widened, input side first ([`Width`]): all layers that write it together, and all
//!    that read it;
//! 4. the optimiser's memory is dropped, or kept for old elements with young ones starting at age 0.
//!
//! A convolutional network reads pictures of any size with the same weights, so it grows from smaller pictures too; its
//! function is another then.
//!
//! Shrinking towards fresh weights (Ash & Adams 2020), if asked for, comes last and changes the function.

mod check;
mod copies;
mod dense;
mod grow;
mod identity;
mod linear;
mod new_units;
mod parameter;

pub use check::check;
pub use copies::Copies;
pub use dense::Dense;
pub use grow::{Grown, grow};
pub use identity::Identity;
pub use new_units::NewUnits;
pub use parameter::Parameter;

use distil_recipe::{Choice, Problems, Registry, entry};
pub use distil_report::events::Promise;

use crate::model::{Activation, Layer, Norm};
use crate::rng::Stream;

/// How a large model starts from a small one.
#[derive(Debug)]
pub struct StartRule {
    /// How layers are widened.
    pub width: Box<dyn Width>,
    /// How layers are inserted.
    pub depth: Box<dyn Depth>,
    /// Whether old elements keep the optimiser's memory and age. If so, and if the memory is Adam's, every
    /// weight matrix whose inputs grew k-fold (the view's ratio included) also learns at 1/k of the rate:
    /// Adam's steps do not shrink as the fan-in grows, so their sum would be k times as large (µP's rule).
    pub keep: bool,
    /// Whether the rates of all parameters suit the large network's widths already ([`crate::model::Mup`]): then that rule is not
    /// applied twice.
    pub mup: bool,
    /// λ in W ← λ·W + (1−λ)·fresh, in [0, 1]; 1 leaves the weights alone.
    pub shrink: f32,
    /// Noise that tells copies apart, as a share of the root mean square of the weights it is added to; ≥ 0.
    pub noise: f32,
    /// Factor on the learning rate of young elements, > 0.
    pub new_lr: f32,
    /// Updates over which young elements warm up.
    pub new_warmup: u64,
}

impl Default for StartRule {
    fn default() -> Self {
        Self {
            width: Box::new(NewUnits {}),
            depth: Box::new(Identity {}),
            keep: false,
            mup: false,
            shrink: 1.0,
            noise: 0.0,
            new_lr: 1.0,
            new_warmup: 0,
        }
    }
}

/// An axis between layers on its way to more units.
#[derive(Debug)]
pub struct Joint<'a> {
    /// The layers to be widened, which write the axis.
    pub before: Vec<&'a mut Dense>,
    /// The layers that read it.
    pub after: Vec<&'a mut Dense>,
    /// Units it shall have.
    pub units: usize,
    /// The large model's own initial weights, of the layers to be widened.
    pub fresh: Vec<&'a Dense>,
    /// [`StartRule::noise`].
    pub noise: f32,
    /// Random numbers for this joint.
    pub stream: &'a mut Stream,
}

/// A way to give an axis more units without changing the network's function.
pub trait Width: std::fmt::Debug + Send + Sync {
    /// Whether it makes copies that noise can tell apart.
    fn copies(&self) -> bool;

    /// Widens all of `joint.before` to `joint.units` units and gives all of `joint.after` as many inputs.
    fn widen(&self, joint: Joint<'_>);
}

/// A way to insert hidden layers without changing the network's function.
pub trait Depth: std::fmt::Debug + Send + Sync {
    /// Why it cannot be exact for this activation, as a sentence; `None`: it can.
    fn refuses(&self, activation: Activation) -> Option<String>;

    /// A layer of the kind and norm of `like`, and of as many units as `before`, whose answer it hands on, perhaps through others
    /// like it.
    fn insert(&self, before: &Dense, like: &Layer) -> Dense;

    /// A lone dense head as a hidden layer and a head.
    fn split(&self, head: &Dense, norm: Norm) -> [Dense; 2];
}

/// The ways to grow wider that a recipe can name.
pub static WIDTHS: Registry<Box<dyn Width>> = Registry {
    noun: "width rule",
    entries: &[
        entry!("new", "new units with fresh incoming and zero outgoing weights", NewUnits => Box::new),
        entry!("copy", "copies of units that share their outgoing weights unevenly", Copies => Box::new),
    ],
};

/// The names of the width rules that make copies.
fn copying() -> impl Iterator<Item = &'static str> {
    let rule = |name| WIDTHS.resolve(&Choice::default_of(name), &mut Problems::new());
    WIDTHS
        .names()
        .filter(move |name| rule(name).is_some_and(|rule| rule.copies()))
}

/// The ways to grow deeper that a recipe can name.
pub static DEPTHS: Registry<Box<dyn Depth>> = Registry {
    noun: "depth rule",
    entries: &[entry!("identity", "inserted layers hand on what they read", Identity => Box::new)],
};
