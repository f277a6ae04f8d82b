//! Date formats as Elasticsearch writes them: `yyyy-MM-dd||epoch_millis`.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use super::date_pattern::{Item, Part, ZoneStyle, compile};

/// A list of formats (`||` between them), tried in order.
///
/// ```
/// use tripline::mapping::DateFormat;
///
/// let format = DateFormat::new("yyyy-MM||strict_date_optional_time||epoch_millis").unwrap();
/// assert!(format.accepts("2021-03"));
/// assert!(!format.accepts("March 2021"));
/// ```
#[derive(Debug, Clone)]
pub struct DateFormat {
    source: Box<str>,
    formats: Vec<Format>,
}

#[derive(Debug, Clone)]
enum Format {
    EpochMillis,
    EpochSecond,
    Pattern(Vec<Item>),
}

/// A moment as nanoseconds since 1970: `epoch_millis` reach further than a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Instant(pub(crate) i128);

/// What becomes of the parts of a date that are not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Missing {
    /// The first month, day, hour…
    First,
    /// The first month and day, but the last hour, minute, second: what `lte` and `gt` mean.
    Last,
}

pub(crate) const NANOS_PER_MILLI: i128 = 1_000_000;
const NANOS_PER_SECOND: i128 = 1_000_000_000;

impl Default for DateFormat {
    /// `strict_date_optional_time||epoch_millis`
    fn default() -> Self {
        DateFormat::iso_or_millis("strict_date_optional_time||epoch_millis", "strict_date_optional_time")
    }
}

impl DateFormat {
    /// The default of `date_nanos`.
    pub(crate) fn nanos() -> DateFormat {
        DateFormat::iso_or_millis("strict_date_optional_time_nanos||epoch_millis", "strict_date_optional_time_nanos")
    }

    /// What a number of a query is read by.
    pub(crate) fn epoch_millis() -> DateFormat {
        DateFormat { source: "epoch_millis".into(), formats: vec![Format::EpochMillis] }
    }

    fn iso_or_millis(source: &str, iso: &str) -> DateFormat {
        let iso = compile(iso).unwrap_or_default();
        DateFormat { source: source.into(), formats: vec![Format::Pattern(iso), Format::EpochMillis] }
    }

    /// Reads a list of named formats and Java patterns.
    ///
    /// # Errors
    ///
    /// Says which format is unknown or which letter is not supported.
    pub fn new(source: &str) -> Result<DateFormat, String> {
        let formats = source
            .split("||")
            .map(|format| match format {
                "epoch_millis" => Ok(Format::EpochMillis),
                "epoch_second" => Ok(Format::EpochSecond),
                pattern => compile(pattern).map(Format::Pattern),
            })
            .collect::<Result<_, _>>()?;
        Ok(DateFormat { source: source.into(), formats })
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether a document's value fits.
    pub fn accepts(&self, text: &str) -> bool {
        self.parse(text, Missing::First, &TimeZone::UTC).is_some()
    }

    /// The moment that a text says; `zone` is that of texts that say none.
    pub(crate) fn parse(&self, text: &str, missing: Missing, zone: &TimeZone) -> Option<Instant> {
        self.formats.iter().find_map(|format| match format {
            Format::EpochMillis => epoch(text, NANOS_PER_MILLI, missing),
            Format::EpochSecond => epoch(text, NANOS_PER_SECOND, missing),
            Format::Pattern(items) => {
                let mut parts = Parts::default();
                let rest = parts.read(items, text)?;
                if rest.is_empty() { parts.instant(missing, zone) } else { None }
            }
        })
    }
}

/// A number of milliseconds or seconds, perhaps with a fraction.
fn epoch(text: &str, unit: i128, missing: Missing) -> Option<Instant> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 19 || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let mut nanos = whole.parse::<i128>().ok()? * unit;
    let mut digit_value = unit;
    for digit in fraction.bytes() {
        digit_value /= 10;
        nanos += i128::from(digit - b'0') * digit_value;
    }
    if negative {
        nanos = -nanos;
    }
    if missing == Missing::Last && fraction.is_empty() {
        nanos += unit - 1;
    }
    Some(Instant(nanos))
}

