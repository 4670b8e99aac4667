//! Agreement with PyTorch: `testdata/reference/optim.json`, written by `optim.py` beside it.

use std::collections::BTreeMap;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use distil::model::access::weights_of;
use distil::optim::adam::Adam;
use distil::optim::adamw::{AdamW, Exclude};
use distil::optim::schedule::{Constant, Cosine, Linear, Trapezoid};
use distil::optim::sgd::Sgd;
use distil::optim::{Gradients, Optimizer, Rule, Schedule, WarmUp, Young};
use serde_json::Value;

#[derive(Module, Debug)]
struct Net {
    hidden: Vec<super::Linear>,
    head: super::Linear,
}

fn reference() -> Value {
    let text = include_str!("../../../../../testdata/reference/optim.json");
    serde_json::from_str(text).unwrap()
}

fn numbers(value: &Value) -> Vec<f32> {
    let number = |v: &Value| v.as_f64().unwrap() as f32;
    value.as_array().unwrap().iter().map(number).collect()
}

/// A net whose parameters, in the file's order, have these values.
fn net(parameters: &Value, values: &[Vec<f32>]) -> Net {
    let device = Device::default().autodiff();
    let paths = [
        "hidden.0.weight",
        "hidden.0.bias",
        "head.weight",
        "head.bias",
    ];
    for (parameter, path) in parameters.as_array().unwrap().iter().zip(paths) {
        assert_eq!(parameter["path"], path);
    }
    let shape = |i: usize| numbers(&parameters[i]["shape"]);
    let layer = |i: usize| {
        let [rows, columns] = [shape(i)[0] as usize, shape(i)[1] as usize];
        let weight = Tensor::<1>::from_data(&values[i][..], &device).reshape([rows, columns]);
        super::Linear {
            weight: Param::from_tensor(weight),
            bias: Param::from_tensor(Tensor::from_data(&values[i + 1][..], &device)),
        }
    };
    Net {
        hidden: vec![layer(0)],
        head: layer(2),
    }
}

fn gradients(net: &Net, wanted: &Net) -> Gradients {
    let product = |a: &super::Linear, b: &super::Linear| {
        (a.weight.val() * b.weight.val().inner()).sum()
            + (a.bias.val() * b.bias.val().inner()).sum()
    };
    let loss = product(&net.hidden[0], &wanted.hidden[0]) + product(&net.head, &wanted.head);
    Gradients::take(net, &mut loss.backward())
}

fn rule(spec: &Value) -> (Box<dyn Rule>, f64) {
    let number = |key: &str| spec[key].as_f64().unwrap();
    let beta = |i: usize| spec["betas"][i].as_f64().unwrap();
    let rule: Box<dyn Rule> = match spec["kind"].as_str().unwrap() {
        "sgd" => Box::new(Sgd {
            momentum: number("momentum") as f32,
            nesterov: spec["nesterov"].as_bool().unwrap(),
            weight_decay: 0.0,
        }),
        "adam" => Box::new(Adam {
            beta1: beta(0),
            beta2: beta(1),
            epsilon: number("eps"),
            weight_decay: 0.0,
        }),
        "adamw" => Box::new(AdamW {
            beta1: beta(0),
            beta2: beta(1),
            epsilon: number("eps"),
            weight_decay: number("weight_decay") as f32,
            exclude: match spec["exclude"].as_array().unwrap().len() {
                0 => Exclude::Nothing,
                _ => Exclude::BiasesAndNorms,
            },
        }),
        other => panic!("unknown kind {other}"),
    };
    (rule, number("lr"))
}

