//! Every table of members, subscriptions and events in one place, and how rows become bytes.
//!
//! | table | key | row |
//! | --- | --- | --- |
//! | `meta` | name | `schema_version`, `next_sequence` |
//! | `members` | member | what the engine knows of a member without its document, postcard |
//! | `documents` | member | the exact bytes that were accepted last |
//! | `baselines` | member | the last document that said anything of positions, while the newest says nothing |
//! | `subscriptions` | subscription | postcard |
//! | `subscriptions_by_tenant` | tenant, subscription | |
//! | `changes` | member, version | when, the position changes, and the positions that queries found; once, however many are told |
//! | `changes_by_time` | microsecond, member, version | the sequence of the last event that tells it |
//! | `events` | subscription, sequence | which of a member's changes and positions it is told, postcard |
//!
//! Events name their changes by (member, version) and hold nothing of a person themselves: erasing a member is a matter of
//! its few rows in `changes`.

use redb::TableDefinition;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::StoreError;

pub(super) const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
pub(super) const MEMBERS: TableDefinition<u64, &[u8]> = TableDefinition::new("members");
pub(super) const DOCUMENTS: TableDefinition<u64, &[u8]> = TableDefinition::new("documents");
pub(super) const BASELINES: TableDefinition<u64, &[u8]> = TableDefinition::new("baselines");
pub(super) const SUBSCRIPTIONS: TableDefinition<&str, &[u8]> = TableDefinition::new("subscriptions");
pub(super) const SUBSCRIPTIONS_BY_TENANT: TableDefinition<(&str, &str), ()> =
    TableDefinition::new("subscriptions_by_tenant");
pub(super) const CHANGES: TableDefinition<(u64, u64), &[u8]> = TableDefinition::new("changes");
pub(super) const CHANGES_BY_TIME: TableDefinition<(i64, u64, u64), u64> = TableDefinition::new("changes_by_time");
pub(super) const EVENTS: TableDefinition<(&str, u64), &[u8]> = TableDefinition::new("events");

/// Rows of `meta`.
pub(super) mod meta {
    pub(in super::super) const SCHEMA_VERSION: &str = "schema_version";
    pub(in super::super) const NEXT_SEQUENCE: &str = "next_sequence";
}

/// A row as bytes.
pub(super) fn encode<T: Serialize>(table: &'static str, row: &T) -> Result<Vec<u8>, StoreError> {
    postcard::to_stdvec(row).map_err(|error| StoreError::Unwritable { table, reason: error.to_string() })
}

/// Bytes as a row; `key` goes into the error.
pub(super) fn decode<T: DeserializeOwned>(
    table: &'static str,
    key: impl FnOnce() -> String,
    bytes: &[u8],
) -> Result<T, StoreError> {
    postcard::from_bytes(bytes).map_err(|error| damaged(table, key(), error))
}

/// The error of a row that does not read as what its table holds.
pub(super) fn damaged(table: &'static str, key: impl Into<String>, reason: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged { table, key: key.into(), reason: reason.to_string() }
}
