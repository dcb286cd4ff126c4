//! Foreign text made safe, per medium.
//!
//! Host names, addresses, replies and file names are written by strangers. On a terminal they could move the cursor,
//! recolour, retitle or answer back (C0 and C1 controls, ECMA-48), or show something else than they say (bidirectional
//! controls and invisible characters: Unicode TR 36 and TR 39). JSON is `clean`'s.

use std::borrow::Cow;
use std::fmt::Write;

/// Text for a terminal: controls become `\n`, `\t`, `\x1b`, invisible and direction characters `\u{202e}`.
/// Borrows what is clean.
pub fn terminal(text: &str) -> Cow<'_, str> {
    let Some(first) = unsafe_at(text) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(&text[..first]);
    for character in text[first..].chars() {
        push(&mut out, character);
    }
    Cow::Owned(out)
}

/// The same for bytes: what is not UTF-8 becomes `\xff`.
pub fn terminal_bytes(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return terminal(text);
    }
    let mut out = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        out.push_str(&terminal(chunk.valid()));
        for byte in chunk.invalid() {
            hexadecimal(&mut out, u32::from(*byte));
        }
    }
    Cow::Owned(out)
}

/// Text for a cell of a CSV file: safe on a terminal too, and nothing that a spreadsheet would run as a formula, which
/// gets an apostrophe in front (OWASP, "CSV Injection"). Line ends stay; quoting is the writer's work.
pub fn csv_cell(text: &str) -> Cow<'_, str> {
    let safe = if text.contains('\n') {
        Cow::Owned(text.split('\n').map(terminal).collect::<Vec<_>>().join("\n"))
    } else {
        terminal(text)
    };
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        return Cow::Owned(format!("'{safe}"));
    }
    safe
}

fn push(out: &mut String, character: char) {
    match character {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if c.is_ascii_control() => hexadecimal(out, u32::from(c)),
        c if is_unsafe(c) => out.extend(c.escape_unicode()),
        c => out.push(c),
    }
}

fn hexadecimal(out: &mut String, value: u32) {
    // Writing to a String cannot fail.
    let _ = write!(out, "\\x{value:02x}");
}

/// Where the first character stands that is unsafe.
pub(super) fn unsafe_at(text: &str) -> Option<usize> {
    // Nearly all text is plain, which is told of many bytes at once if none ends the search.
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~');
    if text.as_bytes().iter().fold(true, |all, byte| all & is_plain(byte)) {
        return None;
    }
    text.find(is_unsafe)
}

/// Controls (C0, DEL, C1), direction controls, and what takes no room on the screen.
pub(super) fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_text_is_borrowed() {
        for text in ["", "mx.example.net", "Grüße aus 東京", "550 5.7.26 \"quoted\" \\ back"] {
            assert!(matches!(terminal(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn terminal_controls_become_visible() {
        assert_eq!(terminal("\u{1b}[2J\u{7}"), "\\x1b[2J\\x07");
        assert_eq!(terminal("a\r\nb\tc\0"), "a\\r\\nb\\tc\\x00");
        assert_eq!(terminal("\u{7f}\u{9b}31m"), "\\x7f\\u{9b}31m");
    }

    #[test]
    fn direction_overrides_become_visible() {
        assert_eq!(terminal("moc.\u{202e}elpmaxe"), "moc.\\u{202e}elpmaxe");
        for code in (0x202a..=0x202e).chain(0x2066..=0x2069) {
            let character = char::from_u32(code).unwrap();
            assert_eq!(terminal(&character.to_string()), format!("\\u{{{code:x}}}"));
        }
    }

    #[test]
    fn invisible_characters_become_visible() {
        for character in ['\u{200b}', '\u{200d}', '\u{feff}', '\u{2060}', '\u{fe0f}', '\u{e0041}', '\u{ad}'] {
            assert!(terminal(&character.to_string()).is_ascii(), "{character:?}");
        }
    }

    #[test]
    fn no_cell_is_a_formula() {
        for (text, cell) in [
            ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"),
            ("+1", "'+1"),
            ("- gsmtp", "'- gsmtp"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\\t=1"),
            ("\r=1", "'\\r=1"),
            ("＝1", "'＝1"),
            ("a=1\nb=\u{1b}2", "a=1\nb=\\x1b2"),
        ] {
            assert_eq!(csv_cell(text), cell);
        }
        for text in ["", "550 5.7.26", "a, \"b\"", "'quoted'", "u@example.com"] {
            assert!(matches!(csv_cell(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_become_visible() {
        assert_eq!(terminal_bytes(b"a\xff\xfe b\x1b"), "a\\xff\\xfe b\\x1b");
        assert_eq!(terminal_bytes("é".as_bytes()), "é");
        assert_eq!(terminal_bytes(b"cut \xe2\x82"), "cut \\xe2\\x82");
    }
}
