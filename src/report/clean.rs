//! JSON that is clean text: no control, direction or invisible character gets out, whoever wrote the strings.
//!
//! JSON itself demands that of the controls below a blank only, and gives them back to whoever reads the value. So there are two
//! forms. *Exact* writes all of them as `\u202e`: the value is the same, for programs that look an address up. *Shown* writes what
//! [`terminal`] shows, so that the value is text too: for pages, whose strings are to be read.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, PrettyFormatter, Serializer};

use super::escape::{terminal, unsafe_at};

/// Writes one indented JSON value and a line end, its strings as they are shown.
pub fn shown<W: ?Sized + Write>(value: &impl Serialize, out: &mut W) -> io::Result<()> {
    write(value, out, Clean { layout: PrettyFormatter::new(), shown: true })
}

/// Writes one indented JSON value and a line end, its strings exact.
pub fn exact<W: ?Sized + Write>(value: &impl Serialize, out: &mut W) -> io::Result<()> {
    write(value, out, Clean { layout: PrettyFormatter::new(), shown: false })
}

/// The same in one line.
pub fn exact_line<W: ?Sized + Write>(value: &impl Serialize, out: &mut W) -> io::Result<()> {
    write(value, out, Clean { layout: CompactFormatter, shown: false })
}

fn write<W: ?Sized + Write>(
    value: &impl Serialize,
    out: &mut W,
    format: Clean<impl Formatter>,
) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, format))?;
    out.write_all(b"\n")
}

/// A layout whose strings are clean.
struct Clean<F> {
    layout: F,
    shown: bool,
}

impl<F: Formatter> Formatter for Clean<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        let mut rest = text;
        while let Some(at) = unsafe_at(rest) {
            let (fair, foul) = rest.split_at(at);
            out.write_all(fair.as_bytes())?;
            let mut letters = foul.chars();
            if let Some(letter) = letters.next() {
                self.foul(out, letter)?;
            }
            rest = letters.as_str();
        }
        out.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, out: &mut W, escape: CharEscape) -> io::Result<()> {
        let control = match escape {
            CharEscape::Backspace => '\u{8}',
            CharEscape::Tab => '\t',
            CharEscape::LineFeed => '\n',
            CharEscape::FormFeed => '\u{c}',
            CharEscape::CarriageReturn => '\r',
            CharEscape::AsciiControl(byte) => char::from(byte),
            _ => return self.layout.write_char_escape(out, escape),
        };
        if self.shown { self.foul(out, control) } else { self.layout.write_char_escape(out, escape) }
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.layout.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.layout.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.layout.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.layout.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.layout.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.layout.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.layout.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.layout.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.layout.end_object_value(out)
    }
}

impl<F> Clean<F> {
    /// A character that is not to get out.
    fn foul<W: ?Sized + Write>(&self, out: &mut W, letter: char) -> io::Result<()> {
        let mut bytes = [0; 4];
        let text: &str = letter.encode_utf8(&mut bytes);
        if self.shown {
            // What shows it has backslashes, which JSON doubles.
            return out.write_all(terminal(text).replace('\\', "\\\\").as_bytes());
        }
        // Beyond the first plane JSON takes two (RFC 8259, section 7).
        text.encode_utf16().try_for_each(|unit| write!(out, "\\u{unit:04x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::escape::is_unsafe;
    use super::*;

    const FOUL: &str = "a\0b\u{1b}[2J\r\n\t\"\\\u{7f}\u{9b}\u{202e}\u{e0041}東京é";

    fn written(write: impl Fn(&mut dyn Write) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn no_form_lets_anything_unsafe_out() {
        for text in [written(|out| shown(&[FOUL], out)), written(|out| exact_line(&[FOUL], out))] {
            assert!(!text.replace('\n', "").contains(is_unsafe), "{text}");
            assert!(text.contains("東京é"), "{text}");
        }
    }

    #[test]
    fn exact_gives_the_value_back() {
        for text in [written(|out| exact(&[FOUL], out)), written(|out| exact_line(&[FOUL], out))] {
            assert_eq!(serde_json::from_str::<Vec<String>>(&text).unwrap(), [FOUL]);
        }
    }

    #[test]
    fn what_is_shown_is_what_a_terminal_shows() {
        let text = written(|out| shown(&[FOUL], out));
        assert_eq!(serde_json::from_str::<Vec<String>>(&text).unwrap(), [terminal(FOUL)]);
    }

    #[test]
    fn the_layout_is_that_of_serde_json() {
        let value = serde_json::json!({"a": [], "b": [1, null, true], "c": {"d": "e", "f": {}}});
        let pretty = written(|out| shown(&value, out));
        assert_eq!(pretty, format!("{}\n", serde_json::to_string_pretty(&value).unwrap()));
        assert_eq!(written(|out| exact_line(&value, out)), format!("{value}\n"));
    }
}
