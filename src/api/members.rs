//! Members: one update, erasure, and the stored document.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::{Authorized, may};
use super::body::{InPath, InQuery, RawJson};
use super::problem::Problem;
use super::{App, blocking, bulk};
use crate::change::{Change, ChangeKind};
use crate::engine::{OutcomeKind, Update};
use crate::member::MemberId;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(put, delete)).routes(routes!(collect)).routes(routes!(bulk::bulk))
}

/// What an update may say besides its document.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct UpdateQuery {
    /// The sender's own version number: an update with a lower one than the stored is `stale`.
    version: Option<u64>,
}

/// What became of an update.
#[derive(Serialize, ToSchema)]
struct Applied {
    outcome: OutcomeKind,
    changes: Vec<AppliedChange>,
    /// How many subscriptions are told.
    notified: usize,
}

/// One position change.
#[derive(Serialize, ToSchema)]
pub struct AppliedChange {
    kind: ChangeKind,
    /// The position's entry in the old document.
    before: Option<serde_json::Value>,
    /// The position's entry in the new document.
    after: Option<serde_json::Value>,
}

impl From<Change> for AppliedChange {
    fn from(change: Change) -> Self {
        AppliedChange { kind: change.kind, before: change.before, after: change.after }
    }
}

/// The member of the path.
pub fn member(id: &str) -> Result<MemberId, Problem> {
    id.parse().map_err(|error: crate::member::InvalidMemberId| Problem::malformed(error.to_string()))
}

/// Take a new version of a member's document.
#[utoipa::path(
    put, path = "/v1/professional_network/clean_member/{member_id}", tag = "members",
    params(("member_id" = u64, Path), UpdateQuery),
    request_body(content = Object, description = "The member's document; its `id` is that of the path"),
    responses(
        (status = 200, description = "Applied, and durable", body = Applied),
        (status = 400, description = "No JSON, or no member id in the path", body = Problem),
        (status = 401, body = Problem), (status = 403, description = "`members:write` is missing", body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, description = "A body id unlike the path's, or a document that the mapping refuses", body = Problem),
        (status = 503, description = "Too many updates are waiting", body = Problem),
    ),
)]
async fn put(
    _: Authorized<may::WriteMembers>,
    State(app): State<App>,
    InPath(id): InPath<String>,
    InQuery(query): InQuery<UpdateQuery>,
    RawJson(document): RawJson,
) -> Result<axum::Json<Applied>, Problem> {
    let update = Update { id: Some(member(&id)?), document: document.bytes.clone(), version: query.version };
    let outcome = app.ingest_queue.apply(update).await?;
    metrics::counter!("tripline_updates_total", "outcome" => outcome.kind.to_string()).increment(1);
    Ok(axum::Json(Applied {
        outcome: outcome.kind,
        changes: outcome.changes.into_iter().map(AppliedChange::from).collect(),
        notified: outcome.notified.len(),
    }))
}

/// Erase a member: document, fingerprint, remembered positions, and what events and Bulk Collect files say of the person.
#[utoipa::path(
    delete, path = "/v1/professional_network/clean_member/{member_id}", tag = "members",
    params(("member_id" = u64, Path)),
    responses(
        (status = 204, description = "Erased; nobody is told"),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, description = "No such member", body = Problem),
    ),
)]
async fn delete(
    _: Authorized<may::WriteMembers>,
    State(app): State<App>,
    InPath(id): InPath<String>,
) -> Result<StatusCode, Problem> {
    let id = member(&id)?;
    let erased = blocking(move || {
        // Files first: a crash in between leaves files to be written again, never a person in a file.
        let withdrawn = app.bulk_collect.withdraw(id)?;
        let erased = app.engine.erase(id);
        app.bulk_collect.enqueue(&withdrawn)?;
        Ok::<_, Problem>(erased?)
    })
    .await?;
    if erased { Ok(StatusCode::NO_CONTENT) } else { Err(unknown(id)) }
}

/// Read the stored document: exactly the bytes that were accepted last.
#[utoipa::path(
    get, path = "/v1/professional_network/clean_member/collect/{member_id}", tag = "members",
    params(("member_id" = u64, Path)),
    responses(
        (status = 200, description = "The document", content_type = "application/json", body = Object),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, description = "No such member", body = Problem),
    ),
)]
async fn collect(
    _: Authorized<may::ReadMembers>,
    State(app): State<App>,
    InPath(id): InPath<String>,
) -> Result<Response, Problem> {
    let id = member(&id)?;
    let engine = Arc::clone(&app.engine);
    let document = blocking(move || Ok::<_, Problem>(engine.document(id)?)).await?.ok_or_else(|| unknown(id))?;
    let json = HeaderValue::from_static("application/json");
    Ok((HeaderMap::from_iter([(header::CONTENT_TYPE, json)]), document).into_response())
}

fn unknown(id: MemberId) -> Problem {
    Problem::not_found(format!("there is no member {id}"))
}
