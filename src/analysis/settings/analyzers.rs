//! `analysis.analyzer` and `analysis.normalizer`.

use std::sync::Arc;

use super::definition::{Definition, find};
use super::{AnalysisError, ByName, Settings};
use crate::analysis::language::{self, stop_words};
use crate::analysis::stream_filter::StreamFilter;
use crate::analysis::tokenizer::Tokenizer;
use crate::analysis::word_filter::{WordFilter, WordSet};
use crate::analysis::{Analyzer, POSITION_INCREMENT_GAP, TokenFilter, java_pattern, standard};

const SUPPORTED: &[&str] = &[
    "custom",
    "standard",
    "simple",
    "whitespace",
    "keyword",
    "stop",
    "pattern",
    "fingerprint",
    "chinese",
    "those of languages (english, german, …)",
];

/// In UTF-16 units: a longer fingerprint is dropped.
pub(super) const FINGERPRINT_SIZE: usize = 255;

pub(super) fn standard_tokenizer() -> Tokenizer {
    Tokenizer::Standard { max_token_length: standard::MAX_TOKEN_LENGTH }
}

pub(super) fn whitespace_tokenizer() -> Tokenizer {
    Tokenizer::Whitespace { max_token_length: standard::MAX_TOKEN_LENGTH }
}

fn lowercase() -> TokenFilter {
    TokenFilter::Word(WordFilter::Lowercase)
}

fn stop(words: Vec<String>) -> Option<TokenFilter> {
    let set = WordSet::new(words, false);
    (!set.is_empty()).then(|| TokenFilter::Word(WordFilter::Stop(Arc::new(set))))
}

fn fingerprint(separator: String, max_size: usize, stop_words: Vec<String>) -> Analyzer {
    let folding = TokenFilter::Word(WordFilter::AsciiFolding);
    let whole = TokenFilter::Stream(StreamFilter::Fingerprint { separator, max_size });
    let filters = [lowercase(), folding].into_iter().chain(stop(stop_words)).chain([whole]);
    Analyzer::new(vec![], standard_tokenizer(), filters.collect())
}

/// The analyzers that need no definition.
pub(super) fn built_in() -> ByName {
    let english = || stop_words::of("english").collect();
    let mut analyzers: ByName = ByName::new();
    let mut insert = |name, analyzer| analyzers.insert(name, Arc::new(analyzer));
    insert("standard", Analyzer::new(vec![], standard_tokenizer(), vec![lowercase()]));
    // What a field has that names none. Nodes tell analyzers apart by name: together with one that names "standard" it cannot be asked
    // by `combined_fields`, nor word by word by `cross_fields`.
    insert("default", Analyzer::new(vec![], standard_tokenizer(), vec![lowercase()]));
    insert("chinese", Analyzer::new(vec![], standard_tokenizer(), vec![lowercase()]));
    insert("simple", Analyzer::new(vec![], Tokenizer::Letter, vec![lowercase()]));
    insert("whitespace", Analyzer::new(vec![], whitespace_tokenizer(), vec![]));
    insert("keyword", Analyzer::new(vec![], Tokenizer::Keyword, vec![]));
    let stopping = std::iter::once(lowercase()).chain(stop(english())).collect();
    insert("stop", Analyzer::new(vec![], Tokenizer::Letter, stopping));
    insert("fingerprint", fingerprint(" ".to_owned(), FINGERPRINT_SIZE, Vec::new()));
    if let Ok(regex) = java_pattern::compile(r"\W+", "") {
        let tokenizer = Tokenizer::Pattern { regex, group: None };
        insert("pattern", Analyzer::new(vec![], tokenizer, vec![lowercase()]));
    }
    for name in language::names() {
        if let Some(analyzer) = language::analyzer(name, None, Vec::new()) {
            insert(name, analyzer);
        }
    }
    analyzers
}

pub(super) fn built_in_normalizers() -> ByName {
    ByName::from([("lowercase", Arc::new(Analyzer::new(vec![], Tokenizer::Keyword, vec![lowercase()])))])
}

