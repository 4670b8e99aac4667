//! The arms' colours.

use crate::record::arm::{PLAIN_FULL, PLAIN_HALVED, built_in, share_of_arm};
use crate::run_json::RunJson;
use crate::summary::TEACHER;

/// The style sheet's class for an arm's colour; plain's curve, and where halving chose for it, has that of its whole budget, and a user's own arms
/// share four more in turn.
pub(super) fn arm_class(run: &RunJson, arm: &str) -> String {
    let of_curve = |arm: &str| share_of_arm(arm).is_some() || arm == PLAIN_HALVED;
    match arm {
        _ if of_curve(arm) => format!("arm-{PLAIN_FULL}"),
        _ if built_in(arm) || arm == TEACHER => format!("arm-{arm}"),
        _ => {
            let own = run
                .arms()
                .into_iter()
                .filter(|arm| !built_in(arm) && !of_curve(arm));
            format!(
                "arm-own{}",
                own.into_iter().position(|name| name == arm).unwrap_or(0) % 4
            )
        }
    }
}
