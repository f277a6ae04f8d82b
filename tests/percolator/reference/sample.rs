//! Samples of rows, tried over the library's public functions.

use std::fs;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use tripline::percolator::{CompiledSelector, Percolator};
use tripline::{Mapping, MemberId};

use super::table::{Family, Room, Row, Verdict, folder};

/// What a sample is made of, so that it can be tried with another value of a parameter.
struct Sample {
    mapping: Value,
    query: Value,
}

/// An answer to a document: whether it matches, or why something was refused.
type Answer = Result<bool, String>;

/// Whether the row is true; why not.
pub fn check(family: &Family, row: &Row) -> Result<(), String> {
    match row.verdict {
        Verdict::Refused => check_refused(family, row),
        Verdict::Accepted => check_accepted(family, row),
        Verdict::Decides if family.room == Room::Analysis => check_terms(family, row),
        Verdict::Decides => check_documents(family, row),
    }
}

fn check_refused(family: &Family, row: &Row) -> Result<(), String> {
    let sample = sample(family, row, subject(family, row));
    let why = row.why.as_deref().ok_or("a refused row must say why")?;
    match percolator(&sample.mapping).and_then(|percolator| compile(&percolator, &sample.query)) {
        Ok(_) => Err("is taken".to_owned()),
        Err(reason) if reason.contains(why) => Ok(()),
        Err(reason) => Err(format!("is refused, but because {reason:?}")),
    }
}

fn check_accepted(family: &Family, row: &Row) -> Result<(), String> {
    let given = sample(family, row, subject(family, row));
    let accepted = percolator(&given.mapping)?;
    let compiled = compile(&accepted, &given.query)?;
    if family.room != Room::Queries {
        return Ok(());
    }
    let other = sample(family, row, otherwise(family, row)?);
    let others = compile(&percolator(&other.mapping)?, &other.query)?;
    // What decides nothing may still be explained: then the answers must be the same.
    let (answers, other_answers) = (answers(&given, row), self::answers(&other, row));
    if compiled == others || (!answers.is_empty() && answers == other_answers) {
        return Ok(());
    }
    Err("is not the same query without it".to_owned())
}

fn check_documents(family: &Family, row: &Row) -> Result<(), String> {
    let given = sample(family, row, subject(family, row));
    let answers = answers(&given, row);
    for (document, answer) in &answers {
        let expected: Answer = match *document {
            "matches" => Ok(true),
            "misses" => Ok(false),
            _ => Err(String::new()),
        };
        if row.query_refused {
            continue;
        }
        match (&expected, answer) {
            (Ok(expected), Ok(found)) if expected == found => {}
            (Err(_), Err(_)) => {}
            (_, found) => return Err(format!("{document}: found {found:?}")),
        }
    }
    if row.query_refused {
        let why = row.why.as_deref().unwrap_or_default();
        return match compile(&percolator(&given.mapping)?, &given.query) {
            Err(reason) if reason.contains(why) => Ok(()),
            other => Err(format!("the query is not refused for this reason: {:?}", other.err())),
        };
    }
    if answers.is_empty() {
        return Err("has no document".to_owned());
    }
    if row.parameter.is_none() || row.refuses.is_some() {
        return Ok(());
    }
    let other = sample(family, row, otherwise(family, row)?);
    check_otherwise(row, &answers, &self::answers(&other, row))
}

