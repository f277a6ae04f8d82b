//! Strict JSON: what several readers could understand differently is refused.

use std::fmt;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

/// The deepest nesting of lists and objects that is read.
pub const MAX_DEPTH: usize = 128;

/// Why bytes are not read as JSON, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("{reason} at line {line} column {column}")]
pub struct JsonError {
    /// What is wrong.
    pub reason: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The byte within the line, counted from 1.
    pub column: usize,
}

/// Reads exactly one JSON value.
///
/// ```
/// use tripline::json;
///
/// assert_eq!(json::parse(br#"{"id": 125}"#).unwrap()["id"], 125);
///
/// let error = json::parse(br#"{"id": 125, "id": 126}"#).unwrap_err();
/// assert_eq!(error.to_string(), r#"duplicate key "id" at line 1 column 16"#);
/// ```
///
/// # Errors
///
/// Refused are, besides what is no JSON: keys that come twice in one object, nesting deeper than [`MAX_DEPTH`],
/// text that is not UTF-8, numbers beyond a double, and anything but white space behind the value.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    // Its recursion is limited to `MAX_DEPTH` by serde_json itself.
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    StrictValue.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value)).map_err(JsonError::from)
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let message = error.to_string();
        let reason = match message.rsplit_once(" at line ") {
            Some((_, place)) if place != format!("{line} column {column}") => message,
            Some(("recursion limit exceeded", _)) => format!("more than {MAX_DEPTH} levels of nesting"),
            Some(("invalid unicode code point", _)) => "text that is not UTF-8".to_owned(),
            Some((reason, _)) => reason.to_owned(),
            None => message,
        };
        JsonError { reason, line, column }
    }
}

/// Builds a [`Value`] and refuses keys that come twice, where serde_json's own would keep the last.
#[derive(Clone, Copy)]
struct StrictValue;

impl<'de> DeserializeSeed<'de> for StrictValue {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StrictValue {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = access.next_element_seed(StrictValue)? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            match object.entry(key) {
                Entry::Occupied(known) => {
                    return Err(A::Error::custom(format!("duplicate key {:?}", in_short(known.key()))));
                }
                Entry::Vacant(place) => place.insert(access.next_value_seed(StrictValue)?),
            };
        }
        Ok(Value::Object(object))
    }
}

/// The beginning of a key: an error stays short, however long the key is.
fn in_short(key: &str) -> String {
    const SHOWN: usize = 80;
    match key.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", key.get(..end).unwrap_or_default()),
        None => key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(bytes: &[u8]) -> String {
        parse(bytes).unwrap_err().to_string()
    }

    #[test]
    fn a_key_that_comes_twice_is_refused_with_its_place() {
        assert_eq!(reason(b"{\"a\": 1,\n \"b\": {\"c\": 1, \"c\": 2}}"), "duplicate key \"c\" at line 2 column 18");
        assert_eq!(reason(b"{\"a\": 1, \"\\u0061\": 2}"), "duplicate key \"a\" at line 1 column 17");
    }

    #[test]
    fn an_error_stays_short_however_long_the_key_is() {
        let key = "é".repeat(1_000_000);
        assert!(reason(format!("{{\"{key}\": 1, \"{key}\": 2}}").as_bytes()).len() < 300);
    }

    #[test]
    fn the_same_key_in_two_objects_is_fine() {
        assert!(parse(br#"[{"a": 1}, {"a": {"a": 2}}]"#).is_ok());
    }

    #[test]
    fn nesting_beyond_the_limit_is_refused() {
        let levels = |depth: usize| [b"[".repeat(depth), b"]".repeat(depth)].concat();
        assert!(parse(&levels(MAX_DEPTH - 1)).is_ok());
        assert!(reason(&levels(10_000)).starts_with("more than 128 levels of nesting at line 1"));
        assert!(reason(&b"{\"a\":".repeat(1_000_000)).starts_with("more than 128 levels"));
    }

    #[test]
    fn text_that_is_not_utf8_is_refused() {
        assert!(reason(b"\"\xff\"").starts_with("text that is not UTF-8"));
        assert!(parse(b"\xff").is_err());
        assert!(parse(br#""\ud800""#).is_err());
    }

    #[test]
    fn anything_behind_the_value_is_refused() {
        assert!(reason(b"{} x").starts_with("trailing characters"));
        assert!(parse(b" {} \r\n\t").is_ok());
        assert!(parse(b"").is_err());
    }

    #[test]
    fn numbers_keep_their_value_or_are_refused() {
        assert_eq!(parse(b"18446744073709551615").unwrap(), serde_json::json!(u64::MAX));
        assert_eq!(parse(b"-9223372036854775808").unwrap(), serde_json::json!(i64::MIN));
        assert!(parse(b"1e400").is_err());
        assert!(parse(b"NaN").is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic_and_what_it_reads_serde_json_reads_alike(bytes: Vec<u8>) {
            if let Ok(value) = parse(&bytes) {
                proptest::prop_assert_eq!(value, serde_json::from_slice::<Value>(&bytes).unwrap());
            }
        }
    }
}
