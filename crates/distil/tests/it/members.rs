//! Ensembles against their authors' package (`testdata/reference/members.json`, written by the script beside it).

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use distil::data::{ColumnFeatures, Dataset, Features, SplitRule, TargetScale, Targets};
use distil::growth::{Promise, StartRule, check, grow};
use distil::method::{Kd, OutputShape};
use distil::model::access::{weights_of, with_weights};
use distil::model::{
    Activation, First, Input, Layout, Model, ModelConfig, Net, RealMlpConfig, TapSet,
};
use distil::optim::State;
use distil::optim::sgd::Sgd;
use distil::plan::{Arm, Draft};
use distil::rng::Seed;
use distil::sample::SampleId;
use distil::task::{Classification, MultiLabel, Regression, Task};
use distil::train::{
    DistillTerm, Frozen, Length, Settings, TermWeight, Train, Trained, batch, train,
};
use distil::weights::{Array, Weights};
use distil_recipe::{Chosen, RecipeText};
use distil_report::events::Event;
use distil_report::measure::TaskKind;
use serde::Deserialize;

use crate::train::{alone, mixed};

#[derive(Deserialize)]
struct Reference {
    members: usize,
    hidden: Vec<usize>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    task: TaskKind,
    outputs: usize,
    rows: Vec<Vec<f32>>,
    targets: serde_json::Value,
    weights: std::collections::BTreeMap<String, Stored>,
    answers: Vec<Vec<f64>>,
    loss: f64,
    after: std::collections::BTreeMap<String, Stored>,
}

#[derive(Deserialize)]
struct Stored {
    shape: Vec<usize>,
    values: Vec<f32>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../../../testdata/reference/members.json")).unwrap()
}

fn config(members: usize, hidden: &[usize]) -> ModelConfig {
    ModelConfig::RealMlp(RealMlpConfig {
        hidden: hidden.to_vec(),
        activation: Activation::Selu,
        dropout: 0.0,
        waves: 0,
        members,
        ..RealMlpConfig::default()
    })
}

fn layout(config: &ModelConfig, outputs: usize, task: TaskKind) -> Layout {
    let columns = [ColumnFeatures::Number { missing: false }; 4];
    config.layout_of(&columns, outputs).unwrap().for_task(task)
}

fn empty(config: &ModelConfig, outputs: usize, task: TaskKind) -> Model {
    let layout = layout(config, outputs, task);
    config.init(layout, Seed(1), &Device::flex()).unwrap()
}

impl Case {
    fn weights(&self) -> Weights {
        let each = self.weights.iter();
        each.map(|(path, of)| {
            let array = Array::new(of.shape.clone(), of.values.clone());
            (path.clone(), array)
        })
        .collect()
    }

    /// All rows are trained on.
    fn data(&self) -> Dataset {
        let count = self.rows.len();
        let labels = (0..count as u32).map(|row| row % 3).collect();
        let inputs = self.rows.concat();
        let mut data =
            Dataset::from_arrays(inputs.clone(), &[4], labels, &SplitRule::default()).unwrap();
        data.inputs = Features::from(Array::new([count, 4], inputs));
        data.split.train = (0..count as u32).map(SampleId).collect();
        let names = (0..self.outputs).map(|i| i.to_string()).collect();
        let numbers = |targets: &serde_json::Value| -> Array {
            let rows: Vec<Vec<f32>> = serde_json::from_value(targets.clone()).unwrap();
            Array::new([count, self.outputs], rows.concat())
        };
        data.targets = match self.task {
            TaskKind::Classification => return data,
            TaskKind::MultiLabel => Targets::Labels {
                names,
                values: numbers(&self.targets),
            },
            TaskKind::Regression => Targets::Values {
                names,
                values: numbers(&self.targets),
                scale: TargetScale {
                    mean: vec![0.0; self.outputs],
                    std: vec![1.0; self.outputs],
                    wide: None,
                },
            },
        };
        data
    }
}

fn near(found: &[f32], wanted: impl IntoIterator<Item = f64>, what: &str) {
    for (found, wanted) in found.iter().zip(wanted) {
        let apart = (f64::from(*found) - wanted).abs();
        assert!(
            apart < 1e-5 * wanted.abs().max(1.0),
            "{what}: {found}, {wanted}"
        );
    }
}

