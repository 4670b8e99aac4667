use burn::tensor::{Device, Distribution, Tensor};
use distil_kernels::{Activation, Op, linear_act};

#[test]
fn the_kernels_run_forward_and_backward() {
    let device = Device::flex().autodiff();
    let random = |shape: [usize; 2]| Tensor::<2>::random(shape, Distribution::Default, &device);
    let (x, w) = (random([5, 7]), random([7, 3]).require_grad());
    let b = Tensor::<1>::zeros([3], &device).require_grad();
    let y = linear_act(x.clone(), w.clone(), b.clone(), Activation::Relu);
    let gradients = y.sum().backward();
    assert_eq!((Op::Linear.count(), Op::LinearBackward.count()), (1, 1));
    assert!(x.grad(&gradients).is_none());
    assert!(w.grad(&gradients).is_some() && b.grad(&gradients).is_some());
}
