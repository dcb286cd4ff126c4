//! Which codes an entry speaks about: `basic` and `enhanced` as the data files write them.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, Deserialize, Deserializer, IntoDeserializer, SeqAccess, Visitor};

use crate::smtp::{BasicCode, Code, EnhancedCode};

/// `basic = 550`, `[550, 554]`, `"5xx"`, `"55x"`, `["4xx", "5xx"]` or `"none"` (nobody answered).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct BasicPattern {
    ranges: Vec<(u16, u16)>,
    none: bool,
}

/// `enhanced = "5.7.26"`, `"x.1.7"` (4 or 5), `"5.7.*"`, `"5.7.606-649"`, `"none"`, or a list of these.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct EnhancedPattern {
    codes: Vec<EnhancedRange>,
    none: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct EnhancedRange {
    /// `None` for `x`: 4 or 5.
    class: Option<u8>,
    subject: u16,
    first: u16,
    last: u16,
}

/// How closely a pattern fits a code; larger is closer.
pub(super) type Closeness = u8;

/// What an entry is found by, so that a look-up touches a handful of entries and not all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Handle {
    /// Subject and detail of an enhanced code.
    Enhanced(u16, u16),
    /// A basic code, of an entry that names no enhanced code.
    Basic(u16),
    /// None: the entry speaks of ranges, and is always looked at.
    Loose,
}

/// The handles of an entry; looking under [`handles_of`] a code finds every entry that may fit it.
pub(super) fn handles(basic: Option<&BasicPattern>, enhanced: Option<&EnhancedPattern>) -> Vec<Handle> {
    let found: Option<Vec<Handle>> = match (basic, enhanced) {
        (_, Some(enhanced)) if !enhanced.none => {
            let one = |range: &EnhancedRange| {
                (range.first == range.last).then_some(Handle::Enhanced(range.subject, range.first))
            };
            enhanced.codes.iter().map(one).collect()
        }
        (Some(basic), None) if !basic.none => {
            let one = |(first, last): &(u16, u16)| (first == last).then_some(Handle::Basic(*first));
            basic.ranges.iter().map(one).collect()
        }
        _ => None,
    };
    let mut handles = found.unwrap_or_else(|| vec![Handle::Loose]);
    handles.sort();
    handles.dedup();
    handles
}

/// Where to look for a code. One without basic code fits entries by its class alone, so those of basic codes that
/// name no enhanced code are not asked: they would say less than the entries of the class.
pub(super) fn handles_of(code: Code) -> impl Iterator<Item = Handle> {
    let enhanced = code.enhanced.map(|e| Handle::Enhanced(e.subject_number(), e.detail()));
    let basic = code.basic.map(|b| Handle::Basic(b.number()));
    [enhanced, basic, Some(Handle::Loose)].into_iter().flatten()
}

impl fmt::Display for BasicPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = |(first, last): &(u16, u16)| match last - first {
            0 => format!("{first}"),
            9 => format!("{}x", first / 10),
            _ => format!("{}xx", first / 100),
        };
        f.write_str(&joined(self.none, self.ranges.iter().map(one)))
    }
}

impl fmt::Display for EnhancedPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&joined(self.none, self.codes.iter().map(ToString::to_string)))
    }
}

impl fmt::Display for EnhancedRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.class {
            Some(class) => write!(f, "{class}")?,
            None => f.write_str("x")?,
        }
        write!(f, ".{}.", self.subject)?;
        match (self.first, self.last) {
            (first, last) if first == last => write!(f, "{first}"),
            (0, 999) => f.write_str("*"),
            (first, last) => write!(f, "{first}-{last}"),
        }
    }
}

fn joined(none: bool, codes: impl Iterator<Item = String>) -> String {
    codes.chain(none.then(|| "none".to_owned())).collect::<Vec<_>>().join("|")
}

impl BasicPattern {
    fn add(&mut self, text: &str) -> Result<(), String> {
        if text == "none" {
            self.none = true;
            return Ok(());
        }
        let digits = text.trim_end_matches('x');
        let open = text.len() - digits.len();
        let number = digits.parse::<u16>().ok().filter(|_| text.len() == 3 && open < 3);
        let first = number.map_or(0, |n| n * 10_u16.pow(open as u32));
        if !(200..600).contains(&first) {
            return Err(format!("\"{text}\" is no basic code: expected 550, \"5xx\", \"55x\" or \"none\""));
        }
        self.ranges.push((first, first + 10_u16.pow(open as u32) - 1));
        Ok(())
    }

    /// Whether this pattern speaks about codes of this severity only.
    pub(super) fn only_severity(&self, severity: u16) -> bool {
        !self.none
            && self.ranges.iter().all(|(first, last)| first / 100 == severity && last / 100 == severity)
    }

