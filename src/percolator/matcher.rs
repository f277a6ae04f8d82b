//! One document against one segment: candidates by the document's own terms, then each verified exactly.

use crate::mapping::{FieldId, NestedId};
use crate::percolator::condition::Test;
use crate::percolator::document::{Document, Scope, Values};
use crate::percolator::mask::Mask;
use crate::percolator::segment::{Kind, NodeId, RootNumber, Segment, SubscriberNumber};
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

/// Memory that matching needs, kept from document to document: nothing in it is cleared, everything carries the round in which it was
/// written.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) serial: u64,
    round: u32,
    answers: Vec<Answer>,
    candidates: Vec<RootNumber>,
    seen: Vec<u32>,
}

#[derive(Debug, Default, Clone)]
struct Answer {
    round: u32,
    mask: Mask,
}

impl Scratch {
    pub(super) fn for_segment(segment: &Segment) -> Scratch {
        Scratch {
            serial: segment.serial,
            round: 0,
            answers: vec![Answer::default(); segment.nodes.len()],
            candidates: Vec::new(),
            seen: vec![0; segment.roots.len()],
        }
    }

    fn next_round(&mut self) {
        if self.round == u32::MAX {
            self.answers.fill(Answer::default());
            self.seen.fill(0);
            self.round = 0;
        }
        self.round += 1;
        self.candidates.clear();
    }
}

/// One document's visit to a segment.
pub(super) struct Visit<'s, 'd> {
    segment: &'s Segment,
    layout: &'s Layout<'d>,
    scratch: &'s mut Scratch,
}

impl<'s, 'd> Visit<'s, 'd> {
    /// Enters the document's terms, and gathers the candidates on the way.
    pub(super) fn begin(segment: &'s Segment, layout: &'s Layout<'d>, scratch: &'s mut Scratch) -> Visit<'s, 'd> {
        scratch.next_round();
        let mut visit = Visit { segment, layout, scratch };
        visit.enter();
        visit
    }

    /// Calls `found` for every subscription that selects the document; for one several times, perhaps.
    pub(super) fn selected(&mut self, mut found: impl FnMut(SubscriberNumber)) {
        self.segment.everyone.iter().copied().for_each(&mut found);
        if let Some(member) = self.layout.document.id {
            self.segment.listing(member).for_each(&mut found);
        }
        let candidates = std::mem::take(&mut self.scratch.candidates);
        for number in candidates.iter().chain(&self.segment.always) {
            let Some(root) = self.segment.roots.get(*number as usize) else { continue };
            if !self.evaluate(root.node).is_empty() {
                root.subscribers.iter().copied().for_each(&mut found);
            }
        }
        self.scratch.candidates = candidates;
    }

    fn enter(&mut self) {
        let segment = self.segment;
        let document = self.layout.document;
        for (index, scope) in document.scopes().iter().enumerate() {
            let place = self.layout.places.get(index).copied().unwrap_or_default();
            for (field, values) in scope.fields() {
                self.propose(segment.fields.get(&field).map_or(&[], Vec::as_slice));
                for point in &values.points {
                    self.propose(segment.points.get(&(field, *point)).map_or(&[], Vec::as_slice));
                }
                let Some(terms) = segment.terms.get(&field) else { continue };
                for token in &values.tokens {
                    let Some(entry) = terms.get(document.term(token)) else { continue };
                    for node in &entry.nodes {
                        self.note_term(*node, scope.nested, place);
                    }
                    self.propose(&entry.candidates);
                }
            }
        }
        if let Some(member) = document.id {
            self.propose(segment.ids.get(member.to_string().as_str()).map_or(&[], Vec::as_slice));
        }
    }

    fn propose(&mut self, candidates: &[RootNumber]) {
        let round = self.scratch.round;
        for number in candidates {
            if let Some(seen) = self.scratch.seen.get_mut(*number as usize)
                && *seen != round
            {
                *seen = round;
                self.scratch.candidates.push(*number);
            }
        }
    }

    fn note_term(&mut self, node: NodeId, path: NestedId, place: usize) {
        if self.segment.nodes.get(node.index()).is_none_or(|node| node.path != path) {
            return;
        }
        let objects = self.layout.count(path);
        let round = self.scratch.round;
        if let Some(answer) = self.scratch.answers.get_mut(node.index()) {
            if answer.round != round {
                answer.round = round;
                answer.mask.reset(objects);
            }
            answer.mask.set(place);
        }
    }

    /// The objects of the node's path that fulfil it.
    pub(super) fn evaluate(&mut self, id: NodeId) -> Mask {
        let segment = self.segment;
        let Some(node) = segment.nodes.get(id.index()) else { return Mask::default() };
        if let Some(known) = self.scratch.answers.get(id.index())
            && known.round == self.scratch.round
        {
            return known.mask.clone();
        }
        let path = node.path;
        let objects = self.layout.count(path);
        let mask = match &node.kind {
            Kind::All => Mask::all(objects),
            // A term that the document has was noted when the document's terms were entered.
            Kind::None | Kind::Term(..) => Mask::none(objects),
            Kind::Ids(ids) => {
                let member = self.layout.document.id.map(|id| id.to_string());
                let listed = member.is_some_and(|member| ids.iter().any(|id| **id == *member));
                if listed { Mask::all(objects) } else { Mask::none(objects) }
            }
            Kind::Test(field, test) => self.objects_where(path, *field, |values| self.passes(test, values)),
            Kind::And(parts) => self.all_of(parts, objects),
            Kind::Or(parts) => self.any_of(parts, objects),
            Kind::Not(part) => {
                let mut rest = Mask::all(objects);
                rest.subtract(&self.evaluate(*part));
                rest
            }
            Kind::AtLeast(count, parts) => self.enough_of(parts, objects, |_| Some(*count)),
            Kind::AtLeastField(field, parts) => {
                let layout = self.layout;
                self.enough_of(parts, objects, |place| {
                    let scope = layout.scope(*layout.scopes(path).get(place)?)?;
                    // Of several numbers the least one counts.
                    let wanted = *scope.values(*field)?.points.iter().min()?;
                    Some(usize::try_from(wanted.max(1)).unwrap_or(usize::MAX))
                })
            }
            Kind::Nested(inner) => self.around(*inner, path, objects),
        };
        if let Some(answer) = self.scratch.answers.get_mut(id.index()) {
            answer.round = self.scratch.round;
            answer.mask.clone_from(&mask);
        }
        mask
    }

    fn all_of(&mut self, parts: &[NodeId], objects: usize) -> Mask {
        let mut all = Mask::all(objects);
        for part in parts {
            all.intersect(&self.evaluate(*part));
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
        if let Some(node) = self.segment.nodes.get(inner.index()) {
            found
                .iter()
                .filter_map(|place| self.layout.enclosing(node.path, place, path))
                .for_each(|place| around.set(place));
        }
        around
    }

    fn objects_where(&self, path: NestedId, field: FieldId, passes: impl Fn(&Values) -> bool) -> Mask {
        let scopes = self.layout.scopes(path);
        let mut mask = Mask::none(scopes.len());
        for (place, index) in scopes.iter().enumerate() {
            let values = self.layout.scope(*index).and_then(|scope| scope.values(field));
            if values.is_some_and(&passes) {
                mask.set(place);
            }
        }
        mask
    }

    fn passes(&self, test: &Test, values: &Values) -> bool {
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
            Test::Geo(area) => area.holds(&values.points),
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
