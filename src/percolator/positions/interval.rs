//! Intervals: the shortest stretches that have what is asked for (Lucene's `queries/intervals`).
//!
//! No stretch that a source gives contains another one of it, unless it comes out of a filter's reference; starts and ends never fall.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::percolator::positions::stream::Stretches;
use crate::percolator::positions::stretch::Stretch;

/// Stretches without repeats of one directly behind the other.
pub(super) fn distinct<'s>(stretches: impl Iterator<Item = Stretch> + 's) -> Stretches<'s> {
    let mut last = None;
    Box::new(stretches.filter(move |stretch| last.replace(*stretch) != Some(*stretch)))
}

/// Stretches with so many positions before them.
pub(super) fn extended(stretches: Stretches<'_>, before: u32) -> Stretches<'_> {
    Box::new(stretches.map(move |stretch| {
        let start = (stretch.start - i64::from(before)).max(0);
        Stretch { gaps: stretch.gaps, ..Stretch::new(start, stretch.end) }
    }))
}

/// Stretches with at most so many gaps.
pub(super) fn max_gaps(stretches: Stretches<'_>, most: i32) -> Stretches<'_> {
    Box::new(stretches.filter(move |stretch| stretch.gaps <= i64::from(most)).map(Stretch::filtered))
}

/// A source and its next stretch.
struct Head<'s> {
    stretch: Stretch,
    rest: Stretches<'s>,
}

impl<'s> Head<'s> {
    fn of(mut stretches: Stretches<'s>) -> Option<Head<'s>> {
        Some(Head { stretch: stretches.next()?, rest: stretches })
    }

    fn next(self) -> Option<Head<'s>> {
        Head::of(self.rest)
    }
}

/// The shortest stretches of any source.
pub(super) struct AnyOf<'s> {
    /// By the least end, then the greatest start: of stretches with one end the shortest comes first.
    heads: BinaryHeap<Keyed<'s, (Reverse<i64>, i64)>>,
    last: Option<Stretch>,
}

/// A head in a heap that gives the one with the greatest key first.
struct Keyed<'s, K> {
    key: K,
    head: Head<'s>,
}

impl<K: Ord> PartialEq for Keyed<'_, K> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<K: Ord> Eq for Keyed<'_, K> {}

impl<K: Ord> PartialOrd for Keyed<'_, K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: Ord> Ord for Keyed<'_, K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

impl<'s> AnyOf<'s> {
    pub(super) fn new(sources: Vec<Stretches<'s>>) -> AnyOf<'s> {
        let heads = sources.into_iter().filter_map(Head::of).map(AnyOf::keyed).collect();
        AnyOf { heads, last: None }
    }

    fn keyed(head: Head<'s>) -> Keyed<'s, (Reverse<i64>, i64)> {
        Keyed { key: (Reverse(head.stretch.end), head.stretch.start), head }
    }
}

impl Iterator for AnyOf<'_> {
    type Item = Stretch;

    fn next(&mut self) -> Option<Stretch> {
        loop {
            let head = self.heads.pop()?.head;
            let stretch = head.stretch;
            self.heads.extend(head.next().map(AnyOf::keyed));
            if self.last.is_none_or(|last| !stretch.contains(&last)) {
                self.last = Some(stretch);
                return Some(stretch.filtered());
            }
        }
    }
}

/// The shortest stretches that have a stretch of each source, one behind the other.
///
/// For each stretch of the first source the next ones are taken as early as possible. Of those that end with the same stretch of the
/// last source the one that begins last is the shortest.
pub(super) struct Ordered<'s> {
    first: Stretches<'s>,
    rest: Vec<Cursor<'s>>,
    /// What was found for the stretch of the last source that stands now.
    found: Option<Stretch>,
}

/// A source behind the first one, and the stretch that was taken of it, if any yet.
struct Cursor<'s> {
    taken: Option<Stretch>,
    rest: Stretches<'s>,
}

/// What an attempt to move a cursor came to.
enum Moved {
    /// It stood far enough.
    Not,
    /// It stands on another stretch now.
    On(Stretch),
    /// There is none that is far enough.
    Out,
}

impl<'s> Cursor<'s> {
    fn of(rest: Stretches<'s>) -> Cursor<'s> {
        Cursor { taken: None, rest }
    }

    /// Moves to the first stretch that starts at the position or behind it.
    fn move_to(&mut self, position: i64) -> Moved {
        if self.taken.is_some_and(|taken| taken.start >= position) {
            return Moved::Not;
        }
        self.taken = self.rest.find(|stretch| stretch.start >= position);
        self.taken.map_or(Moved::Out, Moved::On)
    }
}

impl<'s> Ordered<'s> {
    pub(super) fn new(sources: Vec<Stretches<'s>>) -> Ordered<'s> {
        let mut sources = sources.into_iter();
        let first = sources.next().unwrap_or_else(|| Box::new(std::iter::empty()));
        Ordered { first, rest: sources.map(Cursor::of).collect(), found: None }
    }

    /// Moves the cursors behind a stretch of the first source. Says whether the last one was moved; `None` where one came to its end.
    fn align(&mut self, first: Stretch) -> Option<bool> {
        let mut end = first.end;
        for cursor in &mut self.rest {
            match cursor.move_to(end) {
                // Those behind it stand far enough as well.
                Moved::Not => return Some(false),
                Moved::On(stretch) => end = stretch.end,
                Moved::Out => return None,
            }
        }
        Some(true)
    }

    fn around(&self, first: Stretch) -> Stretch {
        let taken = self.rest.iter().filter_map(|cursor| cursor.taken);
        let (end, filled) =
            taken.fold((first.end, first.width), |(_, filled), stretch| (stretch.end, filled + stretch.width));
        Stretch::around(first.start, end, filled)
    }
}

impl Iterator for Ordered<'_> {
    type Item = Stretch;

