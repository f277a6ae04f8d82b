//! Numbers of documents and queries as points.

use serde_json::{Number, Value};

use super::decimal::{Decimal, decimal_product, is_java_float, java_double_text};
use super::field::NumberType;

/// The point of a double: same order as the numbers, -0.0 before 0.0.
pub(crate) fn double_point(number: f64) -> i128 {
    let bits = number.to_bits() as i64;
    i128::from(bits ^ ((bits >> 63) & i64::MAX))
}

/// The point of a float.
pub(crate) fn float_point(number: f32) -> i128 {
    let bits = number.to_bits() as i32;
    i128::from(bits ^ ((bits >> 31) & i32::MAX))
}

/// The double of a point.
pub(crate) fn double_of(point: i128) -> f64 {
    let bits = point as i64;
    f64::from_bits((bits ^ ((bits >> 63) & i64::MAX)) as u64)
}

/// The float of a point.
pub(crate) fn float_of(point: i128) -> f32 {
    let bits = point as i32;
    f32::from_bits((bits ^ ((bits >> 31) & i32::MAX)) as u32)
}

/// The nearest half float, ties to even; beyond the largest it is infinite.
fn narrow_to_half(number: f32) -> f32 {
    const LARGEST: f64 = 65504.0;
    let exact = f64::from(number);
    let exponent = if exact == 0.0 { -14 } else { exact.abs().log2().floor().max(-14.0) as i32 };
    let unit = 2f64.powi(exponent - 10);
    let rounded = (exact / unit).round_ties_even() * unit;
    if rounded.abs() > LARGEST { f32::INFINITY.copysign(number) } else { rounded as f32 }
}

impl NumberType {
    /// The points of the type's smallest and largest number.
    pub(crate) fn limits(self) -> (i128, i128) {
        match self {
            NumberType::Byte => (i8::MIN.into(), i8::MAX.into()),
            NumberType::Short => (i16::MIN.into(), i16::MAX.into()),
            NumberType::Integer => (i32::MIN.into(), i32::MAX.into()),
            NumberType::Long | NumberType::ScaledFloat { .. } => (i64::MIN.into(), i64::MAX.into()),
            NumberType::UnsignedLong => (0, u64::MAX.into()),
            NumberType::HalfFloat | NumberType::Float => (float_point(f32::NEG_INFINITY), float_point(f32::INFINITY)),
            NumberType::Double => (double_point(f64::NEG_INFINITY), double_point(f64::INFINITY)),
        }
    }

    /// The point of a document's value; `None` for an empty string, which is a null.
    pub(crate) fn document_point(self, value: &Value, coerce: bool) -> Result<Option<i128>, String> {
        match value {
            Value::String(text) if text.is_empty() && coerce => Ok(None),
            Value::String(_) if !coerce && self != NumberType::UnsignedLong => {
                Err("a string is given and `coerce` is false".to_owned())
            }
            Value::Number(_) | Value::String(_) if self.is_whole() => self.whole_point(value, coerce).map(Some),
            Value::Number(_) | Value::String(_) => self.float_document_point(value).map(Some),
            _ => Err("a number is expected".to_owned()),
        }
    }

    /// The point of an end that a range field is asked for.
    pub(super) fn end_point(self, value: &Value) -> Result<i128, String> {
        match value {
            Value::String(text) if is_java_non_finite(text) => Err("only finite values are supported".to_owned()),
            Value::Number(_) | Value::String(_) if self.is_whole() => self.whole_point(value, false),
            Value::Number(_) | Value::String(_) => self.float_document_point(value),
            _ => Err("a number is expected".to_owned()),
        }
    }

    /// Refuses what the type cannot hold.
    pub(super) fn check_listed(self, value: &Value) -> Result<(), String> {
        match self {
            NumberType::HalfFloat | NumberType::Float | NumberType::Double => {
                self.float_document_point(value).map(drop).map_err(|reason| format!("{value}: {reason}"))
            }
            NumberType::ScaledFloat { .. } => self.lower_point(value, true).map(drop),
            _ if value.as_str().is_some_and(is_java_non_finite) => Ok(()),
            // What has a fraction is left out before anybody looks at the range.
            _ if self.query_decimal(value)?.has_fraction => Ok(()),
            _ => self.bound_decimal(value).map(drop),
        }
    }