    /// How closely the pattern fits: 3 for one number, 2 for tens, 1 for a whole class.
    ///
    /// A code without basic code fits when its enhanced class is one of ours: then nothing contradicts.
    pub(super) fn closeness(&self, code: Code) -> Option<Closeness> {
        let Some(basic) = code.basic else {
            let class = code.enhanced.map(|e| u16::from(e.class()));
            // One that speaks of the whole class is nearer than one that needs a number which was not said.
            let ours = self.ranges.iter().filter(|(first, _)| Some(first / 100) == class);
            let nearest = ours.map(|(first, last)| if last - first == 99 { 2 } else { 1 }).max();
            return if self.none { Some(3) } else { nearest };
        };
        let number = basic.number();
        self.ranges
            .iter()
            .filter(|(first, last)| (*first..=*last).contains(&number))
            .map(|(first, last)| match last - first {
                0 => 3,
                9 => 2,
                _ => 1,
            })
            .max()
    }
}

impl BasicPattern {
    /// A code that the pattern fits: of a range the last, which few others name.
    pub(super) fn sample(&self) -> Option<BasicCode> {
        self.ranges.first().and_then(|(_, last)| BasicCode::new(*last))
    }
}

impl EnhancedPattern {
    /// A code that the pattern fits, of the class of a basic code where it leaves that open.
    pub(super) fn sample(&self, basic: Option<BasicCode>) -> Option<EnhancedCode> {
        let range = self.codes.first()?;
        let class = range.class.or(basic.map(BasicCode::severity)).unwrap_or(5);
        EnhancedCode::new(class, range.subject, range.last)
    }

    fn add(&mut self, text: &str) -> Result<(), String> {
        if text == "none" {
            self.none = true;
            return Ok(());
        }
        let range = EnhancedRange::parse(text).ok_or_else(|| {
            format!("\"{text}\" is no enhanced code: expected 5.7.26, x.1.7, 5.7.*, 5.7.606-649 or none")
        })?;
        self.codes.push(range);
        Ok(())
    }

    /// Whether the pattern names this code, be it in a range.
    pub(super) fn names(&self, enhanced: EnhancedCode) -> bool {
        self.codes.iter().any(|range| range.closeness(enhanced).is_some())
    }

    /// Whether the pattern names this code alone, not as one of a range.
    pub(super) fn is_about(&self, enhanced: EnhancedCode) -> bool {
        self.codes.iter().any(|range| range.first == range.last && range.closeness(enhanced).is_some())
    }

    /// How closely the pattern fits: 4 for one code, 3 for a range, 2 for a whole subject.
    ///
    /// `none` also fits X.0.0, which is what an MTA derives from a reply without enhanced code.
    pub(super) fn closeness(&self, enhanced: Option<EnhancedCode>) -> Option<Closeness> {
        match enhanced {
            None => self.none.then_some(4),
            Some(e) => {
                let best = self.codes.iter().filter_map(|range| range.closeness(e)).max();
                best.or((self.none && says_nothing(e)).then_some(4))
            }
        }
    }
}

/// X.0.0: other undefined status (RFC 3463, section 3.1).
pub(super) fn says_nothing(enhanced: EnhancedCode) -> bool {
    enhanced.subject_number() == 0 && enhanced.detail() == 0
}

impl EnhancedRange {
    fn parse(text: &str) -> Option<EnhancedRange> {
        let mut parts = text.split('.');
        let (class, subject, detail) = (parts.next()?, parts.next()?, parts.next()?);
        let class = match class {
            "x" => None,
            "2" | "4" | "5" => Some(class.as_bytes()[0] - b'0'),
            _ => return None,
        };
        let number = |text: &str| text.parse::<u16>().ok().filter(|n| *n <= 999 && !text.starts_with('+'));
        let (first, last) = match (detail, detail.split_once('-')) {
            ("*", _) => (0, 999),
            (_, Some((first, last))) => (number(first)?, number(last)?),
            (one, None) => (number(one)?, number(one)?),
        };
        let subject = number(subject)?;
        (parts.next().is_none() && first <= last).then_some(EnhancedRange { class, subject, first, last })
    }

    fn closeness(self, code: EnhancedCode) -> Option<Closeness> {
        let class = self.class.map_or(code.class() != 2, |class| class == code.class());
        if !class
            || self.subject != code.subject_number()
            || !(self.first..=self.last).contains(&code.detail())
        {
            return None;
        }
        Some(match self.last - self.first {
            0 => 4,
            999 => 2,
            _ => 3,
        })
    }
}

/// A number, a text or a list of either, each handed to `add`.
struct OneOrMany<P> {
    pattern: P,
    add: fn(&mut P, &str) -> Result<(), String>,
}

impl<'de, P> Visitor<'de> for OneOrMany<P> {
    type Value = P;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a code or a list of codes")
    }

    fn visit_i64<E: de::Error>(mut self, number: i64) -> Result<P, E> {
        (self.add)(&mut self.pattern, &number.to_string()).map_err(E::custom)?;
        Ok(self.pattern)
    }

    fn visit_u64<E: de::Error>(mut self, number: u64) -> Result<P, E> {
        (self.add)(&mut self.pattern, &number.to_string()).map_err(E::custom)?;
        Ok(self.pattern)
    }

    fn visit_str<E: de::Error>(mut self, text: &str) -> Result<P, E> {
        (self.add)(&mut self.pattern, text).map_err(E::custom)?;
        Ok(self.pattern)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<P, A::Error> {
        while let Some(item) = list.next_element::<Item>()? {
            (self.add)(&mut self.pattern, &item.0).map_err(de::Error::custom)?;
        }
        Ok(self.pattern)
    }
}