    fn next(&mut self) -> Option<Stretch> {
        while let Some(first) = self.first.next() {
            let Some(is_another) = self.align(first) else {
                self.first = Box::new(std::iter::empty());
                break;
            };
            let before = self.found.replace(self.around(first));
            if is_another && before.is_some() {
                return before;
            }
        }
        self.found.take()
    }
}

/// The shortest stretches that have a stretch of each source, in any order, on one another or not.
pub(super) struct Unordered<'s> {
    /// By the least start, then the greatest end.
    heads: BinaryHeap<Keyed<'s, (Reverse<i64>, i64)>>,
    sources: usize,
    /// The end of the rightmost head so far.
    end: i64,
    /// How much the heads fill together.
    filled: i64,
    last_start: Option<i64>,
}

impl<'s> Unordered<'s> {
    pub(super) fn new(sources: Vec<Stretches<'s>>) -> Unordered<'s> {
        let mut unordered =
            Unordered { heads: BinaryHeap::new(), sources: sources.len(), end: 0, filled: 0, last_start: None };
        for head in sources.into_iter().map_while(Head::of) {
            unordered.add(head);
        }
        unordered
    }

    fn add(&mut self, head: Head<'s>) {
        self.end = self.end.max(head.stretch.end);
        self.filled += head.stretch.width;
        self.heads.push(Keyed { key: (Reverse(head.stretch.start), head.stretch.end), head });
    }

    /// The leftmost stretch, while every source has one.
    fn leftmost(&self) -> Option<Stretch> {
        self.heads.peek().filter(|_| self.heads.len() == self.sources).map(|keyed| keyed.head.stretch)
    }

    /// Takes the next stretch of the source with the leftmost one.
    fn advance(&mut self) {
        let Some(Keyed { head, .. }) = self.heads.pop() else { return };
        self.filled -= head.stretch.width;
        if let Some(next) = head.next() {
            self.add(next);
        }
    }
}

impl Iterator for Unordered<'_> {
    type Item = Stretch;

    fn next(&mut self) -> Option<Stretch> {
        while self.leftmost().is_some_and(|leftmost| Some(leftmost.start) == self.last_start) {
            self.advance();
        }
        let mut found = None;
        // As long as the end stays, it becomes shorter from the left.
        while let Some(leftmost) = self.leftmost() {
            if found.is_some_and(|found: Stretch| found.end != self.end) {
                break;
            }
            found = Some(Stretch::around(leftmost.start, self.end, self.filled));
            self.last_start = Some(leftmost.start);
            if leftmost.end == self.end {
                break;
            }
            self.advance();
        }
        found
    }
}

/// So many stretches of one source in a row.
pub(super) struct Repeated<'s> {
    source: Stretches<'s>,
    window: VecDeque<Stretch>,
    times: usize,
    /// What Lucene takes for the sum of the widths in the window: for each stretch 2 less its length, which is 1 for single positions.
    width: i64,
}

impl<'s> Repeated<'s> {
    pub(super) fn new(source: Stretches<'s>, times: usize) -> Repeated<'s> {
        Repeated { source, window: VecDeque::new(), times, width: 0 }
    }
}

impl Iterator for Repeated<'_> {
    type Item = Stretch;

    fn next(&mut self) -> Option<Stretch> {
        let width = |stretch: Stretch| 2 - (stretch.end - stretch.start);
        if self.window.len() == self.times {
            self.width -= self.window.pop_front().map_or(0, width);
        }
        while self.window.len() < self.times {
            let stretch = self.source.next()?;
            self.width += width(stretch);
            self.window.push_back(stretch);
        }
        let (first, last) = (self.window.front()?, self.window.back()?);
        Some(Stretch { width: self.width, ..Stretch::around(first.start, last.end, self.width) })
    }
}

/// Stretches of the sources, each directly behind the one before it.
pub(super) struct Adjacent<'s> {
    first: Stretches<'s>,
    rest: Vec<Cursor<'s>>,
}

impl<'s> Adjacent<'s> {
    pub(super) fn new(sources: Vec<Stretches<'s>>) -> Adjacent<'s> {
        let Ordered { first, rest, .. } = Ordered::new(sources);
        Adjacent { first, rest }
    }

    /// The end of the stretches behind a stretch of the first source; `None` where they do not follow it. An error where one source
    /// came to its end.
    fn follow(&mut self, first: Stretch) -> Result<Option<i64>, Exhausted> {
        let mut end = first.end;
        for cursor in &mut self.rest {
            if let Moved::Out = cursor.move_to(end) {
                return Err(Exhausted);
            }
            match cursor.taken {
                Some(taken) if taken.start == end => end = taken.end,
                _ => return Ok(None),
            }
        }
        Ok(Some(end))
    }
}

/// A source has no more stretches.
struct Exhausted;

impl Iterator for Adjacent<'_> {
    type Item = Stretch;

    fn next(&mut self) -> Option<Stretch> {
        loop {
            let first = self.first.next()?;
            match self.follow(first) {
                Ok(Some(end)) => return Some(Stretch::new(first.start, end)),
                Ok(None) => {}
                Err(Exhausted) => return None,
            }
        }
    }
}
