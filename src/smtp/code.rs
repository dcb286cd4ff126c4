//! Reply codes: the basic code of RFC 5321 and the enhanced code of RFC 3463.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::num::{NonZeroU16, NonZeroU32};

use serde::{Deserialize, Serialize};

/// A basic reply code (RFC 5321, section 4.2): three digits, 200 to 599.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct BasicCode(NonZeroU16);

impl BasicCode {
    /// A code from its number; `None` outside 200..=599.
    pub const fn new(number: u16) -> Option<BasicCode> {
        match NonZeroU16::new(number) {
            Some(number) if number.get() >= 200 && number.get() <= 599 => Some(BasicCode(number)),
            _ => None,
        }
    }

    /// The code in the first three bytes of `text`, when a fourth byte does not continue the number.
    #[inline]
    pub fn at_start(text: &[u8]) -> Option<BasicCode> {
        let [hundreds @ b'2'..=b'5', tens @ b'0'..=b'9', ones @ b'0'..=b'9', after @ ..] = text else {
            return None;
        };
        if !matches!(after, [] | [b' ' | b'-', ..]) && after[0].is_ascii_alphanumeric() {
            return None;
        }
        let [hundreds, tens, ones] = [hundreds, tens, ones].map(|digit| u16::from(digit - b'0'));
        NonZeroU16::new(hundreds * 100 + tens * 10 + ones).map(BasicCode)
    }

    /// The number, 200 to 599.
    pub const fn number(self) -> u16 {
        self.0.get()
    }

    /// The first digit: 2 success, 3 intermediate, 4 transient, 5 permanent.
    pub const fn severity(self) -> u8 {
        (self.number() / 100) as u8
    }
}

impl TryFrom<u16> for BasicCode {
    type Error = String;
    fn try_from(number: u16) -> Result<Self, String> {
        BasicCode::new(number).ok_or_else(|| format!("{number} is no basic code: expected 200 to 599"))
    }
}

impl From<BasicCode> for u16 {
    fn from(code: BasicCode) -> u16 {
        code.number()
    }
}

impl fmt::Display for BasicCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.number())
    }
}

impl fmt::Debug for BasicCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An enhanced status code (RFC 3463): class 2, 4 or 5, then subject and detail of one to three digits each.
///
/// Held as one number, ten bits for each part: it is compared and hashed for every reply.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EnhancedCode(NonZeroU32);

impl EnhancedCode {
    /// A code from its parts; `None` when a part is out of range.
    pub const fn new(class: u8, subject: u16, detail: u16) -> Option<EnhancedCode> {
        if !matches!(class, 2 | 4 | 5) || subject > 999 || detail > 999 {
            return None;
        }
        EnhancedCode::of(class as u32, subject as u32, detail as u32)
    }

    const fn of(class: u32, subject: u32, detail: u32) -> Option<EnhancedCode> {
        match NonZeroU32::new(class << 20 | subject << 10 | detail) {
            Some(parts) => Some(EnhancedCode(parts)),
            None => None,
        }
    }

    /// The code at the start of `text`, with the number of bytes it takes. What follows must not continue it.
    #[inline(always)]
    pub fn at_start(text: &[u8]) -> Option<(EnhancedCode, usize)> {
        // Most have three figures and stand before a blank, or end a field.
        if let [
            class @ (b'2' | b'4' | b'5'),
            b'.',
            subject @ b'0'..=b'9',
            b'.',
            detail @ b'0'..=b'9',
            b' ' | b',',
            ..,
        ] = text
        {
            let [class, subject, detail] = [class, subject, detail].map(|figure| u32::from(figure - b'0'));
            return Some((EnhancedCode::of(class, subject, detail)?, 5));
        }
        EnhancedCode::longer_at_start(text)
    }

    /// The same where the detail has two or three figures, as those of policy have.
    #[inline(never)]
    fn longer_at_start(text: &[u8]) -> Option<(EnhancedCode, usize)> {
        if let Some(
            [class @ (b'2' | b'4' | b'5'), b'.', subject @ b'0'..=b'9', b'.', a @ b'0'..=b'9', rest @ ..],
        ) = text.first_chunk::<8>()
        {
            let [class, subject, a] = [class, subject, a].map(|figure| u32::from(figure - b'0'));
            let (detail, end) = match rest {
                [b @ b'0'..=b'9', b' ' | b',', _] => (a * 10 + u32::from(b - b'0'), 6),
                [b @ b'0'..=b'9', c @ b'0'..=b'9', b' ' | b','] => {
                    (a * 100 + u32::from(b - b'0') * 10 + u32::from(c - b'0'), 7)
                }
                _ => return EnhancedCode::any_at_start(text),
            };
            return Some((EnhancedCode::of(class, subject, detail)?, end));
        }
        EnhancedCode::any_at_start(text)
    }

