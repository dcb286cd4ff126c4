//! Explanations of questions made by hand. Pages are compared whole only where our own catalogue decides nothing, so that
//! better data does not change them.

use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::{Explanation, Form, LadderStep, Question, json, text};
use crate::catalog::{Answer, Catalog, Quoted, Rule, Stage, Suppress};
use crate::report::Look;
use crate::smtp::{Action, BasicCode, Code, Direction, EnhancedCode, Guard, Step};

/// A provider of our own, with a ladder, a template and a wrapper.
const OPERATOR: &str = r#"
family = "exmail"
source = "Exmail postmaster, https://postmaster.exmail.example"
checked = 2026-01-15

[[provider]]
id = "exmail"
title = "Example Mail"
kind = "mailbox"
hosts = ["mx.exmail.example"]

[[advice]]
id = "ex-spf"
text = "Publish one SPF record."
template = '''
example.com.  TXT "v=spf1 ip4:192.0.2.10 -all"	; and a line that is longer than any page would be, since it is to be copied as it stands
mail.example.com.  TXT "v=spf1 a -all"
'''

[[code]]
basic = 421
enhanced = "4.7.27"
title = "SPF did not pass"
meaning = "Deferred, and rejected later."
category = "auth-spf"
advice = "ex-spf"
enforcement = true
ladder = "spf"

[[code]]
basic = 550
enhanced = "5.7.27"
title = "SPF did not pass"
meaning = "Rejected. The registry's null MX is not meant."
category = "auth-spf"
advice = "ex-spf"
enforcement = true
ladder = "spf"
"#;

fn with_operator() -> Catalog {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.toml");
    std::fs::write(&file, OPERATOR).unwrap();
    Catalog::load(&file).unwrap()
}

fn code(basic: u16, enhanced: &str) -> Code {
    Code { basic: BasicCode::new(basic), enhanced: EnhancedCode::parse(enhanced.as_bytes()) }
}

