//! `smtpulse explain`: one answer, worded in the five steps of reading a bounce: basic class, enhanced subject, suppress
//! or diagnose, retry, and the text last, since it is only evidence.
//!
//! [`Explanation`] is a plain tree with everything worded; [`text`] and [`json`] lay it out.

mod codes;
mod steps;
#[cfg(test)]
mod tests;
mod text;

use std::io::{self, Write};

use serde::Serialize;

use super::{clean, why};
use crate::catalog::{
    Answer, Catalog, Confidence, Disposition, Entry, Layer, Meaning, Rule, Stage, Suppress, UNKNOWN,
};
use crate::smtp::{Action, BasicCode, Code, Direction, EnhancedCode, Step};

pub use codes::{Elsewhere, LadderStep, Registry};
pub use text::text;

/// The name and version of the JSON form.
pub const SCHEMA: &str = "smtpulse.explain/1";

/// What somebody pasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// A bare code.
    Code,
    /// A server's reply.
    Reply,
    /// A line of a mail log.
    LogLine,
    /// What a bounce says of one recipient.
    Bounce,
}

/// One question.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// What was pasted: a code, a reply, the reply in a log line or a bounce. Foreign text.
    pub asked: String,
    /// What kind of thing it was.
    pub form: Form,
    /// What the catalogue is asked.
    pub answer: Answer<'a>,
    /// Where the mail was going.
    pub direction: Direction,
    /// What became of it, where that is told.
    pub action: Option<Action>,
    /// What the reply answered, where that is told.
    pub step: Option<Step>,
    /// Whom the mail was for, where that is told.
    pub recipient: Option<String>,
    /// The host that answered, where that is told.
    pub host: Option<String>,
}

/// An answer, worded. The names of the fields are those of the JSON form; absent things are null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// What was pasted.
    pub asked: String,
    /// What kind of thing it was.
    pub form: Form,
    /// Whom the mail was for.
    pub recipient: Option<String>,
    /// The host that answered.
    pub host: Option<String>,
    /// What became of it, in RFC 3464's words.
    pub action: Option<&'static str>,
    /// `out`, `in` (our own server refused) or `local`.
    pub direction: &'static str,
    /// Short name of the provider; null where nobody knows it.
    pub provider: Option<String>,
    /// Its name for people.
    pub provider_title: Option<String>,
    /// The basic code.
    pub basic: Option<BasicCode>,
    /// The enhanced code.
    pub enhanced: Option<EnhancedCode>,
    /// `success`, `intermediate`, `transient` or `permanent`, by the code that decides.
    pub class: Option<&'static str>,
    /// `addressing`, `mailbox`, `policy` ... (RFC 3463); null without an enhanced code, and above 7.
    pub subject: Option<&'static str>,
    /// What the registry calls subject and detail; null where it has no such code.
    pub detail: Option<String>,
    /// Provider tag or phrase in the reply.
    pub marker: Option<String>,
    /// What the reply answered.
    pub step: Option<Step>,
    /// The reply of another server inside, whose words count.
    pub quoted: Option<QuotedReply>,
    /// Some entry speaks about this code; else class and subject are all there is.
    pub known: bool,
    /// Kind of trouble.
    pub category: String,
    /// What the sender should do.
    pub disposition: Disposition,
    /// Whether the recipient is to be suppressed.
    pub suppress: Suppress,
    /// The rule that had the last word on that; null for what our own server said to others.
    pub rule: Option<Rule>,
    /// What kind of entry decided.
    pub layer: Layer,
    /// How sure the decision is.
    pub confidence: Confidence,
    /// Part of the enforced sender requirements.
    pub enforcement: bool,
    /// Step of the ladder.
    pub stage: Option<Stage>,
    /// All steps of the ladder, this one among them.
    pub ladder: Vec<LadderStep>,
    /// A few words.
    pub title: String,
    /// What happened.
    pub meaning: String,
    /// What the code means by the standards.
    pub registry: Option<Registry>,
    /// Who means something else by it; only where no provider is known.
    pub elsewhere: Vec<Elsewhere>,
    /// What to do, exactly; empty when there is nothing to do.
    pub fix: String,
    /// Records, headers or settings to paste; empty where there are none.
    pub template: String,
    /// Where we know it from.
    pub source: String,
    /// The day somebody last looked there; empty where no entry speaks.
    pub checked: String,
    /// The five steps, in words.
    pub steps: Vec<ReadingStep>,
}

/// The reply of another server inside a reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuotedReply {
    /// Short name of its provider.
    pub provider: Option<String>,
    /// Its basic code.
    pub basic: Option<BasicCode>,
    /// Its enhanced code.
    pub enhanced: Option<EnhancedCode>,
}

/// One of the five steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadingStep {
    /// 1 to 5.
    pub number: u8,
    /// One word.
    pub label: &'static str,
    /// The text.
    pub text: String,
}

