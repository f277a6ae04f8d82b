//! Elasticsearch DSL in JSON to a typed query tree.
//!
//! [`unwrap_body`] takes the clause out of a search body, [`parse`] reads it. Each family of clauses has its file; all read
//! their parameters through `shape`, which knows what Elasticsearch takes for a number, a boolean, a text. What is written in
//! `query_string` and `simple_query_string` has a parser each. Nothing here knows a mapping.
//!
//! A query that Elasticsearch would refuse is [`QueryErrorKind::Malformed`], one that it would take and we do not is
//! [`QueryErrorKind::Unsupported`] with the reason. Where versions differ we take what any of Elasticsearch 7.17,
//! Elasticsearch 9 and OpenSearch 3 takes, and read it as Elasticsearch 9 does.

mod ast;
mod chain;
mod clauses;
mod compound;
mod error;
mod feature;
mod full_text;
mod function_score;
mod fuzziness;
mod geo;
mod intervals;
mod joining;
mod limits;
mod minimum_should_match;
mod multi_field;
mod parser;
mod pattern;
mod query_string;
mod range;
#[cfg(test)]
mod rendering;
mod shape;
mod simple_query_string;
mod span;
mod term_level;
#[cfg(test)]
mod tests;
pub(crate) mod time_value;
mod unsupported;
mod wrapper;

use serde_json::Value;

pub use ast::*;
pub use chain::{Chain, Joined};
pub use clauses::Clauses;
pub use error::{QueryError, QueryErrorKind};
pub use intervals::{
    IntervalCombination, IntervalFilter, IntervalKind, IntervalOrder, IntervalPlace, IntervalRelation, IntervalRule,
    IntervalWord,
};
pub use limits::Limits;
pub(crate) use parser::with_stack;
pub use span::{Span, SpanQuery};

/// Reads a clause of the Query DSL: `{"match": {"title": "engineer"}}`, or a body that holds one, see [`unwrap_body`].
///
/// Takes time and memory in proportion to the JSON's size.
///
/// ```
/// use serde_json::json;
/// use tripline::query::{self, Clause, Limits};
///
/// let query = query::parse(&json!({"exists": {"field": "title"}}), &Limits::default())?;
/// assert_eq!(query.clause, Clause::Exists { field: "title".to_owned() });
///
/// let refused = query::parse(&json!({"exist": {"field": "title"}}), &Limits::default()).unwrap_err();
/// assert_eq!(refused.to_string(), "unknown clause \"exist\"; did you mean \"exists\"? at /exist");
/// # Ok::<(), query::QueryError>(())
/// ```
///
/// # Errors
///
/// What is wrong, what would be right, and the JSON pointer of where, seen from `query`.
pub fn parse(query: &Value, limits: &Limits) -> Result<Query, QueryError> {
    let clause = unwrap_body(query)?;
    let pointer = if std::ptr::eq(clause, query) { "" } else { "/query" };
    parser::Parser::new(limits).clause(clause, pointer, 0)
}

/// Takes the clause out of a search body: `{"query": clause}` gives `clause`, anything else is a clause itself.
///
/// # Errors
///
/// A body that says more than `query` is refused by the name of what else it says: sizes, sorts and aggregations would be
/// ignored in silence.
pub fn unwrap_body(body: &Value) -> Result<&Value, QueryError> {
    let Some((object, query)) = body.as_object().and_then(|object| Some((object, object.get("query")?))) else {
        return Ok(body);
    };
    match object.keys().find(|key| *key != "query") {
        None => Ok(query),
        Some(other) => Err(QueryError::malformed(
            shape::below("", other),
            format!("\"{other}\" cannot stand beside \"query\": only the query selects"),
        )),
    }
}
