//! The embedded percolator: which stored selectors select a document.
//!
//! 1. [`Document::read`] reads a member's JSON once: terms with positions, numbers, dates, one scope a nested object.
//! 2. `compile` turns a parsed query into a `Condition` under the mapping: fields resolved, texts analyzed.
//! 3. `queries` interns conditions over `features`, what a document has or has not; `filing` files every query under a small covering
//!    set of them (`anchor`), chosen by what `statistics` has seen.
//! 4. `matcher` looks the document's own features up, and verifies the few candidates exactly; nested objects are bits of a `Mask`.
//!
//! A `segment` is immutable and swapped by pointer: readers never wait for writers. A new selector is a segment of its own at first;
//! `maintenance` merges segments of like size, so that there are few, and files them anew as it learns.

mod anchor;
mod cell;
mod compile;
mod condition;
mod document;
mod elasticsearch;
mod explain;
mod features;
mod field_set;
mod filing;
mod geo;
mod maintenance;
mod mask;
mod matcher;
mod pattern;
mod phrase;
mod plan;
mod positions;
mod present;
mod queries;
mod range_index;
mod regexp;
mod segment;
mod statistics;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::Value;

use crate::mapping::Mapping;
use crate::member::MemberId;
use crate::percolator::compile::Compiler;
use crate::percolator::condition::Condition;
use crate::percolator::maintenance::{Shelf, Snapshot, lock};
use crate::percolator::matcher::{Layout, Scratch, Visit};
use crate::percolator::segment::SegmentBuilder;
use crate::query::{self, QueryError};
use crate::subscription::SubscriptionId;

pub use document::{Document, DocumentError, Scope, Token, Values};
pub use elasticsearch::Dialect;
pub use explain::{Explanation, Holding, MatchedObjects, ObjectPlace};
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
    shelf: Arc<Shelf>,
    /// How many documents were matched, from 2³² on again from 0.
    matched: AtomicU32,
    scratches: Mutex<Vec<Scratch>>,
}

/// The first documents are all counted for the statistics, later ones of so many only one.
const COUNTED_AT_FIRST: u32 = 512;
const COUNTED_ONE_OF: u32 = 16;

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

/// Selectors that are stored at once.
#[derive(Debug)]
pub struct SelectorBatch<'p> {
    percolator: &'p Percolator,
    builder: SegmentBuilder,
}

impl SelectorBatch<'_> {
    /// Adds a selector; the last of an id stays.
    pub fn add(&mut self, id: SubscriptionId, selector: &CompiledSelector) {
        self.builder.add(id, selector);
    }

    /// Stores them all. The next document sees them.
    pub fn store(self) {
        self.percolator.shelf.put(self.builder);
    }
}

impl Percolator {
    /// An empty percolator for documents of this mapping.
    pub fn new(mapping: Arc<Mapping>) -> Percolator {
        Percolator {
            mapping,
            limits: query::Limits::default(),
            shelf: Arc::default(),
            matched: AtomicU32::new(0),
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
    pub fn insert_all(&self, selectors: impl IntoIterator<Item = (SubscriptionId, CompiledSelector)>) {
        let mut batch = self.batch();
        for (id, selector) in selectors {
            batch.add(id, &selector);
        }
        batch.store();
    }

    /// An empty batch of selectors that are to be stored at once. Compiled selectors take far more memory than stored ones, so that
    /// very many are best compiled one by one into a batch.
    pub fn batch(&self) -> SelectorBatch<'_> {
        SelectorBatch { percolator: self, builder: SegmentBuilder::default() }
    }

    /// Removes a selector; whether there was one.
    pub fn remove(&self, id: &SubscriptionId) -> bool {
        self.shelf.remove(id)
    }

    /// How many selectors are stored.
    pub fn len(&self) -> usize {
        self.shelf.len()
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
        let fields = Arc::clone(&self.shelf.snapshot().fields);
        Document::read_for(&self.mapping, id, json, Timestamp::now(), Some(fields))
    }

    /// The selectors that select the document, sorted.
    pub fn matches(&self, document: &Document) -> Vec<SubscriptionId> {
        let snapshot = self.shelf.snapshot();
        let Snapshot { generation, segments, fields } = &*snapshot;
        let matched = self.matched.fetch_add(1, Ordering::Relaxed);
        let is_counted = matched < COUNTED_AT_FIRST || matched.is_multiple_of(COUNTED_ONE_OF);
        // A selector that came since the document was read may ask for more of it.
        let completed = (!document.covers(fields, &self.mapping)).then(|| document.completed(&self.mapping));
        let layout = Layout::of(completed.as_deref().unwrap_or(document));
        let mut scratch = lock(&self.scratches).pop().unwrap_or_default();
        let (mut numbers, mut found) = (Vec::new(), Vec::new());
        for segment in segments {
            let content = &*segment.content;
            let mut visit = Visit::begin(content, &layout, &mut scratch);
            numbers.clear();
            visit.selected(segment, &mut numbers);
            found.extend(numbers.iter().filter_map(|number| content.subscriber(*number, *generation)).cloned());
            if is_counted {
                visit.count();
            }
        }
        lock(&self.scratches).push(scratch);
        if is_counted {
            self.shelf.learn();
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Why the query matches the document or not, clause by clause.
    pub fn explain(&self, query: &CompiledQuery, document: &Document) -> Explanation {
        explain::explain(&self.mapping, &query.condition, &document.completed(&self.mapping))
    }

    /// Whether this one query, stored or not, matches the document.
    pub fn query_matches(&self, query: &CompiledQuery, document: &Document) -> bool {
        explain::matches(&query.condition, &document.completed(&self.mapping))
    }

    /// Which nested objects the query found in a document that it matches: what Elasticsearch gives as `inner_hits` of each `nested`
    /// clause. Empty where it does not match, or has no such clause.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use serde_json::json;
    /// use tripline::{Mapping, Percolator};
    ///
    /// let percolator = Percolator::new(Arc::new(Mapping::clean_member()?));
    /// let query = percolator.compile(&json!({"nested": {"path": "experience", "query": {"match": {"experience.title": "engineer"}}}}))?;
    /// let member = json!({"experience": [{"title": "Engineer"}, {"title": "Nurse"}, {"title": "Lead Engineer"}]});
    ///
    /// let matched = percolator.matched_objects(&query, &percolator.document(None, &member)?);
    /// assert_eq!(matched[0].path, "experience");
    /// assert_eq!(serde_json::to_value(&matched[0].objects)?, json!([[0], [2]]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn matched_objects(&self, query: &CompiledQuery, document: &Document) -> Vec<MatchedObjects> {
        explain::matched_objects(&self.mapping, &query.condition, &document.completed(&self.mapping))
    }

    /// How documents are led to the query once it is stored, and what that costs.
    pub fn plan(&self, query: &CompiledQuery) -> Plan {
        plan::plan(&self.mapping, &query.condition, &self.shelf.snapshot())
    }
}
