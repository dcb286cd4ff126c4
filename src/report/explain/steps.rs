//! The five steps of reading a bounce, in words.

use super::{Explanation, Facts, Form, ReadingStep, why};
use crate::catalog::{Disposition, Suppress};
use crate::smtp::{Action, Code, Direction, Step, Subject};

/// Characters of the reply that a page shows.
const SHOWN: usize = 400;

pub(super) fn steps(facts: &Facts<'_>) -> Vec<ReadingStep> {
    [
        ("class", class(facts)),
        ("subject", subject(facts)),
        ("suppress", suppress(facts)),
        ("retry", retry(facts)),
        ("text", text(facts)),
    ]
    .into_iter()
    .zip(1..)
    .map(|((label, text), number)| ReadingStep { number, label, text })
    .collect()
}

/// The class of a first digit, by name.
pub(super) fn class_name(severity: u8) -> Option<&'static str> {
    match severity {
        2 => Some("success"),
        3 => Some("intermediate"),
        4 => Some("transient"),
        5 => Some("permanent"),
        _ => None,
    }
}

/// A subject, as machine formats print it.
pub(super) fn subject_key(subject: Subject) -> &'static str {
    match subject {
        Subject::Undefined => "undefined",
        Subject::Addressing => "addressing",
        Subject::Mailbox => "mailbox",
        Subject::MailSystem => "mail-system",
        Subject::Network => "network",
        Subject::Protocol => "protocol",
        Subject::Content => "content",
        Subject::Policy => "policy",
    }
}

/// A subject in the words of RFC 3463.
fn subject_name(subject: Subject) -> &'static str {
    match subject {
        Subject::Undefined => "nothing in particular",
        Subject::Addressing => "addresses",
        Subject::Mailbox => "the recipient's mailbox",
        Subject::MailSystem => "the receiving mail system",
        Subject::Network => "network and routing",
        Subject::Protocol => "the mail protocol",
        Subject::Content => "the content of the message",
        Subject::Policy => "security or policy",
    }
}

/// The code that decides, for a sentence.
pub(super) fn counting(answer: &Explanation) -> Code {
    match &answer.quoted {
        Some(quoted) => Code { basic: quoted.basic, enhanced: quoted.enhanced },
        None => answer.code(),
    }
}

/// What a reply answered, for a sentence.
pub(super) fn step_name(step: Step) -> &'static str {
    match step {
        Step::Connect => "at the greeting",
        Step::Hello => "in reply to EHLO",
        Step::StartTls => "in reply to STARTTLS",
        Step::Auth => "in reply to AUTH",
        Step::Mail => "in reply to MAIL FROM",
        Step::Rcpt => "in reply to RCPT TO",
        Step::Data => "in reply to DATA",
        Step::EndOfData => "in reply to the message itself",
    }
}

fn class(facts: &Facts<'_>) -> String {
    let code = facts.code;
    let inside = facts.quoted.map(|_| {
        format!("{} only passes on another server's answer; that one counts. ", facts.question.answer.code)
    });
    let Some(severity) = code.severity() else {
        if facts.question.direction == Direction::In {
            return "No code: your own server's words about a client.".to_owned();
        }
        return "No server answered: these are your own mail server's words.".to_owned();
    };
    let what = match severity {
        2 => "success: the receiver took responsibility for the message",
        3 => "intermediate: the server waits for more, nothing is decided",
        4 => "transient: put off, not refused",
        _ => "permanent: refused for good",
    };
    let whose = match code.basic {
        Some(basic) => basic.to_string(),
        None => format!("No basic code is given; class {severity}"),
    };
    let contradiction = match (code.basic, code.enhanced) {
        (Some(basic), Some(enhanced)) if basic.severity() != enhanced.class() => format!(
            " The enhanced code {enhanced} says {}: the basic code decides, since every mail server obeys it.",
            class_name(enhanced.class()).unwrap_or_default()
        ),
        _ => String::new(),
    };
    format!("{}{whose} is {what}.{contradiction}", inside.unwrap_or_default())
}

fn subject(facts: &Facts<'_>) -> String {
    let Some(enhanced) = facts.code.enhanced else {
        return match facts.code.basic {
            Some(basic) if basic.severity() > 3 => {
                "No enhanced code: only the basic code and the words can tell.".to_owned()
            }
            Some(_) => "No enhanced code, and none is needed.".to_owned(),
            None => "No enhanced code.".to_owned(),
        };
    };
    let number = enhanced.subject_number();
    let subject = match enhanced.subject() {
        Some(subject) => subject_name(subject),
        None => "something RFC 3463 does not define",
    };
    let mut text = format!("{enhanced} is about {subject} (subject {number}); detail {}", enhanced.detail());
    match facts.detail {
        Some(detail) => text.push_str(&format!(" is, by the registry: {}.", detail.trim_end_matches('.'))),
        None if enhanced.detail() == 0 => text.push_str(" leaves the rest open."),
        None => text.push_str(" is not in the registry."),
    }
    if !facts.known {
        text.push_str(" No entry knows this code: class and subject are all there is to go by.");
    }
    text
}

