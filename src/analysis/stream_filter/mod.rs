//! Token filters that look at all tokens of a text: they make several of one, or compare them.

mod cjk_bigram;
mod common_grams;
mod flatten_graph;
mod shingle;
pub(super) mod synonym;
mod word_delimiter;
mod word_parts;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use regex_automata::meta::Regex;
use rustc_hash::FxHashSet;

use super::TokenFilter;
use super::token::{MAX_BYTES, Made, Token, Tokens, TooManyTokens, Word, increments};
use super::tokenizer::Grams;
use super::word_filter::{WordSet, fold_to_ascii};

pub(super) use cjk_bigram::{CjkBigrams, SCRIPTS as CJK_SCRIPTS};
pub(super) use shingle::Shingles;
pub(super) use word_delimiter::WordDelimiter;
pub(super) use word_parts::{CharacterType, WordParts};

/// What becomes of the tokens of a text.
#[derive(Debug, Clone)]
pub(super) enum StreamFilter {
    /// Folded, and the original at the same position where it differs.
    AsciiFoldingBoth,
    /// `stop` that keeps a last word, for that may be the beginning of another.
    StopButLast(Arc<WordSet>),
    Unique {
        only_on_same_position: bool,
    },
    RemoveDuplicates,
    /// All grams at the position of their token.
    Ngram {
        grams: Grams,
        preserve_original: bool,
        /// From the end of words.
        from_the_end: bool,
    },
    Shingles(Shingles),
    CommonGrams {
        words: Arc<WordSet>,
        query_mode: bool,
    },
    CjkBigrams(CjkBigrams),
    WordDelimiter(Arc<WordDelimiter>),
    /// Only the first tokens.
    Limit {
        tokens: usize,
    },
    /// Each token also as a keyword, which stemmers leave alone.
    KeywordRepeat,
    /// Each token through several chains of filters.
    Multiplexer {
        chains: Arc<[Vec<TokenFilter>]>,
        preserve_original: bool,
    },
    /// All terms, sorted, each once, as one token.
    Fingerprint {
        separator: String,
        /// In UTF-16 units: a longer token is dropped.
        max_size: usize,
    },
    /// The groups of patterns.
    PatternCapture {
        patterns: Arc<[Regex]>,
        preserve_original: bool,
    },
    Synonyms(Arc<synonym::Synonyms>),
    FlattenGraph,
}

impl StreamFilter {
    /// # Errors
    ///
    /// More tokens than a text may have.
    pub(super) fn apply(&self, tokens: Tokens) -> Result<Tokens, TooManyTokens> {
        Ok(match self {
            StreamFilter::AsciiFoldingBoth => each(tokens, folded_and_original)?,
            StreamFilter::StopButLast(words) => stop_but_last(tokens, words),
            StreamFilter::Unique { only_on_same_position } => unique(tokens, *only_on_same_position),
            StreamFilter::RemoveDuplicates => remove_duplicates(tokens),
            StreamFilter::Ngram { grams, preserve_original, from_the_end } => {
                each(tokens, |token, made| token_grams(grams, *preserve_original, *from_the_end, token, made))?
            }
            StreamFilter::Shingles(shingles) => shingles.apply(tokens)?,
            StreamFilter::CommonGrams { words, query_mode } => common_grams::apply(tokens, words, *query_mode),
            StreamFilter::CjkBigrams(bigrams) => bigrams.apply(tokens),
            StreamFilter::WordDelimiter(delimiter) => delimiter.apply(tokens),
            StreamFilter::Limit { tokens: most } => limit(tokens, *most),
            StreamFilter::KeywordRepeat => each(tokens, keyword_and_word)?,
            StreamFilter::Multiplexer { chains, preserve_original } => {
                remove_duplicates(each(tokens, |token, made| multiplex(chains, *preserve_original, token, made))?)
            }
            StreamFilter::Fingerprint { separator, max_size } => fingerprint(tokens, separator, *max_size),
            StreamFilter::PatternCapture { patterns, preserve_original } => {
                each(tokens, |token, made| captures(patterns, *preserve_original, token, made))?
            }
            StreamFilter::Synonyms(synonyms) => synonyms.apply(tokens)?,
            StreamFilter::FlattenGraph => flatten_graph::apply(tokens),
        })
    }

