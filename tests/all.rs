//! The program from outside: what its users, its files and its laws may rely on.

mod fixtures;
mod floors;
mod law;
mod reading;
mod readme;
