//! Every carrier around the same lines, in pieces of any size.

use std::io::{Cursor, Read};

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Gives a few bytes at a time.
struct Slowly(Cursor<Vec<u8>>, usize);

impl Read for Slowly {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.1);
        self.0.read(&mut buffer[..most])
    }
}

/// What comes out of some bytes that come in pieces, and whether it ended well.
fn unwrapped(carrier: Carrier, bytes: &[u8], piece: usize) -> (String, Option<io::ErrorKind>) {
    let mut reader = carrier.unwrap(Box::new(Slowly(Cursor::new(bytes.to_vec()), piece)), false);
    let mut lines = Vec::new();
    let failed = reader.read_to_end(&mut lines).err().map(|error| error.kind());
    (String::from_utf8_lossy(&lines).into_owned(), failed)
}

/// What comes out, told by its start, in pieces of any size alike.
fn lines(bytes: &[u8]) -> String {
    let carrier = Carrier::of(bytes).expect("a carrier");
    let whole = unwrapped(carrier, bytes, usize::MAX);
    for piece in [1, 2, 7, 100] {
        assert_eq!(unwrapped(carrier, bytes, piece), whole, "pieces of {piece}");
    }
    assert_eq!(whole.1, None);
    whole.0
}

const SECOND: &str = "1764260780";

#[test]
fn journal_as_json() {
    let time = format!("{SECOND}011243");
    let entry = |fields: serde_json::Value| {
        let mut entry = json!({"__CURSOR": "s=1;i=2", "PRIORITY": "6", "_UID": null, "_BOOT_ID": ["a", "b"]});
        entry["__REALTIME_TIMESTAMP"] = time.clone().into();
        entry.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        entry.to_string()
    };
    let entries = [
        entry(
            json!({"_HOSTNAME": "mx", "SYSLOG_IDENTIFIER": "postfix/smtp", "_PID": "7", "MESSAGE": "4F1: \"ä\""}),
        ),
        entry(json!({"_HOSTNAME": "mx", "_COMM": "exim4", "SYSLOG_PID": "8", "MESSAGE": [97, 255, 10, 98]})),
        entry(json!({"SYSLOG_IDENTIFIER": ["a b", "c"], "MESSAGE": ["x\u{1b}", "y"]})),
        entry(json!({"_HOSTNAME": "mx", "MESSAGE": "y\n"})),
        entry(json!({"_HOSTNAME": "mx", "MESSAGE": null})),
        "-- Boot 5 --".to_owned(),
        "{\"cut".to_owned(),
    ];
    let stamp = "2025-11-27T16:26:20.011243Z";
    let wanted = [
        format!("{stamp} mx postfix/smtp[7]: 4F1: \"ä\""),
        format!("{stamp} mx exim4[8]: a\u{fffd}#012b"),
        format!("{stamp} a_b: x#033"),
        format!("{stamp} mx unknown: y"),
        entries[4].clone(),
        entries[5].clone(),
        entries[6].clone(),
    ];
    assert_eq!(lines(entries.join("\n").as_bytes()), wanted.join("\n"));
    // Sequences and server-sent events.
    let plain = [0, 1].map(|at| entries[at].as_str());
    let sequence: String = plain.iter().map(|entry| format!("\x1e{entry}\n")).collect();
    let events: String = plain.iter().map(|entry| format!("data: {entry}\n\n")).collect();
    assert_eq!(lines(sequence.as_bytes()), format!("{}\n{}\n", wanted[0], wanted[1]));
    assert_eq!(lines(events.as_bytes()), format!("{}\n\n{}\n\n", wanted[0], wanted[1]));
}

#[test]
fn containers_that_log_to_the_journal() {
    let entry = |message: &str, partial: &str| {
        let container = "CONTAINER_ID\":\"1f\",\"_HOSTNAME\":\"dock\",\"SYSLOG_IDENTIFIER\":\"1f";
        format!(
            "{{\"{container}\",\"__REALTIME_TIMESTAMP\":\"{SECOND}000000\",{partial}\"MESSAGE\":\"{message}\"}}\n"
        )
    };
    let log = [
        entry("postfix/smtp[7]: x", ""),
        entry("postfix/sm", "\"CONTAINER_PARTIAL_MESSAGE\":\"true\","),
        entry("tp[8]: y", ""),
    ];
    let stamp = "2025-11-27T16:26:20.000000Z";
    let wanted = format!("{stamp} postfix/smtp[7]: x\n\n{stamp} postfix/smtp[8]: y\n");
    assert_eq!(lines(log.concat().as_bytes()), wanted);
}

