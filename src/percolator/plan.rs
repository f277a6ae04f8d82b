//! How a stored query is found: its anchors, and what they cost.

use serde::Serialize;

use crate::mapping::{Mapping, NestedId};
use crate::percolator::anchor::{Anchor, Cover};
use crate::percolator::condition::Condition;
use crate::percolator::segment::SegmentBuilder;

/// Which documents a stored query is verified against.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// What leads a document to the query: it is verified where the document has one of these; `description has the term "acme"`.
    /// Empty where every document is verified.
    pub anchors: Vec<String>,
    /// The share of the documents seen so far that have one of the anchors, from 0 to 1; `None` before there were any.
    pub estimated_selectivity: Option<f64>,
    /// What the subscriber should know of the costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

pub(super) fn plan(mapping: &Mapping, condition: &Condition) -> Plan {
    let mut builder = SegmentBuilder::default();
    let node = builder.intern_condition(condition, NestedId::ROOT);
    match Cover::of(builder.nodes(), node) {
        Some(cover) => Plan {
            anchors: cover.anchors.iter().map(|anchor| describe(mapping, anchor)).collect(),
            estimated_selectivity: None,
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

fn describe(mapping: &Mapping, anchor: &Anchor) -> String {
    let name = |field| &mapping.field_by_id(field).name;
    match anchor {
        Anchor::Term(field, term) => format!("{} has the term {term:?}", name(*field)),
        Anchor::Point(field, _) => format!("{} has the value", name(*field)),
        Anchor::Field(field) => format!("{} has a value", name(*field)),
        Anchor::Id(id) => format!("the id is {id}"),
    }
}
