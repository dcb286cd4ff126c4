//! The commands of the manual page.

use std::collections::BTreeSet;
use std::io::{self, Write};

use clap::{Arg, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::{section, usage, verbatim};

/// One subsection for each command, and for each of its own: what it does, how it is typed, and its options. Those that are
/// `report`'s too are only named.
pub(super) fn write(all: &[&Command], out: &mut dyn Write) -> io::Result<()> {
    let mut roff = Roff::new();
    section(&mut roff, "COMMANDS");
    roff.to_writer(out)?;
    let mut known = BTreeSet::new();
    for command in all.iter().filter(|command| command.get_name() == REPORT) {
        for argument in command.get_arguments() {
            known.insert(options(command, argument)?);
        }
    }
    for command in all {
        one(command.get_name(), command, &known, out)?;
        for inner in command.get_subcommands() {
            one(&format!("{} {}", command.get_name(), inner.get_name()), inner, &known, out)?;
        }
    }
    Ok(())
}

/// The command whose options stand at the head of the page.
const REPORT: &str = "report";

fn one(name: &str, command: &Command, known: &BTreeSet<Vec<u8>>, out: &mut dyn Write) -> io::Result<()> {
    let mut roff = Roff::new();
    roff.control("SS", [name]);
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    roff.text([roman(format!("{about}."))]);
    if name == REPORT {
        roff.text([roman("Its options are those above.")]);
        return roff.to_writer(out);
    }
    roff.control("PP", []);
    roff.text([bold(usage(command))]);
    roff.to_writer(out)?;
    let mut shared = Vec::new();
    let told = |argument: &&Arg| !argument.is_hide_set() && argument.get_id() != "help";
    for argument in command.get_arguments().filter(told) {
        let words = options(command, argument)?;
        if !known.contains(&words) {
            out.write_all(&words)?;
        } else if let Some(name) = argument.get_long() {
            shared.push(format!("--{name}"));
        }
    }
    let mut roff = Roff::new();
    if !shared.is_empty() {
        roff.control("PP", []);
        roff.text([roman(format!("As above: {}.", shared.join(", ")))]);
    }
    if let Some(help) = command.get_after_help() {
        paragraphs(&mut roff, &help.to_string());
    }
    roff.to_writer(out)
}

/// An argument as a page of options has it, without a heading.
fn options(command: &Command, argument: &Arg) -> io::Result<Vec<u8>> {
    // What it conflicts with has to stay, but need not be seen.
    let alone = command.clone().mut_args(|other| {
        let hidden = other.get_id() != argument.get_id();
        other.hide(hidden)
    });
    let mut section = Vec::new();
    Man::new(alone).render_options_section(&mut section)?;
    let lines = section.split_inclusive(|byte| *byte == b'\n');
    Ok(lines.filter(|line| !line.starts_with(b".SH")).collect::<Vec<_>>().concat())
}

/// What stands below a command's help: examples stay as they are, sentences flow.
fn paragraphs(roff: &mut Roff, help: &str) {
    for paragraph in help.split("\n\n") {
        roff.control("PP", []);
        if paragraph.contains("\n  ") {
            verbatim(roff, paragraph.lines());
        } else {
            roff.text([roman(paragraph.replace('\n', " "))]);
        }
    }
}
