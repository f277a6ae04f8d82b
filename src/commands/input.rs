//! What several commands read: files or standard input, and mappings.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use tripline::{Mapping, json};

/// Opens a file, or standard input for `-`.
pub fn open(path: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    Ok(Box::new(BufReader::with_capacity(1 << 20, file)))
}

/// Reads a mapping file; the clean member mapping where none is named.
pub fn mapping(path: Option<&Path>) -> anyhow::Result<Arc<Mapping>> {
    let Some(path) = path else { return Ok(Arc::new(Mapping::clean_member()?)) };
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let body = json::parse(&bytes).with_context(|| format!("{} is not JSON", path.display()))?;
    let mapping = Mapping::from_json(&body).with_context(|| format!("the mapping in {} is refused", path.display()))?;
    Ok(Arc::new(mapping))
}

/// Whether writing failed because whoever read the output has gone (`… | head`): no reason to complain.
pub fn reader_is_gone(written: &io::Result<()>) -> bool {
    written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
