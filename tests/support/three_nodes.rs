//! Three real search nodes that are one cluster, and what can happen to them: killed, started again with their data, stopped for
//! a while.
//!
//! They are always started anew, for a test that takes them away needs them alone; they end with the test.

use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;

use reqwest::blocking::Client;
use serde_json::Value;
use tempfile::TempDir;

use crate::nodes::Server;
use crate::nodes::launcher::{Launcher, free_port, target, wait_until_ready};

const HEAP: &str = "512m";
const REQUEST_LIMIT: Duration = Duration::from_secs(120);

/// A cluster of three.
pub struct ThreeNodes {
    launcher: Launcher,
    client: Client,
    nodes: Vec<OneOfThree>,
    /// The homes of the nodes, removed with it.
    _folder: TempDir,
}

struct OneOfThree {
    home: PathBuf,
    port: u16,
    settings: Vec<String>,
    process: Option<Child>,
}

impl OneOfThree {
    fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl ThreeNodes {
    /// Starts three nodes of this kind, or says why that is not possible here.
    pub fn start(server: Server) -> Result<Self, String> {
        let launcher = Launcher::new(server)?;
        let client = Client::builder().timeout(REQUEST_LIMIT).no_proxy().build().map_err(|error| error.to_string())?;
        let folder = tempfile::tempdir_in(target()).map_err(|error| error.to_string())?;
        let ports = (0..6).map(|_| free_port()).collect::<Result<Vec<u16>, String>>()?;
        let (http, transport) = ports.split_at(3);
        let seeds: Vec<String> = transport.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        let nodes = http.iter().zip(transport).enumerate().map(|(number, (http, transport))| OneOfThree {
            home: folder.path().join(format!("node-{number}")),
            port: *http,
            settings: vec![
                format!("node.name=node-{number}"),
                format!("transport.port={transport}"),
                format!("discovery.seed_hosts={}", seeds.join(",")),
                "cluster.initial_master_nodes=node-0,node-1,node-2".to_owned(),
                // A node that is stopped should be missed in seconds, not in half a minute.
                "cluster.fault_detection.follower_check.timeout=2s".to_owned(),
                "cluster.fault_detection.leader_check.timeout=2s".to_owned(),
            ],
            process: None,
        });
        let mut cluster = ThreeNodes { nodes: nodes.collect(), launcher, client, _folder: folder };
        for node in &mut cluster.nodes {
            node.process = Some(cluster.launcher.start(&node.home, node.port, HEAP, &node.settings)?);
        }
        for node in 0..3 {
            cluster.wait_until_it_answers(node)?;
        }
        cluster.wait_for("wait_for_nodes=3")?;
        Ok(cluster)
    }

    /// `http://127.0.0.1:9200`, of each node.
    pub fn addresses(&self) -> Vec<String> {
        self.nodes.iter().map(OneOfThree::address).collect()
    }

    /// Ends a node's process as a power failure would.
    pub fn kill(&mut self, node: usize) {
        if let Some(mut process) = self.nodes[node].process.take() {
            process.kill().expect("a process of ours can be killed");
            process.wait().expect("a killed process ends");
        }
    }

    /// Starts a killed node again, with its data. It may not yet have joined the others.
    pub fn restart(&mut self, node: usize) {
        let one = &mut self.nodes[node];
        let process = self.launcher.start(&one.home, one.port, HEAP, &one.settings).expect("it started before");
        one.process = Some(process);
    }

    /// Stops a node's process where it stands: its connections stay open and nothing is answered.
    pub fn pause(&self, node: usize) {
        self.signal(node, "-STOP");
    }

    /// Lets a paused node go on.
    pub fn resume(&self, node: usize) {
        self.signal(node, "-CONT");
    }

    /// Waits until all three nodes are one cluster and all copies of all shards are in place.
    pub fn wait_until_whole(&mut self) {
        for node in 0..3 {
            self.wait_until_it_answers(node).expect("the node starts");
        }
        self.wait_for("wait_for_nodes=3&wait_for_status=green").expect("a whole cluster");
    }

    fn wait_until_it_answers(&mut self, node: usize) -> Result<(), String> {
        let address = self.nodes[node].address();
        let process = self.nodes[node].process.as_mut().ok_or("the node was killed")?;
        wait_until_ready(&self.client, &address, process)
            .map_err(|problem| format!("{problem}; its log: {}", self.launcher.log().display()))
    }

    /// Asks the first node that answers until the cluster is so.
    fn wait_for(&self, state: &str) -> Result<(), String> {
        const TRIES: usize = 20;
        let mut last = String::new();
        for (_, node) in (0..TRIES).zip(self.nodes.iter().cycle()) {
            let path = format!("{}/_cluster/health?{state}&timeout=20s", node.address());
            match self.client.get(path).send().and_then(|answer| answer.json::<Value>()) {
                Ok(health) if health["timed_out"] == false => return Ok(()),
                Ok(health) => last = health.to_string(),
                Err(error) => last = error.to_string(),
            }
        }
        Err(format!("the cluster did not come to {state}: {last}"))
    }

    fn signal(&self, node: usize, signal: &str) {
        let process = self.nodes[node].process.as_ref().expect("a running node");
        let sent = Command::new("kill").args([signal, &process.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill {signal}");
    }
}

impl Drop for ThreeNodes {
    fn drop(&mut self) {
        for node in 0..self.nodes.len() {
            self.kill(node);
        }
    }
}
