//! Tokens on their way through the filters of an analyzer.

/// What filters see of one token by itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Word {
    pub(super) term: String,
    /// Lucene's type, `<ALPHANUM>` for example; empty unless some filter asks for it.
    pub(super) kind: &'static str,
    /// Stemmers leave keywords alone.
    pub(super) is_keyword: bool,
}

/// A token between two filters that look at several at once.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) word: Word,
    /// Counted from 0.
    pub(super) position: u32,
    /// Positions that it spans: more than one where it stands for several words.
    pub(super) length: u32,
    /// Where it begins and ends in the text, in bytes.
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Token {
    /// Another term in this token's place.
    pub(super) fn with_term(&self, term: impl Into<String>) -> Token {
        Token { word: Word { term: term.into(), ..self.word.clone() }, ..self.clone() }
    }
}

/// What the tokens of one text may be together, between two filters: only grams, shingles and synonyms of long texts get there.
pub(super) const MAX_TOKENS: usize = 1 << 20;
pub(super) const MAX_BYTES: usize = 64 << 20;

/// An analyzer makes too much of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the analyzer makes more than {MAX_TOKENS} tokens or {MAX_BYTES} bytes of a text")]
pub struct TooManyTokens;

/// All tokens of a text, in the order in which Lucene gives them.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    pub(super) tokens: Vec<Token>,
    /// Positions of removed words behind the last token.
    pub(super) trailing_holes: u32,
    /// The length of the text in bytes.
    pub(super) text_length: usize,
}

/// Tokens that a filter makes, as long as they are not too many.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub(super) tokens: Vec<Token>,
    bytes: usize,
}

impl Made {
    pub(super) fn push(&mut self, token: Token) -> Result<(), TooManyTokens> {
        self.bytes += token.word.term.len();
        if self.tokens.len() >= MAX_TOKENS || self.bytes > MAX_BYTES {
            return Err(TooManyTokens);
        }
        self.tokens.push(token);
        Ok(())
    }
}

impl Tokens {
    /// The position after the last one, holes included.
    pub(super) fn end(&self) -> u32 {
        self.tokens.last().map_or(0, |last| last.position.saturating_add(1)).saturating_add(self.trailing_holes)
    }

    /// Keeps only some: each of the others leaves a hole, also behind the last that is kept.
    pub(super) fn filter(self, mut keeps: impl FnMut(&mut Token) -> bool) -> Tokens {
        let end = self.end();
        let mut tokens = self.tokens;
        tokens.retain_mut(|token| keeps(token));
        let mut kept = Tokens { tokens, trailing_holes: 0, text_length: self.text_length };
        kept.trailing_holes = end.saturating_sub(kept.end());
        kept
    }
}

/// How far each token stands behind the one before it, as Lucene counts: the first is one step behind the start.
pub(super) fn increments(tokens: &[Token]) -> impl Iterator<Item = u32> {
    let before = std::iter::once(None).chain(tokens.iter().map(|token| Some(token.position)));
    tokens.iter().zip(before).map(|(token, before)| match before {
        Some(before) => token.position.saturating_sub(before),
        None => token.position.saturating_add(1),
    })
}
