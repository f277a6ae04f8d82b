//! `settings.analysis`: analyzers and normalizers by name.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::char_filter::CharFilter;
use super::token_filter::TokenFilter;
use super::tokenizer::{Grams, TokenChars, Tokenizer};
use super::{Analyzer, java_pattern, letter_case, standard, stop_words, unsupported};

/// Why `settings.analysis` is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at {place}")]
pub struct AnalysisError {
    /// The path of the setting.
    pub place: String,
    /// What is wrong, and what would be right.
    pub reason: String,
}

/// The built-in analyzers and normalizers, and those that an index defines.
#[derive(Debug)]
pub struct Analyzers {
    analyzers: BTreeMap<String, Arc<Analyzer>>,
    normalizers: BTreeMap<String, Arc<Analyzer>>,
}

const SUPPORTED_ANALYZERS: &str = "standard, simple, whitespace, keyword, stop, pattern and custom are";
const SUPPORTED_TOKENIZERS: &str =
    "standard, whitespace, keyword, letter, lowercase, pattern, ngram and edge_ngram are";
const SUPPORTED_FILTERS: &str =
    "lowercase, uppercase, asciifolding, trim, stop, length, truncate, unique, reverse, ngram and edge_ngram are";
const SUPPORTED_CHAR_FILTERS: &str = "mapping and pattern_replace are";
/// Grams longer than this would only fill memory.
const MAX_GRAM: usize = 256;

impl Default for Analyzers {
    fn default() -> Self {
        let analyzers = [
            ("standard", Analyzer::new(vec![], standard_tokenizer(), vec![TokenFilter::Lowercase])),
            ("simple", Analyzer::new(vec![], Tokenizer::Letter, vec![TokenFilter::Lowercase])),
            ("whitespace", Analyzer::new(vec![], whitespace_tokenizer(), vec![])),
            ("keyword", Analyzer::new(vec![], Tokenizer::Keyword, vec![])),
            ("stop", Analyzer::new(vec![], Tokenizer::Letter, vec![TokenFilter::Lowercase, english_stop_words()])),
        ];
        let lowercase = Analyzer::new(vec![], Tokenizer::Keyword, vec![TokenFilter::Lowercase]);
        let mut analyzers: BTreeMap<String, Arc<Analyzer>> =
            analyzers.into_iter().map(|(name, analyzer)| (name.to_owned(), Arc::new(analyzer))).collect();
        if let Ok(regex) = java_pattern::compile(r"\W+", "") {
            let tokenizer = Tokenizer::Pattern { regex, group: None };
            let pattern = Analyzer::new(vec![], tokenizer, vec![TokenFilter::Lowercase]);
            analyzers.insert("pattern".to_owned(), Arc::new(pattern));
        }
        Analyzers { analyzers, normalizers: [("lowercase".to_owned(), Arc::new(lowercase))].into() }
    }
}

impl Analyzers {
    /// The built-in analyzers and those of an index's `analysis` settings (an object, dotted names already expanded).
    ///
    /// # Errors
    ///
    /// Where Elasticsearch would refuse a definition, or where it asks for something that is not supported.
    pub fn from_settings(analysis: &Value) -> Result<Analyzers, AnalysisError> {
        let mut analyzers = Analyzers::default();
        for definition in definitions(analysis, "normalizer")? {
            let normalizer = definition.normalizer(analysis)?;
            analyzers.normalizers.insert(definition.name.to_owned(), Arc::new(normalizer));
        }
        for definition in definitions(analysis, "analyzer")? {
            let analyzer = definition.analyzer(analysis)?;
            analyzers.analyzers.insert(definition.name.to_owned(), Arc::new(analyzer));
        }
        Ok(analyzers)
    }

    /// The analyzer of this name.
    pub fn analyzer(&self, name: &str) -> Option<Arc<Analyzer>> {
        self.analyzers.get(name).cloned()
    }

    /// The normalizer of this name.
    pub fn normalizer(&self, name: &str) -> Option<Arc<Analyzer>> {
        self.normalizers.get(name).cloned()
    }

    /// The names of all analyzers, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.analyzers.keys().map(String::as_str)
    }
}

