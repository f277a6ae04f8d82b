//! `tripline match`: documents against stored queries, one line of answer a document.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use tripline::percolator::{CompiledQuery, CompiledSelector, MatchedObjects};
use tripline::{MemberId, Percolator, SubscriptionId, json};

use crate::commands::input;

/// Match documents against stored queries.
///
/// Prints one line a document, in order: {"doc": 0, "matches": ["id", …]}, or {"doc": 0, "error": "…"} for one that the mapping
/// refuses. A query that cannot be supported ends it with exit code 2 and a JSON line on standard error.
///
/// With --inner-hits a line with matches says too which nested objects each query found, by clause and by their places in the
/// document's arrays: "inner_hits": {"id": [{"path": "experience", "pointer": "/nested", "objects": [[0], [2]]}]}.
#[derive(Args)]
pub struct Arguments {
    /// An Elasticsearch mapping, bare or in an index body; the clean member mapping unless given.
    #[arg(long, value_name = "M.json")]
    mapping: Option<PathBuf>,
    /// Queries, a line each: {"id": "…", "query": {…}}.
    #[arg(long, value_name = "Q.ndjson")]
    subscriptions: PathBuf,
    /// Report queries that cannot be supported, and match the rest.
    #[arg(long)]
    skip_unsupported: bool,
    /// Say which nested objects each query found.
    #[arg(long)]
    inner_hits: bool,
    /// End standard error with a JSON line of figures.
    #[arg(long)]
    stats: bool,
    /// Documents, a line each; - is standard input.
    #[arg(value_name = "DOCS.ndjson")]
    documents: PathBuf,
}

/// Exit code for a query that cannot be supported.
const UNSUPPORTED: u8 = 2;

#[derive(Serialize)]
struct RefusedQuery {
    /// `None` where the line cannot be read so far.
    id: Option<String>,
    pointer: String,
    reason: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Line<'a> {
    Matches {
        doc: usize,
        matches: &'a [SubscriptionId],
        #[serde(skip_serializing_if = "Option::is_none")]
        inner_hits: &'a Option<InnerHits>,
    },
    Error {
        doc: usize,
        error: String,
    },
}

/// By query: what its nested clauses found. Queries without any are left out.
type InnerHits = BTreeMap<SubscriptionId, Vec<MatchedObjects>>;

/// Queries and what is asked of them.
struct Desk {
    percolator: Percolator,
    /// By their ids, where inner hits are wanted.
    queries: Option<HashMap<SubscriptionId, CompiledQuery>>,
}

/// What one document found.
struct Found {
    matches: Vec<SubscriptionId>,
    inner_hits: Option<InnerHits>,
}

#[derive(Serialize)]
struct Stats {
    load_s: f64,
    docs_per_s: f64,
    p50_ms: f64,
    p99_ms: f64,
    subscriptions: usize,
    rss_mb: Option<f64>,
}

pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let mut desk = Desk {
        percolator: Percolator::new(input::mapping(arguments.mapping.as_deref())?),
        queries: arguments.inner_hits.then(HashMap::new),
    };
    if !desk.load_queries(&arguments)? {
        return Ok(ExitCode::from(UNSUPPORTED));
    }
    let load = started.elapsed();
    let Some(times) = match_documents(&desk, &arguments)? else { return Ok(ExitCode::SUCCESS) };
    if arguments.stats {
        let stats = stats(load, times, desk.percolator.len());
        eprintln!("{}", serde_json::to_string(&stats)?);
    }
    Ok(ExitCode::SUCCESS)
}

impl Desk {
    /// Whether every query could be stored, or was to be skipped.
    fn load_queries(&mut self, arguments: &Arguments) -> anyhow::Result<bool> {
        let path = &arguments.subscriptions;
        let mut batch = self.percolator.batch();
        for (number, line) in (1..).zip(input::open(path)?.split(b'\n')) {
            let line = line.with_context(|| format!("cannot read {}", path.display()))?;
            if line.trim_ascii().is_empty() {
                continue;
            }
            match read_query(&self.percolator, number, &line) {
                Ok((id, query)) => {
                    if let Some(queries) = &mut self.queries {
                        queries.insert(id.clone(), query.clone());
                    }
                    batch.add(id, &CompiledSelector::Query(query));
                }
                Err(refused) => {
                    eprintln!("{}", serde_json::to_string(&refused)?);
                    if !arguments.skip_unsupported {
                        return Ok(false);
                    }
                }
            }
        }
        batch.store();
        Ok(true)
    }

