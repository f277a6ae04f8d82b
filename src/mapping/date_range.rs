//! Ranges of dates that a query asks for.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::bounds::PointRange;
use super::date_format::{DateFormat, Instant, Missing, NANOS_PER_MILLI};
use super::date_math::{self, DateExpression};
use super::error::ValueError;
use super::field::{DateResolution, DateType, Field, FieldType};
use super::number::java_text_of;
use super::time_zone::zone;

/// A range of dates of which a bound holds `now`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DatedRange {
    low: DateBound,
    high: DateBound,
    resolution: DateResolution,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum DateBound {
    Open,
    /// The moment, and what is added to its point: 1 above what is excluded below, -1 below what is excluded above.
    At(DateExpression, i128),
}

impl DateBound {
    /// What exclusion adds to the point.
    fn beyond(&self) -> i128 {
        match self {
            DateBound::Open => 0,
            DateBound::At(_, beyond) => *beyond,
        }
    }

    fn point(&self, now: Timestamp, resolution: DateResolution, open: i128) -> Option<i128> {
        match self {
            DateBound::Open => Some(open),
            DateBound::At(DateExpression::Fixed(instant), beyond) => Some(resolution.point(*instant) + beyond),
            DateBound::At(DateExpression::Now(math), beyond) => Some(resolution.point(math.at(now)?) + beyond),
        }
    }
}

impl DateResolution {
    /// The point of a moment.
    pub(crate) fn point(self, instant: Instant) -> i128 {
        match self {
            DateResolution::Millis => instant.0.div_euclid(NANOS_PER_MILLI),
            DateResolution::Nanos => instant.0,
        }
    }

    /// Whether a field of this resolution can hold the moment.
    fn holds(self, instant: Instant) -> bool {
        self == DateResolution::Millis || (0..=i128::from(i64::MAX)).contains(&instant.0)
    }
}

impl DateType {
    /// The point of a document's value.
    pub(crate) fn document_point(&self, text: &str) -> Result<i128, String> {
        let instant = self
            .format
            .parse(text, Missing::First, &TimeZone::UTC)
            .ok_or_else(|| format!("it does not fit the format {:?}", self.format.source()))?;
        if !self.resolution.holds(instant) {
            return Err("date_nanos reach from 1970 to 2262".to_owned());
        }
        Ok(self.resolution.point(instant))
    }
}

impl Field {
    pub(super) fn date_range(
        &self,
        own: &DateFormat,
        resolution: DateResolution,
        lower: Option<(&Value, bool)>,
        upper: Option<(&Value, bool)>,
        format: Option<&str>,
        time_zone: Option<&str>,
    ) -> Result<PointRange, ValueError> {
        let given = format.map(DateFormat::new).transpose().map_err(|reason| self.refuse(reason))?;
        let millis = DateFormat::epoch_millis();
        // Where one bound of a field of single dates is a number, both are milliseconds, whatever its own format is.
        let is_single = matches!(self.kind, FieldType::Date(_));
        let has_number = [lower, upper].into_iter().flatten().any(|(value, _)| value.is_number());
        let zone = match time_zone {
            None => TimeZone::UTC,
            Some(name) => known_zone(name).map_err(|reason| self.refuse(reason))?,
        };
        let date = |value: &Value, missing| {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) if number.is_f64() => number.as_f64().map(java_text_of).unwrap_or_default(),
                other => other.to_string(),
            };
            let parse = |format| date_math::parse(&text, format, missing, &zone);
            let date = match &given {
                Some(format) => parse(format),
                None if has_number && is_single => parse(&millis),
                None => parse(own),
            };
            let date = date.map_err(|reason| self.refuse(reason))?;
            match &date {
                DateExpression::Fixed(instant) if !resolution.holds(*instant) => {
                    Err(self.refuse(format!("{text:?} lies beyond nanoseconds, which reach from 1970 to 2262")))
                }
                _ => Ok(date),
            }
        };
        let low = match lower {
            None => DateBound::Open,
            Some((value, true)) => DateBound::At(date(value, Missing::First)?, 0),
            Some((value, false)) => DateBound::At(date(value, Missing::Last)?, 1),
        };
        let high = match upper {
            None => DateBound::Open,
            Some((value, true)) => DateBound::At(date(value, Missing::Last)?, 0),
            Some((value, false)) => DateBound::At(date(value, Missing::First)?, -1),
        };
        let range = DatedRange { low, high, resolution };
        if range.holds_now() {
            return Ok(PointRange::Dated(range));
        }
        let (low, high) = range.resolve(Timestamp::UNIX_EPOCH).unwrap_or((1, 0));
        // Ends that are excluded stand one point beside those that are written.
        let is_reversed = low - range.low.beyond() > high - range.high.beyond();
        if is_reversed && matches!(self.kind, FieldType::Range(_)) {
            return Err(self.refuse("the lower end is above the upper end"));
        }
        Ok(PointRange::between(low, high))
    }
}

/// Checks a `format` and a `time_zone`: both must be right even where they say nothing.
///
/// # Errors
///
/// Where the format or the time zone is unknown.
pub(crate) fn check_date_parameters(format: Option<&str>, time_zone: Option<&str>) -> Result<(), ValueError> {
    if let Some(format) = format {
        DateFormat::new(format).map_err(ValueError::new)?;
    }
    match time_zone {
        Some(name) => known_zone(name).map(drop).map_err(ValueError::new),
        None => Ok(()),
    }
}

fn known_zone(name: &str) -> Result<TimeZone, String> {
    zone(name)
        .ok_or_else(|| format!("unknown time zone {name:?}; an offset (+01:00) or a name (Europe/Paris) is expected"))
}

impl DatedRange {
    /// The bounds at the time `now`; `None` where one leaves the calendar.
    pub(super) fn resolve(&self, now: Timestamp) -> Option<(i128, i128)> {
        Some((
            self.low.point(now, self.resolution, i64::MIN.into())?,
            self.high.point(now, self.resolution, i64::MAX.into())?,
        ))
    }

    fn holds_now(&self) -> bool {
        [&self.low, &self.high].into_iter().any(|bound| matches!(bound, DateBound::At(DateExpression::Now(_), _)))
    }
}
