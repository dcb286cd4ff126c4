use proptest::prelude::*;

use super::queue_id;
use crate::mta::{Daemon, Event, Kind, Mta, Outcome};
use crate::smtp::Direction;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a daemon's message says; no name is a daemon that is not known.
fn parse<'a>(daemon: &[u8], message: &'a [u8]) -> Event<'a> {
    super::parse(Daemon::of(daemon).unwrap_or(Daemon::Unknown), message)
}

fn outcome(daemon: &'static str, message: &'static str) -> Outcome<'static> {
    match parse(daemon.as_bytes(), message.as_bytes()) {
        Event::Outcome(outcome) => outcome,
        other => panic!("{message}: {other:?}"),
    }
}

/// Kind, direction, recipient, host, status and code in one line.
fn show(daemon: &'static str, message: &'static str) -> String {
    let o = outcome(daemon, message);
    format!(
        "{} {} <{}> {} {} {}",
        o.kind.as_str(),
        o.direction.as_str(),
        o.recipient.map(text).unwrap_or_default(),
        o.relay_host.map(text).unwrap_or_default(),
        o.status.map(text).unwrap_or_default(),
        o.code
    )
}

#[test]
fn deliveries() {
    assert_eq!(
        show(
            "smtp",
            "133F09CC571: to=<a@example.com>, relay=mx.example.com[192.0.2.1]:25, delay=10, delays=5.4/4.5/0.51/0, \
             dsn=2.0.0, status=sent (250 2.0.0 OK queued)"
        ),
        "delivery out <a@example.com> mx.example.com sent 250 2.0.0"
    );
    assert_eq!(
        show(
            "smtp",
            "133F09CC571: to=<a@example.com>, orig_to=<b@example.net>, relay=mx.example.com[2001:db8::1]:25, conn_use=2, \
             delay=1, delays=0/0/0/1, tls=sts:!dane, dsn=5.7.26, status=bounced (host mx.example.com[2001:db8::1] \
             said: 550-5.7.26 one 550 5.7.26 two (in reply to end of DATA command))"
        ),
        "delivery out <a@example.com> mx.example.com bounced 550 5.7.26"
    );
    // The reply has no enhanced code: Postfix's field gives it.
    assert_eq!(
        show(
            "smtp",
            "1A2B3: to=<a@b>, relay=mx[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=4.0.0, status=deferred (host \
             mx[192.0.2.1] refused to talk to me: 554-mx.example (x) 554 No)"
        ),
        "delivery out <a@b> mx deferred 554 4.0.0"
    );
    // Nobody answered.
    assert_eq!(
        show(
            "smtp",
            "1A2B3: to=<a@b>, relay=none, delay=46, status=deferred (connect to 192.0.2.1[192.0.2.1]: No route to host)"
        ),
        "delivery out <a@b>  deferred no reply"
    );
    assert_eq!(
        show(
            "smtp",
            "1A2B3: to=<a@b>, relay=mx[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=4.4.2, status=deferred (lost \
             connection with mx[192.0.2.1] while sending RCPT TO)"
        ),
        "delivery out <a@b> mx deferred no reply"
    );
    assert_eq!(
        show(
            "smtp",
            "1A2B3: to=<a@b>, relay=mx[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=4.1.1, status=SOFTBOUNCE (host \
             mx[192.0.2.1] said: 550 5.1.1 no (in reply to RCPT TO command))"
        ),
        "delivery out <a@b> mx SOFTBOUNCE 550 5.1.1"
    );
}

#[test]
fn local_hops() {
    let rest = "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (delivered to mailbox)";
    for (daemon, relay) in [
        ("local", "local"),
        ("virtual", "virtual"),
        ("pipe", "dovecot"),
        ("lmtp", "mail.example.com[192.0.2.9]:24"),
        ("smtp", "127.0.0.1[127.0.0.1]:10024"),
        ("smtp", "mail.example.com[127.0.0.1]:10024"),
        ("smtp", "mail.example.com[private/dovecot-lmtp]"),
        ("", "mail.example.com[/var/run/dovecot/lmtp]"),
        ("", "local"),
        ("discard", "none"),
    ] {
        let message = format!("1A2B3: to=<a@b>, relay={relay}, {rest}").leak();
        assert_eq!(outcome(daemon, message).direction, Direction::Local, "{daemon} {relay}");
    }
    // A remote name that an odd resolver sends into 127/8 is still remote.
    let message = format!("1A2B3: to=<a@b>, relay=mx.example.com[127.0.1.5]:25, {rest}").leak();
    assert_eq!(outcome("smtp", message).direction, Direction::Out);
    let refused = "1A2B3: to=<a@b>, relay=none, delay=1, delays=0/0/0/1, dsn=4.4.1, status=deferred (connect to \
                   127.0.0.1[127.0.0.1]:10024: Connection refused)";
    assert_eq!(outcome("smtp", refused).direction, Direction::Local);
}

