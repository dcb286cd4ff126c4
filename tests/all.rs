//! The program from outside: what its users, its files and its laws may rely on.

mod cases;
mod command;
mod fixtures;
mod law;
mod reading;
