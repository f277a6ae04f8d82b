//! Stretches of positions.

/// The positions from `start` up to, but without, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) start: i64,
    pub(super) end: i64,
    /// How much of a stretch around it this one fills.
    pub(super) width: i64,
    /// How many of its positions none of its parts fills; below 0 where parts lie on one another.
    pub(super) gaps: i64,
}

impl Stretch {
    /// A stretch that fills all of itself.
    pub(super) fn new(start: i64, end: i64) -> Stretch {
        Stretch { start, end, width: end - start, gaps: 0 }
    }

    /// One position.
    pub(super) fn at(position: u32) -> Stretch {
        Stretch::new(i64::from(position), i64::from(position) + 1)
    }

    /// A stretch around parts that fill `filled` positions together.
    pub(super) fn around(start: i64, end: i64, filled: i64) -> Stretch {
        Stretch { gaps: end - start - filled, ..Stretch::new(start, end) }
    }

    /// The stretch as the result of a filter, which fills all of itself.
    pub(super) fn filtered(self) -> Stretch {
        Stretch { gaps: self.gaps, ..Stretch::new(self.start, self.end) }
    }

    pub(super) fn contains(&self, other: &Stretch) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}
