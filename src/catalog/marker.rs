//! Provider tags and phrases inside replies, found by one automaton.
//!
//! Where several fit, [`super::lookup`] decides; this file only says which texts are there.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};

use super::{MarkerId, ProviderId};
use crate::smtp::{BasicCode, Code, EnhancedCode, Subject};

/// All markers, by number.
#[derive(Debug, Default)]
pub(super) struct Markers {
    list: Vec<Marker>,
    by_text: HashMap<Box<str>, MarkerId>,
    /// Markers that tell who is behind a host nobody knows.
    providers: HashMap<MarkerId, ProviderId>,
    /// Words that put in doubt what a reply says of its recipient.
    doubts: HashSet<MarkerId>,
    /// Built at the first failing reply: a log without failures does not pay for it.
    automaton: OnceLock<AhoCorasick>,
}

#[derive(Debug)]
struct Marker {
    text: Box<str>,
    /// A word such as SPF or DKIM: counts only alone, never inside a host name or URL.
    word: bool,
}

/// Far above any marker worth writing; keeps the automaton within its limits whatever an operator's file holds.
const LONGEST: usize = 120;

impl Markers {
    /// The number of a marker, new or known. Case is ignored.
    pub(super) fn add(&mut self, text: &str) -> Result<MarkerId, String> {
        if text.trim().len() < 2 || text.len() > LONGEST || !text.bytes().all(|b| (b' '..=b'~').contains(&b))
        {
            return Err(format!(
                "\"{text}\" is no marker: expected 2 to {LONGEST} printable ASCII characters"
            ));
        }
        let key = text.to_ascii_lowercase().into_boxed_str();
        if let Some(known) = self.by_text.get(&key) {
            return Ok(*known);
        }
        let word = text.len() <= 5 && text.bytes().all(|b| b.is_ascii_uppercase());
        let marker = self.push(text, word)?;
        self.by_text.insert(key, marker);
        Ok(marker)
    }

    fn push(&mut self, text: &str, word: bool) -> Result<MarkerId, String> {
        let number = u16::try_from(self.list.len()).map_err(|_| "there are too many markers".to_owned())?;
        self.list.push(Marker { text: text.into(), word });
        self.automaton = OnceLock::new();
        Ok(MarkerId(number))
    }

    /// A word that puts in doubt what a reply says of its recipient. It leads to no entry, and counts only alone.
    pub(super) fn add_doubt(&mut self, text: &str) -> Result<(), String> {
        if text.len() < 3
            || text.len() > LONGEST
            || !text.bytes().all(|b| b.is_ascii_lowercase() || b == b' ')
        {
            return Err(format!("\"{text}\" is no word of doubt: expected 3 to {LONGEST} small letters"));
        }
        let marker = self.push(text, true)?;
        self.doubts.insert(marker);
        Ok(())
    }

    pub(super) fn is_doubt(&self, marker: MarkerId) -> bool {
        self.doubts.contains(&marker)
    }

    /// A marker that tells the provider.
    pub(super) fn add_provider(&mut self, provider: ProviderId, text: &str) -> Result<(), String> {
        let marker = self.add(text)?;
        match self.providers.insert(marker, provider) {
            Some(other) if other != provider => Err(format!("\"{text}\" tells two providers")),
            _ => Ok(()),
        }
    }

    pub(super) fn text(&self, marker: MarkerId) -> Option<&str> {
        self.list.get(usize::from(marker.0)).map(|marker| &*marker.text)
    }

    pub(super) fn by_text(&self, text: &str) -> Option<MarkerId> {
        self.by_text.get(text.to_ascii_lowercase().as_str()).copied()
    }

    pub(super) fn provider(&self, marker: MarkerId) -> Option<ProviderId> {
        self.providers.get(&marker).copied()
    }

    /// Calls `seen` for each marker in a reply that [`flatten`] has made one line.
    pub(super) fn each_in(&self, reply: &[u8], mut seen: impl FnMut(MarkerId)) {
        for found in self.automaton().find_overlapping_iter(reply) {
            let number = found.pattern().as_usize();
            let before = found.start().checked_sub(1).map(|at| reply[at]);
            if self.list[number].stands_alone(before, &reply[found.end()..]) {
                // Patterns are numbered as markers are, and those fit.
                seen(MarkerId(u16::try_from(number).unwrap_or(u16::MAX)));
            }
        }
    }

