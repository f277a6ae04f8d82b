//! Segments: immutable sets of selectors with the index that finds the candidates among them.
//!
//! Conditions are interned as they come in: equal parts of different queries, and equal queries of different subscriptions, are one
//! node, which is evaluated at most once a document.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::mapping::{FieldId, NestedId};
use crate::member::MemberId;
use crate::percolator::anchor::{Anchor, Cover};
use crate::percolator::condition::{Condition, Test};
use crate::percolator::{CompiledSelector, SubscriptionId};

/// A node's number within its segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NodeId(u32);

impl NodeId {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// An interned condition on the objects of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Node {
    pub(super) path: NestedId,
    pub(super) kind: Kind,
}

/// The kinds of node: those of [`Condition`], with the terms apart, since documents are looked up by them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    All,
    None,
    Ids(Box<[Box<str>]>),
    Term(FieldId, Box<str>),
    Test(FieldId, Test),
    And(Box<[NodeId]>),
    Or(Box<[NodeId]>),
    Not(NodeId),
    AtLeast(usize, Box<[NodeId]>),
    AtLeastField(FieldId, Box<[NodeId]>),
    Nested(NodeId),
}

/// A distinct query's number within its segment.
pub(super) type RootNumber = u32;
/// A subscription's number within its segment.
pub(super) type SubscriberNumber = u32;

/// A distinct query and those who subscribed to it.
#[derive(Debug)]
pub(super) struct Root {
    pub(super) node: NodeId,
    pub(super) subscribers: SmallVec<[SubscriberNumber; 1]>,
}

/// What a term of a document leads to.
#[derive(Debug, Default)]
pub(super) struct TermEntry {
    /// The term's nodes, one for each path that a query asks it under.
    pub(super) nodes: SmallVec<[NodeId; 1]>,
    pub(super) candidates: SmallVec<[RootNumber; 1]>,
}

/// An immutable set of selectors; only removals are marked in it.
#[derive(Debug, Default)]
pub(super) struct Segment {
    /// Tells segments apart for as long as the percolator lives.
    pub(super) serial: u64,
    pub(super) nodes: Vec<Node>,
    pub(super) roots: Vec<Root>,
    pub(super) terms: FxHashMap<FieldId, FxHashMap<Box<str>, TermEntry>>,
    pub(super) points: FxHashMap<(FieldId, i128), Vec<RootNumber>>,
    pub(super) fields: FxHashMap<FieldId, Vec<RootNumber>>,
    pub(super) ids: FxHashMap<Box<str>, Vec<RootNumber>>,
    /// Queries that no anchor covers.
    pub(super) always: Vec<RootNumber>,
    /// `ids` selectors: sorted pairs.
    listed: Vec<(MemberId, SubscriberNumber)>,
    /// `all` selectors.
    pub(super) everyone: Vec<SubscriberNumber>,
    subscribers: Vec<Subscriber>,
    removals: AtomicUsize,
}

#[derive(Debug)]
struct Subscriber {
    id: SubscriptionId,
    /// The first generation of the percolator that does not have it; [`STILL_THERE`] while all have.
    removed_in: AtomicU64,
}

/// No percolator lives for so many generations.
const STILL_THERE: u64 = u64::MAX;

impl Subscriber {
    fn is_in(&self, generation: u64) -> bool {
        generation < self.removed_in.load(Ordering::Acquire)
    }
}

impl Segment {
    /// How many subscriptions it was built from.
    pub(super) fn len(&self) -> usize {
        self.subscribers.len()
    }

    /// How many of them are still there.
    pub(super) fn live(&self) -> usize {
        self.len().saturating_sub(self.removals.load(Ordering::Acquire))
    }

    /// The subscription of this number, if it is there in this generation.
    pub(super) fn subscriber(&self, number: SubscriberNumber, generation: u64) -> Option<&SubscriptionId> {
        let subscriber = self.subscribers.get(number as usize)?;
        subscriber.is_in(generation).then_some(&subscriber.id)
    }

    /// Numbers and ids of the subscriptions that are still there.
    pub(super) fn subscribers(&self) -> impl Iterator<Item = (SubscriberNumber, &SubscriptionId)> {
        let numbered = (0..).zip(&self.subscribers);
        numbered
            .filter(|(_, subscriber)| subscriber.removed_in.load(Ordering::Acquire) == STILL_THERE)
            .map(|(number, subscriber)| (number, &subscriber.id))
    }