#[test]
fn what_is_no_attempt() {
    let suspended = "1A2B3: to=<a@b>, relay=none, delay=1, delays=0/0/0/1, dsn=4.7.0, status=deferred (delivery temporarily \
                     suspended: host mx[192.0.2.1] refused to talk to me: 421 4.7.0 slow)";
    assert_eq!(show("error", suspended), "suspended out <a@b>  deferred 421 4.7.0");
    let probe = "1A2B3: to=<a@b>, relay=mx[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.1.5, status=deliverable (250 \
                 2.1.5 ok)";
    assert_eq!(outcome("smtp", probe).kind, Kind::Probe);
    let earlier = "1A2B3: host mx[192.0.2.1] said: 451 4.3.0 later (in reply to RCPT TO command)";
    assert_eq!(show("smtp", earlier), "attempt out <> mx  451 4.3.0");
    let expired = "1A2B3: from=<s@example.org>, status=expired, returned to sender";
    assert_eq!(show("qmgr", expired), "expired out <>  expired no reply");
    for mention in [
        "1A2B3: message-id=<a@b>",
        "1A2B3: status=deferred (bounce failed)",
        "1A2B3: lost connection with mx[192.0.2.1] while sending RCPT TO",
    ] {
        assert_eq!(parse(b"smtp", mention.as_bytes()), Event::Mention, "{mention}");
    }
    for unrelated in ["connect from mx[192.0.2.1]", "statistics: max connection rate 1/60s", ""] {
        assert_eq!(parse(b"smtpd", unrelated.as_bytes()), Event::Unrelated, "{unrelated}");
    }
    assert_eq!(parse(b"smtp", b"1A2B3: to=<a@b>, relay=mx"), Event::NotUnderstood);
}

#[test]
fn senders_and_the_end() {
    let active = b"1A2B3: from=<bounce+x@example.net>, size=1536, nrcpt=1 (queue active)";
    assert_eq!(
        parse(b"qmgr", active),
        Event::Sender { queue_id: b"1A2B3", sender: b"bounce+x@example.net", remote: false }
    );
    let null = b"1A2B3: from=<>, size=1536, nrcpt=1 (queue active)";
    assert_eq!(parse(b"qmgr", null), Event::Sender { queue_id: b"1A2B3", sender: b"", remote: false });
    let hostile = b"1A2B3: from=<\"a>, size=1, nrcpt=1 (queue active)\"@b>, size=15, nrcpt=1 (queue active)";
    let sender = b"\"a>, size=1, nrcpt=1 (queue active)\"@b";
    assert_eq!(parse(b"qmgr", hostile), Event::Sender { queue_id: b"1A2B3", sender, remote: false });
    assert_eq!(
        parse(b"smtpd", b"1A2B3: client=mx[192.0.2.1]"),
        Event::Arrival { queue_id: b"1A2B3", remote: true }
    );
    let filter = parse(b"smtpd", b"1A2B3: client=localhost[127.0.0.1], orig_queue_id=9");
    assert_eq!(filter, Event::Arrival { queue_id: b"1A2B3", remote: false });
    assert_eq!(
        parse(b"pickup", b"1A2B3: uid=0 from=<s>"),
        Event::Arrival { queue_id: b"1A2B3", remote: false }
    );
    assert_eq!(parse(b"qmgr", b"1A2B3: removed"), Event::Done { queue_id: b"1A2B3" });
}

