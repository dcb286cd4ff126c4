//! `smtpulse events`: one JSON object a line for every outcome, in log order.

use std::io::{self, Write};

use hashbrown::HashMap;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::catalog::{Catalog, Disposition, Layer, Only, Rule, Stage, Suppress, UNKNOWN};
use crate::mta::{Event, Kind, Mta, Outcome};
use crate::report::clean;
use crate::smtp::{Action, BasicCode, Direction, EnhancedCode, Step};
use crate::tally::{Attributor, Line, Sink};

/// Senders remembered at most, twice over: of messages that never leave the queue the older half is forgotten.
const REMEMBERED: usize = 1 << 18;

/// One line of output. The names are part of the contract.
#[derive(Serialize)]
struct Row<'a> {
    input: &'a str,
    line: u64,
    ts: Option<String>,
    mta: &'static str,
    event: &'static str,
    direction: &'static str,
    queue_id: Option<Text<'a>>,
    sender: Option<Text<'a>>,
    recipient: Option<Text<'a>>,
    orig_recipient: Option<Text<'a>>,
    relay_host: Option<Text<'a>>,
    relay_ip: Option<Text<'a>>,
    status: Option<Text<'a>>,
    dsn: Option<EnhancedCode>,
    basic: Option<BasicCode>,
    enhanced: Option<EnhancedCode>,
    action: Option<&'static str>,
    provider: Option<&'a str>,
    category: Option<&'a str>,
    disposition: Option<Disposition>,
    suppress: Option<Suppress>,
    enforcement: Option<bool>,
    marker: Option<&'a str>,
    stage: Option<Stage>,
    step: Option<Step>,
    layer: Option<Layer>,
    rule: Option<Rule>,
    delay: Option<f64>,
    text: Option<Text<'a>>,
}

/// Bytes of a log, printed as text.
struct Text<'a>(&'a [u8]);

impl Serialize for Text<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&String::from_utf8_lossy(self.0))
    }
}

/// Writes events.
pub(super) struct Writer<'c, W> {
    out: W,
    attributor: Attributor<'c>,
    zone: TimeZone,
    only: Option<Only>,
    input: String,
    passed: u64,
    senders: Senders,
    /// The first error of the output; nothing is written after it.
    pub(super) failed: Option<io::Error>,
}

