//! Digests of JSON values: equal values have equal digests, whatever the bytes were.

use std::fmt;

use serde_json::{Number, Value};

/// The digest of a whole document; two documents with the same digest are the very same document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DocumentDigest(pub [u8; 32]);

/// The digest of a JSON value.
///
/// The order of an object's keys makes no difference, neither do white space and escapes, nor how a number is written: 1, 1.0 and
/// 1e0 are one number, for JSON knows no other. The order of a list does.
///
/// ```
/// use serde_json::json;
/// use tripline::change::document_digest;
///
/// assert_eq!(document_digest(&json!({"id": 1, "skills": []})), document_digest(&json!({"skills": [], "id": 1.0})));
/// assert_ne!(document_digest(&json!({"skills": null})), document_digest(&json!({})));
/// ```
pub fn document_digest(document: &Value) -> DocumentDigest {
    let mut hasher = blake3::Hasher::new_derive_key("tripline document digest v1");
    write(&mut hasher, document);
    DocumentDigest(*hasher.finalize().as_bytes())
}

impl fmt::Display for DocumentDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        blake3::Hash::from(self.0).fmt(formatter)
    }
}

/// Every value is a letter for its type and its content, with its length where that varies: no two values write the same bytes.
fn write(hasher: &mut blake3::Hasher, value: &Value) {
    match value {
        Value::Null => write_kind(hasher, b"n"),
        Value::Bool(false) => write_kind(hasher, b"f"),
        Value::Bool(true) => write_kind(hasher, b"t"),
        Value::Number(number) => write_number(hasher, number),
        Value::String(text) => write_text(hasher, text),
        Value::Array(values) => {
            write_length(hasher, b"a", values.len());
            values.iter().for_each(|value| write(hasher, value));
        }
        Value::Object(object) => {
            write_length(hasher, b"o", object.len());
            let mut members: Vec<(&String, &Value)> = object.iter().collect();
            members.sort_unstable_by_key(|(key, _)| *key);
            for (key, value) in members {
                write_text(hasher, key);
                write(hasher, value);
            }
        }
    }
}

fn write_kind(hasher: &mut blake3::Hasher, kind: &[u8; 1]) {
    hasher.update(kind);
}

fn write_text(hasher: &mut blake3::Hasher, text: &str) {
    write_length(hasher, b"s", text.len());
    hasher.update(text.as_bytes());
}

fn write_length(hasher: &mut blake3::Hasher, kind: &[u8; 1], length: usize) {
    hasher.update(kind).update(&(length as u64).to_be_bytes());
}

fn write_number(hasher: &mut blake3::Hasher, number: &Number) {
    match whole(number) {
        Some(whole) => hasher.update(b"i").update(&whole.to_be_bytes()),
        None => hasher.update(b"d").update(&number.as_f64().unwrap_or(f64::NAN).to_bits().to_be_bytes()),
    };
}

/// The number as a whole one, where it is one: exactly, for doubles of that size are whole numbers themselves.
pub(super) fn whole(number: &Number) -> Option<i128> {
    const EXACT: f64 = (1_u128 << 100) as f64;
    let integer = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    integer.or_else(|| {
        let double = number.as_f64()?;
        (double.fract() == 0.0 && double.abs() < EXACT).then_some(double as i128)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_equal_by_value() {
        for (left, right) in [("1", "1.0"), ("0", "-0.0"), ("100", "1e2"), ("9007199254740993", "9007199254740993")] {
            let read = |text: &str| document_digest(&serde_json::from_str(text).unwrap());
            assert_eq!(read(left), read(right), "{left} and {right}");
        }
        assert_ne!(document_digest(&json!(9007199254740993_u64)), document_digest(&json!(9007199254740992_u64)));
        assert_ne!(document_digest(&json!(1)), document_digest(&json!("1")));
        assert_ne!(document_digest(&json!(1.5)), document_digest(&json!(1)));
    }

    #[test]
    fn content_cannot_pass_for_structure() {
        assert_ne!(document_digest(&json!(["a", "b"])), document_digest(&json!(["as\0\0\0\0\0\0\0\u{1}b"])));
        assert_ne!(document_digest(&json!([[], []])), document_digest(&json!([[[]]])));
        assert_ne!(document_digest(&json!({"a": null})), document_digest(&json!(["a", null])));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            // Halves and quarters, for JSON's text of other fractions is read to within a rounding.
            any::<i32>().prop_map(|quarters| Value::from(f64::from(quarters) + 0.25)),
            (-2_i64..3).prop_map(Value::from),
            "[a-c]{0,2}".prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-c]{0,2}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn equal_values_and_only_they_have_equal_digests(left in any_json(), right in any_json()) {
            prop_assert_eq!(left == right, document_digest(&left) == document_digest(&right));
        }

        #[test]
        fn a_document_written_and_read_again_is_the_very_same(value in any_json()) {
            let again: Value = serde_json::from_str(&serde_json::to_string_pretty(&value).unwrap()).unwrap();
            prop_assert_eq!(document_digest(&value), document_digest(&again));
        }
    }
}
