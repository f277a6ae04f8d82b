//! Dates as profiles write them: a day, a month, a year, or nothing.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::digest::whole;
use super::normalise::normalise;

/// How much of a date is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Precision {
    Unknown,
    Year,
    Month,
    Day,
}

/// A date of which a part may be missing: month and day are 0 where they are not said, the year too where nothing is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct PartialDate {
    year: u16,
    month: u8,
    day: u8,
}

impl PartialDate {
    pub(super) const UNKNOWN: PartialDate = PartialDate { year: 0, month: 0, day: 0 };

    /// Reads `2021-03-01`, `2021-03`, `2021`, `March 2021`, `Mar 2021`, `1 March 2021`, date-times, `2021/03`, `03/2021`,
    /// `20210301`, `2021年3月`, and numbers like 2021. What names no date is unknown, as in an index with `ignore_malformed`.
    pub(super) fn read(value: Option<&Value>) -> PartialDate {
        match value {
            Some(Value::String(text)) => PartialDate::parse(text),
            Some(Value::Number(number)) => {
                whole(number).map_or(PartialDate::UNKNOWN, |whole| PartialDate::parse(&whole.to_string()))
            }
            _ => PartialDate::UNKNOWN,
        }
    }

    pub(super) fn parse(text: &str) -> PartialDate {
        let text = normalise(text);
        with_month_name(&text).or_else(|| in_digits(&text)).unwrap_or(PartialDate::UNKNOWN)
    }

    /// Of the parts, those that there can be: the 31st of February is some day of February.
    fn of(year: u16, month: u8, day: u8) -> Option<PartialDate> {
        if year == 0 {
            return None;
        }
        if !(1..=12).contains(&month) {
            return Some(PartialDate { year, month: 0, day: 0 });
        }
        let is_a_day = Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).is_ok();
        Some(PartialDate { year, month, day: if is_a_day { day } else { 0 } })
    }

    pub(super) fn precision(self) -> Precision {
        match self {
            PartialDate { year: 0, .. } => Precision::Unknown,
            PartialDate { month: 0, .. } => Precision::Year,
            PartialDate { day: 0, .. } => Precision::Month,
            PartialDate { .. } => Precision::Day,
        }
    }

    /// The date without what is finer than the precision.
    pub(super) fn truncated(self, precision: Precision) -> PartialDate {
        match precision {
            Precision::Unknown => PartialDate::UNKNOWN,
            Precision::Year => PartialDate { month: 0, day: 0, ..self },
            Precision::Month => PartialDate { day: 0, ..self },
            Precision::Day => self,
        }
    }

    pub(super) fn to_bytes(self) -> [u8; 4] {
        let [high, low] = self.year.to_be_bytes();
        [high, low, self.month, self.day]
    }

    /// The first instant of the date, in UTC.
    fn first_instant(self) -> Option<Timestamp> {
        if self.precision() == Precision::Unknown {
            return None;
        }
        let (month, day) = (i8::try_from(self.month.max(1)).ok()?, i8::try_from(self.day.max(1)).ok()?);
        let date = Date::new(i16::try_from(self.year).ok()?, month, day).ok()?;
        date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    }
}

/// `march 2021`, `mar. 2021`, `1 march 2021`, `march 1, 2021`, `2021 march`.
fn with_month_name(text: &str) -> Option<PartialDate> {
    let (mut year, mut month, mut day) = (None, None, 0);
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        match word.len() {
            4 if digits(word).is_some() => year = digits(word),
            1..=2 if digits(word).is_some() => day = digits(word).and_then(|day| u8::try_from(day).ok())?,
            _ => month = Some(month_named(word)?),
        }
    }
    PartialDate::of(year?, month?, day)
}

fn month_named(word: &str) -> Option<u8> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let abbreviates = |month: &str| {
        word == month || (word.len() == 3 && month.starts_with(word)) || (word == "sept" && month == "september")
    };
    let place = MONTHS.iter().position(|month| abbreviates(month))?;
    u8::try_from(place + 1).ok()
}