/// What was found in a text.
#[derive(Debug, Clone, Default)]
struct Parts {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: Option<i64>,
    hour_of_half_day: Option<i64>,
    afternoon: Option<bool>,
    minute: Option<i64>,
    second: Option<i64>,
    nanos: Option<i64>,
    zone: Option<TimeZone>,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

impl Parts {
    /// Reads the items from the start of `text`; answers what is left of it.
    fn read<'a>(&mut self, items: &[Item], text: &'a str) -> Option<&'a str> {
        items.iter().try_fold(text, |text, item| self.read_item(item, text))
    }

    fn read_item<'a>(&mut self, item: &Item, text: &'a str) -> Option<&'a str> {
        match item {
            Item::Literal(literal) => text.strip_prefix(literal.as_str()),
            Item::Number { part, min_digits, max_digits } => self.read_number(*part, *min_digits, *max_digits, text),
            Item::Fraction { min_digits, max_digits } => {
                let (digits, rest) = digits(text, *min_digits, *max_digits)?;
                let scale = 10_i64.pow(9 - digits.len() as u32);
                self.nanos = Some(digits.parse::<i64>().ok()? * scale);
                Some(rest)
            }
            Item::MonthName { short } => {
                let (index, rest) = name(&MONTHS, *short, text)?;
                self.month = Some(index as i64 + 1);
                Some(rest)
            }
            Item::WeekdayName { short } => name(&WEEKDAYS, *short, text).map(|(_, rest)| rest),
            Item::HalfDay => {
                let afternoon = if text.starts_with("AM") { false } else { text.starts_with("PM").then_some(true)? };
                self.afternoon = Some(afternoon);
                text.get(2..)
            }
            Item::Zone(style) => {
                let (zone, rest) = read_zone(*style, text)?;
                self.zone = Some(zone);
                Some(rest)
            }
            Item::Optional(items) => {
                let mut with = self.clone();
                match with.read(items, text) {
                    Some(rest) => {
                        *self = with;
                        Some(rest)
                    }
                    None => Some(text),
                }
            }
        }
    }

    fn read_number<'a>(&mut self, part: Part, min: usize, max: usize, text: &'a str) -> Option<&'a str> {
        let (sign, unsigned) = match text.strip_prefix('-') {
            Some(unsigned) if part == Part::Year => (-1, unsigned),
            _ => (1, text),
        };
        let (digits, rest) = digits(unsigned, min, max)?;
        let value = digits.parse::<i64>().ok()? * sign;
        match part {
            Part::YearOfEra if value == 0 => return None,
            Part::Year | Part::YearOfEra => self.year = Some(value),
            Part::ShortYear => self.year = Some(2000 + value),
            Part::Month => self.month = Some(value),
            Part::Day => self.day = Some(value),
            Part::DayOfYear => self.day_of_year = Some(value),
            Part::Hour => self.hour = Some(value),
            Part::HourOfHalfDay => self.hour_of_half_day = Some(value),
            Part::Minute => self.minute = Some(value),
            Part::Second => self.second = Some(value),
        }
        Some(rest)
    }

    fn instant(&self, missing: Missing, zone: &TimeZone) -> Option<Instant> {
        let last = |value: i64| if missing == Missing::Last { value } else { 0 };
        let hour = match (self.hour, self.hour_of_half_day) {
            (Some(hour), _) => hour,
            (None, Some(hour @ 1..=12)) => hour % 12 + if self.afternoon.unwrap_or(false) { 12 } else { 0 },
            (None, Some(_)) => return None,
            (None, None) => last(23),
        };
        let minute = self.minute.unwrap_or(last(59));
        let second = self.second.unwrap_or(last(59));
        let nanos = self.nanos.unwrap_or(last(999_999_999));
        let small = |value: i64| i8::try_from(value).ok();
        let time = Time::new(small(hour)?, small(minute)?, small(second)?, i32::try_from(nanos).ok()?).ok()?;
        let local = DateTime::from_parts(self.date()?, time);
        let zone = self.zone.as_ref().unwrap_or(zone).clone();
        // A fixed offset is arithmetic: the calendar's last days have no timestamp of their own.
        if let Ok(offset) = zone.to_fixed_offset() {
            let since_1970 = local.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0)).as_nanos();
            return Some(Instant(since_1970 - i128::from(offset.seconds()) * NANOS_PER_SECOND));
        }
        // Not by a `Timestamp`, whose last day is 9999-12-30: the day after it is what many write for "no end".
        let offset = match zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before,
        };
        let as_if_utc = local.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0)).as_nanos();
        Some(Instant(as_if_utc - i128::from(offset.seconds()) * 1_000_000_000))
    }

    fn date(&self) -> Option<Date> {
        let year = i16::try_from(self.year.unwrap_or(1970)).ok()?;
        if let Some(day) = self.day_of_year {
            let first = Date::new(year, 1, 1).ok()?;
            let in_year = (1..=i64::from(first.days_in_year())).contains(&day);
            return if in_year { first.checked_add(jiff::Span::new().days(day - 1)).ok() } else { None };
        }
        let month = i8::try_from(self.month.unwrap_or(1)).ok()?;
        Date::new(year, month, i8::try_from(self.day.unwrap_or(1)).ok()?).ok()
    }
}