fn suppress(facts: &Facts<'_>) -> String {
    let meaning = facts.meaning;
    if facts.question.direction == Direction::In {
        return "Your own server said this to a client. Nobody on your lists is meant.".to_owned();
    }
    if matches!(facts.code.severity(), Some(2 | 3)) {
        return "Nothing to suppress: nothing was refused.".to_owned();
    }
    let mut parts = vec![why::suppress(meaning.suppress).to_owned()];
    let policy = facts.code.enhanced.is_some_and(|enhanced| enhanced.subject_number() == 7);
    parts.push(why::rule(meaning.rule, meaning.suppress, policy).to_owned());
    let diagnose = why::diagnose(meaning.disposition);
    if !diagnose.is_empty() && meaning.suppress == Suppress::Never {
        parts.push(format!("Diagnose: {diagnose}"));
    }
    parts.join(" ")
}

fn retry(facts: &Facts<'_>) -> String {
    let meaning = facts.meaning;
    let action = facts.question.action;
    if facts.question.direction == Direction::In {
        return "That is up to the client.".to_owned();
    }
    let repair = matches!(
        meaning.disposition,
        Disposition::FixAuth
            | Disposition::FixDns
            | Disposition::FixTls
            | Disposition::FixConfig
            | Disposition::FixContent
            | Disposition::FixReputation
    );
    let severity = facts.code.severity().or(match action {
        Some(Action::Delayed) => Some(4),
        Some(Action::Failed) => Some(5),
        _ => None,
    });
    match (severity, action) {
        (Some(2 | 3), _) => "Nothing to repeat.".to_owned(),
        (Some(4), Some(Action::Failed)) => {
            "Your mail server has given up: its last try ended so. When the cause is gone, send the message anew."
                .to_owned()
        }
        (Some(4), _) if repair => {
            "The queue tries again by itself, and meets the same answer until the cause is repaired.".to_owned()
        }
        (Some(4), _) if meaning.disposition == Disposition::Throttle => {
            "The queue tries again by itself. Send more slowly meanwhile, or it goes on.".to_owned()
        }
        (Some(4), _) => "The queue tries again by itself; there is nothing to do for it.".to_owned(),
        (Some(_), Some(Action::Delayed)) => {
            "Your mail server keeps the message and tries again, although the code is permanent: so it does after a \
             refused greeting, or when told to bounce softly."
                .to_owned()
        }
        (Some(_), _) if meaning.suppress == Suppress::Now => {
            "No. Every further try costs reputation.".to_owned()
        }
        (Some(_), _) if repair => {
            "Not as it is: the same message meets the same answer. Repair first, then send it anew.".to_owned()
        }
        (Some(_), _) if matches!(meaning.disposition, Disposition::Throttle | Disposition::Retry) => {
            "Not by itself: the message comes back to its sender. Later, and more slowly, it may pass.".to_owned()
        }
        (Some(_), _) if meaning.suppress != Suppress::Never => {
            "Not by itself. Once more on another day tells whether it is still so.".to_owned()
        }
        (Some(_), _) => {
            "Not by itself: the message comes back to its sender. Find the cause before you send it anew.".to_owned()
        }
        (None, _) => "That depends on what your mail server made of it: see its log.".to_owned(),
    }
}

fn text(facts: &Facts<'_>) -> String {
    let marker = facts.question.answer.marker;
    if facts.question.form == Form::Code {
        return match marker {
            Some(marker) => format!("The words \"{marker}\" chose the entry."),
            None if matches!(facts.code.severity(), Some(2 | 3)) => "Not needed.".to_owned(),
            None => "Not seen. Paste the whole reply: providers put tags in it that tell more.".to_owned(),
        };
    }
    let decided = match marker {
        Some(marker) => format!("\"{marker}\" chose the entry; the rest is only evidence:"),
        None => "The words decided nothing; they are only evidence:".to_owned(),
    };
    // Exim writes a line end inside a reply as a backslash and an n.
    let asked = facts.question.asked.replace("\\n", " ");
    let mut shown: String = asked.chars().take(SHOWN).collect();
    if shown.len() < asked.len() {
        shown.push('…');
    }
    let told = if facts.told { "The words tell whose reply it is. " } else { "" };
    format!("{told}{decided} {shown}")
}
