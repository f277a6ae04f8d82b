//! The real process, and what the test asks it over HTTP.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;

use super::PATIENCE;

/// What outlives the process: its data, its settings, and the secret of its tokens.
pub struct Home {
    folder: TempDir,
    token: String,
    settings: Vec<(&'static str, String)>,
}

impl Home {
    pub fn new() -> Home {
        Home::with(Vec::new())
    }

    /// One whose processes start with these environment variables.
    pub fn with(settings: Vec<(&'static str, String)>) -> Home {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        fs::write(&secret, "a secret of more than thirty-two bytes\n").unwrap();
        let minted = Command::new(env!("CARGO_BIN_EXE_tripline"))
            .args(["token", "--tenant", "faults", "--jwt-secret-file"])
            .arg(&secret)
            .output()
            .unwrap();
        assert!(minted.status.success(), "{minted:?}");
        Home { folder, token: String::from_utf8(minted.stdout).unwrap().trim().to_owned(), settings }
    }

    /// What the processes said.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// A running process.
pub struct Server {
    child: Child,
    base: String,
    token: String,
    client: Client,
}

/// One that may not listen yet.
pub struct Starting(Child);

/// A subscription as it is listed.
pub struct Listed {
    pub id: String,
    pub hook: usize,
}

impl Server {
    pub fn spawn(home: &Home) -> Starting {
        let log = fs::File::options().create(true).append(true).open(home.path("log")).unwrap();
        let child = tokio::process::Command::new(env!("CARGO_BIN_EXE_tripline"))
            .args(["serve", "--listen", "127.0.0.1:0", "--allow-private-webhooks"])
            .arg("--data-dir")
            .arg(home.path("data"))
            .arg("--jwt-secret-file")
            .arg(home.path("secret"))
            .current_dir(home.folder.path())
            .env_clear()
            .env("TRIPLINE_DELIVERY__LINGER", "50ms")
            .env(
                "TRIPLINE_DELIVERY__SCHEDULE",
                r#"["100ms", "100ms", "100ms", "100ms", "100ms", "100ms", "1s", "1s", "1s"]"#,
            )
            .envs(home.settings.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Starting(child)
    }

    /// Starts the process, and returns when it listens.
    pub async fn start(home: &Home) -> Server {
        let Starting(mut child) = Server::spawn(home);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("it starts in time").unwrap();
        let Some(base) = line.as_deref().and_then(|line| line.strip_prefix("listening on ")) else {
            panic!("it did not start: {line:?}\n{}", home.log());
        };
        let client = Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Server { base: base.to_owned(), token: home.token.clone(), client, child }
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    pub async fn kill(self) {
        Starting(self.child).kill().await;
    }

    /// Stops it where it stands, until [`Server::go_on`].
    pub async fn pause(&self) {
        self.signal("-STOP").await;
    }

    pub async fn go_on(&self) {
        self.signal("-CONT").await;
    }

    async fn signal(&self, signal: &str) {
        let id = self.child.id().expect("it lives");
        let sent = tokio::process::Command::new("kill").args([signal, &id.to_string()]).status().await.unwrap();
        assert!(sent.success());
    }

    /// The most memory that it has had, in bytes.
    pub fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id().expect("it lives"))).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the kernel tells it");
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// What asks it while it may die.
    pub fn caller(&self) -> Caller {
        Caller {
            base: self.base.clone(),
            token: self.token.clone(),
            client: self.client.clone(),
            patience: super::PATIENCE,
        }
    }

    pub async fn collect(&self, member: u64) -> Option<String> {
        let path = format!("/v1/professional_network/clean_member/collect/{member}");
        let (status, body) = self.caller().get(&path).await;
        match status {
            StatusCode::OK => Some(body),
            StatusCode::NOT_FOUND => None,
            other => panic!("collect {member}: {other} {body}"),
        }
    }

    pub async fn subscriptions(&self) -> Vec<Listed> {
        let entries = self.pages("/v1/subscriptions", "subscriptions").await;
        entries
            .iter()
            .map(|entry| {
                let hook = entry["webhook_url"].as_str().unwrap().rsplit('/').next().unwrap().parse().unwrap();
                let id = entry.get("subscription_id").unwrap_or(&entry["id"]);
                Listed { id: id.as_str().unwrap().to_owned(), hook }
            })
            .collect()
    }

    pub async fn event_ids(&self, subscription: &str) -> Vec<String> {
        let entries = self.pages(&format!("/v1/subscriptions/{subscription}/events"), "events").await;
        entries.iter().map(|entry| entry["event_id"].as_str().unwrap().to_owned()).collect()
    }

    /// All entries of a list that comes in pages.
    async fn pages(&self, path: &str, list: &str) -> Vec<Value> {
        let (mut entries, mut query) = (Vec::new(), String::new());
        loop {
            let (status, body) = self.caller().get(&format!("{path}{query}")).await;
            assert_eq!(status, StatusCode::OK, "{path}: {body}");
            let mut page: Value = serde_json::from_str(&body).unwrap();
            entries.append(page[list].as_array_mut().unwrap());
            query = match &page["next"] {
                Value::Null => return entries,
                Value::String(next) => format!("?after={next}"),
                next => format!("?after={next}"),
            };
        }
    }
}

impl Starting {
    pub async fn kill(mut self) {
        self.0.kill().await.unwrap();
    }
}

/// Asks a server that may die at any moment.
#[derive(Clone)]
pub struct Caller {
    base: String,
    token: String,
    client: Client,
    patience: Duration,
}

/// An answer of which at least the status arrived; the body only if the process lived long enough.
pub struct Answer {
    pub status: StatusCode,
    pub retry_after: Option<String>,
    pub body: Option<Value>,
}

/// The process died before it answered: whether it did what was asked is open.
#[derive(Debug)]
pub struct Unanswered;

impl Caller {
    /// One that waits no longer for an answer.
    pub fn within(self, patience: Duration) -> Caller {
        Caller { patience, ..self }
    }

    pub async fn put(&self, path: &str, body: String) -> Result<Answer, Unanswered> {
        self.send(self.client.put(self.url(path)).header("content-type", "application/json").body(body)).await
    }

    pub async fn post(&self, path: &str, content_type: &str, body: String) -> Result<Answer, Unanswered> {
        self.send(self.client.post(self.url(path)).header("content-type", content_type).body(body)).await
    }

    pub async fn delete(&self, path: &str) -> Result<Answer, Unanswered> {
        self.send(self.client.delete(self.url(path))).await
    }

    pub async fn ask(&self, path: &str) -> Result<Answer, Unanswered> {
        self.send(self.client.get(self.url(path))).await
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let answer = self.client.get(self.url(path)).bearer_auth(&self.token).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer, Unanswered> {
        let request = request.bearer_auth(&self.token).timeout(self.patience);
        let answer = request.send().await.map_err(|_| Unanswered)?;
        let status = answer.status();
        let retry_after = answer.headers().get("retry-after").map(|after| after.to_str().unwrap().to_owned());
        Ok(Answer { status, retry_after, body: answer.json().await.ok() })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}
