//! The detector alone, over counts somebody else has made: for judging it, and for those who count by other means.

mod rows;

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::exit::{Error, Exit};
use super::out::Out;
use super::{notes, read};
use crate::analysis::detect::{self, Finding, Kind, Limits, Threshold, side_by_side};
use crate::report::clean;
use rows::{Log, Logs};

const HELP: &str = "\
Input: CSV, one line for each key of each log. PROVIDER/* holds the attempts and comes before the codes of that provider:

  series,key,t0,bin_seconds,bins,values
  mx1,gmail/*,1736121600,300,288,0:152:3 1:160 2:149:12
  mx1,gmail/5.7.26,1736121600,300,288,101:3 102:7

  series       a log; its keys are judged together
  t0           start of the first bin, in seconds since 1970
  values       BIN:COUNT or BIN:COUNT:RETRIES, ascending, separated by spaces; bins without counts are left out

Output: one JSON object for each window: series, key, start, end (exclusive), score (about minus log10 of the chance of
it), kind (spike, shift, level or recurring; only spike is an alert), with --alarm when it would first have been told,
and from, the key a shift or an escalation comes from.

Examples:
  smtpulse spikes counts.csv
  gzip -dc counts.csv.gz | smtpulse spikes --alarm -
  smtpulse spikes --nightly counts.csv | jq -c 'select(.kind == \"spike\")'

Exit codes: 0 done; 3 done, but some lines could not be read; 4 nothing could be read.";

/// Arguments of `spikes`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct SpikesArgs {
    /// Counts over time as CSV, or - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Also tell when each spike would first have been told; takes longer
    #[arg(long)]
    alarm: bool,
    /// Only what is certain: a score of 10 or more
    #[arg(long)]
    strict: bool,
    /// Judge each day by itself, as a nightly job would, with what the days before it left; cut at midnight UTC
    #[arg(long)]
    nightly: bool,
}

/// The least score of an alert in a night. A fixed one: what is told must not depend on what else happened that night.
const NIGHTLY: Threshold = Threshold::Score(4.5);

/// One line of output.
#[derive(Debug, PartialEq, Serialize)]
struct Line<'a> {
    series: &'a str,
    key: &'a str,
    start: i64,
    end: i64,
    score: f64,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    alarm: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
}

/// Reads, detects, prints.
pub(super) fn run(args: &SpikesArgs) -> Result<Exit, Error> {
    let name = args.file.display().to_string();
    let bytes = read(&args.file, &name)?;
    let logs = Logs::read(&bytes);
    for fault in &logs.faults {
        notes::say(&format!("{name}:{}: {}", fault.line, fault.what));
    }
    if logs.faulty > logs.faults.len() {
        notes::say(&format!("{name}: {} lines could not be read; these were the first", logs.faulty));
    }
    if logs.faulty > 0 && logs.logs.is_empty() {
        return Err(Error::nothing(format!(
            "{name}: no line could be read; smtpulse spikes --help shows the form"
        )));
    }
    let findings = detect(&logs.logs, args);
    let mut lines: Vec<Line<'_>> = logs
        .logs
        .iter()
        .zip(&findings)
        .flat_map(|(log, findings)| findings.iter().map(|finding| line(log, finding)))
        .collect();
    lines.sort_by(|a, b| (a.series, a.key, a.start).cmp(&(b.series, b.key, b.start)));
    let mut out = Out::open(None)?;
    let written = write(&lines, &mut out);
    out.finish(written)?;
    Ok(if logs.faulty > 0 { Exit::Damaged } else { Exit::Done })
}

/// All bytes. Archives are told by how they begin, also in a pipe.
fn read(path: &Path, name: &str) -> Result<Vec<u8>, Error> {
    let bytes = read::bytes(path).map_err(|error| Error::nothing(format!("{name}: {error}")))?;
    if bytes.starts_with(b"\x1f\x8b") {
        let file = if name == "-" { "FILE" } else { name };
        return Err(Error::nothing(format!(
            "{name}: is compressed; unpack it on the way: gzip -dc {file} | smtpulse spikes -"
        )));
    }
    Ok(bytes)
}

fn write(lines: &[Line<'_>], out: &mut Out) -> io::Result<()> {
    lines.iter().try_for_each(|line| clean::exact_line(line, out))
}

/// The findings of each log. Keys are independent of each other until a log is settled, and logs always.
fn detect(logs: &[Log], args: &SpikesArgs) -> Vec<Vec<Finding>> {
    let limits = Limits::default();
    let threshold = match (args.strict, args.nightly) {
        (true, _) => Threshold::STRICT,
        (false, true) => NIGHTLY,
        (false, false) => Threshold::USUAL,
    };
    if args.nightly {
        return side_by_side(logs.len(), |log| {
            detect::nightly(&logs[log].keys, threshold, &limits, args.alarm)
        });
    }
    let all: Vec<(usize, usize)> = logs
        .iter()
        .enumerate()
        .flat_map(|(log, content)| (0..content.keys.len()).map(move |key| (log, key)))
        .collect();
    let mut verdicts = side_by_side(all.len(), |at| {
        let (log, key) = all[at];
        detect::windows(&logs[log].keys[key], &limits)
    });
    let mut by_log = Vec::with_capacity(logs.len());
    for log in logs.iter().rev() {
        by_log.push(verdicts.split_off(verdicts.len() - log.keys.len()));
    }
    by_log.reverse();
    side_by_side(logs.len(), |at| {
        let keys = &logs[at].keys;
        let mut findings = detect::settle(keys, &by_log[at], threshold);
        let alerts = findings.iter_mut().filter(|finding| finding.window.kind == Kind::Spike);
        for finding in alerts.filter(|_| args.alarm) {
            let least = threshold.alone(detect::tried(keys)).max(limits.min_score);
            finding.alarm = detect::alarm(&keys[finding.key], &finding.window, least, &limits);
        }
        findings
    })
}

fn line<'a>(log: &'a Log, finding: &Finding) -> Line<'a> {
    let grid = log.grid;
    Line {
        series: &log.name,
        key: &log.names[finding.key],
        start: grid.instant(finding.window.bins.start),
        end: grid.instant(finding.window.bins.end),
        // Three digits say all there is to say, and the same on every machine.
        score: (finding.window.score * 1000.0).round() / 1000.0,
        kind: finding.window.kind.as_str(),
        alarm: finding.alarm.map(|bin| grid.instant(bin)),
        from: finding.from.map(|key| log.names[key].as_str()),
    }
}
