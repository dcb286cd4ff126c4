//! What a mail needs besides its report: whom it is for, and what tells it from all others.

use jiff::Timestamp;

use super::args::ShowArgs;
use crate::report::Envelope;
use crate::sys;
use crate::time::Instant;

/// The longest address (RFC 5321, section 4.5.3.1.3).
const LONGEST: usize = 254;

/// An address as it stands in a header, or the name of a user of this host.
///
/// Only what needs no quoting (RFC 5322, section 3.4.1; RFC 6532 for letters beyond ASCII): nothing that could end a header,
/// begin an option or name a second mailbox.
pub(super) fn mailbox(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let (user, domain) = text.rsplit_once('@').map_or((text, None), |(user, domain)| (user, Some(domain)));
    let fair = |part: &str| !part.is_empty() && !part.starts_with(['-', '.']) && part.chars().all(plain);
    if text.len() <= LONGEST && fair(user) && domain.is_none_or(fair) {
        return Ok(text.to_owned());
    }
    Err("one address is wanted, without a name or brackets: postmaster@example.com; for more of them, give the option again".to_owned())
}

/// The envelope of a mail that is written now.
pub(super) fn envelope(show: &ShowArgs, now: Instant) -> Envelope {
    let domain = show.mail_from.as_deref().and_then(|from| Some(from.rsplit_once('@')?.1.to_owned()));
    Envelope {
        to: show.mail_to.clone(),
        from: show.mail_from.clone(),
        date: now,
        // Two mails of one host differ in when they were written, or in who wrote them.
        id: format!("smtpulse.{}.{}", Timestamp::now().as_nanosecond(), std::process::id()),
        host: domain
            .or_else(sys::host_name)
            .filter(|name| is_plain(name))
            .unwrap_or_else(|| "localhost".to_owned()),
    }
}

/// Whether a host's name can stand in an identification (RFC 5322, section 3.6.4).
fn is_plain(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_one_and_plain() {
        for fair in ["root", "postmaster@example.com", "a.b+c@mx1", "grüße@bücher.example"] {
            assert_eq!(mailbox(fair).as_deref(), Ok(fair));
        }
        let long = format!("a@{}", "x".repeat(LONGEST));
        for foul in [
            "",
            "@",
            "a@",
            "@b",
            "a b",
            "a@b,c@d",
            "A <a@b>",
            "a@b\r\nBcc: c@d",
            "a\n",
            "-t",
            "a@-b",
            "a@b@c",
            "\u{202e}a",
            &long,
        ] {
            assert!(mailbox(foul).is_err(), "{foul:?}");
        }
    }
}
