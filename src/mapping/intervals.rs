//! Values of range fields as intervals of points.

use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::date_format::Missing;
use super::date_math::{self, DateExpression};
use super::field::{DateResolution, RangeOf, RangeType};
use super::ip;

/// What one end of a range says.
struct End<'a> {
    value: &'a Value,
    includes: bool,
}

impl RangeType {
    /// The interval of a document's value, both ends included; `None` where it is empty.
    pub(crate) fn document_interval(&self, value: &Value) -> Result<Option<(i128, i128)>, String> {
        match (value, &self.of) {
            (Value::Object(object), _) => self.interval(object),
            (Value::String(block), RangeOf::Ip) => {
                ip::parse_block(block).map(Some).ok_or_else(|| "it is no block of addresses".to_owned())
            }
            _ => Err("an object with gt, gte, lt and lte is expected".to_owned()),
        }
    }

    fn interval(&self, object: &Map<String, Value>) -> Result<Option<(i128, i128)>, String> {
        let (mut lower, mut upper) = (None, None);
        for (key, value) in object {
            let (end, includes) = match key.as_str() {
                "gt" => (&mut lower, false),
                "gte" => (&mut lower, true),
                "lt" => (&mut upper, false),
                "lte" => (&mut upper, true),
                other => return Err(format!("unknown key {other:?}; gt, gte, lt and lte are expected")),
            };
            *end = Some(End { value, includes }).filter(|end| !end.value.is_null());
        }
        let (lowest, highest) = self.limits();
        let low = match lower {
            None => lowest,
            Some(end) => self.point(&end, Missing::First)?.saturating_add(i128::from(!end.includes)),
        };
        let high = match upper {
            None => highest,
            Some(end) => self.point(&end, Missing::Last)?.saturating_sub(i128::from(!end.includes)),
        };
        if low > high {
            return Err("its lower end is above its upper end".to_owned());
        }
        Ok(Some((low, high)))
    }

    fn limits(&self) -> (i128, i128) {
        match &self.of {
            RangeOf::Number(kind) => kind.limits(),
            RangeOf::Date(_) => (i64::MIN.into(), i64::MAX.into()),
            RangeOf::Ip => (ip::MIN, ip::MAX),
        }
    }

    /// `inclusive` is how an included end fills the parts of a date that are not given; an excluded one does the reverse.
    fn point(&self, end: &End, inclusive: Missing) -> Result<i128, String> {
        match &self.of {
            RangeOf::Number(kind) => {
                kind.document_point(end.value, self.coerce)?.ok_or_else(|| "an end is an empty string".to_owned())
            }
            RangeOf::Ip => {
                let point = end.value.as_str().and_then(ip::parse);
                point.ok_or_else(|| format!("its end {} is no address", end.value))
            }
            RangeOf::Date(format) => {
                let text = end.value.as_str().map_or_else(|| end.value.to_string(), str::to_owned);
                let missing = match (inclusive, end.includes) {
                    (Missing::First, true) | (Missing::Last, false) => Missing::First,
                    (Missing::First, false) | (Missing::Last, true) => Missing::Last,
                };
                match date_math::parse(&text, format, missing, &TimeZone::UTC)? {
                    DateExpression::Fixed(instant) => Ok(DateResolution::Millis.point(instant)),
                    DateExpression::Now(_) => Err("`now` cannot stand in a document".to_owned()),
                }
            }
        }
    }
}