/// Lets the masked elements start anew, as growth does.
fn rejuvenate(
    optimizer: Optimizer,
    rule: &dyn Rule,
    net: &Net,
    young: &Value,
    paths: &[String],
) -> Optimizer {
    let mut slots = optimizer.slots();
    for (path, mask) in paths.iter().zip(young["mask"].as_array().unwrap()) {
        let slot = slots.get_mut(path).unwrap();
        let mask: Vec<bool> = numbers(mask).iter().map(|m| *m == 1.0).collect();
        for moment in &mut slot.moments {
            let pairs = moment.values.iter_mut().zip(&mask);
            pairs
                .filter(|(_, young)| **young)
                .for_each(|(m, _)| *m = 0.0);
        }
        slot.young = Some(Young {
            mask,
            age: 0,
            lr: young["lr"].as_f64().unwrap() as f32,
            warmup: young["warmup"].as_u64().unwrap(),
        });
    }
    Optimizer::restore(rule.clone_rule(), slots, &weights_of(net)).unwrap()
}

#[test]
fn every_optimizer_follows_pytorchs_trajectory() {
    let reference = reference();
    let parameters = &reference["parameters"];
    let initial: Vec<_> = parameters
        .as_array()
        .unwrap()
        .iter()
        .map(|p| numbers(&p["initial"]))
        .collect();
    let paths: Vec<String> = parameters
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["path"].as_str().unwrap().to_string())
        .collect();
    for case in reference["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let (rule, lr) = rule(&case["optimizer"]);
        let mut optimizer = Optimizer::new(rule.clone_rule());
        let mut module = net(parameters, &initial);
        for (step, row) in reference["gradients"]
            .as_array()
            .unwrap()
            .iter()
            .enumerate()
        {
            if case["young"]["at"].as_u64() == Some(step as u64) {
                optimizer = rejuvenate(optimizer, rule.as_ref(), &module, &case["young"], &paths);
            }
            let values: Vec<_> = row.as_array().unwrap().iter().map(numbers).collect();
            let mut gradients = gradients(&module, &net(parameters, &values));
            let norms = gradients.norms();
            let norm = case["norms"][step].as_f64().unwrap();
            assert!(
                (norms.total - norm).abs() <= 1e-6 * norm,
                "{name}: norm at step {step}"
            );
            if let Some(max) = case["clip"].as_f64() {
                gradients.clip(&norms, max);
            }
            module = optimizer.update(module, gradients, lr);
            let after: BTreeMap<_, _> = paths
                .iter()
                .zip(case["after"][step].as_array().unwrap())
                .collect();
            for (path, array) in weights_of(&module) {
                for (ours, theirs) in array.values.iter().zip(numbers(after[&path])) {
                    // Two units in the last place of the larger numbers an element has been through.
                    let slack = 1e-6 * theirs.abs().max(0.25);
                    assert!(
                        (ours - theirs).abs() <= slack,
                        "{name}: {path} at step {step}: {ours} {theirs}"
                    );
                }
            }
        }
    }
}

#[test]
fn every_schedule_agrees_with_pytorch() {
    let reference = reference();
    for case in reference["schedules"].as_array().unwrap() {
        let (steps, warmup) = (
            case["steps"].as_u64().unwrap(),
            case["warmup"].as_u64().unwrap(),
        );
        let cooldown = case["cooldown"].as_f64().unwrap();
        let curve: Box<dyn Schedule> = match case["kind"].as_str().unwrap() {
            "constant" => Box::new(Constant {}),
            "linear" => Box::new(Linear {}),
            "cosine" => Box::new(Cosine {}),
            "trapezoid" => Box::new(Trapezoid {
                decay: cooldown / (steps - warmup) as f64,
            }),
            other => panic!("unknown kind {other}"),
        };
        let schedule = WarmUp {
            steps: warmup,
            then: curve,
        };
        for (step, lr) in case["lr"].as_array().unwrap().iter().enumerate() {
            let ours = case["peak"].as_f64().unwrap() * schedule.factor(step as u64, steps);
            let theirs = lr.as_f64().unwrap();
            assert!(
                (ours - theirs).abs() <= 1e-6 * theirs,
                "{schedule:?} at {step}: {ours} {theirs}"
            );
        }
    }
}
