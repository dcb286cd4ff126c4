//! The stamp Exim writes itself: `YYYY-MM-DD HH:MM:SS[.mmm][ +HHMM] [[pid] ]` (`log.c`, `log_write`).

use crate::time::{Stamp, parse_digits, read_date_time, read_offset};

/// Exim's own stamp at the start of `text`, and what follows it and the pid. Kept inside the text by syslog too.
pub fn own_stamp(text: &[u8]) -> Option<(Stamp, &[u8])> {
    let (stamp, length) = read(text)?;
    Some((stamp, without_pid(&text[length..])))
}

/// Whether a text may begin with such a stamp; few do that begin with a figure.
#[inline]
pub fn may_be_stamped(text: &[u8]) -> bool {
    text.get(10) == Some(&b' ') && text[0].is_ascii_digit()
}

/// The stamp at the start of a line, and how long it is, with the blank after it.
pub(super) fn read(text: &[u8]) -> Option<(Stamp, usize)> {
    if !may_be_stamped(text) {
        return None;
    }
    let wall = read_date_time(text)?;
    let mut at = 19;
    if text.get(at) == Some(&b'.') {
        at += 1 + text[at + 1..].iter().take(6).take_while(|b| b.is_ascii_digit()).count();
    }
    if text.get(at) != Some(&b' ') {
        return None;
    }
    at += 1;
    if matches!(text.get(at), Some(b'+' | b'-'))
        && let Some((offset, length)) = read_offset(&text[at..])
        && text.get(at + length) == Some(&b' ')
    {
        return Some((Stamp::Absolute(wall - offset), at + length + 1));
    }
    Some((Stamp::Wall(wall), at))
}

/// Whether a text seems to begin with the id of a message, as nearly all do behind such a stamp: seconds since 1970 come first, so that a
/// figure does.
#[inline(always)]
pub(super) fn begins_with_id(text: &[u8]) -> bool {
    let dash = |at: usize| text.get(at) == Some(&b'-');
    dash(6) && text[0].is_ascii_digit() && (dash(13) || dash(18))
}

/// `[pid] ` stands before the text when Exim writes its pid itself.
#[inline]
pub fn without_pid(text: &[u8]) -> &[u8] {
    if text.first() == Some(&b'[') { behind_bracket(text) } else { text }
}

#[inline(never)]
fn behind_bracket(text: &[u8]) -> &[u8] {
    let Some(close) = text.iter().take(12).position(|b| *b == b']') else { return text };
    match text.get(close + 1) {
        Some(b' ') if parse_digits(&text[1..close]).is_some() => &text[close + 2..],
        _ => text,
    }
}
