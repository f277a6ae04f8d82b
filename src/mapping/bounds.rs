//! What a query's values mean for a field: the other half of how the document's values become points.

use jiff::Timestamp;
use serde_json::Value;

use crate::query::Scalar;

use super::date_range::DatedRange;
use super::error::ValueError;
use super::field::{DateResolution, Field, FieldType, NumberType, RangeOf};
use super::ip;

/// The points that a `term` or `range` accepts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PointRange {
    /// Nothing.
    Empty,
    /// From `low` to `high`, both included.
    Fixed { low: i128, high: i128 },
    /// Bounds that hold `now`, known when a document is matched.
    Dated(DatedRange),
}

impl PointRange {
    /// The inclusive bounds at the time `now`; `None` where nothing can match.
    pub fn resolve(&self, now: Timestamp) -> Option<(i128, i128)> {
        let (low, high) = match self {
            PointRange::Empty => return None,
            PointRange::Fixed { low, high } => (*low, *high),
            PointRange::Dated(range) => range.resolve(now)?,
        };
        (low <= high).then_some((low, high))
    }

    pub(super) fn between(low: i128, high: i128) -> PointRange {
        if low <= high { PointRange::Fixed { low, high } } else { PointRange::Empty }
    }
}

impl Field {
    /// The points that `term` with this value accepts; `None` where no document can have it (30.5 on an integer).
    ///
    /// # Errors
    ///
    /// Where Elasticsearch refuses the query: the text is no number, date or address.
    pub fn term_point(&self, value: &Scalar) -> Result<Option<PointRange>, ValueError> {
        let exact = |point| PointRange::Fixed { low: point, high: point };
        match &self.kind {
            FieldType::Number(number) => {
                Ok(number.kind.term_point(&value.0).map_err(|reason| self.refuse(reason))?.map(exact))
            }
            FieldType::TokenCount(_) => {
                Ok(NumberType::Integer.term_point(&value.0).map_err(|reason| self.refuse(reason))?.map(exact))
            }
            FieldType::Ip(_) => self.address_term(&value.0).map(Some),
            FieldType::Boolean(_) => self.boolean(&value.0).map(|truth| Some(exact(i128::from(truth)))),
            // A `term` on a range asks for ranges that hold the value: that which stretches from it to it.
            FieldType::Date(_) | FieldType::Range(_) => {
                match self.range(Some(value), true, Some(value), true, None, None)? {
                    PointRange::Empty => Ok(None),
                    range => Ok(Some(range)),
                }
            }
            _ => Err(self.refuse(format!("a {} field has no points", self.kind.name()))),
        }
    }

    /// The points between two bounds; an open bound is `None`.
    ///
    /// # Errors
    ///
    /// Where Elasticsearch refuses the query: a bound is no number, date or address, the format or the time zone is
    /// unknown or has no meaning for the type.
    pub fn range(
        &self,
        lower: Option<&Scalar>,
        includes_lower: bool,
        upper: Option<&Scalar>,
        includes_upper: bool,
        format: Option<&str>,
        time_zone: Option<&str>,
    ) -> Result<PointRange, ValueError> {
        let lower = lower.map(|value| (&value.0, includes_lower));
        let upper = upper.map(|value| (&value.0, includes_upper));
        match &self.kind {
            FieldType::Number(number) => self.number_range(number.kind, lower, upper),
            FieldType::TokenCount(_) => self.number_range(NumberType::Integer, lower, upper),
            FieldType::Boolean(_) => self.boolean_range(lower, upper),
            FieldType::Ip(_) => self.address_range(lower, upper),
            FieldType::Date(date) => self.date_range(&date.format, date.resolution, lower, upper, format, time_zone),
            FieldType::Range(range) => match &range.of {
                RangeOf::Number(_) | RangeOf::Ip => {
                    range.asked_interval(lower, upper).map_err(|reason| self.refuse(reason))
                }
                RangeOf::Date(own) => self.date_range(own, DateResolution::Millis, lower, upper, format, time_zone),
            },
            _ => Err(self.refuse(format!("a {} field has no points", self.kind.name()))),
        }
    }

    pub(super) fn refuse(&self, reason: impl std::fmt::Display) -> ValueError {
        ValueError::new(format!("{reason} (field {:?} of type {})", self.name, self.kind.name()))
    }

    fn number_range(
        &self,
        kind: NumberType,
        lower: Option<(&Value, bool)>,
        upper: Option<(&Value, bool)>,
    ) -> Result<PointRange, ValueError> {
        let (mut low, mut high) = kind.limits();
        if let Some((value, includes)) = lower {
            low = low.max(kind.lower_point(value, includes).map_err(|reason| self.refuse(reason))?);
        }
        if let Some((value, includes)) = upper {
            high = high.min(kind.upper_point(value, includes).map_err(|reason| self.refuse(reason))?);
        }
        Ok(PointRange::between(low, high))
    }

