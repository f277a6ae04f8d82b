//! Phrases: terms that stand in a given arrangement.

/// Terms at relative positions, with `slop` moves allowed between them (Lucene's `PhraseQuery`, `MultiPhraseQuery`,
/// `MultiPhrasePrefixQuery`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Phrase {
    slots: Vec<Slot>,
    /// How far the terms may be moved in sum.
    slop: u32,
    /// For each slot the nearest one before it with the same terms.
    twins: Vec<Option<usize>>,
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
    /// Slots, at least one, in order of their positions.
    pub fn new(slots: Vec<Slot>, slop: u32) -> Phrase {
        let same = |one: &Slot, other: &Slot| one.terms == other.terms && one.prefix == other.prefix;
        let twin = |(index, slot): (usize, &Slot)| slots.iter().take(index).rposition(|before| same(before, slot));
        let twins = slots.iter().enumerate().map(twin).collect();
        Phrase { slots, slop, twins }
    }

    /// What stands where.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// How far the terms may be moved in sum.
    pub fn slop(&self) -> u32 {
        self.slop
    }

    /// Whether the tokens, as (term, position) in the order of their positions, hold the phrase.
    pub fn stands_in<'a>(&self, tokens: impl Iterator<Item = (&'a str, u32)> + Clone) -> bool {
        match self.plain_terms() {
            Some((first, others)) => stands_plainly(first, others, tokens),
            None => self.stands_somehow(tokens),
        }
    }

    /// The slots of a phrase as most are: one whole term a slot, each behind the other, and nothing may be moved.
    fn plain_terms(&self) -> Option<(&Slot, &[Slot])> {
        let is_plain = |slot: &Slot| slot.terms.len() == 1 && !slot.prefix;
        let in_order = || self.slots.is_sorted_by(|one, next| one.position < next.position);
        let plain = self.slop == 0 && self.slots.iter().all(is_plain) && in_order();
        self.slots.split_first().filter(|_| plain)
    }

    fn stands_somehow<'a>(&self, tokens: impl Iterator<Item = (&'a str, u32)>) -> bool {
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

    /// Whether every slot finds a place of its own with its shifted position from `start` to `end`.
    ///
    /// Repeated terms must stand at distinct positions. All windows are equally long, so for slots of the same terms it is
    /// best to take the first free position, slot by slot: each begins where the one before it stopped.
    fn fits_window(&self, places: &[Vec<i64>], start: i64, end: i64) -> bool {
        let mut taken: Vec<i64> = Vec::with_capacity(self.slots.len());
        for (index, (slot, shifted)) in self.slots.iter().zip(places).enumerate() {
            let offset = i64::from(slot.position);
            let twin = self.twins.get(index).copied().flatten().and_then(|twin| taken.get(twin).copied());
            let first = twin.map_or(start, |position| start.max(position + 1 - offset));
            let from = shifted.partition_point(|place| *place < first);
            let mut free = shifted.iter().skip(from).take_while(|place| **place <= end).map(|place| place + offset);
            let found = free.find(|position| {
                let mut others = taken.iter().enumerate().filter(|(_, other)| *other == position);
                others.all(|(other, _)| self.may_share(index, other))
            });
            match found {
                Some(position) => taken.push(position),
                None => return false,
            }
        }
        true
    }

    /// Slots without a common term can stand at one position (two terms of one token's place); others cannot.
    fn may_share(&self, one: usize, other: usize) -> bool {
        match (self.slots.get(one), self.slots.get(other)) {
            (Some(one), Some(other)) => {
                let takes_any = |slot: &Slot, of: &Slot| of.terms.iter().any(|term| slot.accepts(term));
                !takes_any(one, other) && !takes_any(other, one)
            }
            _ => false,
        }
    }
}

/// Whether the slots' terms stand at exactly their places, for slots of one term each.
fn stands_plainly<'a>(first: &Slot, others: &[Slot], mut tokens: impl Iterator<Item = (&'a str, u32)> + Clone) -> bool {
    while let Some((term, position)) = tokens.next() {
        if !first.accepts(term) {
            continue;
        }
        let start = i64::from(position) - i64::from(first.position);
        let mut behind = tokens.clone().peekable();
        let follows = others.iter().all(|slot| {
            let wanted = start + i64::from(slot.position);
            while behind.next_if(|(_, position)| i64::from(*position) < wanted).is_some() {}
            let mut found = false;
            // Several terms can stand at one place.
            while let Some((term, _)) = behind.next_if(|(_, position)| i64::from(*position) == wanted) {
                found |= slot.accepts(term);
            }
            found
        });
        if follows {
            return true;
        }
    }
    false
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
        Phrase::new(slots.collect(), slop)
    }

    #[test]
    fn a_phrase_of_one_word_over_and_over_comes_to_an_end() {
        let text = "a ".repeat(5_000);
        let words = "a ".repeat(300);
        assert!(phrase(words.trim(), 1_000).stands_in(text.trim().split(' ').zip(0..)));
        let words = format!("{words}b");
        assert!(!phrase(&words, 1_000).stands_in(format!("{text}{}b", "c ".repeat(9_000)).split(' ').zip(0..)));
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
            ("quick q*", 1, "quick", false),
            ("quick q*", 1, "quick quiet", true),
            ("quick q*", 2, "quiet quick", true),
            ("one two three", 2, "one x two x three", true),
            ("one two three", 1, "one x two x three", false),
        ];
        for (words, slop, text, expected) in cases {
            let found = phrase(words, slop).stands_in(text.split(' ').zip(0..));
            assert_eq!(found, expected, "\"{words}\"~{slop} in {text:?}");
        }
    }
}
