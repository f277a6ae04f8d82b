//! Clauses made of clauses: `bool`, `boosting`, `constant_score`, `dis_max`.

use super::parser::{Body, Parser};
use super::shape::Parameters;
use super::{Bool, Clause, Query, QueryError};

pub(super) fn bool(body: &Body<'_>, parser: &mut Parser<'_>) -> Result<Clause, QueryError> {
    let parameters = Parameters::of(body.name, body.value, &body.pointer)?;
    parameters.only(&[
        "must",
        "filter",
        "should",
        "must_not",
        "mustNot",
        "minimum_should_match",
        "adjust_pure_negative",
    ])?;
    parameters.check_name_is_text()?;
    let mut occurrence = |name: &str| -> Result<Vec<Query>, QueryError> {
        match parameters.value(name) {
            Some((value, pointer)) if !value.is_null() => parser.clauses(value, &pointer, body.depth + 1),
            _ => Ok(Vec::new()),
        }
    };
    let mut clause = Bool {
        must: occurrence("must")?,
        filter: occurrence("filter")?,
        should: occurrence("should")?,
        must_not: occurrence("must_not")?,
        minimum_should_match: None,
    };
    clause.must_not.extend(occurrence("mustNot")?);
    if parameters.says("minimum_should_match") {
        clause.minimum_should_match = parameters.minimum_should_match("minimum_should_match")?;
    }
    if !parameters.boolean("adjust_pure_negative")?.unwrap_or(true) {
        match_nothing_if_pure_negative(&mut clause, &body.pointer);
    }
    Ok(Clause::Bool(clause))
}

/// A `bool` of nothing but `must_not` matches nothing in Lucene; Elasticsearch adds `match_all`, unless it is told not to.
fn match_nothing_if_pure_negative(clause: &mut Bool, pointer: &str) {
    let positive = clause.must.len() + clause.filter.len() + clause.should.len();
    if positive == 0 && !clause.must_not.is_empty() {
        clause.filter.push(Query { pointer: pointer.to_owned(), clause: Clause::MatchNone });
    }
}

pub(super) fn boosting(body: &Body<'_>, parser: &mut Parser<'_>) -> Result<Clause, QueryError> {
    let parameters = Parameters::skipping_nulls(body.name, body.value, &body.pointer)?;
    parameters.only(&["positive", "negative", "negative_boost"])?;
    if parameters.number("negative_boost")?.ok_or_else(|| parameters.missing("negative_boost"))? < 0.0 {
        return Err(parameters.bad("negative_boost", "must not be negative"));
    }
    Ok(Clause::Boosting {
        positive: required_clause(&parameters, "positive", body, parser)?,
        negative: required_clause(&parameters, "negative", body, parser)?,
    })
}

pub(super) fn constant_score(body: &Body<'_>, parser: &mut Parser<'_>) -> Result<Clause, QueryError> {
    let parameters = Parameters::of(body.name, body.value, &body.pointer)?;
    parameters.only(&["filter"])?;
    Ok(Clause::ConstantScore { filter: required_clause(&parameters, "filter", body, parser)? })
}

pub(super) fn dis_max(body: &Body<'_>, parser: &mut Parser<'_>) -> Result<Clause, QueryError> {
    let parameters = Parameters::of(body.name, body.value, &body.pointer)?;
    parameters.only(&["queries", "tie_breaker"])?;
    parameters.check_tie_breaker()?;
    let (value, pointer) = parameters.required_value("queries")?;
    let queries = parser.clauses(value, &pointer, body.depth + 1)?;
    if queries.is_empty() {
        return Err(parameters.bad("queries", "must have at least one query"));
    }
    Ok(Clause::DisMax { queries })
}

/// The one clause under `name`.
pub(super) fn required_clause(
    parameters: &Parameters<'_>,
    name: &str,
    body: &Body<'_>,
    parser: &mut Parser<'_>,
) -> Result<Box<Query>, QueryError> {
    let (value, pointer) = parameters.required_value(name)?;
    Ok(Box::new(parser.clause(value, &pointer, body.depth + 1)?))
}
