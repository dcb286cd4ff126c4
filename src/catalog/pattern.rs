//! Which codes an entry speaks about: `basic` and `enhanced` as the data files write them, and as the build script packs them.

use std::fmt;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

/// `basic = 550`, `[550, 554]`, `"5xx"`, `"55x"`, `["4xx", "5xx"]` or `"none"` (nobody answered).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub(super) struct BasicPattern {
    pub(super) ranges: Vec<(u16, u16)>,
    pub(super) none: bool,
}

/// `enhanced = "5.7.26"`, `"x.1.7"` (4 or 5), `"5.7.*"`, `"5.7.606-649"`, `"none"`, or a list of these.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub(super) struct EnhancedPattern {
    pub(super) codes: Vec<EnhancedRange>,
    pub(super) none: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct EnhancedRange {
    /// `None` for `x`: 4 or 5.
    pub(super) class: Option<u8>,
    pub(super) subject: u16,
    pub(super) first: u16,
    pub(super) last: u16,
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
    pub(super) fn add(&mut self, text: &str) -> Result<(), String> {
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
}

impl EnhancedPattern {
    pub(super) fn add(&mut self, text: &str) -> Result<(), String> {
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
        if !from.is_human_readable() {
            return Deserialize::deserialize(from).map(|(ranges, none)| BasicPattern { ranges, none });
        }
        let pattern = BasicPattern { ranges: Vec::new(), none: false };
        from.deserialize_any(OneOrMany { pattern, add: BasicPattern::add })
    }
}

impl<'de> Deserialize<'de> for EnhancedPattern {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if !from.is_human_readable() {
            return Deserialize::deserialize(from).map(|(codes, none)| EnhancedPattern { codes, none });
        }
        let pattern = EnhancedPattern { codes: Vec::new(), none: false };
        from.deserialize_any(OneOrMany { pattern, add: EnhancedPattern::add })
    }
}
