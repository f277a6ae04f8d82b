//! What scores by a field's value: `distance_feature` matches where there is one, the functions of `function_score` decide nothing.
//! Both are refused where the field's type does not take what they compare it with.

use serde_json::Value;

use crate::geo::Point;
use crate::geo::distance::{self, METRE};
use crate::geo::spelling::{Spelling, coerced};
use crate::mapping::{DateResolution, Field, FieldType, NestedId};
use crate::percolator::compile::term_level::{existence_of, text_of, type_refusal};
use crate::percolator::compile::{Compiler, Refusal};
use crate::percolator::condition::Condition;
use crate::query::time_value::{MILLISECOND, nanos};
use crate::query::{QueryError, QueryErrorKind, Scalar, ScoreFunction, ScoreFunctionKind};

impl<'a> Compiler<'a> {
    pub(super) fn distance_feature(&self, name: &str, origin: &Value, pivot: &str) -> Result<Condition, Refusal> {
        let field = self.scored_field(name)?;
        match &field.kind {
            FieldType::Date(date) => {
                check_moment(field, origin)?;
                let smallest = if date.resolution == DateResolution::Nanos { 1 } else { MILLISECOND };
                check("pivot", "a time above zero like \"7d\"", pivot, nanos(pivot).map(|nanos| nanos >= smallest))?;
            }
            FieldType::GeoPoint(_) => {
                let place = check_place(origin)?;
                if !place.is_on_the_globe() {
                    return Err(Refusal::malformed(format!(
                        "\"origin\" {}, {} is not on the globe",
                        place.lat, place.lon
                    )));
                }
                let metres = distance::metres(pivot, METRE);
                check("pivot", "a distance above zero like \"1km\"", pivot, metres.map(|metres| metres > 0.0))?;
            }
            _ => return Err(type_refusal("distance_feature", field, "date, date_nanos and geo_point")),
        }
        Ok(existence_of(field))
    }

    /// Checks the functions of a `function_score`. What a node finds out only when it meets a document (a missing value, a negative
    /// score) is not checked.
    pub(super) fn score_functions(&self, functions: &[ScoreFunction], path: NestedId) -> Result<(), QueryError> {
        for function in functions {
            if let Some(filter) = &function.filter {
                self.query(filter, path)?;
            }
            self.score_function(&function.kind).map_err(|refusal| refusal.at(&function.pointer))?;
        }
        Ok(())
    }

    fn score_function(&self, kind: &ScoreFunctionKind) -> Result<(), Refusal> {
        match kind {
            ScoreFunctionKind::Plain => Ok(()),
            // Elasticsearch scores by `_id` where a setting of the cluster allows it.
            ScoreFunctionKind::Random { field }
                if matches!(field.as_str(), "_id" | "_ignored" | "_index" | "_seq_no" | "_version") =>
            {
                Ok(())
            }
            ScoreFunctionKind::Random { field } => {
                let field = self.scored_field(field)?;
                match field.kind {
                    FieldType::Text(_) | FieldType::MatchOnlyText(_) => {
                        Err(type_refusal("random_score", field, "all but text fields"))
                    }
                    _ => Ok(()),
                }
            }
            ScoreFunctionKind::FieldValue { field, has_missing } => {
                let field = match self.scored_field(field) {
                    Err(refusal) if *has_missing && refusal.kind == QueryErrorKind::UnknownField => return Ok(()),
                    field => field?,
                };
                match field.kind {
                    FieldType::Number(_) | FieldType::Date(_) | FieldType::Boolean(_) | FieldType::TokenCount(_) => {
                        Ok(())
                    }
                    _ => Err(type_refusal("field_value_factor", field, NUMBERS)),
                }
            }
            ScoreFunctionKind::Decay { field, origin, scale, offset } => {
                check_decay(self.scored_field(field)?, origin.as_ref(), scale, offset.as_ref())
            }
        }
    }

    /// A field that is scored by its doc values.
    fn scored_field(&self, name: &str) -> Result<&'a Field, Refusal> {
        let field = self.subject(name)?.field;
        if field.doc_values {
            return Ok(field);
        }
        Err(Refusal::malformed(format!("field {name:?} has no doc values, by which it would be scored")))
    }
}

const NUMBERS: &str = "numbers, dates and booleans";

/// A decay's origin, scale and offset, in the unit of the field's type.
fn check_decay(field: &Field, origin: Option<&Value>, scale: &Scalar, offset: Option<&Scalar>) -> Result<(), Refusal> {
    let measure: fn(&str) -> Option<f64> = match &field.kind {
        FieldType::Date(_) => {
            if let Some(origin) = origin {
                check_moment(field, origin)?;
            }
            |text| nanos(text).filter(|nanos| *nanos >= 0).map(|nanos| (nanos / MILLISECOND) as f64)
        }
        FieldType::GeoPoint(_) => {
            if let Some(origin) = origin {
                check_place(origin)?;
            }
            |text| distance::metres(text, METRE)
        }
        FieldType::Number(_) | FieldType::Boolean(_) | FieldType::TokenCount(_) => {
            if origin.and_then(coerced).is_none() {
                return Err(Refusal::malformed("\"origin\" must be a number, for the field is one"));
            }
            crate::geo::spelling::double
        }
        _ => return Err(type_refusal("decay", field, "numbers, dates, booleans and geo_point")),
    };
    let expected = "a number, a time or a distance as the field is one";
    check("scale", expected, &text_of(scale), measure(&text_of(scale)).map(|scale| scale > 0.0))?;
    match offset.map(text_of) {
        Some(offset) => check("offset", expected, &offset, measure(&offset).map(|offset| offset >= 0.0)),
        None => Ok(()),
    }
}

/// Refuses a length that cannot be read, or that is not long enough.
fn check(name: &str, expected: &str, given: &str, is_long_enough: Option<bool>) -> Result<(), Refusal> {
    match is_long_enough {
        Some(true) => Ok(()),
        Some(false) => Err(Refusal::malformed(format!("{name:?} must be above zero, not {given:?}"))),
        None => Err(Refusal::malformed(format!("{name:?} must be {expected}, not {given:?}"))),
    }
}

fn check_place(origin: &Value) -> Result<Point, Refusal> {
    Spelling::PLAIN.point(origin).map_err(|reason| Refusal::malformed(format!("\"origin\": {reason}")))
}

/// A number is read as its digits are, by the field's own format.
fn check_moment(field: &Field, origin: &Value) -> Result<(), Refusal> {
    let text = match origin {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return Err(Refusal::malformed("\"origin\" must be a date, for the field is one")),
    };
    field.range(Some(&Scalar(Value::String(text))), true, None, true, None, None)?;
    Ok(())
}
