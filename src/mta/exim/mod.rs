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
    if message.get(6) != Some(&b'-') {
        return None;
    }
    for (length, second_dash) in [(16, 13), (23, 18)] {
        if message.get(second_dash) != Some(&b'-') || message.get(length).is_some_and(|b| *b != b' ') {
            continue;
        }
        let Some((id, rest)) = message.split_at_checked(length) else { continue };
        if others(vector, id) == 1 << 6 | 1 << second_dash {
            return Some((id, rest.strip_prefix(b" ").unwrap_or(rest)));
        }
    }
    None
}

/// One bit for each byte of an id that is neither a letter nor a figure.
#[inline(always)]
fn others(vector: impl Vector, id: &[u8]) -> u32 {
    let of = |bytes: &[u8; 16]| {
        let within = |first, last| vector.places_within(bytes, first, last);
        u32::from(!(within(b'a', b'z') | within(b'A', b'Z') | within(b'0', b'9')))
    };
    // The longer ones have more than sixteen bytes: the last sixteen overlap the first.
    match (id.first_chunk(), id.last_chunk()) {
        (Some(all), _) if id.len() == 16 => of(all),
        (Some(first), Some(last)) => of(first) | of(last) << (id.len() - 16),
        _ => u32::MAX,
    }
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
