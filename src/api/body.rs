//! Request bodies: read up to a limit, within a time and a memory budget, and strictly.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::{HeaderMap, StatusCode, header};
use futures::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::App;
use super::problem::Problem;
use crate::config::Limits;
use crate::json;

/// How long a request waits for a share of the memory budget before it gets 503.
const PATIENCE: Duration = Duration::from_secs(10);

/// The budget is counted in units of this many bytes, for the semaphore counts in `u32`.
const UNIT: usize = 1024;

/// How much more of a body that is too long is read and thrown away, so that its sender reads the answer instead of a reset connection.
const DRAINED_BYTES: usize = 4 << 20;
const DRAINED_FOR: Duration = Duration::from_secs(2);

/// What bodies may take: each alone, all together, and of time.
#[derive(Clone)]
pub struct Bodies {
    limit: usize,
    timeout: Duration,
    budget: Arc<Semaphore>,
}

/// A whole body, and the share of the budget that it holds until it is dropped.
pub struct Whole {
    pub bytes: Bytes,
    _share: OwnedSemaphorePermit,
}

impl Bodies {
    pub fn new(limits: &Limits) -> Self {
        let units = limits.body_memory_bytes.get().div_ceil(UNIT).min(Semaphore::MAX_PERMITS);
        Bodies { limit: limits.body_bytes.get(), timeout: limits.body_timeout, budget: Arc::new(Semaphore::new(units)) }
    }

    /// Reads a whole body. One that says beforehand that it is too long is refused before any of it is read.
    pub async fn read(&self, headers: &HeaderMap, body: Body) -> Result<Whole, Problem> {
        let announced = content_length(headers);
        if announced.is_some_and(|length| length > self.limit as u64) {
            drain(body).await;
            return Err(Problem::too_large(self.limit));
        }
        let expected = announced.and_then(|length| usize::try_from(length).ok()).unwrap_or(self.limit);
        let share = self.share(expected).await?;
        let mut stream = body.into_data_stream();
        let mut bytes = Vec::with_capacity(announced.map_or(0, |_| expected));
        let reading = async {
            while let Some(chunk) = stream.next().await {
                let chunk = chunk.map_err(|error| Problem::malformed(format!("the body broke off: {error}")))?;
                if bytes.len() + chunk.len() > self.limit {
                    return Err(Problem::too_large(self.limit));
                }
                bytes.extend_from_slice(&chunk);
            }
            Ok(())
        };
        let read = tokio::time::timeout(self.timeout, reading).await;
        match read {
            Ok(Ok(())) => Ok(Whole { bytes: bytes.into(), _share: share }),
            Ok(Err(problem)) => {
                drop(bytes);
                drain(Body::from_stream(stream)).await;
                Err(problem)
            }
            Err(_) => Err(Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "timeout",
                format!("the body did not arrive within limits.body_timeout: {:?}", self.timeout),
            )),
        }
    }

    /// A share of the budget for a body that another extractor reads: as long as it is announced, or as it may be.
    pub async fn share_of(&self, headers: &HeaderMap) -> Result<OwnedSemaphorePermit, Problem> {
        let announced = content_length(headers).and_then(|length| usize::try_from(length).ok());
        self.share(announced.unwrap_or(self.limit).min(self.limit)).await
    }

    async fn share(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let waiting = Arc::clone(&self.budget).acquire_many_owned(units);
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(Ok(share)) => Ok(share),
            _ => Err(Problem::busy("too many bodies are being read at once (limits.body_memory_bytes); try again")),
        }
    }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn drain(body: Body) {
    let mut stream = body.into_data_stream();
    let mut left = DRAINED_BYTES;
    let draining = async {
        while let Some(Ok(chunk)) = stream.next().await {
            match left.checked_sub(chunk.len()) {
                Some(less) => left = less,
                None => return,
            }
        }
    };
    // Too slow or too long: the connection is closed instead.
    let _ = tokio::time::timeout(DRAINED_FOR, draining).await;
}

/// A JSON body, read strictly: no duplicate keys, no unknown fields, no wrong types; each refused with its place.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        expect_json(&parts.headers)?;
        let whole = app.bodies.read(&parts.headers, body).await?;
        typed(json::parse(&whole.bytes)?).map(Json)
    }
}

/// The raw bytes of a JSON body, for what is kept as it came.
pub struct RawJson(pub Whole);

impl FromRequest<App> for RawJson {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        expect_json(&parts.headers)?;
        app.bodies.read(&parts.headers, body).await.map(RawJson)
    }
}

/// No body is said to be JSON by default: a missing type is taken as JSON, another one is refused.
fn expect_json(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(given) = media_type(headers) else { return Ok(()) };
    if given == "application/json" || (given.starts_with("application/") && given.ends_with("+json")) {
        return Ok(());
    }
    Err(Problem::unsupported_media_type(format!(
        "the content type is {given:?}; \"Content-Type: application/json\" is expected"
    )))
}

/// The content type without its parameters, in lower case.
pub fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = String::from_utf8_lossy(headers.get(header::CONTENT_TYPE)?.as_bytes()).into_owned();
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    (!essence.is_empty()).then_some(essence)
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer: String = error.path().iter().map(step).collect();
        let reason = error.inner().to_string();
        let place = if pointer.is_empty() { String::new() } else { format!(" at {pointer}") };
        Problem::unacceptable("body", format!("{reason}{place}")).at(pointer)
    })
}

fn step(segment: &Segment) -> String {
    match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", escaped(key)),
        // An enum's variant is spelled by the value itself, and unknown places have no name.
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    }
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The variables of the path; one of the wrong type is 400.
#[derive(FromRequestParts)]
#[from_request(via(Path), rejection(Problem))]
pub struct InPath<T>(pub T);

/// The variables of the query string; a wrong or unknown one is 400.
#[derive(FromRequestParts)]
#[from_request(via(Query), rejection(Problem))]
pub struct InQuery<T>(pub T);
