//! `function_score`: its functions decide scores; without `min_score` its query alone decides what matches. What they ask of a
//! field is kept, so that it can be held against the mapping.

use serde_json::Value;

use super::parser::{Body, Parser};
use super::shape::{Parameters, element, kind_of};
use super::{Clause, Query, QueryError, ScoreFunction, ScoreFunctionKind};

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
    let single = only_function(&parameters)?;
    if let (Some((name, _)), true) = (&single, parameters.has("functions")) {
        return Err(parameters.bad(name, "cannot stand beside \"functions\"; put it into them"));
    }
    let functions = match single {
        Some((_, function)) => vec![function],
        None => listed(&parameters, body, parser)?,
    };
    Ok(Clause::FunctionScore { query: Box::new(query), functions })
}

/// The objects of `functions`.
fn listed(
    parameters: &Parameters<'_>,
    body: &Body<'_>,
    parser: &mut Parser<'_>,
) -> Result<Vec<ScoreFunction>, QueryError> {
    let Some((value, pointer)) = parameters.value("functions") else { return Ok(Vec::new()) };
    let Value::Array(items) = value else {
        return Err(parameters.bad("functions", format!("must be an array, not {}", kind_of(value))));
    };
    let mut functions = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let given = Parameters::skipping_nulls("functions", item, &element(&pointer, index))?;
        given.exactly(&[&["filter", "_name"], &FUNCTIONS[..]].concat())?;
        given.text("_name")?;
        let Some((_, mut function)) = only_weighted_function(&given)? else {
            return Err(QueryError::malformed(given.pointer, format!("must have one of {}", FUNCTIONS.join(", "))));
        };
        if let Some((value, pointer)) = given.value("filter") {
            function.filter = Some(parser.clause(value, &pointer, body.depth + 1)?);
        }
        functions.push(function);
    }
    Ok(functions)
}

/// The one function of `parameters`, with its name; a weight counts as one.
fn only_function(parameters: &Parameters<'_>) -> Result<Option<(&'static str, ScoreFunction)>, QueryError> {
    let function = only_weighted_function(parameters)?;
    match function {
        Some((name, _)) if name != "weight" && parameters.has("weight") => {
            Err(parameters.bad("weight", format!("cannot stand beside \"{name}\"; put both into \"functions\"")))
        }
        _ => Ok(function),
    }
}

/// The one function of `parameters`, which may have a weight beside it.
fn only_weighted_function(parameters: &Parameters<'_>) -> Result<Option<(&'static str, ScoreFunction)>, QueryError> {
    if parameters.number("weight")?.is_some_and(|weight| weight < 0.0) {
        return Err(parameters.bad("weight", "must not be negative"));
    }
    let mut given = FUNCTIONS.into_iter().filter(|name| *name != "weight" && parameters.has(name));
    let Some(name) = given.next() else {
        let weight =
            || ScoreFunction { pointer: parameters.pointer.clone(), filter: None, kind: ScoreFunctionKind::Plain };
        return Ok(parameters.has("weight").then(|| ("weight", weight())));
    };
    if let Some(second) = given.next() {
        return Err(parameters.bad(second, format!("is a second function beside \"{name}\"")));
    }
    let (value, pointer) = parameters.required_value(name)?;
    let kind = match name {
        "script_score" => return Err(parameters.unsupported("script_score", "scripts are not run")),
        "random_score" => random(&Parameters::skipping_nulls(name, value, &pointer)?)?,
        "field_value_factor" => field_value(&Parameters::skipping_nulls(name, value, &pointer)?)?,
        _ => decay(&Parameters::of(name, value, &pointer)?)?,
    };
    Ok(Some((name, ScoreFunction { pointer, filter: None, kind })))
}

/// The field counts only where there is a seed.
fn random(function: &Parameters<'_>) -> Result<ScoreFunctionKind, QueryError> {
    function.exactly(&["seed", "field"])?;
    let field = function.text("field")?;
    let Some((seed, _)) = function.value("seed") else { return Ok(ScoreFunctionKind::Plain) };
    if !seed.is_string() && !seed.is_i64() {
        return Err(function.bad("seed", format!("must be a whole number or a string, not {seed}")));
    }
    Ok(field.map_or(ScoreFunctionKind::Plain, |field| ScoreFunctionKind::Random { field }))
}

fn field_value(function: &Parameters<'_>) -> Result<ScoreFunctionKind, QueryError> {
    function.exactly(&["field", "factor", "missing", "modifier"])?;
    function.number("factor")?;
    function.choice("modifier", &MODIFIERS)?;
    let has_missing = function.number("missing")?.is_some();
    Ok(ScoreFunctionKind::FieldValue { field: function.required_field("field")?, has_missing })
}

/// `gauss`, `linear`, `exp`: a field with `origin`, `scale`, `offset`, `decay`.
fn decay(function: &Parameters<'_>) -> Result<ScoreFunctionKind, QueryError> {
    function.choice("multi_value_mode", &MULTI_VALUE_MODES)?;
    let mut fields = function.keys().filter(|name| *name != "multi_value_mode");
    let Some(field) = fields.next() else { return Err(function.missing("a field")) };
    if let Some(second) = fields.next() {
        return Err(function.bad(second, format!("is a second field beside \"{field}\"")));
    }
    let (value, pointer) = function.required_value(field)?;
    let decay = Parameters::of(field, value, &pointer)?;
    decay.exactly(&["origin", "scale", "offset", "decay"])?;
    let scale = decay.scalar("scale")?.ok_or_else(|| decay.missing("scale"))?;
    if decay.number("decay")?.is_some_and(|decay| decay <= 0.0 || decay >= 1.0) {
        return Err(decay.bad("decay", "must lie between 0 and 1, neither included"));
    }
    let origin = decay.value("origin").map(|(origin, _)| origin.clone());
    Ok(ScoreFunctionKind::Decay { field: field.to_owned(), origin, scale, offset: decay.scalar("offset")? })
}
