//! What syslog daemons say about the lines themselves: that some came again, that some were lost.

use crate::time::parse_digits;

/// Repetitions that were counted instead of written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat<'a> {
    /// `message repeated 3 times: [ text]`: so many more of the text, which stood there once (rsyslog, `ratelimit.c`).
    Of(u32, &'a [u8]),
    /// `last message repeated 3 times`: so many more of the line before (BSD's syslogd and its kin).
    Last(u32),
}

impl<'a> Repeat<'a> {
    /// Whether a message begins like one; most do not.
    #[inline]
    pub fn is_near(message: &[u8]) -> bool {
        matches!(message.first_chunk(), Some(b"message " | b"last mes"))
    }

    /// Reads a message.
    pub fn read(message: &'a [u8]) -> Option<Repeat<'a>> {
        if !Repeat::is_near(message) {
            return None;
        }
        if let Some(rest) = message.strip_prefix(b"message repeated ") {
            let (times, rest) = times(rest)?;
            let text = rest.strip_prefix(b": [")?;
            // A long text is cut, and then the bracket follows all the same.
            let text = text.strip_suffix(b"]").unwrap_or(text);
            return Some(Repeat::Of(times, text.strip_prefix(b" ").unwrap_or(text)));
        }
        let (times, rest) = times(message.strip_prefix(b"last message repeated ")?)?;
        rest.trim_ascii().is_empty().then_some(Repeat::Last(times))
    }
}

/// `3 times`, and what follows.
fn times(text: &[u8]) -> Option<(u32, &[u8])> {
    let (times, rest) = number(text)?;
    let rest = rest.strip_prefix(b" time")?;
    Some((times, rest.strip_prefix(b"s").unwrap_or(rest)))
}

/// The number at the start, and what follows.
fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let digits = text.iter().take(10).take_while(|byte| byte.is_ascii_digit()).count();
    Some((parse_digits(&text[..digits])?, &text[digits..]))
}

/// Whether a program is one that tells of losses.
pub fn tells_of_losses(program: &[u8]) -> bool {
    program.starts_with(b"rsyslogd")
        || matches!(program, b"systemd-journald" | b"systemd-journal" | b"journal")
}

/// How many lines were lost that may have been a mail server's; 0 where it is only said that losses begin.
///
/// rsyslog (`ratelimit.c`, before version 7 `imuxsock.c`), and the journal (`journald-manager.c`, `journald-syslog.c`),
/// which tells whose they were.
pub fn lost(program: &[u8], message: &[u8]) -> Option<u32> {
    if !tells_of_losses(program) {
        return None;
    }
    if let Some(rest) = message.strip_prefix(b"Suppressed ") {
        let (lost, rest) = number(rest)?;
        let unit = rest.strip_prefix(b" messages from ")?;
        return may_be_mail(unit).then_some(lost);
    }
    if let Some(rest) = message.strip_prefix(b"Forwarding to syslog missed ") {
        let (lost, rest) = number(rest)?;
        return rest.starts_with(b" messages").then_some(lost);
    }
    if let Some(rest) = message.strip_prefix(b"imuxsock lost ") {
        let (lost, rest) = number(rest)?;
        return rest.starts_with(b" messages from pid ").then_some(lost);
    }
    // `NAME: 236 messages lost due to rate-limiting (20000 allowed within 600 seconds)`; a name may hold a process's, what
    // follows it holds no colon.
    let colon = memchr::memrchr(b':', message)?;
    let said = message[colon + 1..].strip_prefix(b" ")?;
    if said == b"begin to drop messages due to rate-limiting" {
        return Some(0);
    }
    let (lost, rest) = number(said)?;
    rest.starts_with(b" messages lost due to rate-limiting").then_some(lost)
}

/// Whether lines of a unit may be a mail server's: not those of a service that is none and runs none.
fn may_be_mail(unit: &[u8]) -> bool {
    const HOMES: [&[u8]; 7] =
        [b"postfix", b"exim", b"docker", b"podman", b"containerd", b"rsyslog", b"syslog"];
    let start = memchr::memrchr(b'/', unit).map_or(0, |slash| slash + 1);
    let unit = &unit[start..];
    !unit.ends_with(b".service") || HOMES.iter().any(|home| unit.starts_with(home))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions() {
        let read = |message: &'static str| Repeat::read(message.as_bytes());
        assert_eq!(read("message repeated 3 times: [ a [b]]"), Some(Repeat::Of(3, b"a [b]")));
        assert_eq!(read("message repeated 2 times: [cut"), Some(Repeat::Of(2, b"cut")));
        assert_eq!(read("last message repeated 1 times"), Some(Repeat::Last(1)));
        assert_eq!(read("last message repeated 1 time "), Some(Repeat::Last(1)));
        for other in [
            "message repeated x times: [ a]",
            "message repeated 3 times",
            "message repeated 99999999999 times: [ a]",
            "last message repeated 3 times: to=<a@b>",
            "last message repeated  times",
            "the last message repeated 3 times",
            "message ",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn losses() {
        let lost = |program: &str, message: &str| lost(program.as_bytes(), message.as_bytes());
        let limit = "messages lost due to rate-limiting";
        assert_eq!(
            lost("rsyslogd", &format!("imjournal: 1500 {limit} (20000 allowed within 600 seconds)")),
            Some(1500)
        );
        assert_eq!(lost("rsyslogd-2177", &format!("imuxsock[pid: 5, name: /x: y]: 7 {limit}")), Some(7));
        assert_eq!(
            lost("rsyslogd", "imuxsock lost 32 messages from pid 32380 due to rate-limiting"),
            Some(32)
        );
        let begins = "begin to drop messages due to rate-limiting";
        assert_eq!(lost("rsyslogd", &format!("imuxsock[pid: 5] from <mx:postfix/smtp>: {begins}")), Some(0));
        assert_eq!(lost("systemd-journald", "Forwarding to syslog missed 8 messages."), Some(8));
        for (unit, counts) in [
            ("postfix@-.service", true),
            ("/system.slice/exim4.service", true),
            ("/", true),
            ("session-1.scope", true),
            ("docker.service", true),
            ("/system.slice/sshd.service", false),
        ] {
            let found = lost("systemd-journal", &format!("Suppressed 917 messages from {unit}"));
            assert_eq!(found, counts.then_some(917), "{unit}");
        }
        assert_eq!(lost("postfix/smtp", &format!("imjournal: 1500 {limit}")), None);
        assert_eq!(lost("rsyslogd", "[origin software=\"rsyslogd\"] start"), None);
    }
}
