//! Plain training's curve: the same model at several shares of its declared budget.

/// The arm of plain training at this share of its declared budget: `plain-25`. The whole budget is the arm `plain-full`.
pub fn arm_of_share(share: f64) -> String {
    format!("plain-{:.0}", share * 100.0)
}

/// The share that an arm of the curve stands for; none for other arms.
pub fn share_of_arm(arm: &str) -> Option<f64> {
    let per_cent: u32 = arm.strip_prefix("plain-")?.parse().ok()?;
    (1..100)
        .contains(&per_cent)
        .then(|| f64::from(per_cent) / 100.0)
}
