//! Stands between Tripline and a search node, and does what networks and busy clusters do.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use futures::stream;
use tokio::net::TcpListener;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The node gets it, and its answer comes back.
    None,
    /// As without a fault, but later.
    Delay(Duration),
    /// The node never gets it; this status is answered as a busy cluster does.
    Answer(u16),
    /// The node never gets it, and the connection breaks.
    Lose,
    /// The node gets it and does it, and the connection breaks before the answer has come.
    LoseAnswer,
}

/// A listener in front of one node.
pub struct FaultProxy {
    pub address: String,
    state: Arc<Mutex<Choice>>,
}

type Choice = Box<dyn FnMut(&Method, &Uri) -> Fault + Send>;

#[derive(Clone)]
struct Between {
    node: String,
    client: reqwest::Client,
    choose: Arc<Mutex<Choice>>,
}

impl FaultProxy {
    /// Lets everything pass to the node at this address.
    pub async fn new(node: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let choose: Choice = Box::new(|_, _| Fault::None);
        let choose = Arc::new(Mutex::new(choose));
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let between = Between { node: node.to_owned(), client, choose: Arc::clone(&choose) };
        let router = Router::new().fallback(pass).with_state(between);
        tokio::spawn(async move { axum::serve(listener, router).await });
        FaultProxy { address, state: choose }
    }

    /// From now on this decides about each request, by its method and path.
    pub fn choose(&self, choose: impl FnMut(&Method, &Uri) -> Fault + Send + 'static) {
        *self.state.lock().expect("no panic") = Box::new(choose);
    }
}

async fn pass(State(between): State<Between>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let fault = (between.choose.lock().expect("no panic"))(&method, &uri);
    match fault {
        Fault::None | Fault::LoseAnswer => {}
        Fault::Delay(delay) => tokio::time::sleep(delay).await,
        Fault::Answer(status) => return busy(status),
        Fault::Lose => return broken(),
    }
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = between.client.request(method, format!("{}{path}", between.node)).body(body);
    for name in ["content-type", "content-encoding", "authorization"] {
        if let Some(value) = headers.get(name) {
            request = request.header(name, value);
        }
    }
    let Ok(answer) = request.send().await else { return broken() };
    let (status, product) = (answer.status(), answer.headers().get("x-elastic-product").cloned());
    let Ok(body) = answer.bytes().await else { return broken() };
    if fault == Fault::LoseAnswer {
        return broken();
    }
    let mut response = (status, body).into_response();
    response.headers_mut().extend(product.map(|product| (HeaderName::from_static("x-elastic-product"), product)));
    response
}

fn busy(status: u16) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    let body = serde_json::json!({
        "error": {"type": "es_rejected_execution_exception", "reason": "the queue is full"},
        "status": status.as_u16(),
    });
    (status, body.to_string()).into_response()
}

/// An answer that breaks off where its body should begin.
fn broken() -> Response {
    let nothing = stream::iter([Err::<Bytes, _>(std::io::Error::other("the connection breaks"))]);
    Body::from_stream(nothing).into_response()
}
