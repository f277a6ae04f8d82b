//! A job on a server, by its API.

use anyhow::{Context, bail};
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use tripline::jobs::reindex::{Figures, OutputFile};
use url::Url;

/// What the server says of a job.
#[derive(Deserialize)]
pub struct RemoteJob {
    pub job_id: String,
    pub state: String,
    pub reason: Option<String>,
    pub waiting: Option<String>,
    pub figures: Figures,
    pub parts: Vec<RemotePart>,
    pub members_per_second: Option<f64>,
    pub remaining_seconds: Option<f64>,
    pub files: Vec<String>,
    #[serde(default)]
    pub notes: Vec<String>,
}

/// A piece of its source.
#[derive(Deserialize)]
pub struct RemotePart {
    pub read: u64,
    pub size: u64,
}

/// A server.
pub struct Remote {
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
    base: String,
    token: String,
}

impl Remote {
    pub fn new(url: &Url, token: &str) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let base = format!("{}/v1/jobs", url.as_str().trim_end_matches('/'));
        Ok(Remote { runtime, client: reqwest::Client::new(), base, token: token.to_owned() })
    }

    pub fn submit(&self, request: &Value) -> anyhow::Result<RemoteJob> {
        self.job_of(Method::POST, "reindex", Some(request))
    }

    pub fn resume(&self, id: &str) -> anyhow::Result<RemoteJob> {
        self.job_of(Method::POST, &format!("{id}/resume"), None)
    }

    pub fn job(&self, id: &str) -> anyhow::Result<RemoteJob> {
        self.job_of(Method::GET, id, None)
    }

    pub fn file(&self, id: &str, file: OutputFile) -> anyhow::Result<Vec<u8>> {
        self.ask(Method::GET, &format!("{id}/files/{}", file.name()), None)
    }

    fn job_of(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<RemoteJob> {
        let answer = self.ask(method, path, body)?;
        serde_json::from_slice(&answer).context("the server's answer is not understood")
    }

    fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Vec<u8>> {
        let mut request = self.client.request(method, format!("{}/{path}", self.base)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        self.runtime.block_on(async {
            let response = request.send().await?;
            let status = response.status();
            let bytes = response.bytes().await?;
            if !status.is_success() {
                bail!("the server answered {status}: {}", String::from_utf8_lossy(&bytes));
            }
            Ok(bytes.to_vec())
        })
    }
}
