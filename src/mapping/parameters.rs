//! The parameters of one field in a mapping.

use serde_json::{Map, Value};

use super::error::MappingError;

/// Parameters that decide no match, or are read for every type.
const COMMON: &[&str] = &[
    "type",
    "fields",
    "copy_to",
    "index",
    "doc_values",
    "store",
    "boost",
    "meta",
    "similarity",
    "eager_global_ordinals",
    "time_series_dimension",
    "time_series_metric",
    "synthetic_source_keep",
];

/// One field's definition and where it stands.
pub(super) struct Parameters<'a> {
    pub(super) path: &'a str,
    pub(super) kind: &'a str,
    given: &'a Map<String, Value>,
}

impl<'a> Parameters<'a> {
    pub(super) fn new(path: &'a str, kind: &'a str, given: &'a Map<String, Value>) -> Self {
        Parameters { path, kind, given }
    }

    pub(super) fn error(&self, reason: impl Into<String>) -> MappingError {
        MappingError::new(self.path, reason)
    }

    /// Refuses a parameter that neither every type nor this one has.
    pub(super) fn check_names(&self, own: &[&str]) -> Result<(), MappingError> {
        for name in self.given.keys() {
            if name == "script" || name == "on_script_error" {
                return Err(self.error("fields computed by a script are not supported"));
            }
            if !COMMON.contains(&name.as_str()) && !own.contains(&name.as_str()) {
                let known = if own.is_empty() { String::new() } else { format!(" (known: {})", own.join(", ")) };
                return Err(self.error(format!("unknown parameter {name:?} for a field of type {}{known}", self.kind)));
            }
        }
        Ok(())
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.given.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, MappingError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.error(format!("{name:?} is {other}, a string is expected"))),
        }
    }

    /// A value that is kept as a term: numbers and booleans as they are written.
    pub(super) fn term(&self, name: &str) -> Result<Option<Box<str>>, MappingError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str().into())),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(Some(value.to_string().into())),
            Some(other) => Err(self.error(format!("{name:?} is {other}, a string is expected"))),
        }
    }

    pub(super) fn boolean(&self, name: &str, default: bool) -> Result<bool, MappingError> {
        match self.get(name) {
            None => Ok(default),
            Some(Value::Bool(value)) => Ok(*value),
            Some(Value::String(text)) if text == "true" => Ok(true),
            Some(Value::String(text)) if text == "false" => Ok(false),
            Some(other) => Err(self.error(format!("{name:?} is {other}, true or false is expected"))),
        }
    }

    pub(super) fn count(&self, name: &str) -> Result<Option<u32>, MappingError> {
        let given = match self.get(name) {
            None => return Ok(None),
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(text)) => text.parse().ok(),
            Some(_) => None,
        };
        match given.and_then(|count| u32::try_from(count).ok()) {
            Some(count) => Ok(Some(count)),
            None => Err(self.error(format!("{name:?} is no whole number from 0 to {}", u32::MAX))),
        }
    }

    /// A name or a list of names.
    pub(super) fn names(&self, name: &str) -> Result<Vec<&'a str>, MappingError> {
        let wrong = || self.error(format!("{name:?} is a field or a list of fields"));
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::String(one)) => Ok(vec![one]),
            Some(Value::Array(many)) => many.iter().map(|one| one.as_str().ok_or_else(wrong)).collect(),
            Some(_) => Err(wrong()),
        }
    }
}