fn standard_tokenizer() -> Tokenizer {
    Tokenizer::Standard { max_token_length: standard::MAX_TOKEN_LENGTH }
}

fn whitespace_tokenizer() -> Tokenizer {
    Tokenizer::Whitespace { max_token_length: standard::MAX_TOKEN_LENGTH }
}

fn english_stop_words() -> TokenFilter {
    let words = stop_words::ENGLISH.iter().map(|word| (*word).to_owned()).collect();
    TokenFilter::Stop { words, ignore_case: false }
}

/// One named definition within `settings.analysis`.
struct Definition<'a> {
    place: String,
    name: &'a str,
    parameters: &'a Map<String, Value>,
}

fn definitions<'a>(analysis: &'a Value, kind: &str) -> Result<Vec<Definition<'a>>, AnalysisError> {
    let Some(named) = analysis.get(kind) else { return Ok(Vec::new()) };
    let Some(named) = named.as_object() else {
        return Err(refused(format!("analysis.{kind}"), "an object of named definitions is expected"));
    };
    named
        .iter()
        .map(|(name, parameters)| {
            let place = format!("analysis.{kind}.{name}");
            match parameters.as_object() {
                Some(parameters) => Ok(Definition { place, name, parameters }),
                None => Err(refused(place, "an object is expected")),
            }
        })
        .collect()
}

fn refused(place: impl Into<String>, reason: impl Into<String>) -> AnalysisError {
    AnalysisError { place: place.into(), reason: reason.into() }
}

/// The definition that a name refers to: one of the index, or a built-in kind without parameters.
fn find<'a>(analysis: &'a Value, kind: &str, name: &'a str) -> Definition<'a> {
    static NO_PARAMETERS: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    let defined = analysis.get(kind).and_then(|named| named.get(name)).and_then(Value::as_object);
    Definition { place: format!("analysis.{kind}.{name}"), name, parameters: defined.unwrap_or(&NO_PARAMETERS) }
}

impl<'a> Definition<'a> {
    fn error(&self, reason: impl Into<String>) -> AnalysisError {
        refused(self.place.clone(), reason)
    }

    fn unsupported(&self, what: &str, kind: &str, supported: &str) -> AnalysisError {
        match unsupported::reason(kind) {
            Some(reason) => self.error(format!("the {what} {kind:?} is not supported: {reason}")),
            None => self.error(format!("the {what} {kind:?} is not supported; {supported}")),
        }
    }

    /// `type`, or the definition's own name where it is a built-in without parameters.
    fn kind(&self) -> &str {
        match self.parameters.get("type").and_then(Value::as_str) {
            Some(kind) => kind,
            None => self.name,
        }
    }

    fn analyzer(&self, analysis: &Value) -> Result<Analyzer, AnalysisError> {
        let kind = match self.parameters.get("type").and_then(Value::as_str) {
            None if self.parameters.contains_key("tokenizer") => "custom",
            None => return Err(self.error("an analyzer needs a `type` or a `tokenizer`")),
            Some(kind) => kind,
        };
        let with_stop_words = |tokenizer, mut filters: Vec<TokenFilter>, default| {
            let words = self.stop_words("stopwords", default)?;
            if !words.is_empty() {
                filters.push(TokenFilter::Stop { words, ignore_case: false });
            }
            Ok(Analyzer::new(vec![], tokenizer, filters))
        };
        match kind {
            "custom" => self.custom(analysis),
            "standard" => {
                let max_token_length = self.number("max_token_length", standard::MAX_TOKEN_LENGTH)?;
                with_stop_words(Tokenizer::Standard { max_token_length }, vec![TokenFilter::Lowercase], "_none_")
            }
            "stop" => with_stop_words(Tokenizer::Letter, vec![TokenFilter::Lowercase], "_english_"),
            "simple" => Ok(Analyzer::new(vec![], Tokenizer::Letter, vec![TokenFilter::Lowercase])),
            "whitespace" => Ok(Analyzer::new(vec![], whitespace_tokenizer(), vec![])),
            "keyword" => Ok(Analyzer::new(vec![], Tokenizer::Keyword, vec![])),
            "pattern" => {
                let lowercase = self.boolean("lowercase", true)?;
                let filters = if lowercase { vec![TokenFilter::Lowercase] } else { vec![] };
                with_stop_words(self.pattern_tokenizer()?, filters, "_none_")
            }
            other => Err(self.unsupported("analyzer type", other, SUPPORTED_ANALYZERS)),
        }
    }

