//! The embedded percolator: which stored selectors select a document.
//!
//! 1. [`Document::read`] reads a member's JSON once: terms with positions, numbers, dates, one scope a nested object.
//! 2. `compile` turns a parsed query into a `Condition` under the mapping: fields resolved, texts analyzed.
//! 3. `segment` interns conditions and files every query under a small covering set of anchors (`anchor`).
//! 4. `matcher` looks the document's own terms up, and verifies the few candidates exactly; nested objects are bits of a `Mask`.
//!
//! Segments are immutable and swapped by pointer: readers never wait for writers. A new selector is a segment of its own at first;
//! segments of like size are merged, so that there are few.

mod anchor;
mod compile;
mod condition;
mod document;
mod explain;
mod geo;
mod mask;
mod matcher;
mod pattern;
mod phrase;
mod plan;
mod regexp;
mod segment;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use rustc_hash::FxHashMap;
use serde_json::Value;

use crate::mapping::Mapping;
use crate::member::MemberId;
use crate::percolator::compile::Compiler;
use crate::percolator::condition::Condition;
use crate::percolator::matcher::{Layout, Scratch, Visit};
use crate::percolator::segment::{Segment, SegmentBuilder, SubscriberNumber};
use crate::query::{self, QueryError};
use crate::subscription::SubscriptionId;

pub use document::{Document, DocumentError, Scope, Token, Values};
pub use explain::Explanation;
pub use plan::Plan;

/// Matches one document against all stored selectors at once, with the answers of Elasticsearch's search.
///
/// ```
/// use std::sync::Arc;
/// use serde_json::json;
/// use tripline::percolator::{CompiledSelector, Percolator};
/// use tripline::Mapping;
///
/// let mapping = Mapping::from_json(&json!({"properties": {
///     "headline": {"type": "text"},
///     "experience": {"type": "nested", "properties": {"company_name": {"type": "text"}, "date_to": {"type": "date"}}}
/// }}))?;
/// let percolator = Percolator::new(Arc::new(mapping));
///
/// let works_at_acme = percolator.compile(&json!({"nested": {"path": "experience", "query": {"bool": {
///     "must": {"match": {"experience.company_name": "acme"}},
///     "must_not": {"exists": {"field": "experience.date_to"}}
/// }}}}))?;
/// percolator.insert("acme".into(), CompiledSelector::Query(works_at_acme));
/// percolator.insert("everyone".into(), CompiledSelector::All);
///
/// let member = json!({"headline": "Engineer", "experience": [{"company_name": "Acme Ltd"}]});
/// let document = percolator.document(None, &member)?;
/// assert_eq!(percolator.matches(&document), ["acme".into(), "everyone".into()]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Percolator {
    mapping: Arc<Mapping>,
    limits: query::Limits,
    snapshot: ArcSwap<Snapshot>,
    writer: Mutex<Writer>,
    scratches: Mutex<Vec<Vec<Scratch>>>,
}

/// What readers see: never changed, replaced whole.
#[derive(Debug, Default, Clone)]
struct Snapshot {
    /// Rises with each change, so that readers of an older snapshot still find what was removed since.
    generation: u64,
    segments: Vec<Arc<Segment>>,
}

/// Where subscriptions are, and the number of the next segment; whoever changes the segments holds it.
#[derive(Debug, Default)]
struct Writer {
    places: FxHashMap<SubscriptionId, Place>,
    next_serial: u64,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    serial: u64,
    number: SubscriberNumber,
}

/// A query that has been checked against a mapping and can be matched.
#[derive(Debug, Clone, PartialEq)]
pub struct CompiledQuery {
    condition: Arc<Condition>,
}

/// A selector that can be stored in a percolator.
#[derive(Debug, Clone, PartialEq)]
pub enum CompiledSelector {
    /// Documents that the query finds.
    Query(CompiledQuery),
    /// Documents with these ids.
    Ids(Vec<MemberId>),
    /// Every document.
    All,
}

impl Percolator {
    /// An empty percolator for documents of this mapping.
    pub fn new(mapping: Arc<Mapping>) -> Percolator {
        Percolator {
            mapping,
            limits: query::Limits::default(),
            snapshot: ArcSwap::default(),
            writer: Mutex::default(),
            scratches: Mutex::default(),
        }
    }

    /// The mapping that queries are checked against and documents are read by.
    pub fn mapping(&self) -> &Arc<Mapping> {
        &self.mapping
    }

    /// Checks a query, a clause or `{"query": clause}`, and makes it ready to be stored.
    ///
    /// # Errors
    /// The clause, as a JSON pointer, and what is wrong with it: its shape, a clause or parameter that is not supported, an unknown
    /// field, a limit.
    pub fn compile(&self, query: &Value) -> Result<CompiledQuery, QueryError> {
        self.compile_restricted(query, &[])
    }

    /// As [`Percolator::compile`], but a query that uses one of these fields or a sub-field of theirs is refused, whatever clause hides
    /// it. Patterns and expansions to all fields leave them out.
    ///
    /// # Errors
    /// As [`Percolator::compile`].
    pub fn compile_restricted(&self, query: &Value, forbidden_fields: &[String]) -> Result<CompiledQuery, QueryError> {
        let parsed = query::parse(query, &self.limits)?;
        let condition = Compiler::new(&self.mapping, forbidden_fields).compile(&parsed)?;
        Ok(CompiledQuery { condition: Arc::new(condition) })
    }

