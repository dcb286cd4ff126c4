//! The fields of a delivery line, as far as they are wanted.
//!
//! Exim writes them in one order, of which a line holds a part. Where it does, each is sought only where it may stand; from
//! the first piece on that is another, or is not as most are, the pieces are taken one by one, whatever they are.

use memchr::memmem;

use super::delivery::Flag;
use super::fields::{self, Host, Item, Key};
use super::usual;
use crate::vector::{Vector, Work, find_last, near};

/// The fields of a delivery line that are wanted; the first of each key counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Found<'a> {
    pub(super) top: Option<&'a [u8]>,
    pub(super) sender: Option<&'a [u8]>,
    pub(super) router: Option<&'a [u8]>,
    pub(super) transport: Option<&'a [u8]>,
    pub(super) host: Option<Host<'a>>,
    pub(super) confirmation: Option<&'a [u8]>,
    pub(super) queue_time: Option<&'a [u8]>,
    /// How we logged in at the host.
    pub(super) login: Option<&'a [u8]>,
    pub(super) text: Option<&'a [u8]>,
    /// Text with the system's own error message in front of it.
    pub(super) reason: Option<&'a [u8]>,
    /// The last piece was `defer`.
    defer: bool,
    /// The system's own error message is the next text.
    system_error: bool,
}

