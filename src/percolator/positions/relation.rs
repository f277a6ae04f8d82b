//! How stretches of one source must stand to those of another.

use std::iter::Peekable;

use crate::percolator::positions::stream::Stretches;
use crate::percolator::positions::stretch::Stretch;

/// A filter of stretches by those of a reference (Lucene's `*IntervalsSource` filters, `SpanNotQuery`, `SpanContainingQuery`,
/// `SpanWithinQuery`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::percolator) enum Relation {
    Before,
    After,
    Containing,
    ContainedBy,
    NotContaining,
    NotContainedBy,
    Overlapping,
    NotOverlapping,
    /// A span around a span.
    SpanContaining,
    /// A span in a span.
    SpanWithin,
    /// A span with none from `pre` positions before it to `post` behind it.
    SpanNot {
        pre: u32,
        post: u32,
    },
}

impl Relation {
    /// Whether a stretch of the reference is needed to find anything.
    pub(super) fn needs_reference(self) -> bool {
        match self {
            Relation::Before
            | Relation::After
            | Relation::Containing
            | Relation::ContainedBy
            | Relation::Overlapping
            | Relation::SpanContaining
            | Relation::SpanWithin => true,
            Relation::NotContaining
            | Relation::NotContainedBy
            | Relation::NotOverlapping
            | Relation::SpanNot { .. } => false,
        }
    }

    /// Whether the reference is too far left to be asked about this stretch, or any behind it.
    fn is_passed(self, reference: &Stretch, stretch: &Stretch) -> bool {
        match self {
            Relation::Containing | Relation::NotContaining => {
                reference.start < stretch.start && reference.end < stretch.end
            }
            Relation::Before
            | Relation::After
            | Relation::ContainedBy
            | Relation::NotContainedBy
            | Relation::SpanWithin => reference.end < stretch.end,
            Relation::Overlapping | Relation::NotOverlapping => reference.end <= stretch.start,
            Relation::SpanContaining => reference.start < stretch.start,
            Relation::SpanNot { pre, .. } => reference.end <= stretch.start - i64::from(pre),
        }
    }

    /// Whether the stretch is kept, by the first reference that it has not passed.
    fn keeps(self, stretch: &Stretch, reference: &Stretch) -> bool {
        match self {
            Relation::Containing => stretch.contains(reference),
            Relation::Before | Relation::After | Relation::ContainedBy | Relation::SpanWithin => {
                reference.start <= stretch.start
            }
            Relation::Overlapping => reference.start < stretch.end,
            // Stricter than its name: a reference that only overlaps is too much, too.
            Relation::NotContaining | Relation::NotOverlapping => reference.start >= stretch.end,
            Relation::NotContainedBy => stretch.start < reference.start,
            Relation::SpanContaining => reference.end <= stretch.end,
            Relation::SpanNot { post, .. } => reference.start - i64::from(post) >= stretch.end,
        }
    }

    /// What the reference of `before` and `after` stands for: all positions on that side of it. Before the first position of a field
    /// Lucene still finds one, the first itself.
    fn widened(self, reference: Stretch) -> Stretch {
        match self {
            Relation::Before => Stretch::new(0, reference.start.max(1)),
            Relation::After => Stretch::new(reference.end, i64::MAX),
            _ => reference,
        }
    }
}

/// Stretches with the relation to those of the reference.
pub(super) struct Related<'s> {
    pub(super) relation: Relation,
    pub(super) stretches: Stretches<'s>,
    pub(super) reference: Peekable<Stretches<'s>>,
}

impl<'s> Related<'s> {
    pub(super) fn new(relation: Relation, stretches: Stretches<'s>, reference: Stretches<'s>) -> Related<'s> {
        let widened: Stretches<'s> = Box::new(reference.map(move |reference| relation.widened(reference)));
        Related { relation, stretches, reference: widened.peekable() }
    }
}

impl Iterator for Related<'_> {
    type Item = Stretch;

    fn next(&mut self) -> Option<Stretch> {
        loop {
            let stretch = self.stretches.next()?;
            while self.reference.next_if(|reference| self.relation.is_passed(reference, &stretch)).is_some() {}
            let kept = match self.reference.peek() {
                Some(reference) => self.relation.keeps(&stretch, reference),
                None if self.relation.needs_reference() => return None,
                None => true,
            };
            if kept {
                return Some(stretch.filtered());
            }
        }
    }
}
