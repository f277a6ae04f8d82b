//! Where Tripline and the nodes differ over a round.

use std::collections::BTreeMap;
use std::fmt;

use crate::case::{Answer, Answers};
use crate::nodes::Server;

use super::Round;
use super::second_opinion::PercolatorCounts;
use super::tripline::Opinion;

/// In what they differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Tripline refuses a mapping that nodes take.
    MappingRefused,
    /// Tripline refuses a document that nodes take.
    DocumentRefused,
    /// Tripline takes a document that nodes refuse.
    DocumentTaken,
    /// Tripline refuses a query that nodes take.
    QueryRefused,
    /// Tripline takes a query that nodes refuse.
    QueryTaken,
    /// Tripline does not find what nodes find.
    Missing,
    /// Tripline finds what nodes do not.
    Surplus,
    /// Tripline says two things at once, or panics.
    Contradiction,
}

/// A document, a query or a pair of both that is answered otherwise.
#[derive(Clone, Debug)]
pub struct Difference {
    pub kind: Kind,
    pub query: Option<usize>,
    pub document: Option<usize>,
    /// What Tripline says, where it gives a reason.
    pub reason: String,
}

/// How much was compared.
#[derive(Default)]
pub struct Counts {
    pub rounds: u64,
    pub pairs: u64,
    pub matching_pairs: u64,
    /// Queries that both refuse.
    pub refused_queries: u64,
    pub refused_documents: u64,
    /// Pairs about which the nodes themselves differ.
    pub nodes_differ: u64,
    /// Queries left out, for the newest node does not know what they ask, and the others differ or refuse them.
    pub left_out: u64,
    /// Rounds of which no node took the mapping.
    pub unasked: u64,
    /// Differences that are deliberate.
    pub known: u64,
    pub differences: u64,
    /// By server and clause: how often its percolator differs from its own search.
    pub percolators: BTreeMap<(String, String), PercolatorCounts>,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { rounds, pairs, matching_pairs, refused_queries, refused_documents, .. } = self;
        let percent = matching_pairs * 100 / (*pairs).max(1);
        writeln!(f, "{rounds} rounds, {pairs} pairs of a query and a document, {percent} % of them matching")?;
        writeln!(f, "{refused_queries} queries and {refused_documents} documents refused by both sides")?;
        writeln!(f, "{} queries about which nodes differ, {} left out for that", self.nodes_differ, self.left_out)?;
        writeln!(f, "{} mappings that no node takes", self.unasked)?;
        for ((server, clause), counts) in &self.percolators {
            let PercolatorCounts { refused, missing, extra } = counts;
            writeln!(f, "percolator of {server}, {clause}: {refused} refused, {missing} miss some, {extra} find more")?;
        }
        write!(f, "{} differences, and {} deliberate ones", self.differences, self.known)
    }
}

/// All differences, deliberate ones among them.
pub fn differences(round: &Round, answers: &Answers, opinion: &Opinion, counts: &mut Counts) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (id, document) in (0..).zip(0..round.documents.len()) {
        let kind = match (answers.refused_documents.contains(&id), opinion.refused_documents.get(&id)) {
            (true, None) => Kind::DocumentTaken,
            (false, Some(_)) => Kind::DocumentRefused,
            (true, Some(_)) => {
                counts.refused_documents += 1;
                continue;
            }
            (false, None) => continue,
        };
        let reason = opinion.refused_documents.get(&id).cloned().unwrap_or_default();
        differences.push(Difference { kind, query: None, document: Some(document), reason });
    }
    let compared: Vec<usize> = (0..round.documents.len())
        .filter(|document| {
            let id = *document as u64;
            !answers.refused_documents.contains(&id) && !opinion.refused_documents.contains_key(&id)
        })
        .collect();
    for (place, own) in opinion.queries.iter().enumerate() {
        let id = Round::query_id(place);
        if !is_plain(answers, &id) {
            counts.left_out += 1;
            continue;
        }
        // What the newest server has no mapping for it may yet take.
        let is_newest = answers.asked.first().is_some_and(|first| first == Server::Elasticsearch9.name());
        let difference = |kind, document, reason| Difference { kind, query: Some(place), document, reason };
        match (&answers.queries[&id], own) {
            (Answer::Refused, Err(_)) => counts.refused_queries += 1,
            (Answer::Refused, Ok(_)) if !is_newest => counts.left_out += 1,
            (Answer::Refused, Ok(_)) => differences.push(difference(Kind::QueryTaken, None, String::new())),
            (Answer::Matches(_), Err(reason)) => {
                differences.push(difference(Kind::QueryRefused, None, reason.clone()));
            }
            (Answer::Matches(expected), Ok(found)) => {
                for document in &compared {
                    let id = *document as u64;
                    counts.pairs += 1;
                    counts.matching_pairs += u64::from(expected.contains(&id));
                    let kind = match (expected.contains(&id), found.contains(&id)) {
                        (true, false) => Kind::Missing,
                        (false, true) => Kind::Surplus,
                        _ => continue,
                    };
                    differences.push(difference(kind, Some(*document), String::new()));
                }
            }
        }
    }
    let contradictions = opinion.contradictions.iter();
    differences.extend(contradictions.map(|(query, what)| Difference {
        kind: Kind::Contradiction,
        query: Some(*query),
        document: None,
        reason: what.clone(),
    }));
    for disagreement in answers.disagreements.values() {
        counts.nodes_differ += disagreement.queries.len() as u64;
    }
    differences
}

/// Whether it is clear what search answers: the newest server takes the query, or the others are of one mind.
fn is_plain(answers: &Answers, query: &str) -> bool {
    let newest = Server::Elasticsearch9.name();
    let dissents = |server: &str| {
        answers.disagreements.get(server).is_some_and(|disagreement| disagreement.queries.contains_key(query))
    };
    let newest_decides = answers.asked.first().is_some_and(|first| first == newest) && !dissents(newest);
    newest_decides || !answers.asked.iter().any(|server| server != newest && dissents(server))
}
