//! Spans: every stretch that a source has, in the order of starts (Lucene's `queries/spans`).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::percolator::positions::stream::Stretches;
use crate::percolator::positions::stretch::Stretch;

/// Stretches that end at the position `end` at the latest.
pub(super) fn first(stretches: Stretches<'_>, end: u32) -> Stretches<'_> {
    let end = i64::from(end);
    Box::new(stretches.take_while(move |stretch| stretch.start < end).filter(move |stretch| stretch.end <= end))
}

/// Parts near to each other, in their order or in any.
pub(super) fn near<'s>(parts: Vec<Part<'s>>, slop: i32, ordered: bool) -> Stretches<'s> {
    let slop = i64::from(slop);
    if ordered { Box::new(NearOrdered { parts, slop }) } else { Box::new(NearUnordered::new(parts, slop)) }
}

/// All stretches of several sources.
pub(super) struct Merged<'s> {
    sources: Vec<Stretches<'s>>,
    /// The next stretch of each source, as (start, end, source).
    heads: BinaryHeap<Reverse<(i64, i64, usize)>>,
}

impl<'s> Merged<'s> {
    pub(super) fn new(sources: Vec<Stretches<'s>>) -> Merged<'s> {
        let mut merged = Merged { heads: BinaryHeap::with_capacity(sources.len()), sources };
        for source in 0..merged.sources.len() {
            merged.refill(source);
        }
        merged
    }

    fn refill(&mut self, source: usize) {
        let next = self.sources.get_mut(source).and_then(Iterator::next);
        self.heads.extend(next.map(|stretch| Reverse((stretch.start, stretch.end, source))));
    }
}

impl Iterator for Merged<'_> {
    type Item = Stretch;

    fn next(&mut self) -> Option<Stretch> {
        let Reverse((start, end, source)) = self.heads.pop()?;
        self.refill(source);
        Some(Stretch::new(start, end))
    }
}

/// A part of a near span: where it stands now, and what is to come of it.
pub(super) struct Part<'s> {
    start: i64,
    end: i64,
    kind: PartKind<'s>,
}

enum PartKind<'s> {
    Stretches(Stretches<'s>),
    /// Can stand anywhere.
    Gap {
        width: i64,
    },
}

/// Before the first stretch; Lucene compares with it where gaps have negative widths.
const NOWHERE_YET: i64 = -1;

impl<'s> Part<'s> {
    pub(super) fn of(stretches: Stretches<'s>) -> Part<'s> {
        Part { start: NOWHERE_YET, end: NOWHERE_YET, kind: PartKind::Stretches(stretches) }
    }

    pub(super) fn gap(width: i64) -> Part<'s> {
        Part { start: NOWHERE_YET, end: NOWHERE_YET + width, kind: PartKind::Gap { width } }
    }

    fn length(&self) -> i64 {
        self.end - self.start
    }

    /// The next stretch; `None` where there is none.
    fn advance(&mut self) -> Option<()> {
        (self.start, self.end) = match &mut self.kind {
            PartKind::Stretches(stretches) => stretches.next().map(|stretch| (stretch.start, stretch.end))?,
            PartKind::Gap { width } => (self.start + 1, self.start + 1 + *width),
        };
        Some(())
    }

    /// The first stretch from the position on.
    fn advance_to(&mut self, position: i64) -> Option<()> {
        if let PartKind::Gap { width } = self.kind {
            (self.start, self.end) = (position, position + width);
            return Some(());
        }
        while self.start < position {
            self.advance()?;
        }
        Some(())
    }
}

/// For each stretch of the first part (each position, where it is a gap) those of the others one behind the other, each as early as possible, with at most `slop`
/// positions between them in sum. No part ever goes back.
struct NearOrdered<'s> {
    parts: Vec<Part<'s>>,
    slop: i64,
}

impl NearOrdered<'_> {
    /// How many positions lie between the parts, once all stand behind the first one.
    fn stretch_out(&mut self) -> Option<i64> {
        let mut parts = self.parts.iter_mut();
        let mut end = parts.next()?.end;
        let mut between = 0;
        for part in parts {
            part.advance_to(end)?;
            between += part.start - end;
            end = part.end;
        }
        Some(between)
    }
}

