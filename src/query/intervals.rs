//! `intervals`: rules about where the words of one field stand to one another.

use serde_json::Value;

use super::parser::{Body, Parser};
use super::pattern::{check_length, regexp_flags};
use super::shape::{FieldClause, Parameters, below, did_you_mean, element, kind_of};
use super::{Clause, Fuzziness, QueryError, RegexpFlags};

/// A rule of an `intervals` query.
#[derive(Debug, Clone, PartialEq)]
pub struct IntervalRule {
    /// JSON pointer of the rule (`/intervals/title/match`).
    pub pointer: String,
    /// What is looked for.
    pub kind: IntervalKind,
    /// What of it counts.
    pub filter: Option<Box<IntervalFilter>>,
}

/// What an interval rule looks for.
#[derive(Debug, Clone, PartialEq)]
pub enum IntervalKind {
    /// `match`: the words of a text.
    Match { text: String, combination: IntervalCombination, place: IntervalPlace },
    /// `prefix`, `wildcard`, `regexp`, `fuzzy`, `range`: one word.
    Word { word: IntervalWord, place: IntervalPlace },
    /// `all_of`
    AllOf { rules: Vec<IntervalRule>, combination: IntervalCombination },
    /// `any_of`
    AnyOf { rules: Vec<IntervalRule> },
}

/// Where a leaf rule looks, and how its text is read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IntervalPlace {
    /// `use_field`: another field than that of the query.
    pub use_field: Option<String>,
    /// `analyzer`; the search analyzer of the field where `None`.
    pub analyzer: Option<String>,
}

/// How the parts of a rule stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntervalCombination {
    /// `ordered`, or OpenSearch's `mode`.
    pub order: IntervalOrder,
    /// `max_gaps`: so many positions between the parts at most; `None` for any number (-1).
    pub max_gaps: Option<i32>,
}

/// The order of the parts of a rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IntervalOrder {
    /// Any, and one word can be several parts.
    #[default]
    Unordered,
    /// That of writing.
    Ordered,
    /// Any, each part with words of its own: OpenSearch's `unordered_no_overlap`.
    WithoutOverlap,
}

/// A pattern of single words.
#[derive(Debug, Clone, PartialEq)]
pub enum IntervalWord {
    /// `prefix`
    Prefix(String),
    /// `wildcard`
    Wildcard(String),
    /// `regexp`; `flags` where a parameter was given that only OpenSearch takes, for it reads the pattern otherwise.
    Regexp { pattern: String, flags: Option<RegexpFlags>, case_insensitive: bool },
    /// `fuzzy`
    Fuzzy { term: String, fuzziness: Fuzziness, prefix_length: u32, transpositions: bool },
    /// `range`: from `lower` to `upper`, each with whether it belongs to the range.
    Range { lower: (String, bool), upper: (String, bool) },
}

/// `filter`: how the intervals of a rule must stand to those of another.
#[derive(Debug, Clone, PartialEq)]
pub struct IntervalFilter {
    /// How.
    pub relation: IntervalRelation,
    /// To what.
    pub rule: IntervalRule,
}

/// The kinds of interval filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IntervalRelation {
    After,
    Before,
    ContainedBy,
    Containing,
    NotContainedBy,
    NotContaining,
    NotOverlapping,
    Overlapping,
}

const RULES: [&str; 8] = ["match", "prefix", "wildcard", "regexp", "fuzzy", "range", "all_of", "any_of"];

const RELATIONS: [(&str, IntervalRelation); 8] = [
    ("after", IntervalRelation::After),
    ("before", IntervalRelation::Before),
    ("contained_by", IntervalRelation::ContainedBy),
    ("containing", IntervalRelation::Containing),
    ("not_contained_by", IntervalRelation::NotContainedBy),
    ("not_containing", IntervalRelation::NotContaining),
    ("not_overlapping", IntervalRelation::NotOverlapping),
    ("overlapping", IntervalRelation::Overlapping),
];

/// What OpenSearch alone takes in a `regexp` rule.
const OPENSEARCH_REGEXP: [&str; 4] = ["flags", "flags_value", "case_insensitive", "max_expansions"];

/// OpenSearch's names of the orders.
const MODES: [(&str, IntervalOrder); 3] = [
    ("ordered", IntervalOrder::Ordered),
    ("unordered", IntervalOrder::Unordered),
    ("unordered_no_overlap", IntervalOrder::WithoutOverlap),
];

