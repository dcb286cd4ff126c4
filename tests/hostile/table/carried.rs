//! Carriers whose records are broken, never end, or lie about their length.

use serde_json::json;

use super::{Row, row};
use crate::command::SENT;

/// What the mail server said, without stamp, host and tag.
fn message() -> &'static str {
    SENT.split_once("]: ").unwrap().1.trim_end()
}

/// An entry of the journal whose message is this piece of JSON.
fn entry(message: &str) -> String {
    format!(
        "{{\"__REALTIME_TIMESTAMP\":\"1772881200000000\",\"_HOSTNAME\":\"mx\",\"SYSLOG_IDENTIFIER\":\"postfix/smtp\",\
         \"_PID\":\"7\",\"MESSAGE\":{message}}}\n"
    )
}

fn good_entry() -> String {
    entry(&json!(message()).to_string())
}

fn docker(log: &str) -> String {
    format!("{}\n", json!({"log": log, "stream": "stdout", "time": "2026-03-07T11:00:00Z"}))
}

/// A message with its length in front, whatever it is.
fn counted(length: &str) -> String {
    format!("{length} <22>{SENT}")
}

const HEAD: &str = "__CURSOR=s=0\n__REALTIME_TIMESTAMP=1772881200000000\n_HOSTNAME=mx\nSYSLOG_IDENTIFIER=postfix/smtp\n_PID=7\n";

const NO_LOG: &str = "no line of a log in it";

pub(super) fn rows() -> Vec<Row> {
    let good = good_entry();
    let types = ["null", "7", "{}", "[256]", "[[1]]", "true", "-1", "1e9", "\"x\""].map(entry).concat();
    let brackets = "[".repeat(100_000);
    vec![
        row(
            "journal: a broken line",
            format!("{good}{{\"__REALTIME_TIMESTAMP\":\"17728\n{good}"),
            0,
            "lines=3 attempts=2 not_understood=1",
            "",
        ),
        row(
            "journal: cut in its last line",
            format!("{good}{}", &good[..100]),
            3,
            "lines=2 attempts=1 not_understood=1",
            "cut short",
        ),
        row(
            "journal: messages that are none",
            format!("{good}{types}"),
            0,
            "lines=10 attempts=1 unrelated=4 not_understood=5",
            "",
        ),
        row(
            "journal: 100,000 brackets",
            format!("{good}{}", entry(&brackets)),
            0,
            "lines=2 attempts=1 not_understood=1 long_lines=1",
            "",
        ),
        row(
            "journal: as many, and all closed",
            format!("{good}{}", entry(&format!("{brackets}{}", "]".repeat(100_000)))),
            0,
            "lines=2 attempts=1 not_understood=1 long_lines=1",
            "",
        ),
        row(
            "journal: a stamp of no year",
            good.replace("1772881200000000", "99999999999999999999"),
            3,
            "lines=1 not_understood=1",
            NO_LOG,
        ),
        row(
            "journal: bytes in the place of text",
            entry(&json!(message().as_bytes()).to_string()),
            0,
            "lines=1 attempts=1",
            "",
        ),
        row(
            "Docker: a part that never ends",
            format!("{}{}", docker(SENT), docker(&SENT[..90])),
            3,
            "lines=2 attempts=1 not_understood=1",
            "cut short",
        ),
        row(
            "Docker: 100,000 parts of one line",
            docker("x").repeat(100_000),
            0,
            "lines=100000 unrelated=99999 other_programs=1 long_lines=1",
            "",
        ),
        row(
            "CRI: a part that never ends",
            format!("2026-03-07T11:00:00.0Z stdout F {SENT}2026-03-07T11:00:00.0Z stdout P {}", &SENT[..90]),
            3,
            "lines=2 attempts=1 not_understood=1",
            "cut short",
        ),
        row(
            "CRI: no such stream",
            format!("2026-03-07T11:00:00.0Z stdin F {SENT}"),
            0,
            "lines=1 other_programs=1",
            "",
        ),
        row("octets: right", counted(&(SENT.len() + 4).to_string()), 0, "lines=1 attempts=1", ""),
        row("octets: more than there are", counted("9999"), 0, "lines=1 attempts=1", ""),
        row("octets: fewer than there are", counted("60"), 3, "lines=1 not_understood=1", NO_LOG),
        row("octets: below nothing", counted("-5"), 3, "lines=1 not_understood=1", NO_LOG),
        row(
            "octets: beyond all numbers",
            counted("99999999999999999999"),
            3,
            "lines=1 not_understood=1",
            NO_LOG,
        ),
        row("export: right", format!("{HEAD}MESSAGE={}\n\n", message()), 0, "lines=1 attempts=1", ""),
        row(
            "export: a length beyond all memory",
            [format!("{HEAD}MESSAGE={}\n\n{HEAD}MESSAGE\n", message()).as_bytes(), &[0xff; 8], b"abc"]
                .concat(),
            3,
            "lines=1 attempts=1",
            "ends inside an entry",
        ),
        row(
            "export: a value longer than it says",
            [
                format!("{HEAD}MESSAGE={}\n\n{HEAD}MESSAGE\n", message()).as_bytes(),
                &1_u64.to_le_bytes(),
                b"abc\n\n",
            ]
            .concat(),
            3,
            "lines=1 attempts=1",
            "longer than it says",
        ),
    ]
}
