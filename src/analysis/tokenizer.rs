//! Tokenizers: where a text is cut.

use regex_automata::meta::Regex;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

use super::standard;

/// Where a text is cut.
#[derive(Debug)]
pub(super) enum Tokenizer {
    /// Words by UAX #29.
    Standard {
        max_token_length: usize,
    },
    /// At white space.
    Whitespace {
        max_token_length: usize,
    },
    /// Runs of letters.
    Letter,
    /// Nowhere.
    Keyword,
    /// Runs of letters, lower-cased.
    Lowercase,
    Pattern {
        regex: Regex,
        /// `None`: the pattern is what separates; else the group of each match that is the token.
        group: Option<usize>,
    },
    Ngram(Grams),
}

/// `ngram` and `edge_ngram`
#[derive(Debug)]
pub(super) struct Grams {
    pub(super) min: usize,
    pub(super) max: usize,
    /// Only those at the start of a run.
    pub(super) edge: bool,
    /// The characters that tokens consist of; all where empty.
    pub(super) token_chars: Vec<TokenChars>,
}

/// `token_chars`
#[derive(Debug)]
pub(super) enum TokenChars {
    Letter,
    Digit,
    Whitespace,
    Punctuation,
    Symbol,
    Custom(String),
}

/// White space as Java's `Character.isWhitespace`: no-break spaces are none.
pub(super) fn is_java_whitespace(character: char) -> bool {
    match character {
        '\u{A0}' | '\u{2007}' | '\u{202F}' | '\u{85}' => false,
        '\u{1C}'..='\u{1F}' => true,
        _ => character.is_whitespace(),
    }
}

fn is_letter(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_alphabetic()
    } else {
        character.general_category_group() == GeneralCategoryGroup::Letter
    }
}

impl Tokenizer {
    /// Gives every token to `sink`, in order; each stands one position behind the one before.
    pub(super) fn cut(&self, text: &str, sink: &mut impl FnMut(&str)) {
        match self {
            Tokenizer::Standard { max_token_length } => standard::words(text, *max_token_length, sink),
            Tokenizer::Whitespace { max_token_length } => {
                runs(text, *max_token_length, |character| !is_java_whitespace(character), sink);
            }
            Tokenizer::Letter => runs(text, standard::MAX_TOKEN_LENGTH, is_letter, sink),
            Tokenizer::Lowercase => {
                let lower: String = text.chars().map(super::letter_case::lower).collect();
                runs(&lower, standard::MAX_TOKEN_LENGTH, is_letter, sink);
            }
            Tokenizer::Keyword => sink(text),
            Tokenizer::Pattern { regex, group: None } => separated(text, regex, sink),
            Tokenizer::Pattern { regex, group: Some(group) } => groups(text, regex, *group, sink),
            Tokenizer::Ngram(grams) => grams.cut(text, sink),
        }
    }
}

/// Runs of characters of one kind, cut again after `max_length` UTF-16 units.
fn runs(text: &str, max_length: usize, belongs: impl Fn(char) -> bool, sink: &mut impl FnMut(&str)) {
    let mut start = 0;
    let mut units = 0;
    for (at, character) in text.char_indices() {
        let inside = belongs(character);
        if !inside || units >= max_length {
            if units > 0 {
                sink(text.get(start..at).unwrap_or_default());
            }
            (start, units) = (at, 0);
        }
        if inside {
            units += character.len_utf16();
        } else {
            start = at + character.len_utf8();
        }
    }
    if units > 0 {
        sink(text.get(start..).unwrap_or_default());
    }
}

fn separated(text: &str, separator: &Regex, sink: &mut impl FnMut(&str)) {
    let mut start = 0;
    for found in separator.find_iter(text) {
        if found.start() > start {
            sink(text.get(start..found.start()).unwrap_or_default());
        }
        start = found.end();
    }
    if start < text.len() {
        sink(text.get(start..).unwrap_or_default());
    }
}

fn groups(text: &str, regex: &Regex, group: usize, sink: &mut impl FnMut(&str)) {
    for captures in regex.captures_iter(text) {
        if let Some(span) = captures.get_group(group).filter(|span| !span.is_empty()) {
            sink(text.get(span.range()).unwrap_or_default());
        }
    }
}

impl Grams {
    fn cut(&self, text: &str, sink: &mut impl FnMut(&str)) {
        let belongs =
            |character| self.token_chars.is_empty() || self.token_chars.iter().any(|kind| kind.has(character));
        runs(text, usize::MAX, belongs, &mut |run| self.of_run(run, sink));
    }

    /// The grams of one run of token characters, in the order of their start, then of their length.
    pub(super) fn of_run(&self, run: &str, sink: &mut impl FnMut(&str)) {
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
    fn has(&self, character: char) -> bool {
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