    /// Checks a value of a list. Unlike a single one, which finds nothing, a number that the type cannot hold is refused
    /// by every Elasticsearch where the field is indexed.
    pub(crate) fn check_listed(&self, value: &Scalar) -> Result<(), ValueError> {
        match &self.kind {
            FieldType::Number(number) if self.indexed => {
                number.kind.check_listed(&value.0).map_err(|reason| self.refuse(reason))
            }
            _ => Ok(()),
        }
    }

    fn boolean(&self, value: &Value) -> Result<bool, ValueError> {
        match value {
            Value::Bool(truth) => Ok(*truth),
            Value::String(text) if text == "true" => Ok(true),
            Value::String(text) if text == "false" => Ok(false),
            other => Err(self.refuse(format!("{} is neither true nor false", shortened(other)))),
        }
    }

    fn boolean_range(
        &self,
        lower: Option<(&Value, bool)>,
        upper: Option<(&Value, bool)>,
    ) -> Result<PointRange, ValueError> {
        let (mut low, mut high) = (0, 1);
        if let Some((value, includes)) = lower {
            low = i128::from(self.boolean(value)?) + i128::from(!includes);
        }
        if let Some((value, includes)) = upper {
            high = i128::from(self.boolean(value)?) - i128::from(!includes);
        }
        Ok(PointRange::between(low, high))
    }

    fn address_term(&self, value: &Value) -> Result<PointRange, ValueError> {
        let text = value.as_str().unwrap_or_default();
        let points = match text.contains('/') {
            true => ip::parse_block(text),
            false => ip::parse(text).map(|point| (point, point)),
        };
        let (low, high) = points
            .ok_or_else(|| self.refuse(format!("{} is no address and no block of addresses", shortened(value))))?;
        Ok(PointRange::Fixed { low, high })
    }

    fn address_range(
        &self,
        lower: Option<(&Value, bool)>,
        upper: Option<(&Value, bool)>,
    ) -> Result<PointRange, ValueError> {
        let address = |value: &Value| {
            let point = value.as_str().and_then(ip::parse);
            point.ok_or_else(|| self.refuse(format!("{} is no address", shortened(value))))
        };
        let (mut low, mut high) = (ip::MIN, ip::MAX);
        if let Some((value, includes)) = lower {
            match address(value)?.checked_add(i128::from(!includes)) {
                Some(point) => low = point,
                None => return Ok(PointRange::Empty),
            }
        }
        if let Some((value, includes)) = upper {
            match address(value)?.checked_sub(i128::from(!includes)) {
                Some(point) => high = point,
                None => return Ok(PointRange::Empty),
            }
        }
        Ok(PointRange::between(low, high))
    }
}

