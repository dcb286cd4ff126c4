//! Long values, packed: counts and open ends are text that says the same names again and again.

use std::io;

use rusqlite::types::{ToSql, ToSqlOutput, Type};

/// The fastest of the usual levels: higher ones make numbers and names hardly smaller.
const LEVEL: i32 = 1;

/// A packed value: made by whoever has the time, before the database is written.
#[derive(Clone, Debug, Default)]
pub struct Packed(Vec<u8>);

impl Packed {
    /// Packs a value.
    pub fn of(value: &[u8]) -> io::Result<Packed> {
        zstd::bulk::compress(value, LEVEL).map(Packed)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl ToSql for Packed {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

/// Unpacks a value.
pub(super) fn unpack(packed: &[u8]) -> rusqlite::Result<Vec<u8>> {
    zstd::decode_all(packed)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Blob, Box::new(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_and_damage_is_an_error() {
        for value in [&b""[..], b"x", &b"the same again and again ".repeat(1000)] {
            let Packed(packed) = Packed::of(value).unwrap();
            assert_eq!(unpack(&packed).unwrap(), value);
            assert!(value.len() < 100 || packed.len() < value.len() / 50);
            assert!(unpack(&packed[..packed.len() - 1]).is_err());
        }
        assert!(unpack(b"{}").is_err());
    }
}
