//! One JSON object a line: an entry of the journal, or a line of a container as Docker's `json-file` keeps it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};

use super::journal::Entry;
use super::parts::Record;
use super::{Carrier, plain};

/// The fields of both kinds that make a line.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Object<'a> {
    #[serde(borrow, rename = "__REALTIME_TIMESTAMP")]
    realtime: Text<'a>,
    /// `null` where `journalctl` left out a long one.
    #[serde(borrow, rename = "MESSAGE")]
    message: Option<Text<'a>>,
    #[serde(borrow, rename = "_HOSTNAME")]
    host: Text<'a>,
    #[serde(borrow, rename = "SYSLOG_IDENTIFIER")]
    identifier: Text<'a>,
    #[serde(borrow, rename = "_COMM")]
    command: Text<'a>,
    #[serde(borrow, rename = "_PID")]
    pid: Text<'a>,
    #[serde(borrow, rename = "SYSLOG_PID")]
    syslog_pid: Text<'a>,
    #[serde(borrow, rename = "CONTAINER_ID")]
    container: Text<'a>,
    #[serde(borrow, rename = "CONTAINER_PARTIAL_MESSAGE")]
    partial: Text<'a>,
    #[serde(borrow)]
    log: Option<Text<'a>>,
    #[serde(borrow)]
    stream: Text<'a>,
    #[serde(borrow)]
    time: Text<'a>,
}

/// Reads a line and tells `then`; `room` is where what stands before the text is put together.
pub(super) fn read<T>(
    line: &[u8],
    room: &mut Vec<u8>,
    then: impl FnOnce(Carrier, Record<'_>) -> T,
) -> Option<T> {
    // What Python's json and the like make of bytes that are no UTF-8, and `journalctl` never writes.
    let object: Object<'_> = serde_json::from_slice(bare(line)?).ok()?;
    if let Some(log) = &object.log {
        room.clear();
        if !object.time.is_empty() {
            plain::word(&object.time, room);
            room.push(b' ');
        }
        // Docker writes the line end with the line; what others keep under the same name is a line anyhow.
        let by_docker = !object.stream.is_empty() && !object.time.is_empty();
        let partial = by_docker && !log.ends_with(b"\n");
        let record = Record { before: room, source: &object.stream, partial, text: log };
        return Some(then(Carrier::DockerJson, record));
    }
    let entry = Entry {
        realtime: &object.realtime,
        host: &object.host,
        identifier: &object.identifier,
        command: &object.command,
        pid: if object.pid.is_empty() { &object.syslog_pid } else { &object.pid },
        message: object.message.as_ref()?,
        container: &object.container,
        partial: *object.partial == *b"true",
    };
    Some(then(Carrier::JournalJson, entry.record(room)?))
}

/// The object of a line: behind the RS of `json-seq` (RFC 7464) or the `data: ` of `json-sse`.
fn bare(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_prefix(b"\x1e").or_else(|| line.strip_prefix(b"data: ")).unwrap_or(line);
    line.starts_with(b"{").then_some(line)
}

/// The value of a field: a string; the numbers of its bytes where it is no UTF-8; a list of values where the field
/// stands there more than once, of which the first counts.
#[derive(Default)]
struct Text<'a>(Cow<'a, [u8]>);

impl Deref for Text<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text<'a>, D::Error> {
        deserializer.deserialize_any(OfText)
    }
}

struct OfText;

impl<'de> Visitor<'de> for OfText {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, or the numbers of its bytes")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text.as_bytes())))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.as_bytes().to_vec())))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(number.to_string().into_bytes())))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Text<'de>, E> {
        Ok(Text::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Text<'de>, A::Error> {
        let mut bytes = Vec::new();
        let mut first = None;
        while let Some(element) = list.next_element()? {
            match element {
                Element::Byte(byte) => bytes.push(byte),
                Element::Value(text) => first = first.or(Some(text)),
            }
        }
        Ok(first.unwrap_or(Text(Cow::Owned(bytes))))
    }
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Element<'a> {
    Byte(u8),
    #[serde(borrow)]
    Value(Text<'a>),
}
