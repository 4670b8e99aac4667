//! RealMLP against its authors' program (`testdata/reference/realmlp.json`, written by the script beside it).

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use distil::data::ColumnFeatures;
use distil::growth::{Promise, StartRule, check, grow};
use distil::model::access::{weights_of, with_weights};
use distil::model::{First, Input, Layout, Model, ModelConfig, Net, RealMlpConfig, TapSet};
use distil::optim::State;
use distil::rng::Seed;
use distil::weights::{Array, Weights};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    model: ModelConfig,
    columns: Vec<ColumnFeatures>,
    outputs: usize,
    rows: Vec<Vec<f32>>,
    weights: std::collections::BTreeMap<String, Stored>,
    answers: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Stored {
    shape: Vec<usize>,
    values: Vec<f32>,
}

fn cases() -> Vec<Case> {
    let text = include_str!("../../../../testdata/reference/realmlp.json");
    serde_json::from_str::<Reference>(text).unwrap().cases
}

impl Case {
    fn layout(&self) -> Layout {
        self.model.layout_of(&self.columns, self.outputs).unwrap()
    }

    fn rows(&self, device: &Device) -> Input {
        let shape = [self.rows.len(), self.rows[0].len()];
        let data = TensorData::new::<f32, _>(self.rows.concat(), shape);
        Input::Flat(Tensor::from_data(data, device))
    }

    fn weights(&self) -> Weights {
        let each = self.weights.iter();
        each.map(|(path, of)| {
            (
                path.clone(),
                Array::new(of.shape.clone(), of.values.clone()),
            )
        })
        .collect()
    }

    /// A network of first weights that suit the rows.
    fn fitted(&self, seed: u64) -> Model {
        let net = self
            .model
            .init(self.layout(), Seed(seed), &Device::flex())
            .unwrap();
        let first = First {
            rows: self.rows(&Device::flex()),
            range: Some([vec![-1.0], vec![2.0]]),
        };
        self.model.fit(net, &first, Seed(seed)).unwrap()
    }
}

fn answers(net: &Model, rows: &Input) -> Array {
    let values = net.forward(rows, &TapSet::default()).values;
    Array::new(values.dims(), values.into_data().try_into_vec().unwrap())
}

#[test]
fn from_the_same_weights_come_the_answers_of_the_authors_program() {
    for case in cases() {
        let net = case
            .model
            .init(case.layout(), Seed(1), &Device::flex())
            .unwrap();
        let net = with_weights(net, &case.weights()).unwrap();
        let found = answers(&net, &case.rows(&Device::flex()));
        for (row, wanted) in case.answers.iter().enumerate() {
            // Of classes the reference knows logits up to what they have in common.
            let less = if case.outputs > 1 {
                f64::from(found.row(row)[0])
            } else {
                0.0
            };
            for (found, wanted) in found.row(row).iter().zip(wanted) {
                let apart = (f64::from(*found) - less - wanted).abs();
                assert!(
                    apart < 1e-5 * wanted.abs().max(1.0),
                    "{}: row {row}: {found}, {wanted}",
                    case.name
                );
            }
        }
    }
}

#[test]
fn numbers_and_one_hot_places_are_scaled_as_the_authors_program_scales_them() {
    for case in cases() {
        let (found, wanted) = (weights_of(&case.fitted(1)), case.weights());
        for path in ["scaled.center", "scaled.factor"] {
            for (found, wanted) in found[path].values.iter().zip(&wanted[path].values) {
                let apart = (found - wanted).abs();
                assert!(
                    apart <= 1e-6 * wanted.abs().max(1.0),
                    "{}: {path}: {found}, {wanted}",
                    case.name
                );
            }
        }
    }
}

#[test]
fn first_weights_give_every_unit_a_spread_of_1_and_a_zero_among_the_rows() {
    for case in cases() {
        let net = case.fitted(3);
        let weights = weights_of(&net);
        // Without bias, slope and dropout, the first hidden layer's answers are its sums.
        let mut linear = weights.clone();
        for path in ["hidden.0.bias", "hidden.0.slope"] {
            linear.get_mut(path).unwrap().values.fill(0.0);
        }
        let net = with_weights(net, &linear).unwrap();
        let taps = TapSet(vec!["hidden.0".into()]);
        let output = net.forward(&case.rows(&Device::flex()), &taps);
        let sums: Vec<f32> = output
            .tap("hidden.0")
            .unwrap()
            .clone()
            .into_data()
            .try_into_vec()
            .unwrap();
        for (unit, bias) in weights["hidden.0.bias"].values.iter().enumerate() {
            let of_unit: Vec<f64> = sums
                .iter()
                .skip(unit)
                .step_by(16)
                .map(|x| f64::from(*x))
                .collect();
            let mean = of_unit.iter().sum::<f64>() / of_unit.len() as f64;
            let square = of_unit.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
            let deviation = (square / of_unit.len() as f64).sqrt();
            assert!((deviation - 1.0).abs() < 1e-4, "{}: {deviation}", case.name);
            let (least, most) = of_unit
                .iter()
                .fold((f64::MAX, f64::MIN), |(l, m), x| (l.min(*x), m.max(*x)));
            let zero = f64::from(-bias);
            assert!(
                least - 1e-4 <= zero && zero <= most + 1e-4,
                "{least} {zero} {most}"
            );
        }
    }
}

