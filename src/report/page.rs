//! A text page being written: headings, paragraphs with a hanging label, tables, all within one width.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::columns::columns;
use super::table::{Table, cut};
use super::{Look, escape};

/// What things look like in colour.
pub(super) const HEAD: Style = Style::new().bold();
pub(super) const FAINT: Style = Style::new().dimmed();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default();
pub(super) const SHOULD_LOOK: Style = AnsiColor::Yellow.on_default();

/// How far everything under a heading is indented.
const INDENT: usize = 2;
/// Where the text after a label begins.
const HANG: usize = 12;

/// Writes within a width. All text passes [`escape::terminal`] here or in [`Table`].
pub(super) struct Page<'a> {
    out: &'a mut dyn Write,
    pub(super) width: usize,
    pub(super) colour: bool,
}

impl<'a> Page<'a> {
    pub(super) fn new(out: &'a mut dyn Write, width: usize, colour: bool) -> Page<'a> {
        Page { out, width, colour }
    }

    /// As a look says.
    pub(super) fn of(out: &'a mut dyn Write, look: &Look) -> Page<'a> {
        Page::new(out, look.width.max(Look::NARROWEST), look.colour)
    }

    /// A section begins.
    pub(super) fn heading(&mut self, text: &str, remark: &str) -> io::Result<()> {
        writeln!(self.out)?;
        let text = cut(&escape::terminal(text), self.width);
        let used = columns(&text) + 2;
        self.put(&text, HEAD)?;
        if !remark.is_empty() && used < self.width {
            let remark = cut(&escape::terminal(remark), self.width - used);
            self.out.write_all(b"  ")?;
            self.put(&remark, FAINT)?;
        }
        writeln!(self.out)
    }

    /// Text from the left edge.
    pub(super) fn headline(&mut self, text: &str, style: Style) -> io::Result<()> {
        self.wrapped(text, 0, 0, style)
    }

    /// A remark under a table.
    pub(super) fn remark(&mut self, text: &str) -> io::Result<()> {
        self.wrapped(text, INDENT, INDENT, FAINT)
    }

    /// `Label     text`, the text wrapped under itself.
    pub(super) fn labelled(&mut self, label: &str, text: &str) -> io::Result<()> {
        self.hanging(label, text, HANG)
    }

    /// The same with the text in another column.
    pub(super) fn hanging(&mut self, label: &str, text: &str, hang: usize) -> io::Result<()> {
        let label = cut(&escape::terminal(label), hang - INDENT - 1);
        write!(self.out, "{:INDENT$}", "")?;
        let used = INDENT + columns(&label);
        self.put(&label, FAINT)?;
        self.lines(text, used, hang, Style::new())
    }

    /// `Label     text` in one line, its blanks kept; what is too wide is cut.
    pub(super) fn kept(&mut self, label: &str, text: &str) -> io::Result<()> {
        let label = cut(&escape::terminal(label), HANG - INDENT - 1);
        write!(self.out, "{:INDENT$}", "")?;
        self.put(&label, FAINT)?;
        let blanks = HANG - INDENT - columns(&label);
        let text = cut(&escape::terminal(text.trim_end()), self.width - HANG);
        writeln!(self.out, "{:blanks$}{text}", "")
    }

    /// A line to be copied: indented, and as wide as it is.
    pub(super) fn verbatim(&mut self, line: &str) -> io::Result<()> {
        let line = line.replace('\t', "    ");
        let line = escape::terminal(line.trim_end());
        if line.is_empty() { writeln!(self.out) } else { writeln!(self.out, "{:1$}{line}", "", 2 * INDENT) }
    }

    /// An empty line.
    pub(super) fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// A table under a heading.
    pub(super) fn table(&mut self, table: &Table) -> io::Result<()> {
        table.write(self.out, INDENT, self.width, FAINT, self.colour)
    }

    fn wrapped(&mut self, text: &str, first: usize, hang: usize, style: Style) -> io::Result<()> {
        write!(self.out, "{:first$}", "")?;
        self.lines(text, first, hang, style)
    }

    /// Words until the width is full; `used` columns of the first line are taken, others begin at `hang`.
    fn lines(&mut self, text: &str, used: usize, hang: usize, style: Style) -> io::Result<()> {
        let room = self.width.saturating_sub(hang).max(1);
        let lines = wrap(text, room);
        for (index, line) in lines.iter().enumerate() {
            let blanks = if index == 0 { hang.saturating_sub(used) } else { hang };
            write!(self.out, "{:blanks$}", "")?;
            self.put(line, style)?;
            writeln!(self.out)?;
        }
        if lines.is_empty() { writeln!(self.out) } else { Ok(()) }
    }

    fn put(&mut self, text: &str, style: Style) -> io::Result<()> {
        if self.colour && style != Style::new() {
            write!(self.out, "{style}{text}{style:#}")
        } else {
            self.out.write_all(text.as_bytes())
        }
    }
}

/// The words of a text, made safe, in lines of at most `room` columns. Words longer than a line are broken.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_ascii_whitespace() {
        let word = escape::terminal(word);
        if !line.is_empty() && columns(&line) + 1 + columns(&word) > room {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        if columns(&word) <= room {
            line.push_str(&word);
            continue;
        }
        for character in word.chars() {
            line.push(character);
            if columns(&line) > room && line.chars().count() > 1 {
                line.pop();
                lines.push(std::mem::take(&mut line));
                line.push(character);
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_wrap_and_long_ones_break() {
        assert_eq!(wrap("the quick  brown\nfox", 9), ["the quick", "brown fox"]);
        assert_eq!(wrap("a verylongword b", 5), ["a", "veryl", "ongwo", "rd b"]);
        assert_eq!(wrap("東京東京", 3), ["東", "京", "東", "京"]);
        assert!(wrap(" \n", 9).is_empty());
    }

    #[test]
    fn labels_hang() {
        let mut out = Vec::new();
        Page::new(&mut out, 24, false).labelled("Fix", "sign with DKIM today").unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "  Fix       sign with\n            DKIM today\n");
    }
}
