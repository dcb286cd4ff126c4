//! Lines and replies with places to fill in, compiled once and written many times.
//!
//! `{name}` and `{name:count}` are places, `{{` is a brace; a line break in a reply is one too, because each MTA joins the lines of a
//! reply in its own way.

use super::digits::{BASE62, BASE64, DECIMAL, HEX, HEX_CAPITAL, letters, number, padded};
use super::message::Message;
use super::mix::Mix;
use super::names::{Address, Host, write_address, write_client, write_domain, write_ip, write_local};
use super::random::{Random, mix, stable};
use super::stamp::{SECOND, reply_stamp, syslog_stamp};

/// Process id of Postfix's queue manager, which lives as long as the server.
pub(super) const QUEUE_MANAGER: u64 = 1_507;

/// A compiled text.
#[derive(Clone, Debug, Default)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(Box<[u8]>),
    Break,
    Field(Field),
}

/// What a place is filled with. Those of the connection and the message stay the same for the whole message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    /// Address of the client.
    Ip,
    /// Host name of the client.
    Client,
    /// Address of one of our own users.
    User,
    /// Process id; the number tells the daemons apart.
    Pid(u64),
    /// Process id of a daemon of which there is one.
    One(u64),
    /// Process id of the queue manager.
    Qmgr,
    Port,
    Subject,
    Qid,
    /// Id of the message a bounce is about.
    Parent,
    From,
    FromDomain,
    MessageId,
    Size,
    Recipients,
    AllRecipients,
    Rcpt,
    RcptDomain,
    RcptLocal,
    Host,
    HostIp,
    /// Our own address.
    Us,
    Epoch,
    Time,
    /// Now, as RFC 3164 writes it.
    When,
    /// Random characters.
    Random(&'static [u8], usize),
}

/// What the places of a template are filled from.
pub(super) struct Context<'a> {
    pub(super) mix: &'a Mix,
    pub(super) message: &'a Message,
    /// Microseconds.
    pub(super) now: i64,
    /// The recipient a delivery line is about.
    pub(super) rcpt: Address,
    /// The host a delivery line is about.
    pub(super) host: &'a Host,
    /// What the MTA writes between the lines of a reply.
    pub(super) joint: &'static [u8],
}

impl Template {
    /// Compiles a text; tells the first place it does not know.
    pub(super) fn compile(text: &str) -> Result<Template, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '\n']) {
            if at > 0 {
                pieces.push(Piece::Text(rest.as_bytes()[..at].into()));
            }
            if rest[at..].starts_with('\n') {
                pieces.push(Piece::Break);
                rest = &rest[at + 1..];
                continue;
            }
            if rest[at..].starts_with("{{") {
                pieces.push(Piece::Text(b"{".as_slice().into()));
                rest = &rest[at + 2..];
                continue;
            }
            let end =
                rest[at..].find('}').ok_or_else(|| format!("a place is not closed in \"{text}\""))? + at;
            pieces.push(Piece::Field(field(&rest[at + 1..end])?));
            rest = &rest[end + 1..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.as_bytes().into()));
        }
        Ok(Template { pieces })
    }

    /// Writes the text with its places filled in.
    pub(super) fn write(&self, out: &mut Vec<u8>, random: &mut Random, context: &Context<'_>) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Break => out.extend_from_slice(context.joint),
                Piece::Field(field) => fill(*field, out, random, context),
            }
        }
    }
}

fn field(name: &str) -> Result<Field, String> {
    let (name, count) = match name.split_once(':') {
        Some((name, count)) => {
            (name, count.parse::<u8>().map_err(|_| format!("no count: {{{name}:{count}}}"))?)
        }
        None => (name, 1),
    };
    let random = |alphabet| Field::Random(alphabet, usize::from(count));
    Ok(match name {
        "ip" => Field::Ip,
        "client" => Field::Client,
        "user" => Field::User,
        "pid" => Field::Pid(u64::from(count)),
        "one" => Field::One(u64::from(count)),
        "qmgr" => Field::Qmgr,
        "port" => Field::Port,
        "subject" => Field::Subject,
        "qid" => Field::Qid,
        "parent" => Field::Parent,
        "from" => Field::From,
        "fromdomain" => Field::FromDomain,
        "msgid" => Field::MessageId,
        "size" => Field::Size,
        "nrcpt" => Field::Recipients,
        "rcpts" => Field::AllRecipients,
        "rcpt" => Field::Rcpt,
        "rcptlocal" => Field::RcptLocal,
        "domain" => Field::RcptDomain,
        "host" => Field::Host,
        "hostip" => Field::HostIp,
        "us" => Field::Us,
        "epoch" => Field::Epoch,
        "time" => Field::Time,
        "when" => Field::When,
        "dec" => random(DECIMAL),
        "hex" => random(HEX),
        "HEX" => random(HEX_CAPITAL),
        "b62" => random(BASE62),
        "b64" => random(BASE64),
        _ => return Err(format!("no such place: {{{name}}}")),
    })
}

