//! One document against one segment: candidates by the document's own terms, then each verified exactly.

use std::num::NonZeroU32;
use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::mapping::NestedId;
use crate::percolator::cell::Cell;
use crate::percolator::condition::Test;
use crate::percolator::document::{Document, Scope, Values};
use crate::percolator::features::{Begun, Quality, Space};
use crate::percolator::filing::Entry;
use crate::percolator::mask::Mask;
use crate::percolator::present::Present;
use crate::percolator::queries::{Kind, Memo, NodeId, Queries, RootNumber, SubscriberNumber};
use crate::percolator::segment::{Content, Segment};
use crate::query::RangeRelation;

/// Which objects a document has of each nested path.
pub(super) struct Layout<'d> {
    document: &'d Document,
    /// By path: the scopes of its objects.
    objects: Vec<Vec<usize>>,
    /// By scope: its place among the objects of its path.
    places: Vec<usize>,
}

impl<'d> Layout<'d> {
    pub(super) fn of(document: &'d Document) -> Layout<'d> {
        let mut objects: Vec<Vec<usize>> = Vec::new();
        let mut places = Vec::with_capacity(document.scopes().len());
        for (index, scope) in document.scopes().iter().enumerate() {
            let path = scope.nested.0 as usize;
            if objects.len() <= path {
                objects.resize(path + 1, Vec::new());
            }
            if let Some(of_path) = objects.get_mut(path) {
                places.push(of_path.len());
                of_path.push(index);
            }
        }
        Layout { document, objects, places }
    }

    fn scopes(&self, path: NestedId) -> &[usize] {
        self.objects.get(path.0 as usize).map_or(&[], Vec::as_slice)
    }

    fn count(&self, path: NestedId) -> usize {
        self.scopes(path).len()
    }

    /// The path of a scope, and its place among the objects of it.
    fn place(&self, scope: u32) -> Option<(NestedId, usize)> {
        let scope = scope as usize;
        Some((self.scope(scope)?.nested, *self.places.get(scope)?))
    }

    fn scope(&self, index: usize) -> Option<&'d Scope> {
        self.document.scopes().get(index)
    }

    /// The place of the object of `outer` around an object of `inner`.
    fn enclosing(&self, inner: NestedId, place: usize, outer: NestedId) -> Option<usize> {
        let mut index = *self.scopes(inner).get(place)?;
        loop {
            let scope = self.scope(index)?;
            if scope.parent == index {
                return None;
            }
            index = scope.parent;
            if self.scope(index)?.nested == outer {
                return self.places.get(index).copied();
            }
        }
    }
}

/// Memory that matching needs, kept from document to document.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    present: Present,
    /// Of nodes that several queries ask for.
    answers: FxHashMap<Memo, Mask>,
    /// The document's terms and beginnings of terms that a query can ask for; and where their features lie if it does.
    asked: Vec<Asked>,
    begun: Vec<Begun>,
    /// Where the queries filed under the document's features lie, and the objects that have the feature.
    runs: Vec<(Range<usize>, u64)>,
    proposed: Vec<(Entry, u64)>,
    candidates: Vec<RootNumber>,
    subscribed: Vec<Range<usize>>,
}

/// A token, by its place in the document, whose term is looked up, or so many bytes of its beginning.
#[derive(Debug, Default, Clone, Copy)]
struct Asked {
    hash: u64,
    token: u32,
    beginning: Option<NonZeroU32>,
}

/// One document's visit to the queries of a segment.
pub(super) struct Visit<'s, 'd> {
    content: &'s Content,
    queries: &'s Queries,
    layout: &'s Layout<'d>,
    scratch: &'s mut Scratch,
}

impl<'s, 'd> Visit<'s, 'd> {
    /// Enters the document's features.
    pub(super) fn begin(content: &'s Content, layout: &'s Layout<'d>, scratch: &'s mut Scratch) -> Visit<'s, 'd> {
        scratch.present.clear();
        scratch.answers.clear();
        let mut visit = Visit { content, queries: &content.queries, layout, scratch };
        visit.enter();
        visit
    }

