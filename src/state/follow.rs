//! Which stretch of which file is new: files are known by what is in them, never by their names.
//!
//! ```text
//! open               what lies there; what was read to its end and is as it was is not even opened
//! recognise          which known file each one is: by its beginning, and by what stands before the position
//! twins              of two that are the same log the longer one counts
//! rest               from the position to the last line end; to the end where nothing more is to come
//! ```

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{Known, Standing};
use crate::input::{self, Print, Reason, Source, TAIL_BYTES};
use crate::time::Instant;

/// Seconds after which nobody goes on with a line in a file that was rotated away.
const SETTLED: Instant = 60;

/// Seconds after which nobody goes on with a line in a log, if it has not grown since the last run either.
const ABANDONED: Instant = 3600;

/// Files that are kept open until they are read.
const KEPT_OPEN: usize = 16;

/// A file that may hold lines of a log.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Where it lies.
    pub path: PathBuf,
    /// The log that was asked for; it may be the file itself.
    pub log: String,
    /// It was rotated away from that log.
    pub rotated: bool,
    /// Nobody asks for it unless it is known: it is from before the first night.
    pub unasked: bool,
}

/// What is to be read, and what else is to be kept in mind.
#[derive(Debug, Default)]
pub struct Plan {
    /// What is to be read, each at the place where reading goes on.
    pub read: Vec<(Source, Job)>,
    /// What is known of files without anything new.
    pub seen: Vec<Known>,
    /// Files of which something may be missing: they are gone, and more was to come.
    pub lost: Vec<Known>,
    /// Files that have become shorter than what was read of them, with their length now.
    pub shorter: Vec<(Known, u64)>,
    /// What could not be opened.
    pub errors: Vec<input::Error>,
    /// Files that go on with the same lines as another one that is read, and differ from it later: their names, and whose
    /// lines these are. What is new in them cannot be told from what was counted.
    pub alike: Vec<(String, String)>,
    /// A file was cut while it was looked at (`copytruncate`): look again.
    pub moved: bool,
}

/// What is to be done when a stretch is read.
#[derive(Debug)]
pub struct Job {
    known: Known,
    /// How it begins.
    head: Vec<u8>,
    /// The file is read to its end when so many bytes are counted, and no more is to come.
    complete_at: Option<u64>,
    /// It is compressed.
    packed: bool,
    /// When it was written to last: seconds and nanoseconds.
    written: (i64, i64),
}

impl Job {
    /// What is known of the file so far.
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// So many bytes and lines more are counted; what is known is kept for the next night. Gives nothing where nothing of it
    /// is counted yet.
    pub fn done(self, bytes: u64, lines: u64, tail: Option<Print>, damaged: bool) -> Option<Known> {
        let mut known = self.known;
        known.position += bytes;
        known.lines += lines;
        if bytes > 0 {
            known.tail = tail;
        }
        if known.position == 0 {
            return None;
        }
        let position = known.position;
        known.begin_with(&self.head, position);
        // What the disk refused today it may give tomorrow; what was packed badly stays so.
        known.told = damaged && self.packed && bytes > 0;
        let complete = self.complete_at.is_some_and(|end| position >= end || known.told);
        known.standing = if complete { Standing::Done } else { Standing::Open };
        Some(known)
    }
}

/// A candidate, opened.
struct Found {
    candidate: Candidate,
    stat: String,
    written: (i64, i64),
    source: Source,
    /// Length, unpacked.
    length: u64,
    /// What of it stays as it is when more is written behind it.
    lasting: u64,
    /// Which of the known files it is.
    known: Option<usize>,
    /// It is that file, with less in it than was read.
    shorter: bool,
    /// It is the same log as another one that holds more of it.
    twin: bool,
}

/// Looks at all candidates and tells what is new. Logs that are asked for and known files of theirs that are not found are
/// lost.
pub fn plan(known: &[Known], candidates: Vec<Candidate>, map: bool, now: Instant) -> Plan {
    let mut plan = Plan::default();
    let mut met = vec![false; known.len()];
    let asked: Vec<String> = candidates.iter().map(|candidate| candidate.log.clone()).collect();
    let mut found = Vec::new();
    for candidate in candidates {
        let (stat, written) = stat(&candidate.path);
        let as_it_was =
            |known: &Known| known.standing != Standing::Open && !stat.is_empty() && known.stat == stat;
        if let Some(at) = known.iter().position(as_it_was) {
            met[at] = true;
            let name = candidate.path.to_string_lossy().into_owned();
            plan.seen.push(Known { name, last: now, ..known[at].clone() });
            continue;
        }
        match input::open(&candidate.path, map) {
            Ok(mut source) => {
                // Half a record reads otherwise when it is whole: until then its log is known by what stands before it.
                if source.carrier().is_some() && !is_left(&candidate, &source, written.0, now) {
                    source.whole_lines();
                }
                found.extend(recognised(known, candidate, (stat, written), source, found.len()));
            }
            Err(error) if is_gone(&error) && (candidate.rotated || has_rotated(&candidate, &asked)) => {}
            // Whoever compresses has just begun, and takes what is compressed away when that is done.
            Err(error) if matches!(error.reason, Reason::Emptied { .. }) && is_fresh(&candidate, now) => {}
            Err(error) => plan.errors.push(error),
        }
    }
    set_twins_apart(&mut found, known);
    plan.moved = !found.iter().all(|one| one.source.stands());
    for one in found {
        if let Some(at) = one.known {
            met[at] = true;
        }
        if !one.twin {
            take(&mut plan, one, known, now);
        }
    }
    // Stamps tell the order; where they are equal, what was rotated away comes first.
    plan.read.sort_by_key(|(_, job)| (job.complete_at.is_none(), job.written));
    leave_out_alike(&mut plan);
    let missing = known.iter().zip(met).filter(|(known, met)| !met && known.standing == Standing::Open);
    let missing = missing.filter(|(known, _)| !known.told && asked.contains(&known.log));
    plan.lost = missing.map(|(known, _)| Known { told: true, ..known.clone() }).collect();
    plan
}