    fn automaton(&self) -> &AhoCorasick {
        self.automaton.get_or_init(|| {
            AhoCorasickBuilder::new()
                .ascii_case_insensitive(true)
                .match_kind(MatchKind::Standard)
                // The quickest to build of those that are quick to search: a run asks it some thousand times.
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .prefilter(false)
                .build(self.list.iter().map(|marker| marker.text.as_bytes()))
                .expect("65,535 patterns of 120 bytes are below the automaton's limit of 2^31 states")
        })
    }
}

impl Marker {
    /// A marker that starts with a letter or digit starts a word: "rate limit" is not in "corporate limit".
    fn stands_alone(&self, before: Option<u8>, after: &[u8]) -> bool {
        let starts_word = self.text.as_bytes()[0].is_ascii_alphanumeric();
        if starts_word && before.is_some_and(|b| b.is_ascii_alphanumeric()) {
            return false;
        }
        if !self.word {
            return true;
        }
        let joins = |b: u8| b.is_ascii_alphanumeric() || b"-_/@=&#?%+".contains(&b);
        let joined_after = match after {
            [b'.', next, ..] => next.is_ascii_alphanumeric(),
            [next, ..] => joins(*next),
            [] => false,
        };
        !joined_after && !before.is_some_and(|b| joins(b) || b == b'.')
    }
}

/// A reply as one line, and what its lines began with. Kept from reply to reply for its room.
#[derive(Debug, Default)]
pub(super) struct Flat {
    /// The words.
    pub(super) text: Vec<u8>,
    /// An enhanced code of subject 7 that opened a line; the first two that differ.
    policy: [Option<EnhancedCode>; 2],
}

impl Flat {
    fn opens(&mut self, enhanced: EnhancedCode) {
        if enhanced.subject() == Some(Subject::Policy) && self.policy[0] != Some(enhanced) {
            let free = usize::from(self.policy[0].is_some());
            self.policy[free] = Some(enhanced);
        }
    }

    /// Whether a line has a code of subject 7 beside the one that counts.
    pub(super) fn policy_beside(&self, code: Code) -> bool {
        self.policy.iter().flatten().any(|policy| Some(*policy) != code.enhanced)
    }
}

/// Makes the lines of a logged reply one, in `flat`: without the codes that open each line, blanks single.
///
/// Providers wrap their sentences, so that a marker may begin on one line and end on the next.
pub(super) fn flatten(reply: &[u8], basic: Option<BasicCode>, flat: &mut Flat) {
    flat.text.clear();
    flat.policy = [None; 2];
    let mut rest = reply;
    let mut line_start = true;
    while !rest.is_empty() {
        if rest[0] == b'\\'
            && let Some(after) = joint(rest)
        {
            rest = after;
            line_start = true;
            continue;
        }
        if rest[0].is_ascii_whitespace() {
            rest = &rest[1..];
            continue;
        }
        let ends = |at: &usize| match rest[*at] {
            b'\\' => joint(&rest[*at..]).is_some(),
            byte => byte.is_ascii_whitespace(),
        };
        let end = (1..rest.len()).find(ends).unwrap_or(rest.len());
        let (mut word, after) = rest.split_at(end);
        rest = after;
        let opens = matches!(word.get(3), None | Some(b'-')) && basic.is_some();
        if opens && BasicCode::at_start(word) == basic {
            word = word.get(4..).unwrap_or_default();
            line_start = true;
            if word.is_empty() {
                continue;
            }
        }
        if line_start && let Some(enhanced) = EnhancedCode::parse(word) {
            flat.opens(enhanced);
            line_start = false;
            continue;
        }
        line_start = false;
        if !flat.text.is_empty() {
            flat.text.push(b' ');
        }
        flat.text.extend_from_slice(word);
    }
}