#[test]
fn answers_are_held_within_the_targets_range_where_nothing_is_learnt() {
    let case = cases()
        .into_iter()
        .find(|case| case.name == "numbers")
        .unwrap();
    let mut weights = weights_of(&case.fitted(2));
    weights.get_mut("head.bias").unwrap().values.fill(9.0);
    let net = with_weights(case.fitted(2), &weights).unwrap();
    let evaluated = answers(&net, &case.rows(&Device::flex()));
    assert!(evaluated.values.iter().all(|x| (-1.0..=2.0).contains(x)));
    let device = Device::flex().autodiff();
    let trained = answers(&net.train(), &case.rows(&device));
    assert!(trained.values.iter().any(|x| *x > 2.0));
}

#[test]
fn it_grows_wider_and_deeper_exactly_on_the_same_columns() {
    for case in cases() {
        let ModelConfig::RealMlp(config) = &case.model else {
            panic!("{}", case.name);
        };
        let large = |hidden: &[usize]| {
            ModelConfig::RealMlp(RealMlpConfig {
                hidden: hidden.to_vec(),
                ..config.clone()
            })
        };
        let rule = StartRule::default();
        for hidden in [vec![24, 20], vec![16, 12, 12], vec![20, 14, 18, 16]] {
            let config = large(&hidden);
            let (from, to) = (
                case.layout(),
                config.layout_of(&case.columns, case.outputs).unwrap(),
            );
            assert_eq!(check(&from, &to, None, &rule), Ok(Promise::Exact));
            let small = State {
                weights: case.weights(),
                ..State::default()
            };
            let fresh = config.init(to.clone(), Seed(5), &Device::flex()).unwrap();
            let grown = grow(
                &small,
                &from,
                &to,
                None,
                &rule,
                &weights_of(&fresh),
                Seed(5),
            )
            .unwrap();
            let rows = case.rows(&Device::flex());
            let net = case.model.init(from, Seed(5), &Device::flex()).unwrap();
            let before = answers(&with_weights(net, &small.weights).unwrap(), &rows);
            let after = answers(&with_weights(fresh, &grown.state.weights).unwrap(), &rows);
            for (a, b) in before.values.iter().zip(&after.values) {
                assert!(
                    (a - b).abs() <= 1e-5 * a.abs().max(1.0),
                    "{}: {a}, {b}",
                    case.name
                );
            }
        }
    }
}

#[test]
fn other_columns_and_networks_that_cannot_be_are_refused() {
    let config = RealMlpConfig::default();
    let layout = |columns: &[ColumnFeatures], waves: usize| {
        ModelConfig::RealMlp(RealMlpConfig {
            waves,
            ..config.clone()
        })
        .layout_of(columns, 2)
        .unwrap()
    };
    let number = ColumnFeatures::Number { missing: false };
    let flagged = ColumnFeatures::Number { missing: true };
    let two = ColumnFeatures::Category {
        levels: 2,
        missing: false,
    };
    let said =
        |from: &Layout, to: &Layout| check(from, to, None, &StartRule::default()).unwrap_err();
    insta::assert_snapshot!(said(&layout(&[flagged], 16), &layout(&[two], 16)), @"the small model makes something else of a sample's columns than the large one; give both the same `kind`, columns, `waves`, `one_hot`, `embedding` and `clamp`");
    assert_eq!(
        said(&layout(&[number], 0), &layout(&[number], 16)),
        said(&layout(&[flagged], 16), &layout(&[two], 16))
    );
    let problem =
        |config: RealMlpConfig| ModelConfig::RealMlp(config).problem().unwrap_or_default();
    insta::assert_snapshot!(problem(RealMlpConfig { hidden: vec![], ..config.clone() }), @"realmlp has at least one hidden layer, of at least one unit");
    insta::assert_snapshot!(problem(RealMlpConfig { activation: distil::model::Activation::Relu, ..config.clone() }), @r#"realmlp's activation is "selu" or "mish""#);
    insta::assert_snapshot!(problem(RealMlpConfig { sigma: 0.0, ..config.clone() }), @"sigma is 0, but must be above 0");
    insta::assert_snapshot!(ModelConfig::RealMlp(config).layout(&[8, 8], 2).unwrap_err(), @"realmlp reads the columns of a table, and a sample here has the shape [8, 8]; use `mlp`, or `cnn` for pictures");
}

#[test]
fn rates_and_decay_go_by_group_as_the_authors_program_has_them() {
    // Its decay multiplies a group's factor in twice: 1 − lr · wd · factor² (pytabkit's OptimizerBase.step).
    let config = ModelConfig::RealMlp(RealMlpConfig::default());
    let columns = [
        ColumnFeatures::Number { missing: false },
        ColumnFeatures::Category {
            levels: 20,
            missing: false,
        },
    ];
    let paces = config.paces(&config.layout_of(&columns, 2).unwrap());
    for (path, factor) in [
        ("front.weight", 6.0),
        ("waves.weight", 0.1),
        ("hidden.1.slope", 0.1),
        ("embedding.0.weight", 1.0),
    ] {
        let pace = paces[path];
        assert!(
            (pace.lr - factor).abs() < 1e-12
                && (pace.lr * pace.decay - factor * factor).abs() < 1e-12,
            "{path}"
        );
    }
    assert_eq!(
        (paces["head.bias"].lr, paces["head.bias"].decay),
        (0.1, 0.0)
    );
    // A matrix W / √n moves by lr / √n where W moves by lr, and shrinks by the same share.
    let hidden = paces["hidden.1.weight"];
    assert!(
        (hidden.lr - 1.0 / 16.0).abs() < 1e-12 && (hidden.lr * hidden.decay - 1.0).abs() < 1e-12
    );
    assert_eq!(paces["scaled.factor"].lr, 0.0);
}