/// Of several that begin with the same lines the longest is read.
fn leave_out_alike(plan: &mut Plan) {
    let mut kept: Vec<(Source, Job)> = Vec::new();
    for (source, job) in plan.read.drain(..) {
        let Some((other, others)) =
            kept.iter_mut().find(|(other, _)| other.fingerprint() == source.fingerprint())
        else {
            kept.push((source, job));
            continue;
        };
        let (mut left_out, mut read) = (source.name.clone(), other.name.clone());
        if job.known.seen > others.known.seen {
            std::mem::swap(&mut left_out, &mut read);
            (*other, *others) = (source, job);
        }
        plan.alike.push((left_out, read));
    }
    plan.read = kept;
}

/// What the disk says of a file, empty where it says nothing, and when it was written to last.
fn stat(path: &Path) -> (String, (i64, i64)) {
    let Ok(meta) = fs::metadata(path) else { return (String::new(), (i64::MAX, 0)) };
    let (seconds, nanoseconds) = (meta.mtime(), meta.mtime_nsec());
    let stat = format!("{}:{}:{}:{seconds}.{nanoseconds:09}", meta.dev(), meta.ino(), meta.len());
    (stat, (seconds, nanoseconds))
}

fn is_gone(error: &input::Error) -> bool {
    matches!(&error.reason, Reason::Io(error) if error.kind() == std::io::ErrorKind::NotFound)
}

/// Whether it was rotated away, and nobody writes to it any more.
fn is_left(candidate: &Candidate, source: &Source, written: Instant, now: Instant) -> bool {
    candidate.rotated && (source.is_compressed() || now.saturating_sub(written) >= SETTLED)
}

/// Whether it was written just now.
fn is_fresh(candidate: &Candidate, now: Instant) -> bool {
    fs::metadata(&candidate.path).is_ok_and(|meta| now.saturating_sub(meta.mtime()) < SETTLED)
}

/// Whether another file of the same log is there: between a rotation and its first line a log may be missing.
fn has_rotated(candidate: &Candidate, asked: &[String]) -> bool {
    asked.iter().filter(|log| **log == candidate.log).count() > 1
}

/// Finds out which of the known files it is; `None` where there is nothing in it.
fn recognised(
    known: &[Known],
    candidate: Candidate,
    (stat, written): (String, (i64, i64)),
    mut source: Source,
    opened: usize,
) -> Option<Found> {
    if source.head().is_empty() {
        return None;
    }
    // Of those that begin alike, the one of which most is known.
    let mut alike: Vec<usize> = (0..known.len())
        .filter(|at| known[*at].begins(&source) || known[*at].is_longer_than(&source))
        .collect();
    alike.sort_by_key(|at| std::cmp::Reverse((known[*at].start.bytes, known[*at].position)));
    let (mut of, mut shorter, mut length) = (None, None, None);
    for at in alike {
        let one = &known[at];
        if one.standing == Standing::LeftOut {
            of = Some(at);
            break;
        }
        let Ok(measured) = source.measure(one.position, one.tail.map_or(0, |tail| tail.bytes)) else {
            continue;
        };
        length = Some(measured.length);
        if measured.length < one.position {
            shorter = shorter.or(Some(at));
        } else if one.tail.is_none() || measured.before == one.tail {
            of = Some(at);
            break;
        }
    }
    // How long it is matters only where it may be read, and takes time where it must be unpacked.
    let is_read = !candidate.unasked && !of.is_some_and(|at| known[at].standing == Standing::LeftOut);
    let length =
        length.or_else(|| is_read.then(|| source.measure(0, 0).ok())?.map(|measured| measured.length));
    let length = length.unwrap_or(source.head().len() as u64);
    let lasting = if is_read { source.lasting(length) } else { length };
    if opened >= KEPT_OPEN {
        source.release();
    }
    let is_shorter = of.is_none() && shorter.is_some();
    Some(Found {
        candidate,
        stat,
        written,
        source,
        length,
        lasting,
        known: of.or(shorter),
        shorter: is_shorter,
        twin: false,
    })
}

