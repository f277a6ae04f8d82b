//! `function_score`: its functions decide scores; without `min_score` its query alone decides what matches. What they ask of a
//! field is kept, so that it can be held against the mapping.

use serde_json::Value;

use super::parser::{Body, Parser};
use super::shape::{Parameters, element, kind_of};
use super::{Clause, Query, QueryError, ScoreFunction, ScoredField};

const FUNCTIONS: [&str; 7] = ["weight", "random_score", "field_value_factor", "gauss", "linear", "exp", "script_score"];
const AROUND_FUNCTIONS: [&str; 6] = ["query", "functions", "score_mode", "boost_mode", "max_boost", "min_score"];
const SCORE_MODES: [(&str, ()); 6] =
    [("avg", ()), ("first", ()), ("max", ()), ("min", ()), ("multiply", ()), ("sum", ())];
const BOOST_MODES: [(&str, ()); 6] =
    [("avg", ()), ("max", ()), ("min", ()), ("multiply", ()), ("replace", ()), ("sum", ())];

const MODIFIERS: [(&str, ()); 10] = [
    ("none", ()),
    ("log", ()),
    ("log1p", ()),
    ("log2p", ()),
    ("ln", ()),
    ("ln1p", ()),
    ("ln2p", ()),
    ("square", ()),
    ("sqrt", ()),
    ("reciprocal", ()),
];
const MULTI_VALUE_MODES: [(&str, ()); 5] = [("avg", ()), ("max", ()), ("median", ()), ("min", ()), ("sum", ())];

pub(super) fn function_score(body: &Body<'_>, parser: &mut Parser<'_>) -> Result<Clause, QueryError> {
    let parameters = Parameters::skipping_nulls(body.name, body.value, &body.pointer)?;
    parameters.only(&[&AROUND_FUNCTIONS[..], &FUNCTIONS[..]].concat())?;
    if parameters.has("min_score") {
        let why = "whether a document reaches a score depends on all others of an index; leave it out";
        return Err(parameters.unsupported("min_score", why));
    }
    parameters.choice("score_mode", &SCORE_MODES)?;
    parameters.choice("boost_mode", &BOOST_MODES)?;
    parameters.number("max_boost")?;
    let query = match parameters.value("query") {
        Some((value, pointer)) => parser.clause(value, &pointer, body.depth + 1)?,
        None => Query { pointer: body.pointer.clone(), clause: Clause::MatchAll },
    };
    let mut fields = Vec::new();
    let single = only_function(&parameters, &mut fields)?;
    if let (Some(single), true) = (single, parameters.has("functions")) {
        return Err(parameters.bad(single, "cannot stand beside \"functions\"; put it into them"));
    }
    let filters = filters(&parameters, &mut fields, body, parser)?;
    Ok(Clause::FunctionScore { query: Box::new(query), filters, fields })
}

/// The filters of `functions`.
fn filters(
    parameters: &Parameters<'_>,
    fields: &mut Vec<ScoredField>,
    body: &Body<'_>,
    parser: &mut Parser<'_>,
) -> Result<Vec<Query>, QueryError> {
    let Some((value, pointer)) = parameters.value("functions") else { return Ok(Vec::new()) };
    let Value::Array(functions) = value else {
        return Err(parameters.bad("functions", format!("must be an array, not {}", kind_of(value))));
    };
    let mut filters = Vec::new();
    for (index, function) in functions.iter().enumerate() {
        let function = Parameters::skipping_nulls("functions", function, &element(&pointer, index))?;
        function.exactly(&[&["filter"], &FUNCTIONS[..]].concat())?;
        if only_weighted_function(&function, fields)?.is_none() {
            return Err(QueryError::malformed(function.pointer, format!("must have one of {}", FUNCTIONS.join(", "))));
        }
        if let Some((value, pointer)) = function.value("filter") {
            filters.push(parser.clause(value, &pointer, body.depth + 1)?);
        }
    }
    Ok(filters)
}