/// The digits at the start, at most `max` of them; none where they are fewer than `min`.
fn digits(text: &str, min: usize, max: usize) -> Option<(&str, &str)> {
    let count = text.bytes().take(max).take_while(u8::is_ascii_digit).count();
    if count < min.max(1) { None } else { text.split_at_checked(count) }
}

fn name<'a>(names: &[&str], short: bool, text: &'a str) -> Option<(usize, &'a str)> {
    names.iter().enumerate().find_map(|(index, name)| {
        let name = if short { name.get(..3)? } else { name };
        Some((index, text.strip_prefix(name)?))
    })
}

fn read_zone(style: ZoneStyle, text: &str) -> Option<(TimeZone, &str)> {
    match style {
        ZoneStyle::Any => read_offset(text, true, true, true).or_else(|| read_zone_id(text)),
        ZoneStyle::Hours { zulu } => read_offset(text, zulu, false, true),
        ZoneStyle::Basic { zulu } => read_offset(text, zulu, false, false),
        ZoneStyle::Colon { zulu } => read_offset(text, zulu, true, false),
        ZoneStyle::Id => read_zone_id(text),
    }
}

/// `Z`, `+02`, `+0200`, `+02:00`, `+02:00:00`, as far as allowed.
fn read_offset(text: &str, zulu: bool, colon: bool, hours_only: bool) -> Option<(TimeZone, &str)> {
    if zulu && let Some(rest) = text.strip_prefix('Z') {
        return Some((TimeZone::UTC, rest));
    }
    let sign = if text.starts_with('-') { -1 } else { text.starts_with('+').then_some(1)? };
    let (hours, rest) = digits(text.get(1..)?, 2, 2)?;
    let with_colon = rest.strip_prefix(':').filter(|_| colon);
    let with_minutes = match with_colon {
        Some(after) => digits(after, 2, 2),
        None if colon && !hours_only => None,
        None => digits(rest, 2, 2),
    };
    let (minutes, rest) = match with_minutes {
        Some(found) => found,
        None if hours_only && with_colon.is_none() => ("0", rest),
        None => return None,
    };
    let with_seconds = rest.strip_prefix(':').filter(|_| with_colon.is_some()).and_then(|after| digits(after, 2, 2));
    let (seconds, rest) = with_seconds.unwrap_or(("0", rest));
    let number = |digits: &str| digits.parse::<i32>().ok();
    let (minutes, seconds) = (number(minutes)?, number(seconds)?);
    let total = number(hours)? * 3600 + minutes * 60 + seconds;
    if minutes > 59 || seconds > 59 || total > MAX_OFFSET_SECONDS {
        return None;
    }
    Some((TimeZone::fixed(Offset::from_seconds(sign * total).ok()?), rest))
}

/// Java's largest offset is 18 hours.
const MAX_OFFSET_SECONDS: i32 = 18 * 3600;

/// A zone's name up to what cannot be part of one.
fn read_zone_id(text: &str) -> Option<(TimeZone, &str)> {
    let belongs = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'+' | b':');
    let length = text.bytes().take_while(belongs).count();
    let (id, rest) = text.split_at_checked(length)?;
    if id.starts_with(|first: char| first.is_ascii_alphabetic()) { Some((zone(id)?, rest)) } else { None }
}