    fn any_at_start(text: &[u8]) -> Option<(EnhancedCode, usize)> {
        let class = match text.first()? {
            digit @ (b'2' | b'4' | b'5') => digit - b'0',
            _ => return None,
        };
        let (subject, after_subject) = part(text, 1)?;
        let (detail, end) = part(text, after_subject)?;
        if text.get(end).is_some_and(u8::is_ascii_alphanumeric) {
            return None;
        }
        // A fourth part makes it an address or a version; a full stop at the end of a sentence does not.
        if text.get(end) == Some(&b'.') && text.get(end + 1).is_some_and(u8::is_ascii_digit) {
            return None;
        }
        Some((EnhancedCode::new(class, subject, detail)?, end))
    }

    /// The code that is all of `text`.
    pub fn parse(text: &[u8]) -> Option<EnhancedCode> {
        EnhancedCode::at_start(text).filter(|(_, end)| *end == text.len()).map(|(code, _)| code)
    }

    /// RFC 3463 class: 2, 4 or 5.
    pub const fn class(self) -> u8 {
        (self.0.get() >> 20) as u8
    }

    /// RFC 3463 subject as a number.
    pub const fn subject_number(self) -> u16 {
        (self.0.get() >> 10 & 0x3FF) as u16
    }

    /// RFC 3463 detail as a number.
    pub const fn detail(self) -> u16 {
        (self.0.get() & 0x3FF) as u16
    }

    /// RFC 3463 subject by name; `None` for numbers the RFC does not define.
    pub const fn subject(self) -> Option<Subject> {
        Subject::from_number(self.subject_number())
    }
}

/// `.` and one to three digits at `at`: their value and where they end.
fn part(text: &[u8], at: usize) -> Option<(u16, usize)> {
    if text.get(at) != Some(&b'.') {
        return None;
    }
    let (mut value, mut end) = (0, at + 1);
    while let Some(digit @ b'0'..=b'9') = text.get(end) {
        if end > at + 3 {
            return None;
        }
        value = value * 10 + u16::from(digit - b'0');
        end += 1;
    }
    (end > at + 1).then_some((value, end))
}

impl TryFrom<String> for EnhancedCode {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        EnhancedCode::parse(text.as_bytes()).ok_or_else(|| {
            format!("\"{text}\" is no enhanced code: expected class.subject.detail, like 5.7.26")
        })
    }
}

impl From<EnhancedCode> for String {
    fn from(code: EnhancedCode) -> String {
        code.to_string()
    }
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class(), self.subject_number(), self.detail())
    }
}

impl fmt::Debug for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The subjects of RFC 3463, section 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// X.0.X: other or undefined.
    Undefined,
    /// X.1.X: addressing.
    Addressing,
    /// X.2.X: mailbox.
    Mailbox,
    /// X.3.X: mail system.
    MailSystem,
    /// X.4.X: network and routing.
    Network,
    /// X.5.X: mail delivery protocol.
    Protocol,
    /// X.6.X: message content or media.
    Content,
    /// X.7.X: security or policy.
    Policy,
}

impl Subject {
    /// The subject of a number; `None` above 7.
    pub const fn from_number(number: u16) -> Option<Subject> {
        Some(match number {
            0 => Subject::Undefined,
            1 => Subject::Addressing,
            2 => Subject::Mailbox,
            3 => Subject::MailSystem,
            4 => Subject::Network,
            5 => Subject::Protocol,
            6 => Subject::Content,
            7 => Subject::Policy,
            _ => return None,
        })
    }
}

/// What a receiver answered: basic and enhanced code, either of which may be missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Code {
    /// The basic code in the reply's text.
    pub basic: Option<BasicCode>,
    /// The enhanced code of the reply's last line, else what the MTA derived.
    pub enhanced: Option<EnhancedCode>,
}

