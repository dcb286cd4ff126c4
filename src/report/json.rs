//! The report as one JSON object, for programs. Complete: no list is cut.

use std::io::{self, Write};

use super::Report;

/// Writes the report as one indented JSON object and a line end.
pub fn json(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    out.write_all(b"\n")
}
