//! The first lines: is something wrong, at whom, since when, with whose mail, what it means, what to do.

use serde::Serialize;

use super::number::{counted, ordinal, percent, plural, thousands};
use super::rows::{Rates, provider_title};
use super::when::Zone;
use super::{Totals, cause};
use crate::analysis::detect::Shape;
use crate::analysis::{Attribution, Carrier, Concern, Finding, History, Kind, Link, Severity};
use crate::catalog::{Catalog, Stage, Suppress, UNKNOWN};
use crate::smtp::Code;
use crate::summary::{Place, Summary};

/// What a tired person reads first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// `critical`, `warning`, `ok`, or `empty` when there was nothing to judge.
    pub severity: &'static str,
    /// One sentence.
    pub headline: String,
    /// What belongs to it.
    pub details: Vec<Detail>,
}

/// One labelled text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// One word.
    pub label: &'static str,
    /// The text.
    pub text: String,
}

/// What a verdict rests on.
pub(super) struct Facts<'a> {
    pub(super) summary: &'a Summary,
    pub(super) findings: &'a [&'a Finding],
    pub(super) concerns: &'a [Concern],
    pub(super) totals: &'a Totals,
    pub(super) rates: &'a Rates,
    pub(super) catalog: &'a Catalog,
    pub(super) zone: Zone<'a>,
}

/// Puts the facts into words.
pub(super) fn verdict(facts: &Facts<'_>) -> Verdict {
    if facts.totals.outcomes.attempts == 0 {
        return nothing_to_judge(facts);
    }
    match facts.findings.first() {
        Some(finding) if finding.severity != Severity::Notice => wrong(facts, finding),
        _ if !facts.concerns.is_empty() => concerned(facts),
        _ => fine(facts),
    }
}

fn nothing_to_judge(facts: &Facts<'_>) -> Verdict {
    let lines = facts.summary.accounting.lines;
    let headline = if facts.summary.inputs.iter().all(|input| input.bytes == 0) && lines == 0 {
        "Nothing to report: there is nothing in the log.".to_owned()
    } else if lines == 0 {
        "Nothing to report: no line of the log falls into the period.".to_owned()
    } else {
        format!("Nothing to report: no mail to other hosts in {}.", counted(lines, "line", "lines"))
    };
    let mut details = Vec::new();
    let accounting = &facts.summary.accounting;
    if lines > 0 && accounting.other_programs == lines {
        details.push(Detail {
            label: "Hint",
            text: "all lines are of other programs: is this the mail log?".to_owned(),
        });
    } else if lines > 0 && accounting.not_understood + accounting.unrelated == lines {
        details.push(Detail {
            label: "Hint",
            text: "no line is about a message: is this the log of Postfix or Exim?".to_owned(),
        });
    }
    Verdict { severity: "empty", headline, details }
}

fn fine(facts: &Facts<'_>) -> Verdict {
    let outcomes = facts.totals.outcomes;
    let share = |part: u64| percent(part, outcomes.attempts);
    let mut parts = vec![format!("{} delivered", share(outcomes.delivered))];
    for (count, word) in
        [(outcomes.relayed, "relayed"), (outcomes.delayed, "put off"), (outcomes.failed, "failed")]
    {
        if count > 0 {
            parts.push(format!("{} {word}", share(count)));
        }
    }
    let why = match (facts.rates.enforcement.count, facts.rates.policy.count) {
        (0, 0) => "nothing was refused for policy".to_owned(),
        (0, policy) => format!(
            "{} for policy, without a pattern, and no enforcement code",
            counted(policy, "refusal", "refusals")
        ),
        (some, _) => format!("{} only", counted(some, "enforcement answer", "enforcement answers")),
    };
    let headline = format!(
        "Nothing is wrong: {}, {}; {why}.",
        counted(outcomes.attempts, "attempt", "attempts"),
        parts.join(", ")
    );
    Verdict { severity: "ok", headline, details: Vec::new() }
}

