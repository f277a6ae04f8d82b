//! Clauses about objects inside the document: `nested`.

use serde_json::Value;

use super::compound::required_clause;
use super::parser::{Body, Parser};
use super::shape::{Parameters, kind_of};
use super::{Clause, QueryError};

const SCORE_MODES: [&str; 5] = ["avg", "max", "min", "none", "sum"];

/// `score_mode` and `inner_hits` decide what a search shows and not what it finds; their shape is checked.
pub(super) fn nested(body: &Body<'_>, parser: &mut Parser<'_>) -> Result<Clause, QueryError> {
    let parameters = Parameters::skipping_nulls(body.name, body.value, &body.pointer)?;
    parameters.only(&["path", "query", "score_mode", "ignore_unmapped", "inner_hits"])?;
    if parameters.text("score_mode")?.is_some_and(|mode| !SCORE_MODES.contains(&mode.as_str())) {
        return Err(parameters.bad("score_mode", format!("must be one of {}", SCORE_MODES.join(", "))));
    }
    match parameters.value("inner_hits") {
        None | Some((Value::Object(_), _)) => {}
        Some((other, _)) => {
            return Err(parameters.bad("inner_hits", format!("must be an object, not {}", kind_of(other))));
        }
    }
    Ok(Clause::Nested {
        path: parameters.required_field("path")?,
        ignore_unmapped: parameters.boolean("ignore_unmapped")?.unwrap_or(false),
        query: required_clause(&parameters, "query", body, parser)?,
    })
}
