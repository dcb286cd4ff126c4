//! The time line as rows with bars: by hour, or by day or month where hours would be too many.

use super::figures::BucketRow;
use super::number::counted;
use super::rows::Outcomes;
use super::spark;

/// More rows than this are joined to the next wider unit.
const MOST_ROWS: usize = 48;

/// One row of the chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// When, as short as the row above allows.
    pub(super) when: String,
    pub(super) outcomes: Outcomes,
    pub(super) enforcement: u64,
    /// What stands in place of numbers where there were no attempts.
    pub(super) gap: Option<String>,
    /// What each hour of a day refused and put off; `None` for hours without attempts. Empty for rows that are no day.
    pub(super) hours: Vec<Option<u64>>,
}

/// A chart: the word for its unit, and its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chart {
    pub(super) unit: &'static str,
    pub(super) rows: Vec<Row>,
    /// Earlier rows that were left out.
    pub(super) left_out: usize,
}

/// Lays the hours out. Instants no calendar reaches are left out.
pub(super) fn chart(buckets: &[BucketRow]) -> Chart {
    let by_day = grouped(buckets, DAY);
    if buckets.len() <= MOST_ROWS {
        return Chart { unit: "hour", rows: hours(buckets), left_out: 0 };
    }
    let (unit, mut rows) =
        if by_day.len() <= MOST_ROWS { ("day", by_day) } else { ("month", grouped(buckets, MONTH)) };
    let left_out = rows.len().saturating_sub(MOST_ROWS);
    rows.drain(..left_out);
    Chart { unit, rows, left_out }
}

fn hours(buckets: &[BucketRow]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut before: Option<&BucketRow> = None;
    for bucket in buckets {
        let Some(start) = &bucket.start else { continue };
        if let Some(before) = before {
            let hours = ((bucket.instant - before.instant) / 3600 - 1).max(0).unsigned_abs();
            if hours > 0 {
                let gap = format!("no attempts for {}", counted(hours, "hour", "hours"));
                rows.push(Row {
                    when: "...".to_owned(),
                    gap: Some(gap),
                    outcomes: Outcomes::default(),
                    enforcement: 0,
                    hours: Vec::new(),
                });
            }
        }
        let same_day =
            before.and_then(|before| before.start.as_ref()).is_some_and(|s| s.get(..10) == start.get(..10));
        let (day, time) = (start.get(..10).unwrap_or(""), start.get(11..16).unwrap_or(""));
        let when = if same_day { time.to_owned() } else { format!("{day} {time}") };
        rows.push(Row {
            when,
            outcomes: bucket.sums.outcomes,
            enforcement: bucket.sums.natures.enforcement,
            gap: None,
            hours: Vec::new(),
        });
        before = Some(bucket);
    }
    rows
}

/// Characters of an RFC 3339 stamp that name its day, and its month.
const DAY: usize = 10;
const MONTH: usize = 7;

/// Joins hours whose RFC 3339 start has the same first `digits` characters.
fn grouped(buckets: &[BucketRow], digits: usize) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for bucket in buckets {
        let Some(start) = &bucket.start else { continue };
        let Some(when) = start.get(..digits) else { continue };
        if rows.last().is_none_or(|row| row.when != when) {
            rows.push(Row {
                when: when.to_owned(),
                outcomes: Outcomes::default(),
                enforcement: 0,
                gap: None,
                hours: if digits == DAY { vec![None; 24] } else { Vec::new() },
            });
        }
        let Some(row) = rows.last_mut() else { continue };
        row.outcomes.join(bucket.sums.outcomes);
        row.enforcement += bucket.sums.natures.enforcement;
        let hour = start.get(11..13).and_then(|hour| hour.parse::<usize>().ok());
        if let Some(slot) = hour.and_then(|hour| row.hours.get_mut(hour)) {
            *slot = Some(slot.unwrap_or(0) + bucket.sums.outcomes.failed + bucket.sums.outcomes.delayed);
        }
    }
    rows
}

