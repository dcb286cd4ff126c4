//! What the embedded files promise.

mod data;
mod rows;

use std::collections::HashMap;

use super::raw::RawFile;
use super::*;
use crate::smtp::{BasicCode, Code, EnhancedCode, Guard, Joint, ReplyCodes, Step};

fn code(text: &str) -> Code {
    let mut code = Code::NONE;
    for word in text.split_whitespace() {
        if word.len() == 3 {
            code.basic = BasicCode::at_start(word.as_bytes());
        } else {
            code.enhanced = EnhancedCode::parse(word.as_bytes());
        }
    }
    code
}

fn code_of(reply: &str) -> Code {
    let codes = ReplyCodes::read(reply.as_bytes(), Joint::Blank);
    Code { basic: codes.basic, enhanced: codes.enhanced }
}

/// What a reply means at a provider, found as a report finds it.
fn read<'a>(catalog: &'a Catalog, provider: &str, reply: &str) -> (Option<&'a Entry>, Meaning<'a>) {
    read_at(catalog, provider, reply, None)
}

/// The same of a reply to a command.
fn read_at<'a>(
    catalog: &'a Catalog,
    provider: &str,
    reply: &str,
    step: Option<Step>,
) -> (Option<&'a Entry>, Meaning<'a>) {
    let early = step.is_some_and(|step| !step.knows_recipient()).then_some(Guard::BeforeRecipient);
    let mut answer = catalog.answer(Some(provider), reply);
    answer.guard = early.or(answer.guard);
    (catalog.entry(&answer), catalog.explain(&answer))
}

/// Replies of providers, and the category and the word on suppression that each must come to.
fn come_to(cases: &[(&str, &str, &str, Suppress)]) {
    let catalog = Catalog::builtin();
    for (provider, reply, category, suppress) in cases {
        let (_, found) = read(&catalog, provider, reply);
        assert_eq!((found.category, found.suppress), (*category, *suppress), "{provider}: {reply}");
    }
}

/// A provider whose replies an entry speaks about.
fn provider_of<'a>(catalog: &'a Catalog, entry: &Entry) -> &'a str {
    catalog.provider_of(entry).map_or(UNKNOWN, |provider| &provider.id)
}

#[test]
fn every_example_leads_back_to_its_entry() {
    let catalog = Catalog::builtin();
    let mut lost = String::new();
    for entry in catalog.entries() {
        match (&entry.example, catalog.leads_back(entry)) {
            (None, _) => lost += &format!("{}: \"{}\" shows no example\n", entry.file, entry.title),
            (Some(_), Ok(())) => {}
            (Some(example), Err(instead)) => {
                let instead = instead.map(|found| (&found.file, &found.title));
                lost += &format!("{}: {example}: {instead:?}\n", entry.file);
            }
        }
    }
    assert!(lost.is_empty(), "{lost}");
}

#[test]
fn no_two_entries_say_different_things_of_the_same() {
    let catalog = Catalog::builtin();
    let mut seen = HashMap::new();
    for entry in catalog.entries() {
        for key in check::keys(entry) {
            if let Some(other) = seen.insert(key, entry) {
                panic!("{}: \"{}\" and \"{}\" have the same key", entry.file, other.title, entry.title);
            }
        }
    }
}

#[test]
fn every_file_says_where_it_is_from() {
    let catalog = Catalog::builtin();
    for entry in catalog.entries() {
        assert!(!entry.source.is_empty() && !entry.checked.is_empty(), "{}: {}", entry.file, entry.title);
        assert!(!entry.title.is_empty() && !entry.meaning.is_empty(), "{}: {}", entry.file, entry.title);
    }
    for Embedded { name, text, .. } in EMBEDDED {
        let shared = matches!(*name, "advice.toml" | "categories.toml");
        assert!(shared || text.contains("\nsource = ") && text.contains("\nchecked = 20"), "{name}");
    }
}

