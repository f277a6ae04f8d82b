//! What real nodes answer to a case.

use std::collections::{BTreeMap, BTreeSet};

use crate::case::{Answer, Answers, Case, Disagreement};
use crate::nodes::Node;

/// Queries asked in one request.
const BATCH: usize = 100;

/// One node's answers.
struct Opinion {
    server: &'static str,
    refused_documents: BTreeSet<u64>,
    /// In the order of the case; `None` where the node refuses the query.
    matches: Vec<Option<BTreeSet<u64>>>,
}

/// Asks every node that takes the mapping.
pub fn ask(case: &Case, nodes: &[&Node]) -> Answers {
    // Nodes are independent of each other.
    let opinions: Vec<Opinion> = std::thread::scope(|scope| {
        let asking: Vec<_> = nodes.iter().map(|node| scope.spawn(move || opinion(case, node))).collect();
        asking.into_iter().filter_map(|thread| thread.join().expect("asking a node does not panic")).collect()
    });
    decide(case, &opinions)
}

fn opinion(case: &Case, node: &Node) -> Option<Opinion> {
    // Nodes that run already may be asked by several at once.
    let index = format!("differential-{}-{}", std::process::id(), case.name);
    node.delete_index(&index);
    node.create_index(&index, case.mapping.get()).ok()?;
    let documents = case.documents.iter().map(|(id, document)| (id.to_string(), document.get()));
    let stored = node.store(&index, documents).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let queries: Vec<&str> = case.queries.iter().map(|query| query.query.get()).collect();
    let mut found = Vec::with_capacity(queries.len());
    for batch in queries.chunks(BATCH) {
        found.extend(node.search(&index, batch).unwrap_or_else(|error| panic!("{}: {error}", case.name)));
    }
    node.delete_index(&index);

    let refused = case.documents.iter().zip(stored).filter(|(_, refusal)| refusal.is_some());
    let number = |id: String| id.parse().expect("documents are stored under numbers");
    Some(Opinion {
        server: node.server.name(),
        refused_documents: refused.map(|((id, _), _)| *id).collect(),
        matches: found.into_iter().map(|found| Some(found.ok()?.into_iter().map(number).collect())).collect(),
    })
}

/// The first server that was asked decides which documents are taken. A query is taken where any server takes it; of each
/// pair of query and document the first server decides that takes both.
fn decide(case: &Case, opinions: &[Opinion]) -> Answers {
    let refused_documents = opinions.first().map(|opinion| opinion.refused_documents.clone()).unwrap_or_default();
    let mut queries = BTreeMap::new();
    for (place, query) in case.queries.iter().enumerate() {
        queries.insert(query.id.clone(), decide_query(case, opinions, &refused_documents, place));
    }
    let disagreements = opinions
        .iter()
        .map(|opinion| (opinion.server.to_owned(), disagreement(opinion, &refused_documents, &queries, case)))
        .filter(|(_, disagreement)| *disagreement != Disagreement::default())
        .collect();
    let asked = opinions.iter().map(|opinion| opinion.server.to_owned()).collect();
    Answers { asked, refused_documents, queries, disagreements, percolators: BTreeMap::new() }
}

fn decide_query(case: &Case, opinions: &[Opinion], refused_documents: &BTreeSet<u64>, place: usize) -> Answer {
    if opinions.iter().all(|opinion| opinion.matches[place].is_none()) {
        return Answer::Refused;
    }
    let matches = |id: &u64| {
        let decider =
            opinions.iter().find(|opinion| !opinion.refused_documents.contains(id) && opinion.matches[place].is_some());
        decider.and_then(|opinion| opinion.matches[place].as_ref()).is_some_and(|matches| matches.contains(id))
    };
    let taken = case.documents.iter().map(|(id, _)| *id).filter(|id| !refused_documents.contains(id));
    Answer::Matches(taken.filter(matches).collect())
}

fn disagreement(
    opinion: &Opinion,
    refused_documents: &BTreeSet<u64>,
    decided: &BTreeMap<String, Answer>,
    case: &Case,
) -> Disagreement {
    let mut queries = BTreeMap::new();
    for (query, matches) in case.queries.iter().zip(&opinion.matches) {
        let own = match matches {
            Some(matches) => Answer::Matches(matches.difference(refused_documents).copied().collect()),
            None => Answer::Refused,
        };
        let comparable = match &decided[&query.id] {
            Answer::Refused => Answer::Refused,
            Answer::Matches(ids) => Answer::Matches(ids.difference(&opinion.refused_documents).copied().collect()),
        };
        if own != comparable {
            queries.insert(query.id.clone(), own);
        }
    }
    Disagreement {
        refused_documents: opinion.refused_documents.difference(refused_documents).copied().collect(),
        accepted_documents: refused_documents.difference(&opinion.refused_documents).copied().collect(),
        queries,
    }
}
