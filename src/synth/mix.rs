//! The mix: who answers what how often, and which lines surround it. Loaded from `mix.toml`, fitted to a spec.
//!
//! All names of providers are in the file; here a provider is the number of a group.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::names::{Host, write_ip};
use super::random::{Random, mix, stable};
use super::spec::{Blend, Incident, Mta, Spec, SpecError};
use super::template::Template;
use crate::smtp::{Action, BasicCode, Direction, EnhancedCode};

const TEXT: &str = include_str!("mix.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    names: NamesFile,
    script: Vec<ScriptFile>,
    group: Vec<GroupFile>,
    common: Vec<ReplyFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamesFile {
    our_name: String,
    our_ip: String,
    senders: Vec<String>,
    mailings: Vec<String>,
    local_domains: Vec<String>,
    first_names: Vec<String>,
    last_names: Vec<String>,
    words: Vec<String>,
    subjects: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScriptFile {
    brings: Brings,
    #[serde(default)]
    weights: BTreeMap<String, u32>,
    gap: u32,
    steps: Vec<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupFile {
    name: String,
    weight: u32,
    #[serde(default)]
    direction: Option<Direction>,
    #[serde(default)]
    domains: Vec<String>,
    #[serde(default)]
    generated: u32,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    host_of_domain: Option<String>,
    transport: String,
    relay: String,
    exim: String,
    #[serde(default)]
    before: Option<Vec<String>>,
    #[serde(default)]
    after: Option<Vec<String>>,
    #[serde(default)]
    reply: Vec<ReplyFile>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct ReplyFile {
    weight: u32,
    at: Stage,
    text: String,
    #[serde(default)]
    dsn: Option<String>,
    #[serde(default)]
    exim: Option<String>,
}

/// What a connection brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Brings {
    /// A message of one of our senders to other hosts.
    Out,
    /// A message of a stranger to our users.
    In,
    /// The report about a message that failed.
    Bounce,
    /// Nothing.
    Nothing,
}

/// When in a transaction a reply comes (RFC 5321, section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Stage {
    /// When the connection is opened.
    Greeting,
    Mail,
    Rcpt,
    Data,
    /// After the message.
    End,
    /// The connection broke: a host, but no reply.
    Lost,
    /// No host was reached.
    None,
}

/// What a line of a script is counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Unrelated,
    Event,
    Program,
    /// A refusal, with its place in [`Mix::rejects`].
    Reject(u16),
    /// The message gets its id with this line.
    Arrives,
    /// The queue takes the message up with this line.
    Active,
    /// Both at once.
    Received,
}

/// One line of a script.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) class: Class,
    pub(super) text: Template,
}

/// The lines of one connection.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) brings: Brings,
    /// Milliseconds between two lines, about.
    pub(super) gap: u32,
    pub(super) steps: Vec<Step>,
}

/// A refusal of our own.
#[derive(Clone, Debug)]
pub(super) struct Reject {
    pub(super) status: String,
    pub(super) basic: Option<u16>,
    pub(super) enhanced: Option<String>,
}

/// What a host answers.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) at: Stage,
    pub(super) text: Template,
    /// What Exim says in place of `text`.
    pub(super) exim: Option<Template>,
    /// Whether Exim's text names the host.
    pub(super) exim_names_host: bool,
    pub(super) basic: Option<BasicCode>,
    pub(super) enhanced: Option<String>,
    /// Postfix's `dsn=`.
    pub(super) dsn: String,
    pub(super) action: Action,
}

/// Hosts that answer alike.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) direction: Direction,
    pub(super) domains: Vec<String>,
    pub(super) hosts: Vec<Host>,
    /// Every domain has a host of its own.
    pub(super) own_hosts: bool,
    pub(super) transport: String,
    /// What `relay=` says after the host.
    pub(super) relay: String,
    pub(super) exim: String,
    pub(super) before: Option<Step>,
    pub(super) after: Option<Step>,
    pub(super) replies: Vec<Reply>,
    pub(super) accepting: Weighted,
    pub(super) failing: Weighted,
    /// Where its counters begin.
    pub(super) counters: usize,
}

