//! What the data files promise about themselves: ladders, wrappers, templates, the words of our own mail server.

use std::collections::BTreeMap;

use super::*;

#[test]
fn a_ladder_begins_with_a_deferral_and_names_its_steps() {
    let catalog = Catalog::builtin();
    let mut ladders = BTreeMap::new();
    for entry in catalog.entries() {
        let Some(name) = entry.ladder.as_deref() else { continue };
        let whose = catalog.whose(entry);
        assert!(entry.stage.is_some(), "{whose} {name}: \"{}\" is no step", entry.title);
        ladders.insert((whose, name), catalog.ladder(entry));
    }
    for ((whose, name), steps) in &ladders {
        let stages: Vec<Option<Stage>> = steps.iter().map(|step| step.stage).collect();
        assert_eq!(stages.first(), Some(&Some(Stage::Deferral)), "{whose} {name}");
        assert!(steps.len() > 1, "{whose} {name} has one step");
    }
    assert!(ladders.len() > 20, "{}", ladders.len());
    for (whose, name, first, last) in [
        ("google", "ptr", "4.7.23", "5.7.25"),
        ("google", "spf", "4.7.27", "5.7.27"),
        ("google", "dkim", "4.7.30", "5.7.30"),
        ("google", "tls", "4.7.29", "5.7.29"),
        ("google", "dmarc", "4.7.40", "5.7.40"),
    ] {
        let steps = &ladders[&(whose, name)];
        let codes: Vec<Option<String>> = steps.iter().map(|step| step.enhanced_text()).collect();
        let told = |code: &str| codes.iter().any(|step| step.as_deref() == Some(code));
        assert!(told(first) && told(last), "{whose} {name}: {codes:?}");
    }
}

#[test]
fn who_must_repair_a_requirement_finds_something_to_paste() {
    for entry in Catalog::builtin().entries() {
        let repairs = matches!(
            entry.disposition,
            Disposition::FixAuth | Disposition::FixDns | Disposition::FixTls | Disposition::FixContent
        );
        let empty = repairs && entry.enforcement && entry.template.is_empty();
        assert!(!empty, "{}: {}", entry.file, entry.title);
    }
}

#[test]
fn templates_name_nobody() {
    for entry in Catalog::builtin().entries() {
        for word in entry.template.split(|c: char| !c.is_ascii_alphanumeric() && !".-".contains(c)) {
            let ends = |tail: &str| word.trim_end_matches('.').ends_with(tail);
            let address = word.parse::<std::net::Ipv4Addr>().is_ok();
            assert!(!address || word == "192.0.2.10", "{word}");
            let name = [".com", ".net", ".org"].into_iter().any(ends);
            assert!(!name || ends("example.com") || ends("example.net"), "{word}");
        }
    }
}

#[test]
fn what_wraps_a_reply_is_unwrapped() {
    let catalog = Catalog::builtin();
    let mut wrappers = 0;
    for entry in catalog.entries().iter().filter(|entry| entry.wraps) {
        let example = entry.example.as_deref().expect("a wrapper shows its wording");
        let inner = "550 5.1.1 <user@example.com>: user unknown";
        let reading = Reader::new(&catalog).read(
            catalog.provider_id(provider_of(&catalog, entry)),
            code_of(example),
            format!("{example} ({inner})").as_bytes(),
        );
        assert_eq!(reading.quoted, Some((None, code_of(inner))), "{example}");
        wrappers += 1;
    }
    assert!(wrappers > 3, "{wrappers}");
}

#[test]
fn the_reply_inside_counts() {
    use Suppress as S;
    let cases: &[Case] = &[
        (
            "barracuda",
            "550 permanent failure for one or more recipients (user@example.com:550 5.1.1 User unknown)",
            "bad-recipient",
            S::Now,
        ),
        (
            "barracuda",
            "550 permanent failure for one or more recipients (user@example.com:blocked)",
            "policy-block",
            S::Never,
        ),
        (
            "barracuda",
            "550 permanent failure for one or more recipients (user@example.com:550-5.7.26 This mail is unauthenticated 550 5.7.26 refused - gsmtp)",
            "auth-multiple",
            S::Never,
        ),
        // The same gateway in somebody's own cellar.
        (
            UNKNOWN,
            "550 permanent failure for one or more recipients (user@example.com:554 5.7.1 refused)",
            "policy-block",
            S::Never,
        ),
        (
            "microsoft-365",
            "550 5.0.350 Remote server returned an error -> 550 5.1.1 user unknown",
            "bad-recipient",
            S::Now,
        ),
        (
            "microsoft-365",
            "550 5.4.300 Message expired -> 451 4.7.26 Unauthenticated",
            "auth-multiple",
            S::Never,
        ),
        (
            "cloudflare-routing",
            "421 4.3.0 Upstream error: 452 4.2.2 over quota",
            "mailbox-full",
            S::AfterRetries,
        ),
        (
            UNKNOWN,
            "550 5.1.1 <user@example.com>: Recipient address rejected: undeliverable address: host mx.example.com[192.0.2.10] said: 554 5.7.1 refused",
            "policy-block",
            S::Never,
        ),
        (
            UNKNOWN,
            "550 5.1.1 <user@example.com>: Recipient address rejected: undeliverable address: host mx.example.com[192.0.2.10] said: 550 5.1.1 <user@example.com>: Recipient address rejected: User unknown in virtual mailbox table (in reply to RCPT TO command)",
            "bad-recipient",
            S::Now,
        ),
        (
            "barracuda",
            "550 permanent failure for one or more recipients (user@example.com:550 5.4.1 Recipient address rejected: Access denied. See the manual)",
            "bad-recipient",
            S::IfPersistent,
        ),
        // The receiver asked about the sender: the reply inside is not about the recipient.
        (
            UNKNOWN,
            "550 5.1.7 <a@example.org>: Sender address rejected: undeliverable address: host mx.example.org[192.0.2.10] said: 550 5.1.1 user unknown",
            "bad-sender",
            S::Never,
        ),
    ];
    come_to(cases);
}