fn fill(field: Field, out: &mut Vec<u8>, random: &mut Random, context: &Context<'_>) {
    let Context { mix: names, message, .. } = context;
    let seed = message.seed;
    match field {
        Field::Ip => write_ip(out, seed),
        Field::Client => write_client(out, names, seed),
        Field::User => write_local(out, names, stable(seed, 11, 400)),
        Field::Pid(which) => number(out, process_id(context.now, seed, which)),
        Field::One(which) => number(out, 600 + mix(which) % 900),
        Field::Qmgr => number(out, QUEUE_MANAGER),
        Field::Port => number(out, 32_768 + u64::from(stable(seed, 12, 28_000))),
        Field::Subject => {
            let at = stable(seed, 13, names.subjects.len() as u32) as usize;
            out.extend_from_slice(names.subjects.get(at).map_or(b"" as &[u8], |text| text.as_bytes()));
        }
        Field::Qid => out.extend_from_slice(message.id.as_bytes()),
        Field::Parent => out.extend_from_slice(message.parent.as_bytes()),
        Field::From => write_address(out, names, message.sender),
        Field::FromDomain => write_domain(out, names, message.sender),
        Field::MessageId => message_id(out, names, message),
        Field::Size => number(out, u64::from(message.size)),
        Field::Recipients => number(out, message.recipients().len() as u64),
        Field::AllRecipients => {
            for (at, recipient) in message.recipients().iter().enumerate() {
                if at > 0 {
                    out.push(b' ');
                }
                write_address(out, names, recipient.address);
            }
        }
        Field::Rcpt => write_address(out, names, context.rcpt),
        Field::RcptLocal => {
            let start = out.len();
            write_address(out, names, context.rcpt);
            let local = out[start..].iter().position(|b| *b == b'@');
            out.truncate(local.map_or(out.len(), |length| start + length));
        }
        Field::RcptDomain => write_domain(out, names, context.rcpt),
        Field::Host => out.extend_from_slice(context.host.name.as_bytes()),
        Field::HostIp => out.extend_from_slice(context.host.ip.as_bytes()),
        Field::Us => out.extend_from_slice(names.our_ip.as_bytes()),
        Field::Epoch => number(out, (context.now / SECOND).unsigned_abs()),
        Field::Time => reply_stamp(out, context.now),
        Field::When => syslog_stamp(out, context.now / SECOND),
        Field::Random(alphabet, count) => letters(out, random, count, alphabet),
    }
}

/// One of forty processes of a daemon; they are replaced every twenty minutes, as `max_use` does.
fn process_id(now: i64, seed: u64, which: u64) -> u64 {
    let generation = (now / (1_200 * SECOND)).unsigned_abs();
    let process = u64::from(stable(seed, which, 40));
    1_000 + mix(generation << 16 | which << 8 | process) % 4_000_000
}

fn message_id(out: &mut Vec<u8>, names: &Mix, message: &Message) {
    padded(out, mix(message.seed), 14, HEX);
    out.push(b'.');
    number(out, (message.arrived / SECOND).unsigned_abs());
    out.push(b'@');
    match message.sender {
        Address::Null => out.extend_from_slice(names.our_name.as_bytes()),
        sender => write_domain(out, names, sender),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_and_open_places_are_told() {
        assert!(Template::compile("to {nobody}").unwrap_err().contains("nobody"));
        assert!(Template::compile("{hex:x}").is_err());
        assert!(Template::compile("open {hex").is_err());
        assert_eq!(Template::compile("{pid}: a\nb {hex:4}").unwrap().pieces.len(), 5);
        assert_eq!(Template::compile("a{{{ip}}").unwrap().pieces.len(), 4);
    }
}
