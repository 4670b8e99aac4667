//! Growth: every promise, tested as declared.

mod exact;
mod host;
mod memory;
mod refusals;
mod symmetry;

use distil::growth::{Copies, Grown, StartRule, grow};
use distil::model::{Layout, fresh};
use distil::optim::State;
use distil::rng::Seed;
use distil::weights::{Array, Weights};

fn state(weights: &Weights) -> State {
    State {
        weights: weights.clone(),
        ..State::default()
    }
}

fn copies() -> StartRule {
    StartRule {
        width: Box::new(Copies {}),
        ..StartRule::default()
    }
}

fn grown(
    small: &Weights,
    from: &Layout,
    to: &Layout,
    view: Option<&Array>,
    rule: &StartRule,
) -> Grown {
    grow(
        &state(small),
        from,
        to,
        view,
        rule,
        &fresh(to, Seed(9)),
        Seed(9),
    )
    .unwrap()
}
