//! Why a query is refused.

use serde::Serialize;

use crate::excerpt::excerpt;

/// Why a query is refused, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("{reason} at {pointer}")]
pub struct QueryError {
    /// JSON pointer (RFC 6901) of the clause, from the value that was given as the query; "" is the whole of it.
    pub pointer: String,
    /// What is wrong, and what would be right.
    pub reason: String,
    /// The kind of refusal.
    #[serde(skip)]
    pub kind: QueryErrorKind,
}

/// The kinds of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryErrorKind {
    /// Elasticsearch would refuse it too: a wrong shape, an unknown parameter, a bad value.
    Malformed,
    /// A clause or parameter that is not supported, and the reason.
    Unsupported,
    /// A field that the mapping does not have.
    UnknownField,
    /// A field that may not be used here.
    ForbiddenField,
    /// A named limit (depth, clauses, expansion) is exceeded.
    Limit,
}

impl QueryError {
    /// A query that Elasticsearch would refuse too.
    pub fn malformed(pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), reason: excerpt(reason.into()), kind: QueryErrorKind::Malformed }
    }

    /// A query that Elasticsearch would take and we do not.
    pub fn unsupported(pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), reason: excerpt(reason.into()), kind: QueryErrorKind::Unsupported }
    }

    /// A query that asks for more than a named limit allows.
    pub fn limit(pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), reason: excerpt(reason.into()), kind: QueryErrorKind::Limit }
    }
}