#[test]
fn our_own_words_are_read() {
    use Suppress as S;
    let cases: &[(&str, &str, Suppress)] = &[
        ("Domain example.net does not accept mail (nullMX)", "bad-domain", S::Now),
        (
            "Host or domain name not found. Name service error for name=example.net type=A: Host not found",
            "bad-domain",
            S::IfPersistent,
        ),
        (
            "Host or domain name not found. Name service error for name=example.net type=MX: Host not found, try again",
            "dns",
            S::Never,
        ),
        (
            "Name service error for name=example.net type=MX: Malformed or unexpected name server reply",
            "dns",
            S::Never,
        ),
        ("connect to mx.example.net[192.0.2.10]:25: Connection timed out", "network", S::Never),
        ("connect to mx.example.net[192.0.2.10]:25: Connection refused", "network", S::Never),
        ("connect to mx.example.net[2001:db8::10]:25: Network is unreachable", "network", S::Never),
        (
            "lost connection with mx.example.net[192.0.2.10] while receiving the initial server greeting",
            "network",
            S::Never,
        ),
        (
            "conversation with mx.example.net[192.0.2.10] timed out while performing the EHLO handshake",
            "network",
            S::Never,
        ),
        ("mail for example.net loops back to myself", "loop", S::Never),
        (
            "TLS is required, but was not offered by host mx.example.net[192.0.2.10]",
            "destination-tls",
            S::Never,
        ),
        ("Cannot start TLS: handshake failure", "destination-tls", S::Never),
        ("Server certificate not verified", "destination-tls", S::Never),
        (
            "SMTPUTF8 is required, but was not offered by host mx.example.net[192.0.2.10]",
            "content-format",
            S::Never,
        ),
        (
            "message size 30000000 exceeds size limit 26214400 of server mx.example.net[192.0.2.10]",
            "size",
            S::Never,
        ),
        ("User unknown in virtual alias table", "bad-recipient", S::Now),
        ("mail transport unavailable", "own-mta", S::Never),
        ("Unrouteable address", "bad-domain", S::IfPersistent),
        ("an MX or SRV record indicated no SMTP service", "bad-domain", S::Now),
        ("all relevant MX records point to non-existent hosts", "bad-domain", S::IfPersistent),
        ("lowest numbered MX record points to local host", "loop", S::Never),
        ("host lookup did not complete", "dns", S::Never),
        ("retry timeout exceeded", "expired", S::IfPersistent),
        (
            "all hosts for 'example.net' have been failing for a long time (and retry time not reached)",
            "expired",
            S::Never,
        ),
        ("retry time not reached for any host for 'example.net'", "network", S::Never),
        ("Remote host closed connection in response to end of data", "network", S::Never),
        ("Connection timed out: SMTP timeout after RCPT TO:<user@example.net>", "network", S::Never),
        ("something nobody has seen", "network", S::Never),
    ];
    let catalog = Catalog::builtin();
    for (text, category, suppress) in cases {
        // By name or by nobody's: a recipient's domain may tell the provider, although none answered.
        for provider in [UNKNOWN, "google"] {
            let (_, found) = read(&catalog, provider, text);
            assert_eq!((found.category, found.suppress), (*category, *suppress), "{provider}: {text}");
        }
    }
}

#[test]
fn why_mail_is_put_off_comes_from_the_kind_of_trouble() {
    use Deferral::{Greylisting, Throttling};
    let catalog = Catalog::builtin();
    for (provider, reply, deferral) in [
        ("", "450 4.2.0 <u@example.org>: Recipient address rejected: Greylisted", Some(Greylisting)),
        ("yahoo", "421 Message from (192.0.2.10) temporarily deferred [GL01]", Some(Greylisting)),
        ("google", "421 4.7.28 unusual rate of mail originating from your IP address", Some(Throttling)),
        // Kept as a greylist is, but the cure is to send less.
        ("microsoft-365", "451 4.7.501 Temporary server error. Please try again later.", Some(Throttling)),
        ("google", "421 4.7.26 not authenticated", None),
        ("google", "452 4.2.2 over quota", None),
        ("", "451 4.3.0 try again later", None),
        ("", "250 2.0.0 Ok", None),
    ] {
        assert_eq!(read(&catalog, provider, reply).1.deferral, deferral, "{provider} {reply}");
    }
}
