//! The parameters of one field in a mapping: which there are for a type, and what their values must be.
//!
//! Each type takes what its page of the Elasticsearch reference lists; what only older versions or OpenSearch take is
//! kept where it decides no match.

use serde_json::{Map, Value};

use super::error::MappingError;

/// For every leaf.
const COMMON: &[&str] = &["type", "meta", "fields", "copy_to", "boost", "synthetic_source_keep"];
/// For leaves that can be stored, indexed and have doc values each on its own.
const COLUMN: &[&str] = &["index", "doc_values", "store"];
const TEXT: &[&str] = &[
    "analyzer",
    "search_analyzer",
    "search_quote_analyzer",
    "position_increment_gap",
    "index_options",
    "norms",
    "fielddata",
    "fielddata_frequency_filter",
    "index_phrases",
    "index_prefixes",
    "term_vector",
    "similarity",
    "eager_global_ordinals",
];
const KEYWORD: &[&str] = &[
    "normalizer",
    "ignore_above",
    "null_value",
    "split_queries_on_whitespace",
    "index_options",
    "norms",
    "similarity",
    "eager_global_ordinals",
    "time_series_dimension",
    "on_script_error",
];
const FLATTENED: &[&str] = &[
    "index",
    "doc_values",
    "ignore_above",
    "null_value",
    "depth_limit",
    "split_queries_on_whitespace",
    "index_options",
    "similarity",
    "eager_global_ordinals",
    "time_series_dimensions",
];
const NUMBER: &[&str] =
    &["coerce", "ignore_malformed", "null_value", "time_series_dimension", "time_series_metric", "on_script_error"];
const SCALED_NUMBER: &[&str] = &["coerce", "ignore_malformed", "null_value", "time_series_metric", "scaling_factor"];
const DATE: &[&str] = &["format", "locale", "ignore_malformed", "null_value", "on_script_error"];
/// The parameters of a type beyond the common ones, in groups; `None` where the type is unknown.
fn of_type(kind: &str) -> Option<[&'static [&'static str]; 2]> {
    Some(match kind {
        "text" | "match_only_text" => [COLUMN, TEXT],
        "keyword" => [COLUMN, KEYWORD],
        "constant_keyword" => [&["value"], &[]],
        "wildcard" => [&["ignore_above", "null_value"], &[]],
        "flattened" | "flat_object" => [FLATTENED, &[]],
        "byte" | "short" | "integer" | "long" | "unsigned_long" | "half_float" | "float" | "double" => [COLUMN, NUMBER],
        "scaled_float" => [COLUMN, SCALED_NUMBER],
        "date" | "date_nanos" => [COLUMN, DATE],
        "boolean" => [COLUMN, &["null_value", "ignore_malformed", "time_series_dimension", "on_script_error"]],
        "ip" => [COLUMN, &["null_value", "ignore_malformed", "time_series_dimension", "on_script_error"]],
        "date_range" => [COLUMN, &["coerce", "format", "locale"]],
        "integer_range" | "long_range" | "float_range" | "double_range" | "ip_range" => [COLUMN, &["coerce", "locale"]],
        "geo_point" => [COLUMN, &["ignore_malformed", "ignore_z_value", "null_value", "time_series_metric"]],
        "token_count" => [COLUMN, &["analyzer", "enable_position_increments", "null_value"]],
        "rank_feature" => [&["positive_score_impact", "null_value"], &[]],
        "rank_features" => [&["positive_score_impact"], &[]],
        "binary" => [COLUMN, &[]],
        "version" => [&[], &[]],
        _ => return None,
    })
}

/// Those that decide nothing here: their values are only checked.
const BOOLEANS: &[&str] = &[
    "store",
    "norms",
    "fielddata",
    "index_phrases",
    "eager_global_ordinals",
    "time_series_dimension",
    "positive_score_impact",
];
const CHOICES: &[(&str, &[&str])] = &[
    ("time_series_metric", &["gauge", "counter", "histogram", "summary", "position"]),
    ("synthetic_source_keep", &["none", "arrays", "all"]),
    (
        "term_vector",
        &[
            "no",
            "yes",
            "with_positions",
            "with_offsets",
            "with_positions_offsets",
            "with_positions_payloads",
            "with_positions_offsets_payloads",
        ],
    ),
];

/// One field's definition and where it stands.
pub(super) struct Parameters<'a> {
    /// JSON pointer of the definition.
    pub(super) pointer: &'a str,
    pub(super) kind: &'a str,
    given: &'a Map<String, Value>,
}

impl<'a> Parameters<'a> {
    pub(super) fn new(pointer: &'a str, kind: &'a str, given: &'a Map<String, Value>) -> Self {
        Parameters { pointer, kind, given }
    }

    /// That the definition as a whole is wrong.
    pub(super) fn error(&self, reason: impl Into<String>) -> MappingError {
        MappingError::new(self.pointer, reason)
    }

