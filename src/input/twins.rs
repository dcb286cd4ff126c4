//! The same log under two names: `mail.log.1` and its `.gz`, a copy, an older copy.

use std::io;

use super::{Bytes, FINGERPRINT_BYTES, Source};

/// An input that is left out, because another one holds all of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Twin {
    /// Its name.
    pub name: String,
    /// The one that is read.
    pub read: String,
}

/// Leaves out files that begin like another one and are no longer. Streams are left alone: how long they are is not known
/// before they are read.
pub fn once(sources: Vec<Source>) -> (Vec<Source>, Vec<Twin>) {
    let mut kept: Vec<Source> = Vec::new();
    let mut twins = Vec::new();
    for source in sources {
        let Some(at) = kept.iter().position(|other| begin_alike(other, &source)) else {
            kept.push(source);
            continue;
        };
        let other = &mut kept[at];
        let twin = if is_better(&source, other) { std::mem::replace(other, source) } else { source };
        twins.push((twin.name, at));
    }
    let twins = twins.into_iter().map(|(name, at)| Twin { name, read: kept[at].name.clone() }).collect();
    (kept, twins)
}

/// Whether two files begin with the same bytes: as many as a fingerprint takes, or all of one that is shorter.
fn begin_alike(one: &Source, other: &Source) -> bool {
    let is_file = |source: &Source| matches!(source.bytes, Bytes::File { .. } | Bytes::Packed { .. });
    let length = one.head.len().min(other.head.len()).min(FINGERPRINT_BYTES);
    let start = &one.head[..length];
    // Less than a line is the beginning of anything.
    is_file(one) && is_file(other) && start == &other.head[..length] && memchr::memchr(b'\n', start).is_some()
}

/// Whether the first is longer, or as long and needs no unpacking.
fn is_better(one: &Source, other: &Source) -> bool {
    (length(one), !one.is_packed()) > (length(other), !other.is_packed())
}

/// How long it is, unpacked.
fn length(source: &Source) -> u64 {
    source.length.unwrap_or_else(|| {
        let mut counted = 0;
        let mut count = |bytes: &[u8]| counted += bytes.len() as u64;
        // What comes before damage counts.
        let _ = source.reader().and_then(|mut reader| io::copy(&mut reader, &mut Counter(&mut count)));
        counted
    })
}

/// Tells how much is written to it.
struct Counter<F>(F);

impl<F: FnMut(&[u8])> io::Write for Counter<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (self.0)(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::{from_reader, open};
    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn of_the_same_log_the_longest_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let log: Vec<u8> = (0..9000).flat_map(|n| format!("{n}: a line of a log\n").into_bytes()).collect();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            open(&path, true).unwrap()
        };
        let short = &log[..log[..9000].iter().rposition(|byte| *byte == b'\n').unwrap() + 1];
        let check = |given: Vec<Source>, read: &[&str]| {
            let names: Vec<String> = given.iter().map(|source| source.name.clone()).collect();
            let (kept, twins) = once(given);
            let base = |name: &str| name.rsplit('/').next().unwrap().to_owned();
            assert_eq!(kept.iter().map(|source| base(&source.name)).collect::<Vec<_>>(), read);
            assert_eq!(kept.len() + twins.len(), names.len());
            assert!(twins.iter().all(|twin| kept.iter().any(|source| source.name == twin.read)));
        };
        check(vec![file("a", &log), file("b.gz", &gzip(&log))], &["a"]);
        check(vec![file("b.gz", &gzip(&log)), file("a", &log)], &["a"]);
        check(vec![file("short", short), file("b.gz", &gzip(&log))], &["b.gz"]);
        check(
            vec![file("short.gz", &gzip(short)), file("c.gz", &gzip(&log)), file("long", &log[..40_000])],
            &["c.gz"],
        );
        check(
            vec![file("a", &log), file("other", &log[50..]), file("empty", b""), file("empty2", b"")],
            &["a", "other", "empty", "empty2"],
        );
        check(vec![file("a", &log), file("half", &log[..5])], &["a", "half"]);
        let piped = || from_reader("pipe", io::Cursor::new(log.clone()));
        check(vec![file("a", &log), piped()], &["a", "pipe"]);
    }
}
