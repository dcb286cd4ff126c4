//! The sections of the text page. A section without content vanishes.

use std::io;

use anstyle::Style;

use super::Report;
use super::chart::{bar, chart};
use super::number::{bytes, counted, percent, plural, thousands};
use super::page::{BAD, FAINT, GOOD, Page, SHOULD_LOOK};
use super::rows::{CodeRow, FindingRow, Outcomes};
use super::table::{Cell, Column, Table};
use crate::analysis::Kind;
use crate::smtp::{Action, Code, Direction};

/// What stands out besides what the verdict tells.
pub(super) fn findings(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let told = usize::from(told(report).is_some());
    let rest = report.findings.get(told..).unwrap_or_default();
    if rest.is_empty() {
        return Ok(());
    }
    page.heading("Findings", if told > 0 { "besides the first" } else { "" })?;
    let mut fixes: Vec<&str> = told_fix(report).into_iter().collect();
    for finding in rest.iter().take(report.top) {
        page.labelled(finding.severity, &finding.sentence)?;
        page.labelled("", &finding_remark(finding, &mut fixes))?;
    }
    more(page, rest.len(), report.top, "finding", "findings")
}

/// The finding the verdict is about.
fn told(report: &Report) -> Option<&FindingRow> {
    report.findings.first().filter(|finding| finding.severity != "notice" && report.has_attempts())
}

fn told_fix(report: &Report) -> Option<&str> {
    told(report).map(|finding| finding.fix.as_str())
}

/// Title and cure; a cure that was told already is not told again.
fn finding_remark<'a>(finding: &'a FindingRow, fixes: &mut Vec<&'a str>) -> String {
    let mut text = format!("{}.", finding.title.trim_end_matches('.'));
    // The sentence of an appearance holds its numbers already.
    if finding.kind != Kind::Appearance.as_str() {
        text.push_str(&format!(
            " {} of {} ({}).",
            thousands(finding.events),
            counted(finding.attempts, "attempt", "attempts"),
            percent(finding.events, finding.attempts)
        ));
    }
    if !finding.fix.is_empty() && !fixes.contains(&finding.fix.as_str()) {
        fixes.push(&finding.fix);
        text.push(' ');
        text.push_str(&finding.fix);
    }
    text
}

/// How much there was.
pub(super) fn totals(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let period = match (&report.period.start, &report.period.end) {
        (Some(start), Some(end)) => format!("{} to {}", readable(start), readable(end)),
        _ if report.accounting.lines > 0 => "not known: no line has a stamp".to_owned(),
        _ => return Ok(()),
    };
    let only = report.only_provider.as_ref().map(|provider| format!("only mail to {provider}"));
    page.heading("Totals", only.as_deref().unwrap_or(""))?;
    let zone = if report.zone.is_empty() { String::new() } else { format!(" ({})", report.zone) };
    let zone = if report.period.start.is_some() { zone } else { String::new() };
    page.labelled("Period", &format!("{period}{zone}"))?;
    let totals = &report.totals;
    if report.has_attempts() {
        page.labelled("Attempts", &outcomes(totals.outcomes))?;
    }
    if let (Some(messages), Some(recipients)) = (totals.messages, totals.recipients)
        && (messages > 0 || recipients > 0)
    {
        let mut text = format!(
            "{} to {}",
            counted(messages, "message", "messages"),
            counted(recipients, "recipient", "recipients")
        );
        if let Some(waiting) = totals.waiting.filter(|&waiting| waiting > 0) {
            text.push_str(&format!("; {} still waiting when the log ends", thousands(waiting)));
        }
        if let Some(expired) = totals.expired.filter(|&expired| expired > 0) {
            text.push_str(&format!(
                "; {} given up after waiting too long",
                counted(expired, "message", "messages")
            ));
        }
        page.labelled("Messages", &text)?;
    }
    if let Some(suspended) = totals.suspended.filter(|&suspended| suspended > 0) {
        page.labelled(
            "Suspended",
            &format!(
                "{} {} an older answer without asking again; counted nowhere else",
                counted(suspended, "line", "lines"),
                plural(suspended, "repeats", "repeat")
            ),
        )?;
    }
    Ok(())
}

