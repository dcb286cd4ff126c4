//! What each kind of line says, and what strangers cannot make it say.

use proptest::prelude::*;

use super::address::{self, Recipient};
use super::{fields, message_id, parse, usual};
use crate::mta::{Event, Kind, Mta, Outcome};
use crate::smtp::{Action, Direction};
use crate::vector::common;

const ID: &str = "1vapKe-0001tQ-2p";

fn outcome(line: &str) -> Outcome<'_> {
    match parse(line.as_bytes()) {
        Event::Outcome(outcome) => outcome,
        other => panic!("{other:?}: {line}"),
    }
}

fn string(bytes: Option<&[u8]>) -> &str {
    bytes.map_or("-", |bytes| std::str::from_utf8(bytes).expect("test lines are text"))
}

/// `kind direction status action | recipient < top | host [ip] | code`.
fn said(line: &str) -> String {
    let o = outcome(line);
    format!(
        "{} {} {} {} | {} < {} | {} [{}] | {}",
        if o.kind == Kind::Probe { "probe" } else { o.kind.as_str() },
        o.direction.as_str(),
        string(o.status),
        o.action.map_or("-", Action::as_str),
        string(o.recipient),
        string(o.orig_recipient),
        string(o.relay_host),
        string(o.relay_ip),
        o.code,
    )
}

#[track_caller]
fn check(rest: &str, expected: &str) {
    assert_eq!(said(&format!("{ID} {rest}")), expected, "{rest}");
}

#[test]
fn ids_of_both_lengths() {
    for id in ["1vapKe-0001tQ-2p", "1wtYVW-0000000GFxD-3Ryp"] {
        assert_eq!(
            parse(format!("{id} Completed QT=2s").as_bytes()),
            Event::Done { queue_id: id.as_bytes() }
        );
        assert_eq!(parse(format!("{id} Completed").as_bytes()), Event::Done { queue_id: id.as_bytes() });
        assert_eq!(parse(format!("{id} Frozen (delivery error message)").as_bytes()), Event::Mention);
        assert_eq!(parse(id.as_bytes()), Event::Mention);
        let line = format!("{id} => a@b.example R=r T=remote_smtp H=mx [192.0.2.1] C=\"250 ok\"");
        assert_eq!(outcome(&line).queue_id, Some(id.as_bytes()));
    }
    for line in [
        "1vapKe-0001tQ-2 => a@b",
        "1vapKe-0001tQ-2p: => a@b",
        "1vapKé-0001tQ-2p => a@b",
        "1vapKe_0001tQ-2p => a@b",
        "1vapKe-0001tQ_2p => a@b",
        "1wtYVW-0000000GFxD_3Ryp => a@b",
        "1wtYVW-0000000GFxD-3Ryp: => a@b",
        "1wtYVW-0000000GFxD-3Ry",
        "=> a@b",
        "",
    ] {
        assert_eq!(parse(line.as_bytes()), Event::Unrelated, "{line}");
    }
}

#[test]
fn arrivals_name_the_sender() {
    for (rest, sender, remote) in [
        ("<= <> H=mx.example.com [192.0.2.1]:25 P=esmtps S=2048 for u@example.net", "", true),
        ("<= <> H=localhost (amavis) [127.0.0.1]:25 P=esmtp S=2048", "", false),
        ("<= x@example.net H=(app) [127.0.0.1]:1 P=esmtp S=1 T=\"a => b\" for c@d", "x@example.net", false),
        ("(= x@example.net H=(app) [127.0.0.1]", "x@example.net", false),
        ("<= <> R=1vapTv-0001tu-1u U=Debian-exim P=local S=5410", "", false),
        (
            "<= \"x> to=<y@gmail.com>, R=z\"@example.net H=mail [192.0.2.1]",
            "\"x> to=<y@gmail.com>, R=z\"@example.net",
            false,
        ),
        ("<= root U=root P=local S=355", "root", false),
    ] {
        assert_eq!(
            parse(format!("{ID} {rest}").as_bytes()),
            Event::Sender { queue_id: ID.as_bytes(), sender: sender.as_bytes(), remote }
        );
    }
}

#[test]
fn a_flag_without_an_address_is_not_understood() {
    for flag in ["<=", "(=", "=>", "->", ">>", "*>", "**", "=="] {
        for rest in ["", " ", "   "] {
            assert_eq!(parse(format!("{ID} {flag}{rest}").as_bytes()), Event::NotUnderstood, "{flag}");
        }
    }
    assert_eq!(parse(format!("{ID} **: Unrouteable address").as_bytes()), Event::Mention);
    assert_eq!(parse(format!("{ID} ** : Unrouteable address").as_bytes()), Event::NotUnderstood);
}

#[test]
fn the_flag_stands_directly_after_the_id() {
    for rest in [
        "note: suspicious subject => x@gmail.com 550 5.7.26",
        "*** frozen (delivery error message)",
        "=>x@example.net R=r T=remote_smtp",
        "Spool file for 1vaqhZ-0001vq-2o is locked (another process is handling this message)",
    ] {
        assert_eq!(parse(format!("{ID} {rest}").as_bytes()), Event::Mention, "{rest}");
    }
}

