//! Invented people, domains, hosts and addresses.
//!
//! Every one follows from a number, so that a recipient who comes again is the same person. Internet addresses come
//! from the ranges kept for documentation (RFC 5737, RFC 3849).

use super::digits::{HEX, number, padded};
use super::mix::Mix;
use super::random::{mix, stable};

/// An envelope address, as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// `<>`.
    Null,
    /// Somebody elsewhere.
    Foreign(u32),
    /// One of our users.
    Local(u32),
    /// A sender of ours: its domain, and the number of the mailing.
    Own(u16, u32),
}

/// A host mail goes to.
#[derive(Clone, Debug, Default)]
pub(super) struct Host {
    pub(super) name: String,
    pub(super) ip: String,
}

/// Writes an address without brackets.
pub(super) fn write_address(out: &mut Vec<u8>, names: &Mix, address: Address) {
    match address {
        Address::Null => {}
        Address::Foreign(person) => {
            write_person(out, names, mix(u64::from(person) ^ 0x5eed));
            out.push(b'@');
            write_domain(out, names, address);
        }
        Address::Local(person) => write_local(out, names, person),
        Address::Own(domain, mailing) => {
            let word = pick(&names.mailings, u64::from(domain), 0);
            out.extend_from_slice(word.as_bytes());
            out.push(b'-');
            padded(out, u64::from(mailing), 5, b"0123456789");
            out.push(b'@');
            write_domain(out, names, address);
        }
    }
}

/// Writes the domain of an address; nothing for the null path.
pub(super) fn write_domain(out: &mut Vec<u8>, names: &Mix, address: Address) {
    let domain = match address {
        Address::Null => None,
        Address::Foreign(person) => names.place_of(person).and_then(|(group, domain)| {
            names.groups.get(usize::from(group))?.domains.get(usize::from(domain))
        }),
        Address::Local(person) => names.local_domains.get(person as usize % names.local_domains.len().max(1)),
        Address::Own(domain, _) => names.senders.get(usize::from(domain)),
    };
    out.extend_from_slice(domain.map_or(b"" as &[u8], |domain| domain.as_bytes()));
}

/// Writes the address of one of our users.
pub(super) fn write_local(out: &mut Vec<u8>, names: &Mix, person: u32) {
    write_person(out, names, mix(u64::from(person) ^ 0x10ca1));
    out.push(b'@');
    write_domain(out, names, Address::Local(person));
}

/// Writes the local part of a person.
fn write_person(out: &mut Vec<u8>, names: &Mix, seed: u64) {
    out.extend_from_slice(pick(&names.first_names, seed, 1).as_bytes());
    match stable(seed, 2, 8) {
        0..=3 => out.push(b'.'),
        4 => out.push(b'_'),
        5 => out.push(b'-'),
        _ => {}
    }
    out.extend_from_slice(pick(&names.last_names, seed, 3).as_bytes());
    match stable(seed, 4, 6) {
        0 | 1 => number(out, u64::from(stable(seed, 5, 99))),
        2 => number(out, 1_950 + u64::from(stable(seed, 5, 58))),
        _ => {}
    }
}

/// Writes the host name of a client.
pub(super) fn write_client(out: &mut Vec<u8>, names: &Mix, seed: u64) {
    let word = pick(&names.words, seed, 6);
    if stable(seed, 7, 3) == 0 {
        out.extend_from_slice(b"host-");
        number(out, u64::from(stable(seed, 8, 65_000)));
        out.extend_from_slice(b".dyn.");
    } else {
        out.extend_from_slice(if stable(seed, 9, 2) == 0 { b"mail." } else { b"smtp." });
    }
    out.extend_from_slice(word.as_bytes());
    out.extend_from_slice(b".example.org");
}

/// Writes an internet address of the documentation ranges, one in eight of them IPv6.
pub(super) fn write_ip(out: &mut Vec<u8>, seed: u64) {
    let number_of = stable(seed, 10, 8 * 3 * 254);
    let host = u64::from(number_of % 254) + 1;
    match number_of / 254 {
        0..=2 => {
            out.extend_from_slice(b"2001:db8:");
            padded(out, mix(seed), 3, HEX);
            out.extend_from_slice(b"::");
            number(out, host);
        }
        range => {
            let prefixes: [&[u8]; 3] = [b"192.0.2.", b"198.51.100.", b"203.0.113."];
            out.extend_from_slice(prefixes[(range % 3) as usize]);
            number(out, host);
        }
    }
}

fn pick(words: &[String], seed: u64, salt: u64) -> &str {
    words.get(stable(seed, salt, words.len() as u32) as usize).map_or("", String::as_str)
}
