//! Stands between Tripline and a search node, and does what networks and busy clusters do.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use futures::stream;
use rand::Rng;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// The node gets it, and its answer comes back.
    None,
    /// As without a fault, but later.
    Delay(Duration),
    /// The node never gets it; this status is answered as a busy cluster does.
    Answer(u16),
    /// Of a bulk request the node never gets this share of the writes, which are answered with 429; other requests have no fault.
    RefuseSome(f64),
    /// The node never gets it, and nothing is ever answered.
    Silence,
    /// The node never gets it, and the connection breaks.
    Lose,
    /// The node gets it and does it, and the connection breaks before the answer has come.
    LoseAnswer,
}

/// A listener in front of one node.
pub struct FaultProxy {
    pub address: String,
    between: Between,
    /// None while it is away.
    runtime: Mutex<Option<Runtime>>,
}

type Choice = Box<dyn FnMut(&Method, &Uri) -> Fault + Send>;

#[derive(Clone)]
struct Between {
    node: String,
    choose: Arc<Mutex<Choice>>,
}

impl FaultProxy {
    /// Lets everything pass to the node at this address.
    pub async fn new(node: &str) -> Self {
        let choose: Choice = Box::new(|_, _| Fault::None);
        let between = Between { node: node.to_owned(), choose: Arc::new(Mutex::new(choose)) };
        let (runtime, address) = listen(([127, 0, 0, 1], 0).into(), between.clone()).await;
        FaultProxy { address: format!("http://{address}"), between, runtime: Mutex::new(Some(runtime)) }
    }

    /// From now on this decides about each request, by its method and path.
    pub fn choose(&self, choose: impl FnMut(&Method, &Uri) -> Fault + Send + 'static) {
        *self.between.choose.lock().expect("no panic") = Box::new(choose);
    }

    /// Breaks all connections, and takes none.
    pub fn go_away(&self) {
        let runtime = self.runtime.lock().expect("no panic").take();
        runtime.into_iter().for_each(Runtime::shutdown_background);
    }

    /// Listens again where it did.
    pub async fn come_back(&self) {
        let address = self.address.trim_start_matches("http://").parse().expect("an address");
        let (runtime, _) = listen(address, self.between.clone()).await;
        *self.runtime.lock().expect("no panic") = Some(runtime);
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.go_away();
    }
}

/// On a runtime of its own: with it all connections go.
async fn listen(address: SocketAddr, between: Between) -> (Runtime, SocketAddr) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
    let client = Client::builder().no_proxy().build().expect("a client");
    let router = Router::new().fallback(pass).with_state((between, client));
    let (tell, listening) = tokio::sync::oneshot::channel();
    runtime.spawn(async move {
        let listener = TcpListener::bind(address).await.expect("a port");
        tell.send(listener.local_addr().expect("an address")).expect("it is waited for");
        axum::serve(listener, router).await
    });
    (runtime, listening.await.expect("it listens"))
}

async fn pass(
    State((between, client)): State<(Between, Client)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fault = (between.choose.lock().expect("no panic"))(&method, &uri);
    let pass_on = async |body| {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = client.request(method, format!("{}{path}", between.node)).body::<Bytes>(body);
        for name in ["content-type", "content-encoding", "authorization"] {
            if let Some(value) = headers.get(name) {
                request = request.header(name, value);
            }
        }
        let answer = request.send().await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        Ok::<_, reqwest::Error>((status, headers, answer.bytes().await?))
    };
    let answer = match fault {
        Fault::RefuseSome(share) if uri.path() == "/_bulk" => {
            let (kept, refused) = choose_some(&body, share);
            if kept.is_empty() {
                return axum::Json(json!({"items": refused.into_iter().flatten().collect::<Vec<_>>()})).into_response();
            }
            match pass_on(kept.into()).await {
                Ok((StatusCode::OK, _, body)) => return merged(&body, refused),
                other => other,
            }
        }
        Fault::None | Fault::LoseAnswer | Fault::RefuseSome(_) => pass_on(body).await,
        Fault::Delay(delay) => {
            tokio::time::sleep(delay).await;
            pass_on(body).await
        }
        Fault::Answer(status) => return busy(status),
        Fault::Silence => std::future::pending().await,
        Fault::Lose => return broken(),
    };
    match answer {
        Ok((status, headers, body)) if fault != Fault::LoseAnswer => {
            let mut response = (status, body).into_response();
            for name in ["content-type", "x-elastic-product"] {
                if let Some(value) = headers.get(name) {
                    response.headers_mut().insert(name, value.clone());
                }
            }
            response
        }
        _ => broken(),
    }
}

/// The lines of a bulk request's writes that pass, and for each write the answer if it does not.
fn choose_some(body: &[u8], share: f64) -> (Vec<u8>, Vec<Option<Value>>) {
    let mut lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let (mut kept, mut refused) = (Vec::new(), Vec::new());
    while let Some(action) = lines.next() {
        let parsed: Value = serde_json::from_slice(action).expect("an action");
        let operation = parsed.as_object().and_then(|action| action.keys().next()).expect("an operation").clone();
        let document = (operation != "delete").then(|| lines.next().expect("a document"));
        if rand::rng().random_bool(share) {
            refused.push(Some(json!({operation: {"status": 429, "error": rejection()}})));
            continue;
        }
        for line in std::iter::once(action).chain(document) {
            kept.extend_from_slice(line);
            kept.push(b'\n');
        }
        refused.push(None);
    }
    (kept, refused)
}

/// The answers of the node, with those of the writes that it never got.
fn merged(body: &[u8], refused: Vec<Option<Value>>) -> Response {
    let mut body: Value = serde_json::from_slice(body).expect("JSON");
    let mut passed = body["items"].as_array_mut().expect("items").drain(..);
    let items: Vec<Value> =
        refused.into_iter().map(|refusal| refusal.unwrap_or_else(|| passed.next().expect("an item each"))).collect();
    axum::Json(json!({"items": items})).into_response()
}

fn busy(status: u16) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, axum::Json(json!({"error": rejection(), "status": status.as_u16()}))).into_response()
}

fn rejection() -> Value {
    json!({"type": "es_rejected_execution_exception", "reason": "the queue is full"})
}

/// An answer that breaks off where its body should begin.
fn broken() -> Response {
    let nothing = stream::iter([Err::<Bytes, _>(std::io::Error::other("the connection breaks"))]);
    Body::from_stream(nothing).into_response()
}
