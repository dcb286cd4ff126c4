//! The Exim main log: which line says what.
//!
//! A record is `[MESSAGE-ID ][FLAG ]TEXT` (Exim specification, chapter "Log files"). The flag counts only where
//! Exim writes it, directly after the id: subjects and replies contain arrows too. This file finds id and flag
//! and dismisses what carries no result; the rooms behind it read the rest. Time stamps, process numbers and
//! split syslog records are dealt with before a record comes here.

mod address;
mod age;
mod delivery;
mod fields;
mod found;
mod inbound;
mod reply;
#[cfg(test)]
mod tests;
mod usual;

pub(super) use age::age;

use super::{Event, is_local_name, is_loopback};
use crate::vector::{Vector, common};
use delivery::Flag;

/// What a record of an Exim main log says; `message` starts after Exim's own stamp, zone and process number.
pub fn parse(message: &[u8]) -> Event<'_> {
    parse_by(common(), message)
}

/// The same, by what this processor has.
#[inline(always)]
pub fn parse_by(vector: impl Vector, message: &[u8]) -> Event<'_> {
    let Some((id, rest)) = message_id(vector, message) else {
        return inbound::without_id(message);
    };
    let Some((flag, behind)) = rest.split_first_chunk() else { return inbound::with_id(id, rest) };
    if flag == b"Co" && (rest == b"Completed" || rest.starts_with(b"Completed ")) {
        return Event::Done { queue_id: id };
    }
    if behind.first().is_some_and(|byte| *byte != b' ') {
        return inbound::with_id(id, rest);
    }
    let flag = match flag {
        b"<=" | b"(=" => return arrival(vector, id, behind),
        b"=>" => Flag::Delivered,
        b"->" => Flag::DeliveredToo,
        b">>" => Flag::Cutthrough,
        b"*>" => Flag::Suppressed,
        b"**" => Flag::Failed,
        b"==" => Flag::Deferred,
        _ => return inbound::with_id(id, rest),
    };
    vector.apart(delivery::Line { flag, id, rest: behind })
}

/// The message id at the start of a record, and what follows it.
///
/// `6-6-2` characters, `6-11-4` since Exim 4.97; both stand in one file after an upgrade.
#[inline(always)]
fn message_id(vector: impl Vector, message: &[u8]) -> Option<(&[u8], &[u8])> {
    let first: &[u8; 16] = message.first_chunk()?;
    if first[6] != b'-' {
        return None;
    }
    let length = match others(vector, first) {
        SHORT if first[13] == b'-' => 16,
        LONG => {
            let last: &[u8; 16] = message.get(7..)?.first_chunk()?;
            if others(vector, last) != LONG_END || message[18] != b'-' {
                return None;
            }
            23
        }
        _ => return None,
    };
    let (id, rest) = message.split_at_checked(length)?;
    match rest {
        [] => Some((id, rest)),
        [b' ', rest @ ..] => Some((id, rest)),
        _ => None,
    }
}

/// Where the dashes are in a short id, in the first sixteen bytes of a long one, and in its last sixteen.
const SHORT: u16 = 1 << 6 | 1 << 13;
const LONG: u16 = 1 << 6;
const LONG_END: u16 = 1 << (18 - 7);

/// One bit for each byte that is neither a letter nor a figure.
#[inline(always)]
fn others(vector: impl Vector, bytes: &[u8; 16]) -> u16 {
    !(vector.places_of_letters(bytes, b'z') | vector.places_within(bytes, b'0', b'9'))
}

/// `<= sender ...`: a message came in. `(=` is one that was told otherwise (control = fakereject).
#[inline(always)]
fn arrival<'a>(vector: impl Vector, queue_id: &'a [u8], rest: &'a [u8]) -> Event<'a> {
    match usual::sender(vector, rest) {
        Some(sender) => Event::Sender { queue_id, sender, remote: false },
        None => any_arrival(queue_id, rest),
    }
}

#[inline(never)]
fn any_arrival<'a>(queue_id: &'a [u8], rest: &'a [u8]) -> Event<'a> {
    let rest = rest.trim_ascii_start();
    let (sender, behind) = match fields::path(rest) {
        Some((inner, behind)) => (inner, behind),
        None => rest.split_at(fields::quoted_word_end(rest)),
    };
    if sender.is_empty() && !rest.starts_with(b"<>") {
        return Event::NotUnderstood;
    }
    let remote = sender.is_empty()
        && fields::Fields::new(behind).any(|item| match item {
            fields::Item::Host(host) => {
                !host.name.is_some_and(is_local_name) && !host.ip.is_some_and(is_loopback)
            }
            _ => false,
        });
    Event::Sender { queue_id, sender, remote }
}
