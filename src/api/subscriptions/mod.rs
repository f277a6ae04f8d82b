//! Subscriptions: made by three routes, one for each kind of selector; read, changed, paused, tried out.

mod create;
mod example;
mod life;
mod manage;
mod preview;
mod shapes;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;
use super::problem::Problem;
use crate::subscription::SubscriptionId;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create::es_dsl))
        .routes(routes!(create::ids))
        .routes(routes!(create::all))
        .routes(routes!(manage::list))
        .routes(routes!(manage::read, manage::change, manage::delete))
        .routes(routes!(manage::events))
        .routes(routes!(life::pause))
        .routes(routes!(life::resume))
        .routes(routes!(life::renew))
        .routes(routes!(life::rotate_secret))
        .routes(routes!(example::simulate))
        .routes(routes!(example::test))
        .routes(routes!(preview::preview))
}

/// The subscription of the path. Ids are texts; one that cannot exist is unknown like any other.
fn subscription_id(id: &str) -> Result<SubscriptionId, Problem> {
    /// Longer than any id; keeps the error and the look-up small.
    const MAX_BYTES: usize = 128;
    if id.len() > MAX_BYTES {
        return Err(Problem::not_found("there is no such subscription"));
    }
    Ok(SubscriptionId::from(id))
}
