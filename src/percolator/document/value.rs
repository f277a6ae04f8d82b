//! One value of a field, by the field's type.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::geo::{EncodedPoint, geohash};
use crate::mapping::{
    DateType, Field, FieldType, FlattenedType, GeoPointType, KeywordType, NumberField, TextType, TokenCountType,
    VersionRange, WildcardType, ip,
};

use super::DocumentError;
use super::reader::{Reader, shortened};

/// Lucene's longest term, in bytes.
const MAX_TERM_LENGTH: usize = 32_766;
/// Bytes that stay shorter than that however a normalizer changes them.
const MAX_SET_ASIDE: usize = 1_000;

impl Reader<'_> {
    /// Reads one value, not a list, of a field. Where nothing can find it, it must be right all the same.
    pub(super) fn value(&mut self, field: &Field, value: &Value) -> Result<(), DocumentError> {
        if field.is_searchable() {
            return self.typed_value(field, value);
        }
        let before = self.read_so_far();
        self.typed_value(field, value)?;
        self.forget(&before);
        Ok(())
    }

    fn typed_value(&mut self, field: &Field, value: &Value) -> Result<(), DocumentError> {
        match &field.kind {
            FieldType::Text(text) | FieldType::MatchOnlyText(text) => self.text(field, text, value),
            FieldType::Keyword(keyword) => self.keyword(field, keyword, value),
            FieldType::Wildcard(wildcard) => self.wildcard(field, wildcard, value),
            FieldType::Version => self.version(field, value),
            FieldType::ConstantKeyword(constant) => self.constant(field, constant.as_deref(), value),
            FieldType::Flattened(flattened) => self.flattened(field, flattened, value),
            FieldType::FlattenedKeys(_) => Ok(()),
            FieldType::Number(number) => self.number(field, number, value),
            FieldType::Date(date) => self.date(field, date, value),
            FieldType::Boolean(boolean) => {
                let truth = match value {
                    Value::Null => Ok(boolean.null_value),
                    Value::Bool(truth) => Ok(Some(*truth)),
                    Value::String(text) if text == "true" => Ok(Some(true)),
                    Value::String(text) if text == "false" || text.is_empty() => Ok(Some(false)),
                    _ => Err("true or false is expected".to_owned()),
                };
                match fitting(field, value, boolean.ignore_malformed, truth)? {
                    Some(truth) => self.boolean(field, truth),
                    None => Ok(()),
                }
            }
            FieldType::Ip(address) => {
                let point = match value {
                    Value::Null => Ok(address.null_value),
                    Value::String(text) => ip::parse(text).map(Some).ok_or_else(|| "it is no address".to_owned()),
                    _ => Err("a string with an address is expected".to_owned()),
                };
                let point = fitting(field, value, address.ignore_malformed, point)?;
                self.point(field, point)
            }
            FieldType::Range(range) => {
                if value.is_null() {
                    return Ok(());
                }
                let interval = fitting(field, value, false, range.document_interval(value).map(Some))?;
                if let Some(interval) = interval {
                    self.push_interval(field, interval);
                }
                Ok(())
            }
            FieldType::GeoPoint(point) => self.geo_point(field, point, value),
            FieldType::TokenCount(count) => self.token_count(field, count, value),
            FieldType::RankFeature { .. } => self.rank_feature(field, value),
            FieldType::RankFeatures { .. } => self.rank_features(field, value),
            FieldType::Binary => {
                if value.is_object() {
                    return Err(unfit(field, value, "Base64 is expected"));
                }
                if field.doc_values {
                    self.binary(field, value)?;
                }
                Ok(())
            }
        }
    }

    fn text(&mut self, field: &Field, text: &TextType, value: &Value) -> Result<(), DocumentError> {
        match scalar_text(field, value)? {
            Some(given) if field.indexed && !self.set_aside(field, &given) => {
                self.analyze(field, &text.analyzer, text.position_increment_gap, &given)
            }
            _ => Ok(()),
        }
    }

    fn keyword(&mut self, field: &Field, keyword: &KeywordType, value: &Value) -> Result<(), DocumentError> {
        let given = scalar_text(field, value)?;
        let Some(given) = given.as_deref().or(keyword.null_value.as_deref()) else { return Ok(()) };
        // A longer one may be too long for a term, which is to be said at once.
        let may_wait = given.len() <= MAX_SET_ASIDE;
        if is_longer(given, keyword.ignore_above) || (may_wait && self.set_aside(field, given)) {
            return Ok(());
        }
        match &keyword.normalizer {
            Some(normalizer) => self.term(field, &normalizer.normalize(given)),
            None => self.term(field, given),
        }
    }

    fn wildcard(&mut self, field: &Field, wildcard: &WildcardType, value: &Value) -> Result<(), DocumentError> {
        let given = scalar_text(field, value)?;
        let Some(given) = given.as_deref().or(wildcard.null_value.as_deref()) else { return Ok(()) };
        if is_longer(given, wildcard.ignore_above) { Ok(()) } else { self.push_term(field, given) }
    }

    fn version(&mut self, field: &Field, value: &Value) -> Result<(), DocumentError> {
        let Some(given) = scalar_text(field, value)? else { return Ok(()) };
        VersionRange::check(&given).map_err(|reason| unfit(field, value, &reason))?;
        self.term(field, &given)
    }

    fn constant(&mut self, field: &Field, constant: Option<&str>, value: &Value) -> Result<(), DocumentError> {
        let Some(given) = scalar_text(field, value)? else {
            return Err(unfit(field, value, "a constant field takes no null"));
        };
        match constant {
            Some(constant) if given != constant => {
                Err(unfit(field, value, &format!("the mapping says {constant:?} for all documents")))
            }
            // Every document has it, see `constants`.
            Some(_) => Ok(()),
            None => self.term(field, &given),
        }
    }

    /// Constants are there in every document, given or not.
    pub(super) fn constants(&mut self) -> Result<(), DocumentError> {
        for field in self.mapping.fields() {
            if let FieldType::ConstantKeyword(Some(constant)) = &field.kind {
                self.term(field, constant)?;
            }
        }
        Ok(())
    }

    fn number(&mut self, field: &Field, number: &NumberField, value: &Value) -> Result<(), DocumentError> {
        let point = match value {
            Value::Null => Ok(number.null_value),
            given => number.kind.document_point(given, number.coerce).map(|point| point.or(number.null_value)),
        };
        let point = fitting(field, value, number.ignore_malformed, point)?;
        self.point(field, point)
    }

    fn date(&mut self, field: &Field, date: &DateType, value: &Value) -> Result<(), DocumentError> {
        let point = match value {
            Value::Null => Ok(date.null_value),
            Value::String(text) => date.document_point(text).map(Some),
            Value::Number(number) => date.document_point(&number.to_string()).map(Some),
            _ => Err("a string or a number is expected".to_owned()),
        };
        let point = fitting(field, value, date.ignore_malformed, point)?;
        self.point(field, point)
    }

    fn boolean(&mut self, field: &Field, truth: bool) -> Result<(), DocumentError> {
        self.term(field, if truth { "true" } else { "false" })?;
        self.point(field, Some(i128::from(truth)))
    }

    /// Sub-fields of a point read its geohash.
    pub(super) fn geo_point(&mut self, field: &Field, kind: &GeoPointType, value: &Value) -> Result<(), DocumentError> {
        let mapping = self.mapping;
        for point in kind.points(value).map_err(|reason| unfit(field, value, &reason))? {
            if field.is_searchable() {
                self.push_point(field, EncodedPoint::of(point).to_point());
            }
            let hash = Value::String(geohash::of(point));
            field.sub_fields.iter().try_for_each(|id| self.value_and_sub_fields(mapping.field_by_id(*id), &hash))?;
        }
        Ok(())
    }

    fn token_count(&mut self, field: &Field, count: &TokenCountType, value: &Value) -> Result<(), DocumentError> {
        let Some(text) = scalar_text(field, value)? else { return self.point(field, count.null_value) };
        let mut tokens = 0;
        let end = count.analyzer.tokens(&text, &mut |_, _| tokens += 1);
        let holes_included = end.map_err(|error| DocumentError::new(&field.name, error.to_string()))?;
        self.point(field, Some(i128::from(if count.counts_holes { holes_included } else { tokens })))
    }

    fn rank_feature(&mut self, field: &Field, value: &Value) -> Result<(), DocumentError> {
        if value.is_null() {
            return Ok(());
        }
        check_positive(field, value)?;
        self.mark(field);
        Ok(())
    }

    /// An object of positive numbers.
    fn rank_features(&mut self, field: &Field, value: &Value) -> Result<(), DocumentError> {
        let Value::Object(features) = value else {
            return Err(unfit(field, value, "an object of positive numbers is expected"));
        };
        for (name, feature) in features {
            if name.contains('.') {
                return Err(unfit(field, value, &format!("the feature {name:?} has a dot")));
            }
            if !feature.is_null() {
                check_positive(field, feature)?;
                self.term(field, name)?;
            }
        }
        Ok(())
    }

    fn flattened(&mut self, field: &Field, flattened: &FlattenedType, value: &Value) -> Result<(), DocumentError> {
        match value {
            Value::Null => Ok(()),
            Value::Object(object) => self.flattened_object(field, flattened, "", object, 1),
            _ => Err(unfit(field, value, "an object is expected")),
        }
    }

    fn flattened_object(
        &mut self,
        field: &Field,
        flattened: &FlattenedType,
        path: &str,
        object: &Map<String, Value>,
        depth: u32,
    ) -> Result<(), DocumentError> {
        if depth > flattened.depth_limit {
            let reason = format!("its objects are deeper than the depth_limit {}", flattened.depth_limit);
            return Err(DocumentError::new(&field.name, reason));
        }
        for (name, value) in object {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            self.flattened_value(field, flattened, &path, value, depth)?;
        }
        Ok(())
    }

    fn flattened_value(
        &mut self,
        field: &Field,
        flattened: &FlattenedType,
        path: &str,
        value: &Value,
        depth: u32,
    ) -> Result<(), DocumentError> {
        match value {
            Value::Object(object) => return self.flattened_object(field, flattened, path, object, depth + 1),
            Value::Array(items) => {
                return items.iter().try_for_each(|item| self.flattened_value(field, flattened, path, item, depth));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        let given = scalar_text(field, value)?;
        let Some(given) = given.as_deref().or(flattened.null_value.as_deref()) else { return Ok(()) };
        if is_longer(given, flattened.ignore_above) {
            return Ok(());
        }
        self.term(field, given)?;
        match field.keyed {
            Some(keyed) => self.term(self.mapping.field_by_id(keyed), &format!("{path}\0{given}")),
            None => Ok(()),
        }
    }

    fn binary(&mut self, field: &Field, value: &Value) -> Result<(), DocumentError> {
        let is_base64 = |text: &String| STANDARD.decode(text).is_ok();
        match value {
            Value::Null => Ok(()),
            Value::String(text) if is_base64(text) => {
                self.mark(field);
                Ok(())
            }
            _ => Err(unfit(field, value, "Base64 is expected")),
        }
    }

    /// A whole value as one term.
    fn term(&mut self, field: &Field, term: &str) -> Result<(), DocumentError> {
        if term.len() > MAX_TERM_LENGTH {
            let reason = format!("a term of {} bytes; {MAX_TERM_LENGTH} are the most (see ignore_above)", term.len());
            return Err(DocumentError::new(&field.name, reason));
        }
        self.push_term(field, term)
    }

    fn point(&mut self, field: &Field, point: Option<i128>) -> Result<(), DocumentError> {
        if let Some(point) = point {
            self.push_point(field, point);
        }
        Ok(())
    }
}

/// The text of a scalar: numbers and booleans as JSON writes them; nothing for null.
fn scalar_text<'v>(field: &Field, value: &'v Value) -> Result<Option<Cow<'v, str>>, DocumentError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(Cow::Borrowed(text))),
        Value::Number(number) => Ok(Some(Cow::Owned(number.to_string()))),
        Value::Bool(truth) => Ok(Some(Cow::Borrowed(if *truth { "true" } else { "false" }))),
        Value::Array(_) | Value::Object(_) => Err(unfit(field, value, "a string, a number or a boolean is expected")),
    }
}

