//! The figures that are watched over weeks, and the one line.

use super::*;

/// A day on which Google slows us down in the afternoon, and somebody greylists all day.
fn put_off() -> Summary {
    let mut summary = day();
    for quarter in 0..64i64 {
        let at = Some(MIDNIGHT + 6 * 3600 + quarter * 900 + 77);
        let delayed = Answer { action: Action::Delayed, ..ACCEPTED };
        let (provider, marker) = (Some("unknown"), Some("greylist"));
        count(&mut summary, &Answer { basic: 450, enhanced: "4.7.1", provider, marker, ..delayed }, at, 3);
        if quarter >= 40 {
            let marker = Some("your IP address");
            count(&mut summary, &Answer { basic: 421, enhanced: "4.7.28", marker, ..delayed }, at, 3);
        }
    }
    for (key, counts) in &mut summary.keys {
        let counts = Arc::make_mut(counts);
        match key.marker.as_deref() {
            Some("greylist") => counts.recovered[1] = 192,
            Some(_) => (counts.recovered[4], counts.waiting) = (66, [(None, 2), (Some(0), 4)].into()),
            None => {}
        }
    }
    close(&mut summary, "/var/log/mail.log");
    summary
}

#[test]
fn what_was_put_off_is_split_and_followed() {
    let slow = report(&put_off());
    let deferrals = &slow.deferrals;
    assert_eq!((deferrals.throttling, deferrals.greylisting, deferrals.other), (72, 192, 26));
    assert_eq!(slow.rates.transient.count, 72 + 192 + 26);
    assert_eq!((deferrals.recovered.count, deferrals.greylisting_recovered.count), (192 + 66, 192));
    assert_eq!(deferrals.waiting, 6);
    let shown = page(&slow, &Look::default());
    assert!(shown.contains("Put off: throttled "), "{shown}");
    let later = "258 recipients put off were delivered later: half within 15 minutes, 9 of 10 within 4 hours; 192 of \
                 them greylisted: 9 of 10 within 15 minutes; 6 still wait.";
    assert!(shown.split_whitespace().collect::<Vec<_>>().join(" ").contains(later), "{shown}");
    let quiet = page(&report(&quiet()), &Look::default());
    assert!(!quiet.contains("  Later ") && !quiet.contains("throttled"), "{quiet}");
}

#[test]
fn every_appearance_of_enforcement_has_its_times() {
    let report = report(&incident());
    let [row] = report.enforcement.as_slice() else { panic!("{:?}", report.enforcement) };
    assert_eq!((row.provider.as_str(), row.events, row.attempts), ("google", 410, 3_198));
    assert_eq!(row.first_seen.as_deref(), Some("2026-03-03T14:17:11+01:00"));
    assert_eq!(row.last_seen.as_deref(), Some("2026-03-03T21:59:11+01:00"));
    let events: u64 = report.enforcement.iter().map(|row| row.events).sum();
    assert_eq!(events, report.rates.enforcement.count);
}

#[test]
fn what_changed_is_told_once() {
    let summary = incident();
    let (catalog, options) = (Catalog::builtin(), options());
    let unfound = Report::new(&summary, &[], &catalog, &options);
    let changes = &unfound.distribution.changes;
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert_eq!((changes[0].before.count, changes[0].after.count), (0, 410));
    let shown = page(&unfound, &Look::default());
    assert!(
        shown.contains("\nChanges  share of the provider's answers before and after 2026-03-03 13:5"),
        "{shown}"
    );
    assert!(!page(&report(&summary), &Look::default()).contains("\nChanges"), "a finding tells it");
    assert_eq!(report(&quiet()).distribution.changes.len(), 0);
    // A day has two halves.
    let parts = &unfound.distribution.providers[0].parts;
    let attempts: Vec<u64> = parts.iter().map(|part| part.sums.outcomes.attempts).collect();
    assert_eq!((parts.len(), attempts.iter().sum::<u64>()), (2, 3_198));
}

#[test]
fn days_are_parts_where_there_are_two() {
    let mut summary = Summary::default();
    for hour in 0..50 {
        count(&mut summary, &ACCEPTED, Some(MIDNIGHT + hour * 3_600), 10);
    }
    close(&mut summary, "/var/log/mail.log");
    let parts = report(&summary).distribution.providers.remove(0).parts;
    let starts: Vec<&str> = parts.iter().filter_map(|part| part.start.as_deref()).collect();
    assert_eq!(
        starts,
        ["2026-03-03T00:00:00+01:00", "2026-03-04T00:00:00+01:00", "2026-03-05T00:00:00+01:00"]
    );
    assert_eq!(parts[2].sums.outcomes.attempts, 20);
}

#[test]
fn one_line_says_it() {
    assert_eq!(
        one(&report(&incident())),
        "CRITICAL google 550 5.7.26 shop.example since 2026-03-03 14:17 (410 of 1,758, 23 %): Not authenticated\n"
    );
    assert_eq!(one(&report(&quiet())), "OK 4,712 attempts, 99 % delivered, nothing stands out\n");
    assert_eq!(one(&report(&Summary::default())), "EMPTY there is nothing in the log\n");
    let mut dead = day();
    let refused = Answer { action: Action::Failed, basic: 550, enhanced: "5.1.1", ..ACCEPTED };
    // As the mail goes, so that nothing stands out but the share.
    for quarter in 0..64 {
        count(&mut dead, &refused, Some(MIDNIGHT + 6 * 3600 + quarter * 900 + 131), 8);
    }
    close(&mut dead, "-");
    assert_eq!(
        one(&report(&dead)),
        "WARNING 5,224 attempts, 89 % delivered: 10.0 % of the attempts met dead addresses\n"
    );
}
