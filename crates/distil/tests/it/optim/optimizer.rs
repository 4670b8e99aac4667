use std::collections::BTreeMap;

use burn::module::Module;
use distil::optim::adam::Adam;
use distil::optim::adamw::AdamW;
use distil::optim::sgd::Sgd;
use distil::optim::{Optimizer, Rule, Slot, Young};
use distil::weights::{Array, Weights};

use super::{Linear, noise};

#[derive(Module, Debug)]
enum Family {
    Linear(Linear),
}

fn adam() -> Box<dyn Rule> {
    Box::new(Adam::default())
}

fn weights(module: &Linear) -> Weights {
    let shape = module.weight.dims();
    Weights::from([
        ("weight".to_string(), Array::zeros(shape)),
        ("bias".to_string(), Array::zeros([shape[1]])),
    ])
}

#[test]
fn names_of_enum_variants_do_not_enter_paths() {
    let inner = Linear::new([2, 3], |i| i as f32);
    let gradients = inner.gradients(|i| noise(i, 0));
    let mut optimizer = Optimizer::new(adam());
    let Family::Linear(_) = optimizer.update(Family::Linear(inner), gradients, 1e-3);
    assert_eq!(
        optimizer.slots().into_keys().collect::<Vec<_>>(),
        ["bias", "weight"]
    );
}

#[test]
fn an_optimizer_restored_from_its_slots_goes_on_bit_for_bit() {
    let rules: [fn() -> Box<dyn Rule>; 3] = [
        adam,
        || Box::new(AdamW::default()),
        || {
            Box::new(Sgd {
                momentum: 0.9,
                ..Sgd::default()
            })
        },
    ];
    for rule in rules {
        let mut module = Linear::new([5, 7], |i| noise(i, 1));
        let mut optimizer = Optimizer::new(rule());
        for step in 0..20 {
            if step == 10 {
                let slots = optimizer.slots();
                optimizer = Optimizer::restore(rule(), slots, &weights(&module)).unwrap();
            }
            let gradients = module.gradients(|i| noise(i, step));
            module = optimizer.update(module, gradients, 1e-2);
        }
        let mut unbroken = Linear::new([5, 7], |i| noise(i, 1));
        let mut other = Optimizer::new(rule());
        for step in 0..20 {
            let gradients = unbroken.gradients(|i| noise(i, step));
            unbroken = other.update(unbroken, gradients, 1e-2);
        }
        assert_eq!(module.values(), unbroken.values());
        assert_eq!(optimizer.slots(), other.slots());
    }
}

#[test]
fn a_clone_keeps_its_values_while_the_module_is_updated() {
    let module = Linear::new([3, 3], |i| noise(i, 2));
    let (kept, before) = (module.clone(), module.values());
    let gradients = module.gradients(|i| noise(i, 3));
    let module = Optimizer::new(adam()).update(module, gradients, 1e-2);
    assert_eq!(kept.values(), before);
    assert_ne!(module.values(), before);
    assert!(module.weight.is_require_grad());
}

#[test]
fn updates_are_the_same_for_any_number_of_threads() {
    let update = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let mut module = Linear::new([1100, 500], |i| noise(i, 4));
            let mut optimizer = Optimizer::new(adam());
            for step in 0..3 {
                let gradients = module.gradients(|i| noise(i, step));
                module = optimizer.update(module, gradients, 1e-2);
            }
            module.values()
        })
    };
    assert_eq!(update(1), update(3));
}

#[test]
fn a_parameter_without_a_gradient_is_left_alone() {
    let module = Linear::new([2, 2], |i| noise(i, 5));
    let before = module.values();
    let loss = module.bias.val().sum();
    let gradients = distil::optim::Gradients::take(&module, &mut loss.backward());
    let mut optimizer = Optimizer::new(adam());
    let module = optimizer.update(module, gradients, 0.1);
    assert_eq!(module.values()[..4], before[..4]);
    assert_ne!(module.values()[4..], before[4..]);
    assert_eq!(optimizer.slots().into_keys().collect::<Vec<_>>(), ["bias"]);
}

