//! What every method promises: each test guards against a defect found in another tool.

use burn::tensor::{Tensor, activation::softmax};
use distil::method::{AtStep, Bce, Dkd, Kd, Logits, METHODS, Method, Smooth, SoftCe};
use distil::model::{Blend, Output};
use distil::task::{Classification, TargetShape, Task};

use super::scene::{Played, Scene, WIDTH, gradient, losses, method, read};

fn near(ours: &[f32], theirs: &[f32], tolerance: f32) {
    assert_eq!(ours.len(), theirs.len());
    for (a, b) in ours.iter().zip(theirs) {
        assert!(
            (a - b).abs() <= tolerance * b.abs().max(1.0),
            "{ours:?}\n{theirs:?}"
        );
    }
}

fn norm(values: &[f32]) -> f32 {
    values.iter().map(|x| x * x).sum::<f32>().sqrt()
}

/// One row of log-probabilities as student, one as teacher.
fn pair(student: [f32; 3], teacher: [f32; 3]) -> Scene {
    let logits = |p: [f32; 3]| vec![p.iter().map(|p| p.ln()).collect()];
    Scene {
        student: logits(student),
        teacher: logits(teacher),
        labels: vec![0],
        ..Scene::new("kd", 1)
    }
}

#[test]
fn kd_at_a_high_temperature_is_centred_logit_matching_divided_by_the_classes() {
    let scene = Scene::new("kd", 1);
    let (value, slope) = gradient(&Kd { temperature: 100.0 }, &scene);
    let (limit, limit_slope) = gradient(&Logits { centred: true }, &scene);
    near(&[value], &[limit / WIDTH as f32], 0.02);
    let limit_slope: Vec<f32> = limit_slope.iter().map(|g| g / WIDTH as f32).collect();
    near(&slope, &limit_slope, 0.01);
}

#[test]
fn the_size_of_the_gradient_does_not_depend_on_the_temperature() {
    let scene = Scene::new("kd", 1);
    let size = |temperature| norm(&gradient(&Kd { temperature }, &scene).1);
    let ratio = size(80.0) / size(40.0);
    assert!((ratio - 1.0).abs() < 0.05, "{ratio}");
}

#[test]
fn padding_a_class_that_has_no_mass_changes_nothing() {
    for name in ["kd", "soft-ce", "dkd"] {
        let method = method(name);
        let scene = Scene::new(name, 2);
        let mut padded = scene.clone();
        padded
            .student
            .iter_mut()
            .chain(&mut padded.teacher)
            .for_each(|row| row.push(-1e4));
        near(&losses(&*method, &padded), &losses(&*method, &scene), 1e-6);
    }
}

#[test]
fn the_divergence_runs_from_the_teacher_to_the_student() {
    // KL(t ‖ s) = Σ t log(t / s), by hand.
    let kd = Kd { temperature: 1.0 };
    let (a, b) = ([0.5, 0.3, 0.2], [0.7, 0.2, 0.1]);
    near(&losses(&kd, &pair(a, b)), &[0.085_123], 1e-5);
    near(&losses(&kd, &pair(b, a)), &[0.092_033], 1e-5);
}

#[test]
fn kd_is_the_textbook_formula_and_no_squared_error_of_probabilities() {
    for temperature in [1.0, 4.0] {
        let scene = Scene::new("kd", 3);
        let played = Played::new(&scene, false);
        let soft = |values: &Tensor<2>| softmax(values.clone().inner().div_scalar(temperature), 1);
        let (p, q) = (soft(&played.teacher.values), soft(&played.student.values));
        let textbook =
            (p.clone() * (p.clone() / q.clone()).log()).sum_dim(1) * temperature * temperature;
        let squared = (p - q).square().sum_dim(1);
        let ours = losses(&Kd { temperature }, &scene);
        near(&ours, &read(textbook), 1e-5);
        assert!(
            ours.iter()
                .zip(read(squared))
                .all(|(a, b)| (a - b).abs() > 1e-3)
        );
    }
}

