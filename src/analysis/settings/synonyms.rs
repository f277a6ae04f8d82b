//! `synonym` and `synonym_graph`, whose rules are cut by the filters before them.

use std::sync::Arc;

use super::definition::Definition;
use super::{AnalysisError, Settings};
use crate::analysis::char_filter::CharFilter;
use crate::analysis::stream_filter::StreamFilter;
use crate::analysis::stream_filter::synonym::{Format, MAX_RULES, Synonyms, parse};
use crate::analysis::tokenizer::Tokenizer;
use crate::analysis::word_filter::WordFilter;
use crate::analysis::{Analyzer, TokenFilter};

/// Rules as they are written.
pub(super) struct Written {
    lines: Vec<String>,
    format: Format,
    expand: bool,
    lenient: bool,
}

impl Settings<'_> {
    pub(super) fn synonym_rules(&self, definition: &Definition<'_>) -> Result<Written, AnalysisError> {
        definition.refuse_files("synonyms")?;
        if definition.has("synonyms_set") {
            return Err(
                definition.error_in("synonyms_set", "sets are the cluster's; `synonyms` takes the rules themselves")
            );
        }
        let Some(lines) = definition.whole_list("synonyms")? else {
            return Err(definition.error("`synonyms` is needed, for example [\"couch, sofa\", \"tv => television\"]"));
        };
        if lines.len() > MAX_RULES {
            let reason = format!("{} rules are given, at most {MAX_RULES} are allowed", lines.len());
            return Err(definition.error_in("synonyms", reason));
        }
        let format = match definition.text("format")?.unwrap_or("solr") {
            wordnet if wordnet.eq_ignore_ascii_case("wordnet") => Format::WordNet,
            _ => Format::Solr,
        };
        let updateable = definition.boolean("updateable", false)?;
        Ok(Written {
            lines,
            format,
            expand: definition.boolean("expand", true)?,
            lenient: definition.boolean("lenient", updateable)?,
        })
    }

    pub(super) fn synonyms(
        &self,
        definition: &Definition<'_>,
        char_filters: &[CharFilter],
        tokenizer: &Tokenizer,
        before: &[TokenFilter],
        makes_graph: bool,
    ) -> Result<TokenFilter, AnalysisError> {
        let written = self.synonym_rules(definition)?;
        let filters = before.iter().filter_map(|filter| for_rules(filter, definition).transpose());
        let filters = filters.collect::<Result<Vec<_>, _>>()?;
        let analyzer = Analyzer::new(char_filters.to_vec(), tokenizer.clone(), filters);
        let analyze = |text: &str| match words(&analyzer, text) {
            Err(_) if written.lenient => Ok(Vec::new()),
            words => words,
        };
        let rules = parse(&written.lines, written.format, written.expand, analyze)
            .map_err(|reason| definition.error_in("synonyms", reason))?;
        let synonyms = Synonyms::new(rules, makes_graph);
        Ok(TokenFilter::Stream(StreamFilter::Synonyms(Arc::new(synonyms))))
    }
}

/// The words of one side of a rule; each must stand one behind the other.
fn words(analyzer: &Analyzer, text: &str) -> Result<Vec<String>, String> {
    let tokens = analyzer.stream(&analyzer.filter_characters(text)).map_err(|error| error.to_string())?;
    let mut words = Vec::new();
    for (expected, token) in (0..).zip(tokens.tokens) {
        if token.word.term.is_empty() {
            return Err(format!("the analyzer makes an empty word of {text:?}"));
        }
        if token.position != expected {
            return Err(format!(
                "the analyzer makes of {text:?} words that do not stand one behind the other ({:?} at position {}, not {expected})",
                token.word.term, token.position
            ));
        }
        words.push(token.word.term);
    }
    if words.is_empty() {
        return Err(format!("the analyzer leaves nothing of {text:?}"));
    }
    Ok(words)
}

/// A filter as it cuts rules; none where it leaves them alone.
fn for_rules(filter: &TokenFilter, definition: &Definition<'_>) -> Result<Option<TokenFilter>, AnalysisError> {
    let TokenFilter::Stream(stream) = filter else { return Ok(Some(filter.clone())) };
    let refused = |name: &str| {
        Err(definition.error(format!("the filter {name:?} before synonyms cannot cut their rules; put it behind them")))
    };
    match stream {
        // Synonyms of synonyms would grow without end.
        StreamFilter::Synonyms(_) => Ok(None),
        StreamFilter::Multiplexer { preserve_original: true, .. } => Ok(None),
        StreamFilter::AsciiFoldingBoth => Ok(Some(TokenFilter::Word(WordFilter::AsciiFolding))),
        StreamFilter::Multiplexer { .. } => refused("multiplexer"),
        StreamFilter::Ngram { .. } => refused("ngram"),
        StreamFilter::Shingles(_) => refused("shingle"),
        StreamFilter::CommonGrams { .. } => refused("common_grams"),
        StreamFilter::WordDelimiter(_) => refused("word_delimiter"),
        StreamFilter::Fingerprint { .. } => refused("fingerprint"),
        StreamFilter::CjkBigrams(bigrams) if bigrams.output_unigrams => refused("cjk_bigram"),
        StreamFilter::CjkBigrams(_)
        | StreamFilter::StopButLast(_)
        | StreamFilter::Unique { .. }
        | StreamFilter::RemoveDuplicates
        | StreamFilter::Limit { .. }
        | StreamFilter::KeywordRepeat
        | StreamFilter::PatternCapture { .. }
        | StreamFilter::FlattenGraph => Ok(Some(filter.clone())),
    }
}
