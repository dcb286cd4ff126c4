//! Counts over time as CSV, read into what the detector looks at.

use std::ops::RangeInclusive;
use std::str::FromStr;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::analysis::detect::{Class, Count, Exposure, Grid, Key, Nature, Past, Series};
use crate::smtp::EnhancedCode;

/// The first line.
const HEADER: &str = "series,key,t0,bin_seconds,bins,values";
/// Faulty lines that are shown one by one.
const SHOWN: usize = 10;
/// No log has more attempts in a bin: room for sums.
const MOST: u64 = 1 << 48;
/// Nor is any time further from 1970: room for sums again.
const MOST_SECONDS: i64 = 1 << 40;

/// All logs of an input.
#[derive(Debug, Default)]
pub(super) struct Logs {
    /// In the order they begin in.
    pub(super) logs: Vec<Log>,
    /// The first lines that could not be read.
    pub(super) faults: Vec<Fault>,
    /// How many there are.
    pub(super) faulty: usize,
}

/// A line that could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Its number, from 1.
    pub(super) line: usize,
    /// What is wrong with it.
    pub(super) what: String,
}

/// One log.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) name: String,
    /// The bins that are looked at.
    pub(super) grid: Grid,
    /// The keys, and what they are called.
    pub(super) keys: Vec<Key>,
    pub(super) names: Vec<String>,
    /// The bins as written.
    written: Grid,
    providers: HashMap<String, (usize, Arc<Exposure>)>,
    seen: HashMap<String, usize>,
}

impl Logs {
    /// Reads every line that can be read.
    pub(super) fn read(bytes: &[u8]) -> Logs {
        let mut logs = Logs::default();
        let mut places = HashMap::new();
        for (line, number) in bytes.split(|byte| *byte == b'\n').zip(1..) {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() || line == HEADER.as_bytes() {
                continue;
            }
            let read = std::str::from_utf8(line).map_err(|_| "is no text".to_owned());
            if let Err(what) = read.and_then(|line| logs.row(&mut places, line, number)) {
                logs.faulty += 1;
                if logs.faults.len() < SHOWN {
                    logs.faults.push(Fault { line: number, what });
                }
            }
        }
        logs
    }

    fn row(&mut self, places: &mut HashMap<String, usize>, line: &str, number: usize) -> Result<(), String> {
        let fields: Vec<&str> = line.splitn(6, ',').collect();
        let &[name, key, start, width, bins, values] = fields.as_slice() else {
            return Err(format!("has {} fields instead of the six of {HEADER}", fields.len()));
        };
        let written = Grid {
            start: within(start, "t0", -MOST_SECONDS..=MOST_SECONDS)?,
            width: within(width, "bin_seconds", 1..=MOST_SECONDS)?,
            bins: within(bins, "bins", 0..=usize::MAX)?,
        };
        let grid =
            written.coarsened().ok_or("has more bins than a detector can stand: 11 years are the most")?;
        let known = places.get(name).copied().and_then(|place| self.logs.get_mut(place));
        if known.as_ref().is_some_and(|log| log.written != written) {
            return Err(format!("has other bins than the lines of {name} before it"));
        }
        let (provider, code) = key.rsplit_once('/').ok_or("key is not PROVIDER/CODE or PROVIDER/*")?;
        let counts = counts(values, &written, &grid)?;
        if code == "*" {
            let log = match known {
                Some(log) => log,
                None => {
                    places.insert(name.to_owned(), self.logs.len());
                    self.logs.push(Log::new(name, written, grid));
                    let last = self.logs.len() - 1;
                    &mut self.logs[last]
                }
            };
            return log.attempts(provider, counts, number);
        }
        match known {
            Some(log) => log.events(key, provider, code, counts, number),
            None => Err(format!("comes before the attempts, {provider}/*")),
        }
    }
}

impl Log {
    fn new(name: &str, written: Grid, grid: Grid) -> Log {
        Log {
            name: name.to_owned(),
            grid,
            keys: Vec::new(),
            names: Vec::new(),
            written,
            providers: HashMap::new(),
            seen: HashMap::new(),
        }
    }

    fn attempts(&mut self, provider: &str, counts: Vec<(usize, Count)>, number: usize) -> Result<(), String> {
        self.once(provider, number)?;
        let exposure = Arc::new(Exposure::new(&self.grid, counts));
        self.providers.insert(provider.to_owned(), (self.providers.len(), exposure));
        Ok(())
    }