/// An incident, in microseconds and numbers.
#[derive(Clone, Debug)]
pub(super) struct Episode {
    pub(super) group: u16,
    pub(super) reply: u16,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) sender: Option<u16>,
    pub(super) share: u32,
}

/// Numbers picked by weight.
#[derive(Clone, Debug, Default)]
pub(super) struct Weighted {
    /// Sum of the weights up to here, and what is picked.
    sums: Vec<(u32, u16)>,
}

impl Weighted {
    fn new(weights: impl Iterator<Item = u32>) -> Weighted {
        let mut sum = 0_u32;
        let mut sums = Vec::new();
        for (at, weight) in weights.enumerate() {
            if weight > 0 {
                sum = sum.saturating_add(weight);
                sums.push((sum, at as u16));
            }
        }
        Weighted { sums }
    }

    /// Sum of all weights.
    pub(super) fn total(&self) -> u32 {
        self.sums.last().map_or(0, |(sum, _)| *sum)
    }

    /// What stands at a place below `total`.
    pub(super) fn at(&self, place: u32) -> u16 {
        let index = self.sums.partition_point(|(sum, _)| *sum <= place);
        self.sums.get(index).or(self.sums.last()).map_or(0, |(_, picked)| *picked)
    }

    /// Picks by chance.
    pub(super) fn pick(&self, random: &mut Random) -> u16 {
        self.at(random.below(self.total()))
    }
}

/// The mix, fitted to a spec.
#[derive(Clone, Debug)]
pub(super) struct Mix {
    pub(super) our_name: String,
    pub(super) our_ip: String,
    pub(super) senders: Vec<String>,
    pub(super) mailings: Vec<String>,
    pub(super) local_domains: Vec<String>,
    pub(super) first_names: Vec<String>,
    pub(super) last_names: Vec<String>,
    pub(super) words: Vec<String>,
    pub(super) subjects: Vec<String>,
    pub(super) scripts: Vec<Script>,
    /// Which script a new connection follows.
    pub(super) arrivals: Weighted,
    /// The script of bounces.
    pub(super) bounce: u16,
    pub(super) groups: Vec<Group>,
    /// Which group a recipient elsewhere belongs to.
    elsewhere: Weighted,
    /// Which group takes our users' mail.
    home: Weighted,
    /// The group that takes bounces to our senders.
    returns: u16,
    pub(super) rejects: Vec<Reject>,
    pub(super) episodes: Vec<Episode>,
    /// How many counters all groups need.
    pub(super) counters: usize,
}

impl Mix {
    /// The built-in mix for a spec. Tells what the spec asks for and the mix does not have.
    pub(super) fn new(spec: &Spec) -> Result<Mix, SpecError> {
        let file: File =
            toml::from_str(TEXT).map_err(|error| SpecError(format!("the built-in mix: {error}")))?;
        let column = match (spec.mta, spec.blend) {
            (Mta::Postfix, Blend::Bulk) => "postfix-bulk",
            (Mta::Postfix, _) => "postfix",
            (Mta::Exim, Blend::Bulk) => "exim-bulk",
            (Mta::Exim, _) => "exim",
        };
        let mut mix = Mix {
            our_name: file.names.our_name,
            our_ip: file.names.our_ip,
            senders: senders(&file.names.senders, &file.names.words, spec.senders),
            mailings: file.names.mailings,
            local_domains: file.names.local_domains,
            first_names: file.names.first_names,
            last_names: file.names.last_names,
            words: file.names.words,
            subjects: file.names.subjects,
            scripts: Vec::new(),
            arrivals: Weighted::default(),
            bounce: 0,
            groups: Vec::new(),
            elsewhere: Weighted::default(),
            home: Weighted::default(),
            returns: 0,
            rejects: Vec::new(),
            episodes: Vec::new(),
            counters: 0,
        };
        mix.add_scripts(file.script, column, spec)?;
        mix.add_groups(file.group, &file.common)?;
        for incident in &spec.incidents {
            mix.add_incident(incident, spec)?;
        }
        for group in &mut mix.groups {
            group.counters = mix.counters;
            mix.counters += group.hosts.len() * group.replies.len();
        }
        Ok(mix)
    }

