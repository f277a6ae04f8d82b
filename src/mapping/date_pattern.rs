//! Patterns of date formats: Java's letters, and Elasticsearch's named formats written in them.

/// One piece of a pattern.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    Literal(String),
    /// A point or a comma.
    DecimalSign,
    Number {
        part: Part,
        min_digits: usize,
        max_digits: usize,
        sign: Sign,
    },
    /// The digits behind the point.
    Fraction {
        min_digits: usize,
        max_digits: usize,
    },
    /// `MMMM`, `MMM`
    MonthName {
        short: bool,
    },
    /// `EEEE`, `EEE`; read and held against the date by nobody, as in Elasticsearch.
    WeekdayName {
        short: bool,
    },
    /// `AM`, `PM`
    HalfDay,
    Zone(ZoneStyle),
    /// What may be missing.
    Optional(Vec<Item>),
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Year,
    /// `yyyy`: from 1 on.
    YearOfEra,
    /// `yy`: 2000 to 2099.
    ShortYear,
    Month,
    Day,
    DayOfYear,
    /// The year that an ISO week belongs to.
    WeekYear,
    /// 1 to 53.
    Week,
    /// 1 (Monday) to 7.
    Weekday,
    Hour,
    /// 1 to 12, with `a`.
    HourOfHalfDay,
    Minute,
    Second,
}

/// Which sign may stand before a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    No,
    Minus,
    /// A minus, and a plus that must be there where the number has more digits than are due, and only there.
    Padded,
}

/// How a zone is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ZoneStyle {
    /// `Z`, `+02`, `+0200`, `+02:00`, `Europe/Paris`: all that ISO 8601 formats take.
    Any,
    /// `X`: `Z`, `+02`, `+0230`; `x` without `Z`.
    Hours { zulu: bool },
    /// `XX`, `Z`: `+0200`
    Basic { zulu: bool },
    /// `XXX`, `ZZZZZ`: `+02:00`
    Colon { zulu: bool },
    /// `VV`, `z`: `Europe/Paris`, `UTC`
    Id,
}

/// A format, compiled.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DatePattern {
    pub(super) items: Vec<Item>,
    /// Months and days beyond the calendar's count on: `2021-02-30` is March 2. Only `strict_date` does that.
    pub(super) rolls_over: bool,
}

impl DatePattern {
    /// Whether months, weekdays or halves of days are read by their names.
    pub(super) fn reads_names(&self) -> bool {
        fn any(items: &[Item]) -> bool {
            items.iter().any(|item| match item {
                Item::MonthName { .. } | Item::WeekdayName { .. } | Item::HalfDay => true,
                Item::Optional(inner) => any(inner),
                Item::Literal(_) | Item::DecimalSign | Item::Number { .. } | Item::Fraction { .. } | Item::Zone(_) => {
                    false
                }
            })
        }
        any(&self.items)
    }
}