fn check_terms(family: &Family, row: &Row) -> Result<(), String> {
    let given = term_answers(family, row, subject(family, row))?;
    for (term, expected, found) in &given {
        if expected != found {
            return Err(format!("{term:?}: found {found}"));
        }
    }
    if given.is_empty() {
        return Err("has no term".to_owned());
    }
    if row.parameter.is_none() {
        return Ok(());
    }
    let other = term_answers(family, row, otherwise(family, row)?);
    let other = other.map(|terms| terms.into_iter().map(|(_, _, found)| found).collect::<Vec<_>>());
    match other {
        Ok(other) if given.iter().zip(&other).all(|((_, _, found), other)| found == other) => {
            Err("the parameter makes no difference".to_owned())
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

fn check_otherwise(row: &Row, given: &[(&str, Answer)], other: &[(&str, Answer)]) -> Result<(), String> {
    let is_refused = other.iter().all(|(_, answer)| answer.is_err());
    match (&row.otherwise_refused, &row.otherwise) {
        (Some(_), _) if !is_refused => return Err(format!("\"otherwise_refused\" is taken: {other:?}")),
        (None, Some(_)) if is_refused => return Err(format!("\"otherwise\" is refused: {other:?}")),
        _ => {}
    }
    let differ = given.iter().zip(other).any(|((_, one), (_, other))| one.as_ref().ok() != other.as_ref().ok());
    if differ { Ok(()) } else { Err("the parameter makes no difference".to_owned()) }
}

/// What the row's sample is about: a query, a field, a mapping or a definition.
fn subject(family: &Family, row: &Row) -> Value {
    let written = match family.room {
        Room::Queries => row.query.as_ref(),
        Room::Fields => row.field.as_ref().or(row.mapping.as_ref()),
        Room::Analysis => row.definition.as_ref(),
    };
    let nothing_but_the_name = || match family.room {
        Room::Queries => json!({ row.name.as_str(): {} }),
        Room::Fields | Room::Analysis => json!({ "type": row.name }),
    };
    written.cloned().unwrap_or_else(nothing_but_the_name)
}

/// The same with another value of the parameter, or without it.
fn otherwise(family: &Family, row: &Row) -> Result<Value, String> {
    if let Some(other) = row.otherwise.as_ref().or(row.otherwise_refused.as_ref()) {
        return Ok(other.clone());
    }
    let parameter = row.parameter.as_deref().ok_or("has no parameter")?;
    let mut other = subject(family, row);
    for name in [parameter, last_part(parameter)] {
        if let Some(holder) = holder(&mut other, name) {
            holder.remove(name);
            return Ok(other);
        }
    }
    Err("the parameter is not in the sample".to_owned())
}

/// `ordered` of `match.ordered`.
pub fn last_part(parameter: &str) -> &str {
    parameter.rsplit(['.', ' ']).next().unwrap_or(parameter)
}

/// The outermost object that has the name.
pub fn holder<'v>(value: &'v mut Value, name: &str) -> Option<&'v mut Map<String, Value>> {
    match value {
        Value::Object(object) => {
            if object.contains_key(name) {
                return Some(object);
            }
            object.values_mut().find_map(|inner| holder(inner, name))
        }
        Value::Array(items) => items.iter_mut().find_map(|inner| holder(inner, name)),
        _ => None,
    }
}

fn sample(family: &Family, row: &Row, subject: Value) -> Sample {
    let query = row.query.clone().unwrap_or(json!({"match_all": {}}));
    match family.room {
        Room::Queries => Sample { mapping: query_mapping(), query: subject },
        Room::Fields if row.mapping.is_some() => Sample { mapping: subject, query },
        Room::Fields => Sample { mapping: json!({"properties": {"f": subject}}), query },
        Room::Analysis => Sample { mapping: analysis_mapping(family, row, subject), query },
    }
}

/// The mapping of the queries' samples.
pub fn query_mapping() -> Value {
    let text = fs::read_to_string(folder().join("mapping.json")).expect("the mapping of the samples");
    serde_json::from_str(&text).expect("JSON")
}

/// A field `f` with the definition of the row at work.
fn analysis_mapping(family: &Family, row: &Row, definition: Value) -> Value {
    let kind = family.kind.as_deref().expect("a kind of definition");
    let tokenizer = row.tokenizer.as_deref().unwrap_or("whitespace");
    let filters: Vec<&str> =
        row.before.iter().map(String::as_str).chain(["it"]).chain(row.then.iter().map(String::as_str)).collect();
    let analyzer = match kind {
        "tokenizer" => json!({"tokenizer": "it"}),
        "char_filter" => json!({"tokenizer": tokenizer, "char_filter": ["it"]}),
        "filter" => json!({"tokenizer": tokenizer, "filter": filters}),
        _ => Value::Null,
    };
    let mut analysis = row.with.clone().unwrap_or(json!({}));
    analysis[kind]["it"] = definition;
    if !analyzer.is_null() {
        analysis["analyzer"] = json!({ "it": analyzer });
    }
    let field = match kind {
        "normalizer" => json!({"type": "keyword", "normalizer": "it"}),
        _ => json!({"type": "text", "analyzer": "it", "search_analyzer": "whitespace"}),
    };
    json!({"settings": {"analysis": analysis}, "mappings": {"properties": {"f": field}}})
}

/// For each term of the row: whether it should be there, and whether it is.
fn term_answers(family: &Family, row: &Row, definition: Value) -> Result<Vec<(String, bool, bool)>, String> {
    let percolator = percolator(&analysis_mapping(family, row, definition))?;
    let document = json!({"f": row.text.clone().ok_or("has no text")?});
    let term = |term: &String| json!({"term": {"f": term}});
    let has = row.has.iter().map(|wanted| (wanted, true, term(wanted)));
    let lacks = row.lacks.iter().map(|unwanted| (unwanted, false, term(unwanted)));
    let phrase = row.phrase.iter().map(|phrase| (phrase, true, json!({"match_phrase": {"f": phrase}})));
    let ask = |(text, expected, query): (&String, bool, Value)| {
        Ok((text.clone(), expected, answer(&percolator, &query, &document, 1)?))
    };
    has.chain(lacks).chain(phrase).map(ask).collect()
}

/// The answers for each document of the row.
fn answers<'r>(sample: &Sample, row: &'r Row) -> Vec<(&'r str, Answer)> {
    let documents = [("matches", &row.matches, 1), ("misses", &row.misses, 1), ("refuses", &row.refuses, 1)];
    let other_id = row.misses_id.map(|id| ("misses", json!({}), id));
    let documents = documents.into_iter().filter_map(|(name, document, id)| Some((name, document.clone()?, id)));
    documents
        .chain(other_id)
        .map(|(name, document, id)| {
            let answer =
                percolator(&sample.mapping).and_then(|percolator| answer(&percolator, &sample.query, &document, id));
            (name, answer)
        })
        .collect()
}

pub fn percolator(mapping: &Value) -> Result<Percolator, String> {
    Ok(Percolator::new(Arc::new(Mapping::from_json(mapping).map_err(|error| error.to_string())?)))
}

/// Compiles a query; a refusal must lead to a place in it.
fn compile(percolator: &Percolator, query: &Value) -> Result<tripline::percolator::CompiledQuery, String> {
    percolator.compile(query).map_err(|error| {
        assert!(query.pointer(&error.pointer).is_some(), "{query}: no place {:?}", error.pointer);
        error.to_string()
    })
}

fn answer(percolator: &Percolator, query: &Value, document: &Value, id: u64) -> Answer {
    let compiled = compile(percolator, query)?;
    let member = MemberId::try_from(id).expect("an id");
    let document = percolator.document(Some(member), document).map_err(|error| error.to_string())?;
    percolator.insert("it".into(), CompiledSelector::Query(compiled));
    let found = !percolator.matches(&document).is_empty();
    percolator.remove(&"it".into());
    Ok(found)
}
