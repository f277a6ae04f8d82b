//! Token filters that look at one word at a time, and change or drop it.

mod ascii_folding;
mod bengali;
mod indic;
mod normalization;
mod width;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use regex_automata::meta::Regex;
use rustc_hash::FxHashSet;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use super::java_pattern;
use super::letter_case::{lower_greek, lower_irish, lower_turkish, make_lower, make_upper};
use super::stemmer::Stemmer;
use super::token::Word;
use super::tokenizer::is_java_whitespace;

pub(super) use normalization::Normalization;

/// What becomes of a word.
#[derive(Debug, Clone)]
pub(super) enum WordFilter {
    Lowercase,
    LowercaseGreek,
    LowercaseIrish,
    LowercaseTurkish,
    Uppercase,
    AsciiFolding,
    Normalize(Normalization),
    /// Digits of all scripts as those of ASCII.
    DecimalDigit,
    CjkWidth,
    /// White space off.
    Trim,
    /// Words of the set go; each leaves a hole.
    Stop(Arc<WordSet>),
    /// Words outside of the set go.
    Keep(Arc<WordSet>),
    /// Words of other types go, or those of these types.
    KeepTypes {
        kinds: Arc<FxHashSet<String>>,
        excludes: bool,
    },
    /// In UTF-16 units.
    Length {
        min: usize,
        max: usize,
    },
    /// In UTF-16 units.
    Truncate {
        length: usize,
    },
    Reverse,
    /// `l'avion` without its article.
    Elision(Arc<WordSet>),
    /// Nothing from the first apostrophe on.
    Apostrophe,
    /// Without `'s` and the dots of acronyms, as the classic tokenizer marks them.
    Classic,
    Stem(Stemmer),
    /// What stemmers leave alone.
    KeywordMarker(Arc<WordSet>),
    /// What stemmers leave alone: words that the pattern matches as a whole.
    KeywordPattern(Regex),
    /// Stems by a list; stemmers leave them alone.
    StemmerOverride(Arc<HashMap<String, String>>),
    PatternReplace {
        regex: Regex,
        replacement: Arc<str>,
        all: bool,
    },
    /// Nothing from the delimiter on.
    DelimitedPayload(char),
}

/// Words to look up.
#[derive(Debug, Default)]
pub(super) struct WordSet {
    words: FxHashSet<String>,
    ignore_case: bool,
}

impl WordSet {
    pub(super) fn new(words: impl IntoIterator<Item = String>, ignore_case: bool) -> WordSet {
        let lowered = |mut word: String| {
            if ignore_case {
                make_lower(&mut word);
            }
            word
        };
        WordSet { words: words.into_iter().map(lowered).collect(), ignore_case }
    }

