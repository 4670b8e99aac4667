//! Arms in words.

use crate::record::arm::share_of_arm;
use crate::run_json::RunJson;
use crate::summary::TEACHER;

/// What an arm is, in a few words.
pub(crate) fn meaning(run: &RunJson, arm: &str) -> String {
    if arm == TEACHER {
        return match run.teachers.as_slice() {
            [one] => format!("what the student learns from: `{one}`"),
            several => format!("what the student learns from: {} on average", several.len()),
        };
    }
    if let Some(share) = share_of_arm(arm) {
        let share = share * 100.0;
        return format!("this model plainly, at {share:.0} % of its budget");
    }
    let words = match arm {
        "flow" => "the recipe",
        "plain" => "this model plainly, at the flow's cost",
        "plain-full" => "this model plainly, at its full budget",
        "smooth" => "plain with label smoothing",
        "small" => "the small model alone",
        "alone" => "the student alone, without a teacher",
        "transferred" => "this model once, at the small one's settings",
        "plain-halved" => "this model plainly, settings by successive halving",
        _ => "an arm of the recipe's own",
    };
    words.into()
}
