//! Span queries: words of one field by their positions.
//!
//! They stand only in one another; no other clause can be part of one, but for the patterns of `span_multi`.

use serde_json::Value;

use super::parser::{Body, Parser, only_entry};
use super::shape::{FieldClause, Parameters, below, element, kind_of, scalar};
use super::term_level::one_of;
use super::{Clause, Query, QueryError, Scalar};

/// A span query and where it stood.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanQuery {
    /// JSON pointer of the clause (`/span_near/clauses/0/span_term`).
    pub pointer: String,
    /// The clause.
    pub span: Span,
}

/// The span queries.
#[derive(Debug, Clone, PartialEq)]
pub enum Span {
    /// `span_term`
    Term { field: String, value: Scalar },
    /// `span_multi` around a `prefix`, `wildcard`, `regexp`, `fuzzy` or `range`
    Multi(Box<Query>),
    /// `span_first`: ends at the position `end` at the latest
    First { query: Box<SpanQuery>, end: u32 },
    /// `span_near`
    Near { clauses: Vec<SpanQuery>, slop: i32, in_order: bool },
    /// `span_or`
    Or(Vec<SpanQuery>),
    /// `span_not`: no part of `exclude` from `pre` positions before `include` to `post` behind it
    Not { include: Box<SpanQuery>, exclude: Box<SpanQuery>, pre: u32, post: u32 },
    /// `span_containing`: the big ones
    Containing { big: Box<SpanQuery>, little: Box<SpanQuery> },
    /// `span_within`: the little ones
    Within { big: Box<SpanQuery>, little: Box<SpanQuery> },
    /// `span_field_masking`: as if it stood in `field`
    Masking { query: Box<SpanQuery>, field: String },
    /// `span_gap`: so many positions, within a `span_near` only
    Gap { field: String, width: i32 },
}

/// The names of the span queries.
pub(super) const NAMES: [&str; 11] = [
    "field_masking_span",
    "span_containing",
    "span_field_masking",
    "span_first",
    "span_gap",
    "span_multi",
    "span_near",
    "span_not",
    "span_or",
    "span_term",
    "span_within",
];

/// What can stand in `span_multi`.
const PATTERNS: [&str; 5] = ["fuzzy", "prefix", "range", "regexp", "wildcard"];

/// A span query as read: within another it must have no boost of its own.
struct Read {
    span: Span,
    boost: f64,
}

pub(super) fn span(body: &Body<'_>, parser: &mut Parser<'_>) -> Result<Clause, QueryError> {
    if body.name == "span_gap" {
        return Err(QueryError::malformed(&body.pointer, "\"span_gap\" can only be a clause of \"span_near\""));
    }
    Ok(Clause::Span(read(body, parser)?.span))
}

fn read(body: &Body<'_>, parser: &mut Parser<'_>) -> Result<Read, QueryError> {
    match body.name {
        "span_term" => return span_term(body),
        "span_gap" => return span_gap(body),
        _ => {}
    }
    let parameters = Parameters::of(body.name, body.value, &body.pointer)?;
    let mut inner = |name: &str| one_span(&parameters, name, body.depth + 1, parser).map(Box::new);
    let span = match body.name {
        "span_multi" => {
            parameters.only(&["match"])?;
            Span::Multi(pattern(&parameters, body.depth + 1, parser)?)
        }
        "span_first" => {
            parameters.only(&["match", "end"])?;
            let end = parameters.count("end")?.ok_or_else(|| parameters.missing("end"))?;
            Span::First { query: inner("match")?, end }
        }
        "span_near" => {
            parameters.only(&["clauses", "slop", "in_order"])?;
            Span::Near {
                clauses: spans(&parameters, body.depth + 1, parser)?,
                slop: parameters.integer("slop", i32::MIN)?.unwrap_or(0),
                in_order: parameters.boolean("in_order")?.unwrap_or(true),
            }
        }
        "span_or" => {
            parameters.only(&["clauses"])?;
            Span::Or(spans(&parameters, body.depth + 1, parser)?)
        }
        "span_not" => {
            parameters.only(&["include", "exclude", "pre", "post", "dist"])?;
            let (pre, post) = distances(&parameters)?;
            Span::Not { include: inner("include")?, exclude: inner("exclude")?, pre, post }
        }
        "span_containing" => {
            parameters.only(&["big", "little"])?;
            Span::Containing { big: inner("big")?, little: inner("little")? }
        }
        "span_within" => {
            parameters.only(&["big", "little"])?;
            Span::Within { big: inner("big")?, little: inner("little")? }
        }
        _ => {
            parameters.only(&["query", "field"])?;
            Span::Masking { query: inner("query")?, field: parameters.required_field("field")? }
        }
    };
    Ok(Read { span, boost: boost(&parameters)? })
}

