//! From an answer to its meaning: the entry that explains it, then the rules that stand above every entry.
//!
//! In doubt nobody is suppressed: a missed dead address shows up again at the next mailing, a wrongly suppressed
//! one never does.

use super::Catalog;
use super::answer::Answer;
use super::entry::{Entry, Layer, Meaning, Rule, Scope};
use super::fits::says_nothing;
use super::words::{Confidence, Disposition, Stage, Suppress};
use crate::smtp::{BasicCode, Code, EnhancedCode, Guard};

/// What is decided of an answer before it is worded.
#[derive(Clone, Copy)]
struct Decision {
    disposition: Disposition,
    suppress: Suppress,
    rule: Rule,
}

impl Decision {
    /// Suppresses nobody: what would be "suppress" is to be looked at.
    fn spare(&mut self, rule: Rule) {
        if self.suppress != Suppress::Never {
            self.suppress = Suppress::Never;
            self.rule = rule;
        }
        if self.disposition == Disposition::Suppress {
            self.disposition = Disposition::Investigate;
        }
    }

    /// Suppresses nobody at once.
    fn wait(&mut self, rule: Rule) {
        if self.suppress == Suppress::Now {
            self.suppress = Suppress::IfPersistent;
            self.rule = rule;
        }
    }
}

impl Catalog {
    /// What an answer means. Always answers: what no entry covers is explained by RFC 3463 class and subject.
    pub fn explain(&self, answer: &Answer<'_>) -> Meaning<'_> {
        let (provider, code) = counting(answer);
        let mut meaning = match self.entry(answer) {
            Some(entry) => {
                let layer = self.layer(entry, provider);
                meaning(entry, layer, code, answer.delayed)
            }
            None => Meaning::unknown(code),
        };
        let foreign_policy =
            answer.quoted.is_some() && answer.code.enhanced.is_some_and(is_policy) && code != answer.code;
        let mut decision =
            Decision { disposition: meaning.disposition, suppress: meaning.suppress, rule: meaning.rule };
        match answer.guard {
            _ if foreign_policy => decision.spare(Rule::PolicyLine),
            Some(Guard::BeforeRecipient) => decision.spare(Rule::BeforeRecipient),
            Some(Guard::PolicyLine) => decision.spare(Rule::PolicyLine),
            Some(Guard::Doubt) if meaning.layer == Layer::Operator => {}
            // A phrase of everybody's is no proof then, nor is a refusal for the moment; whatever else speaks has to say
            // so again on another day.
            Some(Guard::Doubt)
                if speaks_of_recipient(decision.suppress)
                    && (meaning.layer == Layer::Phrase || code.severity() == Some(4)) =>
            {
                decision.spare(Rule::Doubt);
            }
            Some(Guard::Doubt) => decision.wait(Rule::Doubt),
            None => {}
        }
        if decision.rule == Rule::Doubt {
            meaning.confidence = Confidence::Low;
        }
        Meaning {
            disposition: decision.disposition,
            suppress: decision.suppress,
            rule: decision.rule,
            ..meaning
        }
    }

    /// The entry that explains an answer, if one does.
    pub fn entry(&self, answer: &Answer<'_>) -> Option<&Entry> {
        let (provider, code) = counting(answer);
        let provider =
            provider.and_then(|name| self.providers.id(name)).and_then(|id| self.providers.get(id));
        let marker = answer.marker.and_then(|text| self.markers.by_text(text));
        self.best(provider, code, marker)
    }

    fn layer(&self, entry: &Entry, provider: Option<&str>) -> Layer {
        let own = provider.and_then(|name| self.providers.scope(name)) == Some(entry.scope);
        let marked = !entry.markers.is_empty();
        match (entry.scope == Scope::ANY, own, marked) {
            _ if entry.operator => Layer::Operator,
            (true, _, true) => Layer::Phrase,
            (true, _, false) => Layer::Registry,
            (false, true, true) => Layer::ProviderMarker,
            (false, true, false) => Layer::ProviderCode,
            (false, false, true) => Layer::FamilyMarker,
            (false, false, false) => Layer::FamilyCode,
        }
    }
}

/// Whose codes count: those of the reply inside, where there is one.
fn counting<'a>(answer: &Answer<'a>) -> (Option<&'a str>, Code) {
    match &answer.quoted {
        Some(quoted) => (quoted.provider, quoted.code),
        None => (answer.provider, answer.code),
    }
}

