//! Sets of fields: which ones any stored query asks for.

use crate::mapping::FieldId;

/// A set of fields of one mapping.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FieldSet {
    /// A bit a field.
    words: Vec<u64>,
}

impl FieldSet {
    pub(super) fn insert(&mut self, field: FieldId) {
        let (word, bit) = place(field);
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        if let Some(word) = self.words.get_mut(word) {
            *word |= bit;
        }
    }

    pub(super) fn contains(&self, field: FieldId) -> bool {
        let (word, bit) = place(field);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Adds what is in the other.
    pub(super) fn unite(&mut self, other: &FieldSet) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        self.words.iter_mut().zip(&other.words).for_each(|(mine, others)| *mine |= others);
    }

    /// Whether all of the other is in it.
    pub(super) fn covers(&self, other: &FieldSet) -> bool {
        other.words.iter().enumerate().all(|(place, word)| word & !self.words.get(place).copied().unwrap_or(0) == 0)
    }
}

fn place(field: FieldId) -> (usize, u64) {
    (field.0 as usize / 64, 1 << (field.0 % 64))
}
