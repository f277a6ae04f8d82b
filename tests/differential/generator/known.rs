//! Where Tripline differs from the nodes on purpose, and how such a difference is recognised.
//!
//! `docs/query-dsl.md` says the same to users. What the generator does not draw at all: unknown fields, expansion limits
//! (`max_expansions`, top terms), `min_score`, scripts.

use serde_json::Value;

use super::Round;
use super::verdict::{Difference, Kind};
use crate::case::Answer;
use crate::nodes::Node;
use crate::oracle;

/// Refusals that are deliberate, by a part of Tripline's error.
const REFUSALS: &[&str] = &[
    // A typo must not become silence.
    "unknown field",
    // Nodes read it only where it decides.
    "minimum_should_match",
    // An accident of reading: an object or an array as a term, an empty name of a field.
    "must be a string, number or boolean",
    "has an empty field name",
    "must be a field name, not empty",
    // Said of a clause, with the reason.
    "is not supported",
    // Nodes mostly refuse it too, but some clauses ask such a field and find nothing.
    "so that no query can find its values",
    "of type \"geo_point\" cannot be asked by",
    // Nodes find nothing where they do not come to read it: a text without words, a broken expression in a query text.
    "must be a number of at least 1",
    "bad regular expression",
    // Nodes find nothing where no document has the field, else they refuse it.
    "was indexed without positions",
    // A field's own name finds what is meant.
    "never find the words of one",
    // Nodes refuse phrases on fields without positions as soon as a document has the field.
    "which takes text fields",
];

/// Parameters in which clauses stand.
const CLAUSES_IN: &[&str] = &["must", "filter", "should", "must_not", "query", "queries", "positive", "negative"];

pub fn is_deliberate(difference: &Difference, round: &Round, nodes: &[&Node]) -> bool {
    difference.kind == Kind::QueryRefused
        && (REFUSALS.iter().any(|error| difference.reason.contains(error))
            || is_refused_alone(difference, round, nodes))
}

/// Nodes never look at a clause whose answer cannot matter; Tripline says what is wrong with it. Asked for alone, nodes refuse it too.
fn is_refused_alone(difference: &Difference, round: &Round, nodes: &[&Node]) -> bool {
    let Some(query) = difference.query.map(|place| &round.queries[place]) else { return false };
    let Some(clause) = blamed_clause(query, &difference.reason) else { return false };
    let alone = Round { queries: vec![clause], ..round.clone() };
    let answers = oracle::ask(&alone.case(), nodes);
    answers.queries.values().all(|answer| *answer == Answer::Refused)
}

/// The innermost clause that the JSON pointer at the error's end leads into, where it is a part of the query.
fn blamed_clause(query: &Value, reason: &str) -> Option<Value> {
    let (_, pointer) = reason.rsplit_once(" at /")?;
    let mut blamed = None;
    let mut place = query;
    let mut holds_clauses = false;
    for step in pointer.split('/') {
        place = match place {
            Value::Object(entries) => entries.get(step)?,
            Value::Array(items) => items.get(step.parse::<usize>().ok()?)?,
            _ => return blamed,
        };
        holds_clauses = CLAUSES_IN.contains(&step) || (holds_clauses && step.parse::<usize>().is_ok());
        if holds_clauses && place.is_object() {
            blamed = Some(place.clone());
        }
    }
    blamed
}
