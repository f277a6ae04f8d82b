//! What a query's values mean for a field: the other half of how the document's values become points.

use jiff::Timestamp;

use crate::query::Scalar;

use super::error::ValueError;
use super::field::Field;

/// The points that a `term` or `range` accepts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PointRange {
    /// Nothing.
    Empty,
    /// From `low` to `high`, both included.
    Fixed { low: i128, high: i128 },
    /// Bounds that hold `now`, known when a document is matched.
    Dated(DatedRange),
}

/// A range of dates of which a bound holds `now`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DatedRange {}

impl PointRange {
    /// The inclusive bounds at the time `now`; `None` where nothing can match.
    pub fn resolve(&self, _now: Timestamp) -> Option<(i128, i128)> {
        match self {
            PointRange::Empty => None,
            PointRange::Fixed { low, high } => (low <= high).then_some((*low, *high)),
            PointRange::Dated(_) => None,
        }
    }
}

impl Field {
    /// The points that `term` with this value accepts; `None` where no document can have it (30.5 on an integer).
    ///
    /// # Errors
    ///
    /// Where Elasticsearch refuses the query: the text is no number, date or address.
    pub fn term_point(&self, _value: &Scalar) -> Result<Option<PointRange>, ValueError> {
        Ok(None)
    }

    /// The points between two bounds; an open bound is `None`.
    ///
    /// # Errors
    ///
    /// Where Elasticsearch refuses the query: a bound is no number, date or address, the format or the time zone is
    /// unknown or has no meaning for the type.
    pub fn range(
        &self,
        _lower: Option<&Scalar>,
        _includes_lower: bool,
        _upper: Option<&Scalar>,
        _includes_upper: bool,
        _format: Option<&str>,
        _time_zone: Option<&str>,
    ) -> Result<PointRange, ValueError> {
        Ok(PointRange::Empty)
    }
}
