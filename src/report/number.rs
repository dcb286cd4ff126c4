//! Numbers for people: thousands, shares, plurals.

/// `1234567` as `1,234,567`.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Which one of several: `third`, `11th`.
pub(super) fn ordinal(number: u64) -> String {
    const WORDS: [&str; 9] =
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"];
    if let Some(word) = usize::try_from(number).ok().and_then(|number| WORDS.get(number.wrapping_sub(1))) {
        return (*word).to_owned();
    }
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{}{ending}", thousands(number))
}

/// A share with one decimal: `34.2 %`. What is not nothing is not shown as nothing, and what is not all not as all.
pub(super) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let share = part as f64 / whole as f64 * 100.0;
    if part > 0 && share < 0.05 {
        "<0.1 %".to_owned()
    } else if part < whole && share >= 99.95 {
        ">99.9 %".to_owned()
    } else {
        format!("{share:.1} %")
    }
}

/// The same without decimals, where room is scarce: `34 %`.
pub(super) fn short_percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let share = part as f64 / whole as f64 * 100.0;
    if part > 0 && share < 0.5 {
        "<1 %".to_owned()
    } else if part < whole && share >= 99.5 {
        ">99 %".to_owned()
    } else {
        format!("{share:.0} %")
    }
}

/// A share that is only known as a fraction.
pub(super) fn rate(fraction: f64) -> String {
    match fraction * 100.0 {
        p if p <= 0.0 => "none".to_owned(),
        p if p < 0.05 => "<0.1 %".to_owned(),
        p => format!("{p:.1} %"),
    }
}

/// A count with its noun: `1 message`, `2,300 messages`.
pub(super) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

/// The noun or verb that goes with a number.
pub(super) fn plural<'a>(number: u64, one: &'a str, many: &'a str) -> &'a str {
    if number == 1 { one } else { many }
}

/// Bytes, in powers of 1000: `512 bytes`, `1.2 GB`.
pub(super) fn bytes(number: u64) -> String {
    const UNITS: [(u64, &str); 4] =
        [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    for (size, unit) in UNITS {
        if number >= size {
            return format!("{:.1} {unit}", number as f64 / size as f64);
        }
    }
    counted(number, "byte", "bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals() {
        let words = [1, 9, 10, 11, 12, 21, 22, 103, 112, 1_001].map(ordinal);
        assert_eq!(
            words,
            ["first", "ninth", "10th", "11th", "12th", "21st", "22nd", "103rd", "112th", "1,001st"]
        );
    }

    #[test]
    fn thousands_are_separated() {
        let shown: Vec<String> = [0, 999, 1000, 123_456, 1_234_567, u64::MAX].map(thousands).into();
        assert_eq!(shown, ["0", "999", "1,000", "123,456", "1,234,567", "18,446,744,073,709,551,615"]);
    }

    #[test]
    fn shares_never_lie_about_nothing_and_all() {
        assert_eq!(percent(0, 100), "0.0 %");
        assert_eq!(percent(1, 100_000), "<0.1 %");
        assert_eq!(percent(342, 1000), "34.2 %");
        assert_eq!(percent(99_999, 100_000), ">99.9 %");
        assert_eq!(percent(5, 5), "100.0 %");
        assert_eq!(percent(0, 0), "-");
        let short: Vec<String> = [(0, 9), (1, 999), (140, 935), (998, 999), (9, 9), (0, 0)]
            .map(|(a, b)| short_percent(a, b))
            .into();
        assert_eq!(short, ["0 %", "<1 %", "15 %", ">99 %", "100 %", "-"]);
    }

    #[test]
    fn plurals_and_sizes() {
        assert_eq!(counted(1, "message", "messages"), "1 message");
        assert_eq!(counted(0, "message", "messages"), "0 messages");
        assert_eq!(bytes(1), "1 byte");
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(bytes(1_234_000_000), "1.2 GB");
    }
}
