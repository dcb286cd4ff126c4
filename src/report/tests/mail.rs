//! The mail, read back as its readers do.

use mail_parser::{HeaderName, MessageParser, MimeHeaders};

use super::super::{Envelope, mail};
use super::*;

fn envelope() -> Envelope {
    Envelope {
        to: vec!["postmaster@example.com".to_owned(), "root".to_owned()],
        from: Some("smtpulse@mx1.example.com".to_owned()),
        date: MIDNIGHT + 86_400,
        id: "smtpulse.1.2".to_owned(),
        host: "mx1.example.com".to_owned(),
    }
}

fn written(report: &Report) -> String {
    let mut out = Vec::new();
    mail(report, &envelope(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Text part and HTML part, decoded.
fn parts(mail: &str) -> (String, String) {
    let message = MessageParser::default().parse(mail.as_bytes()).unwrap();
    let text = message.body_text(0).unwrap().replace("\r\n", "\n");
    (text, message.body_html(0).unwrap().replace("\r\n", "\n"))
}

fn golden_mail(name: &str, summary: &Summary) {
    let mail = written(&report(summary));
    let (headers, _) = mail.split_once("\n\n").unwrap();
    let (text, html) = parts(&mail);
    insta::with_settings!({
        snapshot_path => "../../../fixtures/reports",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(format!("{name}.mail.txt"), format!("{headers}\n\n{text}"));
        insta::assert_snapshot!(format!("{name}.mail.html"), html);
    });
}

#[test]
fn golden_mail_of_an_incident() {
    golden_mail("incident", &incident());
}

#[test]
fn golden_mail_of_a_quiet_day() {
    golden_mail("quiet", &quiet());
}

#[test]
fn a_mail_is_read_back_as_it_was_meant() {
    let report = report(&incident());
    let written = written(&report);
    let message = MessageParser::default().parse(written.as_bytes()).unwrap();
    assert_eq!(message.subject().map(|subject| format!("{subject}\n")), Some(one(&report)));
    let to: Vec<&str> = message.to().unwrap().iter().filter_map(|to| to.address()).collect();
    assert_eq!(to, ["postmaster@example.com", "root"]);
    assert_eq!(message.from().and_then(|from| from.first()?.address()), Some("smtpulse@mx1.example.com"));
    assert_eq!(message.date().map(mail_parser::DateTime::to_timestamp), Some(MIDNIGHT + 86_400));
    assert_eq!(message.message_id(), Some("smtpulse.1.2@mx1.example.com"));
    assert_eq!(message.header("Auto-Submitted").and_then(|value| value.as_text()), Some("auto-generated"));
    assert_eq!(message.header("MIME-Version").and_then(|value| value.as_text()), Some("1.0"));
    assert!(message.root_part().is_content_type("multipart", "alternative"));
    let (text, html) = parts(&written);
    assert_eq!(text, page(&report, &Look { width: 76, colour: false }));
    assert!(html.contains("Something is wrong at Google"), "{html}");
    assert!(html.contains("<code>example.com. TXT &#34;v=spf1"), "what is to be typed stands out: {html}");
}

/// Names of the headers, in their order.
fn names(mail: &str) -> Vec<&str> {
    let (headers, _) = mail.split_once("\n\n").unwrap();
    headers
        .lines()
        .filter(|line| !line.starts_with([' ', '\t']))
        .filter_map(|line| line.split(':').next())
        .collect()
}

#[test]
fn no_stranger_writes_a_header() {
    let usual =
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"];
    for summary in [hostile(), incident(), quiet(), Summary::default(), one_line()] {
        let mail = written(&report(&summary));
        assert_eq!(names(&mail), usual, "{mail}");
        assert!(mail.is_ascii() && mail.lines().all(|line| line.len() <= 78), "{mail}");
        let message = MessageParser::default().parse(mail.as_bytes()).unwrap();
        assert!(message.header(HeaderName::Bcc).is_none());
        assert_eq!(message.parts.len(), 3, "the whole, and two parts");
    }
    // Were a finding's name to get through all the same, it could not end the header.
    let mut report = report(&incident());
    for text in ["a\r\nBcc: x@example.net", "a\n\nb", "\r", "\0\u{1b}[1m"] {
        report.findings[0].title = text.to_owned();
        assert_eq!(names(&written(&report)), usual);
    }
    report.findings[0].title = "Für 東京 nicht angemeldet".to_owned();
    let mail = written(&report);
    let message = MessageParser::default().parse(mail.as_bytes()).unwrap();
    assert!(mail.contains("\nSubject: =?utf-8?"), "{mail}");
    assert!(message.subject().unwrap().ends_with("Für 東京 nicht angemeldet"));
}

#[test]
fn no_line_of_the_text_part_is_wrapped_by_who_quotes_it() {
    for summary in [hostile(), incident(), quiet(), Summary::default(), one_line()] {
        let (text, _) = parts(&written(&report(&summary)));
        assert!(text.lines().all(|line| line.width() < 78), "{text}");
    }
}

#[test]
fn the_html_part_is_ours_alone() {
    let tags = "!DOCTYPE a body code h1 h2 head html li main meta p strong style table tbody td th thead title tr ul";
    for summary in [hostile(), incident(), quiet(), Summary::default(), one_line()] {
        let (_, html) = parts(&written(&report(&summary)));
        for tag in html.split('<').skip(1) {
            let end = tag.find(|c: char| !(c.is_ascii_alphanumeric() || c == '!' || c == '/')).unwrap();
            let name = tag[..end].trim_start_matches('/');
            assert!(tags.split(' ').any(|known| known == name), "<{tag}");
        }
        for (open, close) in
            [("<td", "</td>"), ("<tr>", "</tr>"), ("<table", "</table>"), ("<code>", "</code>")]
        {
            assert_eq!(html.matches(open).count(), html.matches(close).count(), "{open}");
        }
        for remote in ["src=", "href=", "url(", "@import"] {
            let ours = html.replace("&lt;img src=x", "").replace("img src=x", "");
            assert!(!ours.contains(remote), "{remote}: {html}");
        }
        let unsafe_ = |c: char| c != '\n' && crate::report::escape::is_unsafe(c);
        assert!(!html.contains(unsafe_), "{html}");
    }
    let (_, html) = parts(&written(&report(&hostile())));
    assert!(html.contains("&#60;img src=x onerror=alert(1)&#62;"), "what was there stays visible: {html}");
}
