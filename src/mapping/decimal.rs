//! Decimal numbers as text, without the detour over a float: what Java's `BigDecimal` is to Elasticsearch.

/// A decimal number: its whole part towards minus infinity, and whether something was cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    /// Beyond ±10³⁶ the whole part stays there, which is out of the range of every type.
    pub(super) floor: i128,
    pub(super) has_fraction: bool,
}

const HUGE_DIGITS: usize = 36;
const HUGE: i128 = 10_i128.pow(HUGE_DIGITS as u32);

impl Decimal {
    /// Reads `-12.50`, `1e3`.
    pub(super) fn parse(text: &str) -> Option<Decimal> {
        let (negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, text.get(1..)?),
            b'+' => (false, text.get(1..)?),
            _ => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all_digits = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
        if !all_digits || whole.len() + fraction.len() == 0 {
            return None;
        }
        let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|byte| byte - b'0').collect();
        let point = whole.len() as i64 + i64::from(exponent);
        Some(Decimal::from_digits(negative, &digits, point))
    }

    /// Digits with the point behind `point` of them.
    fn from_digits(negative: bool, digits: &[u8], point: i64) -> Decimal {
        let whole_digits = usize::try_from(point).unwrap_or(0);
        let has_fraction = digits.iter().skip(whole_digits).any(|digit| *digit != 0);
        let leading_zeros = digits.iter().take_while(|digit| **digit == 0).count();
        let magnitude = if leading_zeros == digits.len() {
            0
        } else if whole_digits.saturating_sub(leading_zeros) > HUGE_DIGITS {
            HUGE
        } else {
            let padded = digits.iter().copied().chain(std::iter::repeat(0));
            padded.take(whole_digits).fold(0, |number: i128, digit| number * 10 + i128::from(digit))
        };
        let floor = if negative { -magnitude - i128::from(has_fraction) } else { magnitude };
        Decimal { floor, has_fraction }
    }

    /// A finite float, exactly.
    pub(super) fn of_float(number: f64) -> Decimal {
        let floor = number.floor();
        Decimal { floor: (floor as i128).clamp(-HUGE, HUGE), has_fraction: floor != number }
    }

    /// The whole part towards zero.
    pub(super) fn truncated(self) -> i128 {
        if self.floor < 0 && self.has_fraction { self.floor + 1 } else { self.floor }
    }

    /// The least whole number that is not below.
    pub(super) fn ceil(self) -> i128 {
        self.floor + i128::from(self.has_fraction)
    }
}

/// The product of two floats by the decimals that they are written as, rounded once (`BigDecimal.valueOf(a).multiply(…)`).
pub(super) fn decimal_product(left: f64, right: f64) -> f64 {
    let parts = |number: f64| -> Option<(i128, i32)> {
        let text = format!("{number:e}");
        let (mantissa, exponent) = text.split_once('e')?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}").parse().ok()?;
        Some((digits, exponent.parse::<i32>().ok()? - i32::try_from(fraction.len()).ok()?))
    };
    match (parts(left), parts(right)) {
        (Some((left, up)), Some((right, down))) => {
            format!("{}e{}", left * right, up + down).parse().unwrap_or(f64::NAN)
        }
        _ => left * right,
    }
}

/// Java's `Double.parseDouble`: white space around it and a `d` or `f` behind it do not matter.
pub(super) fn java_double_text(text: &str) -> &str {
    let text = text.trim_matches(|character: char| character <= ' ');
    match text.strip_suffix(['d', 'D', 'f', 'F']) {
        Some(number) if number.ends_with(|last: char| last.is_ascii_digit() || last == '.') => number,
        _ => text,
    }
}

/// Whether Java reads the text as a float; Rust would also take `inf` and `nan`.
pub(super) fn is_java_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    matches!(unsigned, "NaN" | "Infinity") || unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        for (text, floor, has_fraction) in [
            ("9223372036854775807", 9_223_372_036_854_775_807, false),
            ("9007199254740993.0", 9_007_199_254_740_993, false),
            ("-3.5", -4, true),
            ("3.50e1", 35, false),
            ("1e-400", 0, true),
            ("-0", 0, false),
            ("0e999999", 0, false),
            ("1e999999", HUGE, false),
            ("12345e-2", 123, true),
            ("5.", 5, false),
            ("+.5", 0, true),
        ] {
            assert_eq!(Decimal::parse(text), Some(Decimal { floor, has_fraction }), "{text}");
        }
        for text in ["", "-", ".", "e5", "1e", "0x1", "1 ", "1e99999999999", "--1", "é"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn products_are_rounded_once() {
        assert_eq!(decimal_product(10.12, 100.0), 1012.0);
        assert_eq!(decimal_product(1.1, 1.1), 1.21);
        assert_eq!(decimal_product(-0.3, 10.0), -3.0);
    }
}
