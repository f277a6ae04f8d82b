//! The life of a subscription: paused, resumed, renewed, given another secret.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::shapes::SubscriptionView;
use super::subscription_id;
use crate::api::auth::{Authorized, may};
use crate::api::body::InPath;
use crate::api::problem::Problem;
use crate::api::{App, blocking};
use crate::engine::{Engine, SubscriptionError};
use crate::subscription::{Subscription, SubscriptionId, Tenant};

type Caller = Authorized<may::WriteSubscriptions>;
type Reply = Result<axum::Json<SubscriptionView>, Problem>;

/// Hold its events back: they wait for `resume`, at most for `retention.events`.
#[utoipa::path(
    post, path = "/v1/subscriptions/{id}/pause", tag = "subscriptions", params(("id" = String, Path)),
    responses(
        (status = 200, description = "Paused", body = SubscriptionView), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, description = "It has ended", body = Problem),
    ),
)]
pub async fn pause(caller: Caller, State(app): State<App>, InPath(id): InPath<String>) -> Reply {
    step(app, caller, &id, |engine, tenant, id| engine.pause(tenant, id, "paused by its owner")).await
}

/// Let its events go again; none that waited is missing.
#[utoipa::path(
    post, path = "/v1/subscriptions/{id}/resume", tag = "subscriptions", params(("id" = String, Path)),
    responses(
        (status = 200, description = "Active", body = SubscriptionView), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, description = "It has ended", body = Problem),
        (status = 422, description = "Its query no longer fits the mapping", body = Problem),
    ),
)]
pub async fn resume(caller: Caller, State(app): State<App>, InPath(id): InPath<String>) -> Reply {
    step(app, caller, &id, Engine::resume).await
}

/// Move its end to a whole lifetime from now; does nothing where subscriptions do not expire.
#[utoipa::path(
    post, path = "/v1/subscriptions/{id}/renew", tag = "subscriptions", params(("id" = String, Path)),
    responses(
        (status = 200, description = "Renewed", body = SubscriptionView), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, description = "It has ended", body = Problem),
    ),
)]
pub async fn renew(caller: Caller, State(app): State<App>, InPath(id): InPath<String>) -> Reply {
    step(app, caller, &id, Engine::renew).await
}

/// The new secret.
#[derive(Serialize, ToSchema)]
pub struct Rotated {
    subscription_id: String,
    /// Signs all attempts from now on; shown this once.
    webhook_secret: String,
}

/// Give it a new secret at once.
#[utoipa::path(
    post, path = "/v1/subscriptions/{id}/rotate_secret", tag = "subscriptions", params(("id" = String, Path)),
    responses(
        (status = 200, description = "The new secret", body = Rotated), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, description = "It has ended", body = Problem),
    ),
)]
pub async fn rotate_secret(
    caller: Caller,
    State(app): State<App>,
    InPath(id): InPath<String>,
) -> Result<axum::Json<Rotated>, Problem> {
    let id = subscription_id(&id)?;
    let subscription = blocking(move || Ok::<_, Problem>(app.engine.rotate_secret(&caller.tenant, &id)?)).await?;
    Ok(axum::Json(Rotated {
        subscription_id: subscription.id.to_string(),
        webhook_secret: subscription.webhook_secret,
    }))
}

/// One step of its life, after which delivery looks at it anew.
async fn step(
    app: App,
    caller: Caller,
    id: &str,
    step: fn(&Engine, &Tenant, &SubscriptionId) -> Result<Subscription, SubscriptionError>,
) -> Reply {
    let id = subscription_id(id)?;
    let delivery = app.delivery.clone();
    let subscription = blocking(move || Ok::<_, Problem>(step(&app.engine, &caller.tenant, &id)?)).await?;
    delivery.wake(&subscription.id);
    Ok(axum::Json(subscription.into()))
}
