//! The arms that every run may have, and plain's at a share of its budget.

/// The arm every other is compared with.
pub const FLOW: &str = "flow";
/// The default control: plain training at the flow's cost.
pub const PLAIN: &str = "plain";
/// Plain training at its declared budget.
pub const PLAIN_FULL: &str = "plain-full";
/// Plain training with label smoothing.
pub const SMOOTH: &str = "smooth";
/// The small stage alone, annealed.
pub const SMALL: &str = "small";
/// The result with its own training, without start and teachers.
pub const ALONE: &str = "alone";

/// The result trained once with settings that [`PROXY`] chose.
pub const TRANSFERRED: &str = "transferred";
/// Plain training at its declared budget with settings that successive halving chose: what [`TRANSFERRED`] is dear or cheap beside, where
/// every other arm tries each value to the end.
pub const PLAIN_HALVED: &str = "plain-halved";
/// The small network by which the settings of [`TRANSFERRED`] are chosen: no arm of its own.
pub const PROXY: &str = "proxy";

/// Whether an arm is one of the eight that every run may have, compared as declared beforehand.
pub fn built_in(arm: &str) -> bool {
    [
        FLOW,
        PLAIN,
        PLAIN_FULL,
        SMOOTH,
        SMALL,
        ALONE,
        TRANSFERRED,
        PLAIN_HALVED,
    ]
    .contains(&arm)
}

/// The arm of plain training at this share of its declared budget: `plain-25`. The whole budget is the arm `plain-full`.
pub fn arm_of_share(share: f64) -> String {
    if share == 1.0 {
        return PLAIN_FULL.into();
    }
    format!("plain-{:.0}", share * 100.0)
}

/// The share below 1 that an arm of the curve stands for; none for other arms.
pub fn share_of_arm(arm: &str) -> Option<f64> {
    let per_cent: u32 = arm.strip_prefix("plain-")?.parse().ok()?;
    (1..100)
        .contains(&per_cent)
        .then(|| f64::from(per_cent) / 100.0)
}

/// The arm whose trials an arm's settings are looked at by, in trainings so many per cent as long: `rung-25-flow`. No arm of its own,
/// as [`PROXY`].
pub fn rung_of(arm: &str, per_cent: u32) -> String {
    format!("{RUNG}{per_cent}-{arm}")
}

/// The per cent, 1 to 99, and the arm that a rung is of; none for other arms.
pub fn as_rung(arm: &str) -> Option<(u32, &str)> {
    let (per_cent, of) = arm.strip_prefix(RUNG)?.split_once('-')?;
    let per_cent = per_cent.parse().ok()?;
    (1..100).contains(&per_cent).then_some((per_cent, of))
}

/// How the name of a rung begins.
const RUNG: &str = "rung-";
