//! Real search nodes for tests, started from Maven artifacts: one a kind and test binary, on a free loopback port.
//!
//! A node's launcher ends when its standard input closes, which the operating system sees to however the test ends.
//!
//! `TRIPLINE_NODES="elasticsearch-9=http://127.0.0.1:9209 opensearch-3=http://127.0.0.1:9203"` names nodes that run already: they are
//! asked instead, and left running.

#[path = "nodes/launcher.rs"]
pub mod launcher;

use std::io::Write;
use std::process::Child;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::Method;
use reqwest::blocking::Client;
use serde_json::{Value, json};

use launcher::{Launcher, free_port, target, wait_until_ready};

const HEAP: &str = "768m";
const JSON: &str = "application/json";
const NDJSON: &str = "application/x-ndjson";
const REQUEST_LIMIT: Duration = Duration::from_secs(120);

/// The servers that can be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    Elasticsearch9,
    Elasticsearch7,
    OpenSearch3,
}

impl Server {
    /// The one whose answers decide comes first.
    pub const ALL: [Server; 3] = [Server::Elasticsearch9, Server::Elasticsearch7, Server::OpenSearch3];

    /// The name in folders and reports.
    pub fn name(self) -> &'static str {
        match self {
            Server::Elasticsearch9 => "elasticsearch-9",
            Server::Elasticsearch7 => "elasticsearch-7",
            Server::OpenSearch3 => "opensearch-3",
        }
    }

    /// Whether it has the `percolator` field type.
    pub fn has_percolator(self) -> bool {
        self != Server::Elasticsearch9
    }

    /// The node of this kind, started at the first call of a test binary; or why there is none.
    pub fn node(self) -> Result<&'static Node, &'static str> {
        static NODES: [OnceLock<Result<Node, String>>; 3] = [const { OnceLock::new() }; 3];
        let node = NODES[self as usize].get_or_init(|| Node::start(self));
        node.as_ref().map_err(String::as_str)
    }
}

/// Every node that can be had here; each that cannot is said, past the test harness's capture.
pub fn available() -> Vec<&'static Node> {
    let start = |server: Server| server.node().map_err(|reason| (server, reason));
    // Starting takes a node ten seconds and more: let them start side by side.
    let nodes = std::thread::scope(|scope| {
        let starting = Server::ALL.map(|server| scope.spawn(move || start(server)));
        starting.map(|thread| thread.join().expect("starting a node does not panic"))
    });
    nodes
        .into_iter()
        .filter_map(|node| {
            node.inspect_err(|(server, reason)| {
                let _ = writeln!(std::io::stderr(), "skipped: {}: {reason}", server.name());
            })
            .ok()
        })
        .collect()
}

/// A running node.
pub struct Node {
    pub server: Server,
    address: String,
    client: Client,
    /// Holds the launcher's standard input open; a node that ran already has none.
    _process: Option<Child>,
}

impl Node {
    fn start(server: Server) -> Result<Node, String> {
        let client = Client::builder().timeout(REQUEST_LIMIT).no_proxy().build().map_err(text)?;
        if let Some(address) = running(server) {
            return Ok(Node { server, address, client, _process: None });
        }
        let launcher = Launcher::new(server)?;
        let port = free_port()?;
        let home = target().join(format!("{}-{port}", server.name()));
        let settings =
            ["node.name=node".to_owned(), "discovery.type=single-node".to_owned(), "transport.port=0".to_owned()];
        let mut process = launcher.start(&home, port, HEAP, &settings)?;
        let address = format!("http://127.0.0.1:{port}");
        wait_until_ready(&client, &address, &mut process)
            .map_err(|problem| format!("{problem}; its log: {}", launcher.log().display()))?;
        Ok(Node { server, address, client, _process: Some(process) })
    }

    /// `http://127.0.0.1:9200`
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Makes an index from a body that holds settings and mappings.
    ///
    /// # Errors
    ///
    /// The node's reason, where it refuses.
    pub fn create_index(&self, index: &str, body: &str) -> Result<(), String> {
        let answer = self.send(Method::PUT, index, body.to_owned(), JSON)?;
        refusal(&answer).map_or(Ok(()), Err)
    }

    pub fn delete_index(&self, index: &str) {
        let _ = self.send(Method::DELETE, index, String::new(), JSON);
    }

    /// Stores documents under their ids; the reason of each that the node refuses.
    pub fn store<'a>(
        &self,
        index: &str,
        documents: impl Iterator<Item = (String, &'a str)>,
    ) -> Result<Vec<Option<String>>, String> {
        let body: String = documents
            .map(|(id, document)| format!("{}\n{}\n", json!({"index": {"_id": id}}), one_line(document)))
            .collect();
        if body.is_empty() {
            return Ok(Vec::new());
        }
        let answer = self.send(Method::POST, &format!("{index}/_bulk?refresh=true"), body, NDJSON)?;
        let items = answer["items"].as_array().ok_or_else(|| answer.to_string())?;
        Ok(items.iter().map(|item| refusal(&item["index"])).collect())
    }