    /// Takes a subscription out of this generation and all after it; readers of an older one still find it.
    pub(super) fn remove(&self, number: SubscriberNumber, generation: u64) {
        if let Some(subscriber) = self.subscribers.get(number as usize)
            && subscriber.removed_in.swap(generation, Ordering::AcqRel) == STILL_THERE
        {
            self.removals.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// The subscriptions whose list holds the member.
    pub(super) fn listing(&self, member: MemberId) -> impl Iterator<Item = SubscriberNumber> + '_ {
        let from = self.listed.partition_point(|(listed, _)| *listed < member);
        self.listed.iter().skip(from).take_while(move |(listed, _)| *listed == member).map(|(_, number)| *number)
    }
}

/// Builds a segment.
#[derive(Debug, Default)]
pub(super) struct SegmentBuilder {
    segment: Segment,
    interned: FxHashMap<Node, NodeId>,
    root_of: FxHashMap<NodeId, RootNumber>,
}

impl SegmentBuilder {
    /// Adds a subscription.
    pub(super) fn add(&mut self, id: SubscriptionId, selector: &CompiledSelector) {
        let number = self.subscriber(id);
        match selector {
            CompiledSelector::All => self.segment.everyone.push(number),
            CompiledSelector::Ids(ids) => self.segment.listed.extend(ids.iter().map(|id| (*id, number))),
            CompiledSelector::Query(query) => {
                let node = self.intern_condition(&query.condition, NestedId::ROOT);
                self.subscribe(node, number);
            }
        }
    }

    /// Adds what is still there of another segment.
    pub(super) fn absorb(&mut self, other: &Segment) {
        let numbers: FxHashMap<SubscriberNumber, SubscriberNumber> =
            other.subscribers().map(|(old, id)| (old, self.subscriber(id.clone()))).collect();
        let renumbered = |old: &SubscriberNumber| numbers.get(old).copied();
        self.segment.everyone.extend(other.everyone.iter().filter_map(renumbered));
        let listed = other.listed.iter().filter_map(|(member, old)| Some((*member, renumbered(old)?)));
        self.segment.listed.extend(listed);
        let mut imported = FxHashMap::default();
        for root in &other.roots {
            let subscribers: SmallVec<[SubscriberNumber; 1]> = root.subscribers.iter().filter_map(renumbered).collect();
            if subscribers.is_empty() {
                continue;
            }
            let node = self.import(other, root.node, &mut imported);
            for subscriber in subscribers {
                self.subscribe(node, subscriber);
            }
        }
    }

    /// The finished segment.
    pub(super) fn finish(mut self, serial: u64) -> Segment {
        self.segment.serial = serial;
        for number in 0..self.segment.nodes.len() {
            self.enter_term(number);
        }
        for number in 0..self.segment.roots.len() {
            self.file(number);
        }
        self.segment.listed.sort_unstable();
        self.segment.listed.dedup();
        self.segment
    }

    /// The nodes so far.
    pub(super) fn nodes(&self) -> &[Node] {
        &self.segment.nodes
    }

    /// The node of a condition on the objects of `path`.
    pub(super) fn intern_condition(&mut self, condition: &Condition, path: NestedId) -> NodeId {
        let kind = match condition {
            Condition::Clause(_, inner) => return self.intern_condition(inner, path),
            Condition::All => Kind::All,
            Condition::None => Kind::None,
            Condition::Ids(ids) => Kind::Ids(ids.iter().map(|id| id.as_str().into()).collect()),
            Condition::Field(field, Test::Term(term)) => Kind::Term(*field, term.clone()),
            Condition::Field(field, test) => Kind::Test(*field, test.clone()),
            Condition::And(parts) => Kind::And(self.intern_all(parts, path)),
            Condition::Or(parts) => Kind::Or(self.intern_all(parts, path)),
            Condition::Not(part) => Kind::Not(self.intern_condition(part, path)),
            Condition::AtLeast(count, parts) => {
                let parts = parts.iter().map(|part| self.intern_condition(part, path)).collect();
                Kind::AtLeast(*count, parts)
            }
            Condition::AtLeastField(field, parts) => {
                let parts = parts.iter().map(|part| self.intern_condition(part, path)).collect();
                Kind::AtLeastField(*field, parts)
            }
            Condition::Nested(inner_path, inner) => Kind::Nested(self.intern_condition(inner, *inner_path)),
        };
        self.intern(Node { path, kind })
    }

    /// Parts of a conjunction or disjunction: without repeats, those that cost least to evaluate first.
    fn intern_all(&mut self, parts: &[Condition], path: NestedId) -> Box<[NodeId]> {
        let mut nodes: Vec<NodeId> = parts.iter().map(|part| self.intern_condition(part, path)).collect();
        nodes.sort_by_key(|node| (self.segment.nodes.get(node.index()).map(effort), *node));
        nodes.dedup();
        nodes.into()
    }