#[test]
fn duplicating_the_batch_changes_nothing() {
    for name in METHODS.names() {
        let scene = Scene::new(name, 4);
        let double = scene.rows(&[0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
        let (value, slope) = gradient(&*method(name), &scene);
        let (doubled, doubled_slope) = gradient(&*method(name), &double);
        near(&[doubled], &[value], 1e-5);
        let summed: Vec<f32> = doubled_slope[..15]
            .iter()
            .zip(&doubled_slope[15..])
            .map(|(a, b)| a + b)
            .collect();
        near(&summed, &slope, 1e-5);
    }
}

#[test]
fn every_row_is_compared_with_its_own_teacher_row_whatever_the_order() {
    for name in METHODS.names() {
        let scene = Scene::new(name, 5);
        let order = [3, 1, 4, 0, 2];
        let whole = losses(&*method(name), &scene);
        let shuffled: Vec<f32> = order.iter().map(|&i| whole[i]).collect();
        near(
            &losses(&*method(name), &scene.rows(&order)),
            &shuffled,
            1e-6,
        );
        let alone = losses(&*method(name), &scene.rows(&[2]));
        near(&alone, &whole[2..3], 1e-6);
    }
}

#[test]
fn the_loss_is_0_where_student_and_teacher_agree_if_the_formula_says_so() {
    for name in ["kd", "logits", "dkd", "mse"] {
        let mut scene = Scene::new(name, 6);
        scene.teacher = scene.student.clone();
        let (value, slope) = gradient(&*method(name), &scene);
        assert!(
            value.abs() < 1e-6 && norm(&slope) < 1e-6,
            "{name}: {value} {slope:?}"
        );
    }
}

#[test]
fn agreement_is_the_minimum_of_every_method_that_compares_outputs() {
    for name in ["kd", "soft-ce", "logits", "dkd", "bce", "mse"] {
        let mut scene = Scene::new(name, 7);
        scene.teacher = scene.student.clone();
        let method = method(name);
        let (least, slope) = gradient(&*method, &scene);
        assert!(norm(&slope) < 1e-5, "{name}: {slope:?}");
        for (row, output) in [(0, 0), (2, 1), (4, 2)] {
            for step in [-0.5, 0.5] {
                let mut apart = scene.clone();
                apart.student[row][output] += step;
                assert!(gradient(&*method, &apart).0 > least, "{name}");
            }
        }
    }
}

#[test]
fn hints_are_0_where_the_adapter_maps_the_student_onto_the_teacher() {
    let mut scene = Scene::new("fitnet", 8);
    scene.teacher = scene.student.clone();
    let mut played = Played::new(&scene, false);
    let device = played.student.values.device();
    played.adapter.weight = played.adapter.weight.map(|_| Tensor::eye(WIDTH, &device));
    played.adapter.bias = played.adapter.bias.map(|_| Tensor::zeros([WIDTH], &device));
    let rows = read(played.rows(&*method("fitnet")));
    assert_eq!(rows, [0.0; 5]);
}

#[test]
fn every_adapter_parameter_changes_after_one_step() {
    let played = Played::new(&Scene::new("fitnet", 9), false);
    let gradients = played.rows(&*method("fitnet")).mean().backward();
    let weight = read(played.adapter.weight.val().grad(&gradients).unwrap());
    let bias = read(played.adapter.bias.val().grad(&gradients).unwrap());
    assert_eq!((weight.len(), bias.len()), (WIDTH * WIDTH, WIDTH));
    assert!(
        weight.iter().chain(&bias).all(|g| *g != 0.0),
        "{weight:?} {bias:?}"
    );
}

#[test]
fn no_gradient_reaches_the_teacher_even_if_it_is_tracked() {
    for name in METHODS.names() {
        let scene = Scene::new(name, 10);
        let played = Played::new(&scene, true);
        let rows = played.rows(&*method(name));
        near(&read(rows.clone()), &losses(&*method(name), &scene), 1e-6);
        let gradients = rows.mean().backward();
        assert!(played.student.values.grad(&gradients).is_some(), "{name}");
        assert!(played.teacher.values.grad(&gradients).is_none(), "{name}");
    }
}

#[test]
fn gradients_agree_with_finite_differences() {
    const STEP: f32 = 1e-2;
    for name in METHODS.names() {
        let scene = Scene::new(name, 11);
        let method = method(name);
        let (_, slope) = gradient(&*method, &scene);
        for (row, output) in [(0, 0), (0, 2), (1, 1), (3, 0), (4, 2)] {
            let moved = |step| {
                let mut scene = scene.clone();
                scene.student[row][output] += step;
                // The sum over rows in f64: the mean would lose the difference.
                losses(&*method, &scene)
                    .iter()
                    .map(|&x| f64::from(x))
                    .sum::<f64>()
                    / 5.0
            };
            let difference = (moved(STEP) - moved(-STEP)) / f64::from(2.0 * STEP);
            let ours = slope[row * WIDTH + output];
            let error = (difference as f32 - ours).abs();
            assert!(
                error < 2e-3 * ours.abs().max(1.0),
                "{name}: {ours}, difference {difference}"
            );
        }
    }
}

#[test]
fn extreme_logits_give_finite_losses_and_gradients() {
    for name in METHODS.names() {
        let mut scene = Scene::new(name, 12);
        scene.student[0] = vec![1e4, -1e4, 0.0];
        scene.teacher[0] = vec![-1e4, 1e4, 0.0];
        scene.student[1] = vec![-1e4; 3];
        scene.teacher[2] = vec![1e4, 0.0, 0.0];
        let (value, slope) = gradient(&*method(name), &scene);
        assert!(
            value.is_finite() && slope.iter().all(|g| g.is_finite()),
            "{name}: {value} {slope:?}"
        );
    }
}

#[test]
fn soft_ce_has_the_gradient_of_kd() {
    let scene = Scene::new("kd", 13);
    let kd = gradient(&Kd { temperature: 4.0 }, &scene).1;
    near(&gradient(&SoftCe { temperature: 4.0 }, &scene).1, &kd, 1e-6);
}

#[test]
fn dkd_with_the_teachers_own_doubt_as_beta_is_kd() {
    // KL(p ‖ q) = KL(bₜ ‖ bₛ) + (1 − pₜ) KL(p̂ₜ ‖ p̂ₛ): Zhao et al. 2022, equation 6, here for pₜ(label) = 0.7.
    let scene = pair([0.5, 0.3, 0.2], [0.7, 0.2, 0.1]);
    let dkd = Dkd {
        temperature: 1.0,
        alpha: 1.0,
        beta: 0.3,
        warmup: 0.0,
    };
    near(
        &losses(&dkd, &scene),
        &losses(&Kd { temperature: 1.0 }, &scene),
        1e-5,
    );
}

#[test]
fn the_warm_up_of_dkd_is_continuous_and_ends_at_full_strength() {
    let scene = Scene::new("dkd", 14);
    let played = Played::new(&scene, false);
    let at = |step| {
        let input = distil::method::LossInput {
            student: &played.student,
            teacher: Some(&played.teacher),
            target: &played.target,
            layers: &[],
            adapters: &[],
            at: AtStep { step, steps: 100 },
        };
        let method = Dkd {
            warmup: 0.2,
            ..Dkd::default()
        };
        let Ok(distil::method::Term::Rows(rows)) = method.loss(&input) else {
            panic!("no rows")
        };
        read(rows.mean())[0]
    };
    let full = read(played.rows(&Dkd::default()).mean())[0];
    let strengths: Vec<f32> = (0..100).map(|step| at(step) / full).collect();
    assert!(
        strengths
            .windows(2)
            .all(|w| w[1] >= w[0] - 1e-5 && w[1] - w[0] < 0.051),
        "{strengths:?}"
    );
    near(
        &[strengths[0], strengths[9], strengths[19], strengths[99]],
        &[0.05, 0.5, 1.0, 1.0],
        1e-5,
    );
}

#[test]
fn the_virtual_teacher_at_temperature_1_is_label_smoothing() {
    let (smoothing, classes) = (0.1, WIDTH as f64);
    let confidence = 1.0 - smoothing + smoothing / classes;
    let scene = Scene::new("smooth", 15);
    let ours = gradient(
        &Smooth {
            temperature: 1.0,
            confidence,
        },
        &scene,
    )
    .1;
    let task = Classification {
        smoothing,
        ..Classification::default()
    };
    let played = Played::new(&scene, false);
    let shape = TargetShape::classes(vec![2, 2, 1]);
    let loss = task.loss(&shape, &played.student.values.device()).unwrap();
    let rows = loss
        .rows(played.student.values.clone(), &played.target)
        .unwrap();
    let theirs = played.student.values.grad(&rows.mean().backward()).unwrap();
    near(&ours, &read(theirs), 1e-6);
}

#[test]
fn one_teacher_passes_a_blend_as_it_is_and_equal_teachers_blend_to_themselves() {
    let played = Played::new(&Scene::new("kd", 16), false);
    let alone = Blend::Classes { temperature: 4.0 }
        .of(vec![played.teacher.clone()])
        .unwrap();
    assert_eq!(read(alone.values), read(played.teacher.values.clone()));
    assert_eq!(alone.taps.len(), 1);
    assert!(Blend::Values.of(Vec::new()).is_none());

    let twice = || vec![played.teacher.clone(), played.teacher.clone()];
    let same = |blend: Blend, method: &dyn Method| {
        let blended = Output {
            taps: played.teacher.taps.clone(),
            ..blend.of(twice()).unwrap()
        };
        let other = Played {
            teacher: blended,
            ..Played::new(&Scene::new("kd", 16), false)
        };
        near(&read(other.rows(method)), &read(played.rows(method)), 1e-5);
    };
    same(
        Blend::Classes { temperature: 4.0 },
        &Kd { temperature: 4.0 },
    );
    same(
        Blend::Labels { temperature: 2.0 },
        &Bce { temperature: 2.0 },
    );
    same(Blend::Values, &Logits { centred: false });
}
