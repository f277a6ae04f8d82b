//! For operators: health, metrics, and the API's own description.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::{Authorized, may};
use super::problem::Problem;
use super::{App, blocking};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(live)).routes(routes!(ready)).routes(routes!(metrics_text))
}

/// The state of the server.
#[derive(Serialize, ToSchema)]
struct Health {
    #[schema(example = "ready")]
    status: &'static str,
    version: &'static str,
}

impl Health {
    fn new(status: &'static str) -> axum::Json<Self> {
        axum::Json(Health { status, version: env!("CARGO_PKG_VERSION") })
    }
}

/// Whether the process runs.
#[utoipa::path(
    get, path = "/health/live", tag = "operations", security(()),
    responses((status = 200, description = "It runs", body = Health)),
)]
async fn live() -> axum::Json<Health> {
    Health::new("live")
}

/// Whether requests are welcome: the store answers, and the server is not about to end.
#[utoipa::path(
    get, path = "/health/ready", tag = "operations", security(()),
    responses((status = 200, description = "Ready", body = Health), (status = 503, description = "Ending", body = Problem)),
)]
async fn ready(State(app): State<App>) -> Result<axum::Json<Health>, Problem> {
    if app.ending.is_cancelled() {
        return Err(Problem::busy("the server is shutting down"));
    }
    let engine = Arc::clone(&app.engine);
    blocking(move || Ok::<_, Problem>(engine.store().check()?)).await?;
    Ok(Health::new("ready"))
}

/// Counters and histograms in the text format of Prometheus.
#[utoipa::path(
    get, path = "/metrics", tag = "operations",
    responses((status = 200, description = "The metrics", body = String), (status = 401, body = Problem), (status = 403, body = Problem)),
)]
async fn metrics_text(_: Authorized<may::ReadMetrics>, State(app): State<App>) -> Result<Response, Problem> {
    let recorder = recorder()?;
    metrics::gauge!("tripline_subscriptions_compiled").set(app.engine.percolator().len() as f64);
    recorder.run_upkeep();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], recorder.render()).into_response())
}

/// The process's one recorder: metrics are global, whoever asks first installs it.
pub fn recorder() -> Result<&'static PrometheusHandle, Problem> {
    /// Bounds of the histograms of durations, in seconds.
    const SECONDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];
    static RECORDER: OnceLock<Result<PrometheusHandle, String>> = OnceLock::new();
    let installed = RECORDER.get_or_init(|| {
        PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .and_then(|builder| builder.install_recorder())
            .map_err(|error| error.to_string())
    });
    installed.as_ref().map_err(Problem::internal)
}

/// Counts and times requests under their route, never under their path: paths are without number.
pub async fn measure(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().to_string();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    metrics::counter!("tripline_http_requests_total", "method" => method.clone(), "route" => route.clone(), "status" => status)
        .increment(1);
    metrics::histogram!("tripline_http_request_seconds", "method" => method, "route" => route)
        .record(started.elapsed());
    response
}

/// 404 for paths that are no routes.
pub async fn no_route(request: Request) -> Problem {
    Problem::not_found(format!("there is no {:?}; /docs lists what there is", request.uri().path()))
}

/// 405 for routes that do not know the method.
pub async fn no_method(request: Request) -> Problem {
    let detail =
        format!("{:?} does not know the method {}; /docs lists what there is", request.uri().path(), request.method());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
}
