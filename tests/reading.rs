//! Reading for the tests: a sink that keeps every event as an owned value, and the options to read with.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use serde::Deserialize;
use smtpulse::catalog::{Catalog, UNKNOWN};
use smtpulse::input::{self, Source};
use smtpulse::mta::{Event, Kind, Mta, Outcome};
use smtpulse::scan::{self, Options, Period};
use smtpulse::smtp::{Action, Code, Direction, EnhancedCode, Guard, domain};
use smtpulse::summary::{Quoted, Summary};
use smtpulse::tally::{Attributor, Line, Sink};
use smtpulse::time::{Instant, Zone};

/// The folder of the fixtures.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// What `recording.toml` says of a folder's logs.
#[derive(Deserialize)]
pub(crate) struct Recording {
    pub(crate) zone: String,
    pub(crate) year: i64,
    pub(crate) logs: Vec<String>,
    pub(crate) retold: Vec<String>,
}

impl Recording {
    pub(crate) fn of(folder: &str) -> Recording {
        let text = std::fs::read_to_string(fixtures().join(folder).join("recording.toml")).unwrap();
        toml::from_str(&text).unwrap()
    }
}

/// Defaults: one worker, UTC, everything, joined.
pub(crate) fn options(zone: &str, year: Option<i64>) -> Options {
    Options {
        threads: 1,
        chunk: scan::CHUNK,
        zone: Zone::new(&TimeZone::get(zone).unwrap()),
        year,
        now: 1_780_000_000,
        period: Period::default(),
        join: true,
        clock: None,
    }
}

/// A source out of bytes in memory, read as a stream.
pub(crate) fn stream(name: &str, bytes: &[u8]) -> Source {
    input::from_reader(name, std::io::Cursor::new(bytes.to_vec()))
}

/// The summary of one source.
pub(crate) fn summary(source: Source, catalog: &Catalog, options: &Options) -> Summary {
    scan::scan(vec![source], catalog, options, &|_| {}).unwrap().summary
}

/// An event, owned.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) input: String,
    pub(crate) line: u64,
    pub(crate) at: Option<Instant>,
    pub(crate) mta: Mta,
    /// The host that wrote the line.
    pub(crate) host: Vec<u8>,
    /// The line as it stands in the log.
    pub(crate) line_text: Vec<u8>,
    pub(crate) what: What,
}

/// What a line says.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Arrival { id: Vec<u8>, remote: bool },
    Sender { id: Vec<u8>, sender: Vec<u8>, remote: bool },
    Done { id: Vec<u8> },
    Outcome(Box<Answer>),
    Other,
}

/// An outcome, owned, with its attributes.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) kind: Kind,
    pub(crate) direction: Direction,
    pub(crate) id: Option<Vec<u8>>,
    /// As the line says; see [`Events::senders`].
    pub(crate) sender: Option<Vec<u8>>,
    pub(crate) recipient: Option<Vec<u8>>,
    pub(crate) relay_host: Option<Vec<u8>>,
    pub(crate) dsn: Option<EnhancedCode>,
    pub(crate) code: Code,
    pub(crate) retry: bool,
    pub(crate) action: Option<Action>,
    pub(crate) provider: String,
    pub(crate) marker: Option<String>,
    pub(crate) quoted: Option<Quoted>,
    pub(crate) guard: Option<Guard>,
    pub(crate) text: String,
}

/// Keeps events.
pub(crate) struct Events<'c> {
    attributor: Attributor<'c>,
    input: String,
    passed: u64,
    pub(crate) seen: Vec<Seen>,
}

impl<'c> Events<'c> {
    fn answer(&mut self, line: &Line<'_>, outcome: &Outcome<'_>) -> Answer {
        let own = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
        let attributes = self.attributor.attribute(outcome);
        let catalog = self.attributor.catalog();
        Answer {
            kind: outcome.kind,
            direction: outcome.direction,
            id: own(outcome.queue_id),
            sender: own(outcome.sender),
            recipient: own(outcome.recipient),
            relay_host: own(outcome.relay_host),
            dsn: outcome.dsn,
            code: outcome.code,
            retry: outcome.is_retry(line.mta, line.at),
            action: attributes.action,
            provider: attributes
                .provider
                .map_or(UNKNOWN, |provider| catalog.provider_name(provider))
                .to_owned(),
            marker: attributes.reading.marker.map(|marker| catalog.marker_text(marker).to_owned()),
            quoted: attributes.reading.quoted.map(|(provider, code)| Quoted {
                provider: provider.map(|provider| catalog.provider_name(provider).to_owned()),
                code,
            }),
            guard: attributes.guard,
            text: String::from_utf8_lossy(outcome.text).into_owned(),
        }
    }

    /// Reads sources to the end.
    pub(crate) fn read(sources: Vec<Source>, catalog: &'c Catalog, options: &Options) -> Vec<Seen> {
        let attributor = Attributor::new(catalog);
        let mut events = Events { attributor, input: String::new(), passed: 0, seen: Vec::new() };
        scan::walk(sources, options, &mut events);
        events.seen
    }
}

impl Sink for Events<'_> {
    fn event(&mut self, line: &Line<'_>, event: &Event<'_>) {
        let what = match event {
            Event::Outcome(outcome) => What::Outcome(Box::new(self.answer(line, outcome))),
            Event::Arrival { queue_id, remote } => What::Arrival { id: queue_id.to_vec(), remote: *remote },
            Event::Sender { queue_id, sender, remote } => {
                What::Sender { id: queue_id.to_vec(), sender: sender.to_vec(), remote: *remote }
            }
            Event::Done { queue_id } => What::Done { id: queue_id.to_vec() },
            Event::Mention | Event::Unrelated | Event::NotUnderstood => What::Other,
        };
        self.seen.push(Seen {
            input: self.input.clone(),
            line: self.passed + line.number,
            at: line.at,
            mta: line.mta,
            host: line.record.host.to_vec(),
            line_text: line.text.to_vec(),
            what,
        });
    }

    fn source(&mut self, name: &str) {
        name.clone_into(&mut self.input);
        self.passed = 0;
    }

    fn passed(&mut self, lines: u64) {
        self.passed += lines;
    }
}

/// The domain of an address as summaries write it.
pub(crate) fn domain_of(address: &[u8]) -> Option<String> {
    domain(address).map(|domain| String::from_utf8_lossy(domain).to_lowercase())
}

/// For each event, the sender domain known when it happened; `None` where no line has named one.
pub(crate) fn sender_domains(seen: &[Seen]) -> Vec<Option<String>> {
    let mut known: HashMap<(&[u8], &[u8]), &[u8]> = HashMap::new();
    let mut domains = Vec::new();
    for event in seen {
        let mut domain = None;
        match &event.what {
            What::Sender { id, sender, .. } => {
                known.insert((&event.host, id), sender);
            }
            What::Done { id } => {
                known.remove(&(&event.host[..], &id[..]));
            }
            What::Outcome(answer) => {
                let id = answer.id.as_deref().unwrap_or_default();
                let sender = answer.sender.as_deref().or_else(|| known.get(&(&event.host[..], id)).copied());
                domain = sender.and_then(domain_of);
            }
            What::Arrival { .. } | What::Other => {}
        }
        domains.push(domain);
    }
    domains
}
