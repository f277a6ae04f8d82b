//! Sets of characters.

use std::sync::LazyLock;

/// Sorted ranges that neither touch nor overlap, both ends included, as code points.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Ranges(Box<[(u32, u32)]>);

/// Characters with one that they become in the other case, where that is one character.
static CASES: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    let both = |character: char| {
        let cases = [only(character.to_lowercase()), only(character.to_uppercase())];
        cases.into_iter().flatten().filter(move |other| *other != character).map(move |other| (character, other))
    };
    // Unicode has no letters with a case beyond the second plane.
    ('\0'..='\u{1FFFF}').flat_map(both).collect()
});

fn only(mut cases: impl Iterator<Item = char>) -> Option<char> {
    cases.next().filter(|_| cases.next().is_none())
}

impl Ranges {
    pub(super) fn new(ranges: Vec<(char, char)>) -> Ranges {
        Ranges::of(ranges.into_iter().map(|(from, to)| (u32::from(from), u32::from(to))).collect())
    }

    fn of(mut ranges: Vec<(u32, u32)>) -> Ranges {
        ranges.sort_unstable();
        let mut apart: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
        for (from, to) in ranges {
            match apart.last_mut() {
                Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
                _ => apart.push((from, to)),
            }
        }
        Ranges(apart.into())
    }

    pub(super) fn all() -> Ranges {
        Ranges([(0, u32::from(char::MAX))].into())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn contains(&self, character: u32) -> bool {
        let behind = self.0.partition_point(|(from, _)| *from <= character);
        behind.checked_sub(1).and_then(|index| self.0.get(index)).is_some_and(|(_, to)| character <= *to)
    }

    pub(super) fn complement(&self) -> Ranges {
        let mut rest = Vec::with_capacity(self.0.len() + 1);
        let mut next = 0;
        for (from, to) in &self.0 {
            if next < *from {
                rest.push((next, from - 1));
            }
            next = to + 1;
        }
        if next <= u32::from(char::MAX) {
            rest.push((next, u32::from(char::MAX)));
        }
        Ranges(rest.into())
    }

    pub(super) fn union(sets: &[Ranges]) -> Ranges {
        Ranges::of(sets.iter().flat_map(|set| set.0.iter().copied()).collect())
    }

    /// With every character that is one of these in another case.
    pub(super) fn in_any_case(&self) -> Ranges {
        let others = CASES.iter().filter(|(_, other)| self.contains(u32::from(*other)));
        let others = others.map(|(character, _)| (u32::from(*character), u32::from(*character)));
        Ranges::of(self.0.iter().copied().chain(others).collect())
    }

    /// Where ranges begin, and where they are over.
    pub(super) fn boundaries(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().flat_map(|(from, to)| [*from, to + 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_set_is_not_in_its_complement() {
        let set = Ranges::new(vec![('c', 'e'), ('a', 'a'), ('d', 'g'), ('b', 'b')]);
        assert_eq!(set, Ranges::new(vec![('a', 'g')]));
        for character in ['\0', 'a', 'g', 'h', char::MAX] {
            let code = u32::from(character);
            assert_eq!(set.contains(code), ('a'..='g').contains(&character));
            assert_ne!(set.contains(code), set.complement().contains(code));
        }
        assert!(Ranges::all().complement().is_empty());
    }

    #[test]
    fn another_case_is_one_of_a_single_character() {
        let set = Ranges::new(vec![('k', 'k'), ('ß', 'ß')]).in_any_case();
        assert!(['k', 'K', '\u{212A}', 'ß', 'ẞ'].iter().all(|character| set.contains(u32::from(*character))));
        assert!(!set.contains(u32::from('S')));
    }
}
