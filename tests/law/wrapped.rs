//! The same log through every carrier: the same report, byte for byte, apart from the names.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;
use smtpulse::catalog::Catalog;
use smtpulse::frame;
use smtpulse::input;
use smtpulse::scan::Options;
use smtpulse::summary::Summary;
use smtpulse::time::{Clock, ClockState};

use super::cuts::same;
use super::summary;
use crate::command::PACKERS;
use crate::reading::{fixtures, options, stream};

/// A line of a log, taken apart.
pub(super) struct Piece<'a> {
    pub(super) line: &'a [u8],
    /// When it was written, in two forms.
    second: i64,
    pub(super) stamp: String,
    host: &'a str,
    program: &'a str,
    pid: &'a str,
    message: &'a [u8],
}

impl Piece<'_> {
    fn tag(&self) -> String {
        if self.pid.is_empty() { self.program.to_owned() } else { format!("{}[{}]", self.program, self.pid) }
    }

    /// The line behind another stamp.
    fn stamped(&self, stamp: &str) -> Vec<u8> {
        [format!("{stamp} {} {}: ", self.host, self.tag()).as_bytes(), self.message].concat()
    }

    fn rfc3339(&self) -> Vec<u8> {
        self.stamped(&self.stamp)
    }

    fn rfc5424(&self) -> Vec<u8> {
        let pid = if self.pid.is_empty() { "-" } else { self.pid };
        let head = format!("<22>1 {} {} {} {pid} - [a b=\"]\\\"\"] ", self.stamp, self.host, self.program);
        [head.as_bytes(), self.message].concat()
    }

    fn at(&self, format: &str) -> String {
        Timestamp::from_second(self.second).unwrap().strftime(format).to_string()
    }
}

/// Lines of a real log that have a stamp and a program.
pub(super) fn pieces<'a>(log: &'a [u8], options: &Options) -> Vec<Piece<'a>> {
    let mut clock = Clock::new(&options.zone, ClockState::starting(options.year.unwrap()));
    let lines: Vec<&[u8]> = log.split(|byte| *byte == b'\n').collect();
    // Split records and messages keep their neighbours.
    let some = [&lines[..500], &lines[lines.len() - 700..]].concat();
    let text = |bytes| std::str::from_utf8(bytes).unwrap();
    some.into_iter()
        .filter_map(|line| {
            let record = frame::split(line);
            let second = clock.instant(record.stamp?);
            (!record.program.is_empty()).then(|| Piece {
                line,
                second,
                stamp: Timestamp::from_second(second).unwrap().to_string(),
                host: text(record.host),
                program: text(record.program),
                pid: text(record.pid),
                message: record.message,
            })
        })
        .collect()
}

fn lines(pieces: &[Piece<'_>], line: impl Fn(&Piece<'_>) -> Vec<u8>) -> Vec<u8> {
    pieces.iter().map(|piece| [&line(piece)[..], b"\n"].concat()).collect::<Vec<_>>().concat()
}

fn journal_json(piece: &Piece<'_>) -> Vec<u8> {
    let message = match std::str::from_utf8(piece.message) {
        Ok(text) if piece.second % 5 > 0 => json!(text),
        _ => json!(piece.message),
    };
    let entry = json!({
        "__CURSOR": "s=0;i=1", "__REALTIME_TIMESTAMP": format!("{}000000", piece.second), "PRIORITY": "6",
        "_HOSTNAME": piece.host, "SYSLOG_IDENTIFIER": piece.program, "_PID": piece.pid, "_COMM": "sh",
        "MESSAGE": message, "_SYSTEMD_UNIT": "postfix@-.service", "_SOURCE_REALTIME_TIMESTAMP": "1",
    });
    entry.to_string().into_bytes()
}

