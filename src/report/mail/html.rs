//! The mail's HTML part: what a reader of mail looks at first. The text part has everything.
//!
//! All text comes into the template as [`Shown`], and the template escapes it.

use std::fmt;

use askama::Template;

use crate::report::cures::Cures;
use crate::report::number::{percent, thousands};
use crate::report::sections::{answered, short};
use crate::report::{FindingRow, Report, escape};
use crate::smtp::{Action, Code, Direction};

/// Findings besides the first, and rows of a table, at most.
const MOST: usize = 8;

/// The HTML page.
pub(super) fn page(report: &Report) -> Result<String, askama::Error> {
    Page::of(report).render()
}

/// Text as it is shown: what could hide or turn it round is made visible.
struct Shown(String);

impl Shown {
    fn of(text: &str) -> Shown {
        Shown(escape::terminal(text).into_owned())
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A stretch of text; what is to be typed or was logged stands out.
struct Piece {
    code: bool,
    text: Shown,
}

/// A text in pieces: what stands between two backticks is to be typed.
fn pieces(text: &str) -> Vec<Piece> {
    if !text.matches('`').count().is_multiple_of(2) {
        return vec![Piece { code: false, text: Shown::of(text) }];
    }
    let pieces = text.split('`').enumerate();
    let pieces = pieces.map(|(n, text)| Piece { code: n % 2 == 1, text: Shown::of(text) });
    pieces.filter(|piece| !piece.text.0.is_empty()).collect()
}

/// A labelled text.
struct Labelled {
    label: &'static str,
    text: Vec<Piece>,
}

/// A finding besides the one the verdict tells.
struct Other {
    severity: &'static str,
    sentence: Vec<Piece>,
    title: Shown,
    fix: Vec<Piece>,
}

/// A table: its heading, its columns' heads, which of them are numbers, its rows, and what is not shown of it.
struct Table {
    heading: &'static str,
    columns: Vec<(&'static str, bool)>,
    rows: Vec<Vec<Shown>>,
    more: Option<Shown>,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Page {
    severity: &'static str,
    headline: Vec<Piece>,
    details: Vec<Labelled>,
    others: Vec<Other>,
    more: Option<Shown>,
    tables: Vec<Table>,
    foot: Shown,
}

impl Page {
    fn of(report: &Report) -> Page {
        let mut details = Vec::new();
        for (n, detail) in report.verdict.details.iter().enumerate() {
            let text = match detail.label {
                "Line" => vec![Piece { code: true, text: Shown::of(&detail.text) }],
                _ => pieces(&detail.text),
            };
            details.push(Labelled { label: detail.label, text });
            let course = report.sparks.findings.first().filter(|course| !course.is_empty());
            if let Some(course) = course.filter(|_| n == 0 && report.told().is_some()) {
                let text = vec![Piece { code: true, text: Shown::of(course) }];
                details.push(Labelled { label: "Course", text });
            }
        }
        let findings = others(report);
        Page {
            severity: report.verdict.severity,
            headline: pieces(&report.verdict.headline),
            details,
            more: more(findings.len()),
            others: told(report, findings),
            tables: [enforcement(report), refused(report), providers(report)].into_iter().flatten().collect(),
            foot: Shown::of(&foot(report)),
        }
    }
}

/// The findings besides the one the verdict tells.
fn others(report: &Report) -> &[FindingRow] {
    report.findings.get(usize::from(report.told().is_some())..).unwrap_or_default()
}

/// The first of them in words; what the verdict or one before has told is not told again.
fn told(report: &Report, findings: &[FindingRow]) -> Vec<Other> {
    let mut cures = Cures::default();
    if let Some(first) = report.told() {
        cures.rest(&first.fix, &answer(first));
    }
    let mut others = Vec::new();
    for finding in findings.iter().take(MOST) {
        others.push(Other {
            severity: finding.severity,
            sentence: pieces(&finding.sentence),
            title: Shown::of(finding.title.trim_end_matches('.')),
            fix: pieces(&cures.words(&finding.fix, &answer(finding))),
        });
    }
    others
}

fn answer(finding: &FindingRow) -> String {
    answered(&finding.provider_title, finding.basic, finding.enhanced)
}

/// Says how much of a list is not shown.
fn more(all: usize) -> Option<Shown> {
    let rest = all.saturating_sub(MOST) as u64;
    (rest > 0).then(|| Shown::of(&format!("and {} more in the text part", thousands(rest))))
}

fn table(
    heading: &'static str,
    columns: &[(&'static str, bool)],
    rows: impl Iterator<Item = Vec<String>>,
) -> Option<Table> {
    let rows: Vec<Vec<String>> = rows.collect();
    let cells = |row: &Vec<String>| row.iter().map(|cell| Shown::of(cell)).collect();
    (!rows.is_empty()).then(|| Table {
        heading,
        columns: columns.to_vec(),
        more: more(rows.len()),
        rows: rows.iter().take(MOST).map(cells).collect(),
    })
}

fn enforcement(report: &Report) -> Option<Table> {
    let rows = report.enforcement.iter().map(|row| {
        let answer = answered(&row.provider_title, row.basic, row.enhanced);
        vec![answer, thousands(row.events), row.title.clone()]
    });
    table("Enforcement", &[("Answer", false), ("Count", true), ("Meaning", false)], rows)
}

fn refused(report: &Report) -> Option<Table> {
    let refused = |action| matches!(action, Action::Failed | Action::Delayed);
    let rows = report.codes.iter().filter(|row| row.direction == Direction::Out && refused(row.action));
    let rows = rows.map(|row| {
        vec![
            short(&row.provider_title).to_owned(),
            Code { basic: row.basic, enhanced: row.enhanced }.to_string(),
            row.action.as_str().to_owned(),
            thousands(row.count),
            row.title.clone(),
        ]
    });
    let columns =
        [("Provider", false), ("Code", false), ("Answer", false), ("Count", true), ("Meaning", false)];
    table("Refused and put off", &columns, rows)
}

fn providers(report: &Report) -> Option<Table> {
    let rows = report.providers.iter().map(|row| {
        let all = row.outcomes.attempts;
        vec![
            row.title.clone(),
            thousands(all),
            percent(row.outcomes.delivered + row.outcomes.relayed, all),
            percent(row.outcomes.delayed, all),
            percent(row.outcomes.failed, all),
            thousands(row.natures.dead_address),
            thousands(row.natures.policy),
        ]
    });
    let columns = [
        ("Provider", false),
        ("Attempts", true),
        ("Taken", true),
        ("Put off", true),
        ("Failed", true),
        ("Dead", true),
        ("Policy", true),
    ];
    table("Providers", &columns, rows)
}

/// What was read: the period, the lines, and what of them was not understood.
fn foot(report: &Report) -> String {
    let stamp = |stamp: &str| stamp.get(..16).unwrap_or(stamp).replacen('T', " ", 1);
    let mut text = match (&report.period.start, &report.period.end) {
        (Some(start), Some(end)) => format!("{} to {} ({}); ", stamp(start), stamp(end), report.clock),
        _ => String::new(),
    };
    text.push_str(&format!("{} lines", thousands(report.accounting.lines)));
    if report.accounting.not_understood > 0 {
        text.push_str(&format!(", {} not understood", thousands(report.accounting.not_understood)));
    }
    text.push_str(". The text part of this mail has the whole report.");
    text
}
