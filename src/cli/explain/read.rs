//! A pasted text, a file or standard input, to the questions in it.
//!
//! ```text
//! a message, or the fields of a report   the bounce's recipients, one by one
//! lines that the log's kernel knows      their outcomes
//! other lines, by paragraphs             codes, replies, words that the catalogue knows
//! ```

use std::collections::BTreeMap;
use std::io::Cursor;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::exit::Error;
use super::ask::Asker;
use super::typed::codes;
use crate::bounce::{self, Notice};
use crate::frame;
use crate::input;
use crate::mta::{Event, Outcome};
use crate::report::explain::{Form, Question};
use crate::scan::{self, Options, Period};
use crate::smtp::{Action, Code, EnhancedCode, Joint, ReplyCodes};
use crate::tally::{Line, Sink};
use crate::time::Zone;

/// Answers that are given at most: who has more wants a report.
pub(super) const MOST: usize = 10_000;

/// Why there is nothing to explain.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Nothing {
    /// Nothing at all.
    Empty,
    /// A message that quotes no reply.
    NoBounce,
    /// Log lines, and none with a reply.
    NoReplyInLog,
    /// Words without a code.
    NoCode,
    /// More than anybody reads.
    TooMuch,
}

impl Nothing {
    /// The error for an input of this name.
    pub(super) fn of(self, name: &str) -> Error {
        const LONGEST: usize = 60;
        let mut short: String = name.chars().take(LONGEST).collect();
        if short.len() < name.len() {
            short.push('…');
        }
        Error::usage(match self {
            Nothing::Empty => format!("{short}: empty; paste a code, a reply, a log line or a bounce"),
            Nothing::NoBounce => format!(
                "{short}: a message, but no bounce: it has no delivery report and quotes no reply; paste the reply itself"
            ),
            Nothing::NoReplyInLog => {
                format!(
                    "{short}: log lines, but none with a reply; take those with status= (Postfix) or =>, ==, ** (Exim)"
                )
            }
            Nothing::TooMuch => {
                format!(
                    "{short}: more than {MOST} replies; for a whole log: smtpulse FILE, or smtpulse events FILE"
                )
            }
            Nothing::NoCode => format!(
                "\"{short}\" is no SMTP code or reply: expected a basic code from 200 to 599, an enhanced one like 5.7.26, or a \
                 reply that holds one; for a provider: --provider NAME"
            ),
        })
    }
}

/// The questions in a text.
pub(super) fn questions<'c>(bytes: &[u8], asker: &mut Asker<'c>) -> Result<Vec<Question<'c>>, Nothing> {
    if bytes.trim_ascii().is_empty() {
        return Err(Nothing::Empty);
    }
    if let Some(notices) = bounce::read(bytes) {
        let each = notices.iter().flat_map(|notice| asker.notice(notice, Form::Bounce));
        let found: Vec<_> = each.take(MOST + 1).collect();
        return if found.is_empty() { Err(Nothing::NoBounce) } else { few(found) };
    }
    let mut log = Log { asker, found: BTreeMap::new(), passed: 0, questions: 0 };
    scan::walk(vec![input::from_reader("-", Cursor::new(bytes.to_vec()))], &options(), &mut log);
    let Log { mut found, asker, .. } = log;
    let logged = !found.is_empty();
    let mut questions = Vec::new();
    let mut paragraph = String::new();
    for (line, number) in bytes.split(|byte| *byte == b'\n').zip(1..) {
        if questions.len() > MOST {
            return Err(Nothing::TooMuch);
        }
        if let Some(of_line) = found.remove(&number) {
            questions.extend(texts(&paragraph, asker));
            paragraph.clear();
            questions.extend(of_line);
        } else if line.trim_ascii().is_empty() || frame::split(line).stamp.is_some() {
            questions.extend(texts(&paragraph, asker));
            paragraph.clear();
        } else {
            paragraph.push_str(String::from_utf8_lossy(line).trim_end());
            paragraph.push('\n');
        }
    }
    questions.extend(texts(&paragraph, asker));
    if questions.is_empty() {
        // Another program's log may quote a reply too.
        let quoted = bounce::quotes(&String::from_utf8_lossy(bytes));
        questions.extend(quoted.iter().take(MOST + 1).flat_map(|notice| asker.notice(notice, Form::Reply)));
    }
    let stamped = |line: &[u8]| frame::split(line).stamp.is_some();
    match questions.is_empty() {
        false => few(questions),
        true if logged || bytes.split(|byte| *byte == b'\n').any(stamped) => Err(Nothing::NoReplyInLog),
        true => Err(Nothing::NoCode),
    }
}

