//! A parsed query under a mapping becomes a [`Condition`]: fields are resolved, texts analyzed, dates and numbers read.
//!
//! The rules are those of Elasticsearch's search (its `*QueryBuilder.doToQuery` and Lucene's query classes).

mod expression;
mod feature;
mod fields;
mod full_text;
mod geo;
mod intervals;
mod never;
mod query_text;
mod range;
mod span;
mod term_level;

use never::becomes_match_none;

use crate::excerpt::excerpt;
use crate::mapping::{Mapping, NestedId, ValueError};
use crate::percolator::condition::{Condition, Origin};
use crate::query::{
    Bool, Clause, MinimumShouldMatch, MinimumValue, Query, QueryError, QueryErrorKind, Span, with_stack,
};

/// Turns queries into conditions under one mapping.
pub(super) struct Compiler<'a> {
    mapping: &'a Mapping,
    /// Fields, with their sub-fields, that a query may not use.
    forbidden: &'a [String],
}

/// Why a part of a query is refused; where it stood is added by the clause that holds it.
struct Refusal {
    kind: QueryErrorKind,
    reason: String,
}

impl Refusal {
    fn malformed(reason: impl Into<String>) -> Refusal {
        Refusal { kind: QueryErrorKind::Malformed, reason: reason.into() }
    }

    fn at(self, pointer: &str) -> QueryError {
        QueryError { pointer: pointer.to_owned(), reason: excerpt(self.reason), kind: self.kind }
    }
}

impl From<ValueError> for Refusal {
    fn from(error: ValueError) -> Refusal {
        Refusal::malformed(error.to_string())
    }
}

