//! The program from outside: what it prints, writes and exits with.

mod harness;
mod help;
mod hostile;
mod list;
mod model;
mod new;
mod resume;
mod usage;
