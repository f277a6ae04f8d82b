//! Time zones as dates and queries write them.

use jiff::tz::{Offset, TimeZone};

use super::date_format::digits;
use super::date_pattern::ZoneStyle;

/// The zone at the start of a text, and what is left.
pub(super) fn read_zone(style: ZoneStyle, text: &str) -> Option<(TimeZone, &str)> {
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
        // Java knows these only where it is asked for its old short names.
        _ if matches!(name, "EST" | "HST" | "MST" | "ROC") => None,
        _ if name.starts_with(|first: char| first.is_ascii_alphabetic()) => TimeZone::get(name).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