fn few(questions: Vec<Question<'_>>) -> Result<Vec<Question<'_>>, Nothing> {
    if questions.len() > MOST { Err(Nothing::TooMuch) } else { Ok(questions) }
}

/// The questions in lines that are no log's; no more than are needed to see that they are too many.
fn texts<'c>(text: &str, asker: &mut Asker<'c>) -> Vec<Question<'c>> {
    let lines: Option<Vec<Vec<Code>>> = text.lines().map(codes).collect();
    if let Some(lines) = lines {
        let each = lines.into_iter().flatten().flat_map(|code| asker.code(code, &code.to_string()));
        return each.take(MOST + 1).collect();
    }
    // Exim writes a line end inside a reply as a backslash and an n.
    let text = text.replace("\\n", "\n");
    let mut notices = bounce::quotes(&text);
    if notices.is_empty() {
        notices.extend(plain(&text));
    }
    if notices.is_empty() {
        return asker.words(&joined(&text));
    }
    notices.iter().flat_map(|notice| asker.notice(notice, Form::Reply)).take(MOST + 1).collect()
}

/// A reply that refuses nothing, or that has only an enhanced code.
fn plain(text: &str) -> Option<Notice> {
    let text = joined(text);
    let ReplyCodes { basic, enhanced } = ReplyCodes::read(text.as_bytes(), Joint::Blank);
    if basic.is_some() {
        return Some(Notice { code: Code { basic, enhanced }, text, answered: true, ..Notice::default() });
    }
    let enhanced = text.split([' ', '(', '[', '=', '#', ':', ';', '<']).find_map(|word| {
        let word = word.trim_end_matches([',', '.', ')', ']', ';', ':', '>']);
        EnhancedCode::parse(word.as_bytes())
    });
    let code = Code { basic: None, enhanced: Some(enhanced?) };
    Some(Notice { code, text, answered: true, ..Notice::default() })
}

fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Nothing of an answer hangs on when it was given.
fn options() -> Options {
    Options {
        threads: 1,
        chunk: scan::CHUNK,
        zone: Zone::new(&TimeZone::UTC),
        year: None,
        now: Timestamp::UNIX_EPOCH.as_second(),
        period: Period { since: None, until: None },
        join: false,
        clock: None,
    }
}

/// Takes the outcomes of log lines, by the number of the line.
struct Log<'a, 'c> {
    asker: &'a mut Asker<'c>,
    found: BTreeMap<u64, Vec<Question<'c>>>,
    passed: u64,
    questions: usize,
}

impl Sink for Log<'_, '_> {
    fn event(&mut self, line: &Line<'_>, event: &Event<'_>) {
        let questions = match event {
            // A few more than are answered: enough to see that they are too many.
            _ if self.questions > MOST => return,
            Event::Outcome(outcome) if says_something(outcome) => self.asker.outcome(outcome, Form::LogLine),
            // Known as a log's line, and no reply.
            _ => Vec::new(),
        };
        self.questions += questions.len();
        self.found.insert(self.passed + line.number, questions);
    }

    fn passed(&mut self, lines: u64) {
        self.passed += lines;
    }
}

/// A reply, or why there is none; what was delivered without a reply needs no explanation.
fn says_something(outcome: &Outcome<'_>) -> bool {
    outcome.code != Code::NONE
        || !outcome.text.is_empty()
            && matches!(outcome.action, Some(Action::Delayed | Action::Failed | Action::Rejected))
}

#[cfg(test)]
mod tests;
