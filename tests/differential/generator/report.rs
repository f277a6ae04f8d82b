//! A difference in words, as an entry for the corpus.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::{Value, json};

use super::verdict::{Difference, Kind};
use super::{Round, tripline};
use crate::nodes::Node;

/// Rounds that could not be shrunk are not printed.
const MANY: usize = 20;

/// What differences of one cause have in common: their kind, and every name of the query and of the types.
pub fn signature(round: &Round, kind: Kind) -> (Kind, BTreeSet<String>) {
    let mut names = BTreeSet::new();
    for query in &round.queries {
        collect_names(query, &mut names);
    }
    for parameter in ["type", "analyzer", "normalizer"] {
        collect_values(&round.mapping, parameter, &mut names);
    }
    (kind, names)
}

fn collect_names(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(entries) => {
            for (name, child) in entries {
                // Fields have a number in their names.
                if !name.contains(|letter: char| letter.is_ascii_digit()) {
                    names.insert(name.clone());
                }
                collect_names(child, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_names(item, names)),
        _ => {}
    }
}

fn collect_values(value: &Value, parameter: &str, found: &mut BTreeSet<String>) {
    for (name, child) in value.as_object().into_iter().flatten() {
        match child.as_str() {
            Some(text) if name == parameter => {
                found.insert(text.to_owned());
            }
            _ => collect_values(child, parameter, found),
        }
    }
}

/// The difference as a file of the corpus, below what both sides say.
pub fn entry(round: &Round, difference: &Difference, nodes: &[&Node]) -> String {
    let what = match difference.kind {
        Kind::MappingRefused => "Tripline refuses a mapping that a node takes",
        Kind::DocumentRefused => "Tripline refuses a document that a node takes",
        Kind::DocumentTaken => "Tripline takes a document that a node refuses",
        Kind::QueryRefused => "Tripline refuses a query that a node takes",
        Kind::QueryTaken => "Tripline takes a query that a node refuses",
        Kind::Missing => "Tripline does not find what a node finds",
        Kind::Surplus => "Tripline finds what a node does not",
        Kind::Contradiction => "Tripline contradicts itself",
    };
    let mut text = format!("## {what} (round {})\n", round.seed);
    if round.queries.len() > MANY {
        let query = difference.query.map(|place| round.queries[place].to_string()).unwrap_or_default();
        let _ = writeln!(text, "It depends on other documents or queries of the round: {query} {}", difference.reason);
        return text;
    }
    let _ = writeln!(text, "Tripline: {}", said_by_tripline(round));
    for node in nodes {
        let _ = writeln!(text, "{}: {}", node.server.name(), said_by_node(round, node));
    }
    let lines = |values: Vec<String>| values.join(",\n    ");
    let queries = round.queries.iter().enumerate();
    let queries =
        queries.map(|(place, query)| json!({"id": Round::query_id(place), "query": query}).to_string()).collect();
    let _ = write!(
        text,
        "{{\n  \"notes\": {},\n  \"mapping\": {},\n  \"documents\": [\n    {}\n  ],\n  \"queries\": [\n    {}\n  ]\n}}\n",
        json!(what),
        round.mapping,
        lines(round.documents.iter().map(Value::to_string).collect()),
        lines(queries)
    );
    text
}

fn said_by_tripline(round: &Round) -> String {
    let opinion = match tripline::ask(round) {
        Ok(opinion) => opinion,
        Err(reason) => return format!("refuses the mapping: {reason}"),
    };
    if let Some((place, what)) = opinion.contradictions.first() {
        return format!("query {place}: {what}");
    }
    let answer = |answer: &Result<_, String>| match answer {
        Ok(found) => format!("finds {found:?}"),
        Err(reason) => format!("refuses the query: {reason}"),
    };
    let refused = opinion.refused_documents.values().map(|reason| format!("refuses the document: {reason}"));
    refused.chain(opinion.queries.iter().take(3).map(answer)).collect::<Vec<_>>().join("; ")
}

fn said_by_node(round: &Round, node: &Node) -> String {
    let index = format!("differential-{}-report", std::process::id());
    node.delete_index(&index);
    if let Err(reason) = node.create_index(&index, &round.mapping.to_string()) {
        return format!("refuses the mapping: {reason}");
    }
    let texts = |values: &[Value]| values.iter().map(Value::to_string).collect::<Vec<_>>();
    let documents = texts(&round.documents);
    let stored = node.store(&index, documents.iter().enumerate().map(|(id, text)| (id.to_string(), text.as_str())));
    let queries = texts(&round.queries);
    let queries: Vec<&str> = queries.iter().map(String::as_str).take(3).collect();
    let found = node.search(&index, &queries);
    node.delete_index(&index);
    let refused = stored.into_iter().flatten().flatten().map(|reason| format!("refuses the document: {reason}"));
    let answers = found.into_iter().flatten().map(|answer| match answer {
        Ok(found) => format!("finds {found:?}"),
        Err(reason) => format!("refuses the query: {reason}"),
    });
    refused.chain(answers).collect::<Vec<_>>().join("; ")
}