fn question(answer: Answer<'_>) -> Question<'_> {
    Question {
        asked: answer.code.to_string(),
        form: Form::Code,
        answer,
        direction: Direction::Out,
        action: None,
        step: None,
        recipient: None,
        host: None,
    }
}

fn explained(catalog: &Catalog, provider: Option<&str>, code: Code) -> Explanation {
    Explanation::new(&question(Answer::of(provider, code)), catalog)
}

fn page(answers: &[Explanation], look: &Look) -> String {
    let mut out = Vec::new();
    text(answers, &mut out, look).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn golden() {
    let catalog = with_operator();
    let mut asked = question(Answer::of(Some("exmail"), code(421, "4.7.27")));
    asked.form = Form::Bounce;
    asked.asked = "421 4.7.27 <\u{202e}x@y> SPF did not pass\u{1b}[2J\\n421 4.7.27 later".to_owned();
    asked.recipient = Some("anna@example.net".to_owned());
    asked.host = Some("mx.exmail.example".to_owned());
    asked.step = Some(Step::EndOfData);
    asked.action = Some(Action::Delayed);
    let answers =
        [Explanation::new(&asked, &catalog), explained(&catalog, Some("exmail"), code(550, "5.7.27"))];
    let mut written = Vec::new();
    json(&answers, &mut written).unwrap();
    insta::with_settings!({
        snapshot_path => "../../../fixtures/reports",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("explain.txt", page(&answers, &Look::default()));
        insta::assert_snapshot!("explain-narrow.txt", page(&answers[..1], &Look { width: 60, colour: false }));
        insta::assert_snapshot!("explain.json", String::from_utf8(written).unwrap());
    });
}

#[test]
fn class_subject_and_detail_in_the_words_of_the_standards() {
    let catalog = Catalog::builtin();
    let told = |basic, enhanced: &str| {
        let answer = explained(&catalog, None, code(basic, enhanced));
        format!(
            "{} {} {} {}",
            answer.class.unwrap_or("-"),
            answer.subject.unwrap_or("-"),
            answer.detail.as_deref().unwrap_or("-"),
            answer.known
        )
    };
    for (basic, enhanced, said) in [
        (550, "5.1.1", "permanent addressing No such mailbox true"),
        (0, "5.1.1", "permanent addressing No such mailbox true"),
        (550, "5.7.1", "permanent policy Not authorised, refused true"),
        (0, "4.7.27", "transient policy Sender domain takes no mail true"),
        (550, "", "permanent - - true"),
        (550, "5.7.99", "permanent policy - false"),
        (550, "5.0.0", "permanent undefined - true"),
        (550, "5.9.1", "permanent - - false"),
        (463, "", "transient - - false"),
        (250, "2.0.0", "success undefined - true"),
        (354, "", "intermediate - - true"),
        (550, "4.4.1", "permanent network No answer from the host true"),
    ] {
        assert_eq!(told(basic, enhanced), said, "{basic} {enhanced}");
    }
    let unknown = explained(&catalog, None, code(0, "5.7.99"));
    assert!(unknown.steps[1].text.contains("No entry knows this code"), "{unknown:?}");
}

#[test]
fn what_the_registry_says_where_it_differs_and_only_there() {
    let catalog = Catalog::builtin();
    let google = explained(&catalog, Some("google"), code(550, "5.7.27"));
    let registry = google.registry.as_ref().unwrap();
    assert!(registry.differs && registry.meaning.contains("null MX"), "{registry:?}");
    assert!(page(&[google], &Look::default()).contains("Registry "));
    let same = explained(&catalog, Some("google"), code(550, "5.1.1"));
    assert!(!same.registry.as_ref().unwrap().differs);
    assert!(!page(&[same], &Look::default()).contains("Registry "));
}

#[test]
fn who_means_something_else_is_told_where_nobody_was_named() {
    let catalog = Catalog::builtin();
    let bare = explained(&catalog, None, code(0, "5.7.27"));
    assert!(bare.elsewhere.iter().any(|other| other.provider == "google" && other.enforcement), "{bare:?}");
    assert!(page(&[bare], &Look::default()).contains("--provider google"));
    assert!(explained(&catalog, Some("google"), code(0, "5.7.27")).elsewhere.is_empty());
    assert!(explained(&catalog, None, code(250, "2.0.0")).elsewhere.is_empty());
}

#[test]
fn every_rule_says_why() {
    let catalog = Catalog::builtin();
    let asked = |answer: Answer<'_>| {
        let answer = Explanation::new(&question(answer), &catalog);
        (answer.rule.unwrap(), answer.suppress, answer.steps[2].text.clone())
    };
    let dead = Answer::of(None, code(550, "5.1.1"));
    let policy = Some(Quoted { provider: None, code: code(550, "5.1.1") });
    for (answer, rule, suppress, why) in [
        (dead, Rule::AsWritten, Suppress::Now, "about the address itself"),
        (
            Answer { guard: Some(Guard::BeforeRecipient), ..dead },
            Rule::BeforeRecipient,
            Suppress::Never,
            "before any recipient",
        ),
        (
            Answer { guard: Some(Guard::PolicyLine), ..dead },
            Rule::PolicyLine,
            Suppress::Never,
            "Another line",
        ),
        (
            Answer { code: code(554, "5.7.1"), quoted: policy, ..dead },
            Rule::PolicyLine,
            Suppress::Never,
            "Another line",
        ),
        (Answer::of(None, code(450, "4.1.1")), Rule::Transient, Suppress::IfPersistent, "4xx"),
        (Answer::of(None, code(550, "4.1.1")), Rule::Contradiction, Suppress::IfPersistent, "contradict"),
        (Answer::of(None, code(550, "5.7.26")), Rule::AsWritten, Suppress::Never, "not about the address"),
        (Answer::of(None, code(250, "2.1.5")), Rule::Accepted, Suppress::Never, "nothing was refused"),
    ] {
        let (found, said, text) = asked(answer);
        assert_eq!((found, said), (rule, suppress), "{answer:?}");
        assert!(text.contains(why), "{answer:?}: {text}");
    }
}

#[test]
fn the_reply_inside_a_reply_counts() {
    let catalog = Catalog::builtin();
    let quoted = Some(Quoted { provider: Some("google"), code: code(550, "5.1.1") });
    let outer = Answer { quoted, ..Answer::of(Some("barracuda"), code(550, "")) };
    let answer = Explanation::new(&question(outer), &catalog);
    assert_eq!((answer.suppress, answer.basic, answer.enhanced), (Suppress::Now, BasicCode::new(550), None));
    assert_eq!(answer.quoted.as_ref().unwrap().provider.as_deref(), Some("google"));
    assert!(answer.steps[0].text.contains("another server's answer"), "{:?}", answer.steps);
}

#[test]
fn where_only_the_words_tell_the_provider_it_is_the_provider() {
    let catalog = Catalog::builtin();
    let same = code(550, "5.7.27");
    let quoted = Some(Quoted { provider: Some("google"), code: same });
    let answer =
        Explanation::new(&question(Answer { quoted, ..Answer::of(Some("unknown"), same) }), &catalog);
    assert_eq!((answer.provider.as_deref(), answer.quoted), (Some("google"), None));
}

#[test]
fn what_our_own_server_said_suppresses_nobody() {
    let catalog = Catalog::builtin();
    let asked = Question { direction: Direction::In, ..question(Answer::of(None, code(550, "5.1.1"))) };
    let answer = Explanation::new(&asked, &catalog);
    assert_eq!((answer.suppress, answer.rule), (Suppress::Never, None));
    let nothing = Question { direction: Direction::In, ..question(Answer::of(None, Code::NONE)) };
    assert!(page(&[Explanation::new(&nothing, &catalog)], &Look::default()).starts_with("Your own server: "));
}

#[test]
fn answers_that_read_the_same_are_written_once_and_counted_in_json() {
    let catalog = Catalog::builtin();
    let to = |recipient: &str| Question {
        recipient: Some(recipient.to_owned()),
        form: Form::Bounce,
        asked: format!("550 5.1.1 <{recipient}> unknown"),
        ..question(Answer::of(None, code(550, "5.1.1")))
    };
    let answers: Vec<Explanation> = ["a@example.net", "b@example.net"]
        .iter()
        .map(|to_whom| Explanation::new(&to(to_whom), &catalog))
        .collect();
    let page = page(&answers, &Look::default());
    assert_eq!(page.matches("No such mailbox\n").count(), 1, "{page}");
    assert!(page.contains("for a@example.net, b@example.net; 2 answers alike"), "{page}");
    let mut out = Vec::new();
    json(&answers, &mut out).unwrap();
    let object: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(object["answers"].as_array().unwrap().len(), 2);
}

#[test]
fn every_entry_can_be_explained() {
    let catalog = Catalog::builtin();
    for entry in catalog.entries() {
        let Some(basic) = entry.basic_text().and_then(|text| text.split('|').next()?.parse().ok()) else {
            continue;
        };
        let enhanced = entry.enhanced_text().unwrap_or_default();
        let whose = Some(catalog.whose(entry)).filter(|name| *name != "*");
        let marker = catalog.marker_texts(entry).first().copied();
        let answer = Answer { marker, ..Answer::of(whose, code(basic, &enhanced)) };
        let answer = Explanation::new(&question(answer), &catalog);
        assert_eq!(answer.steps.len(), 5);
        assert!(answer.steps.iter().all(|step| !step.text.is_empty()), "{}: {answer:?}", entry.title);
    }
}

proptest! {
    #[test]
    fn pages_keep_their_width_and_hold_no_controls(
        basic in 200_u16..600, enhanced in "[245]\\.[0-9]\\.[0-9]{1,3}|", words in any::<String>(), host in any::<String>(),
        width in 60_usize..120, of_log in any::<bool>(),
    ) {
        let catalog = Catalog::default();
        let asked = Question {
            asked: words,
            form: if of_log { Form::LogLine } else { Form::Code },
            recipient: Some(host.clone()),
            host: Some(host),
            step: Some(Step::Rcpt),
            ..question(Answer::of(None, code(basic, &enhanced)))
        };
        let page = page(&[Explanation::new(&asked, &catalog)], &Look { width, colour: false });
        for line in page.lines() {
            prop_assert!(line.width() <= width, "{}", line);
        }
        let bad = |c: char| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c);
        prop_assert!(!page.contains(bad), "{:?}", page);
    }
}

#[test]
fn a_code_of_subject_7_that_is_dead_all_the_same_says_why() {
    let found = explained(&Catalog::builtin(), None, code(550, "5.7.17"));
    let why = &found.steps[2].text;
    assert!(why.starts_with("Yes, now") && why.contains("but the source says"), "{why}");
}

#[test]
fn steps_of_one_stage_are_alternatives() {
    let step = |enhanced: &str, stage, here| LadderStep {
        basic: None,
        enhanced: Some(enhanced.to_owned()),
        stage: Some(stage),
        transient: enhanced.starts_with('4'),
        title: String::new(),
        here,
    };
    let mut found = explained(&Catalog::builtin(), None, code(550, "5.7.1"));
    found.ladder = vec![
        step("4.7.650|4.7.651", Stage::Deferral, true),
        step("4.7.652", Stage::Deferral, false),
        step("5.7.1", Stage::Rejection, false),
        step("4.7.9", Stage::Rejection, false),
    ];
    let page = page(&[found], &Look { width: 140, colour: false });
    let wanted = "4.7.650 or 4.7.651 defers (this one), or 4.7.652 defers, then 5.7.1 rejects, or 4.7.9 defers for good.";
    assert!(page.contains(wanted), "{page}");
}
