//! `common_grams`: common words joined with their neighbours, as Lucene's `CommonGramsFilter` and `CommonGramsQueryFilter`.

use super::super::token::{Token, Tokens};
use super::super::word_filter::WordSet;

pub(super) const SEPARATOR: char = '_';

struct Gram {
    token: Token,
    joins: bool,
}

/// Both the words and the pairs; in queries words that are part of a pair only as that.
pub(super) fn apply(tokens: Tokens, words: &WordSet, query_mode: bool) -> Tokens {
    let Tokens { tokens, trailing_holes, text_length } = tokens;
    let mut made: Vec<Gram> = Vec::with_capacity(tokens.len() * 2);
    let mut before: Option<Token> = None;
    for token in tokens {
        if let Some(before) = &before {
            let is_common = |token: &Token| words.has(&token.word.term);
            if is_common(before) || is_common(&token) {
                let mut gram = before.with_term(format!("{}{SEPARATOR}{}", before.word.term, token.word.term));
                gram.length = 2;
                gram.end = token.end;
                gram.word.kind = "gram";
                made.push(Gram { token: gram, joins: true });
            }
        }
        made.push(Gram { token: token.clone(), joins: false });
        before = Some(token);
    }
    let tokens = if query_mode { for_queries(made) } else { made.into_iter().map(|gram| gram.token).collect() };
    Tokens { tokens, trailing_holes, text_length }
}

/// A word that a pair begins with is dropped, and the last word where a pair ends with it; pairs stand alone.
fn for_queries(grams: Vec<Gram>) -> Vec<Token> {
    let joins: Vec<bool> = grams.iter().map(|gram| gram.joins).collect();
    let last = joins.len().saturating_sub(1);
    let keeps = |index: usize| {
        let begins_pair = joins.get(index + 1).copied().unwrap_or(false);
        let ends_text_in_pair =
            index == last && index.checked_sub(1).and_then(|before| joins.get(before)) == Some(&true);
        joins.get(index).copied().unwrap_or(false) || !(begins_pair || ends_text_in_pair)
    };
    let kept = grams.into_iter().enumerate().filter(|(index, _)| keeps(*index));
    kept.map(|(_, gram)| Token { length: 1, ..gram.token }).collect()
}