    /// Whether the type has whole numbers only.
    pub(crate) fn is_whole(self) -> bool {
        matches!(
            self,
            NumberType::Byte | NumberType::Short | NumberType::Integer | NumberType::Long | NumberType::UnsignedLong
        )
    }

    fn whole_point(self, value: &Value, coerce: bool) -> Result<i128, String> {
        let decimal = match value {
            Value::String(text) if matches!(self, NumberType::Long | NumberType::UnsignedLong) => Decimal::parse(text),
            // Smaller types are read as Java doubles, in which NaN is 0 when cut to an integer.
            Value::String(text) if java_double_text(text) == "NaN" => Some(Decimal { floor: 0, has_fraction: false }),
            Value::String(text) => Decimal::parse(java_double_text(text)),
            Value::Number(number) => Some(decimal(number)),
            _ => None,
        };
        let decimal = decimal.ok_or("it is no number")?;
        if decimal.has_fraction && !coerce {
            return Err("it has a fraction and `coerce` is false".to_owned());
        }
        let (low, high) = self.limits();
        // 2147483647.9 is out of range although what remains of it would not be, except for the decimals of `long`.
        let out_of_range = match self {
            NumberType::Long | NumberType::UnsignedLong => decimal.truncated() < low || decimal.truncated() > high,
            _ => decimal.floor < low || decimal.ceil() > high,
        };
        if out_of_range { Err(format!("it is out of range ({low} to {high})")) } else { Ok(decimal.truncated()) }
    }

    fn float_document_point(self, value: &Value) -> Result<i128, String> {
        let infinite = || "only finite values are supported".to_owned();
        match self {
            NumberType::Float | NumberType::HalfFloat => {
                let number = self.narrow(float(value).ok_or("it is no number")?);
                if number.is_finite() { Ok(float_point(number)) } else { Err(infinite()) }
            }
            NumberType::ScaledFloat { scaling_factor } => {
                let number = double(value).filter(|number| !number.is_nan()).ok_or("it is no number")?;
                if number.is_finite() { Ok(java_round(number * scaling_factor)) } else { Err(infinite()) }
            }
            _ => {
                let number = double(value).ok_or("it is no number")?;
                if number.is_finite() { Ok(double_point(number)) } else { Err(infinite()) }
            }
        }
    }

    fn narrow(self, number: f32) -> f32 {
        if self == NumberType::HalfFloat { narrow_to_half(number) } else { number }
    }

    /// The point that a `term` asks for; `None` where no document can have it.
    pub(crate) fn term_point(self, value: &Value) -> Result<Option<i128>, String> {
        match self {
            NumberType::Float | NumberType::HalfFloat => {
                let number = self.narrow(float(value).ok_or_else(|| not_a_number(value))?);
                Ok(number.is_finite().then(|| float_point(number)))
            }
            NumberType::Double => {
                let number = double(value).ok_or_else(|| not_a_number(value))?;
                Ok(number.is_finite().then(|| double_point(number)))
            }
            NumberType::ScaledFloat { scaling_factor } => Ok(Some(java_round(scaled(value, scaling_factor)?))),
            _ => {
                if value.as_str().is_some_and(is_java_non_finite) {
                    return Ok(None);
                }
                let decimal = self.query_decimal(value)?;
                let (low, high) = self.limits();
                let possible = !decimal.has_fraction && (low..=high).contains(&decimal.floor);
                Ok(possible.then_some(decimal.floor))
            }
        }
    }

    /// The least point that a lower bound accepts.
    pub(crate) fn lower_point(self, value: &Value, includes: bool) -> Result<i128, String> {
        let beyond = i128::from(!includes);
        match self {
            NumberType::Float | NumberType::HalfFloat => {
                Ok(float_point(float(value).ok_or_else(|| not_a_number(value))?) + beyond)
            }
            NumberType::Double => Ok(double_point(double(value).ok_or_else(|| not_a_number(value))?) + beyond),
            NumberType::ScaledFloat { scaling_factor } => {
                let scaled = scaled(value, scaling_factor)?;
                Ok(if includes { scaled } else { scaled.next_up() }.ceil() as i64 as i128)
            }
            _ => {
                let decimal = self.bound_decimal(value)?;
                Ok(if decimal.has_fraction { decimal.ceil() } else { decimal.floor + beyond })
            }
        }
    }

