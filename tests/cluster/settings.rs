//! Settings and names for one test.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use tripline::config;
use tripline::elasticsearch::Connection;

use crate::nodes::Node;

/// Settings for these addresses that give up soon.
pub fn settings(addresses: &[&str]) -> config::Elasticsearch {
    config::Elasticsearch {
        urls: addresses.iter().map(|address| address.parse().expect("an address")).collect(),
        request_timeout: Duration::from_secs(30),
        busy_timeout: Duration::from_millis(200),
        replicas: 0,
        ..config::Elasticsearch::default()
    }
}

pub async fn connect(node: &Node) -> Connection {
    Connection::connect(&settings(&[node.address()])).await.expect("a connection")
}

/// A name that no other test has, in this run or another.
pub fn unique_name(of: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("cluster-{of}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

pub fn raw(value: &Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).expect("JSON")
}

/// Names of one test for all that Tripline keeps, removed with it.
pub struct Prefix<'n> {
    pub settings: config::Elasticsearch,
    pub node: &'n Node,
}

impl<'n> Prefix<'n> {
    pub fn new(node: &'n Node, of: &str) -> Self {
        let settings = config::Elasticsearch {
            prefix: unique_name(of),
            busy_timeout: Duration::from_secs(30),
            ..settings(&[node.address()])
        };
        Prefix { settings, node }
    }

    pub async fn connect(&self) -> Connection {
        Connection::connect(&self.settings).await.expect("a connection")
    }

    /// `<prefix>-<name>`
    pub fn name(&self, name: &str) -> String {
        format!("{}-{name}", self.settings.prefix)
    }

    /// All indices of these names with what is known of them, open or closed.
    pub fn indices(&self) -> Map<String, Value> {
        let path = format!("{}-*?expand_wildcards=all", self.settings.prefix);
        let answer = self.request(Method::GET, &path, &Value::Null);
        answer.as_object().cloned().expect("indices")
    }

    /// One request; the node must do it.
    pub fn request(&self, method: Method, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = tokio::task::block_in_place(|| self.node.send(method, path, body, "application/json"));
        let answer = answer.expect("an answer");
        assert!(answer.get("error").is_none(), "{path}: {answer}");
        answer
    }
}

impl Drop for Prefix<'_> {
    fn drop(&mut self) {
        for name in self.indices().keys() {
            tokio::task::block_in_place(|| self.node.delete_index(name));
        }
        let templates = format!("_index_template/{}-*", self.settings.prefix);
        tokio::task::block_in_place(|| self.node.delete_index(&templates));
    }
}

/// An index of two shards that is removed with it, by this name.
pub struct Index<'n> {
    pub name: String,
    node: &'n Node,
}

impl<'n> Index<'n> {
    pub fn new(node: &'n Node, of: &str) -> Self {
        let name = unique_name(of);
        let body = json!({
            "settings": {"number_of_shards": 2, "number_of_replicas": 0},
            "mappings": {"properties": {"rank": {"type": "long"}}},
        });
        let made = {
            let (name, body) = (name.clone(), body.to_string());
            tokio::task::block_in_place(move || node.create_index(&name, &body))
        };
        made.expect("an index");
        Index { name, node }
    }
}

impl Drop for Index<'_> {
    fn drop(&mut self) {
        tokio::task::block_in_place(|| self.node.delete_index(&self.name));
    }
}
