//! Clauses about whole values: `match_all`, `match_none`, `term`, `terms`, `terms_set`, `exists`, `ids`.

use serde_json::Value;

use super::parser::Body;
use super::shape::{FieldClause, Parameters, element, kind_of, scalar, written_out};
use super::{Clause, Limits, QueryError, Scalar, TermsSetMinimum};

pub(super) fn match_all(body: &Body<'_>) -> Result<Clause, QueryError> {
    let parameters = Parameters::of(body.name, body.value, &body.pointer)?;
    parameters.only(&[])?;
    parameters.check_name_is_text()?;
    Ok(Clause::MatchAll)
}

pub(super) fn match_none(body: &Body<'_>) -> Result<Clause, QueryError> {
    Parameters::of(body.name, body.value, &body.pointer)?.only(&[])?;
    Ok(Clause::MatchNone)
}

pub(super) fn term(body: &Body<'_>) -> Result<Clause, QueryError> {
    let clause = FieldClause::of(body.name, body.value, &body.pointer)?;
    let Some(parameters) = clause.long_form() else {
        return Ok(Clause::Term { value: clause.short_form()?, field: clause.field, case_insensitive: false });
    };
    parameters.only(&["value", "term", "case_insensitive"])?;
    let value = one_of(&parameters, "value", "term")?;
    let case_insensitive = parameters.boolean("case_insensitive")?.unwrap_or(false);
    Ok(Clause::Term { field: clause.field, value, case_insensitive })
}

/// The value under `name`, or under the `alias` that nodes take too.
pub(super) fn one_of(parameters: &Parameters<'_>, name: &str, alias: &str) -> Result<Scalar, QueryError> {
    match (parameters.scalar(name)?, parameters.scalar(alias)?) {
        (Some(_), Some(_)) => Err(parameters.bad(alias, format!("says the same as \"{name}\"; give one of them"))),
        (Some(value), None) | (None, Some(value)) => Ok(value),
        (None, None) => Err(parameters.missing(name)),
    }
}

pub(super) fn terms(body: &Body<'_>, limits: &Limits) -> Result<Clause, QueryError> {
    let parameters = Parameters::of(body.name, body.value, &body.pointer)?;
    parameters.check_boost_and_name()?;
    let mut fields = parameters.keys().filter(|name| !matches!(*name, "boost" | "_name"));
    let Some(field) = fields.next() else {
        return Err(QueryError::malformed(&body.pointer, "\"terms\" must name a field with an array of values"));
    };
    if let Some(second) = fields.next() {
        let reason = format!("\"terms\" takes one field, found \"{field}\" and \"{second}\"");
        return Err(QueryError::malformed(&body.pointer, reason));
    }
    let (value, pointer) = parameters.required_value(field)?;
    if field.is_empty() {
        return Err(QueryError::malformed(pointer, "\"terms\" has an empty field name"));
    }
    if value.is_object() {
        let reason = "the lookup form of \"terms\" is not supported: it takes its values from a document in an index; \
                      list the values";
        return Err(QueryError::unsupported(pointer, reason));
    }
    Ok(Clause::Terms { field: field.to_owned(), values: values(value, &pointer, limits)? })
}

pub(super) fn terms_set(body: &Body<'_>, limits: &Limits) -> Result<Clause, QueryError> {
    let clause = FieldClause::of(body.name, body.value, &body.pointer)?;
    let parameters = Parameters::of("terms_set", clause.value, &clause.pointer)?;
    parameters.only(&["terms", "minimum_should_match", "minimum_should_match_field", "minimum_should_match_script"])?;
    if parameters.has("minimum_should_match_script") {
        return Err(parameters.unsupported("minimum_should_match_script", "scripts are not run"));
    }
    let literal = parameters.minimum_should_match("minimum_should_match")?;
    let field = parameters.text("minimum_should_match_field")?;
    let minimum = match (literal, field) {
        (Some(literal), None) => TermsSetMinimum::Literal(literal),
        (None, Some(field)) => TermsSetMinimum::Field(field),
        (Some(_), Some(_)) => {
            let reason = "cannot stand beside \"minimum_should_match_field\"; give one of them";
            return Err(parameters.bad("minimum_should_match", reason));
        }
        (None, None) => return Err(parameters.missing("minimum_should_match_field\" or \"minimum_should_match")),
    };
    let terms = match parameters.value("terms") {
        Some((value, pointer)) => values(value, &pointer, limits)?,
        None => Vec::new(),
    };
    Ok(Clause::TermsSet { field: clause.field, terms, minimum })
}

/// An array of single values.
fn values(value: &Value, pointer: &str, limits: &Limits) -> Result<Vec<Scalar>, QueryError> {
    let Value::Array(items) = value else {
        let reason = format!("must be an array of values, not {}", kind_of(value));
        return Err(QueryError::malformed(pointer, reason));
    };
    if items.len() > limits.terms {
        let reason = format!("{} values are listed; at most {} are allowed", items.len(), limits.terms);
        return Err(QueryError::limit(pointer, reason));
    }
    let single = |(index, item)| {
        scalar(item).ok_or_else(|| {
            let reason = format!("must be a string, number or boolean, not {}", kind_of(item));
            QueryError::malformed(element(pointer, index), reason)
        })
    };
    items.iter().enumerate().map(single).collect()
}

pub(super) fn exists(body: &Body<'_>) -> Result<Clause, QueryError> {
    let parameters = Parameters::of(body.name, body.value, &body.pointer)?;
    parameters.only(&["field"])?;
    Ok(Clause::Exists { field: parameters.required_field("field")? })
}

pub(super) fn ids(body: &Body<'_>, limits: &Limits) -> Result<Clause, QueryError> {
    let parameters = Parameters::of(body.name, body.value, &body.pointer)?;
    parameters.only(&["values", "type"])?;
    parameters.check_name_is_text()?;
    check_type(&parameters)?;
    let scalars = match parameters.value("values") {
        None => Vec::new(),
        Some((Value::String(single), _)) => vec![Scalar(Value::String(single.clone()))],
        Some((value, pointer)) => values(value, &pointer, limits)?,
    };
    let values: Vec<_> = scalars.iter().map(written_out).collect();
    if values.iter().any(String::is_empty) {
        return Err(parameters.bad("values", "must not hold an empty id"));
    }
    Ok(Clause::Ids { values })
}

/// Elasticsearch 7 still takes the mapping type, of which there is one.
fn check_type(parameters: &Parameters<'_>) -> Result<(), QueryError> {
    match parameters.text("type")? {
        None => Ok(()),
        Some(name) if name == "_doc" => Ok(()),
        Some(name) => Err(parameters.bad("type", format!("must be \"_doc\", not \"{name}\""))),
    }
}
