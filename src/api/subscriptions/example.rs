//! Example notifications: to any webhook (`simulate`), or to a subscription's own (`test`).

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::shapes::webhook;
use super::subscription_id;
use crate::api::auth::{Authorized, may};
use crate::api::body::{InPath, Json};
use crate::api::problem::Problem;
use crate::api::{App, blocking};
use crate::delivery::{Example, ExampleError};
use crate::subscription::Format;

type Caller = Authorized<may::WriteSubscriptions>;

/// Where the example goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SimulateBody {
    #[schema(example = "https://example.com/hooks/tripline")]
    webhook_url: String,
    /// Default `compact`.
    #[serde(default)]
    format: Format,
}

/// What was sent and what came back.
#[derive(Serialize, ToSchema)]
pub struct Sent {
    /// Whether the receiver answered 2xx.
    delivered: bool,
    /// The receiver's status code, where it answered.
    response_status: Option<u16>,
    /// Why it did not succeed.
    error: Option<String>,
    duration_ms: u64,
    /// The `webhook-id` header.
    webhook_id: String,
    /// The secret that signed a simulation, made for it alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_secret: Option<String>,
    /// The JSON that was sent.
    body: Value,
}

impl Sent {
    fn new(example: Example) -> Self {
        let status = example.attempt.status;
        Sent {
            delivered: status.is_some_and(|status| (200..300).contains(&status)),
            response_status: status,
            error: example.attempt.error,
            duration_ms: example.attempt.duration_ms,
            webhook_id: example.webhook_id,
            webhook_secret: None,
            // What we wrote ourselves is JSON.
            body: serde_json::from_str(&example.body).unwrap_or_default(),
        }
    }
}

impl From<ExampleError> for Problem {
    fn from(error: ExampleError) -> Self {
        match error {
            ExampleError::Busy => Problem::busy(error.to_string()),
            ExampleError::Unwritable(_) => Problem::internal(error),
        }
    }
}

/// Send one example notification to a webhook. Nothing is stored. One a second.
#[utoipa::path(
    post, path = "/v1/subscriptions/simulate", tag = "subscriptions", request_body = SimulateBody,
    responses(
        (status = 200, description = "It was tried; `delivered` says whether the receiver took it", body = Sent),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 415, body = Problem), (status = 422, description = "The URL is not acceptable", body = Problem),
        (status = 429, description = "More than one a second", body = Problem), (status = 503, body = Problem),
    ),
)]
pub async fn simulate(
    caller: Caller,
    State(app): State<App>,
    Json(body): Json<SimulateBody>,
) -> Result<axum::Json<Sent>, Problem> {
    let url = webhook(&app, &body.webhook_url)?;
    app.examples_pace.step(&caller.tenant)?;
    let example = app.delivery.simulate(&url, body.format).await?;
    let secret = example.secret.clone();
    Ok(axum::Json(Sent { webhook_secret: Some(secret), ..Sent::new(example) }))
}

/// Send one example notification to a subscription's webhook, signed with its secret. Nothing is stored. One a second.
#[utoipa::path(
    post, path = "/v1/subscriptions/{id}/test", tag = "subscriptions", params(("id" = String, Path)),
    responses(
        (status = 200, description = "It was tried; `delivered` says whether the receiver took it", body = Sent),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 429, description = "More than one a second", body = Problem), (status = 503, body = Problem),
    ),
)]
pub async fn test(
    caller: Caller,
    State(app): State<App>,
    InPath(id): InPath<String>,
) -> Result<axum::Json<Sent>, Problem> {
    let id = subscription_id(&id)?;
    let engine = app.engine.clone();
    let tenant = caller.tenant.clone();
    let subscription = blocking(move || Ok::<_, Problem>(engine.subscription(&tenant, &id)?)).await?;
    app.examples_pace.step(&caller.tenant)?;
    let example = app.delivery.test(&subscription).await?;
    Ok(axum::Json(Sent::new(example)))
}
