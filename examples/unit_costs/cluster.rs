//! The cluster's own figures.

use std::time::Duration;

use anyhow::Context;
use reqwest::Method;
use reqwest::blocking::Client;
use serde_json::Value;

use super::phase::processor_time_of;

pub struct Cluster {
    client: Client,
    url: String,
    /// Its process on this machine.
    process: Option<u32>,
}

impl Cluster {
    pub fn new(url: &str, process: Option<u32>) -> anyhow::Result<Cluster> {
        let client = Client::builder().timeout(Duration::from_secs(120)).build()?;
        Ok(Cluster { client, url: url.trim_end_matches('/').to_owned(), process })
    }

    /// Processor time of all its nodes.
    pub fn processor_time(&self) -> anyhow::Result<Duration> {
        if let Some(process) = self.process {
            return processor_time_of(&process.to_string());
        }
        let stats = self.ask(Method::GET, "_nodes/stats/process")?;
        let nodes = stats["nodes"].as_object().context("the cluster names no nodes")?;
        let millis = nodes.values().filter_map(|node| node["process"]["cpu"]["total_in_millis"].as_u64());
        Ok(Duration::from_millis(millis.sum()))
    }

    /// Bytes of the primary shards of an index, all of them written.
    pub fn stored(&self, index: &str) -> anyhow::Result<u64> {
        self.flush()?;
        self.ask(Method::POST, &format!("{index}/_forcemerge?only_expunge_deletes=true"))?;
        self.flush()?;
        let stats = self.ask(Method::GET, &format!("{index}/_stats/store"))?;
        stats["_all"]["primaries"]["store"]["size_in_bytes"].as_u64().context("the index has no size")
    }

    /// Writes everything to the disk.
    pub fn flush(&self) -> anyhow::Result<()> {
        self.ask(Method::POST, "_flush?force=true&wait_if_ongoing=true").map(drop)
    }

    /// Removes the indices of a prefix.
    pub fn remove(&self, prefix: &str) -> anyhow::Result<()> {
        let indices = self.ask(Method::GET, &format!("{prefix}-*"))?;
        for index in indices.as_object().context("the cluster names no indices")?.keys() {
            self.ask(Method::DELETE, index)?;
        }
        Ok(())
    }

    fn ask(&self, method: Method, path: &str) -> anyhow::Result<Value> {
        let answer = self.client.request(method, format!("{}/{path}", self.url)).send()?;
        let status = answer.status();
        let text = answer.text()?;
        anyhow::ensure!(status.is_success(), "{path} is answered {status}: {text}");
        Ok(serde_json::from_str(&text)?)
    }
}
