//! Elasticsearch's `TimeValue`: `7d`, `90s`, `500ms`.

/// The count of a time value, whatever its unit: its sign is what is asked for. `None` where it is none.
///
/// A whole number and a unit of `nanos`, `micros`, `ms`, `s`, `m`, `h`, `d`, white space between them allowed; in any case but
/// `M`, which would be months. 0 and -1 need no unit.
pub(crate) fn count(text: &str) -> Option<i64> {
    let text = text.trim();
    if matches!(text, "0" | "-1") {
        return text.parse().ok();
    }
    let unit_at = text.find(|char: char| char.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at_checked(unit_at)?;
    let is_unit =
        unit == "m" || ["nanos", "micros", "ms", "s", "h", "d"].iter().any(|known| unit.eq_ignore_ascii_case(known));
    number.trim().parse().ok().filter(|_| is_unit)
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn what_nodes_take() {
        let taken =
            [("7d", 7), ("1 D", 1), ("500ms", 500), ("-1d", -1), ("0", 0), ("-1", -1), ("5m", 5), ("3NANOS", 3)];
        for (text, expected) in taken {
            assert_eq!(count(text), Some(expected), "{text:?}");
        }
        for text in ["", "7", "1.5d", "1M", "1w", "1y", "x", "d", "2 3d", "1 day"] {
            assert_eq!(count(text), None, "{text:?}");
        }
    }
}
