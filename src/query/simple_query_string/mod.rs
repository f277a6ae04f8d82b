//! `simple_query_string`: Lucene's language for people's input. No text is wrong in it.
//!
//! `syntax` reads the text, `flags` says which of its operators are on. The parameters are read here.

mod flags;
mod syntax;
#[cfg(test)]
mod tests;

use super::full_text::operator;
use super::multi_field::kind;
use super::parser::{Body, Parser};
use super::shape::{Parameters, below};
use super::{Clause, MultiMatchType, QueryError, SimpleQueryString};
use flags::Flags;

const KNOWN: [&str; 17] = [
    "query",
    "fields",
    "type",
    "default_operator",
    "flags",
    "minimum_should_match",
    "analyzer",
    "quote_field_suffix",
    "analyze_wildcard",
    "auto_generate_synonyms_phrase_query",
    "fuzzy_prefix_length",
    "fuzzy_max_expansions",
    "fuzzy_transpositions",
    "lenient",
    "all_fields",
    "locale",
    "lowercase_expanded_terms",
];

/// Elasticsearch 7 and OpenSearch take any single value for these, and do not look at it.
const IGNORED: [&str; 3] = ["all_fields", "locale", "lowercase_expanded_terms"];

pub(super) fn simple_query_string(body: &Body<'_>, parser: &mut Parser<'_>) -> Result<Clause, QueryError> {
    let parameters = Parameters::of(body.name, body.value, &body.pointer)?;
    parameters.only(&KNOWN)?;
    parameters.integer("fuzzy_max_expansions", 0)?;
    for name in IGNORED {
        parameters.scalar(name)?;
    }
    let text = parameters.required_text("query")?;
    parameters.limited("query", &text, parser.limits)?;
    let default_operator = operator(&parameters, "default_operator")?;
    let pointer = below(&body.pointer, "query");
    let depth = parser.limits.depth.saturating_sub(body.depth);
    let expression = syntax::parse(&text, default_operator, flags(&parameters)?, depth).map_err(|_too_deep| {
        QueryError::limit(&pointer, format!("the query text nests deeper than {} levels", parser.limits.depth))
    })?;
    parser.count(expression.leaves(), &pointer)?;
    Ok(Clause::SimpleQueryString(SimpleQueryString {
        fields: parameters.field_list("fields")?,
        kind: kind(&parameters)?.unwrap_or(MultiMatchType::MostFields),
        expression,
        default_operator,
        minimum_should_match: parameters.minimum_should_match("minimum_should_match")?,
        analyzer: parameters.text("analyzer")?,
        quote_field_suffix: parameters.text("quote_field_suffix")?,
        analyze_wildcard: parameters.boolean("analyze_wildcard")?.unwrap_or(false),
        auto_generate_synonyms_phrase_query: parameters.boolean("auto_generate_synonyms_phrase_query")?.unwrap_or(true),
        fuzzy_prefix_length: parameters.count("fuzzy_prefix_length")?.unwrap_or(0),
        fuzzy_transpositions: parameters.boolean("fuzzy_transpositions")?.unwrap_or(true),
        lenient: parameters.boolean("lenient")?,
    }))
}

/// `flags`: names parted by `|`, or Lucene's bits as a number.
fn flags(parameters: &Parameters<'_>) -> Result<Flags, QueryError> {
    match parameters.value("flags") {
        None => Ok(Flags::ALL),
        Some((value, _)) if value.is_number() => {
            Ok(Flags::from_bits(parameters.integer("flags", i32::MIN)?.unwrap_or(Flags::ALL_BITS)))
        }
        Some(_) => {
            let names = parameters.text("flags")?.unwrap_or_default();
            Flags::parse(&names).ok_or_else(|| {
                let reason = "must be ALL, NONE, or some of AND, OR, NOT, PREFIX, PHRASE, PRECEDENCE, ESCAPE, \
                              WHITESPACE, FUZZY, NEAR, SLOP parted by |";
                parameters.bad("flags", reason)
            })
        }
    }
}
