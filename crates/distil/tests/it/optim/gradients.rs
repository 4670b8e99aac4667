use distil::optim::{Accumulator, Gradients};

use super::{Linear, noise};

fn all(gradients: &Gradients) -> Vec<f32> {
    let values = |path: &str| {
        gradients
            .get(path)
            .unwrap()
            .into_data()
            .try_into_vec::<f32>()
            .unwrap()
    };
    [values("weight"), values("bias")].concat()
}

#[test]
fn norms_are_euclidean_by_path_and_in_all() {
    let module = Linear::new([1, 2], |_| 0.0);
    let norms = module.gradients(|i| [3.0, 4.0][i]).norms();
    assert_eq!(norms.by_path["weight"], 5.0);
    assert_eq!(norms.by_path["bias"], 5.0);
    assert!((norms.total - 50.0_f64.sqrt()).abs() < 1e-12);
    assert!(norms.finite());
}

#[test]
fn one_element_that_is_not_finite_is_seen_and_large_finite_ones_are_not_mistaken_for_it() {
    let module = Linear::new([10, 10], |_| 0.0);
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        // In the middle, and in what is left of 32 at a time.
        for place in [57, 98] {
            let gradients = module.gradients(|i| if i == place { bad } else { 0.1 });
            let norms = gradients.norms();
            assert!(!norms.finite() && !gradients.finite());
            assert!(!norms.by_path["weight"].is_finite() && norms.by_path["bias"].is_finite());
        }
    }
    let largest = module.gradients(|_| f32::MAX);
    assert!(largest.norms().finite() && largest.finite());
}

#[test]
fn clipping_scales_all_gradients_alike_and_leaves_small_ones_alone() {
    let module = Linear::new([3, 5], |_| 0.0);
    let mut gradients = module.gradients(|i| noise(i, 0));
    let (before, norms) = (all(&gradients), gradients.norms());
    gradients.clip(&norms, norms.total + 1.0);
    assert_eq!(all(&gradients), before);
    gradients.clip(&norms, norms.total / 2.0);
    assert!((gradients.norms().total - norms.total / 2.0).abs() < 1e-5);
    for (clipped, before) in all(&gradients).iter().zip(before) {
        assert!((clipped - before / 2.0).abs() < 1e-5);
    }
}

#[test]
fn micro_batches_of_different_sizes_add_up_to_the_mean_over_all_rows() {
    let module = Linear::new([2, 3], |_| 0.0);
    let mut accumulator = Accumulator::default();
    for (salt, rows) in [(0, 8), (1, 8), (2, 3)] {
        accumulator.add(module.gradients(|i| noise(i, salt)), rows);
    }
    let mean = all(&accumulator.take().unwrap());
    let expected =
        all(&module
            .gradients(|i| (8.0 * noise(i, 0) + 8.0 * noise(i, 1) + 3.0 * noise(i, 2)) / 19.0));
    for (mean, expected) in mean.iter().zip(expected) {
        assert!((mean - expected).abs() < 1e-6);
    }
    assert!(accumulator.take().is_none(), "the window starts anew");
}

#[test]
fn a_single_micro_batch_comes_back_untouched() {
    let module = Linear::new([2, 3], |_| 0.0);
    let mut accumulator = Accumulator::default();
    accumulator.add(module.gradients(|i| noise(i, 7)), 31);
    let once = all(&accumulator.take().unwrap());
    assert_eq!(once, all(&module.gradients(|i| noise(i, 7))));
}