    /// That one parameter is wrong.
    pub(super) fn bad(&self, name: &str, reason: impl AsRef<str>) -> MappingError {
        MappingError::new(below(self.pointer, name), format!("{name:?} {}", reason.as_ref()))
    }

    /// Checks that the type takes every parameter that is given, and the values of those that decide nothing.
    pub(super) fn check(&self, similarities: &[String]) -> Result<(), MappingError> {
        // A type that is not known is refused by its name.
        let Some(own) = of_type(self.kind) else { return Ok(()) };
        for (name, value) in self.given {
            // What becomes of a script's errors may be said where there is none, as long as it is the default.
            if name == "script" || (name == "on_script_error" && value != "fail") {
                return Err(self.bad(name, "is not supported: nothing runs scripts"));
            }
            if !own.iter().chain([&COMMON]).any(|names| names.contains(&name.as_str())) {
                let own = own.concat();
                let known = if own.is_empty() { String::new() } else { format!(" (known: {})", own.join(", ")) };
                return Err(self.bad(name, format!("is no parameter of a field of type {}{known}", self.kind)));
            }
            if value.is_null() && name != "null_value" {
                return Err(self.bad(name, "must not be null"));
            }
            self.check_what_decides_nothing(name, value, similarities)?;
        }
        Ok(())
    }

    fn check_what_decides_nothing(
        &self,
        name: &str,
        value: &Value,
        similarities: &[String],
    ) -> Result<(), MappingError> {
        if BOOLEANS.contains(&name) {
            return self.boolean(name, false).map(drop);
        }
        if let Some((_, known)) = CHOICES.iter().find(|(parameter, _)| *parameter == name) {
            return match value.as_str() {
                Some(text) if known.contains(&text) => Ok(()),
                _ => Err(self.bad(name, format!("is {value}; {} is expected", known.join(", ")))),
            };
        }
        match name {
            "meta" => self.check_meta(value),
            "similarity" => {
                let known =
                    |text: &str| matches!(text, "BM25" | "boolean") || similarities.iter().any(|one| one == text);
                match value.as_str() {
                    Some(text) if known(text) => Ok(()),
                    _ => {
                        Err(self
                            .bad(name, format!("is {value}; BM25, boolean or one of settings.similarity is expected")))
                    }
                }
            }
            "index_prefixes" => self.check_index_prefixes(value),
            _ => Ok(()),
        }
    }

    fn check_meta(&self, value: &Value) -> Result<(), MappingError> {
        match value.as_object() {
            Some(entries) if entries.values().all(Value::is_string) => Ok(()),
            _ => Err(self.bad("meta", "is an object of texts")),
        }
    }

    fn check_index_prefixes(&self, value: &Value) -> Result<(), MappingError> {
        let wrong = || {
            self.bad(
                "index_prefixes",
                "is {\"min_chars\", \"max_chars\"}, from 1 to 19, the first not above the second",
            )
        };
        let limits = value.as_object().ok_or_else(wrong)?;
        let limit = |name: &str, default: u64| match limits.get(name) {
            None => Some(default),
            Some(Value::String(text)) => text.parse().ok(),
            Some(other) => other.as_u64(),
        };
        let is_known = limits.keys().all(|name| matches!(name.as_str(), "min_chars" | "max_chars"));
        match (limit("min_chars", 2), limit("max_chars", 5)) {
            (Some(min), Some(max)) if is_known && min > 0 && min <= max && max < 20 => Ok(()),
            _ => Err(wrong()),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.given.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, MappingError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.bad(name, format!("is {other}, a string is expected"))),
        }
    }

    /// A value that is kept as a term: numbers and booleans as they are written.
    pub(super) fn term(&self, name: &str) -> Result<Option<Box<str>>, MappingError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str().into())),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(Some(value.to_string().into())),
            Some(other) => Err(self.bad(name, format!("is {other}, a string is expected"))),
        }
    }

    pub(super) fn boolean(&self, name: &str, default: bool) -> Result<bool, MappingError> {
        match self.get(name) {
            None => Ok(default),
            Some(Value::Bool(value)) => Ok(*value),
            Some(Value::String(text)) if text == "true" => Ok(true),
            Some(Value::String(text)) if text == "false" => Ok(false),
            Some(other) => Err(self.bad(name, format!("is {other}, true or false is expected"))),
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
            None => Err(self.bad(name, format!("is no whole number from 0 to {}", u32::MAX))),
        }
    }

    /// A name or a list of names.
    pub(super) fn names(&self, name: &str) -> Result<Vec<&'a str>, MappingError> {
        let wrong = || self.bad(name, "is a text or a list of texts");
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::String(one)) => Ok(vec![one]),
            Some(Value::Array(many)) => many.iter().map(|one| one.as_str().ok_or_else(wrong)).collect(),
            Some(_) => Err(wrong()),
        }
    }
}

/// The JSON pointer of `key` below `pointer`.
pub(super) fn below(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}
