//! The queries of a segment: conditions interned as nodes of one graph, over the features that they ask for.
//!
//! Equal parts of different queries, and equal queries of different subscriptions, are one node, which is evaluated at most once a
//! document.

use std::hash::{Hash, Hasher};
use std::hint::black_box;
use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::Arc;

use hashbrown::HashTable;
use rustc_hash::{FxHashMap, FxHasher};

use crate::mapping::{FieldId, NestedId, PointRange};
use crate::percolator::cell::Cell;
use crate::percolator::condition::{Condition, Test};
use crate::percolator::features::{FeatureId, Features, FeaturesBuilder, Quality, Space, beginning};
use crate::percolator::pattern::Pattern;
use crate::percolator::positions::Arrangement;

/// A node's number within its segment, or a feature's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NodeId(u32);

impl NodeId {
    /// Set in what is no node of its own, but a feature: most parts of queries are, and this spares going there.
    const FEATURE: u32 = 1 << 31;

    fn of_feature(feature: FeatureId) -> NodeId {
        NodeId(feature.0 | NodeId::FEATURE)
    }

    /// The feature, where it is one.
    pub(super) fn feature(self) -> Option<FeatureId> {
        (self.0 & NodeId::FEATURE != 0).then_some(FeatureId(self.0 & !NodeId::FEATURE))
    }

    fn index(self) -> usize {
        self.0 as usize
    }

    fn renumbered(self, features: &[FeatureId]) -> NodeId {
        match self.feature() {
            Some(feature) => features.get(feature.index()).map_or(self, |new| NodeId::of_feature(*new)),
            None => self,
        }
    }
}

/// A distinct query's number within its segment.
pub(super) type RootNumber = u32;
/// A subscription's number within its segment.
pub(super) type SubscriberNumber = u32;

/// An interned condition on the objects of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Node {
    pub(super) path: NestedId,
    /// Where its answer is kept while a document is matched; a node that one place asks for needs no keeping.
    pub(super) memo: Option<Memo>,
    pub(super) kind: Kind,
}

/// Tells answers that are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Memo(NonZeroU32);

/// The kinds of node: those of [`Condition`], with what a document is looked up by apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    All,
    None,
    /// The object has the feature.
    Feature(FeatureId),
    Test(TestId),
    /// The object's words stand as the arrangement of this number demands.
    Positions(u32),
    And(Children),
    Or(Children),
    Not(NodeId),
    AtLeast(u32, Children),
    AtLeastField(FieldId, Children),
    /// An object of the path, belonging to this object, fulfils this.
    Nested(NestedId, NodeId),
    /// The root document fulfils this.
    Root(NodeId),
}

/// A test's number within its segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct TestId(u32);

/// A run of the segment's children.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Children {
    start: u32,
    length: u32,
}

/// Interned queries, and which subscriptions each is for.
#[derive(Debug, Default)]
pub(super) struct Queries {
    pub(super) features: Features,
    /// By feature: in how many places queries ask for it.
    pub(super) uses: Vec<u32>,
    nodes: Vec<Node>,
    children: Vec<NodeId>,
    tests: Vec<(FieldId, Test)>,
    arrangements: Vec<Arc<Arrangement>>,
    roots: Vec<NodeId>,
    /// By root, where its subscribers begin; and one behind the last.
    starts: Vec<u32>,
    subscribers: Vec<SubscriberNumber>,
}

impl Queries {
    pub(super) fn node(&self, id: NodeId) -> Node {
        if let Some(feature) = id.feature() {
            return Node { path: self.features.get(feature).0.path(), memo: None, kind: Kind::Feature(feature) };
        }
        let nothing = Node { path: NestedId::ROOT, memo: None, kind: Kind::None };
        self.nodes.get(id.index()).copied().unwrap_or(nothing)
    }

    /// The path of the objects that the node is about.
    pub(super) fn path(&self, id: NodeId) -> NestedId {
        self.node(id).path
    }

    pub(super) fn children(&self, children: Children) -> &[NodeId] {
        let start = children.start as usize;
        self.children.get(start..start + children.length as usize).unwrap_or_default()
    }

    /// Has the memory of a node fetched, and does not wait for it.
    pub(super) fn fetch(&self, id: NodeId) {
        black_box(self.nodes.get(id.index()).map(|node| node.path));
    }

