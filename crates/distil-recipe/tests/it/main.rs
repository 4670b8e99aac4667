//! What a reader of recipes may rely on.

mod messages;
mod reading;
mod schema;
mod sets;
mod validator;

use distil_recipe::{Problems, Recipe, RecipeText, parse, render};

/// The recipe of the source flow.
const SOURCE: &str = r#"task = "classification"

[data]
source   = "fsdd"
path     = "data/fsdd"
features = { log_mel = 20, frames = 50 }            # the finest view
split    = "official"

[stage.small]
model   = { kind = "mlp", hidden = [50] }
view    = { pool = [2, 5] }
samples = { kind = "stratified", fraction = 0.25 }

[stage.large]
model = { kind = "mlp", hidden = [500, 100] }
start = "small"
learn = { from = "small", method = "kd", mix = 0.5, temperature = 4, until = 0.4 }
train = { epochs = 6 }

[compare]
plain = { epochs = 10 }
"#;

/// The rendered problems of a recipe; empty if there are none.
fn problems(text: &str) -> String {
    let text = RecipeText::new("recipe.toml", text);
    let (_, problems) = parse(&text);
    render(&text, problems.as_slice(), false)
}

/// A recipe that must be without problems.
fn recipe(text: &str) -> Recipe {
    let text = RecipeText::new("recipe.toml", text);
    match parse(&text) {
        (Some(recipe), found) if found.is_empty() => recipe,
        (_, found) => panic!("{}", render(&text, found.as_slice(), false)),
    }
}

/// The rendered problems that a reading found.
fn rendered(text: &str, problems: &Problems) -> String {
    render(
        &RecipeText::new("recipe.toml", text),
        problems.as_slice(),
        false,
    )
}
