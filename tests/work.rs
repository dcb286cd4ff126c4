//! The work for a line is in proportion to its length, however a stranger fills it.
//!
//! Lines here are longer than any that is looked at. Read once from end to end they take some milliseconds even in a build without
//! optimisation; read again at each of their pieces they take many seconds. The limit lies far from both.

use std::time::{Duration, Instant};

use smtpulse::bounce;
use smtpulse::catalog::{Catalog, Reader};
use smtpulse::frame::{self, Known, Splitter};
use smtpulse::mta::{Daemon, parse_exim, parse_postfix};
use smtpulse::smtp::{Code, Joint, ReplyCodes};
use smtpulse::vector::common;

const LENGTH: usize = 128 * 1024;

const LIMIT: Duration = Duration::from_millis(1_000);

/// What a line is filled with.
const PIECES: [&str; 60] = [
    ">",
    ">, relay=",
    ">, relay=a",
    ">, orig_to=<",
    ">, orig_to=x",
    ">, relay=x, delay=1",
    ", ",
    ",",
    "\"",
    "\\",
    "\\n",
    "\\\\n",
    "(",
    ")",
    " (in reply to ",
    " said: ",
    "550-",
    "550 ",
    "550-5.7.1 ",
    "5.7.1 ",
    "460 ",
    "460;",
    " <",
    " <\"",
    "<",
    "\"<",
    "[",
    "]",
    "[1.2.3.4]",
    "]:",
    "; from=<",
    "; to=<",
    ">: ",
    " from ",
    " from () ",
    " H=(",
    " H=",
    " H=a [1]",
    " C=\"",
    " defer (1): x H=a",
    ": ",
    ":",
    " a=",
    "A",
    "1",
    ".",
    " ",
    " T=a",
    "=",
    " host ",
    "\t",
    "|",
    "{",
    "é",
    "too many ",
    "spam ",
    "1.",
    " DT=1s",
    "[1/3] ",
    "@",
];

const POSTFIX: [&str; 11] = [
    "",
    "1A2B3: to=<",
    "1A2B3: to=<\"",
    "1A2B3: to=<a>, orig_to=<\"",
    "1A2B3: to=<a>, relay=",
    "1A2B3: to=<a>, relay=mx[192.0.2.1]:25, delay=1, dsn=5.0.0, status=bounced (host mx[192.0.2.1] said: 550-",
    "1A2B3: from=<",
    "1A2B3: host ",
    "NOQUEUE: reject: RCPT from x[192.0.2.1]: 550 5.7.1 ",
    "1A2B3: reject: header ",
    "1A2B3: client=",
];

const EXIM: [&str; 12] = [
    "",
    "1vapKe-0001tQ-2p <= ",
    "1vapKe-0001tQ-2p => ",
    "1vapKe-0001tQ-2p => \"",
    "1vapKe-0001tQ-2p => |",
    "1vapKe-0001tQ-2p ** a@b: ",
    "1vapKe-0001tQ-2p == a@b R=r T=t defer (1): ",
    "1vapKe-0001tQ-2p ** a@b R=r T=t H=h [192.0.2.1]: SMTP error from remote mail server after RCPT TO:<",
    "1vapKe-0001tQ-2p H=h [192.0.2.1] ",
    "H=h [192.0.2.1] rejected RCPT <",
    "rejected after DATA",
    "x authenticator failed for ",
];

const LINES: [&str; 5] = [
    "",
    "Mar  7 10:00:00 mx ",
    "2026-03-07T10:00:00+00:00 mx postfix/smtp[7]: ",
    "<22>1 2026-03-07T10:00:00+00:00 mx postfix 21 - [",
    "x | ",
];

const TEXTS: [&str; 3] = ["", "550 ", "(((460 "];

fn filled(start: &str, piece: &str) -> String {
    let mut line = start.to_owned();
    while line.len() < LENGTH {
        line.push_str(piece);
    }
    line
}

/// Runs over every filling; a run that takes too long gets a second chance, since others use this machine too.
fn each(starts: &[&str], mut read: impl FnMut(&str)) {
    let mut slow = Vec::new();
    let mut most = (Duration::ZERO, String::new());
    for start in starts {
        for piece in PIECES {
            let line = filled(start, piece);
            let mut time = || {
                let begun = Instant::now();
                read(&line);
                begun.elapsed()
            };
            let taken = time();
            most = most.clone().max((taken, format!("{start}{piece}{piece}")));
            if taken > LIMIT && time() > LIMIT {
                slow.push(format!("{start}{piece}{piece}...: {taken:?}"));
            }
        }
    }
    println!("the slowest took {most:?}");
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

#[test]
fn of_a_line_of_postfix() {
    each(&POSTFIX, |line| {
        for daemon in [Daemon::Client, Daemon::Server, Daemon::Unknown] {
            let _ = parse_postfix(daemon, line.as_bytes());
        }
    });
}

#[test]
fn of_a_line_of_exim() {
    each(&EXIM, |line| {
        let _ = parse_exim(line.as_bytes());
    });
}

#[test]
fn of_framing() {
    let (mut splitter, mut known) = (Splitter::default(), Known::NOTHING);
    each(&LINES, |line| {
        frame::split(line.as_bytes());
        splitter.know(common(), line.as_bytes(), line.len(), &mut known);
        if !known.is_known() {
            splitter.split(line.as_bytes());
        }
    });
}

#[test]
fn of_a_reply_and_its_words() {
    let catalog = Catalog::builtin();
    let mut reader = Reader::new(&catalog);
    each(&["", "550-", "550 5.7.1 "], |text| {
        for joint in [Joint::Blank, Joint::Escaped, Joint::EscapedTwice] {
            let codes = ReplyCodes::read(text.as_bytes(), joint);
            reader.read(None, Code { basic: codes.basic, enhanced: codes.enhanced }, text.as_bytes());
        }
    });
}

#[test]
fn of_a_text_that_is_pasted() {
    each(&TEXTS, |text| {
        let _ = bounce::quotes(text);
        let _ = bounce::quotes(&text.replace(' ', "\n"));
        // Blanks behind and signs before are looked at once, not once for each code between.
        let _ = bounce::quotes(&format!("{}{}{}", ";".repeat(LENGTH), text, " ".repeat(LENGTH)));
    });
}

#[test]
fn of_a_bounce() {
    let report = |of: &str| format!("Reporting-MTA: dns; {of}\n\n");
    let recipients: String = (0..20_000)
        .map(|n| format!("Final-Recipient: rfc822; u{n}@x.example\nStatus: 5.1.1\nAction: failed\n\n"))
        .collect();
    let quotes: String =
        (0..20_000).map(|n| format!("<v{n}@x.example>: host mx.x.example said: 550 5.1.1 no\n\n")).collect();
    let boundary = |text: &str| {
        format!(
            "From: a@b\nContent-Type: multipart/report; boundary=x\n\n--x\n\n{quotes}\n--x\nContent-Type: message/delivery-status\n\n{text}{recipients}\n\n--x--\n"
        )
    };
    let begun = Instant::now();
    // Where the report is cut, what is quoted fills in: each of many is looked for among many.
    let notices = bounce::read(boundary("Action: failed\n\n").as_bytes()).unwrap();
    assert_eq!(notices.len(), 40_000);
    assert!(begun.elapsed() < 10 * LIMIT, "{:?}", begun.elapsed());
    // No name is kept that is longer than a name can be.
    let notices = bounce::read(format!("{}{recipients}", report(&"x".repeat(LENGTH))).as_bytes()).unwrap();
    assert!(notices.iter().all(|notice| notice.host.is_none()));
}
