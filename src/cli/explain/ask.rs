//! One question at a time: whose reply it is, what its words tell, what is asked of the catalogue.

use crate::bounce::Notice;
use crate::catalog::{Answer, Catalog, Only, ProviderId};
use crate::mta::{Kind, Outcome};
use crate::report::explain::{Form, Question};
use crate::smtp::{Action, Code, Direction};
use crate::tally::Attributor;

/// Makes questions. Where a provider was named, a question is put to each that bears the name.
pub(super) struct Asker<'c> {
    catalog: &'c Catalog,
    attributor: Attributor<'c>,
    providers: Vec<Option<ProviderId>>,
    named: bool,
}

impl<'c> Asker<'c> {
    /// `only` is whom somebody named.
    pub(super) fn new(catalog: &'c Catalog, only: Option<&Only>) -> Asker<'c> {
        let named = only.map(|only| only.members().map(|member| catalog.provider_id(member)).collect());
        Asker {
            catalog,
            attributor: Attributor::new(catalog),
            named: named.is_some(),
            providers: named.unwrap_or_else(|| vec![None]),
        }
    }

    /// A bare code.
    pub(super) fn code(&self, code: Code, asked: &str) -> Vec<Question<'c>> {
        let question = |provider: &Option<ProviderId>| Question {
            asked: asked.to_owned(),
            form: Form::Code,
            answer: Answer::of(provider.map(|provider| self.catalog.provider_name(provider)), code),
            direction: Direction::Out,
            action: None,
            step: None,
            recipient: None,
            host: None,
        };
        self.providers.iter().map(question).collect()
    }

    /// A reply, from a bounce or by itself.
    pub(super) fn notice(&mut self, notice: &Notice, form: Form) -> Vec<Question<'c>> {
        let mut outcome = outcome_of(notice);
        if !notice.answered && notice.code == Code::NONE && !self.knows_words(&outcome) {
            outcome.code.enhanced = notice.status;
        }
        self.outcome(&outcome, form)
            .into_iter()
            .map(|question| Question { action: notice.action, ..question })
            .collect()
    }

    /// Words without any code, where the catalogue knows them all the same.
    pub(super) fn words(&mut self, words: &str) -> Vec<Question<'c>> {
        let notice = Notice { text: words.to_owned(), ..Notice::default() };
        if self.knows_words(&outcome_of(&notice)) { self.notice(&notice, Form::Reply) } else { Vec::new() }
    }

    /// What a line of a log or a bounce says.
    pub(super) fn outcome(&mut self, outcome: &Outcome<'_>, form: Form) -> Vec<Question<'c>> {
        let mut questions = Vec::new();
        for at in 0..self.providers.len() {
            let attributes = if self.named {
                self.attributor.attribute_as(outcome, self.providers[at])
            } else {
                self.attributor.attribute(outcome)
            };
            let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            questions.push(Question {
                asked: lossy(outcome.reply.unwrap_or(outcome.text)),
                form,
                answer: attributes.answer(self.catalog, outcome.code),
                direction: outcome.direction,
                action: attributes.action,
                step: outcome.step,
                recipient: outcome.recipient.map(lossy),
                host: outcome.relay_host.map(lossy),
            });
        }
        questions
    }

    fn knows_words(&mut self, outcome: &Outcome<'_>) -> bool {
        self.attributor.attribute(outcome).reading.marker.is_some()
    }
}

fn outcome_of(notice: &Notice) -> Outcome<'_> {
    let text = notice.text.as_bytes();
    // Words are read of what failed; where nobody says what became of it, it did not go well.
    let action = notice.action.or((!matches!(notice.code.severity(), Some(2 | 3))).then_some(Action::Failed));
    Outcome {
        recipient: notice.recipient.as_deref().map(str::as_bytes),
        relay_host: notice.host.as_deref().map(str::as_bytes),
        code: notice.code,
        action,
        text,
        reply: notice.answered.then_some(text),
        step: notice.step,
        ..Outcome::new(Kind::Delivery, Direction::Out)
    }
}
