//! Clauses about the words of several fields: `multi_match`, `combined_fields`.

use super::full_text::{operator, refuse_cutoff_frequency, required_query, zero_terms_query};
use super::parser::Body;
use super::shape::Parameters;
use super::{Clause, CombinedFields, Limits, MultiMatch, MultiMatchType, QueryError};

const KNOWN: [&str; 17] = [
    "query",
    "fields",
    "type",
    "operator",
    "minimum_should_match",
    "fuzziness",
    "prefix_length",
    "max_expansions",
    "fuzzy_transpositions",
    "fuzzy_rewrite",
    "slop",
    "zero_terms_query",
    "analyzer",
    "lenient",
    "tie_breaker",
    "auto_generate_synonyms_phrase_query",
    "cutoff_frequency",
];

pub(super) fn multi_match(body: &Body<'_>, limits: &Limits) -> Result<Clause, QueryError> {
    let parameters = Parameters::of(body.name, body.value, &body.pointer)?;
    parameters.only(&KNOWN)?;
    refuse_cutoff_frequency(&parameters)?;
    parameters.check_rewrite("fuzzy_rewrite")?;
    parameters.integer("max_expansions", 1)?;
    parameters.check_tie_breaker()?;
    let clause = MultiMatch {
        fields: parameters.fields("fields")?,
        value: required_query(&parameters, limits)?,
        kind: kind(&parameters)?.unwrap_or_default(),
        operator: operator(&parameters, "operator")?,
        minimum_should_match: parameters.minimum_should_match("minimum_should_match")?,
        fuzziness: parameters.fuzziness("fuzziness")?,
        prefix_length: parameters.count("prefix_length")?.unwrap_or(0),
        transpositions: parameters.boolean("fuzzy_transpositions")?.unwrap_or(true),
        slop: parameters.count("slop")?.unwrap_or(0),
        zero_terms_query: zero_terms_query(&parameters)?,
        analyzer: parameters.text("analyzer")?,
        lenient: parameters.boolean("lenient")?,
        auto_generate_synonyms_phrase_query: parameters.boolean("auto_generate_synonyms_phrase_query")?.unwrap_or(true),
    };
    check_fitting(&clause, &parameters)?;
    Ok(Clause::MultiMatch(clause))
}

/// Parameters that nodes refuse beside some types.
fn check_fitting(clause: &MultiMatch, parameters: &Parameters<'_>) -> Result<(), QueryError> {
    let (fuzzy, sloppy) = match clause.kind {
        MultiMatchType::BestFields | MultiMatchType::MostFields => (true, true),
        MultiMatchType::CrossFields | MultiMatchType::Phrase | MultiMatchType::PhrasePrefix => (false, true),
        MultiMatchType::BoolPrefix => (true, false),
    };
    if clause.fuzziness.is_some() && !fuzzy {
        return Err(parameters.bad("fuzziness", "is not allowed for this \"type\""));
    }
    if clause.slop != 0 && !sloppy {
        return Err(parameters.bad("slop", "is not allowed for this \"type\""));
    }
    Ok(())
}

/// `type`: how fields are put together.
pub(super) fn kind(parameters: &Parameters<'_>) -> Result<Option<MultiMatchType>, QueryError> {
    let Some(text) = parameters.text("type")? else { return Ok(None) };
    let kind = match text.as_str() {
        "best_fields" | "boolean" => MultiMatchType::BestFields,
        "most_fields" => MultiMatchType::MostFields,
        "cross_fields" => MultiMatchType::CrossFields,
        "phrase" => MultiMatchType::Phrase,
        "phrase_prefix" => MultiMatchType::PhrasePrefix,
        "bool_prefix" => MultiMatchType::BoolPrefix,
        _ => {
            let reason = format!(
                "must be one of best_fields, most_fields, cross_fields, phrase, phrase_prefix, bool_prefix, not \"{text}\""
            );
            return Err(parameters.bad("type", reason));
        }
    };
    Ok(Some(kind))
}

pub(super) fn combined_fields(body: &Body<'_>, limits: &Limits) -> Result<Clause, QueryError> {
    let parameters = Parameters::of(body.name, body.value, &body.pointer)?;
    parameters.only(&[
        "query",
        "fields",
        "operator",
        "minimum_should_match",
        "zero_terms_query",
        "auto_generate_synonyms_phrase_query",
    ])?;
    parameters.check_name_is_text()?;
    parameters.required_value("fields")?;
    let fields = parameters.fields_boosted("fields", 1.0)?;
    if fields.is_empty() {
        return Err(parameters.bad("fields", "must name at least one field"));
    }
    let (query, _) = parameters.required_value("query")?;
    let Some(text) = query.as_str() else { return Err(parameters.bad("query", "must be a string")) };
    parameters.limited("query", text, limits)?;
    let minimum_should_match = if parameters.says("minimum_should_match") {
        parameters.minimum_should_match("minimum_should_match")?
    } else {
        None
    };
    Ok(Clause::CombinedFields(CombinedFields {
        fields,
        text: text.to_owned(),
        operator: operator(&parameters, "operator")?,
        minimum_should_match,
        zero_terms_query: zero_terms_query(&parameters)?,
        auto_generate_synonyms_phrase_query: parameters.boolean("auto_generate_synonyms_phrase_query")?.unwrap_or(true),
    }))
}
