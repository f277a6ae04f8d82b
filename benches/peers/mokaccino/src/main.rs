//! Percolates a flat workload's documents with mokaccino 0.9.1.
//!
//! `mokaccino-peer WORKLOAD OUT` takes the queries that mokaccino can express, writes them to `OUT/queries.ndjson` beside the same
//! mapping and documents, so that others can be measured on them alone, and writes `OUT/mokaccino.json` (figures) and
//! `OUT/mokaccino.tsv` (the matches: document number, tab, query ids).

mod document;
mod query;

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use mokaccino::prelude::{PercolatorUid, Query};
use serde_json::{Value, json};

use document::Fields;

const MEASURED_FOR: Duration = Duration::from_secs(10);

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let workload = arguments.next().context("the first argument is the folder of the workload")?;
    let out = arguments.next().context("the second argument is the folder to write to")?;
    fs::create_dir_all(&out)?;

    let mut fields = Fields::of_mapping(&serde_json::from_slice(&fs::read(workload.join("mapping.json"))?)?)?;
    let mut expressible = String::new();
    let mut queries: Vec<(u64, Query)> = Vec::new();
    let mut asked = HashSet::new();
    let text = fs::read_to_string(workload.join("queries.ndjson"))?;
    for line in text.lines() {
        let stored: Value = serde_json::from_str(line)?;
        if let Some(query) = query::translate(&stored["query"], &fields, &mut asked) {
            writeln!(expressible, "{line}")?;
            queries.push((stored["id"].as_str().context("a query has no id")?.parse()?, query));
        }
    }
    fields.retain(&asked);
    fs::write(out.join("queries.ndjson"), expressible)?;
    for file in ["mapping.json", "documents.ndjson"] {
        fs::copy(workload.join(file), out.join(file))?;
    }
    let documents = fs::read_to_string(workload.join("documents.ndjson"))?;
    let documents: Vec<&str> = documents.lines().collect();

    let started = Instant::now();
    let defaults = load(&queries, PercolatorUid::default());
    let load_time = started.elapsed();
    // The statistics of the stored queries say which settings would suit them.
    let advised = PercolatorUid::builder()
        .n_clause_matchers(defaults.stats().recommended_cmcount())
        .prefix_sizes(defaults.stats().recommended_prefix_sizes())
        .build();
    let advised = load(&queries, advised);

    let by_defaults = documents_per_second(&defaults, &fields, &documents);
    let by_advised = documents_per_second(&advised, &fields, &documents);
    let figures = json!({
        "peer": "mokaccino 0.9.1",
        "queries": queries.len(),
        "of_all_queries": (1e3 * queries.len() as f64 / text.lines().count() as f64).round() / 1e3,
        "documents": documents.len(),
        "load_s": (load_time.as_secs_f64() * 10.0).round() / 10.0,
        "docs_per_s": by_defaults.round(),
        "best_docs_per_s": by_defaults.max(by_advised).round(),
        "best_is": if by_advised > by_defaults { "the settings that it recommends" } else { "its default settings" },
    });
    fs::write(out.join("mokaccino.json"), format!("{figures}\n"))?;
    println!("{figures}");

    let mut matches = String::new();
    for (number, document) in documents.iter().enumerate() {
        let mut found = percolate(&advised, &fields, document);
        found.sort_unstable();
        let found: Vec<String> = found.iter().map(u64::to_string).collect();
        writeln!(matches, "{number}\t{}", found.join(" "))?;
    }
    fs::write(out.join("mokaccino.tsv"), matches)?;
    Ok(())
}

fn load(queries: &[(u64, Query)], mut percolator: PercolatorUid<u64>) -> PercolatorUid<u64> {
    for (id, query) in queries {
        percolator.index_query_uid(query.clone(), *id).expect("there is room for the queries");
    }
    percolator
}

fn documents_per_second(percolator: &PercolatorUid<u64>, fields: &Fields, documents: &[&str]) -> f64 {
    documents.iter().take(100).for_each(|document| drop(percolate(percolator, fields, document)));
    let started = Instant::now();
    let mut done = 0;
    for document in documents.iter().cycle() {
        std::hint::black_box(percolate(percolator, fields, document));
        done += 1;
        if started.elapsed() > MEASURED_FOR {
            break;
        }
    }
    f64::from(done) / started.elapsed().as_secs_f64()
}

/// The queries that match the document, from its bytes.
fn percolate(percolator: &PercolatorUid<u64>, fields: &Fields, document: &str) -> Vec<u64> {
    let json: Value = serde_json::from_str(document).expect("documents are JSON");
    percolator.percolate(&fields.document(&json)).collect()
}