fn meaning(entry: &Entry, layer: Layer, code: Code, delayed: bool) -> Meaning<'_> {
    let decision = decide(entry, code, delayed);
    Meaning {
        title: &entry.title,
        meaning: &entry.meaning,
        fix: &entry.fix,
        category: &entry.category,
        disposition: decision.disposition,
        suppress: decision.suppress,
        enforcement: entry.enforcement,
        stage: entry.stage.or_else(|| step(code).filter(|_| entry.enforcement)),
        deferral: entry.deferral,
        source: &entry.source,
        checked: &entry.checked,
        layer,
        rule: decision.rule,
        confidence: confidence(entry, layer),
    }
}

/// The step of an enforced requirement that an answer is, where one entry speaks of both.
fn step(code: Code) -> Option<Stage> {
    match code.severity()? {
        4 => Some(Stage::Deferral),
        5 => Some(Stage::Rejection),
        _ => None,
    }
}

/// Whether, and how, an entry suppresses for a code.
pub(super) fn suppress(entry: &Entry, code: Code) -> Suppress {
    decide(entry, code, false).suppress
}

fn decide(entry: &Entry, code: Code, delayed: bool) -> Decision {
    let mut decision =
        Decision { disposition: entry.disposition, suppress: entry.suppress, rule: Rule::AsWritten };
    let named = |e| entry.enhanced.as_ref().is_some_and(|pattern| pattern.names(e));
    if decision.suppress != Suppress::Never
        && let Some(enhanced) = code.enhanced.filter(|e| !about_recipient(*e) && !named(*e))
    {
        let rule = if is_policy(enhanced) { Rule::Policy } else { Rule::NotAboutRecipient };
        decision.spare(rule);
    }
    if decision.suppress != Suppress::Never
        && let Some(basic) = code.basic.filter(|basic| about_login(*basic))
        && !entry.is_about_basic(basic)
        && !code.enhanced.is_some_and(named)
    {
        decision.spare(Rule::NotAboutRecipient);
    }
    let severity = code.severity().or(delayed.then_some(4));
    match severity {
        Some(2 | 3) => {
            return Decision {
                disposition: Disposition::None,
                suppress: Suppress::Never,
                rule: Rule::Accepted,
            };
        }
        Some(4) => {
            decision.wait(Rule::Transient);
            if matches!(decision.disposition, Disposition::Suppress | Disposition::Investigate) {
                decision.disposition = Disposition::Retry;
            }
        }
        _ => {
            // X.0.0 is what a mail server writes for a reply without enhanced code: it contradicts nothing.
            let said = code.enhanced.filter(|e| !says_nothing(*e));
            if code.basic.zip(said).is_some_and(|(b, e)| b.severity() != e.class()) {
                decision.wait(Rule::Contradiction);
            }
            if entry.confidence == Confidence::Low {
                decision.wait(Rule::Unconfirmed);
            }
            // The queue is through with it: a code of everybody's that is worth a retry as 4xx needs a look as 5xx.
            let unmarked = entry.scope == Scope::ANY && entry.markers.is_empty() && !entry.operator;
            if unmarked
                && decision.disposition == Disposition::Retry
                && decision.suppress == Suppress::Never
                && code != Code::NONE
            {
                decision.disposition = Disposition::Investigate;
            }
        }
    }
    decision
}

/// How sure a decision is: a phrase or a bare basic code says less than a provider's own tag.
fn confidence(entry: &Entry, layer: Layer) -> Confidence {
    let by_layer = match layer {
        Layer::Operator | Layer::ProviderMarker | Layer::FamilyMarker => Confidence::High,
        Layer::ProviderCode | Layer::FamilyCode => Confidence::Medium,
        Layer::Registry if entry.enhanced.is_some() => Confidence::Medium,
        Layer::Phrase | Layer::Registry | Layer::Class => Confidence::Low,
    };
    by_layer.min(entry.confidence)
}

/// Whether the recipient is said to be the reason, and not its quota.
fn speaks_of_recipient(suppress: Suppress) -> bool {
    matches!(suppress, Suppress::Now | Suppress::IfPersistent)
}

/// Whether a code is one of logins (RFC 4954, RFC 5248): "unknown" and "disabled" are our own account then.
fn about_login(basic: BasicCode) -> bool {
    matches!(basic.number(), 523..=525 | 530..=539)
}

fn is_policy(enhanced: EnhancedCode) -> bool {
    enhanced.subject_number() == 7
}

/// Whether a code speaks about the recipient's address or mailbox, or about nothing in particular.
fn about_recipient(enhanced: EnhancedCode) -> bool {
    match enhanced.subject_number() {
        0 | 2 => true,
        // X.1.7 and X.1.8 are about the sender (RFC 3463, section 3.2).
        1 => !matches!(enhanced.detail(), 7 | 8),
        _ => false,
    }
}
