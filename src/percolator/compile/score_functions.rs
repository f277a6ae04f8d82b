//! The functions of `function_score` decide no match; that they fit their fields is checked all the same, as nodes do.

use serde_json::Value;

use crate::mapping::{DateType, FieldType};
use crate::percolator::compile::term_level::{text_of, type_refusal};
use crate::percolator::compile::{Compiler, Refusal};
use crate::query::{Scalar, ScoreFunction, ScoredField, time_value};

impl Compiler<'_> {
    /// Refuses a function whose field is unknown or of a type that it cannot use.
    pub(super) fn check_scored_field(&self, scored: &ScoredField) -> Result<(), Refusal> {
        // `_seq_no` and the like are there in every index.
        if matches!(scored.function, ScoreFunction::Random) && scored.field.starts_with('_') {
            return Ok(());
        }
        let field = match self.subject(&scored.field) {
            Err(_) if scored.function == (ScoreFunction::Factor { has_missing: true }) => return Ok(()),
            subject => subject?.field,
        };
        match (&scored.function, &field.kind) {
            (ScoreFunction::Random, FieldType::Text(_) | FieldType::MatchOnlyText(_)) => {
                Err(type_refusal("random_score", field, "fields with doc values"))
            }
            (ScoreFunction::Random, _)
            | (
                ScoreFunction::Factor { .. },
                FieldType::Number(_) | FieldType::Date(_) | FieldType::Boolean(_) | FieldType::TokenCount(_),
            )
            | (ScoreFunction::Decay { .. }, FieldType::GeoPoint(_)) => Ok(()),
            (ScoreFunction::Factor { .. }, _) => {
                Err(type_refusal("field_value_factor", field, "numeric, date and boolean fields"))
            }
            (
                ScoreFunction::Decay { origin, scale, offset },
                FieldType::Number(_) | FieldType::Boolean(_) | FieldType::TokenCount(_),
            ) => check_numbers(origin.as_ref(), scale, offset.as_ref()),
            (ScoreFunction::Decay { origin, scale, offset }, FieldType::Date(date)) => {
                check_dates(date, origin.as_ref(), scale, offset.as_ref())
            }
            (ScoreFunction::Decay { .. }, _) => {
                Err(type_refusal("a decay function", field, "numeric, date and geo_point fields"))
            }
        }
    }
}

fn check_numbers(origin: Option<&Value>, scale: &Value, offset: Option<&Value>) -> Result<(), Refusal> {
    let number = |value: &Value| value.as_f64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()));
    if origin.and_then(number).is_none() {
        return Err(Refusal::malformed("\"origin\" must be a number for a numeric field"));
    }
    check_signs(number(scale), offset.map(number), "a number")
}

fn check_dates(date: &DateType, origin: Option<&Value>, scale: &Value, offset: Option<&Value>) -> Result<(), Refusal> {
    if let Some(origin) = origin {
        let scalar = match origin {
            Value::String(_) | Value::Number(_) | Value::Bool(_) => Scalar(origin.clone()),
            _ => return Err(Refusal::malformed("\"origin\" must be a date for a date field")),
        };
        date.check_math(&text_of(&scalar))?;
    }
    let duration = |value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        time_value::count(&text).map(|count| count as f64)
    };
    check_signs(duration(scale), offset.map(duration), "a time like \"10d\"")
}

/// `scale` must be above 0, `offset` not below.
fn check_signs(scale: Option<f64>, offset: Option<Option<f64>>, what: &str) -> Result<(), Refusal> {
    if scale.is_none_or(|scale| scale <= 0.0) {
        return Err(Refusal::malformed(format!("\"scale\" must be {what}, above 0")));
    }
    if offset.is_some_and(|offset| offset.is_none_or(|offset| offset < 0.0)) {
        return Err(Refusal::malformed(format!("\"offset\" must be {what}, not negative")));
    }
    Ok(())
}
