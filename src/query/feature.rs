//! Clauses that score by a field's value, and match where it has one: `distance_feature`, `rank_feature`.

use serde_json::Value;

use super::parser::Body;
use super::shape::{Parameters, kind_of};
use super::{Clause, QueryError};

pub(super) fn distance_feature(body: &Body<'_>) -> Result<Clause, QueryError> {
    let parameters = Parameters::of(body.name, body.value, &body.pointer)?;
    parameters.only(&["field", "origin", "pivot"])?;
    parameters.check_name_is_text()?;
    let field = parameters.required_field("field")?;
    let Value::String(pivot) = parameters.required_value("pivot")?.0 else {
        return Err(parameters.bad("pivot", "must be a distance like \"7d\" or \"1km\""));
    };
    match parameters.required_value("origin")?.0 {
        origin @ (Value::String(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Ok(Clause::DistanceFeature { field, origin: origin.clone(), pivot: pivot.clone() })
        }
        other => Err(parameters.bad("origin", format!("must be a date or a point, not {}", kind_of(other)))),
    }
}

pub(super) fn rank_feature(body: &Body<'_>) -> Result<Clause, QueryError> {
    let functions: [(&str, &[&str]); 4] = [
        ("saturation", &["pivot"]),
        ("log", &["scaling_factor"]),
        ("sigmoid", &["pivot", "exponent"]),
        ("linear", &[]),
    ];
    let parameters = Parameters::of(body.name, body.value, &body.pointer)?;
    parameters.only(&["field", "saturation", "log", "sigmoid", "linear"])?;
    parameters.check_name_is_text()?;
    let mut given = functions.iter().filter_map(|(name, known)| Some((name, known, parameters.value(name)?)));
    if let Some((name, known, (value, pointer))) = given.next() {
        let function = Parameters::of(name, value, &pointer)?;
        function.exactly(known)?;
        for parameter in *known {
            check_function_number(&function, name, parameter)?;
        }
    }
    if let Some((second, ..)) = given.next() {
        return Err(parameters.bad(second, "is a second function; give one of them"));
    }
    let is_log = parameters.value("log").is_some();
    Ok(Clause::RankFeature { field: parameters.required_field("field")?, is_log })
}

/// Lucene takes `scaling_factor` from 1 on, and everything else that is above 0; only `saturation` finds its own.
fn check_function_number(function: &Parameters<'_>, name: &str, parameter: &str) -> Result<(), QueryError> {
    match function.number(parameter)? {
        None if name == "saturation" => Ok(()),
        None => Err(function.missing(parameter)),
        Some(number) if parameter == "scaling_factor" && number < 1.0 => {
            Err(function.bad(parameter, "must be at least 1"))
        }
        Some(number) if number <= 0.0 => Err(function.bad(parameter, "must be above 0")),
        Some(_) => Ok(()),
    }
}
