//! From an answer to the ground on which it speaks against a recipient, if it does.

use crate::catalog::{Answer, Catalog, Escalation, Rule, Suppress};
use crate::smtp::EnhancedCode;
use crate::summary::Ground;

/// On which ground an answer speaks against the recipient; `None` when it says nothing about the recipient.
///
/// Final refusals follow the catalogue's word alone. A soft one counts where its kind of trouble escalates, and no code
/// or guard says that it was policy.
pub fn ground(catalog: &Catalog, answer: &Answer<'_>) -> Option<Ground> {
    let meaning = catalog.explain(answer);
    let escalation = catalog.entry(answer).and_then(|entry| entry.escalation);
    let soft = match escalation {
        Some(Escalation::Recipient) => Some(Ground::Soft),
        Some(Escalation::MailboxFull) => Some(Ground::MailboxFull),
        Some(Escalation::Domain) | None => None,
    };
    match meaning.suppress {
        Suppress::Now => Some(Ground::Now),
        // "No such user", but with 4xx: receivers say so while their directory is away.
        Suppress::IfPersistent if meaning.rule == Rule::Transient => soft,
        // A whole domain is given up for final refusals only.
        Suppress::IfPersistent if escalation == Some(Escalation::Domain) => {
            (!is_transient(answer)).then_some(Ground::Domain)
        }
        Suppress::IfPersistent => Some(Ground::Repeat),
        Suppress::AfterRetries => Some(soft.unwrap_or(Ground::Soft)),
        Suppress::Never if meaning.rule == Rule::AsWritten && is_transient(answer) && !is_policy(answer) => {
            soft
        }
        Suppress::Never => None,
    }
}

fn is_transient(answer: &Answer<'_>) -> bool {
    let code = answer.quoted.map_or(answer.code, |quoted| quoted.code);
    code.severity().map_or(answer.delayed, |severity| severity == 4)
}

fn is_policy(answer: &Answer<'_>) -> bool {
    let policy = |enhanced: EnhancedCode| enhanced.subject_number() == 7;
    answer.guard.is_some()
        || answer.code.enhanced.is_some_and(policy)
        || answer.quoted.and_then(|quoted| quoted.code.enhanced).is_some_and(policy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Entry;
    use crate::smtp::{BasicCode, Code, Guard};

    fn of(basic: u16, enhanced: &str, guard: Option<Guard>) -> Option<Ground> {
        let code = Code { basic: BasicCode::new(basic), enhanced: EnhancedCode::parse(enhanced.as_bytes()) };
        ground(&Catalog::builtin(), &Answer { guard, ..Answer::of(Some("unknown"), code) })
    }

    #[test]
    fn grounds_of_common_answers() {
        for (basic, enhanced, wanted) in [
            (550, "5.1.1", Some(Ground::Now)),
            (550, "5.2.1", Some(Ground::Now)),
            (550, "5.1.2", Some(Ground::Domain)),
            (552, "5.2.2", Some(Ground::MailboxFull)),
            (452, "4.2.2", Some(Ground::MailboxFull)),
            (450, "4.1.1", Some(Ground::Soft)),
            (450, "4.2.1", Some(Ground::Soft)),
            (450, "5.1.1", Some(Ground::Soft)),
            (550, "4.1.1", Some(Ground::Repeat)),
            (550, "5.7.1", None),
            (550, "5.7.26", None),
            (450, "4.7.1", None),
            (421, "4.7.0", None),
            (451, "4.3.0", None),
            (450, "4.2.0", None),
            (450, "4.1.2", None),
            (452, "4.3.1", None),
            (451, "4.4.1", None),
        ] {
            assert_eq!(of(basic, enhanced, None), wanted, "{basic} {enhanced}");
        }
    }

    #[test]
    fn guards_hold_for_soft_answers_too() {
        for guard in [Guard::BeforeRecipient, Guard::PolicyLine] {
            for (basic, enhanced) in [(550, "5.1.1"), (450, "4.1.1"), (452, "4.2.2")] {
                assert_eq!(of(basic, enhanced, Some(guard)), None, "{basic} {enhanced} {guard:?}");
            }
        }
    }

    /// The rule of the mission: subject 7 speaks against nobody, unless an entry names the code.
    #[test]
    fn policy_speaks_against_nobody() {
        let catalog = Catalog::builtin();
        let names: Vec<&str> = catalog.providers().iter().map(|provider| &*provider.id).collect();
        for name in names.into_iter().chain(["unknown"]) {
            for (basic, class) in [(450, 4), (550, 5), (450, 5), (550, 4)] {
                for detail in 0..60 {
                    let enhanced = EnhancedCode::new(class, 7, detail);
                    let answer = Answer::of(Some(name), Code { basic: BasicCode::new(basic), enhanced });
                    if ground(&catalog, &answer).is_some() {
                        let named = catalog.entry(&answer).and_then(Entry::enhanced_text);
                        let named = named.is_some_and(|text| text.contains(".7."));
                        assert!(named && basic == 550, "{name} {basic} {class}.7.{detail}");
                    }
                }
            }
        }
    }
}
