//! A reply as one line: what markers are looked for in.
//!
//! A reply is copied sixteen bytes at a time, up to a byte where more may be due than copying: a blank before a blank or
//! before what may be a code, a tab, a backslash. There the next word is looked at; few words are.

use super::eight::{ANSWER, at_least, each};
use super::index::PADDING;
use crate::smtp::{BasicCode, Code, EnhancedCode, Subject};

/// A reply as one line, and what its lines began with. Kept from reply to reply for its room.
#[derive(Debug, Default)]
pub(super) struct Flat {
    /// Room for the words and [`PADDING`]; what an earlier reply left behind them is not cleared.
    bytes: Vec<u8>,
    /// How many of the bytes are the words.
    length: usize,
    /// An enhanced code of subject 7 that opened a line; the first two that differ.
    policy: [Option<EnhancedCode>; 2],
}

impl Flat {
    /// Makes the lines of a logged reply one: without the codes that open each line, blanks single.
    ///
    /// Providers wrap their sentences, so that a marker may begin on one line and end on the next.
    pub(super) fn flatten(&mut self, reply: &[u8], basic: Option<BasicCode>) {
        self.length = 0;
        self.policy = [None; 2];
        if self.bytes.len() < reply.len() + PADDING {
            self.bytes.resize(reply.len() + PADDING, 0);
        }
        let mut rest = self.opening(reply, basic, true);
        while !rest.is_empty() {
            if self.length > 0 {
                self.push(b' ');
            }
            rest = self.copy(rest);
            // The blank before a joint has been copied like any other.
            if self.length > 0 && self.bytes[self.length - 1] == b' ' {
                self.length -= 1;
            }
            rest = self.opening(rest, basic, false);
        }
        self.bytes[self.length..self.length + PADDING].fill(0);
    }

    /// The words and the [`PADDING`] behind them.
    pub(super) fn padded(&self) -> &[u8] {
        self.bytes.get(..self.length + PADDING).unwrap_or_default()
    }

    /// The words.
    pub(super) fn words(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Whether a line has a code of subject 7 beside the one that counts.
    pub(super) fn policy_beside(&self, code: Code) -> bool {
        self.policy.iter().flatten().any(|policy| Some(*policy) != code.enhanced)
    }

    /// Passes blanks, joints and the codes that open lines: what is left begins with a word to keep.
    fn opening<'r>(
        &mut self,
        mut rest: &'r [u8],
        basic: Option<BasicCode>,
        mut line_start: bool,
    ) -> &'r [u8] {
        while let Some(first) = rest.first() {
            match first {
                b'0'..=b'9' => {}
                b'\\' => match joint(rest) {
                    Some(after) => {
                        (rest, line_start) = (after, true);
                        continue;
                    }
                    None => return rest,
                },
                blank if blank.is_ascii_whitespace() => {
                    rest = &rest[1..];
                    continue;
                }
                _ => return rest,
            }
            if let Some(after) = basic.and_then(|basic| after_basic(rest, basic)) {
                (rest, line_start) = (after, true);
                if ends_word(rest) {
                    continue;
                }
                // What a hyphen joins to the code is the line's first word. No other basic code is looked for in it.
            }
            let after = if line_start { self.enhanced(rest) } else { None };
            let Some(after) = after else { return rest };
            (rest, line_start) = (after, false);
        }
        rest
    }

    /// What follows an enhanced code that is the next word.
    fn enhanced<'r>(&mut self, rest: &'r [u8]) -> Option<&'r [u8]> {
        let (enhanced, end) = EnhancedCode::at_start(rest)?;
        let after = rest.get(end..).filter(|after| ends_word(after))?;
        if enhanced.subject() == Some(Subject::Policy) && self.policy[0] != Some(enhanced) {
            let free = usize::from(self.policy[0].is_some());
            self.policy[free] = Some(enhanced);
        }
        Some(after)
    }

    /// Copies words up to one that may be a code, or to the end of a line; what is left.
    fn copy<'r>(&mut self, mut rest: &'r [u8]) -> &'r [u8] {
        loop {
            let copied = copy_plain(rest, &mut self.bytes[self.length..]);
            self.length += copied;
            rest = &rest[copied..];
            match rest.first() {
                None => return rest,
                Some(b'\\') if joint(rest).is_some() => return rest,
                // All at once: asking at each of many whether a joint begins there would take its square.
                Some(b'\\') => {
                    let slashes = slashes(rest);
                    (0..slashes).for_each(|_| self.push(b'\\'));
                    rest = &rest[slashes..];
                }
                Some(byte) if byte.is_ascii_whitespace() => return rest,
                Some(byte) => {
                    self.push(*byte);
                    rest = &rest[1..];
                }
            }
        }
    }

    fn push(&mut self, byte: u8) {
        self.bytes[self.length] = byte;
        self.length += 1;
    }
}