/// The time zone of this name or offset, as the `time_zone` of a query writes it.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    let offset = ["UTC", "GMT", "UT"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    if offset.is_empty() {
        return (!name.is_empty()).then_some(TimeZone::UTC);
    }
    let padded = match offset.as_bytes() {
        // `+2` is `+02`.
        [sign @ (b'+' | b'-'), hour] => format!("{}0{}", *sign as char, *hour as char),
        _ => offset.to_owned(),
    };
    match read_offset(&padded, true, true, true) {
        Some((zone, "")) => Some(zone),
        _ if name.starts_with(|first: char| first.is_ascii_alphabetic()) => TimeZone::get(name).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: &str, text: &str, missing: Missing) -> Option<String> {
        let instant = DateFormat::new(format).unwrap().parse(text, missing, &TimeZone::UTC)?;
        let since_1970 = jiff::SignedDuration::from_nanos_i128(instant.0);
        Some(format!("{}Z", DateTime::constant(1970, 1, 1, 0, 0, 0, 0).checked_add(since_1970).unwrap()))
    }

    #[test]
    fn texts_are_read_by_the_first_format_that_fits() {
        for (format, text, expected) in [
            ("strict_date_optional_time||epoch_millis", "2020-03-15", Some("2020-03-15T00:00:00Z")),
            ("strict_date_optional_time||epoch_millis", "2020", Some("2020-01-01T00:00:00Z")),
            ("strict_date_optional_time||epoch_millis", "1584230400000", Some("2020-03-15T00:00:00Z")),
            ("strict_date_optional_time||epoch_millis", "-5", Some("1969-12-31T23:59:59.995Z")),
            ("strict_date_optional_time", "2020-03-15T", Some("2020-03-15T00:00:00Z")),
            ("strict_date_optional_time", "2020-03-15T10:30:15,5", Some("2020-03-15T10:30:15.5Z")),
            ("strict_date_optional_time", "2020-03-15T10:30+0200", Some("2020-03-15T08:30:00Z")),
            ("strict_date_optional_time", "2020-03-15T10:30Europe/Paris", Some("2020-03-15T09:30:00Z")),
            ("strict_date_optional_time", "-0005-01-01", Some("-000005-01-01T00:00:00Z")),
            ("strict_date_optional_time", "2020-3-1", None),
            ("strict_date_optional_time", "2020-02-30", None),
            ("strict_date_optional_time", "2020-03-15T24:00", None),
            ("strict_date_optional_time", "2020-03-15 10:30", None),
            ("strict_date_optional_time", " 2020", None),
            ("strict_date_optional_time", "", None),
            ("date_optional_time", "2020-3-1T5:6", Some("2020-03-01T05:06:00Z")),
            ("yyyy-MM-dd||yyyy-MM||yyyy||MMMM yyyy||MMM yyyy", "March 2021", Some("2021-03-01T00:00:00Z")),
            ("yyyy-MM-dd||yyyy-MM||yyyy||MMMM yyyy||MMM yyyy", "Mar 2021", Some("2021-03-01T00:00:00Z")),
            ("yyyy-MM-dd||yyyy-MM||yyyy||MMMM yyyy||MMM yyyy", "Present", None),
            ("yyyy", "-2021", None),
            ("yyyy", "0000", None),
            ("uuuu", "-2021", Some("-002021-01-01T00:00:00Z")),
            ("date", "2021-3", Some("2021-03-01T00:00:00Z")),
            ("strict_date", "2021-03", None),
            ("yyyyMMdd", "20210304", Some("2021-03-04T00:00:00Z")),
            ("basic_date_time_no_millis", "20210304T050607Z", Some("2021-03-04T05:06:07Z")),
            ("dd/MM/yyyy hh:mm a", "04/03/2021 12:05 PM", Some("2021-03-04T12:05:00Z")),
            ("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2021-03-04T05:06:07.089+01:00", Some("2021-03-04T04:06:07.089Z")),
            ("yyyy-DDD", "2020-366", Some("2020-12-31T00:00:00Z")),
            ("yyyy-DDD", "2021-366", None),
            ("d/M/yy", "4/3/21", Some("2021-03-04T00:00:00Z")),
            ("EEE, dd MMM yyyy", "Thu, 04 Mar 2021", Some("2021-03-04T00:00:00Z")),
            ("strict_date_optional_time", "9999-12-31", Some("9999-12-31T00:00:00Z")),
            ("strict_date_optional_time", "2020-03-15T10:30+02:00:30", Some("2020-03-15T08:29:30Z")),
            ("strict_date_optional_time", "2020-03-15T10:30-18:30", None),
            ("strict_date_optional_time", "2020-03-15T10:30+2", None),
            ("strict_date_optional_time_nanos", "2020-03-15T10:30Z", None),
            ("strict_date_optional_time_nanos", "2020-03", Some("2020-03-01T00:00:00Z")),
            ("epoch_second", "1.5", Some("1970-01-01T00:00:01.5Z")),
        ] {
            assert_eq!(read(format, text, Missing::First).as_deref(), expected, "{format} {text}");
        }
    }

    #[test]
    fn missing_hours_are_filled_upwards_but_missing_days_are_not() {
        for (text, expected) in [
            ("2020-03-15T10", "2020-03-15T10:59:59.999999999Z"),
            ("2020-03-15", "2020-03-15T23:59:59.999999999Z"),
            ("2020-03", "2020-03-01T23:59:59.999999999Z"),
            ("2020", "2020-01-01T23:59:59.999999999Z"),
        ] {
            assert_eq!(read("strict_date_optional_time", text, Missing::Last).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn zones_are_names_and_offsets() {
        for name in ["+01:00", "-0330", "+2", "UTC", "UTC+2", "GMT-03:00", "Europe/Paris", "CET", "Z"] {
            assert!(zone(name).is_some(), "{name}");
        }
        for name in ["Nowhere/X", "", "+", "+25:00", "2"] {
            assert!(zone(name).is_none(), "{name}");
        }
    }
}
