//! Between servers and their cluster: passes requests on, and fails them as networks and loaded clusters do.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rand::Rng;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

pub struct Proxy {
    cluster: String,
    address: SocketAddr,
    rule: Arc<Mutex<Rule>>,
    /// `None` while it is away.
    runtime: Mutex<Option<Runtime>>,
}

/// What becomes of a request to this path.
type Rule = Box<dyn Fn(&str) -> Fault + Send>;

pub enum Fault {
    None,
    /// It is passed on later.
    Delay(Duration),
    /// It is not passed on, and never answered.
    Silence,
    /// It is passed on, and its answer breaks off.
    LoseAnswer,
    /// It is turned away.
    TooMany,
    /// So much of what it writes is turned away, the rest is passed on.
    TooManyOf { share: f64 },
}

#[derive(Clone)]
struct Desk {
    cluster: String,
    client: Client,
    rule: Arc<Mutex<Rule>>,
}

impl Proxy {
    /// One in front of a cluster, on a port of its own.
    pub fn start(cluster: &str) -> Proxy {
        let rule: Rule = Box::new(|_| Fault::None);
        let proxy = Proxy {
            cluster: cluster.to_owned(),
            address: std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap(),
            rule: Arc::new(Mutex::new(rule)),
            runtime: Mutex::default(),
        };
        proxy.come_back();
        proxy
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on requests are treated so.
    pub fn treat(&self, rule: impl Fn(&str) -> Fault + Send + 'static) {
        *self.rule.lock().unwrap() = Box::new(rule);
    }

    /// Cuts all connections, and takes none.
    pub fn go_away(&self) {
        let runtime = self.runtime.lock().unwrap().take();
        runtime.into_iter().for_each(Runtime::shutdown_background);
    }

    pub fn come_back(&self) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let client = Client::builder().no_proxy().build().unwrap();
        let desk = Desk { cluster: self.cluster.clone(), client, rule: Arc::clone(&self.rule) };
        let app = Router::new().fallback(take).with_state(desk);
        let address = self.address;
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::bind(address).await.unwrap();
            axum::serve(listener, app).await
        });
        *self.runtime.lock().unwrap() = Some(runtime);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.go_away();
    }
}

async fn take(State(desk): State<Desk>, request: Request<Body>) -> Response {
    let fault = (desk.rule.lock().unwrap())(request.uri().path());
    match fault {
        Fault::None => desk.pass_on(request).await,
        Fault::Delay(time) => {
            tokio::time::sleep(time).await;
            desk.pass_on(request).await
        }
        Fault::Silence => std::future::pending().await,
        Fault::LoseAnswer => {
            let status = desk.pass_on(request).await.status();
            let broken = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("cut off")) });
            (status, [(header::CONTENT_LENGTH, "1000")], Body::from_stream(broken)).into_response()
        }
        Fault::TooMany => too_many().into_response(),
        Fault::TooManyOf { share } if request.uri().path() == "/_bulk" => desk.pass_on_some(request, share).await,
        Fault::TooManyOf { .. } => desk.pass_on(request).await,
    }
}

impl Desk {
    async fn pass_on(&self, request: Request<Body>) -> Response {
        let (head, body) = request.into_parts();
        // Whoever breaks off a request asks for nothing.
        let Ok(body) = to_bytes(body, usize::MAX).await else { return StatusCode::BAD_REQUEST.into_response() };
        let mut asked = self.client.request(head.method, format!("{}{}", self.cluster, head.uri)).body(body);
        if let Some(kind) = head.headers.get(header::CONTENT_TYPE) {
            asked = asked.header(header::CONTENT_TYPE, kind);
        }
        let Ok(answer) = asked.send().await else { return StatusCode::BAD_GATEWAY.into_response() };
        let mut response = Response::builder().status(answer.status());
        for name in ["content-type", "x-elastic-product"] {
            if let Some(value) = answer.headers().get(name) {
                response = response.header(name, value);
            }
        }
        match answer.bytes().await {
            Ok(body) => response.body(body.into()).unwrap(),
            Err(_) => StatusCode::BAD_GATEWAY.into_response(),
        }
    }

    /// Passes on a part of what is to be written.
    async fn pass_on_some(&self, request: Request<Body>, share: f64) -> Response {
        let (head, body) = request.into_parts();
        let Ok(body) = to_bytes(body, usize::MAX).await else { return StatusCode::BAD_REQUEST.into_response() };
        let mut lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let (mut kept, mut turned_away) = (Vec::new(), Vec::new());
        while let Some(action) = lines.next() {
            let parsed: Value = serde_json::from_slice(action).unwrap();
            let operation = parsed.as_object().unwrap().keys().next().unwrap().clone();
            let document = (operation != "delete").then(|| lines.next().unwrap());
            let fails = rand::rng().random_bool(share);
            if !fails {
                for line in std::iter::once(action).chain(document) {
                    kept.extend_from_slice(line);
                    kept.push(b'\n');
                }
            }
            turned_away.push(fails.then_some(operation));
        }
        let mut passed = Vec::new().into_iter();
        if !kept.is_empty() {
            let answer = self.pass_on(Request::from_parts(head, kept.into())).await;
            if answer.status() != StatusCode::OK {
                return answer;
            }
            let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
            let mut body: Value = serde_json::from_slice(&body).unwrap();
            passed = std::mem::take(body["items"].as_array_mut().unwrap()).into_iter();
        }
        let items: Vec<Value> = turned_away
            .into_iter()
            .map(|operation| match operation {
                Some(operation) => json!({operation: {"status": 429, "error": rejection()}}),
                None => passed.next().unwrap(),
            })
            .collect();
        axum::Json(json!({"items": items})).into_response()
    }
}

fn too_many() -> (StatusCode, axum::Json<Value>) {
    (StatusCode::TOO_MANY_REQUESTS, axum::Json(json!({"error": rejection(), "status": 429})))
}

fn rejection() -> Value {
    json!({"type": "es_rejected_execution_exception", "reason": "rejected execution: the queue is full"})
}