    fn add_scripts(&mut self, scripts: Vec<ScriptFile>, column: &str, spec: &Spec) -> Result<(), SpecError> {
        let mut weights = Vec::new();
        for script in scripts {
            let Some(weight) = script.weights.get(column) else { continue };
            let noise = if script.brings == Brings::Nothing { spec.noise.min(10_000) } else { 100 };
            if script.brings == Brings::Bounce {
                self.bounce = self.scripts.len() as u16;
                weights.push(0);
            } else {
                weights.push(weight * noise);
            }
            let steps = script.steps.iter().map(|step| self.step(step)).collect::<Result<_, _>>()?;
            self.scripts.push(Script { brings: script.brings, gap: script.gap, steps });
        }
        self.arrivals = Weighted::new(weights.into_iter());
        Ok(())
    }

    /// Compiles `[class, line]` or `["reject", line, code]`.
    fn step(&mut self, parts: &[String]) -> Result<Step, SpecError> {
        let (class, line, code) = match parts {
            [class, line] => (class, line, ""),
            [class, line, code] => (class, line, code.as_str()),
            _ => return Err(SpecError(format!("the built-in mix: a step of {} parts", parts.len()))),
        };
        let class = match class.as_str() {
            "unrelated" => Class::Unrelated,
            "event" => Class::Event,
            "program" => Class::Program,
            "arrives" => Class::Arrives,
            "active" => Class::Active,
            "received" => Class::Received,
            "reject" => {
                let status = ["NOQUEUE: reject", "temporarily rejected", "rejected", "authenticator failed"];
                let status = status.into_iter().find(|status| line.contains(status)).unwrap_or("reject");
                let status = status.trim_start_matches("NOQUEUE: ");
                let (basic, enhanced) = codes(code);
                self.rejects.push(Reject {
                    status: status.to_owned(),
                    basic: basic.map(BasicCode::number),
                    enhanced,
                });
                Class::Reject(self.rejects.len() as u16 - 1)
            }
            _ => return Err(SpecError(format!("the built-in mix: no such class: {class}"))),
        };
        Ok(Step { class, text: compile(line)? })
    }

    fn add_groups(&mut self, groups: Vec<GroupFile>, common: &[ReplyFile]) -> Result<(), SpecError> {
        let mut elsewhere = Vec::new();
        let mut home = Vec::new();
        for file in groups {
            let direction = file.direction.unwrap_or(Direction::Out);
            let returns = direction == Direction::Out && file.domains.is_empty() && file.generated == 0;
            if returns {
                self.returns = self.groups.len() as u16;
            }
            elsewhere.push(if direction == Direction::Out && !returns { file.weight } else { 0 });
            home.push(if direction == Direction::Local { file.weight } else { 0 });
            let group = self.group(file, direction, common)?;
            self.groups.push(group);
        }
        self.elsewhere = Weighted::new(elsewhere.into_iter());
        self.home = Weighted::new(home.into_iter());
        Ok(())
    }

