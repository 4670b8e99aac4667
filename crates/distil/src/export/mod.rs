//! Models for other programs. One file per form.

mod card;
mod config;
mod hugging_face;
mod tensors;

pub use hugging_face::hugging_face;
