//! What a night is compared with, and the page of a week.

use std::fs;

use super::run;

/// A day's mail in March 2026, so many messages to one provider, of which some are refused for good.
fn day(day: u32, messages: u32, refused: u32) -> String {
    let line = |number: u32| {
        let said = if number < refused {
            "dsn=5.1.1, status=bounced (host mx.example.org[192.0.2.9] said: 550 5.1.1 No such user (in reply to RCPT TO command))"
        } else {
            "dsn=2.0.0, status=sent (250 2.0.0 OK)"
        };
        format!(
            "2026-03-{day:02}T{:02}:{:02}:00+00:00 mx1 postfix/smtp[7]: 4F{day:02}{number:04X}: to=<u{number}@example.org>, \
             relay=mx.example.org[192.0.2.9]:25, delay=1, delays=0/0/0/1, {said}\n",
            number / 60 % 24,
            number % 60
        )
    };
    (0..messages).map(line).collect()
}

#[test]
fn a_night_is_compared_with_the_same_weekday_and_a_digest_has_the_week() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (log, state) = (path("mail.log"), path("state"));
    let mut text = String::new();
    let mut pages = Vec::new();
    for number in 1..=15 {
        text += &day(number, 100 + number, 10);
        fs::write(&log, &text).unwrap();
        let done = run(&["nightly", "--always", "--tz", "UTC", "--state", &state, &log]);
        assert_eq!(done.code, Some(0), "{}", done.err);
        pages.push(done.out);
    }
    assert!(pages[..7].iter().all(|page| !page.contains("Usually")));
    assert!(pages[7].contains("Usually   the Sunday before: 101 attempts; 90.1 % delivered"), "{}", pages[7]);
    assert!(pages[14].contains("the 2 Sundays before, each: 104 attempts"), "{}", pages[14]);

    // A second run of a day is no day.
    text += &day(15, 1, 0).replace("T00:00", "T23:50");
    fs::write(&log, &text).unwrap();
    let done = run(&["nightly", "--always", "--tz", "UTC", "--state", &state, &log]);
    assert!(!done.out.contains("Usually"), "{}", done.out);

    // All nights of this test ran today.
    let words = ["nightly", "--digest", "-f", "json", "--tz", "UTC", "--state", &state, &log];
    let done = run(&words);
    let page: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(page["totals"]["attempts"], (1..=15).map(|number| 100 + number).sum::<u64>() + 1);
    assert_eq!(page["totals"]["failed"], 150);
}