    fn events(
        &mut self,
        key: &str,
        provider: &str,
        code: &str,
        counts: Vec<(usize, Count)>,
        number: usize,
    ) -> Result<(), String> {
        let (provider, exposure) = self
            .providers
            .get(provider)
            .map(|(provider, exposure)| (*provider, Arc::clone(exposure)))
            .ok_or_else(|| format!("comes before the attempts, {provider}/*"))?;
        self.once(key, number)?;
        let enhanced = EnhancedCode::parse(code.as_bytes());
        let class = enhanced.map_or(Class::Other, Class::of);
        self.keys.push(Key {
            provider,
            code: enhanced,
            nature: Nature {
                prior: class.prior(),
                transient: enhanced.is_some_and(|code| code.class() == 4),
                enforcement: class == Class::Enforcement,
            },
            series: Series::new(self.grid, &exposure, counts),
            past: Past::default(),
        });
        self.names.push(key.to_owned());
        Ok(())
    }

    /// Counts add up, but a key that stands there twice is more likely a file that was joined to itself.
    fn once(&mut self, key: &str, number: usize) -> Result<(), String> {
        match self.seen.insert(key.to_owned(), number) {
            None => Ok(()),
            Some(first) => {
                self.seen.insert(key.to_owned(), first);
                Err(format!("is the same key as line {first}"))
            }
        }
    }
}

fn within<T>(text: &str, what: &str, range: RangeInclusive<T>) -> Result<T, String>
where
    T: FromStr + PartialOrd,
{
    text.parse()
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| format!("{what} is no whole number in range: {text}"))
}

/// `BIN:COUNT` or `BIN:COUNT:RETRIES`, in the bins that are looked at.
fn counts(values: &str, written: &Grid, grid: &Grid) -> Result<Vec<(usize, Count)>, String> {
    let mut counts = Vec::new();
    let mut last = None;
    for value in values.split(' ').filter(|value| !value.is_empty()) {
        let mut parts = value.splitn(3, ':');
        let mut next = || parts.next().map(str::parse::<u64>);
        let (Some(Ok(bin)), Some(Ok(all)), retries @ (None | Some(Ok(_)))) = (next(), next(), next()) else {
            return Err(format!("is no BIN:COUNT or BIN:COUNT:RETRIES: {value}"));
        };
        let retries = retries.and_then(Result::ok).unwrap_or(0);
        let bin = usize::try_from(bin).ok().filter(|bin| *bin < written.bins);
        let bin = bin.ok_or_else(|| format!("names a bin behind the last one: {value}"))?;
        if last.is_some_and(|last| last >= bin) {
            return Err(format!("bins do not ascend: {value}"));
        }
        if retries > all || all > MOST {
            return Err(format!("counts what cannot be: {value}"));
        }
        last = Some(bin);
        let bin = if grid == written { Some(bin) } else { grid.bin(written.instant(bin)) };
        counts.extend(bin.map(|bin| (bin, Count { all, retries })));
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<(usize, String)> {
        Logs::read(text.as_bytes()).faults.into_iter().map(|fault| (fault.line, fault.what)).collect()
    }

    #[test]
    fn good_lines_make_logs() {
        let text = format!("{HEADER}\na,p/*,0,60,10,0:5:1 3:7\r\na,p/5.7.26,0,60,10,3:2\nb,p/*,0,60,10,\n\n");
        let logs = Logs::read(text.as_bytes());
        assert_eq!((logs.faulty, logs.logs.len()), (0, 2));
        assert_eq!(logs.logs[0].names, ["p/5.7.26"]);
        assert!(logs.logs[0].keys[0].nature.enforcement);
    }

    #[test]
    fn each_bad_line_is_told_and_the_rest_is_read() {
        let text = "a,p/*,0,60,10,0:5\nrubbish\na,q/5.1.1,0,60,10,0:1\na,p/*,0,60,10,0:5\na,p/4.0.0,0,60,11,\n\
            a,p/4.0.0,0,0,10,\na,p/4.0.0,0,60,10,4:1 4:1\na,p/4.0.0,0,60,10,10:1\na,p/4.0.0,0,60,10,1:1:2\n\
            a,p/4.0.0,0,60,10,1:x\na,p,0,60,10,\nc,p/5.1.1,0,60,10,\na,p/4.0.0,0,60,10,1:1\n";
        let found = faults(text);
        let lines: Vec<usize> = found.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, (2..=11).collect::<Vec<_>>(), "{found:?}");
        let logs = Logs::read(text.as_bytes());
        assert_eq!((logs.faulty, logs.logs.len(), logs.logs[0].keys.len()), (11, 1, 1));
        assert_eq!(found[2].1, "is the same key as line 1");
    }

    #[test]
    fn long_logs_get_wider_bins() {
        let text = "a,p/*,30,60,43200,0:1 1:2 15:4 43199:8\n";
        let logs = Logs::read(text.as_bytes());
        assert_eq!((logs.logs[0].grid.start, logs.logs[0].grid.width), (0, 900));
        let endless = format!("a,p/*,0,60,{},\n", usize::MAX);
        assert_eq!(Logs::read(endless.as_bytes()).faulty, 1);
    }
}
