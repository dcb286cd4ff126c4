//! Delivery lines: what Postfix and Exim write about one attempt for one recipient.

use super::digits::{delay, number};
use super::message::Message;
use super::mix::{Group, Mix, Reply, Stage};
use super::names::{Address, Host, write_address};
use super::random::Random;
use super::spec::Mta;
use super::template::Context;
use crate::smtp::{Action, Direction};

/// One attempt.
pub(super) struct Attempt<'a> {
    pub(super) mta: Mta,
    pub(super) mix: &'a Mix,
    pub(super) message: &'a Message,
    pub(super) rcpt: Address,
    pub(super) group: &'a Group,
    pub(super) host: &'a Host,
    pub(super) reply: &'a Reply,
    /// Microseconds.
    pub(super) now: i64,
}

impl Attempt<'_> {
    /// What templates of this attempt are filled from.
    pub(super) fn context(&self, joint: &'static [u8]) -> Context<'_> {
        Context {
            mix: self.mix,
            message: self.message,
            now: self.now,
            rcpt: self.rcpt,
            host: self.host,
            joint,
        }
    }

    /// Writes the line that ends the attempt.
    pub(super) fn last_word(&self, out: &mut Vec<u8>, random: &mut Random) {
        match self.mta {
            Mta::Postfix => {
                self.postfix_head(out, random, self.group.transport.as_bytes());
                out.extend_from_slice(b" to=<");
                write_address(out, self.mix, self.rcpt);
                out.extend_from_slice(b">, relay=");
                if self.reply.at == Stage::None && self.group.direction == Direction::Out {
                    out.extend_from_slice(b"none");
                } else {
                    host(out, self.host);
                    out.extend_from_slice(self.group.relay.as_bytes());
                }
                self.postfix_delays(out, random);
                self.postfix_status(out);
                self.postfix_reason(out, random);
                out.push(b')');
            }
            Mta::Exim => self.exim(out, random),
        }
    }

    /// Writes the line about a host's soft answer after which the next host is asked.
    pub(super) fn not_the_last_word(&self, out: &mut Vec<u8>, random: &mut Random) {
        match self.mta {
            Mta::Postfix => {
                self.postfix_head(out, random, self.group.transport.as_bytes());
                out.push(b' ');
                self.postfix_reason(out, random);
            }
            Mta::Exim => {
                out.extend_from_slice(self.message.id.as_bytes());
                out.extend_from_slice(b" H=");
                self.exim_host(out);
                self.exim_reason(out, random);
            }
        }
    }

    /// Writes the line of a recipient for whom no host is asked because of an older answer.
    pub(super) fn suspended(&self, out: &mut Vec<u8>, random: &mut Random) {
        match self.mta {
            Mta::Postfix => {
                self.postfix_head(out, random, b"postfix/error");
                out.extend_from_slice(b" to=<");
                write_address(out, self.mix, self.rcpt);
                out.extend_from_slice(b">, relay=none");
                self.postfix_delays(out, random);
                self.postfix_status(out);
                out.extend_from_slice(b"delivery temporarily suspended: ");
                self.postfix_reason(out, random);
                out.push(b')');
            }
            Mta::Exim => {
                self.exim_head(out, b" == ");
                out.extend_from_slice(self.group.exim.as_bytes());
                out.extend_from_slice(b" defer (-54): retry time not reached for any host for '");
                super::names::write_domain(out, self.mix, self.rcpt);
                out.push(b'\'');
            }
        }
    }

    fn postfix_head(&self, out: &mut Vec<u8>, random: &mut Random, program: &[u8]) {
        out.extend_from_slice(program);
        out.push(b'[');
        number(out, 20_000 + (self.now >> 31).unsigned_abs() % 9_000 + u64::from(random.below(60)));
        out.extend_from_slice(b"]: ");
        out.extend_from_slice(self.message.id.as_bytes());
        out.push(b':');
    }

    fn postfix_delays(&self, out: &mut Vec<u8>, random: &mut Random) {
        if self.group.direction == Direction::Out && self.reply.at != Stage::None && random.chance(70_000) {
            out.extend_from_slice(b", conn_use=");
            number(out, u64::from(2 + random.below(6)));
        }
        let total = ((self.now - self.message.arrived) / 1_000).unsigned_abs();
        // The shares of the four parts, in per cent of at most five seconds; the rest was spent before the queue manager.
        let recent = total.min(5_000);
        let connect = recent * u64::from(random.below(40)) / 100;
        let transmit = recent * u64::from(random.below(40)) / 100;
        let queue = recent * u64::from(random.below(15)) / 100;
        out.extend_from_slice(b", delay=");
        delay(out, total);
        out.extend_from_slice(b", delays=");
        delay(out, total - connect - transmit - queue);
        out.push(b'/');
        delay(out, queue);
        out.push(b'/');
        delay(out, connect);
        out.push(b'/');
        delay(out, transmit);
    }

    fn postfix_status(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b", dsn=");
        out.extend_from_slice(self.reply.dsn.as_bytes());
        out.extend_from_slice(match self.reply.action {
            Action::Delivered | Action::Relayed => b", status=sent (" as &[u8],
            Action::Delayed => b", status=deferred (",
            Action::Failed | Action::Rejected => b", status=bounced (",
        });
    }

    fn postfix_reason(&self, out: &mut Vec<u8>, random: &mut Random) {
        let reply = self.reply;
        let context = self.context(b" ");
        let answered = !matches!(reply.at, Stage::Lost | Stage::None);
        if !answered || reply.action == Action::Delivered {
            return reply.text.write(out, random, &context);
        }
        out.extend_from_slice(b"host ");
        host(out, self.host);
        out.extend_from_slice(if reply.at == Stage::Greeting {
            b" refused to talk to me: " as &[u8]
        } else {
            b" said: "
        });
        reply.text.write(out, random, &context);
        out.extend_from_slice(match reply.at {
            Stage::Mail => b" (in reply to MAIL FROM command)",
            Stage::Rcpt => b" (in reply to RCPT TO command)",
            Stage::Data => b" (in reply to DATA command)",
            Stage::End => b" (in reply to end of DATA command)",
            Stage::Greeting | Stage::Lost | Stage::None => b"" as &[u8],
        });
    }

    fn exim(&self, out: &mut Vec<u8>, random: &mut Random) {
        let reply = self.reply;
        if let Some(text) = &reply.exim {
            self.exim_head(out, sign(reply.action));
            text.write(out, random, &self.context(b"\\n"));
            return;
        }
        let action = exim_action(reply);
        self.exim_head(out, sign(action));
        if self.names_sender() {
            out.extend_from_slice(b"F=<");
            write_address(out, self.mix, self.message.sender);
            out.extend_from_slice(b"> ");
        }
        out.extend_from_slice(self.group.exim.as_bytes());
        match action {
            Action::Delivered | Action::Relayed => self.exim_delivered(out, random),
            Action::Delayed => {
                out.extend_from_slice(match reply.at {
                    Stage::Rcpt => b" defer (-44) H=" as &[u8],
                    Stage::Mail | Stage::Greeting => b" defer (-45) H=",
                    _ => b" defer (-46) H=",
                });
                self.exim_host(out);
                self.exim_reason(out, random);
            }
            Action::Failed | Action::Rejected => {
                out.extend_from_slice(b" H=");
                self.exim_host(out);
                if random.chance(850_000) {
                    out.extend_from_slice(TLS);
                }
                self.exim_reason(out, random);
            }
        }
    }

    /// Whether Exim names the sender on the line.
    pub(super) fn names_sender(&self) -> bool {
        self.reply.exim.is_none() && exim_action(self.reply) != Action::Delayed
    }

    fn exim_delivered(&self, out: &mut Vec<u8>, random: &mut Random) {
        out.extend_from_slice(b" S=");
        number(out, u64::from(self.message.size) + 600);
        if self.group.direction == Direction::Out {
            out.extend_from_slice(b" H=");
            self.exim_host(out);
            if random.chance(900_000) {
                out.extend_from_slice(TLS);
            }
            out.extend_from_slice(b" C=\"");
            self.reply.text.write(out, random, &self.context(b"\\\\n"));
            out.push(b'"');
        }
        out.extend_from_slice(b" QT=");
        number(out, ((self.now - self.message.arrived) / 1_000_000).unsigned_abs());
        out.extend_from_slice(b"s DT=");
        number(out, u64::from(random.below(4)));
        out.push(b's');
    }

    fn exim_head(&self, out: &mut Vec<u8>, sign: &[u8]) {
        out.extend_from_slice(self.message.id.as_bytes());
        out.extend_from_slice(sign);
        if let Address::Local(_) = self.rcpt {
            let start = out.len();
            write_address(out, self.mix, self.rcpt);
            let local = out[start..].iter().position(|b| *b == b'@').unwrap_or(0);
            let address: Vec<u8> = out.drain(start + local..).collect();
            out.extend_from_slice(b" <");
            out.extend_from_within(start..start + local);
            out.extend_from_slice(&address);
            out.extend_from_slice(b"> ");
        } else {
            write_address(out, self.mix, self.rcpt);
            out.push(b' ');
        }
    }

    fn exim_host(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.host.name.as_bytes());
        out.extend_from_slice(b" [");
        out.extend_from_slice(self.host.ip.as_bytes());
        out.push(b']');
    }

    fn exim_reason(&self, out: &mut Vec<u8>, random: &mut Random) {
        out.extend_from_slice(b": SMTP error from remote mail server after ");
        match self.reply.at {
            Stage::Greeting => out.extend_from_slice(b"initial connection"),
            Stage::Mail => {
                out.extend_from_slice(b"pipelined MAIL FROM:<");
                write_address(out, self.mix, self.message.sender);
                out.extend_from_slice(b"> SIZE=");
                number(out, u64::from(self.message.size) + 1_800);
            }
            Stage::Rcpt => {
                out.extend_from_slice(b"RCPT TO:<");
                write_address(out, self.mix, self.rcpt);
                out.push(b'>');
            }
            Stage::Data => out.extend_from_slice(b"DATA"),
            _ => out.extend_from_slice(b"end of data"),
        }
        out.extend_from_slice(b": ");
        self.reply.text.write(out, random, &self.context(b"\\n"));
    }
}

/// What an encrypted connection adds to an Exim line.
const TLS: &[u8] = b" X=TLS1.3:ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=yes";

/// What Exim makes of a reply: its first digit rules, at the greeting too.
pub(super) fn exim_action(reply: &Reply) -> Action {
    match reply.basic.map(crate::smtp::BasicCode::severity) {
        Some(5) => Action::Failed,
        _ => reply.action,
    }
}

fn sign(action: Action) -> &'static [u8] {
    match action {
        Action::Delivered | Action::Relayed => b" => ",
        Action::Delayed => b" == ",
        Action::Failed | Action::Rejected => b" ** ",
    }
}

/// Writes `name[address]`, or the name alone of what has no address (`local`).
fn host(out: &mut Vec<u8>, host: &Host) {
    out.extend_from_slice(host.name.as_bytes());
    if host.ip.is_empty() {
        return;
    }
    out.push(b'[');
    out.extend_from_slice(host.ip.as_bytes());
    out.push(b']');
}
