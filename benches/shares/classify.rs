//! What it costs to understand refusals.

use serde_json::{Value, json};
use smtpulse::catalog::{Catalog, Reader};
use smtpulse::scan;

use crate::common::{Log, Refusal, check, open, options, refusals};
use crate::{ROUNDS, median, timed};

/// The words of all refusals of a log, read by a fresh reader alone, against the scan of the log.
pub(crate) fn share(mib: u64) -> Value {
    let catalog = Catalog::builtin();
    let log = Log::with("postfix-10-percent-failures", |spec| spec.bytes = mib << 20);
    let refusals = refusals(&log, &catalog);
    let (mut shares, mut scans, mut reads) = (Vec::new(), Vec::new(), Vec::new());
    let mut told = None;
    for _ in 0..ROUNDS {
        let source = open(&log);
        let (scanned, scan) = timed(|| scan::scan(vec![source], &catalog, &options(1), &|_| ()));
        check(&scanned.expect("one log overlaps with nothing").summary, &log.truth);
        let (marked, read) = timed(|| {
            let mut reader = Reader::new(&catalog);
            let marker = |sum: u64, refusal: &Refusal| {
                let reading = reader.read(refusal.provider, refusal.code, &refusal.words);
                sum + reading.marker.map_or(0, |marker| u64::from(marker.0) + 1)
            };
            refusals.iter().fold(0, marker)
        });
        assert_eq!(*told.get_or_insert(marked), marked, "the rounds differ in what they read");
        shares.push(read.as_secs_f64() / scan.as_secs_f64());
        scans.push(scan.as_secs_f64());
        reads.push(read.as_secs_f64() / refusals.len() as f64 * 1e9);
    }
    let bytes: usize = refusals.iter().map(|refusal| refusal.words.len()).sum();
    json!({
        "log": log.id(),
        "bytes": log.bytes,
        "share": median(shares),
        "scan_seconds": median(scans),
        "refusals": refusals.len(),
        "refusal_bytes": bytes / refusals.len().max(1),
        "refusal_ns": median(reads),
    })
}
