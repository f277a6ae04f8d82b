//! Asks a node for the inner hits of every nested clause.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Found, Matches, Questions};
use crate::nodes::Node;

/// By query: the matching documents, and what each nested clause found in them.
pub fn ask(node: &Node, name: &str, questions: &Questions) -> BTreeMap<String, Matches> {
    let index = format!("inner-hits-{}-{name}", std::process::id());
    node.delete_index(&index);
    node.create_index(&index, &questions.mapping.to_string()).expect("the node takes the mapping");
    let documents: Vec<String> = questions.documents.iter().map(Value::to_string).collect();
    let numbered = documents.iter().enumerate().map(|(place, document)| (place.to_string(), document.as_str()));
    let refusals: Vec<String> = node.store(&index, numbered).expect("the node answers").into_iter().flatten().collect();
    assert_eq!(refusals, [""; 0], "the node takes all documents");
    let answers = questions.queries.iter().map(|(id, query)| (id.clone(), matches(node, &index, query, questions)));
    let answers = answers.collect();
    node.delete_index(&index);
    answers
}

fn matches(node: &Node, index: &str, query: &Value, questions: &Questions) -> Matches {
    let mut named = query.clone();
    name_clauses(&mut named, "");
    let body = json!({"size": 10_000, "_source": false, "query": named});
    let answer = node.whole_search(index, &body).unwrap_or_else(|error| panic!("{error}: {query}"));
    assert_eq!(answer["_shards"]["failed"], 0, "{answer}");
    let hits = answer["hits"]["hits"].as_array().expect("hits");
    let place = |hit: &Value| hit["_id"].as_str().and_then(|id| id.parse::<usize>().ok()).expect("an id");
    hits.iter()
        .map(|hit| {
            let mut found = Found::new();
            gather(hit, &questions.documents[place(hit)], &mut found);
            (place(hit), found)
        })
        .collect()
}

/// Asks every nested clause for inner hits under the name of its pointer.
fn name_clauses(part: &mut Value, pointer: &str) {
    match part {
        Value::Object(entries) => {
            for (key, inner) in entries.iter_mut() {
                let pointer = format!("{pointer}/{key}");
                name_clauses(inner, &pointer);
                if key == "nested" && inner["path"].is_string() {
                    inner["inner_hits"] = json!({"name": pointer, "size": 100, "_source": false});
                }
            }
        }
        Value::Array(items) => {
            items.iter_mut().enumerate().for_each(|(index, item)| name_clauses(item, &format!("{pointer}/{index}")));
        }
        _ => {}
    }
}

fn gather(hit: &Value, document: &Value, found: &mut Found) {
    for (pointer, answer) in hit["inner_hits"].as_object().into_iter().flatten() {
        for inner in answer["hits"]["hits"].as_array().into_iter().flatten() {
            let places: BTreeSet<Vec<usize>> = [place(&inner["_nested"], document)].into();
            found.entry(pointer.clone()).or_default().extend(places);
            gather(inner, document, found);
        }
    }
}

/// The places of a `_nested` in the lists of the document: its offsets pass over nulls, which stand in the lists too.
fn place(nested: &Value, document: &Value) -> Vec<usize> {
    let (mut nested, mut within, mut places) = (nested, document, Vec::new());
    while let Some(field) = nested["field"].as_str() {
        let offset = nested["offset"].as_u64().and_then(|offset| usize::try_from(offset).ok()).expect("an offset");
        let mut listed = Vec::new();
        list(within, field, &mut listed);
        let objects = listed.iter().enumerate().filter(|(_, item)| !item.is_null());
        let (place, object) = objects.map(|(place, item)| (place, *item)).nth(offset).expect("the object is there");
        places.push(place);
        (within, nested) = (object, &nested["_nested"]);
    }
    places
}

/// What stands at a path, lists within lists and lists on the way laid end to end.
fn list<'d>(value: &'d Value, path: &str, listed: &mut Vec<&'d Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| list(item, path, listed)),
        Value::Object(entries) if !path.is_empty() => {
            let (head, rest) = path.split_once('.').unwrap_or((path, ""));
            entries.get(head).into_iter().for_each(|inner| list(inner, rest, listed));
        }
        _ if path.is_empty() => listed.push(value),
        _ => {}
    }
}
