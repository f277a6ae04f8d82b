//! Clauses about objects inside the document: `nested`.

use super::compound::required_clause;
use super::parser::{Body, Parser};
use super::shape::Parameters;
use super::{Clause, QueryError};

const SCORE_MODES: [&str; 5] = ["avg", "max", "min", "none", "sum"];
const INNER_HITS: [&str; 16] = [
    "name",
    "from",
    "size",
    "sort",
    "track_scores",
    "_source",
    "fields",
    "docvalue_fields",
    "stored_fields",
    "script_fields",
    "highlight",
    "collapse",
    "explain",
    "version",
    "seq_no_primary_term",
    "ignore_unmapped",
];

/// `score_mode` and `inner_hits` decide what a search shows and not what it finds; their shape is checked.
pub(super) fn nested(body: &Body<'_>, parser: &mut Parser<'_>) -> Result<Clause, QueryError> {
    let parameters = Parameters::skipping_nulls(body.name, body.value, &body.pointer)?;
    parameters.only(&["path", "query", "score_mode", "ignore_unmapped", "inner_hits"])?;
    if parameters.text("score_mode")?.is_some_and(|mode| !SCORE_MODES.contains(&mode.as_str())) {
        return Err(parameters.bad("score_mode", format!("must be one of {}", SCORE_MODES.join(", "))));
    }
    if let Some((value, pointer)) = parameters.value("inner_hits") {
        Parameters::of("inner_hits", value, &pointer)?.exactly(&INNER_HITS)?;
    }
    Ok(Clause::Nested {
        path: parameters.required_field("path")?,
        ignore_unmapped: parameters.boolean("ignore_unmapped")?.unwrap_or(false),
        query: required_clause(&parameters, "query", body, parser)?,
    })
}
