//! The one error type of the API: `application/problem+json` (RFC 9457).

use std::time::Duration;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::engine::{ApplyError, Rejection, RejectionReason, SubscriptionError};
use crate::json::JsonError;
use crate::query::{QueryError, QueryErrorKind};
use crate::store::StoreError;

/// What went wrong, where, and what would be right.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// The kind of problem, as a URN that does not change: `urn:tripline:problem:unknown-field`.
    #[serde(rename = "type", serialize_with = "as_urn")]
    #[schema(value_type = String, example = "urn:tripline:problem:unknown-field")]
    slug: &'static str,
    /// The status in words.
    #[schema(example = "Unprocessable Entity")]
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 422)]
    status: u16,
    /// What is wrong, where, and what would be right.
    detail: String,
    /// JSON pointer (RFC 6901) of what is wrong in the request's body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/es_dsl_query/query/bool/must/0/term")]
    pointer: Option<String>,
    #[serde(skip)]
    retry_after: Option<Duration>,
    #[serde(skip)]
    challenge: Option<&'static str>,
}

fn as_urn<S: Serializer>(slug: &&'static str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("urn:tripline:problem:{slug}"))
}

impl Problem {
    /// A problem of the kind `urn:tripline:problem:{slug}`.
    pub fn new(status: StatusCode, slug: &'static str, detail: impl Into<String>) -> Self {
        Problem {
            slug,
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            pointer: None,
            retry_after: None,
            challenge: None,
        }
    }

    /// Where in the body.
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// 400: what was sent cannot be read.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::BAD_REQUEST, "malformed", detail)
    }

    /// 422: what was sent can be read and is not acceptable.
    pub fn unacceptable(slug: &'static str, detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, slug, detail)
    }

    /// 404
    pub fn not_found(detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    /// 409
    pub fn conflict(slug: &'static str, detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::CONFLICT, slug, detail)
    }

    /// 413, with the limit's name.
    pub fn too_large(limit: usize) -> Self {
        let detail = format!("the body is longer than limits.body_bytes allows: {limit} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
    }

    /// 415
    pub fn unsupported_media_type(detail: impl Into<String>) -> Self {
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", detail)
    }

    /// 401 with the `WWW-Authenticate` that RFC 6750 asks for.
    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        let mut problem = Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail);
        problem.challenge = Some("Bearer realm=\"tripline\", error=\"invalid_token\"");
        problem
    }

    /// 401 for a request without any token.
    pub fn no_token() -> Self {
        let mut problem = Problem::unauthenticated("a bearer token is expected: \"Authorization: Bearer <JWT>\"");
        problem.challenge = Some("Bearer realm=\"tripline\"");
        problem
    }

    /// 403
    pub fn forbidden(detail: impl Into<String>) -> Self {
        let mut problem = Problem::new(StatusCode::FORBIDDEN, "missing-scope", detail);
        problem.challenge = Some("Bearer realm=\"tripline\", error=\"insufficient_scope\"");
        problem
    }

    /// 429: this sender asks too often.
    pub fn too_many(detail: impl Into<String>, retry_after: Duration) -> Self {
        let mut problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", detail);
        problem.retry_after = Some(retry_after);
        problem
    }

    /// 503: the server is busy or ending.
    pub fn busy(detail: impl Into<String>) -> Self {
        let mut problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail);
        problem.retry_after = Some(Duration::from_secs(1));
        problem
    }

    /// 503 while the store is away or overloaded, else 500; the cause goes to the log, not to the sender.
    pub fn of_store(error: &StoreError) -> Self {
        if let StoreError::QueryRefused { reason } = error {
            return Problem::unacceptable(
                "unsupported-clause",
                format!("the cluster's percolator refuses it: {reason}"),
            );
        }
        if !error.is_transient() {
            return Problem::internal(error);
        }
        tracing::warn!(%error, "the store does not do it now");
        Problem::busy("the store does not answer or has too much to do; nothing is known to be applied, send it again")
    }

    /// 500; the cause goes to the log, not to the sender.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed on the server's side");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the server failed; the request can be sent again, and the server's log says what happened",
        )
    }

    /// The words for the sender.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.retry_after.map(|wait| HeaderValue::from(wait.as_secs().max(1)));
        let challenge = self.challenge.map(HeaderValue::from_static);
        // A struct of texts and numbers always serializes.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        if let Some(challenge) = challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<JsonError> for Problem {
    fn from(error: JsonError) -> Self {
        Problem::malformed(error.to_string())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Problem::malformed(rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Problem::malformed(rejection.body_text())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Problem::of_store(&error)
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        let slug = match error.kind {
            QueryErrorKind::Malformed => "malformed-query",
            QueryErrorKind::Unsupported => "unsupported-clause",
            QueryErrorKind::UnknownField => "unknown-field",
            QueryErrorKind::ForbiddenField => "forbidden-field",
            QueryErrorKind::Limit => "limit",
        };
        Problem::unacceptable(slug, error.to_string()).at(error.pointer)
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let detail = rejection.to_string();
        match rejection.reason {
            RejectionReason::Json(_) => Problem::malformed(detail),
            RejectionReason::NotAnObject { .. } => Problem::unacceptable("not-an-object", detail),
            RejectionReason::NoId { .. } | RejectionReason::BadId { .. } | RejectionReason::OtherId { .. } => {
                Problem::unacceptable("member-id", detail)
            }
            RejectionReason::Document(_) => Problem::unacceptable("document", detail),
        }
    }
}

impl From<ApplyError> for Problem {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Rejected(rejection) => rejection.into(),
            ApplyError::Store(error) => error.into(),
        }
    }
}

impl From<SubscriptionError> for Problem {
    fn from(error: SubscriptionError) -> Self {
        let detail = error.to_string();
        match error {
            SubscriptionError::Unknown(_) => Problem::not_found(detail),
            SubscriptionError::Query(error) => error.into(),
            SubscriptionError::NoIds => Problem::unacceptable("ids", detail).at("/ids"),
            SubscriptionError::TooManyIds { .. } => Problem::unacceptable("limit", detail).at("/ids"),
            SubscriptionError::Initializing(_) => Problem::conflict("initializing", detail),
            SubscriptionError::Ended { .. } => Problem::conflict("ended", detail),
            SubscriptionError::Store(error) => error.into(),
        }
    }
}