impl NearOrdered<'_> {
    /// Moves a gap at the beginning over positions that are too far from the next part by `excess` or more: it could stand anywhere,
    /// and positions can be far apart.
    fn skip(&mut self, excess: i64) {
        if let [gap @ Part { kind: PartKind::Gap { .. }, .. }, next, ..] = self.parts.as_mut_slice() {
            let by = excess.min(next.start - gap.end + 1) - 1;
            gap.start += by.max(0);
        }
    }
}

impl Iterator for NearOrdered<'_> {
    type Item = Stretch;

    fn next(&mut self) -> Option<Stretch> {
        loop {
            self.parts.first_mut()?.advance()?;
            let Some(between) = self.stretch_out() else {
                self.parts.clear();
                return None;
            };
            if between > self.slop {
                self.skip(between - self.slop);
            } else {
                let (first, last) = (self.parts.first()?, self.parts.last()?);
                return Some(Stretch::new(first.start, last.end));
            }
        }
    }
}

/// Stretches of all parts in any order, on one another or not, with at most `slop` positions more than they fill in sum.
struct NearUnordered<'s> {
    /// A heap by (start, end): the leftmost part first. Where two stand on the same stretch, it decides which one moves on, and with
    /// that what is found next; so it is the plain binary heap that Lucene has.
    heap: Vec<Part<'s>>,
    /// The end of the rightmost stretch so far.
    end: i64,
    filled: i64,
    slop: i64,
    /// Whether the parts stand where they were not looked at yet.
    is_fresh: bool,
}

impl<'s> NearUnordered<'s> {
    fn new(parts: Vec<Part<'s>>, slop: i64) -> NearUnordered<'s> {
        let mut near = NearUnordered { heap: Vec::with_capacity(parts.len()), end: 0, filled: 0, slop, is_fresh: true };
        for mut part in parts {
            if part.advance().is_none() {
                near.heap.clear();
                break;
            }
            near.take_in(part.end, part.length());
            near.heap.push(part);
            near.sift_up();
        }
        near
    }

    fn take_in(&mut self, end: i64, length: i64) {
        self.end = self.end.max(end);
        self.filled += length;
    }

    /// Moves the leftmost part on.
    fn advance(&mut self) -> Option<()> {
        let leftmost = self.heap.first_mut()?;
        self.filled -= leftmost.length();
        leftmost.advance()?;
        let (end, length) = (leftmost.end, leftmost.length());
        self.take_in(end, length);
        self.sift_down();
        Some(())
    }

    fn is_before(&self, one: usize, other: usize) -> bool {
        match (self.heap.get(one), self.heap.get(other)) {
            (Some(one), Some(other)) => (one.start, one.end) < (other.start, other.end),
            _ => false,
        }
    }

    /// Brings the last part to its place.
    fn sift_up(&mut self) {
        let mut place = self.heap.len() - 1;
        while place > 0 && self.is_before(place, (place - 1) / 2) {
            self.heap.swap(place, (place - 1) / 2);
            place = (place - 1) / 2;
        }
    }

    /// Brings the first part to its place.
    fn sift_down(&mut self) {
        let mut place = 0;
        loop {
            let left = 2 * place + 1;
            let child = if self.is_before(left + 1, left) { left + 1 } else { left };
            if !self.is_before(child, place) {
                return;
            }
            self.heap.swap(child, place);
            place = child;
        }
    }
}

impl Iterator for NearUnordered<'_> {
    type Item = Stretch;

    fn next(&mut self) -> Option<Stretch> {
        loop {
            if !std::mem::take(&mut self.is_fresh) && self.advance().is_none() {
                self.heap.clear();
                return None;
            }
            let start = self.heap.first()?.start;
            if self.end - start - self.filled <= self.slop {
                return Some(Stretch::new(start, self.end));
            }
        }
    }
}
