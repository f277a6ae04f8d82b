//! Text to terms, as Lucene's analyzers cut it.
//!
//! An [`Analyzer`] is character filters, a tokenizer and token filters. [`Analyzers`] are the built-in ones, those of
//! languages, and those that an index's `settings.analysis` defines.
//!
//! Most token filters look at one word at a time (`word_filter`): they run as the text is cut, without a list of tokens. From the
//! first filter on that looks at several words (`stream_filter`), the tokens of a text are a list.

mod char_filter;
mod java_pattern;
mod language;
mod letter_case;
mod longest;
mod settings;
mod standard;
mod stemmer;
mod stream_filter;
mod token;
mod tokenizer;
mod word_class;
mod word_filter;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use char_filter::CharFilter;
use stream_filter::StreamFilter;
use token::{Token, Tokens, Word};
use tokenizer::Tokenizer;
use word_filter::WordFilter;

pub use settings::{AnalysisError, AnalysisLimits, Analyzers};
pub use token::TooManyTokens;

/// Positions between two values of an array, unless an analyzer or a field says otherwise.
pub const POSITION_INCREMENT_GAP: u32 = 100;

/// Character filters, a tokenizer and token filters.
#[derive(Debug)]
pub struct Analyzer {
    char_filters: Vec<CharFilter>,
    tokenizer: Tokenizer,
    /// Filters that see one word at a time, run before the others.
    word_filters: Vec<WordFilter>,
    /// The rest, from the first filter on that makes several tokens of one or compares tokens.
    stream_filters: Vec<TokenFilter>,
    /// Whether some filter asks for the types of tokens.
    needs_kinds: bool,
    position_increment_gap: u32,
}

/// A filter behind the tokenizer.
#[derive(Debug, Clone)]
enum TokenFilter {
    /// Sees one word at a time.
    Word(WordFilter),
    /// Sees all of them.
    Stream(StreamFilter),
}

/// A token of a query's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryToken {
    /// What is looked for.
    pub term: String,
    /// Counted from 0; several tokens may share a position.
    pub position: u32,
    /// Positions that the token spans: more than one where it stands for several words.
    pub length: u32,
    /// Whether the text ends where the token does.
    pub ends_text: bool,
}

impl Analyzer {
    fn new(char_filters: Vec<CharFilter>, tokenizer: Tokenizer, filters: Vec<TokenFilter>) -> Analyzer {
        let needs_kinds = filters.iter().any(TokenFilter::needs_kinds);
        let mut word_filters = Vec::new();
        if let Tokenizer::Classic { max_token_length } = tokenizer {
            word_filters.push(WordFilter::Length { min: 0, max: max_token_length });
        }
        let mut stream_filters = Vec::new();
        for filter in filters {
            match filter {
                TokenFilter::Word(filter) if stream_filters.is_empty() => word_filters.push(filter),
                filter => stream_filters.push(filter),
            }
        }
        Analyzer {
            char_filters,
            tokenizer,
            word_filters,
            stream_filters,
            needs_kinds,
            position_increment_gap: POSITION_INCREMENT_GAP,
        }
    }

    /// Gives every term and its position, counted from 0, to `sink`; several terms may share a position. Answers the
    /// position after the last, holes of removed words included.
    ///
    /// # Errors
    ///
    /// Where grams, shingles or synonyms make too much of the text; some terms may have been given by then.
    pub fn tokens(&self, text: &str, sink: &mut impl FnMut(&str, u32)) -> Result<u32, TooManyTokens> {
        let text = self.filter_characters(text);
        if self.stream_filters.is_empty() {
            return self.cut(&text, &mut |word, position, _| sink(&word.term, position));
        }
        let tokens = self.stream(&text)?;
        for token in &tokens.tokens {
            sink(&token.word.term, token.position);
        }
        Ok(tokens.end())
    }

    /// As [`tokens`](Self::tokens) for the most usual case: where all terms stand in the text itself once it is in lower case, it is
    /// made so, and `sink` also hears where each term begins in it. `None`, and the text as it was, where that is not so.
    pub fn tokens_in_place(&self, text: &mut str, sink: &mut impl FnMut(&str, u32, usize)) -> Option<u32> {
        let Analyzer { char_filters, tokenizer, word_filters, stream_filters, .. } = self;
        let is_usual = char_filters.is_empty()
            && stream_filters.is_empty()
            && matches!(tokenizer, Tokenizer::Standard { .. })
            && matches!(word_filters.as_slice(), [WordFilter::Lowercase]);
        if !is_usual || !text.is_ascii() {
            return None;
        }
        text.make_ascii_lowercase();
        let mut position = 0;
        tokenizer.cut(text, &mut |token| {
            sink(token, position, place_in(text, token));
            position += 1;
        });
        Some(position)
    }

