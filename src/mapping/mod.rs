//! Elasticsearch mappings: fields, their types, analyzers and date formats.
/// Stub.
pub struct Mapping;