#[test]
fn adamw_leaves_biases_out_of_its_decay_unless_told_otherwise() {
    let step = |rule: AdamW| {
        let module = Linear::new([2, 2], |_| 1.0);
        let gradients = module.gradients(|_| 0.0);
        let values = Optimizer::new(Box::new(rule))
            .update(module, gradients, 0.1)
            .values();
        (values[0], values[4])
    };
    let (weight, bias) = step(AdamW::default());
    assert!(
        (weight - 0.999).abs() < 1e-7 && bias == 1.0,
        "{weight} {bias}"
    );
    let (_, bias) = step(AdamW {
        exclude: distil::optim::adamw::Exclude::Nothing,
        ..AdamW::default()
    });
    assert!((bias - 0.999).abs() < 1e-7, "{bias}");
}

/// Steps of a fresh element beside old ones, as multiples of the learning rate, under a constant gradient.
fn largest_step_of_fresh_elements(young: Option<Young>) -> f32 {
    let module = Linear::new([1, 4], |_| 0.0);
    let half_zeroed = |value: f32| Array::new([1, 4], vec![value, value, 0.0, 0.0]);
    let slot = Slot {
        age: 100_000,
        moments: vec![half_zeroed(1.0), half_zeroed(1.0)],
        young,
        lr_factor: 1.0,
    };
    let slots = BTreeMap::from([("weight".to_string(), slot)]);
    let mut optimizer = Optimizer::restore(adam(), slots, &weights(&module)).unwrap();
    let mut module = module;
    let mut largest = 0.0_f32;
    for _ in 0..50 {
        let before = module.values()[3];
        let gradients = module.gradients(|_| 1.0);
        module = optimizer.update(module, gradients, 1e-3);
        largest = largest.max((module.values()[3] - before).abs() / 1e-3);
    }
    largest
}

#[test]
fn zeroed_moments_at_a_large_age_would_overshoot_and_ages_prevent_it() {
    let overshoot = largest_step_of_fresh_elements(None);
    assert!((6.4..6.7).contains(&overshoot), "{overshoot}");
    let aged = largest_step_of_fresh_elements(Some(Young {
        mask: vec![false, false, true, true],
        age: 0,
        lr: 1.0,
        warmup: 0,
    }));
    assert!(aged < 1.001, "{aged}");
}

#[test]
fn young_elements_warm_up_to_their_own_rate_and_old_ones_keep_theirs() {
    let module = Linear::new([1, 2], |_| 0.0);
    let slot = Slot {
        young: Some(Young {
            mask: vec![false, true],
            age: 0,
            lr: 1.5,
            warmup: 4,
        }),
        lr_factor: 0.5,
        ..Slot::default()
    };
    let slots = BTreeMap::from([("weight".to_string(), slot)]);
    let mut optimizer =
        Optimizer::restore(Box::new(Sgd::default()), slots, &weights(&module)).unwrap();
    let mut module = module;
    let mut steps = Vec::new();
    for _ in 0..5 {
        let before = module.values();
        let gradients = module.gradients(|_| -1.0);
        module = optimizer.update(module, gradients, 1.0);
        let after = module.values();
        steps.push((after[0] - before[0], after[1] - before[1]));
    }
    assert_eq!(
        steps,
        [
            (0.5, 0.1875),
            (0.5, 0.375),
            (0.5, 0.5625),
            (0.5, 0.75),
            (0.5, 0.75)
        ]
    );
}

#[test]
fn memory_that_does_not_fit_is_refused_with_its_reason() {
    let module = Linear::new([1, 2], |_| 0.0);
    let refusal = |path: &str, slot: Slot| {
        let slots = BTreeMap::from([(path.to_string(), slot)]);
        Optimizer::restore(adam(), slots, &weights(&module)).unwrap_err()
    };
    insta::assert_snapshot!(
        refusal("gone", Slot::default()),
        @"the optimiser remembers `gone`, which the model does not have"
    );
    let one = Slot {
        moments: vec![Array::zeros([1, 2])],
        ..Slot::default()
    };
    insta::assert_snapshot!(
        refusal("weight", one),
        @"the optimiser remembers 1 moments of `weight`, but this one keeps 2"
    );
    let other = Slot {
        moments: vec![Array::zeros([2, 2]), Array::zeros([2, 2])],
        ..Slot::default()
    };
    insta::assert_snapshot!(
        refusal("weight", other),
        @"the optimiser's memory of `weight` has another shape than the parameter"
    );
}
