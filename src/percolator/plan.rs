//! How a stored query is found: its anchors, and what they cost.

use serde::Serialize;

use crate::mapping::{Mapping, NestedId};
use crate::percolator::anchor::{Anchor, Cover};
use crate::percolator::cell::Cell;
use crate::percolator::condition::Condition;
use crate::percolator::features::{FeatureId, Quality};
use crate::percolator::maintenance::Snapshot;
use crate::percolator::queries::{Queries, QueriesBuilder};
use crate::percolator::statistics::Statistics;

/// Which documents a stored query is held against.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// What leads a document to the query, which is held against it where the document has one of these, such as
    /// `headline has the term "acme"`. Empty where nothing leads to it: every document is then held against it, or none.
    pub anchors: Vec<String>,
    /// The share of the documents seen so far that have one of the anchors, at most, from 0 to 1; `None` before there were any.
    pub estimated_selectivity: Option<f64>,
    /// What the subscriber should know of the costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// So many documents are enough to say how selective a query is.
const ENOUGH_DOCUMENTS: u32 = 16;

pub(super) fn plan(mapping: &Mapping, condition: &Condition, snapshot: &Snapshot) -> Plan {
    let mut builder = QueriesBuilder::default();
    let node = builder.condition(condition, NestedId::ROOT);
    builder.subscribe(node, 0);
    let queries = builder.finish();
    let contents = snapshot.segments.iter().map(|segment| (&segment.content.queries, &segment.content.statistics));
    let statistics = Statistics::merged(&queries, contents);
    match Cover::of(&queries, &statistics, node) {
        Some(cover) => Plan {
            anchors: cover.anchors.iter().map(|filed| describe(mapping, &queries, filed.anchor)).collect(),
            estimated_selectivity: (statistics.documents() >= ENOUGH_DOCUMENTS).then(|| cover.frequency.min(1.0)),
            warning: None,
        },
        None => Plan {
            anchors: Vec::new(),
            estimated_selectivity: Some(1.0),
            warning: Some(
                "nothing that a document has leads to this query, so that every document is held against it; \
                 add a clause that demands a term, a value or an id"
                    .to_owned(),
            ),
        },
    }
}

fn describe(mapping: &Mapping, queries: &Queries, anchor: Anchor) -> String {
    let name = |field| &*mapping.field_by_id(field).name;
    match anchor {
        Anchor::Feature(feature) => describe_feature(mapping, queries, feature),
        Anchor::Range { field, .. } => format!("{} has a value in the range", name(field)),
    }
}

fn describe_feature(mapping: &Mapping, queries: &Queries, feature: FeatureId) -> String {
    let (space, bytes) = queries.features.get(feature);
    let text = String::from_utf8_lossy(bytes);
    let name = || &*mapping.field_by_id(space.field()).name;
    match space.quality() {
        Quality::Term => format!("{} has the term {text:?}", name()),
        Quality::Point => format!("{} has the value", name()),
        Quality::Value => format!("{} has a value", name()),
        Quality::Prefix => format!("{} has a term that begins with {text:?}", name()),
        Quality::Cell => match Cell::from_bytes(bytes) {
            Some(cell) => format!("{} has a point in {}", name(), cell.bounds()),
            None => format!("{} has a point in a cell", name()),
        },
        Quality::Id => format!("the id is {text}"),
    }
}
