use std::collections::BTreeSet;
use std::io::Write;

use super::*;

/// 7 March 2026, noon.
const NOW: Instant = 1_772_884_800;

/// Rotated logs that are kept of one that is cut all the time.
const KEPT: usize = 6;

/// A folder of logs, read night after night.
struct Nights {
    folder: tempfile::TempDir,
    known: Vec<Known>,
    now: Instant,
    /// Maps the files.
    map: bool,
    /// Looks again when a file seems to be gone.
    patient: bool,
}

/// What a night came to: names and texts that were read, names that are lost, names that are shorter.
#[derive(Debug, Default, PartialEq, Eq)]
struct Night {
    read: Vec<(String, String)>,
    lost: Vec<String>,
    shorter: Vec<String>,
}

impl Nights {
    fn new() -> Nights {
        Nights {
            folder: tempfile::tempdir().unwrap(),
            known: Vec::new(),
            now: NOW,
            map: true,
            patient: false,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
        self.date(name, self.now - 30);
    }

    fn append(&self, name: &str, text: &str) {
        fs::OpenOptions::new()
            .append(true)
            .open(self.path(name))
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        self.date(name, self.now - 30);
    }

    fn date(&self, name: &str, at: Instant) {
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(at.cast_unsigned());
        fs::File::options().write(true).open(self.path(name)).unwrap().set_modified(at).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    /// The log, what was rotated away from it, and names of which one may lie there in a moment.
    fn candidates(&self) -> Vec<Candidate> {
        let mut names: BTreeSet<String> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        if self.patient {
            names.extend((1..=KEPT).map(|name| format!("mail.log.{name}")));
        }
        let log = self.path("mail.log").to_str().unwrap().to_owned();
        let candidate = |name: &String| Candidate {
            path: self.path(name),
            log: log.clone(),
            rotated: name != "mail.log",
            unasked: self.known.is_empty() && name != "mail.log",
        };
        names.iter().map(candidate).collect()
    }

    /// Reads what is new in all files of mail.log, and remembers it.
    fn night(&mut self) -> Night {
        let mut looks = 0;
        let plan = loop {
            looks += 1;
            assert!(looks < 1000, "{:#?}", plan(&self.known, self.candidates(), self.map, self.now).lost);
            let plan = plan(&self.known, self.candidates(), self.map, self.now);
            if !plan.moved && (!self.patient || plan.lost.is_empty()) {
                break plan;
            }
        };
        assert!(plan.errors.is_empty(), "{:?}", plan.errors);
        let name = |name: &str| name.rsplit('/').next().unwrap().to_owned();
        let mut night = Night {
            lost: plan.lost.iter().map(|known| name(&known.name)).collect(),
            shorter: plan.shorter.iter().map(|(known, _)| name(&known.name)).collect(),
            ..Night::default()
        };
        let mut files: Vec<Known> = plan.seen.into_iter().chain(plan.lost).collect();
        for (mut source, job) in plan.read {
            let mut text = Vec::new();
            let extent = source.read(1, |block| {
                let before = text.len();
                text.extend_from_slice(block.lines());
                if block.remains().is_some() {
                    text.truncate(before);
                }
            });
            let bytes = text.len() as u64;
            if bytes > 0 {
                night.read.push((name(&source.name), String::from_utf8(text).unwrap()));
            }
            files.extend(job.done(bytes, 1, extent.tail, extent.failed.is_some()));
        }
        for mut file in files {
            match self.known.iter_mut().find(|known| file.id > 0 && known.id == file.id) {
                Some(known) => *known = file,
                None => {
                    file.id = self.known.len() as i64 + 1;
                    self.known.push(file);
                }
            }
        }
        self.now += 86_400;
        night
    }

    /// The texts of a night, which is to have nothing else.
    fn read(&mut self) -> Vec<String> {
        let Night { read, lost, shorter } = self.night();
        assert_eq!((lost, shorter), (Vec::new(), Vec::new()));
        read.into_iter().map(|(_, text)| text).collect()
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

/// Some lines that are like no others.
fn lines(of: &str) -> String {
    (0..9).map(|n| format!("{of} {n}: {}\n", "text ".repeat(n + 4))).collect()
}

#[test]
fn a_log_goes_on_under_every_name() {
    let mut nights = Nights::new();
    nights.write("mail.log", lines("a"));
    assert_eq!(nights.read(), [lines("a")]);
    assert_eq!(nights.read(), [""; 0]);
    nights.append("mail.log", &lines("b"));
    assert_eq!(nights.read(), [lines("b")]);
    // Renamed with a rest, and another one begins.
    nights.append("mail.log", &lines("c"));
    nights.rename("mail.log", "mail.log.1");
    nights.write("mail.log", lines("d"));
    assert_eq!(nights.read(), [lines("c"), lines("d")]);
    // Compressed with a rest that came late.
    let all = ["a", "b", "c", "late"].map(lines).concat();
    fs::remove_file(nights.path("mail.log.1")).unwrap();
    nights.write("mail.log.2.gz", gzip(&all));
    nights.rename("mail.log", "mail.log.1");
    assert_eq!(nights.read(), [lines("late")]);
    assert_eq!(nights.read(), [""; 0]);
    // Several rotations between two runs.
    nights.rename("mail.log.2.gz", "mail.log.4.gz");
    nights.write("mail.log.3.gz", gzip(&[lines("d"), lines("e")].concat()));
    nights.date("mail.log.3.gz", nights.now - 500);
    nights.write("mail.log.2.gz", gzip(&lines("f")));
    nights.date("mail.log.2.gz", nights.now - 400);
    nights.write("mail.log.1", lines("g"));
    nights.date("mail.log.1", nights.now - 300);
    assert_eq!(nights.read(), [lines("e"), lines("f"), lines("g")]);
    // What was read to its end may go.
    fs::remove_file(nights.path("mail.log.4.gz")).unwrap();
    fs::remove_file(nights.path("mail.log.1")).unwrap();
    assert_eq!(nights.read(), [""; 0]);
}

#[test]
fn a_copy_is_the_log_and_what_was_cut_begins_anew() {
    let mut nights = Nights::new();
    nights.write("mail.log", lines("a"));
    assert_eq!(nights.read(), [lines("a")]);
    nights.append("mail.log", &lines("b"));
    // Copied, and not cut yet: the log counts once.
    fs::copy(nights.path("mail.log"), nights.path("mail.log.1")).unwrap();
    assert_eq!(nights.read(), [lines("b")]);
    assert_eq!(nights.read(), [""; 0]);
    // Written on behind the copy: it is the log that goes on.
    nights.append("mail.log", &lines("c"));
    assert_eq!(nights.read(), [lines("c")]);
    // Copied anew with a rest, and cut.
    nights.append("mail.log", &lines("d"));
    fs::copy(nights.path("mail.log"), nights.path("mail.log.1")).unwrap();
    nights.date("mail.log.1", nights.now - 100);
    nights.write("mail.log", lines("e"));
    assert_eq!(nights.read(), [lines("d"), lines("e")]);
    assert_eq!(nights.read(), [""; 0]);
}

#[test]
fn half_a_line_waits() {
    let mut nights = Nights::new();
    nights.write("mail.log", format!("{}half", lines("a")));
    assert_eq!(nights.read(), [lines("a")]);
    assert_eq!(nights.read(), ["half"], "nobody has gone on with it for a day");

    let mut nights = Nights::new();
    nights.write("mail.log", format!("{}half", lines("a")));
    assert_eq!(nights.read(), [lines("a")]);
    nights.append("mail.log", " and whole\nnext");
    assert_eq!(nights.read(), ["half and whole\n"]);
    // Rotated away just now, whoever writes may end the line.
    nights.rename("mail.log", "mail.log.1");
    nights.date("mail.log.1", nights.now - 5);
    assert_eq!(nights.read(), [""; 0]);
    assert_eq!(nights.read(), ["next"]);
    assert_eq!(nights.read(), [""; 0]);

    // Run twice within a minute: the same half a line is no sign of its end.
    let mut nights = Nights::new();
    nights.write("mail.log", format!("{}half", lines("a")));
    assert_eq!(nights.read(), [lines("a")]);
    nights.now = NOW + 30;
    assert_eq!(nights.read(), [""; 0]);
}

/// A line as Docker's `json-file` writes it; what does not end with a line end goes on in the next one.
fn docker(text: &str) -> String {
    format!("{{\"log\":{text:?},\"stream\":\"stdout\",\"time\":\"2026-03-07T10:00:00Z\"}}\n")
}

#[test]
fn half_a_record_of_a_carrier_waits_until_it_is_whole() {
    let stamp = "2026-03-07T10:00:00Z";
    let line = |n: usize| docker(&format!("{n} {}\n", "text ".repeat(20)));
    let many: String = (0..30).map(line).collect();
    let record = line(30);
    let cri = |tag: &str, text: &str| format!("{stamp} stdout {tag} {text}\n");
    for (first, rest, gives) in [
        (docker("half "), docker("and whole\n"), format!("\n{stamp} half and whole\n")),
        (record[..40].to_owned(), record[40..].to_owned(), format!("{stamp} 30 {}\n", "text ".repeat(20))),
        (cri("P", "half "), cri("F", "and whole"), format!("\n{stamp} half and whole\n")),
    ] {
        let mut nights = Nights::new();
        nights.write("mail.log", [&many, &first[..]].concat());
        assert_eq!(nights.read().concat().lines().count(), 30);
        // Whoever writes may be down for days: then the log goes on with what the first half is of.
        assert_eq!(nights.read(), [""; 0]);
        assert_eq!(nights.read(), [""; 0]);
        // A copy that is about to be cut is still the log.
        fs::copy(nights.path("mail.log"), nights.path("mail.log.1")).unwrap();
        nights.date("mail.log.1", nights.now - 5);
        nights.append("mail.log", &rest);
        assert_eq!(nights.read(), std::slice::from_ref(&gives));
        assert_eq!(nights.read(), [""; 0]);
    }
}

#[test]
fn half_a_record_that_was_rotated_away_is_all_there_will_be() {
    let mut nights = Nights::new();
    nights.write("mail.log", docker("one\n") + &docker("half"));
    assert_eq!(nights.read(), ["2026-03-07T10:00:00Z one\n"]);
    nights.rename("mail.log", "mail.log.1");
    nights.date("mail.log.1", nights.now - 5);
    assert_eq!(nights.read(), [""; 0]);
    assert_eq!(nights.read(), ["2026-03-07T10:00:00Z half"]);
    assert_eq!(nights.read(), [""; 0]);
    fs::remove_file(nights.path("mail.log.1")).unwrap();
    nights.write("mail.log.1.gz", gzip(&(docker("one\n") + &docker("half"))));
    nights.date("mail.log.1.gz", nights.now);
    assert_eq!(nights.read(), [""; 0]);
}

#[test]
fn what_is_gone_before_it_was_read_is_told_once() {
    let mut nights = Nights::new();
    nights.write("mail.log", lines("a"));
    assert_eq!(nights.read(), [lines("a")]);
    nights.write("mail.log", lines("b"));
    let night = nights.night();
    assert_eq!(night.lost, ["mail.log"]);
    assert_eq!(night.read, [("mail.log".to_owned(), lines("b"))]);
    assert_eq!(nights.read(), [""; 0]);
    // It was only away.
    nights.write("mail.log.1", [lines("a"), lines("rest")].concat());
    assert_eq!(nights.read(), [lines("rest")]);
}

#[test]
fn what_has_become_shorter_goes_on_at_its_end() {
    let mut nights = Nights::new();
    let long = (0..40).map(|n| lines(&format!("a{n}"))).collect::<String>();
    let shorter = lines("a0") + &lines("a1");
    nights.write("mail.log", &long);
    assert_eq!(nights.read(), [long]);
    nights.write("mail.log", &shorter);
    let night = nights.night();
    assert_eq!(night.shorter, ["mail.log"]);
    assert_eq!((night.read, night.lost), (Vec::new(), Vec::new()));
    nights.append("mail.log", &lines("b"));
    assert_eq!(nights.read(), [lines("b")]);
}

#[test]
fn two_logs_that_begin_alike_are_two_logs() {
    let mut nights = Nights::new();
    let (one, two) = ([lines("same"), lines("one")].concat(), [lines("same"), lines("two")].concat());
    nights.write("mail.log", &one);
    assert_eq!(nights.read(), [one]);
    nights.rename("mail.log", "mail.log.1");
    nights.write("mail.log", &two);
    assert_eq!(nights.read(), std::slice::from_ref(&two));
    nights.append("mail.log", &lines("three"));
    assert_eq!(nights.read(), [lines("three")]);
    // Both go on from the same place: the one that lies where it lay goes on, the other is new.
    let mut nights = Nights::new();
    nights.write("mail.log", lines("same"));
    assert_eq!(nights.read(), [lines("same")]);
    nights.append("mail.log", &lines("one"));
    nights.write("mail.log.1", &two);
    assert_eq!(nights.read(), [two, lines("one")]);
    assert_eq!(nights.read(), [""; 0]);
}

#[test]
fn what_was_there_before_the_first_night_is_left_out_for_good() {
    let mut nights = Nights::new();
    nights.write("mail.log.2.gz", gzip(&lines("oldest")));
    nights.write("mail.log.1", lines("old"));
    nights.write("mail.log", lines("a"));
    assert_eq!(nights.read(), [lines("a")]);
    nights.rename("mail.log.2.gz", "mail.log.3.gz");
    fs::remove_file(nights.path("mail.log.1")).unwrap();
    nights.write("mail.log.2.gz", gzip(&lines("old")));
    nights.rename("mail.log", "mail.log.1");
    nights.write("mail.log", lines("b"));
    assert_eq!(nights.read(), [lines("b")]);
    assert_eq!(nights.read(), [""; 0]);
}

#[test]
fn a_damaged_archive_is_read_as_far_as_it_goes_and_told_once() {
    let mut nights = Nights::new();
    nights.write("mail.log", lines("a"));
    assert_eq!(nights.read(), [lines("a")]);
    let log: String = (0..9000).map(|n| format!("{n} {}\n", n * 7919 % 10_007)).collect();
    let packed = gzip(&log);
    nights.write("mail.log.1.gz", &packed[..packed.len() / 2]);
    let night = nights.night();
    let (_, text) = &night.read[0];
    assert!(log.starts_with(text.as_str()) && text.ends_with('\n') && text.len() > 1000);
    assert_eq!(nights.night().read, []);
    // Brought in whole, it goes on where it broke off.
    nights.write("mail.log.1.gz", &packed);
    assert_eq!(nights.read(), [log[text.len()..].to_owned()]);
}

#[test]
fn of_two_that_begin_alike_for_long_and_differ_later_one_is_counted() {
    let mut nights = Nights::new();
    nights.write("mail.log", lines("before"));
    assert_eq!(nights.read(), [lines("before")]);
    let common = lines("a").repeat(60);
    nights.write("mail.log.1", format!("{common}{}", lines("b")));
    nights.write("mail.log", format!("{common}{}", lines("longer").repeat(2)));
    let night = nights.night();
    assert_eq!(night.read, [("mail.log".to_owned(), format!("{common}{}", lines("longer").repeat(2)))]);
}

#[test]
fn a_log_that_is_cut_again_and_again_while_it_is_looked_at_counts_once() {
    read_while_it_is_cut(false);
}

#[test]
fn a_mapped_log_that_is_cut_again_and_again_while_it_is_looked_at_counts_once() {
    read_while_it_is_cut(true);
}

fn read_while_it_is_cut(map: bool) {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    struct Done<'a>(&'a AtomicBool);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Release);
        }
    }
    const CUTS: usize = 300;
    let text = |cut: usize, n: usize| format!("line {n} of {cut} {}\n", "text ".repeat(n));
    let mut nights = Nights { map, patient: true, ..Nights::new() };
    nights.write("mail.log", "the first line\n");
    let mut read = nights.read().concat();
    let folder = nights.folder.path().to_owned();
    let rotated = |name: usize| folder.join(format!("mail.log.{name}"));
    let (cuts, seen, done) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let log = folder.join("mail.log");
            let mut writer = fs::OpenOptions::new().append(true).open(&log).unwrap();
            for cut in 0..CUTS {
                (0..40).for_each(|n| writer.write_all(text(cut, n).as_bytes()).unwrap());
                (1..KEPT).rev().for_each(|name| drop(fs::rename(rotated(name), rotated(name + 1))));
                fs::copy(&log, rotated(1)).unwrap();
                writer.set_len(0).unwrap();
                cuts.store(cut + 1, Ordering::Release);
                // Nothing is thrown away before it was there for a night.
                while seen.load(Ordering::Acquire) + KEPT - 1 < cut + 1 {
                    if done.load(Ordering::Acquire) {
                        return;
                    }
                    std::thread::yield_now();
                }
            }
        });
        // Whoever reads may fail, and then nobody is to wait for him.
        let _done = Done(&done);
        loop {
            let now = cuts.load(Ordering::Acquire);
            read.extend(nights.night().read.into_iter().map(|(_, text)| text));
            seen.store(now, Ordering::Release);
            if now == CUTS {
                break;
            }
        }
    });
    let mut lines: Vec<&str> = read.lines().collect();
    let mut written: Vec<String> = (0..CUTS).flat_map(|cut| (0..40).map(move |n| text(cut, n))).collect();
    written.push("the first line\n".to_owned());
    written.sort_unstable();
    lines.sort_unstable();
    let written: Vec<&str> = written.iter().map(|line| line.trim_end_matches('\n')).collect();
    assert!(lines == written, "{} lines, not {}", lines.len(), written.len());
}
