//! Points back into words, for those who read explanations.

use jiff::Timestamp;

use crate::geo::EncodedPoint;

use super::date_format::NANOS_PER_MILLI;
use super::field::{DateResolution, Field, FieldType, NumberType, RangeOf};
use super::ip;

/// What a point of a field stands for.
#[derive(Clone, Copy)]
enum Unit {
    Number(NumberType),
    Moment(DateResolution),
    Address,
    Truth,
    Place,
    Plain,
}

impl Field {
    /// The value that a point stands for: `5`, `2021-03-01T00:00:00Z`, `192.168.0.1`, degrees north and east `52.37000, 4.89000`.
    pub fn spelled(&self, point: i128) -> String {
        self.unit().spelled(point)
    }

    /// The values from one point to another, both included, to follow an "is": `5 to 9`, `at least 5`.
    pub fn spelled_range(&self, low: i128, high: i128) -> String {
        let unit = self.unit();
        let (lowest, highest) = unit.limits();
        match (low <= lowest, high >= highest) {
            _ if low == high => unit.spelled(low),
            (true, true) => "anything".to_owned(),
            (true, false) => format!("at most {}", unit.spelled(high)),
            (false, true) => format!("at least {}", unit.spelled(low)),
            (false, false) => format!("{} to {}", unit.spelled(low), unit.spelled(high)),
        }
    }

    fn unit(&self) -> Unit {
        match &self.kind {
            FieldType::Number(number) => Unit::Number(number.kind),
            FieldType::TokenCount(_) => Unit::Number(NumberType::Integer),
            FieldType::Date(date) => Unit::Moment(date.resolution),
            FieldType::Ip(_) => Unit::Address,
            FieldType::Boolean(_) => Unit::Truth,
            FieldType::Range(range) => match &range.of {
                RangeOf::Number(number) => Unit::Number(*number),
                RangeOf::Date(_) => Unit::Moment(DateResolution::Millis),
                RangeOf::Ip => Unit::Address,
            },
            FieldType::GeoPoint(_) => Unit::Place,
            FieldType::Text(_)
            | FieldType::MatchOnlyText(_)
            | FieldType::Keyword(_)
            | FieldType::ConstantKeyword(_)
            | FieldType::Wildcard(_)
            | FieldType::Version
            | FieldType::Flattened(_)
            | FieldType::FlattenedKeys(_)
            | FieldType::RankFeature { .. }
            | FieldType::RankFeatures { .. }
            | FieldType::Binary => Unit::Plain,
        }
    }
}

impl Unit {
    /// The points beyond which a range is open.
    fn limits(self) -> (i128, i128) {
        match self {
            Unit::Number(number) => number.limits(),
            Unit::Address => (ip::MIN, ip::MAX),
            // The ends of a document's open date range.
            Unit::Moment(_) => (i64::MIN.into(), i64::MAX.into()),
            Unit::Truth => (0, 1),
            Unit::Place | Unit::Plain => (i128::MIN, i128::MAX),
        }
    }

    fn spelled(self, point: i128) -> String {
        match self {
            Unit::Number(number) => spelled_number(number, point),
            Unit::Moment(resolution) => {
                let nanos = match resolution {
                    DateResolution::Millis => point.saturating_mul(NANOS_PER_MILLI),
                    DateResolution::Nanos => point,
                };
                match Timestamp::from_nanosecond(nanos) {
                    Ok(moment) => moment.to_string(),
                    Err(_) => format!("{} ms after 1970", nanos / NANOS_PER_MILLI),
                }
            }
            Unit::Address => ip::address(point).to_string(),
            Unit::Truth => (point != 0).to_string(),
            Unit::Place => {
                // What is kept of a coordinate is as precise as that.
                let place = EncodedPoint::from_point(point).decoded();
                format!("{:.5}, {:.5}", place.lat, place.lon)
            }
            Unit::Plain => point.to_string(),
        }
    }
}

fn spelled_number(kind: NumberType, point: i128) -> String {
    match kind {
        NumberType::Byte | NumberType::Short | NumberType::Integer | NumberType::Long | NumberType::UnsignedLong => {
            point.to_string()
        }
        NumberType::HalfFloat | NumberType::Float => super::number::float_of(point).to_string(),
        NumberType::Double => super::number::double_of(point).to_string(),
        NumberType::ScaledFloat { scaling_factor } => (point as f64 / scaling_factor).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::Mapping;
    use crate::query::Scalar;

    #[test]
    fn points_are_spelled_as_the_values_that_they_came_from() {
        for (definition, value, expected) in [
            (json!({"type": "integer"}), json!(-5), "-5"),
            (json!({"type": "unsigned_long"}), json!(u64::MAX), "18446744073709551615"),
            (json!({"type": "double"}), json!(-0.25), "-0.25"),
            (json!({"type": "float"}), json!(1.5), "1.5"),
            (json!({"type": "scaled_float", "scaling_factor": 100}), json!(10.12), "10.12"),
            (json!({"type": "date"}), json!("2021-03-01"), "2021-03-01T00:00:00Z to 2021-03-01T23:59:59.999Z"),
            (json!({"type": "date_nanos"}), json!("2021-03-01T00:00:00.000000001Z"), "2021-03-01T00:00:00.000000001Z"),
            (json!({"type": "ip"}), json!("192.168.0.1"), "192.168.0.1"),
            (json!({"type": "ip"}), json!("2001:db8::1"), "2001:db8::1"),
            (json!({"type": "long_range"}), json!(7), "7"),
        ] {
            let (low, high) = points(&definition, &value);
            let mapping = mapping(&definition);
            assert_eq!(mapping.field("f").unwrap().spelled_range(low, high), expected, "{definition}");
        }
    }

    #[test]
    fn open_ends_are_named_so() {
        let mapping = mapping(&json!({"type": "integer"}));
        let field = mapping.field("f").unwrap();
        assert_eq!(field.spelled_range(i32::MIN.into(), 5), "at most 5");
        assert_eq!(field.spelled_range(5, i32::MAX.into()), "at least 5");
        assert_eq!(field.spelled_range(5, 9), "5 to 9");
    }

    fn mapping(definition: &Value) -> Mapping {
        Mapping::from_json(&json!({"properties": {"f": definition}})).unwrap()
    }

    fn points(definition: &Value, value: &Value) -> (i128, i128) {
        let mapping = mapping(definition);
        let range = mapping.field("f").unwrap().term_point(&Scalar(value.clone())).unwrap().unwrap();
        range.resolve("2024-02-29T12:00:00Z".parse().unwrap()).unwrap()
    }
}
