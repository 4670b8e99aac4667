//! Distil's recipe files: from text to spanned tables, with every problem reported at its place.
#![warn(missing_docs)]

mod choice;
mod keys;
mod problem;
mod read;
pub mod recipe;
pub mod registry;
mod render;
pub mod set;
mod spanned;
mod suggest;
mod table;
mod text;
mod value;

pub use choice::Choice;
pub use problem::{Problem, Problems, Span};
pub use recipe::{Recipe, parse};
pub use registry::{Kinds, Registry};
pub use render::render;
pub use spanned::Spanned;
pub use suggest::suggest;
pub use table::{Entry, Table};
pub use text::RecipeText;
pub use value::{Kind, Value};
