//! `range`, with the bounds of all versions.

use super::parser::Body;
use super::shape::{FieldClause, Parameters, kind_of};
use super::{Clause, QueryError, Range, RangeRelation, Scalar};

const KNOWN: [&str; 11] =
    ["gt", "gte", "lt", "lte", "from", "to", "include_lower", "include_upper", "format", "time_zone", "relation"];

const RELATIONS: [(&str, RangeRelation); 3] = [
    ("intersects", RangeRelation::Intersects),
    ("contains", RangeRelation::Contains),
    ("within", RangeRelation::Within),
];

pub(super) fn range(body: &Body<'_>) -> Result<Clause, QueryError> {
    let clause = FieldClause::of(body.name, body.value, &body.pointer)?;
    let Some(parameters) = clause.long_form() else {
        return Err(QueryError::malformed(
            clause.pointer,
            format!("\"range\" must be an object like {{\"gte\": 1, \"lt\": 5}}, not {}", kind_of(clause.value)),
        ));
    };
    parameters.only(&KNOWN)?;
    let (lower, includes_lower) = bound(&parameters, ["gt", "gte", "from"], "include_lower")?;
    let (upper, includes_upper) = bound(&parameters, ["lt", "lte", "to"], "include_upper")?;
    Ok(Clause::Range(Range {
        field: clause.field,
        lower,
        includes_lower,
        upper,
        includes_upper,
        format: parameters.text("format")?,
        time_zone: parameters.text("time_zone")?,
        relation: parameters.choice("relation", &RELATIONS)?.unwrap_or_default(),
    }))
}

/// One side: the bound, null for none, and whether it belongs to the range.
///
/// Two bounds on one side are refused: nodes take the one that was written last, and JSON objects have no order.
fn bound(
    parameters: &Parameters<'_>,
    [exclusive, inclusive, unsaid]: [&str; 3],
    include: &str,
) -> Result<(Option<Scalar>, bool), QueryError> {
    let mut given = [exclusive, inclusive, unsaid].into_iter().filter(|name| parameters.has(name));
    let said = parameters.boolean(include)?;
    let Some(name) = given.next() else { return Ok((None, said.unwrap_or(true))) };
    if let Some(second) = given.next() {
        return Err(parameters.bad(second, format!("cannot stand beside \"{name}\"; give one of them")));
    }
    let includes = if name == unsaid { said.unwrap_or(true) } else { name == inclusive };
    if said.is_some_and(|said| said != includes) {
        return Err(parameters.bad(include, format!("contradicts \"{name}\"")));
    }
    match parameters.value(name) {
        Some((value, _)) if value.is_null() => Ok((None, includes)),
        _ => Ok((parameters.scalar(name)?, includes)),
    }
}