fn concerned(facts: &Facts<'_>) -> Verdict {
    let outcomes = facts.totals.outcomes;
    let rates = facts.rates;
    let share = |part: u64| percent(part, outcomes.attempts);
    let words = facts.concerns.iter().map(|concern| match concern {
        Concern::DeadAddresses => {
            format!("{} of the attempts met dead addresses", share(rates.dead_address.count))
        }
        Concern::Policy => format!("{} were refused for policy", share(rates.policy.count)),
        Concern::PutOff => format!("{} were put off", share(outcomes.delayed)),
        Concern::OtherFailures => {
            let other = outcomes.failed - rates.dead_address.count - rates.policy.count;
            format!("{} failed for other reasons", share(other))
        }
    });
    let words: Vec<String> = words.collect();
    let headline = format!("Look closer: {}. No answer rose above its usual rate.", words.join(", "));
    let details = facts
        .concerns
        .iter()
        .map(|concern| match concern {
            Concern::DeadAddresses => Detail {
                label: "Lists",
                text: "clean the lists these recipients come from: receivers take many dead addresses for a sign of spam."
                    .to_owned(),
            },
            Concern::Policy => Detail {
                label: "Policy",
                text: "repair what the answers name; do not suppress the recipients.".to_owned(),
            },
            Concern::PutOff => Detail {
                label: "Queue",
                text: "see which receiver asks to wait, and send it less at a time.".to_owned(),
            },
            Concern::OtherFailures => Detail {
                label: "Failures",
                text: "see the answers below: routes, DNS, sizes, expired mail.".to_owned(),
            },
        })
        .collect();
    Verdict { severity: "warning", headline, details }
}

fn wrong(facts: &Facts<'_>, finding: &Finding) -> Verdict {
    let mut details = vec![
        Detail { label: "What", text: numbers(finding) },
        Detail { label: "Who", text: senders(&finding.sender_domains) },
        Detail { label: "Why", text: why(finding, facts.catalog) },
        Detail { label: "Hit", text: cause::affected(finding) },
        Detail {
            label: "Meaning",
            text: format!("{}. {}", finding.title.trim_end_matches('.'), finding.meaning),
        },
    ];
    details.retain(|detail| !detail.text.is_empty());
    let fix = if finding.fix.is_empty() {
        "the catalogue knows no exact cure: read the answer itself in the log.".to_owned()
    } else {
        finding.fix.clone()
    };
    details.push(Detail { label: "Fix", text: fix });
    details.push(Detail { label: "Lists", text: suppression(finding.suppress).to_owned() });
    details.extend(line(&finding.evidence).map(|text| Detail { label: "Line", text }));
    let more =
        facts.findings.iter().skip(1).filter(|other| other.severity != Severity::Notice).count() as u64;
    if more > 0 {
        details.push(Detail {
            label: "Also",
            text: format!(
                "{} more {} to be looked at: see Findings.",
                thousands(more),
                plural(more, "thing is", "things are")
            ),
        });
    }
    Verdict {
        severity: finding.severity.as_str(),
        headline: sentence(finding, facts.catalog, facts.zone),
        details,
    }
}

