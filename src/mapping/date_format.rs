//! Date formats as Elasticsearch writes them.

/// A list of formats (`||` between them), tried in order.
#[derive(Debug, Clone)]
pub struct DateFormat {}