    /// Has the memory of the parts of a node fetched, or of those of the one within it.
    pub(super) fn fetch_parts(&self, id: NodeId) {
        let kind = |id: NodeId| self.nodes.get(id.index()).map(|node| node.kind);
        let children = match kind(id) {
            Some(Kind::Nested(_, inner)) => kind(inner).and_then(children_of),
            other => other.and_then(children_of),
        };
        black_box(children.and_then(|children| self.children.get(children.start as usize)));
    }

    pub(super) fn test(&self, id: TestId) -> Option<&(FieldId, Test)> {
        self.tests.get(id.0 as usize)
    }

    pub(super) fn arrangement(&self, number: u32) -> Option<&Arc<Arrangement>> {
        self.arrangements.get(number as usize)
    }

    /// The fields that tests and arrangements are about.
    pub(super) fn tested_fields(&self) -> impl Iterator<Item = FieldId> {
        let arranged = self.arrangements.iter().flat_map(|arrangement| arrangement.fields());
        self.tests.iter().map(|(field, _)| *field).chain(arranged)
    }

    pub(super) fn roots(&self) -> &[NodeId] {
        &self.roots
    }

    /// Where the subscribers of a root lie, for [`Queries::subscribers`].
    pub(super) fn subscribed(&self, root: RootNumber) -> Range<usize> {
        let bound = |root: usize| self.starts.get(root).map_or(0, |start| *start as usize);
        bound(root as usize)..bound(root as usize + 1)
    }

    pub(super) fn subscribers(&self, subscribed: Range<usize>) -> &[SubscriberNumber] {
        self.subscribers.get(subscribed).unwrap_or_default()
    }
}

/// Interns queries.
#[derive(Debug, Default)]
pub(super) struct QueriesBuilder {
    /// Without its features.
    queries: Queries,
    features: FeaturesBuilder,
    interned: HashTable<NodeId>,
    tests: HashTable<TestId>,
    arrangements: FxHashMap<Arc<Arrangement>, u32>,
    /// By node, in how many places it is asked for.
    asked: Vec<u32>,
    root_of: FxHashMap<NodeId, RootNumber>,
    subscriptions: Vec<(RootNumber, SubscriberNumber)>,
}

impl QueriesBuilder {
    pub(super) fn subscribe(&mut self, node: NodeId, subscriber: SubscriberNumber) {
        let root = self.root(node);
        self.subscriptions.push((root, subscriber));
    }

    /// The node as a query, by whose number it is found again when all are finished.
    pub(super) fn root(&mut self, node: NodeId) -> RootNumber {
        let roots = &mut self.queries.roots;
        *self.root_of.entry(node).or_insert_with(|| {
            roots.push(node);
            number(roots.len() - 1)
        })
    }

    pub(super) fn finish(mut self) -> Queries {
        self.subscriptions.sort_unstable();
        let mut queries = self.queries;
        let mut next = 0;
        for root in 0..=queries.roots.len() {
            let behind = |(of, _): &&(RootNumber, SubscriberNumber)| (*of as usize) < root;
            next += self.subscriptions.iter().skip(next).take_while(behind).count();
            queries.starts.push(number(next));
        }
        queries.subscribers = self.subscriptions.into_iter().map(|(_, subscriber)| subscriber).collect();
        let (features, renumbered) = self.features.finish();
        queries.features = features;
        let mut uses = vec![0; queries.uses.len()];
        for (uses_of, new) in queries.uses.iter().zip(&renumbered) {
            if let Some(place) = uses.get_mut(new.index()) {
                *place = *uses_of;
            }
        }
        queries.uses = uses;
        queries.roots.iter_mut().chain(&mut queries.children).for_each(|id| *id = id.renumbered(&renumbered));
        let mut memos = 0;
        for (node, asked) in queries.nodes.iter_mut().zip(self.asked) {
            if let Kind::Not(part) | Kind::Nested(_, part) | Kind::Root(part) = &mut node.kind {
                *part = part.renumbered(&renumbered);
            }
            let is_free = matches!(node.kind, Kind::All | Kind::None);
            if asked > 1 && !is_free {
                node.memo = NonZeroU32::MIN.checked_add(memos).map(Memo);
                memos += 1;
            }
        }
        queries.nodes.shrink_to_fit();
        queries.children.shrink_to_fit();
        queries.tests.shrink_to_fit();
        queries
    }

