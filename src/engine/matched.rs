//! Which positions a subscription's query found: for those that want to be told so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use moka::sync::Cache;
use serde_json::Value;

use crate::change::Schema;
use crate::event::MatchedPosition;
use crate::mapping::{Mapping, NestedId};
use crate::percolator::{CompiledQuery, Document, Percolator};
use crate::store::{Store, StoreError};
use crate::subscription::{Selector, SubscriptionId};

/// The percolator keeps no query in a form that says where it matched, so the few that are asked are compiled anew and kept for a
/// while.
pub(super) struct Queries {
    store: Arc<dyn Store>,
    compiled: Cache<SubscriptionId, Compiled>,
}

/// A query, and the length of its text, which its memory follows.
#[derive(Clone)]
struct Compiled {
    query: CompiledQuery,
    text_bytes: u32,
}

/// So many bytes of queries' texts: about 20,000 plain queries, some ten times as much memory.
const CACHED_TEXT_BYTES: u64 = 4 << 20;

/// More positions of one member are not named in one event.
pub(super) const MAX_POSITIONS: usize = 100;

impl Queries {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        let weigher = |_: &SubscriptionId, compiled: &Compiled| compiled.text_bytes;
        Queries { store, compiled: Cache::builder().max_capacity(CACHED_TEXT_BYTES).weigher(weigher).build() }
    }

    /// The query of a subscription; `None` where it has none that can be matched.
    pub(super) fn of(
        &self,
        id: &SubscriptionId,
        percolator: &Percolator,
        forbidden_fields: &[String],
    ) -> Result<Option<CompiledQuery>, StoreError> {
        if let Some(known) = self.compiled.get(id) {
            return Ok(Some(known.query));
        }
        let Some(subscription) = self.store.subscription(id)? else { return Ok(None) };
        let Selector::EsDsl(clause) = subscription.row.selector else { return Ok(None) };
        // It was compiled when it was stored in the percolator, or it would not be told anything.
        let Ok(query) = percolator.compile_restricted(&clause, forbidden_fields) else { return Ok(None) };
        let text_bytes = u32::try_from(clause.to_string().len()).unwrap_or(u32::MAX);
        self.compiled.insert(id.clone(), Compiled { query: query.clone(), text_bytes });
        Ok(Some(query))
    }

    /// The subscription has another query now, or is gone.
    pub(super) fn forget(&self, id: &SubscriptionId) {
        self.compiled.invalidate(id);
    }
}

/// One version of a member as it is looked into for positions.
pub(super) struct Version<'v> {
    document: &'v Document,
    /// The nested objects that are positions; `None` where the mapping or the document has none.
    path: Option<NestedId>,
    experience: &'v Value,
}

impl<'v> Version<'v> {
    pub(super) fn new(mapping: &Mapping, schema: &Schema, json: &'v Value, document: &'v Document) -> Version<'v> {
        let (path, experience) = match schema.experience_in(json) {
            Some((name, experience)) => (mapping.nested(name), experience),
            None => (None, &Value::Null),
        };
        Version { document, path, experience }
    }

    /// The places of the positions that a query found, in order; of one that found objects within a position its place.
    pub(super) fn places(&self, percolator: &Percolator, query: &CompiledQuery) -> Vec<u32> {
        let Some(path) = self.path else { return Vec::new() };
        let mapping = percolator.mapping();
        let around = |inner: NestedId| std::iter::successors(Some(inner), |inner| mapping.nested_parent(*inner));
        // How many places lead to a position: one, unless the list of positions stands in nested objects itself.
        let level = around(path).filter(|outer| *outer != NestedId::ROOT).count();
        let mut places = BTreeSet::new();
        for found in percolator.matched_objects(query, self.document) {
            let is_within = mapping.nested(&found.path).is_some_and(|inner| around(inner).any(|outer| outer == path));
            if is_within {
                let of_level = |place: &[usize]| place.get(level.checked_sub(1)?).copied();
                places.extend(found.objects.iter().filter_map(|object| of_level(&object.0)));
            }
        }
        places.into_iter().filter_map(|place| u32::try_from(place).ok()).take(MAX_POSITIONS).collect()
    }

    /// Adds the entries at these places.
    pub(super) fn gather(&self, places: &[u32], entries: &mut BTreeMap<u32, Value>) {
        for place in places {
            if let Some(entry) = self.entry(*place) {
                entries.entry(*place).or_insert_with(|| entry.clone());
            }
        }
    }

    /// The positions at these places.
    pub(super) fn positions(&self, places: &[u32]) -> Vec<MatchedPosition> {
        let position = |place: &u32| MatchedPosition { place: *place, position: self.entry(*place).cloned() };
        places.iter().map(position).collect()
    }

    fn entry(&self, place: u32) -> Option<&'v Value> {
        nth(self.experience, &mut usize::try_from(place).ok()?)
    }
}

/// The entry of a list at a place, lists within the list laid end to end, as the percolator counts them.
fn nth<'v>(value: &'v Value, left: &mut usize) -> Option<&'v Value> {
    match value {
        Value::Array(items) => items.iter().find_map(|item| nth(item, left)),
        entry if *left == 0 => Some(entry),
        _ => {
            *left -= 1;
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn entries_are_counted_as_the_percolator_counts_them() {
        let list = json!([null, {"a": 1}, [{"a": 2}, [null, {"a": 3}]], {"a": 4}]);
        let entries: Vec<Option<&Value>> = (0..7).map(|place| nth(&list, &mut place.clone())).collect();
        let expected = [json!(null), json!({"a": 1}), json!({"a": 2}), json!(null), json!({"a": 3}), json!({"a": 4})];
        assert_eq!(entries, expected.iter().map(Some).chain([None]).collect::<Vec<_>>());
        assert_eq!(nth(&json!({"a": 5}), &mut 0), Some(&json!({"a": 5})));
    }
}