    /// Adds every subscription that selects the document; one several times, perhaps.
    pub(super) fn selected(&mut self, segment: &Segment, found: &mut Vec<SubscriberNumber>) {
        found.extend_from_slice(&self.content.everyone);
        if let Some(member) = self.layout.document.id {
            found.extend(self.content.listing(member));
        }
        self.propose(segment);
        let queries = self.queries;
        let mut candidates = std::mem::take(&mut self.scratch.candidates);
        candidates.extend_from_slice(&segment.filing.always);
        let nodes = || candidates.iter().filter_map(|root| queries.roots().get(*root as usize));
        nodes().for_each(|node| queries.fetch(*node));
        nodes().for_each(|node| queries.fetch_parts(*node));
        candidates.retain(|root| !self.evaluate(*root).is_empty());
        candidates.extend_from_slice(&segment.filing.everything);
        let subscribed = &mut self.scratch.subscribed;
        subscribed.clear();
        subscribed.extend(candidates.iter().map(|root| queries.subscribed(*root)));
        subscribed.iter().for_each(|run| found.extend_from_slice(queries.subscribers(run.clone())));
        self.scratch.candidates = candidates;
    }

    /// Counts the document's features.
    pub(super) fn count(&self) {
        let document = self.layout.document;
        let points = document.holdings().iter().flat_map(|holding| {
            let path = document.scopes().get(holding.scope as usize).map_or(NestedId::ROOT, |scope| scope.nested);
            document.held(holding).points.iter().map(move |point| ((path, holding.field), *point))
        });
        self.content.statistics.count(self.scratch.present.iter().map(|(feature, _)| feature), points);
    }

    /// Enters the document's features. Look-ups go step by step, all of the document together: so the memory of each step is fetched
    /// at the same time.
    fn enter(&mut self) {
        let (document, features, layout) = (self.layout.document, &self.queries.features, self.layout);
        let Scratch { present, asked, begun, .. } = &mut *self.scratch;
        let mut count = 0;
        for holding in document.holdings() {
            let Some((path, place)) = layout.place(holding.scope) else { continue };
            let Some(wanted) = self.content.demand.wanted(path, holding.field) else { continue };
            let objects = layout.count(path);
            let values = document.held(holding);
            if let Some(feature) = wanted.value.filter(|_| values.exists) {
                present.add(feature, place, objects);
            }
            if wanted.points {
                let space = Space::new(Quality::Point, path, holding.field);
                let known = values.points.iter().filter_map(|point| features.known(space, &point.to_le_bytes()));
                known.for_each(|feature| present.add(feature, place, objects));
            }
            let space = Space::new(Quality::Cell, path, holding.field);
            for size in &wanted.cells {
                let cells = values.points.iter().map(|point| Cell::around(*point, *size).to_bytes());
                let known = cells.filter_map(|cell| features.known(space, &cell));
                known.for_each(|feature| present.add(feature, place, objects));
            }
            // Written down in any case, and overwritten where nobody asks: no look-up waits for the one before it.
            let lookups = usize::from(wanted.terms) + wanted.beginnings.len();
            asked.resize(count + values.tokens.len() * lookups, Asked::default());
            let mut ask = |one: Asked| {
                if let Some(next) = asked.get_mut(count) {
                    *next = one;
                }
                count += usize::from(features.may_have(one.hash));
            };
            if wanted.terms {
                let numbered = values.tokens.iter().zip(holding.token_numbers());
                numbered.for_each(|(token, number)| ask(Asked { hash: token.hash, token: number, beginning: None }));
            }
            let space = Space::new(Quality::Prefix, path, holding.field);
            for length in &wanted.beginnings {
                for (token, number) in values.tokens.iter().zip(holding.token_numbers()) {
                    if let Some(beginning) = document.term(token).as_bytes().get(..length.get() as usize) {
                        ask(Asked { hash: space.hash(beginning), token: number, beginning: Some(*length) });
                    }
                }
            }
        }
        asked.truncate(count);
        begun.clear();
        begun.extend(asked.iter().map(|asked| features.begin(asked.hash)));
        begun.iter().for_each(|begun| features.fetch(*begun));
        for (asked, begun) in asked.iter().zip(begun.iter()) {
            let Some(token) = document.tokens().get(asked.token as usize) else { continue };
            let Some(holding) = document.holdings().get(token.holding as usize) else { continue };
            let Some((path, place)) = layout.place(holding.scope) else { continue };
            let term = document.term(token).as_bytes();
            let (quality, bytes) = match asked.beginning {
                Some(length) => (Quality::Prefix, term.get(..length.get() as usize).unwrap_or(term)),
                None => (Quality::Term, term),
            };
            if let Some(feature) = features.end(*begun, Space::new(quality, path, holding.field), bytes) {
                present.add(feature, place, layout.count(path));
            }
        }
        let id = document.id.and_then(|member| features.known(Space::ID, member.to_string().as_bytes()));
        if let Some(feature) = id {
            present.add(feature, 0, 1);
        }
    }