/// What the wording of the steps rests on.
struct Facts<'a> {
    question: &'a Question<'a>,
    meaning: &'a Meaning<'a>,
    /// The code that decides: that of the reply inside, where there is one.
    code: Code,
    detail: Option<&'a str>,
    known: bool,
    quoted: Option<&'a QuotedReply>,
    /// Only the words tell the provider.
    told: bool,
}

impl Explanation {
    /// Words the answer to a question.
    pub fn new(question: &Question<'_>, catalog: &Catalog) -> Explanation {
        let answer = &question.answer;
        let entry = catalog.entry(answer);
        let mut meaning = catalog.explain(answer);
        let ours = question.direction == Direction::In;
        if ours {
            // Our own server refused somebody else's mail: nobody to whom we send is meant, and the catalogue, which knows
            // what others say, has no word for it where there is no code.
            meaning.suppress = Suppress::Never;
            if answer.code == Code::NONE {
                meaning.title = "Refused a client";
                meaning.meaning = "Your own server refused this; the line of its log gives no code.";
            }
            if meaning.disposition == Disposition::Suppress {
                meaning.disposition = Disposition::Investigate;
            }
        }
        let named = answer.provider.filter(|name| *name != UNKNOWN);
        // Where only the words tell whose reply it is, the reader gives its owner as the speaker of the same code.
        let told = answer.quoted.filter(|quoted| named.is_none() && quoted.code == answer.code);
        let provider = named.or_else(|| told.and_then(|quoted| quoted.provider));
        let inner = answer.quoted.filter(|_| told.is_none());
        let quoted = inner.map(|quoted| QuotedReply {
            provider: quoted.provider.map(str::to_owned),
            basic: quoted.code.basic,
            enhanced: quoted.code.enhanced,
        });
        let code = answer.quoted.map_or(answer.code, |quoted| quoted.code);
        let known = entry.is_some_and(|entry| codes::is_known(entry, meaning.layer, code));
        let detail = code.enhanced.and_then(|enhanced| codes::detail(catalog, enhanced));
        let nobody = provider.is_none() && inner.is_none() && question.direction == Direction::Out;
        let facts = Facts {
            question,
            meaning: &meaning,
            code,
            detail,
            known,
            quoted: quoted.as_ref(),
            told: told.is_some(),
        };
        Explanation {
            steps: steps::steps(&facts),
            asked: question.asked.clone(),
            form: question.form,
            recipient: question.recipient.clone(),
            host: question.host.clone(),
            action: question.action.map(Action::as_str),
            direction: question.direction.as_str(),
            provider: provider.map(str::to_owned),
            provider_title: provider.map(|name| catalog.provider_title(name).to_owned()),
            basic: answer.code.basic,
            enhanced: answer.code.enhanced,
            class: code.severity().and_then(steps::class_name),
            subject: code.enhanced.and_then(EnhancedCode::subject).map(steps::subject_key),
            detail: detail.map(str::to_owned),
            marker: answer.marker.map(str::to_owned),
            step: question.step,
            known,
            category: meaning.category.to_owned(),
            disposition: meaning.disposition,
            suppress: meaning.suppress,
            rule: (!ours).then_some(meaning.rule),
            layer: meaning.layer,
            confidence: meaning.confidence,
            enforcement: meaning.enforcement,
            stage: meaning.stage,
            ladder: entry.map_or_else(Vec::new, |entry| codes::ladder(catalog, entry)),
            title: meaning.title.to_owned(),
            meaning: meaning.meaning.to_owned(),
            registry: codes::registry(catalog, code, &meaning),
            elsewhere: if nobody { codes::elsewhere(catalog, code, entry) } else { Vec::new() },
            fix: meaning.fix.to_owned(),
            template: entry.map_or("", |entry: &Entry| &entry.template).to_owned(),
            source: meaning.source.to_owned(),
            checked: meaning.checked.to_owned(),
            quoted,
        }
    }

    /// The codes of the reply.
    fn code(&self) -> Code {
        Code { basic: self.basic, enhanced: self.enhanced }
    }

    /// The same for all answers that a reader would see as one: all but whom they were for and the words of the reply.
    fn gist(&self) -> String {
        let bare = Explanation {
            asked: String::new(),
            form: Form::Code,
            recipient: None,
            host: None,
            steps: self.steps.iter().filter(|step| step.number != 5).cloned().collect(),
            ..self.clone()
        };
        format!("{bare:?}")
    }
}

/// Writes all answers as one indented JSON object and a line end.
pub fn json(answers: &[Explanation], out: &mut dyn Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct Page<'a> {
        schema: &'static str,
        answers: &'a [Explanation],
    }
    clean::exact(&Page { schema: SCHEMA, answers }, out)
}