/// A bar of at most `width` blocks, as long as the attempts are to `most`: failed, put off, the rest, each to the
/// nearest block. Some attempts are at least one block.
pub(super) fn bar(outcomes: Outcomes, most: u64, width: usize) -> String {
    let blocks = |count: u64| -> usize {
        let most = u128::from(most.max(1));
        let nearest = (u128::from(count) * width as u128 * 2 + most) / (most * 2);
        usize::try_from(nearest).unwrap_or(width).min(width)
    };
    let all = blocks(outcomes.attempts).max(usize::from(outcomes.attempts > 0));
    let failed = blocks(outcomes.failed).min(all);
    let delayed = blocks(outcomes.delayed).min(all - failed);
    let rest = all - failed - delayed;
    format!("{}{}{}", "█".repeat(failed), "▒".repeat(delayed), "░".repeat(rest))
}

/// A day's hours as marks of eight heights, the highest for `most`: a dot for an hour that refused nothing, a blank for one
/// without attempts.
pub(super) fn strip(hours: &[Option<u64>], most: u64) -> String {
    let mark = |hour: &Option<u64>| match hour {
        None => ' ',
        Some(0) => '·',
        Some(count) => {
            let step = u128::from(count - 1) * spark::MARKS.len() as u128 / u128::from(most.max(1));
            spark::MARKS[usize::try_from(step).unwrap_or(0).min(spark::MARKS.len() - 1)]
        }
    };
    let marks: String = hours.iter().map(mark).collect();
    marks.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::figures::Sums;
    use super::*;

    fn bucket(hour: i64, attempts: u64) -> BucketRow {
        let day = 1 + hour / 24;
        BucketRow {
            start: Some(format!(
                "2026-{:02}-{:02}T{:02}:00:00+00:00",
                1 + (day - 1) / 28,
                1 + (day - 1) % 28,
                hour % 24
            )),
            sums: Sums { outcomes: Outcomes { attempts, ..Outcomes::default() }, ..Sums::default() },
            instant: hour * 3600,
        }
    }

    #[test]
    fn hours_name_the_day_once_and_gaps_in_between() {
        let chart = chart(&[bucket(9, 1), bucket(10, 1), bucket(13, 1), bucket(24, 1)]);
        let shown: Vec<&str> = chart.rows.iter().map(|row| row.gap.as_deref().unwrap_or(&row.when)).collect();
        assert_eq!(
            shown,
            [
                "2026-01-01 09:00",
                "10:00",
                "no attempts for 2 hours",
                "13:00",
                "no attempts for 10 hours",
                "2026-01-02 00:00"
            ]
        );
    }

    #[test]
    fn many_hours_become_days_and_many_days_months() {
        let days = chart(&(0..72).map(|hour| bucket(hour, 2)).collect::<Vec<_>>());
        assert_eq!((days.unit, days.rows.len(), days.rows[0].outcomes.attempts), ("day", 3, 48));
        let months = chart(&(0..24 * 60).map(|hour| bucket(hour, 1)).collect::<Vec<_>>());
        assert_eq!((months.unit, months.rows.len()), ("month", 3));
        assert_eq!(chart(&[]).rows, []);
    }

    #[test]
    fn a_day_shows_its_hours() {
        let hours = [None, Some(0), Some(1), Some(4), Some(8)];
        assert_eq!(strip(&hours, 8), " ·▁▄█");
        assert_eq!(strip(&[Some(1), Some(1)], 1), "▁▁");
        assert_eq!(strip(&[], 0), "");
    }

    #[test]
    fn bars_show_what_is_there() {
        let outcomes =
            |attempts, delayed, failed| Outcomes { attempts, delayed, failed, ..Outcomes::default() };
        assert_eq!(bar(outcomes(100, 0, 0), 100, 10), "░░░░░░░░░░");
        assert_eq!(bar(outcomes(100, 20, 50), 100, 10), "█████▒▒░░░");
        assert_eq!(bar(outcomes(100, 5, 4), 100, 10), "▒░░░░░░░░░");
        assert_eq!(bar(outcomes(1, 0, 0), 1_000_000, 10), "░");
        assert_eq!(bar(outcomes(1, 1, 1), 1, 1), "█");
        assert_eq!(bar(outcomes(0, 0, 0), 0, 10), "");
    }
}
