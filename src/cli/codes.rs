//! `smtpulse codes`: the catalogue as a list, and the check of an operator's own file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::args::Color;
use super::exit::{Error, Exit};
use super::out::Out;
use super::page::{self, alike, did_you_mean, look};
use super::{catalog, notes};
use crate::catalog::{Catalog, Query, Stage, Suppress, UNKNOWN, check};
use crate::report::codes::{self as pages, Entries, Providers};

const EXAMPLES: &str = "\
Examples:
  smtpulse codes 5.7.26                who answers so, and what it means there
  smtpulse codes --full gmail 5.7.26   whole entries: meaning, fix, source
  smtpulse codes --provider yahoo      all that Yahoo's entries know
  smtpulse codes --enforcement --stage deferral
  smtpulse codes --suppress now -f csv
                                       answers after which a recipient is dead
  smtpulse codes --providers           whom the catalogue knows
  smtpulse codes --check mine.toml     is a catalogue of your own good, and
                                       what does it change?
  smtpulse codes --catalog mine.toml --provider mine

A word that is a code, such as 550 or 5.7.26, finds the entries whose patterns cover it: 5xx covers 550. \
Any other word is looked for in code, title, meaning, fix, marker, category and provider; all words must \
occur. Two providers may mean different things by one code. In CSV, cells that a spreadsheet would take \
for a formula begin with an apostrophe.

Exit codes: 0 done, even if nothing was found; 2 wrong usage, or faults in the file that --check was \
given.";

/// List what the catalogue knows, or check a catalogue of your own.
///
/// The catalogue tells what a code means at a provider and what to do. With three entries or fewer left, each is shown
/// whole, as --full does with any number.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CodesArgs {
    /// Codes or words that must all occur
    #[arg(value_name = "WORD")]
    words: Vec<String>,

    /// Only this provider, by any usual name, and what holds for its family; a family and its members; generic or *: what
    /// holds for everybody
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,

    /// Only this kind of trouble, such as auth-spf
    #[arg(long, value_name = "CATEGORY", conflicts_with = "providers")]
    category: Option<String>,

    /// Only what belongs to the sender requirements that providers enforce
    #[arg(long, conflicts_with = "providers")]
    enforcement: bool,

    /// Only entries that suppress a recipient then
    #[arg(long, value_enum, value_name = "WHEN", conflicts_with = "providers")]
    suppress: Option<SuppressArg>,

    /// Only this step: deferred first, rejected when nothing changes
    #[arg(long, value_enum, value_name = "STAGE", conflicts_with = "providers")]
    stage: Option<StageArg>,

    /// List providers instead of codes
    #[arg(long)]
    providers: bool,

    /// Show entries whole, however many: meaning, fix, template, example, source
    #[arg(long, conflicts_with = "providers")]
    full: bool,

    /// Check this catalogue file: every fault by line and key, or what the file takes over from the built-in catalogue
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "words", "provider", "category", "enforcement", "suppress", "stage", "providers", "full", "format", "catalog",
    ])]
    check: Option<PathBuf>,

    /// Kind of page
    #[arg(long, short, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Write to this file instead of standard output; it appears only when complete
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Your own catalogue; its entries win over the built-in ones, and are marked
    #[arg(long, value_name = "FILE")]
    catalog: Option<PathBuf>,

    /// Colour
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    color: Color,
}

/// Kinds of page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For programs: one JSON object.
    Json,
    /// For spreadsheets: one line a row.
    Csv,
}

/// Rules of suppression by the words of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SuppressArg {
    /// At once
    Now,
    /// After repeated failures over time without a success
    AfterRetries,
    /// When it is still so on another day
    IfPersistent,
    /// Never: the recipient is not the reason
    Never,
}

impl From<SuppressArg> for Suppress {
    fn from(word: SuppressArg) -> Suppress {
        match word {
            SuppressArg::Now => Suppress::Now,
            SuppressArg::AfterRetries => Suppress::AfterRetries,
            SuppressArg::IfPersistent => Suppress::IfPersistent,
            SuppressArg::Never => Suppress::Never,
        }
    }
}

/// Steps of a ladder by the words of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StageArg {
    /// 4xx: still deferred
    Deferral,
    /// 5xx: rejected
    Rejection,
}

impl From<StageArg> for Stage {
    fn from(word: StageArg) -> Stage {
        match word {
            StageArg::Deferral => Stage::Deferral,
            StageArg::Rejection => Stage::Rejection,
        }
    }
}

/// Runs the command.
pub(super) fn codes(args: &CodesArgs) -> Result<Exit, Error> {
    if let Some(path) = &args.check {
        return check_file(path, args);
    }
    let catalog = catalog(args.catalog.as_deref())?;
    let query = query(args, &catalog)?;
    let look = look(args.output.is_some(), args.color);
    let none = if args.providers {
        let list = Providers::new(&catalog.search_providers(&query), &catalog);
        write(args, |out| match args.format {
            Format::Text => pages::providers_text(&list, out, &look),
            Format::Json => pages::json(&list, out),
            Format::Csv => pages::providers_csv(&list, out),
        })?;
        list.providers.is_empty()
    } else {
        let list = Entries::new(&catalog.search(&query), &catalog);
        write(args, |out| match args.format {
            Format::Text => pages::entries_text(&list, args.full, out, &look),
            Format::Json => pages::json(&list, out),
            Format::Csv => pages::entries_csv(&list, out),
        })?;
        list.codes.is_empty()
    };
    if none {
        notes::say(&nothing(args, &query, &catalog));
    }
    Ok(Exit::Done)
}