#[test]
fn docker_json() {
    let line = |log: &str, stream: &str| {
        let time = "2025-11-27T16:26:20.1Z";
        format!("{}\n", json!({"log": log, "stream": stream, "time": time}))
    };
    let stamp = "2025-11-27T16:26:20.1Z";
    let log = [
        line("postfix/smtp[7]: to=<a@b>\n", "stdout"),
        line("one ", "stdout"),
        line("of stderr\r\n", "stderr"),
        line("two ", "stdout"),
        line("three\n", "stdout"),
        line("\n", "stdout"),
    ];
    let wanted = format!(
        "{stamp} postfix/smtp[7]: to=<a@b>\n\n{stamp} of stderr\n\n{stamp} one two three\n{stamp} \n"
    );
    assert_eq!(lines(log.concat().as_bytes()), wanted);
    // The last part never came.
    assert_eq!(
        lines(log[..2].concat().as_bytes()),
        format!("{stamp} postfix/smtp[7]: to=<a@b>\n{stamp} one ")
    );
    let unfinished = format!("\n{stamp} of stderr\n{stamp} one ");
    assert_eq!(lines(log[1..3].concat().as_bytes()), unfinished);
    // Others keep whole lines under that name, without their end.
    let shipped = |log: &str| format!("{}\n", json!({"date": 1_764_260_780.1, "log": log}));
    assert_eq!(lines((shipped("one") + &shipped("two")).as_bytes()), "one\ntwo\n");
}

#[test]
fn container_runtimes() {
    let log = "2025-11-27T16:26:20.5Z stdout F postfix/smtp[7]: x\n\
               2025-11-27T16:26:21.25+01:00 stdout P one\n\
               2025-11-27T16:26:21.3Z stderr F two\n\
               2025-11-27T16:26:22Z stdout F:tag  three\n\
               2025-11-27T16:26:23Z stdout F\n\
               Nov 27 16:26:23 mx postfix/smtp[7]: y";
    let wanted = "2025-11-27T16:26:20.5Z postfix/smtp[7]: x\n\
                  \n\
                  2025-11-27T16:26:21.3Z two\n\
                  2025-11-27T16:26:21.25+01:00 one three\n\
                  2025-11-27T16:26:23Z \n\
                  Nov 27 16:26:23 mx postfix/smtp[7]: y";
    assert_eq!(lines(log.as_bytes()), wanted);
}

/// An entry of the export format with a binary value.
fn exported(message: &[u8]) -> Vec<u8> {
    let mut entry = format!(
        "__CURSOR=s=1\n__REALTIME_TIMESTAMP={SECOND}000001\n_HOSTNAME=mx\nSYSLOG_IDENTIFIER=postfix/smtp\n_PID=7\n"
    )
    .into_bytes();
    entry.extend_from_slice(b"COREDUMP\n\x03\0\0\0\0\0\0\0\n=\n\nMESSAGE\n");
    entry.extend_from_slice(&(message.len() as u64).to_le_bytes());
    entry.extend_from_slice(message);
    entry.extend_from_slice(b"\nMESSAGE=second\n\n");
    entry
}

