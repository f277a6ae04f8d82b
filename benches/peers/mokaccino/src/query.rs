//! Queries of Elasticsearch's DSL as mokaccino's.

use std::collections::HashSet;

use mokaccino::prelude::{CNFQueryable, Query};
use serde_json::Value;

use crate::document::{Fields, words};

/// The query, where mokaccino can express it; phrases it cannot. Notes the fields that it asks for.
pub fn translate(query: &Value, fields: &Fields, asked: &mut HashSet<String>) -> Option<Query> {
    let (kind, body) = query.as_object()?.iter().next()?;
    if kind == "bool" {
        return boolean(body, fields, asked);
    }
    let (name, parameters) = body.as_object()?.iter().next()?;
    let field = fields.get(name)?;
    let value = |key: &str| parameters.get(key).unwrap_or(parameters);
    let name = name.as_str();
    let translated = match kind.as_str() {
        "term" => name.has_value(text(value("value"))?),
        "terms" => Query::from_or(
            parameters.as_array()?.iter().map(|value| Some(name.has_value(text(value)?))).collect::<Option<_>>()?,
        ),
        "prefix" if !field.is_text => name.has_prefix(text(value("value"))?),
        "match" if field.is_text => {
            let words: Vec<Query> = words(value("query").as_str()?).map(|word| name.has_value(word)).collect();
            match parameters["operator"] == "and" {
                true => Query::from_and(words),
                false => Query::from_or(words),
            }
        }
        "match_phrase" if field.is_text => {
            let mut words = words(value("query").as_str()?);
            let only = words.next()?;
            if words.next().is_some() {
                return None;
            }
            name.has_value(only)
        }
        "range" if field.is_number => Query::from_and(bounds(name, parameters)?),
        _ => return None,
    };
    asked.insert(name.to_owned());
    Some(translated)
}

/// Two bounds are two conditions to mokaccino, which two values of an array could meet: only fields of the document itself, which
/// have one number each, can be asked for both.
fn bounds(name: &str, parameters: &Value) -> Option<Vec<Query>> {
    let bounds = parameters.as_object()?;
    if bounds.len() > 1 && name.contains('.') {
        return None;
    }
    let bounds = bounds.iter().map(|(bound, value)| {
        let value = value.as_i64()?;
        match bound.as_str() {
            "gte" => Some(name.i64_ge(value)),
            "gt" => Some(name.i64_gt(value)),
            "lte" => Some(name.i64_le(value)),
            "lt" => Some(name.i64_lt(value)),
            _ => None,
        }
    });
    bounds.collect()
}

/// Optional clauses beside required ones decide nothing; without those, or with `minimum_should_match` 1, one of them must match.
fn boolean(body: &Value, fields: &Fields, asked: &mut HashSet<String>) -> Option<Query> {
    let mut clauses = |occurrence: &str| -> Option<Vec<Query>> {
        let clauses = match &body[occurrence] {
            Value::Null => &[],
            Value::Array(clauses) => clauses.as_slice(),
            one => std::slice::from_ref(one),
        };
        clauses.iter().map(|clause| translate(clause, fields, asked)).collect()
    };
    let mut required = clauses("must")?;
    required.extend(clauses("filter")?);
    let optional = clauses("should")?;
    let excluded = clauses("must_not")?;
    match body["minimum_should_match"].as_u64() {
        None if !required.is_empty() => {}
        None | Some(1) if !optional.is_empty() => required.push(Query::from_or(optional)),
        None => {}
        Some(_) => return None,
    }
    required.extend(excluded.into_iter().map(|query| !query));
    Some(Query::from_and(required))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
