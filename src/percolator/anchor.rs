//! Anchors: what a document must hold, at least one of them, to fulfil a query.
//!
//! Every query is filed under a small covering set of anchors, the cheapest that its shape allows: of a conjunction one part is
//! enough, of a disjunction every part is needed, of "at least n of m" any m−n+1 parts. A document's own terms then lead to the few
//! queries that it could fulfil. (The idea is that of Elasticsearch's `QueryAnalyzer` and Lucene Monitor's presearcher.)

use crate::mapping::{FieldId, PointRange};
use crate::percolator::condition::Test;
use crate::percolator::phrase::Phrase;
use crate::percolator::segment::{Kind, Node, NodeId};

/// Something that a document has or has not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Anchor {
    /// A term in a field, of whatever object.
    Term(FieldId, Box<str>),
    /// A point in a field.
    Point(FieldId, i128),
    /// Any value in a field.
    Field(FieldId),
    /// The document's id.
    Id(Box<str>),
}

/// A covering set with its cost: how many documents are likely to have one of them, on no particular scale.
pub(super) struct Cover {
    pub(super) anchors: Vec<Anchor>,
    cost: u64,
}

const ID_COST: u64 = 1;
const POINT_COST: u64 = 150;
const FIELD_COST: u64 = 100_000;

/// Longer terms are rarer ones, by and large.
fn term_cost(term: &str) -> u64 {
    100 + 1_000 / u64::try_from(term.len().max(1)).unwrap_or(u64::MAX)
}

impl Cover {
    fn one(anchor: Anchor) -> Cover {
        let cost = match &anchor {
            Anchor::Id(_) => ID_COST,
            Anchor::Term(_, term) => term_cost(term),
            Anchor::Point(..) => POINT_COST,
            Anchor::Field(_) => FIELD_COST,
        };
        Cover { anchors: vec![anchor], cost }
    }

    fn join(covers: impl Iterator<Item = Cover>) -> Cover {
        covers.fold(Cover { anchors: Vec::new(), cost: 0 }, |mut all, cover| {
            all.anchors.extend(cover.anchors);
            all.cost = all.cost.saturating_add(cover.cost);
            all
        })
    }

    /// The cheapest covering set of a node; `None` where a document can fulfil it without having anything (only exclusions, all
    /// documents).
    pub(super) fn of(nodes: &[Node], id: NodeId) -> Option<Cover> {
        let cover = |child: &NodeId| Cover::of(nodes, *child);
        match &nodes.get(id.index())?.kind {
            Kind::None => Some(Cover::join(std::iter::empty())),
            Kind::All | Kind::Not(_) => None,
            Kind::Ids(ids) => Some(Cover::join(ids.iter().map(|id| Cover::one(Anchor::Id(id.clone()))))),
            Kind::Term(field, term) => Some(Cover::one(Anchor::Term(*field, term.clone()))),
            Kind::Test(field, test) => Some(Cover::of_test(*field, test)),
            Kind::And(parts) => parts.iter().filter_map(cover).min_by_key(|cover| cover.cost),
            Kind::Or(parts) => {
                let covers: Option<Vec<Cover>> = parts.iter().map(cover).collect();
                covers.map(|covers| Cover::join(covers.into_iter()))
            }
            Kind::AtLeast(count, parts) => {
                let needed = (parts.len() + 1).saturating_sub(*count);
                let mut covers: Vec<Cover> = parts.iter().filter_map(cover).collect();
                covers.sort_by_key(|cover| cover.cost);
                (covers.len() >= needed).then(|| Cover::join(covers.into_iter().take(needed)))
            }
            Kind::AtLeastField(field, _) => Some(Cover::one(Anchor::Field(*field))),
            Kind::Nested(inner) => cover(inner),
        }
    }

    fn of_test(field: FieldId, test: &Test) -> Cover {
        match test {
            Test::Term(term) => Cover::one(Anchor::Term(field, term.clone())),
            Test::Point(PointRange::Fixed { low, high }) if low == high => Cover::one(Anchor::Point(field, *low)),
            Test::Phrase(phrase) => Cover::of_phrase(field, phrase),
            Test::Exists
            | Test::Pattern(_)
            | Test::TermRange { .. }
            | Test::Point(_)
            | Test::Geo(_)
            | Test::Interval(..) => Cover::one(Anchor::Field(field)),
        }
    }

    fn of_phrase(field: FieldId, phrase: &Phrase) -> Cover {
        let whole_words = phrase.slots().iter().filter(|slot| !slot.prefix);
        let covers = whole_words
            .map(|slot| Cover::join(slot.terms.iter().map(|term| Cover::one(Anchor::Term(field, term.clone())))));
        covers.min_by_key(|cover| cover.cost).unwrap_or_else(|| Cover::one(Anchor::Field(field)))
    }
}
