//! The attempts by hour.

use serde::Serialize;

use super::parts::Parts;
use super::{Sums, Told};
use crate::report::when::Zone;
use crate::summary::Width;

/// Attempts by hour of the zone. Hours without attempts are left out.
#[derive(Clone, Debug, Serialize)]
pub struct Timeline {
    /// Width of a bucket.
    pub bucket_seconds: i64,
    /// In order.
    pub buckets: Vec<BucketRow>,
}

/// One hour.
#[derive(Clone, Debug, Default, Serialize)]
pub struct BucketRow {
    /// When it begins, RFC 3339.
    pub start: Option<String>,
    /// What became of the attempts.
    #[serde(flatten)]
    pub sums: Sums,
    /// When it begins, in seconds.
    #[serde(skip)]
    pub instant: i64,
}

impl Timeline {
    /// By hour of the zone; by wider buckets where the log is so long that its counts have no hours.
    pub(in crate::report) fn of(told: &[Told<'_>], zone: Zone<'_>, width: Width) -> Timeline {
        let hours = Parts::of(told, |bucket| zone.hour(bucket));
        let mut sums = vec![Sums::default(); hours.starts.len()];
        for answer in told {
            for (hour, count) in hours.counts(answer) {
                sums[hour].add(answer, count);
            }
        }
        let buckets = hours
            .starts
            .into_iter()
            .zip(sums)
            .map(|(instant, sums)| BucketRow { start: zone.rfc3339(instant), sums, instant })
            .collect();
        Timeline { bucket_seconds: width.seconds().max(3_600), buckets }
    }
}
