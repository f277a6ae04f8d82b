//! A word as its letters, for rules about its ending.

/// The letters of a word that is being stemmed.
pub(super) struct Letters(Vec<char>);

/// Where a word has more than `above` letters and ends in one of `endings` (separated by spaces), its last `cut` letters make place
/// for `add`.
pub(super) struct Ending {
    pub(super) above: usize,
    pub(super) endings: &'static str,
    pub(super) cut: usize,
    pub(super) add: &'static str,
}

/// A rule that only takes letters away.
pub(super) const fn cut(above: usize, endings: &'static str, cut: usize) -> Ending {
    Ending { above, endings, cut, add: "" }
}

/// A rule that puts others in place of letters.
pub(super) const fn swap(above: usize, endings: &'static str, cut: usize, add: &'static str) -> Ending {
    Ending { above, endings, cut, add }
}

impl Letters {
    pub(super) fn of(word: &str) -> Letters {
        Letters(word.chars().collect())
    }

    pub(super) fn into_word(self) -> String {
        self.0.into_iter().collect()
    }

    /// In UTF-16 units, as Lucene counts.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|letter| letter.len_utf16()).sum()
    }

    /// How many there are.
    pub(super) fn letters(&self) -> usize {
        self.0.len()
    }

    /// The letter at this place from the end, 1 for the last; NUL where the word is too short.
    pub(super) fn last(&self, place: usize) -> char {
        self.0.len().checked_sub(place).and_then(|index| self.0.get(index).copied()).unwrap_or('\0')
    }

    pub(super) fn set_last(&mut self, place: usize, letter: char) {
        if let Some(slot) = self.0.len().checked_sub(place).and_then(|index| self.0.get_mut(index)) {
            *slot = letter;
        }
    }

    pub(super) fn at(&self, index: usize) -> char {
        self.0.get(index).copied().unwrap_or('\0')
    }

    pub(super) fn ends_with(&self, ending: &str) -> bool {
        let mut letters = self.0.iter().rev();
        ending.chars().rev().all(|letter| letters.next() == Some(&letter))
    }

    pub(super) fn starts_with(&self, beginning: &str) -> bool {
        let mut letters = self.0.iter();
        beginning.chars().all(|letter| letters.next() == Some(&letter))
    }

    /// Whether it ends in one of these, separated by spaces.
    pub(super) fn ends_with_any(&self, endings: &str) -> bool {
        endings.split(' ').any(|ending| self.ends_with(ending))
    }

    /// Whether what stands before the last `letters` ends in one of these.
    pub(super) fn ends_with_any_before(&self, endings: &str, letters: usize) -> bool {
        let before = self.0.get(..self.0.len().saturating_sub(letters)).unwrap_or_default();
        endings.split(' ').any(|ending| {
            let mut letters = before.iter().rev();
            ending.chars().rev().all(|letter| letters.next() == Some(&letter))
        })
    }

    pub(super) fn cut(&mut self, letters: usize) {
        self.0.truncate(self.0.len().saturating_sub(letters));
    }

    pub(super) fn push(&mut self, letters: &str) {
        self.0.extend(letters.chars());
    }

    /// Takes letters from the start.
    pub(super) fn behead(&mut self, letters: usize) {
        self.0.drain(..letters.min(self.0.len()));
    }

    pub(super) fn set(&mut self, index: usize, letter: char) {
        if let Some(slot) = self.0.get_mut(index) {
            *slot = letter;
        }
    }

    /// Takes the letter before the last out.
    pub(super) fn drop_second_last(&mut self) {
        if let Some(index) = self.0.len().checked_sub(2) {
            self.0.remove(index);
        }
    }

    /// Replaces letters one by one: `pairs` has strings of letters with what they become.
    pub(super) fn fold(&mut self, pairs: &[(&str, char)]) {
        for letter in &mut self.0 {
            if let Some((_, folded)) = pairs.iter().find(|(from, _)| from.contains(*letter)) {
                *letter = *folded;
            }
        }
    }

    /// Of equal letters in a row only one stays, where `applies` to them.
    pub(super) fn undouble(&mut self, applies: impl Fn(char) -> bool) {
        self.0.dedup_by(|letter, before| letter == before && applies(*letter));
    }

    pub(super) fn count(&self, is_counted: impl Fn(char) -> bool) -> usize {
        self.0.iter().filter(|letter| is_counted(**letter)).count()
    }

    /// Applies the first rule that fits; whether one did.
    pub(super) fn apply(&mut self, rules: &[Ending]) -> bool {
        let length = self.len();
        let fitting = rules.iter().find(|rule| length > rule.above && self.ends_with_any(rule.endings));
        if let Some(rule) = fitting {
            self.cut(rule.cut);
            self.push(rule.add);
        }
        fitting.is_some()
    }
}