    /// The node of a condition on the objects of `path`.
    pub(super) fn condition(&mut self, condition: &Condition, path: NestedId) -> NodeId {
        match condition {
            Condition::Clause(_, inner) => self.condition(inner, path),
            Condition::All => self.node(path, Kind::All),
            Condition::None => self.node(path, Kind::None),
            Condition::Ids(ids) => self.ids(ids, path),
            Condition::Field(field, test) => self.test(*field, test, path),
            Condition::Positions(arrangement) => {
                let arrangement = self.intern_arrangement(arrangement);
                self.node(path, Kind::Positions(arrangement))
            }
            Condition::And(parts) => {
                let parts = parts.iter().map(|part| self.condition(part, path)).collect();
                self.all(parts, path)
            }
            Condition::Or(parts) => {
                let parts = parts.iter().map(|part| self.condition(part, path)).collect();
                self.any(parts, path)
            }
            Condition::Not(part) => {
                let part = self.condition(part, path);
                self.node(path, Kind::Not(part))
            }
            Condition::AtLeast(count, parts) => {
                let parts: Vec<NodeId> = parts.iter().map(|part| self.condition(part, path)).collect();
                let children = self.new_children(&parts);
                self.node(path, Kind::AtLeast(number(*count), children))
            }
            Condition::AtLeastField(field, parts) => {
                let parts: Vec<NodeId> = parts.iter().map(|part| self.condition(part, path)).collect();
                let children = self.new_children(&parts);
                let enough = self.node(path, Kind::AtLeastField(*field, children));
                let has_number = self.feature(Quality::Value, path, *field, &[]);
                self.all(vec![has_number, enough], path)
            }
            Condition::Nested(inner_path, inner) => {
                let inner = self.condition(inner, *inner_path);
                self.node(path, Kind::Nested(*inner_path, inner))
            }
        }
    }

    fn ids(&mut self, ids: &[String], path: NestedId) -> NodeId {
        let listed = ids.iter().map(|id| self.intern_feature(Space::ID, id.as_bytes())).collect();
        let any = self.any(listed, NestedId::ROOT);
        if path == NestedId::ROOT { any } else { self.node(path, Kind::Root(any)) }
    }

    /// A test, with the features that every object must have that passes it: they are looked up, and spare most tests.
    fn test(&mut self, field: FieldId, test: &Test, path: NestedId) -> NodeId {
        let mut parts = Vec::new();
        match test {
            Test::Exists => return self.feature(Quality::Value, path, field, &[]),
            Test::Term(term) => return self.feature(Quality::Term, path, field, term.as_bytes()),
            Test::Point(PointRange::Fixed { low, high }) if low == high => {
                return self.feature(Quality::Point, path, field, &low.to_le_bytes());
            }
            Test::Point(PointRange::Empty) => return self.node(path, Kind::None),
            Test::Phrase(phrase) => {
                for slot in phrase.slots().iter().filter(|slot| !slot.prefix) {
                    let terms: Vec<NodeId> = slot
                        .terms
                        .iter()
                        .map(|term| self.feature(Quality::Term, path, field, term.as_bytes()))
                        .collect();
                    parts.push(self.any(terms, path));
                }
            }
            Test::Pattern(pattern) => {
                if let Some(start) = beginning(pattern.beginning().as_bytes()) {
                    parts.push(self.feature(Quality::Prefix, path, field, start));
                    if matches!(pattern, Pattern::Prefix { prefix, caseless: false } if prefix.len() == start.len()) {
                        return self.all(parts, path);
                    }
                }
            }
            Test::Geo(area) => {
                if let Some(cells) = Cell::covering(area) {
                    let cells =
                        cells.into_iter().map(|cell| self.feature(Quality::Cell, path, field, &cell.to_bytes()));
                    let cells = cells.collect();
                    parts.push(self.any(cells, path));
                }
            }
            Test::TermRange { .. } | Test::Point(_) | Test::Interval(..) => {}
        }
        if parts.is_empty() {
            parts.push(self.feature(Quality::Value, path, field, &[]));
        }
        let test = self.intern_test(field, test);
        parts.push(self.node(path, Kind::Test(test)));
        self.all(parts, path)
    }

    fn feature(&mut self, quality: Quality, path: NestedId, field: FieldId, bytes: &[u8]) -> NodeId {
        self.intern_feature(Space::new(quality, path, field), bytes)
    }

