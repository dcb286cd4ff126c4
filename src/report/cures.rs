//! What was told is not told again: cures are made of advice that many answers share.

use std::collections::BTreeMap;

/// The sentences that a page has told, and for which answer.
#[derive(Debug, Default)]
pub(super) struct Cures<'a> {
    told: BTreeMap<&'a str, String>,
}

impl<'a> Cures<'a> {
    /// What of an answer's cure is still to be told, and for which answers the rest was told.
    pub(super) fn rest(&mut self, cure: &'a str, answer: &str) -> (String, Vec<String>) {
        let (mut new, mut told): (Vec<&str>, Vec<String>) = Default::default();
        for sentence in sentences(cure) {
            match self.told.get(sentence) {
                Some(where_told) if told.contains(where_told) => {}
                Some(where_told) => told.push(where_told.clone()),
                None => new.push(sentence),
            }
        }
        self.told.extend(new.iter().map(|sentence| (*sentence, answer.to_owned())));
        (new.join(" "), told)
    }

    /// The cure in words, with a pointer to what was told before; empty where there is none.
    pub(super) fn words(&mut self, cure: &'a str, answer: &str) -> String {
        let (rest, told) = self.rest(cure, answer);
        worded(&rest, &told)
    }
}

/// What is still to be told, with a pointer to what was told before.
pub(super) fn worded(rest: &str, told: &[String]) -> String {
    match (rest.is_empty(), told.is_empty()) {
        (_, true) => rest.to_owned(),
        (true, false) => format!("Do as for {}.", told.join(" and ")),
        (false, false) => format!("Do as for {}; besides: {rest}", told.join(" and ")),
    }
}

/// A text cut into sentences: at full stops that a capital or a quotation follows, but not within one.
fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (at, letter) in text.char_indices() {
        quoted ^= letter == '`';
        let rest = &text[at + letter.len_utf8()..];
        let next = rest.strip_prefix(' ').and_then(|rest| rest.chars().next());
        if letter == '.' && !quoted && next.is_some_and(|next| next.is_uppercase() || next == '`') {
            found.push(&text[start..=at]);
            start = at + 2;
        }
    }
    found.push(&text[start..]);
    found.retain(|sentence| !sentence.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_at_full_stops_outside_of_quotations() {
        let text = "Publish `a. TXT \"v=spf1\"`, at once. `p=none` is enough, e.g. here. Under 0.1 %. End";
        assert_eq!(
            sentences(text),
            [
                "Publish `a. TXT \"v=spf1\"`, at once.",
                "`p=none` is enough, e.g. here.",
                "Under 0.1 %.",
                "End"
            ]
        );
        assert!(sentences("").is_empty());
    }

    #[test]
    fn each_sentence_is_told_once() {
        let mut cures = Cures::default();
        assert_eq!(cures.words("Sign. Align.", "A 1"), "Sign. Align.");
        assert_eq!(cures.words("Align. Publish.", "B 2"), "Do as for A 1; besides: Publish.");
        assert_eq!(cures.words("Sign. Align. Publish.", "C 3"), "Do as for A 1 and B 2.");
        assert_eq!(cures.words("", "D 4"), "");
    }
}
