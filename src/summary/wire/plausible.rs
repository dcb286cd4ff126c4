//! What no log can hold, and no summary may claim: whoever adds summaries would run over.

use super::{ReadRow, ReadWire, Step};
use crate::summary::{Accounting, Totals};
use crate::time::Instant;

/// What all counts of a summary come to at most, and seconds from 1970: no log holds so many lines, nor is so old. Below that
/// sums of hundreds of summaries stay within a number.
const MOST: u64 = 1 << 56;

impl ReadWire {
    /// Whether there can be such a log.
    pub(super) fn can_be(&self) -> bool {
        let Accounting {
            lines,
            attempts,
            rejects,
            other_events,
            other_programs,
            unrelated,
            not_understood,
            first_not_understood: _,
            programs,
            outside_period,
            long_lines,
            repeated,
            lost,
            loss_notices,
        } = &self.accounting;
        let Totals { messages, recipients, waiting, suspended, expired, bounces } = self.totals;
        let lines = [lines, attempts, rejects, other_events, other_programs, unrelated, not_understood];
        let counts = [outside_period, long_lines, repeated, lost, loss_notices].into_iter().chain(lines);
        let counts = counts.chain(programs.values()).copied();
        let counts = counts.chain([messages, recipients, waiting, suspended, expired, bounces]);
        let counts = counts.chain(self.inputs.iter().flat_map(|input| [input.bytes, input.lines]));
        let mut counts = counts.chain(self.keys.iter().flat_map(ReadRow::counts));
        let period = self.period.into_iter().flat_map(|(first, last)| [first, last]);
        let mut instants = period.chain(self.keys.iter().flat_map(ReadRow::instants));
        counts.try_fold(0, u64::checked_add).is_some_and(|sum| sum <= MOST)
            && instants.all(|at| at.unsigned_abs() <= MOST)
    }
}

impl ReadRow {
    fn all_buckets(&self) -> impl Iterator<Item = &Step> {
        let parties = [&self.senders, &self.relays, &self.hosts, &self.recipient_domains];
        self.buckets.iter().chain(parties.into_iter().flatten().flat_map(|(_, buckets)| buckets))
    }

    fn counts(&self) -> impl Iterator<Item = u64> {
        let tries = self.all_buckets().flat_map(|Step(_, tries)| [tries.count, tries.retries]);
        let refusals = self.refusals.iter().map(|(_, refusals)| refusals.messages);
        let waiting = self.waiting.iter().map(|(_, count)| *count);
        tries.chain(refusals).chain(waiting).chain(self.recovered).chain([self.span.count])
    }

    fn instants(&self) -> impl Iterator<Item = Instant> {
        let tries = self.all_buckets().map(|Step(at, _)| *at);
        let refusals = self.refusals.iter().map(|(at, _)| *at);
        let waiting = self.waiting.iter().map(|(at, _)| *at);
        tries.chain(refusals).chain(waiting).chain([self.span.first, self.span.last]).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{checksum, read, write};
    use super::*;
    use crate::summary::Summary;

    #[test]
    fn what_no_log_can_hold_is_refused() {
        let mut line = Vec::new();
        write(&Summary { period: Some((5, 7)), ..Summary::default() }, &mut line).unwrap();
        let line = String::from_utf8(line).unwrap();
        let sealed = |from: &str, to: &str| {
            let text = line.replace(from, to);
            assert_ne!(text, line);
            let open = &text[..text.find(",\"checksum\"").unwrap()];
            format!("{open}{}", checksum(format!("{open}}}").as_bytes()))
        };
        let most = MOST.to_string();
        assert!(read(sealed("\"lines\":0", &format!("\"lines\":{most}")).as_bytes()).is_ok());
        for (from, to) in [
            ("\"lines\":0", format!("\"lines\":{}", u64::MAX)),
            ("\"lines\":0,\"attempts\":0", format!("\"lines\":{most},\"attempts\":1")),
            ("[5,7]", format!("[5,{}]", i64::MAX)),
            ("[5,7]", format!("[{},7]", i64::MIN)),
        ] {
            let error = read(sealed(from, &to).as_bytes()).unwrap_err().to_string();
            assert!(error.contains("no log can hold"), "{error}");
        }
    }
}
