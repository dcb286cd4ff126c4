//! The sections of the text page, in files by what they tell. A section without content vanishes.

mod answers;
mod books;
mod changes;
mod course;
mod head;
mod hours;
mod parties;

use std::io;

use super::number::{counted, thousands};
use super::page::{BAD, Page};
use super::table::Cell;
use head::told_cures;

pub(super) use answers::{answered, apart, codes, enforcement, short};
pub(super) use books::{accounting, inputs};
pub(super) use changes::changes;
pub(super) use course::{course, refusals};
pub(super) use head::{clock, findings, times_come_first, totals};
pub(super) use hours::timeline;
pub(super) use parties::{providers, sender_domains};

/// Says how much of a list is not shown.
fn more(page: &mut Page<'_>, all: usize, shown: usize, one: &str, many: &str) -> io::Result<()> {
    let rest = all.saturating_sub(shown) as u64;
    if rest == 0 {
        return Ok(());
    }
    page.remark(&format!(
        "and {} (--top {all} shows all)",
        counted(rest, &format!("more {one}"), &format!("more {many}"))
    ))
}

fn alarming(count: u64) -> Cell {
    let cell = Cell::new(thousands(count));
    if count > 0 { cell.styled(BAD.bold()) } else { cell }
}