fn shortened(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::Mapping;

    fn field_of(definition: Value) -> Field {
        let mapping = Mapping::from_json(&json!({"properties": {"f": definition}})).unwrap();
        mapping.field("f").unwrap().clone()
    }

    /// The points that a bound pair accepts, by the names of the Query DSL.
    fn range(field: &Field, range: &Value) -> Result<Option<(i128, i128)>, ValueError> {
        let bound = |inclusive: &str, exclusive: &str| match (range.get(inclusive), range.get(exclusive)) {
            (Some(value), _) => (Some(Scalar(value.clone())), true),
            (None, value) => (value.cloned().map(Scalar), false),
        };
        let ((lower, with_lower), (upper, with_upper)) = (bound("gte", "gt"), bound("lte", "lt"));
        let text = |key: &str| range.get(key).and_then(Value::as_str);
        let points =
            field.range(lower.as_ref(), with_lower, upper.as_ref(), with_upper, text("format"), text("time_zone"))?;
        Ok(points.resolve("2024-02-29T12:00:00Z".parse().unwrap()))
    }

    #[test]
    fn a_term_on_whole_numbers_is_exact_and_never_out_of_range() {
        let point = |kind: &str, value: Value| {
            let found = field_of(json!({"type": kind})).term_point(&Scalar(value));
            found.map(|range| range.and_then(|range| range.resolve(Timestamp::UNIX_EPOCH)))
        };
        for (kind, value, expected) in [
            ("integer", json!(3), Some((3, 3))),
            ("integer", json!("3.0"), Some((3, 3))),
            ("integer", json!(30.5), None),
            ("integer", json!(3_000_000_000_i64), None),
            ("integer", json!(" 5"), Some((5, 5))),
            ("long", json!("9007199254740993"), Some((9_007_199_254_740_993, 9_007_199_254_740_993))),
            ("long", json!(1e30), None),
            ("unsigned_long", json!(u64::MAX), Some((u64::MAX.into(), u64::MAX.into()))),
            ("unsigned_long", json!(-1), None),
            ("float", json!(1e40), None),
            ("half_float", json!(70000), None),
        ] {
            assert_eq!(point(kind, value.clone()), Ok(expected), "{kind} {value}");
        }
        for (kind, value) in
            [("integer", json!("abc")), ("integer", json!(true)), ("long", json!("")), ("double", json!("x"))]
        {
            assert!(point(kind, value.clone()).is_err(), "{kind} {value}");
        }
    }

    #[test]
    fn bounds_between_whole_numbers_close_on_the_next() {
        let field = field_of(json!({"type": "integer"}));
        for (bounds, expected) in [
            (json!({"gt": 30.5, "lte": 40}), Some((31, 40))),
            (json!({"gte": -3.5, "lt": 2.5}), Some((-3, 2))),
            (json!({"gt": 30, "lt": 31}), None),
            (json!({"gt": 1}), Some((2, i32::MAX.into()))),
            (json!({"gt": i32::MAX}), None),
        ] {
            assert_eq!(range(&field, &bounds), Ok(expected), "{bounds}");
        }
        assert!(range(&field, &json!({"gte": 3_000_000_000_i64})).is_err());
        assert_eq!(range(&field, &json!({"gte": 1, "format": "yyyy"})), Ok(Some((1, i32::MAX.into()))));
    }

    #[test]
    fn scaled_floats_round_terms_but_close_ranges() {
        let field = field_of(json!({"type": "scaled_float", "scaling_factor": 100}));
        for (bounds, expected) in [
            (json!({"gt": 10.12, "lt": 10.15}), Some((1013, 1014))),
            (json!({"gte": 10.121, "lte": 10.129}), None),
            (json!({"gt": 10.119, "lte": 10.129}), Some((1012, 1012))),
        ] {
            assert_eq!(range(&field, &bounds), Ok(expected), "{bounds}");
        }
        let term = field.term_point(&Scalar(json!(10.123))).unwrap();
        assert_eq!(term, Some(PointRange::Fixed { low: 1012, high: 1012 }));
    }

    #[test]
    fn missing_parts_of_dates_fill_towards_the_bound() {
        let field = field_of(json!({"type": "date"}));
        let millis = |text: &str| i128::from(text.parse::<Timestamp>().unwrap().as_millisecond());
        for (bounds, low, high) in [
            (json!({"gte": "2020-03-15", "lte": "2020-03-15"}), "2020-03-15T00:00:00Z", "2020-03-15T23:59:59.999Z"),
            (json!({"gt": "2020-03-15", "lt": "2020-03-17"}), "2020-03-16T00:00:00Z", "2020-03-16T23:59:59.999Z"),
            (json!({"gte": "2020-03", "lte": "2020-03"}), "2020-03-01T00:00:00Z", "2020-03-01T23:59:59.999Z"),
            (
                json!({"gte": "2020-03-15||/M", "lte": "2020-03-15||/M"}),
                "2020-03-01T00:00:00Z",
                "2020-03-31T23:59:59.999Z",
            ),
            (json!({"gte": "2020-01-31||+1M", "lt": "2020-03-01"}), "2020-02-29T00:00:00Z", "2020-02-29T23:59:59.999Z"),
            (json!({"gte": "now-1y/y", "lte": "now/d"}), "2023-01-01T00:00:00Z", "2024-02-29T23:59:59.999Z"),
            (json!({"gte": "now-1w/w", "lt": "now/w"}), "2024-02-19T00:00:00Z", "2024-02-25T23:59:59.999Z"),
            (
                json!({"gte": "2020-03-15", "lte": "2020-03-15", "time_zone": "+02:00"}),
                "2020-03-14T22:00:00Z",
                "2020-03-15T21:59:59.999Z",
            ),
            (
                json!({"gte": "now/d", "lte": "now/d", "time_zone": "America/New_York"}),
                "2024-02-29T05:00:00Z",
                "2024-03-01T04:59:59.999Z",
            ),
            (
                json!({"gte": "15/03/2020", "lt": "16/03/2020", "format": "dd/MM/yyyy"}),
                "2020-03-15T00:00:00Z",
                "2020-03-15T23:59:59.999Z",
            ),
            (json!({"gte": 2020, "lte": 2021}), "1970-01-01T00:00:02.02Z", "1970-01-01T00:00:02.021Z"),
        ] {
            assert_eq!(range(&field, &bounds), Ok(Some((millis(low), millis(high)))), "{bounds}");
        }
        for wrong in ["x", "now-1", "nowx", "2020||+1x", "2020||/2d", "2020-02-30", "10000-01-01", "now+1000000y"] {
            assert!(range(&field, &json!({"gte": wrong})).is_err(), "{wrong}");
        }
        assert!(range(&field, &json!({"gte": "2020", "time_zone": "Nowhere/X"})).is_err());
    }

    #[test]
    fn addresses_are_found_by_blocks() {
        let field = field_of(json!({"type": "ip"}));
        let block = field.term_point(&Scalar(json!("10.0.0.0/8"))).unwrap();
        assert_eq!(
            block,
            Some(PointRange::Fixed { low: ip::parse("10.0.0.0").unwrap(), high: ip::parse("10.255.255.255").unwrap() })
        );
        assert!(field.term_point(&Scalar(json!("10.0.0.0/33"))).is_err());
        assert_eq!(range(&field, &json!({"gt": "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"})), Ok(None));
    }
}
