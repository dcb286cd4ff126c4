//! The report as a mail, ready for `sendmail -t`: the line as its subject, the text page, and the same in short as HTML
//! (RFC 5322, RFC 2045 to 2047; RFC 3834 for what keeps machines from answering).

mod html;

use std::io::{self, Write};

use mail_builder::MessageBuilder;
use mail_builder::headers::HeaderType;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::mime::MimePart;

use super::{Look, Report, line, text};
use crate::time::Instant;

/// What a mail has besides its report.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Whom it is for: addresses, or names of this host's users.
    pub to: Vec<String>,
    /// Whom it is from; `None` leaves that to the mail server, which knows how this host's mail is called.
    pub from: Option<String>,
    /// When it was written.
    pub date: Instant,
    /// What no other mail of the host has.
    pub id: String,
    /// The host that `id` is of.
    pub host: String,
}

/// Columns of the text part: no quoted line needs to be wrapped again (RFC 3676, section 4.2).
const WIDTH: usize = 76;

/// Writes the mail, with the line ends that programs of the system use among themselves.
pub fn mail(report: &Report, envelope: &Envelope, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Vec::new();
    text(report, &mut page, &Look { width: WIDTH, colour: false })?;
    let page = String::from_utf8(page).map_err(io::Error::other)?;
    // Nobody who writes into a log knows the id, and `=_` is in nothing that is quoted-printable or base64.
    let parts = ContentType::new("multipart/alternative").attribute("boundary", format!("=_{}", envelope.id));
    let html = html::page(report).map_err(io::Error::other)?;
    let body = vec![MimePart::new("text/plain", page), MimePart::new("text/html", html)];
    let to = envelope.to.iter().map(|to| Address::from(to.as_str())).collect();
    let mut message = MessageBuilder::new();
    if let Some(from) = &envelope.from {
        message = message.from(from.as_str());
    }
    let message = message
        .to(Address::new_list(to))
        .header("Subject", subject(line::of(report)))
        .date(Date::new(envelope.date))
        .message_id(format!("{}@{}", envelope.id, envelope.host))
        .header("Auto-Submitted", Raw::new("auto-generated"))
        .body(MimePart::new(parts, body));
    let message = message.write_to_string()?.replace("\r\n", "\n");
    out.write_all(message.as_bytes())
}

/// The line as a header: folded where it is plain, else in encoded words (RFC 2047). It holds no control.
fn subject(line: String) -> HeaderType<'static> {
    /// Longer words would make longer lines than RFC 5322 wants, section 2.1.1.
    const WORD: usize = 60;
    if line.is_ascii() && line.split(' ').all(|word| word.len() <= WORD) {
        return Raw::new(line).into();
    }
    Text::new(line).into()
}
