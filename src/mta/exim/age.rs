//! How old a message is, by its id: the first six characters are the second in which it came in (Exim's specification,
//! "Message identification").

/// Longest time a message is believed to stay in a queue; beyond it the id was made another way.
const LONGEST: i64 = 90 * 86_400;

/// Seconds from the arrival of message `id` to `at`.
///
/// The number has base 62, and base 36 on systems whose file names do not tell capital letters from small ones.
pub(in crate::mta) fn age(id: &[u8], at: i64) -> Option<i64> {
    let time = id.first_chunk()?;
    // A message is not logged before it came in; clocks may be set back a little.
    let plausible = |arrived| Some(at - arrived).filter(|age| (-60..=LONGEST).contains(age));
    let age = match number(time, 62).and_then(plausible) {
        Some(age) => age,
        None => number(time, 36).and_then(plausible)?,
    };
    Some(age.max(0))
}

/// What a byte counts that is no digit. Digits have other bits.
const NO_DIGIT: u8 = 0x80;

/// What each byte counts as a digit.
const VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 62 {
        let digit = match value {
            0..10 => b'0' + value,
            10..36 => b'A' + value - 10,
            _ => b'a' + value - 36,
        };
        values[digit as usize] = value;
        value += 1;
    }
    values
};

#[inline(always)]
fn number(digits: &[u8; 6], base: u8) -> Option<i64> {
    let (mut number, mut all, mut largest) = (0, 0, 0);
    for digit in digits {
        let value = VALUES[usize::from(*digit)];
        // Six digits of base 62 are less than 2^36.
        number = number * i64::from(base) + i64::from(value);
        all |= value;
        largest = largest.max(value);
    }
    // Every digit is one of base 62.
    (all & NO_DIGIT == 0 && (base == 62 || largest < base)).then_some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{age, number};

    proptest! {
        #[test]
        fn numbers_are_what_their_digits_say(
            digits in proptest::collection::vec(any::<u8>(), 6),
            legal in "[0-9A-Za-z]{6}|[0-9A-Z]{6}",
        ) {
            for digits in [digits.as_slice(), legal.as_bytes()].map(|six| *six.first_chunk().unwrap()) {
                for base in [62, 36] {
                    let slowly = digits.iter().try_fold(0, |sum, digit| {
                        let value = match digit {
                            b'0'..=b'9' => digit - b'0',
                            b'A'..=b'Z' => digit - b'A' + 10,
                            b'a'..=b'z' => digit - b'a' + 36,
                            _ => return None,
                        };
                        (value < base).then_some(sum * i64::from(base) + i64::from(value))
                    });
                    prop_assert_eq!(number(&digits, base), slowly);
                }
            }
        }
    }

    #[test]
    fn ids_tell_when_a_message_came_in() {
        // Logged as it came in at 2025-12-31 01:15:08 -0500.
        let arrived = 1_767_161_708;
        assert_eq!(age(b"1vapU9-0001ty-2Q", arrived), Some(3));
        assert_eq!(age(b"1vapU9-0001ty-2Q", arrived + 300), Some(303));
        assert_eq!(age(b"1vapU9-00000001tQa-2pab", arrived), Some(3));
        assert_eq!(age(b"1vapU9-0001ty-2Q", arrived - 30), Some(0));
        assert_eq!(age(b"T84BR8-0001TY-00", 1_767_157_892 + 250), Some(250));
        for odd in ["", "1vapU", "1vap_9-0001ty-2Q", "000000-000000-00"] {
            assert_eq!(age(odd.as_bytes(), arrived), None, "{odd}");
        }
    }
}
