//! How things went over the period: what was refused and put off, of what nature, and how long it took until it was taken.

use std::io;

use crate::report::figures::{Deferrals, Recovered};
use crate::report::number::{counted, percent, plural, thousands};
use crate::report::page::Page;
use crate::report::table::{Cell, Column, Table};
use crate::report::{Report, spark};

/// The course of the `n`th finding, if there is one to be shown.
pub(in crate::report) fn course(report: &Report, n: usize, page: &mut Page<'_>) -> io::Result<()> {
    match report.sparks.findings.get(n).filter(|spark| !spark.is_empty()) {
        Some(spark) => page.kept("Course", spark),
        None => Ok(()),
    }
}

/// Dead addresses against policy rejections, and what is put off.
pub(in crate::report) fn refusals(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let outcomes = report.totals.outcomes;
    if outcomes.failed + outcomes.delayed == 0 {
        return Ok(());
    }
    let (rates, deferrals, sparks) = (&report.rates, &report.deferrals, &report.sparks);
    let ratio = ratio(rates.dead_address.count, rates.policy.count);
    page.heading("Refusals", &ratio)?;
    let other = outcomes.failed.saturating_sub(rates.dead_address.count).saturating_sub(rates.policy.count);
    let course = page.width >= WIDE && !sparks.mark.is_empty();
    let mut columns = vec![Column::text("", 10, 0), Column::number("Count", 0), Column::number("Share", 0)];
    if course {
        columns.push(Column::text("Course", spark::IN_TABLE, 1));
    }
    columns.push(Column::text("What to do", 16, 0));
    let mut table = Table::new(&columns);
    let wide = page.width >= 80;
    let advice = |short, long| if wide { long } else { short };
    // The first three are to be seen also when there are none.
    let failures = [
        (
            "Dead addresses",
            rates.dead_address.count,
            &sparks.dead_address,
            advice("suppress them", "suppress them: nobody reads there"),
        ),
        (
            "Policy rejections",
            rates.policy.count,
            &sparks.policy,
            advice("repair the cause", "repair the cause, keep recipients"),
        ),
        ("Other failures", other, &sparks.other_failures, "see Answers"),
    ];
    let put_off = [
        (
            "Put off: throttled",
            deferrals.throttling,
            &sparks.throttling,
            advice("send more slowly", "send more slowly to them"),
        ),
        (
            "Put off: greylisted",
            deferrals.greylisting,
            &sparks.greylisting,
            advice("nothing", "nothing: the queue tries again"),
        ),
        ("Put off: other", deferrals.other, &sparks.other_deferrals, "see Answers"),
    ];
    for (name, count, spark, what) in failures.into_iter().chain(put_off.into_iter().filter(|row| row.1 > 0))
    {
        let mut cells = vec![
            Cell::new(name),
            Cell::new(thousands(count)),
            Cell::new(percent(count, outcomes.attempts)),
            Cell::new(if count > 0 { what } else { "" }),
        ];
        if course {
            cells.insert(3, Cell::new(spark));
        }
        table.row(cells);
    }
    page.table(&table)?;
    if course {
        page.remark(&format!(
            "Course: share of the attempts, each mark {}; · is none, █ the most of its row (5 % at least)",
            sparks.mark
        ))?;
    }
    later(deferrals, page)
}

/// Narrower pages have no room for a course in a table.
pub(super) const WIDE: usize = 96;

/// What became of the recipients that were put off.
fn later(deferrals: &Deferrals, page: &mut Page<'_>) -> io::Result<()> {
    let Deferrals { recovered, greylisting_recovered: greylisted, waiting, .. } = deferrals;
    if recovered.count == 0 {
        return Ok(());
    }
    let mut text = format!(
        "{} put off {} delivered later{}",
        counted(recovered.count, "recipient", "recipients"),
        plural(recovered.count, "was", "were"),
        waits(recovered)
    );
    if greylisted.count > 0 && greylisted.count < recovered.count {
        text.push_str(&format!("; {} of them greylisted", thousands(greylisted.count)));
        // That it took as long is not said twice.
        let own = waits(greylisted);
        text.push_str(if own == waits(recovered) { "" } else { &own });
    }
    if *waiting > 0 {
        text.push_str(&format!("; {} still {}", thousands(*waiting), plural(*waiting, "waits", "wait")));
    }
    page.labelled("Later", &format!("{text}."))
}

/// `: half within 5 minutes, 9 of 10 within 4 hours`, as far as it is known.
fn waits(recovered: &Recovered) -> String {
    let half = recovered.enough_for(50);
    let most = recovered.enough_for(90).filter(|most| Some(*most) != half);
    let parts: Vec<String> = [(half, "half"), (most, "9 of 10")]
        .into_iter()
        .filter_map(|(wait, who)| Some(format!("{who} within {}", spark::words(wait?))))
        .collect();
    match (half, most) {
        (Some(half), None) if recovered.enough_for(90) == Some(half) => {
            format!(": 9 of 10 within {}", spark::words(half))
        }
        _ if parts.is_empty() => String::new(),
        _ => format!(": {}", parts.join(", ")),
    }
}

/// Which of the two rules, the greater one told per one of the other.
fn ratio(dead: u64, policy: u64) -> String {
    let per_one = |much: u64, little: u64| {
        let ratio = format!("{:.1}", much as f64 / little as f64);
        ratio.strip_suffix(".0").map_or(ratio.clone(), str::to_owned)
    };
    match (dead, policy) {
        (0, _) | (_, 0) => String::new(),
        (dead, policy) if dead == policy => "as many dead addresses as policy rejections".to_owned(),
        (dead, policy) if dead > policy => {
            format!("{} dead addresses for each policy rejection", per_one(dead, policy))
        }
        (dead, policy) => format!("{} policy rejections for each dead address", per_one(policy, dead)),
    }
}