    pub(super) fn normalize(&self, word: &mut Word) {
        if matches!(self, StreamFilter::AsciiFoldingBoth) {
            fold_to_ascii(&mut word.term);
        }
    }

    pub(super) fn is_normalizing(&self) -> bool {
        matches!(self, StreamFilter::AsciiFoldingBoth)
    }

    pub(super) fn needs_kinds(&self) -> bool {
        match self {
            StreamFilter::CjkBigrams(_) => true,
            StreamFilter::Multiplexer { chains, .. } => chains.iter().flatten().any(TokenFilter::needs_kinds),
            _ => false,
        }
    }

    pub(super) fn disables_graphs(&self) -> bool {
        match self {
            StreamFilter::Shingles(shingles) => shingles.disables_graphs(),
            StreamFilter::CjkBigrams(bigrams) => bigrams.output_unigrams,
            _ => false,
        }
    }
}

/// Several tokens of each.
fn each(
    tokens: Tokens,
    mut of_one: impl FnMut(Token, &mut Made) -> Result<(), TooManyTokens>,
) -> Result<Tokens, TooManyTokens> {
    let end = tokens.end();
    let mut made = Made::default();
    for token in tokens.tokens {
        of_one(token, &mut made)?;
    }
    let mut made = Tokens { tokens: made.tokens, trailing_holes: 0, text_length: tokens.text_length };
    made.trailing_holes = end.saturating_sub(made.end());
    Ok(made)
}

fn folded_and_original(token: Token, made: &mut Made) -> Result<(), TooManyTokens> {
    let mut folded = token.clone();
    fold_to_ascii(&mut folded.word.term);
    if folded.word.term != token.word.term {
        made.push(folded)?;
    }
    made.push(token)
}

/// Lucene's `SuggestStopFilter`.
fn stop_but_last(tokens: Tokens, words: &WordSet) -> Tokens {
    let last = tokens.tokens.len().checked_sub(1);
    let text_length = tokens.text_length;
    let mut index = 0;
    tokens.filter(|token| {
        let is_last = Some(index) == last;
        index += 1;
        if !words.has(&token.word.term) {
            return true;
        }
        token.word.is_keyword = true;
        is_last && token.end == text_length
    })
}

/// A dropped token takes its position with it: what follows moves up.
fn unique(tokens: Tokens, only_on_same_position: bool) -> Tokens {
    let mut seen: FxHashSet<String> = FxHashSet::default();
    let steps: Vec<u32> = increments(&tokens.tokens).collect();
    let mut kept = Vec::with_capacity(tokens.tokens.len());
    let mut lost = 0;
    let Tokens { tokens, trailing_holes, text_length } = tokens;
    for (mut token, step) in tokens.into_iter().zip(steps) {
        if only_on_same_position && step > 0 {
            seen.clear();
        }
        if seen.insert(token.word.term.clone()) {
            token.position = token.position.saturating_sub(lost);
            kept.push(token);
        } else {
            lost += step;
        }
    }
    Tokens { tokens: kept, trailing_holes, text_length }
}

/// Of equal terms at one position the first stays.
fn remove_duplicates(tokens: Tokens) -> Tokens {
    let mut seen: FxHashSet<String> = FxHashSet::default();
    let mut position = None;
    tokens.filter(|token| {
        if position != Some(token.position) {
            position = Some(token.position);
            seen.clear();
        }
        seen.insert(token.word.term.clone())
    })
}

