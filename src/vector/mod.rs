//! Many bytes compared at once: the only place with instructions of one kind of processor.
//!
//! Each question has a plain twin that other processors use; the tests hold one against the other. What is asked here is
//! asked of every line or of every byte: by plain loops these two take a quarter of the whole time.
//!
//! Which processor it is, is found out at run time. Work that is to use all that it has is handed to [`best`], which holds a copy
//! of it for each kind; everything else asks by what is [`common`] to all of one architecture.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(any(test, not(target_arch = "x86_64")))]
mod plain;
#[cfg(target_arch = "x86_64")]
mod sse2;

/// What is asked of many bytes at once.
pub trait Vector: Copy {
    /// One bit for each of the bytes that is `wanted`, the lowest for the first.
    fn places(self, bytes: &[u8; 64], wanted: u8) -> u64;

    /// One bit for each of the bytes that is one of those `wanted`, the lowest for the first.
    fn places_of_any(self, bytes: &[u8; 32], wanted: [u8; 3]) -> u32;

    /// One bit for each of the bytes that is neither below `first` nor above `last`, the lowest for the first.
    fn places_within(self, bytes: &[u8; 16], first: u8, last: u8) -> u16;

    /// One bit for each of the bytes that is one of those `wanted`, the lowest for the first.
    fn places_of_either(self, bytes: &[u8; 16], wanted: [u8; 2]) -> u16;

    /// One bit for each of the bytes but the last that is `wanted` and stands before one that is neither below `first` nor
    /// above `last`, the lowest for the first.
    fn places_before(self, bytes: &[u8; 33], wanted: u8, first: u8, last: u8) -> u32;

    /// One bit for each of the bytes that is a letter up to `last`, small or capital, the lowest for the first.
    fn places_of_letters(self, bytes: &[u8; 16], last: u8) -> u16;

    /// Whether two texts are the same in all bits that the mask has.
    fn are_like(self, one: &[u8; 32], other: &[u8; 32], mask: &[u8; 32]) -> bool;

    /// Does work that is compiled for this processor too, but stands apart from what asks for it.
    fn apart<W: Work>(self, work: W) -> W::Result;

    /// One bit for each place where two texts differ, the lowest for the first.
    fn differences(self, one: &[u8; 32], other: &[u8; 32]) -> u32;

    /// One bit for each letter or digit of ASCII, the lowest for the first.
    fn alphanumerics(self, bytes: &[u8; 32]) -> u32;

    /// One bit for each of the bytes that is not above `last`, or is the `other` one, the lowest for the first.
    fn places_up_to(self, bytes: &[u8; 32], last: u8, other: u8) -> u32;
}

/// Work that can be compiled for several kinds of processors.
pub trait Work {
    /// What it comes to.
    type Result;

    /// Does it. To be inlined, with all in it that should use the processor's own instructions.
    fn by(self, vector: impl Vector) -> Self::Result;
}

/// Work that stands apart, by what a processor of any kind has.
#[inline(never)]
fn plainly<W: Work>(vector: impl Vector, work: W) -> W::Result {
    work.by(vector)
}

/// Does the work by the best instructions that are there.
pub fn best<W: Work>(work: W) -> W::Result {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = avx2::Avx2::here() {
        return avx2.run(work);
    }
    work.by(common())
}

/// What every processor of this architecture has.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn common() -> impl Vector {
    sse2::Sse2
}

/// What every processor of this architecture has.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
pub fn common() -> impl Vector {
    plain::Plain
}

/// The first place of a byte. Mostly it is near: then no search is set up for it.
#[inline]
pub fn find(wanted: u8, bytes: &[u8]) -> Option<usize> {
    match nearby(bytes, [wanted; 3]) {
        Ok(place) => Some(place),
        Err(from) => memchr::memchr(wanted, &bytes[from..]).map(|place| from + place),
    }
}

/// The first place of one of two bytes, sought in the same way.
#[inline]
pub fn find2(a: u8, b: u8, bytes: &[u8]) -> Option<usize> {
    match nearby(bytes, [a, b, b]) {
        Ok(place) => Some(place),
        Err(from) => memchr::memchr2(a, b, &bytes[from..]).map(|place| from + place),
    }
}

