//! The report as text, for a person: what is wrong and what to do comes first, proof and sums follow.

use std::io::{self, Write};

use super::Report;
use super::page::{BAD, GOOD, HEAD, Page, SHOULD_LOOK};
use super::sections;

/// How a text page looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Columns; at least [`Look::NARROWEST`] are taken.
    pub width: usize,
    /// Whether to use colour.
    pub colour: bool,
}

impl Look {
    /// Narrower pages are not made.
    pub const NARROWEST: usize = 60;
}

impl Default for Look {
    fn default() -> Look {
        Look { width: 100, colour: false }
    }
}

/// Writes the report as text. No line is wider than the look says.
pub fn text(report: &Report, out: &mut dyn Write, look: &Look) -> io::Result<()> {
    let mut page = Page::of(out, look);
    verdict(report, &mut page)?;
    sections::findings(report, &mut page)?;
    sections::totals(report, &mut page)?;
    sections::enforcement(report, &mut page)?;
    sections::refusals(report, &mut page)?;
    sections::providers(report, &mut page)?;
    sections::codes(report, &mut page)?;
    sections::changes(report, &mut page)?;
    sections::timeline(report, &mut page)?;
    sections::sender_domains(report, &mut page)?;
    sections::apart(report, &mut page)?;
    sections::accounting(report, &mut page)?;
    sections::inputs(report, &mut page)
}

fn verdict(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let style = match report.verdict.severity {
        "critical" => BAD.bold(),
        "warning" => SHOULD_LOOK.bold(),
        "ok" => GOOD.bold(),
        _ => HEAD,
    };
    page.headline(&report.verdict.headline, style)?;
    if !report.verdict.details.is_empty() || sections::times_come_first(report) {
        page.blank()?;
    }
    for (n, detail) in report.verdict.details.iter().enumerate() {
        page.labelled(detail.label, &detail.text)?;
        // The picture of what the first detail tells in numbers.
        if n == 0 && report.told().is_some() {
            sections::course(report, 0, page)?;
        }
    }
    sections::clock(report, page)
}