    fn custom(&self, analysis: &Value) -> Result<Analyzer, AnalysisError> {
        let Some(tokenizer) = self.parameters.get("tokenizer").and_then(Value::as_str) else {
            return Err(self.error("a custom analyzer needs a `tokenizer`"));
        };
        let tokenizer = find(analysis, "tokenizer", tokenizer).tokenizer()?;
        let mut analyzer = Analyzer::new(self.char_filters(analysis)?, tokenizer, self.filters(analysis)?);
        let gap = self.number("position_increment_gap", super::POSITION_INCREMENT_GAP as usize)?;
        analyzer.position_increment_gap =
            u32::try_from(gap).map_err(|_| self.error("`position_increment_gap` is too large"))?;
        Ok(analyzer)
    }

    fn normalizer(&self, analysis: &Value) -> Result<Analyzer, AnalysisError> {
        match self.parameters.get("type").and_then(Value::as_str) {
            None | Some("custom") => {}
            Some("lowercase") => {
                return Ok(Analyzer::new(vec![], Tokenizer::Keyword, vec![TokenFilter::Lowercase]));
            }
            Some(other) => return Err(self.unsupported("normalizer type", other, "custom and lowercase are")),
        }
        if self.parameters.contains_key("tokenizer") {
            return Err(self.error("a normalizer has no tokenizer"));
        }
        let filters = self.filters(analysis)?;
        if !filters.iter().all(TokenFilter::is_normalizing) {
            return Err(self.error("a normalizer may only have filters that work character by character"));
        }
        Ok(Analyzer::new(self.char_filters(analysis)?, Tokenizer::Keyword, filters))
    }

    fn filters(&self, analysis: &Value) -> Result<Vec<TokenFilter>, AnalysisError> {
        let names = self.list("filter")?.unwrap_or_default();
        names.iter().map(|name| find(analysis, "filter", name).filter()).collect()
    }

    fn char_filters(&self, analysis: &Value) -> Result<Vec<CharFilter>, AnalysisError> {
        let names = self.list("char_filter")?.unwrap_or_default();
        names.iter().map(|name| find(analysis, "char_filter", name).char_filter()).collect()
    }

    fn tokenizer(&self) -> Result<Tokenizer, AnalysisError> {
        Ok(match self.kind() {
            "standard" => {
                Tokenizer::Standard { max_token_length: self.number("max_token_length", standard::MAX_TOKEN_LENGTH)? }
            }
            "whitespace" => {
                Tokenizer::Whitespace { max_token_length: self.number("max_token_length", standard::MAX_TOKEN_LENGTH)? }
            }
            "keyword" => Tokenizer::Keyword,
            "letter" => Tokenizer::Letter,
            "lowercase" => Tokenizer::Lowercase,
            "pattern" => self.pattern_tokenizer()?,
            "ngram" | "nGram" => Tokenizer::Ngram(self.grams(false)?),
            "edge_ngram" | "edgeNGram" => Tokenizer::Ngram(self.grams(true)?),
            other => return Err(self.unsupported("tokenizer", other, SUPPORTED_TOKENIZERS)),
        })
    }