impl<'a> Found<'a> {
    /// Nothing but the address Exim was given, where it has been read already.
    #[inline(always)]
    pub(super) fn behind(top: Option<&'a [u8]>) -> Found<'a> {
        Found { top, ..Found::default() }
    }

    /// Takes what the pieces of `rest` hold, and tells how many bytes of it are left from the first piece on that may have
    /// blanks in it.
    #[inline(always)]
    pub(super) fn take(&mut self, vector: impl Vector, flag: Flag, rest: &'a [u8]) -> usize {
        vector.apart(Taking { found: self, flag, rest })
    }

    /// Takes pieces as far as they are as most stand, in the order in which Exim writes them (`delivery_log` and
    /// `deferral_log` in its `deliver.c`).
    #[inline(always)]
    fn in_order(&mut self, vector: impl Vector, flag: Flag, walk: &mut Walk<'a>) -> usize {
        if let Some(top) = walk.path(vector, b" <") {
            self.top.get_or_insert(top);
        }
        self.sender = walk.path(vector, b" F=<");
        walk.path(vector, b" P=<");
        self.router = walk.word(vector, b" R=");
        self.transport = walk.word(vector, b" T=");
        walk.word(vector, b" S=");
        if let Some(number) = walk.defer(vector) {
            self.system_error = flag == Flag::Deferred && is_of_system(number);
        }
        self.host = walk.host(vector);
        walk.word(vector, b" I=");
        walk.word(vector, b" X=");
        walk.word(vector, b" CV=");
        let free = walk.rest.len();
        walk.quoted(vector, b" DN=");
        self.login = walk.word(vector, b" A=");
        walk.mark(b" L ");
        walk.mark(b" K ");
        self.confirmation = walk.quoted(vector, b" C=");
        self.queue_time = walk.word(vector, b" QT=");
        walk.word(vector, b" DT=");
        // Behind the system's own message more may follow.
        if flag.gives_reason()
            && !self.system_error
            && let Some(text) = walk.behind(b": ")
        {
            self.text = Some(without_times(text));
            walk.rest = b"";
        }
        free
    }

    /// Takes pieces, whatever they are.
    #[inline(never)]
    fn one_by_one(&mut self, flag: Flag, mut rest: &'a [u8]) {
        for _ in 0..fields::MOST_PIECES {
            let Some(after) = self.any(flag, rest) else { return };
            rest = after;
        }
    }

    /// Takes the next piece, and tells what follows it.
    fn any(&mut self, flag: Flag, rest: &'a [u8]) -> Option<&'a [u8]> {
        let (item, after) = fields::item(rest)?;
        match item {
            Item::Host(host) => self.host(host),
            Item::Field(key, value) => self.field(key, value),
            Item::Text(text) if flag.gives_reason() => return self.text(without_times(text)),
            // "defer (111)": a positive number is the system's, and its message follows before the host.
            Item::Parenthesis(number) if flag == Flag::Deferred && self.defer => {
                self.system_error = is_of_system(number);
                self.defer = false;
            }
            // The top address comes before every field.
            Item::Path(path) => {
                if self.sender.is_none() && self.router.is_none() && self.transport.is_none() {
                    self.top.get_or_insert(path);
                }
                self.defer = false;
            }
            Item::Word(word) => self.defer = word == b"defer",
            Item::Text(_) | Item::Parenthesis(_) => self.defer = false,
        }
        Some(after)
    }

    fn host(&mut self, host: Host<'a>) {
        self.host.get_or_insert(host);
        self.defer = false;
    }

    fn field(&mut self, key: Key, value: &'a [u8]) {
        let place = match &key {
            b"F=" => &mut self.sender,
            b"R=" => &mut self.router,
            b"T=" => &mut self.transport,
            b"C=" => &mut self.confirmation,
            b"QT" => &mut self.queue_time,
            b"A=" => &mut self.login,
            _ => return,
        };
        place.get_or_insert(value);
        self.defer = false;
    }

    /// Takes the text at the end. Where it is the system's own message, the host may stand in it: reading goes on there.
    fn text(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        if std::mem::take(&mut self.system_error) {
            self.defer = false;
            self.reason = Some(text);
            let message = &text[..memmem::find(text, b": ").unwrap_or(text.len())];
            if let Some(at) = memmem::find(message, b" H=") {
                return Some(&text[at..]);
            }
        }
        self.text = Some(text);
        None
    }
}

/// To take the pieces of a line: a work of its own, so that where it stands in the line is kept at hand.
struct Taking<'f, 'a> {
    found: &'f mut Found<'a>,
    flag: Flag,
    rest: &'a [u8],
}

impl Work for Taking<'_, '_> {
    type Result = usize;

    #[inline(always)]
    fn by(self, vector: impl Vector) -> usize {
        let mut walk = Walk::new(vector, self.rest);
        let free = self.found.in_order(vector, self.flag, &mut walk);
        if !walk.rest.is_empty() {
            self.found.one_by_one(self.flag, walk.rest);
        }
        free
    }
}

/// What is left of a line.
struct Walk<'a> {
    rest: &'a [u8],
    /// The first bytes of the rest: most fields that may stand here do not.
    next: u32,
    /// Where blanks are in the rest, as far as has been looked.
    blanks: u64,
    /// Where they are in the last bytes of the line.
    last_blanks: u64,
}

impl<'a> Walk<'a> {
    #[inline(always)]
    fn new(vector: impl Vector, rest: &'a [u8]) -> Walk<'a> {
        let last_blanks = match rest.last_chunk() {
            Some(last) => vector.places(last, b' '),
            None => blanks_of_few(vector, rest),
        };
        Walk { rest, next: next(rest), blanks: 0, last_blanks }
    }

    /// Passes on to what follows a piece.
    #[inline(always)]
    fn take(&mut self, after: &'a [u8]) {
        (self.rest, self.next, self.blanks) = (after, next(after), 0);
    }

    /// What follows one to four bytes, if they stand here.
    #[inline(always)]
    fn behind<const N: usize>(&self, start: &[u8; N]) -> Option<&'a [u8]> {
        let mut wanted = [0; 4];
        wanted[..N].copy_from_slice(start);
        let others = u32::BITS - 8 * N as u32;
        if self.next << others != u32::from_le_bytes(wanted) << others {
            return None;
        }
        self.rest.get(N..)
    }

    /// The value of a field, if it stands here: up to the next blank, with nothing around it.
    #[inline(always)]
    fn word<const N: usize>(&mut self, vector: impl Vector, key: &[u8; N]) -> Option<&'a [u8]> {
        let rest = self.behind(key)?;
        let mut blanks = self.blanks >> N;
        if blanks == 0 {
            blanks = self.blanks_in(vector, rest);
        }
        let end = if blanks == 0 { fields::blank(rest) } else { blanks.trailing_zeros() as usize };
        let (mut value, mut after) = rest.split_at_checked(end)?;
        if matches!(value.first()?, b'"' | b'<') {
            return None;
        }
        if value.last() == Some(&b':') {
            // Behind it text begins.
            (value, after) = rest.split_at(end - 1);
            value.first()?;
            blanks = 0;
        }
        self.take(after);
        // Of a word that is too long for it nothing is left.
        self.blanks = blanks.wrapping_shr(end as u32);
        Some(value)
    }