/// The finding in one sentence.
pub(super) fn sentence(finding: &Finding, catalog: &Catalog, zone: Zone<'_>) -> String {
    let who = provider_title(catalog, &finding.provider);
    let at = |instant: i64| zone.to_the_minute(instant);
    let opening = |verb: &str| match finding.severity {
        Severity::Critical => format!("Something {verb} wrong at {who}"),
        Severity::Warning => {
            format!("Something {} wrong at {who}", if verb == "is" { "looks" } else { "looked" })
        }
        Severity::Notice => format!("Seen at {who}"),
    };
    let whose = whose(finding);
    let (does, did) = (deed(finding, &whose, false), deed(finding, &whose, true));
    let attempts = counted(finding.events, "attempt", "attempts");
    let did_some = deed(finding, &format!("{attempts} of {whose}"), true);
    let still = match (finding.code == Code::NONE, finding.provider != UNKNOWN) {
        (true, _) => "still did not",
        (false, true) => "it still did",
        (false, false) => "they still did",
    };
    let tail = tail(finding, zone) + &nights(finding);
    let earlier = finding.history.and_then(|history| history.since);
    let since = |start: i64| match earlier {
        None if finding.from_start => "since the log begins".to_owned(),
        _ => format!("since {}", at(start)),
    };
    match (finding.kind, earlier.or(finding.start), finding.end) {
        (Kind::Spike | Kind::Escalation | Kind::Shift, Some(start), None) => {
            format!("{}: {} {does}, and {still} when the log ends{tail}.", opening("is"), since(start))
        }
        (Kind::Spike | Kind::Escalation | Kind::Shift, Some(start), Some(end)) => {
            format!("{}: from {} to {} {did}; it has stopped{tail}.", opening("was"), at(start), at(end))
        }
        (Kind::Level, Some(start), _) if earlier.is_some() => {
            format!("{}: since {} {does}, and that is what is usual now{tail}.", opening("is"), at(start))
        }
        (Kind::Level, _, _) => {
            format!("{}: all through the log {does}; it began before the log does{tail}.", opening("is"))
        }
        (Kind::Recurring, Some(start), _) => format!(
            "{}: at the same time of day again and again {did}, {} since {}.",
            opening("is"),
            counted(finding.times, "time", "times"),
            at(start)
        ),
        (_, Some(start), Some(end)) if end > start => {
            format!("{}: {did_some}, first on {}, last on {}{tail}.", opening("is"), at(start), at(end))
        }
        (_, Some(start), _) => {
            format!("{}: {did_some} on {}{}.", opening("is"), at(start), nights(finding))
        }
        (_, None, _) => format!("{}: {did_some}.", opening("is")),
    }
}

/// What earlier nights tell: how long it has gone on, or how long it had not been seen.
fn nights(finding: &Finding) -> String {
    match finding.history {
        Some(History { since: Some(_), nights, .. }) => format!("; the {} night of it", ordinal(nights)),
        Some(History { since: None, unseen, .. }) if unseen > 1 => {
            format!("; the first time in {} nights", thousands(unseen))
        }
        _ => String::new(),
    }
}

/// What is done with mail, now or then.
fn deed(finding: &Finding, mail: &str, then: bool) -> String {
    if finding.code == Code::NONE {
        // Nobody refused anything: no server answered.
        let does = match then {
            true => "did",
            false if mail == BOUNCES => "do",
            false => "does",
        };
        return format!("{mail} {does} not get through ({})", finding.title.trim_end_matches('.'));
    }
    let one = finding.provider != UNKNOWN;
    let refuses = match (finding.code.severity(), then, one) {
        (Some(4), false, true) => "puts off",
        (Some(4), ..) => "put off",
        (_, true, _) => "refused",
        (_, false, true) => "refuses",
        (_, false, false) => "refuse",
    };
    let they = if one { "it" } else { "they" };
    match &finding.marker {
        Some(marker) => format!("{they} {refuses} {mail} ({}, {marker})", finding.code),
        None => format!("{they} {refuses} {mail} ({})", finding.code),
    }
}

/// What it belongs to: what came before it, or after it.
fn tail(finding: &Finding, zone: Zone<'_>) -> String {
    let at =
        |link: &Link| link.start.map_or_else(String::new, |at| format!(" on {}", zone.to_the_minute(at)));
    match (finding.kind, &finding.from, &finding.became) {
        (Kind::Shift, Some(from), _) => {
            format!("; until then the answer was {}, so only its name is new", from.code)
        }
        (_, Some(from), _) => match from.start {
            Some(start) => {
                format!("; deferrals ({}) had warned since {}", from.code, zone.to_the_minute(start))
            }
            None => format!("; deferrals ({}) had warned", from.code),
        },
        (_, None, Some(became)) => format!("; rejections followed{} ({})", at(became), became.code),
        (kind, None, None) if finding.enforcement && finding.stage == Some(Stage::Deferral) => {
            let follow = if kind == Kind::Escalation { "rejections follow" } else { "rejections may follow" };
            format!("; deferrals now, {follow}")
        }
        _ => String::new(),
    }
}

