//! The stamp Exim writes itself: `YYYY-MM-DD HH:MM:SS[.mmm][ +HHMM] [[pid] ]` (`log.c`, `log_write`).

use crate::time::{Stamp, parse_digits, read_date_time, read_offset};

/// Exim's own stamp at the start of `text`, and what follows it and the pid. Kept inside the text by syslog too.
pub fn own_stamp(text: &[u8]) -> Option<(Stamp, &[u8])> {
    if text.get(10) != Some(&b' ') {
        return None;
    }
    let wall = read_date_time(text)?;
    let mut rest = &text[19..];
    if rest.first() == Some(&b'.') {
        let digits = rest[1..].iter().take(6).take_while(|b| b.is_ascii_digit()).count();
        rest = &rest[1 + digits..];
    }
    rest = rest.strip_prefix(b" ")?;
    let mut stamp = Stamp::Wall(wall);
    if matches!(rest.first(), Some(b'+' | b'-'))
        && let Some((offset, length)) = read_offset(rest)
        && rest.get(length) == Some(&b' ')
    {
        stamp = Stamp::Absolute(wall - offset);
        rest = &rest[length + 1..];
    }
    if rest.first() == Some(&b'[')
        && let Some(close) = rest.iter().take(12).position(|b| *b == b']')
        && parse_digits(&rest[1..close]).is_some()
        && rest.get(close + 1) == Some(&b' ')
    {
        rest = &rest[close + 2..];
    }
    Some((stamp, rest))
}