fn in_digits(text: &str) -> Option<PartialDate> {
    let (date, time) = text.split_once([' ', 't']).unwrap_or((text, ""));
    if time.contains(|c: char| !matches!(c, '0'..='9' | ':' | '.' | ',' | '+' | '-' | 'z' | ' ')) {
        return None;
    }
    let parts: Vec<&str> = date.split(['-', '/', '.', '年', '月', '日']).filter(|part| !part.is_empty()).collect();
    let short = |part: &str| digits(part).filter(|_| part.len() <= 2).and_then(|part| u8::try_from(part).ok());
    match *parts.as_slice() {
        [year] if year.len() == 4 => PartialDate::of(digits(year)?, 0, 0),
        [compact] if compact.len() == 6 && compact.is_ascii() => {
            PartialDate::of(digits(&compact[..4])?, short(&compact[4..])?, 0)
        }
        [compact] if compact.len() == 8 && compact.is_ascii() => {
            PartialDate::of(digits(&compact[..4])?, short(&compact[4..6])?, short(&compact[6..])?)
        }
        [year, month] if year.len() == 4 => PartialDate::of(digits(year)?, short(month)?, 0),
        [month, year] if year.len() == 4 => PartialDate::of(digits(year)?, short(month)?, 0),
        [year, month, day] if year.len() == 4 => PartialDate::of(digits(year)?, short(month)?, short(day)?),
        // Nobody can tell 03/04/2021 from 04/03/2021.
        [first, second, year] if year.len() == 4 => {
            short(first).and(short(second)).and_then(|_| PartialDate::of(digits(year)?, 0, 0))
        }
        _ => None,
    }
}

fn digits(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Whether the value of an end date is an end. Null, absent, empty and words for now are none; neither is anything else without a
/// digit but 0 (`—`, `0000-00-00`, "now" in whatever language): it cannot name a date.
pub(super) fn is_end(value: Option<&Value>) -> bool {
    let text = match value {
        Some(Value::String(text)) => normalise(text),
        Some(Value::Number(number)) => number.to_string(),
        _ => return false,
    };
    if !text.contains(|c: char| c.is_numeric() && c != '0') {
        return false;
    }
    PartialDate::parse(&text) != PartialDate::UNKNOWN || !says_now(&text)
}

/// Whether a text that has digits says now all the same: `2021 - Present`, `Present · 3 yrs`.
fn says_now(text: &str) -> bool {
    const WORDS: [&str; 19] = [
        "present",
        "current",
        "currently",
        "now",
        "today",
        "ongoing",
        "presente",
        "actualidad",
        "hoy",
        "atual",
        "atualmente",
        "heute",
        "oggi",
        "présent",
        "aujourd",
        "heden",
        "настоящее",
        "obecnie",
        "günümüz",
    ];
    const UNSPACED: [&str; 6] = ["至今", "现在", "現在", "현재", "ปัจจุบัน", "الحاضر"];
    let is_word = |word: &str| WORDS.contains(&word);
    text.split(|c: char| !c.is_alphanumeric()).any(is_word) || UNSPACED.iter().any(|word| text.contains(word))
}

/// The instant that a value names: a date-time with or without an offset (else UTC), a date's first instant, or a number of
/// seconds or milliseconds since 1970.
pub(super) fn instant(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => instant_of_text(text.trim()),
        Value::Number(number) => instant_of_number(number.as_i64()?),
        _ => None,
    }
}

fn instant_of_text(text: &str) -> Option<Timestamp> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    if let Ok(datetime) = text.parse::<DateTime>() {
        return datetime.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    }
    PartialDate::parse(text).first_instant()
}

