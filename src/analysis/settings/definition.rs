//! One named definition within `settings.analysis`, and its parameters.

use serde_json::{Map, Value};

use super::AnalysisError;

/// A definition with what it says.
pub(super) struct Definition<'a> {
    pub(super) place: String,
    pub(super) name: &'a str,
    parameters: &'a Map<String, Value>,
    /// Whether the index defines it; else it is one of the built-in ones.
    is_defined: bool,
}

/// All definitions of a kind: `analyzer`, `tokenizer`, `filter`…
pub(super) fn definitions<'a>(analysis: &'a Value, kind: &str) -> Result<Vec<Definition<'a>>, AnalysisError> {
    let Some(named) = analysis.get(kind) else { return Ok(Vec::new()) };
    let Some(named) = named.as_object() else {
        return Err(AnalysisError::new(format!("analysis.{kind}"), "an object of named definitions is expected"));
    };
    named
        .iter()
        .map(|(name, parameters)| {
            let place = format!("analysis.{kind}.{name}");
            match parameters.as_object() {
                Some(parameters) => Ok(Definition { place, name, parameters, is_defined: true }),
                None => Err(AnalysisError::new(place, "an object is expected")),
            }
        })
        .collect()
}

/// The definition that a name refers to: one of the index, or a built-in kind without parameters.
pub(super) fn find<'a>(analysis: &'a Value, kind: &str, name: &'a str) -> Definition<'a> {
    static NO_PARAMETERS: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    let defined = analysis.get(kind).and_then(|named| named.get(name)).and_then(Value::as_object);
    Definition {
        place: format!("analysis.{kind}.{name}"),
        name,
        parameters: defined.unwrap_or(&NO_PARAMETERS),
        is_defined: defined.is_some(),
    }
}

impl<'a> Definition<'a> {
    pub(super) fn error(&self, reason: impl Into<String>) -> AnalysisError {
        AnalysisError::new(self.place.clone(), reason)
    }

    pub(super) fn error_in(&self, parameter: &str, reason: impl Into<String>) -> AnalysisError {
        AnalysisError::new(format!("{}.{parameter}", self.place), reason)
    }

    /// A kind that is not supported: one that is refused for a reason, or an unknown one.
    pub(super) fn unsupported(
        &self,
        what: &str,
        kind: &str,
        refused: &[(&str, &str)],
        supported: &[&str],
    ) -> AnalysisError {
        match refused.iter().find(|(name, _)| *name == kind) {
            Some((_, why)) => self.error(format!("the {what} {kind:?} is not supported: {why}")),
            None => self.error(format!("unknown {what} {kind:?}; supported are {}", supported.join(", "))),
        }
    }

    /// `type`, or the definition's own name where it is a built-in without parameters.
    pub(super) fn kind(&self) -> Result<&'a str, AnalysisError> {
        match self.given_type()? {
            Some(kind) => Ok(kind),
            None if self.is_defined => Err(self.error("a `type` is needed")),
            None => Ok(self.name),
        }
    }

    pub(super) fn given_type(&self) -> Result<Option<&'a str>, AnalysisError> {
        self.text("type")
    }

    pub(super) fn is_built_in(&self) -> bool {
        !self.is_defined
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.parameters.contains_key(key)
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<&'a str>, AnalysisError> {
        match self.parameters.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.error_in(key, format!("{other} is no string"))),
        }
    }

    /// A string that is a single character.
    pub(super) fn character(&self, key: &str, default: char) -> Result<char, AnalysisError> {
        let Some(text) = self.text(key)? else { return Ok(default) };
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) => Ok(character),
            _ => Err(self.error_in(key, format!("{text:?} is not one character"))),
        }
    }

    pub(super) fn number(&self, key: &str, default: usize) -> Result<usize, AnalysisError> {
        let given = match self.parameters.get(key) {
            None => return Ok(default),
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(text)) => text.parse().ok(),
            Some(_) => None,
        };
        given
            .and_then(|number| usize::try_from(number).ok())
            .ok_or_else(|| self.error_in(key, "a whole number of 0 or more is expected"))
    }

    /// A number within bounds.
    pub(super) fn number_within(
        &self,
        key: &str,
        default: usize,
        bounds: std::ops::RangeInclusive<usize>,
    ) -> Result<usize, AnalysisError> {
        let number = self.number(key, default)?;
        if bounds.contains(&number) {
            return Ok(number);
        }
        Err(self.error_in(key, format!("{number} is not within {} and {}", bounds.start(), bounds.end())))
    }

    /// Whether a number is given, and is -1.
    pub(super) fn is_minus_one(&self, key: &str) -> bool {
        match self.parameters.get(key) {
            Some(Value::Number(number)) => number.as_i64() == Some(-1),
            Some(Value::String(text)) => text == "-1",
            _ => false,
        }
    }

    pub(super) fn boolean(&self, key: &str, default: bool) -> Result<bool, AnalysisError> {
        match self.parameters.get(key) {
            None => Ok(default),
            Some(Value::Bool(value)) => Ok(*value),
            Some(Value::String(text)) if text == "true" => Ok(true),
            Some(Value::String(text)) if text == "false" => Ok(false),
            Some(other) => Err(self.error_in(key, format!("{other} is neither true nor false"))),
        }
    }

    /// A list of strings; one string has its parts between commas.
    pub(super) fn list(&self, key: &str) -> Result<Option<Vec<String>>, AnalysisError> {
        match self.parameters.get(key) {
            Some(Value::String(text)) => {
                Ok(Some(text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()))
            }
            _ => self.whole_list(key),
        }
    }

    /// A list of strings; one string is one of them, commas and all.
    pub(super) fn whole_list(&self, key: &str) -> Result<Option<Vec<String>>, AnalysisError> {
        let expected = || self.error_in(key, "a list of strings is expected");
        let text = |item: &Value| match item {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(expected()),
        };
        match self.parameters.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(items)) => items.iter().map(text).collect::<Result<_, _>>().map(Some),
            Some(single) => Ok(Some(vec![text(single)?])),
        }
    }

    /// A list that must be there.
    pub(super) fn needed_list(&self, key: &str) -> Result<Vec<String>, AnalysisError> {
        self.refuse_files(key)?;
        self.list(key)?.ok_or_else(|| self.error(format!("`{key}` is needed, a list of strings")))
    }

    /// Lists in files are the cluster's.
    pub(super) fn refuse_files(&self, key: &str) -> Result<(), AnalysisError> {
        let file = format!("{key}_path");
        if self.has(&file) {
            return Err(self.error_in(&file, format!("files are not read; `{key}` takes the list itself")));
        }
        Ok(())
    }
}