    fn intern_feature(&mut self, space: Space, bytes: &[u8]) -> NodeId {
        let feature = self.features.intern(space, bytes);
        self.queries.uses.resize(self.features.len(), 0);
        if let Some(uses) = self.queries.uses.get_mut(feature.index()) {
            *uses = uses.saturating_add(1);
        }
        NodeId::of_feature(feature)
    }

    /// All of these; a conjunction within one is part of it.
    fn all(&mut self, parts: Vec<NodeId>, path: NestedId) -> NodeId {
        let parts = self.flat(parts, |kind| if let Kind::And(children) = kind { Some(children) } else { None });
        if let [only] = parts[..] {
            return only;
        }
        let children = self.new_children(&parts);
        self.node(path, Kind::And(children))
    }

    /// Any of these; a disjunction within one is part of it.
    fn any(&mut self, parts: Vec<NodeId>, path: NestedId) -> NodeId {
        let parts = self.flat(parts, |kind| if let Kind::Or(children) = kind { Some(children) } else { None });
        if let [only] = parts[..] {
            return only;
        }
        let children = self.new_children(&parts);
        self.node(path, Kind::Or(children))
    }

    /// Parts with those of parts of the same kind, without repeats, those that cost least to evaluate first.
    fn flat(&self, parts: Vec<NodeId>, same: impl Fn(Kind) -> Option<Children>) -> Vec<NodeId> {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part.feature().map_or_else(|| same(self.queries.node(part).kind), |_| None) {
                Some(children) => flat.extend_from_slice(self.queries.children(children)),
                None => flat.push(part),
            }
        }
        flat.sort_by_key(|part| (self.effort(*part), *part));
        flat.dedup();
        flat
    }

    /// How much it takes to evaluate a node, roughly.
    fn effort(&self, id: NodeId) -> u8 {
        if id.feature().is_some() {
            return 0;
        }
        match self.queries.node(id).kind {
            Kind::All | Kind::None | Kind::Feature(_) => 0,
            Kind::Test(test) => match self.queries.test(test) {
                Some((_, Test::Pattern(_) | Test::Phrase(_) | Test::Geo(_))) => 4,
                _ => 2,
            },
            Kind::Root(_) => 1,
            Kind::Positions(_) => 4,
            Kind::And(_) | Kind::Or(_) | Kind::Not(_) | Kind::AtLeast(..) | Kind::AtLeastField(..) => 3,
            Kind::Nested(..) => 5,
        }
    }

    /// Children at the end of all; `node` takes them back where it knows the node already.
    fn new_children(&mut self, parts: &[NodeId]) -> Children {
        let start = number(self.queries.children.len());
        self.queries.children.extend_from_slice(parts);
        Children { start, length: number(parts.len()) }
    }

    fn node(&mut self, path: NestedId, kind: Kind) -> NodeId {
        let queries = &self.queries;
        let hash = hash_of(queries, path, kind);
        let same = |id: &NodeId| {
            let known = queries.node(*id);
            known.path == path && is_same(queries, known.kind, kind)
        };
        if let Some(known) = self.interned.find(hash, same).copied() {
            if let Some(children) = children_of(kind)
                && (children.start + children.length) as usize == queries.children.len()
                && children_of(queries.node(known).kind) != Some(children)
            {
                self.queries.children.truncate(children.start as usize);
            }
            self.ask(known);
            return known;
        }
        // Each node costs more than a byte of a query, and queries are limited: fewer than 2³² fit a segment in memory.
        let id = NodeId(number(queries.nodes.len()));
        self.queries.nodes.push(Node { path, memo: None, kind });
        let queries = &self.queries;
        self.interned.insert_unique(hash, id, |id| {
            let node = queries.node(*id);
            hash_of(queries, node.path, node.kind)
        });
        self.asked.push(0);
        self.ask(id);
        id
    }

    fn ask(&mut self, id: NodeId) {
        if let Some(asked) = self.asked.get_mut(id.index()) {
            *asked = asked.saturating_add(1);
        }
    }

    fn intern_arrangement(&mut self, arrangement: &Arc<Arrangement>) -> u32 {
        let arrangements = &mut self.queries.arrangements;
        *self.arrangements.entry(Arc::clone(arrangement)).or_insert_with(|| {
            arrangements.push(Arc::clone(arrangement));
            number(arrangements.len() - 1)
        })
    }

    fn intern_test(&mut self, field: FieldId, test: &Test) -> TestId {
        let hash = |entry: &(FieldId, Test)| {
            let mut hasher = FxHasher::default();
            entry.hash(&mut hasher);
            hasher.finish()
        };
        let tests = &mut self.queries.tests;
        let entry = (field, test.clone());
        if let Some(known) = self.tests.find(hash(&entry), |id| tests.get(id.0 as usize) == Some(&entry)) {
            return *known;
        }
        let id = TestId(number(tests.len()));
        let own = hash(&entry);
        tests.push(entry);
        self.tests.insert_unique(own, id, |id| tests.get(id.0 as usize).map_or(0, hash));
        id
    }

    /// The node here that is the other queries' node of this number.
    pub(super) fn import(&mut self, other: &Queries, id: NodeId, imported: &mut FxHashMap<NodeId, NodeId>) -> NodeId {
        if let Some(known) = imported.get(&id) {
            self.ask(*known);
            return *known;
        }
        let Node { path, kind, .. } = other.node(id);
        let mut all = |builder: &mut QueriesBuilder, children: Children| {
            let parts: Vec<NodeId> =
                other.children(children).iter().map(|part| builder.import(other, *part, imported)).collect();
            builder.new_children(&parts)
        };
        let kind = match kind {
            // Numbers differ from segment to segment, and with them the order of parts.
            Kind::And(children) | Kind::Or(children) => {
                let parts = other.children(children).iter().map(|part| self.import(other, *part, imported)).collect();
                let new = if matches!(kind, Kind::And(_)) { self.all(parts, path) } else { self.any(parts, path) };
                imported.insert(id, new);
                return new;
            }
            Kind::AtLeast(count, children) => Kind::AtLeast(count, all(self, children)),
            Kind::AtLeastField(field, children) => Kind::AtLeastField(field, all(self, children)),
            Kind::Not(part) => Kind::Not(self.import(other, part, imported)),
            Kind::Nested(inner_path, inner) => Kind::Nested(inner_path, self.import(other, inner, imported)),
            Kind::Root(inner) => Kind::Root(self.import(other, inner, imported)),
            Kind::Feature(feature) => {
                let (space, bytes) = other.features.get(feature);
                return self.intern_feature(space, bytes);
            }
            Kind::Test(test) => match other.test(test) {
                Some((field, test)) => Kind::Test(self.intern_test(*field, test)),
                None => Kind::None,
            },
            Kind::Positions(arrangement) => match other.arrangement(arrangement) {
                Some(arrangement) => Kind::Positions(self.intern_arrangement(arrangement)),
                None => Kind::None,
            },
            Kind::All | Kind::None => kind,
        };
        let new = self.node(path, kind);
        imported.insert(id, new);
        new
    }
}

