//! Lines as they come out.

use std::io::Write;

use jiff::Timestamp;

/// Appends a text on one line: control bytes as `#` and three octal digits, which is how rsyslog writes them into files
/// (`parser.c`, `sanitizeMessage`); one line end at its end is left out.
pub(super) fn text(text: &[u8], line: &mut Vec<u8>) {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let mut rest = text;
    while let Some(at) = rest.iter().position(u8::is_ascii_control) {
        line.extend_from_slice(&rest[..at]);
        let byte = rest[at];
        line.extend_from_slice(&[b'#', b'0' + (byte >> 6), b'0' + (byte >> 3 & 7), b'0' + (byte & 7)]);
        rest = &rest[at + 1..];
    }
    line.extend_from_slice(rest);
}

/// Appends a name as one word.
pub(super) fn word(name: &[u8], line: &mut Vec<u8>) {
    let plain = |byte: &u8| if byte.is_ascii_control() || *byte == b' ' { b'_' } else { *byte };
    line.extend(name.iter().map(plain));
}

/// Appends microseconds since 1970 as an RFC 3339 stamp and a blank; nothing for an instant no calendar reaches.
pub(super) fn stamp(micros: &[u8], line: &mut Vec<u8>) -> Option<()> {
    let micros = std::str::from_utf8(micros).ok()?.parse().ok()?;
    let at = Timestamp::from_microsecond(micros).ok()?;
    // Writing into memory does not fail.
    let _ = write!(line, "{at:.6} ");
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_bytes_become_octal() {
        let mut line = Vec::new();
        text(b"a\tb\nc\0\x7f\xc3\xa4 d\r\n", &mut line);
        assert_eq!(line, "a#011b#012c#000#177ä d".as_bytes());
    }

    #[test]
    fn stamps() {
        let mut line = Vec::new();
        assert_eq!(stamp(b"1764260780011243", &mut line), Some(()));
        assert_eq!(String::from_utf8_lossy(&line), "2025-11-27T16:26:20.011243Z ");
        for wrong in [&b""[..], b"x", b"9223372036854775807", b"99999999999999999999", b"\xff"] {
            assert_eq!(stamp(wrong, &mut line), None);
        }
    }
}