fn instant_of_number(number: i64) -> Option<Timestamp> {
    /// `20210301` is the longest number that is a date.
    const DATES: std::ops::Range<i64> = 0..100_000_000;
    /// In seconds the year 5138, in milliseconds the year 1973.
    const SECONDS: std::ops::Range<i64> = 100_000_000..100_000_000_000;
    if DATES.contains(&number) {
        PartialDate::parse(&number.to_string()).first_instant()
    } else if SECONDS.contains(&number) {
        Timestamp::from_second(number).ok()
    } else {
        Timestamp::from_millisecond(number).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn date(year: u16, month: u8, day: u8) -> PartialDate {
        PartialDate { year, month, day }
    }

    #[test]
    fn dates_are_read_at_the_precision_in_which_they_are_written() {
        for (text, expected) in [
            ("2021-03-01", date(2021, 3, 1)),
            ("2021-03", date(2021, 3, 0)),
            ("2021", date(2021, 0, 0)),
            (" March 2021 ", date(2021, 3, 0)),
            ("MAR 2021", date(2021, 3, 0)),
            ("Sept. 2021", date(2021, 9, 0)),
            ("Oct 2021", date(2021, 10, 0)),
            ("1 March 2021", date(2021, 3, 1)),
            ("March 1, 2021", date(2021, 3, 1)),
            ("2021-03-01 00:00:00", date(2021, 3, 1)),
            ("2021-03-01T00:00:00Z", date(2021, 3, 1)),
            ("2021-03-01T23:00:00.000+02:00", date(2021, 3, 1)),
            ("2021/3/1", date(2021, 3, 1)),
            ("03/2021", date(2021, 3, 0)),
            ("03/04/2021", date(2021, 0, 0)),
            ("20210301", date(2021, 3, 1)),
            ("202103", date(2021, 3, 0)),
            ("２０２１年３月", date(2021, 3, 0)),
            ("2021-00-00", date(2021, 0, 0)),
            ("2021-02-31", date(2021, 2, 0)),
        ] {
            assert_eq!(PartialDate::parse(text), expected, "{text:?}");
        }
        assert_eq!(PartialDate::read(Some(&json!(2021))), date(2021, 0, 0));
    }

    #[test]
    fn what_names_no_date_is_unknown() {
        for text in [
            "",
            "soon",
            "Spring 2021",
            "21",
            "2021 - Present",
            "5 years",
            "0000-00-00",
            "1614556800",
            "-2021-",
            "Acme 2021",
        ] {
            let expected = if text == "-2021-" { date(2021, 0, 0) } else { PartialDate::UNKNOWN };
            assert_eq!(PartialDate::parse(text), expected, "{text:?}");
        }
        for value in [json!(null), json!(true), json!([2021]), json!({"year": 2021}), json!(-5), json!(2021.5)] {
            assert_eq!(PartialDate::read(Some(&value)), PartialDate::UNKNOWN, "{value}");
        }
    }

    #[test]
    fn null_absent_empty_and_words_for_now_are_no_end() {
        assert!(!is_end(None));
        for value in [
            json!(null),
            json!(""),
            json!("  "),
            json!("Present"),
            json!("present"),
            json!("PRESENT."),
            json!("Current"),
            json!("now"),
            json!("hasta la fecha"),
            json!("по настоящее время"),
            json!("至今"),
            json!("heute"),
            json!("2021 - Present"),
            json!("Present · 3 yrs 2 mos"),
            json!("2021年至今"),
            json!("0000-00-00"),
            json!(0),
            json!("-"),
            json!(false),
            json!([]),
        ] {
            assert!(!is_end(Some(&value)), "{value}");
        }
    }

    #[test]
    fn dates_are_ends_even_where_they_cannot_be_read() {
        for value in [
            json!("2023"),
            json!("May 2023"),
            json!(2023),
            json!("2023-05-01"),
            json!("Summer 2023"),
            json!("2099-12-31"),
        ] {
            assert!(is_end(Some(&value)), "{value}");
        }
    }

    #[test]
    fn instants_of_one_data_set_are_ordered_whatever_their_format() {
        let rising = [
            json!("2021"),
            json!("2021-02"),
            json!("2021-03-01"),
            json!("2021-03-01 09:30:00"),
            json!("2021-03-01T10:00:00.5Z"),
            json!("2021-03-01T13:00:00+01:00"),
            json!(1_614_643_200),
            json!(1_614_643_201_000_i64),
            json!(20_210_401),
            json!("May 2021"),
        ];
        let instants: Vec<Timestamp> = rising.iter().map(|value| instant(value).unwrap()).collect();
        assert!(instants.is_sorted_by(|earlier, later| earlier < later), "{instants:?}");
        assert_eq!(instant(&json!("yesterday")), None);
        assert_eq!(instant(&json!(1e300)), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text: String, number: i64) {
            let value = json!(text);
            let _ = (PartialDate::read(Some(&value)), is_end(Some(&value)), instant(&value), instant(&json!(number)));
        }

        #[test]
        fn nothing_that_looks_like_a_date_makes_it_panic(text in "[0-9TtZ年月:+/. -]{0,24}|[a-z]{3,9}[ .,]{0,2}[0-9]{1,5}") {
            let _ = (PartialDate::parse(&text), instant(&json!(text)));
        }
    }
}