    /// The ids that each query finds, sorted; or the node's reason where it refuses the query.
    ///
    /// # Errors
    ///
    /// Where the node does not answer.
    pub fn search(&self, index: &str, queries: &[&str]) -> Result<Vec<Result<Vec<String>, String>>, String> {
        match queries {
            [] => Ok(Vec::new()),
            [query] => {
                let answer = self.send(Method::POST, &format!("{index}/_search"), search_body(query), JSON)?;
                Ok(vec![found(&answer)])
            }
            many => {
                let lines: String = many.iter().map(|query| format!("{{}}\n{}\n", search_body(query))).collect();
                let answer = self.send(Method::POST, &format!("{index}/_msearch"), lines, NDJSON)?;
                if let Some(answers) = answer["responses"].as_array() {
                    return Ok(answers.iter().map(found).collect());
                }
                // One that cannot be read refuses them all: it is sought by halves.
                let (left, right) = many.split_at(many.len() / 2);
                let mut answers = self.search(index, left)?;
                answers.extend(self.search(index, right)?);
                Ok(answers)
            }
        }
    }

    /// The whole answer to a search.
    ///
    /// # Errors
    ///
    /// The node's reason, where it refuses.
    pub fn whole_search(&self, index: &str, body: &Value) -> Result<Value, String> {
        let path = format!("{index}/_search");
        let answer = self.send(Method::POST, &path, body.to_string(), JSON)?;
        refusal(&answer).map_or(Ok(answer), Err)
    }

    /// The ids of the queries stored in a `percolator` field that each document finds, with the document's place in the list.
    ///
    /// # Errors
    ///
    /// The node's reason, where it refuses one of the documents.
    pub fn percolate(&self, index: &str, field: &str, documents: &[&str]) -> Result<Vec<(String, usize)>, String> {
        let documents = documents.join(",");
        let body = search_body(&format!("{{\"percolate\": {{\"field\": \"{field}\", \"documents\": [{documents}]}}}}"));
        let answer = self.send(Method::POST, &format!("{index}/_search"), body, JSON)?;
        if let Some(reason) = refusal(&answer) {
            return Err(reason);
        }
        let mut pairs = Vec::new();
        for hit in answer["hits"]["hits"].as_array().into_iter().flatten() {
            let id = hit["_id"].as_str().unwrap_or_default();
            let slots = hit["fields"]["_percolator_document_slot"].as_array().into_iter().flatten();
            pairs.extend(slots.filter_map(|slot| Some((id.to_owned(), usize::try_from(slot.as_u64()?).ok()?))));
        }
        Ok(pairs)
    }

    /// Sends one request, and reads the answer's JSON.
    ///
    /// # Errors
    ///
    /// Where the node does not answer.
    pub fn send(&self, method: Method, path: &str, body: String, content_type: &str) -> Result<Value, String> {
        let request = self.client.request(method, format!("{}/{path}", self.address()));
        let response = request.header("content-type", content_type).body(body).send().map_err(text)?;
        response.json().map_err(text)
    }
}

fn search_body(query: &str) -> String {
    format!("{{\"size\": 10000, \"_source\": false, \"query\": {}}}", one_line(query))
}

fn found(response: &Value) -> Result<Vec<String>, String> {
    if let Some(reason) = refusal(response) {
        return Err(reason);
    }
    let hits = response["hits"]["hits"].as_array().into_iter().flatten();
    let mut ids: Vec<String> = hits.filter_map(|hit| hit["_id"].as_str().map(str::to_owned)).collect();
    ids.sort();
    Ok(ids)
}

/// The innermost reason of an error.
fn refusal(answer: &Value) -> Option<String> {
    let mut error = answer.get("error")?;
    if let Some(root) = error["root_cause"].get(0) {
        error = root;
    }
    while let Some(cause) = error.get("caused_by") {
        error = cause;
    }
    Some(error["reason"].as_str().map_or_else(|| error.to_string(), str::to_owned))
}

/// NDJSON takes a document a line; line breaks within JSON are only ever white space.
fn one_line(json: &str) -> String {
    json.replace(['\n', '\r'], " ")
}

/// The address of a node of this kind that runs already.
fn running(server: Server) -> Option<String> {
    let named = std::env::var("TRIPLINE_NODES").ok()?;
    let mut pairs = named.split_whitespace().filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| *name == server.name()).map(|(_, address)| address.to_owned())
}

fn text(error: impl std::error::Error) -> String {
    error.to_string()
}
