//! Tables of a given width: columns aligned by display width, numbers to the right; what does not fit shrinks or goes.

use std::io::{self, Write};

use anstyle::Style;

use super::columns::columns;
use super::escape;

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) head: &'static str,
    pub(super) right: bool,
    /// The least width a text column may be cut to; `None` for columns that are never cut.
    pub(super) least: Option<usize>,
    /// Where a table is too wide, the column with the greatest number goes; 0 stays.
    pub(super) spare: u8,
}

impl Column {
    /// Numbers.
    pub(super) const fn number(head: &'static str, spare: u8) -> Column {
        Column { head, right: true, least: None, spare }
    }

    /// Text that may be cut to `least` columns.
    pub(super) const fn text(head: &'static str, least: usize, spare: u8) -> Column {
        Column { head, right: false, least: Some(least), spare }
    }
}

/// A cell: text made safe, and how it looks.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// Foreign or own text.
    pub(super) fn new(text: impl AsRef<str>) -> Cell {
        Cell { text: escape::terminal(text.as_ref()).into_owned(), style: Style::new() }
    }

    /// The same in a style.
    pub(super) fn styled(self, style: Style) -> Cell {
        Cell { style, ..self }
    }
}

/// Rows under columns.
#[derive(Debug)]
pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

const GAP: usize = 2;

impl Table {
    pub(super) fn new(columns: &[Column]) -> Table {
        Table { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; it has as many cells as there are columns.
    pub(super) fn row(&mut self, cells: Vec<Cell>) {
        debug_assert_eq!(cells.len(), self.columns.len());
        self.rows.push(cells);
    }

    /// Writes the table, `indent` columns from the left and at most `width` columns wide.
    pub(super) fn write(
        &self,
        out: &mut dyn Write,
        indent: usize,
        width: usize,
        head: Style,
        colour: bool,
    ) -> io::Result<()> {
        let widths = self.fit(width.saturating_sub(indent));
        if self.columns.iter().any(|column| !column.head.is_empty()) {
            let cells: Vec<Cell> =
                self.columns.iter().map(|column| Cell::new(column.head).styled(head)).collect();
            self.line(out, indent, &widths, &cells, colour)?;
        }
        for row in &self.rows {
            self.line(out, indent, &widths, row, colour)?;
        }
        Ok(())
    }

    /// The width of each column; 0 for one that had to go.
    fn fit(&self, width: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, column)| {
                let cells = self.rows.iter().filter_map(|row| row.get(at)).map(|cell| columns(&cell.text));
                cells.chain([columns(column.head)]).max().unwrap_or(0)
            })
            .collect();
        loop {
            let excess = total(&widths).saturating_sub(width);
            if excess == 0 {
                return widths;
            }
            let room: usize = (0..widths.len()).map(|at| self.room(&widths, at)).sum();
            let spare = (0..widths.len())
                .filter(|&at| widths[at] > 0 && self.columns[at].spare > 0)
                .max_by_key(|&at| self.columns[at].spare);
            match spare {
                Some(at) if room < excess => widths[at] = 0,
                // Numbers of twenty digits on a narrow page: rather cut than too wide.
                _ if room == 0 => {
                    match (0..widths.len()).filter(|&at| widths[at] > 1).max_by_key(|&at| widths[at]) {
                        Some(widest) => widths[widest] = widths[widest].saturating_sub(excess).max(1),
                        None => return widths,
                    }
                }
                _ => {
                    // The widest text gives way first.
                    for _ in 0..excess.min(room) {
                        let widest = (0..widths.len())
                            .filter(|&at| self.room(&widths, at) > 0)
                            .max_by_key(|&at| (widths[at], at));
                        if let Some(at) = widest {
                            widths[at] -= 1;
                        }
                    }
                }
            }
        }
    }

    /// By how much a column may still be cut.
    fn room(&self, widths: &[usize], at: usize) -> usize {
        self.columns[at].least.map_or(0, |least| widths[at].saturating_sub(least))
    }

    fn line(
        &self,
        out: &mut dyn Write,
        indent: usize,
        widths: &[usize],
        cells: &[Cell],
        colour: bool,
    ) -> io::Result<()> {
        // Blanks are only written before something: no line ends with one.
        let mut blanks = indent;
        for ((cell, column), &width) in cells.iter().zip(&self.columns).zip(widths) {
            if width == 0 {
                continue;
            }
            let text = cut(&cell.text, width);
            let pad = width.saturating_sub(columns(&text));
            if column.right {
                blanks += pad;
            }
            if !text.is_empty() {
                write!(out, "{:blanks$}", "")?;
                blanks = 0;
                if colour && cell.style != Style::new() {
                    write!(out, "{}{text}{:#}", cell.style, cell.style)?;
                } else {
                    out.write_all(text.as_bytes())?;
                }
            }
            blanks += GAP + if column.right { 0 } else { pad };
        }
        writeln!(out)
    }
}

fn total(widths: &[usize]) -> usize {
    let shown = widths.iter().filter(|&&width| width > 0).count();
    widths.iter().sum::<usize>() + GAP * shown.saturating_sub(1)
}

/// The text, at most `width` columns wide; what is cut ends with an ellipsis.
pub(super) fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for character in text.chars() {
        kept.push(character);
        if columns(&kept) + 1 > width {
            kept.pop();
            break;
        }
    }
    if width > 0 {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    fn page(table: &Table, width: usize) -> String {
        let mut out = Vec::new();
        table.write(&mut out, 2, width, Style::new(), false).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn sample() -> Table {
        let mut table =
            Table::new(&[Column::text("Name", 4, 0), Column::number("Count", 0), Column::number("Share", 1)]);
        table.row(vec![Cell::new("東京.example"), Cell::new("12"), Cell::new("1.0 %")]);
        table.row(vec![Cell::new("mail.example.net"), Cell::new("1,234"), Cell::new("99.0 %")]);
        table
    }

    #[test]
    fn columns_align_by_display_width() {
        let shown = page(&sample(), 80);
        assert_eq!(
            shown,
            "  Name              Count   Share\n  東京.example         12   1.0 %\n  mail.example.net  1,234  99.0 %\n"
        );
    }

    #[test]
    fn text_gives_way_first_then_spare_columns() {
        assert_eq!(page(&sample(), 30).lines().last(), Some("  mail.example…  1,234  99.0 %"));
        assert_eq!(page(&sample(), 18).lines().last(), Some("  mail.exa…  1,234"));
    }

    #[test]
    fn numbers_are_cut_only_when_nothing_else_helps() {
        let mut table = Table::new(&[Column::number("A", 0), Column::number("B", 0)]);
        table.row(vec![Cell::new("18,446,744,073,709,551,615"), Cell::new("7")]);
        assert_eq!(page(&table, 20).lines().last(), Some("  18,446,744,073…  7"));
        assert!(page(&table, 1).lines().all(|line| line.width() <= 6), "ends, whatever the width");
    }

    #[test]
    fn cutting_counts_columns_not_characters() {
        assert_eq!(cut("東京東京", 5), "東京…");
        assert_eq!(cut("東京東京", 4), "東…");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abc", 0), "");
    }
}
