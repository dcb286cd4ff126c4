//! The article on one code at one provider.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::MarkerId;
use super::pattern::{BasicPattern, EnhancedPattern};
use super::words::{Confidence, Deferral, Disposition, Escalation, Stage, Suppress};
use crate::smtp::{BasicCode, Code, EnhancedCode};

/// What kind of entry decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// The operator's own.
    Operator,
    /// The provider's, with a tag or phrase of its own.
    ProviderMarker,
    /// The same of its family.
    FamilyMarker,
    /// The provider's, by code.
    ProviderCode,
    /// Its family's, by code.
    FamilyCode,
    /// A phrase that means the same at every receiver.
    Phrase,
    /// RFC 5321, RFC 3463 and the registry.
    Registry,
    /// None: the class of the code, and that is all.
    Class,
}

/// The rule that had the last word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// None: the entry's own word.
    AsWritten,
    /// A reply that accepts suppresses nobody.
    Accepted,
    /// Subject 7 is policy: it suppresses nobody, unless an entry names the code.
    Policy,
    /// Another line of the reply, or the reply around it, speaks of policy.
    PolicyLine,
    /// A code that is not about the recipient suppresses nobody, unless an entry names it.
    NotAboutRecipient,
    /// The reply came before any recipient was named.
    BeforeRecipient,
    /// The words speak as well of policy, of the sender, or of the moment: a phrase or a 4xx suppresses nobody then, any
    /// other entry not at once.
    Doubt,
    /// 4xx suppresses nobody at once.
    Transient,
    /// Basic and enhanced code contradict each other: nobody is suppressed at once.
    Contradiction,
    /// The entry is unconfirmed: nobody is suppressed at once.
    Unconfirmed,
}

/// Whose replies an entry speaks about, by number in the catalogue's list of provider and family names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Scope(pub(super) u16);

impl Scope {
    /// Everybody's, written `*`.
    pub(super) const ANY: Scope = Scope(0);
}

/// One row of the catalogue, everything filled in.
#[derive(Clone, Debug)]
pub struct Entry {
    pub(super) scope: Scope,
    pub(super) operator: bool,
    pub(super) basic: Option<BasicPattern>,
    pub(super) enhanced: Option<EnhancedPattern>,
    pub(super) markers: Vec<MarkerId>,
    /// Its markers are read before the others of their layer.
    pub(super) first: bool,
    /// Its marker announces the reply of another server.
    pub(super) wraps: bool,
    /// The data file it stands in.
    pub file: Cow<'static, str>,
    /// A few words.
    pub title: Cow<'static, str>,
    /// What happened.
    pub meaning: Cow<'static, str>,
    /// What to do; empty when there is nothing to do.
    pub fix: Cow<'static, str>,
    /// Kind of trouble.
    pub category: Cow<'static, str>,
    /// What the sender should do.
    pub disposition: Disposition,
    /// Whether the recipient is to be suppressed.
    pub suppress: Suppress,
    /// Whom it speaks against when it goes on for long; `None` when nobody.
    pub escalation: Option<Escalation>,
    /// Why mail is put off with it, where its kind of trouble tells.
    pub deferral: Option<Deferral>,
    /// Part of the enforced sender requirements.
    pub enforcement: bool,
    /// Step of the ladder, where one is known.
    pub stage: Option<Stage>,
    /// What its deferral and its rejection have in common: a name, the same for each step of one ladder.
    pub ladder: Option<Cow<'static, str>>,
    /// Records, headers or settings to paste.
    pub template: Cow<'static, str>,
    /// How well the source supports it.
    pub confidence: Confidence,
    /// Where we know it from.
    pub source: Cow<'static, str>,
    /// The day somebody last looked there.
    pub checked: Cow<'static, str>,
    /// A reply line that leads here.
    pub example: Option<Cow<'static, str>>,
}

impl Entry {
    /// Which basic codes it speaks about, as its file writes them: `550`, `4xx`, `421|451`, `none`; `None` for any.
    pub fn basic_text(&self) -> Option<String> {
        self.basic.as_ref().map(ToString::to_string)
    }

    /// Which enhanced codes it speaks about: `5.7.26`, `x.1.7`, `5.7.606-649`, `none`; `None` for any.
    pub fn enhanced_text(&self) -> Option<String> {
        self.enhanced.as_ref().map(ToString::to_string)
    }

    /// Both in one: `550 5.7.26`; `any` where neither is said.
    pub fn code_text(&self) -> String {
        match (self.basic_text(), self.enhanced_text()) {
            (Some(basic), Some(enhanced)) => format!("{basic} {enhanced}"),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => "any".to_owned(),
        }
    }

    /// Whether it speaks about 4xx replies alone.
    pub fn is_transient(&self) -> bool {
        self.basic.as_ref().is_some_and(|pattern| pattern.only_severity(4))
    }

    /// Whether it stands in the operator's own file.
    pub fn is_operators(&self) -> bool {
        self.operator
    }
}

impl Entry {
    /// Whether it speaks about just this subject and detail, and not about a range in which they lie.
    pub fn is_about(&self, enhanced: EnhancedCode) -> bool {
        self.enhanced.as_ref().is_some_and(|pattern| pattern.is_about(enhanced))
    }

    /// Whether it speaks about just this basic code, and not about a range in which it lies.
    pub fn is_about_basic(&self, basic: BasicCode) -> bool {
        let code = Code { basic: Some(basic), enhanced: None };
        self.basic.as_ref().and_then(|pattern| pattern.closeness(code)) == Some(3)
    }
}

/// What a code means at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning<'a> {
    /// A few words.
    pub title: &'a str,
    /// What happened.
    pub meaning: &'a str,
    /// What to do, exactly; empty when there is nothing to do.
    pub fix: &'a str,
    /// Kind of trouble: `bad-recipient`, `auth-spf`, `rate-limit` ...
    pub category: &'a str,
    /// What the sender should do.
    pub disposition: Disposition,
    /// Whether the recipient is to be suppressed.
    pub suppress: Suppress,
    /// Part of the sender requirements that providers enforce since 2024.
    pub enforcement: bool,
    /// Step of the ladder, for enforcement codes.
    pub stage: Option<Stage>,
    /// Why mail is put off with it, where that is known.
    pub deferral: Option<Deferral>,
    /// Where we know it from.
    pub source: &'a str,
    /// The day somebody last looked there; empty where no entry speaks.
    pub checked: &'a str,
    /// What kind of entry decided.
    pub layer: Layer,
    /// The rule that had the last word on suppression.
    pub rule: Rule,
    /// How sure the decision is.
    pub confidence: Confidence,
}

impl Meaning<'_> {
    /// What RFC 5321 and 3463 alone say, for a code no entry covers.
    pub fn unknown(code: Code) -> Meaning<'static> {
        let (title, meaning, disposition) = match code.severity() {
            Some(2) => ("Accepted", "The receiver took responsibility for the message.", Disposition::None),
            Some(4) => ("Not now", "The receiver refused for the moment.", Disposition::Retry),
            _ => ("Refused", "The receiver refused for good.", Disposition::Investigate),
        };
        Meaning {
            title,
            meaning,
            fix: "",
            category: "unknown",
            disposition,
            suppress: Suppress::Never,
            enforcement: false,
            stage: None,
            deferral: None,
            source: "RFC 5321, RFC 3463",
            checked: "",
            layer: Layer::Class,
            rule: if code.severity() == Some(2) { Rule::Accepted } else { Rule::AsWritten },
            confidence: Confidence::Low,
        }
    }
}
