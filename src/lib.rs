//! smtpulse reads Postfix and Exim mail logs and tells which SMTP codes the world answers with, what each one
//! means at that provider, and what to fix.
//!
//! The street, one way; a room imports only from lower floors, and the two wings never import each other:
//!
//! ```text
//!                              cli                                   floor 5
//!              ┌────────────────┴────────────────┐
//!         READING WING                      TELLING WING
//!             scan                              report               floor 4
//!             tally    synth     state          analysis             floor 3
//!             mta          ┌───────────┐
//!                  ───────▶│  summary  │───────▶                     floor 2
//!             frame  input └───────────┘    bounce  catalog          floor 1
//!             sys                smtp    time                        floor 0
//! ```
//!
//! ```text
//! input::open(path)             -> Source            a mapped file, or a stream of blocks of whole lines
//! frame::split(line)            -> Record            who said it, when
//! mta::parse_*(record)          -> Event             what it says about one message
//! Tally::event(event)                                count it
//! Tally::absorb(next chunk)                          close the open ends, in log order
//! Tally::settle()               -> Summary           names instead of numbers
//! Summary::merge(other)                              another file, another night, another host
//! analysis::findings(summary)   -> Vec<Finding>      what stands out
//! Report::new(...)              -> Report            everything a page needs, already worded
//! report::{text, json}(report, writer)
//! ```
//!
//! Beside the street stands one question: `cli` asks `bounce`, `scan` or nobody what was pasted, the catalogue what it means,
//! and `report::explain` words the answer.

pub mod analysis;
pub mod bounce;
pub mod catalog;
pub mod cli;
pub mod frame;
pub mod input;
pub mod mta;
pub mod report;
pub mod scan;
pub mod smtp;
#[cfg(feature = "state")]
pub mod state;
pub mod summary;
pub mod synth;
pub mod sys;
pub mod tally;
pub mod time;
pub mod vector;
