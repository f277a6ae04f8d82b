//! Which nested objects a query found, beside the `inner_hits` of real nodes.
//!
//! `inner_hits/corpus.json` is a theme as those of `corpus/`; `inner_hits/answers.json` what Elasticsearch 9 said: by query and document,
//! under the pointer of each `nested` clause, where the found objects stand. `TRIPLINE_RECORD=1` records it anew. The random pairs need a
//! node; `TRIPLINE_SEED` and `TRIPLINE_ROUNDS` choose others and more of them.

mod elasticsearch;
mod random;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use tripline::percolator::{CompiledQuery, Document};
use tripline::{Mapping, Percolator};

use crate::nodes::{Node, Server, available};

/// By the pointer of a nested clause: the places of the objects that it found, outermost first.
type Found = BTreeMap<String, BTreeSet<Vec<usize>>>;
/// By document: only those that match.
type Matches = BTreeMap<usize, Found>;

/// A mapping, documents (their ids are their places) and queries.
pub struct Questions {
    mapping: Value,
    documents: Vec<Value>,
    queries: Vec<(String, Value)>,
}

#[test]
fn the_recorded_inner_hits_are_those_of_a_real_node() {
    let Some(node) = elasticsearch_9() else { return };
    let corpus = corpus();
    let answers = elasticsearch::ask(node, "theme", &corpus);
    if crate::recording() {
        let lines: Vec<String> = answers
            .iter()
            .map(|(id, matches)| format!("  {:?}: {}", id, serde_json::to_string(matches).unwrap()))
            .collect();
        fs::write(answers_file(), format!("{{\n{}\n}}\n", lines.join(",\n"))).expect("answers can be written");
    } else {
        assert_eq!(answers, recorded(), "the node's inner hits are not the recorded ones; see TRIPLINE_RECORD");
    }
}

#[test]
fn tripline_finds_the_objects_that_inner_hits_find() {
    if crate::recording() {
        return;
    }
    let differences = differences(&corpus(), &recorded());
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn tripline_finds_the_objects_that_inner_hits_find_for_random_queries() {
    let Some(node) = elasticsearch_9() else { return };
    let number = |name, default| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let first_seed: u64 = number("TRIPLINE_SEED", 7);
    for seed in first_seed..first_seed + number("TRIPLINE_ROUNDS", 1) {
        let questions = random::questions(seed, 120, 60);
        let answers = elasticsearch::ask(node, &format!("random-{seed}"), &questions);
        let differences = differences(&questions, &answers);
        assert!(
            differences.is_empty(),
            "seed {seed}: {} differences, the first:\n{}",
            differences.len(),
            differences[0]
        );
    }
}

/// In words, each pair for which Tripline finds other objects.
fn differences(questions: &Questions, answers: &BTreeMap<String, Matches>) -> Vec<String> {
    let percolator = Percolator::new(Arc::new(Mapping::from_json(&questions.mapping).expect("the mapping is good")));
    let read = |json: &Value| percolator.document(None, json).expect("the documents are good");
    let documents: Vec<Document> = questions.documents.iter().map(read).collect();
    let mut differences = Vec::new();
    for (id, query) in &questions.queries {
        let compiled = percolator.compile(query).unwrap_or_else(|error| panic!("{id}: {error}"));
        for (place, document) in documents.iter().enumerate() {
            let expected = answers[id].get(&place);
            let found = found(&percolator, &compiled, document);
            if found.as_ref() != expected {
                let json = &questions.documents[place];
                differences.push(format!(
                    "query {id} {query}\n  document {place} {json}\n  inner hits: {expected:?}\n  Tripline:   {found:?}"
                ));
            }
        }
    }
    differences
}

/// What Tripline finds; `None` where the query does not match.
fn found(percolator: &Percolator, query: &CompiledQuery, document: &Document) -> Option<Found> {
    let matched = percolator.matched_objects(query, document);
    let clauses = matched.into_iter().map(|clause| {
        assert!(!clause.objects.is_empty(), "a clause that found nothing is left out");
        (clause.pointer, clause.objects.into_iter().map(|place| place.0).collect())
    });
    let found: Found = clauses.collect();
    let matches = percolator.query_matches(query, document);
    assert!(matches || found.is_empty(), "only a query that matches finds objects");
    matches.then_some(found)
}

fn elasticsearch_9() -> Option<&'static Node> {
    available().into_iter().find(|node| node.server == Server::Elasticsearch9)
}

fn corpus() -> Questions {
    #[derive(Deserialize)]
    struct File {
        mapping: Value,
        documents: Vec<Value>,
        queries: Vec<Query>,
    }
    #[derive(Deserialize)]
    struct Query {
        id: String,
        query: Value,
    }
    let text = fs::read_to_string(folder().join("corpus.json")).expect("the theme is there");
    let File { mapping, documents, queries } = serde_json::from_str(&text).expect("the theme is JSON");
    Questions { mapping, documents, queries: queries.into_iter().map(|query| (query.id, query.query)).collect() }
}

fn recorded() -> BTreeMap<String, Matches> {
    let text = fs::read_to_string(answers_file()).expect("answers are recorded");
    serde_json::from_str(&text).expect("answers are JSON")
}

fn answers_file() -> PathBuf {
    folder().join("answers.json")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential/inner_hits")
}