    fn filter(&self) -> Result<TokenFilter, AnalysisError> {
        Ok(match self.kind() {
            "lowercase" if self.parameters.contains_key("language") => {
                return Err(self.error("`language` of the lowercase filter is not supported"));
            }
            "lowercase" => TokenFilter::Lowercase,
            "uppercase" => TokenFilter::Uppercase,
            "asciifolding" if self.boolean("preserve_original", false)? => TokenFilter::AsciiFoldingBoth,
            "asciifolding" => TokenFilter::AsciiFolding,
            "trim" => TokenFilter::Trim,
            "stop" => self.stop_filter()?,
            "length" => {
                TokenFilter::Length { min: self.number("min", 0)?, max: self.number("max", i32::MAX as usize)? }
            }
            "truncate" => TokenFilter::Truncate { length: self.number("length", 10)? },
            "unique" => TokenFilter::Unique { only_on_same_position: self.boolean("only_on_same_position", false)? },
            "reverse" => TokenFilter::Reverse,
            "ngram" | "nGram" => self.gram_filter(false)?,
            "edge_ngram" | "edgeNGram" => self.gram_filter(true)?,
            other => return Err(self.unsupported("token filter", other, SUPPORTED_FILTERS)),
        })
    }

    fn stop_filter(&self) -> Result<TokenFilter, AnalysisError> {
        if !self.boolean("remove_trailing", true)? {
            return Err(self.error("`remove_trailing: false` is not supported"));
        }
        let ignore_case = self.boolean("ignore_case", false)?;
        let mut words = self.stop_words("stopwords", "_english_")?;
        if ignore_case {
            words = words.iter().map(|word| word.chars().map(letter_case::lower).collect()).collect();
        }
        Ok(TokenFilter::Stop { words, ignore_case })
    }

    fn gram_filter(&self, edge: bool) -> Result<TokenFilter, AnalysisError> {
        if self.parameters.get("side").is_some_and(|side| side != "front") {
            return Err(self.error("`side` of the edge_ngram filter is only supported as \"front\""));
        }
        let preserve_original = self.boolean("preserve_original", false)?;
        Ok(TokenFilter::Ngram { grams: self.grams(edge)?, preserve_original })
    }

    fn grams(&self, edge: bool) -> Result<Grams, AnalysisError> {
        let (min, max) = (self.number("min_gram", 1)?, self.number("max_gram", 2)?);
        if min == 0 || min > max || max > MAX_GRAM {
            return Err(self.error(format!(
                "`min_gram` {min} and `max_gram` {max}: 1 to {MAX_GRAM} are expected, the first not above the second"
            )));
        }
        let custom = self.parameters.get("custom_token_chars").and_then(Value::as_str);
        let token_chars = self.list("token_chars")?.unwrap_or_default();
        let token_chars = token_chars
            .iter()
            .map(|name| match name.as_str() {
                "letter" => Ok(TokenChars::Letter),
                "digit" => Ok(TokenChars::Digit),
                "whitespace" => Ok(TokenChars::Whitespace),
                "punctuation" => Ok(TokenChars::Punctuation),
                "symbol" => Ok(TokenChars::Symbol),
                "custom" => Ok(TokenChars::Custom(custom.unwrap_or_default().to_owned())),
                other => Err(self.error(format!("unknown token_chars {other:?}"))),
            })
            .collect::<Result<_, _>>()?;
        Ok(Grams { min, max, edge, token_chars })
    }

    fn pattern_tokenizer(&self) -> Result<Tokenizer, AnalysisError> {
        let regex = self.regex(self.text("pattern")?.unwrap_or(r"\W+"))?;
        let group = match self.parameters.get("group") {
            None => None,
            Some(Value::Number(number)) if number.as_i64() == Some(-1) => None,
            Some(Value::String(text)) if text == "-1" => None,
            Some(_) => Some(self.number("group", 0)?),
        };
        if let Some(group) = group.filter(|group| *group >= regex.captures_len()) {
            return Err(self.error(format!("the pattern has no group {group}")));
        }
        Ok(Tokenizer::Pattern { regex, group })
    }

    fn regex(&self, pattern: &str) -> Result<regex_automata::meta::Regex, AnalysisError> {
        java_pattern::compile(pattern, self.text("flags")?.unwrap_or_default()).map_err(|reason| self.error(reason))
    }

    fn char_filter(&self) -> Result<CharFilter, AnalysisError> {
        match self.kind() {
            "mapping" => self.mapping_filter(),
            "pattern_replace" => {
                let Some(pattern) = self.text("pattern")? else {
                    return Err(self.error("pattern_replace needs a `pattern`"));
                };
                let replacement = self.text("replacement")?.unwrap_or_default();
                if replacement.contains('\\') || replacement.contains("${") {
                    return Err(self.error("`replacement` is only supported with `$1`, without escapes and names"));
                }
                Ok(CharFilter::PatternReplace { regex: self.regex(pattern)?, replacement: braced(replacement) })
            }
            other => Err(self.unsupported("char filter", other, SUPPORTED_CHAR_FILTERS)),
        }
    }

