//! What the catalogue says beside the meaning itself: the registry's word, the ladder, other providers' use of a code.

use serde::Serialize;

use crate::catalog::{Answer, Catalog, Disposition, Entry, Layer, Meaning, Stage, Suppress};
use crate::smtp::{Code, EnhancedCode};

/// One step of a ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LadderStep {
    /// The basic codes it has, as its file writes them: `550`, `421|451`.
    pub basic: Option<String>,
    /// The enhanced codes it has.
    pub enhanced: Option<String>,
    /// Deferral or rejection.
    pub stage: Option<Stage>,
    /// Whether it has 4xx alone: where that is a rejection, the queue asks again in vain.
    #[serde(skip)]
    pub transient: bool,
    /// A few words.
    pub title: String,
    /// This is the step that was asked about.
    pub here: bool,
}

/// What a code means by the standards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Registry {
    /// A few words.
    pub title: String,
    /// What it means.
    pub meaning: String,
    /// Kind of trouble.
    pub category: String,
    /// What the sender would do.
    pub disposition: Disposition,
    /// Whether the recipient would be suppressed.
    pub suppress: Suppress,
    /// Where that stands.
    pub source: String,
    /// The day somebody last looked there.
    pub checked: String,
    /// It is not what is meant here.
    pub differs: bool,
}

/// What a provider means by the same code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Elsewhere {
    /// Short name of the provider or of the family.
    pub provider: String,
    /// The name for people.
    pub provider_title: String,
    /// A few words.
    pub title: String,
    /// Kind of trouble.
    pub category: String,
    /// Part of the enforced sender requirements.
    pub enforcement: bool,
}

/// Whether an entry speaks about a code, and not only about its class or its subject.
pub(super) fn is_known(entry: &Entry, layer: Layer, code: Code) -> bool {
    // X.0.0 is "other or undefined" (RFC 3463, section 3.1), and a success needs no reason: there is nothing to know.
    let undefined = |enhanced: &EnhancedCode| {
        enhanced.class() == 2 || (enhanced.subject_number(), enhanced.detail()) == (0, 0)
    };
    match (code.basic, code.enhanced.filter(|enhanced| !undefined(enhanced))) {
        _ if !matches!(layer, Layer::Registry | Layer::Class) => true,
        (_, Some(enhanced)) => entry.is_about(enhanced),
        (Some(basic), None) => entry.is_about_basic(basic),
        (None, None) => true,
    }
}

/// What the registry calls an enhanced code. Entries that need a basic code or words beside it are about less than that.
pub(super) fn detail(catalog: &Catalog, enhanced: EnhancedCode) -> Option<&str> {
    let everybodys = |entry: &&Entry| catalog.whose(entry) == "*" && catalog.marker_texts(entry).is_empty();
    let about = || catalog.entries().iter().filter(|entry| entry.is_about(enhanced)).filter(everybodys);
    let any_basic = about().find(|entry| entry.basic_text().is_none());
    any_basic.or_else(|| about().next()).map(|entry| &*entry.title)
}

/// What the standards say of a code; `None` where there is no code.
pub(super) fn registry(catalog: &Catalog, code: Code, here: &Meaning<'_>) -> Option<Registry> {
    if code == Code::NONE {
        return None;
    }
    let meaning = catalog.explain(&Answer::of(None, code));
    let differs = here.layer != Layer::Registry
        && here.layer != Layer::Class
        && (meaning.category, meaning.disposition, meaning.suppress)
            != (here.category, here.disposition, here.suppress);
    Some(Registry {
        title: meaning.title.to_owned(),
        meaning: meaning.meaning.to_owned(),
        category: meaning.category.to_owned(),
        disposition: meaning.disposition,
        suppress: meaning.suppress,
        source: meaning.source.to_owned(),
        checked: meaning.checked.to_owned(),
        differs,
    })
}

/// The ladder of an entry. Entries that differ only in their words are one step.
pub(super) fn ladder(catalog: &Catalog, entry: &Entry) -> Vec<LadderStep> {
    let mut steps: Vec<LadderStep> = Vec::new();
    for step in catalog.ladder(entry) {
        let here = std::ptr::eq(step, entry);
        let (basic, enhanced) = (step.basic_text(), step.enhanced_text());
        let same = |known: &&mut LadderStep| {
            (&known.basic, &known.enhanced, known.stage) == (&basic, &enhanced, step.stage)
        };
        if let Some(known) = steps.iter_mut().find(same) {
            known.here |= here;
            continue;
        }
        steps.push(LadderStep {
            basic,
            enhanced,
            stage: step.stage,
            transient: step.is_transient(),
            title: step.title.to_string(),
            here,
        });
    }
    steps
}

/// Who means something else by a code than `here` does, in the order of the files; those that enforce it first.
pub(super) fn elsewhere(catalog: &Catalog, code: Code, here: Option<&Entry>) -> Vec<Elsewhere> {
    let refuses = code.severity().is_some_and(|severity| severity > 3);
    let category = here.map(|entry| &*entry.category);
    let mut seen: Vec<&Entry> = Vec::new();
    let mut found = Vec::new();
    for provider in catalog.providers().iter().filter(|_| refuses) {
        let Some(entry) = catalog.entry(&Answer::of(Some(&provider.id), code)) else { continue };
        let whose = catalog.whose(entry);
        let same = whose == "*" || Some(&*entry.category) == category;
        if same || seen.iter().any(|known| std::ptr::eq(*known, entry)) {
            continue;
        }
        seen.push(entry);
        found.push(Elsewhere {
            provider: whose.to_owned(),
            provider_title: if whose == &*provider.id { provider.title.to_string() } else { capital(whose) },
            title: entry.title.to_string(),
            category: entry.category.to_string(),
            enforcement: entry.enforcement,
        });
    }
    found.sort_by_key(|other| !other.enforcement);
    found
}

/// A family has no title of its own.
fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