#[test]
fn hostile_recipients_and_replies_imitate_fields() {
    let quoted = "1A2B3: to=<\"a>, relay=mx.evil[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=5.7.26, status=bounced (x\"@d>, \
                  relay=mx[192.0.2.1]:25, delay=2, delays=0/0/0/2, dsn=2.0.0, status=sent (250 2.0.0 ok)";
    let o = outcome("smtp", quoted);
    assert_eq!((text(o.relay_host.unwrap()), o.code.to_string()), ("mx".into(), "250 2.0.0".into()));
    // Releases before 3.5 log the local part without its quotes.
    let raw = "1A2B3: to=<a, relay=mx.evil[192.0.2.9]:25, dsn=5.7.26, status=bounced (x@d>, relay=mx[192.0.2.1]:25, delay=2, \
               delays=0/0/0/2, dsn=2.0.0, status=sent (250 2.0.0 ok)";
    assert_eq!(text(outcome("smtp", raw).relay_host.unwrap()), "mx");
    let reply = "1A2B3: to=<a@d>, relay=mx[192.0.2.1]:25, delay=2, delays=0/0/0/2, dsn=5.1.1, status=bounced (host \
                 mx[192.0.2.1] said: 550 5.1.1 b>, relay=mx.evil[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, \
                 status=sent (250 2.0.0 ok) (in reply to RCPT TO command))";
    let o = outcome("smtp", reply);
    assert_eq!((text(o.recipient.unwrap()), o.code.to_string()), ("a@d".into(), "550 5.1.1".into()));
    let forged_said = "1A2B3: to=<a@d>, relay=mx[192.0.2.1]:25, delay=2, delays=0/0/0/2, dsn=2.0.0, status=sent (250 2.0.0 \
                       host x[192.0.2.9] said: 550 5.7.26 no)";
    assert_eq!(outcome("smtp", forged_said).code.to_string(), "250 2.0.0");
}

#[test]
fn refusals() {
    assert_eq!(
        show(
            "smtpd",
            "NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 <a; from=<x> to=<y>>: no; see https://b.example; \
             from=<s@example.org> to=<r@example.net> proto=ESMTP helo=<h>"
        ),
        "reject in <r@example.net> unknown reject 554 5.7.1"
    );
    assert_eq!(
        show(
            "postscreen",
            "NOQUEUE: reject: RCPT from [192.0.2.7]:4242: 550 5.7.1 Service unavailable; client [192.0.2.7] blocked using \
             dnsbl.example; from=<s@example.org>, to=<r@example.net>, proto=ESMTP, helo=<h>"
        ),
        "reject in <r@example.net>  reject 550 5.7.1"
    );
    assert_eq!(
        show(
            "cleanup",
            "1A2B3: milter-reject: END-OF-MESSAGE from mx[192.0.2.7]: 4.7.1 Try again later; from=<s@example.org> \
             to=<r@example.net> proto=ESMTP helo=<h>"
        ),
        "reject in <r@example.net> mx milter-reject 4.7.1"
    );
    assert_eq!(
        show(
            "cleanup",
            "1A2B3: reject: header Subject: status=sent from x[192.0.2.9]; from=<a> to=<b> from mx[192.0.2.7]; \
             from=<s@example.org> to=<r@example.net> proto=ESMTP helo=<h>: 5.7.1 no"
        ),
        "reject in <r@example.net> mx reject 5.7.1"
    );
    let odd = "NOQUEUE: reject: RCPT from mx[192.0.2.7]: 554 5.7.1 no; from=<<>@b.example> to=<r@example.net> proto=SMTP";
    assert_eq!(outcome("smtpd", odd).sender, Some(&b"<>@b.example"[..]));
    assert_eq!(outcome("smtpd", odd).recipient, Some(&b"r@example.net"[..]));
    let warned =
        "NOQUEUE: reject_warning: RCPT from mx[192.0.2.7]: 450 4.7.1 x; from=<s> to=<r> proto=SMTP helo=<h>";
    assert_eq!(outcome("smtpd", warned).action, None);
    let busy = "NOQUEUE: reject: CONNECT from [192.0.2.7]:4242: all server ports busy";
    assert_eq!(show("postscreen", busy), "reject in <>  reject no reply");
}

/// A queue id and the colon behind it, byte by byte.
fn id_by_bytes(text: &[u8]) -> Option<&[u8]> {
    let length = text.iter().position(|b| !b.is_ascii_alphanumeric() && *b != b'_')?;
    let id = &text[..length];
    let hexadecimal = length >= 5 && id.iter().all(|b| matches!(b, b'A'..=b'F'));
    let is_one = id.iter().any(u8::is_ascii_digit) || hexadecimal || id == b"NOQUEUE";
    (text[length] == b':' && (2..=27).contains(&length) && is_one).then_some(id)
}

