//! The walk over clauses: which name is read by which file, how deep and how many.

use serde_json::Value;

use super::shape::{below, did_you_mean, element, kind_of};
use super::{
    Limits, Query, QueryError, compound, feature, full_text, function_score, geo, intervals, joining, multi_field,
    pattern, query_string, range, simple_query_string, span, term_level, unsupported, wrapper,
};

/// Every clause that is read, for suggestions and error messages.
pub(super) const SUPPORTED: [&str; 44] = [
    "bool",
    "boosting",
    "combined_fields",
    "constant_score",
    "dis_max",
    "distance_feature",
    "exists",
    "field_masking_span",
    "function_score",
    "fuzzy",
    "geo_bounding_box",
    "geo_distance",
    "geo_polygon",
    "geo_shape",
    "ids",
    "intervals",
    "match",
    "match_all",
    "match_bool_prefix",
    "match_none",
    "match_phrase",
    "match_phrase_prefix",
    "multi_match",
    "nested",
    "prefix",
    "query_string",
    "range",
    "rank_feature",
    "regexp",
    "simple_query_string",
    "span_containing",
    "span_field_masking",
    "span_first",
    "span_multi",
    "span_near",
    "span_not",
    "span_or",
    "span_term",
    "span_within",
    "term",
    "terms",
    "terms_set",
    "wildcard",
    "wrapper",
];

/// Reads one query; counts its clauses.
pub(super) struct Parser<'l> {
    pub(super) limits: &'l Limits,
    clauses: usize,
}

/// A clause's body, where it stands, and how deep.
pub(super) struct Body<'v> {
    pub(super) name: &'v str,
    pub(super) value: &'v Value,
    pub(super) pointer: String,
    pub(super) depth: usize,
}

/// What one clause takes at most, far more than it does.
const STACK_OF_A_CLAUSE: usize = 256 << 10;
const FURTHER_STACK: usize = 4 << 20;

/// Runs a step of a recursion over clauses, on further stack where the thread's own runs out.
pub(crate) fn with_stack<T>(step: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(STACK_OF_A_CLAUSE, FURTHER_STACK, step)
}

