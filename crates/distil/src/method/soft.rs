//! Softened distributions, shared by the methods on classes.

use burn::tensor::{Bool, Int, Tensor};

/// Σₖ pₖ (log pₖ − log qₖ) per row, `[rows, 1]`, from log p and log q, `[rows, classes]`.
///
/// The sum of q − p, 0 but for rounding, cancels to first order the rounding of the two normalisers. The losses multiply
/// this by T²: without it they would lose a digit at T = 20.
pub(super) fn divergence(log_p: Tensor<2>, log_q: Tensor<2>) -> Tensor<2> {
    let (p, q) = (log_p.clone().exp(), log_q.clone().exp());
    let surplus = q.sub(p.clone());
    log_p.sub(log_q).mul(p).add(surplus).sum_dim(1)
}

/// True at each row's label, `[rows, classes]`.
pub(super) fn at_label(labels: &Tensor<1, Int>, classes: usize) -> Tensor<2, Bool> {
    let [rows] = labels.dims();
    let labels = labels.clone().inner();
    let all = Tensor::<1, Int>::arange(0..classes as i64, &labels.device());
    all.unsqueeze::<2>()
        .expand([rows, classes])
        .equal(labels.reshape([rows, 1]).expand([rows, classes]))
}
