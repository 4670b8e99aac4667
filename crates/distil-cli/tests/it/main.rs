//! The program from outside: what it prints, writes and exits with.

mod answers;
mod attacks;
mod bytes;
mod changed;
mod export;
mod extremes;
mod foreign;
mod golden;
mod harness;
mod help;
mod hostile;
mod hostile_models;
mod hosts;
mod leaks;
mod leaks_null;
mod list;
mod lost;
mod models;
mod names;
mod new;
mod old_folders;
mod resume;
mod reuse;
mod runs;
mod said;
mod usage;
