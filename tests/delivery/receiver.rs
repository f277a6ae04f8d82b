//! A webhook receiver on loopback that answers as a test says and remembers what it got.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::sync::{Mutex, mpsc};
use url::Url;

/// Long enough for a loaded machine; nothing waits that long when all is well.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// One POST that arrived.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub headers: HeaderMap,
    pub body: Bytes,
    pub at: Instant,
}

impl Delivery {
    pub fn webhook_id(&self) -> &str {
        self.headers["webhook-id"].to_str().unwrap()
    }

    pub fn entries(&self) -> Vec<Value> {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn members(&self) -> Vec<u64> {
        self.entries().iter().map(|entry| entry["member_id"].as_u64().unwrap()).collect()
    }

    /// Checks the signature with the specification's own crate.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        Webhook::new(secret).unwrap().verify(&self.body, &self.headers).is_ok()
    }
}

/// What the receiver answers.
pub enum Answer {
    Status(u16),
    With(u16, &'static str, String),
    /// 200, after a while.
    Late(Duration),
    /// Nothing, ever: the connection stays open.
    Hang,
}

type Script = dyn Fn(usize, &Delivery) -> Answer + Send + Sync;

pub struct Receiver {
    pub url: Url,
    arrived: Mutex<mpsc::UnboundedReceiver<Delivery>>,
}

#[derive(Clone)]
struct Desk {
    script: Arc<Script>,
    count: Arc<AtomicUsize>,
    arrived: mpsc::UnboundedSender<Delivery>,
}

impl Receiver {
    /// Starts one that takes everything.
    pub async fn start() -> Receiver {
        Receiver::answering(|_, _| Answer::Status(200)).await
    }

    /// Starts one that answers as `script` says; it is told how many came before.
    pub async fn answering(script: impl Fn(usize, &Delivery) -> Answer + Send + Sync + 'static) -> Receiver {
        let (sender, arrived) = mpsc::unbounded_channel();
        let desk = Desk { script: Arc::new(script), count: Arc::default(), arrived: sender };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap()).parse().unwrap();
        let app = Router::new().fallback(receive).with_state(desk);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Receiver { url, arrived: Mutex::new(arrived) }
    }

    /// The same receiver under another host's name.
    pub fn url_with_host(&self, host: &str) -> Url {
        format!("http://{host}:{}/hook", self.url.port().unwrap()).parse().unwrap()
    }

    /// The next POST.
    pub async fn next(&self) -> Delivery {
        let mut arrived = self.arrived.lock().await;
        tokio::time::timeout(PATIENCE, arrived.recv()).await.expect("no delivery arrived in time").unwrap()
    }

    /// Whether nothing has arrived that was not taken by [`Receiver::next`].
    pub async fn is_empty(&self) -> bool {
        self.arrived.lock().await.is_empty()
    }
}

async fn receive(State(desk): State<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    let delivery = Delivery { headers, body, at: Instant::now() };
    let answer = (desk.script)(desk.count.fetch_add(1, Ordering::SeqCst), &delivery);
    // The test may have ended.
    let _ = desk.arrived.send(delivery);
    match answer {
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answer::With(status, name, value) => (StatusCode::from_u16(status).unwrap(), [(name, value)]).into_response(),
        Answer::Late(wait) => {
            tokio::time::sleep(wait).await;
            StatusCode::OK.into_response()
        }
        Answer::Hang => std::future::pending().await,
    }
}
