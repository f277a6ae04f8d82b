//! `ngram` and `edge_ngram`: every piece of a text of some lengths.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

use super::{is_java_whitespace, is_letter, runs};

/// `ngram` and `edge_ngram`
#[derive(Debug, Clone)]
pub(in crate::analysis) struct Grams {
    pub(in crate::analysis) min: usize,
    pub(in crate::analysis) max: usize,
    /// Only those at the start of a run.
    pub(in crate::analysis) edge: bool,
    /// The characters that tokens consist of; all where empty.
    pub(in crate::analysis) token_chars: Vec<TokenChars>,
}

/// `token_chars`
#[derive(Debug, Clone)]
pub(in crate::analysis) enum TokenChars {
    Letter,
    Digit,
    Whitespace,
    Punctuation,
    Symbol,
    Custom(String),
}

impl Grams {
    pub(super) fn cut(&self, text: &str, sink: &mut impl FnMut(&str)) {
        let belongs =
            |character| self.token_chars.is_empty() || self.token_chars.iter().any(|kind| kind.has(character));
        runs(text, usize::MAX, belongs, &mut |run| self.of_run(run, sink));
    }

    /// How many bytes the grams of a text of so many take, at most.
    pub(in crate::analysis) fn bytes_of(&self, text: usize) -> usize {
        let of_one_start = (self.min + self.max) * (self.max - self.min + 1) / 2;
        // Of grams at the edge a run of letters has only those of one start.
        let starts = if self.edge { text.min(self.max - self.min + 1) } else { of_one_start };
        text.saturating_mul(starts)
    }

    /// The grams of one run of token characters, in the order of their start, then of their length.
    pub(in crate::analysis) fn of_run(&self, run: &str, sink: &mut impl FnMut(&str)) {
        let bounds: Vec<usize> = run.char_indices().map(|(at, _)| at).chain([run.len()]).collect();
        let starts = if self.edge { 1 } else { bounds.len().saturating_sub(1) };
        for start in 0..starts {
            for length in self.min..=self.max {
                match (bounds.get(start), bounds.get(start + length)) {
                    (Some(from), Some(to)) => sink(run.get(*from..*to).unwrap_or_default()),
                    _ => break,
                }
            }
        }
    }
}

impl TokenChars {
    /// By the names of `token_chars`, all but `custom`.
    pub(in crate::analysis) fn named(name: &str) -> Option<TokenChars> {
        Some(match name {
            "letter" => TokenChars::Letter,
            "digit" => TokenChars::Digit,
            "whitespace" => TokenChars::Whitespace,
            "punctuation" => TokenChars::Punctuation,
            "symbol" => TokenChars::Symbol,
            _ => return None,
        })
    }

    pub(super) fn has(&self, character: char) -> bool {
        let group = || character.general_category_group();
        match self {
            TokenChars::Letter => is_letter(character),
            TokenChars::Digit => character.general_category() == GeneralCategory::DecimalNumber,
            TokenChars::Whitespace => is_java_whitespace(character),
            TokenChars::Punctuation => group() == GeneralCategoryGroup::Punctuation,
            TokenChars::Symbol => group() == GeneralCategoryGroup::Symbol,
            TokenChars::Custom(characters) => characters.contains(character),
        }
    }
}