/// The place of a byte among the first sixty-four, or from where to go on.
#[inline(always)]
fn nearby(bytes: &[u8], wanted: [u8; 3]) -> Result<usize, usize> {
    // A line of nothing but these is asked at each of them.
    if bytes.first().is_some_and(|byte| wanted.contains(byte)) {
        return Ok(0);
    }
    let mut from = 0;
    while from < 64
        && let Some(near) = bytes[from..].first_chunk()
    {
        let places = common().places_of_any(near, wanted);
        if places != 0 {
            return Ok(from + places.trailing_zeros() as usize);
        }
        from += near.len();
    }
    Err(from)
}

/// The first place of one of three bytes, where it is among the first sixty-four and at least thirty-two follow its
/// beginning: `None` tells nothing.
#[inline(always)]
pub fn near(vector: impl Vector, bytes: &[u8], wanted: [u8; 3]) -> Option<usize> {
    let (first, behind) = bytes.split_first_chunk()?;
    let places = vector.places_of_any(first, wanted);
    if places != 0 {
        return Some(places.trailing_zeros() as usize);
    }
    let places = vector.places_of_any(behind.first_chunk()?, wanted);
    if places == 0 {
        return None;
    }
    Some(first.len() + places.trailing_zeros() as usize)
}

/// What is told of the thirty-two bytes from a place on; nothing of those that would stand behind the text's end.
#[inline(always)]
pub fn told_from(text: &[u8], place: usize, tell: impl Fn(&[u8; 32]) -> u32) -> u32 {
    let rest = text.get(place..).unwrap_or_default();
    if let Some(near) = rest.first_chunk() {
        return tell(near);
    }
    if let Some(last) = text.last_chunk() {
        return (u64::from(tell(last)) >> (last.len() - rest.len())) as u32;
    }
    tell(&with_zeros(rest)) & !(u32::MAX << rest.len())
}

/// Some bytes and zeros behind them.
#[cold]
fn with_zeros(bytes: &[u8]) -> [u8; 32] {
    let mut all = [0; 32];
    all.iter_mut().zip(bytes).for_each(|(own, byte)| *own = *byte);
    all
}

/// How many of the first bytes are neither below `first` nor above `last`.
#[inline]
pub fn run_within(bytes: &[u8], first: u8, last: u8) -> usize {
    if let Some(near) = bytes.first_chunk() {
        let others = !common().places_within(near, first, last);
        if others != 0 {
            return others.trailing_zeros() as usize;
        }
    }
    bytes.iter().take_while(|byte| (first..=last).contains(byte)).count()
}

/// The last place of a byte, which mostly is near the end.
#[inline]
pub fn find_last(wanted: u8, bytes: &[u8]) -> Option<usize> {
    let mut end = bytes.len();
    while let Some(last) = bytes[..end].last_chunk() {
        let places = common().places_of_either(last, [wanted; 2]);
        if places != 0 {
            return Some(end - 1 - places.leading_zeros() as usize);
        }
        end -= last.len();
    }
    bytes[..end].iter().rposition(|byte| *byte == wanted)
}

/// Whether two texts are the same: what `==` tells, without a call where they are short.
#[inline(always)]
pub fn are_same(one: &[u8], other: &[u8]) -> bool {
    let words = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
    let length = one.len();
    if length != other.len() {
        return false;
    }
    // Both ends overlap where the text is shorter than two of them.
    if let (Some(first), Some(last), Some(of_first), Some(of_last)) =
        (one.first_chunk::<16>(), one.last_chunk::<16>(), other.first_chunk::<16>(), other.last_chunk::<16>())
    {
        return first == of_first
            && last == of_last
            && (length <= 32 || one[16..length - 16] == other[16..length - 16]);
    }
    if let (Some(first), Some(last), Some(of_first), Some(of_last)) =
        (one.first_chunk(), one.last_chunk(), other.first_chunk(), other.last_chunk())
    {
        return words(first) == words(of_first) && words(last) == words(of_last);
    }
    if let (Some(first), Some(last), Some(of_first), Some(of_last)) =
        (one.first_chunk::<4>(), one.last_chunk::<4>(), other.first_chunk::<4>(), other.last_chunk::<4>())
    {
        return first == of_first && last == of_last;
    }
    // Of three bytes and fewer the first, the one in the middle and the last are all there are.
    if let ([first, ..], [of_first, ..], Some(last), Some(of_last)) = (one, other, one.last(), other.last()) {
        return first == of_first && one[length / 2] == other[length / 2] && last == of_last;
    }
    // Both are empty.
    true
}

