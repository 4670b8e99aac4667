//! A linear network as one with a hidden layer.

use super::dense::Dense;
use crate::weights::Array;

/// Rewrites a lone head f = x·W + b as relu(f) − relu(−f): a hidden layer [W, −W], [b, −b] of twice as many units
/// as outputs, and a head [I; −I]. Exact for relu. The optimiser's memory does not carry over.
pub fn split(head: &Dense) -> [Dense; 2] {
    let (inputs, outputs) = head.shape();
    let both = |row: &[f32]| -> Vec<f32> {
        let negative = row.iter().map(|v| -v);
        row.iter().copied().chain(negative).collect()
    };
    let rows = (0..inputs).flat_map(|row| both(head.weight.value.row(row)));
    let bias = head
        .units
        .get("bias")
        .map_or(vec![0.0; outputs], |p| p.value.values.clone());
    let hidden = Dense::young(
        Array::new([inputs, 2 * outputs], rows.collect()),
        1,
        Some(both(&bias)),
    );
    let sign = |i: usize| match (i / outputs, i % outputs) {
        (row, column) if row == column => 1.0,
        (row, column) if row == column + outputs => -1.0,
        _ => 0.0,
    };
    let signs = (0..2 * outputs * outputs).map(sign).collect();
    let head = Dense::young(
        Array::new([2 * outputs, outputs], signs),
        1,
        Some(vec![0.0; outputs]),
    );
    [hidden, head]
}
