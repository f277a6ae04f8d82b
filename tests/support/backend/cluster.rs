//! Engines over the indices of a real cluster.

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tripline::config::{self, Backend, Config};
use tripline::engine::{Engine, EngineOptions, OpenError};
use tripline::node::{Joining, Node};
use tripline::store::ElasticsearchStore;
use tripline::store::elasticsearch::Percolation;

use crate::{PERCOLATOR, SERVER};

/// Indices that an engine keeps everything in; emptied when this is dropped, for making them takes a cluster a while.
pub struct Place {
    prefix: String,
    folder: TempDir,
}

static FREE: Mutex<Vec<String>> = Mutex::new(Vec::new());
static MADE: AtomicUsize = AtomicUsize::new(0);

const JSON: &str = "application/json";

impl Place {
    pub fn new() -> Place {
        let free = FREE.lock().unwrap().pop();
        let made = || format!("tripline-test-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let prefix = free.unwrap_or_else(made);
        Place { prefix, folder: tempfile::tempdir().unwrap() }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn settings(&self) -> config::Elasticsearch {
        config::Elasticsearch {
            urls: vec![address().parse().unwrap()],
            prefix: self.prefix.clone(),
            replicas: 0,
            refresh_interval: Duration::from_millis(200),
            ..config::Elasticsearch::default()
        }
    }

    /// Lets a server keep everything here.
    pub fn configure(&self, config: &mut Config) {
        config.data_dir = self.folder().to_owned();
        config.store = Backend::Elasticsearch;
        config.percolator = PERCOLATOR;
        config.elasticsearch = self.settings();
    }

    /// `mapping` is the one of the options, as it is given to Elasticsearch.
    pub fn open(&self, options: EngineOptions, mapping: &Value) -> Result<Opened, OpenError> {
        let percolation = (PERCOLATOR == Backend::Elasticsearch).then(|| Percolation {
            mapping_json: mapping.clone(),
            mapping: Arc::clone(&options.mapping),
            id_field: options.schema.id.clone(),
            forbidden_fields: options.forbidden_fields.clone(),
        });
        let store = Arc::new(ElasticsearchStore::open(&self.settings(), percolation)?);
        let joining = Joining::new(Arc::clone(&store))?;
        let engine = Arc::new(Engine::over(store, options)?);
        let node = joining.start(Arc::clone(&engine))?;
        Ok(Opened { engine, node: Some(node) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Within a test's runtime nothing may block.
        let emptied = std::thread::scope(|scope| scope.spawn(|| empty(&self.prefix)).join());
        if emptied.is_ok_and(|emptied| emptied.is_some()) {
            FREE.lock().unwrap().push(self.prefix.clone());
        }
    }
}

/// Removes every document; `None` where that failed.
fn empty(prefix: &str) -> Option<()> {
    let node = SERVER.node().ok()?;
    // Its mapping is the members', which other tests have others of.
    node.send(Method::DELETE, &format!("{prefix}-queries-v1"), String::new(), JSON).ok()?;
    let indices = format!("{prefix}-*");
    node.send(Method::POST, &format!("{indices}/_refresh"), String::new(), JSON).ok()?;
    let all = json!({"size": 10_000, "_source": false}).to_string();
    let found = node.send(Method::POST, &format!("{indices}/_search"), all, JSON).ok()?;
    let mut lines = String::new();
    for hit in found["hits"]["hits"].as_array()? {
        let mut place = json!({"_index": hit["_index"], "_id": hit["_id"]});
        if let Some(routing) = hit.get("_routing") {
            place["routing"] = routing.clone();
        }
        lines.push_str(&format!("{}\n", json!({"delete": place})));
    }
    if lines.is_empty() {
        return Some(());
    }
    let answer: Value = node.send(Method::POST, "_bulk?refresh=true", lines, "application/x-ndjson").ok()?;
    (answer["errors"] == false).then_some(())
}

/// Where the server listens.
fn address() -> String {
    let node = std::thread::scope(|scope| scope.spawn(|| SERVER.node()).join().unwrap());
    match node {
        Ok(node) => node.address().to_owned(),
        Err(reason) => {
            // Past the test harness's capture, and for all tests of this target: none of them can be made.
            let said = writeln!(std::io::stderr(), "skipped: no test on {} was run: {reason}", SERVER.name());
            std::process::exit(i32::from(said.is_err()));
        }
    }
}

/// An engine at work, as a node of the cluster.
pub struct Opened {
    engine: Arc<Engine>,
    node: Option<Node>,
}

impl Opened {
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if let Some(node) = self.node.take() {
            node.stop();
        }
    }
}
