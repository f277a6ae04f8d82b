//! Date formats as Elasticsearch writes them: `yyyy-MM-dd||epoch_millis`.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::calendar;
use super::date_pattern::{DatePattern, Item, Part, Sign, compile};
use super::time_zone::read_zone;

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
    Pattern(DatePattern),
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
const NANOS_PER_DAY: i128 = 86_400 * NANOS_PER_SECOND;

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
        let iso = compile(iso).map(Format::Pattern).ok();
        DateFormat { source: source.into(), formats: iso.into_iter().chain([Format::EpochMillis]).collect() }
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

    /// Whether months, weekdays or halves of days are read by their names.
    pub(super) fn reads_names(&self) -> bool {
        self.formats.iter().any(|format| match format {
            Format::EpochMillis | Format::EpochSecond => false,
            Format::Pattern(pattern) => pattern.reads_names(),
        })
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
        let fits_millis = |instant: &Instant| i64::try_from(instant.0.div_euclid(NANOS_PER_MILLI)).is_ok();
        let read = |format: &Format| match format {
            Format::EpochMillis => epoch(text, NANOS_PER_MILLI, missing),
            Format::EpochSecond => epoch(text, NANOS_PER_SECOND, missing),
            Format::Pattern(pattern) => {
                let mut parts = Parts { rolls_over: pattern.rolls_over, ..Parts::default() };
                let rest = parts.read(&pattern.items, text)?;
                if rest.is_empty() { parts.instant(missing, zone) } else { None }
            }
        };
        self.formats.iter().find_map(|format| read(format).filter(fits_millis))
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
    // A fraction ends at nanoseconds.
    let digits_of_unit = if unit == NANOS_PER_MILLI { 6 } else { 9 };
    if fraction.len() > digits_of_unit {
        return None;
    }
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
    week_year: Option<i64>,
    week: Option<i64>,
    weekday: Option<i64>,
    hour: Option<i64>,
    hour_of_half_day: Option<i64>,
    afternoon: Option<bool>,
    minute: Option<i64>,
    second: Option<i64>,
    nanos: Option<i64>,
    zone: Option<TimeZone>,
    /// See [`DatePattern::rolls_over`].
    rolls_over: bool,
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
            Item::DecimalSign => text.strip_prefix(['.', ',']),
            Item::Number { part, min_digits, max_digits, sign } => {
                let (value, rest) = signed_number(text, *min_digits, *max_digits, *sign)?;
                self.set(*part, value)?;
                Some(rest)
            }
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

    fn set(&mut self, part: Part, value: i64) -> Option<()> {
        let place = match part {
            Part::YearOfEra if value <= 0 => return None,
            Part::Year | Part::YearOfEra | Part::ShortYear => &mut self.year,
            Part::Month => &mut self.month,
            Part::Day => &mut self.day,
            Part::DayOfYear => &mut self.day_of_year,
            Part::WeekYear => &mut self.week_year,
            Part::Week => &mut self.week,
            Part::Weekday => &mut self.weekday,
            Part::Hour => &mut self.hour,
            Part::HourOfHalfDay => &mut self.hour_of_half_day,
            Part::Minute => &mut self.minute,
            Part::Second => &mut self.second,
        };
        *place = Some(if part == Part::ShortYear { 2000 + value } else { value });
        Some(())
    }

    fn instant(&self, missing: Missing, zone: &TimeZone) -> Option<Instant> {
        let local = i128::from(self.day()?) * NANOS_PER_DAY + self.time_of_day(missing)?;
        let zone = self.zone.as_ref().unwrap_or(zone);
        Some(Instant(local - i128::from(offset_seconds(zone, local)) * NANOS_PER_SECOND))
    }

    fn time_of_day(&self, missing: Missing) -> Option<i128> {
        let last = |value: i64| if missing == Missing::Last { value } else { 0 };
        let hour = match (self.hour, self.hour_of_half_day) {
            (Some(hour), _) => hour,
            (None, Some(hour @ 1..=12)) => hour % 12 + if self.afternoon.unwrap_or(false) { 12 } else { 0 },
            (None, Some(_)) => return None,
            (None, None) => last(23),
        };
        let (minute, second) = (self.minute.unwrap_or(last(59)), self.second.unwrap_or(last(59)));
        let nanos = self.nanos.unwrap_or(last(999_999_999));
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        Some(i128::from(hour * 3600 + minute * 60 + second) * NANOS_PER_SECOND + i128::from(nanos))
    }

    fn day(&self) -> Option<i64> {
        if let Some(week_year) = self.week_year {
            let (week, weekday) = (self.week.unwrap_or(1), self.weekday);
            let is_right = (1..=53).contains(&week) && weekday.is_none_or(|day| (1..=7).contains(&day));
            // A week alone may count on into the next year, one with a day may not.
            let is_there = weekday.is_none() || calendar::has_week(week_year, week);
            return (is_right && is_there).then(|| calendar::day_of_week(week_year, week, weekday.unwrap_or(1)));
        }
        let year = self.year.unwrap_or(1970);
        if let Some(day) = self.day_of_year {
            return calendar::day_of_year(year, day);
        }
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        if self.rolls_over { Some(calendar::rolled_day(year, month, day)) } else { calendar::day(year, month, day) }
    }
}

/// What a zone is ahead of UTC at a local time, given in nanoseconds since 1970. Of a time that there is twice the first is
/// taken.
fn offset_seconds(zone: &TimeZone, local: i128) -> i32 {
    if let Ok(offset) = zone.to_fixed_offset() {
        return offset.seconds();
    }
    let seconds = i64::try_from(local.div_euclid(NANOS_PER_SECOND)).unwrap_or_default();
    let since_1970 = jiff::SignedDuration::from_secs(seconds);
    // Beyond the years of the calendar the last rule of the zone goes on.
    let local = DateTime::constant(1970, 1, 1, 0, 0, 0, 0).saturating_add(since_1970);
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.seconds(),
        AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before.seconds(),
    }
}

/// A number at the start, with the sign that it may have.
fn signed_number(text: &str, min: usize, max: usize, sign: Sign) -> Option<(i64, &str)> {
    let (plus, minus) = (text.strip_prefix('+'), text.strip_prefix('-'));
    let (factor, unsigned) = match (sign, plus, minus) {
        (Sign::Minus | Sign::Padded, _, Some(unsigned)) => (-1, unsigned),
        (Sign::Padded, Some(unsigned), _) => (1, unsigned),
        _ => (1, text),
    };
    let max = if sign == Sign::Padded && factor == 1 && plus.is_none() { min } else { max };
    let (digits, rest) = digits(unsigned, min, max)?;
    if sign == Sign::Padded && plus.is_some() && digits.len() <= min {
        return None;
    }
    Some((digits.parse::<i64>().ok()? * factor, rest))
}

/// The digits at the start, at most `max` of them; none where they are fewer than `min`.
pub(super) fn digits(text: &str, min: usize, max: usize) -> Option<(&str, &str)> {
    let count = text.bytes().take(max).take_while(u8::is_ascii_digit).count();
    if count < min.max(1) { None } else { text.split_at_checked(count) }
}

fn name<'a>(names: &[&str], short: bool, text: &'a str) -> Option<(usize, &'a str)> {
    names.iter().enumerate().find_map(|(index, name)| {
        let name = if short { name.get(..3)? } else { name };
        Some((index, text.strip_prefix(name)?))
    })
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
}
