//! Bounces of several mail systems, and what is none.

use proptest::prelude::*;

use super::{Notice, quotes, read};

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/fixtures/bounces/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// `recipient | host | action | code | step | first words`, and `-` for what is not told.
fn show(notice: &Notice) -> String {
    let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let words: Vec<&str> = notice.text.split(' ').take(3).collect();
    format!(
        "{} | {} | {} | {} | {} | {}",
        or(&notice.recipient),
        or(&notice.host),
        notice.action.map_or("-", |action| action.as_str()),
        notice.code,
        notice.step.map_or("-".to_owned(), |step| format!("{step:?}")),
        words.join(" ")
    )
}

fn shown(name: &str) -> Vec<String> {
    read(&fixture(name)).unwrap().iter().map(show).collect()
}

#[test]
fn a_report_of_several_recipients() {
    assert_eq!(
        shown("postfix-several.eml"),
        [
            "anna@gmail.com | gmail-smtp-in.l.google.com | failed | 550 5.7.26 | EndOfData | 550-5.7.26 Your email",
            "ben@example.net | mx.example.net | failed | 550 5.1.1 | Rcpt | 550 5.1.1 <ben@example.net>:",
            "carla@hotmail.com | hotmail-com.olc.protection.outlook.com | failed | 451 4.7.650 | Connect | 451 4.7.650 The",
        ]
    );
}

#[test]
fn where_no_server_answered_the_reason_stays() {
    assert_eq!(
        shown("postfix-delayed.eml"),
        ["dora@example.org | - | delayed | no reply | - | connect to mx.example.org[198.51.100.25]:25:"]
    );
    let notice = &read(&fixture("postfix-delayed.eml")).unwrap()[0];
    assert_eq!(notice.status.map(|code| code.to_string()).as_deref(), Some("4.4.1"));
    assert!(!notice.answered);
}

#[test]
fn bounces_without_a_report() {
    assert_eq!(
        shown("exim-text-only.eml"),
        [
            "emil@example.net | mx.example.net | - | 550 5.1.1 | Rcpt | 550-5.1.1 Unknown here.",
            "frieda@example.org | mx.example.org | - | 554 5.7.1 | Mail | 554 5.7.1 Sender",
        ]
    );
    assert_eq!(
        shown("html-only.eml"),
        ["hanna@example.net | - | - | 550 5.1.1 | - | 550 5.1.1 <hanna@example.net>"]
    );
    assert_eq!(shown("qmail.eml"), ["ida@example.net | - | - | 550 | - | 550 sorry, no"]);
}

#[test]
fn a_report_in_base64() {
    assert_eq!(
        shown("exchange-online.eml"),
        [
            "gustav@partner.example | partner-example.mail.protection.outlook.com | failed | 550 5.7.509 | - | 550 5.7.509 Access"
        ]
    );
}

#[test]
fn a_bounce_inside_a_message() {
    assert_eq!(
        shown("forwarded.eml"),
        [
            "lena@gmail.com | alt1.gmail-smtp-in.l.google.com | failed | 552 5.2.2 | - | 552-5.2.2 The recipient's"
        ]
    );
}

#[test]
fn a_cut_bounce_still_tells_what_its_text_quotes() {
    let found = shown("truncated.eml");
    assert!(
        found[0].starts_with("anna@gmail.com | gmail-smtp-in.l.google.com | - | 550 5.7.26 | EndOfData"),
        "{found:?}"
    );
    assert!(found[1].starts_with("ben@example.net | mx.example.net | - | 550 5.1.1 | Rcpt"), "{found:?}");
}

#[test]
fn messages_that_are_no_bounce_and_texts_that_are_no_message() {
    assert!(shown("not-a-bounce.eml").is_empty());
    for text in [
        "",
        "550 5.7.26",
        "Mar  7 10:00:00 mx postfix/smtp[1]: x: y",
        "host: mx said: 550 no\n",
        "From here on",
    ] {
        assert_eq!(read(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn the_fields_of_a_report_by_themselves() {
    let fields =
        "Final-Recipient: rfc822;a@example.net\r\nStatus: 5.2.2\r\nDiagnostic-Code: smtp;552 full\r\n";
    let found = read(fields.as_bytes()).unwrap();
    assert_eq!(
        found.iter().map(show).collect::<Vec<_>>(),
        ["a@example.net | - | - | 552 5.2.2 | - | 552 full"]
    );
}

#[test]
fn hostile_fields_stay_what_they_are() {
    let found = read(&fixture("hostile.eml")).unwrap();
    assert_eq!(found[0].code.to_string(), "550 5.1.1");
    assert_eq!(found[0].host.as_deref(), Some("gmail-smtp-in.l.google.com.evil.example"));
    assert_eq!(found.len(), 3);
}

#[test]
fn replies_in_a_text() {
    let found = |text: &str| {
        quotes(text).iter().map(|notice| format!("{} {}", notice.code, notice.text)).collect::<Vec<_>>()
    };
    assert_eq!(
        found("550-5.7.26 a\n550-5.7.26 b\n550 5.7.26 c"),
        ["550 5.7.26 550-5.7.26 a 550-5.7.26 b 550 5.7.26 c"]
    );
    assert_eq!(found("550 5.1.1 a\n552 5.2.2 b"), ["550 5.1.1 550 5.1.1 a", "552 5.2.2 552 5.2.2 b"]);
    assert_eq!(found("<** 550 no relaying"), ["550 550 no relaying"]);
    assert_eq!(found("smtp; 550 gone"), ["550 550 gone"]);
    assert_eq!(found("server returned '554 5.7.1 no'"), ["554 5.7.1 554 5.7.1 no'"]);
    assert_eq!(found("I paid 550 EUR; 12.550 x; a-550 5.1.1; 550\n1550 5.1.1 x"), [""; 0]);
    assert_eq!(found("the code 550 5.1.1 means"), ["550 5.1.1 550 5.1.1 means"]);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
        let _ = quotes(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_text_of_codes_panics(text in "(([245]5[0-9][ -])|([245]\\.[0-9]\\.[0-9] )|<a@b\\.c>|host |after |\n|[ -~é]){0,60}") {
        let _ = quotes(&text);
    }

    #[test]
    fn no_damaged_bounce_panics(name in 0_usize..9, cut in 0_usize..3000, at in 0_usize..3000, byte in any::<u8>()) {
        let names = ["postfix-several", "postfix-delayed", "exim-text-only", "exchange-online", "html-only", "qmail",
            "forwarded", "hostile", "truncated"];
        let mut bytes = fixture(&format!("{}.eml", names[name]));
        bytes.truncate(cut);
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        let _ = read(&bytes);
    }
}
