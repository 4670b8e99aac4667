//! Distil's recipe files: from text to spanned tables, with every problem reported at its place.
//!
//! A recipe is read in three steps. [`RecipeText`] holds the text and its `--set` edits; [`parse`]
//! makes a typed [`Recipe`] in which every value knows its place; a [`Registry`] turns each
//! [`Choice`] of a name and its options into what the name stands for. No step stops at the first
//! problem: all go into [`Problems`], and [`render`] shows them.
//!
//! ```
//! use distil_recipe::{RecipeText, Registry, Spanned, entry, parse, render};
//!
//! #[derive(Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
//! #[serde(default)]
//! struct Mlp {
//!     /// The widths of the hidden layers; none for a linear model.
//!     hidden: Spanned<Vec<u64>>,
//! }
//!
//! enum Family {
//!     Mlp(Mlp),
//! }
//!
//! static MODELS: Registry<Family> = Registry {
//!     noun: "model",
//!     entries: &[entry!("mlp", "fully connected layers", Mlp => Family::Mlp)],
//! };
//!
//! let text = RecipeText::new("recipe.toml", r#"
//! task = "classification"
//! data = "digits"
//!
//! [stage.small]
//! model = { kind = "mlp", hiden = [50] }
//! trian = { epochs = 3 }
//! "#);
//! let (recipe, mut problems) = parse(&text);
//! let recipe = recipe.ok_or("no TOML")?;
//! if let Some(distil_recipe::recipe::ModelTable::Family(choice)) = &recipe.stages[0].model {
//!     MODELS.resolve(choice, &mut problems);
//! }
//! assert_eq!(render(&text, problems.as_slice(), false), "\
//! error: unknown key `hiden`
//!  --> recipe.toml:6:25
//!   |
//! 6 | model = { kind = \"mlp\", hiden = [50] }
//!   |                         ^^^^^
//!   |
//!   = note: the keys here are hidden
//!   = help: did you mean `hidden`?
//!
//! error: unknown key `trian`
//!  --> recipe.toml:7:1
//!   |
//! 7 | trian = { epochs = 3 }
//!   | ^^^^^
//!   |
//!   = note: the keys here are model, view, samples, start, learn, train, like, answers
//!   = help: did you mean `train`?");
//! # Ok::<(), &str>(())
//! ```
#![warn(missing_docs)]

mod choice;
pub mod name;
mod parse;
mod problem;
mod read;
pub mod recipe;
pub mod registry;
mod render;
pub mod schema;
pub mod set;
mod spanned;
mod suggest;
mod table;
mod text;
mod tree;

pub use choice::{Choice, Flat};
pub use parse::parse;
pub use problem::{Problem, Problems, Span};
pub use recipe::Recipe;
pub use registry::{Chosen, Kinds, Registry};
pub use render::render;
pub use spanned::Spanned;
pub use suggest::suggest;
pub use text::RecipeText;
pub use tree::{Entry, Kind, Table, Value};