pub(super) fn intervals(body: &Body<'_>, parser: &mut Parser<'_>) -> Result<Clause, QueryError> {
    let clause = FieldClause::of(body.name, body.value, &body.pointer)?;
    let Some(parameters) = clause.long_form() else {
        let reason = format!("\"intervals\" must hold a rule of {}, not {}", RULES.join(", "), kind_of(clause.value));
        return Err(QueryError::malformed(clause.pointer, reason));
    };
    parameters.check_boost_and_name()?;
    let mut names = parameters.keys().filter(|name| !matches!(*name, "boost" | "_name"));
    let rule = only_rule(&mut names, &parameters, body.depth + 1, parser)?;
    Ok(Clause::Intervals { field: clause.field, rule })
}

/// The one rule of an object that names it.
fn only_rule<'v>(
    names: &mut impl Iterator<Item = &'v str>,
    parameters: &Parameters<'v>,
    depth: usize,
    parser: &mut Parser<'_>,
) -> Result<IntervalRule, QueryError> {
    let Some(name) = names.next() else {
        let reason = format!("an interval rule is missing; known are {}", RULES.join(", "));
        return Err(QueryError::malformed(&parameters.pointer, reason));
    };
    if let Some(second) = names.next() {
        let reason = format!("only one interval rule can stand here, found \"{name}\" and \"{second}\"");
        return Err(QueryError::malformed(below(&parameters.pointer, second), reason));
    }
    let (value, pointer) = parameters.required_value(name)?;
    parser.enter(depth, &pointer)?;
    rule(&Body { name, value, pointer, depth }, parser)
}

fn object_rule(
    value: &Value,
    pointer: &str,
    depth: usize,
    parser: &mut Parser<'_>,
) -> Result<IntervalRule, QueryError> {
    let parameters = Parameters::of("an interval rule", value, pointer)?;
    only_rule(&mut parameters.keys(), &parameters, depth, parser)
}

fn rule(body: &Body<'_>, parser: &mut Parser<'_>) -> Result<IntervalRule, QueryError> {
    if !RULES.contains(&body.name) {
        let suggestion = did_you_mean(body.name, RULES);
        let reason = format!("unknown interval rule \"{}\"{suggestion} (known: {})", body.name, RULES.join(", "));
        return Err(QueryError::malformed(&body.pointer, reason));
    }
    let parameters = Parameters::of(body.name, body.value, &body.pointer)?;
    let kind = match body.name {
        "match" => match_rule(&parameters, parser)?,
        "all_of" => {
            parameters.exactly(&["intervals", "ordered", "mode", "max_gaps", "filter"])?;
            IntervalKind::AllOf { rules: rules(&parameters, body, parser)?, combination: combination(&parameters)? }
        }
        "any_of" => {
            parameters.exactly(&["intervals", "filter"])?;
            IntervalKind::AnyOf { rules: rules(&parameters, body, parser)? }
        }
        _ => word_rule(body.name, &parameters, parser)?,
    };
    let filter = match parameters.value("filter") {
        Some((value, pointer)) => Some(Box::new(filter(value, &pointer, body.depth + 1, parser)?)),
        None => None,
    };
    Ok(IntervalRule { pointer: body.pointer.clone(), kind, filter })
}

fn match_rule(parameters: &Parameters<'_>, parser: &Parser<'_>) -> Result<IntervalKind, QueryError> {
    parameters.exactly(&["query", "max_gaps", "ordered", "mode", "analyzer", "filter", "use_field"])?;
    let text = required_string(parameters, "query")?;
    parameters.limited("query", &text, parser.limits)?;
    Ok(IntervalKind::Match { text, combination: combination(parameters)?, place: place(parameters)? })
}

fn combination(parameters: &Parameters<'_>) -> Result<IntervalCombination, QueryError> {
    let mode = match string(parameters, "mode")? {
        Some(_) => parameters.choice("mode", &MODES)?,
        None => None,
    };
    // OpenSearch asks for its mode only where "ordered" is not said.
    let order = match parameters.boolean("ordered")? {
        Some(true) => IntervalOrder::Ordered,
        Some(false) => IntervalOrder::Unordered,
        None => mode.unwrap_or_default(),
    };
    let max_gaps = parameters.integer("max_gaps", i32::MIN)?.filter(|gaps| *gaps != -1);
    Ok(IntervalCombination { order, max_gaps })
}

fn place(parameters: &Parameters<'_>) -> Result<IntervalPlace, QueryError> {
    Ok(IntervalPlace { use_field: string(parameters, "use_field")?, analyzer: string(parameters, "analyzer")? })
}

/// `intervals`: an array of rules, or one.
fn rules(
    parameters: &Parameters<'_>,
    body: &Body<'_>,
    parser: &mut Parser<'_>,
) -> Result<Vec<IntervalRule>, QueryError> {
    let (value, pointer) = parameters.required_value("intervals")?;
    match value {
        Value::Array(items) => {
            parser.check_room(items.len(), &pointer)?;
            let one = |(index, item)| object_rule(item, &element(&pointer, index), body.depth + 1, parser);
            items.iter().enumerate().map(one).collect()
        }
        single => Ok(vec![object_rule(single, &pointer, body.depth + 1, parser)?]),
    }
}

