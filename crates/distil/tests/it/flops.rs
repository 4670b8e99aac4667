//! FLOPs equal those PyTorch counts: `testdata/reference/flops.json`, format in `flops.py` beside it.

use distil::model::{Family, Layout, MlpConfig, ModelConfig};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    nets: Vec<Net>,
    pictures: Vec<PictureNet>,
    teach: Vec<Teach>,
}

#[derive(Deserialize)]
struct Net {
    widths: Vec<usize>,
    batch: f64,
    parameters: u64,
    forward: f64,
    backward: f64,
}

#[derive(Deserialize)]
struct PictureNet {
    model: ModelConfig,
    shape: Vec<usize>,
    batch: f64,
    parameters: u64,
    forward: f64,
    backward: f64,
}

#[derive(Deserialize)]
struct Teach {
    student: Vec<usize>,
    teacher: Vec<usize>,
    batch: f64,
    forward: f64,
    backward: f64,
}

fn reference() -> Reference {
    let text = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../testdata/reference/flops.json"
    ));
    serde_json::from_str(text).unwrap()
}

fn layout(widths: &[usize]) -> Layout {
    let [inputs, hidden @ .., outputs] = widths else {
        panic!("a net has inputs and outputs");
    };
    let config = MlpConfig {
        hidden: hidden.to_vec(),
        ..MlpConfig::default()
    };
    config.layout(&[*inputs], *outputs).unwrap()
}

#[test]
fn parameters_and_flops_of_a_layout_are_those_pytorch_counts() {
    for net in reference().nets {
        let layout = layout(&net.widths);
        assert_eq!(layout.parameters(), net.parameters, "{:?}", net.widths);
        let (forward, backward) = (layout.flops_forward(), layout.flops_backward());
        assert_eq!(net.batch * forward, net.forward, "{:?}", net.widths);
        assert_eq!(net.batch * backward, net.backward, "{:?}", net.widths);
    }
}

#[test]
fn parameters_and_flops_of_convolutional_networks_are_those_pytorch_counts() {
    for net in reference().pictures {
        let layout = net.model.layout(&net.shape, 10).unwrap();
        assert_eq!(layout.parameters(), net.parameters, "{:?}", net.model);
        let (forward, backward) = (layout.flops_forward(), layout.flops_backward());
        assert_eq!(net.batch * forward, net.forward, "{:?}", net.model);
        assert_eq!(net.batch * backward, net.backward, "{:?}", net.model);
    }
}

#[test]
fn a_frozen_teacher_costs_its_forward_pass_and_no_more() {
    for case in reference().teach {
        let (student, teacher) = (layout(&case.student), layout(&case.teacher));
        let forward = student.flops_forward() + teacher.flops_forward();
        assert_eq!(case.batch * forward, case.forward, "{:?}", case.student);
        let backward = case.batch * student.flops_backward();
        assert_eq!(backward, case.backward, "{:?}", case.student);
    }
}
