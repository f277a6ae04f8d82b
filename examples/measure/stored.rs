//! The files of a workload.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use serde_json::Value;
use tripline::{Mapping, SubscriptionId, json};

pub fn mapping(folder: &Path) -> anyhow::Result<Arc<Mapping>> {
    let body = fs::read(folder.join("mapping.json")).context("cannot read mapping.json")?;
    Ok(Arc::new(Mapping::from_json(&json::parse(&body)?)?))
}

/// Each stored query with its id.
pub fn queries(folder: &Path) -> anyhow::Result<impl Iterator<Item = anyhow::Result<(SubscriptionId, Value)>>> {
    let lines =
        BufReader::new(File::open(folder.join("queries.ndjson")).context("cannot open queries.ndjson")?).split(b'\n');
    Ok(lines.map(|line| {
        let mut line = json::parse(&line?)?;
        let id = line["id"].as_str().context("a query has no id")?.into();
        Ok((id, line["query"].take()))
    }))
}

/// The bytes of the documents, at most so many.
pub fn documents(folder: &Path, limit: usize) -> anyhow::Result<Vec<Vec<u8>>> {
    let file = File::open(folder.join("documents.ndjson")).context("cannot open documents.ndjson")?;
    BufReader::new(file).split(b'\n').take(limit).map(|line| Ok(line?)).collect()
}

/// The memory that a process holds, in bytes.
pub fn resident_memory(process: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).context("the system does not tell of memory")?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB"));
    let kilobytes: u64 = kilobytes.context("no VmRSS in /proc")?.trim().parse()?;
    Ok(kilobytes * 1024)
}
