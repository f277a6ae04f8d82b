//! Something that answers HTTP as it is told: gateways and clusters in a state that real nodes are hard to bring into.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// One answer.
#[derive(Clone)]
pub struct Reply {
    pub status: u16,
    pub body: String,
}

impl Reply {
    pub fn json(status: u16, body: &Value) -> Self {
        Reply { status, body: body.to_string() }
    }
}

/// A listener that says it is Elasticsearch, and gives the replies in turn to what else it is asked, the last one for ever.
pub struct Fake {
    pub address: String,
    state: Arc<Mutex<Talk>>,
}

struct Talk {
    root: Reply,
    replies: VecDeque<Reply>,
    asked: Vec<String>,
}

impl Fake {
    pub async fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        let root = Reply::json(200, &json!({"version": {"number": "8.19.0"}}));
        Self::with_root(root, replies).await
    }

    pub async fn with_root(root: Reply, replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let talk = Talk { root, replies: replies.into_iter().collect(), asked: Vec::new() };
        let state = Arc::new(Mutex::new(talk));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Fake { address, state }
    }

    /// The bodies and paths that it was asked with, less those of the beginning.
    pub fn asked(&self) -> Vec<String> {
        self.state.lock().expect("no panic").asked.clone()
    }
}

async fn answer(State(state): State<Arc<Mutex<Talk>>>, uri: Uri, headers: HeaderMap, body: String) -> Response {
    let mut talk = state.lock().expect("no panic");
    let reply = match uri.path() {
        "/" => talk.root.clone(),
        "/_cluster/health" => Reply::json(200, &json!({"status": "green"})),
        path => {
            let authorization = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or("nobody");
            talk.asked.push(format!("{authorization} {path} {body}"));
            let last = talk.replies.len() == 1;
            let reply = if last { talk.replies.front().cloned() } else { talk.replies.pop_front() };
            reply.expect("a reply for all that is asked")
        }
    };
    let status = StatusCode::from_u16(reply.status).expect("a status");
    (status, [(HeaderName::from_static("x-elastic-product"), "Elasticsearch")], reply.body).into_response()
}
