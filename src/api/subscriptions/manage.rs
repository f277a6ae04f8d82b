//! Lists, reads, changes and removes subscriptions, and shows their events.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::shapes::{SubscriptionBody, SubscriptionView, clause_place, placed, webhook};
use super::subscription_id;
use crate::api::auth::{Authorized, may};
use crate::api::body::{InPath, InQuery, Json};
use crate::api::members::AppliedChange;
use crate::api::problem::Problem;
use crate::api::{App, blocking};
use crate::engine::SubscriptionPatch;
use crate::event::{Event, EventStatus, MatchedPosition, Sequence};
use crate::subscription::SubscriptionId;

const DEFAULT_PAGE: usize = 100;
const MAX_PAGE: usize = 1_000;

fn page_size(limit: Option<usize>) -> Result<usize, Problem> {
    match limit.unwrap_or(DEFAULT_PAGE) {
        limit @ 1..=MAX_PAGE => Ok(limit),
        limit => Err(Problem::malformed(format!("\"limit\" is {limit}; 1 to {MAX_PAGE} is expected"))),
    }
}

/// Which page of the subscriptions.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// The cursor `next` of the page before.
    after: Option<String>,
    /// At most so many, 1 to 1,000; default 100.
    limit: Option<usize>,
}

/// A page of subscriptions.
#[derive(Serialize, ToSchema)]
pub struct SubscriptionList {
    subscriptions: Vec<SubscriptionView>,
    /// Give it as `after` for the next page; null on the last one. Also in the header `x-next-page-after`.
    next: Option<String>,
}

/// List your subscriptions, the oldest first.
#[utoipa::path(
    get, path = "/v1/subscriptions", tag = "subscriptions", params(ListQuery),
    responses(
        (status = 200, description = "A page", body = SubscriptionList), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
    ),
)]
pub async fn list(
    caller: Authorized<may::ReadSubscriptions>,
    State(app): State<App>,
    InQuery(query): InQuery<ListQuery>,
) -> Result<(HeaderMap, axum::Json<SubscriptionList>), Problem> {
    let limit = page_size(query.limit)?;
    let after = query.after.as_deref().map(SubscriptionId::from);
    let page =
        blocking(move || Ok::<_, Problem>(app.engine.subscriptions(&caller.tenant, after.as_ref(), limit)?)).await?;
    let next = page.next.map(|id| id.to_string());
    let mut headers = HeaderMap::new();
    if let Some(cursor) = next.as_deref().and_then(|next| HeaderValue::from_str(next).ok()) {
        headers.insert("x-next-page-after", cursor);
    }
    let subscriptions = page.subscriptions.into_iter().map(SubscriptionView::listed).collect();
    Ok((headers, axum::Json(SubscriptionList { subscriptions, next })))
}

/// Read one subscription.
#[utoipa::path(
    get, path = "/v1/subscriptions/{id}", tag = "subscriptions", params(("id" = String, Path)),
    responses(
        (status = 200, description = "The subscription", body = SubscriptionView),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, description = "Unknown, or another tenant's", body = Problem),
    ),
)]
pub async fn read(
    caller: Authorized<may::ReadSubscriptions>,
    State(app): State<App>,
    InPath(id): InPath<String>,
) -> Result<axum::Json<SubscriptionView>, Problem> {
    let id = subscription_id(&id)?;
    let subscription = blocking(move || Ok::<_, Problem>(app.engine.subscription(&caller.tenant, &id)?)).await?;
    Ok(axum::Json(subscription.into()))
}

