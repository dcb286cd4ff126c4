//! The report as one JSON object, for programs. Complete: no list is cut.

use std::io::{self, Write};

use super::{Report, clean};

/// Writes the report as one indented JSON object and a line end. Its strings are to be read: what strangers wrote is shown as on a page.
pub fn json(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    clean::shown(report, out)
}
