//! `smtpulse suppress` as typed: kinds of list, hostile addresses, options, outages, logs of several hosts.

use super::{REFUSED, SENT, file, run};

/// A delivery line at a time of 7 March 2026 (`08 10:00:00` is the 8th).
fn line(at: &str, to: &str, rest: &str) -> String {
    let (day, time) = at.split_once(' ').unwrap_or(("07", at));
    format!("2026-03-{day}T{time}+00:00 mx postfix/smtp[7]: 4F1A2B3C4D: to=<{to}>, {rest}\n")
}

/// The receiver said so at RCPT.
fn said(at: &str, to: &str, status: &str, reply: &str) -> String {
    let rest = format!(
        "relay=mx.example.org[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=4.0.0, status={status} (host \
         mx.example.org[192.0.2.9] said: {reply} (in reply to RCPT TO command))"
    );
    line(at, to, &rest)
}

fn dead(at: &str, to: &str) -> String {
    said(at, to, "bounced", "550 5.1.1 No such user")
}

fn sent(at: &str, to: &str) -> String {
    line(
        at,
        to,
        "relay=mx.example.org[192.0.2.9]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok)",
    )
}

/// The list over some lines.
fn list(log: &str, words: &[&str]) -> super::Done {
    let folder = tempfile::tempdir().unwrap();
    let log = file(folder.path(), "mail.log", log);
    let mut all = vec!["suppress"];
    all.extend(words);
    all.push(&log);
    run(&all)
}

fn plain(log: &str, words: &[&str]) -> String {
    let done = list(log, words);
    assert_eq!(done.code, Some(0), "{}", done.err);
    done.out
}

fn json(log: &str, words: &[&str]) -> serde_json::Value {
    let mut all = vec!["--format", "json"];
    all.extend(words);
    serde_json::from_str(&plain(log, &all)).unwrap()
}

#[test]
fn the_dead_and_nobody_else() {
    let log = [
        REFUSED,
        SENT,
        &dead("10:00:00", "b@example.org"),
        &dead("10:00:00", "a@Example.ORG"),
        &dead("10:00:00", "back@example.org"),
        &sent("11:00:00", "Back@example.org"),
        // soft_bounce: still in the queue, and dead all the same.
        &said("10:00:00", "soft@example.org", "SOFTBOUNCE", "550 5.1.1 No such user"),
        &said("10:00:00", "full@example.org", "deferred", "452 4.2.2 Mailbox full"),
    ]
    .concat();
    let done = list(&log, &[]);
    assert_eq!(done.out, "a@example.org\nb@example.org\nsoft@example.org\n");
    assert!(
        done.err.contains("3 recipients to suppress") && done.err.contains("1 with a full mailbox"),
        "{}",
        done.err
    );
    assert_eq!(list(&log, &["-q"]).err, "");
    assert_eq!(plain(&log, &["--provider", "google"]), "");
    assert_eq!(plain(&log, &["--until", "2026-03-07 10:00"]), "");
    let page = json(&log, &[]);
    assert_eq!(page["schema"], "smtpulse.suppress/1");
    let row = &page["recipients"][0];
    for (key, wanted) in [
        ("address", "a@example.org"),
        ("category", "bad-recipient"),
        ("rule", "now"),
        ("enhanced", "5.1.1"),
        ("provider", "unknown"),
        ("first_seen", "2026-03-07T10:00:00+00:00"),
        ("last_seen", "2026-03-07T10:00:00+00:00"),
    ] {
        assert_eq!(row[key], wanted, "{key}");
    }
    assert_eq!((&row["basic"], &row["count"]), (&550.into(), &1.into()));
    assert_eq!(page["waiting"]["mailbox_full"], 1);
    assert_eq!(page["thresholds"]["soft"], serde_json::json!({"messages": 5, "days": 7}));
    let text = plain(&log, &["--format", "text"]);
    assert!(text.contains("3 recipients to suppress") && text.contains("550 5.1.1"), "{text}");
}

#[test]
fn nothing_to_say_is_said_quietly() {
    assert_eq!(plain(SENT, &[]), "");
    for kind in ["plain", "csv", "json", "text"] {
        let done = list(SENT, &["-q", "--format", kind]);
        assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (Some(0), "", ""), "{kind}");
    }
    assert_eq!(plain(SENT, &["--format", "csv"]).lines().count(), 1);
}

