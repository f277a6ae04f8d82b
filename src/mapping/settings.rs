//! The settings of an index that decide what matches.

use serde_json::{Map, Value};

use super::error::MappingError;
use crate::analysis::AnalysisLimits;

/// What is read of `settings`; everything else there is for the cluster.
#[derive(Debug)]
pub(super) struct IndexSettings {
    /// `index.analysis`
    pub(super) analysis: Value,
    /// `index.max_ngram_diff` and `index.max_shingle_diff`
    pub(super) analysis_limits: AnalysisLimits,
    /// The names in `index.similarity`; how they score decides no match.
    pub(super) similarities: Vec<String>,
    /// `index.mapping.ignore_malformed`
    pub(super) ignore_malformed: bool,
    /// `index.mapping.coerce`
    pub(super) coerce: bool,
    /// `index.query.default_field`
    pub(super) default_fields: Vec<String>,
}

impl IndexSettings {
    pub(super) fn read(settings: Option<&Value>) -> Result<IndexSettings, MappingError> {
        let mut tree = Map::new();
        if let Some(settings) = settings {
            let Some(settings) = settings.as_object() else {
                return Err(MappingError::new("/settings", "an object is expected"));
            };
            expand(settings, &mut tree, 0)?;
        }
        // `index.` may be written or left out.
        if let Some(Value::Object(index)) = tree.remove("index") {
            merge(index, &mut tree);
        }
        let tree = Value::Object(tree);
        Ok(IndexSettings {
            analysis: tree.get("analysis").cloned().unwrap_or_default(),
            analysis_limits: analysis_limits(&tree)?,
            similarities: tree
                .get("similarity")
                .and_then(Value::as_object)
                .map(|similarities| similarities.keys().cloned().collect())
                .unwrap_or_default(),
            ignore_malformed: boolean(&tree, "/mapping/ignore_malformed", false)?,
            coerce: boolean(&tree, "/mapping/coerce", true)?,
            default_fields: default_fields(tree.pointer("/query/default_field"))?,
        })
    }
}

/// Objects within each other in settings.
const MAX_DEPTH: usize = 32;

/// `{"a.b": 1}` as `{"a": {"b": 1}}`, at all levels.
fn expand(settings: &Map<String, Value>, tree: &mut Map<String, Value>, depth: usize) -> Result<(), MappingError> {
    if depth > MAX_DEPTH {
        return Err(MappingError::new("/settings", format!("more than {MAX_DEPTH} objects within each other")));
    }
    for (key, value) in settings {
        let mut value = match value {
            Value::Object(inner) => {
                let mut expanded = Map::new();
                expand(inner, &mut expanded, depth + 1)?;
                Value::Object(expanded)
            }
            other => other.clone(),
        };
        let mut parts: Vec<&str> = key.split('.').collect();
        if parts.len() > MAX_DEPTH {
            return Err(MappingError::new("/settings", format!("more than {MAX_DEPTH} dots in a name")));
        }
        let first = parts.remove(0);
        while let Some(part) = parts.pop() {
            value = Value::Object(Map::from_iter([(part.to_owned(), value)]));
        }
        merge(Map::from_iter([(first.to_owned(), value)]), tree);
    }
    Ok(())
}

fn merge(from: Map<String, Value>, into: &mut Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(known)), Value::Object(more)) => merge(more, known),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

fn boolean(tree: &Value, pointer: &str, default: bool) -> Result<bool, MappingError> {
    match tree.pointer(pointer) {
        None => Ok(default),
        Some(Value::Bool(value)) => Ok(*value),
        Some(Value::String(text)) if text == "true" => Ok(true),
        Some(Value::String(text)) if text == "false" => Ok(false),
        Some(other) => {
            Err(MappingError::new(format!("/settings{pointer}"), format!("{other} is neither true nor false")))
        }
    }
}

fn analysis_limits(tree: &Value) -> Result<AnalysisLimits, MappingError> {
    let defaults = AnalysisLimits::default();
    Ok(AnalysisLimits {
        max_ngram_diff: count(tree, "max_ngram_diff", defaults.max_ngram_diff)?,
        max_shingle_diff: count(tree, "max_shingle_diff", defaults.max_shingle_diff)?,
    })
}

fn count(tree: &Value, key: &str, default: usize) -> Result<usize, MappingError> {
    let given = match tree.get(key) {
        None => return Ok(default),
        Some(Value::String(text)) => text.parse().ok(),
        Some(other) => other.as_u64().and_then(|number| usize::try_from(number).ok()),
    };
    given.ok_or_else(|| MappingError::new(format!("/settings/{key}"), "a whole number of 0 or more is expected"))
}

fn default_fields(given: Option<&Value>) -> Result<Vec<String>, MappingError> {
    let wrong =
        || MappingError::new("/settings/query/default_field", "a field, a pattern or a list of them is expected");
    match given {
        None => Ok(vec!["*".to_owned()]),
        Some(Value::String(field)) => Ok(vec![field.clone()]),
        Some(Value::Array(fields)) => {
            fields.iter().map(|field| field.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}