/// Tells the processor that what stands so far behind some bytes will be wanted soon, if anything does. A log is read faster
/// than it comes from memory.
#[inline(always)]
pub fn fetch_ahead(bytes: &[u8], distance: usize) {
    #[cfg(target_arch = "x86_64")]
    sse2::prefetch(bytes.as_ptr().wrapping_add(distance));
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (bytes, distance);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes<const N: usize>() -> impl Strategy<Value = [u8; N]> {
        let byte = prop_oneof![prop::sample::select(vec![b'\n', b'[', b':', b' ', 0x8A, 0x0B]), any::<u8>()];
        proptest::collection::vec(byte, N).prop_map(|bytes| bytes.try_into().unwrap())
    }

    /// All questions at once.
    struct Questions<'b>(&'b [u8; 64], &'b [u8; 32], u8);

    impl Work for Questions<'_> {
        type Result = (u64, u64, [u32; 2], [u16; 3], [bool; 3], [u32; 4]);

        fn by(self, vector: impl Vector) -> Self::Result {
            let Questions(long, short, wanted) = self;
            let any = vector.places_of_any(short, [b'[', b':', wanted]);
            let within = vector.places_within(short.first_chunk().unwrap(), wanted.min(b'['), wanted);
            let [first, second] = [&long[..32], &long[32..]].map(|half| half.first_chunk().unwrap());
            let like = [[0; 32], [wanted; 32], *short].map(|mask| vector.are_like(first, second, &mask));
            let either = vector.places_of_either(short.first_chunk().unwrap(), [b':', wanted]);
            let letters = vector.places_of_letters(short.first_chunk().unwrap(), wanted.clamp(b'a', b'z'));
            let before =
                vector.places_before(long.first_chunk().unwrap(), b' ', wanted.min(b'['), wanted.max(b':'));
            let differ = [second, short].map(|other| vector.differences(first, other));
            let kinds = [vector.alphanumerics(short), vector.places_up_to(short, wanted, b'[')];
            let more = [differ[0], differ[1], kinds[0], kinds[1]];
            (
                vector.places(long, wanted),
                vector.places(long, b'\n'),
                [any, before],
                [within, either, letters],
                like,
                more,
            )
        }
    }

    proptest! {
        #[test]
        fn many_at_once_is_one_by_one(long in bytes::<64>(), short in bytes::<32>(), wanted in any::<u8>()) {
            let questions = || Questions(&long, &short, wanted);
            let plain = questions().by(plain::Plain);
            prop_assert_eq!(questions().by(common()), plain);
            prop_assert_eq!(best(questions()), plain);
        }

        #[test]
        fn a_search_finds_what_is_first(
            near in proptest::collection::vec(any::<u8>(), 0..150),
            wanted in any::<u8>(),
            last in any::<u8>(),
            from in 0_usize..150,
        ) {
            let bytes = &near[from.min(near.len())..];
            prop_assert_eq!(find(wanted, bytes), bytes.iter().position(|byte| *byte == wanted));
            let either = bytes.iter().position(|byte| [wanted, last].contains(byte));
            prop_assert_eq!(find2(wanted, last, bytes), either);
            prop_assert_eq!(find_last(wanted, bytes), bytes.iter().rposition(|byte| *byte == wanted));
            // It may give up where less than sixty-four bytes are left, or where nothing is near.
            match super::near(common(), bytes, [wanted, last, last]) {
                None => prop_assert!(bytes.len() < 64 || either.is_none_or(|at| at >= 64)),
                found => prop_assert_eq!(found, either),
            }
            let told = told_from(&near, from, |block| common().places_of_any(block, [wanted; 3]));
            let of_each = (0..32).map(|at| u32::from(near.get(from + at) == Some(&wanted)) << at);
            prop_assert_eq!(told, of_each.sum::<u32>());
            let run = bytes.iter().take_while(|byte| **byte >= wanted && **byte <= last).count();
            prop_assert_eq!(run_within(bytes, wanted, last), run);
        }

        #[test]
        fn texts_are_the_same_or_not(
            one in proptest::collection::vec(0_u8..2, 0..70),
            other in proptest::collection::vec(0_u8..2, 0..70),
            changed in 0_usize..70,
        ) {
            prop_assert_eq!(are_same(&one, &other), one == other);
            let mut close = one.clone();
            prop_assert!(are_same(&one, &close));
            if let Some(byte) = close.get_mut(changed) {
                *byte ^= 4;
                prop_assert!(!are_same(&one, &close));
            }
        }
    }
}