    /// The greatest point that an upper bound accepts.
    pub(crate) fn upper_point(self, value: &Value, includes: bool) -> Result<i128, String> {
        let beyond = i128::from(!includes);
        match self {
            NumberType::Float | NumberType::HalfFloat => {
                Ok(float_point(float(value).ok_or_else(|| not_a_number(value))?) - beyond)
            }
            NumberType::Double => Ok(double_point(double(value).ok_or_else(|| not_a_number(value))?) - beyond),
            NumberType::ScaledFloat { scaling_factor } => {
                let scaled = scaled(value, scaling_factor)?;
                Ok(if includes { scaled } else { scaled.next_down() }.floor() as i64 as i128)
            }
            _ => {
                let decimal = self.bound_decimal(value)?;
                Ok(if decimal.has_fraction { decimal.floor } else { decimal.floor - beyond })
            }
        }
    }

    fn query_decimal(self, value: &Value) -> Result<Decimal, String> {
        let decimal = match value {
            Value::Number(number) => Some(decimal(number)),
            Value::String(text) if matches!(self, NumberType::Long | NumberType::UnsignedLong) => Decimal::parse(text),
            Value::String(text) => Decimal::parse(java_double_text(text)),
            _ => None,
        };
        decimal.ok_or_else(|| not_a_number(value))
    }

    /// A bound out of the type's range is refused, as every Elasticsearch does: `byte` and `short` have that of
    /// `integer`, and `unsigned_long` takes any number.
    fn bound_decimal(self, value: &Value) -> Result<Decimal, String> {
        let decimal = self.query_decimal(value)?;
        let (low, high) = match self {
            NumberType::Byte | NumberType::Short => NumberType::Integer.limits(),
            other => other.limits(),
        };
        // As for documents: 2147483647.5 is no integer, whatever the fraction would leave.
        let out_of_range = match self {
            NumberType::Long => decimal.truncated() < low || decimal.truncated() > high,
            _ => decimal.floor < low || decimal.ceil() > high,
        };
        if out_of_range && self != NumberType::UnsignedLong {
            return Err(format!("{value} is out of the range of {} ({low} to {high})", self.name()));
        }
        Ok(decimal)
    }
}

/// A double as Java writes it: `1000.0`, `1.0E7`, `1.0E-4`.
pub(crate) fn java_text_of(number: f64) -> String {
    let magnitude = number.abs();
    if number == 0.0 || (1e-3..1e7).contains(&magnitude) {
        return format!("{number:?}");
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) if mantissa.contains('.') => format!("{mantissa}E{exponent}"),
        Some((mantissa, exponent)) => format!("{mantissa}.0E{exponent}"),
        None => text,
    }
}

fn not_a_number(value: &Value) -> String {
    let shown: String = value.to_string().chars().take(60).collect();
    format!("{shown} is no number")
}

/// What Java's doubles are beyond the finite ones; to types of whole numbers they have a fraction, and so find nothing.
fn is_java_non_finite(text: &str) -> bool {
    let text = java_double_text(text);
    matches!(text.strip_prefix(['+', '-']).unwrap_or(text), "NaN" | "Infinity")
}

fn decimal(number: &Number) -> Decimal {
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(whole), _, _) => Decimal { floor: whole.into(), has_fraction: false },
        (_, Some(whole), _) => Decimal { floor: whole.into(), has_fraction: false },
        // Whole numbers below the range of `long` become floats; the nearest of them is taken for the least `long`.
        (_, _, Some(float)) if float == i64::MIN as f64 => {
            Decimal { floor: i128::from(i64::MIN) - 1, has_fraction: false }
        }
        (_, _, Some(float)) => Decimal::of_float(float),
        (None, None, None) => Decimal { floor: 0, has_fraction: true },
    }
}

fn double(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => java_text(text)?.parse().ok(),
        _ => None,
    }
}