fn filter(value: &Value, pointer: &str, depth: usize, parser: &mut Parser<'_>) -> Result<IntervalFilter, QueryError> {
    let parameters = Parameters::of("filter", value, pointer)?;
    if parameters.has("script") {
        return Err(parameters.unsupported("script", "scripts are not run"));
    }
    let known = RELATIONS.map(|(name, _)| name);
    let mut names = parameters.keys();
    let Some(name) = names.next() else {
        return Err(QueryError::malformed(pointer, format!("\"filter\" must name one of {}", known.join(", "))));
    };
    if let Some(second) = names.next() {
        let reason = format!("only one filter can stand here, found \"{name}\" and \"{second}\"");
        return Err(QueryError::malformed(below(pointer, second), reason));
    }
    // Nodes write the name in small letters before they look it up.
    let Some((_, relation)) = RELATIONS.iter().find(|(known, _)| name.to_lowercase() == *known) else {
        let reason = format!("unknown filter \"{name}\"{} (known: {})", did_you_mean(name, known), known.join(", "));
        return Err(QueryError::malformed(below(pointer, name), reason));
    };
    let (value, pointer) = parameters.required_value(name)?;
    Ok(IntervalFilter { relation: *relation, rule: object_rule(value, &pointer, depth, parser)? })
}

fn word_rule(name: &str, parameters: &Parameters<'_>, parser: &Parser<'_>) -> Result<IntervalKind, QueryError> {
    let pattern = |name: &str| -> Result<String, QueryError> {
        let text = required_string(parameters, name)?;
        check_length(&text, &below(&parameters.pointer, name), parser.limits)?;
        Ok(text)
    };
    let word = match name {
        "prefix" => {
            parameters.exactly(&["prefix", "analyzer", "use_field"])?;
            IntervalWord::Prefix(pattern("prefix")?)
        }
        "wildcard" => {
            parameters.exactly(&["pattern", "analyzer", "use_field", "max_expansions"])?;
            parameters.integer("max_expansions", i32::MIN)?;
            IntervalWord::Wildcard(pattern("pattern")?)
        }
        "regexp" => {
            parameters.exactly(&[&["pattern", "analyzer", "use_field"], &OPENSEARCH_REGEXP[..]].concat())?;
            parameters.integer("max_expansions", i32::MIN)?;
            let is_opensearch = OPENSEARCH_REGEXP.iter().any(|name| parameters.has(name));
            IntervalWord::Regexp {
                pattern: pattern("pattern")?,
                flags: if is_opensearch { Some(regexp_flags(parameters)?) } else { None },
                case_insensitive: parameters.boolean("case_insensitive")?.unwrap_or(false),
            }
        }
        "fuzzy" => {
            parameters.exactly(&["term", "prefix_length", "transpositions", "fuzziness", "analyzer", "use_field"])?;
            IntervalWord::Fuzzy {
                term: pattern("term")?,
                fuzziness: parameters.fuzziness("fuzziness")?.unwrap_or(Fuzziness::AUTO),
                prefix_length: parameters.count("prefix_length")?.unwrap_or(0),
                transpositions: parameters.boolean("transpositions")?.unwrap_or(true),
            }
        }
        _ => {
            parameters.exactly(&["gte", "gt", "lte", "lt", "analyzer", "use_field"])?;
            let end = |inclusive: &str, exclusive: &str| match (parameters.has(inclusive), parameters.has(exclusive)) {
                (true, false) => Ok((pattern(inclusive)?, true)),
                (false, true) => Ok((pattern(exclusive)?, false)),
                (false, false) => Err(parameters.missing(&format!("{inclusive}\" or \"{exclusive}"))),
                (true, true) => {
                    Err(parameters.bad(exclusive, format!("cannot stand beside \"{inclusive}\"; give one of them")))
                }
            };
            IntervalWord::Range { lower: end("gte", "gt")?, upper: end("lte", "lt")? }
        }
    };
    Ok(IntervalKind::Word { word, place: place(parameters)? })
}

/// A string, and nothing else: the reader of these rules in Elasticsearch writes no numbers out.
fn string(parameters: &Parameters<'_>, name: &str) -> Result<Option<String>, QueryError> {
    match parameters.value(name) {
        None => Ok(None),
        Some((Value::String(text), _)) => Ok(Some(text.clone())),
        Some((other, _)) => Err(parameters.bad(name, format!("must be a string, not {}", kind_of(other)))),
    }
}

fn required_string(parameters: &Parameters<'_>, name: &str) -> Result<String, QueryError> {
    string(parameters, name)?.ok_or_else(|| parameters.missing(name))
}