impl Settings<'_> {
    pub(super) fn analyzer(&self, definition: &Definition<'_>) -> Result<Analyzer, AnalysisError> {
        let kind = match definition.given_type()? {
            None if definition.has("tokenizer") => "custom",
            None => return Err(definition.error("an analyzer needs a `type` or a `tokenizer`")),
            Some(kind) => kind,
        };
        let stopping = |tokenizer, filters: Vec<TokenFilter>, default| {
            let words = self.stop_words(definition, default)?;
            Ok(Analyzer::new(vec![], tokenizer, filters.into_iter().chain(stop(words)).collect()))
        };
        match kind {
            "custom" => self.custom(definition),
            "standard" | "chinese" => {
                let max_token_length = self.max_token_length(definition)?;
                stopping(Tokenizer::Standard { max_token_length }, vec![lowercase()], "_none_")
            }
            "stop" => stopping(Tokenizer::Letter, vec![lowercase()], "_english_"),
            "simple" => Ok(Analyzer::new(vec![], Tokenizer::Letter, vec![lowercase()])),
            "whitespace" => Ok(Analyzer::new(vec![], whitespace_tokenizer(), vec![])),
            "keyword" => Ok(Analyzer::new(vec![], Tokenizer::Keyword, vec![])),
            "pattern" => {
                let filters = if definition.boolean("lowercase", true)? { vec![lowercase()] } else { vec![] };
                // Without a group: the analyzer has none.
                let regex = self.regex(definition, definition.text("pattern")?.unwrap_or(r"\W+"))?;
                stopping(Tokenizer::Pattern { regex, group: None }, filters, "_none_")
            }
            "fingerprint" => {
                let separator = definition.text("separator")?.unwrap_or(" ").to_owned();
                let max_size = definition.number("max_output_size", FINGERPRINT_SIZE)?;
                Ok(fingerprint(separator, max_size, self.stop_words(definition, "_none_")?))
            }
            name => self.language(definition, name),
        }
    }

    fn language(&self, definition: &Definition<'_>, name: &str) -> Result<Analyzer, AnalysisError> {
        definition.refuse_files("stem_exclusion")?;
        let excluded = definition.list("stem_exclusion")?.unwrap_or_default();
        let given = definition.has("stopwords") || definition.has("stopwords_path");
        let stop_words = if given { Some(self.stop_words(definition, "_none_")?) } else { None };
        language::analyzer(name, stop_words, excluded)
            .ok_or_else(|| definition.unsupported("analyzer type", name, language::REFUSED, SUPPORTED))
    }

    fn custom(&self, definition: &Definition<'_>) -> Result<Analyzer, AnalysisError> {
        let Some(tokenizer) = definition.text("tokenizer")? else {
            return Err(definition.error("a custom analyzer needs a `tokenizer`"));
        };
        let tokenizer = self.tokenizer(&find(self.analysis, "tokenizer", tokenizer))?;
        let char_filters = self.char_filters(definition)?;
        let filters = self.token_filters(definition, &char_filters, &tokenizer)?;
        let bigrams = |filter: &TokenFilter| matches!(filter, TokenFilter::Stream(StreamFilter::CjkBigrams(_)));
        if !char_filters.is_empty() && filters.iter().any(bigrams) {
            return Err(
                definition.error("`cjk_bigram` behind a char filter is not supported: places in the text are lost")
            );
        }
        let mut analyzer = Analyzer::new(char_filters, tokenizer, filters);
        let gap = definition.number("position_increment_gap", POSITION_INCREMENT_GAP as usize)?;
        analyzer.position_increment_gap = u32::try_from(gap)
            .map_err(|_| definition.error_in("position_increment_gap", format!("{gap} is above {}", u32::MAX)))?;
        Ok(analyzer)
    }

    pub(super) fn normalizer(&self, definition: &Definition<'_>) -> Result<Analyzer, AnalysisError> {
        match definition.given_type()? {
            None | Some("custom") => {}
            Some("lowercase") => return Ok(Analyzer::new(vec![], Tokenizer::Keyword, vec![lowercase()])),
            Some(other) => {
                return Err(definition.unsupported("normalizer type", other, &[], &["custom", "lowercase"]));
            }
        }
        if definition.has("tokenizer") {
            return Err(definition.error("a normalizer has no tokenizer"));
        }
        let char_filters = self.char_filters(definition)?;
        let filters = self.token_filters(definition, &char_filters, &Tokenizer::Keyword)?;
        let is_fit = filters.iter().all(TokenFilter::is_normalizing)
            && char_filters.iter().all(|filter| filter.is_normalizing());
        if !is_fit {
            return Err(definition.error("a normalizer may only have filters that work character by character"));
        }
        Ok(Analyzer::new(char_filters, Tokenizer::Keyword, filters))
    }

    /// `stopwords`: words, and names of lists.
    pub(super) fn stop_words(&self, definition: &Definition<'_>, default: &str) -> Result<Vec<String>, AnalysisError> {
        definition.refuse_files("stopwords")?;
        let names = definition.list("stopwords")?.unwrap_or_else(|| vec![default.to_owned()]);
        let mut words = Vec::new();
        for name in names {
            let is_name = name.len() > 2 && name.starts_with('_') && name.ends_with('_');
            match stop_words::named(&name) {
                Some(list) => words.extend(list),
                None if is_name => {
                    let known = stop_words::names().join(", ");
                    let reason = format!("unknown list {name:?}; known are _none_, {known}");
                    return Err(definition.error_in("stopwords", reason));
                }
                None => words.push(name),
            }
        }
        Ok(words)
    }
}
