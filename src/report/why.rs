//! Words for what the catalogue decides: one place for every page that says why.

use crate::catalog::{Confidence, Disposition, Layer, Rule, Suppress};

/// Whether the recipient is to be suppressed, as a sentence that answers the question.
pub(super) fn suppress(suppress: Suppress) -> &'static str {
    match suppress {
        Suppress::Now => "Yes, now: nobody reads mail there.",
        Suppress::AfterRetries => {
            "Not at once: only after it failed again and again, with no success in between."
        }
        Suppress::IfPersistent => "Not at once: only if it is still so on another day.",
        Suppress::Never => "No, keep the recipient.",
    }
}

/// Why that is so, as a sentence. Where no rule had to step in, the entry itself says it; `policy` is whether the code's
/// subject is 7.
pub(super) fn rule(rule: Rule, said: Suppress, policy: bool) -> &'static str {
    match rule {
        Rule::AsWritten => match said {
            Suppress::Now | Suppress::IfPersistent if policy => {
                "The code is filed under policy (subject 7), but the source says of this very answer that it is about the address."
            }
            Suppress::Now => "The reply is about the address itself, and nothing in it speaks of policy.",
            Suppress::AfterRetries => "The mailbox is there, and may take mail again.",
            Suppress::IfPersistent => "It may be an outage or a mistake on their side.",
            Suppress::Never if policy => {
                "Policy (subject 7) is about the sender or the message, not about the address."
            }
            Suppress::Never => "Nothing here says that the address is dead.",
        },
        Rule::Accepted => "A reply that accepts suppresses nobody.",
        Rule::Policy => {
            "Subject 7 is policy: it is about the sender or the message, and suppresses nobody unless an entry names \
             the very code."
        }
        Rule::PolicyLine => {
            "Another line of the reply, or the reply around it, speaks of policy (subject 7): that spares the recipient."
        }
        Rule::NotAboutRecipient => {
            "The code's subject is not the recipient's address or mailbox: that spares the recipient."
        }
        Rule::BeforeRecipient => {
            "The reply came before any recipient was named, so it cannot be about this one, whatever its code."
        }
        Rule::Doubt => {
            "The words speak as well of policy or spam, of the sender, or of the moment: that leaves what they say of the \
             address in doubt."
        }
        Rule::Transient => "A 4xx reply suppresses nobody at once.",
        Rule::Contradiction => {
            "Basic and enhanced code contradict each other: in doubt nobody is suppressed at once."
        }
        Rule::Unconfirmed => "The entry is unconfirmed: in doubt nobody is suppressed at once.",
    }
}

/// What kind of entry decided, to follow "Decided by". `who` is the provider's name for people.
pub(super) fn layer(layer: Layer, who: &str) -> String {
    match layer {
        Layer::Operator => "your own catalogue".to_owned(),
        Layer::ProviderMarker => format!("the words of {who}"),
        Layer::FamilyMarker => format!("words that {who} shares with its family"),
        Layer::ProviderCode => format!("what the code means at {who}"),
        Layer::FamilyCode => format!("what the code means in the family of {who}"),
        Layer::Phrase => "a phrase that means the same everywhere".to_owned(),
        Layer::Registry => "the standards (RFC 5321, RFC 3463, the registry)".to_owned(),
        Layer::Class => "the class of the code alone".to_owned(),
    }
}

/// How sure it is.
pub(super) fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}

/// What the sender should look at, to follow "Diagnose:"; empty where nothing is to be done.
pub(super) fn diagnose(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::None | Disposition::Suppress => "",
        Disposition::Retry => "nothing is broken on your side; wait and see whether it passes.",
        Disposition::Throttle => "you send too much or too fast for this receiver.",
        Disposition::FixAuth => "your authentication: SPF, DKIM or DMARC.",
        Disposition::FixDns => "your DNS: PTR, MX or address records.",
        Disposition::FixTls => "your TLS settings.",
        Disposition::FixConfig => "your mail server's configuration.",
        Disposition::FixContent => "the message itself.",
        Disposition::FixReputation => "the reputation of your address or domain.",
        Disposition::Investigate => "the code alone does not tell the cause; read the whole reply.",
    }
}
