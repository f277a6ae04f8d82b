//! Tripline's answers to a round: each query alone, all of them stored together, and explained.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tripline::percolator::{CompiledQuery, CompiledSelector, Document};
use tripline::{Mapping, MemberId, Percolator, SubscriptionId};

use super::Round;

/// What Tripline says of a round. Documents and queries are named by their places.
pub struct Opinion {
    /// Documents that it refuses, and why.
    pub refused_documents: BTreeMap<u64, String>,
    /// What each query finds, or why it is refused.
    pub queries: Vec<Result<BTreeSet<u64>, String>>,
    /// Where it says two things at once, or panics: the query's place, and what.
    pub contradictions: Vec<(usize, String)>,
}

/// # Errors
///
/// Why the mapping is refused.
pub fn ask(round: &Round) -> Result<Opinion, String> {
    let mapping = guarded(|| Mapping::from_json(&round.mapping).map_err(|error| error.to_string()))??;
    let mapping = Arc::new(mapping);
    let shared = Percolator::new(mapping.clone());
    let mut refused_documents = BTreeMap::new();
    let mut documents = Vec::new();
    for (id, json) in (0..).zip(&round.documents) {
        match guarded(|| shared.document(MemberId::try_from(id).ok(), json).map_err(|error| error.to_string())) {
            Ok(Ok(document)) => documents.push((id, document)),
            Ok(Err(reason)) | Err(reason) => {
                refused_documents.insert(id, reason);
            }
        }
    }
    let mut opinion = Opinion { refused_documents, queries: Vec::new(), contradictions: Vec::new() };
    let mut compiled = Vec::new();
    for (place, query) in round.queries.iter().enumerate() {
        let answer = match guarded(|| shared.compile(query).map_err(|error| error.to_string())) {
            Ok(Ok(query)) => {
                let found = alone(&mapping, place, &query, &documents, &mut opinion.contradictions);
                compiled.push((place, query));
                Ok(found)
            }
            Ok(Err(reason)) => Err(reason),
            Err(panic) => {
                opinion.contradictions.push((place, panic.clone()));
                Err(panic)
            }
        };
        opinion.queries.push(answer);
    }
    let removed = store(&shared, &compiled);
    for (id, document) in &documents {
        let found = guarded(|| shared.matches(document)).unwrap_or_default();
        for (place, _) in &compiled {
            let is_found = found.binary_search(&name(*place)).is_ok();
            let is_expected =
                !removed.contains(place) && opinion.queries[*place].as_ref().is_ok_and(|found| found.contains(id));
            if is_found != is_expected {
                let what = format!("stored with others it finds document {id}: {is_found}, it should: {is_expected}");
                opinion.contradictions.push((*place, what));
            }
        }
    }
    Ok(opinion)
}

/// What a percolator that holds nothing else says.
fn alone(
    mapping: &Arc<Mapping>,
    place: usize,
    query: &CompiledQuery,
    documents: &[(u64, Document)],
    contradictions: &mut Vec<(usize, String)>,
) -> BTreeSet<u64> {
    let percolator = Percolator::new(mapping.clone());
    percolator.insert(name(place), CompiledSelector::Query(query.clone()));
    let mut found = BTreeSet::new();
    for (id, document) in documents {
        let is_found = match guarded(|| !percolator.matches(document).is_empty()) {
            Ok(is_found) => is_found,
            Err(panic) => {
                contradictions.push((place, panic));
                continue;
            }
        };
        if is_found {
            found.insert(*id);
        }
        // Explaining costs more than matching: a sample is enough.
        if (*id + place as u64).is_multiple_of(5) {
            match guarded(|| percolator.explain(query, document).matches) {
                Ok(explained) if explained == is_found => {}
                Ok(_) => contradictions.push((place, format!("explained otherwise than matched: document {id}"))),
                Err(panic) => contradictions.push((place, panic)),
            }
        }
    }
    found
}

/// Stores the queries as users would over time: one by one and many at once, replaced, removed, and stored again. Gives the places of those that
/// are removed at the end.
fn store(percolator: &Percolator, compiled: &[(usize, CompiledQuery)]) -> BTreeSet<usize> {
    let selector = |query: &CompiledQuery| CompiledSelector::Query(query.clone());
    let every = |step: usize| compiled.iter().filter(move |(place, _)| place.is_multiple_of(step));
    percolator.insert_all(every(3).map(|(place, _)| (name(*place), CompiledSelector::All)));
    let mut rest = compiled;
    for step in 1.. {
        let (now, later) = rest.split_at(rest.len().min(step));
        if step.is_multiple_of(2) {
            percolator.insert_all(now.iter().map(|(place, query)| (name(*place), selector(query))));
        } else {
            now.iter().for_each(|(place, query)| percolator.insert(name(*place), selector(query)));
        }
        if later.is_empty() {
            break;
        }
        rest = later;
    }
    for (place, _) in every(5) {
        percolator.remove(&name(*place));
    }
    for (place, query) in every(10) {
        percolator.insert(name(*place), selector(query));
    }
    every(5).map(|(place, _)| *place).filter(|place| !place.is_multiple_of(10)).collect()
}

fn name(place: usize) -> SubscriptionId {
    SubscriptionId::from(format!("{place:04}").as_str())
}

/// A panic as what it said.
fn guarded<T>(ask: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(ask)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        format!("panicked: {}", text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("?"))
    })
}