fn answers(net: &Model, rows: &[Vec<f32>]) -> Vec<f32> {
    let data = TensorData::new::<f32, _>(rows.concat(), [rows.len(), rows[0].len()]);
    let rows = Input::Flat(Tensor::from_data(data, &Device::flex()));
    let values = net.forward(&rows, &TapSet::default()).values;
    values.into_data().try_into_vec().unwrap()
}

/// One step of all samples at a rate of 0.5, and its loss.
fn step(
    net: Model,
    data: &Dataset,
    task: &dyn Task,
    terms: &mut [DistillTerm],
) -> (Trained<Model>, f64) {
    let _alone = alone();
    let sgd = Sgd::default();
    let settings = Train {
        length: Length::Steps(1),
        batch: data.split.train.len(),
        optimizer: Chosen {
            name: "sgd",
            settings: Default::default(),
            value: Box::new(sgd),
        },
        lr: 0.5,
        ..Train::default()
    };
    let settings = Settings {
        train: &settings,
        ..Settings::of(task)
    };
    let mut sink = Vec::new();
    let trained = train(net, None, data, &data.inputs, &settings, terms, &mut sink).unwrap();
    let loss = sink.iter().find_map(|event| match event {
        Event::Progress(progress) => Some(progress.loss),
        _ => None,
    });
    (trained, loss.unwrap())
}

#[test]
fn an_ensemble_answers_and_learns_as_in_its_authors_package() {
    let Reference {
        members,
        hidden,
        cases,
    } = reference();
    for case in cases {
        let what = format!("{:?}", case.task);
        let net = empty(&config(members, &hidden), case.outputs, case.task);
        let net = with_weights(net, &case.weights()).unwrap();
        let found = answers(&net, &case.rows);
        let wanted = case.answers.concat();
        assert_eq!(found.len(), wanted.len(), "{what}");
        near(&found, wanted, &what);

        let task: Box<dyn Task> = match case.task {
            TaskKind::Classification => Box::new(Classification::default()),
            TaskKind::MultiLabel => Box::new(MultiLabel::default()),
            TaskKind::Regression => Box::new(Regression::default()),
        };
        let (trained, loss) = step(net, &case.data(), &*task, &mut []);
        near(&[loss as f32], [case.loss], &what);
        let after = weights_of(&trained.net);
        for (path, wanted) in &case.after {
            let wanted = wanted.values.iter().map(|x| f64::from(*x));
            near(&after[path].values, wanted, &format!("{what}: {path}"));
        }
    }
}

#[test]
fn members_that_are_alike_lose_what_one_of_them_does_taught_and_mixed() {
    let case = &reference().cases[0];
    let data = mixed(case.data());
    let [one, two] = [1, 2].map(|members| config(members, &[5]));
    let one = empty(&one, 3, case.task);
    let own = weights_of(&one);
    let mut alike = own.clone();
    alike.insert("members.weight".into(), Array::new([2, 4], vec![1.0; 8]));
    for name in ["weight", "bias"] {
        let head = alike.remove(&format!("head.{name}")).unwrap();
        alike.insert(format!("heads.0.{name}"), head.clone());
        alike.insert(format!("heads.1.{name}"), head);
    }
    let two = with_weights(empty(&two, 3, case.task), &alike).unwrap();
    let (task, kd) = (Classification::default(), Kd::default());
    let shape = OutputShape {
        task: TaskKind::Classification,
        outputs: 3,
        taps: Default::default(),
    };
    let teacher = with_weights(empty(&config(1, &[5]), 3, case.task), &own).unwrap();
    let mut scored = Vec::new();
    let losses = [one, two].map(|net| {
        let teacher = Frozen::new("teacher", &teacher, data.inputs.clone(), &Device::flex());
        let term = DistillTerm::new(
            "kd",
            &kd,
            vec![Box::new(teacher)],
            TermWeight::Mix(0.3),
            &shape,
            Some(&shape),
            &[],
        );
        let (trained, loss) = step(net, &data, &task, &mut [term.unwrap()]);
        scored.push(trained.scores.loss);
        loss
    });
    near(&[losses[0] as f32], [losses[1]], "loss");
    let others = scored[1].iter().map(|x| f64::from(*x));
    near(&scored[0], others, "scores");
}

