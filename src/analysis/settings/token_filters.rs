//! `analysis.filter`.

use std::collections::HashMap;
use std::sync::Arc;

use super::analyzers::FINGERPRINT_SIZE;
use super::definition::{Definition, find};
use super::{AnalysisError, Settings};
use crate::analysis::char_filter::CharFilter;
use crate::analysis::language::FRENCH_ARTICLES;
use crate::analysis::stemmer::Stemmer;
use crate::analysis::stream_filter::{
    CJK_SCRIPTS, CharacterType, CjkBigrams, Shingles, StreamFilter, WordDelimiter, WordParts,
};
use crate::analysis::tokenizer::Tokenizer;
use crate::analysis::word_filter::{Normalization, WordFilter, WordSet};
use crate::analysis::{TokenFilter, java_pattern};

const SUPPORTED: &[&str] = &[
    "apostrophe",
    "arabic_normalization",
    "asciifolding",
    "bengali_normalization",
    "cjk_bigram",
    "cjk_width",
    "classic",
    "common_grams",
    "decimal_digit",
    "delimited_payload",
    "edge_ngram",
    "elision",
    "fingerprint",
    "flatten_graph",
    "german_normalization",
    "hindi_normalization",
    "indic_normalization",
    "keep",
    "keep_types",
    "keyword_marker",
    "keyword_repeat",
    "length",
    "limit",
    "lowercase",
    "multiplexer",
    "ngram",
    "pattern_capture",
    "pattern_replace",
    "persian_normalization",
    "porter_stem",
    "remove_duplicates",
    "reverse",
    "scandinavian_folding",
    "scandinavian_normalization",
    "serbian_normalization",
    "shingle",
    "snowball",
    "sorani_normalization",
    "stemmer",
    "stemmer_override",
    "stop",
    "synonym",
    "synonym_graph",
    "trim",
    "truncate",
    "unique",
    "uppercase",
    "word_delimiter",
    "word_delimiter_graph",
];

const REFUSED: &[(&str, &str)] = &[
    ("condition", "nothing runs scripts"),
    ("predicate_token_filter", "nothing runs scripts"),
    ("dictionary_decompounder", "it needs a dictionary"),
    ("hyphenation_decompounder", "it needs a dictionary and a file of hyphenation patterns"),
    ("hunspell", "it needs a dictionary"),
    ("kstem", "it needs Lucene's dictionary"),
    ("min_hash", "what it makes of texts means something only in scores"),
    ("phonetic", "a plugin's"),
    ("icu_folding", "a plugin's"),
    ("icu_normalizer", "a plugin's"),
];

/// A word of `keyword_marker` and of lists is at most one of so many.
const MAX_WORDS: usize = 100_000;
/// Chains of a `multiplexer`, and patterns of `pattern_capture`.
const MAX_PARTS: usize = 100;
/// Words of a shingle.
const MAX_SHINGLE: usize = 100;

fn word(filter: WordFilter) -> TokenFilter {
    TokenFilter::Word(filter)
}

fn stream(filter: StreamFilter) -> TokenFilter {
    TokenFilter::Stream(filter)
}