    /// The tokens of a query's text.
    ///
    /// # Errors
    ///
    /// As [`tokens`](Self::tokens).
    pub fn query_tokens(&self, text: &str) -> Result<Vec<QueryToken>, TooManyTokens> {
        let text = self.filter_characters(text);
        let query_token = |token: Token| QueryToken {
            term: token.word.term,
            position: token.position,
            length: token.length,
            ends_text: token.end == text.len(),
        };
        Ok(self.stream(&text)?.tokens.into_iter().map(query_token).collect())
    }

    /// Whether a query follows the paths that tokens of several positions make. Shingles of several sizes would make too many.
    pub fn follows_paths(&self) -> bool {
        !self.stream_filters.iter().any(TokenFilter::disables_graphs)
    }

    /// All tokens behind all filters.
    fn stream(&self, text: &str) -> Result<Tokens, TooManyTokens> {
        let mut tokens = Vec::new();
        let end = self.cut(text, &mut |word, position, token| {
            let start = place_in(text, token);
            tokens.push(Token { word: word.clone(), position, length: 1, start, end: start + token.len() });
        })?;
        let mut tokens = Tokens { tokens, trailing_holes: 0, text_length: text.len() };
        tokens.trailing_holes = end.saturating_sub(tokens.end());
        self.stream_filters.iter().try_fold(tokens, |tokens, filter| filter.apply(tokens))
    }

    fn cut(&self, text: &str, sink: &mut impl FnMut(&Word, u32, &str)) -> Result<u32, TooManyTokens> {
        if self.tokenizer.overflows(text) {
            return Err(TooManyTokens);
        }
        let mut position = 0;
        let mut word = Word { term: String::with_capacity(64), ..Word::default() };
        self.tokenizer.cut(text, &mut |token| {
            word.term.clear();
            word.term.push_str(token);
            word.is_keyword = false;
            if self.needs_kinds {
                word.kind = self.tokenizer.kind(token);
            }
            if self.word_filters.iter().all(|filter| filter.rewrite(&mut word)) {
                sink(&word, position, token);
            }
            position += 1;
        });
        Ok(position)
    }

    fn filter_characters<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.char_filters.iter().fold(Cow::Borrowed(text), |text, filter| Cow::Owned(filter.apply(&text)))
    }

    /// What of the analysis applies to a part of a term (`prefix`, `wildcard`, `range`): characters change, nothing is
    /// cut.
    pub fn normalize(&self, text: &str) -> String {
        let normalizing = self.char_filters.iter().filter(|filter| filter.is_normalizing());
        let mut word =
            Word { term: normalizing.fold(text.to_owned(), |text, filter| filter.apply(&text)), ..Word::default() };
        for filter in &self.word_filters {
            filter.normalize(&mut word);
        }
        for filter in &self.stream_filters {
            filter.normalize(&mut word);
        }
        word.term
    }

    /// Positions between two values of an array, where the field does not say.
    pub fn position_increment_gap(&self) -> u32 {
        self.position_increment_gap
    }
}

/// Where a token that was cut from a text begins in it; 0 for one that was made anew.
fn place_in(text: &str, token: &str) -> usize {
    let distance = token.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
    if distance <= text.len() { distance } else { 0 }
}

impl TokenFilter {
    fn apply(&self, tokens: Tokens) -> Result<Tokens, TooManyTokens> {
        match self {
            TokenFilter::Word(filter) => Ok(tokens.filter(|token| filter.rewrite(&mut token.word))),
            TokenFilter::Stream(filter) => filter.apply(tokens),
        }
    }

    fn normalize(&self, word: &mut Word) {
        match self {
            TokenFilter::Word(filter) => filter.normalize(word),
            TokenFilter::Stream(filter) => filter.normalize(word),
        }
    }

    /// Whether a normalizer may have it.
    fn is_normalizing(&self) -> bool {
        match self {
            TokenFilter::Word(filter) => filter.is_normalizing(),
            TokenFilter::Stream(filter) => filter.is_normalizing(),
        }
    }

    fn needs_kinds(&self) -> bool {
        match self {
            TokenFilter::Word(filter) => filter.needs_kinds(),
            TokenFilter::Stream(filter) => filter.needs_kinds(),
        }
    }

    /// Whether the paths that it makes are not to be followed in queries: there would be too many.
    fn disables_graphs(&self) -> bool {
        matches!(self, TokenFilter::Stream(filter) if filter.disables_graphs())
    }
}
