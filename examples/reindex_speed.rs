//! Members a second of a reindex job, beside a cluster's own `_reindex` of the same index into another, in one run.
//!
//! ```sh
//! cargo run --release --example reindex_speed -- --url http://127.0.0.1:9200 --members 100000
//! ```
//!
//! The members are those of `fixtures/`, again and again under other ids. The node must have the reindex module and may be of any
//! supported kind; two indices `reindex-speed-…` are made there and taken away. The engine has a subscription to all members and the
//! fixtures' sample queries, so that members whose positions changed are percolated as they are in earnest.

use std::fmt::Write as _;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Parser;
use reqwest::Method;
use reqwest::blocking::Client;
use serde_json::{Value, json};
use tripline::config::SourceCluster;
use tripline::engine::{EngineOptions, NewSubscription};
use tripline::jobs::bulk_collect::BulkCollect;
use tripline::jobs::reindex::{ClusterOrigin, IndexOrigin, JobSettings, JobState, Jobs, Options, Origin};
use tripline::subscription::Selector;
use tripline::{Engine, Mapping};
use url::Url;

const SOURCE: &str = "reindex-speed-source";
const COPY: &str = "reindex-speed-copy";

/// So many documents go to the node with one request.
const CHUNK: usize = 2_000;

#[derive(Parser)]
struct Arguments {
    /// A node with the reindex module.
    #[arg(long)]
    url: Url,
    #[arg(long, default_value_t = 50_000)]
    members: usize,
    /// Pieces that are read at the same time, by the node's `_reindex` too.
    #[arg(long, default_value_t = 2)]
    slices: u16,
    /// How often each is measured; the best counts.
    #[arg(long, default_value_t = 2)]
    rounds: usize,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let node =
        Node { client: Client::builder().timeout(Duration::from_secs(3_600)).build()?, base: arguments.url.clone() };
    let folder = tempfile::tempdir()?;
    let (file, bytes) = write_members(folder.path(), arguments.members)?;
    println!("{} members of {} bytes", arguments.members, bytes / arguments.members.max(1));

    node.make(SOURCE)?;
    node.fill(&file)?;
    let mut best = Best::default();
    for _ in 0..arguments.rounds {
        node.make(COPY)?;
        best.note("the node's _reindex", arguments.members, node.reindex(arguments.slices)?);
        let index = Origin::Elasticsearch(IndexOrigin {
            source: ClusterOrigin::Named("node".to_owned()),
            index: SOURCE.to_owned(),
            query: None,
            slices: Some(arguments.slices),
        });
        measure(&mut best, &arguments, "from the index", index)?;
        measure(&mut best, &arguments, "from the file", Origin::Files(vec![file.clone()]))?;
    }
    node.remove(SOURCE)?;
    node.remove(COPY)?;
    best.print();
    Ok(())
}

/// Once into an empty store, and once more over what is there.
fn measure(best: &mut Best, arguments: &Arguments, name: &str, from: Origin) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let engine = Arc::new(engine(folder.path())?);
    let day = Duration::from_secs(24 * 60 * 60);
    let (bulk_collect, bulk_thread) = BulkCollect::start(Arc::clone(&engine), day, 1)?;
    let source = SourceCluster { urls: vec![arguments.url.clone()], ..SourceCluster::default() };
    let settings = JobSettings {
        clusters: [("node".to_owned(), source)].into(),
        document_bytes: NonZeroUsize::new(8 << 20).context("not zero")?,
        most_running: NonZeroUsize::MIN,
        retention: day,
    };
    let jobs = Jobs::new(engine, Arc::clone(&bulk_collect), settings)?;
    for (state, options) in
        [("new", Options { baseline: true, ..Options::default() }), ("unchanged", Options::default())]
    {
        let begun = Instant::now();
        let report = jobs.submit(None, from.clone(), options)?;
        let job = jobs.wait(&report.job.id)?.job;
        ensure!(job.state == JobState::Finished, "{job:?}");
        ensure!(job.figures.received == arguments.members as u64, "{:?}", job.figures);
        best.note(&format!("{name}, all {state}"), arguments.members, begun.elapsed());
    }
    bulk_collect.stop();
    bulk_thread.join().map_err(|_| anyhow::anyhow!("the thread of bulk collect panicked"))
}

