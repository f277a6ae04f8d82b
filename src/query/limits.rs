//! How much one query may ask for.

/// What one query may hold; beyond it the query is refused with [`QueryErrorKind::Limit`](super::QueryErrorKind::Limit).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How deep clauses may stand in one another, and groups in a query text.
    pub depth: usize,
    /// How many clauses there may be in all, each leaf of a query text counted as one.
    pub clauses: usize,
    /// How many values one `terms` or `terms_set` may list.
    pub terms: usize,
    /// Length of a text to be analysed or parsed, in bytes.
    pub text_bytes: usize,
    /// Length of a `wildcard`, `regexp`, `prefix` or `fuzzy` pattern, in UTF-16 units as Elasticsearch counts it.
    pub pattern_units: usize,
    /// How many points one shape may be described by; each document's point is held against all of a polygon's edges at worst.
    pub shape_points: usize,
}

impl Limits {
    /// Elasticsearch stops at 30 `bool`s (`indices.query.bool.max_nested_depth`); JSON readers stop at 128 levels.
    pub const DEPTH: usize = 100;
    /// Elasticsearch derives its own from the heap; a machine of 1 GiB gets about as many.
    pub const CLAUSES: usize = 10_000;
    /// Elasticsearch's `index.max_terms_count`.
    pub const TERMS: usize = 65_536;
    /// Twice what OpenSearch takes as `search.query.max_query_string_length`.
    pub const TEXT_BYTES: usize = 64 * 1024;
    /// Elasticsearch's `index.max_regex_length`.
    pub const PATTERN_UNITS: usize = 1000;
    /// Twice the corners of the outline of a country with its coast; Elasticsearch has no limit.
    pub const SHAPE_POINTS: usize = 10_000;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: Self::DEPTH,
            clauses: Self::CLAUSES,
            terms: Self::TERMS,
            text_bytes: Self::TEXT_BYTES,
            pattern_units: Self::PATTERN_UNITS,
            shape_points: Self::SHAPE_POINTS,
        }
    }
}