    fn match_document(&self, line: &[u8]) -> anyhow::Result<Found> {
        let json = json::parse(line)?;
        let id = json.get("id").and_then(|id| MemberId::try_from(id).ok());
        let document = self.percolator.document(id, &json)?;
        let matches = self.percolator.matches(&document);
        let inner_hits = self.queries.as_ref().map(|queries| {
            let found = matches.iter().filter_map(|id| {
                let objects = self.percolator.matched_objects(queries.get(id)?, &document);
                (!objects.is_empty()).then(|| (id.clone(), objects))
            });
            found.collect()
        });
        Ok(Found { matches, inner_hits })
    }
}

/// A line of queries. The query is read apart, so that one that cannot be read still has its id.
#[derive(Deserialize)]
struct QueryLine<'a> {
    id: Value,
    #[serde(borrow)]
    query: &'a RawValue,
}

fn read_query(
    percolator: &Percolator,
    number: usize,
    line: &[u8],
) -> Result<(SubscriptionId, CompiledQuery), RefusedQuery> {
    let refused =
        |id: Option<&str>, pointer: String, reason: String| RefusedQuery { id: id.map(str::to_owned), pointer, reason };
    let read: QueryLine<'_> = serde_json::from_slice(line).map_err(|error| {
        let expected = "{\"id\": \"…\", \"query\": {…}} is expected";
        refused(None, String::new(), format!("line {number} is no query ({error}); {expected}"))
    })?;
    let id = match &read.id {
        Value::String(id) => id.clone(),
        other => other.to_string(),
    };
    let query = json::parse(read.query.get().as_bytes())
        .map_err(|error| refused(Some(&id), String::new(), error.to_string()))?;
    let compiled = percolator.compile(&query).map_err(|error| refused(Some(&id), error.pointer, error.reason))?;
    Ok((SubscriptionId::from(id.as_str()), compiled))
}

/// The time that each document took, reading and parsing included, output excluded; `None` where nobody reads the output any more.
fn match_documents(desk: &Desk, arguments: &Arguments) -> anyhow::Result<Option<Vec<Duration>>> {
    let path = &arguments.documents;
    let mut documents = input::open(path)?;
    let mut output = io::BufWriter::new(io::stdout().lock());
    let mut times = Vec::new();
    let mut line = Vec::new();
    loop {
        let started = Instant::now();
        line.clear();
        let read = documents.read_until(b'\n', &mut line).with_context(|| format!("cannot read {}", path.display()))?;
        if read == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let found = desk.match_document(&line);
        let doc = times.len();
        times.push(started.elapsed());
        let answer = match &found {
            Ok(Found { matches, inner_hits }) => Line::Matches { doc, matches, inner_hits },
            Err(error) => Line::Error { doc, error: format!("{error:#}") },
        };
        let written =
            serde_json::to_writer(&mut output, &answer).map_err(io::Error::from).and_then(|()| output.write_all(b"\n"));
        if input::reader_is_gone(&written) {
            return Ok(None);
        }
        written.context("cannot write the answers")?;
    }
    let flushed = output.flush();
    if input::reader_is_gone(&flushed) {
        return Ok(None);
    }
    flushed.context("cannot write the answers")?;
    Ok(Some(times))
}

fn stats(load: Duration, mut times: Vec<Duration>, subscriptions: usize) -> Stats {
    let total: Duration = times.iter().sum();
    times.sort_unstable();
    let percentile = |hundredth: usize| {
        let index = (times.len() * hundredth / 100).min(times.len().saturating_sub(1));
        times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
    };
    let documents = u32::try_from(times.len()).map_or(f64::MAX, f64::from);
    Stats {
        load_s: load.as_secs_f64(),
        docs_per_s: if total.is_zero() { 0.0 } else { documents / total.as_secs_f64() },
        p50_ms: percentile(50),
        p99_ms: percentile(99),
        subscriptions,
        rss_mb: resident_memory_mb(),
    }
}

/// The memory that the process holds, where the system says so (`/proc/self/status`).
fn resident_memory_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}
