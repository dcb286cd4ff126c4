//! How old a message is, by its id: the first six characters are the second in which it came in (Exim's specification,
//! "Message identification").

/// Longest time a message is believed to stay in a queue; beyond it the id was made another way.
const LONGEST: i64 = 90 * 86_400;

/// Seconds from the arrival of message `id` to `at`.
///
/// The number has base 62, and base 36 on systems whose file names do not tell capital letters from small ones.
pub(in crate::mta) fn age(id: &[u8], at: i64) -> Option<i64> {
    let time = id.first_chunk::<6>()?;
    // A message is not logged before it came in; clocks may be set back a little.
    let plausible = |age: &i64| (-60..=LONGEST).contains(age);
    let of = |base| number(time, base).map(|arrived| at - arrived);
    of(62).filter(plausible).or_else(|| of(36).filter(plausible)).map(|age| age.max(0))
}

fn number(digits: &[u8], base: i64) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'A'..=b'Z' => digit - b'A' + 10,
            b'a'..=b'z' => digit - b'a' + 36,
            _ => return None,
        };
        (i64::from(value) < base).then_some(sum * base + i64::from(value))
    })
}

#[cfg(test)]
mod tests {
    use super::age;

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
