//! What a package brings besides the program: completions for shells, and the manual page.

mod commands;

use std::io::{self, Write};

use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::args::{Cli, EXAMPLES};
use super::exit::{Error, Exit};
use super::out::Out;
use super::read::USUAL;

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints completions for a shell.
pub(super) fn completions(args: &CompletionsArgs) -> Result<Exit, Error> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    print(&script)
}

/// Prints the manual page.
pub(super) fn page() -> Result<Exit, Error> {
    let mut page = Vec::new();
    let written = write(&mut page);
    // A page in memory is always complete.
    written.map_err(|error| Error::output("standard output", &error))?;
    print(&page)
}

fn print(bytes: &[u8]) -> Result<Exit, Error> {
    let mut out = Out::open(None)?;
    let written = out.write_all(bytes);
    out.finish(written)?;
    Ok(Exit::Done)
}

fn write(out: &mut dyn Write) -> io::Result<()> {
    let mut command = Cli::command();
    command.build();
    let version = command.get_version().unwrap_or_default().to_owned();
    let man = Man::new(command.clone());
    // Without a day: the page is the same whenever it is built.
    writeln!(out, ".TH SMTPULSE 1 \"\" \"smtpulse {version}\" \"User Commands\"")?;
    let mut roff = Roff::new();
    roff.control("SH", ["NAME"]);
    roff.text([roman("smtpulse - what the world's mail servers answered, what it means, and what to fix")]);
    roff.control("SH", ["SYNOPSIS"]);
    let all: Vec<&Command> = command.get_subcommands().collect();
    roff.text([bold("smtpulse"), roman(" [report] [OPTIONS] [INPUT]...")]);
    for command in all.iter().filter(|command| command.get_name() != "report") {
        roff.control("br", []);
        roff.text([roman(usage(command))]);
    }
    roff.to_writer(out)?;
    man.render_description_section(out)?;
    // The options of `report`, which is the command where none is named.
    man.render_options_section(out)?;
    commands::write(&all, out)?;
    let mut roff = Roff::new();
    let (examples, _) = EXAMPLES.split_once("\n\n").unwrap_or((EXAMPLES, ""));
    section(&mut roff, "EXAMPLES");
    verbatim(&mut roff, examples.lines().skip(1));
    section(&mut roff, "EXIT STATUS");
    for (exit, meaning) in Exit::ALL {
        entry(&mut roff, &exit.number().to_string(), meaning);
    }
    section(&mut roff, "FILES");
    entry(
        &mut roff,
        &USUAL.join(", "),
        "The logs that are read where none is named: the first that is there.",
    );
    entry(&mut roff, "/var/lib/smtpulse", "What nightly runs remember, where they may write there.");
    section(&mut roff, "ENVIRONMENT");
    for (name, meaning) in ENVIRONMENT {
        entry(&mut roff, name, meaning);
    }
    section(&mut roff, "SEE ALSO");
    roff.text([bold("sendmail"), roman("(8), "), bold("logrotate"), roman("(8)")]);
    roff.to_writer(out)
}

/// What the program looks at around it.
const ENVIRONMENT: [(&str, &str); 3] = [
    ("TZ", "Zone of stamps without an offset, and of the times shown, where --tz names none."),
    (
        "STATE_DIRECTORY, XDG_STATE_HOME",
        "Where nightly runs keep their state, where --state names no folder.",
    ),
    ("NO_COLOR, CLICOLOR, CLICOLOR_FORCE, TERM", "Whether --color auto uses colour on a terminal."),
];

/// How a command is typed.
fn usage(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage:").trim().to_owned()
}

fn section(roff: &mut Roff, name: &str) {
    roff.control("SH", [name]);
}

/// A term and what is to be said of it.
fn entry(roff: &mut Roff, term: &str, text: &str) {
    roff.control("TP", []);
    roff.text([bold(term)]);
    roff.text([roman(text)]);
}

/// Lines that stay as they are.
fn verbatim<'l>(roff: &mut Roff, lines: impl Iterator<Item = &'l str>) {
    roff.control("nf", []);
    for line in lines {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}
