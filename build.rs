//! Lists `src/catalog/data/*.toml` for embedding, so that a new provider is a new data file and nothing else.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

const DATA: &str = "src/catalog/data";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={DATA}");
    let mut names = Vec::new();
    for entry in fs::read_dir(DATA)? {
        let name = entry?.file_name();
        let name =
            name.to_str().ok_or_else(|| io::Error::other("a data file's name is not UTF-8"))?.to_owned();
        if name.ends_with(".toml") {
            names.push(name);
        }
    }
    names.sort();
    let mut list = String::from("&[\n");
    for name in names {
        println!("cargo::rerun-if-changed={DATA}/{name}");
        writeln!(
            list,
            "    ({name:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/{DATA}/{name}\"))),"
        )
        .map_err(io::Error::other)?;
    }
    list.push_str("]\n");
    let out =
        env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("OUT_DIR is not set: run by cargo only"))?;
    fs::write(Path::new(&out).join("catalog_files.rs"), list)
}
