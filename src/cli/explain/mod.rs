//! `smtpulse explain`: what was typed or pasted, to the page that answers it.

mod ask;
mod read;
mod typed;

use std::path::PathBuf;

use crate::report::explain::{self, Explanation, Question};

use super::args::{Color, Format};
use super::exit::{Error, Exit};
use super::out::Out;
use super::page;
use ask::Asker;
use typed::Input;

const EXAMPLES: &str = "\
Examples:
  smtpulse explain 5.7.26                        an enhanced code
  smtpulse explain 550 5.7.26 --provider gmail   its meaning at one provider
  smtpulse explain '550-5.7.26 ... - gsmtp'      a reply as the log shows it
  grep 4F1A2B3C4D mail.log | smtpulse explain -  each line, with its provider
  smtpulse explain bounce.eml                    one answer for each recipient
  smtpulse explain -f json - < bounce.eml | jq '.answers[] | .suppress'

Providers are known by the names people use: gmail, hotmail, o365, icloud, gmx, web.de, a mail domain, a \
host.

Exit codes: 0 done; 2 wrong usage, or no code or reply in the input; 4 it could not be read.";

/// Explain a code, a reply, a log line or a bounce: what it means at that provider, and what to do
///
/// The answer follows the five steps of reading a bounce: the class of the basic code, the subject of the enhanced code,
/// suppress or diagnose, retry, and the text last, since it is only evidence.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ExplainArgs {
    /// A code, a pasted reply or log line, the file of a bounce, or - for standard input
    #[arg(value_name = "CODE|REPLY|FILE|-", required = true)]
    pub(super) questions: Vec<std::ffi::OsString>,
    /// Whose reply it is, by any usual name: gmail, o365, gmx ... [default: as the reply, the host or the recipient tells]
    #[arg(long, value_name = "PROVIDER")]
    pub(super) provider: Option<String>,
    /// Kind of page
    #[arg(long, short, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    /// Your own catalogue; its entries win over the built-in ones
    #[arg(long, value_name = "FILE")]
    pub(super) catalog: Option<PathBuf>,
    /// Write to this file instead of standard output; it appears only when complete
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Colour
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub(super) color: Color,
}

/// Answers what was asked.
pub(super) fn run(args: &ExplainArgs) -> Result<Exit, Error> {
    let catalog = super::catalog(args.catalog.as_deref())?;
    let only = args.provider.as_deref().map(|name| page::provider(name, &catalog)).transpose()?;
    let mut asker = Asker::new(&catalog, only.as_ref());
    let mut questions: Vec<Question<'_>> = Vec::new();
    for input in typed::inputs(&args.questions)? {
        let found = match &input {
            Input::Code(code) => asker.code(*code, &code.to_string()),
            Input::Text { name, bytes } => {
                read::questions(bytes, &mut asker).map_err(|error| error.of(name))?
            }
        };
        questions.extend(found);
    }
    let answers: Vec<Explanation> =
        questions.iter().map(|question| Explanation::new(question, &catalog)).collect();
    let mut out = Out::open(args.output.as_deref())?;
    let written = match args.format {
        Format::Text => explain::text(&answers, &mut out, &page::look(args.output.is_some(), args.color)),
        Format::Json => explain::json(&answers, &mut out),
    };
    out.finish(written)?;
    Ok(Exit::Done)
}
