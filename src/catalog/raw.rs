//! A data file as it is written. The build script reads ours by the same description, and packs them.

use serde::de::{Deserializer, IntoDeserializer};
use serde::{Deserialize, Serialize};
use toml::value::Datetime;

use super::pattern::{BasicPattern, EnhancedPattern};
use super::texts::Texts;
use super::words::{Confidence, Deferral, Disposition, Escalation, Kind, Stage, Suppress};

/// A whole file. Its texts are whatever holds them best: packed, they are borrowed.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile<S> {
    pub(super) family: Option<S>,
    pub(super) source: Option<S>,
    #[serde(default, deserialize_with = "day")]
    pub(super) checked: Option<S>,
    #[serde(default = "Vec::new")]
    pub(super) provider: Vec<RawProvider<S>>,
    #[serde(default = "Vec::new")]
    pub(super) category: Vec<RawCategory<S>>,
    #[serde(default = "Vec::new")]
    pub(super) advice: Vec<RawAdvice<S>>,
    #[serde(default = "Vec::new")]
    pub(super) doubt: Vec<RawDoubt<S>>,
    #[serde(default = "Vec::new")]
    pub(super) code: Vec<RawCode<S>>,
}

/// Words that put in doubt what a reply says of its recipient.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDoubt<S> {
    pub(super) words: Vec<S>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProvider<S> {
    pub(super) id: S,
    pub(super) title: S,
    #[serde(default)]
    pub(super) aliases: Vec<S>,
    pub(super) family: Option<S>,
    pub(super) kind: Kind,
    #[serde(default)]
    pub(super) note: S,
    #[serde(default)]
    pub(super) hosts: Vec<S>,
    #[serde(default)]
    pub(super) domains: Vec<S>,
    #[serde(default)]
    pub(super) markers: Vec<S>,
    #[serde(rename = "source")]
    _source: Option<S>,
    #[serde(rename = "checked", default, deserialize_with = "day")]
    _checked: Option<S>,
}

/// What the codes of one kind of trouble have in common, unless they say otherwise.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCategory<S> {
    pub(super) id: S,
    pub(super) disposition: Disposition,
    pub(super) suppress: Suppress,
    pub(super) escalate: Option<Escalation>,
    pub(super) deferral: Option<Deferral>,
    #[serde(default)]
    pub(super) advice: Texts<S>,
    /// Measures against the sender, deferred first and rejected later: the basic code tells the step.
    #[serde(default)]
    pub(super) steps: bool,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAdvice<S> {
    pub(super) id: S,
    pub(super) text: S,
    #[serde(default)]
    pub(super) template: S,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCode<S> {
    pub(super) provider: Option<S>,
    pub(super) basic: Option<BasicPattern>,
    pub(super) enhanced: Option<EnhancedPattern>,
    #[serde(default)]
    pub(super) marker: Texts<S>,
    #[serde(default)]
    pub(super) first: bool,
    #[serde(default)]
    pub(super) wraps: bool,
    pub(super) title: S,
    pub(super) meaning: S,
    pub(super) fix: Option<S>,
    pub(super) advice: Option<Texts<S>>,
    pub(super) category: S,
    pub(super) disposition: Option<Disposition>,
    pub(super) suppress: Option<Suppress>,
    #[serde(default)]
    pub(super) enforcement: bool,
    pub(super) stage: Option<Stage>,
    pub(super) ladder: Option<S>,
    #[serde(default)]
    pub(super) confidence: Confidence,
    pub(super) source: Option<S>,
    #[serde(default, deserialize_with = "day")]
    pub(super) checked: Option<S>,
    pub(super) example: Option<S>,
}

/// A day: a kind of value of its own in TOML, packed a text.
fn day<'de, S: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<S>, D::Error> {
    if !from.is_human_readable() {
        return Deserialize::deserialize(from);
    }
    let day = Datetime::deserialize(from)?;
    S::deserialize(day.to_string().into_deserializer()).map(Some)
}