    fn intern(&mut self, node: Node) -> NodeId {
        if let Some(known) = self.interned.get(&node) {
            return *known;
        }
        // A segment holds fewer nodes than 2³²: each costs more than a byte of a query, and queries are limited.
        let id = NodeId(u32::try_from(self.segment.nodes.len()).unwrap_or(u32::MAX));
        self.segment.nodes.push(node.clone());
        self.interned.insert(node, id);
        id
    }

    fn import(&mut self, other: &Segment, id: NodeId, imported: &mut FxHashMap<NodeId, NodeId>) -> NodeId {
        if let Some(known) = imported.get(&id) {
            return *known;
        }
        let Some(node) = other.nodes.get(id.index()) else {
            return self.intern(Node { path: NestedId::ROOT, kind: Kind::None });
        };
        let mut import_all = |parts: &[NodeId]| parts.iter().map(|part| self.import(other, *part, imported)).collect();
        let kind = match &node.kind {
            Kind::And(parts) => Kind::And(import_all(parts)),
            Kind::Or(parts) => Kind::Or(import_all(parts)),
            Kind::AtLeast(count, parts) => Kind::AtLeast(*count, import_all(parts)),
            Kind::AtLeastField(field, parts) => Kind::AtLeastField(*field, import_all(parts)),
            Kind::Not(part) => Kind::Not(self.import(other, *part, imported)),
            Kind::Nested(inner) => Kind::Nested(self.import(other, *inner, imported)),
            leaf @ (Kind::All | Kind::None | Kind::Ids(_) | Kind::Term(..) | Kind::Test(..)) => leaf.clone(),
        };
        let new = self.intern(Node { path: node.path, kind });
        imported.insert(id, new);
        new
    }

    fn subscriber(&mut self, id: SubscriptionId) -> SubscriberNumber {
        self.segment.subscribers.push(Subscriber { id, removed_in: AtomicU64::new(STILL_THERE) });
        number_of(self.segment.subscribers.len())
    }

    fn subscribe(&mut self, node: NodeId, subscriber: SubscriberNumber) {
        let roots = &mut self.segment.roots;
        let number = *self.root_of.entry(node).or_insert_with(|| {
            roots.push(Root { node, subscribers: SmallVec::new() });
            number_of(roots.len())
        });
        if let Some(root) = roots.get_mut(number as usize) {
            root.subscribers.push(subscriber);
        }
    }

    fn enter_term(&mut self, number: usize) {
        let Some(Node { kind: Kind::Term(field, term), .. }) = self.segment.nodes.get(number) else { return };
        let entry = self.segment.terms.entry(*field).or_default().entry(term.clone()).or_default();
        entry.nodes.push(NodeId(number_of(number + 1)));
    }

    /// Files a query under its anchors.
    fn file(&mut self, number: usize) {
        let Some(root) = self.segment.roots.get(number) else { return };
        let number = number_of(number + 1);
        let Some(mut cover) = Cover::of(&self.segment.nodes, root.node) else {
            self.segment.always.push(number);
            return;
        };
        cover.anchors.sort_unstable();
        cover.anchors.dedup();
        for anchor in cover.anchors {
            match anchor {
                Anchor::Term(field, term) => {
                    let terms = self.segment.terms.entry(field).or_default();
                    terms.entry(term).or_default().candidates.push(number);
                }
                Anchor::Point(field, point) => self.segment.points.entry((field, point)).or_default().push(number),
                Anchor::Field(field) => self.segment.fields.entry(field).or_default().push(number),
                Anchor::Id(id) => self.segment.ids.entry(id).or_default().push(number),
            }
        }
    }
}

/// The number of the last of so many: at most 2³² of anything fit a segment in memory.
fn number_of(count: usize) -> u32 {
    u32::try_from(count.saturating_sub(1)).unwrap_or(u32::MAX)
}

/// How much it takes to evaluate a node, roughly.
fn effort(node: &Node) -> u8 {
    match &node.kind {
        Kind::All | Kind::None | Kind::Ids(_) | Kind::Term(..) => 0,
        Kind::Test(_, Test::Pattern(_) | Test::Phrase(_) | Test::Geo(_)) => 2,
        Kind::Test(..) => 1,
        Kind::And(_) | Kind::Or(_) | Kind::Not(_) | Kind::AtLeast(..) | Kind::AtLeastField(..) => 3,
        Kind::Nested(_) => 4,
    }
}
