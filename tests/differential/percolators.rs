//! The second opinion: what the nodes' own percolators find, beside what their searches find.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::case::{Answer, Answers, Case, Deviation, SecondOpinion};
use crate::nodes::Node;

/// The field that holds the stored queries; no case has one of this name.
const FIELD: &str = "stored_query";
/// Documents percolated in one request.
const BATCH: usize = 100;

/// How the percolator of each node that has one differs from that node's search. `answers` are the nodes' to the same case.
pub fn ask(case: &Case, answers: &Answers, nodes: &[&Node]) -> BTreeMap<String, SecondOpinion> {
    let asked = nodes
        .iter()
        .filter(|node| node.server.has_percolator() && answers.asked.iter().any(|server| server == node.server.name()));
    std::thread::scope(|scope| {
        let asking: Vec<_> = asked
            .map(|node| scope.spawn(move || (node.server.name().to_owned(), opinion(case, answers, node))))
            .collect();
        let opinions = asking.into_iter().map(|thread| thread.join().expect("percolating does not panic"));
        opinions.filter(|(_, opinion)| *opinion != SecondOpinion::default()).collect()
    })
}

fn opinion(case: &Case, answers: &Answers, node: &Node) -> SecondOpinion {
    let index = format!("differential-{}-{}-stored", std::process::id(), case.name);
    node.delete_index(&index);
    let made = node.create_index(&index, &with_queries(case.mapping.get()));
    made.unwrap_or_else(|reason| panic!("{} on {}: {reason}", case.name, node.server.name()));
    let own = OwnSearch { answers, server: node.server.name() };
    let comparable: Vec<(&str, BTreeSet<u64>)> =
        case.queries.iter().filter_map(|query| Some((query.id.as_str(), own.finds(&query.id)?))).collect();

    let stored: Vec<String> = case
        .queries
        .iter()
        .filter(|query| comparable.iter().any(|(id, _)| *id == query.id))
        .map(|query| format!("{{\"{FIELD}\": {}}}", query.query.get()))
        .collect();
    let places = (0..stored.len()).map(|place| place.to_string());
    let refusals = node
        .store(&index, places.zip(stored.iter().map(String::as_str)))
        .unwrap_or_else(|error| panic!("{}: {error}", case.name));

    let mut percolated = Percolated { found: vec![BTreeSet::new(); stored.len()], refused: BTreeSet::new() };
    let documents: Vec<_> =
        case.documents.iter().filter(|(id, _)| own.takes(*id)).map(|(id, text)| (*id, text.get())).collect();
    for batch in documents.chunks(BATCH) {
        percolated.add(node, &index, batch);
    }
    node.delete_index(&index);

    let Percolated { found, refused } = percolated;
    let mut opinion = SecondOpinion { refused_documents: refused, ..SecondOpinion::default() };
    for (((id, expected), found), refusal) in comparable.into_iter().zip(found).zip(refusals) {
        let deviation = Deviation {
            missing: expected
                .difference(&found)
                .filter(|id| !opinion.refused_documents.contains(id))
                .copied()
                .collect(),
            extra: found.difference(&expected).copied().collect(),
        };
        if refusal.is_some() {
            opinion.refused.insert(id.to_owned());
        } else if deviation != Deviation::default() {
            opinion.queries.insert(id.to_owned(), deviation);
        }
    }
    opinion
}

/// What was percolated so far.
struct Percolated {
    /// In the order of the stored queries.
    found: Vec<BTreeSet<u64>>,
    refused: BTreeSet<u64>,
}

impl Percolated {
    fn add(&mut self, node: &Node, index: &str, documents: &[(u64, &str)]) {
        let texts: Vec<&str> = documents.iter().map(|(_, text)| *text).collect();
        match (node.percolate(index, FIELD, &texts), documents) {
            (Ok(pairs), _) => {
                for (query, slot) in pairs {
                    let place: usize = query.parse().expect("queries are stored under numbers");
                    self.found[place].insert(documents[slot].0);
                }
            }
            (Err(_), []) => {}
            (Err(_), [(id, _)]) => {
                self.refused.insert(*id);
            }
            // One that cannot be read refuses them all: it is sought by halves.
            (Err(_), many) => {
                let (left, right) = many.split_at(many.len() / 2);
                self.add(node, index, left);
                self.add(node, index, right);
            }
        }
    }
}

/// The mapping with a field for queries.
fn with_queries(mapping: &str) -> String {
    let mut body: Value = serde_json::from_str(mapping).expect("a mapping is JSON");
    body["mappings"]["properties"][FIELD] = json!({"type": "percolator"});
    body.to_string()
}

/// What one server's search answers, put together from the decided answers and where the server differs.
struct OwnSearch<'a> {
    answers: &'a Answers,
    server: &'static str,
}

impl OwnSearch<'_> {
    /// Whether it takes the document, and so do those who decide.
    fn takes(&self, document: u64) -> bool {
        let refused = |disagreement: &crate::case::Disagreement| disagreement.refused_documents.contains(&document);
        !self.answers.refused_documents.contains(&document)
            && !self.answers.disagreements.get(self.server).is_some_and(refused)
    }

    /// `None` where it refuses the query.
    fn finds(&self, query: &str) -> Option<BTreeSet<u64>> {
        let own = self.answers.disagreements.get(self.server).and_then(|disagreement| disagreement.queries.get(query));
        match own.or_else(|| self.answers.queries.get(query))? {
            Answer::Refused => None,
            Answer::Matches(found) => Some(found.iter().copied().filter(|id| self.takes(*id)).collect()),
        }
    }
}