    /// Gathers the queries that the document's features lead to.
    fn propose(&mut self, segment: &Segment) {
        let (document, filing) = (self.layout.document, &segment.filing);
        let Scratch { present, runs, proposed, candidates, .. } = &mut *self.scratch;
        runs.clear();
        runs.extend(present.iter().map(|(feature, objects)| (filing.run(feature), objects)));
        proposed.clear();
        for (run, objects) in runs.iter() {
            let possible = filing.entries(run).iter().filter(|entry| entry.is_possible(present));
            proposed.extend(possible.map(|entry| (*entry, *objects)));
        }
        if !filing.ranges.is_empty() {
            for holding in document.holdings() {
                let Some((path, place)) = self.layout.place(holding.scope) else { continue };
                let Some(ranges) = filing.ranges.get(&(path, holding.field)) else { continue };
                for point in document.held(holding).points {
                    ranges.holding(*point, &mut |entry| proposed.push((*entry, 1 << (place % 64))));
                }
            }
        }
        candidates.clear();
        let likely = proposed.iter().filter(|(entry, objects)| entry.is_likely(*objects, present));
        candidates.extend(likely.map(|(entry, _)| entry.root));
        candidates.sort_unstable();
        candidates.dedup();
    }

    /// The root if it fulfils a query; for a query about a part, the objects of its path that fulfil it.
    pub(super) fn evaluate(&mut self, root: RootNumber) -> Mask {
        match self.queries.roots().get(root as usize) {
            Some(node) => self.fulfilling(*node, self.layout.count(self.queries.path(*node))),
            None => Mask::default(),
        }
    }

    /// Those of the `objects` of the node's path that fulfil it.
    fn fulfilling(&mut self, id: NodeId, objects: usize) -> Mask {
        if let Some(feature) = id.feature() {
            return self.scratch.present.mask(feature, objects);
        }
        let node = self.queries.node(id);
        let path = node.path;
        if let Some(known) = node.memo.and_then(|memo| self.scratch.answers.get(&memo)) {
            return known.clone();
        }
        let queries = self.queries;
        let mask = match node.kind {
            Kind::All => Mask::all(objects),
            Kind::None => Mask::none(objects),
            Kind::Feature(feature) => self.scratch.present.mask(feature, objects),
            Kind::Test(_) => self.tested(id, &Mask::all(objects)),
            Kind::Positions(_) => self.arranged(id, &Mask::all(objects)),
            Kind::And(parts) => self.all_of(queries.children(parts), objects),
            Kind::Or(parts) => self.any_of(queries.children(parts), objects),
            Kind::Not(part) => {
                let mut rest = Mask::all(objects);
                rest.subtract(&self.fulfilling(part, objects));
                rest
            }
            Kind::AtLeast(count, parts) => self.enough_of(queries.children(parts), objects, |_| Some(count as usize)),
            Kind::AtLeastField(field, parts) => {
                let layout = self.layout;
                self.enough_of(queries.children(parts), objects, |place| {
                    let scope = *layout.scopes(path).get(place)?;
                    // Of several values the lowest is the first doc value.
                    let wanted = *layout.document.values(scope, field)?.points.iter().min()?;
                    Some(usize::try_from(wanted.max(1)).unwrap_or(usize::MAX))
                })
            }
            Kind::Nested(inner_path, inner) => self.around(inner, inner_path, path, objects),
            Kind::Root(inner) => {
                if self.fulfilling(inner, 1).is_empty() {
                    Mask::none(objects)
                } else {
                    Mask::all(objects)
                }
            }
        };
        if let Some(memo) = node.memo {
            self.scratch.answers.insert(memo, mask.clone());
        }
        mask
    }

    /// Those of some objects that pass a test.
    fn tested(&self, id: NodeId, among: &Mask) -> Mask {
        let node = self.queries.node(id);
        let scopes = self.layout.scopes(node.path);
        let mut mask = Mask::none(scopes.len());
        let Kind::Test(test) = node.kind else { return mask };
        let Some((field, test)) = self.queries.test(test) else { return mask };
        for place in among.iter() {
            let values = scopes.get(place).and_then(|scope| self.layout.document.values(*scope, *field));
            if values.is_some_and(|values| self.passes(test, &values)) {
                mask.set(place);
            }
        }
        mask
    }

