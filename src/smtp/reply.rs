//! The codes inside a reply as an MTA logs it: many lines folded into one, each keeping its own code.
//!
//! Postfix joins the lines of a reply with a blank, Exim with the characters `\n` (`\\n` inside `C="..."`).
//! The last line rules (RFC 5321, section 4.2.1, wants all lines to agree; some providers do not). A log may
//! have cut the reply: then the last line that is still there rules.

use memchr::memmem;

use super::code::{BasicCode, EnhancedCode};
use crate::vector::{Vector, common};

/// What joins the lines of a logged reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joint {
    /// One blank (Postfix).
    Blank,
    /// A backslash and an `n` (Exim error texts).
    Escaped,
    /// Two backslashes and an `n` (Exim's `C="..."`, escaped once more).
    EscapedTwice,
}

impl Joint {
    fn bytes(self) -> &'static [u8] {
        match self {
            Joint::Blank => b" ",
            Joint::Escaped => b"\\n",
            Joint::EscapedTwice => b"\\\\n",
        }
    }
}

/// The codes of one reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplyCodes {
    /// The basic code; `None` when the reply does not start with one from 200 to 599.
    pub basic: Option<BasicCode>,
    /// The enhanced code directly after the basic code on the last line.
    pub enhanced: Option<EnhancedCode>,
}

impl ReplyCodes {
    /// Reads the codes of a reply that starts at the start of `reply`.
    #[inline]
    pub fn read(reply: &[u8], joint: Joint) -> ReplyCodes {
        ReplyCodes::read_beside(reply, joint, None)
    }

    /// The same where the MTA has logged the enhanced code of the last line, so that a reply quoted within another is not taken for
    /// its end. Postfix's `dsn=` is that, with X.0.0 where the line has none of the class of its basic code (`smtp_chat.c`); its own
    /// class may be another, since what is to be tried again is 4.X.X.
    #[inline]
    pub fn read_beside(reply: &[u8], joint: Joint, logged: Option<EnhancedCode>) -> ReplyCodes {
        let Some(first) = BasicCode::at_start(reply) else {
            return ReplyCodes::default();
        };
        if reply.get(3) != Some(&b'-') {
            return ReplyCodes { basic: Some(first), enhanced: enhanced_after_basic(reply) };
        }
        of_lines(reply, first, joint, logged)
    }

    /// Whether a last line with these codes is logged as that one.
    fn are_logged_as(self, logged: EnhancedCode) -> bool {
        let class = self.basic.map(BasicCode::severity);
        let own = self.enhanced.filter(|own| Some(own.class()) == class);
        own.map_or((0, 0), reason) == reason(logged)
    }
}

/// Subject and detail.
fn reason(code: EnhancedCode) -> (u16, u16) {
    (code.subject_number(), code.detail())
}

#[inline]
fn enhanced_after_basic(line: &[u8]) -> Option<EnhancedCode> {
    let (b' ' | b'-', rest) = line.get(3..)?.split_first()? else { return None };
    EnhancedCode::at_start(rest).map(|(code, _)| code)
}

/// The codes of the last line of a reply whose first line is `ddd-`.
///
/// A later line starts after a joint with the same code; one with another code counts only when an enhanced
/// code of its own class follows, so that a number in the text is not taken for a line. Where the first line has an
/// enhanced code, a last line that has one too is preferred to one that has none. Without a last line the log has cut the
/// reply, and the line it was cut in counts only when its code is not what was cut. A last line that fits what was `logged` is
/// preferred to all others.
#[inline(never)]
fn of_lines(reply: &[u8], first: BasicCode, joint: Joint, logged: Option<EnhancedCode>) -> ReplyCodes {
    let wants_enhanced = enhanced_after_basic(reply).is_some();
    let opening: Option<&[u8; 4]> = reply.first_chunk();
    let (mut before, mut last) = (reply, reply);
    let (mut plain, mut misfit) = (None, None);
    let mut from = 4;
    while let Some(start) = next_start(reply, from, joint) {
        from = start;
        let line = &reply[start..];
        // Most lines but the last open like the first.
        if line.first_chunk() == opening {
            (before, last, plain) = (last, line, None);
            continue;
        }
        let Some(code) = BasicCode::at_start(line) else { continue };
        let enhanced = enhanced_after_basic(line);
        let same = code == first && matches!(line.get(3), None | Some(b' ' | b'-'));
        if !same && enhanced.is_none_or(|enhanced| enhanced.class() != code.severity()) {
            continue;
        }
        let codes = ReplyCodes { basic: Some(code), enhanced };
        if matches!(line.get(3), None | Some(b'-')) {
            (before, last, plain) = (last, line, None);
        } else if logged.is_some_and(|logged| codes.are_logged_as(logged)) {
            return codes;
        } else if enhanced.is_some() || !wants_enhanced {
            if logged.is_none() {
                return codes;
            }
            misfit = misfit.or(Some(codes));
        } else {
            plain = plain.or(Some(codes));
        }
    }
    misfit.or(plain).unwrap_or_else(|| {
        let cut_inside_code =
            EnhancedCode::parse(last.get(4..).unwrap_or_default()).is_some() || last.len() < 10;
        let last = if wants_enhanced && cut_inside_code { before } else { last };
        ReplyCodes { basic: BasicCode::at_start(last), enhanced: enhanced_after_basic(last) }
    })
}

