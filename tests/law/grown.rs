//! A log that is read night by night while it grows, each night going on in the same file: the log.

use proptest::prelude::*;
use smtpulse::catalog::Catalog;
use smtpulse::input;
use smtpulse::scan::{self, Options, Stretch};
use smtpulse::summary::{Key, Span, Summary};
use smtpulse::tally::{Carry, Paused, Tally};

use super::cuts::LOGS;
use super::wrapped::{Piece, carried, pieces};
use super::{repeats, summary};
use crate::command::PACKERS;
use crate::reading::{fixtures, options, stream};

/// A file as a night finds it: its bytes, and whether they are mapped.
pub(super) type Found = (Vec<u8>, bool);

/// The counts of all nights. In the last one nobody goes on with the file.
pub(super) fn by_night(nights: &[Found], catalog: &Catalog, options: &Options) -> Summary {
    let file = tempfile::NamedTempFile::new().unwrap();
    let (mut all, mut carry, mut at, mut lines, mut clock) = (Summary::default(), Carry::new(7), 0, 0, None);
    for (night, (bytes, map)) in nights.iter().enumerate() {
        std::fs::write(file.path(), bytes).unwrap();
        let mut source = input::open(file.path(), *map).unwrap();
        if night + 1 < nights.len() {
            source.whole_lines();
        }
        source.resume(at).unwrap();
        let options = Options { clock, ..options.clone() };
        let stretch = Stretch { clock, lines, ..Stretch::whole(source, options.period) };
        let mut tally = Tally::resume(catalog, true, carry);
        let (mut read, ends) = scan::resume(vec![stretch], &mut tally, &options, &|_| {}).unwrap();
        // Two nights may hold the same words.
        read.summary.inputs.clear();
        let Paused { summary, late, carry: open } = tally.pause();
        for part in [read.summary, summary, late] {
            all.merge(part).unwrap();
        }
        (carry, clock) = (open, read.clock);
        at += ends[0].bytes;
        lines += ends[0].lines;
    }
    all.merge(carry.ends(catalog)).unwrap();
    all
}

/// What two readings of a log must agree in.
pub(super) fn agree(what: &str, found: &Summary, wanted: &Summary) {
    assert_eq!(found.accounting, wanted.accounting, "{what}");
    assert_eq!((found.totals, found.period), (wanted.totals, wanted.period), "{what}");
    let count = |summary: &Summary| -> Vec<(Key, Span)> {
        summary.keys.iter().map(|(key, counts)| (key.clone(), counts.span)).collect()
    };
    assert_eq!(count(found), count(wanted), "{what}");
}

/// The file is read again and again while it grows by some bytes; what has only begun is read when it is whole.
#[test]
fn a_file_that_grows_is_the_log() {
    let catalog = Catalog::builtin();
    for ((log, zone, year), by_bsd) in [(LOGS[0], false), (LOGS[6], false), (LOGS[1], true)] {
        // Exim tells the year itself; the last line's is not that of the first lines.
        let first = Some(year).filter(|_| !log.starts_with("exim"));
        let text = std::fs::read(fixtures().join(log)).unwrap();
        let text = &text[..memchr::memrchr(b'\n', &text[..text.len().min(150_000)]).unwrap() + 1];
        let counted = repeated(text);
        let text = if by_bsd { &counted } else { text };
        let ends = (997..text.len()).step_by(997).chain([text.len()]);
        let nights: Vec<Found> =
            ends.enumerate().map(|(night, end)| (text[..end].to_vec(), night % 2 == 0)).collect();
        let mut found = by_night(&nights, &catalog, &options(zone, first));
        let mut wanted = summary(vec![stream(log, text)], &catalog, &options(zone, Some(year)));
        // Named by the file.
        for summary in [&mut found, &mut wanted] {
            summary.accounting.first_not_understood = None;
        }
        agree(log, &found, &wanted);
    }
}

/// The same in carriers, whose records are wrapped, or cut in parts, or not yet there as a whole when a night ends.
#[test]
fn a_carrier_that_grows_is_the_log() {
    let catalog = Catalog::builtin();
    for (log, zone, year) in [LOGS[6], LOGS[1]] {
        let text = std::fs::read(fixtures().join(log)).unwrap();
        let mut pieces = pieces(&text, &options(zone, Some(year)));
        pieces.truncate(400);
        let forms = carried(&pieces).into_iter().chain(in_parts(&pieces));
        for (form, bytes) in forms {
            let step = bytes.len() / 40 + 7;
            let ends = (step..bytes.len()).step_by(step).chain([bytes.len()]);
            let nights: Vec<Found> =
                ends.enumerate().map(|(night, end)| (bytes[..end].to_vec(), night % 2 == 0)).collect();
            let one = options("UTC", Some(year));
            let mut found = by_night(&nights, &catalog, &one);
            let mut wanted = summary(vec![stream(log, &bytes)], &catalog, &one);
            for summary in [&mut found, &mut wanted] {
                summary.accounting.first_not_understood = None;
            }
            agree(&format!("{log}, {form}"), &found, &wanted);
        }
    }
}

