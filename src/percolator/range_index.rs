//! Ranges by the points that they hold.

/// Closed ranges, each with a value; answers which hold a point in time that follows their number.
///
/// An augmented interval tree, laid out implicitly: the ranges by their lower ends, and for the middle of each part of them the highest
/// upper end of that part (Cormen et al., Introduction to Algorithms, 14.3).
#[derive(Debug)]
pub(super) struct RangeIndex<T> {
    ranges: Vec<(i128, i128, T)>,
    /// By place: the highest upper end of the part whose middle it is.
    highest: Vec<i128>,
}

impl<T> RangeIndex<T> {
    /// Ranges `(low, high, value)`, both ends included.
    pub(super) fn new(mut ranges: Vec<(i128, i128, T)>) -> RangeIndex<T> {
        ranges.sort_by_key(|(low, high, _)| (*low, *high));
        let mut index = RangeIndex { highest: vec![i128::MIN; ranges.len()], ranges };
        index.augment(0, index.ranges.len());
        index
    }

    fn augment(&mut self, from: usize, to: usize) -> i128 {
        let middle = from + (to - from) / 2;
        let Some(high) = self.ranges.get(middle).filter(|_| from < to).map(|(_, high, _)| *high) else {
            return i128::MIN;
        };
        let highest = high.max(self.augment(from, middle)).max(self.augment(middle + 1, to));
        if let Some(place) = self.highest.get_mut(middle) {
            *place = highest;
        }
        highest
    }

    /// Calls `found` with the value of every range that holds the point.
    pub(super) fn holding(&self, point: i128, found: &mut impl FnMut(&T)) {
        self.visit(point, 0, self.ranges.len(), found);
    }

    fn visit(&self, point: i128, from: usize, to: usize, found: &mut impl FnMut(&T)) {
        let middle = from + (to - from) / 2;
        let (Some((low, high, value)), Some(highest)) = (self.ranges.get(middle), self.highest.get(middle)) else {
            return;
        };
        if from >= to || *highest < point {
            return;
        }
        self.visit(point, from, middle, found);
        if *low <= point {
            if point <= *high {
                found(value);
            }
            self.visit(point, middle + 1, to, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_point_finds_the_ranges_that_hold_it(
            ranges in prop::collection::vec((-20_i128..20, 0_i128..15), 0..60),
            point in -25_i128..40,
        ) {
            let ranges: Vec<(i128, i128, usize)> =
                (0..).zip(&ranges).map(|(number, (low, length))| (*low, low + length, number)).collect();
            let holds = |(low, high, _): &&(i128, i128, usize)| *low <= point && point <= *high;
            let expected: Vec<usize> = ranges.iter().filter(holds).map(|(.., number)| *number).collect();
            let mut found = Vec::new();
            RangeIndex::new(ranges).holding(point, &mut |number| found.push(*number));
            found.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
