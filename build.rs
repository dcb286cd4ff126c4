//! Prepares `src/catalog/data/*.toml` for embedding, so that a new provider is a new data file and nothing else.
//!
//! Each file is embedded twice: as it is written, to tell faults by line, and packed, which is read many times faster at every
//! start of the program: its texts need no copy, its codes are read when all names are known. Only the form changes here, by
//! the catalogue's own description of a file; what the keys mean is known to the catalogue alone.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use raw::RawFile;

#[path = "src/catalog/pattern.rs"]
mod pattern;
#[path = "src/catalog/raw.rs"]
mod raw;
#[path = "src/catalog/texts.rs"]
mod texts;
#[path = "src/catalog/words.rs"]
#[expect(unreachable_pub, reason = "it is the catalogue that shows them")]
mod words;

const DATA: &str = "src/catalog/data";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={DATA}");
    let mut names = Vec::new();
    for entry in fs::read_dir(DATA)? {
        let name = entry?.file_name();
        let name = name.to_str().ok_or("a data file's name is not UTF-8")?.to_owned();
        if name.ends_with(".toml") {
            names.push(name);
        }
    }
    names.sort();
    let out = env::var_os("OUT_DIR").ok_or("OUT_DIR is not set: run by cargo only")?;
    let out = Path::new(&out);
    let mut list = String::from("&[\n");
    for name in names {
        let path = format!("{DATA}/{name}");
        println!("cargo::rerun-if-changed={path}");
        let text = fs::read_to_string(&path)?;
        let mut file: RawFile<String> = match toml::from_str(&text) {
            Ok(file) => file,
            Err(error) => {
                // Cargo fails once all files are read: every faulty one is told.
                let before = text.get(..error.span().map_or(0, |span| span.start)).unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                println!("cargo::error={path}:{line}: {}", error.message().replace('\n', " "));
                continue;
            }
        };
        let (head, codes) = (format!("{name}.head"), format!("{name}.codes"));
        fs::write(out.join(&codes), postcard::to_allocvec(&std::mem::take(&mut file.code))?)?;
        fs::write(out.join(&head), postcard::to_allocvec(&file)?)?;
        writeln!(
            list,
            "    Embedded {{ name: {name:?}, text: include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/{path}\")), \
             head: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{head}\")), \
             codes: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{codes}\")) }},"
        )?;
    }
    list.push_str("]\n");
    fs::write(out.join("catalog_files.rs"), list)?;
    Ok(())
}
