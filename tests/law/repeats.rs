//! Repetitions that were only counted: the same wherever a chunk begins, among the notices or before them.

use proptest::prelude::*;

use smtpulse::catalog::Catalog;
use smtpulse::scan::Options;

use super::cuts::same;
use super::summary;
use crate::reading::{options, stream};

/// What may stand behind the stamp: answers and refusals, lines of others, notices of all kinds.
const TEXTS: [&str; 20] = [
    "mx postfix/smtpd[7]: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 <r@example.org>: Relay access \
     denied; from=<a@b.example> to=<r@example.org> proto=ESMTP helo=<x>",
    "mx postfix/smtp[8]: 4F1A2B3C4D: to=<r@example.org>, relay=mx.example.org[192.0.2.9]:25, delay=1, \
     delays=0/0/0/1, dsn=5.1.1, status=bounced (host mx.example.org[192.0.2.9] said: 550 5.1.1 no (in reply to RCPT \
     TO command))",
    "other postfix/smtpd[7]: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.7.1 <x>: Helo command rejected",
    "mx exim[9]: 2026-03-07 10:03:11 H=(x) [192.0.2.7] F=<a@b.example> rejected RCPT <s@example.org>: no",
    "mx exim[9]: 2026-03-07 10:03:12 H=(x) [192.0.2.7] F=<a@b.example> rejected RCPT <s@example.org>: no",
    "mx dovecot: imap-login: Login: user=<x>",
    "mx anacron[3]: job",
    "mx last message repeated 2 times",
    "other last message repeated 3 times",
    "mx syslogd: last message repeated 2 times",
    "local syslogd: last message repeated 3 times",
    "mx dovecot: last message repeated 4 times",
    "mx anacron[3]: last message repeated 4 times",
    "mx postfix/smtpd[7]: last message repeated 2 times",
    "mx exim[9]: last message repeated 2 times",
    "mx anacron[3]: message repeated 2 times: [ job]",
    "mx anacron[3]: message repeated 2 times: [ 2026-03-07 10:03:11 1vapKe-0001tQ-2p ** a@b.example R=r T=t: 550 no]",
    "mx anacron[3]: 2026-03-07 10:03:11 1vapKe-0001tQ-2p ** a@b.example R=r T=t: 550 no",
    "mx exim[9]: message repeated 3 times: [ 2026-03-07 10:03:11 H=(x) [192.0.2.7] rejected RCPT <s@example.org>: no]",
    "mx rsyslogd: imjournal: 15 messages lost due to rate-limiting (20 allowed within 600 seconds)",
];

/// Lines without a host of their own.
const BARE: [&str; 4] = [
    "2026-03-07 10:03:11 last message repeated 2 times",
    "2026-03-07 10:03:11 1vapKe-0001tQ-2p ** a@b.example R=r T=t: 550 no",
    "last message repeated 2 times",
    "",
];

/// Runs of the same kind of line are what it is about.
pub(super) fn line() -> impl Strategy<Value = String> {
    let stamped = (0..TEXTS.len(), 0..3_u32);
    let stamped = stamped.prop_map(|(text, second)| format!("Mar  7 10:00:{second:02} {}\n", TEXTS[text]));
    let bare = (0..BARE.len()).prop_map(|text| format!("{}\n", BARE[text]));
    let notice = (7..TEXTS.len()).prop_map(|text| format!("Mar  7 10:00:03 {}\n", TEXTS[text]));
    prop_oneof![6 => stamped, 1 => bare, 4 => notice]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn notices_count_the_same_wherever_a_chunk_begins(
        lines in proptest::collection::vec(line(), 1..24),
        chunk in 1_usize..600,
        unended in any::<bool>(),
    ) {
        let catalog = Catalog::builtin();
        let mut log = lines.concat();
        if unended {
            log.pop();
        }
        let read = |chunk: usize| {
            let options = Options { chunk, ..options("UTC", Some(2026)) };
            summary(vec![stream("log", log.as_bytes())], &catalog, &options)
        };
        let whole = read(usize::MAX);
        for chunk in [1, chunk] {
            same(&format!("chunks of {chunk}:\n{log}"), &read(chunk), &whole, &catalog);
        }
    }
}
