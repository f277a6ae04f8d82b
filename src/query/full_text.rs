//! Clauses about the words of one field: `match`, `match_phrase`, `match_phrase_prefix`, `match_bool_prefix`.

use super::parser::Body;
use super::shape::{FieldClause, Parameters, written_out};
use super::{Clause, Limits, Match, MatchPhrase, Operator, QueryError, Scalar, ZeroTerms};

const OPERATORS: [(&str, Operator); 2] = [("or", Operator::Or), ("and", Operator::And)];
const ZERO_TERMS: [(&str, ZeroTerms); 2] = [("none", ZeroTerms::None), ("all", ZeroTerms::All)];

/// What `match` knows beyond `match_bool_prefix`.
const ONLY_MATCH: [&str; 4] =
    ["zero_terms_query", "lenient", "auto_generate_synonyms_phrase_query", "cutoff_frequency"];
const MATCH_BOOL_PREFIX: [&str; 9] = [
    "query",
    "operator",
    "minimum_should_match",
    "fuzziness",
    "prefix_length",
    "max_expansions",
    "fuzzy_transpositions",
    "fuzzy_rewrite",
    "analyzer",
];

pub(super) fn match_(body: &Body<'_>, limits: &Limits) -> Result<Clause, QueryError> {
    let known = [&MATCH_BOOL_PREFIX[..], &ONLY_MATCH[..]].concat();
    Ok(Clause::Match(words(body, &known, limits)?))
}

pub(super) fn match_bool_prefix(body: &Body<'_>, limits: &Limits) -> Result<Clause, QueryError> {
    Ok(Clause::MatchBoolPrefix(words(body, &MATCH_BOOL_PREFIX, limits)?))
}

fn words(body: &Body<'_>, known: &[&str], limits: &Limits) -> Result<Match, QueryError> {
    let clause = FieldClause::of(body.name, body.value, &body.pointer)?;
    let Some(parameters) = clause.long_form() else {
        let value = clause.short_form()?;
        check_text(&value, &clause.pointer, limits)?;
        return Ok(Match {
            field: clause.field,
            value,
            operator: Operator::Or,
            minimum_should_match: None,
            fuzziness: None,
            prefix_length: 0,
            transpositions: true,
            zero_terms_query: ZeroTerms::None,
            analyzer: None,
            lenient: false,
            auto_generate_synonyms_phrase_query: true,
        });
    };
    parameters.only(known)?;
    refuse_cutoff_frequency(&parameters)?;
    parameters.check_rewrite("fuzzy_rewrite")?;
    parameters.integer("max_expansions", 1)?;
    Ok(Match {
        value: required_query(&parameters, limits)?,
        operator: operator(&parameters, "operator")?,
        minimum_should_match: parameters.minimum_should_match("minimum_should_match")?,
        fuzziness: parameters.fuzziness("fuzziness")?,
        prefix_length: parameters.count("prefix_length")?.unwrap_or(0),
        transpositions: parameters.boolean("fuzzy_transpositions")?.unwrap_or(true),
        zero_terms_query: zero_terms_query(&parameters)?,
        analyzer: parameters.text("analyzer")?,
        lenient: parameters.boolean("lenient")?.unwrap_or(false),
        auto_generate_synonyms_phrase_query: parameters.boolean("auto_generate_synonyms_phrase_query")?.unwrap_or(true),
        field: clause.field,
    })
}

pub(super) fn match_phrase(body: &Body<'_>, limits: &Limits) -> Result<Clause, QueryError> {
    let known = ["query", "slop", "analyzer", "zero_terms_query"];
    Ok(Clause::MatchPhrase(phrase(body, &known, limits)?))
}

pub(super) fn match_phrase_prefix(body: &Body<'_>, limits: &Limits) -> Result<Clause, QueryError> {
    let known = ["query", "slop", "analyzer", "zero_terms_query", "max_expansions"];
    Ok(Clause::MatchPhrasePrefix(phrase(body, &known, limits)?))
}

fn phrase(body: &Body<'_>, known: &[&str], limits: &Limits) -> Result<MatchPhrase, QueryError> {
    let clause = FieldClause::of(body.name, body.value, &body.pointer)?;
    let Some(parameters) = clause.long_form() else {
        let value = clause.short_form()?;
        check_text(&value, &clause.pointer, limits)?;
        let (zero_terms_query, analyzer) = (ZeroTerms::None, None);
        return Ok(MatchPhrase { field: clause.field, value, slop: 0, zero_terms_query, analyzer });
    };
    parameters.only(known)?;
    parameters.integer("max_expansions", 0)?;
    Ok(MatchPhrase {
        value: required_query(&parameters, limits)?,
        slop: parameters.count("slop")?.unwrap_or(0),
        zero_terms_query: zero_terms_query(&parameters)?,
        analyzer: parameters.text("analyzer")?,
        field: clause.field,
    })
}

/// `query`: the text to look for.
pub(super) fn required_query(parameters: &Parameters<'_>, limits: &Limits) -> Result<Scalar, QueryError> {
    let value = parameters.scalar("query")?.ok_or_else(|| parameters.missing("query"))?;
    parameters.limited("query", &written_out(&value), limits)?;
    Ok(value)
}

fn check_text(value: &Scalar, pointer: &str, limits: &Limits) -> Result<(), QueryError> {
    let bytes = written_out(value).len();
    if bytes <= limits.text_bytes {
        return Ok(());
    }
    let reason = format!("the text has {bytes} bytes; at most {} are allowed", limits.text_bytes);
    Err(QueryError::limit(pointer, reason))
}

/// `or`, the default, or `and`.
pub(super) fn operator(parameters: &Parameters<'_>, name: &str) -> Result<Operator, QueryError> {
    Ok(parameters.choice(name, &OPERATORS)?.unwrap_or_default())
}

/// `none`, the default, or `all`.
pub(super) fn zero_terms_query(parameters: &Parameters<'_>) -> Result<ZeroTerms, QueryError> {
    Ok(parameters.choice("zero_terms_query", &ZERO_TERMS)?.unwrap_or_default())
}

/// Elasticsearch 7 and OpenSearch still take `cutoff_frequency`, deprecated.
pub(super) fn refuse_cutoff_frequency(parameters: &Parameters<'_>) -> Result<(), QueryError> {
    if !parameters.has("cutoff_frequency") {
        return Ok(());
    }
    Err(parameters.unsupported("cutoff_frequency", "it depends on the frequencies of terms in an index; leave it out"))
}
