//! The API's description in OpenAPI, made from the handlers, and the page that shows it.

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use super::{App, bulk_collect, jobs, members, operations, subscriptions};
use crate::config::Limits;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Tripline",
        description = "Tells subscribers when people really change position. Every error is `application/problem+json`.",
    ),
    modifiers(&BearerToken),
    security(("bearer" = [])),
    tags(
        (name = "subscriptions", description = "Who wants to know, about whom, of what, and how"),
        (name = "members", description = "Updates coming in, documents going out"),
        (name = "bulk collect", description = "Documents of many members as files"),
        (name = "jobs", description = "Whole sources of members taken in"),
        (name = "operations", description = "Health and metrics"),
    ),
)]
struct Description;

struct BearerToken;

impl Modify for BearerToken {
    fn modify(&self, description: &mut OpenApi) {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.bearer_format = Some("JWT".to_owned());
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// All described routes.
pub fn routes(limits: &Limits) -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Description::openapi())
        .merge(subscriptions::routes())
        .merge(members::routes())
        .merge(bulk_collect::routes(limits))
        .merge(jobs::routes())
        .merge(operations::routes())
}

/// `/docs` and `/openapi.json`, which need no token.
pub fn page(description: OpenApi) -> Router<App> {
    Router::from(SwaggerUi::new("/docs").url("/openapi.json", description))
}

/// The description, as `/openapi.json` gives it.
pub fn openapi_json() -> String {
    let (_, description) = routes(&Limits::default()).split_for_parts();
    // Built from types that all serialize.
    description.to_pretty_json().unwrap_or_default()
}
