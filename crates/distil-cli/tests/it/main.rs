//! The program from outside: what it prints, writes and exits with.

mod export;
mod harness;
mod help;
mod list;
mod new;
mod usage;