/// Records that come in parts, those of two streams among each other.
fn in_parts(pieces: &[Piece<'_>]) -> [(&'static str, Vec<u8>); 2] {
    let (mut docker, mut cri) = (String::new(), String::new());
    for (number, pair) in pieces.chunks(2).enumerate() {
        for part in 0..3 {
            for (piece, stream) in pair.iter().zip(["stdout", "stderr"]) {
                let text = String::from_utf8_lossy(piece.line);
                let middle = text.len() / 2;
                // Some records are whole.
                let (first, rest) = if number % 3 == 0 { ("", &text[..]) } else { text.split_at(middle) };
                let (text, end) = match part {
                    0 => (first, ""),
                    1 if stream == "stdout" => (rest, "\n"),
                    2 if stream == "stderr" => (rest, "\n"),
                    _ => continue,
                };
                if text.is_empty() {
                    continue;
                }
                let stamp = &piece.stamp;
                let tag = if end.is_empty() { "P" } else { "F" };
                let log = serde_json::Value::from(format!("{text}{end}"));
                docker += &format!("{{\"log\":{log},\"stream\":\"{stream}\",\"time\":\"{stamp}\"}}\n");
                cri += &format!("{stamp} {stream} {tag} {text}\n");
            }
        }
    }
    [("Docker in parts", docker.into_bytes()), ("CRI in parts", cri.into_bytes())]
}

/// Many lines came again, and the daemon says so.
fn repeated(text: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    for (number, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        all.extend_from_slice(line);
        let host = line.iter().skip(16).position(|byte| *byte == b' ').map_or(0, |end| 16 + end + 1);
        for _ in 0..[1, 0, 2, 0][number % 4] {
            all.extend_from_slice(&[&line[..host], b"last message repeated 2 times\n"].concat());
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn notices_count_the_same_wherever_a_night_begins(
        lines in proptest::collection::vec(repeats::line(), 1..24),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 1..4),
        chunk in 1_usize..600,
        map in any::<bool>(),
        packed in any::<bool>(),
    ) {
        let catalog = Catalog::builtin();
        let log = lines.concat();
        let options = Options { chunk, ..options("UTC", Some(2026)) };
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(log.len()).max(1)).collect();
        ends.sort_unstable();
        let mut nights: Vec<Found> = ends.iter().map(|end| (log.as_bytes()[..*end].to_vec(), map)).collect();
        // Rotated away, and compressed.
        let (_, pack) = PACKERS[0];
        nights.push((if packed { pack(log.as_bytes()) } else { log.clone().into_bytes() }, map));
        let mut found = by_night(&nights, &catalog, &options);
        let mut wanted = summary(vec![stream("log", log.as_bytes())], &catalog, &options);
        for summary in [&mut found, &mut wanted] {
            summary.accounting.first_not_understood = None;
        }
        agree(&format!("cut at {ends:?}:\n{log}"), &found, &wanted);
    }
}

/// Of more notices than a look ahead shows the same ones count.
#[test]
fn notices_that_no_look_reaches_count_in_no_night() {
    let catalog = Catalog::builtin();
    let line = "2026-03-07T10:00:00+00:00 mx postfix/smtpd[7]: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 no\n";
    let notice = "2026-03-07T10:00:01+00:00 mx last message repeated 2 times\n";
    let log = line.to_owned() + &notice.repeat(2 * input::AHEAD / notice.len());
    let options = options("UTC", None);
    let wanted = summary(vec![stream("log", log.as_bytes())], &catalog, &options);
    assert!(wanted.accounting.repeated > 2000, "{:?}", wanted.accounting);
    for first in [line.len(), line.len() + notice.len(), input::AHEAD, input::AHEAD + line.len(), 100_000] {
        for map in [true, false] {
            let nights = [(log.as_bytes()[..first].to_vec(), map), (log.clone().into_bytes(), map)];
            agree(&format!("cut at {first}"), &by_night(&nights, &catalog, &options), &wanted);
        }
    }
}
