//! `query_string`: Lucene's classic query language, as Elasticsearch uses it.
//!
//! `lexer` cuts the text into tokens as Lucene's grammar does (longest match, then the order of its rules), `syntax` puts
//! them together, `escape` resolves backslashes. The parameters are read here.

mod escape;
mod lexer;
mod syntax;
#[cfg(test)]
mod tests;

use super::full_text::operator;
use super::multi_field::kind;
use super::parser::{Body, Parser};
use super::shape::{Parameters, below};
use super::{Clause, Fuzziness, QueryError, QueryString};
use syntax::Settings;

const KNOWN: [&str; 25] = [
    "query",
    "fields",
    "default_field",
    "default_operator",
    "type",
    "analyzer",
    "quote_analyzer",
    "quote_field_suffix",
    "allow_leading_wildcard",
    "analyze_wildcard",
    "auto_generate_synonyms_phrase_query",
    "enable_position_increments",
    "escape",
    "fuzziness",
    "fuzzy_max_expansions",
    "fuzzy_prefix_length",
    "fuzzy_rewrite",
    "fuzzy_transpositions",
    "lenient",
    "max_determinized_states",
    "minimum_should_match",
    "phrase_slop",
    "rewrite",
    "tie_breaker",
    "time_zone",
];

pub(super) fn query_string(body: &Body<'_>, parser: &mut Parser<'_>) -> Result<Clause, QueryError> {
    let parameters = Parameters::of(body.name, body.value, &body.pointer)?;
    parameters.only(&KNOWN)?;
    check_what_decides_nothing(&parameters)?;
    let written = parameters.required_text("query")?;
    parameters.limited("query", &written, parser.limits)?;
    let text = if parameters.boolean("escape")?.unwrap_or(false) { escape::escaped(&written) } else { written };
    let default_operator = operator(&parameters, "default_operator")?;
    let (fields, asks_default_field) = fields(&parameters)?;
    let settings = Settings {
        default_operator,
        asks_default_field,
        leading_wildcards: parameters.boolean("allow_leading_wildcard")?.unwrap_or(true),
        depth: parser.limits.depth.saturating_sub(body.depth),
        pattern_units: parser.limits.pattern_units,
    };
    let pointer = below(&body.pointer, "query");
    let expression = syntax::parse(&text, &settings).map_err(|fault| fault.at(&pointer))?;
    parser.count(expression.leaves(), &pointer)?;
    Ok(Clause::QueryString(QueryString {
        fields,
        asks_default_field,
        kind: kind(&parameters)?.unwrap_or_default(),
        expression,
        default_operator,
        minimum_should_match: parameters.minimum_should_match("minimum_should_match")?,
        analyzer: parameters.text("analyzer")?,
        quote_analyzer: parameters.text("quote_analyzer")?,
        quote_field_suffix: parameters.text("quote_field_suffix")?,
        analyze_wildcard: parameters.boolean("analyze_wildcard")?.unwrap_or(false),
        auto_generate_synonyms_phrase_query: parameters.boolean("auto_generate_synonyms_phrase_query")?.unwrap_or(true),
        phrase_slop: parameters.count("phrase_slop")?.unwrap_or(0),
        fuzziness: parameters.fuzziness("fuzziness")?.unwrap_or(Fuzziness::AUTO),
        fuzzy_prefix_length: parameters.count("fuzzy_prefix_length")?.unwrap_or(0),
        fuzzy_transpositions: parameters.boolean("fuzzy_transpositions")?.unwrap_or(true),
        lenient: parameters.boolean("lenient")?,
        time_zone: parameters.text("time_zone")?,
    }))
}

/// `fields`, else `default_field`, else none; and whether they are no list of `fields`.
fn fields(parameters: &Parameters<'_>) -> Result<(Vec<String>, bool), QueryError> {
    let fields = parameters.field_list("fields")?;
    match parameters.text("default_field")? {
        None => {
            let asks_default_field = fields.is_empty();
            Ok((fields, asks_default_field))
        }
        Some(_) if !fields.is_empty() => Err(parameters.bad("default_field", "cannot stand beside \"fields\"")),
        Some(field) if field.is_empty() => Err(parameters.bad("default_field", "must be a field name, not empty")),
        Some(field) => Ok((vec![field], true)),
    }
}

/// Parameters that bound work or decide scores.
fn check_what_decides_nothing(parameters: &Parameters<'_>) -> Result<(), QueryError> {
    parameters.check_rewrite("rewrite")?;
    parameters.check_rewrite("fuzzy_rewrite")?;
    parameters.integer("fuzzy_max_expansions", 0)?;
    parameters.integer("max_determinized_states", i32::MIN)?;
    parameters.check_tie_breaker()?;
    parameters.boolean("enable_position_increments")?;
    Ok(())
}