#[test]
fn deliveries_to_a_host() {
    let tail = "R=dnslookup T=remote_smtp S=902 H=mta6.am0.yahoodns.net [203.0.113.22]:25 I=[127.0.0.1]:40918 \
                X=TLS1.3:ECDHE_SECP256R1__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=no DN=\"CN=mx.lab.test\" L \
                C=\"250 ok dirdel\" QT=8s DT=2.276s";
    for flag in ["=>", "->", ">>", "=> "] {
        let line =
            format!("{ID} {flag} anna-weber@yahoo.com F=<bounce-00001@news.example.net> P=<x@y> {tail}");
        assert_eq!(
            said(&line),
            "delivery out sent delivered | anna-weber@yahoo.com < - | mta6.am0.yahoodns.net [203.0.113.22] | 250"
        );
        let o = outcome(&line);
        assert_eq!(string(o.sender), "bounce-00001@news.example.net");
        assert_eq!(string(o.delay), "8");
        assert_eq!(o.text, b"250 ok dirdel");
        assert_eq!(o.dsn, None);
    }
    check(
        "*> a@example.net R=dnslookup T=remote_smtp H=mx [192.0.2.1] C=\"delivery bypassed by -N option\"",
        "probe out suppressed - | a@example.net < - | mx [192.0.2.1] | no reply",
    );
    check(
        "=> b@example.org (l@example.net, m@example.net) <a@example.net> F=<> P=<> R=r T=remote_smtp \
         H=2001:db8::7 [2001:db8::7]:25* C=\"250 2.1.5 ok\"",
        "delivery out sent delivered | b@example.org < a@example.net | 2001:db8::7 [2001:db8::7] | 250 2.1.5",
    );
    check(
        "=> b@example.org SRS=<SRS0=x=y=z=b@example.org> R=r NEW=\"H=no [192.0.2.9]\" T=remote_smtp H=mx DS \
         [192.0.2.1]* TFO* PRDR K",
        "delivery out sent delivered | b@example.org < - | mx [192.0.2.1] | no reply",
    );
    assert_eq!(outcome(&format!("{ID} => a@b.example F=<> R=r")).sender, Some(&b""[..]));
    assert_eq!(string(outcome(&format!("{ID} => a@b.example F=c@d.example R=r")).sender), "c@d.example");
}

#[test]
fn only_plain_seconds_are_a_delay() {
    for (time, delay) in
        [("12s", "12"), ("0.3s", "0.3"), ("1m2s", "-"), ("2h", "-"), ("s", "-"), ("1.2.3s", "-")]
    {
        assert_eq!(string(outcome(&format!("{ID} => a@b.example R=r QT={time} DT=1s")).delay), delay);
    }
}

#[test]
fn confirmations_are_escaped_twice_and_may_be_cut() {
    check(
        "=> a@b.example R=r T=remote_smtp H=mx [192.0.2.1] K C=\"250- 64160 byte chunk, total 64822\\\\n250 2.0.0 OK\"",
        "delivery out sent delivered | a@b.example < - | mx [192.0.2.1] | 250 2.0.0",
    );
    let cut =
        format!("{ID} => a@b.example R=r T=remote_smtp H=mx [192.0.2.1] C=\"250 2.6.0 <x@y> [Hostname=HE");
    assert_eq!(outcome(&cut).text, b"250 2.6.0 <x@y> [Hostname=HE");
    assert_eq!(outcome(&cut).code.to_string(), "250 2.6.0");
    let quoted = format!(
        "{ID} => a@b.example R=r T=remote_smtp H=mx [192.0.2.1] C=\"250 say \\\"hi\\\" QT=9s\" QT=1s"
    );
    assert_eq!(outcome(&quoted).text, b"250 say \\\"hi\\\" QT=9s");
    assert_eq!(string(outcome(&quoted).delay), "1");
}

#[test]
fn hops_that_stay_here() {
    check(
        "=> ops <ops@mta1.example.net> F=<u@g.example> P=<u@g.example> R=localuser T=local_delivery S=1156 QT=6s",
        "delivery local sent delivered | ops < ops@mta1.example.net | - [-] | no reply",
    );
    check(
        "=> info <info@z.example> R=mailbox T=dovecot_lmtp C=\"250 2.0.0 <info@z.example> Saved\"",
        "delivery local sent delivered | info < info@z.example | - [-] | 250 2.0.0",
    );
    check(
        "=> lena@store.example R=lmtp T=lmtp H=127.0.0.1 [127.0.0.1]:2424 L C=\"250 2.0.0 Saved\"",
        "delivery local sent delivered | lena@store.example < - | 127.0.0.1 [127.0.0.1] | 250 2.0.0",
    );
    check(
        "=> :blackhole: <root@mta1.example.net> R=local_hole",
        "delivery local sent delivered | :blackhole: < root@mta1.example.net | - [-] | no reply",
    );
    check(
        "=> /var/mail/my mail (root@h.example) <postmaster@h.example> R=mail4root T=address_file",
        "delivery local sent delivered | /var/mail/my mail < postmaster@h.example | - [-] | no reply",
    );
    check(
        "=> |/usr/bin/filter --to <x@y> -v H=mx.evil [192.0.2.66] <foi@h.example> F=<c@d> R=userforward T=address_pipe",
        "delivery local sent delivered | |/usr/bin/filter --to <x@y> -v H=mx.evil [192.0.2.66] < foi@h.example \
         | - [-] | no reply",
    );
    check(
        "=> >c@d.example <vacation@h.example> R=userforward T=address_reply",
        "delivery local sent delivered | >c@d.example < vacation@h.example | - [-] | no reply",
    );
    check(
        "=> box |/usr/bin/autorespond a@h.example /home/x/.auto (a@h.example) <a@h.example> R=va T=virtual_pipe",
        "delivery local sent delivered | box < a@h.example | - [-] | no reply",
    );
    check(
        "== root@h.example R=localuser T=local_delivery defer (-53) DT=0.000s: Retry time not yet reached",
        "suspended local deferred delayed | root@h.example < - | - [-] | no reply",
    );
    check(
        "** ghost@h.example R=mailbox T=dovecot_lmtp: LMTP error after RCPT TO:<ghost@h.example>: 550 5.1.1 no such user",
        "delivery local bounced failed | ghost@h.example < - | - [-] | 550 5.1.1",
    );
    check(
        "** list@h.example R=group T=expand: Child process of expand transport returned 1 from command: /bin/false",
        "delivery local bounced failed | list@h.example < - | - [-] | no reply",
    );
}