/// What follows the basic code of a reply where a line begins: the code alone, or a hyphen and the line's first word.
fn after_basic(rest: &[u8], basic: BasicCode) -> Option<&[u8]> {
    if BasicCode::at_start(rest) != Some(basic) {
        return None;
    }
    match rest.get(3) {
        Some(b'-') => rest.get(4..),
        _ => rest.get(3..).filter(|after| ends_word(after)),
    }
}

/// Whether a word ends where this follows.
fn ends_word(after: &[u8]) -> bool {
    match after.first() {
        Some(b'\\') => joint(after).is_some(),
        Some(byte) => byte.is_ascii_whitespace(),
        None => true,
    }
}

/// What follows a joint of Exim: backslashes and an `n`, then the next line's code.
fn joint(text: &[u8]) -> Option<&[u8]> {
    let slashes = slashes(text);
    let after = text[slashes..].strip_prefix(b"n").filter(|_| slashes > 0)?;
    BasicCode::at_start(after).map(|_| after)
}

fn slashes(text: &[u8]) -> usize {
    text.iter().take_while(|b| **b == b'\\').count()
}

/// Copies up to a byte that is not simply copied, or to the end: how many. There is room for sixteen more.
fn copy_plain(from: &[u8], to: &mut [u8]) -> usize {
    let mut at = 0;
    loop {
        let mut padded = [0; 17];
        let (bytes, last) = match from.get(at..at + 17).and_then(<[u8]>::first_chunk) {
            Some(bytes) => (bytes, false),
            None => {
                padded[..from.len() - at].copy_from_slice(&from[at..]);
                (&padded, true)
            }
        };
        to[at..at + 16].copy_from_slice(&bytes[..16]);
        let stops = stops(bytes);
        at += (stops.trailing_zeros() / 8) as usize;
        if stops != 0 || last {
            return at.min(from.len());
        }
    }
}

/// Where among sixteen bytes, the one behind them known, copying may not be all: in the highest bit of each such byte.
fn stops(bytes: &[u8; 17]) -> u128 {
    let from = |at: usize| bytes[at..].first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight));
    u128::from(stops_of_eight(from(0), from(1))) | u128::from(stops_of_eight(from(8), from(9))) << 64
}