/// Where the next line may begin: behind the first joint at `from` or later. Those that no code follows may be left out.
#[inline]
fn next_start(reply: &[u8], from: usize, joint: Joint) -> Option<usize> {
    if joint == Joint::Blank {
        return blank_before_figure(reply, from).map(|blank| blank + 1);
    }
    let joint = joint.bytes();
    let found = memmem::find(reply.get(from..)?, joint)?;
    Some(from + found + joint.len())
}

/// The first blank at `from` or later that stands before a figure that a code may begin with. Every word ends at a blank, so
/// those before words are passed over many at once.
fn blank_before_figure(reply: &[u8], mut from: usize) -> Option<usize> {
    while let Some(near) = reply.get(from..)?.first_chunk() {
        let places = common().places_before(near, b' ', b'2', b'5');
        if places != 0 {
            return Some(from + places.trailing_zeros() as usize);
        }
        from += near.len() - 1;
    }
    let end = &reply[from..];
    end.windows(2).position(|pair| matches!(pair, [b' ', b'2'..=b'5'])).map(|place| from + place)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn blanks_are_found_many_at_once_as_one_by_one(
            text in "([a-z2 ]{0,40}|[ 1-6]{0,5}){0,4}",
            from in 0_usize..80,
        ) {
            let text = text.as_bytes();
            let begins = |at: &usize| text[*at] == b' ' && matches!(text.get(at + 1), Some(b'2'..=b'5'));
            prop_assert_eq!(blank_before_figure(text, from), (from..text.len()).find(begins));
        }
    }

    /// The codes of a reply of many lines joined by blanks, word by word.
    fn naive(reply: &str, logged: Option<EnhancedCode>) -> ReplyCodes {
        let starts = reply.match_indices(' ').map(|(at, _)| &reply.as_bytes()[at + 1..]);
        let first = BasicCode::at_start(reply.as_bytes());
        let wants_enhanced = enhanced_after_basic(reply.as_bytes()).is_some();
        let counts = |line: &&[u8]| {
            let (code, enhanced) = (BasicCode::at_start(line), enhanced_after_basic(line));
            code == first && matches!(line.get(3), None | Some(b' ' | b'-'))
                || code.zip(enhanced).is_some_and(|(code, enhanced)| enhanced.class() == code.severity())
        };
        let lines: Vec<&[u8]> = std::iter::once(reply.as_bytes()).chain(starts.filter(counts)).collect();
        let goes_on = |line: &&[u8]| matches!(line.get(3), None | Some(b'-'));
        let has_both = |line: &&[u8]| enhanced_after_basic(line).is_some() || !wants_enhanced;
        let is_logged = |line: &&[u8]| {
            let class = BasicCode::at_start(line).map(BasicCode::severity);
            let own = enhanced_after_basic(line).filter(|own| Some(own.class()) == class);
            let reason = |code: EnhancedCode| (code.subject_number(), code.detail());
            logged.is_some_and(|logged| reason(logged) == own.map_or((0, 0), reason))
        };
        let told = lines.iter().find(|line| !goes_on(line) && is_logged(line));
        let last =
            told.or_else(|| lines.iter().find(|line| !goes_on(line) && has_both(line))).or_else(|| {
                let unfinished = lines.iter().rposition(&goes_on).unwrap_or(0);
                lines[unfinished..].iter().find(|line| !goes_on(line))
            });
        let line = last.copied().unwrap_or_else(|| {
            let mut cut = lines.iter().rev().filter(|line| goes_on(line));
            let last: &[u8] = cut.next().copied().unwrap_or_default();
            let inside = EnhancedCode::parse(last.get(4..).unwrap_or_default()).is_some() || last.len() < 10;
            cut.next().filter(|_| wants_enhanced && inside).copied().unwrap_or(last)
        });
        ReplyCodes { basic: BasicCode::at_start(line), enhanced: enhanced_after_basic(line) }
    }

    proptest! {
        #[test]
        fn lines_are_told_as_word_by_word(
            lines in "(550-|554-|450-)(5\\.1\\.1 )?((550|450|5501|250)[- ]?(5\\.1\\.1|4\\.2\\.2|x)?| |[a-z]{0,9} ){0,9}",
            logged in prop::option::of(prop::sample::select(vec!["5.1.1", "4.1.1", "4.2.2", "5.0.0", "5.7.1"])),
        ) {
            let logged = logged.and_then(|code| EnhancedCode::parse(code.as_bytes()));
            let codes = ReplyCodes::read_beside(lines.as_bytes(), Joint::Blank, logged);
            prop_assert_eq!(codes, naive(&lines, logged), "{:?}", lines);
        }
    }

    fn read(text: &str, joint: Joint) -> String {
        let codes = ReplyCodes::read(text.as_bytes(), joint);
        format!("{:?} {:?}", codes.basic, codes.enhanced)
    }

    #[test]
    fn one_line() {
        assert_eq!(read("250 2.0.0 OK", Joint::Blank), "Some(250) Some(2.0.0)");
        assert_eq!(read("250 ok dirdel", Joint::Blank), "Some(250) None");
        assert_eq!(read("421 #4.4.5 Too many", Joint::Blank), "Some(421) None");
        assert_eq!(read("550 2.0.0 odd", Joint::Blank), "Some(550) Some(2.0.0)");
        assert_eq!(read("699 no", Joint::Blank), "None None");
        assert_eq!(read("", Joint::Blank), "None None");
    }

    #[test]
    fn the_last_line_rules() {
        assert_eq!(read("550-5.7.26 a 550-5.7.26 b 550 5.7.26 c", Joint::Blank), "Some(550) Some(5.7.26)");
        assert_eq!(read("550-5.7.1 a 550 5.1.1 b", Joint::Blank), "Some(550) Some(5.1.1)");
        assert_eq!(read("554-gmx.net a 554 For help", Joint::Blank), "Some(554) None");
        assert_eq!(read("550-5.7.26 a 450 4.7.26 b", Joint::Blank), "Some(450) Some(4.7.26)");
        assert_eq!(read("421-4.7.0 a\\n421-4.7.0 b\\n421 4.7.0 c", Joint::Escaped), "Some(421) Some(4.7.0)");
        assert_eq!(read("250- 64160 bytes\\\\n250 OK", Joint::EscapedTwice), "Some(250) None");
    }

    #[test]
    fn a_reply_within_another_is_not_its_end() {
        let beside = |logged: &str, reply: &str| {
            let logged = EnhancedCode::parse(logged.as_bytes());
            let codes = ReplyCodes::read_beside(reply.as_bytes(), Joint::Blank, logged);
            format!("{:?} {:?}", codes.basic, codes.enhanced)
        };
        let callout =
            "451-asking mx.example.net about you gave: 450 4.2.0 greylisted 451-so not now 451 ask us";
        assert_eq!(beside("4.0.0", callout), "Some(451) None");
        let verify =
            "550-Sent: RCPT TO:<a@example.org> 550-Response: 550 5.1.1 no such user 550 Sender unknown";
        assert_eq!(beside("5.0.0", verify), "Some(550) None");
        // What is tried again after all is logged as 4.X.X.
        assert_eq!(beside("4.7.1", "554-see 550 5.1.1 there 554 5.7.1 no"), "Some(554) Some(5.7.1)");
        // Nothing fits: the administrator may have had it logged as something else.
        assert_eq!(beside("5.9.9", "550-5.1.1 a 550 5.1.1 b"), "Some(550) Some(5.1.1)");
        assert_eq!(beside("5.0.0", "550-a 550 4.1.1 of another class"), "Some(550) Some(4.1.1)");
    }

    #[test]
    fn a_cut_reply_gives_its_last_present_line() {
        assert_eq!(read("550-5.7.26 a 550-5.7.2", Joint::Blank), "Some(550) Some(5.7.26)");
        assert_eq!(read("550-5.7.26 a 550-5.7.1 b 550-", Joint::Blank), "Some(550) Some(5.7.1)");
        assert_eq!(read("550-5.7.26 a 550", Joint::Blank), "Some(550) Some(5.7.26)");
        assert_eq!(read("550-5.7.26 a 550-5.7.1 b", Joint::Blank), "Some(550) Some(5.7.1)");
        assert_eq!(read("550-5.7.25 [1.2.3.4] no PTR", Joint::Escaped), "Some(550) Some(5.7.25)");
    }

    #[test]
    fn numbers_in_the_text_are_no_lines() {
        assert_eq!(read("550-5.7.26 code 550 554 5.7.1 last", Joint::Blank), "Some(554) Some(5.7.1)");
        assert_eq!(read("550-5.7.26 a 550 no user", Joint::Blank), "Some(550) None");
        assert_eq!(read("550-5.7.1 call 587 now 550 5.7.1 end", Joint::Blank), "Some(550) Some(5.7.1)");
    }
}
