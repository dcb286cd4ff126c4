//! Replies that a text quotes: the words of a bounce, an error message that somebody copied.
//!
//! Nobody agreed on how to quote, so this is the one place that searches. A number in a sentence is no reply: a code must
//! open its line, stand directly behind what announces it, or be followed by an enhanced code of its own class.

use super::Notice;
use crate::smtp::{BasicCode, Code, EnhancedCode, Joint, ReplyCodes, Step};

/// Bytes of a reply; what is longer is no reply any more.
const LONGEST: usize = 8 * 1024;

/// The replies that refuse, in their order, with what the text around them tells.
pub fn quotes(text: &str) -> Vec<Notice> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    let mut at = 0;
    let mut before = 0;
    while at < lines.len() {
        let Some(start) = start(lines[at]) else {
            at += 1;
            continue;
        };
        let (reply, end) = reply(&lines, at, start);
        let mut context = lines[before..at].join(" ");
        context.push(' ');
        context.push_str(&lines[at][..start]);
        found.push(notice(&reply, &context));
        at = end;
        before = end;
    }
    found
}

/// Where a reply that refuses begins in a line.
fn start(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    // Looked for once: a line of nothing but signs and codes would be read again at each code.
    let first_word = line.find(char::is_alphanumeric);
    (0..bytes.len()).find(|&at| {
        let Some(basic) = BasicCode::at_start(&bytes[at..]).filter(|basic| basic.severity() > 3) else {
            return false;
        };
        let before = at.checked_sub(1).map(|before| bytes[before]);
        if before
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'/'))
        {
            return false;
        }
        let Some((b' ' | b'-', rest)) = bytes[at + 3..].split_first() else { return false };
        if rest.iter().all(u8::is_ascii_whitespace) {
            return false;
        }
        if EnhancedCode::at_start(rest).is_some_and(|(enhanced, _)| enhanced.class() == basic.severity()) {
            return true;
        }
        // RFC 5321, section 4.2.1, gives the second digit no meaning above 5; 57x is in use.
        let usual = matches!(basic.number() / 10 % 10, 0..=5 | 7);
        let opens = first_word == Some(at);
        let announced = bytes[..at].trim_ascii_end().last().is_some_and(|byte| b":;('\"".contains(byte));
        usual && (opens || announced)
    })
}

/// The reply that begins in a line, and the number of the line behind it.
fn reply(lines: &[&str], first: usize, start: usize) -> (String, usize) {
    let line = &lines[first][start..];
    let most =
        (0..=LONGEST.min(line.len())).rev().find(|end| line.is_char_boundary(*end)).unwrap_or_default();
    let mut reply = line[..most].trim_end().to_owned();
    let mut open = reply.as_bytes().get(3) == Some(&b'-');
    let mut at = first + 1;
    while at < lines.len() && reply.len() < LONGEST {
        // Marks that mail programs put before what they quote, and protocols before what was said.
        let line =
            lines[at].trim_start_matches(|c: char| c.is_whitespace() || "<>|*~".contains(c)).trim_end();
        let coded = BasicCode::at_start(line.as_bytes()).is_some_and(|basic| basic.severity() > 3)
            && matches!(line.as_bytes().get(3), None | Some(b' ' | b'-'));
        let ends = line.is_empty() || is_address(line) || !open && (coded || self::start(line).is_some());
        if ends {
            break;
        }
        if coded {
            open = line.as_bytes().get(3) == Some(&b'-');
        }
        reply.push(' ');
        reply.push_str(line);
        at += 1;
    }
    (reply, at)
}

fn notice(reply: &str, context: &str) -> Notice {
    // Postfix closes what it quotes by what the reply answered.
    let (reply, command) = match reply.split_once("(in reply to ") {
        Some((reply, command)) => (reply.trim_end(), Some(command)),
        None => (reply, None),
    };
    let step = command.and_then(|command| Step::of_command(command.as_bytes())).or_else(|| step(context));
    let ReplyCodes { basic, enhanced } = ReplyCodes::read(reply.as_bytes(), Joint::Blank);
    let recipient = context.split_whitespace().rev().find_map(address).or_else(|| {
        let bracketed = |word: &str| word.contains('<').then(|| address(word)).flatten();
        reply.split_whitespace().find_map(bracketed)
    });
    Notice {
        recipient,
        host: host(context),
        code: Code { basic, enhanced },
        step,
        text: reply.to_owned(),
        answered: true,
        ..Notice::default()
    }
}

/// What a reply answered, by the words before it: Exim's `error from remote mail server after RCPT TO:<...>:`.
fn step(context: &str) -> Option<Step> {
    if context.trim_end().ends_with("refused to talk to me:") {
        return Some(Step::Connect);
    }
    let (_, command) = context.rsplit_once(" after ")?;
    let command = command.strip_prefix("pipelined ").unwrap_or(command);
    Step::of_command(command.trim_start().as_bytes())
}

/// The name behind the last word `host`.
fn host(context: &str) -> Option<String> {
    let words: Vec<&str> = context.split_whitespace().collect();
    words
        .windows(2)
        .rev()
        .filter(|pair| pair[0].trim_start_matches(['(', '<']).eq_ignore_ascii_case("host"))
        .find_map(|pair| {
            let name = pair[1].split(['[', ':', ')', ',']).next().unwrap_or_default();
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
            (name.contains('.') && name.bytes().all(plain)).then(|| name.to_owned())
        })
}

fn is_address(line: &str) -> bool {
    !line.contains(' ') && address(line).is_some()
}

/// The address in a word, without what stands around it; not that of the sender in a `MAIL FROM:<...>`.
fn address(word: &str) -> Option<String> {
    if word.to_ascii_lowercase().contains("from:<") {
        return None;
    }
    let word = word.rsplit_once('<').map_or(word, |(_, inside)| inside);
    let word = word.split('>').next().unwrap_or_default();
    let word = word.trim_start_matches("mailto:").trim_matches(|c: char| "()[]\"',:;.*".contains(c));
    let (local, domain) = word.rsplit_once('@')?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.') || !b.is_ascii();
    (!local.is_empty() && domain.contains('.') && domain.bytes().all(plain)).then(|| word.to_owned())
}