/// Elasticsearch's named formats: the name, the pattern behind `strict_`, and that without it; empty where there is none.
///
/// Beyond Java's letters, `f` is a fraction of 1 to 9 digits and `F` of 1 to 3; `o` any zone; `U` a year of 1 to 9 digits and `P`
/// one of 4 or, with a sign, more; `I` and `J` the same of the year of a week, and `B` one of 4
/// digits without a sign; `;` a point or a comma.
const NAMED: &[(&str, &str, &str)] = &[
    ("basic_date", "", "uuuuMMd"),
    ("basic_date_time", "", "uuuuMMdd'T'HHmmss.fo"),
    ("basic_date_time_no_millis", "", "uuuuMMdd'T'HHmmsso"),
    ("basic_ordinal_date", "", "uuuuDDD"),
    ("basic_ordinal_date_time", "", "uuuuDDD'T'HHmmss.fo"),
    ("basic_ordinal_date_time_no_millis", "", "uuuuDDD'T'HHmmsso"),
    ("basic_t_time", "", "'T'HHmmss.fo"),
    ("basic_t_time_no_millis", "", "'T'HHmmsso"),
    ("basic_time", "", "HHmmss.fo"),
    ("basic_time_no_millis", "", "HHmmsso"),
    ("basic_week_date", "B'W'wwe", "I'W'wwe"),
    ("basic_week_date_time", "B'W'wwe'T'HHmmss.fo", "I'W'wwe'T'HHmmss.fo"),
    ("basic_week_date_time_no_millis", "I'W'wwe'T'HHmmsso", "I'W'wwe'T'HHmmsso"),
    ("date", "P-MM-dd", "U[-M[-d]]"),
    ("date_hour", "P-MM-dd'T'HH", "U-M-d'T'H"),
    ("date_hour_minute", "P-MM-dd'T'HH:mm", "U-M-d'T'H:m"),
    ("date_hour_minute_second", "uuuu-MM-dd'T'HH:mm:ss", "U-M-d'T'H:m:s"),
    ("date_hour_minute_second_fraction", "uuuu-MM-dd'T'HH:mm:ss.f", "U-M-d'T'H:m:s.f"),
    ("date_hour_minute_second_millis", "uuuu-MM-dd'T'HH:mm:ss.f", "U-M-d'T'H:m:s.F"),
    ("date_optional_time", ISO, "U[-M[-d['T'[H[:m[:s[;f]][o]]]]]]"),
    ("date_optional_time_nanos", "uuuu[-MM[-dd['T'HH:mm:ss[;f][o]]]]", ""),
    ("date_time", "uuuu-MM-dd'T'HH:mm:ss[.f]o", "U-M-d'T'H:m[:s.f]o"),
    ("date_time_no_millis", "uuuu-MM-dd'T'HH:mm:sso", "U-M-d'T'H:m[:s][o]"),
    ("hour", "HH", "H"),
    ("hour_minute", "HH:mm", "H:m"),
    ("hour_minute_second", "HH:mm:ss", "H:m:s"),
    ("hour_minute_second_fraction", "HH:mm:ss.f", "H:m:s.f"),
    ("hour_minute_second_millis", "HH:mm:ss.f", "H:m:s.f"),
    ("iso8601", "", ISO),
    ("ordinal_date", "uuuu-DDD", "P-D"),
    ("ordinal_date_time", "uuuu-DDD'T'HH:mm:ss.fo", "P-D'T'H:m:s.fo"),
    ("ordinal_date_time_no_millis", "P-DDD'T'HH:mm:sso", "P-D'T'H:m:so"),
    ("t_time", "'T'HH:mm:ss.fo", "'T'H:m:s.fo"),
    ("t_time_no_millis", "'T'HH:mm:sso", "'T'H:m:so"),
    ("time", "HH:mm:ss.fo", "H:m:s.fo"),
    ("time_no_millis", "HH:mm:sso", "H:m:so"),
    ("week_date", "J-'W'ww-e", "J-'W'w-e"),
    ("week_date_time", "J-'W'ww-e'T'HH:mm:ss.fo", "J-'W'w-e'T'H:m:s.fo"),
    ("week_date_time_no_millis", "J-'W'ww-e'T'HH:mm:sso", "J-'W'w-e'T'H:m:so"),
    ("weekyear", "YYYY", "I"),
    ("weekyear_week", "YYYY-'W'ww", "I-'W'w"),
    ("weekyear_week_day", "J-'W'ww-e", "I-'W'w-e"),
    ("year", "uuuu", "U"),
    ("year_month", "uuuu-MM", "U-M"),
    ("year_month_day", "uuuu[-MM[-dd]]", "U-M-d"),
];
const ISO: &str = "uuuu[-MM[-dd['T'[HH[:mm[:ss[;f]]][o]]]]]";

