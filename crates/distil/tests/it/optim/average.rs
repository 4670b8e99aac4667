use distil::optim::Average;

use super::{Linear, noise};

#[test]
fn the_average_is_the_normalised_geometric_mean_of_all_steps_without_a_start_up_bias() {
    let mut average = Average::new(0.9);
    let (mut sum, mut mass) = (vec![0.0_f64; 8], 0.0_f64);
    for step in 0..50 {
        let module = Linear::new([2, 3], |i| noise(i, step));
        average.update(&module);
        let values = module.values();
        mass = 0.9 * mass + 1.0;
        for (sum, value) in sum.iter_mut().zip(&values) {
            *sum = 0.9 * *sum + f64::from(*value);
        }
        let weight = &average.weights()["weight"];
        assert_eq!(weight.shape, [2, 3]);
        for (a, s) in weight.values.iter().zip(&sum) {
            assert!((f64::from(*a) - s / mass).abs() < 1e-6, "step {step}");
        }
        if step == 0 {
            assert_eq!(weight.values, values[..6], "the first update is a copy");
        }
    }
}

#[test]
fn a_restored_average_goes_on_bit_for_bit() {
    let module = |step| Linear::new([2, 3], |i| noise(i, step));
    let mut unbroken = Average::new(0.99);
    let mut broken = Average::new(0.99);
    for step in 0..10 {
        unbroken.update(&module(step));
        broken.update(&module(step));
        broken = Average::restore(0.99, broken.steps(), broken.weights());
    }
    assert_eq!(unbroken.weights(), broken.weights());
}
