//! Elasticsearch's `TimeValue`: `7d`, `90s`, `500ms`.

/// A millisecond in nanoseconds.
pub(crate) const MILLISECOND: i128 = 1_000_000;

/// A time value in nanoseconds; `None` where it is none.
///
/// A whole number and a unit of `nanos`, `micros`, `ms`, `s`, `m`, `h`, `d`, white space between them allowed; in any case but
/// `M`, which would be months. 0 and -1 (millisecond) need no unit.
pub(crate) fn nanos(text: &str) -> Option<i128> {
    let text = text.trim();
    match text {
        "0" => return Some(0),
        "-1" => return Some(-MILLISECOND),
        _ => {}
    }
    let unit_at = text.find(|char: char| char.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at_checked(unit_at)?;
    let unit = match unit.to_ascii_lowercase().as_str() {
        "nanos" => 1,
        "micros" => 1_000,
        "ms" => MILLISECOND,
        "s" => 1_000 * MILLISECOND,
        "m" if unit == "m" => 60_000 * MILLISECOND,
        "h" => 3_600_000 * MILLISECOND,
        "d" => 86_400_000 * MILLISECOND,
        _ => return None,
    };
    Some(i128::from(number.trim().parse::<i64>().ok()?) * unit)
}

#[cfg(test)]
mod tests {
    use super::{MILLISECOND, nanos};

    #[test]
    fn what_nodes_take() {
        const DAY: i128 = 86_400_000 * MILLISECOND;
        let taken = [
            ("7d", 7 * DAY),
            (" 1 D ", DAY),
            ("1 h", DAY / 24),
            ("5m", DAY / 288),
            ("90s", DAY / 960),
            ("500ms", 500 * MILLISECOND),
            ("1micros", 1_000),
            ("3NANOS", 3),
            ("-1d", -DAY),
            ("0", 0),
            ("-1", -MILLISECOND),
        ];
        for (text, expected) in taken {
            assert_eq!(nanos(text), Some(expected), "{text:?}");
        }
        for text in ["", "7", "1.5d", "1M", "1w", "1y", "x", "d", "2 3d", "1 day"] {
            assert_eq!(nanos(text), None, "{text:?}");
        }
    }
}