fn write(args: &CodesArgs, page: impl FnOnce(&mut Out) -> std::io::Result<()>) -> Result<(), Error> {
    let mut out = Out::open(args.output.as_deref())?;
    let written = page(&mut out);
    out.finish(written)
}

fn check_file(path: &Path, args: &CodesArgs) -> Result<Exit, Error> {
    match check(path) {
        Ok(checked) => {
            let look = look(args.output.is_some(), args.color);
            let name = path.display().to_string();
            write(args, |out| pages::check(&checked, &name, out, &look))?;
            Ok(Exit::Done)
        }
        Err(faults) => {
            for fault in &faults {
                notes::fault(&fault.to_string());
            }
            let count = match faults.len() {
                1 => "1 fault".to_owned(),
                many => format!("{many} faults"),
            };
            Err(Error::usage(format!("{}: {count}", path.display())))
        }
    }
}

/// What is asked, with every name known.
fn query(args: &CodesArgs, catalog: &Catalog) -> Result<Query, Error> {
    let provider = args.provider.as_deref().map(|name| whose(name, catalog)).transpose()?;
    if let Some(name) = &args.category {
        let categories = categories(catalog);
        if !categories.contains(name.as_str()) {
            let near = did_you_mean(&alike(name, categories.iter().copied())).unwrap_or_else(|| {
                format!("there are {}", categories.into_iter().collect::<Vec<_>>().join(", "))
            });
            return Err(Error::usage(format!("--category {name}: no category of that name; {near}")));
        }
    }
    Ok(Query {
        provider,
        category: args.category.clone(),
        enforcement: args.enforcement,
        suppress: args.suppress.map(Suppress::from),
        stage: args.stage.map(Stage::from),
        words: args.words.clone(),
    })
}

/// Whose entries are meant: everybody's, those of a short name, else of whoever is called so.
fn whose(name: &str, catalog: &Catalog) -> Result<String, Error> {
    match name {
        "generic" | UNKNOWN => Ok(Catalog::EVERYBODY.to_owned()),
        name if catalog.is_somebody(name) => Ok(name.to_owned()),
        name => Ok(page::provider(name, catalog)?.name().to_owned()),
    }
}

fn categories(catalog: &Catalog) -> BTreeSet<&str> {
    catalog.entries().iter().map(|entry| &*entry.category).collect()
}

/// Why nothing was found: what would be without one of the conditions, and names that begin like a word.
fn nothing(args: &CodesArgs, query: &Query, catalog: &Catalog) -> String {
    let count = |query: &Query| match args.providers {
        true => catalog.search_providers(query).len(),
        false => catalog.search(query).len(),
    };
    let mut without: Vec<(String, Query)> = Vec::new();
    let mut drop = |what: String, change: &dyn Fn(&mut Query)| {
        let mut query = query.clone();
        change(&mut query);
        without.push((what, query));
    };
    for (n, word) in query.words.iter().enumerate() {
        drop(format!("\"{word}\""), &|query| {
            query.words.remove(n);
        });
    }
    if let Some(name) = &args.provider {
        drop(format!("--provider {name}"), &|query| query.provider = None);
    }
    if let Some(name) = &args.category {
        drop(format!("--category {name}"), &|query| query.category = None);
    }
    if args.enforcement {
        drop("--enforcement".to_owned(), &|query| query.enforcement = false);
    }
    if args.suppress.is_some() {
        drop("--suppress".to_owned(), &|query| query.suppress = None);
    }
    if args.stage.is_some() {
        drop("--stage".to_owned(), &|query| query.stage = None);
    }
    let mut text = "nothing found".to_owned();
    // With one condition, without it is everything: that helps nobody.
    if without.len() > 1 {
        let found = without.iter().map(|(what, query)| (what, count(query))).filter(|(_, count)| *count > 0);
        let found: Vec<String> = found.map(|(what, count)| format!("{count} without {what}")).collect();
        if !found.is_empty() {
            text.push_str(&format!("; {}", found.join(", ")));
        }
    }
    let mut names = categories(catalog);
    for provider in catalog.providers() {
        names.insert(&provider.id);
        names.extend(provider.title.split(|c: char| !c.is_alphanumeric()));
    }
    let alone = |word: &String| Query { words: vec![word.clone()], ..Query::default() };
    for word in query.words.iter().filter(|word| count(&alone(word)) == 0) {
        if let Some(near) = did_you_mean(&alike(word, names.iter().copied())) {
            text.push_str(&format!("; {near}"));
        }
    }
    text
}
