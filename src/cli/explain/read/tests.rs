//! Pasted texts, table by table.

use proptest::prelude::*;

use super::*;
use crate::catalog::Catalog;
use crate::report::Look;
use crate::report::explain::{self, Explanation};

/// `form provider code step recipient`, and `-` for what is not told.
fn read(text: &str) -> Result<Vec<String>, Nothing> {
    let catalog = Catalog::builtin();
    let found = questions(text.as_bytes(), &mut Asker::new(&catalog, None))?;
    Ok(found
        .iter()
        .map(|question| {
            let answer = Explanation::new(question, &catalog);
            format!(
                "{:?} {} {} {} {}",
                answer.form,
                answer.provider.as_deref().unwrap_or("-"),
                question.answer.code,
                question.step.map_or("-".to_owned(), |step| format!("{step:?}")),
                answer.recipient.as_deref().unwrap_or("-"),
            )
        })
        .collect())
}

#[test]
fn replies() {
    for (text, found) in [
        ("550-5.7.26 blocked\n550 5.7.26 for it - gsmtp", &["Reply google 550 5.7.26 - -"][..]),
        ("550-5.7.26 blocked 550-5.7.26 for 550 5.7.26 it - gsmtp", &["Reply google 550 5.7.26 - -"]),
        ("421-4.7.0 slow\\n421 4.7.0 down", &["Reply - 421 4.7.0 - -"]),
        ("250 2.0.0 OK queued", &["Reply - 250 2.0.0 - -"]),
        ("5.7.26 Unauthenticated", &["Reply - 5.7.26 - -"]),
        ("Status: 5.1.1", &["Bounce - 5.1.1 - -"]),
        ("error (5.1.1)", &["Reply - 5.1.1 - -"]),
        ("550 5.1.1 a\n552 5.2.2 b", &["Reply - 550 5.1.1 - -", "Reply - 552 5.2.2 - -"]),
        (
            "<u@gmail.com>: host gmail-smtp-in.l.google.com[192.0.2.1] said: 550 5.1.1 no (in reply to RCPT TO command)",
            &["Reply google 550 5.1.1 Rcpt u@gmail.com"],
        ),
        ("5.7.26\n550 5.1.1\n\n421", &["Code - 5.7.26 - -", "Code - 550 5.1.1 - -", "Code - 421 - -"]),
        ("2026-03-07 10:00:00 mailer ERROR: 550 5.1.1 no such user", &["Reply - 550 5.1.1 - -"]),
        ("Host or domain name not found. Name service error", &["Reply - no reply - -"]),
    ] {
        assert_eq!(read(text).unwrap(), found, "{text}");
    }
}

#[test]
fn log_lines_in_any_framing() {
    let postfix = "4F1A2B3C4D: to=<r@gmail.com>, relay=gmail-smtp-in.l.google.com[192.0.2.1]:25, delay=1, delays=0/0/0/1, \
        dsn=5.7.26, status=bounced (host gmail-smtp-in.l.google.com[192.0.2.1] said: 550-5.7.26 no 550 5.7.26 x - gsmtp \
        (in reply to end of DATA command))";
    let exim = "1vap7C-0003xq-7B ** u@gmx.de R=dnslookup T=remote_smtp H=mx00.emig.gmx.net [192.0.2.5]: SMTP error from remote \
        mail server after initial connection: 554-gmx.net No SMTP service\\n554 IP address is block listed.";
    let google = "LogLine google 550 5.7.26 EndOfData r@gmail.com";
    let gmx = "LogLine united-internet 554 Connect u@gmx.de";
    for (line, found) in [
        (format!("Mar  7 10:00:00 mx postfix/smtp[7]: {postfix}"), google),
        (format!("2026-03-07T10:00:00+00:00 mx postfix/smtp[7]: {postfix}"), google),
        (format!("<22>1 2026-03-07T10:00:00+00:00 mx postfix/smtp 7 - - {postfix}"), google),
        (format!("postfix/smtp[7]: {postfix}"), google),
        (postfix.to_owned(), google),
        (format!("2026-03-07 10:00:00 {exim}"), gmx),
        (format!("Mar  7 10:00:00 mx exim[7]: {exim}"), gmx),
    ] {
        assert_eq!(read(&line).unwrap(), [found], "{line}");
    }
    let several = format!(
        "Mar  7 10:00:00 mx postfix/smtp[7]: {postfix}\n\n5.1.1\nMar  7 10:00:00 mx postfix/qmgr[7]: 4F1A2B3C4D: removed\n2026-03-07 10:00:00 {exim}\n"
    );
    assert_eq!(read(&several).unwrap(), [google, "Code - 5.1.1 - -", gmx]);
}

