//! Range fields: their values, and what they are asked for, as intervals of points.

use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::bounds::PointRange;
use super::date_format::Missing;
use super::date_math::{self, DateExpression};
use super::field::{DateResolution, NumberType, RangeOf, RangeType};
use super::ip;
use super::number::{double_point, float_point};

/// What one end of a range says.
#[derive(Clone, Copy)]
struct End<'a> {
    value: &'a Value,
    includes: bool,
}

impl RangeType {
    /// The interval of a document's value, both ends included.
    pub(crate) fn document_interval(&self, value: &Value) -> Result<(i128, i128), String> {
        match (value, &self.of) {
            (Value::Object(object), _) => self.interval(object),
            (Value::String(block), RangeOf::Ip) => {
                ip::parse_block(block).ok_or_else(|| "it is no block of addresses".to_owned())
            }
            _ => Err("an object with gt, gte, lt and lte is expected".to_owned()),
        }
    }

    fn interval(&self, object: &Map<String, Value>) -> Result<(i128, i128), String> {
        let (mut lower, mut upper) = (None, None);
        for (key, value) in object {
            let (end, includes) = match key.as_str() {
                "gt" => (&mut lower, false),
                "gte" => (&mut lower, true),
                "lt" => (&mut upper, false),
                "lte" => (&mut upper, true),
                other => return Err(format!("unknown key {other:?}; gt, gte, lt and lte are expected")),
            };
            *end = Some(End { value, includes });
        }
        let (lowest, highest) = self.limits();
        // An end that is null is the type's own, and may be excluded too.
        let low = match lower {
            Some(end) if !end.value.is_null() => self.document_end(end, Missing::First)?,
            _ => lowest,
        };
        let high = match upper {
            Some(end) if !end.value.is_null() => self.document_end(end, Missing::Last)?,
            _ => highest,
        };
        let low = if lower.is_none_or(|end| end.includes) { low } else { self.next_up(low)? };
        let high = if upper.is_none_or(|end| end.includes) { high } else { self.next_down(high)? };
        if low > high { Err("its lower end is above its upper end".to_owned()) } else { Ok((low, high)) }
    }

    /// What a query on numbers or addresses asks for. Unlike a field of single values, a range field refuses what its type
    /// cannot hold, and a lower end above the upper one.
    pub(super) fn asked_interval(
        &self,
        lower: Option<(&Value, bool)>,
        upper: Option<(&Value, bool)>,
    ) -> Result<PointRange, String> {
        let (lowest, highest) = self.limits();
        let low = lower.map_or(Ok(lowest), |(value, _)| self.asked_end(value))?;
        let high = upper.map_or(Ok(highest), |(value, _)| self.asked_end(value))?;
        if low > high {
            return Err("the lower end is above the upper end".to_owned());
        }
        let low = if lower.is_none_or(|(_, includes)| includes) { low } else { self.next_up(low)? };
        let high = if upper.is_none_or(|(_, includes)| includes) { high } else { self.next_down(high)? };
        Ok(PointRange::between(low, high))
    }

    /// The points of the least and the greatest end.
    pub(super) fn limits(&self) -> (i128, i128) {
        match &self.of {
            RangeOf::Number(kind) => kind.limits(),
            RangeOf::Date(_) => (i64::MIN.into(), i64::MAX.into()),
            RangeOf::Ip => (ip::MIN, ip::MAX),
        }
    }

    fn asked_end(&self, value: &Value) -> Result<i128, String> {
        match &self.of {
            RangeOf::Number(kind) => kind.end_point(value).map_err(|reason| format!("{value}: {reason}")),
            RangeOf::Ip | RangeOf::Date(_) => address(value),
        }
    }

    /// Included ends of dates fill the parts that are not given as `inclusive` says; excluded ones do the reverse.
    fn document_end(&self, end: End<'_>, inclusive: Missing) -> Result<i128, String> {
        match &self.of {
            RangeOf::Number(kind) => {
                kind.document_point(end.value, self.coerce)?.ok_or_else(|| "an end is an empty string".to_owned())
            }
            RangeOf::Ip => address(end.value),
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

    /// The next point above; of zeros of either sign, the least number above zero.
    fn next_up(&self, point: i128) -> Result<i128, String> {
        let (_, highest) = self.limits();
        match self.zeros() {
            Some((below, above)) if point == below || point == above => Ok(above + 1),
            _ if point == highest => Err("nothing is above the excluded lower end".to_owned()),
            _ => Ok(point + 1),
        }
    }

    fn next_down(&self, point: i128) -> Result<i128, String> {
        let (lowest, _) = self.limits();
        match self.zeros() {
            Some((below, above)) if point == below || point == above => Ok(below - 1),
            _ if point == lowest => Err("nothing is below the excluded upper end".to_owned()),
            _ => Ok(point - 1),
        }
    }

    /// The points of -0.0 and 0.0.
    fn zeros(&self) -> Option<(i128, i128)> {
        match self.of {
            RangeOf::Number(NumberType::Float) => Some((float_point(-0.0), float_point(0.0))),
            RangeOf::Number(NumberType::Double) => Some((double_point(-0.0), double_point(0.0))),
            RangeOf::Number(_) | RangeOf::Date(_) | RangeOf::Ip => None,
        }
    }
}

fn address(value: &Value) -> Result<i128, String> {
    value.as_str().and_then(ip::parse).ok_or_else(|| format!("its end {value} is no address"))
}