#[test]
fn both_forms_of_a_file_say_the_same() {
    for Embedded { name, text, head, codes } in EMBEDDED {
        let written: RawFile<String> = toml::from_str(text).unwrap();
        let mut prepared: RawFile<&str> = postcard::from_bytes(head).unwrap();
        prepared.code = postcard::from_bytes(codes).unwrap();
        assert_eq!(format!("{written:?}"), format!("{prepared:?}"), "{name}");
    }
}

#[test]
fn whoever_must_act_is_told_how() {
    for entry in Catalog::builtin().entries() {
        let acts = matches!(
            entry.disposition,
            Disposition::FixAuth | Disposition::FixDns | Disposition::FixTls | Disposition::FixContent
        );
        assert!(!(acts && entry.enforcement) || entry.fix.len() > 40, "{}: {}", entry.file, entry.title);
    }
}

/// (provider, code, disposition, suppress, enforcement)
type Promise = (&'static str, &'static str, Disposition, Suppress, bool);

#[test]
fn the_codes_that_must_be_there() {
    use Disposition as D;
    use Suppress as S;
    let promises: &[Promise] = &[
        ("", "220", D::None, S::Never, false),
        ("", "221", D::None, S::Never, false),
        ("", "250", D::None, S::Never, false),
        ("", "250 2.0.0", D::None, S::Never, false),
        ("", "250 2.1.5", D::None, S::Never, false),
        ("", "251", D::None, S::Never, false),
        ("", "252", D::None, S::Never, false),
        ("", "354", D::None, S::Never, false),
        ("", "421 4.7.0", D::Retry, S::Never, false),
        ("google", "421 4.7.0", D::Throttle, S::Never, false),
        ("", "450 4.2.1", D::Retry, S::IfPersistent, false),
        ("google", "450 4.2.1", D::Retry, S::Never, false),
        ("", "451 4.3.0", D::Retry, S::Never, false),
        ("", "452 4.2.2", D::Retry, S::AfterRetries, false),
        ("google", "421 4.7.28", D::Throttle, S::Never, true),
        ("", "550 5.1.1", D::Suppress, S::Now, false),
        ("microsoft-365", "550 5.1.10", D::Suppress, S::Now, false),
        ("", "556 5.1.10", D::Suppress, S::Now, false),
        ("", "553 5.1.3", D::Suppress, S::Now, false),
        ("", "552 5.2.2", D::Retry, S::AfterRetries, false),
        ("", "554 5.7.1", D::Investigate, S::Never, false),
        ("", "541 5.7.1", D::Investigate, S::Never, false),
        ("google", "550 5.7.26", D::FixAuth, S::Never, true),
        ("google", "421 4.7.26", D::FixAuth, S::Never, true),
        ("google", "550 5.7.25", D::FixDns, S::Never, true),
        ("google", "451 4.7.23", D::FixDns, S::Never, true),
        ("google", "550 5.7.27", D::FixAuth, S::Never, true),
        ("google", "421 4.7.27", D::FixAuth, S::Never, true),
        ("google", "550 5.7.29", D::FixTls, S::Never, true),
        ("google", "421 4.7.29", D::FixTls, S::Never, true),
        ("google", "550 5.7.30", D::FixAuth, S::Never, true),
        ("google", "421 4.7.30", D::FixAuth, S::Never, true),
        ("google", "550 5.7.40", D::FixAuth, S::Never, true),
        ("google", "421 4.7.40", D::FixAuth, S::Never, true),
        ("google", "421 4.7.32", D::FixAuth, S::Never, true),
        ("google", "550 5.7.1", D::Investigate, S::Never, false),
        ("google", "504 5.7.40", D::FixConfig, S::Never, false),
        ("microsoft-consumer", "550 5.7.515", D::FixAuth, S::Never, true),
        ("microsoft-consumer", "550 5.7.509", D::FixAuth, S::Never, true),
        ("microsoft-365", "550 5.7.509", D::FixAuth, S::Never, true),
        ("microsoft-365", "550 5.7.620", D::FixReputation, S::Never, false),
        ("yahoo", "554 5.7.9", D::FixAuth, S::Never, true),
        ("yahoo", "553 5.7.1", D::FixReputation, S::Never, false),
        ("yahoo", "550 5.7.1", D::Investigate, S::Never, false),
        // The registry's reading, where the provider's differs.
        ("", "550 5.7.27", D::FixDns, S::Never, false),
        ("", "550 5.7.30", D::FixTls, S::Never, false),
        // Exceptions to "5.1.x and 5.2.x are dead".
        ("", "550 5.1.0", D::Investigate, S::Never, false),
        ("", "553 5.1.7", D::FixConfig, S::Never, false),
        ("", "550 5.1.8", D::FixDns, S::Never, false),
        ("", "550 5.1.2", D::Suppress, S::IfPersistent, false),
        ("", "550 5.2.0", D::Investigate, S::Never, false),
        ("", "550 5.2.1", D::Suppress, S::Now, false),
        ("", "552 5.2.3", D::FixContent, S::Never, false),
        ("", "550 5.7.17", D::Suppress, S::Now, false),
        // Contradictions: the basic code decides what happens next.
        ("", "450 5.1.1", D::Retry, S::IfPersistent, false),
        ("", "550 4.1.1", D::Suppress, S::IfPersistent, false),
        ("", "550 4.4.1", D::Investigate, S::Never, false),
        // What nobody lists.
        ("", "550 5.7.999", D::Investigate, S::Never, false),
        ("", "550 5.9.9", D::Investigate, S::Never, false),
        ("", "499", D::Retry, S::Never, false),
        ("", "598", D::Investigate, S::Never, false),
        ("", "5.1.1", D::Suppress, S::Now, false),
        ("google", "5.7.26", D::FixAuth, S::Never, true),
        ("", "", D::Retry, S::Never, false),
        ("", "5.0.0", D::Investigate, S::Never, false),
        ("", "4.0.0", D::Retry, S::Never, false),
        ("", "2.0.0", D::None, S::Never, false),
    ];
    let catalog = Catalog::builtin();
    for (provider, text, disposition, suppress, enforcement) in promises {
        let found = catalog.explain(&Answer::of(Some(provider), code(text)));
        let told = (found.disposition, found.suppress, found.enforcement);
        assert_eq!(told, (*disposition, *suppress, *enforcement), "{provider} {text}: {}", found.title);
    }
}