#[test]
fn bounces() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/bounces/");
    let of = |name: &str| read(&String::from_utf8_lossy(&std::fs::read(format!("{folder}{name}")).unwrap()));
    assert_eq!(
        of("postfix-several.eml").unwrap(),
        [
            "Bounce google 550 5.7.26 EndOfData anna@gmail.com",
            "Bounce - 550 5.1.1 Rcpt ben@example.net",
            "Bounce microsoft-consumer 451 4.7.650 Connect carla@hotmail.com",
        ]
    );
    assert_eq!(of("postfix-delayed.eml").unwrap(), ["Bounce - no reply - dora@example.org"]);
    assert_eq!(
        of("exchange-online.eml").unwrap(),
        ["Bounce microsoft-365 550 5.7.509 - gustav@partner.example"]
    );
    assert_eq!(of("forwarded.eml").unwrap(), ["Bounce google 552 5.2.2 - lena@gmail.com"]);
    assert_eq!(of("not-a-bounce.eml"), Err(Nothing::NoBounce));
}

#[test]
fn where_there_is_nothing_it_says_which_nothing() {
    for (text, why) in [
        ("", Nothing::Empty),
        (" \n\t\n", Nothing::Empty),
        ("foo", Nothing::NoCode),
        ("600", Nothing::NoCode),
        ("192.0.2.1 and 1.5.1.1", Nothing::NoCode),
        ("5.7.26.1", Nothing::NoCode),
        ("Mar  7 10:00:00 mx postfix/qmgr[7]: 4F1A2B3C4D: removed", Nothing::NoReplyInLog),
        ("Mar  7 10:00:00 mx kernel: hello", Nothing::NoReplyInLog),
    ] {
        assert_eq!(read(text), Err(why), "{text}");
    }
}

#[test]
fn a_named_provider_answers_instead_of_the_one_in_the_text() {
    let catalog = Catalog::builtin();
    let yahoo = catalog.only("yahoo");
    let found = questions(b"550 5.7.26 no - gsmtp", &mut Asker::new(&catalog, yahoo.as_ref())).unwrap();
    assert_eq!(found[0].answer.provider, Some("yahoo"));
    let both = catalog.only("microsoft");
    assert_eq!(questions(b"550 5.7.1", &mut Asker::new(&catalog, both.as_ref())).unwrap().len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_panic_and_nothing_unsafe_is_printed(
        start in prop_oneof![Just(""), Just("550 5.1.1 "), Just("Mar  7 10:00:00 mx postfix/smtp[7]: 4F1A2B3C4D: to=<"), Just("From: a@b\n\n421 ")],
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        more in any::<String>(),
    ) {
        let catalog = Catalog::default();
        let all = [start.as_bytes(), &bytes, more.as_bytes()].concat();
        if let Ok(found) = questions(&all, &mut Asker::new(&catalog, None)) {
            let answers: Vec<Explanation> = found.iter().map(|question| Explanation::new(question, &catalog)).collect();
            let mut out = Vec::new();
            explain::text(&answers, &mut out, &Look::default()).unwrap();
            let page = String::from_utf8(out).unwrap();
            let bad = |c: char| c.is_control() && c != '\n' || "\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}".contains(c);
            prop_assert!(!page.contains(bad), "{:?}", page);
        }
    }
}