fn boost(parameters: &Parameters<'_>) -> Result<f64, QueryError> {
    Ok(parameters.number("boost")?.unwrap_or(1.0))
}

fn span_term(body: &Body<'_>) -> Result<Read, QueryError> {
    let clause = FieldClause::of(body.name, body.value, &body.pointer)?;
    let Some(parameters) = clause.long_form() else {
        return Ok(Read { span: Span::Term { value: clause.short_form()?, field: clause.field }, boost: 1.0 });
    };
    parameters.only(&["value", "term"])?;
    let value = one_of(&parameters, "value", "term")?;
    Ok(Read { span: Span::Term { field: clause.field, value }, boost: boost(&parameters)? })
}

fn span_gap(body: &Body<'_>) -> Result<Read, QueryError> {
    let clause = FieldClause::of(body.name, body.value, &body.pointer)?;
    if scalar(clause.value).is_none() {
        let reason = format!("\"span_gap\" must be a number of positions, not {}", kind_of(clause.value));
        return Err(QueryError::malformed(clause.pointer, reason));
    }
    let parameters = Parameters::of(body.name, body.value, &body.pointer)?;
    let width = parameters.integer(&clause.field, i32::MIN)?.unwrap_or(0);
    Ok(Read { span: Span::Gap { field: clause.field, width }, boost: 1.0 })
}

/// `pre` and `post`, or `dist` for both; negative ones are 0.
fn distances(parameters: &Parameters<'_>) -> Result<(u32, u32), QueryError> {
    let distance = |name: &str| -> Result<Option<u32>, QueryError> {
        Ok(parameters.integer(name, i32::MIN)?.map(|distance| distance.max(0).unsigned_abs()))
    };
    let (pre, post) = (distance("pre")?, distance("post")?);
    match distance("dist")? {
        Some(_) if pre.is_some() || post.is_some() => {
            Err(parameters.bad("dist", "says the same as \"pre\" and \"post\"; give it or them"))
        }
        Some(both) => Ok((both, both)),
        None => Ok((pre.unwrap_or(0), post.unwrap_or(0))),
    }
}

fn one_span(
    parameters: &Parameters<'_>,
    name: &str,
    depth: usize,
    parser: &mut Parser<'_>,
) -> Result<SpanQuery, QueryError> {
    let (value, pointer) = parameters.required_value(name)?;
    inner_span(value, &pointer, depth, parser)
}

fn spans(parameters: &Parameters<'_>, depth: usize, parser: &mut Parser<'_>) -> Result<Vec<SpanQuery>, QueryError> {
    let (value, pointer) = parameters.required_value("clauses")?;
    let Value::Array(items) = value else {
        return Err(parameters.bad("clauses", format!("must be an array of span queries, not {}", kind_of(value))));
    };
    if items.is_empty() {
        return Err(parameters.bad("clauses", "must have at least one span query"));
    }
    parser.check_room(items.len(), &pointer)?;
    let one = |(index, item)| inner_span(item, &element(&pointer, index), depth, parser);
    items.iter().enumerate().map(one).collect()
}

/// A span query within another.
fn inner_span(value: &Value, pointer: &str, depth: usize, parser: &mut Parser<'_>) -> Result<SpanQuery, QueryError> {
    let (name, value) = only_entry(value, pointer)?;
    let body = Body { name, value, pointer: below(pointer, name), depth };
    if !NAMES.contains(&name) {
        let reason = format!("\"{name}\" is no span query; only {} can stand here", NAMES.join(", "));
        return Err(QueryError::malformed(body.pointer, reason));
    }
    parser.enter(depth, pointer)?;
    let read = read(&body, parser)?;
    if read.boost != 1.0 {
        let reason = "a span query within another can have no boost; boost the outermost one";
        return Err(QueryError::malformed(body.pointer, reason));
    }
    Ok(SpanQuery { pointer: body.pointer, span: read.span })
}

/// The query on parts of terms in `span_multi`; its boost says nothing.
fn pattern(parameters: &Parameters<'_>, depth: usize, parser: &mut Parser<'_>) -> Result<Box<Query>, QueryError> {
    let (value, pointer) = parameters.required_value("match")?;
    let (name, _) = only_entry(value, &pointer)?;
    if !PATTERNS.contains(&name) {
        let reason = format!("\"span_multi\" takes one of {}, not \"{name}\"", PATTERNS.join(", "));
        return Err(QueryError::malformed(below(&pointer, name), reason));
    }
    parser.clause(value, &pointer, depth).map(Box::new)
}
