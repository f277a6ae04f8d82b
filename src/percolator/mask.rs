//! Sets of the objects of one nested path: a bit an object.

use smallvec::SmallVec;

/// A set of objects of one path, numbered from 0. All masks of one path of one document have the same length.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mask {
    words: SmallVec<[u64; 1]>,
}

const WORD_BITS: usize = u64::BITS as usize;

impl Mask {
    /// None of `objects` objects.
    pub fn none(objects: usize) -> Mask {
        Mask { words: SmallVec::from_elem(0, objects.div_ceil(WORD_BITS)) }
    }

    /// All of `objects` objects.
    pub fn all(objects: usize) -> Mask {
        let mut mask = Mask { words: SmallVec::from_elem(u64::MAX, objects.div_ceil(WORD_BITS)) };
        let rest = objects % WORD_BITS;
        if let (Some(last), true) = (mask.words.last_mut(), rest > 0) {
            *last = (1 << rest) - 1;
        }
        mask
    }

    /// Those of `objects` objects, at most 64, whose bits are set.
    pub fn of_word(word: u64, objects: usize) -> Mask {
        Mask { words: SmallVec::from_elem(word, objects.div_ceil(WORD_BITS)) }
    }

    /// Adds an object; one beyond the length is no member of the path and is left out.
    pub fn set(&mut self, object: usize) {
        if let Some(word) = self.words.get_mut(object / WORD_BITS) {
            *word |= 1 << (object % WORD_BITS);
        }
    }

    /// Whether the object is in the set.
    pub fn contains(&self, object: usize) -> bool {
        self.words.get(object / WORD_BITS).is_some_and(|word| word & (1 << (object % WORD_BITS)) != 0)
    }

    /// Whether no object is in the set.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Keeps what is in both.
    pub fn intersect(&mut self, other: &Mask) {
        self.combine(other, |mine, others| mine & others);
    }

    /// Adds what is in the other.
    pub fn unite(&mut self, other: &Mask) {
        self.combine(other, |mine, others| mine | others);
    }

    /// Takes away what is in the other.
    pub fn subtract(&mut self, other: &Mask) {
        self.combine(other, |mine, others| mine & !others);
    }

    /// The objects of the set, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                if left == 0 {
                    return None;
                }
                let bit = left.trailing_zeros() as usize;
                left &= left - 1;
                Some(index * WORD_BITS + bit)
            })
        })
    }

    fn combine(&mut self, other: &Mask, combine: impl Fn(u64, u64) -> u64) {
        for (mine, others) in self.words.iter_mut().zip(&other.words) {
            *mine = combine(*mine, *others);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Mask;

    #[test]
    fn a_mask_holds_more_objects_than_a_word_has_bits() {
        let mut mask = Mask::none(130);
        mask.set(3);
        mask.set(129);
        assert_eq!(mask.iter().collect::<Vec<_>>(), [3, 129]);
        let mut others = Mask::all(130);
        others.subtract(&mask);
        assert_eq!(others.iter().count(), 128);
        assert!(!others.contains(129) && others.contains(128));
        others.intersect(&mask);
        assert!(others.is_empty());
    }
}
