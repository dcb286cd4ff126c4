//! Memory does not grow with the log.

use std::io::{Read, Write};

use super::{fed, peak};

/// Megabytes of log: quick in a release build, bearable without.
const MEGABYTES: usize = if cfg!(debug_assertions) { 48 } else { 300 };

/// What a run may take at most, in KiB, however long the log is.
const MOST: u64 = 96 * 1024;

/// Messages with ids of their own that come, are tried and leave; every tenth waits a while. They go to twenty thousand hosts:
/// each small domain has its own.
fn message(number: usize) -> String {
    let id = format!("{:010X}", 0x4F1A_0000_0000_usize % (1 << 40) + number);
    let second = number / 20;
    let at = format!(
        "Mar {:>2} {:02}:{:02}:{:02} mx",
        7 + second / 86_400,
        second / 3600 % 24,
        second / 60 % 60,
        second % 60
    );
    let late = format!("{:010X}", 0x4F1A_0000_0000_usize % (1 << 40) + number.saturating_sub(5));
    let removed = match number % 10 {
        0 => String::new(),
        5 => format!("{at} postfix/qmgr[2]: {late}: removed\n{at} postfix/qmgr[2]: {id}: removed\n"),
        _ => format!("{at} postfix/qmgr[2]: {id}: removed\n"),
    };
    format!(
        "{at} postfix/smtpd[1]: {id}: client=app.example.net[192.0.2.5]\n\
         {at} postfix/qmgr[2]: {id}: from=<n{number}@list{}.example>, size=900, nrcpt=1 (queue active)\n\
         {at} postfix/smtp[3]: {id}: to=<u{number}@example.org>, relay=mx{}.example.org[192.0.2.9]:25, delay=1, \
         delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {number:x})\n{removed}",
        number % 50,
        number % 20_000,
    )
}

#[test]
fn a_long_stream_takes_no_more_than_a_short_one() {
    let (mut child, mut stdin) = fed(&["--format", "json", "--year", "2026", "-"]);
    let mut out = child.stdout.take().unwrap();
    let page = std::thread::spawn(move || {
        let mut page = String::new();
        out.read_to_string(&mut page).map(|_| page)
    });
    let (mut written, mut number, mut early) = (0, 0, None);
    while written < MEGABYTES << 20 {
        let mut text = String::new();
        for _ in 0..2000 {
            text += &message(number);
            number += 1;
        }
        stdin.write_all(text.as_bytes()).unwrap();
        written += text.len();
        if early.is_none() && written > (MEGABYTES << 20) / 3 {
            early = Some(peak(&child));
        }
    }
    let late = peak(&child);
    drop(stdin);
    let page: serde_json::Value = serde_json::from_str(&page.join().unwrap().unwrap()).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(page["totals"]["attempts"], number);
    let Some((early, late)) = early.flatten().zip(late) else { return };
    assert!(late < MOST, "{late} KiB for {MEGABYTES} MB");
    assert!(late < early + 16 * 1024, "{early} KiB for a third, {late} KiB for all");
}