    /// Where blanks are in the rest of the line, or in its first bytes; its end counts as one.
    #[inline(always)]
    fn blanks_in(&self, vector: impl Vector, rest: &[u8]) -> u64 {
        match rest.first_chunk() {
            Some(first) => vector.places(first, b' '),
            None if rest.is_empty() => 0,
            None => self.last_blanks >> (64 - rest.len()) | 1 << rest.len(),
        }
    }

    /// What stands before the next closing bracket, if it begins here.
    #[inline(always)]
    fn path<const N: usize>(&mut self, vector: impl Vector, start: &[u8; N]) -> Option<&'a [u8]> {
        let (path, after) = usual::rest_of_path(vector, self.behind(start)?)?;
        self.take(after);
        Some(path)
    }

    /// The value of a field in quotes, if it stands here.
    #[inline(always)]
    fn quoted<const N: usize>(&mut self, vector: impl Vector, key: &[u8; N]) -> Option<&'a [u8]> {
        let (value, after) = usual::quoted(vector, self.behind(key)?)?;
        self.take(after);
        Some(value)
    }

    #[inline(always)]
    fn host(&mut self, vector: impl Vector) -> Option<Host<'a>> {
        let (host, after) = usual::host(vector, self.behind(b" H=")?)?;
        self.take(after);
        Some(host)
    }

    /// Passes a word, if it stands here; the blank behind it belongs to the next piece.
    #[inline(always)]
    fn mark(&mut self, mark: &[u8; 3]) {
        if self.behind(mark).is_some() {
            self.take(&self.rest[2..]);
        }
    }

    /// The number of an error, if `defer (-44)` or `routing defer (-52)` stands here.
    #[inline(always)]
    fn defer(&mut self, vector: impl Vector) -> Option<&'a [u8]> {
        self.behind(b" def").or_else(|| self.behind(b" rou"))?;
        let rest = self.rest.strip_prefix(b" routing").unwrap_or(self.rest);
        let number = rest.strip_prefix(b" defer (")?;
        let (number, after) = number.split_at(near(vector, number, [b')', b' ', b'"'])?);
        self.take(after.strip_prefix(b")")?);
        Some(number)
    }
}

/// Where blanks are in so few bytes, when they are put at the end of sixty-four.
#[inline(never)]
fn blanks_of_few(vector: impl Vector, rest: &[u8]) -> u64 {
    let mut last = [0; 64];
    last[64 - rest.len()..].copy_from_slice(rest);
    vector.places(&last, b' ')
}

/// The first bytes as a number, where there are so many.
#[inline(always)]
fn next(rest: &[u8]) -> u32 {
    rest.first_chunk().map_or(0, |first| u32::from_le_bytes(*first))
}

/// Whether an error is the system's own: Exim's are below nought.
fn is_of_system(number: &[u8]) -> bool {
    number.first().is_some_and(u8::is_ascii_digit) && number != b"0"
}

/// A text without the ` DT=...` that log_selector +deliver_time puts behind it on `**` lines.
fn without_times(text: &[u8]) -> &[u8] {
    let Some(at) = find_last(b' ', text) else { return text };
    let time = |b: &u8| b.is_ascii_digit() || matches!(b, b'.' | b'w' | b'd' | b'h' | b'm' | b's');
    match text[at + 1..].strip_prefix(b"DT=") {
        Some(value) if value.len() < 32 && value.ends_with(b"s") && value.iter().all(time) => &text[..at],
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::nearly_usual;
    use super::*;
    use crate::vector::common;

    proptest! {
        #[test]
        fn pieces_are_taken_quickly_as_one_by_one(
            text in nearly_usual(),
            flag in prop::sample::select(vec![Flag::Delivered, Flag::Failed, Flag::Deferred]),
        ) {
            let mut quickly = Found::default();
            quickly.take(common(), flag, text.as_bytes());
            let mut slowly = Found::default();
            slowly.one_by_one(flag, text.as_bytes());
            prop_assert_eq!(quickly, slowly);
        }
    }
}
