//! What the code knows, by what its errors list, held against the rows.

use serde_json::{Value, json};

use super::sample::{holder, last_part, percolator, query_mapping};
use super::table::{Family, Room, Row, Verdict};

/// What has no row.
pub fn without_a_row(families: &[Family]) -> Vec<String> {
    let mut missing = clauses(families);
    missing.extend(clause_parameters(families));
    missing.extend(field_types(families));
    missing.extend(field_parameters(families));
    missing.extend(definitions(families));
    missing
}

fn rows(families: &[Family], room: Room) -> impl Iterator<Item = &Row> {
    families.iter().filter(move |family| family.room == room).flat_map(|family| &family.rows)
}

fn is_taken(row: &Row) -> bool {
    row.verdict != Verdict::Refused && !row.open
}

fn clauses(families: &[Family]) -> Vec<String> {
    let error = refusal_of_query(&json!({"": {}}));
    let known = listed(&error, "known are ", "");
    let has_row = |name: &str| rows(families, Room::Queries).any(|row| row.name == name && is_taken(row));
    known.into_iter().filter(|name| !has_row(name)).map(|name| format!("clause {name}")).collect()
}

/// Each sample with a further parameter is refused with the list of those that are known beside it.
fn clause_parameters(families: &[Family]) -> Vec<String> {
    let mut missing = Vec::new();
    for row in rows(families, Room::Queries).filter(|row| is_taken(row)) {
        let (Some(parameter), Some(query)) = (&row.parameter, &row.query) else { continue };
        let mut query = query.clone();
        let Some(holder) = holder(&mut query, last_part(parameter)) else { continue };
        holder.insert("no_such_parameter".to_owned(), Value::Bool(true));
        for known in listed(&refusal_of_query(&query), "(known: ", ")") {
            let mut written = rows(families, Room::Queries).filter(|other| other.name == row.name);
            if !written.any(|other| has_part(other, &known)) {
                missing.push(format!("parameter {known} of {}", row.name));
            }
        }
    }
    missing.sort_unstable();
    missing.dedup();
    missing
}

/// `top, left` are two parameters of one row; `match.ordered` is one.
fn has_part(row: &Row, known: &str) -> bool {
    row.parameter.iter().flat_map(|parameter| parameter.split([',', ' ', '.'])).any(|part| part == known)
}

fn field_types(families: &[Family]) -> Vec<String> {
    let error = refusal_of_mapping(&json!({"properties": {"f": {"type": "no_such_type"}}}));
    let known = listed(&error, "is not supported; ", " are");
    let has_row = |name: &str| rows(families, Room::Fields).any(|row| row.name == name && is_taken(row));
    known.into_iter().filter(|name| !has_row(name)).map(|name| format!("field type {name}")).collect()
}

fn field_parameters(families: &[Family]) -> Vec<String> {
    let mut missing = Vec::new();
    for row in
        rows(families, Room::Fields).filter(|row| is_taken(row) && row.parameter.is_none() && row.query.is_some())
    {
        let Some(Value::Object(field)) = &row.field else { continue };
        let mut field = field.clone();
        field.insert("no_such_parameter".to_owned(), Value::Bool(true));
        let error = refusal_of_mapping(&json!({"properties": {"f": field}}));
        for known in listed(&error, "(known: ", ")") {
            let is_like = |other: &Row| {
                [row.name.as_str(), "any field"].contains(&other.name.as_str())
                    || kin(&row.name).contains(&&*other.name)
            };
            if !rows(families, Room::Fields).any(|other| is_like(other) && has_part(other, &known)) {
                missing.push(format!("parameter {known} of fields of type {}", row.name));
            }
        }
    }
    missing
}

/// Types that share their parameters: the rows of one stand for all.
const KINDS: [&[&str]; 5] = [
    &["text", "match_only_text"],
    &["byte", "short", "integer", "long", "unsigned_long", "half_float", "float", "double", "scaled_float"],
    &["date", "date_nanos"],
    &["integer_range", "long_range", "float_range", "double_range", "date_range", "ip_range"],
    &["flattened", "flat_object"],
];

/// The types of this one's kind, or none.
pub fn kin(name: &str) -> &'static [&'static str] {
    KINDS.into_iter().find(|kind| kind.contains(&name)).unwrap_or_default()
}

fn definitions(families: &[Family]) -> Vec<String> {
    let mut missing = Vec::new();
    for kind in ["analyzer", "tokenizer", "char_filter", "filter", "normalizer"] {
        let known = known_definitions(kind);
        assert!(!known.is_empty(), "no {kind} is known");
        let of_kind = || families.iter().filter(|family| family.kind.as_deref() == Some(kind));
        let has_row =
            |name: &str| of_kind().flat_map(|family| &family.rows).any(|row| row.name == name && is_taken(row));
        // What stands for many names is no name.
        let names = known.into_iter().filter(|name| !name.contains(' '));
        missing.extend(names.filter(|name| !has_row(name)).map(|name| format!("{kind} {name}")));
    }
    missing
}

fn known_definitions(kind: &str) -> Vec<String> {
    if kind == "analyzer" {
        // Only this error lists the languages.
        let error = refusal_of_mapping(&json!({"properties": {"f": {"type": "text", "analyzer": "no_such_analyzer"}}}));
        // Beside the names of types there is that of the index's default.
        return listed(&error, "known are ", " at ").into_iter().filter(|name| name != "default").collect();
    }
    let definition = json!({ kind: {"it": {"type": "no_such_type"}}, "analyzer": using(kind) });
    let error = refusal_of_mapping(&json!({"settings": {"analysis": definition}, "mappings": {}}));
    listed(&error, "supported are ", " at ")
}

/// Analyzers that use the definition of the kind.
fn using(kind: &str) -> Value {
    match kind {
        "tokenizer" => json!({"other": {"tokenizer": "it"}}),
        "normalizer" => json!({}),
        kind => json!({"other": {"tokenizer": "standard", kind: ["it"]}}),
    }
}

fn refusal_of_query(query: &Value) -> String {
    let percolator = percolator(&query_mapping()).expect("the mapping of the samples");
    percolator.compile(query).err().unwrap_or_else(|| panic!("{query} is taken")).reason
}

fn refusal_of_mapping(mapping: &Value) -> String {
    percolator(mapping).err().unwrap_or_else(|| panic!("{mapping} is taken"))
}

/// The names between two marks: `a, b and c`.
fn listed(text: &str, before: &str, behind: &str) -> Vec<String> {
    let Some((_, rest)) = text.split_once(before) else { return Vec::new() };
    let list = if behind.is_empty() { rest } else { rest.split_once(behind).map_or(rest, |(list, _)| list) };
    list.replace(" and ", ", ").split(", ").map(|name| name.trim().to_owned()).collect()
}
