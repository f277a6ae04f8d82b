//! `settings.analysis`: analyzers and normalizers by name.

mod analyzers;
mod char_filters;
mod definition;
mod synonyms;
mod token_filters;
mod tokenizers;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde_json::Value;

use super::{Analyzer, language};
use definition::definitions;

/// Why `settings.analysis` is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at {place}")]
pub struct AnalysisError {
    /// The path of the setting.
    pub place: String,
    /// What is wrong, and what would be right.
    pub reason: String,
}

impl AnalysisError {
    fn new(place: impl Into<String>, reason: impl Into<String>) -> AnalysisError {
        AnalysisError { place: place.into(), reason: reason.into() }
    }
}

/// How far the lengths of grams and the sizes of shingles may lie apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnalysisLimits {
    /// `index.max_ngram_diff`
    pub max_ngram_diff: usize,
    /// `index.max_shingle_diff`
    pub max_shingle_diff: usize,
}

impl Default for AnalysisLimits {
    fn default() -> Self {
        AnalysisLimits { max_ngram_diff: 1, max_shingle_diff: 3 }
    }
}

/// The built-in analyzers and normalizers, and those that an index defines.
#[derive(Debug, Default)]
pub struct Analyzers {
    analyzers: BTreeMap<String, Arc<Analyzer>>,
    normalizers: BTreeMap<String, Arc<Analyzer>>,
}

type ByName = BTreeMap<&'static str, Arc<Analyzer>>;

/// One for all mappings: fields of different mappings with the same built-in analyzer share it.
static BUILT_IN: LazyLock<ByName> = LazyLock::new(analyzers::built_in);
static BUILT_IN_NORMALIZERS: LazyLock<ByName> = LazyLock::new(analyzers::built_in_normalizers);

impl Analyzers {
    /// The built-in analyzers and those of an index's `analysis` settings (an object, dotted names already expanded).
    ///
    /// # Errors
    ///
    /// Where Elasticsearch would refuse a definition, or where it asks for something that is not supported.
    pub fn from_settings(analysis: &Value, limits: AnalysisLimits) -> Result<Analyzers, AnalysisError> {
        let settings = Settings { analysis, limits };
        let mut analyzers = Analyzers::default();
        settings.check_all()?;
        for definition in definitions(analysis, "normalizer")? {
            let normalizer = settings.normalizer(&definition)?;
            analyzers.normalizers.insert(definition.name.to_owned(), Arc::new(normalizer));
        }
        for definition in definitions(analysis, "analyzer")? {
            let analyzer = settings.analyzer(&definition)?;
            analyzers.analyzers.insert(definition.name.to_owned(), Arc::new(analyzer));
        }
        Ok(analyzers)
    }

    /// The analyzer of this name.
    pub fn analyzer(&self, name: &str) -> Option<Arc<Analyzer>> {
        self.analyzers.get(name).or_else(|| BUILT_IN.get(name)).cloned()
    }

    /// The normalizer of this name.
    pub fn normalizer(&self, name: &str) -> Option<Arc<Analyzer>> {
        self.normalizers.get(name).or_else(|| BUILT_IN_NORMALIZERS.get(name)).cloned()
    }

    /// The names of all analyzers, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let mut names: Vec<&str> = self.analyzers.keys().map(String::as_str).chain(BUILT_IN.keys().copied()).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter()
    }

    /// Why an analyzer that Elasticsearch has built in is not here.
    pub fn why_refused(name: &str) -> Option<&'static str> {
        language::REFUSED.iter().find(|(refused, _)| *refused == name).map(|(_, why)| *why)
    }
}

/// What definitions are read from.
struct Settings<'a> {
    analysis: &'a Value,
    limits: AnalysisLimits,
}

impl Settings<'_> {
    /// A node reads every definition, also those that no analyzer uses.
    fn check_all(&self) -> Result<(), AnalysisError> {
        for definition in definitions(self.analysis, "char_filter")? {
            self.char_filter(&definition)?;
        }
        for definition in definitions(self.analysis, "tokenizer")? {
            self.tokenizer(&definition)?;
        }
        for definition in definitions(self.analysis, "filter")? {
            self.check_token_filter(&definition)?;
        }
        Ok(())
    }
}
