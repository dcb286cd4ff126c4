//! Numbers, delays and random letters written straight into a byte buffer.

use super::random::Random;

/// Digits of Exim's message ids.
pub(super) const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Digits of Postfix's long queue ids: no vowels, so that no id is a word. `z` is left out in the inode part.
pub(super) const BASE52: &[u8; 52] = b"0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
/// Digits of hexadecimal numbers, small.
pub(super) const HEX: &[u8; 16] = b"0123456789abcdef";
/// Digits of hexadecimal numbers, capital.
pub(super) const HEX_CAPITAL: &[u8; 16] = b"0123456789ABCDEF";
/// The base64 alphabet.
pub(super) const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Decimal digits.
pub(super) const DECIMAL: &[u8; 10] = b"0123456789";

/// Writes a number.
#[inline]
pub(super) fn number(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Writes the last `width` digits of a number in base `alphabet.len()`, with leading zeros.
#[inline]
pub(super) fn padded(out: &mut Vec<u8>, mut value: u64, width: usize, alphabet: &[u8]) {
    let base = alphabet.len() as u64;
    let start = out.len();
    out.resize(start + width, b'0');
    for place in out[start..].iter_mut().rev() {
        *place = alphabet[(value % base) as usize];
        value /= base;
    }
}

/// Writes a number in base `alphabet.len()`, as many digits as it takes.
pub(super) fn based(out: &mut Vec<u8>, value: u64, alphabet: &[u8]) {
    let base = alphabet.len() as u64;
    let mut width = 1;
    let mut rest = value / base;
    while rest > 0 {
        width += 1;
        rest /= base;
    }
    padded(out, value, width, alphabet);
}

/// Writes `count` random characters of an alphabet.
#[inline]
pub(super) fn letters(out: &mut Vec<u8>, random: &mut Random, count: usize, alphabet: &[u8]) {
    for _ in 0..count {
        out.push(alphabet[random.below(alphabet.len() as u32) as usize]);
    }
}

/// Writes milliseconds as Postfix writes delays: two significant digits, hundredths at best (`format_tv.c`).
pub(super) fn delay(out: &mut Vec<u8>, milliseconds: u64) {
    let (whole, fraction, width) = match milliseconds {
        0..1_000 => (0, milliseconds / 10, 2),
        1_000..10_000 => (milliseconds / 1_000, milliseconds % 1_000 / 100, 1),
        _ => (milliseconds / 1_000, 0, 0),
    };
    number(out, whole);
    if fraction > 0 {
        out.push(b'.');
        padded(out, fraction, width, DECIMAL);
        if out.last() == Some(&b'0') {
            out.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn delays_are_written_as_postfix_does() {
        let cases =
            [(0, "0"), (9, "0"), (70, "0.07"), (100, "0.1"), (650, "0.65"), (1_000, "1"), (1_449, "1.4")];
        for (milliseconds, wanted) in cases.into_iter().chain([(9_999, "9.9"), (23_768_123, "23768")]) {
            assert_eq!(text(|out| delay(out, milliseconds)), wanted);
        }
    }

    #[test]
    fn numbers_in_all_bases() {
        assert_eq!(text(|out| number(out, 0)), "0");
        assert_eq!(text(|out| number(out, u64::MAX)), "18446744073709551615");
        assert_eq!(text(|out| padded(out, 255, 5, HEX_CAPITAL)), "000FF");
        assert_eq!(text(|out| based(out, 0x9c_c3c3, HEX_CAPITAL)), "9CC3C3");
        assert_eq!(text(|out| based(out, 61, BASE62)), "z");
    }
}