/// An RFC 3339 stamp as people write it: `2026-03-03 09:42:11 +01:00`.
fn readable(stamp: &str) -> String {
    match (stamp.get(..10), stamp.get(11..19), stamp.get(19..)) {
        (Some(day), Some(time), Some(offset)) => format!("{day} {time} {offset}"),
        _ => stamp.to_owned(),
    }
}

fn outcomes(outcomes: Outcomes) -> String {
    let parts = [
        (outcomes.delivered, "delivered"),
        (outcomes.relayed, "relayed"),
        (outcomes.delayed, "put off"),
        (outcomes.failed, "failed"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word} ({})", thousands(*count), percent(*count, outcomes.attempts)))
        .collect();
    format!("{} to other hosts: {}", thousands(outcomes.attempts), parts.join(", "))
}

/// Enforcement codes with their cure.
pub(super) fn enforcement(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    if !report.has_attempts() {
        return Ok(());
    }
    let rate = report.rates.enforcement;
    let attempts = report.totals.outcomes.attempts;
    let rows: Vec<&CodeRow> =
        report.codes.iter().filter(|row| row.enforcement && row.direction == Direction::Out).collect();
    if rows.is_empty() {
        page.heading("Enforcement", "none: no provider refused or put off mail for its sender requirements")?;
        return Ok(());
    }
    page.heading("Enforcement", &format!("{} of the attempts", percent(rate.count, attempts)))?;
    let mut table = Table::new(&[
        Column::number("Count", 0),
        Column::text("Provider", 8, 0),
        Column::text("Answer", 6, 0),
        Column::text("Code", 10, 0),
        Column::text("Meaning", 16, 0),
    ]);
    for row in rows.iter().take(report.top) {
        table.row(vec![
            Cell::new(thousands(row.count)),
            Cell::new(&row.provider_title),
            Cell::new(row.action.as_str()).styled(colour(row.action)),
            Cell::new(code(row)),
            Cell::new(titled(row)),
        ]);
    }
    page.table(&table)?;
    more(page, rows.len(), report.top, "row", "rows")?;
    let mut fixes: Vec<&str> = told_fix(report).into_iter().collect();
    for row in rows.iter().take(report.top) {
        if !row.fix.is_empty() && !fixes.contains(&row.fix.as_str()) {
            fixes.push(&row.fix);
            page.labelled("Fix", &format!("{} {}: {}", row.provider_title, code(row), row.fix))?;
        }
    }
    Ok(())
}

/// Dead addresses against policy rejections, and what is put off.
pub(super) fn refusals(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let outcomes = report.totals.outcomes;
    if outcomes.failed + outcomes.delayed == 0 {
        return Ok(());
    }
    let rates = &report.rates;
    let ratio = ratio(rates.dead_address.count, rates.policy.count);
    page.heading("Refusals", &ratio)?;
    let other = outcomes.failed.saturating_sub(rates.dead_address.count).saturating_sub(rates.policy.count);
    let mut table = Table::new(&[
        Column::text("", 10, 0),
        Column::number("Count", 0),
        Column::number("Share", 0),
        Column::text("What to do", 16, 0),
    ]);
    let rows = [
        ("Dead addresses", rates.dead_address.count, "suppress them: smtpulse suppress lists them"),
        ("Policy rejections", rates.policy.count, "repair the cause; keep the recipients"),
        ("Other failures", other, "see Answers"),
        ("Put off (4xx)", outcomes.delayed, "the queue tries again; slow down if it stays high"),
    ];
    for (name, count, what) in rows {
        table.row(vec![
            Cell::new(name),
            Cell::new(thousands(count)),
            Cell::new(percent(count, outcomes.attempts)),
            Cell::new(if count > 0 { what } else { "" }),
        ]);
    }
    page.table(&table)
}

/// Which of the two rules, the greater one told per one of the other.
fn ratio(dead: u64, policy: u64) -> String {
    let per_one = |much: u64, little: u64| {
        let ratio = format!("{:.1}", much as f64 / little as f64);
        ratio.strip_suffix(".0").map_or(ratio.clone(), str::to_owned)
    };
    match (dead, policy) {
        (0, _) | (_, 0) => String::new(),
        (dead, policy) if dead == policy => "as many dead addresses as policy rejections".to_owned(),
        (dead, policy) if dead > policy => {
            format!("{} dead addresses for each policy rejection", per_one(dead, policy))
        }
        (dead, policy) => format!("{} policy rejections for each dead address", per_one(policy, dead)),
    }
}

/// One row per provider.
pub(super) fn providers(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    if report.providers.is_empty() {
        return Ok(());
    }
    page.heading("Providers", "")?;
    let relayed = report.totals.outcomes.relayed > 0;
    let mut columns = vec![
        Column::text("Provider", 10, 0),
        Column::number("Attempts", 0),
        Column::number("Delivered", 2),
        Column::number("Put off", 1),
        Column::number("Failed", 0),
        Column::number("Dead", 3),
        Column::number("Policy", 4),
        Column::number("Enforced", 0),
    ];
    if relayed {
        columns.insert(3, Column::number("Relayed", 5));
    }
    let mut table = Table::new(&columns);
    for row in report.providers.iter().take(report.top) {
        let all = row.outcomes.attempts;
        let mut cells = vec![
            Cell::new(&row.title),
            Cell::new(thousands(all)),
            Cell::new(percent(row.outcomes.delivered, all)),
            Cell::new(percent(row.outcomes.delayed, all)),
            Cell::new(percent(row.outcomes.failed, all)),
            Cell::new(thousands(row.natures.dead_address)),
            Cell::new(thousands(row.natures.policy)),
            alarming(row.natures.enforcement),
        ];
        if relayed {
            cells.insert(3, Cell::new(percent(row.outcomes.relayed, all)));
        }
        table.row(cells);
    }
    page.table(&table)?;
    more(page, report.providers.len(), report.top, "provider", "providers")
}

/// The distribution of answers to our mail.
pub(super) fn codes(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let rows: Vec<&CodeRow> = report.codes.iter().filter(|row| row.direction == Direction::Out).collect();
    if rows.is_empty() {
        return Ok(());
    }
    page.heading("Answers", "")?;
    let mut table = Table::new(&[
        Column::number("Count", 0),
        Column::number("Share", 1),
        Column::text("Answer", 6, 0),
        Column::text("Code", 10, 0),
        Column::text("Provider", 8, 0),
        Column::text("Meaning", 16, 0),
    ]);
    for row in rows.iter().take(report.top) {
        table.row(vec![
            Cell::new(thousands(row.count)),
            Cell::new(percent(row.count, report.totals.outcomes.attempts)),
            Cell::new(row.action.as_str()).styled(colour(row.action)),
            Cell::new(code(row)),
            Cell::new(&row.provider_title),
            Cell::new(titled(row)),
        ]);
    }
    page.table(&table)?;
    more(page, rows.len(), report.top, "row", "rows")
}

/// Attempts over time.
pub(super) fn timeline(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let chart = chart(&report.timeline.buckets);
    if chart.rows.len() < 2 {
        return Ok(());
    }
    page.heading(&format!("By {}", chart.unit), "█ failed  ▒ put off  ░ delivered or relayed")?;
    let enforced = report.rates.enforcement.count > 0;
    let blocks = match page.width {
        0..=75 => 12,
        76..=89 => 20,
        _ => 36,
    };
    let mut columns = vec![
        Column { right: true, ..Column::text("When", 5, 0) },
        Column::number("Attempts", 0),
        Column::number("Put off", 1),
        Column::number("Failed", 0),
        Column::text("", blocks, 2),
    ];
    if enforced {
        columns.insert(4, Column::number("Enforced", 0));
    }
    let mut table = Table::new(&columns);
    let most = chart.rows.iter().map(|row| row.outcomes.attempts).max().unwrap_or(0);
    for row in &chart.rows {
        let mut cells = match &row.gap {
            Some(gap) => {
                let mut cells = vec![Cell::new(""); 4];
                cells[0] = Cell::new(&row.when).styled(FAINT);
                cells.push(Cell::new(gap).styled(FAINT));
                cells
            }
            None => vec![
                Cell::new(&row.when),
                Cell::new(thousands(row.outcomes.attempts)),
                Cell::new(thousands(row.outcomes.delayed)),
                Cell::new(thousands(row.outcomes.failed)),
                Cell::new(bar(row.outcomes, most, blocks)),
            ],
        };
        if enforced {
            cells.insert(4, if row.gap.is_some() { Cell::new("") } else { alarming(row.enforcement) });
        }
        table.row(cells);
    }
    page.table(&table)?;
    let left_out = chart.left_out as u64;
    if left_out > 0 {
        page.remark(&format!(
            "{} earlier {} not shown",
            thousands(left_out),
            plural(left_out, "row is", "rows are")
        ))?;
    }
    let undated = report.totals.undated;
    if undated > 0 {
        page.remark(&format!("{} on lines without a stamp", counted(undated, "attempt", "attempts")))?;
    }
    Ok(())
}

/// Whose mail it was.
pub(super) fn sender_domains(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    if report.sender_domains.iter().all(|row| row.domain.is_none()) {
        return Ok(());
    }
    page.heading("Sender domains", "most failures first")?;
    let mut table = Table::new(&[
        Column::text("Domain", 12, 0),
        Column::number("Attempts", 0),
        Column::number("Delivered", 2),
        Column::number("Put off", 1),
        Column::number("Failed", 0),
        Column::number("Dead", 4),
        Column::number("Policy", 3),
        Column::number("Enforced", 0),
    ]);
    for row in report.sender_domains.iter().take(report.top) {
        let name = match row.domain.as_deref() {
            Some("<>") => "<> (bounces)",
            Some(domain) => domain,
            None => "(sender not known)",
        };
        table.row(vec![
            Cell::new(name),
            Cell::new(thousands(row.outcomes.attempts)),
            Cell::new(thousands(row.outcomes.delivered)),
            Cell::new(thousands(row.outcomes.delayed)),
            Cell::new(thousands(row.outcomes.failed)),
            Cell::new(thousands(row.natures.dead_address)),
            Cell::new(thousands(row.natures.policy)),
            alarming(row.natures.enforcement),
        ]);
    }
    page.table(&table)?;
    more(page, report.sender_domains.len(), report.top, "sender domain", "sender domains")
}

/// What is not mail to other hosts: what we refused, and local hops.
pub(super) fn apart(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    for (direction, name, count) in [
        (Direction::In, "Our own refusals", report.totals.rejected),
        (Direction::Local, "Local hops", report.totals.local),
    ] {
        let rows: Vec<&CodeRow> = report.codes.iter().filter(|row| row.direction == direction).collect();
        if rows.is_empty() {
            continue;
        }
        let remark = match direction {
            Direction::In => format!("this server said no {}; no mail of ours", times(count)),
            _ => format!("{}; no provider, in no rate above", counted(count, "attempt", "attempts")),
        };
        page.heading(name, &remark)?;
        let mut table = Table::new(&[
            Column::number("Count", 0),
            Column::text("Answer", 6, 0),
            Column::text("Code", 10, 0),
            Column::text("Meaning", 16, 0),
        ]);
        let short = report.top.min(5);
        for row in rows.iter().take(short) {
            // That a hop inside the house worked needs no explanation.
            let title = if row.action == Action::Delivered { String::new() } else { titled(row) };
            table.row(vec![
                Cell::new(thousands(row.count)),
                Cell::new(row.action.as_str()),
                Cell::new(code(row)),
                Cell::new(title),
            ]);
        }
        page.table(&table)?;
        more(page, rows.len(), short, "row", "rows")?;
    }
    Ok(())
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { counted(count, "time", "times") }
}

/// Where every line went.
pub(super) fn accounting(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let from = &report.accounting;
    if from.lines == 0 && from.outside_period == 0 {
        return Ok(());
    }
    page.heading("Every line", "")?;
    let mut table = Table::new(&[Column::number("", 0), Column::text("", 20, 0)]);
    let programs: Vec<String> =
        from.programs.iter().take(4).map(|row| format!("{} {}", row.program, thousands(row.lines))).collect();
    let more_programs = from.programs.len().saturating_sub(4) as u64;
    let programs = match (programs.is_empty(), more_programs) {
        (true, _) => String::new(),
        (false, 0) => format!(": {}", programs.join(", ")),
        (false, n) => format!(": {} and {} more", programs.join(", "), thousands(n)),
    };
    let classes = [
        (from.attempts, "attempts, local hops included".to_owned()),
        (from.rejects, "refusals of our own".to_owned()),
        (from.other_events, "say something else about a message".to_owned()),
        (from.unrelated, "of the mail server, about no message".to_owned()),
        (from.other_programs, format!("of other programs{programs}")),
        (from.not_understood, "not understood".to_owned()),
    ];
    for (count, text) in classes {
        if count > 0 {
            table.row(vec![Cell::new(thousands(count)), Cell::new(text)]);
        }
    }
    let sum = if from.lines == 1 { "line in all" } else { "lines in all" };
    table.row(vec![
        Cell::new(thousands(from.lines)).styled(Style::new().bold()),
        Cell::new(format!("= {sum}")),
    ]);
    page.table(&table)?;
    if let Some(place) = &from.first_not_understood {
        page.labelled("First", &format!("not understood: {}:{}: {}", place.input, place.line, place.text))?;
    }
    let unattributed = report.totals.unattributed;
    if unattributed > 0 {
        page.remark(&format!(
            "{} without a known sender: the log does not hold the line that names it.",
            counted(unattributed, "attempt", "attempts")
        ))?;
    }
    if from.outside_period > 0 {
        page.remark(&format!(
            "{} outside the period {} not counted.",
            counted(from.outside_period, "line", "lines"),
            plural(from.outside_period, "is", "are")
        ))?;
    }
    if from.long_lines > 0 {
        page.remark(&format!(
            "{} too long to be looked at to the end.",
            counted(from.long_lines, "line was", "lines were")
        ))?;
    }
    Ok(())
}

/// What was read.
pub(super) fn inputs(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    if report.inputs.is_empty() {
        return Ok(());
    }
    page.heading(if report.inputs.len() == 1 { "Input" } else { "Inputs" }, "")?;
    let mut table = Table::new(&[
        Column::text("Name", 16, 0),
        Column::number("Lines", 0),
        Column::number("Size", 1),
        Column::text("Format", 8, 2),
        Column::text("", 4, 0),
    ]);
    for input in report.inputs.iter().take(report.top) {
        let state =
            if input.complete { Cell::new("") } else { Cell::new("not complete").styled(SHOULD_LOOK) };
        table.row(vec![
            Cell::new(&input.name),
            Cell::new(thousands(input.lines)),
            Cell::new(bytes(input.bytes)),
            Cell::new(&input.format),
            state,
        ]);
    }
    page.table(&table)?;
    more(page, report.inputs.len(), report.top, "input", "inputs")?;
    // A note means that something is missing: none is left out.
    for input in &report.inputs {
        if let Some(note) = &input.note {
            page.remark(&format!("{}: {note}", input.name))?;
        }
    }
    Ok(())
}

/// Says how much of a list is not shown.
fn more(page: &mut Page<'_>, all: usize, shown: usize, one: &str, many: &str) -> io::Result<()> {
    let rest = all.saturating_sub(shown) as u64;
    if rest == 0 {
        return Ok(());
    }
    page.remark(&format!(
        "and {} (--top {all} shows all)",
        counted(rest, &format!("more {one}"), &format!("more {many}"))
    ))
}

fn code(row: &CodeRow) -> String {
    Code { basic: row.basic, enhanced: row.enhanced }.to_string()
}

fn titled(row: &CodeRow) -> String {
    match &row.marker {
        Some(marker) => format!("{} [{marker}]", row.title),
        None => row.title.clone(),
    }
}

fn alarming(count: u64) -> Cell {
    let cell = Cell::new(thousands(count));
    if count > 0 { cell.styled(BAD.bold()) } else { cell }
}

fn colour(action: Action) -> Style {
    match action {
        Action::Delivered => GOOD,
        Action::Delayed => SHOULD_LOOK,
        Action::Failed => BAD,
        Action::Relayed | Action::Rejected => Style::new(),
    }
}
