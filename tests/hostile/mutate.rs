//! Seeds made hostile: cut, doubled, mixed, sprinkled with what readers look for.

use proptest::prelude::*;
use proptest::sample::Index;

/// Pieces that mean something to some reader.
const PIECES: [&[u8]; 48] = [
    b"\0",
    b"\n",
    b"\r\n",
    b"\r",
    b"\t",
    b" ",
    b"\"",
    b"\\",
    b"\\n",
    b"\\\\n",
    b"<",
    b">",
    b"[",
    b"]",
    b"(",
    b")",
    b"{",
    b"}",
    b":",
    b"; ",
    b", ",
    b"=",
    b"-",
    b".",
    b"/",
    b"\xff",
    b"\xc3",
    b"\xe2\x80\xae",
    b"\x1b[2J",
    b"\xc2\x9b",
    b"0",
    b"9999999999999999999",
    b"-1",
    b"5.1.1",
    b"550 ",
    b"550-5.7.26 ",
    b"[1/3] ",
    b"[1\\2] ",
    b"status=sent",
    b", dsn=5.1.1",
    b"to=<a@b>",
    b" => ",
    b"last message repeated 3 times",
    b"message repeated 9 times: [ ",
    b"{\"log\":\"",
    b"<22>1 ",
    b"12 <22>",
    b"MESSAGE\n",
];

/// One change.
#[derive(Clone, Debug)]
enum Change {
    Flip(Index, u8),
    Put(Index, usize),
    Cut(Index, Index),
    Double(Index, Index),
    /// Goes on as another seed does from somewhere.
    Join(Index, Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        (at(), 0..8_u8).prop_map(|(place, bit)| Change::Flip(place, bit)),
        (at(), 0..PIECES.len()).prop_map(|(place, piece)| Change::Put(place, piece)),
        (at(), at()).prop_map(|(from, to)| Change::Cut(from, to)),
        (at(), at()).prop_map(|(from, to)| Change::Double(from, to)),
        (at(), at(), at()).prop_map(|(place, seed, from)| Change::Join(place, seed, from)),
    ]
}

/// One of the seeds after some changes.
pub(super) fn hostile(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    (any::<Index>(), proptest::collection::vec(change(), 0..6)).prop_map(move |(seed, changes)| {
        let mut bytes = seed.get(&seeds).clone();
        for change in &changes {
            apply(&mut bytes, change, &seeds);
        }
        bytes
    })
}

fn apply(bytes: &mut Vec<u8>, change: &Change, seeds: &[Vec<u8>]) {
    let end = bytes.len() + 1;
    let range = |from: &Index, to: &Index| {
        let (from, to) = (from.index(end), to.index(end));
        from.min(to)..from.max(to)
    };
    match change {
        Change::Flip(place, bit) => {
            if !bytes.is_empty() {
                let at = place.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
        }
        Change::Put(place, piece) => {
            let at = place.index(end);
            bytes.splice(at..at, PIECES[*piece].iter().copied());
        }
        Change::Cut(from, to) => drop(bytes.drain(range(from, to))),
        Change::Double(from, to) => {
            let range = range(from, to);
            let piece = bytes[range.clone()].to_vec();
            bytes.splice(range.start..range.start, piece);
        }
        Change::Join(place, seed, from) => {
            let other = seed.get(seeds);
            bytes.truncate(place.index(end));
            bytes.extend_from_slice(&other[from.index(other.len() + 1)..]);
        }
    }
}