/// What follows a joint of Exim: backslashes and an `n`, then the next line's code.
fn joint(text: &[u8]) -> Option<&[u8]> {
    let slashes = text.iter().take_while(|b| **b == b'\\').count();
    let after = text[slashes..].strip_prefix(b"n").filter(|_| slashes > 0)?;
    BasicCode::at_start(after).map(|_| after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(reply: &str) -> String {
        let basic = BasicCode::at_start(reply.as_bytes());
        let mut flat = Flat::default();
        flatten(reply.as_bytes(), basic, &mut flat);
        String::from_utf8(flat.text).unwrap()
    }

    #[test]
    fn a_policy_code_on_another_line_is_seen() {
        let beside = |reply: &str, last: &str| {
            let mut flat = Flat::default();
            flatten(reply.as_bytes(), BasicCode::at_start(reply.as_bytes()), &mut flat);
            let enhanced = EnhancedCode::parse(last.as_bytes());
            flat.policy_beside(Code { basic: BasicCode::at_start(reply.as_bytes()), enhanced })
        };
        assert!(beside("550-5.7.1 listed 550 5.1.1 no such user", "5.1.1"));
        assert!(beside("550-5.7.26 a 550-5.7.1 b 550 5.7.26 c", "5.7.26"));
        assert!(beside("550-5.7.1 listed\\n550 5.1.1 no", "5.1.1"));
        assert!(!beside("550-5.7.26 a 550 5.7.26 b", "5.7.26"));
        assert!(!beside("550 5.1.1 see error 5.7.1 there", "5.1.1"));
    }

    fn found(markers: &[&str], reply: &str) -> Vec<String> {
        let mut all = Markers::default();
        for text in markers {
            all.add(text).unwrap();
        }
        let mut texts = Vec::new();
        all.each_in(reply.as_bytes(), |marker| texts.push(all.text(marker).unwrap().to_owned()));
        texts.sort();
        texts.dedup();
        texts
    }

    #[test]
    fn wrapped_lines_become_one() {
        assert_eq!(
            flat("550-5.7.1 very low reputation of 550 5.7.1  the sending IP"),
            "very low reputation of the sending IP"
        );
        assert_eq!(flat("550-5.7.1 a\\n550-5.7.1 b\\n550 5.7.1 c"), "a b c");
        assert_eq!(flat("550-5.7.1 a\\\\n550 5.7.1 b"), "a b");
        assert_eq!(
            flat("554-mx.example.net 554 IP address is block listed"),
            "mx.example.net IP address is block listed"
        );
        assert_eq!(flat("550 5.1.1 no 5.1.1 here"), "no 5.1.1 here");
        assert_eq!(flat("see \\network"), "see \\network");
        assert_eq!(flat("550"), "");
        assert_eq!(flat(""), "");
    }

    #[test]
    fn case_is_ignored_and_words_begin_where_the_marker_begins() {
        assert_eq!(found(&["user unknown"], "User Unknown in table"), ["user unknown"]);
        assert_eq!(found(&["rate limit"], "corporate limit"), [""; 0]);
        assert_eq!(found(&["[TSS04]"], "deferred[TSS04]"), ["[TSS04]"]);
        assert_eq!(
            found(&["invalid recipient", "too many invalid recipients"], "Too many invalid recipients").len(),
            2
        );
    }

    #[test]
    fn short_capitals_are_whole_words_outside_of_names() {
        for hit in ["SPF failed", "bad SPF.", "(spf)", "SPF: no", "failed SPF"] {
            assert_eq!(found(&["SPF"], hit), ["SPF"], "{hit}");
        }
        for miss in ["spfx", "xspf", "http://spf.example", "see /spf", "a-spf", "spf=fail", "openspf.org"] {
            assert_eq!(found(&["SPF"], miss), [""; 0], "{miss}");
        }
    }

    #[test]
    fn unfit_markers_are_refused() {
        let mut all = Markers::default();
        for text in ["", "a", " a ", "tab\there", "ü-umlaut", &"x".repeat(LONGEST + 1)] {
            assert!(all.add(text).is_err(), "{text}");
        }
        assert_eq!(all.add("Same").unwrap(), all.add("sAME").unwrap());
    }
}
