//! How settings were chosen, in a sentence.

use crate::compare::LOOKS;
use crate::record::arm::FLOW;
use crate::run_json::{RunJson, Tuned, Validation};

/// Whose luck in choosing can pass for an effect, and what keeps it out of the claims; none where nothing is tuned, or one seed ran.
pub fn choice(run: &RunJson) -> Option<String> {
    let for_the_flow = |tuned: &Tuned| tuned.arm == FLOW && tuned.by.is_some();
    if run.tuned.iter().any(for_the_flow) {
        return Some("Every arm of the large network has the settings that the small one chose, in the parametrisation in which they carry over, for trainings as long as plain's full budget: what differs between these arms is no luck in choosing. Plain training in the usual parametrisation, with a rate of its own, was not run. The small model alone chose for itself.".into());
    }
    let said = match run.validation? {
        Validation::Own => {
            "Each seed chose its settings by itself, on its own division of what is not tested into training and validation; what is claimed holds with the loser at the winner's settings too."
        }
        Validation::Common => {
            "The validation part is common to all seeds, so luck in it is the luck of all of them: only that what is claimed holds with the loser at the winner's settings too keeps it out."
        }
    };
    Some(said.into())
}

/// What it takes for a claim where the run was looked at before all its seeds had run; none where it was not.
pub fn looks(run: &RunJson) -> Option<String> {
    let looked_at = run.comparisons.iter().find(|comparison| comparison.looks)?;
    let [first, second, last] = LOOKS;
    Some(format!(
        "Declared beforehand: looked at after {first}, {second} and {last} seeds, it ends once it is decided or hardly can be; it ended after {}. After {first} a claim takes p < 0.05, later p < 0.012, and that nothing is worse by the margin p < 0.025, later 0.006.",
        looked_at.n
    ))
}
