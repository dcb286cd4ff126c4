//! Which command a reply answers.

use serde::{Deserialize, Serialize};

/// The step of an SMTP session that a reply ends (RFC 5321, section 3; RFC 3207; RFC 4954).
///
/// It tells what the reply can be about: before RCPT the receiver has not heard of any recipient yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The greeting, or a refusal to talk at all.
    Connect,
    /// EHLO, HELO or LHLO.
    Hello,
    /// STARTTLS.
    StartTls,
    /// AUTH.
    Auth,
    /// MAIL FROM.
    Mail,
    /// RCPT TO.
    Rcpt,
    /// DATA or BDAT.
    Data,
    /// The end of the message.
    EndOfData,
}

impl Step {
    /// The step of a command as Postfix and Exim log it: `MAIL FROM`, `RCPT TO:<a@example.org>`, `end of DATA` ...
    #[inline]
    pub fn of_command(command: &[u8]) -> Option<Step> {
        // As Postfix writes those that most replies answer.
        match command {
            b"RCPT TO" => Some(Step::Rcpt),
            b"end of DATA" => Some(Step::EndOfData),
            b"MAIL FROM" => Some(Step::Mail),
            b"DATA" => Some(Step::Data),
            _ => Step::of_any_command(command),
        }
    }

    fn of_any_command(command: &[u8]) -> Option<Step> {
        const STEPS: [(&[u8], Step); 11] = [
            (b"RCPT", Step::Rcpt),
            (b"end of data", Step::EndOfData),
            (b"MAIL", Step::Mail),
            (b"DATA", Step::Data),
            (b"BDAT", Step::Data),
            (b"EHLO", Step::Hello),
            (b"HELO", Step::Hello),
            (b"LHLO", Step::Hello),
            (b"STARTTLS", Step::StartTls),
            (b"AUTH", Step::Auth),
            (b"initial connection", Step::Connect),
        ];
        let starts = |word: &[u8]| {
            command.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
                && !command.get(word.len()).is_some_and(u8::is_ascii_alphanumeric)
        };
        STEPS.iter().find(|(word, _)| starts(word)).map(|(_, step)| *step)
    }

    /// Whether the receiver had heard of a recipient when it answered.
    pub fn knows_recipient(self) -> bool {
        matches!(self, Step::Rcpt | Step::Data | Step::EndOfData)
    }
}

/// Why a reply says nothing, or nothing sure, about a recipient although its code may read so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guard {
    /// It came before a recipient was named: at the greeting, EHLO, STARTTLS, AUTH or MAIL.
    BeforeRecipient,
    /// Another of its lines has a code of subject 7, policy.
    PolicyLine,
    /// Its words speak of policy, of the sender, or of the moment: what it seems to say of the recipient is in doubt.
    Doubt,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_as_the_mail_servers_log_them() {
        for (command, step) in [
            ("MAIL FROM", Step::Mail),
            ("MAIL FROM:<a@example.org> SIZE=1234", Step::Mail),
            ("RCPT TO", Step::Rcpt),
            ("RCPT TO:<u@example.net>", Step::Rcpt),
            ("DATA", Step::Data),
            ("end of DATA", Step::EndOfData),
            ("end of data", Step::EndOfData),
            ("EHLO mail.example.org", Step::Hello),
            ("initial connection", Step::Connect),
            ("STARTTLS", Step::StartTls),
            ("AUTH PLAIN", Step::Auth),
        ] {
            assert_eq!(Step::of_command(command.as_bytes()), Some(step), "{command}");
            assert_eq!(Step::of_any_command(command.as_bytes()), Some(step), "{command}");
        }
        for nothing in ["", "RCPTX", "XFORWARD", "sending data block", "end"] {
            assert_eq!(Step::of_command(nothing.as_bytes()), None, "{nothing}");
        }
        assert!(Step::Rcpt.knows_recipient() && !Step::Mail.knows_recipient());
    }
}
