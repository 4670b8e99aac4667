//! Many comparisons at once.

/// Holm's adjusted p values (1979), in the order given: each can be held against the level by itself, and the chance that any
/// true hypothesis is rejected stays below it.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![0.0; p.len()];
    let mut most = 0f64;
    for (place, &which) in order.iter().enumerate() {
        most = most.max(p[which] * (p.len() - place) as f64).min(1.0);
        adjusted[which] = most;
    }
    adjusted
}
