//! Arguments to inputs: which words belong together, which name a file, which is standard input.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::super::exit::Error;
use crate::smtp::{BasicCode, Code, EnhancedCode};

/// One thing to explain.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A bare code.
    Code(Code),
    /// Anything longer, and what to call it in a message.
    Text {
        /// The name of the file, or the text itself where it was typed.
        name: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
}

/// What is larger is no reply and no bounce any more.
const LARGEST: u64 = 32 * 1024 * 1024;

/// The inputs that the arguments stand for.
///
/// An argument that names a file, is `-` or holds blanks stands for itself. Single words belong together: `550 5.7.26` is
/// one code, and a reply pasted without quotation marks is one reply, the `-` before Google's signature included.
pub(super) fn inputs<S: AsRef<OsStr>>(arguments: &[S]) -> Result<Vec<Input>, Error> {
    let mut inputs = Vec::new();
    let mut words: Vec<String> = Vec::new();
    for argument in arguments {
        let argument = argument.as_ref();
        let text = argument.to_string_lossy();
        let loose = !words.is_empty() && codes(&words.join(" ")).is_none();
        if codes(&text).is_some() && !text.trim().contains(' ') {
            words.push(text.into_owned());
        } else if text == "-" && !loose {
            flush(&mut words, &mut inputs);
            inputs.push(Input::Text {
                name: "standard input".to_owned(),
                bytes: bytes("standard input", io::stdin())?,
            });
        } else if Path::new(argument).is_file() {
            flush(&mut words, &mut inputs);
            let file = File::open(argument).map_err(|error| Error::nothing(format!("{text}: {error}")))?;
            inputs.push(Input::Text { bytes: bytes(&text, file)?, name: text.into_owned() });
        } else if text.trim().contains([' ', '\n']) {
            flush(&mut words, &mut inputs);
            push(&text, &mut inputs);
        } else if looks_like_path(&text) {
            return Err(Error::nothing(format!("{text}: no such file")));
        } else {
            words.push(text.into_owned());
        }
    }
    flush(&mut words, &mut inputs);
    Ok(inputs)
}

/// Whether a word can only be meant as the name of a file; addresses of pages are common in replies.
fn looks_like_path(word: &str) -> bool {
    let kind = Path::new(word).extension().and_then(OsStr::to_str);
    (word.starts_with(['/', '.']) || kind.is_some_and(|kind| ["eml", "msg", "txt", "log"].contains(&kind)))
        && !word.contains("://")
}

/// Single words that have come together become one input.
fn flush(words: &mut Vec<String>, inputs: &mut Vec<Input>) {
    if !words.is_empty() {
        push(&words.join(" "), inputs);
        words.clear();
    }
}

fn push(text: &str, inputs: &mut Vec<Input>) {
    match codes(text) {
        Some(codes) => inputs.extend(codes.into_iter().map(Input::Code)),
        None => inputs.push(Input::Text { name: text.to_owned(), bytes: text.as_bytes().to_vec() }),
    }
}

fn bytes(name: &str, reader: impl Read) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = reader.take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| Error::nothing(format!("{name}: {error}")))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Error::usage(format!(
            "{name}: more than 32 MiB is no reply and no bounce; for a whole log: smtpulse FILE"
        )));
    }
    Ok(bytes)
}

/// The codes a text is made of, where it is made of nothing else: a basic code and an enhanced one behind it are one.
pub(super) fn codes(text: &str) -> Option<Vec<Code>> {
    let mut codes: Vec<Code> = Vec::new();
    for word in text.split_whitespace() {
        let word = word.trim_matches([',', ';', ':', '"', '\'', '(', ')', '[', ']', '#']);
        if let Some(basic) = BasicCode::at_start(word.as_bytes()) {
            let enhanced = match word.as_bytes().get(3..) {
                None | Some([]) => None,
                Some([b'-']) => None,
                Some([b'-', rest @ ..]) => Some(EnhancedCode::parse(rest)?),
                Some(_) => return None,
            };
            codes.push(Code { basic: Some(basic), enhanced });
            continue;
        }
        let enhanced = EnhancedCode::parse(word.as_bytes())?;
        match codes.last_mut() {
            Some(Code { basic: Some(_), enhanced: empty @ None }) => *empty = Some(enhanced),
            _ => codes.push(Code { basic: None, enhanced: Some(enhanced) }),
        }
    }
    (!codes.is_empty()).then_some(codes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Vec<String> {
        let show = |input: Input| match input {
            Input::Code(code) => code.to_string(),
            Input::Text { bytes, .. } => format!("<{}>", String::from_utf8(bytes).unwrap()),
        };
        inputs(arguments).unwrap().into_iter().map(show).collect()
    }

    #[test]
    fn words_that_are_one_code() {
        assert_eq!(read(&["5.7.26"]), ["5.7.26"]);
        assert_eq!(read(&["550"]), ["550"]);
        assert_eq!(read(&["550 5.7.26"]), ["550 5.7.26"]);
        assert_eq!(read(&["550", "5.7.26"]), ["550 5.7.26"]);
        assert_eq!(read(&["550-5.7.26"]), ["550 5.7.26"]);
        assert_eq!(read(&["550-", "#5.7.26,"]), ["550 5.7.26"]);
        assert_eq!(read(&["550", "5.7.26", "421", "4.7.28"]), ["550 5.7.26", "421 4.7.28"]);
        assert_eq!(read(&["5.7.26", "5.1.1"]), ["5.7.26", "5.1.1"]);
        assert_eq!(read(&["550", "552", "5.2.2"]), ["550", "552 5.2.2"]);
    }

    #[test]
    fn words_that_are_a_text() {
        assert_eq!(read(&["550 5.1.1 no", "421"]), ["<550 5.1.1 no>", "421"]);
        assert_eq!(read(&["550", "5.1.1", "no", "such", "user"]), ["<550 5.1.1 no such user>"]);
        assert_eq!(read(&["550", "5.7.26", "blocked", "-", "gsmtp"]), ["<550 5.7.26 blocked - gsmtp>"]);
        assert_eq!(read(&["600"]), ["<600>"]);
        assert_eq!(read(&["5.7.26.1"]), ["<5.7.26.1>"]);
    }
}
