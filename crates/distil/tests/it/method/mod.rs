//! Methods against PyTorch, and what every one of them promises.

mod promises;
mod scene;
mod vectors;
