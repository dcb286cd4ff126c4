//! Logs of known content, made by the generator: a bare clone can run every benchmark.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use smtpulse::synth::{self, Blend, Mta, Spec, Stamps, Truth};
use tempfile::NamedTempFile;
use xxhash_rust::xxh3::xxh3_64;

/// The framings and dialects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    PostfixRfc3164,
    PostfixRfc3339,
    EximMain,
    /// Exim's main log as a syslog daemon writes it.
    EximSyslog,
    /// Postfix, nothing but failures with long replies.
    Dense,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Kind; 5] =
        [Kind::PostfixRfc3164, Kind::PostfixRfc3339, Kind::EximMain, Kind::EximSyslog, Kind::Dense];

    fn name(self) -> &'static str {
        match self {
            Kind::PostfixRfc3164 => "postfix-rfc3164",
            Kind::PostfixRfc3339 => "postfix-rfc3339",
            Kind::EximMain => "exim-main",
            Kind::EximSyslog => "exim-syslog",
            Kind::Dense => "postfix-dense",
        }
    }

    fn spec(self, bytes: u64) -> Spec {
        let (mta, stamps, blend) = match self {
            Kind::PostfixRfc3164 => (Mta::Postfix, Stamps::Rfc3164, Blend::Default),
            Kind::PostfixRfc3339 => (Mta::Postfix, Stamps::Rfc3339, Blend::Default),
            Kind::EximMain | Kind::EximSyslog => (Mta::Exim, Stamps::Rfc3339, Blend::Default),
            Kind::Dense => (Mta::Postfix, Stamps::Rfc3339, Blend::Dense),
        };
        Spec { bytes, mta, stamps, blend, ..Spec::default() }
    }
}

/// A log in a file, with what it holds.
pub(crate) struct Log {
    name: &'static str,
    hash: u64,
    file: NamedTempFile,
    /// Its length.
    pub(crate) bytes: u64,
    /// What is in it. Exim by syslog has more lines and bytes than are told here, and the same outcomes.
    pub(crate) truth: Truth,
}

impl Log {
    /// A log of about so many MiB.
    pub(crate) fn new(kind: Kind, mib: u64) -> Log {
        Log::of(kind.name(), &kind.spec(mib << 20), kind == Kind::EximSyslog)
    }

    /// A log of the usual kind, changed.
    pub(crate) fn with(name: &'static str, change: impl FnOnce(&mut Spec)) -> Log {
        let mut spec = Spec::default();
        change(&mut spec);
        Log::of(name, &spec, false)
    }

    fn of(name: &'static str, spec: &Spec, syslog: bool) -> Log {
        let mut text = Vec::new();
        let truth = synth::generate(spec, &mut text).expect("the generator knows its own specs");
        if syslog {
            text = by_syslog(&text);
        }
        let mut file = NamedTempFile::new().expect("a temporary file can be made");
        file.write_all(&text).expect("a temporary file can be written");
        Log { name, hash: xxh3_64(&text), file, bytes: text.len() as u64, truth }
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Its name, and a hash of all its bytes: figures of another input have another name.
    pub(crate) fn id(&self) -> String {
        format!("{}-{:08x}", self.name, self.hash as u32)
    }
}

/// Bytes of a record beyond which Exim splits it (`MAX_SYSLOG_LEN` in `log.c`).
const SYSLOG_LIMIT: usize = 870;

/// Exim's main log as it reaches a file by way of syslog: each line behind a header of RFC 3164, long ones in parts.
fn by_syslog(main: &[u8]) -> Vec<u8> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut out = Vec::with_capacity(main.len() * 5 / 4);
    for (number, line) in main.split(|b| *b == b'\n').filter(|line| line.len() > 19).enumerate() {
        // 2026-03-02 00:00:01...
        let stamp = String::from_utf8_lossy(&line[..19]);
        let month = stamp[5..7].parse().map_or(0, |month: usize| month - 1);
        let day: u32 = stamp[8..10].parse().unwrap_or(1);
        let mut head = String::new();
        let _ = write!(head, "{} {day:>2} {} mx1 exim[{}]: ", MONTHS[month], &stamp[11..], 1_000 + number);
        let parts = line.len().div_ceil(SYSLOG_LIMIT);
        for (part, text) in line.chunks(SYSLOG_LIMIT).enumerate() {
            out.extend_from_slice(head.as_bytes());
            if parts > 1 {
                out.extend_from_slice(format!("[{}/{parts}] ", part + 1).as_bytes());
            }
            out.extend_from_slice(text);
            out.push(b'\n');
        }
    }
    out
}
