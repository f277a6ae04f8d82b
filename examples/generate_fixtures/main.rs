//! Writes the members of `fixtures/`: two versions of one invented data set, and what changed between them.
//!
//! `cargo run --example generate_fixtures` writes the files anew; a test checks that the checked-in ones equal its output.

use std::fs;
use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    fs::create_dir_all(&folder)?;
    for (name, text) in data_set::files() {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}

mod data_set;
mod members;
mod noise;
mod random;
mod versions;
mod vocabulary;