fn float(value: &Value) -> Option<f32> {
    match value {
        Value::Number(number) => number.as_f64().map(|number| number as f32),
        Value::String(text) => java_text(text)?.parse().ok(),
        _ => None,
    }
}

fn java_text(text: &str) -> Option<&str> {
    Some(java_double_text(text)).filter(|text| is_java_float(text))
}

/// A query's number, scaled as decimals are multiplied; that takes finite ones only.
fn scaled(value: &Value, scaling_factor: f64) -> Result<f64, String> {
    match double(value).filter(|number| number.is_finite()) {
        Some(number) => Ok(decimal_product(number, scaling_factor)),
        None => Err(not_a_number(value)),
    }
}

/// Java's `Math.round`: halves up, and no further than a long reaches.
fn java_round(number: f64) -> i128 {
    let floor = number.floor();
    let rounded = if number - floor >= 0.5 { floor + 1.0 } else { floor };
    i128::from(rounded as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn float_points_keep_the_order_of_the_numbers() {
        let order = [f64::NEG_INFINITY, -1e300, -1.0, -1e-300, -0.0, 0.0, 1e-300, 1.0, 1e300, f64::INFINITY];
        assert!(order.map(double_point).windows(2).all(|pair| pair[0] < pair[1]));
        assert!(order.map(|number| float_point(number as f32)).is_sorted());
    }

    #[test]
    fn half_floats_round_to_the_nearest() {
        for (number, expected) in [
            (0.1, 0.099975586),
            (65519.0, 65504.0),
            (65520.0, f32::INFINITY),
            (1.0, 1.0),
            (5.9e-8, 5.9604645e-8),
            (1e-9, 0.0),
        ] {
            assert_eq!(narrow_to_half(number), expected, "{number}");
        }
    }

    #[test]
    fn a_documents_numbers_are_coerced_as_elasticsearch_does() {
        use NumberType::{Byte, Double, Float, HalfFloat, Integer, Long, ScaledFloat, UnsignedLong};
        let hundredths = ScaledFloat { scaling_factor: 100.0 };
        for (kind, value, expected) in [
            (Integer, json!(3.9), Ok(Some(3))),
            (Integer, json!("4.7"), Ok(Some(4))),
            (Integer, json!(-3.9), Ok(Some(-3))),
            (Integer, json!(" 5 "), Ok(Some(5))),
            (Integer, json!("1e2"), Ok(Some(100))),
            (Integer, json!("NaN"), Ok(Some(0))),
            (Integer, json!(""), Ok(None)),
            (Integer, json!(2147483647.9), Err(())),
            (Integer, json!(true), Err(())),
            (Integer, json!("abc"), Err(())),
            (Byte, json!(200), Err(())),
            (Long, json!("1e3"), Ok(Some(1000))),
            (Long, json!(" 5"), Err(())),
            (Long, json!(9007199254740993_i64), Ok(Some(9007199254740993))),
            (Long, json!("9223372036854775807.9"), Ok(Some(i64::MAX.into()))),
            (Long, json!(9223372036854775808_u64), Err(())),
            (UnsignedLong, json!(u64::MAX), Ok(Some(u64::MAX.into()))),
            (UnsignedLong, json!(-1), Err(())),
            (UnsignedLong, json!("5"), Ok(Some(5))),
            (Double, json!("1.5d"), Ok(Some(double_point(1.5)))),
            (Double, json!("NaN"), Err(())),
            (Float, json!(1e40), Err(())),
            (HalfFloat, json!(65519), Ok(Some(float_point(65504.0)))),
            (HalfFloat, json!(65520), Err(())),
            (hundredths, json!(10.125), Ok(Some(1013))),
            (hundredths, json!(-10.125), Ok(Some(-1012))),
            (hundredths, json!(1e300), Ok(Some(i64::MAX.into()))),
        ] {
            let found = kind.document_point(&value, true).map_err(|_| ());
            assert_eq!(found, expected, "{kind:?} {value}");
        }
        assert!(Integer.document_point(&json!("4"), false).is_err());
        assert!(Integer.document_point(&json!(4.5), false).is_err());
        assert_eq!(Integer.document_point(&json!(4.0), false), Ok(Some(4)));
    }
}