impl<'a> Compiler<'a> {
    pub(super) fn new(mapping: &'a Mapping, forbidden: &'a [String]) -> Compiler<'a> {
        Compiler { mapping, forbidden }
    }

    /// The condition on the root document.
    pub(super) fn compile(&self, query: &Query) -> Result<Condition, QueryError> {
        self.query(query, NestedId::ROOT)
    }

    /// The condition on the objects of `path`.
    fn query(&self, query: &Query, path: NestedId) -> Result<Condition, QueryError> {
        with_stack(|| self.query_here(query, path))
    }

    fn query_here(&self, query: &Query, path: NestedId) -> Result<Condition, QueryError> {
        let mut asides = Vec::new();
        let condition = match &query.clause {
            Clause::Bool(clause) => self.boolean(clause, path, &mut asides)?,
            Clause::Boosting { positive, negative } => {
                asides.push(self.query(negative, path)?);
                self.query(positive, path)?
            }
            Clause::ConstantScore { filter } => self.query(filter, path)?,
            Clause::DisMax { queries } => Condition::or(self.queries(queries, path)?),
            Clause::FunctionScore { query, functions } => {
                self.score_functions(functions, path)?;
                self.query(query, path)?
            }
            Clause::Nested { path: name, query: inner, ignore_unmapped } => {
                self.nested(name, inner, *ignore_unmapped, path).map_err(|refused| match refused {
                    Refused::Here(refusal) => refusal.at(&query.pointer),
                    Refused::Within(error) => error,
                })?
            }
            Clause::Intervals { field, rule } => self.intervals(field, rule, &query.pointer)?,
            Clause::Span(span) => self.span(span, &query.pointer)?,
            leaf => self.leaf(leaf).map_err(|refusal| refusal.at(&query.pointer))?,
        };
        let origin = Origin {
            pointer: query.pointer.as_str().into(),
            label: label(&query.clause).into(),
            is_never: becomes_match_none(query),
            asides,
        };
        Ok(Condition::Clause(origin, Box::new(condition)))
    }

    fn queries(&self, queries: &[Query], path: NestedId) -> Result<Vec<Condition>, QueryError> {
        queries.iter().map(|query| self.query(query, path)).collect()
    }

    fn leaf(&self, clause: &Clause) -> Result<Condition, Refusal> {
        match clause {
            Clause::MatchAll => Ok(Condition::All),
            Clause::MatchNone => Ok(Condition::None),
            Clause::Term { field, value, case_insensitive } => self.term(field, value, *case_insensitive),
            Clause::Terms { field, values } => self.terms(field, values),
            Clause::TermsSet { field, terms, minimum } => self.terms_set(field, terms, minimum),
            Clause::Range(range) => self.range(range),
            Clause::Exists { field } => self.exists(field),
            Clause::Prefix { field, value, case_insensitive } => self.prefix(field, value, *case_insensitive),
            Clause::Wildcard { field, value, case_insensitive } => self.wildcard(field, value, *case_insensitive),
            Clause::Regexp { field, value, flags, case_insensitive } => {
                self.regexp(field, value, *flags, *case_insensitive)
            }
            Clause::Fuzzy { field, value, fuzziness, prefix_length, transpositions } => {
                self.fuzzy(field, value, *fuzziness, *prefix_length, *transpositions)
            }
            Clause::Ids { values } => Ok(Condition::Ids(values.clone())),
            Clause::Geo(query) => self.geo(query),
            Clause::DistanceFeature { field, origin, pivot } => self.distance_feature(field, origin, pivot),
            Clause::RankFeature { field, is_log } => self.rank_feature(field, *is_log),
            Clause::Match(clause) => self.match_text(clause, full_text::Kind::Words),
            Clause::MatchBoolPrefix(clause) => self.match_text(clause, full_text::Kind::WordsPrefix),
            Clause::MatchPhrase(clause) => self.match_phrase(clause, full_text::Kind::Phrase),
            Clause::MatchPhrasePrefix(clause) => self.match_phrase(clause, full_text::Kind::PhrasePrefix),
            Clause::MultiMatch(clause) => self.multi_match(clause),
            Clause::CombinedFields(clause) => self.combined_fields(clause),
            Clause::QueryString(clause) => self.query_string(clause),
            Clause::SimpleQueryString(clause) => self.simple_query_string(clause),
            Clause::Bool(_)
            | Clause::Boosting { .. }
            | Clause::Nested { .. }
            | Clause::ConstantScore { .. }
            | Clause::DisMax { .. }
            | Clause::FunctionScore { .. }
            | Clause::Intervals { .. }
            | Clause::Span(_) => Ok(Condition::None),
        }
    }

    fn boolean(&self, clause: &Bool, path: NestedId, asides: &mut Vec<Condition>) -> Result<Condition, QueryError> {
        let mut required = self.queries(&clause.must, path)?;
        required.extend(self.queries(&clause.filter, path)?);
        let optional = self.queries(&clause.should, path)?;
        let excluded = self.queries(&clause.must_not, path)?;
        if required.is_empty() && optional.is_empty() && excluded.is_empty() {
            return Ok(Condition::All);
        }
        // One that only excludes is everything else, whatever it demands of a `should` that it has not (`fixNegativeQueryIfNeeded`).
        let only_excludes = required.is_empty() && optional.is_empty();
        let spec = clause.minimum_should_match.as_ref().filter(|_| !only_excludes);
        let minimum = spec.map(|spec| required_of(spec, optional.len()));
        if minimum.unwrap_or(0) == 0 && !required.is_empty() {
            asides.extend(optional.iter().cloned());
        }
        Ok(lucene_boolean(required, optional, excluded, minimum))
    }

    fn nested(&self, name: &str, inner: &Query, ignore_unmapped: bool, outer: NestedId) -> Result<Condition, Refused> {
        let Some(path) = self.mapping.nested(name) else {
            return if ignore_unmapped { Ok(Condition::None) } else { Err(Refused::Here(self.no_nested_object(name))) };
        };
        if path == outer {
            return Err(Refused::Here(Refusal::malformed(format!(
                "nested path {name:?} stands within itself; leave the inner \"nested\" out"
            ))));
        }
        let condition = self.query(inner, path).map_err(Refused::Within)?;
        if !self.is_within(path, outer) {
            return Ok(Condition::None);
        }
        Ok(Condition::Nested(path, Box::new(condition)))
    }

    fn is_within(&self, path: NestedId, outer: NestedId) -> bool {
        outer == NestedId::ROOT
            || std::iter::successors(Some(path), |inner| self.mapping.nested_parent(*inner))
                .any(|around| around == outer)
    }
}

/// Where a nested clause was refused: it, or a clause within it that has a pointer of its own.
enum Refused {
    Here(Refusal),
    Within(QueryError),
}

/// Lucene's `BooleanQuery`, with Elasticsearch's reading of one that only excludes: everything else.
fn lucene_boolean(
    mut required: Vec<Condition>,
    optional: Vec<Condition>,
    excluded: Vec<Condition>,
    minimum: Option<usize>,
) -> Condition {
    let mut minimum = minimum.unwrap_or(0);
    if required.is_empty() && !optional.is_empty() {
        minimum = minimum.max(1);
    }
    required.push(Condition::at_least(minimum, optional));
    required.extend(excluded.into_iter().map(Condition::negate));
    Condition::and(required)
}

/// How many of `optional` clauses a `minimum_should_match` demands.
///
/// Elasticsearch's `Queries.calculateMinShouldMatch`: conditions in order, up to the first that does not apply; a number above the
/// count stays above it, so that nothing matches.
fn required_of(spec: &MinimumShouldMatch, optional: usize) -> usize {
    let count = i64::try_from(optional).unwrap_or(i64::MAX);
    let plain = |value: MinimumValue| {
        let (given, all_but) = match value {
            MinimumValue::Count(number) => (number, number < 0),
            MinimumValue::Percent(percent) => (count.saturating_mul(percent) / 100, percent < 0),
        };
        if all_but { count.saturating_add(given) } else { given }
    };
    let mut demanded = spec.plain.map_or(count, plain);
    for (above, value) in &spec.conditional {
        if count <= *above {
            break;
        }
        demanded = plain(*value);
    }
    usize::try_from(demanded.max(0)).unwrap_or(usize::MAX)
}

