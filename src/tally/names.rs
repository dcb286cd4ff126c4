//! Names to small numbers.

use hashbrown::HashMap;

/// Longest name that is kept whole: a domain's limit (RFC 1035, section 2.3.4). Hostile logs may hold longer ones.
const LIMIT: usize = 255;

/// Names in order of first sight.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: HashMap<Vec<u8>, u32>,
    list: Vec<Vec<u8>>,
}

impl Names {
    /// The number of a name.
    pub(super) fn number(&mut self, name: &[u8]) -> u32 {
        let name = &name[..name.len().min(LIMIT)];
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.list.len() as u32;
        self.numbers.insert(name.to_vec(), number);
        self.list.push(name.to_vec());
        number
    }

    /// The number of a name in lower case (domains do not tell case apart, RFC 5321, section 2.4).
    pub(super) fn number_lower(&mut self, name: &[u8]) -> u32 {
        if !name.iter().any(u8::is_ascii_uppercase) {
            return self.number(name);
        }
        let mut lower = [0; LIMIT];
        let name = &name[..name.len().min(LIMIT)];
        let lower = &mut lower[..name.len()];
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        self.number(lower)
    }

    /// The number of a name that is in the table.
    pub(super) fn known(&self, name: &[u8]) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// The name of a number that this table gave.
    pub(super) fn name(&self, number: u32) -> &[u8] {
        &self.list[number as usize]
    }

    /// All names, by number.
    pub(super) fn list(&self) -> impl Iterator<Item = &[u8]> {
        self.list.iter().map(Vec::as_slice)
    }
}
