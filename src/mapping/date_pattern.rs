//! Patterns of date formats: Java's letters, and Elasticsearch's named formats written in them.

/// One piece of a pattern.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    Literal(String),
    Number {
        part: Part,
        min_digits: usize,
        max_digits: usize,
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
    Hour,
    /// 1 to 12, with `a`.
    HourOfHalfDay,
    Minute,
    Second,
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

/// Named formats in their strict form, or both where they differ in more than digits. Beyond Java's letters `f` is a fraction of 1 to 9 digits and `o` any zone.
const NAMED: &[(&str, &str)] = &[
    ("basic_date", "uuuuMMdd"),
    ("basic_date_time", "uuuuMMdd'T'HHmmss.fo"),
    ("basic_date_time_no_millis", "uuuuMMdd'T'HHmmsso"),
    ("basic_ordinal_date", "uuuuDDD"),
    ("basic_ordinal_date_time", "uuuuDDD'T'HHmmss.fo"),
    ("basic_ordinal_date_time_no_millis", "uuuuDDD'T'HHmmsso"),
    ("basic_time", "HHmmss.fo"),
    ("basic_time_no_millis", "HHmmsso"),
    ("basic_t_time", "'T'HHmmss.fo"),
    ("basic_t_time_no_millis", "'T'HHmmsso"),
    ("date", "uuuu[-MM[-dd]]"),
    ("strict_date", "uuuu-MM-dd"),
    ("date_hour", "uuuu-MM-dd'T'HH"),
    ("date_hour_minute", "uuuu-MM-dd'T'HH:mm"),
    ("date_hour_minute_second", "uuuu-MM-dd'T'HH:mm:ss"),
    ("date_hour_minute_second_fraction", "uuuu-MM-dd'T'HH:mm:ss.f"),
    ("date_hour_minute_second_millis", "uuuu-MM-dd'T'HH:mm:ss.f"),
    ("date_optional_time", ISO),
    ("date_optional_time_nanos", "uuuu[-MM[-dd['T'HH:mm:ss[.f][,f][o]]]]"),
    ("date_time", "uuuu-MM-dd'T'HH:mm:ss.fo"),
    ("strict_date_time", "uuuu-MM-dd'T'HH:mm:ss[.f]o"),
    ("date_time_no_millis", "uuuu-MM-dd'T'HH:mm[:ss][o]"),
    ("strict_date_time_no_millis", "uuuu-MM-dd'T'HH:mm:sso"),
    ("hour", "HH"),
    ("hour_minute", "HH:mm"),
    ("hour_minute_second", "HH:mm:ss"),
    ("hour_minute_second_fraction", "HH:mm:ss.f"),
    ("hour_minute_second_millis", "HH:mm:ss.f"),
    ("iso8601", ISO),
    ("ordinal_date", "uuuu-DDD"),
    ("ordinal_date_time", "uuuu-DDD'T'HH:mm:ss.fo"),
    ("ordinal_date_time_no_millis", "uuuu-DDD'T'HH:mm:sso"),
    ("time", "HH:mm:ss.fo"),
    ("time_no_millis", "HH:mm:sso"),
    ("t_time", "'T'HH:mm:ss.fo"),
    ("t_time_no_millis", "'T'HH:mm:sso"),
    ("year", "uuuu"),
    ("year_month", "uuuu-MM"),
    ("year_month_day", "uuuu-MM-dd"),
];
const ISO: &str = "uuuu[-MM[-dd['T'[HH[:mm[:ss[.f][,f]]][o]]]]]";

/// Reads a named format or a Java pattern.
pub(super) fn compile(format: &str) -> Result<Vec<Item>, String> {
    let (strict, name) = match format.strip_prefix("strict_") {
        Some(name) => (true, name),
        None => (false, format),
    };
    let known = |name: &str| NAMED.iter().find(|(known, _)| *known == name);
    if let Some((_, pattern)) = known(format).or_else(|| known(name)) {
        let mut items = Pattern { letters: pattern.chars().collect(), at: 0, named: true }.items_at(0)?;
        // Formats without separators are strict in both forms.
        if !strict && !name.starts_with("basic_") && name != "iso8601" {
            loosen(&mut items);
        }
        return Ok(items);
    }
    if name.contains("week") {
        return Err(format!("the date format {format:?} is not supported: formats by weeks are not"));
    }
    let letters: Vec<char> = format.strip_prefix('8').unwrap_or(format).chars().collect();
    if letters.is_empty() {
        return Err("an empty date format; a name or a pattern such as \"yyyy-MM-dd\" is expected".to_owned());
    }
    Pattern { letters, at: 0, named: false }
        .items_at(0)
        .map_err(|reason| format!("the date format {format:?} is no known name and no supported pattern: {reason}"))
}

/// Formats that are not strict take fewer digits.
fn loosen(items: &mut [Item]) {
    for item in items {
        match item {
            Item::Number { part: Part::Year, min_digits, max_digits } => (*min_digits, *max_digits) = (1, 5),
            Item::Number { min_digits, .. } => *min_digits = 1,
            Item::Optional(inner) => loosen(inner),
            _ => {}
        }
    }
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
        let number = |part, min_digits, max_digits| Ok(Item::Number { part, min_digits, max_digits });
        let one_or_two = |part| match count {
            1 => number(part, 1, 2),
            2 => number(part, 2, 2),
            _ => Err(format!("`{letter}` is repeated too often")),
        };
        match (letter, count) {
            ('f', 1) if self.named => Ok(Item::Fraction { min_digits: 1, max_digits: 9 }),
            ('o', 1) if self.named => Ok(Item::Zone(ZoneStyle::Any)),
            ('y' | 'u', 2) => number(Part::ShortYear, 2, 2),
            ('y', 1) => number(Part::YearOfEra, 1, 9),
            ('y', 3 | 4) => number(Part::YearOfEra, count, count),
            ('u', 1) => number(Part::Year, 1, 9),
            ('u', 3 | 4) => number(Part::Year, count, count),
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
        for (name, _) in NAMED {
            assert!(compile(name).is_ok(), "{name}");
            let strict = format!("strict_{}", name.trim_start_matches("strict_"));
            assert!(compile(&strict).is_ok(), "{name}");
        }
    }

    #[test]
    fn what_is_not_supported_is_named() {
        for (format, part) in
            [("weekyear", "week"), ("yyyy-QQ", "`QQ`"), ("yyyy'x", "quote"), ("", "empty"), ("yy]", "`]`")]
        {
            assert!(compile(format).unwrap_err().contains(part), "{format}");
        }
    }
}