#[test]
fn an_address_of_127_other_than_the_first_can_be_a_remote_host() {
    check(
        "=> a@gmail.com R=dnslookup T=remote_smtp H=gmail-smtp-in.l.google.com [127.0.1.1]:25 C=\"250 2.0.0 OK\"",
        "delivery out sent delivered | a@gmail.com < - | gmail-smtp-in.l.google.com [127.0.1.1] | 250 2.0.0",
    );
    check(
        "=> a@gmail.com R=filter T=remote_smtp H=localhost [127.0.0.1]:10025 C=\"250 2.0.0 OK\"",
        "delivery local sent delivered | a@gmail.com < - | localhost [127.0.0.1] | 250 2.0.0",
    );
}

#[test]
fn failures_with_a_reply() {
    for colon in [":", " :"] {
        check(
            &format!(
                "** a@yahoo.com (i@example.org) <i@example.org> R=dnslookup T=remote_smtp H=mta7.am0.yahoodns.net \
                 [203.0.113.23]:25 X=TLS1.3:X:256 CV=no DN=\"CN=mx\"{colon} SMTP error from remote mail server \
                 after pipelined end of data: 554 delivery error: dd Not a valid recipient - x.yahoo.com DT=2.042s"
            ),
            "delivery out bounced failed | a@yahoo.com < i@example.org | mta7.am0.yahoodns.net [203.0.113.23] | 554",
        );
    }
    let line = format!(
        "{ID} ** a@b.example R=r T=remote_smtp H=mx [192.0.2.1]:25: SMTP error from remote mail server after \
         RCPT TO:<a@b.example>: 550-5.7.1 first\\n550 5.1.1 last DT=0.000s"
    );
    assert_eq!(outcome(&line).code.to_string(), "550 5.1.1");
    assert_eq!(outcome(&line).text, b"550-5.7.1 first\\n550 5.1.1 last");
    check(
        "** a@b.example R=r T=remote_smtp H=mx.b.example: SMTP error from remote mail server after RCPT TO: 550 no",
        "delivery out bounced failed | a@b.example < - | mx.b.example [-] | 550",
    );
    check(
        "** a@b.example R=r T=remote_smtp H=mx [192.0.2.1]: PRDR error after DATA: 550 5.7.1 no",
        "delivery out bounced failed | a@b.example < - | mx [192.0.2.1] | 550 5.7.1",
    );
    check(
        "** a@b.example R=r T=remote_smtp H=mx [192.0.2.1]: SMTP error from remote mail server after RCPT \
         TO:<a@b.example>: 450 4.7.1 Greylisted: retry timeout exceeded",
        "delivery out bounced failed | a@b.example < - | mx [192.0.2.1] | 450 4.7.1",
    );
}

#[test]
fn old_versions_name_the_host_in_the_text() {
    for server in ["mail server", "mailer"] {
        for step in [
            "initial connection",
            "EHLO mta1.example.net",
            "MAIL FROM:<x@example.net> SIZE=1409",
            "RCPT TO:<\"a>: host mx.evil [192.0.2.66]: 250 2.0.0 \\\"ok\"@b.example>",
            "pipelined DATA",
            "end of data",
        ] {
            check(
                &format!(
                    "** a@b.example R=r T=remote_smtp: SMTP error from remote {server} after {step}: host mx.b.example \
                     [192.0.2.1]: 550 5.7.1 host mx.evil [192.0.2.66]: 250 2.0.0 ok"
                ),
                "delivery out bounced failed | a@b.example < - | mx.b.example [192.0.2.1] | 550 5.7.1",
            );
        }
    }
    check(
        "== a@b.example R=r T=remote_smtp defer (-18): Remote host mx.b.example [192.0.2.1] closed connection in \
         response to end of data",
        "delivery out deferred delayed | a@b.example < - | mx.b.example [192.0.2.1] | no reply",
    );
    check(
        "** a@b.example R=r T=remote_smtp: host mx.b.example [192.0.2.1]: 550 No such user",
        "delivery out bounced failed | a@b.example < - | mx.b.example [192.0.2.1] | 550",
    );
    check(
        "== a@b.example R=r T=remote_smtp defer (-44): SMTP error from remote mail server after RCPT \
         TO:<a@b.example> host mx.b.example [192.0.2.1]: 451 4.3.0 later",
        "delivery out deferred delayed | a@b.example < - | mx.b.example [192.0.2.1] | 451 4.3.0",
    );
}

#[test]
fn what_timed_out_at_first_is_no_retry() {
    // Of a message that came in at 2025-12-31 01:15:05 -0500.
    let arrived = 1_767_161_705;
    let retry = |reason: &str, after: i64| {
        let line = format!("1vapU9-0001ty-2Q == a@b.example R=dnslookup T=remote_smtp defer {reason}");
        match parse(line.as_bytes()) {
            Event::Outcome(outcome) => outcome.is_retry(Mta::Exim, Some(arrived + after)),
            other => panic!("{other:?}"),
        }
    };
    for timed_out in [
        "(110): Connection timed out H=mx.b.example [192.0.2.1] DT=5m",
        "(110) H=mx.b.example [192.0.2.1]: Connection timed out",
        "(110) H=mx.b.example [192.0.2.1]: SMTP timeout after RCPT TO:<a@b.example>: Connection timed out",
    ] {
        assert!(!retry(timed_out, 620), "{timed_out}");
        assert!(retry(timed_out, 900), "{timed_out}");
    }
    let refused = "(111) H=mx.b.example [192.0.2.1]: Connection refused";
    assert!(!retry(refused, 20) && retry(refused, 620));
    let said = "(-44) H=mx.b.example [192.0.2.1]: SMTP error from remote mail server after RCPT TO:<a@b.example>: \
                451 4.4.1 timed out";
    assert!(retry(said, 620), "the words of a server are not ours");
}