#[test]
fn an_ensemble_grows_into_one_of_as_many_members_exactly_and_into_no_other() {
    let Reference {
        members,
        hidden,
        cases,
    } = reference();
    let rule = StartRule::default();
    for case in &cases {
        let from = layout(&config(members, &hidden), case.outputs, case.task);
        let large = config(members, &[9, 8, 8]);
        let to = layout(&large, case.outputs, case.task);
        assert_eq!(check(&from, &to, None, &rule), Ok(Promise::Exact));
        let small = State {
            weights: case.weights(),
            ..State::default()
        };
        let fresh = empty(&large, case.outputs, case.task);
        let drawn = weights_of(&fresh);
        let grown = grow(&small, &from, &to, None, &rule, &drawn, Seed(5)).unwrap();
        let found = answers(
            &with_weights(fresh, &grown.state.weights).unwrap(),
            &case.rows,
        );
        near(&found, case.answers.concat(), "grown");
    }
    let [alone, three] =
        [1, 3].map(|members| layout(&config(members, &[5]), 3, TaskKind::Classification));
    insta::assert_snapshot!(check(&alone, &three, None, &rule).unwrap_err(), @"the small model is one network and the large one an ensemble of 3 members; give both as many `members`, or let the large one `learn` from the small one");
}

#[test]
fn each_member_passes_what_they_share_and_its_own_head() {
    let at = |members| layout(&config(members, &[16, 12]), 3, TaskKind::Classification);
    let (alone, eight) = (at(1), at(8));
    assert_eq!(eight.flops_forward(), 8.0 * alone.flops_forward());
    // A scale of four inputs for each member, and seven more heads.
    assert_eq!(
        eight.parameters(),
        alone.parameters() + 8 * 4 + 7 * (12 * 3 + 3)
    );
    assert_eq!(eight.taps(), Vec::<String>::new());
    insta::assert_snapshot!(config(8, &[16, 12]).describe(&eight), @r"realmlp 4-16-12-3, 8 members");
    insta::assert_snapshot!(config(0, &[16]).problem().unwrap(), @r"members is 0, but must lie in 1 to 256");
    let rows = batch::EVALUATION_ROWS;
    let net = empty(&config(8, &[16, 12]), 3, TaskKind::Classification);
    let answers = answers(&net, &vec![vec![0.5; 4]; rows]);
    assert_eq!(answers.len(), rows * 3);
}

#[test]
fn what_few_rows_have_is_seen_by_an_ensemble_as_by_one_network() {
    let columns = [
        ColumnFeatures::Number { missing: false },
        ColumnFeatures::Category {
            levels: 3,
            missing: false,
        },
    ];
    let rows = 2000;
    let row = |row: usize| {
        let level = if row == rows - 1 { 2 } else { row % 2 };
        let mut features = [(row % 7) as f32, 0.0, 0.0, 0.0];
        features[1 + level] = 1.0;
        features
    };
    let values: Vec<f32> = (0..rows).flat_map(row).collect();
    let first = First {
        rows: Input::Flat(Tensor::from_data(
            TensorData::new::<f32, _>(values, [rows, 4]),
            &Device::flex(),
        )),
        range: None,
    };
    let scaled = |members: usize| {
        let config = config(members, &[8]);
        let layout = config.layout_of(&columns, 2).unwrap();
        let net = config.init(layout, Seed(1), &Device::flex()).unwrap();
        weights_of(&config.fit(net, &first, Seed(1)).unwrap())["scaled.factor"].clone()
    };
    assert_eq!(scaled(8), scaled(1));
    assert!(scaled(8).values.iter().all(|factor| *factor > 0.0));
}

#[test]
fn members_have_features_of_their_own_which_no_method_compares() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/reference/answers");
    let refused = |many: &str, one: &str| {
        let text = format!(
            r#"task = "classification"
data = {{ source = "csv", path = "table.csv", target = "answer", id = "person" }}
[stage.many]
model = {{ kind = "realmlp", hidden = [8]{many} }}
[stage.one]
model = {{ kind = "realmlp", hidden = [8]{one} }}
learn = {{ from = "many", method = "fitnet", add = 1, layers = {{ "hidden.0" = "hidden.0" }} }}
"#
        );
        let text = RecipeText::new("recipe.toml", text);
        let plan = || {
            let draft = Draft::read(&text, &folder, &Arm::Flow)?;
            let data = draft.dataset(draft.read_data()?, None)?;
            draft.plan(&data).map(drop).map_err(distil::Error::from)
        };
        let error = plan().expect_err("a plan came of it").to_string();
        error.lines().next().unwrap_or_default().to_owned()
    };
    insta::assert_snapshot!(refused(", members = 3", ""), @"error: `fitnet` compares features, and `many` is an ensemble");
    insta::assert_snapshot!(refused("", ", members = 3"), @"error: `fitnet` compares features, and this stage's network is an ensemble");
}
