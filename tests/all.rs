//! The program from outside: what its users, its files and its laws may rely on.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cases;
mod causes;
mod command;
mod fixtures;
mod floors;
mod hostile;
mod incidents;
mod law;
mod nights;
mod reading;
mod readme;
mod suppress;
mod work;
mod years;