/// One line that shows it, and where others stand.
fn line(evidence: &[Place]) -> Option<String> {
    let (first, others) = evidence.split_first()?;
    let mut text = format!("{}:{}: {}", first.input, first.line, first.text);
    if !others.is_empty() {
        let place = |place: &Place| {
            let same = place.input == first.input;
            if same { format!(":{}", place.line) } else { format!("{}:{}", place.input, place.line) }
        };
        let places = others.iter().map(place);
        text.push_str(&format!(" (and {})", places.collect::<Vec<_>>().join(", ")));
    }
    Some(text)
}

/// How a rate went, in a word.
pub(super) fn course(shape: Shape) -> &'static str {
    match shape {
        Shape::Burst => "burst",
        Shape::Flapping => "flapping",
        Shape::Ramp => "ramp",
        Shape::Step => "step",
    }
}

/// What carries it.
fn why(finding: &Finding, catalog: &Catalog) -> String {
    finding.cause.as_ref().map_or_else(String::new, |cause| cause::sentence(finding, cause, catalog))
}

/// How many, and against what.
pub(super) fn numbers(finding: &Finding) -> String {
    let mut text = format!(
        "{} of {} ({}) ",
        thousands(finding.events),
        counted(finding.attempts, "attempt", "attempts"),
        percent(finding.events, finding.attempts)
    );
    text.push_str(&match finding.code {
        Code::NONE => "did not get through".to_owned(),
        code => format!("answered {code}"),
    });
    text.push_str(&cause::rates(finding));
    text.push('.');
    text
}

/// Mail of the null sender.
const BOUNCES: &str = "bounces (null sender)";

/// Whose mail it was, in a sentence.
fn whose(finding: &Finding) -> String {
    let senders = &finding.sender_domains;
    if finding.cause.as_ref().is_some_and(|cause| cause.carrier == Carrier::AllSenders) {
        return "mail of all sender domains".to_owned();
    }
    let known = senders.iter().filter(|part| part.domain.is_some()).count() as u64;
    match senders.first() {
        Some(Attribution { domain: Some(domain), share, .. }) if *share >= 0.6 || known == 1 => {
            let of = if domain == "<>" { BOUNCES.to_owned() } else { format!("mail from {domain}") };
            if *share >= 0.995 || known == 1 { of } else { of.replacen("mail from", "mail, mostly from", 1) }
        }
        Some(_) if known > 1 => format!("mail of {known} sender domains"),
        _ => "mail".to_owned(),
    }
}

/// The sender domains with their numbers, the greatest first.
pub(super) fn senders(parts: &[Attribution]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = parts
        .iter()
        .take(SHOWN)
        .map(|part| {
            let name = part
                .domain
                .as_deref()
                .map_or("sender not known", |domain| if domain == "<>" { "<> (bounces)" } else { domain });
            format!(
                "{name} ({} of its {} there)",
                thousands(part.events),
                counted(part.attempts, "attempt", "attempts")
            )
        })
        .collect();
    let more = parts.len().saturating_sub(SHOWN) as u64;
    let mut text = shown.join(", ");
    if more > 0 {
        text.push_str(&format!(" and {} more", thousands(more)));
    }
    text
}

fn suppression(suppress: Suppress) -> &'static str {
    match suppress {
        Suppress::Never => "suppress nobody for it: the recipients are not the reason.",
        Suppress::Now => "suppress these recipients: their addresses are dead.",
        Suppress::AfterRetries => "suppress only recipients that fail again and again.",
        Suppress::IfPersistent => "suppress only recipients for whom it is still so on another day.",
    }
}
