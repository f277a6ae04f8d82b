//! Date math of queries: `now-1d/d`, `2020-01-01||+1M/d`.

use std::hash::{Hash, Hasher};

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan, Unit, Zoned};

use super::date_format::{DateFormat, Instant, Missing, NANOS_PER_MILLI};

/// A date of a query: known now, or counted from the time of matching.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum DateExpression {
    Fixed(Instant),
    Now(NowMath),
}

/// `now` and what is added to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NowMath {
    steps: Vec<Step>,
    missing: Missing,
    zone: TimeZone,
}

/// Without the zone, which has no hash of its own: equal values still have equal hashes.
impl Hash for NowMath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.steps.hash(state);
        self.missing.hash(state);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    Add(i64, MathUnit),
    Round(MathUnit),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum MathUnit {
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
}

/// More steps than anybody writes.
const MAX_STEPS: usize = 64;

/// Reads a date of a query. `missing` says how parts that are not given, and `/` roundings, are filled.
pub(crate) fn parse(
    text: &str,
    format: &DateFormat,
    missing: Missing,
    zone: &TimeZone,
) -> Result<DateExpression, String> {
    if let Some(math) = text.strip_prefix("now") {
        let now = NowMath { steps: steps(math, text)?, missing, zone: zone.clone() };
        if now.at(Timestamp::UNIX_EPOCH).is_none() {
            return Err(out_of_calendar(text));
        }
        return Ok(DateExpression::Now(now));
    }
    let anchor = |date: &str, missing| {
        format
            .parse(date, missing, zone)
            .ok_or_else(|| format!("{:?} is no date of the format {:?}", shortened(date), format.source()))
    };
    match text.split_once("||") {
        None => anchor(text, missing).map(DateExpression::Fixed),
        Some((date, math)) => {
            let start = anchor(date, Missing::First)?;
            let steps = steps(math, text)?;
            if steps.is_empty() {
                return Ok(DateExpression::Fixed(start));
            }
            let moved = walk(start, &steps, missing, zone).ok_or_else(|| out_of_calendar(text))?;
            Ok(DateExpression::Fixed(moved))
        }
    }
}

impl NowMath {
    /// The moment, or `None` where it leaves the calendar.
    pub(crate) fn at(&self, now: Timestamp) -> Option<Instant> {
        // Elasticsearch's `now` has milliseconds.
        let now = Instant(i128::from(now.as_millisecond()) * NANOS_PER_MILLI);
        walk(now, &self.steps, self.missing, &self.zone)
    }
}

fn out_of_calendar(text: &str) -> String {
    format!("{:?} leaves the calendar (years -9999 to 9999)", shortened(text))
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

fn steps(math: &str, whole: &str) -> Result<Vec<Step>, String> {
    let wrong = |what: &str| format!("{what} in the date math {:?}; for example now-1d/d is right", shortened(whole));
    let mut steps = Vec::new();
    let mut letters = math.chars().peekable();
    while let Some(operator) = letters.next() {
        let mut number = String::new();
        while let Some(digit) = letters.next_if(char::is_ascii_digit) {
            number.push(digit);
        }
        let count = match number.as_str() {
            "" => 1,
            digits => digits.parse::<i32>().map(i64::from).map_err(|_| wrong("too large a number"))?,
        };
        let unit = match letters.next() {
            Some('y') => MathUnit::Year,
            Some('M') => MathUnit::Month,
            Some('w') => MathUnit::Week,
            Some('d') => MathUnit::Day,
            Some('h' | 'H') => MathUnit::Hour,
            Some('m') => MathUnit::Minute,
            Some('s') => MathUnit::Second,
            _ => return Err(wrong("a unit is missing (y, M, w, d, h, H, m, s)")),
        };
        steps.push(match operator {
            '+' => Step::Add(count, unit),
            '-' => Step::Add(-count, unit),
            '/' if count == 1 => Step::Round(unit),
            '/' => return Err(wrong("rounding takes no number")),
            _ => return Err(wrong("an operator is missing (+, -, /)")),
        });
        if steps.len() > MAX_STEPS {
            return Err(wrong("more than 64 steps"));
        }
    }
    Ok(steps)
}

fn walk(start: Instant, steps: &[Step], missing: Missing, zone: &TimeZone) -> Option<Instant> {
    let start = Timestamp::from_nanosecond(start.0).ok()?.to_zoned(zone.clone());
    let end = steps.iter().try_fold(start, |moment, step| match step {
        Step::Add(count, unit) => moment.checked_add(span(*count, *unit)?).ok(),
        Step::Round(unit) => round(&moment, *unit, missing),
    })?;
    Some(Instant(end.timestamp().as_nanosecond()))
}

fn span(count: i64, unit: MathUnit) -> Option<Span> {
    let span = Span::new();
    match unit {
        MathUnit::Year => span.try_years(count),
        MathUnit::Month => span.try_months(count),
        MathUnit::Week => span.try_weeks(count),
        MathUnit::Day => span.try_days(count),
        MathUnit::Hour => span.try_hours(count),
        MathUnit::Minute => span.try_minutes(count),
        MathUnit::Second => span.try_seconds(count),
    }
    .ok()
}

/// Down to the unit's start, or up to its last millisecond.
fn round(moment: &Zoned, unit: MathUnit, missing: Missing) -> Option<Zoned> {
    let date = moment.date();
    let start = match unit {
        MathUnit::Year => date.first_of_year().to_zoned(moment.time_zone().clone()).ok()?,
        MathUnit::Month => date.first_of_month().to_zoned(moment.time_zone().clone()).ok()?,
        MathUnit::Week => {
            let since_monday = i64::from(date.weekday().to_monday_zero_offset());
            date.checked_sub(since_monday.days()).ok()?.to_zoned(moment.time_zone().clone()).ok()?
        }
        MathUnit::Day => moment.start_of_day().ok()?,
        MathUnit::Hour => floor(moment, Unit::Hour)?,
        MathUnit::Minute => floor(moment, Unit::Minute)?,
        MathUnit::Second => floor(moment, Unit::Second)?,
    };
    match missing {
        Missing::First => Some(start),
        Missing::Last => start.checked_add(span(1, unit)?).ok()?.checked_sub(1.millisecond()).ok(),
    }
}

fn floor(moment: &Zoned, unit: Unit) -> Option<Zoned> {
    moment.round(jiff::ZonedRound::new().smallest(unit).mode(jiff::RoundMode::Floor)).ok()
}
