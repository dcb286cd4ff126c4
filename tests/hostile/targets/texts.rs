//! Readers of whole texts: summaries, catalogues, messages.

use jiff::tz::TimeZone;
use smtpulse::analysis;
use smtpulse::bounce::{self, Notice};
use smtpulse::catalog::{self, Answer, Catalog};
use smtpulse::report::{self, Report};
use smtpulse::smtp::{Code, Joint, ReplyCodes};
use smtpulse::summary::{self, Summary};

use super::bytes::written;
use super::lines::catalog as builtin;

/// A summary as it is, and the same as if its checksum were right.
pub(super) fn summary(bytes: &[u8]) {
    check(bytes);
    let sum = format!(",\"checksum\":\"{:016x}\"}}\n", xxhash_rust::xxh3::xxh3_64(bytes));
    if let Some(open) = bytes.strip_suffix(b"}") {
        check(&[open, sum.as_bytes()].concat());
    }
}

fn wire(summary: &Summary) -> Vec<u8> {
    let mut bytes = Vec::new();
    summary::write(summary, &mut bytes).unwrap();
    bytes
}

fn check(bytes: &[u8]) {
    let summary = match summary::read(bytes) {
        Ok(summary) => summary,
        Err(error) => return assert!(error.to_string().len() < bytes.len() + 500),
    };
    let again = wire(&summary);
    assert_eq!(summary::read(&again).unwrap(), summary, "what is written is read");
    assert_eq!(wire(&summary::read(&again).unwrap()), again);
    let mut twice = summary.clone();
    let known = summary.inputs.iter().any(|input| input.bytes > 0);
    assert_eq!(twice.merge(summary.clone()).is_err(), known, "the same log is not added twice");
    let mut sum = Summary::default();
    if sum.merge(summary).is_ok() {
        pages(&sum);
    }
}

/// Every page over a summary is clean text.
pub(super) fn pages(summary: &Summary) {
    let options = report::Options { top: 3, tz: TimeZone::UTC, provider: None };
    let findings = analysis::findings(summary, builtin());
    let report = Report::new(summary, &findings, builtin(), &options);
    let mut page = Vec::new();
    report::text(&report, &mut page, &report::Look::default()).unwrap();
    report::line(&report, &mut page).unwrap();
    report::json(&report, &mut page).unwrap();
    let page = String::from_utf8(page).unwrap();
    let foul = |letter: char| letter.is_control() && letter != '\n' || super::turns(letter);
    assert!(!page.contains(foul), "{page:?}");
}

/// A catalogue of an operator's own.
pub(super) fn catalog(bytes: &[u8]) {
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
    written(bytes, |path| {
        let loaded = Catalog::load(path);
        if let Err(error) = &loaded {
            assert!(error.line <= lines && !error.what.is_empty(), "{error}");
        }
        match catalog::check(path) {
            Ok(_) => assert!(loaded.is_ok(), "what has no fault can be used: {:?}", loaded.err()),
            Err(faults) => {
                assert!(!faults.is_empty());
                for fault in faults {
                    assert!(fault.file == path && fault.line <= lines && !fault.what.is_empty(), "{fault}");
                }
            }
        }
        let Ok(loaded) = loaded else { return };
        for text in ["550 5.7.26 unauthenticated", "450 4.2.2 mailbox full", "554 no"] {
            let codes = ReplyCodes::read(text.as_bytes(), Joint::Blank);
            let code = Code { basic: codes.basic, enhanced: codes.enhanced };
            let reading = catalog::Reader::new(&loaded).read(None, code, text.as_bytes());
            let _ = loaded.explain(&Answer::of(None, code).with(&reading, &loaded));
        }
    });
}

/// A message, or a text that quotes replies.
pub(super) fn bounce(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let read = bounce::read(bytes).unwrap_or_default();
    for notices in [read, bounce::quotes(&text)] {
        let length = |notice: &Notice| {
            let names = [&notice.recipient, &notice.host].into_iter().flatten();
            notice.text.len() + names.map(String::len).sum::<usize>()
        };
        assert!(notices.len() <= bytes.len());
        let length: usize = notices.iter().map(length).sum();
        // Three bytes stand for one that is no text; and a text may stand in a report and be quoted.
        assert!(length <= 16 * bytes.len(), "{length} bytes came of {}", bytes.len());
    }
}