fn children_of(kind: Kind) -> Option<Children> {
    match kind {
        Kind::And(children) | Kind::Or(children) | Kind::AtLeast(_, children) | Kind::AtLeastField(_, children) => {
            Some(children)
        }
        _ => None,
    }
}

/// Of what a node is and asks for; where its children lie does not matter.
fn hash_of(queries: &Queries, path: NestedId, kind: Kind) -> u64 {
    let mut hasher = FxHasher::default();
    path.hash(&mut hasher);
    std::mem::discriminant(&kind).hash(&mut hasher);
    match kind {
        Kind::AtLeast(count, _) => count.hash(&mut hasher),
        Kind::AtLeastField(field, _) => field.hash(&mut hasher),
        Kind::Feature(_) | Kind::Test(_) | Kind::Positions(_) | Kind::Not(_) | Kind::Nested(..) | Kind::Root(_) => {
            kind.hash(&mut hasher)
        }
        Kind::All | Kind::None | Kind::And(_) | Kind::Or(_) => {}
    }
    children_of(kind).map(|children| queries.children(children)).hash(&mut hasher);
    hasher.finish()
}

fn is_same(queries: &Queries, one: Kind, other: Kind) -> bool {
    let same_children = |one, other| queries.children(one) == queries.children(other);
    match (one, other) {
        (Kind::And(one), Kind::And(other)) | (Kind::Or(one), Kind::Or(other)) => same_children(one, other),
        (Kind::AtLeast(count, one), Kind::AtLeast(other_count, other)) => {
            count == other_count && same_children(one, other)
        }
        (Kind::AtLeastField(field, one), Kind::AtLeastField(other_field, other)) => {
            field == other_field && same_children(one, other)
        }
        (one, other) => one == other,
    }
}

/// Numbers of nodes, roots, children: what a segment holds in memory has fewer than 2³² of each.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
