//! One document against one segment: candidates by the document's own terms, then each verified exactly.

use rustc_hash::FxHashMap;

use crate::mapping::NestedId;
use crate::percolator::condition::Test;
use crate::percolator::document::{Document, Scope, Values};
use crate::percolator::features::{FeatureId, Quality, Slot, Space};
use crate::percolator::filing::Having;
use crate::percolator::mask::Mask;
use crate::percolator::queries::{Kind, NodeId, Queries, RootNumber, SubscriberNumber};
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
///
/// What is as long as the segment is not cleared, but carries the round in which it was written, or is put back one by one.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) serial: u64,
    round: u32,
    /// By feature: the objects that have it, numbered modulo 64. Nothing but what `present` lists is set.
    objects: Vec<u64>,
    /// The features that the document has.
    present: Vec<FeatureId>,
    /// The same, a bit a feature: so small that it stays at hand while companions are looked at.
    is_present: Vec<u64>,
    /// The objects of features on paths of more than 64 objects.
    many_objects: FxHashMap<FeatureId, Mask>,
    answers: Vec<Answer>,
    candidates: Vec<RootNumber>,
    seen: Vec<u32>,
    /// The look-ups of one field's terms.
    begun: Vec<Slot>,
}

#[derive(Debug, Default, Clone)]
struct Answer {
    round: u32,
    mask: Mask,
}

impl Scratch {
    pub(super) fn for_content(content: &Content) -> Scratch {
        let queries = &content.queries;
        Scratch {
            serial: content.serial,
            objects: vec![0; queries.features.len()],
            is_present: vec![0; queries.features.len().div_ceil(64)],
            answers: vec![Answer::default(); queries.memos()],
            seen: vec![0; queries.roots().len()],
            ..Scratch::default()
        }
    }

