//! The figures for Prometheus, held against the rules of its text format and of the textfile collector.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Run, prometheus};
use super::*;

fn figures(summary: &Summary) -> String {
    let run = Run { at: MIDNIGHT + 86_400, period: summary.period, skipped: 1 };
    let mut out = Vec::new();
    prometheus(&report(summary), &Catalog::builtin(), &run, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn golden_figures() {
    insta::with_settings!({
        snapshot_path => "../../../fixtures/reports",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("incident.prom", figures(&incident()));
        insta::assert_snapshot!("empty.prom", figures(&Summary::default()));
    });
}

/// One sample: its labels, and its value as it stands there.
type Sample = (BTreeMap<String, String>, String);

/// The samples by metric; every rule that is broken is a fault.
fn read(text: &str) -> (BTreeMap<String, Vec<Sample>>, Vec<String>) {
    let mut metrics: BTreeMap<String, Vec<Sample>> = BTreeMap::new();
    let mut faults = Vec::new();
    let (mut helped, mut current) = (None, None);
    if !text.ends_with('\n') {
        faults.push("no end of the last line".to_owned());
    }
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap_or((rest, ""));
            if help.is_empty() || metrics.contains_key(name) {
                faults.push(format!("help: {line}"));
            }
            helped = Some(name.to_owned());
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap_or((rest, ""));
            if kind != "gauge" || helped.as_deref() != Some(name) || !is_name(name) {
                faults.push(format!("type: {line}"));
            }
            metrics.insert(name.to_owned(), Vec::new());
            current = Some(name.to_owned());
        } else {
            match sample(line) {
                Some((name, sample)) if current.as_deref() == Some(name) => {
                    let samples = metrics.entry(name.to_owned()).or_default();
                    if samples.iter().any(|(labels, _)| *labels == sample.0) {
                        faults.push(format!("twice: {line}"));
                    }
                    samples.push(sample);
                }
                _ => faults.push(format!("sample: {line}")),
            }
        }
    }
    (metrics, faults)
}

/// A gauge's name (promtool's rules): ours, in base units, and nothing that ends as other kinds do.
fn is_name(name: &str) -> bool {
    let letters = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let foul =
        ["_total", "_count", "_sum", "_bucket", "_info", "_minutes", "_hours", "_days", "_milliseconds"];
    letters && name.starts_with("smtpulse_") && !foul.iter().any(|end| name.ends_with(end))
}

/// `name{label="value",...} number`; no time after it.
fn sample(line: &str) -> Option<(&str, Sample)> {
    let end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = BTreeMap::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (label, quoted) = rest.split_once("=\"")?;
            let (value, after) = unquoted(quoted)?;
            if labels.insert(label.to_owned(), value).is_some()
                || !label.chars().all(|c| c.is_ascii_lowercase())
            {
                return None;
            }
            match after.strip_prefix(',') {
                Some(more) => rest = more,
                None => {
                    rest = after.strip_prefix('}')?;
                    break;
                }
            }
        }
    }
    let value = rest.strip_prefix(' ')?;
    value.parse::<f64>().ok()?;
    Some((name, (labels, value.to_owned())))
}

/// A label's value, and what stands after its quote.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let (mut value, mut letters) = (String::new(), text.char_indices());
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match letters.next()?.1 {
                'n' => '\n',
                same @ ('\\' | '"') => same,
                _ => return None,
            }),
            letter => value.push(letter),
        }
    }
    None
}

