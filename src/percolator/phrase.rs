//! Phrases: terms that stand in a given arrangement.

use rustc_hash::FxHashMap;

/// Terms at relative positions, with `slop` moves allowed between them (Lucene's `PhraseQuery`, `MultiPhraseQuery`,
/// `MultiPhrasePrefixQuery`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Phrase {
    /// What stands where; at least one.
    pub slots: Vec<Slot>,
    /// How far the terms may be moved in sum.
    pub slop: u32,
}

/// One place of a phrase.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slot {
    /// The place, counted in positions from the phrase's start.
    pub position: u32,
    /// Any of these terms.
    pub terms: Vec<Box<str>>,
    /// Whether the terms are only beginnings of terms.
    pub prefix: bool,
}

impl Slot {
    fn accepts(&self, term: &str) -> bool {
        self.terms.iter().any(|wanted| if self.prefix { term.starts_with(&**wanted) } else { **wanted == *term })
    }
}

impl Phrase {
    /// Whether the tokens, as (term, position), hold the phrase.
    pub fn stands_in<'a>(&self, tokens: impl Iterator<Item = (&'a str, u32)>) -> bool {
        let mut places: Vec<Vec<i64>> = vec![Vec::new(); self.slots.len()];
        for (term, position) in tokens {
            for (slot, places) in self.slots.iter().zip(&mut places) {
                if slot.accepts(term) {
                    places.push(i64::from(position) - i64::from(slot.position));
                }
            }
        }
        if places.iter().any(Vec::is_empty) {
            return false;
        }
        for places in &mut places {
            places.sort_unstable();
            places.dedup();
        }
        let mut starts: Vec<i64> = if self.slop == 0 {
            places.first().cloned().unwrap_or_default()
        } else {
            places.iter().flatten().copied().collect()
        };
        starts.sort_unstable();
        starts.dedup();
        starts.into_iter().any(|start| self.fits_window(&places, start, start.saturating_add(i64::from(self.slop))))
    }

    /// Whether every slot finds a place of its own with its shifted position from `start` to `end`: an assignment of slots to
    /// positions, grown slot by slot along augmenting paths (Kuhn), since repeated terms must stand at distinct positions.
    fn fits_window(&self, places: &[Vec<i64>], start: i64, end: i64) -> bool {
        let mut taken: FxHashMap<i64, usize> = FxHashMap::default();
        (0..self.slots.len()).all(|slot| {
            let mut visited = Vec::new();
            self.seat(slot, places, start, end, &mut taken, &mut visited)
        })
    }

    fn seat(
        &self,
        slot: usize,
        places: &[Vec<i64>],
        start: i64,
        end: i64,
        taken: &mut FxHashMap<i64, usize>,
        visited: &mut Vec<i64>,
    ) -> bool {
        let (Some(shifted), Some(offset)) = (places.get(slot), self.slots.get(slot).map(|slot| slot.position)) else {
            return false;
        };
        let from = shifted.partition_point(|place| *place < start);
        for place in shifted.iter().skip(from).take_while(|place| **place <= end) {
            let position = place + i64::from(offset);
            if visited.contains(&position) {
                continue;
            }
            visited.push(position);
            let free = match taken.get(&position).copied() {
                None => true,
                Some(other) if self.may_share(slot, other) => return true,
                Some(other) => self.seat(other, places, start, end, taken, visited),
            };
            if free {
                taken.insert(position, slot);
                return true;
            }
        }
        false
    }

    /// Slots without a common term can stand at one position (two terms of one token's place); others cannot.
    fn may_share(&self, one: usize, other: usize) -> bool {
        match (self.slots.get(one), self.slots.get(other)) {
            (Some(one), Some(other)) => !one.terms.iter().any(|term| other.accepts(term)),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phrase(words: &str, slop: u32) -> Phrase {
        let slots = (0..).zip(words.split(' ')).map(|(position, word)| Slot {
            position,
            terms: vec![word.trim_end_matches('*').into()],
            prefix: word.ends_with('*'),
        });
        Phrase { slots: slots.collect(), slop }
    }

    #[test]
    fn phrases_stand_in_texts_as_lucene_says() {
        let cases = [
            ("quick fox", 0, "quick fox", true),
            ("quick fox", 0, "fox quick", false),
            ("quick fox", 1, "quick brown fox", true),
            ("quick fox", 1, "fox quick", false),
            ("quick fox", 2, "fox quick", true),
            ("a a", 0, "a b", false),
            ("a a", 3, "a", false),
            ("a a", 1, "a b a", true),
            ("a b a", 0, "x a b a", true),
            ("a b a", 2, "a b", false),
            ("quick fo*", 0, "the quick fox", true),
            ("quick fo*", 0, "the quick dog", false),
            ("one two three", 2, "one x two x three", true),
            ("one two three", 1, "one x two x three", false),
        ];
        for (words, slop, text, expected) in cases {
            let found = phrase(words, slop).stands_in(text.split(' ').zip(0..));
            assert_eq!(found, expected, "\"{words}\"~{slop} in {text:?}");
        }
    }
}