    fn next_round(&mut self) {
        if self.round == u32::MAX {
            self.answers.fill(Answer::default());
            self.seen.fill(0);
            self.round = 0;
        }
        self.round += 1;
        for feature in self.present.drain(..) {
            if let Some(objects) = self.objects.get_mut(feature.index()) {
                *objects = 0;
            }
            if let Some(word) = self.is_present.get_mut(feature.index() / 64) {
                *word = 0;
            }
        }
        self.many_objects.clear();
        self.candidates.clear();
    }
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
        scratch.next_round();
        let mut visit = Visit { content, queries: &content.queries, layout, scratch };
        visit.enter();
        visit
    }

    /// Calls `found` for every subscription that selects the document; for one several times, perhaps.
    pub(super) fn selected(&mut self, segment: &Segment, mut found: impl FnMut(SubscriberNumber)) {
        self.content.everyone.iter().copied().for_each(&mut found);
        if let Some(member) = self.layout.document.id {
            self.content.listing(member).for_each(&mut found);
        }
        let filing = &segment.filing;
        for root in &filing.everything {
            self.queries.subscribers(*root).iter().copied().for_each(&mut found);
        }
        self.propose(segment);
        let candidates = std::mem::take(&mut self.scratch.candidates);
        for root in candidates.iter().chain(&filing.always) {
            let Some(node) = self.queries.roots().get(*root as usize) else { continue };
            if !self.evaluate(*node).is_empty() {
                self.queries.subscribers(*root).iter().copied().for_each(&mut found);
            }
        }
        self.scratch.candidates = candidates;
    }

    /// Counts the document's features.
    pub(super) fn count(&self) {
        let document = self.layout.document;
        let points = document.holdings().iter().flat_map(|holding| {
            let path = document.scopes().get(holding.scope as usize).map_or(NestedId::ROOT, |scope| scope.nested);
            document.held(holding).points.iter().map(move |point| ((path, holding.field), *point))
        });
        self.content.statistics.count(&self.scratch.present, points);
    }

    fn enter(&mut self) {
        let (document, features) = (self.layout.document, &self.queries.features);
        let mut begun = std::mem::take(&mut self.scratch.begun);
        for holding in document.holdings() {
            let Some(scope) = document.scopes().get(holding.scope as usize) else { continue };
            let path = scope.nested;
            let Some(wanted) = self.content.demand.wanted(path, holding.field) else { continue };
            let place = self.layout.places.get(holding.scope as usize).copied().unwrap_or_default();
            let values = document.held(holding);
            let space = |quality| Space::new(quality, path, holding.field);
            if wanted.value && values.exists {
                self.note(features.known(space(Quality::Value), &[]), path, place);
            }
            if wanted.points {
                for point in values.points {
                    self.note(features.known(space(Quality::Point), &point.to_le_bytes()), path, place);
                }
            }
            if wanted.terms {
                begun.clear();
                begun.extend(values.tokens.iter().map(|token| features.begin(token.hash)));
                for (token, slot) in values.tokens.iter().zip(&begun) {
                    let term = document.term(token).as_bytes();
                    self.note(features.end(*slot, token.hash, space(Quality::Term), term), path, place);
                }
            }
            for length in &wanted.beginnings {
                for token in values.tokens {
                    if let Some(beginning) = document.term(token).as_bytes().get(..*length) {
                        self.note(features.known(space(Quality::Prefix), beginning), path, place);
                    }
                }
            }
        }
        self.scratch.begun = begun;
        if let Some(member) = document.id {
            self.note(features.known(Space::ID, member.to_string().as_bytes()), NestedId::ROOT, 0);
        }
    }

    fn note(&mut self, feature: Option<FeatureId>, path: NestedId, place: usize) {
        let Some(feature) = feature else { return };
        if let Some(objects) = self.scratch.objects.get_mut(feature.index()) {
            if *objects == 0 {
                self.scratch.present.push(feature);
                if let Some(word) = self.scratch.is_present.get_mut(feature.index() / 64) {
                    *word |= 1 << (feature.index() % 64);
                }
            }
            *objects |= 1 << (place % 64);
        }
        let count = self.layout.count(path);
        if count > 64 {
            self.scratch.many_objects.entry(feature).or_insert_with(|| Mask::none(count)).set(place);
        }
    }

    /// Gathers the queries that the document's features lead to.
    fn propose(&mut self, segment: &Segment) {
        let Scratch { objects, present, is_present, candidates, seen, round, .. } = &mut *self.scratch;
        let having = Having { is_present, objects };
        let mut candidate = |root: RootNumber| {
            if let Some(seen) = seen.get_mut(root as usize)
                && *seen != *round
            {
                *seen = *round;
                candidates.push(root);
            }
        };
        for feature in present.iter() {
            let anchor = objects.get(feature.index()).copied().unwrap_or_default();
            for entry in segment.filing.under(*feature) {
                if entry.is_likely(anchor, &having) {
                    candidate(entry.root);
                }
            }
        }
        if segment.filing.ranges.is_empty() {
            return;
        }
        let document = self.layout.document;
        for holding in document.holdings() {
            let scope = holding.scope as usize;
            let path = document.scopes().get(scope).map_or(NestedId::ROOT, |scope| scope.nested);
            let Some(ranges) = segment.filing.ranges.get(&(path, holding.field)) else { continue };
            let anchor = 1 << (self.layout.places.get(scope).copied().unwrap_or_default() % 64);
            for point in document.held(holding).points {
                ranges.holding(*point, &mut |entry| {
                    if entry.is_likely(anchor, &having) {
                        candidate(entry.root);
                    }
                });
            }
        }
    }

    /// The objects of the node's path that fulfil it.
    pub(super) fn evaluate(&mut self, id: NodeId) -> Mask {
        let node = self.queries.node(id);
        let path = node.path;
        let objects = self.layout.count(path);
        if let Kind::Feature(feature) = node.kind {
            return self.having(feature, objects);
        }
        let kept = node.memo.index();
        if let Some(known) = kept.and_then(|kept| self.scratch.answers.get(kept))
            && known.round == self.scratch.round
        {
            return known.mask.clone();
        }
        let queries = self.queries;
        let mask = match node.kind {
            Kind::All => Mask::all(objects),
            Kind::None => Mask::none(objects),
            Kind::Feature(feature) => self.having(feature, objects),
            Kind::Test(_) => self.tested(id, &Mask::all(objects)),
            Kind::Positions(_) => self.arranged(id, &Mask::all(objects)),
            Kind::And(parts) => self.all_of(queries.children(parts), objects),
            Kind::Or(parts) => self.any_of(queries.children(parts), objects),
            Kind::Not(part) => {
                let mut rest = Mask::all(objects);
                rest.subtract(&self.evaluate(part));
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
            Kind::Nested(inner) => self.around(inner, path, objects),
            Kind::Root(inner) => {
                if self.evaluate(inner).is_empty() {
                    Mask::none(objects)
                } else {
                    Mask::all(objects)
                }
            }
        };
        if let Some(answer) = kept.and_then(|kept| self.scratch.answers.get_mut(kept)) {
            answer.round = self.scratch.round;
            answer.mask.clone_from(&mask);
        }
        mask
    }

    fn having(&self, feature: FeatureId, objects: usize) -> Mask {
        match self.scratch.many_objects.get(&feature) {
            Some(mask) => mask.clone(),
            None => Mask::of_word(self.scratch.objects.get(feature.index()).copied().unwrap_or_default(), objects),
        }
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
            let node = self.queries.node(*part);
            // What nothing else asks for need only see the objects that are left.
            let fulfilling = match (node.kind, node.memo.index()) {
                (Kind::Test(_), None) => self.tested(*part, &all),
                (Kind::Positions(_), None) => self.arranged(*part, &all),
                _ => self.evaluate(*part),
            };
            all.intersect(&fulfilling);
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
            any.unite(&self.evaluate(*part));
            if any == everything {
                break;
            }
        }
        any
    }

    fn enough_of(&mut self, parts: &[NodeId], objects: usize, wanted: impl Fn(usize) -> Option<usize>) -> Mask {
        let mut counts = vec![0_usize; objects];
        for part in parts {
            let mask = self.evaluate(*part);
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

    /// The objects of `path` around those that fulfil `inner`.
    fn around(&mut self, inner: NodeId, path: NestedId, objects: usize) -> Mask {
        let found = self.evaluate(inner);
        let mut around = Mask::none(objects);
        let inner_path = self.queries.node(inner).path;
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
