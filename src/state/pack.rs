//! Long values, packed: counts and open ends are text that says the same names again and again.

use rusqlite::types::Type;

/// The fastest of the usual levels: higher ones make numbers and names hardly smaller.
const LEVEL: i32 = 1;

/// Packs a value.
pub(super) fn pack(value: &[u8]) -> rusqlite::Result<Vec<u8>> {
    zstd::bulk::compress(value, LEVEL).map_err(failed)
}

/// Unpacks it.
pub(super) fn unpack(packed: &[u8]) -> rusqlite::Result<Vec<u8>> {
    zstd::decode_all(packed).map_err(failed)
}

fn failed(error: std::io::Error) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Blob, Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_and_damage_is_an_error() {
        for value in [&b""[..], b"x", &b"the same again and again ".repeat(1000)] {
            let packed = pack(value).unwrap();
            assert_eq!(unpack(&packed).unwrap(), value);
            assert!(value.len() < 100 || packed.len() < value.len() / 50);
            assert!(unpack(&packed[..packed.len() - 1]).is_err());
        }
        assert!(unpack(b"{}").is_err());
    }
}