fn token_grams(
    grams: &Grams,
    preserve_original: bool,
    from_the_end: bool,
    token: Token,
    made: &mut Made,
) -> Result<(), TooManyTokens> {
    if grams.bytes_of(token.word.term.len()) > MAX_BYTES {
        return Err(TooManyTokens);
    }
    let text: String = if from_the_end { token.word.term.chars().rev().collect() } else { token.word.term.clone() };
    let mut found = Ok(());
    grams.of_run(&text, &mut |gram| {
        let gram = if from_the_end { gram.chars().rev().collect() } else { gram.to_owned() };
        found = found.and_then(|()| made.push(token.with_term(gram)));
    });
    found?;
    let length = token.word.term.chars().count();
    if preserve_original && !(grams.min..=grams.max).contains(&length) {
        made.push(token)?;
    }
    Ok(())
}

fn limit(tokens: Tokens, most: usize) -> Tokens {
    let Tokens { mut tokens, trailing_holes, text_length } = tokens;
    let trailing_holes = if tokens.len() > most { 0 } else { trailing_holes };
    tokens.truncate(most);
    Tokens { tokens, trailing_holes, text_length }
}

fn keyword_and_word(token: Token, made: &mut Made) -> Result<(), TooManyTokens> {
    for is_keyword in [true, false] {
        let mut token = token.clone();
        token.word.is_keyword = is_keyword;
        made.push(token)?;
    }
    Ok(())
}

fn multiplex(
    chains: &[Vec<TokenFilter>],
    preserve_original: bool,
    token: Token,
    made: &mut Made,
) -> Result<(), TooManyTokens> {
    if preserve_original {
        made.push(token.clone())?;
    }
    for chain in chains {
        let position = token.position;
        let alone = Tokens { tokens: vec![token.clone()], trailing_holes: 0, text_length: token.end };
        let through = chain.iter().try_fold(alone, |tokens, filter| filter.apply(tokens))?;
        through.tokens.into_iter().try_for_each(|one| made.push(Token { position, ..one }))?;
    }
    Ok(())
}

fn fingerprint(tokens: Tokens, separator: &str, max_size: usize) -> Tokens {
    let Some(first) = tokens.tokens.first().cloned() else { return tokens };
    let text_length = tokens.text_length;
    let terms: BTreeSet<String> = tokens.tokens.into_iter().map(|token| token.word.term).collect();
    let mut joined = String::new();
    for term in terms {
        if !joined.is_empty() {
            joined.push_str(separator);
        }
        joined.push_str(&term);
    }
    let fits = joined.encode_utf16().count() <= max_size;
    let whole = Token { position: 0, start: 0, end: text_length, ..first.with_term(joined) };
    Tokens { tokens: fits.then_some(whole).into_iter().collect(), trailing_holes: 0, text_length }
}

/// The groups that matched, by where they begin; each pattern has its own in order.
fn captures(patterns: &[Regex], preserve_original: bool, token: Token, made: &mut Made) -> Result<(), TooManyTokens> {
    let term = token.word.term.clone();
    let groups: usize = patterns.iter().map(Regex::captures_len).sum();
    if groups.saturating_mul(term.len()) > MAX_BYTES {
        return Err(TooManyTokens);
    }
    let groups_of = |pattern: &Regex| {
        let mut spans = VecDeque::new();
        for captures in pattern.captures_iter(&term) {
            let groups = (1..captures.group_len()).filter_map(|group| captures.get_group(group));
            spans.extend(groups.filter(|span| !span.is_empty()).map(|span| (span.start, span.end)));
        }
        spans
    };
    let mut queues: Vec<VecDeque<(usize, usize)>> = patterns.iter().map(groups_of).collect();
    let whole = (0, term.len());
    let mut found = Vec::new();
    while let Some(next) =
        queues.iter_mut().filter(|queue| !queue.is_empty()).min_by_key(|queue| queue.front().map(|(start, _)| *start))
    {
        found.extend(next.pop_front());
    }
    if preserve_original || found.is_empty() {
        found.retain(|span| *span != whole);
        found.insert(0, whole);
    }
    found.into_iter().try_for_each(|(start, end)| made.push(token.with_term(term.get(start..end).unwrap_or_default())))
}