#[test]
fn deferrals() {
    check(
        "== a@b.example R=dnslookup T=remote_smtp defer (-44) H=mx.b.example [192.0.2.1]:25 I=[127.0.0.1]:586 \
         DT=5s: SMTP error from remote mail server after RCPT TO:<a@b.example>: 450-4.2.1 rate\\n450 4.2.1 end",
        "delivery out deferred delayed | a@b.example < - | mx.b.example [192.0.2.1] | 450 4.2.1",
    );
    check(
        "== a@b.example <c@d.example> R=r T=remote_smtp defer (110): Connection timed out H=mx [192.0.2.1]:25 \
         DT=5m: SMTP timeout after EHLO mta1.example.net",
        "delivery out deferred delayed | a@b.example < c@d.example | mx [192.0.2.1] | no reply",
    );
    check(
        "== a@b.example R=r T=remote_smtp defer (111): Connection refused DT=0.001s",
        "delivery out deferred delayed | a@b.example < - | - [-] | no reply",
    );
    check(
        "== a@b.example R=r T=remote_smtp defer (-1): domain matches queue_smtp_domains, or -odqs set",
        "delivery out deferred delayed | a@b.example < - | - [-] | no reply",
    );
    let text = |rest: &str| {
        String::from_utf8(outcome(&format!("{ID} {rest}")).text.to_vec()).expect("test lines are text")
    };
    assert_eq!(
        text("== a@b.example R=r T=remote_smtp defer (111): Connection refused DT=0.001s"),
        "Connection refused"
    );
    assert_eq!(
        text(
            "== a@b.example R=r T=remote_smtp defer (113): No route to host H=mx [192.0.2.1]: mx [192.0.2.1]"
        ),
        "No route to host H=mx [192.0.2.1]: mx [192.0.2.1]"
    );
}

#[test]
fn waiting_for_the_next_turn_asks_nobody() {
    for rest in [
        "routing defer (-52) DT=0.000s: retry time not reached",
        "R=dnslookup T=remote_smtp defer (-54): retry time not reached for any host for 'b.example'",
        "R=dnslookup T=remote_smtp defer (-53): retry time not reached for any host",
    ] {
        check(
            &format!("== a@b.example {rest}"),
            "suspended out deferred delayed | a@b.example < - | - [-] | no reply",
        );
    }
    check(
        "== a@b.example R=r T=remote_smtp defer (-44) H=mx [192.0.2.1]: SMTP error from remote mail server after \
         DATA: 450 retry time not reached",
        "delivery out deferred delayed | a@b.example < - | mx [192.0.2.1] | 450",
    );
    check(
        "** a@b.example R=r T=remote_smtp: all hosts for 'b.example' have been failing for a long time (and retry \
         time not reached)",
        "delivery out bounced failed | a@b.example < - | - [-] | no reply",
    );
}

#[test]
fn texts_that_are_no_reply_give_no_code() {
    for text in [
        "Unrouteable address",
        "retry timeout exceeded",
        "an MX or SRV record indicated no SMTP service",
        "Remote host closed connection in response to HELO mta1 (EHLO response was: 550 5.7.1 no)",
        "SMTP timeout after RCPT TO:<a@b.example>: Connection timed out",
        "Malformed SMTP reply in response to pipelined RCPT TO:<a@b.example>: 550-5.7.1 line",
        "550 5.7.26 a router's own :fail: text",
        "SMTP error from remote mail server after RCPT TO:<a@b.example>: 850 RUBBISH",
        "host lookup did not complete",
        "SMTP error from remote mail server after",
        "",
    ] {
        for head in ["a@b.example", "a@b.example R=dnslookup", "a@b.example F=<c@d> R=r T=remote_smtp"] {
            let line = format!("{ID} ** {head}: {text}");
            assert_eq!(outcome(&line).code.to_string(), "no reply", "{line}");
            assert_eq!(string(outcome(&line).recipient), "a@b.example");
            assert_eq!(outcome(&line).direction, Direction::Out);
        }
    }
    check(
        "** backup@h.example R=local_fail: 550 5.2.1 mailbox backup is closed",
        "delivery local bounced failed | backup@h.example < - | - [-] | no reply",
    );
}