    fn group(
        &mut self,
        file: GroupFile,
        direction: Direction,
        common: &[ReplyFile],
    ) -> Result<Group, SpecError> {
        let mut domains = file.domains;
        let salt = file.name.bytes().fold(0, |salt, byte| mix(salt ^ u64::from(byte)));
        for at in 0..file.generated {
            domains.push(domain(&self.words, mix(salt ^ u64::from(at)), at));
        }
        let own_hosts = file.host_of_domain.is_some();
        let names: Vec<String> = match &file.host_of_domain {
            Some(pattern) => domains
                .iter()
                .map(|domain| {
                    pattern.replace("{dashed}", &domain.replace('.', "-")).replace("{domain}", domain)
                })
                .collect(),
            None => file.hosts,
        };
        let hosts = names
            .into_iter()
            .enumerate()
            .map(|(at, name)| {
                // `name[place]` says itself where the host is.
                if let Some((name, place)) = name.trim_end_matches(']').split_once('[') {
                    return Host { name: name.to_owned(), ip: place.to_owned() };
                }
                let mut ip = Vec::new();
                write_ip(&mut ip, mix(salt ^ 0x1b ^ (at as u64) << 8));
                Host { name, ip: String::from_utf8_lossy(&ip).into_owned() }
            })
            .collect();
        let common = common.iter().filter(|_| direction == Direction::Out);
        let files: Vec<ReplyFile> = file.reply.iter().chain(common).cloned().collect();
        let replies = files.iter().map(reply).collect::<Result<Vec<_>, _>>()?;
        let weights = |wanted: bool| {
            Weighted::new(files.iter().zip(&replies).map(|(file, reply)| {
                if (reply.action == Action::Delivered) == wanted { file.weight } else { 0 }
            }))
        };
        let (accepting, failing) = (weights(true), weights(false));
        Ok(Group {
            name: file.name,
            direction,
            domains,
            hosts,
            own_hosts,
            transport: file.transport,
            relay: file.relay,
            exim: file.exim,
            before: file.before.map(|step| self.step(&step)).transpose()?,
            after: file.after.map(|step| self.step(&step)).transpose()?,
            replies,
            accepting,
            failing,
            counters: 0,
        })
    }

    /// Finds the group and the reply of an incident; a code the group has no text for gets a plain one.
    fn add_incident(&mut self, incident: &Incident, spec: &Spec) -> Result<(), SpecError> {
        if incident.start >= spec.span_seconds() {
            return Err(SpecError(format!(
                "the incident at {} begins {} seconds into a log of {} seconds: make it longer with a larger size or more days",
                incident.provider,
                incident.start,
                spec.span_seconds()
            )));
        }
        let candidates = || self.groups.iter().filter(|group| self.elsewhere_has(&group.name));
        let Some(at) = self
            .groups
            .iter()
            .position(|group| group.name == incident.provider && self.elsewhere_has(&group.name))
        else {
            let names: Vec<&str> = candidates().map(|group| group.name.as_str()).collect();
            return Err(SpecError(format!(
                "no provider \"{}\": expected one of {}",
                incident.provider,
                names.join(", ")
            )));
        };
        let sender = match &incident.sender {
            None => None,
            Some(domain) => Some(match self.senders.iter().position(|own| own == domain) {
                Some(place) => place as u16,
                None => {
                    // A domain that is not there yet takes the place of a frequent one.
                    let place = self.episodes.len().min(self.senders.len() - 1);
                    self.senders[place].clone_from(domain);
                    place as u16
                }
            }),
        };
        let group = &mut self.groups[at];
        let same = |reply: &Reply| {
            reply.enhanced.as_deref() == Some(incident.enhanced.as_str())
                && reply.action != Action::Delivered
                && incident.basic.is_none_or(|basic| reply.basic.is_some_and(|own| own.number() == basic))
        };
        let found = group.replies.iter().position(same);
        let at_reply = match found {
            Some(place) => place,
            None => {
                let class = incident.enhanced.as_bytes().first().map_or(5, |class| u16::from(class - b'0'));
                let basic = incident.basic.unwrap_or(class * 100 + if class == 4 { 21 } else { 50 });
                let text = format!("{basic} {} Message refused by policy {{hex:12}}", incident.enhanced);
                let file = ReplyFile { weight: 0, at: Stage::End, text, dsn: None, exim: None };
                group.replies.push(reply(&file)?);
                group.replies.len() - 1
            }
        };
        let start = (spec.start + incident.start) * 1_000_000;
        self.episodes.push(Episode {
            group: at as u16,
            reply: at_reply as u16,
            start,
            end: start + incident.duration * 1_000_000,
            sender,
            share: incident.share,
        });
        Ok(())
    }