#[test]
fn journal_export() {
    let plain =
        format!("__CURSOR=s=2\n__REALTIME_TIMESTAMP={SECOND}000002\nMESSAGE=4F1: a=b\n_COMM=exim\n\n\n");
    let log = [exported(b"a\n\nMESSAGE=b\xff"), plain.into_bytes(), exported(b"")].concat();
    let stamp = "2025-11-27T16:26:20.00000";
    let wanted = format!(
        "{stamp}1Z mx postfix/smtp[7]: a#012#012MESSAGE=b\u{fffd}\n{stamp}2Z exim: 4F1: a=b\n\
         {stamp}1Z mx postfix/smtp[7]: second\n"
    );
    assert_eq!(lines(&log), wanted);
    // The last entry need not have an empty line behind it; what is cut anywhere else is told.
    assert_eq!(lines(&log[..log.len() - 1]), wanted);
    for cut in [log.len() - 3, log.len() - 20, log.len() - 60] {
        let (lines, failed) = unwrapped(Carrier::JournalExport, &log[..cut], 50);
        assert_eq!((lines.lines().count(), failed), (2, Some(io::ErrorKind::UnexpectedEof)), "cut at {cut}");
    }
}

#[test]
fn octet_counted_syslog() {
    let frames =
        ["<22>Nov 27 16:26:20 mx postfix/smtp[7]: x", "<22>1 2025-11-27T16:26:20Z mx a 7 - - b\nc\n"];
    let counted = frames.map(|frame| format!("{} {frame}", frame.len()));
    let log = format!("{}{}\n<22>raw\n{}", counted[0], counted[1], counted[0]);
    let wanted =
        format!("{}\n<22>1 2025-11-27T16:26:20Z mx a 7 - - b#012c\n<22>raw\n{}\n", frames[0], frames[0]);
    assert_eq!(lines(log.as_bytes()), wanted);
    assert_eq!(lines(&log.as_bytes()[..log.len() - 1]), wanted[..wanted.len() - 2]);
    assert_eq!(unwrapped(Carrier::Octets, b"99999999 <22>x\n", 3).0, "99999999 <22>x\n");
}

#[test]
fn plain_logs_are_carried_by_nothing() {
    for log in [
        "",
        "Nov 27 16:26:20 mx postfix/smtp[7]: {\"log\":\"x\"}\n",
        "2025-11-27T16:26:20Z mx postfix/smtp[7]: x\n",
        "2025-11-27 16:26:20 1vap => a\n",
        "<22>1 2025-11-27T16:26:20Z mx postfix/smtp 7 - - x\n",
        "{\"level\":\"info\"}\n{}\n[]\n",
        "123 <22 x\n",
        "2025-11-27T16:26:20Z stdout is a host\n",
    ] {
        assert_eq!(Carrier::of(log.as_bytes()), None, "{log}");
    }
}

#[test]
fn a_long_line_keeps_its_start_and_its_place() {
    let docker = |log: &str| json!({"log": log, "stream": "stdout", "time": "t"}).to_string();
    let log = format!("{}\n{}\nend\n", docker(&format!("{}\n", "x".repeat(2 * MOST))), docker("y\n"));
    for piece in [1000, usize::MAX] {
        let (lines, _) = unwrapped(Carrier::DockerJson, log.as_bytes(), piece);
        let lines: Vec<&str> = lines.split('\n').collect();
        assert!(lines[0].starts_with("{\"log\":\"xxx") && lines[0].len() > crate::input::LINE_LIMIT);
        assert_eq!(lines[1..], ["t y", "end", ""]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_bytes_panic_and_pieces_make_no_difference(
        parts in proptest::collection::vec(prop::sample::select(vec![
            "{\"log\":\"a", "\\n\"", ",\"time\":\"t\"", "}", "\n", "MESSAGE", "=", "__CURSOR=x", "\n\x05\0\0\0\0\0\0\0",
            "12 <", "22>abcdefg", "3 <1>", "2025-11-27T16:26:20Z", " stdout ", "P", "F ", "text", "\x1e", "{\"MESSAGE\":",
            "[1,2]", "null", "\"__REALTIME_TIMESTAMP\":\"1\"", "CONTAINER_ID=1\n", "CONTAINER_PARTIAL_MESSAGE=true\n",
        ]), 0..24),
        piece in 1_usize..20,
    ) {
        let bytes = parts.concat().into_bytes();
        for carrier in [Carrier::JournalJson, Carrier::JournalExport, Carrier::Octets] {
            prop_assert_eq!(unwrapped(carrier, &bytes, piece), unwrapped(carrier, &bytes, usize::MAX));
        }
        let _ = Carrier::of(&bytes);
    }
}
