//! Mail addresses as far as a log needs them.

/// How reports name the null reverse-path of RFC 5321, section 4.5.5 (bounces and other notifications).
pub const NULL_SENDER: &[u8] = b"<>";

/// The domain of a path: what follows the last `@` (a quoted local part may hold others), without a
/// trailing dot. The null path gives [`NULL_SENDER`]; an address without a domain gives `None`.
#[inline]
pub fn domain(path: &[u8]) -> Option<&[u8]> {
    if path.is_empty() || path == NULL_SENDER {
        return Some(NULL_SENDER);
    }
    // A domain is short: a search would take longer to be set up.
    let at = path.iter().rposition(|byte| *byte == b'@')?;
    let domain = &path[at + 1..];
    let domain = domain.strip_suffix(b".").unwrap_or(domain);
    (!domain.is_empty()).then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_of_paths() {
        assert_eq!(domain(b"a@example.net"), Some(&b"example.net"[..]));
        assert_eq!(domain(b"\"a@b\"@example.net."), Some(&b"example.net"[..]));
        assert_eq!(domain(b""), Some(NULL_SENDER));
        assert_eq!(domain(b"root"), None);
        assert_eq!(domain(b"root@"), None);
    }
}
