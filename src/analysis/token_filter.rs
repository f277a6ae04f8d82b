//! Token filters: what becomes of a token once it is cut.

use std::collections::HashSet;

use super::ascii_folding;
use super::letter_case::{make_lower, make_upper};
use super::tokenizer::{Grams, is_java_whitespace};

/// What becomes of tokens.
#[derive(Debug)]
pub(super) enum TokenFilter {
    Lowercase,
    Uppercase,
    AsciiFolding,
    /// Folded, and the original at the same position where it differs.
    AsciiFoldingBoth,
    Trim,
    /// White space off, words off; a removed word leaves a hole.
    Stop {
        words: HashSet<String>,
        ignore_case: bool,
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
    Unique {
        only_on_same_position: bool,
    },
    /// All grams at the position of their token.
    Ngram {
        grams: Grams,
        preserve_original: bool,
    },
}

/// A token between two filters.
#[derive(Debug, Clone)]
pub(super) struct StreamToken {
    pub(super) term: String,
    pub(super) position: u32,
}

impl TokenFilter {
    /// Whether the filter only ever sees one token, and gives one or none.
    pub(super) fn is_per_token(&self) -> bool {
        !matches!(self, TokenFilter::AsciiFoldingBoth | TokenFilter::Unique { .. } | TokenFilter::Ngram { .. })
    }

    /// Changes one token; false where it is removed. Filters that are not per token leave it.
    pub(super) fn rewrite(&self, term: &mut String) -> bool {
        match self {
            TokenFilter::Lowercase => make_lower(term),
            TokenFilter::Uppercase => make_upper(term),
            TokenFilter::AsciiFolding => ascii_folding::fold(term),
            TokenFilter::Trim => trim(term),
            TokenFilter::Stop { words, ignore_case: false } => return !words.contains(term.as_str()),
            TokenFilter::Stop { words, ignore_case: true } => {
                let mut lower = term.clone();
                make_lower(&mut lower);
                return !words.contains(&lower);
            }
            TokenFilter::Length { min, max } => return (*min..=*max).contains(&term.encode_utf16().count()),
            TokenFilter::Truncate { length } => truncate(term, *length),
            TokenFilter::Reverse => *term = term.chars().rev().collect(),
            TokenFilter::AsciiFoldingBoth | TokenFilter::Unique { .. } | TokenFilter::Ngram { .. } => {}
        }
        true
    }

    /// Runs over a whole stream of tokens.
    pub(super) fn rewrite_stream(&self, tokens: Vec<StreamToken>) -> Vec<StreamToken> {
        match self {
            TokenFilter::AsciiFoldingBoth => tokens.into_iter().flat_map(folded_and_original).collect(),
            TokenFilter::Unique { only_on_same_position } => unique(tokens, *only_on_same_position),
            TokenFilter::Ngram { grams, preserve_original } => {
                tokens.into_iter().flat_map(|token| token_grams(grams, *preserve_original, token)).collect()
            }
            per_token => {
                tokens.into_iter().filter_map(|mut token| per_token.rewrite(&mut token.term).then_some(token)).collect()
            }
        }
    }

    /// The part of the filter that changes characters, for pieces of terms; nothing where it does more than that.
    pub(super) fn normalize(&self, term: &mut String) {
        match self {
            TokenFilter::Lowercase | TokenFilter::Uppercase | TokenFilter::AsciiFolding | TokenFilter::Trim => {
                self.rewrite(term);
            }
            TokenFilter::AsciiFoldingBoth => ascii_folding::fold(term),
            TokenFilter::Stop { .. }
            | TokenFilter::Length { .. }
            | TokenFilter::Truncate { .. }
            | TokenFilter::Reverse
            | TokenFilter::Unique { .. }
            | TokenFilter::Ngram { .. } => {}
        }
    }

    /// Whether a normalizer may have it.
    pub(super) fn is_normalizing(&self) -> bool {
        matches!(
            self,
            TokenFilter::Lowercase
                | TokenFilter::Uppercase
                | TokenFilter::AsciiFolding
                | TokenFilter::AsciiFoldingBoth
                | TokenFilter::Trim
        )
    }
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

fn folded_and_original(token: StreamToken) -> Vec<StreamToken> {
    let mut folded = token.clone();
    ascii_folding::fold(&mut folded.term);
    if folded.term == token.term { vec![token] } else { vec![folded, token] }
}

/// A dropped token takes its position with it: what follows moves up.
fn unique(tokens: Vec<StreamToken>, only_on_same_position: bool) -> Vec<StreamToken> {
    let mut seen: HashSet<String> = HashSet::new();
    let mut kept = Vec::with_capacity(tokens.len());
    let mut before = None;
    let mut lost = 0;
    for mut token in tokens {
        let step = before.map_or(1, |before| token.position - before);
        before = Some(token.position);
        if only_on_same_position && step > 0 {
            seen.clear();
        }
        if seen.insert(token.term.clone()) {
            token.position = token.position.saturating_sub(lost);
            kept.push(token);
        } else {
            lost += step;
        }
    }
    kept
}

fn token_grams(grams: &Grams, preserve_original: bool, token: StreamToken) -> Vec<StreamToken> {
    let mut found = Vec::new();
    grams.of_run(&token.term, &mut |gram| {
        found.push(StreamToken { term: gram.to_owned(), position: token.position });
    });
    let length = token.term.chars().count();
    if preserve_original && !(grams.min..=grams.max).contains(&length) {
        found.push(token);
    }
    found
}
