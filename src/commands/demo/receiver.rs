//! A webhook receiver as a subscriber would write it: it checks the signature, keeps what is new, answers 204.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde::Deserialize;
use standardwebhooks::Webhook;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::timeout;
use tripline::ChangeKind;

use super::client::Change;
use super::data::Interest;
use super::expected::Told;

/// The receiver, running in this process.
pub struct Receiver {
    address: SocketAddr,
    inbox: Arc<Inbox>,
}

#[derive(Default)]
struct Inbox {
    state: Mutex<Received>,
    arrived: Notify,
}

#[derive(Default)]
struct Received {
    /// By the name in the URL.
    secrets: BTreeMap<String, Webhook>,
    /// In order of arrival; repeats of a `webhook-id` left out.
    deliveries: Vec<Delivery>,
    ids: BTreeSet<String>,
}

/// One POST.
#[derive(Clone)]
pub struct Delivery {
    pub name: String,
    pub webhook_id: String,
    pub signature: String,
    /// Why the signature is not right, if so.
    pub refusal: Option<String>,
    pub body: String,
}

/// An entry of a body, in either format.
#[derive(Deserialize)]
struct Entry {
    member_id: u64,
    status: String,
    #[serde(default)]
    changes: Vec<Change>,
}

impl Receiver {
    pub async fn start() -> anyhow::Result<Receiver> {
        let inbox = Arc::new(Inbox::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot listen for webhooks")?;
        let address = listener.local_addr()?;
        let router = Router::new().route("/hooks/{name}", post(receive)).with_state(Arc::clone(&inbox));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Receiver { address, inbox })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self, name: &str) -> String {
        format!("http://{}/hooks/{name}", self.address)
    }

    /// Deliveries to this name are signed with this secret.
    pub fn expect(&self, name: &str, secret: &str) -> anyhow::Result<()> {
        let webhook = Webhook::new(secret).with_context(|| format!("the secret of {name:?} is not base64"))?;
        self.inbox.lock().secrets.insert(name.to_owned(), webhook);
        Ok(())
    }

    /// Waits until so many events have arrived, or the time is over.
    pub async fn wait_for(&self, events: usize, limit: Duration) {
        let all_arrived = async {
            loop {
                let arrived = self.inbox.arrived.notified();
                if self.inbox.lock().events() >= events {
                    return;
                }
                arrived.await;
            }
        };
        // Too late is told by the comparison that follows.
        let _ = timeout(limit, all_arrived).await;
    }

    pub fn deliveries(&self) -> Vec<Delivery> {
        self.inbox.lock().deliveries.clone()
    }

    /// Every event of every delivery.
    pub fn told(&self, interests: &[Interest]) -> anyhow::Result<Vec<Told>> {
        let mut told = Vec::new();
        for delivery in self.deliveries() {
            let interest = interests.iter().find(|interest| interest.name == delivery.name);
            let interest = interest.with_context(|| format!("a delivery to the unknown name {:?}", delivery.name))?;
            for entry in delivery.entries().with_context(|| format!("the body {:?} cannot be read", delivery.body))? {
                let mut kinds: Vec<ChangeKind> = entry.changes.into_iter().map(|change| change.kind).collect();
                kinds.sort();
                told.push(Told { interest: interest.name, member_id: entry.member_id, status: entry.status, kinds });
            }
        }
        Ok(told)
    }
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Received> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Received {
    fn events(&self) -> usize {
        self.deliveries.iter().filter_map(|delivery| delivery.entries().ok()).map(|entries| entries.len()).sum()
    }
}

impl Delivery {
    fn entries(&self) -> serde_json::Result<Vec<Entry>> {
        serde_json::from_str(&self.body)
    }

    /// What is wrong with it.
    pub fn problem(&self) -> Option<String> {
        self.refusal.as_ref().map(|refusal| format!("the delivery {} to {:?}: {refusal}", self.webhook_id, self.name))
    }
}

async fn receive(
    State(inbox): State<Arc<Inbox>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let (webhook_id, signature) = (text("webhook-id"), text("webhook-signature"));
    let mut received = inbox.lock();
    let refusal = match received.secrets.get(&name) {
        None => Some("nobody expects it".to_owned()),
        Some(webhook) => webhook.verify(&body, &headers).err().map(|error| error.to_string()),
    };
    let status = if refusal.is_none() { StatusCode::NO_CONTENT } else { StatusCode::UNAUTHORIZED };
    if received.ids.insert(webhook_id.clone()) {
        let body = String::from_utf8_lossy(&body).into_owned();
        received.deliveries.push(Delivery { name, webhook_id, signature, refusal, body });
    }
    drop(received);
    inbox.arrived.notify_one();
    status
}
