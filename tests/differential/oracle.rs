//! What real nodes answer to a case.

use std::collections::{BTreeMap, BTreeSet};

use crate::case::{Answer, Answers, Case, Disagreement};
use crate::nodes::Node;

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
    let index = format!("differential-{}", case.name);
    node.delete_index(&index);
    node.create_index(&index, case.mapping.get()).ok()?;
    let documents = case.documents.iter().map(|(id, document)| (id.to_string(), document.get()));
    let stored = node.store(&index, documents).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let found = node
        .search(&index, case.queries.iter().map(|query| query.query.get()))
        .unwrap_or_else(|error| panic!("{}: {error}", case.name));
    node.delete_index(&index);

    let refused = case.documents.iter().zip(stored).filter(|(_, refusal)| refusal.is_some());
    let number = |id: String| id.parse().expect("documents are stored under numbers");
    Some(Opinion {
        server: node.server.name(),
        refused_documents: refused.map(|((id, _), _)| *id).collect(),
        matches: found.into_iter().map(|found| Some(found.ok()?.into_iter().map(number).collect())).collect(),
    })
}

/// Of each pair of query and document the first server decides that takes both: so the answer is that of the newest,
/// and what any of them takes is taken.
fn decide(case: &Case, opinions: &[Opinion]) -> Answers {
    let refused_by_all = |id: &u64| opinions.iter().all(|opinion| opinion.refused_documents.contains(id));
    let refused_documents: BTreeSet<u64> = case.documents.iter().map(|(id, _)| *id).filter(refused_by_all).collect();
    let mut queries = BTreeMap::new();
    for (place, query) in case.queries.iter().enumerate() {
        queries.insert(query.id.clone(), decide_query(case, opinions, place));
    }
    let disagreements = opinions
        .iter()
        .map(|opinion| (opinion.server.to_owned(), disagreement(case, opinion, &refused_documents, &queries)))
        .filter(|(_, disagreement)| *disagreement != Disagreement::default())
        .collect();
    let asked = opinions.iter().map(|opinion| opinion.server.to_owned()).collect();
    Answers { asked, refused_documents, queries, disagreements }
}

fn decide_query(case: &Case, opinions: &[Opinion], place: usize) -> Answer {
    if opinions.iter().all(|opinion| opinion.matches[place].is_none()) {
        return Answer::Refused;
    }
    let matches = |id: &u64| {
        let decider =
            opinions.iter().find(|opinion| !opinion.refused_documents.contains(id) && opinion.matches[place].is_some());
        decider.and_then(|opinion| opinion.matches[place].as_ref()).is_some_and(|matches| matches.contains(id))
    };
    Answer::Matches(case.documents.iter().map(|(id, _)| *id).filter(matches).collect())
}

fn disagreement(
    case: &Case,
    opinion: &Opinion,
    refused_documents: &BTreeSet<u64>,
    decided: &BTreeMap<String, Answer>,
) -> Disagreement {
    let mut queries = BTreeMap::new();
    for (query, matches) in case.queries.iter().zip(&opinion.matches) {
        let own = matches.clone().map_or(Answer::Refused, Answer::Matches);
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
        queries,
    }
}
