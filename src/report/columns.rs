//! How many columns of a page a text takes.

use unicode_width::UnicodeWidthStr;

/// The display width. Most text is plain ASCII, of which each letter takes one column: that is seen at once.
pub(super) fn columns(text: &str) -> usize {
    let plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if plain { text.len() } else { text.width() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plain_is_as_wide_as_it_is_long() {
        for text in ["", "a b~", "東京", "ü", "a\u{301}", "a\r\nb", "\t"] {
            assert_eq!(columns(text), text.width(), "{text:?}");
        }
        assert_eq!(columns("東京"), 4);
    }
}
