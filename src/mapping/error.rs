//! Why a mapping is refused, and why a query's value does not fit a field.

use serde::Serialize;

use crate::excerpt::excerpt;

/// Why a mapping is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("{reason} at {place}")]
pub struct MappingError {
    /// JSON pointer into what was given; "/" where it is wrong as a whole.
    pub place: String,
    /// What is wrong, and what would be right.
    pub reason: String,
}

impl MappingError {
    pub(crate) fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        let place: String = place.into();
        MappingError { place: if place.is_empty() { "/".to_owned() } else { place }, reason: excerpt(reason.into()) }
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
