//! The order of software versions, as the `version` type sorts them.
//!
//! Versions of dotted numbers come first, by semantic versioning's precedence (with any number of numbers, and build
//! metadata as a suffix); then the empty text; then whatever is no version, by its bytes.

use std::fmt;

/// More dotted parts than this make no version.
const MAX_PARTS: usize = 32;
/// Longer runs of digits have no length byte.
const MAX_DIGITS: usize = 127;

/// Marks of a key: all below any character that a version may have.
const NUMBER: u8 = 1;
const PRE_RELEASE: u8 = 2;
const RELEASE: u8 = 3;

/// Bytes whose order is that of the versions; different texts have different keys.
///
/// # Errors
///
/// Where a number has more than 127 digits.
pub(super) fn sort_key(version: &str) -> Result<Box<[u8]>, String> {
    if version.is_empty() {
        return Ok([RELEASE].into());
    }
    let Some(parts) = Parts::of(version) else { return Ok(version.as_bytes().into()) };
    let mut key = Vec::with_capacity(2 * version.len());
    for (place, number) in parts.numbers.split('.').enumerate() {
        if place > 0 {
            key.push(b'.');
        }
        push_number(&mut key, number)?;
    }
    match parts.pre_release {
        None => key.push(RELEASE),
        Some(pre_release) => {
            key.extend([PRE_RELEASE, b'-']);
            for (place, identifier) in pre_release.split('.').enumerate() {
                if place > 0 {
                    key.push(b'.');
                }
                match is_digits(identifier) {
                    true => push_number(&mut key, identifier)?,
                    false => key.extend(identifier.as_bytes()),
                }
            }
        }
    }
    key.extend(parts.build.as_bytes());
    Ok(key.into())
}

/// More digits are a larger number.
fn push_number(key: &mut Vec<u8>, digits: &str) -> Result<(), String> {
    match u8::try_from(digits.len()) {
        Ok(length) if digits.len() <= MAX_DIGITS => {
            key.extend([NUMBER, length | 0x80]);
            key.extend(digits.as_bytes());
            Ok(())
        }
        _ => Err(format!("a number of a version has more than {MAX_DIGITS} digits")),
    }
}

/// A version's three parts.
struct Parts<'a> {
    numbers: &'a str,
    /// Without its `-`.
    pre_release: Option<&'a str>,
    /// With its `+`; empty where there is none.
    build: &'a str,
}

impl<'a> Parts<'a> {
    /// `None` for what is no version.
    fn of(version: &'a str) -> Option<Parts<'a>> {
        let (rest, build) = split_suffix(version, '+');
        let (numbers, pre_release) = split_suffix(rest, '-');
        let parts = Parts { numbers, pre_release: pre_release.strip_prefix('-'), build };
        parts.is_version().then_some(parts)
    }

    fn is_version(&self) -> bool {
        let all = |text: &str, is_right: fn(&str) -> bool| {
            text.split('.').count() <= MAX_PARTS && text.split('.').all(is_right)
        };
        all(self.numbers, is_number)
            && self
                .pre_release
                .is_none_or(|text| all(text, |part| is_number(part) || (is_word(part) && !is_digits(part))))
            && self.build.strip_prefix('+').is_none_or(|text| all(text, is_word))
    }
}

/// The text before a separator that is not its first character, and the rest from the separator on.
fn split_suffix(text: &str, separator: char) -> (&str, &str) {
    match text.find(separator) {
        Some(place) if place > 0 => text.split_at_checked(place).unwrap_or((text, "")),
        _ => (text, ""),
    }
}

fn is_number(part: &str) -> bool {
    is_digits(part) && (part == "0" || !part.starts_with('0'))
}

fn is_digits(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_word(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Versions between two ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VersionRange {
    lower: Option<End>,
    upper: Option<End>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct End {
    version: Box<str>,
    key: Box<[u8]>,
    included: bool,
}

impl VersionRange {
    /// Whether a text can be compared with others.
    pub(crate) fn check(version: &str) -> Result<(), String> {
        sort_key(version).map(drop)
    }

    /// Each end, and whether it is included.
    ///
    /// # Errors
    ///
    /// Where a number has more than 127 digits.
    pub(crate) fn new(lower: Option<(&str, bool)>, upper: Option<(&str, bool)>) -> Result<VersionRange, String> {
        let end = |end: Option<(&str, bool)>| match end {
            Some((version, included)) => {
                sort_key(version).map(|key| Some(End { version: version.into(), key, included }))
            }
            None => Ok(None),
        };
        Ok(VersionRange { lower: end(lower)?, upper: end(upper)? })
    }

    /// Whether a version lies between the ends.
    pub fn holds(&self, version: &str) -> bool {
        let Ok(key) = sort_key(version) else { return false };
        let above = self.lower.as_ref().is_none_or(|low| key > low.key || (low.included && key == low.key));
        let below = self.upper.as_ref().is_none_or(|high| key < high.key || (high.included && key == high.key));
        above && below
    }
}

/// `from "1.2" before "2.0"`
impl fmt::Display for VersionRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ends = [(&self.lower, "from", "after"), (&self.upper, "up to", "before")];
        let ends = ends.into_iter().filter_map(|(end, included, excluded)| {
            let end = end.as_ref()?;
            Some(format!("{} {:?}", if end.included { included } else { excluded }, end.version))
        });
        formatter.write_str(&ends.collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_the_order_of_their_releases() {
        let order = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.0+build",
            "1.2",
            "1.2.3",
            "1.2.3.4",
            "1.10",
            "2",
            "10.0",
            "",
            "01.2",
            "1.0.",
            "not a version",
        ];
        for pair in order.windows(2) {
            assert!(sort_key(pair[0]) < sort_key(pair[1]), "{} before {}", pair[0], pair[1]);
        }
        assert!(sort_key(&"9".repeat(128)).is_err() && sort_key(&"9".repeat(127)).is_ok());
    }

    #[test]
    fn a_range_takes_or_leaves_its_ends() {
        let range = VersionRange::new(Some(("1.2", true)), Some(("2.0", false))).unwrap();
        for (version, expected) in [("1.2", true), ("1.10", true), ("2.0-rc1", true), ("2.0", false), ("1.2-a", false)]
        {
            assert_eq!(range.holds(version), expected, "{version}");
        }
        assert_eq!(range.to_string(), "from \"1.2\" before \"2.0\"");
    }
}
