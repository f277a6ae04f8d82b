//! The HTTP API: routes, who may use them, what comes in and goes out. Thin: it reads, calls one function, answers.
//!
//! | file | what |
//! | --- | --- |
//! | `auth` | bearer tokens, scopes, and the extractor that handlers ask for them with |
//! | `body` | request bodies: strict JSON within limits |
//! | `problem` | every error, as `application/problem+json` |
//! | `subscriptions`, `members`, `bulk`, `bulk_collect`, `jobs`, `operations` | the routes |
//! | `ingest_queue` | single updates that arrive together share a commit |
//! | `description` | OpenAPI and its page |

pub mod auth;
mod body;
mod bulk;
mod bulk_collect;
mod description;
mod ingest_queue;
mod jobs;
mod members;
mod operations;
mod pace;
mod problem;
mod subscriptions;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::trace::TraceLayer;

pub use description::openapi_json;
pub use problem::Problem;

use auth::Verifier;
use body::Bodies;
use ingest_queue::IngestQueue;
use pace::Pace;

use crate::config::Config;
use crate::delivery::DeliveryHandle;
use crate::engine::Engine;
use crate::jobs::bulk_collect::BulkCollect;
use crate::jobs::reindex::Jobs;

/// The documented service allows one simulation a second.
const EXAMPLES_EACH: Duration = Duration::from_secs(1);

/// A sample of a preview may take a second of one core.
const SAMPLES_EACH: Duration = Duration::from_secs(1);

/// What handlers work with; cheap to clone.
#[derive(Clone)]
pub struct App {
    config: Arc<Config>,
    engine: Arc<Engine>,
    delivery: DeliveryHandle,
    bulk_collect: Arc<BulkCollect>,
    jobs: Arc<Jobs>,
    verifier: Arc<Verifier>,
    bodies: Bodies,
    ingest_queue: IngestQueue,
    bulk_places: Arc<Semaphore>,
    examples_pace: Arc<Pace>,
    samples_pace: Arc<Pace>,
    ending: CancellationToken,
}

impl App {
    /// Must be called within a tokio runtime: it starts the task that applies single updates. `ending` is cancelled when the
    /// server begins to shut down.
    pub fn new(
        config: Arc<Config>,
        engine: Arc<Engine>,
        delivery: DeliveryHandle,
        bulk_collect: Arc<BulkCollect>,
        jobs: Arc<Jobs>,
        verifier: Verifier,
        ending: CancellationToken,
    ) -> Self {
        let limits = &config.limits;
        App {
            bodies: Bodies::new(limits),
            ingest_queue: IngestQueue::start(Arc::clone(&engine), limits.ingest_queue.get()),
            bulk_places: Arc::new(Semaphore::new(limits.bulk_requests.get().min(Semaphore::MAX_PERMITS))),
            examples_pace: Arc::new(Pace::new(EXAMPLES_EACH)),
            samples_pace: Arc::new(Pace::new(SAMPLES_EACH)),
            verifier: Arc::new(verifier),
            config,
            engine,
            delivery,
            bulk_collect,
            jobs,
            ending,
        }
    }
}

/// All routes.
pub fn router(app: App) -> Router {
    let (routes, description) = description::routes(&app.config.limits).split_for_parts();
    routes
        .merge(description::page(description))
        .fallback(operations::no_route)
        .method_not_allowed_fallback(operations::no_method)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(operations::measure))
        .layer(TraceLayer::new_for_http())
        .with_state(app)
}

/// A handler panicked: a bug of ours, and the sender's connection lives on.
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let words = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    Problem::internal(format_args!("panic: {}", words.unwrap_or("without words"))).into_response()
}

/// Does what waits for the disk or computes for long where it holds up nobody else.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Problem> + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(Problem::internal)?
}
