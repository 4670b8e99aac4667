use std::collections::BTreeMap;

use distil::growth::{StartRule, grow};
use distil::model::{Activation, Layout, Norm, fresh};
use distil::optim::adam::Adam;
use distil::optim::sgd::Sgd;
use distil::optim::{Optimizer, Slot, State};
use distil::rng::Seed;
use distil::weights::Array;

use super::copies;
use super::host::{layout, pool, weights};

/// A small network whose moments say where they are: element i of a parameter has moments i and 1000 + i.
fn small(from: &Layout, moments: usize) -> State {
    let weights = weights(from, 1);
    let numbered = |array: &Array, from: usize| {
        let count = array.values.len();
        Array::new(
            array.shape.clone(),
            (from..from + count).map(|i| i as f32).collect(),
        )
    };
    let slot = |array: &Array| Slot {
        age: 700,
        moments: (0..moments).map(|m| numbered(array, 1000 * m)).collect(),
        ..Slot::default()
    };
    let trained = weights.iter().filter(|(path, _)| !path.contains("running"));
    let slots = trained.map(|(path, array)| (path.clone(), slot(array)));
    State {
        slots: slots.collect(),
        weights,
    }
}

fn layouts() -> (Layout, Layout) {
    (
        layout(&[4, 3, 2], Activation::Relu, Norm::Batch),
        layout(&[8, 5, 6, 2], Activation::Relu, Norm::Batch),
    )
}

fn slots(moments: usize, rule: &StartRule) -> BTreeMap<String, Slot> {
    let (from, to) = layouts();
    let fresh = fresh(&to, Seed(2));
    let state = grow(
        &small(&from, moments),
        &from,
        &to,
        Some(&pool(4, 2)),
        rule,
        &fresh,
        Seed(2),
    )
    .unwrap()
    .state;
    let kind: Box<dyn distil::optim::Rule> = match moments {
        2 => Box::new(Adam::default()),
        1 => Box::new(Sgd {
            momentum: 0.9,
            ..Sgd::default()
        }),
        _ => Box::new(Sgd::default()),
    };
    Optimizer::restore(kind, state.slots.clone(), &state.weights).unwrap();
    state.slots
}

fn keep() -> StartRule {
    StartRule {
        keep: true,
        new_lr: 1.3,
        new_warmup: 250,
        ..StartRule::default()
    }
}

#[test]
fn a_reset_forgets_everything() {
    assert!(slots(2, &StartRule::default()).is_empty());
}

#[test]
fn a_reset_with_a_pace_for_new_elements_marks_them() {
    let rule = StartRule {
        keep: false,
        ..keep()
    };
    let slots = slots(2, &rule);
    let bias = &slots["hidden.0.bias"];
    assert!(bias.age == 0 && bias.moments.is_empty() && bias.lr_factor == 1.0);
    let young = bias.young.as_ref().unwrap();
    assert_eq!(young.mask, [false, false, false, true, true]);
    assert_eq!((young.age, young.lr, young.warmup), (0, 1.3, 250));
    assert!(!slots.contains_key("head.bias"), "nothing of it is new");
}

#[test]
fn keeping_maps_old_moments_to_their_place_and_young_ones_start_at_zero() {
    for width in [StartRule::default().width, copies().width] {
        let slots = slots(2, &StartRule { width, ..keep() });
        let bias = &slots["hidden.0.bias"];
        assert_eq!(bias.age, 700);
        assert_eq!(bias.moments[0].values, [0.0, 1.0, 2.0, 0.0, 0.0]);
        assert_eq!(bias.moments[1].values, [1000.0, 1001.0, 1002.0, 0.0, 0.0]);
        assert_eq!(
            bias.young.as_ref().unwrap().mask,
            [false, false, false, true, true]
        );

        // The head read three units and reads six; its own units are all old.
        let head = &slots["head.weight"];
        let old: Vec<f32> = (0..6).map(|i| i as f32).chain([0.0; 6]).collect();
        assert_eq!(head.moments[0].values, old);
        let mask: Vec<bool> = (0..12).map(|i| i >= 6).collect();
        let young = head.young.as_ref().unwrap();
        assert_eq!(
            (&young.mask, young.age, young.lr, young.warmup),
            (&mask, 0, 1.3, 250)
        );
        assert_eq!(slots["head.bias"].young, None);
        assert!(!slots.keys().any(|path| path.contains("running")));
    }
}

#[test]
fn a_first_layer_grown_through_a_view_and_an_inserted_one_are_young_throughout() {
    let slots = slots(2, &keep());
    for path in ["hidden.0.weight", "hidden.1.weight", "hidden.1.bias"] {
        let slot = &slots[path];
        assert!(slot.age == 0 && slot.moments.is_empty(), "{path}");
        assert!(
            slot.young.as_ref().unwrap().mask.iter().all(|y| *y),
            "{path}"
        );
    }
}

#[test]
fn adams_rate_falls_as_the_fan_in_grows_the_views_ratio_included_and_other_rules_keep_theirs() {
    let factors = |slots: &BTreeMap<String, Slot>| {
        [
            "hidden.0.weight",
            "hidden.1.weight",
            "head.weight",
            "head.bias",
        ]
        .map(|path| slots.get(path).map_or(1.0, |slot| slot.lr_factor))
    };
    assert_eq!(
        factors(&slots(2, &keep())),
        [4.0 / 8.0, 3.0 / 5.0, 3.0 / 6.0, 1.0]
    );
    assert_eq!(factors(&slots(1, &keep())), [1.0; 4]);
    assert_eq!(
        factors(&slots(
            2,
            &StartRule {
                keep: false,
                ..keep()
            }
        )),
        [1.0; 4]
    );
}

#[test]
fn a_second_growth_goes_by_the_smaller_age_and_multiplies_the_factors() {
    let chain =
        [[2, 3, 2], [2, 6, 2], [2, 12, 2]].map(|w| layout(&w, Activation::Tanh, Norm::None));
    let grow = |state: &State, i: usize| {
        let fresh = fresh(&chain[i + 1], Seed(1));
        grow(
            state,
            &chain[i],
            &chain[i + 1],
            None,
            &keep(),
            &fresh,
            Seed(1),
        )
        .unwrap()
        .state
    };
    let mut middle = grow(&small(&chain[0], 2), 0);
    for slot in middle.slots.values_mut() {
        slot.age += 50;
        slot.young.iter_mut().for_each(|young| young.age += 50);
    }
    let large = grow(&middle, 1);
    let head = &large.slots["head.weight"];
    assert_eq!((head.age, head.lr_factor), (50, 0.25));
    assert_eq!(head.young.as_ref().unwrap().age, 0);
    assert_eq!(large.slots["head.bias"].age, 750);
}
