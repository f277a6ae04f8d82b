//! The parts of a word at delimiters, changes of case and numbers, as Lucene's `WordDelimiterIterator` finds them.

use rustc_hash::FxHashMap;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// What a character is to the filter; one can be several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analysis) struct CharacterType(u8);

impl CharacterType {
    const LOWER: CharacterType = CharacterType(1);
    const UPPER: CharacterType = CharacterType(2);
    pub(super) const ALPHA: CharacterType = CharacterType(3);
    pub(super) const DIGIT: CharacterType = CharacterType(4);
    const ALPHANUM: CharacterType = CharacterType(7);
    const DELIMITER: CharacterType = CharacterType(8);

    /// By the names of `type_table`.
    pub(in crate::analysis) fn named(name: &str) -> Option<CharacterType> {
        Some(match name {
            "LOWER" => CharacterType::LOWER,
            "UPPER" => CharacterType::UPPER,
            "ALPHA" => CharacterType::ALPHA,
            "DIGIT" => CharacterType::DIGIT,
            "ALPHANUM" => CharacterType::ALPHANUM,
            "SUBWORD_DELIM" => CharacterType::DELIMITER,
            _ => return None,
        })
    }

    /// Whether the two have something in common.
    pub(super) fn is(self, other: CharacterType) -> bool {
        self.0 & other.0 != 0
    }

    fn of(character: char) -> CharacterType {
        match character.general_category() {
            GeneralCategory::UppercaseLetter => CharacterType::UPPER,
            GeneralCategory::LowercaseLetter => CharacterType::LOWER,
            // Ordinals are lower case in Java.
            GeneralCategory::OtherLetter if matches!(character, 'ª' | 'º') => CharacterType::LOWER,
            GeneralCategory::TitlecaseLetter
            | GeneralCategory::ModifierLetter
            | GeneralCategory::OtherLetter
            | GeneralCategory::NonspacingMark
            | GeneralCategory::EnclosingMark
            | GeneralCategory::SpacingMark => CharacterType::ALPHA,
            GeneralCategory::DecimalNumber => CharacterType::DIGIT,
            // Of Latin-1 only what Java calls a digit is one.
            GeneralCategory::LetterNumber | GeneralCategory::OtherNumber if character > '\u{FF}' => {
                CharacterType::DIGIT
            }
            // Lucene looks at halves of surrogate pairs, which nothing splits.
            _ if character > '\u{FFFF}' => CharacterType::ALPHANUM,
            _ => CharacterType::DELIMITER,
        }
    }
}

/// Where words are split.
#[derive(Debug)]
pub(in crate::analysis) struct WordParts {
    pub(in crate::analysis) split_on_case_change: bool,
    pub(in crate::analysis) split_on_numerics: bool,
    /// `'s` goes.
    pub(in crate::analysis) stem_english_possessive: bool,
    /// `type_table`
    pub(in crate::analysis) types: FxHashMap<char, CharacterType>,
}

/// A part of a word, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: CharacterType,
}

/// A word's parts, and where it begins and ends without delimiters around it.
pub(super) struct Parts {
    pub(super) parts: Vec<Part>,
    /// The word is one part, but for delimiters around it.
    pub(super) is_single: bool,
}

impl WordParts {
    fn kind(&self, character: char) -> CharacterType {
        let special = self.types.get(&character).copied();
        special.unwrap_or_else(|| {
            if character > '\u{FFFF}' { CharacterType::ALPHANUM } else { CharacterType::of(character) }
        })
    }

    pub(super) fn of(&self, word: &str) -> Parts {
        let letters: Vec<(usize, char, CharacterType)> =
            word.char_indices().map(|(at, character)| (at, character, self.kind(character))).collect();
        let is_delimiter =
            |index: usize| letters.get(index).is_none_or(|(_, _, kind)| kind.is(CharacterType::DELIMITER));
        let first = (0..letters.len()).find(|index| !is_delimiter(*index)).unwrap_or(letters.len());
        let last = (first..letters.len()).rev().find(|index| !is_delimiter(*index)).map_or(first, |index| index + 1);
        let place = |index: usize| letters.get(index).map_or(word.len(), |(at, _, _)| *at);
        let is_possessive = |end: usize| {
            let letter = |back: usize| end.checked_sub(back).and_then(|index| letters.get(index)).copied();
            self.stem_english_possessive
                && end > 2
                && letter(2).is_some_and(|(_, letter, _)| letter == '\'')
                && letter(1).is_some_and(|(_, letter, _)| matches!(letter, 's' | 'S'))
                && letter(3).is_some_and(|(_, _, kind)| kind.is(CharacterType::ALPHA))
                && (end == last || is_delimiter(end))
        };
        let mut parts = Vec::new();
        let mut current = first;
        while current < last {
            if is_delimiter(current) {
                current += 1;
                continue;
            }
            let mut end = current + 1;
            while end < last && !self.breaks(&letters, end) {
                end += 1;
            }
            let kind = letters.get(current).map_or(CharacterType::DELIMITER, |(_, _, kind)| *kind);
            let is_plain_letter = kind == CharacterType::LOWER || kind == CharacterType::UPPER;
            let kind = if is_plain_letter { CharacterType::ALPHA } else { kind };
            parts.push(Part { start: place(current), end: place(end), kind });
            current = end;
            if end + 1 < last && is_possessive(end + 2) {
                current += 2;
            }
        }
        let whole = (place(first), place(if is_possessive(last) { last - 2 } else { last }));
        let is_single = parts.first().is_some_and(|part| (part.start, part.end) == whole);
        Parts { parts, is_single }
    }

    /// Whether a part ends before this letter.
    fn breaks(&self, letters: &[(usize, char, CharacterType)], index: usize) -> bool {
        let kind = |index: usize| letters.get(index).map_or(CharacterType::DELIMITER, |(_, _, kind)| *kind);
        let (before, after) = (kind(index - 1), kind(index));
        let (alpha, digit) = (CharacterType::ALPHA, CharacterType::DIGIT);
        if before.is(after) {
            return false;
        }
        if before.is(alpha) && after.is(alpha) && (!self.split_on_case_change || before.is(CharacterType::UPPER)) {
            return false;
        }
        let at_number = (before.is(alpha) && after.is(digit)) || (before.is(digit) && after.is(alpha));
        self.split_on_numerics || !at_number
    }
}