/// A short name of a clause for explanations.
fn label(clause: &Clause) -> String {
    match clause {
        Clause::MatchAll => "match_all".to_owned(),
        Clause::MatchNone => "match_none".to_owned(),
        Clause::Term { field, value, .. } => format!("term {field}: {}", value.0),
        Clause::Terms { field, values } => format!("terms {field}: {} values", values.len()),
        Clause::TermsSet { field, terms, .. } => format!("terms_set {field}: {} terms", terms.len()),
        Clause::Match(clause) => format!("match {}: {}", clause.field, clause.value.0),
        Clause::MatchPhrase(clause) => format!("match_phrase {}: {}", clause.field, clause.value.0),
        Clause::MatchPhrasePrefix(clause) => format!("match_phrase_prefix {}: {}", clause.field, clause.value.0),
        Clause::MatchBoolPrefix(clause) => format!("match_bool_prefix {}: {}", clause.field, clause.value.0),
        Clause::MultiMatch(clause) => format!("multi_match {}: {}", clause.fields.join(", "), clause.value.0),
        Clause::CombinedFields(clause) => format!("combined_fields {}: {:?}", clause.fields.join(", "), clause.text),
        Clause::QueryString(_) => "query_string".to_owned(),
        Clause::SimpleQueryString(_) => "simple_query_string".to_owned(),
        Clause::Range(range) => format!("range {}", range.field),
        Clause::Exists { field } => format!("exists {field}"),
        Clause::Prefix { field, value, .. } => format!("prefix {field}: {value:?}"),
        Clause::Wildcard { field, value, .. } => format!("wildcard {field}: {value:?}"),
        Clause::Regexp { field, value, .. } => format!("regexp {field}: {value:?}"),
        Clause::Fuzzy { field, value, .. } => format!("fuzzy {field}: {}", value.0),
        Clause::Ids { values } => format!("ids: {} values", values.len()),
        Clause::Bool(_) => "bool".to_owned(),
        Clause::Boosting { .. } => "boosting".to_owned(),
        Clause::Nested { path, .. } => format!("nested {path}"),
        Clause::ConstantScore { .. } => "constant_score".to_owned(),
        Clause::DisMax { .. } => "dis_max".to_owned(),
        Clause::FunctionScore { .. } => "function_score".to_owned(),
        Clause::Geo(query) => format!("{} {}", query.clause.name(), query.field),
        Clause::Intervals { field, .. } => format!("intervals {field}"),
        Clause::Span(span) => span_label(span),
        Clause::DistanceFeature { field, .. } => format!("distance_feature {field}"),
        Clause::RankFeature { field, .. } => format!("rank_feature {field}"),
    }
}

fn span_label(span: &Span) -> String {
    match span {
        Span::Term { field, value } => format!("span_term {field}: {}", value.0),
        Span::Multi(query) => format!("span_multi {}", label(&query.clause)),
        Span::First { end, .. } => format!("span_first: {end}"),
        Span::Near { clauses, slop, .. } => format!("span_near: {} clauses, slop {slop}", clauses.len()),
        Span::Or(clauses) => format!("span_or: {} clauses", clauses.len()),
        Span::Not { .. } => "span_not".to_owned(),
        Span::Containing { .. } => "span_containing".to_owned(),
        Span::Within { .. } => "span_within".to_owned(),
        Span::Masking { field, .. } => format!("span_field_masking {field}"),
        Span::Gap { field, width } => format!("span_gap {field}: {width}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minimum_should_match_counts_as_elasticsearch_does() {
        let plain = |value| MinimumShouldMatch { conditional: Vec::new(), plain: Some(value) };
        let cases = [
            (plain(MinimumValue::Count(2)), 4, 2),
            (plain(MinimumValue::Count(9)), 4, 9),
            (plain(MinimumValue::Count(-1)), 4, 3),
            (plain(MinimumValue::Count(-9)), 4, 0),
            (plain(MinimumValue::Percent(75)), 5, 3),
            (plain(MinimumValue::Percent(-25)), 5, 4),
            (plain(MinimumValue::Percent(-25)), 3, 3),
        ];
        for (spec, optional, expected) in cases {
            assert_eq!(required_of(&spec, optional), expected, "{spec:?} of {optional}");
        }
        let conditional = MinimumShouldMatch {
            conditional: vec![(2, MinimumValue::Percent(-25)), (9, MinimumValue::Count(-3))],
            plain: None,
        };
        assert_eq!([2, 4, 9, 12].map(|optional| required_of(&conditional, optional)), [2, 3, 7, 9]);
    }
}