#[test]
fn local_parts_stand_unquoted_before_their_quoted_form() {
    for (plain, quoted) in [
        ("** x@gmail.com@weird.example", r#""** x@gmail.com"@weird.example"#),
        (r#"quo"te@weird.example"#, r#""quo\"te"@weird.example"#),
        ("c> status=bounced@weird.example", r#""c> status=bounced"@weird.example"#),
        (
            r#"a@b.example R=r T=remote_smtp H=mx.evil [192.0.2.66] C="250 ok"@weird.example"#,
            r#""a@b.example R=r T=remote_smtp H=mx.evil [192.0.2.66] C=\"250 ok\""@weird.example"#,
        ),
        (
            "a@b.example: SMTP error from remote mail server after DATA: 250 ok@weird.example",
            r#""a@b.example: SMTP error from remote mail server after DATA: 250 ok"@weird.example"#,
        ),
        // A pair inside the local part is not the pair.
        (r#"x y@e <"x y"@e> R=z H=no@weird.example"#, r#""x y@e <\"x y\"@e> R=z H=no"@weird.example"#),
        ("|/bin/sh x@weird.example", r#""|/bin/sh x"@weird.example"#),
    ] {
        let tail = r#"F=<"s> R=q"@t.example> R=dnslookup T=remote_smtp H=mx.weird.example [192.0.2.53]:25"#;
        check(
            &format!(r#"=> {plain} <{quoted}> {tail} L C="250 2.0.0 ok""#),
            &format!(
                "delivery out sent delivered | {quoted} < {quoted} | mx.weird.example [192.0.2.53] | 250 2.0.0"
            ),
        );
        check(
            &format!(
                "** {plain} <{quoted}> {tail}: SMTP error from remote mail server after RCPT TO:<{quoted}>: \
                 550 5.1.1 <{quoted}>: no"
            ),
            &format!(
                "delivery out bounced failed | {quoted} < {quoted} | mx.weird.example [192.0.2.53] | 550 5.1.1"
            ),
        );
    }
}

#[test]
fn a_quoted_form_may_end_the_line() {
    for (plain, quoted) in [("a b@c.example", r#""a b"@c.example"#), ("@c.example", r#"""@c.example"#)] {
        check(
            &format!("=> {plain} <{quoted}>"),
            &format!("delivery out sent delivered | {quoted} < {quoted} | - [-] | no reply"),
        );
    }
}

#[test]
fn odd_addresses() {
    let tail = "R=dnslookup T=remote_smtp H=mx [192.0.2.1]";
    for (address, recipient, top) in [
        (r#"foo@bar.example <" foo.bar"@baz.example>"#, "foo@bar.example", r#"" foo.bar"@baz.example"#),
        (r#""a R=b"@c.example"#, r#""a R=b"@c.example"#, "-"),
        ("a b@c.example <list@h.example>", "a b@c.example", "list@h.example"),
        ("a=b=c@d.example", "a=b=c@d.example", "-"),
        ("a@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]", "-"),
        ("${run{\\x2fbin\\x2fsh}}@localhost", "${run{\\x2fbin\\x2fsh}}@localhost", "-"),
        ("user  <user@d.example [>", "user", "user@d.example ["),
    ] {
        let line = format!("{ID} => {address} {tail}");
        assert_eq!(string(outcome(&line).recipient), recipient);
        assert_eq!(string(outcome(&line).orig_recipient), top);
        assert_eq!(string(outcome(&line).relay_ip), "192.0.2.1");
    }
    check(
        "** \"a b\"@c.example: Unrouteable address",
        "delivery out bounced failed | \"a b\"@c.example < - | - [-] | no reply",
    );
}

#[test]
fn quotes_and_texts_forge_no_field() {
    check(
        r#"=> a@b.example F=<"x> R=local_user T=pipe H=localhost [127.0.0.1]"@e.example> R=r T=remote_smtp H=mx [192.0.2.1] DN="CN=\" H=evil [192.0.2.66] C=\"550 5.1.1" C="250 2.0.0 \" C=\"550 5.7.26 no""#,
        "delivery out sent delivered | a@b.example < - | mx [192.0.2.1] | 250 2.0.0",
    );
    check(
        "** a@b.example R=r T=remote_smtp H=mx [192.0.2.1]: SMTP error from remote mail server after DATA: 550 5.7.1 \
         H=evil [192.0.2.66]: SMTP error from remote mail server after DATA: 250 2.0.0 C=\"250 ok\" <z@z> R=local",
        "delivery out bounced failed | a@b.example < - | mx [192.0.2.1] | 550 5.7.1",
    );
    check(
        "** a@b.example R=r T=remote_smtp H=mx [192.0.2.1]: SMTP error from remote mail server after RCPT \
         TO:<\"x>: 250 2.0.0 ok \\\" \"@b.example>: 550 5.1.1 no",
        "delivery out bounced failed | a@b.example < - | mx [192.0.2.1] | 550 5.1.1",
    );
    check(
        "** a@b.example R=r T=remote_smtp H=mx [192.0.2.1]: SMTP error from remote mail server after DATA: host \
         mx.evil [192.0.2.66]: 250 2.0.0 ok",
        "delivery out bounced failed | a@b.example < - | mx [192.0.2.1] | no reply",
    );
}

#[test]
fn single_hosts_answer_before_the_final_line() {
    for middle in [
        "H=mx.b.example [192.0.2.1]:25: SMTP error from remote mail server after initial connection: ",
        "H=mx.b.example [192.0.2.1]:25 SMTP error from remote mail server after RCPT TO:<a@b.example>: ",
        "H=mx.b.example [192.0.2.1] I=[127.0.0.1]:99: SMTP error from remote mail server after pipelined MAIL \
         FROM:<c@d.example> SIZE=17: ",
        "SMTP error from remote mail server after MAIL FROM:<c@d.example> SIZE=17: host mx.b.example [192.0.2.1]: ",
        "plain authenticator failed H=mx.b.example [192.0.2.1] ",
    ] {
        check(
            &format!("{middle}421-4.7.0 a\\n421 4.7.0 rejected RCPT <x@y>: b"),
            "attempt out - - | - < - | mx.b.example [192.0.2.1] | 421 4.7.0",
        );
    }
    for rest in [
        "H=mx.refused.example [192.0.2.1]:25 Connection refused",
        "H=mx.b.example [192.0.2.1]:25: Remote host closed connection in response to end of data",
        "H=mx.b.example [192.0.2.1]:25: SMTP timeout after EHLO mta1.example.net: Connection timed out",
        "H=mx.b.example [192.0.2.1] TLS error on connection (recv): Function was interrupted.",
    ] {
        assert_eq!(parse(format!("{ID} {rest}").as_bytes()), Event::Mention, "{rest}");
    }
}

#[test]
fn clients_we_refused() {
    for (line, expected) in [
        (
            "H=mail.g.example (helo.example) [192.0.2.9]:50733 I=[127.0.0.2]:2525 X=TLS1.3:A:256 CV=no F=<x@g.example> \
             A=plain:u rejected RCPT <no@h.example>: Unrouteable address",
            "reject in reject rejected | no@h.example < - | mail.g.example [192.0.2.9] | no reply",
        ),
        (
            "H=(helo.example) [192.0.2.9] F=<x@g.example> temporarily rejected RCPT <a@h.example>: 4.7.1 Greylisted",
            "reject in tempreject rejected | a@h.example < - | - [192.0.2.9] | 4.7.1",
        ),
        (
            "H=([192.0.2.5]) [192.0.2.9]:1 rejected MAIL <x@spam.example>: 550-5.7.1 mail from\\n550 5.7.1 spam",
            "reject in reject rejected | - < - | - [192.0.2.9] | 550 5.7.1",
        ),
        (
            "H=bad.example [192.0.2.9] temporarily rejected connection in \"connect\" ACL: \"Host is ratelimited\"",
            "reject in tempreject rejected | - < - | bad.example [192.0.2.9] | no reply",
        ),
        (
            "H=(localhost) [192.0.2.9]:1 I=[127.0.0.2]:25 rejected EHLO or HELO localhost: 5.7.1 not yours",
            "reject in reject rejected | - < - | - [192.0.2.9] | 5.7.1",
        ),
        (
            "H=h.example [192.0.2.9] F=<\"x> rejected RCPT <v@w>: 550 5.1.1 \"@g.example> rejected RCPT <\"a>: 550\"@h>: \
             relay not permitted",
            "reject in reject rejected | \"a>: 550\"@h < - | h.example [192.0.2.9] | no reply",
        ),
        (
            "U=www-data F=<x@h.example> rejected RCPT <a@b>: no",
            "reject in reject rejected | a@b < - | - [-] | no reply",
        ),
        (
            "F=x@g.example H=mail.g.example [192.0.2.9] I=[127.0.0.1]:25 P=esmtps rejected by local_scan(): bad",
            "reject in reject rejected | - < - | mail.g.example [192.0.2.9] | no reply",
        ),
        (
            "rejected EHLO from host.example [192.0.2.9]:1 I=[127.0.0.2]:25: syntactically invalid argument(s): \"q;q\"",
            "reject in reject rejected | - < - | host.example [192.0.2.9] | no reply",
        ),
        (
            "rejected MAIL from [192.0.2.9]:35191 I=[127.0.0.2]:2525: no HELO/EHLO given",
            "reject in reject rejected | - < - | - [192.0.2.9] | no reply",
        ),
        (
            "rejected MAIL FROM:<h@g.example> H=mail.g.example [192.0.2.9]:1: message too big: size=99 max=52",
            "reject in reject rejected | - < - | mail.g.example [192.0.2.9] | no reply",
        ),
        (
            "unqualified recipient rejected: <root> H=host.example (p) [192.0.2.9]:1 I=[127.0.0.2]:2525",
            "reject in reject rejected | root < - | host.example [192.0.2.9] | no reply",
        ),
        (
            "H=(x) [192.0.2.9] rejected EHLO or HELO x H=evil [192.0.2.66]: no",
            "reject in reject rejected | - < - | - [192.0.2.9] | no reply",
        ),
        (
            "H=(x) [192.0.2.9] rejected VRFY x: 550 5.7.26 forged",
            "reject in reject rejected | - < - | - [192.0.2.9] | no reply",
        ),
        (
            "rejected from <x@g.example> H=g.example [192.0.2.9]: message too big: read=99 max=52",
            "reject in reject rejected | - < - | g.example [192.0.2.9] | no reply",
        ),
        (
            "rejected from g.example [192.0.2.9]: 550 no",
            "reject in reject rejected | - < - | g.example [192.0.2.9] | 550",
        ),
        (
            "refused connection from [192.0.2.9] (host_reject_connection)",
            "reject in reject rejected | - < - | - [192.0.2.9] | no reply",
        ),
        (
            "Connection from [192.0.2.9]:24244 refused: too many connections",
            "reject in reject rejected | - < - | - [192.0.2.9] | no reply",
        ),
        (
            "SMTP protocol synchronization error (input sent without waiting for greeting): rejected connection from \
             H=[192.0.2.9] input=\"GET / HTTP/1.1\\r\\nH=x [192.0.2.66]\"",
            "reject in reject rejected | - < - | - [192.0.2.9] | no reply",
        ),
        (
            "H=h.example [192.0.2.9] rejected RCPT <a@b>: mx.c.example [192.0.2.1] : SMTP error from remote mail server \
             after RCPT TO:<x@c.example>: 550 5.1.1 no",
            "reject in reject rejected | a@b < - | h.example [192.0.2.9] | no reply",
        ),
    ] {
        assert_eq!(said(line), expected, "{line}");
        assert_eq!(outcome(line).queue_id, None);
    }
    check(
        "H=mail.g.example [192.0.2.9]:50647 F=<h@g.example> rejected after DATA: 550 5.7.1 content rejected",
        "reject in reject rejected | - < - | mail.g.example [192.0.2.9] | 550 5.7.1",
    );
    let with_sender = outcome("H=(x) [192.0.2.9] rejected MAIL <s@g.example>: no");
    assert_eq!(string(with_sender.sender), "s@g.example");
}

#[test]
fn refused_logins() {
    for (line, expected) in [
        (
            "plain authenticator failed for host.example (bot) [192.0.2.9]:58405 I=[127.0.0.2]:25: 535 Incorrect \
             authentication data (set_id=535 5.7.8)",
            "auth in reject rejected | - < - | host.example [192.0.2.9] | 535",
        ),
        (
            "dovecot_login \tauthenticator failed for (User) [192.0.2.9]: 535 Incorrect authentication data",
            "auth in reject rejected | - < - | - [192.0.2.9] | 535",
        ),
        (
            "dovecot_login authenticator failed for H=([2001:db8::1]) [2001:db8::9]:1: 435 Unable to authenticate at \
             present (set_id=x): error",
            "auth in reject rejected | - < - | - [2001:db8::9] | 435",
        ),
        (
            "authenticator failed for ([10.0.0.3]) [192.0.2.9]",
            "auth in reject rejected | - < - | - [192.0.2.9] | no reply",
        ),
    ] {
        assert_eq!(said(line), expected, "{line}");
    }
}

#[test]
fn callouts_are_what_others_said_about_a_sender() {
    for line in [
        "H=h.example (x) [192.0.2.9] sender verify fail for <s@c.example>: mx.c.example [192.0.2.1] : SMTP error from \
         remote mail server after RCPT TO:<s@c.example>: 550 5.1.1 no such user",
        "H=h.example (x) [192.0.2.9] sender verify defer for <s@c.example>: response to \"RCPT TO:<s@c.example>\" from \
         mx.c.example [192.0.2.1] was: 550 5.1.1 no such user",
        "H=h.example (x) [192.0.2.9] sender verify fail for <s@c.example>: mx.c.example [192.0.2.1] : response to \"MAIL \
         FROM:<>\" was: 550 5.1.1 no such user",
        "H=h.example (x) [192.0.2.9] sender verify defer for <s@c.example>: Could not complete sender verify callout: \
         response to \"RCPT TO:<s@c.example>\" from mx.c.example [192.0.2.1] was: 550 5.1.1 no such user",
    ] {
        assert_eq!(said(line), "callout out - - | s@c.example < - | mx.c.example [192.0.2.1] | 550 5.1.1");
    }
    let nobody = "H=h.example [192.0.2.9] sender verify fail for <s@c.example>: Unrouteable address";
    assert_eq!(parse(nobody.as_bytes()), Event::Unrelated);
    assert_eq!(parse(format!("{ID} {nobody}").as_bytes()), Event::Mention);
}

#[test]
fn everything_else_is_unrelated() {
    for line in [
        "Start queue run: pid=7181",
        "SMTP connection from host-72.dyn.example (probe.example) [192.0.2.72]:34187 closed by QUIT",
        "no MAIL in SMTP connection from (x) [192.0.2.9] D=1s C=EHLO,AUTH,QUIT",
        "SMTP syntax error in \"H=x rejected RCPT <a@b>: 550\" H=(x) [192.0.2.9] unrecognized command",
        "H=h.example [192.0.2.9] incomplete transaction (QUIT) from <x@g.example>",
        "H=h.example [192.0.2.9] Warning: rejected RCPT <a@b>: 550 no",
        "exim 4.96 daemon started: pid=7177, -q5m, listening for SMTP on [127.0.0.1]:2525",
        "cwd=/var/spool/exim4 2 args: /usr/sbin/exim4 -q",
    ] {
        assert_eq!(parse(line.as_bytes()), Event::Unrelated, "{line}");
    }
}

#[test]
fn the_work_for_a_line_of_a_megabyte_is_bounded() {
    for piece in [" <a", " (\\\"x)", " (", " H=a (", " <\"", " a=\"\"", " x: ", " <\\\"a>", "\\n550-", " F=<"]
    {
        let junk = piece.repeat(1_000_000 / piece.len());
        for head in [
            "=> a@b.example",
            "=> |x",
            "=> x",
            "** a@b.example",
            "** a: SMTP error from remote mail server after DATA: 550-",
        ] {
            stays_inside(format!("{ID} {head}{junk}").as_bytes());
        }
        stays_inside(format!("H=x [192.0.2.1]{junk}").as_bytes());
        stays_inside(format!("rejected RCPT{junk}").as_bytes());
    }
}

/// Every slice an event holds.
fn slices<'a>(event: &Event<'a>) -> Vec<&'a [u8]> {
    match event {
        Event::Outcome(o) => [
            o.queue_id,
            o.sender,
            o.recipient,
            o.orig_recipient,
            o.relay_host,
            o.relay_ip,
            o.delay,
            Some(o.text).filter(|text| !text.is_empty()),
        ]
        .into_iter()
        .flatten()
        .collect(),
        Event::Sender { queue_id, sender, .. } => vec![queue_id, sender],
        Event::Done { queue_id } | Event::Arrival { queue_id, .. } => vec![queue_id],
        Event::Mention | Event::Unrelated | Event::NotUnderstood => Vec::new(),
    }
}

fn stays_inside(line: &[u8]) {
    let all = line.as_ptr_range();
    for slice in slices(&parse(line)).into_iter().filter(|slice| !slice.is_empty()) {
        let part = slice.as_ptr_range();
        assert!(all.start <= part.start && part.end <= all.end, "{}", line.escape_ascii());
    }
}

/// Pieces of lines, glued at random: what a stranger or a cut file can make of the grammar.
fn glued() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "1vapKe-0001tQ-2p ",
        "=> ",
        "** ",
        "== ",
        "<= ",
        "*> ",
        ">> ",
        "a@b.example",
        "\"",
        "\\",
        "<",
        ">",
        "(",
        ")",
        "[",
        "]",
        " ",
        ": ",
        ":",
        "H=",
        "F=<",
        "R=r ",
        "T=remote_smtp",
        "C=\"250-x\\\\n",
        "defer (110): ",
        " H=",
        "host ",
        "[192.0.2.1]",
        "SMTP error from remote mail server after ",
        "RCPT TO:<",
        "550 5.1.1 ",
        "rejected ",
        "RCPT ",
        "temporarily ",
        "sender verify fail for ",
        "response to \"",
        " was: ",
        "authenticator failed for ",
        "unqualified ",
        "Connection from ",
        " refused: ",
        " <\"a b\"@c> ",
        "a b@c",
        "|/bin/x ",
        "/f",
        "DT=",
        "QT=1s",
        "é",
        "\0",
        "*",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat().into_bytes())
}

/// What follows a flag, mostly as most lines have it.
pub(super) fn nearly_usual() -> impl Strategy<Value = String> {
    let address = prop::sample::select(vec![
        " a-b@c.example",
        " a.rather.long.address.with.many.parts@of.a.domain.that.is.long.as.well.example",
        " user <user@c.example>",
        " user <\"user\"@c.example>",
        " a b@c.example <\"a b\"@c.example>",
        " a@b F=<c@d> R=e@f <\"a@b F=<c@d> R=e\"@f>",
        " save <user@c.example>",
        " :blackhole:",
        "  a@b",
        " a@b:",
        " ",
    ]);
    let pieces = [
        " F=<bounce-00001@news.example.net>",
        " F=<>",
        " F=<\"x> R=y\"@e.example>",
        " F=<a <b@e.example>",
        " F=x@e.example",
        " P=<bounce-00001@news.example.net>",
        " R=dnslookup",
        " R=\"a b\"",
        " R=d@e",
        " T=remote_smtp",
        " T=",
        " T=a-name.that-is-very-long.and-has.many-parts.of-which.none-says.anything",
        " S=902",
        " routing",
        " defer",
        " (110)",
        " (-44)",
        " (-4 \"x)",
        " H=mta6.am0.yahoodns.net [203.0.113.22]",
        " H=mta6.am0.yahoodns.net [203.0.113.22]:25*",
        " H=a-name.that-is-very-long.and-has.many-parts.of-which.none-says.anything.example [2001:db8::1]:25",
        " H=mx DS [192.0.2.1]",
        " H=mx (helo) [192.0.2.1]",
        " H=(helo) [192.0.2.1]",
        " H=mx [192.0.2.1",
        " I=[127.0.0.1]:42870",
        " X=TLS1.3:ECDHE_SECP256R1__RSA_PSS_RSAE_SHA256__AES_256_GCM:256",
        " CV=no",
        " DN=\"CN=mx.lab.test\"",
        " A=plain:x@y.example",
        " L",
        " K",
        " C=\"250 ok dirdel\"",
        " C=\"250 2.6.0 <x@y.example> [InternalId=1, Hostname=z.example] 13200 bytes in 0.302, 49.330 KB/sec Queued mail\"",
        " C=\"250- 64160 byte chunk\\\\n250 OK\"",
        " C=\"250 say \\\"hi\\\" QT=9s\"",
        " QT=8s",
        " DT=2.276s",
        " DT=:",
        " id*=x",
        ": Connection timed out",
        ": SMTP error from remote mail server after RCPT TO:<a@b.example>: 550 5.1.1 no",
        ":",
        " ",
        "\"",
        "=",
        " <",
        ">",
        " a",
    ];
    let some = prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..14);
    let in_order = prop::sample::subsequence(pieces.to_vec(), 0..20);
    (address, prop_oneof![some, in_order]).prop_map(|(address, pieces)| address.to_owned() + &pieces.concat())
}

proptest! {
    #[test]
    fn what_is_usual_is_read_as_anything_else(text in prop_oneof![nearly_usual(), "[ -~]{0,150}"]) {
        for (at, _) in text.char_indices() {
            let rest = &text.as_bytes()[at..];
            if let Some(read) = usual::item(common(), rest) {
                prop_assert_eq!(Some(read), fields::item(rest));
            }
            if let Some((address, after)) = usual::address(common(), rest)
                && !usual::quotes_follow(common(), rest, rest.len())
            {
                let recipient = Recipient { address, top: None, local: false };
                prop_assert_eq!(address::read(rest, false), Some((recipient, after)));
                prop_assert_eq!(address::read(rest, true), Some((recipient, after)));
            }
            if let Some(sender) = usual::sender(common(), rest) {
                prop_assert_eq!(sender, &rest[1..1 + fields::quoted_word_end(&rest[1..])]);
            }
        }
    }

    #[test]
    fn ids_are_read_at_once_as_byte_by_byte(
        id in "[0-9A-Za-z]{6}-[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{6}-[0-9A-Za-z]{11}-[0-9A-Za-z]{4}",
        odd in prop::option::of((0_usize..23, prop::sample::select(b"-_ @`[{/:z0".to_vec()))),
        behind in "( [ -~]{0,20})?",
    ) {
        let mut line = [id.as_bytes(), behind.as_bytes()].concat();
        if let Some((at, byte)) = odd
            && at < id.len()
        {
            line[at] = byte;
        }
        let legal = line[..id.len()].iter().enumerate().all(|(at, byte)| match id.as_bytes()[at] {
            b'-' => *byte == b'-',
            _ => byte.is_ascii_alphanumeric(),
        });
        prop_assert_eq!(message_id(common(), &line).map(|(id, _)| id), legal.then_some(&line[..id.len()]));
    }

    #[test]
    fn no_bytes_panic_and_slices_stay_inside(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        stays_inside(&bytes);
        stays_inside(&[b"1vapKe-0001tQ-2p ** ", &bytes[..]].concat());
        stays_inside(&[b"H=x ", &bytes[..]].concat());
    }

    #[test]
    fn glued_pieces_do_neither(line in glued()) {
        stays_inside(&line);
        stays_inside(&[b"1vapKe-0001tQ-2p ", &line[..]].concat());
    }

    #[test]
    fn a_quoted_local_part_never_moves_the_host(local in "[ -~]{0,60}") {
        let escaped = local.replace('\\', "\\\\").replace('"', "\\\"");
        let line = format!(
            "{ID} => {local}@weird.example <\"{escaped}\"@weird.example> R=dnslookup T=remote_smtp \
             H=mx.weird.example [192.0.2.53]:25 C=\"250 2.0.0 ok\""
        );
        let o = outcome(&line);
        prop_assert_eq!(string(o.recipient), format!("\"{escaped}\"@weird.example"));
        prop_assert_eq!(string(o.relay_ip), "192.0.2.53");
        prop_assert_eq!(o.code.to_string(), "250 2.0.0");
    }
}