/// What `rank_feature` takes.
fn check_positive(field: &Field, value: &Value) -> Result<(), DocumentError> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    match number {
        Some(number) if number > 0.0 => Ok(()),
        _ => Err(unfit(field, value, "a positive number is expected")),
    }
}

/// In UTF-16 units, as Java counts.
fn is_longer(text: &str, limit: Option<u32>) -> bool {
    limit.is_some_and(|limit| text.len() > limit as usize && text.encode_utf16().count() > limit as usize)
}

/// A reading that failed is dropped under `ignore_malformed`, and refuses the document else.
fn fitting<T>(
    field: &Field,
    value: &Value,
    ignore_malformed: bool,
    reading: Result<Option<T>, String>,
) -> Result<Option<T>, DocumentError> {
    match reading {
        Err(_) if ignore_malformed && may_be_ignored(field, value) => Ok(None),
        Err(reason) => Err(unfit(field, value, &reason)),
        Ok(reading) => Ok(reading),
    }
}

/// Objects for numbers, booleans and addresses refuse the document even so.
fn may_be_ignored(field: &Field, value: &Value) -> bool {
    !value.is_object() || matches!(field.kind, FieldType::Date(_))
}

fn unfit(field: &Field, value: &Value, reason: &str) -> DocumentError {
    let reason = format!("{} does not fit the type {}: {reason}", shortened(value), field.kind.name());
    DocumentError::new(&field.name, reason)
}