#[test]
fn a_ladder_has_its_steps() {
    let catalog = Catalog::builtin();
    for detail in ["26", "27", "29", "30", "32", "40"] {
        let step = |text: String| catalog.explain(&Answer::of(Some("google"), code(&text))).stage;
        assert_eq!(step(format!("421 4.7.{detail}")), Some(Stage::Deferral), "{detail}");
        if detail != "32" {
            assert_eq!(step(format!("550 5.7.{detail}")), Some(Stage::Rejection), "{detail}");
        }
    }
}

/// (provider, reply, category, suppress)
type Case = (&'static str, &'static str, &'static str, Suppress);

#[test]
fn replies_that_mislead() {
    use Suppress as S;
    let cases: &[Case] = &[
        ("", "550 5.1.1 <u@example.com> mailbox is full", "mailbox-full", S::AfterRetries),
        (
            "",
            "550 5.2.1 Mailbox unavailable. Your IP is blacklisted using SPAMHAUS-XBL",
            "blocklist",
            S::Never,
        ),
        ("", "550 Too many invalid recipients", "invalid-recipients-rate", S::Never),
        (
            "",
            "550-Verification failed for <a@b> 550-No Such User Here 550 Sender verify failed",
            "bad-sender",
            S::Never,
        ),
        ("", "550 5.7.1 user unknown", "bad-recipient", S::IfPersistent),
        ("", "550 5.7.1 policy: no such user", "bad-recipient", S::Never),
        ("", "550 5.1.8 sender domain does not exist", "bad-sender", S::Never),
        ("", "550 user unknown", "bad-recipient", S::Now),
        ("", "550 5.0.0 user unknown", "bad-recipient", S::Now),
        ("", "450 4.1.1 user unknown in virtual alias table", "bad-recipient", S::IfPersistent),
        ("", "550 the corporate limited", "unknown", S::Never),
        ("", "525 5.7.13 Disabled recipient address", "inactive-mailbox", S::IfPersistent),
        ("comcast", "550 5.1.1 blacklisted", "blocklist", S::Never),
        ("yandex", "550 5.7.1 No such user!", "bad-recipient", S::Now),
        ("sfr", "550 5.7.1 Recipient address rejected: User unknown", "bad-recipient", S::Now),
        ("orange", "552 5.1.1 Boite pleine OFR_417", "mailbox-full", S::AfterRetries),
        (
            "microsoft-consumer",
            "550 5.5.0 Requested action not taken: mailbox unavailable",
            "bad-recipient",
            S::Now,
        ),
        (
            "microsoft-365",
            "550 5.4.1 Recipient address rejected: Access denied. AS(1)",
            "bad-recipient",
            S::Now,
        ),
        ("zoho", "541 5.4.1 Mail rejected by destination domain", "policy-block", S::Never),
        ("qq", "550 Mailbox unavailable or access denined", "recipient-rate-limit", S::Never),
        ("kpn", "521 5.5.0 IP blacklisted", "blocklist", S::Never),
        (
            "google",
            "550-5.7.1 likely suspicious due to the very low reputation of the 550 5.7.1 sending IP",
            "reputation-ip",
            S::Never,
        ),
    ];
    come_to(cases);
}

/// The recipient's code, or "does not exist", said of somebody else.
#[test]
fn what_is_said_of_the_sender_suppresses_nobody() {
    use Suppress as S;
    let cases: &[Case] = &[
        ("apple", "550 5.1.1 <bounce@example.org>: unauthorized sender", "bad-sender", S::Never),
        ("apple", "550 5.1.1 Relay not allowed", "bad-sender", S::Never),
        ("apple", "550 5.1.1 <u@icloud.com>: user does not exist", "bad-recipient", S::Now),
        ("", "553 Domain of sender address <a@example.org> does not exist", "bad-sender", S::Never),
        ("", "550 the sender's domain does not exist", "bad-sender", S::Never),
        ("", "550 Bad HELO: mail.example.org does not exist", "own-mta", S::Never),
        ("", "501 <mail.example.org> is invalid or DNS says does not exist", "own-mta", S::Never),
        ("", "550 hostname mail.example.org does not exist", "bad-recipient", S::Never),
        ("", "550 5.1.1 Authentication required", "submission-auth", S::Never),
        ("", "550 5.1.1 no mail is taken from this sender", "bad-sender", S::Never),
        ("", "550 5.1.1 the from address is none of yours", "bad-sender", S::Never),
        ("", "553 5.1.1 <u@example.com>: Relay access denied", "relay-denied", S::Never),
        ("", "550 5.1.1 <u@example.com>: User unknown in relay recipient table", "bad-recipient", S::Now),
        ("", "550 5.2.1 Message deleted by a transport rule", "policy-block", S::Never),
        ("", "550 5.1.1 against our security policies", "policy-block", S::Never),
        ("", "550 5.1.1 Mail refused, recipient unknown", "bad-recipient", S::Now),
        ("", "553 5.1.2 The sender address did not resolve", "bad-sender", S::Never),
        ("", "550 5.1.1 no such user, says the PTR", "bad-recipient", S::IfPersistent),
        ("", "550 unknown user in MAIL FROM", "bad-recipient", S::Never),
        ("", "550 your domain does not exist", "bad-recipient", S::Never),
        ("", "550 5.1.1 you must log in first", "bad-recipient", S::IfPersistent),
        ("", "550 5.1.1 greylisted", "bad-recipient", S::IfPersistent),
        ("", "553 deactivated due to abuse", "inactive-mailbox", S::Never),
        ("yahoo", "521 5.2.1 : (CON:B1)", "reputation-ip", S::Never),
        ("yahoo", "521 5.2.1 : AOL will not accept delivery of this message.", "policy-block", S::Never),
        // What tells the reason better stays before it.
        ("", "550 5.7.1 SPF: the sender address fails", "auth-spf", S::Never),
        ("", "450 4.7.1 rate limit of this sender address exceeded", "rate-limit", S::Never),
    ];
    come_to(cases);
}

/// What the receiver does not know for sure, or not for long.
#[test]
fn what_is_open_or_passes_suppresses_nobody() {
    use Suppress as S;
    let cases: &[Case] = &[
        (
            "",
            "450 4.1.1 <u@example.com>: Recipient address rejected: unverified address: Address verification in progress",
            "bad-recipient",
            S::Never,
        ),
        ("", "452 4.1.1 temporary failure", "bad-recipient", S::Never),
        ("", "451 4.2.1 mailbox temporarily closed", "inactive-mailbox", S::Never),
        ("", "450 4.1.1 user unknown", "bad-recipient", S::IfPersistent),
        ("", "450 4.1.1 no reverse name for your address", "dns-ptr", S::Never),
        ("", "452 4.2.2 mailbox temporarily over quota", "mailbox-full", S::AfterRetries),
        ("", "452 mailbox full, temporarily", "mailbox-full", S::AfterRetries),
        ("", "450 4.2.0 temporarily greylisted", "greylist-throttle", S::Never),
        ("", "451 relay not permitted", "relay-denied", S::Never),
        ("", "550 5.2.1 mailbox temporarily disabled", "inactive-mailbox", S::IfPersistent),
        ("", "550 5.1.1 undeliverable address: mailbox may not exist", "bad-recipient", S::IfPersistent),
        ("", "550 5.1.1 undeliverable address: unknown user", "bad-recipient", S::Now),
    ];
    come_to(cases);
}

/// A detail that no entry names tells no more than its subject: the words then count.
#[test]
fn words_beat_a_code_that_nobody_lists() {
    use Suppress as S;
    let cases: &[Case] = &[
        ("", "550 5.0.1 user unknown", "bad-recipient", S::Now),
        ("", "550 5.0.1 your domain is blacklisted", "blocklist", S::Never),
        ("", "501 5.0.2 DMARC says no", "auth-dmarc", S::Never),
        ("", "550 5.7.350 SPF says no", "auth-spf", S::Never),
        // Policy, and no entry names the code.
        ("", "550 5.7.350 user unknown", "bad-recipient", S::Never),
        // Listed: the code stays.
        ("", "550 5.7.28 user unknown", "rate-limit", S::Never),
        ("", "550 5.3.4 user unknown", "size", S::Never),
    ];
    come_to(cases);
}

/// Plain words about the recipient, rarer ones or beside a code of another subject: only when heard again.
#[test]
fn plain_words_are_heard_twice() {
    use Suppress as S;
    let cases: &[Case] = &[
        ("", "553 5.3.0 <u@example.com>... User unknown", "bad-recipient", S::IfPersistent),
        ("", "553 5.3.0 <u@example.com>... the recipient no longer exists", "bad-recipient", S::IfPersistent),
        ("", "550 5.3.0 user unknown, says the sender's policy", "bad-recipient", S::Never),
        ("", "550 5.3.0 the host is down", "server-busy", S::Never),
        (
            "",
            "554 5.7.1 <u@example.com>: Recipient address rejected: Inactive",
            "inactive-mailbox",
            S::IfPersistent,
        ),
        ("", "550 5.7.1 account closed", "inactive-mailbox", S::IfPersistent),
        ("", "550 5.7.1 account closed, spam came of it", "inactive-mailbox", S::Never),
        ("", "550 5.7.1 no mailbox found", "bad-recipient", S::IfPersistent),
        ("", "550 address unknown", "bad-recipient", S::IfPersistent),
        ("", "550 5.1.0 unknown address", "bad-recipient", S::IfPersistent),
        ("", "550 5.1.1 address unknown", "bad-recipient", S::Now),
        ("", "550 the address of the sender is unknown, invalid address", "bad-sender", S::Never),
        ("", "550 user is unknown", "bad-recipient", S::IfPersistent),
        ("", "550 client IP address unknown", "bad-recipient", S::Never),
        ("", "550 connection ended due to inactivity", "unknown", S::Never),
        ("", "550 relaying administratively disabled", "unknown", S::Never),
        ("", "550 user not a member of the list", "unknown", S::Never),
        ("", "550 Destinatario sconosciuto", "bad-recipient", S::IfPersistent),
        ("", "550 mailbox is disabled", "inactive-mailbox", S::IfPersistent),
        // Of our own account, at a smarthost.
        ("", "550 your account has been suspended", "inactive-mailbox", S::Never),
        ("", "535 account is disabled", "submission-auth", S::Never),
        ("", "535 account is suspended", "submission-auth", S::Never),
        ("", "535 unknown user", "bad-recipient", S::Never),
        ("", "525 5.7.13 Disabled recipient address", "inactive-mailbox", S::IfPersistent),
        (
            "yahoo",
            "554 5.7.1 This account has been disabled or discontinued",
            "inactive-mailbox",
            S::IfPersistent,
        ),
        ("interia", "550 5.2.1 Mailbox not available", "inactive-mailbox", S::IfPersistent),
        ("bigpond", "550 5.1.1 recipient rejected. IB603a", "bad-recipient", S::IfPersistent),
        ("namecheap", "450 4.1.1 unverified address: Reason: JFE030050", "bad-recipient", S::Never),
    ];
    come_to(cases);
}

#[test]
fn a_full_mailbox_is_told_by_its_words() {
    use Suppress as S;
    let cases: &[Case] = &[
        ("", "550 the message would exceed quota", "mailbox-full", S::AfterRetries),
        ("", "552 <u@example.com> has full mailbox", "mailbox-full", S::AfterRetries),
        ("", "551 the mailbox <u@example.com> is full", "mailbox-full", S::AfterRetries),
        ("", "450 out of quota", "mailbox-full", S::AfterRetries),
        // Whatever code stands before it.
        ("", "450 4.2.1 mailbox is full", "mailbox-full", S::AfterRetries),
        ("", "450 4.1.1 mailbox is full", "mailbox-full", S::AfterRetries),
        ("", "550 mailbox is full, account inactive", "mailbox-full", S::AfterRetries),
        ("united-internet", "550 User has too many messages on the server", "mailbox-full", S::AfterRetries),
        ("docomo", "552 too much mail data", "mailbox-full", S::AfterRetries),
        // Not the mailbox.
        ("", "450 too many messages", "rate-limit", S::Never),
        ("microsoft-365", "450 4.7.3 Organization queue quota exceeded.", "server-busy", S::Never),
    ];
    come_to(cases);
}

#[test]
fn what_filters_loops_and_logins_say() {
    use Suppress as S;
    let cases: &[Case] = &[
        ("t-online", "550 5.7.0 rejected due to spam or virus classification", "spam-content", S::Never),
        ("apple", "550 5.7.1 message content rejected due to spam", "spam-content", S::Never),
        ("", "550 5.7.9 contains prohibited virus or spam content", "spam-content", S::Never),
        ("", "550 5.7.9 weak", "submission-auth", S::Never),
        ("", "554 5.4.14 Hop count exceeded - possible mail loop", "loop", S::Never),
        ("google-relay", "530 5.5.1 Authentication Required. - gsmtp", "submission-auth", S::Never),
        (
            "",
            "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail",
            "submission-auth",
            S::Never,
        ),
        ("", "550 5.7.54 SMTP; Unable to relay recipient", "relay-denied", S::Never),
        (
            "",
            "550 mail.example.org is not permitted to relay through this server",
            "submission-auth",
            S::Never,
        ),
        ("", "550 Missing DNS PTR record", "dns-ptr", S::Never),
        ("", "550 5.7.1 no valid sender domain. Fix reverse DNS for 192.0.2.10", "dns-ptr", S::Never),
    ];
    come_to(cases);
}

#[test]
fn policy_suppresses_nobody_but_by_an_entry_that_names_the_code() {
    let catalog = Catalog::builtin();
    let markers = catalog.entries().iter().flat_map(|entry| {
        let text = |marker: &MarkerId| (provider_of(&catalog, entry), catalog.marker_text(*marker));
        entry.markers.iter().map(text).collect::<Vec<_>>()
    });
    for (provider, text) in markers {
        for provider in [provider, UNKNOWN] {
            for enhanced in ["5.7.1", "5.7.26", "4.7.1", "5.7.999"] {
                let reply = format!("{}50 {enhanced} {text}", &enhanced[..1]);
                let (entry, found) = read(&catalog, provider, &reply);
                let named = entry.is_some_and(|e| {
                    e.enhanced
                        .as_ref()
                        .is_some_and(|p| p.names(EnhancedCode::parse(enhanced.as_bytes()).unwrap()))
                });
                assert!(found.suppress == Suppress::Never || named, "{provider}: {reply}");
            }
        }
    }
}

#[test]
fn hosts_and_domains_lead_to_their_provider() {
    let catalog = Catalog::builtin();
    let host = |name: &str| catalog.provider_of_host(name.as_bytes()).map(|id| catalog.provider_name(id));
    for (name, provider) in [
        ("gmail-smtp-in.l.google.com", "google"),
        ("ALT1.ASPMX.L.GOOGLE.COM.", "google"),
        ("aspmx2.googlemail.com", "google"),
        ("smtp-relay.gmail.com", "google-relay"),
        ("outlook-com.olc.protection.outlook.com", "microsoft-consumer"),
        ("example-com.mail.protection.outlook.com", "microsoft-365"),
        ("example-com.a-v1.mx.microsoft", "microsoft-365"),
        ("smtp.office365.com", "microsoft-relay"),
        ("mta5.am0.yahoodns.net", "yahoo"),
        ("mx01.mail.icloud.com", "apple"),
        ("mx00.gmx.net", "united-internet"),
        ("mxa-00.gslb.pphosted.com", "proofpoint"),
        ("email-smtp.eu-west-1.amazonaws.com", "amazon-ses"),
        ("inbound-smtp.us-east-1.amazonaws.com", "amazon-ses-inbound"),
        ("smtp.sendgrid.net", "sendgrid"),
        // By its mail domain.
        ("mx1.mail.EU.yahoo.com.", "yahoo"),
    ] {
        assert_eq!(host(name), Some(provider), "{name}");
    }
    for name in [
        "notgoogle.com",
        "notyahoo.com",
        "192.0.2.10",
        "notgoogle.com.attacker.net",
        "google.com.evil.example",
        "gmail-smtp-in.l.google.com.evil.example",
        "ec2-192-0-2-10.compute-1.amazonaws.com",
        "mx.example.com",
        "",
    ] {
        assert_eq!(host(name), None, "{name}");
    }
    let domain = |name: &str| catalog.provider_of_domain(name.as_bytes()).map(|id| catalog.provider_name(id));
    assert_eq!(domain("Gmail.com"), Some("google"));
    assert_eq!(domain("hotmail.fr"), Some("microsoft-consumer"));
    assert_eq!(domain("yahoo.co.jp"), Some("yahoo-japan"));
    assert_eq!(domain("mail.gmail.com"), None);
    assert_eq!(domain("example.com"), None);
    for provider in catalog.providers() {
        let id = catalog.provider_id(&provider.id).unwrap();
        assert_eq!(catalog.is_relay(id), provider.kind == Kind::Relay);
        assert_eq!(catalog.provider_title(&provider.id), &*provider.title);
    }
    assert_eq!(catalog.provider_title("example.com"), "example.com");
    assert_eq!(catalog.provider_name(ProviderId(u16::MAX)), UNKNOWN);
}

#[test]
fn an_unknown_host_may_tell_itself_in_its_reply() {
    let catalog = Catalog::builtin();
    let who = |reply: &str| {
        let reading = Reader::new(&catalog).read(None, code_of(reply), reply.as_bytes());
        reading.quoted.and_then(|(provider, _)| provider).map(|id| catalog.provider_name(id))
    };
    assert_eq!(who("550 5.7.26 blocked - gsmtp"), Some("google"));
    assert_eq!(who("550 5.7.1 ... [AM0.eop-EUR01.prod.protection.outlook.com]"), Some("microsoft-365"));
    assert_eq!(who("550 5.1.1 user unknown"), None);
}

#[test]
fn success_and_silence_have_no_marker() {
    let catalog = Catalog::builtin();
    let mut reader = Reader::new(&catalog);
    assert_eq!(reader.read(None, code("250 2.0.0"), b"250 2.0.0 user unknown"), Reading::default());
    let local =
        reader.read(None, Code::NONE, b"Host or domain name not found. Name service error for name=x");
    assert!(local.marker.is_some());
    assert_eq!(catalog.explain(&Answer::of(None, Code::NONE)).category, "network");
    assert_eq!(catalog.explain(&Answer::of(None, code("5.0.0"))).category, "unknown");
}

fn refused(text: &str) -> Error {
    load::load(Some((Path::new("mine.toml"), text))).expect_err(text)
}

#[test]
fn a_fault_is_named_by_file_line_and_key() {
    const HEAD: &str = "family = \"*\"\nsource = \"me\"\nchecked = 2026-01-01\n";
    const CODE: &str = "[[code]]\nbasic = 550\ntitle = \"t\"\nmeaning = \"m\"\ncategory = \"unknown\"\n";
    for (text, line, key, what) in [
        (format!("{HEAD}{CODE}colour = \"red\"\n"), 9, "colour", "unknown field"),
        (format!("{HEAD}{}", CODE.replace("\"unknown\"", "\"odd\"")), 8, "category", "odd"),
        (format!("{HEAD}{CODE}advice = \"odd\"\n"), 9, "advice", "odd"),
        (format!("{HEAD}{CODE}provider = \"odd\"\n"), 9, "provider", "odd"),
        (format!("{HEAD}{}", CODE.replace("550", "750")), 5, "basic", "750"),
        (format!("{HEAD}{CODE}enhanced = \"5.7\"\n"), 9, "enhanced", "5.7"),
        (format!("{HEAD}{CODE}marker = \"x\"\n"), 9, "marker", "no marker"),
        (format!("{HEAD}{CODE}suppress = \"always\"\n"), 9, "suppress", "always"),
        (format!("{HEAD}{CODE}confidence = \"low\"\nenforcement = true\n"), 10, "enforcement", "no alarm"),
        (format!("family = \"*\"\nchecked = 2026-01-01\n{CODE}"), 3, "source", "missing"),
        (
            "[[provider]]\nid = \"x\"\ntitle = \"X\"\nkind = \"isp\"\nhosts = [\".x\"]\n".to_owned(),
            5,
            "hosts",
            "no name",
        ),
        ("a = ".to_owned(), 1, "a", ""),
    ] {
        let error = refused(&text);
        assert_eq!((error.line, &*error.key), (line, key), "{error}");
        assert!(error.what.contains(what), "{error}");
        assert!(error.to_string().starts_with(&format!("mine.toml:{line}: {key}: ")), "{error}");
    }
    let missing = Catalog::load(Path::new("no/such/file.toml")).unwrap_err();
    assert_eq!((missing.line, &*missing.key), (0, ""));
}

#[test]
fn the_operator_wins() {
    let text = r#"
        family = "mine"
        source = "our wiki"
        checked = 2026-01-01
        [[provider]]
        id = "mine"
        title = "Our smarthost"
        kind = "relay"
        hosts = ["relay.example.com", "smtp.sendgrid.net"]
        [[code]]
        provider = "*"
        basic = 550
        enhanced = "5.1.1"
        title = "Ask first"
        meaning = "Our partner answers so for a day."
        category = "bad-recipient"
        suppress = "if-persistent"
    "#;
    let catalog = load::load(Some((Path::new("mine.toml"), text))).unwrap();
    let mine = catalog.provider_of_host(b"mx.relay.example.com").unwrap();
    assert!(catalog.is_relay(mine));
    assert_eq!(catalog.provider_of_host(b"smtp.sendgrid.net"), Some(mine));
    let found = catalog.explain(&Answer::of(Some("google"), code("550 5.1.1")));
    assert_eq!((found.title, found.suppress), ("Ask first", Suppress::IfPersistent));
}
