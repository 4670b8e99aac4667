use distil::growth::{StartRule, check, grow};
use distil::model::{Activation, Norm, fresh};
use distil::rng::Seed;

use super::copies;
use super::host::{layout, weights};

fn refusal(small: &[usize], large: &[usize], activation: Activation, rule: &StartRule) -> String {
    let (from, to) = (
        layout(small, activation, Norm::None),
        layout(large, activation, Norm::None),
    );
    check(&from, &to, None, rule).unwrap_err()
}

#[test]
fn layers_and_units_are_never_removed() {
    let rule = StartRule::default();
    let relu = Activation::Relu;
    insta::assert_snapshot!(refusal(&[4, 8, 8, 2], &[4, 8, 2], relu, &rule), @"growth does not remove layers: the small model has 2 hidden layers and the large one 1 hidden layer; give the large model at least as many hidden layers");
    insta::assert_snapshot!(refusal(&[4, 8, 2], &[4, 7, 2], relu, &rule), @"growth does not remove units: `hidden.0` has 7 in the large model and has to carry 8; give it at least 8");
    insta::assert_snapshot!(refusal(&[4, 8, 2], &[4, 8, 7, 2], relu, &rule), @"growth does not remove units: `hidden.1` has 7 in the large model and has to carry 8; give it at least 8");
    insta::assert_snapshot!(refusal(&[4, 5], &[4, 9, 5], relu, &rule), @"growth does not remove units: `hidden.0` has 9 in the large model and has to carry 10; give it at least 10");
}

#[test]
fn depth_that_cannot_be_exact_is_refused_with_its_reason() {
    let rule = StartRule::default();
    insta::assert_snapshot!(refusal(&[4, 8, 2], &[4, 8, 8, 2], Activation::Tanh, &rule), @"a layer inserted as an identity hands on what it reads for `relu` only: tanh(tanh(x)) is not tanh(x); use `relu`, or give the large model 1 hidden layer like the small one");
    insta::assert_snapshot!(refusal(&[4, 2], &[4, 8, 2], Activation::Gelu, &rule), @"a layer inserted as an identity hands on what it reads for `relu` only: gelu(gelu(x)) is not gelu(x); use `relu`, or give the large model no hidden layer like the small one");
}

#[test]
fn ends_and_kinds_must_fit() {
    let rule = StartRule::default();
    insta::assert_snapshot!(refusal(&[4, 8, 2], &[5, 8, 2], Activation::Relu, &rule), @"the small model reads 4 numbers and the large one 5, and no linear view leads from one to the other; give the small stage a `view` of what the large one reads");
    insta::assert_snapshot!(refusal(&[4, 8, 2], &[4, 8, 3], Activation::Relu, &rule), @"the small model has 2 outputs and the large one 3; train both for the same task");
    let relu = layout(&[4, 8, 2], Activation::Relu, Norm::None);
    let tanh = layout(&[4, 8, 2], Activation::Tanh, Norm::None);
    let batch = layout(&[4, 8, 2], Activation::Relu, Norm::Batch);
    insta::assert_snapshot!(check(&relu, &tanh, None, &rule).unwrap_err(), @"`hidden.0` has another activation in the large model than in the small one; give both the same");
    insta::assert_snapshot!(check(&relu, &batch, None, &rule).unwrap_err(), @"`hidden.0` has another norm in the large model than in the small one; give both the same");
}

#[test]
fn settings_out_of_range_are_refused() {
    let net = layout(&[4, 8, 2], Activation::Relu, Norm::None);
    let refusal = |rule: StartRule| check(&net, &net, None, &rule).unwrap_err();
    insta::assert_snapshot!(refusal(StartRule { shrink: 1.5, ..copies() }), @"shrink is 1.5, but must lie in [0, 1]");
    insta::assert_snapshot!(refusal(StartRule { noise: -1.0, ..copies() }), @"noise is -1, but must be at least 0");
    insta::assert_snapshot!(refusal(StartRule { noise: 0.1, ..StartRule::default() }), @r#"noise tells copies apart, and this width rule makes none; drop `noise`, or choose `width = "copy"`"#);
    insta::assert_snapshot!(refusal(StartRule { new_lr: 0.0, ..copies() }), @"new.lr is 0, but must be positive");
}

#[test]
fn weights_that_are_not_their_layouts_are_refused() {
    let (from, to) = (
        layout(&[4, 8, 2], Activation::Relu, Norm::None),
        layout(&[4, 9, 2], Activation::Relu, Norm::None),
    );
    let grow = |mut small: distil::weights::Weights, gone: &str| {
        small.remove(gone);
        let state = super::state(&small);
        grow(
            &state,
            &from,
            &to,
            None,
            &StartRule::default(),
            &fresh(&to, Seed(1)),
            Seed(1),
        )
        .unwrap_err()
    };
    insta::assert_snapshot!(grow(weights(&from, 1), "head.weight"), @"the weights have no `head.weight`");
    insta::assert_snapshot!(grow(weights(&to, 1), ""), @"the weights of `hidden.0` do not have the shapes of its layout, 4 inputs and 8 outputs");
}