impl Code {
    /// Nobody answered.
    pub const NONE: Code = Code { basic: None, enhanced: None };

    /// The severity that decides what an MTA does next: the basic code's, else the enhanced class.
    pub fn severity(self) -> Option<u8> {
        self.basic.map(BasicCode::severity).or(self.enhanced.map(EnhancedCode::class))
    }
}

/// At once: it is part of what is looked up for every reply.
impl Hash for Code {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let basic = self.basic.map_or(0, BasicCode::number);
        let enhanced = self.enhanced.map_or(0, |enhanced| enhanced.0.get());
        state.write_u64(u64::from(basic) << 32 | u64::from(enhanced));
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.basic, self.enhanced) {
            (Some(basic), Some(enhanced)) => write!(f, "{basic} {enhanced}"),
            (Some(basic), None) => write!(f, "{basic}"),
            (None, Some(enhanced)) => write!(f, "{enhanced}"),
            (None, None) => f.write_str("no reply"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn enhanced(text: &str) -> Option<String> {
        EnhancedCode::at_start(text.as_bytes()).map(|(code, _)| code.to_string())
    }

    #[test]
    fn basic_codes_are_three_digits_from_200_to_599() {
        assert_eq!(BasicCode::at_start(b"550 x").map(BasicCode::number), Some(550));
        assert_eq!(BasicCode::at_start(b"550-x").map(BasicCode::number), Some(550));
        assert_eq!(BasicCode::at_start(b"550").map(BasicCode::number), Some(550));
        assert_eq!(BasicCode::at_start(b"5501"), None);
        assert_eq!(BasicCode::at_start(b"850 RUBBISH"), None);
        assert_eq!(BasicCode::at_start(b"199 x"), None);
        assert_eq!(BasicCode::at_start(b"55"), None);
    }

    #[test]
    fn enhanced_codes_are_whole_tokens() {
        assert_eq!(enhanced("5.7.26 x").as_deref(), Some("5.7.26"));
        assert_eq!(enhanced("4.7.651]").as_deref(), Some("4.7.651"));
        assert_eq!(enhanced("5.1.1<a@b>").as_deref(), Some("5.1.1"));
        assert_eq!(enhanced("5.1.1. Sorry").as_deref(), Some("5.1.1"));
        assert_eq!(enhanced("5.1.1.2"), None);
        assert_eq!(enhanced("5.1.1a"), None);
        assert_eq!(enhanced("5.1234.1"), None);
        assert_eq!(enhanced("3.1.1"), None);
        assert_eq!(enhanced("5.1"), None);
        assert_eq!(enhanced("#5.1.1"), None);
    }

    proptest! {
        #[test]
        fn the_usual_codes_are_read_as_any(text in "[2-6][.][0-9]{1,2}[.][0-9]{1,4}[ ,.a]?[0-9x ]{0,3}") {
            let text = text.as_bytes();
            prop_assert_eq!(EnhancedCode::at_start(text), EnhancedCode::any_at_start(text));
        }

        #[test]
        fn codes_keep_their_parts(class in 0_u8..7, subject in 0_u16..1100, detail in 0_u16..1100) {
            let parts = |code: EnhancedCode| (code.class(), code.subject_number(), code.detail());
            let fits = matches!(class, 2 | 4 | 5) && subject < 1000 && detail < 1000;
            let code = EnhancedCode::new(class, subject, detail);
            prop_assert_eq!(code.map(parts), fits.then_some((class, subject, detail)));
        }
    }

    #[test]
    fn subject_and_detail_have_one_to_three_digits() {
        for number in 0..12_000 {
            for text in
                [format!("5.{number}.1"), format!("5.1.{number}"), format!("5.{number:03}.{number:02} x")]
            {
                let parts: Vec<&str> = text.split(' ').next().unwrap().split('.').collect();
                let fits = parts[1..].iter().all(|part| part.len() <= 3);
                let whole = parts[1..].iter().map(|part| part.parse::<u16>().unwrap().to_string());
                let expected = fits.then(|| format!("5.{}", whole.collect::<Vec<_>>().join(".")));
                assert_eq!(enhanced(&text), expected, "{text}");
            }
        }
        assert_eq!(enhanced("5..1"), None);
        assert_eq!(enhanced("5.1."), None);
    }
}