    pub(super) fn has(&self, word: &str) -> bool {
        let is_lower = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
        if !self.ignore_case || word.bytes().all(is_lower) {
            return self.words.contains(word);
        }
        let mut lower = word.to_owned();
        make_lower(&mut lower);
        self.words.contains(&lower)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

impl WordFilter {
    /// Changes the word; false where it is dropped.
    pub(super) fn rewrite(&self, word: &mut Word) -> bool {
        let term = &mut word.term;
        match self {
            WordFilter::Lowercase => make_lower(term),
            WordFilter::LowercaseGreek => *term = term.chars().map(lower_greek).collect(),
            WordFilter::LowercaseIrish => *term = lower_irish(term),
            WordFilter::LowercaseTurkish => *term = lower_turkish(term),
            WordFilter::Uppercase => make_upper(term),
            WordFilter::AsciiFolding => ascii_folding::fold(term),
            WordFilter::Normalize(normalization) => {
                if !(word.is_keyword && normalization.spares_keywords()) {
                    normalization.apply(term);
                }
            }
            WordFilter::DecimalDigit => fold_digits(term),
            WordFilter::CjkWidth => width::fold(term),
            WordFilter::Trim => trim(term),
            WordFilter::Stop(words) => return !words.has(term),
            WordFilter::Keep(words) => return words.has(term),
            WordFilter::KeepTypes { kinds, excludes } => return kinds.contains(word.kind) != *excludes,
            WordFilter::Length { min, max } => return (*min..=*max).contains(&term.encode_utf16().count()),
            WordFilter::Truncate { length } => {
                if !word.is_keyword {
                    truncate(term, *length);
                }
            }
            WordFilter::Reverse => *term = term.chars().rev().collect(),
            WordFilter::Elision(articles) => elide(term, articles),
            WordFilter::Apostrophe => {
                if let Some(at) = term.find(is_apostrophe) {
                    term.truncate(at);
                }
            }
            WordFilter::Classic => tidy_classic(word),
            WordFilter::Stem(stemmer) => {
                if !word.is_keyword {
                    stemmer.stem(term);
                }
            }
            WordFilter::KeywordMarker(words) => word.is_keyword |= words.has(term),
            WordFilter::KeywordPattern(regex) => word.is_keyword |= is_whole_match(regex, term),
            WordFilter::StemmerOverride(stems) => {
                if let Some(stem) = stems.get(term).filter(|_| !word.is_keyword) {
                    stem.clone_into(term);
                    word.is_keyword = true;
                }
            }
            WordFilter::PatternReplace { regex, replacement, all } => {
                if let Cow::Owned(replaced) = java_pattern::replace(term, regex, replacement, *all) {
                    *term = replaced;
                }
            }
            WordFilter::DelimitedPayload(delimiter) => {
                if let Some(at) = term.find(*delimiter) {
                    term.truncate(at);
                }
            }
        }
        true
    }

    /// Whether it changes characters only: it applies to pieces of terms, and a normalizer may have it.
    pub(super) fn is_normalizing(&self) -> bool {
        match self {
            WordFilter::Lowercase
            | WordFilter::LowercaseGreek
            | WordFilter::LowercaseIrish
            | WordFilter::LowercaseTurkish
            | WordFilter::Uppercase
            | WordFilter::AsciiFolding
            | WordFilter::Normalize(_)
            | WordFilter::DecimalDigit
            | WordFilter::CjkWidth
            | WordFilter::Trim
            | WordFilter::Elision(_)
            | WordFilter::PatternReplace { .. } => true,
            WordFilter::Stop(_)
            | WordFilter::Keep(_)
            | WordFilter::KeepTypes { .. }
            | WordFilter::Length { .. }
            | WordFilter::Truncate { .. }
            | WordFilter::Reverse
            | WordFilter::Apostrophe
            | WordFilter::Classic
            | WordFilter::Stem(_)
            | WordFilter::KeywordMarker(_)
            | WordFilter::KeywordPattern(_)
            | WordFilter::StemmerOverride(_)
            | WordFilter::DelimitedPayload(_) => false,
        }
    }

    /// The part of the filter that applies to pieces of terms.
    pub(super) fn normalize(&self, word: &mut Word) {
        if self.is_normalizing() {
            self.rewrite(word);
        }
    }

    pub(super) fn needs_kinds(&self) -> bool {
        matches!(self, WordFilter::KeepTypes { .. } | WordFilter::Classic)
    }
}

/// Folds a term to ASCII.
pub(super) fn fold_to_ascii(term: &mut String) {
    ascii_folding::fold(term);
}

fn fold_digits(term: &mut String) {
    if !term.is_ascii() {
        *term = term.chars().map(ascii_digit).collect();
    }
}

/// Digits of a script stand in a row, zero first.
fn ascii_digit(character: char) -> char {
    if character.is_ascii() || character.general_category() != GeneralCategory::DecimalNumber {
        return character;
    }
    let is_digit =
        |code: &u32| char::from_u32(*code).is_some_and(|one| one.general_category() == GeneralCategory::DecimalNumber);
    let code = u32::from(character);
    let before = (1..=code).take_while(|distance| is_digit(&(code - distance))).count();
    u32::try_from(before % 10).ok().and_then(|value| char::from_digit(value, 10)).unwrap_or(character)
}

fn trim(term: &mut String) {
    let trimmed = term.trim_matches(is_java_whitespace);
    if trimmed.len() != term.len() {
        *term = trimmed.to_owned();
    }
}

/// Cuts in the middle of a surrogate pair where Java would: the half that remains is no character, so it goes too.
fn truncate(term: &mut String, length: usize) {
    let mut units = 0;
    let end = term.char_indices().find(|(_, character)| {
        units += character.len_utf16();
        units > length
    });
    if let Some((at, _)) = end {
        term.truncate(at);
    }
}

fn is_apostrophe(character: char) -> bool {
    matches!(character, '\'' | '\u{2019}')
}

fn elide(term: &mut String, articles: &WordSet) {
    if let Some((at, apostrophe)) = term.char_indices().find(|(_, character)| is_apostrophe(*character))
        && articles.has(term.get(..at).unwrap_or_default())
    {
        term.drain(..at + apostrophe.len_utf8());
    }
}

fn tidy_classic(word: &mut Word) {
    match word.kind {
        "<APOSTROPHE>" if word.term.ends_with("'s") || word.term.ends_with("'S") => {
            word.term.truncate(word.term.len() - 2);
        }
        "<ACRONYM>" => word.term.retain(|character| character != '.'),
        _ => {}
    }
}

fn is_whole_match(regex: &Regex, term: &str) -> bool {
    regex.find(term).is_some_and(|found| found.len() == term.len())
}
