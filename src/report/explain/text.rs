//! Explanations as text, for a person.

use std::collections::HashMap;
use std::io::{self, Write};

use super::super::page::{BAD, GOOD, HEAD, Page, SHOULD_LOOK};
use super::super::text::Look;
use super::super::{number::counted, why};
use super::{Elsewhere, Explanation, LadderStep, steps};
use crate::catalog::Stage;
use crate::smtp::Code;

/// Where the text after a label begins.
const HANG: usize = 14;

/// Other providers that are named; the rest is counted.
const OTHERS: usize = 5;

/// Recipients and hosts that are named; the rest is counted.
const NAMED: usize = 5;

/// Writes all answers. Those that read the same are written once, with all they were given to. No line is wider than the
/// look says, except those of templates, which are there to be copied.
pub fn text(answers: &[Explanation], out: &mut dyn Write, look: &Look) -> io::Result<()> {
    let mut page = Page::new(out, look.width.max(Look::NARROWEST), look.colour);
    let mut groups: Vec<(&Explanation, Vec<&Explanation>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for answer in answers {
        let place = *places.entry(answer.gist()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, others)) => others.push(answer),
            None => groups.push((answer, Vec::new())),
        }
    }
    for (at, (answer, others)) in groups.iter().enumerate() {
        if at > 0 {
            page.blank()?;
            page.blank()?;
        }
        one(&mut page, answer, others)?;
    }
    Ok(())
}

fn one(page: &mut Page<'_>, answer: &Explanation, others: &[&Explanation]) -> io::Result<()> {
    let style = match answer.class {
        Some("permanent") => BAD.bold(),
        Some("transient") => SHOULD_LOOK.bold(),
        Some("success") => GOOD.bold(),
        _ => HEAD,
    };
    page.headline(&headline(answer), style)?;
    let scene = scene(answer, others);
    if !scene.is_empty() {
        page.remark(&scene)?;
    }
    page.blank()?;
    page.hanging("Meaning", &answer.meaning, HANG)?;
    page.blank()?;
    for step in &answer.steps {
        page.hanging(&format!("{} {}", step.number, step.label), &step.text, HANG)?;
    }
    page.blank()?;
    if let Some(registry) = answer.registry.as_ref().filter(|registry| registry.differs) {
        let opening = match (&answer.detail, steps::counting(answer)) {
            (None, code) if code.enhanced.is_some() => {
                "The standards know only class and subject:".to_owned()
            }
            (_, code) => format!("The standards mean by {code}:"),
        };
        let text = format!("{opening} {}. {}", registry.title.trim_end_matches('.'), registry.meaning);
        page.hanging("Registry", &text, HANG)?;
    }
    if !answer.elsewhere.is_empty() {
        page.hanging("Elsewhere", &elsewhere(&answer.elsewhere), HANG)?;
    }
    if let Some(text) = ladder(answer) {
        page.hanging("Ladder", &text, HANG)?;
    }
    if !answer.fix.is_empty() {
        page.hanging("Fix", &answer.fix, HANG)?;
    }
    if !answer.template.trim().is_empty() {
        page.hanging("Template", "to paste, with your own names and addresses:", HANG)?;
        page.blank()?;
        for line in answer.template.trim_end().lines() {
            page.verbatim(line)?;
        }
        page.blank()?;
    }
    page.hanging("Source", &source(answer), HANG)
}

fn headline(answer: &Explanation) -> String {
    let code = answer.code();
    let title = answer.title.trim_end_matches('.');
    let what = match code {
        Code::NONE if answer.direction == "in" => return format!("Your own server: {title}"),
        Code::NONE => "No server answered".to_owned(),
        code => code.to_string(),
    };
    match (&answer.provider_title, answer.direction) {
        (_, "in") => format!("{what} from your own server: {title}"),
        (Some(who), _) => format!("{what} at {who}: {title}"),
        (None, _) => format!("{what}: {title}"),
    }
}

/// Who answered whom, and to what.
fn scene(answer: &Explanation, others: &[&Explanation]) -> String {
    let mut parts = Vec::new();
    let all = || std::iter::once(&answer).chain(others);
    let recipients = listed(all().filter_map(|one| one.recipient.as_deref()));
    let hosts = listed(all().filter_map(|one| one.host.as_deref()));
    parts.extend(recipients.map(|names| format!("for {names}")));
    parts.extend(hosts.map(|names| format!("by {names}")));
    if let Some(step) = answer.step {
        parts.push(steps::step_name(step).to_owned());
    }
    if let Some(action) = answer.action {
        parts.push(action.to_owned());
    }
    if !others.is_empty() {
        parts.push(format!("{} alike", counted(others.len() as u64 + 1, "answer", "answers")));
    }
    parts.join("; ")
}

/// Names, each once; of many the first ones.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut seen: Vec<&str> = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    let more = match seen.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    seen.truncate(NAMED);
    (!seen.is_empty()).then(|| format!("{}{more}", seen.join(", ")))
}

fn elsewhere(others: &[Elsewhere]) -> String {
    let shown: Vec<String> = others
        .iter()
        .take(OTHERS)
        .map(|other| format!("At {}: {}", other.provider_title, other.title.trim_end_matches('.')))
        .collect();
    let more = match others.len().saturating_sub(OTHERS) {
        0 => String::new(),
        more => format!("; and {} more", counted(more as u64, "provider", "providers")),
    };
    let first = others.first().map_or("", |other| &other.provider);
    format!("{}{more}. Ask with --provider {first}.", shown.join("; "))
}

fn ladder(answer: &Explanation) -> Option<String> {
    let requirement = if answer.enforcement { " Part of the enforced sender requirements." } else { "" };
    if answer.ladder.len() > 1 {
        let mut text = String::new();
        let mut before = None;
        for step in &answer.ladder {
            match before {
                None => {}
                Some(stage) if stage == step.stage => text.push_str(", or "),
                Some(_) => text.push_str(", then "),
            }
            text.push_str(&ladder_step(step));
            before = Some(step.stage);
        }
        return Some(format!("{text}.{requirement}"));
    }
    let stage = match answer.stage {
        Some(Stage::Deferral) => "Deferral: a rejection follows when nothing changes.",
        Some(Stage::Rejection) => "Rejection: the last step.",
        None if answer.enforcement => return Some(requirement.trim_start().to_owned()),
        None => return None,
    };
    Some(format!("{stage}{requirement}"))
}

fn ladder_step(step: &LadderStep) -> String {
    let code = [&step.basic, &step.enhanced].into_iter().flatten().map(|text| text.replace('|', " or "));
    let code: Vec<String> = code.collect();
    let stage = match step.stage {
        Some(Stage::Deferral) => " defers",
        // The queue goes on asking, in vain.
        Some(Stage::Rejection) if step.transient => " defers for good",
        Some(Stage::Rejection) => " rejects",
        None => "",
    };
    let here = if step.here { " (this one)" } else { "" };
    format!("{}{stage}{here}", code.join(" "))
}

fn source(answer: &Explanation) -> String {
    let who = answer
        .quoted
        .as_ref()
        .and_then(|quoted| quoted.provider.as_deref())
        .or(answer.provider_title.as_deref())
        .unwrap_or("the provider");
    let checked =
        if answer.checked.is_empty() { String::new() } else { format!(", checked {}", answer.checked) };
    format!(
        "{}{checked}. Decided by {}; confidence {}.",
        answer.source.trim_end_matches('.'),
        why::layer(answer.layer, who),
        why::confidence(answer.confidence)
    )
}
