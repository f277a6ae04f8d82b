//! Real search nodes for tests, started from Maven artifacts: one a kind and test binary, on a free loopback port.
//!
//! A node's launcher ends when its standard input closes, which the operating system sees to however the test ends.
//!
//! `TRIPLINE_NODES="elasticsearch-9=http://127.0.0.1:9209 opensearch-3=http://127.0.0.1:9203"` names nodes that run already: they are
//! asked instead, and left running.

use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::blocking::Client;
use serde_json::{Value, json};

const HEAP: &str = "768m";
const START_LIMIT: Duration = Duration::from_secs(180);
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

    fn java_versions(self) -> std::ops::RangeInclusive<u32> {
        match self {
            Server::Elasticsearch9 | Server::OpenSearch3 => 21..=u32::MAX,
            // It needs the security manager, which Java 24 took away.
            Server::Elasticsearch7 => 17..=23,
        }
    }

    fn java_options(self) -> &'static [&'static str] {
        match self {
            Server::Elasticsearch9 => &["--enable-native-access=ALL-UNNAMED", "--add-modules", "jdk.incubator.vector"],
            // As the distribution's jvm.options: months and weekdays have their English names.
            Server::Elasticsearch7 => &["-Djava.locale.providers=SPI,COMPAT"],
            Server::OpenSearch3 => &[],
        }
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
        let java = java(server)?;
        let class_path = build(server, &java)?;
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).map_err(text)?.port();
        let home = target().join(format!("{}-{port}", server.name()));
        let log_path = target().join(format!("{}.log", server.name()));
        let log = File::create(&log_path).map_err(text)?;
        let mut process = Command::new(java.join("bin/java"))
            .args([format!("-Xms{HEAP}"), format!("-Xmx{HEAP}")])
            // A node lives for minutes: the optimizing compiler would not pay.
            .args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dlog4j2.disable.jmx=true"])
            .args(server.java_options())
            .args(["-cp", &class_path, "SearchNode"])
            .arg(&home)
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .stdout(log.try_clone().map_err(text)?)
            .stderr(log)
            .spawn()
            .map_err(|error| format!("{}: {error}", java.display()))?;
        let address = format!("http://127.0.0.1:{port}");
        wait_until_ready(&client, &address, &mut process)
            .map_err(|problem| format!("{problem}; its log: {}", log_path.display()))?;
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

fn wait_until_ready(client: &Client, address: &str, process: &mut Child) -> Result<(), String> {
    let limit = Instant::now() + START_LIMIT;
    while Instant::now() < limit {
        if client.get(address).send().is_ok_and(|response| response.status().is_success()) {
            return Ok(());
        }
        if let Some(status) = process.try_wait().map_err(text)? {
            return Err(format!("the node ended with {status}"));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    let _ = process.kill();
    Err(format!("the node was not ready within {START_LIMIT:?}"))
}

/// The home of a Java development kit that this server runs on.
fn java(server: Server) -> Result<PathBuf, String> {
    let versions = server.java_versions();
    let named = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().contains("JAVA_HOME"));
    let named = named.map(|(_, home)| PathBuf::from(home));
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let roots = [PathBuf::from("/usr/lib/jvm"), PathBuf::from("/opt/java"), home.join(".sdkman/candidates/java")];
    let mut installed: Vec<PathBuf> =
        roots.iter().filter_map(|root| fs::read_dir(root).ok()).flatten().flatten().map(|entry| entry.path()).collect();
    installed.sort();
    named
        .chain(installed)
        .find(|home| java_version(home).is_some_and(|version| versions.contains(&version)))
        .ok_or_else(|| {
            format!("no Java development kit of version {} or newer found (JAVA_HOME, /usr/lib/jvm)", versions.start())
        })
}

fn java_version(home: &Path) -> Option<u32> {
    if !home.join("bin/javac").exists() {
        return None;
    }
    let release = fs::read_to_string(home.join("release")).ok()?;
    let version = release.lines().find_map(|line| line.strip_prefix("JAVA_VERSION="))?;
    version.trim_matches('"').split(['.', '-', '+']).next()?.parse().ok()
}

/// Compiles the launcher, once a checkout; gives its class path.
fn build(server: Server, java: &Path) -> Result<String, String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/search-node");
    let folder = target().join(server.name());
    fs::create_dir_all(&folder).map_err(text)?;
    // Maven runs side by side would spoil an empty repository.
    let lock = File::create(target().join("build.lock")).map_err(text)?;
    lock.lock().map_err(text)?;

    let up_to_date = [sources.join(server.name()), sources.join("lifeline")];
    let source_text: String = up_to_date.iter().map(|folder| all_text(folder)).collect::<Result<_, _>>()?;
    let class_path_file = folder.join("class-path.txt");
    let built_from = folder.join("built-from.txt");
    if class_path_file.exists() && fs::read_to_string(&built_from).is_ok_and(|built| built == source_text) {
        return class_path(&folder, &class_path_file);
    }
    copy(&sources.join(server.name()), &folder)?;
    copy(&sources.join("lifeline"), &folder.join("src/main/java"))?;
    let output = Command::new("mvn")
        .args(["-q", "-B", "compile", "dependency:build-classpath", "-Dmdep.outputFile=class-path.txt"])
        .env("JAVA_HOME", java)
        .current_dir(&folder)
        .output()
        .map_err(|error| format!("mvn (Maven) cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("Maven could not build the launcher: {}", String::from_utf8_lossy(&output.stdout)));
    }
    fs::write(&built_from, source_text).map_err(text)?;
    class_path(&folder, &class_path_file)
}

fn class_path(folder: &Path, file: &Path) -> Result<String, String> {
    let dependencies = fs::read_to_string(file).map_err(text)?;
    Ok(format!("{}:{}", folder.join("target/classes").display(), dependencies.trim()))
}

/// The text of all files below a folder, to notice that one changed.
fn all_text(folder: &Path) -> Result<String, String> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).map_err(text)?.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries
        .iter()
        .map(|path| if path.is_dir() { all_text(path) } else { fs::read_to_string(path).map_err(text) })
        .collect()
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::create_dir_all(to).map_err(text)?;
    for entry in fs::read_dir(from).map_err(text)?.flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target).map_err(text)?;
        }
    }
    Ok(())
}

fn target() -> PathBuf {
    // Examples have no folder of their own in `target`.
    let folder = option_env!("CARGO_TARGET_TMPDIR").unwrap_or(concat!(env!("CARGO_MANIFEST_DIR"), "/target/tmp"));
    Path::new(folder).with_file_name("search-node")
}

fn text(error: impl std::error::Error) -> String {
    error.to_string()
}