impl Settings<'_> {
    /// The filters of an analyzer. Synonyms are cut as the filters before them cut texts.
    pub(super) fn token_filters(
        &self,
        definition: &Definition<'_>,
        char_filters: &[CharFilter],
        tokenizer: &Tokenizer,
    ) -> Result<Vec<TokenFilter>, AnalysisError> {
        let names = definition.list("filter")?.unwrap_or_default();
        let mut filters = Vec::with_capacity(names.len());
        for name in &names {
            let filter = find(self.analysis, "filter", name);
            let filter = match filter.kind()? {
                "synonym" => self.synonyms(&filter, char_filters, tokenizer, &filters, false)?,
                "synonym_graph" => self.synonyms(&filter, char_filters, tokenizer, &filters, true)?,
                _ => self.token_filter(&filter)?,
            };
            filters.push(filter);
        }
        Ok(filters)
    }

    /// Reads a definition that perhaps no analyzer uses.
    pub(super) fn check_token_filter(&self, definition: &Definition<'_>) -> Result<(), AnalysisError> {
        match definition.kind()? {
            // Its rules can be read only where it stands.
            "synonym" | "synonym_graph" => self.synonym_rules(definition).map(|_| ()),
            _ => self.token_filter(definition).map(|_| ()),
        }
    }

    fn token_filter(&self, definition: &Definition<'_>) -> Result<TokenFilter, AnalysisError> {
        let kind = definition.kind()?;
        if let Some(normalization) = Normalization::named(kind) {
            return Ok(word(WordFilter::Normalize(normalization)));
        }
        Ok(match kind {
            "lowercase" => word(self.lowercase(definition)?),
            "uppercase" => word(WordFilter::Uppercase),
            "asciifolding" if definition.boolean("preserve_original", false)? => stream(StreamFilter::AsciiFoldingBoth),
            "asciifolding" => word(WordFilter::AsciiFolding),
            "apostrophe" => word(WordFilter::Apostrophe),
            "cjk_width" => word(WordFilter::CjkWidth),
            "classic" => word(WordFilter::Classic),
            "decimal_digit" => word(WordFilter::DecimalDigit),
            "delimited_payload" => word(self.delimited_payload(definition)?),
            "elision" => word(self.elision(definition)?),
            "keep" => word(self.keep(definition)?),
            "keep_types" => word(self.keep_types(definition)?),
            "keyword_marker" => word(self.keyword_marker(definition)?),
            "length" => word(self.length(definition)?),
            "pattern_replace" => word(self.pattern_replace(definition)?),
            "porter_stem" => word(self.stemmer(definition, "language", "english")?),
            "reverse" => word(WordFilter::Reverse),
            "snowball" => word(self.snowball(definition)?),
            "stemmer" => word(self.stemming(definition)?),
            "stemmer_override" => word(self.stemmer_override(definition)?),
            "stop" => self.stop(definition)?,
            "trim" => word(WordFilter::Trim),
            "truncate" => word(self.truncate(definition)?),
            "cjk_bigram" => stream(self.cjk_bigrams(definition)?),
            "common_grams" => stream(StreamFilter::CommonGrams {
                words: self.word_set(definition, "common_words", definition.boolean("ignore_case", false)?)?,
                query_mode: definition.boolean("query_mode", false)?,
            }),
            "edge_ngram" => stream(self.edge_ngrams(definition)?),
            "fingerprint" => stream(StreamFilter::Fingerprint {
                separator: definition.text("separator")?.unwrap_or(" ").to_owned(),
                max_size: definition.number("max_output_size", FINGERPRINT_SIZE)?,
            }),
            "flatten_graph" => stream(StreamFilter::FlattenGraph),
            "keyword_repeat" => stream(StreamFilter::KeywordRepeat),
            "limit" => stream(StreamFilter::Limit {
                tokens: definition.number_within("max_token_count", 1, 1..=i32::MAX as usize)?,
            }),
            "multiplexer" => stream(self.multiplexer(definition)?),
            "ngram" => stream(StreamFilter::Ngram {
                grams: self.ngrams(definition)?,
                preserve_original: definition.boolean("preserve_original", false)?,
                from_the_end: false,
            }),
            "pattern_capture" => stream(self.pattern_capture(definition)?),
            "remove_duplicates" => stream(StreamFilter::RemoveDuplicates),
            "shingle" => stream(StreamFilter::Shingles(self.shingles(definition)?)),
            "unique" => stream(StreamFilter::Unique {
                only_on_same_position: definition.boolean("only_on_same_position", false)?,
            }),
            "word_delimiter" => stream(self.word_delimiter(definition, false)?),
            "word_delimiter_graph" => stream(self.word_delimiter(definition, true)?),
            other => return Err(definition.unsupported("token filter", other, REFUSED, SUPPORTED)),
        })
    }

    fn lowercase(&self, definition: &Definition<'_>) -> Result<WordFilter, AnalysisError> {
        match definition.text("language")? {
            None => Ok(WordFilter::Lowercase),
            Some("greek") => Ok(WordFilter::LowercaseGreek),
            Some("irish") => Ok(WordFilter::LowercaseIrish),
            Some("turkish") => Ok(WordFilter::LowercaseTurkish),
            Some(other) => {
                Err(definition
                    .error_in("language", format!("unknown language {other:?}; greek, irish and turkish are")))
            }
        }
    }

    fn length(&self, definition: &Definition<'_>) -> Result<WordFilter, AnalysisError> {
        let (min, max) = (definition.number("min", 0)?, definition.number("max", i32::MAX as usize)?);
        if min > max {
            return Err(definition.error(format!("`min` {min} is above `max` {max}")));
        }
        Ok(WordFilter::Length { min, max })
    }

    fn truncate(&self, definition: &Definition<'_>) -> Result<WordFilter, AnalysisError> {
        if !definition.is_built_in() && !definition.has("length") {
            return Err(definition.error("truncate needs a `length`"));
        }
        Ok(WordFilter::Truncate { length: definition.number_within("length", 10, 1..=i32::MAX as usize)? })
    }

    fn delimited_payload(&self, definition: &Definition<'_>) -> Result<WordFilter, AnalysisError> {
        // Payloads are for scores; but one that is no number refuses the document.
        match definition.text("encoding")?.unwrap_or("float") {
            "identity" => Ok(WordFilter::DelimitedPayload(definition.character("delimiter", '|')?)),
            other => Err(definition.error_in(
                "encoding",
                format!("{other:?} is not supported, for a payload that is no number would refuse the document; \"identity\" is"),
            )),
        }
    }

    fn elision(&self, definition: &Definition<'_>) -> Result<WordFilter, AnalysisError> {
        let ignore_case = definition.boolean("articles_case", false)?;
        if definition.is_built_in() {
            let french = FRENCH_ARTICLES.iter().map(|article| (*article).to_owned());
            return Ok(WordFilter::Elision(Arc::new(WordSet::new(french, true))));
        }
        Ok(WordFilter::Elision(self.word_set(definition, "articles", ignore_case)?))
    }

    fn keep(&self, definition: &Definition<'_>) -> Result<WordFilter, AnalysisError> {
        let ignore_case = definition.boolean("keep_words_case", false)?;
        Ok(WordFilter::Keep(self.word_set(definition, "keep_words", ignore_case)?))
    }

    fn keep_types(&self, definition: &Definition<'_>) -> Result<WordFilter, AnalysisError> {
        let excludes = match definition.text("mode")?.unwrap_or("include") {
            "include" => false,
            "exclude" => true,
            other => return Err(definition.error_in("mode", format!("{other:?} is neither include nor exclude"))),
        };
        let kinds = definition.needed_list("types")?.into_iter().collect();
        Ok(WordFilter::KeepTypes { kinds: Arc::new(kinds), excludes })
    }

    fn keyword_marker(&self, definition: &Definition<'_>) -> Result<WordFilter, AnalysisError> {
        if let Some(pattern) = definition.text("keywords_pattern")? {
            if definition.has("keywords") {
                return Err(definition.error("either `keywords` or `keywords_pattern` may be given"));
            }
            let regex = java_pattern::compile(&format!("^(?:{pattern})$"), "");
            return regex
                .map(WordFilter::KeywordPattern)
                .map_err(|reason| definition.error_in("keywords_pattern", reason));
        }
        let ignore_case = definition.boolean("ignore_case", false)?;
        Ok(WordFilter::KeywordMarker(self.word_set(definition, "keywords", ignore_case)?))
    }

    fn pattern_replace(&self, definition: &Definition<'_>) -> Result<WordFilter, AnalysisError> {
        let Some(pattern) = definition.text("pattern")? else {
            return Err(definition.error("pattern_replace needs a `pattern`"));
        };
        let regex = self.regex(definition, pattern)?;
        let replacement = self.replacement(definition, &regex)?;
        Ok(WordFilter::PatternReplace { regex, replacement, all: definition.boolean("all", true)? })
    }

    fn snowball(&self, definition: &Definition<'_>) -> Result<WordFilter, AnalysisError> {
        let language = definition.text("language")?.unwrap_or("English");
        // A small first letter is as good.
        let mut letters = language.chars();
        let capital: String =
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect();
        if capital == "Porter" {
            return self.stemmer(definition, "language", "porter");
        }
        Stemmer::snowball(&capital).map(WordFilter::Stem).ok_or_else(|| {
            definition.error_in("language", format!("the Snowball stemmer {language:?} is not supported"))
        })
    }

    fn stemming(&self, definition: &Definition<'_>) -> Result<WordFilter, AnalysisError> {
        let key = if definition.has("name") && !definition.has("language") { "name" } else { "language" };
        let language = definition.text(key)?.unwrap_or("porter").to_owned();
        self.stemmer(definition, key, &language)
    }

    fn stemmer(&self, definition: &Definition<'_>, key: &str, language: &str) -> Result<WordFilter, AnalysisError> {
        // Elasticsearch takes small and capital letters alike.
        let stemmer = Stemmer::named(&language.to_lowercase()).map(WordFilter::Stem);
        stemmer.ok_or_else(|| {
            let known: Vec<&str> = Stemmer::names().collect();
            let reason = format!("the stemmer {language:?} is not supported; these are: {}", known.join(", "));
            definition.error_in(key, reason)
        })
    }

    fn stemmer_override(&self, definition: &Definition<'_>) -> Result<WordFilter, AnalysisError> {
        definition.refuse_files("rules")?;
        let Some(rules) = definition.whole_list("rules")? else {
            return Err(definition.error("stemmer_override needs `rules`, for example [\"running, runs => run\"]"));
        };
        let mut stems = HashMap::new();
        for rule in rules {
            let malformed =
                || definition.error_in("rules", format!("the rule {rule:?} is not of the form \"word => stem\""));
            let (words, stem) = rule.split_once("=>").ok_or_else(malformed)?;
            if stem.contains("=>") || stem.trim().is_empty() || words.trim().is_empty() || stem.contains(',') {
                return Err(malformed());
            }
            for word in words.split(',').map(str::trim).filter(|word| !word.is_empty()) {
                stems.entry(word.to_owned()).or_insert_with(|| stem.trim().to_owned());
            }
        }
        Ok(WordFilter::StemmerOverride(Arc::new(stems)))
    }

    fn stop(&self, definition: &Definition<'_>) -> Result<TokenFilter, AnalysisError> {
        let ignore_case = definition.boolean("ignore_case", false)?;
        let words = Arc::new(WordSet::new(self.stop_words(definition, "_english_")?, ignore_case));
        if definition.boolean("remove_trailing", true)? {
            Ok(word(WordFilter::Stop(words)))
        } else {
            Ok(stream(StreamFilter::StopButLast(words)))
        }
    }

    fn cjk_bigrams(&self, definition: &Definition<'_>) -> Result<StreamFilter, AnalysisError> {
        let ignored = definition.list("ignored_scripts")?.unwrap_or_default();
        if let Some(unknown) = ignored.iter().find(|name| CJK_SCRIPTS.iter().all(|(script, _)| script != name)) {
            return Err(definition.error_in("ignored_scripts", format!("unknown script {unknown:?}")));
        }
        let kinds = CJK_SCRIPTS.iter().filter(|(script, _)| !ignored.iter().any(|name| name == script));
        Ok(StreamFilter::CjkBigrams(CjkBigrams {
            kinds: kinds.map(|(_, kind)| *kind).collect(),
            output_unigrams: definition.boolean("output_unigrams", false)?,
        }))
    }

    fn edge_ngrams(&self, definition: &Definition<'_>) -> Result<StreamFilter, AnalysisError> {
        let from_the_end = match definition.text("side")?.unwrap_or("front") {
            "front" => false,
            "back" => true,
            other => return Err(definition.error_in("side", format!("{other:?} is neither front nor back"))),
        };
        // The filter without a definition makes first letters only.
        let default = if definition.is_built_in() { (1, 1) } else { (1, 2) };
        Ok(StreamFilter::Ngram {
            grams: self.grams(definition, true, default)?,
            preserve_original: definition.boolean("preserve_original", false)?,
            from_the_end,
        })
    }

    fn multiplexer(&self, definition: &Definition<'_>) -> Result<StreamFilter, AnalysisError> {
        let Some(chains) = definition.whole_list("filters")? else {
            return Err(definition.error("a multiplexer needs `filters`, a list of names of filters"));
        };
        if chains.len() > MAX_PARTS {
            return Err(definition.error_in("filters", format!("more than {MAX_PARTS} chains")));
        }
        let chain = |names: &String| -> Result<Vec<TokenFilter>, AnalysisError> {
            let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
            names
                .map(|name| {
                    let filter = find(self.analysis, "filter", name);
                    if matches!(filter.kind()?, "multiplexer" | "synonym" | "synonym_graph") {
                        return Err(
                            definition.error_in("filters", format!("{name:?} within a multiplexer is not supported"))
                        );
                    }
                    self.token_filter(&filter)
                })
                .collect()
        };
        Ok(StreamFilter::Multiplexer {
            chains: chains.iter().map(chain).collect::<Result<Vec<_>, _>>()?.into(),
            preserve_original: definition.boolean("preserve_original", true)?,
        })
    }

    fn pattern_capture(&self, definition: &Definition<'_>) -> Result<StreamFilter, AnalysisError> {
        let Some(patterns) = definition.whole_list("patterns")? else {
            return Err(definition.error("pattern_capture needs `patterns`, a list of patterns"));
        };
        if patterns.len() > MAX_PARTS {
            return Err(definition.error_in("patterns", format!("more than {MAX_PARTS} patterns")));
        }
        let compile = |pattern: &String| {
            java_pattern::compile(pattern, "").map_err(|reason| definition.error_in("patterns", reason))
        };
        Ok(StreamFilter::PatternCapture {
            patterns: patterns.iter().map(compile).collect::<Result<Vec<_>, _>>()?.into(),
            preserve_original: definition.boolean("preserve_original", true)?,
        })
    }

    fn shingles(&self, definition: &Definition<'_>) -> Result<Shingles, AnalysisError> {
        let min = definition.number_within("min_shingle_size", 2, 2..=MAX_SHINGLE)?;
        let max = definition.number_within("max_shingle_size", 2, 2..=MAX_SHINGLE)?;
        let output_unigrams = definition.boolean("output_unigrams", true)?;
        let spread = (max + usize::from(output_unigrams)).checked_sub(min);
        match spread {
            None => return Err(definition.error(format!("`min_shingle_size` {min} is above `max_shingle_size` {max}"))),
            Some(spread) if spread > self.limits.max_shingle_diff => {
                return Err(definition.error(format!(
                    "`min_shingle_size` {min} and `max_shingle_size` {max} (with single words) lie further apart than \
                     index.max_shingle_diff ({}) allows",
                    self.limits.max_shingle_diff
                )));
            }
            Some(_) => {}
        }
        Ok(Shingles {
            min,
            max,
            output_unigrams,
            output_unigrams_if_no_shingles: definition.boolean("output_unigrams_if_no_shingles", false)?,
            separator: definition.text("token_separator")?.unwrap_or(" ").to_owned(),
            filler: definition.text("filler_token")?.unwrap_or("_").to_owned(),
        })
    }

    fn word_delimiter(&self, definition: &Definition<'_>, makes_graph: bool) -> Result<StreamFilter, AnalysisError> {
        for key in ["type_table", "protected_words"] {
            definition.refuse_files(key)?;
        }
        let flag = |key, default| definition.boolean(key, default);
        let protected = definition.list("protected_words")?.unwrap_or_default();
        Ok(StreamFilter::WordDelimiter(Arc::new(WordDelimiter {
            parts: WordParts {
                split_on_case_change: flag("split_on_case_change", true)?,
                split_on_numerics: flag("split_on_numerics", true)?,
                stem_english_possessive: flag("stem_english_possessive", true)?,
                types: self.type_table(definition)?,
            },
            generate_word_parts: flag("generate_word_parts", true)?,
            generate_number_parts: flag("generate_number_parts", true)?,
            catenate_words: flag("catenate_words", false)?,
            catenate_numbers: flag("catenate_numbers", false)?,
            catenate_all: flag("catenate_all", false)?,
            preserve_original: flag("preserve_original", false)?,
            ignore_keywords: makes_graph && flag("ignore_keywords", false)?,
            protected: Arc::new(WordSet::new(protected, false)),
            makes_graph,
        })))
    }

    fn type_table(
        &self,
        definition: &Definition<'_>,
    ) -> Result<rustc_hash::FxHashMap<char, CharacterType>, AnalysisError> {
        let rules = definition.whole_list("type_table")?.unwrap_or_default();
        let rule = |text: &String| {
            let malformed = || {
                definition.error_in(
                    "type_table",
                    format!("{text:?} is not of the form \"% => ALPHA\" (LOWER, UPPER, ALPHA, DIGIT, ALPHANUM, SUBWORD_DELIM)"),
                )
            };
            let (character, kind) = text.rsplit_once("=>").ok_or_else(malformed)?;
            let unescaped = super::char_filters::unescape(character.trim());
            let mut characters = unescaped.chars();
            match (characters.next(), characters.next(), CharacterType::named(kind.trim())) {
                (Some(character), None, Some(kind)) => Ok((character, kind)),
                _ => Err(malformed()),
            }
        };
        rules.iter().map(rule).collect()
    }

    fn word_set(
        &self,
        definition: &Definition<'_>,
        key: &str,
        ignore_case: bool,
    ) -> Result<Arc<WordSet>, AnalysisError> {
        let words = definition.needed_list(key)?;
        if words.is_empty() {
            return Err(definition.error_in(key, "the list is empty"));
        }
        if words.len() > MAX_WORDS {
            return Err(
                definition.error_in(key, format!("{} words are given, at most {MAX_WORDS} are allowed", words.len()))
            );
        }
        Ok(Arc::new(WordSet::new(words, ignore_case)))
    }
}