    /// Stores a selector, in place of the one of this id if there is one. The next document sees it.
    pub fn insert(&self, id: SubscriptionId, selector: CompiledSelector) {
        self.insert_all(vec![(id, selector)]);
    }

    /// Stores many selectors at once, which costs less than one by one. The last of an id stays.
    pub fn insert_all(&self, selectors: Vec<(SubscriptionId, CompiledSelector)>) {
        let latest: FxHashMap<SubscriptionId, CompiledSelector> = selectors.into_iter().collect();
        if latest.is_empty() {
            return;
        }
        let mut builder = SegmentBuilder::default();
        for (id, selector) in &latest {
            builder.add(id.clone(), selector);
        }
        let mut writer = lock(&self.writer);
        let replaced: Vec<Place> = latest.keys().filter_map(|id| writer.places.get(id).copied()).collect();
        let mut next = self.snapshot.load().next();
        // From the next generation on a document sees the new selector, until then the old one; never both, never neither.
        for place in replaced {
            next.remove(place);
        }
        next.segments.push(writer.finish(builder));
        self.snapshot.store(Arc::new(next.clone()));
        if writer.merge_alike(&mut next.segments) {
            self.snapshot.store(Arc::new(next));
        }
    }

    /// Removes a selector; whether there was one.
    pub fn remove(&self, id: &SubscriptionId) -> bool {
        let mut writer = lock(&self.writer);
        let Some(place) = writer.places.remove(id) else { return false };
        let mut next = self.snapshot.load().next();
        next.remove(place);
        let is_sparse = |segment: &Arc<Segment>| segment.live() * 2 < segment.len();
        if next.segments.iter().any(is_sparse) {
            next.segments.retain(|segment| segment.live() > 0);
            for segment in next.segments.iter_mut().filter(|segment| is_sparse(segment)) {
                *segment = writer.merge(std::slice::from_ref(segment));
            }
        }
        self.snapshot.store(Arc::new(next));
        true
    }

    /// How many selectors are stored.
    pub fn len(&self) -> usize {
        lock(&self.writer).places.len()
    }

    /// Whether none is stored.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads a document, at this moment: `now` in queries is the time of this call.
    ///
    /// # Errors
    /// Where Elasticsearch would refuse to index it: the field, and what is wrong with its value.
    pub fn document(&self, id: Option<MemberId>, json: &Value) -> Result<Document, DocumentError> {
        Document::read(&self.mapping, id, json, Timestamp::now())
    }

    /// The selectors that select the document, sorted.
    pub fn matches(&self, document: &Document) -> Vec<SubscriptionId> {
        let snapshot = self.snapshot.load_full();
        let Snapshot { generation, segments } = &*snapshot;
        let layout = Layout::of(document);
        let mut scratches = lock(&self.scratches).pop().unwrap_or_default();
        scratches.retain(|scratch| segments.iter().any(|segment| segment.serial == scratch.serial));
        let mut found: Vec<SubscriptionId> = Vec::new();
        for segment in segments.iter() {
            let mut scratch = match scratches.iter().position(|scratch| scratch.serial == segment.serial) {
                Some(index) => scratches.swap_remove(index),
                None => Scratch::for_segment(segment),
            };
            Visit::begin(segment, &layout, &mut scratch)
                .selected(|number| found.extend(segment.subscriber(number, *generation).cloned()));
            scratches.push(scratch);
        }
        lock(&self.scratches).push(scratches);
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Why the query matches the document or not, clause by clause.
    pub fn explain(&self, query: &CompiledQuery, document: &Document) -> Explanation {
        explain::explain(&self.mapping, &query.condition, document)
    }

    /// How documents are led to the query once it is stored, and what that costs.
    pub fn plan(&self, query: &CompiledQuery) -> Plan {
        plan::plan(&self.mapping, &query.condition)
    }
}

impl Snapshot {
    fn next(&self) -> Snapshot {
        Snapshot { generation: self.generation + 1, segments: self.segments.clone() }
    }

    fn remove(&self, place: Place) {
        if let Some(segment) = self.segments.iter().find(|segment| segment.serial == place.serial) {
            segment.remove(place.number, self.generation);
        }
    }
}

impl Writer {
    fn finish(&mut self, builder: SegmentBuilder) -> Arc<Segment> {
        self.next_serial += 1;
        let segment = builder.finish(self.next_serial);
        for (number, id) in segment.subscribers() {
            self.places.insert(id.clone(), Place { serial: segment.serial, number });
        }
        Arc::new(segment)
    }

    fn merge(&mut self, segments: &[Arc<Segment>]) -> Arc<Segment> {
        let mut builder = SegmentBuilder::default();
        for segment in segments {
            builder.absorb(segment);
        }
        self.finish(builder)
    }

    /// Merges from the newest on as long as a segment is less than twice as large as the newer ones together: so there are at most
    /// logarithmically many, and each selector is merged that often at most. Whether there was anything to merge.
    fn merge_alike(&mut self, segments: &mut Vec<Arc<Segment>>) -> bool {
        let mut from = segments.len().saturating_sub(1);
        let mut newer = segments.last().map_or(0, |segment| segment.live());
        while let Some(older) = from.checked_sub(1).and_then(|index| segments.get(index)) {
            if older.live() >= newer * 2 {
                break;
            }
            newer += older.live();
            from -= 1;
        }
        let is_needed = from + 1 < segments.len();
        if is_needed {
            let merged = self.merge(&segments.split_off(from));
            segments.push(merged);
        }
        is_needed
    }
}

/// A panic while the lock was held left nothing half done that matters: segments are replaced whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
