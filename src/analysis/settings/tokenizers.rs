//! `analysis.tokenizer`.

use std::sync::Arc;

use super::analyzers::{standard_tokenizer, whitespace_tokenizer};
use super::definition::Definition;
use super::{AnalysisError, Settings};
use crate::analysis::tokenizer::{Grams, PathHierarchy, SimplePattern, TokenChars, Tokenizer};
use crate::analysis::{java_pattern, standard};

const SUPPORTED: &[&str] = &[
    "standard",
    "classic",
    "letter",
    "lowercase",
    "whitespace",
    "keyword",
    "char_group",
    "pattern",
    "simple_pattern",
    "simple_pattern_split",
    "ngram",
    "edge_ngram",
    "path_hierarchy",
];

const REFUSED: &[(&str, &str)] = &[
    ("uax_url_email", "it needs Lucene's list of top-level domains"),
    ("thai", "it needs a dictionary of Thai words"),
    ("icu_tokenizer", "a plugin's"),
    ("kuromoji_tokenizer", "a plugin's"),
    ("nori_tokenizer", "a plugin's"),
    ("smartcn_tokenizer", "a plugin's"),
];

/// Grams longer than this would only fill memory.
const MAX_GRAM: usize = 256;
/// Lucene's own limit of the standard tokenizer.
const MAX_TOKEN_LENGTH: usize = 1 << 20;

