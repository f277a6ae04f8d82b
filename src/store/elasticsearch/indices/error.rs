//! Why the indices of a cluster cannot be used.

use crate::elasticsearch::ElasticsearchError;

/// Why the indices of a cluster cannot be used, and what would be right.
#[derive(Debug, Clone, thiserror::Error)]
pub enum IndicesError {
    #[error(transparent)]
    Elasticsearch(#[from] ElasticsearchError),
    #[error("the definition of index {name:?} cannot be used: {reason}")]
    Definition { name: &'static str, reason: String },
    #[error(
        "an index named {alias:?} stands where Tripline's alias should be; \
         rename or remove it, or choose other names with elasticsearch.prefix"
    )]
    AlienIndex { alias: String },
    #[error(
        "the alias {alias:?} stands before {indices}, and not before one index that Tripline made; \
         remove the alias, or choose other names with elasticsearch.prefix"
    )]
    AlienAlias { alias: String, indices: String },
    #[error(
        "the alias {alias:?} of index {index:?} has {what}; an alias without filter and routing, for writes, is needed"
    )]
    AlteredAlias { alias: String, index: String, what: String },
    #[error(
        "the index {index:?} stands there without the alias {alias:?}; put the alias back \
         (POST /_aliases {{\"actions\": [{{\"add\": {{\"index\": {index:?}, \"alias\": {alias:?}, \"is_write_index\": true}}}}]}}), \
         or remove the index if it holds nothing"
    )]
    LostAlias { alias: String, index: String },
    #[error(
        "the index {index:?} has schema version {found}, and this Tripline knows versions up to {known}; \
         run the version that made it, or a newer one"
    )]
    NewerSchema { index: String, found: u32, known: u32 },
    #[error(
        "the mapping of index {index:?} was changed: {place} is {found}, and {needed} is needed; \
         reindex it with the mapping of the template {alias:?}"
    )]
    ChangedMapping { alias: String, index: String, place: String, found: String, needed: String },
    #[error("the index {index:?} is closed; open it (POST /{index}/_open)")]
    Closed { index: String },
    #[error("the index {index:?} takes no writes (index.blocks.{block}); {remedy}")]
    Blocked { index: String, block: String, remedy: &'static str },
    #[error(
        "the index {index:?} is red: a primary shard of it is on no node; GET /_cluster/allocation/explain says why"
    )]
    Red { index: String },
    #[error("the document {id:?} of index {index:?} cannot be taken over into {target:?}: {reason}")]
    NotTakenOver { index: String, target: String, id: String, reason: String },
    #[error("another node migrates the index {index:?}, and took over while this one was away")]
    LeaseLost { index: String },
}

impl IndicesError {
    /// Whether the same may succeed later, without anybody doing something.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Elasticsearch(error) => error.is_transient(),
            Self::Red { .. } | Self::LeaseLost { .. } => true,
            _ => false,
        }
    }
}
