//! The verdict as one line, for chat and for the subject of a mail.

use std::io::{self, Write};

use unicode_width::UnicodeWidthChar;

use super::findings::FindingRow;
use super::number::{counted, short_percent, thousands};
use super::{Report, escape};

/// Columns of the line at most.
const WIDTH: usize = 120;

/// Writes one line and its end: severity, provider, code, sender domain, since when, how many of how many, what it means.
pub fn line(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", of(report))
}

/// The line without its end.
pub(super) fn of(report: &Report) -> String {
    let verdict = &report.verdict;
    let severity = verdict.severity.to_uppercase();
    let first = report.told();
    let outcomes = report.totals.outcomes;
    let mail = || {
        let attempts = counted(outcomes.attempts, "attempt", "attempts");
        format!("{attempts}, {} delivered", short_percent(outcomes.delivered, outcomes.attempts))
    };
    match (verdict.severity, first) {
        (_, Some(finding)) => {
            let rest = report.findings.iter().skip(1).filter(|other| other.severity != "notice").count();
            let more = if rest > 0 { format!("; {} more", thousands(rest as u64)) } else { String::new() };
            let line = format!("{severity} {}", told(finding));
            // How much more there is must not be cut off.
            format!("{}{more}", cut(&line, WIDTH - more.len()))
        }
        ("ok", None) => cut(&format!("{severity} {}, nothing stands out", mail()), WIDTH),
        ("empty", None) => {
            let why = verdict.headline.trim_start_matches("Nothing to report: ").trim_end_matches('.');
            cut(&format!("{severity} {why}"), WIDTH)
        }
        (_, None) => {
            let why = verdict.headline.trim_start_matches("Look closer: ");
            let why = why.split_once(". ").map_or(why, |(first, _)| first);
            cut(&format!("{severity} {}: {why}", mail()), WIDTH)
        }
    }
}

/// The finding in a few words.
fn told(finding: &FindingRow) -> String {
    let mut words = vec![name(&finding.provider)];
    words.extend(finding.basic.map(|basic| basic.to_string()));
    words.extend(finding.enhanced.map(|enhanced| enhanced.to_string()));
    if let Some(part) = finding.sender_domains.first().filter(|part| part.share >= MOSTLY) {
        match part.domain.as_deref() {
            Some("<>") => words.push("bounces".to_owned()),
            Some(domain) => words.push(name(domain)),
            None => {}
        }
    }
    let start = finding.start.as_deref().and_then(minute);
    match (start, finding.end.as_deref().and_then(minute)) {
        (Some(start), Some(end)) if start.0 == end.0 => {
            words.push(format!("{} {}-{}", start.0, start.1, end.1));
        }
        (Some(start), Some(end)) => words.push(format!("{} {} to {} {}", start.0, start.1, end.0, end.1)),
        (Some(start), None) => words.push(format!("since {} {}", start.0, start.1)),
        (None, _) => {}
    }
    let share = short_percent(finding.events, finding.attempts);
    let (events, attempts) = (thousands(finding.events), thousands(finding.attempts));
    format!("{} ({events} of {attempts}, {share}): {}", words.join(" "), finding.title)
}

/// Whose share of a finding is less is not named alone.
const MOSTLY: f64 = 0.6;

/// Day and minute of an RFC 3339 stamp.
fn minute(stamp: &str) -> Option<(&str, &str)> {
    Some((stamp.get(..10)?, stamp.get(11..16)?))
}

/// A name that a stranger may have chosen, for places where brackets, at signs and the like call somebody or become a link:
/// letters, digits and `.-_` stay.
fn name(text: &str) -> String {
    let plain = |c: char| {
        c.is_alphanumeric() && !matches!(escape::terminal(&c.to_string()), std::borrow::Cow::Owned(_))
    };
    text.chars().map(|c| if plain(c) || matches!(c, '.' | '-' | '_') { c } else { '?' }).collect()
}

/// Longer words are cut.
const WORD: usize = 16;

/// One line without controls, at most `width` columns wide; what is cut ends with three dots.
fn cut(text: &str, width: usize) -> String {
    let safe = escape::terminal(text);
    let columns = |c: char| c.width().unwrap_or(0);
    if safe.chars().map(columns).sum::<usize>() <= width {
        return safe.into_owned();
    }
    let mut kept = String::new();
    let mut used = 3;
    for character in safe.chars() {
        used += columns(character);
        if used > width {
            break;
        }
        kept.push(character);
    }
    // Not within a word, unless it is a long one.
    let within = safe.get(kept.len()..).is_some_and(|rest| !rest.starts_with(' '));
    let words = kept.rsplit_once(' ').filter(|(_, begun)| within && begun.len() <= WORD);
    let end = words.map_or(kept.len(), |(whole, _)| whole.len());
    kept.truncate(end);
    format!("{}...", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_call_nobody_and_end_no_line() {
        assert_eq!(name("shop.example.com"), "shop.example.com");
        assert_eq!(name("bücher.example"), "bücher.example");
        assert_eq!(name("<!here>@a\r\n\u{1b}[1m\u{202e}`b`"), "??here??a????1m??b?");
        assert_eq!(name("\u{115f}\u{3164}x"), "??x", "letters that cannot be seen");
    }

    #[test]
    fn a_long_line_ends_with_dots() {
        assert_eq!(cut("abc def", 7), "abc def");
        assert_eq!(cut("abc def", 6), "abc...");
        assert_eq!(cut("abc defghi", 9), "abc...");
        assert_eq!(cut("abc def ghi", 10), "abc def...");
        assert_eq!(cut("abc defghijklmnopqrstuvwxyz", 26), "abc defghijklmnopqrstuv...");
        assert_eq!(cut("東京東京", 7), "東京...");
        assert_eq!(cut("a\nb", 9), "a\\nb");
    }
}
