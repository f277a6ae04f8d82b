//! Why a mapping is refused, and why a query's value does not fit a field.

use serde::Serialize;

use crate::excerpt::excerpt;

/// Why a mapping is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("{reason} at {place}")]
pub struct MappingError {
    /// The field's full path, or the path of a setting.
    pub place: String,
    /// What is wrong, and what would be right.
    pub reason: String,
}

impl MappingError {
    pub(crate) fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        MappingError { place: place.into(), reason: excerpt(reason.into()) }
    }
}

/// Why a value of a query cannot be compared with a field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("{reason}")]
pub struct ValueError {
    /// What is wrong, and what would be right.
    pub reason: String,
}

impl ValueError {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        ValueError { reason: excerpt(reason.into()) }
    }
}