#[test]
fn the_checker_sees_what_is_wrong() {
    let head = "# HELP smtpulse_a A.\n# TYPE smtpulse_a gauge\n";
    for foul in [
        "smtpulse_a 1 1772492400000\n",
        "smtpulse_b 1\n",
        "smtpulse_a{x=\"a\"b\"} 1\n",
        "smtpulse_a{x=\"a\",x=\"b\"} 1\n",
        "smtpulse_a{x=\"\\t\"} 1\n",
        "smtpulse_a one\n",
        "smtpulse_a 1\nsmtpulse_a 2\n",
        "smtpulse_a 1",
        "# TYPE smtpulse_b gauge\n",
        "# HELP smtpulse_b_total B.\n# TYPE smtpulse_b_total gauge\n",
        "# HELP smtpulse_b B.\n# TYPE smtpulse_b counter\n",
    ] {
        assert!(!read(&format!("{head}{foul}")).1.is_empty(), "{foul}");
    }
    let (metrics, faults) = read(&format!("{head}smtpulse_a{{x=\"a\\\"\\n\"}} 1\n"));
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(metrics["smtpulse_a"][0].0["x"], "a\"\n");
}

#[test]
fn the_rules_hold_whoever_writes_into_the_log() {
    let catalog = Catalog::builtin();
    for summary in [hostile(), incident(), quiet(), Summary::default(), one_line()] {
        let (metrics, faults) = read(&figures(&summary));
        assert!(faults.is_empty(), "{faults:?}");
        for (labels, _) in metrics.values().flatten() {
            for (label, value) in labels {
                let known = match label.as_str() {
                    "provider" => value == "unknown" || catalog.provider_id(value).is_some(),
                    "action" => ["delivered", "relayed", "delayed", "failed"].contains(&&**value),
                    "class" | "kind" | "severity" | "state" => {
                        value.chars().all(|c| c.is_ascii_lowercase() || "_245".contains(c))
                    }
                    _ => false,
                };
                assert!(known, "{label}={value}");
            }
        }
    }
}

#[test]
fn the_figures_are_those_of_the_report() {
    let (report, (metrics, _)) = (report(&incident()), read(&figures(&incident())));
    let sum =
        |name: &str| -> u64 { metrics[name].iter().map(|(_, value)| value.parse::<u64>().unwrap()).sum() };
    assert_eq!(sum("smtpulse_attempts"), report.totals.outcomes.attempts);
    assert_eq!(sum("smtpulse_answers"), report.totals.outcomes.attempts);
    assert_eq!(sum("smtpulse_enforcement_answers"), report.rates.enforcement.count);
    assert_eq!(sum("smtpulse_dead_address_answers"), report.rates.dead_address.count);
    assert_eq!(sum("smtpulse_policy_answers"), report.rates.policy.count);
    assert_eq!(sum("smtpulse_lines"), report.accounting.lines);
    assert_eq!(sum("smtpulse_findings"), report.findings.len() as u64);
    assert_eq!((sum("smtpulse_inputs"), sum("smtpulse_verdict")), (2, 1));
    let last = i64::try_from(sum("smtpulse_last_line_timestamp_seconds")).unwrap();
    assert_eq!(Some(last), incident().period.map(|(_, last)| last));
}

/// Words that look like metrics of ours.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("smtpulse_")).collect()
}

/// What the examples ask for is what is written.
#[test]
fn rules_and_dashboard_name_what_is_written() {
    let (metrics, _) = read(&figures(&incident()));
    let file = |name: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/prometheus").join(name);
        std::fs::read_to_string(path).unwrap()
    };
    let (rules, dashboard) = (file("alerts.yml"), file("dashboard.json"));
    for (name, least) in [(&rules, 6), (&dashboard, 8)] {
        let named = named(name);
        assert!(named.len() >= least, "{named:?}");
        let strange: Vec<_> = named.iter().filter(|name| !metrics.contains_key(**name)).collect();
        assert!(strange.is_empty(), "{strange:?}");
    }
    // Each panel of the dashboard asks for something, each in a place of its own.
    let dashboard: serde_json::Value = serde_json::from_str(&dashboard).unwrap();
    let mut places = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(places.insert(panel["gridPos"].to_string()), "{panel}");
        for target in panel["targets"].as_array().unwrap() {
            assert!(!named(target["expr"].as_str().unwrap()).is_empty(), "{target}");
        }
    }
}
