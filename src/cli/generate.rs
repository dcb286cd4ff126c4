//! `smtpulse gen`: what is asked for on the command line, as a [`Spec`].
//!
//! Where the log and its truth are written is the business of whoever runs the command.

use std::path::PathBuf;

use crate::synth::{
    Blend, Incident, Mta, Spec, SpecError, Stamps, Traffic, check, parse_duration, parse_offset,
    parse_percent, parse_size, parse_start,
};
use crate::time::Instant;

/// Write a mail log of known content, for benchmarks and tests.
///
/// The same options write the same bytes, on every machine. Addresses, hosts and people are invented; what the providers
/// answer is not.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct GenArgs {
    /// How large the log is to be; it ends with the first message that ends beyond it
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = parse_size)]
    pub(super) size: u64,

    /// Number the log follows from: another number, another log of the same kind
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,

    /// Mail server whose log is written
    #[arg(long, value_enum, default_value = "postfix")]
    pub(super) mta: MtaArg,

    /// How the lines of a Postfix log are stamped; Exim stamps its own way
    #[arg(long, value_enum, default_value = "rfc3339")]
    pub(super) stamps: StampsArg,

    /// What the log is made of
    #[arg(long, value_enum, default_value = "default")]
    pub(super) mix: MixArg,

    /// How evenly mail comes
    #[arg(long, value_enum, default_value = "steady")]
    pub(super) traffic: TrafficArg,

    /// When the log begins: a date, or a date and a time, in UTC unless it says otherwise
    #[arg(long, value_name = "TIME", default_value = "2026-03-02", value_parser = parse_start)]
    pub(super) start: Instant,

    /// How many days the log covers, about, such as 7 or 0.5 [default: one for each GiB]
    #[arg(long, value_name = "DAYS", value_parser = parse_days)]
    pub(super) days: Option<i64>,

    /// Offset from UTC the stamps are written in, such as +01:00
    #[arg(long, value_name = "OFFSET", default_value = "+00:00", value_parser = parse_offset, allow_hyphen_values = true)]
    pub(super) offset: i32,

    /// Share of attempts that do not succeed at first
    #[arg(long, value_name = "PERCENT", default_value = "10%", value_parser = parse_percent)]
    pub(super) failures: u32,

    /// Number of sender domains
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub(super) senders: u32,

    /// Number of people mail is sent to
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) recipients: u32,

    /// Lines of other programs and of connections that bring no mail, in percent of the usual
    #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub(super) noise: u32,

    /// Use Postfix's long queue ids (enable_long_queue_ids), which never come back
    #[arg(long)]
    pub(super) long_ids: bool,

    /// Host name in the lines of a Postfix log
    #[arg(long, value_name = "NAME", default_value = "mx1", value_parser = parse_host)]
    pub(super) host: String,

    /// Let a provider answer with one code for a time; may be given several times
    ///
    /// PROVIDER:CODE:+START:DURATION[:SENDER-DOMAIN][:SHARE%], counted from the start of the log. For two hours from the
    /// sixth on, most mail of one sender meets 5.7.26: google:5.7.26:+6h:2h:news.example.net
    #[arg(long = "incident", value_name = "SPEC")]
    pub(super) incidents: Vec<Incident>,

    /// Write the log to this file instead of standard output; it appears only when complete
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,

    /// Write what the log holds to FILE, as JSON: counts by code, host, hour and sender domain
    #[arg(long, value_name = "FILE")]
    pub(super) truth: Option<PathBuf>,
}

/// Mail servers by the words of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum MtaArg {
    /// Postfix, in a syslog file shared with other programs
    Postfix,
    /// Exim's main log
    Exim,
}

/// Stamps by the words of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum StampsArg {
    /// Nov  3 02:01:00
    Rfc3164,
    /// 2025-11-03T02:01:00.000000+00:00
    Rfc3339,
}

/// Mixes by the words of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum MixArg {
    /// A server with users, incoming mail and other programs: one line in twelve is a delivery
    Default,
    /// A server that mostly sends: about one line in seven
    Bulk,
    /// Nothing but refused and delayed deliveries, with long replies
    Dense,
}