    /// Those of some objects whose words stand as an arrangement demands.
    fn arranged(&self, id: NodeId, among: &Mask) -> Mask {
        let (node, document) = (self.queries.node(id), self.layout.document);
        let scopes = self.layout.scopes(node.path);
        let mut mask = Mask::none(scopes.len());
        let Kind::Positions(arrangement) = node.kind else { return mask };
        let Some(arrangement) = self.queries.arrangement(arrangement) else { return mask };
        for (place, scope) in among.iter().filter_map(|place| Some((place, *scopes.get(place)?))) {
            let tokens = |field| {
                let tokens = document.values(scope, field).map_or(&[][..], |values| values.tokens);
                tokens.iter().map(|token| (document.term(token), token.position))
            };
            if arrangement.stands_in(tokens) {
                mask.set(place);
            }
        }
        mask
    }

    fn all_of(&mut self, parts: &[NodeId], objects: usize) -> Mask {
        let mut all = Mask::all(objects);
        for part in parts {
            match part.feature() {
                Some(feature) => all.intersect(&self.scratch.present.mask(feature, objects)),
                None => {
                    let node = self.queries.node(*part);
                    // What nothing else asks for need only see the objects that are left.
                    let fulfilling = match (node.kind, node.memo) {
                        (Kind::Test(_), None) => self.tested(*part, &all),
                        (Kind::Positions(_), None) => self.arranged(*part, &all),
                        _ => self.fulfilling(*part, objects),
                    };
                    all.intersect(&fulfilling);
                }
            }
            if all.is_empty() {
                break;
            }
        }
        all
    }

    fn any_of(&mut self, parts: &[NodeId], objects: usize) -> Mask {
        let mut any = Mask::none(objects);
        let everything = Mask::all(objects);
        for part in parts {
            any.unite(&self.fulfilling(*part, objects));
            if any == everything {
                break;
            }
        }
        any
    }

    fn enough_of(&mut self, parts: &[NodeId], objects: usize, wanted: impl Fn(usize) -> Option<usize>) -> Mask {
        let mut counts = vec![0_usize; objects];
        for part in parts {
            let mask = self.fulfilling(*part, objects);
            for (place, count) in counts.iter_mut().enumerate() {
                *count += usize::from(mask.contains(place));
            }
        }
        let mut enough = Mask::none(objects);
        for (place, count) in counts.into_iter().enumerate() {
            if wanted(place).is_some_and(|wanted| count >= wanted) {
                enough.set(place);
            }
        }
        enough
    }

    /// The objects of `path` around those of `inner_path` that fulfil `inner`.
    fn around(&mut self, inner: NodeId, inner_path: NestedId, path: NestedId, objects: usize) -> Mask {
        let found = self.fulfilling(inner, self.layout.count(inner_path));
        let mut around = Mask::none(objects);
        let places = found.iter().filter_map(|place| self.layout.enclosing(inner_path, place, path));
        places.for_each(|place| around.set(place));
        around
    }

    fn passes(&self, test: &Test, values: &Values<'_>) -> bool {
        let document = self.layout.document;
        let mut terms = values.tokens.iter().map(|token| document.term(token));
        match test {
            Test::Exists => values.exists,
            Test::Term(wanted) => terms.any(|term| *term == **wanted),
            Test::Pattern(pattern) => terms.any(|term| pattern.fits(term)),
            Test::TermRange { lower, upper } => terms.any(|term| {
                let above = lower.as_ref().is_none_or(|(low, included)| *term > **low || (*included && *term == **low));
                let below =
                    upper.as_ref().is_none_or(|(high, included)| *term < **high || (*included && *term == **high));
                above && below
            }),
            Test::Phrase(phrase) => {
                phrase.stands_in(values.tokens.iter().map(|token| (document.term(token), token.position)))
            }
            Test::Point(range) => match range.resolve(document.now) {
                Some((low, high)) => values.points.iter().any(|point| (low..=high).contains(point)),
                None => false,
            },
            Test::Geo(area) => area.holds(values.points),
            Test::Interval(relation, range) => match range.resolve(document.now) {
                Some((low, high)) => values.intervals.iter().any(|(from, to)| match relation {
                    RangeRelation::Intersects => *from <= high && *to >= low,
                    RangeRelation::Contains => *from <= low && *to >= high,
                    RangeRelation::Within => *from >= low && *to <= high,
                }),
                None => false,
            },
        }
    }
}
