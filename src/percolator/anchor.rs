//! Anchors: what a document must have, at least one of them, to fulfil a query.
//!
//! Every query is filed under a covering set of anchors, the one that the fewest documents are likely to hit: of a conjunction one part
//! is enough, of a disjunction every part is needed, of "at least n of m" any m−n+1 parts. What else a document must have then, its
//! companions, is looked at before a query is evaluated. (The idea is that of Elasticsearch's `QueryAnalyzer` and Lucene Monitor's
//! presearcher.)

use crate::mapping::{FieldId, NestedId, PointRange};
use crate::percolator::condition::Test;
use crate::percolator::features::FeatureId;
use crate::percolator::queries::{Kind, NodeId, Queries};
use crate::percolator::statistics::Statistics;

/// Something that a document has or has not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Anchor {
    Feature(FeatureId),
    /// A point of the field of an object of the path lies in the range, ends included.
    Range {
        path: NestedId,
        field: FieldId,
        low: i128,
        high: i128,
    },
}

/// A feature that a document must have besides an anchor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Companion {
    pub(super) feature: FeatureId,
    /// In the object that has the anchor.
    pub(super) same_object: bool,
}

/// So many companions of an anchor are looked at.
pub(super) const COMPANIONS: usize = 2;

/// An anchor with its companions.
#[derive(Debug, Clone)]
pub(super) struct Filed {
    pub(super) anchor: Anchor,
    pub(super) companions: [Option<Companion>; COMPANIONS],
}

/// A covering set.
#[derive(Debug, Clone)]
pub(super) struct Cover {
    pub(super) anchors: Vec<Filed>,
    /// The share of documents that have one of them, at most.
    pub(super) frequency: f64,
}

/// What is known of a node.
struct Needs {
    /// `None` where a document can fulfil the node without having anything.
    cover: Option<Cover>,
    /// Features that every document has that fulfils it, with their frequencies; the rarest first.
    required: Vec<(FeatureId, f64)>,
}

/// An anchor more costs a little, however rare it is.
const COST_OF_ANCHOR: f64 = 1e-7;
/// What most documents have is not worth looking at.
const TOO_FREQUENT: f64 = 0.5;

impl Cover {
    /// The best covering set of a query; `None` where a document can fulfil it without having anything (only exclusions, everything).
    pub(super) fn of(queries: &Queries, statistics: &Statistics, id: NodeId) -> Option<Cover> {
        needs(queries, statistics, id).cover
    }

    fn one(anchor: Anchor, frequency: f64) -> Cover {
        Cover { anchors: vec![Filed { anchor, companions: [None; COMPANIONS] }], frequency: frequency + COST_OF_ANCHOR }
    }

    fn join(covers: impl Iterator<Item = Cover>) -> Cover {
        covers.fold(Cover { anchors: Vec::new(), frequency: 0.0 }, |mut all, cover| {
            all.anchors.extend(cover.anchors);
            all.frequency += cover.frequency;
            all
        })
    }
}

fn needs(queries: &Queries, statistics: &Statistics, id: NodeId) -> Needs {
    let of = |child: &NodeId| needs(queries, statistics, *child);
    let node = queries.node(id);
    match node.kind {
        Kind::None => Needs::only(Some(Cover::join(std::iter::empty()))),
        // What the words must be stands beside an arrangement, as a part of one conjunction.
        Kind::All | Kind::Not(_) | Kind::Positions(_) => Needs::only(None),
        Kind::Feature(feature) => {
            let frequency = statistics.frequency(queries, feature);
            Needs { cover: Some(Cover::one(Anchor::Feature(feature), frequency)), required: vec![(feature, frequency)] }
        }
        Kind::Test(test) => Needs::only(match queries.test(test) {
            Some((field, Test::Point(PointRange::Fixed { low, high }))) => {
                let frequency = statistics.frequency_of_range(node.path, *field, *low, *high);
                let anchor = Anchor::Range { path: node.path, field: *field, low: *low, high: *high };
                Some(Cover::one(anchor, frequency))
            }
            _ => None,
        }),
        Kind::And(parts) => {
            let parts = queries.children(parts).iter().map(of).collect();
            all_of(queries, node.path, parts)
        }
        Kind::Or(parts) => {
            let covers: Option<Vec<Cover>> = queries.children(parts).iter().map(|part| of(part).cover).collect();
            Needs::only(covers.map(|covers| Cover::join(covers.into_iter())))
        }
        Kind::AtLeast(count, parts) => {
            let parts = queries.children(parts);
            let needed = (parts.len() + 1).saturating_sub(count as usize);
            let mut covers: Vec<Cover> = parts.iter().filter_map(|part| of(part).cover).collect();
            covers.sort_by(|one, other| one.frequency.total_cmp(&other.frequency));
            Needs::only((covers.len() >= needed).then(|| Cover::join(covers.into_iter().take(needed))))
        }
        // At least one of them, whatever the field says.
        Kind::AtLeastField(_, parts) => {
            let covers: Option<Vec<Cover>> = queries.children(parts).iter().map(|part| of(part).cover).collect();
            Needs::only(covers.map(|covers| Cover::join(covers.into_iter())))
        }
        Kind::Nested(_, inner) | Kind::Root(inner) => of(&inner),
    }
}

/// A conjunction: the best cover of a part, with what the other parts require as companions.
fn all_of(queries: &Queries, path: NestedId, parts: Vec<Needs>) -> Needs {
    let mut required: Vec<(FeatureId, f64)> = parts.iter().flat_map(|part| part.required.iter().copied()).collect();
    required.sort_by(|(one_id, one), (other_id, other)| one.total_cmp(other).then(one_id.cmp(other_id)));
    required.dedup_by_key(|(feature, _)| *feature);
    let covers = parts.into_iter().filter_map(|part| part.cover);
    let mut best = covers.min_by(|one, other| one.frequency.total_cmp(&other.frequency));
    for filed in best.iter_mut().flat_map(|cover| &mut cover.anchors) {
        let (anchor_path, own) = match filed.anchor {
            Anchor::Feature(feature) => (queries.features.get(feature).0.path(), Some(feature)),
            Anchor::Range { path, .. } => (path, None),
        };
        let known = |feature: FeatureId| filed.companions.iter().flatten().any(|known| known.feature == feature);
        let mut further: Vec<Companion> = required
            .iter()
            .filter(|(feature, frequency)| Some(*feature) != own && *frequency < TOO_FREQUENT && !known(*feature))
            .map(|(feature, _)| Companion {
                feature: *feature,
                same_object: anchor_path == path && queries.features.get(*feature).0.path() == path,
            })
            .collect();
        further.reverse();
        for companion in filed.companions.iter_mut().filter(|companion| companion.is_none()) {
            *companion = further.pop();
        }
    }
    // More than the companions and an anchor are never asked for.
    required.truncate(COMPANIONS + 1);
    Needs { cover: best, required }
}

impl Needs {
    fn only(cover: Option<Cover>) -> Needs {
        Needs { cover, required: Vec::new() }
    }
}