/// Traffic by the words of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum TrafficArg {
    /// More by day than by night
    Steady,
    /// Quiet weekends too, and mailings that bring up to two hundred times the usual
    Violent,
}

impl TryFrom<&GenArgs> for Spec {
    type Error = SpecError;

    fn try_from(args: &GenArgs) -> Result<Spec, SpecError> {
        let spec = Spec {
            seed: args.seed,
            mta: match args.mta {
                MtaArg::Postfix => Mta::Postfix,
                MtaArg::Exim => Mta::Exim,
            },
            stamps: match args.stamps {
                StampsArg::Rfc3164 => Stamps::Rfc3164,
                StampsArg::Rfc3339 => Stamps::Rfc3339,
            },
            offset_minutes: args.offset,
            bytes: args.size,
            start: args.start,
            span: args.days,
            blend: match args.mix {
                MixArg::Default => Blend::Default,
                MixArg::Bulk => Blend::Bulk,
                MixArg::Dense => Blend::Dense,
            },
            traffic: match args.traffic {
                TrafficArg::Steady => Traffic::Steady,
                TrafficArg::Violent => Traffic::Violent,
            },
            failures: args.failures,
            senders: args.senders,
            recipients: args.recipients,
            noise: args.noise,
            long_ids: args.long_ids,
            host: args.host.clone(),
            incidents: args.incidents.clone(),
        };
        check(&spec)?;
        Ok(spec)
    }
}

/// Days, in seconds.
fn parse_days(text: &str) -> Result<i64, SpecError> {
    parse_duration(&format!("{}d", text.trim().trim_end_matches('d')))
}

/// A host name: it stands in every line, so nothing in it may end the field.
fn parse_host(text: &str) -> Result<String, String> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    if !text.is_empty() && text.len() <= 255 && text.bytes().all(fits) {
        Ok(text.to_owned())
    } else {
        Err("expected letters, digits, dots and hyphens".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        args: GenArgs,
    }

    fn spec(words: &[&str]) -> Result<Spec, String> {
        let command =
            Command::try_parse_from(["gen"].iter().chain(words)).map_err(|error| error.to_string())?;
        Spec::try_from(&command.args).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_said_is_the_default_spec_of_64_mib() {
        assert_eq!(spec(&[]), Ok(Spec { bytes: 64 << 20, ..Spec::default() }));
    }

    #[test]
    fn everything_said_arrives() {
        let said = "--size 1.5GiB --seed 7 --mta exim --stamps rfc3164 --mix bulk --traffic violent --start 2026-01-01T06:00:00Z --days 2 \
                    --offset -05:00 --failures 12.5% --senders 9 --recipients 1000 --noise 50 --long-ids --host mta.example.com \
                    --incident yahoo:4.7.0:+1h:30m:news.example.net:35%";
        let spec = spec(&said.split_whitespace().collect::<Vec<_>>()).unwrap();
        assert_eq!((spec.bytes, spec.seed, spec.mta, spec.blend), (1_610_612_736, 7, Mta::Exim, Blend::Bulk));
        assert_eq!(spec.traffic, Traffic::Violent);
        assert_eq!((spec.stamps, spec.offset_minutes, spec.span), (Stamps::Rfc3164, -300, Some(172_800)));
        assert_eq!((spec.failures, spec.senders, spec.recipients, spec.noise), (125_000, 9, 1_000, 50));
        assert_eq!((spec.start, spec.long_ids, spec.host.as_str()), (1_767_247_200, true, "mta.example.com"));
        assert_eq!(spec.incidents, ["yahoo:4.7.0:+1h:30m:news.example.net:35%".parse().unwrap()]);
    }

    #[test]
    fn what_cannot_be_is_told() {
        for (words, wanted) in [
            (&["--size", "much"][..], "is no size"),
            (&["--failures", "200%"], "is no share"),
            (&["--host", "a b"], "letters, digits"),
            (&["--days", "x"], "is no span"),
            (&["--incident", "nobody:5.7.26:+0:1h"], "no provider \"nobody\""),
            (&["--size", "1MiB", "--incident", "google:5.7.26:+6h:2h"], "more days"),
        ] {
            let error = spec(words).unwrap_err();
            assert!(error.contains(wanted), "{words:?}: {error}");
        }
    }
}
