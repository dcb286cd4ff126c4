//! What a finding's breakdown tells, in words, and what follows from it: our server, or one domain's set-up.

use super::number::{counted, plural, rate, thousands};
use super::rows::provider_title;
use crate::analysis::{Carrier, Cause, Finding, Tried};
use crate::catalog::{Catalog, Disposition, UNKNOWN};

/// `97 % of it is mail from news.example.net; other senders to Gmail are unaffected (1 of 300 first attempts): so it is this
/// domain's authentication, not your server.`
pub(super) fn sentence(finding: &Finding, cause: &Cause, catalog: &Catalog) -> String {
    let name = cause.name.as_deref().unwrap_or_default();
    let from = if name == "<>" { "bounces (null sender)".to_owned() } else { format!("mail from {name}") };
    let part = whole_percent(cause.share);
    let known = (finding.provider != UNKNOWN).then(|| provider_title(catalog, &finding.provider));
    let there = known.as_ref().map_or_else(|| "elsewhere".to_owned(), |title| format!("to {title}"));
    let others = cause.others.map_or_else(String::new, |tried| {
        let attempts = counted(tried.attempts, "first attempt", "first attempts");
        format!(" ({} of {attempts})", thousands(tried.events))
    });
    let told = match cause.carrier {
        Carrier::Sender => format!(
            "{part} of it is {from}; other senders {there} are unaffected{others}: so {}.",
            of_one_domain(finding.disposition)
        ),
        Carrier::Senders => format!(
            "{part} of it is mail of {} sender domains; other senders {there} are unaffected{others}: so it is what these \
             domains have in common, not your server as a whole.",
            thousands(cause.count),
        ),
        Carrier::AllSenders => format!(
            "it hits {} sender domains, all that send enough to tell alike: so {}.",
            thousands(cause.count),
            of_the_server(finding.disposition)
        ),
        Carrier::OnlySender => format!(
            "{part} of it is {from}; others sent too little {there} to compare, so it may be this domain or your server."
        ),
        Carrier::RecipientDomain => format!(
            "{part} of it is mail to {name}: so it is between you and that receiver, not your mail as a whole."
        ),
        Carrier::Relay => match known.as_ref().filter(|_| cause.others.is_some()) {
            Some(title) => format!(
                "{part} of it is answered by {name}; other hosts of {title} are unaffected{others}: so it is that host, \
                 or what goes only there, not your mail as a whole."
            ),
            None => format!(
                "{part} of it is answered by {name}: so look at that one host first, not at your own mail."
            ),
        },
        Carrier::AllRelays => "it is no single host of theirs.".to_owned(),
        Carrier::Host => format!(
            "{part} of it is sent by your host {name}; your other hosts are unaffected{others}: so look at that host's {} \
             first.",
            part_of_a_host(finding.disposition)
        ),
    };
    told + &alike(cause, known.as_deref())
}

/// ` The 4 busiest hosts of Gmail answer alike, and your 2 busiest hosts fare alike.` Empty where nobody can tell.
fn alike(cause: &Cause, provider: Option<&str>) -> String {
    let theirs = cause
        .alike_relays
        .zip(provider)
        .map(|(count, title)| format!("the {} busiest hosts of {title} answer alike", thousands(count)));
    let ours = cause.alike_hosts.map(|count| format!("your {} busiest hosts fare alike", thousands(count)));
    let mut text = [theirs, ours].into_iter().flatten().collect::<Vec<_>>().join(", and ");
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if text.is_empty() { text } else { format!(" {text}.") }
}

/// Shares of a whole that are read, not added.
fn whole_percent(share: f64) -> String {
    if share >= 0.995 { "all".to_owned() } else { format!("{:.0} %", share * 100.0) }
}

/// What is to blame when one sender domain is hit and others are not.
fn of_one_domain(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::FixAuth => {
            "it is this domain's authentication (SPF, DKIM, DMARC), not your server's reputation"
        }
        Disposition::FixDns => "it is this domain's DNS, not your server's address",
        Disposition::FixReputation => "it is this domain's reputation, not your server's address",
        Disposition::FixContent => "it is what this domain sends, not your server",
        Disposition::Throttle => "it is this domain's volume or reputation, not your server's address",
        Disposition::Suppress => "it is this domain's list of recipients, not your server",
        Disposition::None
        | Disposition::Retry
        | Disposition::FixTls
        | Disposition::FixConfig
        | Disposition::Investigate => "it is about this domain's mail, not your server as a whole",
    }
}

/// What is to blame when all are hit.
fn of_the_server(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::FixAuth => "it is server-wide: signing, or the address that SPF must allow",
        Disposition::FixDns => "it is server-wide: the names of your sending addresses (PTR, A, HELO)",
        Disposition::FixTls => "it is server-wide: TLS on the way out",
        Disposition::FixReputation => "it is server-wide: the reputation of your sending addresses",
        Disposition::Throttle => "it is server-wide: the rate or the reputation of your sending addresses",
        Disposition::Suppress => "it is no single list: the receiver's directory, or a list all of them use",
        Disposition::None
        | Disposition::Retry
        | Disposition::FixConfig
        | Disposition::FixContent
        | Disposition::Investigate => "it is your server or the receiver, not one domain's set-up",
    }
}

/// What of one of our hosts is to be looked at.
fn part_of_a_host(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::FixAuth => "signing, and whether SPF allows its address",
        Disposition::FixDns => "names in DNS (PTR, A, HELO)",
        Disposition::FixTls => "TLS",
        Disposition::FixReputation | Disposition::Throttle => "address and its reputation",
        _ => "set-up",
    }
}

/// Whom it hit: `412 messages to 431 recipients; 12 still waiting`. Empty where nobody counted.
pub(super) fn affected(finding: &Finding) -> String {
    let hit = finding.affected;
    let mut parts = Vec::new();
    if hit.messages > 0 {
        let recipients = counted(hit.recipients, "recipient", "recipients");
        parts.push(format!("{} to {recipients}", counted(hit.messages, "message", "messages")));
    }
    if hit.waiting > 0 {
        let wait = plural(hit.waiting, "waits", "wait");
        let recipients = counted(hit.waiting, "recipient", "recipients");
        parts.push(format!("{recipients} still {wait} when the log ends"));
    }
    if parts.is_empty() { String::new() } else { format!("{}.", parts.join("; ")) }
}

/// How the rates compare.
pub(super) fn rates(finding: &Finding) -> String {
    let first = finding.first_attempts;
    let all = Tried { attempts: finding.attempts, events: finding.events };
    let mut text = String::new();
    // Retries are worth a word where they make another picture.
    if (all.rate() - finding.rate_during).abs() >= 0.01 {
        text.push_str(&format!(
            "; of first attempts {} of {} ({})",
            thousands(first.events),
            thousands(first.attempts),
            rate(finding.rate_during)
        ));
    }
    if let Some(before) = finding.rate_before {
        text.push_str(&format!(", against {} otherwise", rate(before)));
    }
    text
}
