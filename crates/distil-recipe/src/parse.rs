//! From a recipe's text to the recipe.

use crate::problem::Problems;
use crate::recipe::{Recipe, check};
use crate::text::RecipeText;
use crate::tree;

/// Parses a recipe and reports everything that is wrong with it.
///
/// There may be a recipe *and* problems: later checks can then add theirs, and all are shown at
/// once; what is missing and was reported stands in it as a [`Choice::is_missing`], or as no stage.
/// There is no recipe after a syntax error. Only a recipe without problems may become a plan.
///
/// Checked here are types, keys and what the recipe's own words settle: names of stages, `mix` or
/// `add` but not both, ranges of shares. Not checked are the names of methods, models, sources, ….
///
/// [`Choice::is_missing`]: crate::Choice::is_missing
pub fn parse(text: &RecipeText) -> (Option<Recipe>, Problems) {
    let mut problems = Problems::new();
    let table = tree::parse(text.text(), &mut problems);
    let mut recipe = table.and_then(|table| Recipe::of(table, &mut problems));
    if let Some(recipe) = &mut recipe {
        recipe.compose_names();
        check::check(recipe, &mut problems);
    }
    (recipe, problems)
}