/// Reads a named format or a Java pattern.
pub(super) fn compile(format: &str) -> Result<DatePattern, String> {
    let named = |name: &str| NAMED.iter().find(|(known, _, _)| *known == name);
    let pattern = match format.strip_prefix("strict_").and_then(named) {
        Some((_, strict, _)) => Some(*strict),
        None => named(format).map(|(_, _, lenient)| *lenient),
    };
    if let Some(pattern) = pattern.filter(|pattern| !pattern.is_empty()) {
        let items = Pattern { letters: pattern.chars().collect(), at: 0, named: true }.items_at(0)?;
        return Ok(DatePattern { items, rolls_over: format == "strict_date" });
    }
    let letters: Vec<char> = format.strip_prefix('8').unwrap_or(format).chars().collect();
    if letters.is_empty() {
        return Err("an empty date format; a name or a pattern such as \"yyyy-MM-dd\" is expected".to_owned());
    }
    let items = Pattern { letters, at: 0, named: false }
        .items_at(0)
        .map_err(|reason| format!("the date format {format:?} is no known name and no supported pattern: {reason}"))?;
    Ok(DatePattern { items, rolls_over: false })
}

struct Pattern {
    letters: Vec<char>,
    at: usize,
    named: bool,
}

/// Optional parts within optional parts.
const MAX_DEPTH: usize = 16;