#[test]
fn no_address_breaks_a_line_or_makes_a_formula() {
    let hostile = [
        "=cmd|' /C calc'!A0@example.org",
        "+1@example.org",
        "\"x, y\"@example.org",
        "tab\there@example.org",
        "esc\u{1b}[2J@example.org",
        "cr\rlf@example.org",
        "rtl\u{202e}@example.org",
    ];
    let log: String = hostile.iter().map(|to| dead("10:00:00", to)).collect();
    let done = list(&log, &[]);
    let printed: Vec<&str> = done.out.lines().collect();
    assert_eq!(printed, ["\"x, y\"@example.org", "+1@example.org", "=cmd|' /C calc'!A0@example.org"]);
    assert!(done.err.contains("4 of them"), "{}", done.err);
    let csv = plain(&log, &["--format", "csv"]);
    assert_eq!(csv.lines().count(), 1 + hostile.len());
    assert!(csv.chars().all(|c| c == '\n' || !c.is_control()), "{csv:?}");
    for cell in ["'+1@example.org", "'=cmd|' /C calc'!A0@example.org", "\"\"\"x, y\"\"@example.org\""] {
        assert!(csv.contains(&format!("\n{cell},")), "{cell}: {csv}");
    }
    assert_eq!(json(&log, &[])["recipients"].as_array().unwrap().len(), hostile.len());
    let text = plain(&log, &["--format", "text"]);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
}

#[test]
fn thresholds_are_options() {
    let soft = |day: u32, id: &str| {
        said(&format!("{day:02} 10:00:00"), "s@example.org", "deferred", "450 4.1.1 Unknown for now")
            .replace("4F1A2B3C4D", id)
    };
    let log: String = (1..=3).map(|day| soft(day, &format!("4F1A2B3C{day:02}"))).collect();
    assert_eq!(plain(&log, &[]), "");
    assert_eq!(plain(&log, &["--soft", "3/2"]), "s@example.org\n");
    assert_eq!(plain(&log, &["--soft", "3/3"]), "");
    assert_eq!(plain(&log, &["--soft", "4/2"]), "");
    let one: String = (1..=9).map(|day| soft(day, "4F1A2B3C4D")).collect();
    assert_eq!(plain(&one, &["--soft", "2/1"]), "", "one message asked again and again is one");
    let full = log.replace("450 4.1.1 Unknown for now", "452 4.2.2 Mailbox full");
    assert_eq!(plain(&full, &["--full", "3/2"]), "s@example.org\n");
    assert_eq!(plain(&full, &["--soft", "3/2"]), "");
    for (option, value, said) in [
        ("--soft", "3", "3/14"),
        ("--full", "0/3", "begin with 1"),
        ("--full", "33/3", "32"),
        ("--outage", "1/5", "1000"),
    ] {
        let done = list(&log, &[option, value]);
        assert_eq!(done.code, Some(2), "{option} {value}");
        assert!(done.err.contains(said), "{option} {value}: {}", done.err);
    }
}

#[test]
fn a_domain_whose_users_all_die_at_once_is_held_back() {
    let burst = |at: &str| -> String {
        (0..12).map(|user| dead(&format!("{at}:{:02}", user * 2), &format!("u{user}@example.org"))).collect()
    };
    let down = burst("10:00");
    let done = list(&down, &[]);
    assert_eq!(done.out, "");
    assert!(done.err.contains("12 recipients at example.org"), "{}", done.err);
    assert_eq!(plain(&down, &["--outage", "0/0"]).lines().count(), 12);
    assert_eq!(plain(&down, &["--outage", "13/10"]).lines().count(), 12);
    let page = json(&down, &[]);
    assert_eq!(page["held_back"][0]["domain"], "example.org");
    assert_eq!(page["held_back"][0]["cause"], "domain");
    assert_eq!(page["held_back"][0]["recipients"].as_array().unwrap().len(), 12);
    assert!(plain(&down, &["--format", "text"]).contains("Held back"));
    let alive = sent("12:00:00", "somebody@example.org");
    assert_eq!(plain(&format!("{down}{alive}"), &[]), "", "that is no proof against them yet");
    let confirmed = format!("{down}{alive}{}", dead("13:00:00", "u3@example.org"));
    assert_eq!(plain(&confirmed, &[]), "u3@example.org\n", "refused by a domain that is alive");
    let for_days = format!("{down}{}", dead("15 10:00:00", "u3@example.org"));
    assert_eq!(plain(&for_days, &[]), "u3@example.org\n");
    assert_eq!(plain(&for_days, &["--outage-days", "9"]), "");
    let among: String = (0..12)
        .map(|user| format!("{}{alive}", dead(&format!("10:00:{user:02}"), &format!("u{user}@example.org"))))
        .collect();
    assert_eq!(plain(&among, &[]).lines().count(), 12, "a bad list is no outage");
}

