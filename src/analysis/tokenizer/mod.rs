//! Tokenizers: where a text is cut.

mod classic;
mod grams;
mod path;
mod simple_pattern;

use regex_automata::meta::Regex;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::letter_case::lower;
use super::standard;
use super::token::MAX_BYTES;

pub(super) use grams::{Grams, TokenChars};
pub(super) use path::PathHierarchy;
pub(super) use simple_pattern::SimplePattern;

/// Where a text is cut.
#[derive(Debug, Clone)]
pub(super) enum Tokenizer {
    /// Words by UAX #29.
    Standard {
        max_token_length: usize,
    },
    /// Words, hosts, acronyms and the like by the grammar of Lucene 3.0; longer ones are dropped.
    Classic {
        max_token_length: usize,
    },
    /// At white space.
    Whitespace {
        max_token_length: usize,
    },
    /// Runs of letters.
    Letter,
    /// Runs of letters, lower-cased.
    Lowercase,
    /// Nowhere.
    Keyword,
    /// At characters of these kinds.
    CharGroup {
        separators: Vec<TokenChars>,
        max_token_length: usize,
    },
    Pattern {
        regex: Regex,
        /// `None`: the pattern is what separates; else the group of each match that is the token.
        group: Option<usize>,
    },
    SimplePattern(SimplePattern),
    Ngram(Grams),
    PathHierarchy(PathHierarchy),
}

/// White space as Java's `Character.isWhitespace`: no-break spaces are none.
pub(super) fn is_java_whitespace(character: char) -> bool {
    match character {
        '\u{A0}' | '\u{2007}' | '\u{202F}' | '\u{85}' => false,
        '\u{1C}'..='\u{1F}' => true,
        _ => character.is_whitespace(),
    }
}

/// A letter as Java's `Character.isLetter`.
pub(super) fn is_letter(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_alphabetic()
    } else {
        character.general_category_group() == GeneralCategoryGroup::Letter
    }
}

impl Tokenizer {
    /// Whether it would make too much of a text.
    pub(super) fn overflows(&self, text: &str) -> bool {
        match self {
            Tokenizer::Ngram(grams) => grams.bytes_of(text.len()) > MAX_BYTES,
            Tokenizer::PathHierarchy(path) => path.bytes_of(text) > MAX_BYTES,
            _ => false,
        }
    }

    /// Gives every token to `sink`, in order; each stands one position behind the one before.
    pub(super) fn cut(&self, text: &str, sink: &mut impl FnMut(&str)) {
        match self {
            Tokenizer::Standard { max_token_length } => standard::words(text, *max_token_length, sink),
            Tokenizer::Classic { .. } => classic::words(text, sink),
            Tokenizer::Whitespace { max_token_length } => {
                runs(text, *max_token_length, |character| !is_java_whitespace(character), sink);
            }
            Tokenizer::Letter => runs(text, standard::MAX_TOKEN_LENGTH, is_letter, sink),
            Tokenizer::Lowercase => runs(text, standard::MAX_TOKEN_LENGTH, is_letter, &mut |run| {
                let lower: String = run.chars().map(lower).collect();
                sink(&lower);
            }),
            Tokenizer::Keyword => sink(text),
            Tokenizer::CharGroup { separators, max_token_length } => {
                let separates = |character| separators.iter().any(|kind| kind.has(character));
                runs(text, *max_token_length, |character| !separates(character), sink);
            }
            Tokenizer::Pattern { regex, group: None } => separated(text, regex, sink),
            Tokenizer::Pattern { regex, group: Some(group) } => groups(text, regex, *group, sink),
            Tokenizer::SimplePattern(pattern) => pattern.cut(text, sink),
            Tokenizer::Ngram(grams) => grams.cut(text, sink),
            Tokenizer::PathHierarchy(path) => path.cut(text, sink),
        }
    }

    /// Lucene's type of a token that this tokenizer cut.
    pub(super) fn kind(&self, token: &str) -> &'static str {
        match self {
            Tokenizer::Standard { .. } => standard::kind(token),
            Tokenizer::Classic { .. } => classic::kind(token),
            Tokenizer::Whitespace { .. }
            | Tokenizer::Letter
            | Tokenizer::Lowercase
            | Tokenizer::Keyword
            | Tokenizer::CharGroup { .. }
            | Tokenizer::Pattern { .. }
            | Tokenizer::SimplePattern(_)
            | Tokenizer::Ngram(_)
            | Tokenizer::PathHierarchy(_) => "word",
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
