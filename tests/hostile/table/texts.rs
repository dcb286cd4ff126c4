//! Bytes that are no clean text, and lines that claim what they are not.

use super::{Row, row};
use crate::command::{REFUSED, SENT};

/// Two good lines.
pub(super) fn both() -> String {
    format!("{REFUSED}{SENT}")
}

/// The second line with another recipient.
fn to(recipient: &str) -> String {
    SENT.replace("s@example.org", recipient)
}

/// The refusal with other words.
fn saying(words: &[u8]) -> Vec<u8> {
    let (before, after) = REFUSED.split_once("unauthenticated").unwrap();
    [before.as_bytes(), words, after.as_bytes()].concat()
}

const NO_LOG: &str = "no line of a log in it";

const HELO: &str = "2026-03-07T10:00:00+00:00 mx postfix/smtpd[7]: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 504 5.5.2 \
    <HELO>: Helo command rejected: need fully-qualified hostname; from=<a@b.example> to=<r@example.org> proto=ESMTP helo=<HELO>\n";

pub(super) fn rows() -> Vec<Row> {
    let both = both();
    let text = |text: &str| text.as_bytes().to_vec();
    let wide = |units: &dyn Fn(u16) -> [u8; 2]| both.encode_utf16().flat_map(units).collect::<Vec<u8>>();
    vec![
        row("nothing", "", 0, "lines=0", ""),
        row("only NULs", vec![0; 100], 3, "lines=1 unrelated=1", NO_LOG),
        row("only line ends", vec![b'\n'; 1000], 3, "lines=1000 unrelated=1000", NO_LOG),
        row("only blanks", vec![b' '; 5000], 3, "lines=1 unrelated=1", NO_LOG),
        row(
            "line ends of Windows",
            both.replace('\n', "\r\n"),
            0,
            "lines=2 attempts=2 delivered=1 failed=1",
            "",
        ),
        row("lone CRs end no line", both.replace('\n', "\r"), 0, "lines=1 attempts=1 failed=1", ""),
        row("no last line end", both.trim_end(), 0, "lines=2 attempts=2", ""),
        row(
            "a last line cut in its fields",
            &both.as_bytes()[..both.len() - 40],
            3,
            "lines=2 attempts=1 not_understood=1",
            "cut short",
        ),
        row(
            "a first line without its start",
            &both.as_bytes()[70..],
            0,
            "lines=2 attempts=1 not_understood=1",
            "",
        ),
        row("a byte order mark", format!("\u{feff}{both}"), 0, "lines=2 attempts=2", ""),
        row("UTF-16", [&b"\xff\xfe"[..], &wide(&u16::to_le_bytes)].concat(), 4, "", "iconv -f UTF-16"),
        row(
            "UTF-16, the high bytes first",
            [&b"\xfe\xff"[..], &wide(&u16::to_be_bytes)].concat(),
            4,
            "",
            "iconv -f UTF-16",
        ),
        row(
            "UTF-16 without a mark",
            wide(&u16::to_le_bytes),
            3,
            "lines=3 unrelated=1 not_understood=2",
            NO_LOG,
        ),
        row(
            "Latin-1",
            both.replace("s@", "#@")
                .into_bytes()
                .iter()
                .map(|b| if *b == b'#' { 0xfc } else { *b })
                .collect::<Vec<u8>>(),
            0,
            "lines=2 attempts=2",
            "",
        ),
        row(
            "a picture",
            [&b"\x89PNG\r\n\x1a\n"[..], &(0..=255).collect::<Vec<u8>>()[..]].concat(),
            3,
            "lines=4 not_understood=4",
            NO_LOG,
        ),
        row(
            "a web page",
            "<!DOCTYPE html>\n<html>502 Bad Gateway</html>\n",
            3,
            "lines=2 not_understood=2",
            NO_LOG,
        ),
        row("words", "x\n".repeat(1000), 3, "lines=1000 not_understood=1000", NO_LOG),
        row(
            "a hole, as copytruncate leaves it",
            [REFUSED.as_bytes(), &[0; 4000], SENT.as_bytes()].concat(),
            0,
            "lines=2 attempts=2",
            "",
        ),
        row(
            "a line of 64 MiB",
            [REFUSED.as_bytes(), &vec![b'x'; 64 << 20], b"\n", SENT.as_bytes()].concat(),
            0,
            "lines=3 attempts=2 not_understood=1 long_lines=1",
            "",
        ),
        row(
            "a reply of 64 KiB",
            [saying(&vec![b'u'; 70_000]), text(SENT)].concat(),
            0,
            "lines=2 attempts=2 long_lines=1",
            "",
        ),
        row(
            "a reply of thousands of lines",
            saying(&b"550-5.7.26 ".repeat(6500)),
            0,
            "lines=1 attempts=1 long_lines=1",
            "",
        ),
        row(
            "a reply that turns text around",
            saying("\u{202e}moc.live\u{2066}".as_bytes()),
            0,
            "lines=1 attempts=1 failed=1",
            "",
        ),
        row(
            "a reply that drives a terminal",
            saying(b"\x1b]0;x\x07\x1b[2J\xc2\x9b31m\x9b\0\x7f"),
            0,
            "lines=1 attempts=1 failed=1",
            "",
        ),
        row(
            "a greeting that claims a delivery",
            HELO.replace("HELO", "x>, dsn=2.0.0, status=sent (250 ok"),
            0,
            "lines=1 rejects=1 attempts=0",
            "",
        ),
        row(
            "a recipient that claims a failure",
            to("a, dsn=5.1.1, status=bounced@example.org"),
            0,
            "lines=1 attempts=1 delivered=1 failed=0",
            "",
        ),
        row(
            "a quoted recipient that claims one",
            to("\"a>, relay=x[192.0.2.3]:25, dsn=5.1.1, status=bounced (b\"@example.org"),
            0,
            "lines=1 attempts=1 delivered=1 failed=0",
            "",
        ),
        row("no recipient", to(""), 0, "lines=1 attempts=1 delivered=1", ""),
        row(
            "a queue id of 3,000 letters",
            SENT.replace("5E1A2B3C4D", &"A".repeat(3000)),
            0,
            "lines=1 unrelated=1",
            "",
        ),
        row(
            "a notice of 20,000 repetitions",
            format!("{REFUSED}2026-03-07T11:00:00Z mx last message repeated 20000 times\n"),
            0,
            "lines=2 attempts=1 repeated=10000 failed=10001 lost=10000 other_programs=1",
            "",
        ),
        row(
            "a notice of more than there can be",
            format!("{REFUSED}2026-03-07T11:00:00Z mx last message repeated 99999999999 times\n"),
            0,
            "lines=2 attempts=1 other_programs=1",
            "",
        ),
        row(
            "a notice that repeats nothing",
            "2026-03-07T11:00:00Z mx last message repeated 3 times\n",
            0,
            "lines=1 other_programs=1",
            "",
        ),
        row(
            "a part whose rest never comes",
            "2025-11-03T02:00:00Z mx exim[7]: [1/99] 2025-11-03 02:00:00 1vaqNv-0001v6-09 ** a@b.example: 550 5.7\n",
            0,
            "lines=1 attempts=1 failed=1",
            "",
        ),
        row(
            "a last part of nothing",
            "2025-11-03T02:00:00Z mx exim[7]: [99/99] x\n",
            3,
            "lines=1 other_events=1",
            NO_LOG,
        ),
    ]
}