fn stops_of_eight(bytes: u64, behind: u64) -> u64 {
    let control = !at_least(bytes, b' ');
    let slash = !at_least(bytes ^ each(b'\\'), 1);
    // Up to the digits, that is: another blank, a code; few words begin with another sign.
    let blank_before_sign = !at_least(bytes, b' ' + 1) & !at_least(behind, b'9' + 1);
    (control | slash | blank_before_sign) & !bytes & ANSWER
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn flattened(reply: &str, basic: Option<BasicCode>, flat: &mut Flat) -> String {
        flat.flatten(reply.as_bytes(), basic);
        let (words, padding) = flat.padded().split_at(flat.length);
        assert_eq!(padding, [0; PADDING]);
        String::from_utf8(words.to_vec()).unwrap()
    }

    fn flat(reply: &str) -> String {
        flattened(reply, BasicCode::at_start(reply.as_bytes()), &mut Flat::default())
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
    fn a_policy_code_on_another_line_is_seen() {
        let beside = |reply: &str, last: &str| {
            let mut flat = Flat::default();
            flat.flatten(reply.as_bytes(), BasicCode::at_start(reply.as_bytes()));
            let enhanced = EnhancedCode::parse(last.as_bytes());
            flat.policy_beside(Code { basic: BasicCode::at_start(reply.as_bytes()), enhanced })
        };
        assert!(beside("550-5.7.1 listed 550 5.1.1 no such user", "5.1.1"));
        assert!(beside("550-5.7.26 a 550-5.7.1 b 550 5.7.26 c", "5.7.26"));
        assert!(beside("550-5.7.1 listed\\n550 5.1.1 no", "5.1.1"));
        assert!(!beside("550-5.7.26 a 550 5.7.26 b", "5.7.26"));
        assert!(!beside("550 5.1.1 see error 5.7.1 there", "5.1.1"));
    }

    /// The same, word by word and byte by byte.
    fn naive(reply: &str, basic: Option<BasicCode>) -> (String, Vec<EnhancedCode>) {
        let reply = reply.as_bytes();
        let (mut words, mut policy): (Vec<&[u8]>, Vec<EnhancedCode>) = (Vec::new(), Vec::new());
        let (mut at, mut line_start) = (0, true);
        while at < reply.len() {
            if let Some(after) = joint(&reply[at..]) {
                (at, line_start) = (reply.len() - after.len(), true);
                continue;
            }
            if reply[at].is_ascii_whitespace() {
                at += 1;
                continue;
            }
            let ends = |at: &usize| reply[*at].is_ascii_whitespace() || joint(&reply[*at..]).is_some();
            let end = (at + 1..reply.len()).find(ends).unwrap_or(reply.len());
            let mut word = &reply[at..end];
            at = end;
            let opens = matches!(word.get(3), None | Some(b'-')) && basic.is_some();
            if opens && BasicCode::at_start(word) == basic {
                word = word.get(4..).unwrap_or_default();
                line_start = true;
                if word.is_empty() {
                    continue;
                }
            }
            let code = EnhancedCode::parse(word).filter(|_| line_start);
            line_start = false;
            match code {
                Some(code) if code.subject() == Some(Subject::Policy) => policy.push(code),
                Some(_) => {}
                None => words.push(word),
            }
        }
        (String::from_utf8(words.join(&b' ')).unwrap(), policy)
    }

    /// Parts of replies; glued at random they make lines of replies, and what is nearly so.
    fn part() -> impl Strategy<Value = String> {
        let known = prop::sample::select(vec![
            " ",
            "  ",
            "\t",
            "\r",
            "\x0b",
            "\0",
            "550",
            "550-",
            "550 ",
            " 550-",
            "554",
            "-",
            "5.7.1",
            "5.7.26 ",
            "5.1.1",
            "5.1.1.2",
            "\\",
            "n",
            "\\n",
            "\\n550",
            "\\\\n550-",
            "\\n450 4.7.0 ",
            "\\\\\\",
            "a",
            "mx.example.net",
            "9",
            "(",
            " ü",
            "U\u{131}",
            "no such user here ",
            "0123456789abcdef",
        ]);
        prop_oneof![9 => known.prop_map(str::to_owned), 1 => "[ -~]{0,40}"]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn many_bytes_at_once_are_read_as_one_by_one(
            replies in prop::collection::vec(prop::collection::vec(part(), 0..24), 1..4),
            basic in prop::sample::select(vec![None, BasicCode::new(550), BasicCode::new(554)]),
        ) {
            // One after the other in the same room, where the last may have left something.
            let mut flat = Flat::default();
            for reply in replies {
                let reply = reply.concat();
                let (words, policy) = naive(&reply, basic);
                prop_assert_eq!(flattened(&reply, basic, &mut flat), words, "{:?}", reply);
                for number in [1, 26, 27] {
                    let code = Code { basic, enhanced: EnhancedCode::new(5, 7, number) };
                    let beside = policy.iter().any(|policy| Some(*policy) != code.enhanced);
                    prop_assert_eq!(flat.policy_beside(code), beside, "{:?}", reply);
                }
            }
        }
    }
}
