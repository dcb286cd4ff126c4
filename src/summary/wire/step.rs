//! Buckets on the wire: `[step, attempts, retries]`, the step from the bucket before, or `null` where there is no stamp. Retries
//! are left out where there are none. There are very many buckets, so each byte less is many.

use std::fmt;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::summary::{Buckets, Tries};
use crate::time::Instant;

/// A bucket: when it starts, told from the one before or from 1970, and what was counted in it.
pub(super) struct Step(pub(super) Option<Instant>, pub(super) Tries);

/// Buckets in steps.
pub(super) fn by_step(buckets: &Buckets) -> impl Iterator<Item = Step> {
    let mut last = 0;
    buckets.iter().map(move |(at, tries)| {
        let step = at.map(|at| at.wrapping_sub(std::mem::replace(&mut last, at)));
        Step(step, tries)
    })
}

/// Makes times of steps.
pub(super) fn to_times(steps: &mut [Step]) {
    let mut last: Instant = 0;
    for step in steps.iter_mut().filter_map(|Step(step, _)| step.as_mut()) {
        last = last.wrapping_add(*step);
        *step = last;
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Step(step, Tries { count, retries }) = self;
        if *retries == 0 {
            (step, count).serialize(serializer)
        } else {
            (step, count, retries).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Step, D::Error> {
        from.deserialize_seq(Numbers)
    }
}

struct Numbers;

impl<'de> Visitor<'de> for Numbers {
    type Value = Step;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[step, attempts] or [step, attempts, retries]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Step, A::Error> {
        let step = numbers.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
        let count = numbers.next_element()?.ok_or_else(|| A::Error::invalid_length(1, &self))?;
        let retries = numbers.next_element()?.unwrap_or_default();
        Ok(Step(step, Tries { count, retries }))
    }
}