/// The one function of `parameters`; a weight counts as one.
fn only_function<'f>(
    parameters: &Parameters<'_>,
    fields: &mut Vec<ScoredField>,
) -> Result<Option<&'f str>, QueryError> {
    let function = only_weighted_function(parameters, fields)?;
    match function {
        Some(name) if name != "weight" && parameters.has("weight") => {
            Err(parameters.bad("weight", format!("cannot stand beside \"{name}\"; put both into \"functions\"")))
        }
        _ => Ok(function),
    }
}

/// The one function of `parameters`, which may have a weight beside it.
fn only_weighted_function<'f>(
    parameters: &Parameters<'_>,
    fields: &mut Vec<ScoredField>,
) -> Result<Option<&'f str>, QueryError> {
    if parameters.number("weight")?.is_some_and(|weight| weight < 0.0) {
        return Err(parameters.bad("weight", "must not be negative"));
    }
    let mut given = FUNCTIONS.into_iter().filter(|name| *name != "weight" && parameters.has(name));
    let Some(name) = given.next() else { return Ok(parameters.has("weight").then_some("weight")) };
    if let Some(second) = given.next() {
        return Err(parameters.bad(second, format!("is a second function beside \"{name}\"")));
    }
    fields.extend(scored_field(parameters, name)?);
    Ok(Some(name))
}

fn scored_field(parameters: &Parameters<'_>, name: &str) -> Result<Option<ScoredField>, QueryError> {
    let (value, pointer) = parameters.required_value(name)?;
    match name {
        "script_score" => Err(parameters.unsupported("script_score", "scripts are not run")),
        "random_score" => random_score(&Parameters::skipping_nulls(name, value, &pointer)?),
        "field_value_factor" => field_value_factor(&Parameters::skipping_nulls(name, value, &pointer)?).map(Some),
        _ => decay(&Parameters::of(name, value, &pointer)?).map(Some),
    }
}

/// The field counts only where there is a seed.
fn random_score(function: &Parameters<'_>) -> Result<Option<ScoredField>, QueryError> {
    function.exactly(&["seed", "field"])?;
    let field = function.text("field")?;
    let Some((seed, _)) = function.value("seed") else { return Ok(None) };
    if !(seed.is_string() || seed.is_i64() || seed.is_u64()) {
        return Err(function.bad("seed", format!("must be a whole number or a string, not {seed}")));
    }
    let pointer = function.pointer.clone();
    Ok(field.map(|field| ScoredField { pointer, field, function: ScoreFunction::Random }))
}

fn field_value_factor(function: &Parameters<'_>) -> Result<ScoredField, QueryError> {
    function.exactly(&["field", "factor", "missing", "modifier"])?;
    function.number("factor")?;
    function.choice("modifier", &MODIFIERS)?;
    let has_missing = function.number("missing")?.is_some();
    let field = function.required_field("field")?;
    Ok(ScoredField { pointer: function.pointer.clone(), field, function: ScoreFunction::Factor { has_missing } })
}

/// `gauss`, `linear`, `exp`: a field with `origin`, `scale`, `offset`, `decay`.
fn decay(function: &Parameters<'_>) -> Result<ScoredField, QueryError> {
    function.choice("multi_value_mode", &MULTI_VALUE_MODES)?;
    let mut fields = function.keys().filter(|name| *name != "multi_value_mode");
    let Some(field) = fields.next() else { return Err(function.missing("a field")) };
    if let Some(second) = fields.next() {
        return Err(function.bad(second, format!("is a second field beside \"{field}\"")));
    }
    let (value, pointer) = function.required_value(field)?;
    let decay = Parameters::of(field, value, &pointer)?;
    decay.exactly(&["origin", "scale", "offset", "decay"])?;
    if decay.number("decay")?.is_some_and(|decay| decay <= 0.0 || decay >= 1.0) {
        return Err(decay.bad("decay", "must be above 0 and below 1"));
    }
    let given = |name| decay.value(name).map(|(value, _)| value.clone());
    let scale = given("scale").ok_or_else(|| decay.missing("scale"))?;
    let function = ScoreFunction::Decay { origin: given("origin"), scale, offset: given("offset") };
    Ok(ScoredField { pointer, field: field.to_owned(), function })
}
