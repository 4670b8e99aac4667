//! `distil schema`: the JSON schema of recipes.

use crate::exit::Ended;
use crate::show;

/// Prints the schema.
pub fn schema() -> Ended {
    show::print_json(&distil::plan::schema())
}