impl<'l> Parser<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Self { limits, clauses: 0 }
    }

    /// Reads `{"name": body}` at `pointer`, inside `depth` other clauses.
    pub(super) fn clause(&mut self, value: &Value, pointer: &str, depth: usize) -> Result<Query, QueryError> {
        let (name, value) = only_entry(value, pointer)?;
        self.enter(depth, pointer)?;
        let body = Body { name, value, pointer: below(pointer, name), depth };
        with_stack(|| self.named(body))
    }

    /// Counts one clause, or a rule that is like one, inside `depth` others.
    pub(super) fn enter(&mut self, depth: usize, pointer: &str) -> Result<(), QueryError> {
        if depth >= self.limits.depth {
            return Err(QueryError::limit(pointer, format!("clauses stand deeper than {} levels", self.limits.depth)));
        }
        self.count(1, pointer)
    }

    /// Reads one clause or an array of them.
    pub(super) fn clauses(&mut self, value: &Value, pointer: &str, depth: usize) -> Result<Vec<Query>, QueryError> {
        let Value::Array(items) = value else {
            return Ok(vec![self.clause(value, pointer, depth)?]);
        };
        self.check_room(items.len(), pointer)?;
        let clause = |(index, item)| self.clause(item, &element(pointer, index), depth);
        items.iter().enumerate().map(clause).collect()
    }

    /// Counts clauses that were read.
    pub(super) fn count(&mut self, clauses: usize, pointer: &str) -> Result<(), QueryError> {
        self.check_room(clauses, pointer)?;
        self.clauses += clauses;
        Ok(())
    }

    /// Refuses more clauses than there is room for, before they are read.
    pub(super) fn check_room(&self, more: usize, pointer: &str) -> Result<(), QueryError> {
        if more <= self.limits.clauses.saturating_sub(self.clauses) {
            return Ok(());
        }
        Err(QueryError::limit(pointer, format!("the query has more than {} clauses", self.limits.clauses)))
    }

    fn named(&mut self, body: Body<'_>) -> Result<Query, QueryError> {
        let clause = match body.name {
            "match_all" => term_level::match_all(&body)?,
            "match_none" => term_level::match_none(&body)?,
            "term" => term_level::term(&body)?,
            "terms" => term_level::terms(&body, self.limits)?,
            "terms_set" => term_level::terms_set(&body, self.limits)?,
            "exists" => term_level::exists(&body)?,
            "ids" => term_level::ids(&body, self.limits)?,
            "range" => range::range(&body)?,
            "prefix" => pattern::prefix(&body, self.limits)?,
            "wildcard" => pattern::wildcard(&body, self.limits)?,
            "regexp" => pattern::regexp(&body, self.limits)?,
            "fuzzy" => pattern::fuzzy(&body, self.limits)?,
            "match" => full_text::match_(&body, self.limits)?,
            "match_phrase" => full_text::match_phrase(&body, self.limits)?,
            "match_phrase_prefix" => full_text::match_phrase_prefix(&body, self.limits)?,
            "match_bool_prefix" => full_text::match_bool_prefix(&body, self.limits)?,
            "multi_match" => multi_field::multi_match(&body, self.limits)?,
            "combined_fields" => multi_field::combined_fields(&body, self.limits)?,
            "query_string" => query_string::query_string(&body, self)?,
            "simple_query_string" => simple_query_string::simple_query_string(&body, self)?,
            "geo_bounding_box" => geo::geo_bounding_box(&body)?,
            "geo_distance" => geo::geo_distance(&body)?,
            "geo_polygon" => geo::geo_polygon(&body, self.limits)?,
            "geo_shape" => geo::geo_shape(&body, self.limits)?,
            "distance_feature" => feature::distance_feature(&body)?,
            "rank_feature" => feature::rank_feature(&body)?,
            "bool" => compound::bool(&body, self)?,
            "boosting" => compound::boosting(&body, self)?,
            "constant_score" => compound::constant_score(&body, self)?,
            "dis_max" => compound::dis_max(&body, self)?,
            "function_score" => function_score::function_score(&body, self)?,
            "nested" => joining::nested(&body, self)?,
            "intervals" => intervals::intervals(&body, self)?,
            name if span::NAMES.contains(&name) => span::span(&body, self)?,
            "wrapper" => return wrapper::wrapper(&body, self),
            _ => return Err(refusal(&body)),
        };
        Ok(Query { pointer: body.pointer, clause })
    }
}

/// The one clause of an object.
pub(super) fn only_entry<'v>(value: &'v Value, pointer: &str) -> Result<(&'v str, &'v Value), QueryError> {
    let Value::Object(object) = value else {
        return Err(QueryError::malformed(
            pointer,
            format!("a query must be an object like {{\"match_all\": {{}}}}, not {}", kind_of(value)),
        ));
    };
    let mut entries = object.iter();
    let Some((name, value)) = entries.next() else {
        return Err(QueryError::malformed(
            pointer,
            "a query must name a clause, like {\"match_all\": {}}; it is empty",
        ));
    };
    if let Some((second, _)) = entries.next() {
        return Err(QueryError::malformed(
            pointer,
            format!("a query must have one clause, found \"{name}\" and \"{second}\"; put them into a \"bool\""),
        ));
    }
    Ok((name, value))
}

/// Why a clause that is not read is refused.
fn refusal(body: &Body<'_>) -> QueryError {
    match unsupported::reason(body.name) {
        Some(reason) => QueryError::unsupported(
            &body.pointer,
            format!("the clause \"{}\" is not supported: {reason} (supported: {})", body.name, SUPPORTED.join(", ")),
        ),
        None => {
            let suggestion = did_you_mean(body.name, SUPPORTED);
            let listed =
                if suggestion.is_empty() { format!("; known are {}", SUPPORTED.join(", ")) } else { suggestion };
            QueryError::malformed(&body.pointer, format!("unknown clause \"{}\"{listed}", body.name))
        }
    }
}