impl<'c, W: Write> Writer<'c, W> {
    /// Writes to `out`; only what `only` answered if it is given.
    pub(super) fn new(out: W, catalog: &'c Catalog, zone: TimeZone, only: Option<Only>) -> Writer<'c, W> {
        Writer {
            out,
            attributor: Attributor::new(catalog),
            zone,
            only,
            input: String::new(),
            passed: 0,
            senders: Senders::default(),
            failed: None,
        }
    }

    /// Writes out what is buffered.
    pub(super) fn finish(mut self) -> io::Result<W> {
        match self.failed {
            Some(error) => Err(error),
            None => self.out.flush().map(|()| self.out),
        }
    }

    fn write(&mut self, line: &Line<'_>, outcome: &Outcome<'_>) -> io::Result<()> {
        let catalog = self.attributor.catalog();
        let attributes = self.attributor.attribute(outcome);
        let out = outcome.direction == Direction::Out;
        let name =
            out.then(|| attributes.provider.map_or(UNKNOWN, |provider| catalog.provider_name(provider)));
        if self.only.as_ref().is_some_and(|only| !name.is_some_and(|name| only.has(name))) {
            return Ok(());
        }
        let asked = attributes.answer(catalog, outcome.code);
        let refused = matches!(attributes.action, Some(Action::Delayed | Action::Failed));
        let answered =
            outcome.direction != Direction::In && (outcome.code.severity().is_some() || out && refused);
        let meaning = answered.then(|| catalog.explain(&asked));
        let known = match outcome.sender {
            Some(_) => None,
            None => outcome.queue_id.and_then(|id| self.senders.get(line.record.host, id)),
        };
        let row = Row {
            input: &self.input,
            line: self.passed + line.number,
            ts: line.at.and_then(|at| Timestamp::from_second(at).ok()).map(|at| {
                let offset = self.zone.to_offset(at);
                at.display_with_offset(offset).to_string()
            }),
            mta: line.mta.as_str(),
            event: match (outcome.kind, line.mta) {
                // Only Postfix repeats an older answer; Exim's line is the delivery line it looks like, for nobody asked.
                (Kind::Suspended, Mta::Exim) => Kind::Delivery.as_str(),
                (kind, _) => kind.as_str(),
            },
            direction: outcome.direction.as_str(),
            queue_id: outcome.queue_id.map(Text),
            sender: outcome.sender.or(known).map(Text),
            recipient: outcome.recipient.map(Text),
            orig_recipient: outcome.orig_recipient.map(Text),
            relay_host: outcome.relay_host.map(Text),
            relay_ip: outcome.relay_ip.map(Text),
            status: outcome.status.map(Text),
            dsn: outcome.dsn,
            basic: outcome.code.basic,
            enhanced: outcome.code.enhanced,
            action: attributes.action.map(Action::as_str),
            provider: name,
            category: meaning.as_ref().map(|meaning| meaning.category),
            disposition: meaning.as_ref().map(|meaning| meaning.disposition),
            suppress: meaning.as_ref().map(|meaning| meaning.suppress),
            enforcement: meaning.as_ref().map(|meaning| meaning.enforcement),
            marker: asked.marker,
            stage: meaning.as_ref().and_then(|meaning| meaning.stage),
            step: outcome.step,
            layer: meaning.as_ref().map(|meaning| meaning.layer),
            rule: meaning.as_ref().map(|meaning| meaning.rule),
            delay: outcome.delay.and_then(|delay| std::str::from_utf8(delay).ok()?.parse().ok()),
            text: (!outcome.text.is_empty()).then_some(Text(outcome.text)),
        };
        clean::exact_line(&row, &mut self.out)
    }
}

impl<W: Write> Sink for Writer<'_, W> {
    fn event(&mut self, line: &Line<'_>, event: &Event<'_>) {
        if self.failed.is_some() {
            return;
        }
        match event {
            Event::Outcome(outcome) => {
                if let Err(error) = self.write(line, outcome) {
                    self.failed = Some(error);
                }
            }
            Event::Sender { queue_id, sender, .. } => self.senders.set(line.record.host, queue_id, sender),
            Event::Arrival { queue_id, .. } if line.mta == Mta::Postfix => {
                self.senders.forget(line.record.host, queue_id);
            }
            Event::Done { queue_id } => self.senders.forget(line.record.host, queue_id),
            _ => {}
        }
    }

    fn source(&mut self, name: &str) {
        name.clone_into(&mut self.input);
        self.passed = 0;
    }

    fn passed(&mut self, lines: u64) {
        self.passed += lines;
    }
}

/// Who sent the messages in the queue, by host and id, in two generations.
#[derive(Default)]
struct Senders {
    young: HashMap<Vec<u8>, Vec<u8>>,
    old: HashMap<Vec<u8>, Vec<u8>>,
    key: Vec<u8>,
}

impl Senders {
    fn key(&mut self, host: &[u8], id: &[u8]) {
        self.key.clear();
        self.key.extend_from_slice(id);
        self.key.push(b' ');
        self.key.extend_from_slice(host);
    }

    fn set(&mut self, host: &[u8], id: &[u8], sender: &[u8]) {
        if self.young.len() >= REMEMBERED {
            self.old = std::mem::take(&mut self.young);
        }
        self.key(host, id);
        self.young.insert(self.key.clone(), sender.to_vec());
    }

    fn get(&mut self, host: &[u8], id: &[u8]) -> Option<&[u8]> {
        self.key(host, id);
        self.young.get(&self.key).or_else(|| self.old.get(&self.key)).map(Vec::as_slice)
    }

    fn forget(&mut self, host: &[u8], id: &[u8]) {
        self.key(host, id);
        self.young.remove(&self.key);
        self.old.remove(&self.key);
    }
}