/// A number or a text in a list.
struct Item(String);

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Item, D::Error> {
        let add = |item: &mut Item, text: &str| {
            item.0.push_str(text);
            Ok(())
        };
        from.deserialize_any(OneOrMany { pattern: Item(String::new()), add })
    }
}

impl<'de> Deserialize<'de> for BasicPattern {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let pattern = BasicPattern { ranges: Vec::new(), none: false };
        from.deserialize_any(OneOrMany { pattern, add: BasicPattern::add })
    }
}

impl<'de> Deserialize<'de> for EnhancedPattern {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let pattern = EnhancedPattern { codes: Vec::new(), none: false };
        from.deserialize_any(OneOrMany { pattern, add: EnhancedPattern::add })
    }
}

/// `marker = "text"` or a list of alternatives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Texts<S>(pub(super) Vec<S>);

impl<S> Default for Texts<S> {
    fn default() -> Texts<S> {
        Texts(Vec::new())
    }
}

impl<'de, S: Deserialize<'de>> Deserialize<'de> for Texts<S> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(TextOrMany(PhantomData)).map(Texts)
    }
}

struct TextOrMany<S>(PhantomData<S>);

impl<'de, S: Deserialize<'de>> Visitor<'de> for TextOrMany<S> {
    type Value = Vec<S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Vec<S>, E> {
        Ok(vec![S::deserialize(BorrowedStrDeserializer::new(text))?])
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<S>, E> {
        Ok(vec![S::deserialize(text.into_deserializer())?])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<S>, A::Error> {
        let mut texts = Vec::with_capacity(list.size_hint().unwrap_or_default().min(16));
        while let Some(text) = list.next_element()? {
            texts.push(text);
        }
        Ok(texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(texts: &[&str]) -> BasicPattern {
        let mut pattern = BasicPattern { ranges: Vec::new(), none: false };
        texts.iter().for_each(|t| pattern.add(t).unwrap());
        pattern
    }

    fn enhanced(texts: &[&str]) -> EnhancedPattern {
        let mut pattern = EnhancedPattern { codes: Vec::new(), none: false };
        texts.iter().for_each(|t| pattern.add(t).unwrap());
        pattern
    }

    fn code(basic: u16, enhanced: &str) -> Code {
        Code { basic: BasicCode::new(basic), enhanced: EnhancedCode::parse(enhanced.as_bytes()) }
    }

    #[test]
    fn one_number_fits_closer_than_a_class() {
        assert_eq!(basic(&["550"]).closeness(code(550, "")), Some(3));
        assert_eq!(basic(&["55x"]).closeness(code(550, "")), Some(2));
        assert_eq!(basic(&["4xx", "5xx"]).closeness(code(550, "")), Some(1));
        assert_eq!(basic(&["4xx"]).closeness(code(550, "")), None);
        assert_eq!(basic(&["550"]).closeness(code(0, "5.7.26")), Some(1));
        assert_eq!(basic(&["550"]).closeness(code(0, "4.7.26")), None);
        assert_eq!(basic(&["none"]).closeness(Code::NONE), Some(3));
        assert_eq!(basic(&["none"]).closeness(code(550, "")), None);
    }

    #[test]
    fn enhanced_codes_by_number_range_and_subject() {
        let parse = |text: &str| EnhancedCode::parse(text.as_bytes());
        assert_eq!(enhanced(&["5.7.26"]).closeness(parse("5.7.26")), Some(4));
        assert_eq!(enhanced(&["5.7.26"]).closeness(parse("4.7.26")), None);
        assert_eq!(enhanced(&["x.7.26"]).closeness(parse("4.7.26")), Some(4));
        assert_eq!(enhanced(&["5.7.600-649"]).closeness(parse("5.7.606")), Some(3));
        assert_eq!(enhanced(&["5.7.600-649"]).closeness(parse("5.7.650")), None);
        assert_eq!(enhanced(&["5.7.*"]).closeness(parse("5.7.1")), Some(2));
        assert_eq!(enhanced(&["none"]).closeness(parse("5.0.0")), Some(4));
        assert_eq!(enhanced(&["none"]).closeness(parse("5.1.1")), None);
        assert_eq!(enhanced(&["none"]).closeness(None), Some(4));
        assert_eq!(enhanced(&["5.7.1"]).closeness(None), None);
    }

    #[test]
    fn nonsense_is_refused() {
        let mut pattern = basic(&[]);
        for text in ["", "5", "xxx", "700", "5500", "5x5", "1xx", "-50"] {
            assert!(pattern.add(text).is_err(), "{text}");
        }
        let mut pattern = enhanced(&[]);
        for text in ["", "5.7", "3.1.1", "5.7.1.1", "5.7.9-1", "5.7.1000", "5.*.*", "#5.1.0"] {
            assert!(pattern.add(text).is_err(), "{text}");
        }
    }
}
