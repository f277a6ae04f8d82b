//! Writes a workload of the benches as files that any percolator can read.
//!
//! `cargo run --release --example workload -- --queries 100000 --documents 2000 --out DIR` writes `queries.ndjson` (as
//! `tripline match --subscriptions` reads it), `documents.ndjson` and `mapping.json`.

#[path = "../../benches/workload/mod.rs"]
mod workload;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use serde_json::{Value, json};

use workload::{DataSet, Workload};

#[derive(Parser)]
struct Arguments {
    /// How many queries are stored.
    #[arg(long, default_value_t = 10_000)]
    queries: u64,
    /// How many documents are matched.
    #[arg(long, default_value_t = 1_000)]
    documents: usize,
    /// About how many queries match a document, however many are stored.
    #[arg(long, default_value_t = 15.0)]
    matches: f64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, default_value = "profiles")]
    dataset: Name,
    /// No nested objects, and only the kinds of query that every percolator knows.
    #[arg(long)]
    flat: bool,
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Clone, ValueEnum)]
enum Name {
    /// Members with many positions: what the percolator is tuned on.
    Profiles,
    /// Résumés in many scripts, more ranges and prefixes: what it is not.
    Resumes,
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let workload = Workload {
        data_set: match arguments.dataset {
            Name::Profiles => DataSet::Profiles,
            Name::Resumes => DataSet::Resumes,
        },
        queries: arguments.queries,
        matches: arguments.matches,
        seed: arguments.seed,
        is_flat: arguments.flat,
    };
    let out = &arguments.out;
    fs::create_dir_all(out)?;
    fs::write(out.join("mapping.json"), serde_json::to_vec_pretty(&workload.mapping())?)?;
    write(&out.join("documents.ndjson"), workload.documents().take(arguments.documents))?;
    let queries = (0_u64..).zip(workload.queries()).map(|(id, query)| json!({"id": id.to_string(), "query": query}));
    write(&out.join("queries.ndjson"), queries)
}

fn write(path: &Path, lines: impl Iterator<Item = Value>) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for line in lines {
        serde_json::to_writer(&mut file, &line)?;
        file.write_all(b"\n")?;
    }
    file.flush()
}
