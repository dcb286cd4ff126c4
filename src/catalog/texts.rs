//! One text, or several.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserializer, IntoDeserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

/// `marker = "text"` or a list of alternatives.
#[derive(Debug, Serialize)]
pub(super) struct Texts<S>(pub(super) Vec<S>);

impl<S> Default for Texts<S> {
    fn default() -> Texts<S> {
        Texts(Vec::new())
    }
}

impl<'de, S: Deserialize<'de>> Deserialize<'de> for Texts<S> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if !from.is_human_readable() {
            return Deserialize::deserialize(from).map(Texts);
        }
        from.deserialize_any(TextOrMany(PhantomData)).map(Texts)
    }
}

struct TextOrMany<S>(PhantomData<S>);

impl<'de, S: Deserialize<'de>> Visitor<'de> for TextOrMany<S> {
    type Value = Vec<S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of texts")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<S>, E> {
        Ok(vec![S::deserialize(text.into_deserializer())?])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<S>, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = list.next_element()? {
            texts.push(text);
        }
        Ok(texts)
    }
}
