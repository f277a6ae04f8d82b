//! How often the nodes' own percolators differ from their searches, by the clause that was stored.

use std::collections::BTreeMap;

use super::Round;
use crate::nodes::Node;
use crate::{oracle, percolators};

/// Of the stored queries of one clause on one server.
#[derive(Default)]
pub struct PercolatorCounts {
    /// Queries that the search takes and the percolator refuses.
    pub refused: u64,
    /// Queries that do not find all that the search finds.
    pub missing: u64,
    /// Queries that find more than the search finds.
    pub extra: u64,
}

pub fn count(round: &Round, nodes: &[&Node], counts: &mut BTreeMap<(String, String), PercolatorCounts>) {
    let case = round.case();
    let answers = oracle::ask(&case, nodes);
    let clause = |id: &str| {
        let query = id.parse().ok().and_then(|place: usize| round.queries.get(place));
        let name = query.and_then(|query| query.as_object()?.keys().next().cloned());
        name.unwrap_or_default()
    };
    for (server, opinion) in percolators::ask(&case, &answers, nodes) {
        let key = |id: &str| (server.clone(), clause(id));
        for id in &opinion.refused {
            counts.entry(key(id)).or_default().refused += 1;
        }
        for (id, deviation) in &opinion.queries {
            let counts = counts.entry(key(id)).or_default();
            counts.missing += u64::from(!deviation.missing.is_empty());
            counts.extra += u64::from(!deviation.extra.is_empty());
        }
    }
}