fn engine(folder: &Path) -> anyhow::Result<Engine> {
    let engine = Engine::open(EngineOptions::new(folder, Mapping::clean_member()?))?;
    let subscribe = |selector| {
        engine.subscribe(NewSubscription::new("speed".into(), "https://example.com/hook".parse()?, selector))?;
        Ok::<_, anyhow::Error>(())
    };
    subscribe(Selector::All)?;
    for line in fs::read_to_string("fixtures/queries.ndjson")?.lines() {
        let stored: Value = serde_json::from_str(line)?;
        let query = stored.get("query").or_else(|| stored.get("es_dsl_query")).cloned().unwrap_or(stored);
        // Some of the sample show what the API refuses.
        if let Err(error) = subscribe(Selector::EsDsl(query)) {
            eprintln!("left out: {error}");
        }
    }
    Ok(engine)
}

/// The members of the fixtures, again and again under other ids; returns the file's size too.
fn write_members(folder: &Path, members: usize) -> anyhow::Result<(PathBuf, usize)> {
    let text = fs::read_to_string("fixtures/members_v1.ndjson")?;
    let samples: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let mut lines = String::new();
    for (id, sample) in (1..=members).zip(samples.iter().cycle()) {
        let mut member = sample.clone();
        member["id"] = json!(id);
        writeln!(lines, "{member}")?;
    }
    let path = folder.join("members.ndjson");
    fs::write(&path, &lines)?;
    Ok((path, lines.len()))
}

struct Node {
    client: Client,
    base: Url,
}

impl Node {
    /// An empty index with the mapping of members, as quick to write as it can be.
    fn make(&self, index: &str) -> anyhow::Result<()> {
        self.remove(index)?;
        let mut body: Value = serde_json::from_str(include_str!("../mappings/clean_member.json"))?;
        body["settings"]["index"]["number_of_replicas"] = json!(0);
        body["settings"]["index"]["refresh_interval"] = json!("-1");
        self.send(Method::PUT, index, body.to_string(), "application/json").map(|_| ())
    }

    fn remove(&self, index: &str) -> anyhow::Result<()> {
        self.client.delete(self.base.join(index)?).send()?;
        Ok(())
    }

    fn fill(&self, file: &Path) -> anyhow::Result<()> {
        let text = fs::read_to_string(file)?;
        let lines: Vec<&str> = text.lines().collect();
        for (chunk, documents) in lines.chunks(CHUNK).enumerate() {
            let mut body = String::new();
            for (place, document) in documents.iter().enumerate() {
                writeln!(body, "{{\"index\": {{\"_id\": \"{}\"}}}}\n{document}", chunk * CHUNK + place + 1)?;
            }
            let answer = self.send(Method::POST, &format!("{SOURCE}/_bulk"), body, "application/x-ndjson")?;
            ensure!(answer["errors"] == false, "the node refuses documents: {answer}");
        }
        self.send(
            Method::POST,
            &format!("{SOURCE}/_forcemerge?max_num_segments=1"),
            String::new(),
            "application/json",
        )?;
        self.send(Method::POST, &format!("{SOURCE}/_refresh"), String::new(), "application/json").map(|_| ())
    }

    fn reindex(&self, slices: u16) -> anyhow::Result<Duration> {
        let body = json!({"source": {"index": SOURCE}, "dest": {"index": COPY}}).to_string();
        let begun = Instant::now();
        self.send(Method::POST, &format!("_reindex?slices={slices}"), body, "application/json")?;
        Ok(begun.elapsed())
    }

    fn send(&self, method: Method, path: &str, body: String, content_type: &str) -> anyhow::Result<Value> {
        let request = self.client.request(method, self.base.join(path)?).header("content-type", content_type);
        let answer = request.body(body).send()?;
        let status = answer.status();
        let json: Value = answer.json()?;
        ensure!(status.is_success(), "the node answered {path} with {status}: {json}");
        Ok(json)
    }
}

/// The best of each thing that is measured, in the order in which they came first.
#[derive(Default)]
struct Best(Vec<(String, f64)>);

impl Best {
    fn note(&mut self, name: &str, members: usize, time: Duration) {
        let pace = members as f64 / time.as_secs_f64();
        eprintln!("{name}: {pace:.0} members a second");
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, best)) => *best = best.max(pace),
            None => self.0.push((name.to_owned(), pace)),
        }
    }

    fn print(&self) {
        let measure = self.0.first().map_or(1.0, |(_, pace)| *pace);
        println!("| | members a second | to the node's own |\n| --- | ---: | ---: |");
        for (name, pace) in &self.0 {
            println!("| {name} | {pace:.0} | {:.1} |", pace / measure);
        }
    }
}
