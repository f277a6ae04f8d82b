//! `wrapper`: a query in base64, as some clients write queries that they were given as text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::parser::{Body, Parser};
use super::shape::Parameters;
use super::{Query, QueryError};
use crate::json;

/// Stands for the query inside it. Pointers go on below `/wrapper/query` as if it were written out there.
pub(super) fn wrapper(body: &Body<'_>, parser: &mut Parser<'_>) -> Result<Query, QueryError> {
    let parameters = Parameters::of(body.name, body.value, &body.pointer)?;
    parameters.exactly(&["query"])?;
    let (value, pointer) = parameters.required_value("query")?;
    let Some(encoded) = value.as_str().filter(|text| !text.is_empty()) else {
        return Err(parameters.bad("query", "must be a query in base64"));
    };
    // Encoders break lines; readers of base64 in JSON step over white space.
    let encoded: String = encoded.chars().filter(|char| !char.is_ascii_whitespace()).collect();
    let decoded =
        STANDARD.decode(encoded).map_err(|error| parameters.bad("query", format!("is not base64: {error}")))?;
    let inner =
        json::parse(&decoded).map_err(|error| parameters.bad("query", format!("does not hold JSON: {error}")))?;
    parser.clause(&inner, &pointer, body.depth + 1)
}