#[test]
fn a_resolver_that_is_down_kills_no_domain() {
    // Exim's words for a domain whose hosts cannot be found.
    let unknown = |at: &str, domain: usize| {
        let (day, time) = at.split_once(' ').unwrap_or(("07", at));
        format!(
            "2026-03-{day} {time} 1vapHe-0001tH-0O ** u@d{domain}.example F=<own@example.net>: all relevant MX records \
             point to non-existent hosts\n"
        )
    };
    let hour = |at: &str| -> String { (0..12).map(|domain| unknown(at, domain)).collect() };
    let down = format!("{}{}{}", hour("10:00:00"), hour("11:00:00"), hour("09 10:00:01"));
    let done = list(&down, &[]);
    assert_eq!(done.out, "");
    assert!(done.err.contains("resolver"), "{}", done.err);
    let page = json(&down, &[]);
    assert_eq!(page["held_back"].as_array().unwrap().len(), 12);
    assert_eq!(page["held_back"][0]["cause"], "resolver");
    // The same among deliveries is a list with bad domains.
    let among = |at: &str| -> String {
        (0..12).map(|domain| format!("{}{}", unknown(at, domain), sent(at, "s@example.org"))).collect()
    };
    let bad = format!("{}{}{}", among("10:00:00"), among("11:00:00"), among("09 10:00:01"));
    assert_eq!(plain(&bad, &[]).lines().count(), 12);
}

#[test]
fn who_is_reached_through_another_host_is_alive() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, log: String| file(folder.path(), name, log);
    let first = write("mx1.log", sent("09:00:00", "x@example.org") + &sent("15:00:00", "U@example.org"));
    let second = write("mx2.log", dead("10:00:00", "u@example.org") + &dead("16:00:00", "gone@example.org"));
    for inputs in [[&first, &second], [&second, &first]] {
        let done = run(&["suppress", inputs[0], inputs[1]]);
        assert_eq!((done.code, done.out.as_str()), (Some(0), "gone@example.org\n"), "{}", done.err);
    }
    let log = std::fs::read(&second).unwrap();
    let done = super::smtpulse().args(["suppress", &first, "-"]).write_stdin(log).output().unwrap();
    assert!(String::from_utf8_lossy(&done.stderr).contains("cannot be read again"));
}

#[test]
fn threads_chunks_and_mapping_are_never_seen_in_the_list() {
    let log = crate::reading::fixtures().join("exim-all/mainlog");
    let log = log.to_str().unwrap();
    for kind in ["plain", "csv", "json", "text"] {
        let of = |more: &[&str]| {
            let words = ["suppress", "--tz", "America/New_York", "--format", kind, log];
            let done = run(&[&words[..], more].concat());
            assert_eq!(done.code, Some(0), "{}", done.err);
            (done.out, done.err)
        };
        let plain = of(&[]);
        assert!(plain.0.lines().count() > 100);
        assert_eq!(of(&["--no-mmap"]), plain);
        assert_eq!(of(&["--threads", "1", "--chunk", "1000"]), plain);
        assert_eq!(of(&["--threads", "5", "--chunk", "70000"]), plain);
    }
}

#[test]
fn some_input_was_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let log = file(folder.path(), "mail.log", dead("10:00:00", "a@example.org"));
    let done = run(&["suppress", "/no/such.log", &log]);
    assert_eq!((done.code, done.out.as_str()), (Some(3), "a@example.org\n"));
    let done = run(&["suppress", &log, &log]);
    assert_eq!((done.code, done.out.as_str()), (Some(0), "a@example.org\n"), "the same log counts once");
}