/// Change what the body names: `webhook_url`, the selector, `format`, `changes`, `cadence`, `description`.
#[utoipa::path(
    patch, path = "/v1/subscriptions/{id}", tag = "subscriptions", params(("id" = String, Path)),
    request_body(content = SubscriptionBody, example = json!({"format": "detailed", "cadence": "daily"})),
    responses(
        (status = 200, description = "The subscription as it is now", body = SubscriptionView),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, description = "It has ended", body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem),
    ),
)]
pub async fn change(
    caller: Authorized<may::WriteSubscriptions>,
    State(app): State<App>,
    InPath(id): InPath<String>,
    Json(mut body): Json<SubscriptionBody>,
) -> Result<axum::Json<SubscriptionView>, Problem> {
    let id = subscription_id(&id)?;
    let fixed = [("notify_first_seen", body.notify_first_seen), ("match_flips", body.match_flips)];
    if let Some((field, _)) = fixed.into_iter().find(|(_, given)| given.is_some()) {
        let detail = format!("{field:?} cannot be changed; make another subscription");
        return Err(Problem::unacceptable("body", detail).at(format!("/{field}")));
    }
    let clause_place = clause_place(body.es_dsl_query.as_ref());
    let patch = SubscriptionPatch {
        webhook_url: body.webhook_url.as_deref().map(|text| webhook(&app, text)).transpose()?,
        selector: body.optional_selector()?,
        format: body.format,
        changes: body.changes.take(),
        cadence: body.cadence,
        description: body.checked_description()?,
    };
    let delivery = app.delivery.clone();
    let subscription =
        blocking(move || app.engine.change(&caller.tenant, &id, patch).map_err(|error| placed(error, clause_place)))
            .await?;
    delivery.wake(&subscription.id);
    Ok(axum::Json(subscription.into()))
}

/// Remove a subscription with everything that waits for it.
#[utoipa::path(
    delete, path = "/v1/subscriptions/{id}", tag = "subscriptions", params(("id" = String, Path)),
    responses(
        (status = 204, description = "Removed"), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem),
    ),
)]
pub async fn delete(
    caller: Authorized<may::WriteSubscriptions>,
    State(app): State<App>,
    InPath(id): InPath<String>,
) -> Result<StatusCode, Problem> {
    let id = subscription_id(&id)?;
    blocking(move || Ok::<_, Problem>(app.engine.delete(&caller.tenant, &id)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which page of the events.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct EventsQuery {
    /// The cursor `next` of the page before: only events behind it.
    after: Option<u64>,
    /// At most so many, 1 to 1,000; default 100.
    limit: Option<usize>,
}

/// A page of events.
#[derive(Serialize, ToSchema)]
pub struct EventList {
    events: Vec<EventView>,
    /// Give it as `after` to go on; null when there are no more events now.
    next: Option<u64>,
}

/// One event.
#[derive(Serialize, ToSchema)]
struct EventView {
    event_id: String,
    /// Its place in the order of commits.
    sequence: u64,
    subscription_id: String,
    member_id: u64,
    status: EventStatus,
    changes: Vec<AppliedChange>,
    /// The positions that the subscription's query found, as its `detailed` webhooks say; left out where those do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    matched_positions: Option<Vec<MatchedPosition>>,
    #[schema(value_type = String, format = DateTime)]
    occurred_at: jiff::Timestamp,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        EventView {
            event_id: event.event_id,
            sequence: event.sequence.0,
            subscription_id: event.subscription_id.to_string(),
            member_id: event.member_id.get(),
            status: event.status,
            changes: event.changes.into_iter().map(AppliedChange::from).collect(),
            matched_positions: event.matched_positions,
            occurred_at: event.occurred_at,
        }
    }
}

/// What happened for a subscription, the oldest first, delivered or not; kept for `retention.events`.
#[utoipa::path(
    get, path = "/v1/subscriptions/{id}/events", tag = "subscriptions", params(("id" = String, Path), EventsQuery),
    responses(
        (status = 200, description = "A page", body = EventList), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
    ),
)]
pub async fn events(
    caller: Authorized<may::ReadSubscriptions>,
    State(app): State<App>,
    InPath(id): InPath<String>,
    InQuery(query): InQuery<EventsQuery>,
) -> Result<axum::Json<EventList>, Problem> {
    let id = subscription_id(&id)?;
    let limit = page_size(query.limit)?;
    let after = query.after.map(Sequence);
    // One more than asked for tells whether there is a next page.
    let found = blocking(move || Ok::<_, Problem>(app.engine.events(&caller.tenant, &id, after, limit + 1)?)).await?;
    let more = found.len() > limit;
    let events: Vec<EventView> = found.into_iter().take(limit).map(EventView::from).collect();
    let next = events.last().map(|last| last.sequence).filter(|_| more);
    Ok(axum::Json(EventList { events, next }))
}
