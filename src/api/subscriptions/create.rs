//! The three routes that make a subscription.

use axum::extract::State;

use super::shapes::{Created, SubscriptionBody, Takes, clause_place, placed};
use crate::api::auth::{Authorized, may};
use crate::api::body::Json;
use crate::api::problem::Problem;
use crate::api::{App, blocking};
use crate::engine::NewSubscription;
use crate::subscription::Tenant;

type Caller = Authorized<may::WriteSubscriptions>;

/// Subscribe to the members that an Elasticsearch query selects.
#[utoipa::path(
    post, path = "/v1/subscriptions/professional_network/member_experience/es_dsl", tag = "subscriptions",
    request_body(content = SubscriptionBody, example = json!({
        "webhook_url": "https://example.com/hook", "es_dsl_query": {"query": {"match": {"full_name": "John Smith"}}}
    })),
    responses(
        (status = 200, description = "Made; it hears of every update accepted from now on", body = Created),
        (status = 400, description = "No JSON", body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, description = "The URL or the query is not acceptable; `pointer` says where", body = Problem),
    ),
)]
pub async fn es_dsl(caller: Caller, State(app): State<App>, Json(body): Json<SubscriptionBody>) -> Reply {
    create(app, caller.tenant, body, Takes::EsDsl).await
}

/// Subscribe to members by their ids.
#[utoipa::path(
    post, path = "/v1/subscriptions/professional_network/member_experience/ids", tag = "subscriptions",
    request_body(content = SubscriptionBody, example = json!({"webhook_url": "https://example.com/hook", "ids": [1, 2, 3]})),
    responses(
        (status = 200, description = "Made", body = Created), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, description = "The URL or an id is not acceptable, there is none, or there are too many", body = Problem),
    ),
)]
pub async fn ids(caller: Caller, State(app): State<App>, Json(body): Json<SubscriptionBody>) -> Reply {
    create(app, caller.tenant, body, Takes::Ids).await
}

/// Subscribe to every member.
#[utoipa::path(
    post, path = "/v1/subscriptions/professional_network/member_experience/all", tag = "subscriptions",
    request_body(content = SubscriptionBody, example = json!({"webhook_url": "https://example.com/hook"})),
    responses(
        (status = 200, description = "Made", body = Created), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, description = "The URL is not acceptable", body = Problem),
    ),
)]
pub async fn all(caller: Caller, State(app): State<App>, Json(body): Json<SubscriptionBody>) -> Reply {
    create(app, caller.tenant, body, Takes::Nothing).await
}

type Reply = Result<axum::Json<Created>, Problem>;

async fn create(app: App, tenant: Tenant, mut body: SubscriptionBody, takes: Takes) -> Reply {
    let webhook_url = body.required_webhook(&app)?;
    let clause_place = clause_place(body.es_dsl_query.as_ref());
    let new = NewSubscription {
        format: body.format.unwrap_or_default(),
        notify_first_seen: body.notify_first_seen.unwrap_or(false),
        match_flips: body.match_flips.unwrap_or(true),
        cadence: body.cadence.unwrap_or_default(),
        description: body.checked_description()?.flatten(),
        changes: body.changes.take(),
        ..NewSubscription::new(tenant, webhook_url, body.required_selector(takes)?)
    };
    let subscription = blocking(move || {
        let limit = app.config.limits.subscriptions_per_tenant.get();
        if app.engine.store().has_subscriptions(&new.tenant, limit)? {
            let detail = format!("there are as many subscriptions as limits.subscriptions_per_tenant allows: {limit}");
            return Err(Problem::unacceptable("limit", detail));
        }
        app.engine.subscribe(new).map_err(|error| placed(error, clause_place))
    })
    .await?;
    Ok(axum::Json(subscription.into()))
}
