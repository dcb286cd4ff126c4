//! How closely an entry's codes fit the codes of a reply.

use super::pattern::{BasicPattern, EnhancedPattern, EnhancedRange};
use crate::smtp::{BasicCode, Code, EnhancedCode};

/// How closely a pattern fits a code; larger is closer.
pub(super) type Closeness = u8;

/// How closely an enhanced pattern fits that names no more than the subject.
pub(super) const SUBJECT: Closeness = 2;

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

impl BasicPattern {
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
            999 => SUBJECT,
            _ => 3,
        })
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