impl Settings<'_> {
    pub(super) fn tokenizer(&self, definition: &Definition<'_>) -> Result<Tokenizer, AnalysisError> {
        let max_token_length = || self.max_token_length(definition);
        Ok(match definition.kind()? {
            "standard" if definition.is_built_in() => standard_tokenizer(),
            "standard" => Tokenizer::Standard { max_token_length: max_token_length()? },
            "whitespace" if definition.is_built_in() => whitespace_tokenizer(),
            "whitespace" => Tokenizer::Whitespace { max_token_length: max_token_length()? },
            "classic" => Tokenizer::Classic { max_token_length: max_token_length()? },
            "keyword" => Tokenizer::Keyword,
            "letter" => Tokenizer::Letter,
            "lowercase" => Tokenizer::Lowercase,
            "char_group" => {
                Tokenizer::CharGroup { separators: self.separators(definition)?, max_token_length: max_token_length()? }
            }
            "pattern" => self.pattern_tokenizer(definition)?,
            "simple_pattern" => self.simple_pattern(definition, false)?,
            "simple_pattern_split" => self.simple_pattern(definition, true)?,
            "ngram" => Tokenizer::Ngram(self.ngrams(definition)?),
            "edge_ngram" => Tokenizer::Ngram(self.grams(definition, true, (1, 2))?),
            "path_hierarchy" => Tokenizer::PathHierarchy(PathHierarchy {
                delimiter: definition.character("delimiter", '/')?,
                replacement: definition.character("replacement", definition.character("delimiter", '/')?)?,
                reverse: definition.boolean("reverse", false)?,
                skip: definition.number("skip", 0)?,
            }),
            other => return Err(definition.unsupported("tokenizer", other, REFUSED, SUPPORTED)),
        })
    }

    pub(super) fn max_token_length(&self, definition: &Definition<'_>) -> Result<usize, AnalysisError> {
        definition.number_within("max_token_length", standard::MAX_TOKEN_LENGTH, 1..=MAX_TOKEN_LENGTH)
    }

    /// Grams of tokenizers and of the `ngram` filter, whose lengths may not lie too far apart.
    pub(super) fn ngrams(&self, definition: &Definition<'_>) -> Result<Grams, AnalysisError> {
        let grams = self.grams(definition, false, (1, 2))?;
        if grams.max - grams.min > self.limits.max_ngram_diff {
            return Err(definition.error(format!(
                "`min_gram` {} and `max_gram` {} lie further apart than index.max_ngram_diff ({}) allows",
                grams.min, grams.max, self.limits.max_ngram_diff
            )));
        }
        Ok(grams)
    }

    pub(super) fn grams(
        &self,
        definition: &Definition<'_>,
        edge: bool,
        default: (usize, usize),
    ) -> Result<Grams, AnalysisError> {
        let (min, max) = (definition.number("min_gram", default.0)?, definition.number("max_gram", default.1)?);
        if min == 0 || min > max || max > MAX_GRAM {
            return Err(definition.error(format!(
                "`min_gram` {min} and `max_gram` {max}: 1 to {MAX_GRAM} are expected, the first not above the second"
            )));
        }
        let custom = definition.text("custom_token_chars")?;
        let token_chars = definition.list("token_chars")?.unwrap_or_default();
        let token_chars = token_chars
            .iter()
            .map(|name| match (name.as_str(), custom) {
                ("custom", Some(characters)) => Ok(TokenChars::Custom(characters.to_owned())),
                ("custom", None) => Err(definition.error_in("token_chars", "\"custom\" needs `custom_token_chars`")),
                (name, _) => TokenChars::named(name)
                    .ok_or_else(|| definition.error_in("token_chars", format!("unknown characters {name:?}"))),
            })
            .collect::<Result<_, _>>()?;
        Ok(Grams { min, max, edge, token_chars })
    }

    fn separators(&self, definition: &Definition<'_>) -> Result<Vec<TokenChars>, AnalysisError> {
        let key = "tokenize_on_chars";
        let given = definition.whole_list(key)?.unwrap_or_default();
        let separator = |text: &String| {
            if let Some(kind) = TokenChars::named(text) {
                return Ok(kind);
            }
            let unknown = || definition.error_in(key, format!("{text:?} is neither a character nor a kind of them"));
            let mut characters = text.chars();
            let character = match (characters.next(), characters.next(), characters.as_str()) {
                (Some(character), None, _) => character,
                (Some('\\'), Some('\\'), "") => '\\',
                (Some('\\'), Some('n'), "") => '\n',
                (Some('\\'), Some('t'), "") => '\t',
                (Some('\\'), Some('r'), "") => '\r',
                (Some('\\'), Some('b'), "") => '\u{8}',
                (Some('\\'), Some('f'), "") => '\u{c}',
                (Some('\\'), Some('u'), hex) => {
                    u32::from_str_radix(hex, 16).ok().and_then(char::from_u32).ok_or_else(unknown)?
                }
                _ => return Err(unknown()),
            };
            Ok(TokenChars::Custom(character.to_string()))
        };
        given.iter().map(separator).collect()
    }

    fn pattern_tokenizer(&self, definition: &Definition<'_>) -> Result<Tokenizer, AnalysisError> {
        let regex = self.regex(definition, definition.text("pattern")?.unwrap_or(r"\W+"))?;
        let splits = !definition.has("group") || definition.is_minus_one("group");
        let group = if splits { None } else { Some(definition.number("group", 0)?) };
        if let Some(group) = group.filter(|group| *group >= regex.captures_len()) {
            return Err(definition.error_in("group", format!("the pattern has no group {group}")));
        }
        Ok(Tokenizer::Pattern { regex, group })
    }

    fn simple_pattern(&self, definition: &Definition<'_>, splits: bool) -> Result<Tokenizer, AnalysisError> {
        let pattern = definition.text("pattern")?.unwrap_or_default();
        SimplePattern::new(pattern, splits)
            .map(Tokenizer::SimplePattern)
            .map_err(|reason| definition.error_in("pattern", reason))
    }

    pub(super) fn regex(
        &self,
        definition: &Definition<'_>,
        pattern: &str,
    ) -> Result<regex_automata::meta::Regex, AnalysisError> {
        java_pattern::compile(pattern, definition.text("flags")?.unwrap_or_default())
            .map_err(|reason| definition.error_in("pattern", reason))
    }

    /// `replacement` as `java_pattern::replace` takes it.
    pub(super) fn replacement(
        &self,
        definition: &Definition<'_>,
        regex: &regex_automata::meta::Regex,
    ) -> Result<Arc<str>, AnalysisError> {
        let written = definition.text("replacement")?.unwrap_or_default();
        let replacement = java_pattern::replacement(written, regex);
        replacement.map(Arc::from).map_err(|reason| definition.error_in("replacement", reason))
    }
}
