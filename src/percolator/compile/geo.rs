//! Clauses about places, and `distance_feature`, which scores by the distance to a place or a moment.

use serde_json::Value;

use crate::geo::distance::{self, METRE};
use crate::geo::spelling::Spelling;
use crate::mapping::{DateResolution, DateType, Field, FieldType, PointRange};
use crate::percolator::compile::term_level::{existence_of, type_refusal};
use crate::percolator::compile::{Compiler, Refusal};
use crate::percolator::condition::{Condition, Test};
use crate::percolator::geo::GeoArea;
use crate::query::{GeoClause, GeoQuery, Scalar};

impl Compiler<'_> {
    pub(super) fn geo(&self, query: &GeoQuery) -> Result<Condition, Refusal> {
        self.check_allowed(&query.field)?;
        if query.ignore_unmapped && self.mapping.field(&query.field).is_none() {
            return Ok(Condition::None);
        }
        let field = self.subject(&query.field)?.field;
        let FieldType::GeoPoint(_) = field.kind else {
            return Err(type_refusal(query.clause.name(), field, "geo_point"));
        };
        if query.clause == GeoClause::Polygon && !field.indexed {
            return Err(Refusal::malformed(format!(
                "\"geo_polygon\" finds nothing in field {:?}, which is not indexed; use \"geo_shape\"",
                field.name
            )));
        }
        // Elasticsearch lays every shape on the grid that points lie on, but for this old clause.
        let rounded = query.clause != GeoClause::Polygon;
        let area = GeoArea::new(&query.geometry, query.relation, rounded);
        Ok(area.map_or(Condition::None, |area| Condition::Field(field.id, Test::Geo(area))))
    }

    /// Matches where the field has a value, whatever the distance is.
    pub(super) fn distance_feature(&self, name: &str, origin: &Value, pivot: &str) -> Result<Condition, Refusal> {
        let field = self.subject(name)?.field;
        match &field.kind {
            FieldType::Date(date) => check_moment(field, date, origin, pivot)?,
            FieldType::GeoPoint(_) => check_place(origin, pivot)?,
            _ => return Err(type_refusal("distance_feature", field, "date, date_nanos and geo_point")),
        }
        if !field.doc_values {
            return Err(Refusal::malformed(format!(
                "field {name:?} has no doc values, by which \"distance_feature\" scores"
            )));
        }
        Ok(existence_of(field))
    }
}

fn check_place(origin: &Value, pivot: &str) -> Result<(), Refusal> {
    let place = match origin {
        Value::Number(_) => Err("a point is expected, not a number".to_owned()),
        other => Spelling::PLAIN.point(other),
    };
    match place {
        Err(reason) => return Err(Refusal::malformed(format!("\"origin\": {reason}"))),
        Ok(place) if !place.is_on_the_globe() => {
            return Err(Refusal::malformed(format!("\"origin\" is not on the globe: {}, {}", place.lat, place.lon)));
        }
        Ok(_) => {}
    }
    match distance::metres(pivot, METRE) {
        Some(metres) if metres > 0.0 => Ok(()),
        _ => Err(Refusal::malformed(format!("\"pivot\" must be a distance above zero like \"1km\", not {pivot:?}"))),
    }
}

fn check_moment(field: &Field, date: &DateType, origin: &Value, pivot: &str) -> Result<(), Refusal> {
    if origin.is_object() || origin.is_array() {
        return Err(Refusal::malformed("\"origin\" must be a date, for the field is one"));
    }
    let from_origin = field.range(Some(&Scalar(origin.clone())), true, None, true, None, None)?;
    let is_nanos = date.resolution == DateResolution::Nanos;
    if matches!(from_origin, PointRange::Fixed { low, .. } if is_nanos && !(0..=i128::from(i64::MAX)).contains(&low)) {
        return Err(Refusal::malformed(format!("\"origin\" {origin} is not from 1970 to 2262, as date_nanos are")));
    }
    let smallest = if is_nanos { 1 } else { NANOS_PER_MILLI };
    match nanos(pivot) {
        Some(nanos) if nanos >= smallest => Ok(()),
        _ => Err(Refusal::malformed(format!("\"pivot\" must be a time above zero like \"7d\", not {pivot:?}"))),
    }
}

const NANOS_PER_MILLI: i128 = 1_000_000;

/// One of Elasticsearch's time values, `7d`, in nanoseconds.
fn nanos(text: &str) -> Option<i128> {
    const UNITS: [(&str, i128); 7] = [
        ("nanos", 1),
        ("micros", 1_000),
        ("ms", NANOS_PER_MILLI),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
        ("d", 86_400_000_000_000),
    ];
    // Months would be `M`: only minutes are told apart by their case.
    let text = text.trim();
    let text = if text.ends_with('M') { text.to_owned() } else { text.to_ascii_lowercase() };
    let (number, unit) = UNITS.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)))?;
    Some(i128::from(number.trim().parse::<i64>().ok()?) * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_whole_number_and_a_unit() {
        for (text, expected) in [
            ("7d", Some(604_800_000_000_000)),
            (" 1 H ", Some(3_600_000_000_000)),
            ("2m", Some(120_000_000_000)),
            ("2M", None),
            ("5ms", Some(5_000_000)),
            ("1micros", Some(1_000)),
            ("-1d", Some(-86_400_000_000_000)),
            ("1.5d", None),
            ("7", None),
            ("", None),
        ] {
            assert_eq!(nanos(text), expected, "{text:?}");
        }
    }
}