fn journal_export(pieces: &[Piece<'_>]) -> Vec<u8> {
    let mut export = Vec::new();
    for piece in pieces {
        let (host, program, pid) = (piece.host, piece.program, piece.pid);
        write!(export, "__CURSOR=s=0\n__REALTIME_TIMESTAMP={}000000\n_HOSTNAME={host}\n", piece.second)
            .unwrap();
        write!(export, "SYSLOG_IDENTIFIER={program}\nSYSLOG_PID={pid}\n").unwrap();
        if piece.second % 3 == 0 {
            export.extend_from_slice(b"MESSAGE\n");
            export.extend_from_slice(&(piece.message.len() as u64).to_le_bytes());
            export.extend_from_slice(&[piece.message, b"\n"].concat());
        } else {
            export.extend_from_slice(&[b"MESSAGE=", piece.message, b"\n"].concat());
        }
        export.push(b'\n');
    }
    export
}

/// The log in every carrier.
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a method's own name is not general enough in the piece's lifetime"
)]
pub(super) fn carried(pieces: &[Piece<'_>]) -> Vec<(&'static str, Vec<u8>)> {
    let docker = |line: &[u8], piece: &Piece<'_>| {
        let log = format!("{}\n", String::from_utf8_lossy(line));
        // As Go writes it.
        let text = json!({"log": log, "stream": "stdout", "time": piece.stamp}).to_string();
        text.replace('<', "\\u003c").replace('>', "\\u003e").into_bytes()
    };
    let cri =
        |line: &[u8], piece: &Piece<'_>| [format!("{} stdout F ", piece.stamp).as_bytes(), line].concat();
    let behind = |before: &str, line: Vec<u8>| [before.as_bytes(), &line].concat();
    vec![
        ("RFC 3339", lines(pieces, |piece| piece.rfc3339())),
        ("RFC 3339, CRLF", lines(pieces, |piece| [&piece.rfc3339()[..], b"\r"].concat())),
        ("priority", lines(pieces, |piece| behind("<22>", piece.rfc3339()))),
        ("compose", lines(pieces, |piece| behind("mail-1  | ", piece.rfc3339()))),
        (
            "inserted word",
            lines(pieces, |piece| {
                // Only a tag with a pid is looked for behind it.
                let word = if piece.pid.is_empty() { "" } else { "info " };
                let head = format!("{} {} {word}{}: ", piece.stamp, piece.host, piece.tag());
                [head.as_bytes(), piece.message].concat()
            }),
        ),
        ("RFC 5424", lines(pieces, |piece| piece.rfc5424())),
        (
            "octets",
            pieces
                .iter()
                .flat_map(|piece| {
                    let message = piece.rfc5424();
                    [format!("{} ", message.len()).as_bytes(), &message].concat()
                })
                .collect(),
        ),
        ("year first", lines(pieces, |piece| piece.stamped(&piece.at("%Y %b %e %H:%M:%S.000")))),
        ("short-iso", lines(pieces, |piece| piece.stamped(&piece.at("%Y-%m-%dT%H:%M:%S+0000")))),
        ("short-full", lines(pieces, |piece| piece.stamped(&piece.at("%a %Y-%m-%d %H:%M:%S UTC")))),
        ("short-unix", lines(pieces, |piece| piece.stamped(&format!("{}.123456", piece.second)))),
        ("journal", lines(pieces, journal_json)),
        ("journal, sequence", lines(pieces, |piece| behind("\x1e", journal_json(piece)))),
        ("journal export", journal_export(pieces)),
        ("Docker", lines(pieces, |piece| docker(piece.line, piece))),
        ("CRI", lines(pieces, |piece| cri(piece.line, piece))),
        ("docker logs -t", lines(pieces, |piece| [piece.stamp.as_bytes(), b" ", piece.line].concat())),
    ]
}

/// What is of the carrier and not of the log.
fn forget_names(found: &mut Summary) {
    found.inputs.clear();
    if let Some(first) = &mut found.accounting.first_not_understood {
        (first.input, first.text) = (String::new(), String::new());
    }
    let refusals = found.keys.values_mut().flat_map(|counts| Arc::make_mut(counts).refusals.values_mut());
    for line in refusals.flat_map(|refusals| Arc::make_mut(&mut refusals.lines)) {
        (line.input, line.text) = ("".into(), Box::default());
    }
}

fn check(log: &str, zone: &str, year: i64) {
    let catalog = Catalog::builtin();
    // Where a form has neither year nor offset, the zone is UTC.
    let one = options("UTC", Some(year));
    let bytes = std::fs::read(fixtures().join(log)).unwrap();
    let pieces = pieces(&bytes, &options(zone, Some(year)));
    let folder = tempfile::tempdir().unwrap();
    let mut wanted: Option<Summary> = None;
    let mut agrees = |form: &str, bytes: &[u8], (threads, chunk): (usize, usize)| {
        let path = folder.path().join("log");
        std::fs::write(&path, bytes).unwrap();
        let options = Options { threads, chunk, ..one.clone() };
        let form = format!("{log}, {form}, {threads} threads, chunks of {chunk}");
        for source in [input::open(Path::new(&path), true).unwrap(), stream("log", bytes)] {
            let mut found = summary(vec![source], &catalog, &options);
            assert!(found.inputs[0].complete, "{form}: {:?}", found.inputs[0].note);
            assert_eq!(found.accounting.lines, pieces.len() as u64, "{form}");
            forget_names(&mut found);
            same(&form, &found, wanted.get_or_insert_with(|| found.clone()), &catalog);
        }
    };
    for (carrier, bytes) in carried(&pieces) {
        for way in [(1, usize::MAX), (4, 997), (2, 100_003)] {
            agrees(carrier, &bytes, way);
        }
        if PACKED.contains(&carrier) {
            for (kind, pack) in PACKERS {
                agrees(&format!("{carrier}, {kind}"), &pack(&bytes), (2, 100_003));
            }
        }
    }
}

/// Carriers that are packed as well: one of each kind.
const PACKED: [&str; 5] = ["octets", "journal", "journal export", "Docker", "CRI"];

#[test]
fn every_carrier_gives_the_same_report_of_postfix() {
    check("postfix-edge/mail.log", "Europe/Berlin", 2025);
}

#[test]
fn every_carrier_gives_the_same_report_of_exim() {
    check("exim-all/exim-syslog-traditional.log", "America/New_York", 2026);
}