impl Pattern {
    fn items_at(&mut self, depth: usize) -> Result<Vec<Item>, String> {
        if depth > MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} optional parts within each other"));
        }
        let mut items = Vec::new();
        while let Some(letter) = self.letters.get(self.at).copied() {
            match letter {
                '[' => {
                    self.at += 1;
                    items.push(Item::Optional(self.items_at(depth + 1)?));
                }
                ']' if depth == 0 => return Err("a `]` without its `[`".to_owned()),
                ']' => {
                    self.at += 1;
                    return Ok(items);
                }
                '\'' => items.push(Item::Literal(self.quoted()?)),
                ';' if self.named => {
                    self.at += 1;
                    items.push(Item::DecimalSign);
                }
                '{' | '}' | '#' => return Err(format!("`{letter}` is reserved")),
                letter if letter.is_ascii_alphabetic() => items.push(self.letters_item(letter)?),
                other => {
                    self.at += 1;
                    items.push(Item::Literal(other.to_string()));
                }
            }
        }
        // Java closes what is left open.
        Ok(items)
    }

    fn quoted(&mut self) -> Result<String, String> {
        self.at += 1;
        let mut text = String::new();
        loop {
            match (self.letters.get(self.at), self.letters.get(self.at + 1)) {
                (Some('\''), Some('\'')) => {
                    text.push('\'');
                    self.at += 2;
                }
                (Some('\''), _) => {
                    self.at += 1;
                    // `''` outside of quotes is one quote.
                    return Ok(if text.is_empty() { "'".to_owned() } else { text });
                }
                (Some(letter), _) => {
                    text.push(*letter);
                    self.at += 1;
                }
                (None, _) => return Err("a quote is not closed".to_owned()),
            }
        }
    }

    fn letters_item(&mut self, letter: char) -> Result<Item, String> {
        let count = self.letters.iter().skip(self.at).take_while(|other| **other == letter).count();
        self.at += count;
        let signed = |part, min_digits, max_digits, sign| Ok(Item::Number { part, min_digits, max_digits, sign });
        let number = |part, min_digits, max_digits| signed(part, min_digits, max_digits, Sign::No);
        let one_or_two = |part| match count {
            1 => number(part, 1, 2),
            2 => number(part, 2, 2),
            _ => Err(format!("`{letter}` is repeated too often")),
        };
        match (letter, count) {
            ('f', 1) if self.named => Ok(Item::Fraction { min_digits: 1, max_digits: 9 }),
            ('F', 1) if self.named => Ok(Item::Fraction { min_digits: 1, max_digits: 3 }),
            ('o', 1) if self.named => Ok(Item::Zone(ZoneStyle::Any)),
            ('U', 1) if self.named => signed(Part::Year, 1, 9, Sign::Minus),
            ('P', 1) if self.named => signed(Part::Year, 4, 9, Sign::Padded),
            ('B', 1) if self.named => number(Part::WeekYear, 4, 4),
            ('Y', 4) if self.named => signed(Part::WeekYear, 4, 4, Sign::Minus),
            ('I', 1) if self.named => signed(Part::WeekYear, 1, 9, Sign::Minus),
            ('J', 1) if self.named => signed(Part::WeekYear, 4, 9, Sign::Padded),
            ('w', 1 | 2) if self.named => one_or_two(Part::Week),
            ('e', 1) if self.named => number(Part::Weekday, 1, 1),
            ('Y' | 'w' | 'W' | 'e' | 'c', _) => Err(format!(
                "`{letter}` counts weeks by a locale; week_date, weekyear_week and their kin count by ISO 8601"
            )),
            ('y' | 'u', 2) => number(Part::ShortYear, 2, 2),
            ('y', 1) => number(Part::YearOfEra, 1, 9),
            ('y', 3) => number(Part::YearOfEra, 3, 9),
            ('y', 4 | 5) => signed(Part::YearOfEra, count, 9, Sign::Padded),
            ('u', 1) => signed(Part::Year, 1, 9, Sign::Minus),
            ('u', 4) if self.named => signed(Part::Year, 4, 4, Sign::Minus),
            ('u', 3) => signed(Part::Year, 3, 9, Sign::Minus),
            ('u', 4 | 5) => signed(Part::Year, count, 9, Sign::Padded),
            ('M' | 'L', 3) => Ok(Item::MonthName { short: true }),
            ('M' | 'L', 4) => Ok(Item::MonthName { short: false }),
            ('M' | 'L', _) => one_or_two(Part::Month),
            ('d', _) => one_or_two(Part::Day),
            ('D', 1) => number(Part::DayOfYear, 1, 3),
            ('D', 2 | 3) => number(Part::DayOfYear, count, 3),
            ('E', 1..=3) => Ok(Item::WeekdayName { short: true }),
            ('E', 4) => Ok(Item::WeekdayName { short: false }),
            ('a', 1) => Ok(Item::HalfDay),
            ('H', _) => one_or_two(Part::Hour),
            ('h', _) => one_or_two(Part::HourOfHalfDay),
            ('m', _) => one_or_two(Part::Minute),
            ('s', _) => one_or_two(Part::Second),
            ('S', 1..=9) => Ok(Item::Fraction { min_digits: count, max_digits: count }),
            ('X' | 'x', 1) => Ok(Item::Zone(ZoneStyle::Hours { zulu: letter == 'X' })),
            ('X' | 'x', 2) => Ok(Item::Zone(ZoneStyle::Basic { zulu: letter == 'X' })),
            ('X' | 'x', 3) => Ok(Item::Zone(ZoneStyle::Colon { zulu: letter == 'X' })),
            ('Z', 1..=3) => Ok(Item::Zone(ZoneStyle::Basic { zulu: false })),
            ('Z', 5) => Ok(Item::Zone(ZoneStyle::Colon { zulu: true })),
            ('V', 2) | ('z', 1..=4) => Ok(Item::Zone(ZoneStyle::Id)),
            _ => Err(format!("`{}` is not supported", letter.to_string().repeat(count.min(10)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_format_is_read() {
        for (name, strict, lenient) in NAMED {
            assert!(lenient.is_empty() || compile(name).is_ok(), "{name}");
            assert!(strict.is_empty() || compile(&format!("strict_{name}")).is_ok(), "{name}");
        }
    }

    #[test]
    fn what_is_not_supported_is_named() {
        for (format, part) in [
            ("YYYY-ww", "week_date"),
            ("strict_iso8601", "`t`"),
            ("yyyy-QQ", "`QQ`"),
            ("yyyy'x", "quote"),
            ("", "empty"),
            ("yy]", "`]`"),
        ] {
            assert!(compile(format).unwrap_err().contains(part), "{format}");
        }
    }
}