#[test]
fn lines_that_end_as_usual_and_hold_nothing_else() {
    for (message, event) in [
        // As long as what is looked at.
        ("1A2B3: from=aaaaaaaaaaaaaaaaaaaaaaaaaaa (queue active)", Event::Mention),
        ("1A2B3: client=123.123.123.123]", Event::Arrival { queue_id: b"1A2B3", remote: true }),
    ] {
        assert_eq!(super::parse(Daemon::Server, message.as_bytes()), event, "{message}");
    }
}

proptest! {
    #[test]
    fn ids_are_read_at_once_as_byte_by_byte(
        text in "([0-9A-F]{0,30}|[A-F]{0,30}|[A-Za-z_]{0,30})[0-9g-z_@\\[`{/]{0,2}[:. ]{0,2}[ -~]{0,20}",
    ) {
        prop_assert_eq!(queue_id(text.as_bytes()).map(|(id, _)| id), id_by_bytes(text.as_bytes()));
    }

    #[test]
    fn a_look_at_the_opening_tells_what_reading_tells(
        daemon in prop::sample::select(vec![Daemon::Unknown, Daemon::Server, Daemon::Client, Daemon::Queue]),
        opening in "(warning: )?([0-9A-F]{0,18}|[A-Za-z_]{0,20}|NOQUEUE|to=<|connect from|[ -~]{0,20})[: ]{0,2}",
        rest in "(to=<|from=<|reject: |removed|client=|host )?[ -~]{0,60}",
    ) {
        let message = [opening, rest].concat();
        prop_assert_eq!(super::parse(daemon, message.as_bytes()), super::any(daemon, message.as_bytes()));
    }

    #[test]
    fn senders_are_found_near_the_end_as_anywhere(
        sender in "[a-z0-9>]{0,30}|[ -~]{0,30}",
        rest in "(>|>, size=)[0-9]{0,6}(, nrcpt=[0-9>]{0,5})?( \\(queue active\\))?",
    ) {
        let text = ["from=<", &sender, &rest].concat();
        let [near, anywhere] = [super::from, super::any_from].map(|read| read(Daemon::Queue, b"1A2B3", text.as_bytes()));
        prop_assert_eq!(near, anywhere);
    }

    #[test]
    fn no_bytes_panic(daemon in "smtp|smtpd|qmgr|", message in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = parse(daemon.as_bytes(), &message);
    }

    #[test]
    fn no_shuffled_fields_panic(pieces in proptest::collection::vec(
        prop::sample::select(vec![
            "1A2B3: ", "to=<", "a@b", "\"", "\\", ">", ", ", "orig_to=<", "relay=", "mx[192.0.2.1]:25", "none",
            "delay=1", "delays=0/0/0/1", "dsn=5.1.1", "status=", "sent", "bounced", " (", ")", "host ", "said: ", "550 5.1.1 ",
            "reject: ", "RCPT from ", "; from=<", "> to=<", "header ", "from=<", ", size=", "removed", "[", "]", ":", " ",
        ]), 0..24)) {
        let message: String = pieces.concat();
        for daemon in ["smtp", "smtpd", "qmgr", ""] {
            let _ = parse(daemon.as_bytes(), message.as_bytes());
        }
    }
}

#[test]
fn what_waited_long_is_tried_again() {
    let retry = |delays: &str| {
        let line = format!(
            "1A2B3: to=<r@example.org>, relay=mx.example.org[192.0.2.9]:25, {delays}, dsn=4.2.1, status=deferred (host mx.example.org[192.0.2.9] said: 450 4.2.1 later (in reply to RCPT TO command))"
        );
        match parse(b"smtp", line.as_bytes()) {
            Event::Outcome(outcome) => outcome.is_retry(Mta::Postfix, None),
            other => panic!("{other:?}"),
        }
    };
    assert!(retry("delay=312, delays=303/0.01/7/2"));
    assert!(!retry("delay=312, delays=3/300/7/2"), "waiting in the active queue is no retry");
    assert!(!retry("delay=249, delays=249.9/0/0/0"));
    assert!(retry("delay=250"));
    assert!(!retry("delay=0.5"));
    assert!(retry("delay=99999999999, delays=4294967295/0/0/0"));
}
