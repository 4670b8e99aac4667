//! How settings were chosen, in a sentence.

use crate::run_json::{RunJson, Validation};

/// Whose luck in choosing can pass for an effect, and what keeps it out of the claims; none where nothing is tuned, or one seed ran.
pub fn choice(run: &RunJson) -> Option<String> {
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
