//! Looks into a log at places spread over it.

use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use super::LOOK;
use super::handle::Handle;

/// Looks at `places` places spread evenly over a file, the last one at its end; a file no longer than all looks together
/// is seen whole.
pub(super) fn into_file(file: &Handle, places: u64) -> io::Result<Vec<Vec<u8>>> {
    let open = file.file()?;
    let length = file.length;
    let (places, size) =
        if length <= places * LOOK as u64 { (1, length) } else { (places.max(2), LOOK as u64) };
    let mut looks = Vec::new();
    for place in 0..places {
        let at = (length - size) * place / (places - 1).max(1);
        let mut look = vec![0; usize::try_from(size).unwrap_or(0)];
        let mut read = 0;
        while read < look.len() {
            match open.read_at(&mut look[read..], at + read as u64)? {
                0 => break,
                n => read += n,
            }
        }
        look.truncate(read);
        looks.push(from_a_line_on(look, at == 0));
    }
    Ok(looks)
}

/// The same for what can only be read from its start on: how long it is turns out at its end. So the looks are taken ever
/// wider apart, and the last one is always its end.
pub(super) fn into_stream(reader: &mut dyn Read, places: u64) -> Vec<Vec<u8>> {
    let most = usize::try_from(places).unwrap_or(usize::MAX).max(2);
    let (mut looks, mut step, mut pieces) = (Vec::new(), 1, 0_usize);
    let (mut last, mut shown): (Vec<u8>, bool) = (Vec::new(), false);
    loop {
        let mut look = Vec::with_capacity(LOOK);
        // What comes before an error is seen.
        let read = Read::take(&mut *reader, LOOK as u64).read_to_end(&mut look);
        let ended = read.is_err() || look.len() < LOOK;
        if ended {
            // The end, with enough before it that it holds whole lines.
            if shown {
                looks.pop();
            }
            last.extend_from_slice(&look);
            looks.push(from_a_line_on(last, pieces <= 1));
            return looks;
        }
        if pieces.is_multiple_of(step) && looks.len() >= 2 * most {
            let mut even = false;
            looks.retain(|_| {
                even = !even;
                even
            });
            step *= 2;
        }
        shown = pieces.is_multiple_of(step);
        if shown {
            looks.push(from_a_line_on(look.clone(), pieces == 0));
        }
        last = look;
        pieces += 1;
    }
}

/// A look begins behind a line end, or where the log begins.
fn from_a_line_on(mut look: Vec<u8>, at_start: bool) -> Vec<u8> {
    let start = if at_start { 0 } else { memchr::memchr(b'\n', &look).map_or(look.len(), |end| end + 1) };
    look.split_off(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_seen_at_its_start_at_its_end_and_between() {
        for lines in [0_usize, 1, 10, 9_000, 70_000, 300_000] {
            let text: String = (0..lines).map(|n| format!("{n:015}\n")).collect();
            let looks = into_stream(&mut text.as_bytes(), 4);
            assert!((1..=9).contains(&looks.len()), "{lines}: {}", looks.len());
            let numbers = looks
                .iter()
                .flat_map(|look| look.split(|byte| *byte == b'\n'))
                .filter(|line| line.len() == 15);
            let numbers: Vec<usize> =
                numbers.map(|line| std::str::from_utf8(line).unwrap().parse().unwrap()).collect();
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            assert_eq!(numbers.first().copied(), (lines > 0).then_some(0));
            assert_eq!(numbers.last().copied(), lines.checked_sub(1));
            assert_eq!(numbers, sorted);
        }
    }
}
