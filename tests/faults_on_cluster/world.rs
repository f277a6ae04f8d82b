//! What a test has beside its servers: indices of its own in a cluster, the receiver, and what was promised.

use std::io::Write;
use std::sync::{Arc, Mutex};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use super::load::subscribe;
use super::nodes::Server as Product;
use super::promises::Promises;
use super::receiver::Receiver;
use super::server::{Home, Server};

pub struct World {
    prefix: String,
    /// A node that is asked for what no server does.
    node: String,
    /// Where servers ask.
    urls: Vec<String>,
    replicas: u32,
    client: Client,
    pub receiver: Receiver,
    pub promises: Arc<Mutex<Promises>>,
}

impl World {
    /// A world in the cluster of one node.
    pub async fn new(name: &str) -> World {
        let node = one_node();
        World::over(name, &node, vec![node.clone()], 0).await
    }

    /// A world in the cluster of this node, whose servers ask others.
    pub async fn over(name: &str, node: &str, urls: Vec<String>, replicas: u32) -> World {
        let prefix = format!("faults-{name}-{}", std::process::id());
        World {
            prefix,
            node: node.to_owned(),
            urls,
            replicas,
            client: Client::builder().no_proxy().build().unwrap(),
            receiver: Receiver::start(super::seed()).await,
            promises: Arc::default(),
        }
    }

    /// A server's home.
    pub fn home(&self) -> Home {
        Home::with(vec![
            ("TRIPLINE_STORE", "elasticsearch".to_owned()),
            ("TRIPLINE_ELASTICSEARCH__URLS", json!(self.urls).to_string()),
            ("TRIPLINE_ELASTICSEARCH__PREFIX", self.prefix.clone()),
            ("TRIPLINE_ELASTICSEARCH__REPLICAS", self.replicas.to_string()),
            ("TRIPLINE_ELASTICSEARCH__REFRESH_INTERVAL", "200ms".to_owned()),
            ("TRIPLINE_ELASTICSEARCH__REQUEST_TIMEOUT", "5s".to_owned()),
            ("TRIPLINE_ELASTICSEARCH__BUSY_TIMEOUT", "3s".to_owned()),
        ])
    }

    /// Makes the subscription of a hook, and waits until it is active: from here on it is promised everything.
    pub async fn subscribe(&self, server: &Server, hook: usize) {
        let id = self.ask_for_subscription(server, hook).await;
        self.until_active(server, hook, &id).await;
    }

    pub async fn ask_for_subscription(&self, server: &Server, hook: usize) -> String {
        let answer = subscribe(&server.caller(), self.receiver.address(), hook).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
        answer.body.unwrap()["subscription_id"].as_str().unwrap().to_owned()
    }

    pub async fn until_active(&self, server: &Server, hook: usize, id: &str) {
        let active = async {
            while self.state(server, id).await != "active" {
                tokio::time::sleep(super::senders::PAUSE).await;
            }
        };
        tokio::time::timeout(super::PATIENCE, active).await.expect("it becomes active in time");
        self.promises.lock().unwrap().subscriptions.push((hook, id.to_owned()));
    }

    pub async fn state(&self, server: &Server, id: &str) -> String {
        let answer = server.caller().ask(&format!("/v1/subscriptions/{id}")).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
        answer.body.unwrap()["status"].as_str().unwrap().to_owned()
    }

    /// Everything arrives that was promised, and nothing else has.
    pub async fn promises_hold(&self, server: &Server) {
        let promises = std::mem::take(&mut *self.promises.lock().unwrap());
        self.receiver.until_everything_arrived(&promises, server).await;
        self.receiver.check(&promises);
        for (member, known) in &promises.members {
            let stored = known.stored.as_ref().map(|stored| stored.document());
            assert_eq!(server.collect(*member).await, stored, "member {member}");
        }
        let expected = promises.expected().count();
        assert!(expected > 100, "the load was too light to prove anything: {expected} events");
    }

    /// The name of the index behind an alias.
    pub fn index(&self, kind: &str) -> String {
        format!("{}-{kind}-v1", self.prefix)
    }

    /// Asks the cluster itself.
    pub async fn ask_cluster(&self, method: Method, path: &str, body: Value) -> Value {
        let mut request = self.client.request(method, format!("{}/{path}", self.node));
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert!(answer.get("error").is_none(), "{path}: {answer}");
        answer
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let (node, prefix) = (&self.node, &self.prefix);
        // Within a test's runtime nothing may block.
        std::thread::scope(|scope| scope.spawn(|| remove(node, prefix)).join().ok());
    }
}

/// Removes the indices; a cluster that is gone has none.
fn remove(node: &str, prefix: &str) -> Option<()> {
    let client = reqwest::blocking::Client::builder().no_proxy().build().ok()?;
    let found: Value = client.get(format!("{node}/{prefix}-*/_settings")).send().ok()?.json().ok()?;
    let names: Vec<&str> = found.as_object()?.keys().map(String::as_str).collect();
    client.delete(format!("{node}/{}", names.join(","))).send().ok()?;
    Some(())
}

/// The address of the node that most tests share.
pub fn one_node() -> String {
    let node = std::thread::scope(|scope| scope.spawn(|| Product::Elasticsearch9.node()).join().unwrap());
    match node {
        Ok(node) => node.address().to_owned(),
        Err(reason) => skip(reason),
    }
}

/// Says past the test harness's capture, and for all tests of this target, that none of them can be made.
pub fn skip(reason: &str) -> ! {
    let said = writeln!(std::io::stderr(), "skipped: no fault of a cluster was tested: {reason}");
    std::process::exit(i32::from(said.is_err()));
}