    fn mapping_filter(&self) -> Result<CharFilter, AnalysisError> {
        let Some(rules) = self.list("mappings")? else {
            return Err(self.error("the mapping char filter needs `mappings`, for example [\"ph => f\"]"));
        };
        let rules = rules
            .iter()
            .map(|rule| match rule.rsplit_once("=>") {
                Some((from, to)) if !from.trim().is_empty() => Ok((unescape(from.trim()), unescape(to.trim()))),
                _ => Err(self.error(format!("the rule {rule:?} is not of the form \"from => to\""))),
            })
            .collect::<Result<_, _>>()?;
        Ok(CharFilter::Mapping(rules))
    }

    fn stop_words(&self, key: &str, default: &str) -> Result<HashSet<String>, AnalysisError> {
        if self.parameters.contains_key("stopwords_path") {
            return Err(self.error("`stopwords_path` is not supported; `stopwords` takes the words themselves"));
        }
        let names = self.list(key)?.unwrap_or_else(|| vec![default.to_owned()]);
        let mut words = HashSet::new();
        for name in names {
            match name.as_str() {
                "_none_" => {}
                "_english_" => words.extend(stop_words::ENGLISH.iter().map(|word| (*word).to_owned())),
                list if list.len() > 2 && list.starts_with('_') && list.ends_with('_') => {
                    return Err(self.unsupported("stop word list", list, "_english_, _none_ and lists of words are"));
                }
                _ => {
                    words.insert(name);
                }
            }
        }
        Ok(words)
    }

    fn text(&self, key: &str) -> Result<Option<&'a str>, AnalysisError> {
        match self.parameters.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.error(format!("`{key}` is {other}, a string is expected"))),
        }
    }

    fn number(&self, key: &str, default: usize) -> Result<usize, AnalysisError> {
        let given = match self.parameters.get(key) {
            None => return Ok(default),
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(text)) => text.parse().ok(),
            Some(_) => None,
        };
        given
            .and_then(|number| usize::try_from(number).ok())
            .ok_or_else(|| self.error(format!("`{key}` is no whole number of 0 or more")))
    }

    fn boolean(&self, key: &str, default: bool) -> Result<bool, AnalysisError> {
        match self.parameters.get(key) {
            None => Ok(default),
            Some(Value::Bool(value)) => Ok(*value),
            Some(Value::String(text)) if text == "true" => Ok(true),
            Some(Value::String(text)) if text == "false" => Ok(false),
            Some(other) => Err(self.error(format!("`{key}` is {other}, true or false is expected"))),
        }
    }

    /// A list of strings, or one string with commas.
    fn list(&self, key: &str) -> Result<Option<Vec<String>>, AnalysisError> {
        let expected = || self.error(format!("`{key}` is a list of strings"));
        match self.parameters.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if key == "mappings" => Ok(Some(vec![text.clone()])),
            Some(Value::String(text)) => {
                Ok(Some(text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()))
            }
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().map(str::to_owned).ok_or_else(expected))
                .collect::<Result<_, _>>()
                .map(Some),
            Some(_) => Err(expected()),
        }
    }
}

/// `$1` as `${1}`, for what follows a group's number is no part of it.
fn braced(replacement: &str) -> String {
    let mut out = String::with_capacity(replacement.len());
    let mut characters = replacement.chars().peekable();
    while let Some(character) = characters.next() {
        out.push(character);
        if character == '$'
            && let Some(digit) = characters.next_if(char::is_ascii_digit)
        {
            out.extend(['{', digit, '}']);
        }
    }
    out
}

/// `\n`, `\t`, `\u00e9` and the like in rules of the mapping char filter.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('u') => {
                let hex: String = characters.by_ref().take(4).collect();
                out.extend(u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32));
            }
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out
}
