//! `cjk_bigram`: pairs of neighbouring Chinese, Japanese and Korean characters, as Lucene's `CJKBigramFilter`.

use super::super::token::{Token, Tokens, increments};

/// Which scripts are cut into pairs.
#[derive(Debug, Clone)]
pub(in crate::analysis) struct CjkBigrams {
    /// Types of the standard tokenizer.
    pub(in crate::analysis) kinds: Vec<&'static str>,
    /// The single characters too.
    pub(in crate::analysis) output_unigrams: bool,
}

/// The scripts by the names of `ignored_scripts`, with the types of their tokens.
pub(in crate::analysis) const SCRIPTS: &[(&str, &str)] =
    &[("han", "<IDEOGRAPHIC>"), ("hiragana", "<HIRAGANA>"), ("katakana", "<KATAKANA>"), ("hangul", "<HANGUL>")];

impl CjkBigrams {
    pub(super) fn apply(&self, tokens: Tokens) -> Tokens {
        let steps: Vec<u32> = increments(&tokens.tokens).collect();
        let Tokens { tokens, trailing_holes, text_length } = tokens;
        let mut made = Made { tokens: Vec::new(), next: 0 };
        let mut run: Vec<Token> = Vec::new();
        for (token, step) in tokens.into_iter().zip(steps) {
            let is_cjk = self.kinds.contains(&token.word.kind);
            let joins = run.last().is_some_and(|before| before.end == token.start);
            if !(is_cjk && joins) {
                self.release(&mut run, &mut made);
            }
            if is_cjk {
                run.extend(characters(&token));
            } else {
                made.push(token, step);
            }
        }
        self.release(&mut run, &mut made);
        Tokens { tokens: made.tokens, trailing_holes, text_length }
    }

    /// The pairs of a run of neighbours; a character alone stays one.
    fn release(&self, run: &mut Vec<Token>, made: &mut Made) {
        let characters = std::mem::take(run);
        if self.output_unigrams {
            for (index, character) in characters.iter().enumerate() {
                made.push(character.clone(), 1);
                if let Some(pair) = characters.get(index + 1).map(|next| pair(character, next)) {
                    made.push(Token { length: 2, ..pair }, 0);
                }
            }
            return;
        }
        if let [alone] = characters.as_slice() {
            made.push(alone.clone(), 1);
        }
        for (one, next) in characters.iter().zip(characters.iter().skip(1)) {
            made.push(pair(one, next), 1);
        }
    }
}

struct Made {
    tokens: Vec<Token>,
    /// The position after the last.
    next: u32,
}

impl Made {
    fn push(&mut self, mut token: Token, step: u32) {
        token.position = (self.next + step).saturating_sub(1);
        self.next = token.position + 1;
        self.tokens.push(token);
    }
}

fn pair(one: &Token, next: &Token) -> Token {
    let mut pair = one.with_term(format!("{}{}", one.word.term, next.word.term));
    pair.end = next.end;
    pair.word.kind = "<DOUBLE>";
    pair
}

/// A token's characters, each with its place in the text where the token was cut from it unchanged.
fn characters(token: &Token) -> Vec<Token> {
    let is_unchanged = token.end - token.start == token.word.term.len();
    let single = |(at, character): (usize, char)| {
        let mut single = token.with_term(character);
        single.word.kind = "<SINGLE>";
        if is_unchanged {
            single.start = token.start + at;
            single.end = single.start + character.len_utf8();
        }
        single
    };
    token.word.term.char_indices().map(single).collect()
}