    fn elsewhere_has(&self, name: &str) -> bool {
        self.groups.iter().enumerate().any(|(at, group)| {
            group.name == name && self.elsewhere.sums.iter().any(|(_, picked)| usize::from(*picked) == at)
        })
    }

    /// The group and domain of somebody elsewhere. Of a group's domains the first are the most frequent.
    #[inline]
    pub(super) fn place_of(&self, person: u32) -> Option<(u16, u16)> {
        let seed = mix(u64::from(person) ^ 0xd0_3a11);
        let group = self.elsewhere.at(stable(seed, 1, self.elsewhere.total()));
        let count = self.groups.get(usize::from(group))?.domains.len() as u32;
        Some((group, stable(seed, 2, count).min(stable(seed, 3, count)) as u16))
    }

    /// The group that takes mail for one of our users.
    pub(super) fn home_of(&self, person: u32) -> u16 {
        self.home.at(stable(u64::from(person), 4, self.home.total()))
    }

    /// The script of a message to other hosts.
    pub(super) fn outgoing(&self) -> Option<u16> {
        let place = self.scripts.iter().position(|script| script.brings == Brings::Out)?;
        u16::try_from(place).ok()
    }

    /// The group that takes bounces to our senders.
    pub(super) fn returns(&self) -> u16 {
        self.returns
    }
}

/// Sender domains: those of the file first, then invented ones.
fn senders(own: &[String], words: &[String], count: u32) -> Vec<String> {
    (0..count.clamp(1, 60_000))
        .map(|at| {
            own.get(at as usize).cloned().unwrap_or_else(|| domain(words, mix(0x5e4d ^ u64::from(at)), at))
        })
        .collect()
}

/// An invented domain, a different one for each number.
fn domain(words: &[String], seed: u64, at: u32) -> String {
    let word =
        |salt| words.get(stable(seed, salt, words.len() as u32) as usize).map_or("mail", String::as_str);
    let top = ["example.com", "example.net", "example.org"][stable(seed, 3, 3) as usize];
    format!("{}-{}{}.{top}", word(1), word(2), at)
}

fn compile(text: &str) -> Result<Template, SpecError> {
    Template::compile(text).map_err(|error| SpecError(format!("the built-in mix: {error}")))
}

/// Basic and enhanced code of the last line of a reply.
fn codes(text: &str) -> (Option<BasicCode>, Option<String>) {
    let last = text.lines().last().unwrap_or("");
    let Some(basic) = BasicCode::at_start(last.as_bytes()) else { return (None, None) };
    let word = last.get(4..).unwrap_or("").split(' ').next().unwrap_or("");
    let enhanced = EnhancedCode::try_from(word.to_owned()).ok();
    (Some(basic), enhanced.map(|code| code.to_string()))
}

fn reply(file: &ReplyFile) -> Result<Reply, SpecError> {
    let (basic, enhanced) =
        if matches!(file.at, Stage::Lost | Stage::None) { (None, None) } else { codes(&file.text) };
    let class = |code: &str| code.as_bytes().first().copied().unwrap_or(b'4');
    let mut dsn = match (&file.dsn, &enhanced, basic) {
        (Some(dsn), ..) | (None, Some(dsn), _) => dsn.clone(),
        (None, None, Some(basic)) => format!("{}.0.0", basic.severity()),
        (None, None, None) => {
            return Err(SpecError(format!("the built-in mix: neither reply nor dsn: {}", file.text)));
        }
    };
    // Postfix defers what a greeting refuses for good (`smtp_skip_5xx_greeting`).
    if file.at == Stage::Greeting {
        dsn.replace_range(0..1, "4");
    }
    let action = match class(&dsn) {
        b'2' => Action::Delivered,
        b'4' => Action::Delayed,
        _ => Action::Failed,
    };
    let exim = file.exim.as_deref();
    Ok(Reply {
        at: file.at,
        text: compile(&file.text)?,
        exim: exim.map(compile).transpose()?,
        exim_names_host: exim.is_some_and(|text| text.contains("{host}")),
        basic,
        enhanced,
        dsn,
        action,
    })
}