/// Of files that are the same log all but one are left out: the longest, and of equal ones the log itself before what was
/// rotated away, and what need not be unpacked. One that only begins like a known file is a log of its own.
fn set_twins_apart(found: &mut [Found], known: &[Known]) {
    let mut order: Vec<usize> = (0..found.len()).collect();
    let rank = |one: &Found| (one.lasting, !one.candidate.rotated, !one.source.is_packed());
    order.sort_by_key(|at| std::cmp::Reverse(rank(&found[*at])));
    for place in 0..order.len() {
        let at = order[place];
        let longer = order[..place].iter().copied().find(|other| {
            !found[*other].twin && {
                let (one, other) = (&found[at], &found[*other]);
                is_beginning(&one.source, one.lasting, &other.source)
            }
        });
        if longer.is_some() {
            found[at].twin = true;
        } else if found[at].known.is_some_and(|of| {
            order[..place].iter().any(|other| !found[*other].twin && found[*other].known == Some(of))
        }) {
            // Another one goes on with the known file, and this one differs from that.
            let lies_there = |of: usize| {
                known[of].name == found[at].candidate.path.to_string_lossy() && !found[at].shorter
            };
            if found[at].known.is_some_and(lies_there) {
                hand_over(found, at, &order[..place]);
            } else {
                (found[at].known, found[at].shorter) = (None, false);
            }
        }
    }
}

/// Where two differ that both seem to go on with a known file, it is the one that lies where that lay.
fn hand_over(found: &mut [Found], at: usize, longer: &[usize]) {
    let of = found[at].known;
    for other in longer {
        if found[*other].known == of {
            (found[*other].known, found[*other].shorter) = (None, false);
        }
    }
}

/// Whether the longer one begins with so many bytes of this one.
fn is_beginning(one: &Source, length: u64, longer: &Source) -> bool {
    let most = usize::try_from(length).unwrap_or(usize::MAX);
    let common = one.head().len().min(longer.head().len()).min(most);
    let tail = length.min(TAIL_BYTES as u64);
    let end = |source: &Source| source.measure(length, tail).ok().and_then(|measured| measured.before);
    one.head()[..common] == longer.head()[..common]
        && memchr::memchr(b'\n', &one.head()[..common]).is_some()
        && end(one).is_some_and(|last| end(longer) == Some(last))
}

/// Plans what is new in a file.
fn take(plan: &mut Plan, found: Found, all: &[Known], now: Instant) {
    let Found { candidate, stat, written, mut source, length, known, shorter, .. } = found;
    let name = candidate.path.to_string_lossy().into_owned();
    let head = source.head().to_vec();
    let before = known.map(|at| all[at].clone());
    let own = before.clone().unwrap_or_else(|| Known::new(&candidate.log, &name));
    let carried = source.carrier().is_some();
    let unchanged = before.as_ref().is_some_and(|before| before.seen == length);
    let abandoned = unchanged && now.saturating_sub(written.0) >= ABANDONED;
    let packed = source.is_compressed();
    // Whether a last line without an end is all there will be.
    let is_final =
        is_left(&candidate, &source, written.0, now) || abandoned && !candidate.rotated && !carried;
    // Whether the length is that of all there is.
    let is_measured = is_final || !carried;
    let mut own = Known { name, stat, seen: length, last: now, ..own };
    if own.standing == Standing::LeftOut {
        plan.seen.push(own);
        return;
    }
    if candidate.unasked && before.is_none() {
        own.begin_with(&head, length);
        plan.seen.push(Known { standing: Standing::LeftOut, ..own });
        return;
    }
    if shorter {
        if !candidate.rotated {
            plan.shorter.push((own.clone(), length));
        }
        own.position = length;
        own.tail =
            source.measure(length, length.min(TAIL_BYTES as u64)).ok().and_then(|measured| measured.before);
        own.begin_with(&head, length);
    }
    let told_before = own.told && before.is_some_and(|before| before.stat == own.stat);
    if own.position >= length || told_before {
        own.standing = if candidate.rotated && is_measured { Standing::Done } else { Standing::Open };
        own.told &= told_before;
        plan.seen.push(own);
        return;
    }
    if !is_final && !carried {
        source.whole_lines();
    }
    if own.position > 0
        && let Err(error) = source.resume(own.position)
    {
        plan.errors.push(input::Error { name: own.name, reason: error.into() });
        return;
    }
    let complete_at = (candidate.rotated && is_measured).then_some(length);
    plan.read.push((source, Job { known: own, head, complete_at, packed, written }));
}

#[cfg(test)]
mod tests;
