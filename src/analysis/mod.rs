//! Text to terms, as Lucene's analyzers cut it.
//!
//! An [`Analyzer`] is character filters, a tokenizer and token filters. [`Analyzers`] are the built-in ones and those
//! that an index's `settings.analysis` defines.

mod ascii_folding;
mod char_filter;
mod java_pattern;
mod letter_case;
mod settings;
mod standard;
mod stop_words;
mod token_filter;
mod tokenizer;
mod unsupported;
mod word_class;

use std::borrow::Cow;

use char_filter::CharFilter;
use token_filter::{StreamToken, TokenFilter};
use tokenizer::Tokenizer;

pub use settings::{AnalysisError, Analyzers};

/// Positions between two values of an array, unless an analyzer or a field says otherwise.
pub const POSITION_INCREMENT_GAP: u32 = 100;

/// Character filters, a tokenizer and token filters.
#[derive(Debug)]
pub struct Analyzer {
    char_filters: Vec<CharFilter>,
    tokenizer: Tokenizer,
    /// Filters that see one token at a time, run before the others.
    token_filters: Vec<TokenFilter>,
    /// The rest, from the first filter on that makes several tokens of one or compares tokens.
    stream_filters: Vec<TokenFilter>,
    position_increment_gap: u32,
}

impl Analyzer {
    fn new(char_filters: Vec<CharFilter>, tokenizer: Tokenizer, mut filters: Vec<TokenFilter>) -> Analyzer {
        let per_token = filters.iter().take_while(|filter| filter.is_per_token()).count();
        let stream_filters = filters.split_off(per_token);
        Analyzer {
            char_filters,
            tokenizer,
            token_filters: filters,
            stream_filters,
            position_increment_gap: POSITION_INCREMENT_GAP,
        }
    }

    /// Gives every term and its position, counted from 0, to `sink`; several terms may share a position. Answers the
    /// position after the last, holes of removed words included.
    pub fn tokens(&self, text: &str, sink: &mut impl FnMut(&str, u32)) -> u32 {
        let text = self.filter_characters(text);
        if self.stream_filters.is_empty() {
            return self.cut(&text, sink);
        }
        let mut tokens = Vec::new();
        let end = self.cut(&text, &mut |term, position| tokens.push(StreamToken { term: term.to_owned(), position }));
        let before = tokens.last().map(|token| token.position);
        let tokens = self.stream_filters.iter().fold(tokens, |tokens, filter| filter.rewrite_stream(tokens));
        for token in &tokens {
            sink(&token.term, token.position);
        }
        let trailing_holes = before.map_or(end, |last| end.saturating_sub(last + 1));
        tokens.last().map_or(end, |last| last.position + 1 + trailing_holes)
    }

    fn cut(&self, text: &str, sink: &mut impl FnMut(&str, u32)) -> u32 {
        let mut position = 0;
        let mut term = String::with_capacity(64);
        let lowercases_only = matches!(self.token_filters.as_slice(), [TokenFilter::Lowercase]);
        self.tokenizer.cut(text, &mut |token| {
            // What most tokens of most texts are: nothing is to be done with them.
            if lowercases_only && token.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
                sink(token, position);
                position += 1;
                return;
            }
            term.clear();
            term.push_str(token);
            if self.token_filters.iter().all(|filter| filter.rewrite(&mut term)) {
                sink(&term, position);
            }
            position += 1;
        });
        position
    }

    fn filter_characters<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.char_filters.iter().fold(Cow::Borrowed(text), |text, filter| Cow::Owned(filter.apply(&text)))
    }

    /// What of the analysis applies to a part of a term (`prefix`, `wildcard`, `range`): characters change, nothing is
    /// cut.
    pub fn normalize(&self, text: &str) -> String {
        let mut term = self.filter_characters(text).into_owned();
        for filter in self.token_filters.iter().chain(&self.stream_filters) {
            filter.normalize(&mut term);
        }
        term
    }

    /// Positions between two values of an array, where the field does not say.
    pub fn position_increment_gap(&self) -> u32 {
        self.position_increment_gap
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The terms with their positions, as a node's `_analyze` shows them.
    fn analyze(analyzer: Value, parts: Value, text: &str) -> Vec<String> {
        let mut settings = parts;
        settings["analyzer"] = json!({"a": analyzer});
        let analyzer = Analyzers::from_settings(&settings).unwrap().analyzer("a").unwrap();
        let mut found = Vec::new();
        analyzer.tokens(text, &mut |term, position| found.push(format!("{term}@{position}")));
        found
    }

    #[test]
    fn custom_analyzers_cut_as_nodes_do() {
        for (analyzer, parts, text, expected) in [
            (
                json!({"tokenizer": "standard", "filter": ["lowercase", "asciifolding"]}),
                json!({}),
                "Crème Brûlée",
                vec!["creme@0", "brulee@1"],
            ),
            (json!({"type": "stop"}), json!({}), "The cat and the dog", vec!["cat@1", "dog@4"]),
            (
                json!({"type": "standard", "stopwords": "_english_", "max_token_length": 4}),
                json!({}),
                "the house",
                vec!["hous@1", "e@2"],
            ),
            (json!({"tokenizer": "whitespace", "filter": ["unique"]}), json!({}), "a b a c", vec!["a@0", "b@1", "c@2"]),
            (
                json!({"tokenizer": "standard", "filter": ["e"]}),
                json!({"filter": {"e": {"type": "edge_ngram", "min_gram": 2, "max_gram": 3}}}),
                "a data",
                vec!["da@1", "dat@1"],
            ),
            (json!({"tokenizer": "ngram"}), json!({}), "abc", vec!["a@0", "ab@1", "b@2", "bc@3", "c@4"]),
            (
                json!({"tokenizer": "keyword", "char_filter": ["m"], "filter": ["f"]}),
                json!({
                    "char_filter": {"m": {"type": "mapping", "mappings": ["ph => f", "p => q"]}},
                    "filter": {"f": {"type": "asciifolding", "preserve_original": true}}
                }),
                "phé p",
                vec!["fe q@0", "fé q@0"],
            ),
            (
                json!({"tokenizer": "t"}),
                json!({"tokenizer": {"t": {"type": "pattern", "pattern": "\\s*,\\s*"}}}),
                "a b , c",
                vec!["a b@0", "c@1"],
            ),
        ] {
            assert_eq!(analyze(analyzer.clone(), parts, text), expected, "{analyzer}");
        }
    }

    #[test]
    fn only_characters_change_when_a_part_of_a_term_is_normalized() {
        let analyzers = Analyzers::default();
        let stop = analyzers.analyzer("stop").unwrap();
        assert_eq!(stop.normalize("The QU*"), "the qu*");
        assert_eq!(analyzers.analyzer("whitespace").unwrap().normalize("The QU*"), "The QU*");
    }
}
