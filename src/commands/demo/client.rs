//! The demo's calls of the HTTP API.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use reqwest::{Method, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tripline::ChangeKind;

use super::data::{Interest, Member};

/// Who sends and subscribes.
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

/// The answer to a subscription.
#[derive(Deserialize)]
pub struct Created {
    pub webhook_secret: String,
}

/// The answer to a bulk load.
#[derive(Deserialize, Debug)]
pub struct Loaded {
    pub new: usize,
    pub notified: usize,
    pub rejected: Vec<Value>,
}

/// The answer to one update.
#[derive(Deserialize)]
pub struct Applied {
    pub outcome: String,
    pub changes: Vec<Change>,
    pub notified: usize,
}

/// A position change, as answered and as delivered.
#[derive(Deserialize, Clone)]
pub struct Change {
    pub kind: ChangeKind,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

impl Client {
    pub fn new(server: SocketAddr, token: String) -> Client {
        Client { http: reqwest::Client::new(), base: format!("http://{server}/v1"), token }
    }

    pub async fn subscribe(&self, interest: &Interest, webhook_url: &str) -> anyhow::Result<Created> {
        let path = format!("subscriptions/professional_network/member_experience/{}", interest.route());
        let request = self.request(Method::POST, &path).json(&interest.body(webhook_url));
        answer(request).await.with_context(|| format!("cannot subscribe {:?}", interest.name))
    }

    /// Sends members as lines.
    pub async fn load(&self, lines: &'static str) -> anyhow::Result<Loaded> {
        let request = self.request(Method::POST, "professional_network/clean_member/_bulk");
        answer(request.header("content-type", "application/x-ndjson").body(lines))
            .await
            .context("cannot load the baseline")
    }

    /// Sends one member.
    pub async fn update(&self, member: &Member) -> anyhow::Result<Applied> {
        let request = self.request(Method::PUT, &format!("professional_network/clean_member/{}", member.id));
        let request = request.header("content-type", "application/json").body(member.json);
        answer(request).await.with_context(|| format!("cannot update member {}", member.id))
    }

    /// The stored document.
    pub async fn collect(&self, id: u64) -> anyhow::Result<String> {
        let request = self.request(Method::GET, &format!("professional_network/clean_member/collect/{id}"));
        text(request).await.with_context(|| format!("cannot collect member {id}"))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}/{path}", self.base)).bearer_auth(&self.token)
    }
}

async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> anyhow::Result<T> {
    let body = text(request).await?;
    serde_json::from_str(&body).with_context(|| format!("the server answered {body:?}"))
}

async fn text(request: RequestBuilder) -> anyhow::Result<String> {
    let response = request.send().await?;
    let status = response.status();
    let body = response.text().await?;
    if !status.is_success() {
        bail!("{status}: {body}");
    }
    Ok(body)
}

impl Change {
    /// The position's entry where it stands now, else where it stood.
    pub fn position(&self) -> Option<&Value> {
        self.after.as_ref().or(self.before.as_ref())
    }
}
