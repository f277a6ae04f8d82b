//! Why the store could not do what it was asked.

use std::fmt;
use std::path::PathBuf;

use super::elasticsearch::indices::IndicesError;
use crate::elasticsearch::ElasticsearchError;
use crate::member::MemberId;
use crate::subscription::SubscriptionId;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process (or another engine of this one) has the data directory open.
    #[error("the data directory {} is in use by another process; stop that one or choose another directory", .directory.display())]
    InUse {
        /// The directory that was asked for.
        directory: PathBuf,
    },
    /// A newer Tripline wrote the data directory.
    #[error(
        "the data directory {} has schema version {found}, and this Tripline knows versions up to {known}; \
         run the version that wrote it, or a newer one", .directory.display()
    )]
    NewerSchema {
        /// The directory that was asked for.
        directory: PathBuf,
        /// The version that it has.
        found: u64,
        /// The newest version that this program knows.
        known: u64,
    },
    /// The directory cannot be made or its file not be opened.
    #[error("cannot open the data directory {}: {source}", .directory.display())]
    Open {
        /// The directory that was asked for.
        directory: PathBuf,
        /// What the operating system or the database said.
        source: Box<redb::Error>,
    },
    /// A stored row does not read as what its table holds.
    #[error("the row {key} of table {table:?} is damaged: {reason}")]
    Damaged {
        /// The table.
        table: &'static str,
        /// The row's key, as text.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A row cannot be written as what its table holds.
    #[error("cannot write a row of table {table:?}: {reason}")]
    Unwritable {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Others wrote the same row again and again before this writer could.
    #[error(
        "another node was faster {races} times in a row to write {}; send it again", Contested(*.member)
    )]
    Contended {
        /// The member, where it was one.
        member: Option<MemberId>,
        /// How often it was tried.
        races: u32,
    },
    /// Another node has the subscription's queue.
    #[error("node {owner} has the queue of subscription {subscription}")]
    HeldElsewhere {
        /// Whose queue it is.
        subscription: SubscriptionId,
        /// The node.
        owner: String,
    },
    /// The cluster was too busy for a write, or something came between.
    #[error("the cluster did not write a document of {table:?} for now: {reason}")]
    Busy {
        /// What the document is.
        table: &'static str,
        /// Why.
        reason: String,
    },
    /// The cluster failed, or is not what is needed.
    #[error(transparent)]
    Cluster(Box<ElasticsearchError>),
    /// The cluster's indices are not what is needed.
    #[error(transparent)]
    Indices(Box<IndicesError>),
    /// The cluster's percolator does not take a query.
    #[error("the cluster's percolator does not take the query: {reason}")]
    QueryRefused {
        /// Why.
        reason: String,
    },
    /// The cluster cannot percolate.
    #[error("{server} has no percolator (its module is not installed); use percolator = \"embedded\"")]
    NoPercolator {
        /// What it is.
        server: String,
    },
    /// This node has not heard of the cluster's subscriptions for too long to say who is to be told.
    #[error("this node cannot follow the cluster's subscriptions, so it takes no updates for now")]
    Fenced,
    /// The operating system gives no thread.
    #[error("cannot start a thread that asks the cluster: {0}")]
    Thread(#[source] std::io::Error),
    /// The store is being closed.
    #[error("the store is closed")]
    Closed,
    /// The database failed: most often the disk is full or broken.
    #[error("the store failed: {0}")]
    Database(#[source] Box<redb::Error>),
}

impl StoreError {
    /// Whether the same may succeed later, without anybody mending anything.
    pub fn is_transient(&self) -> bool {
        match self {
            StoreError::Contended { .. }
            | StoreError::HeldElsewhere { .. }
            | StoreError::Busy { .. }
            | StoreError::Fenced => true,
            StoreError::Cluster(error) => error.is_transient(),
            StoreError::Indices(error) => {
                matches!(&**error, IndicesError::Elasticsearch(error) if error.is_transient())
            }
            StoreError::InUse { .. }
            | StoreError::NewerSchema { .. }
            | StoreError::Open { .. }
            | StoreError::Damaged { .. }
            | StoreError::Unwritable { .. }
            | StoreError::Thread(_)
            | StoreError::Closed
            | StoreError::QueryRefused { .. }
            | StoreError::NoPercolator { .. }
            | StoreError::Database(_) => false,
        }
    }
}

/// `?` on each of redb's errors, which all are kinds of [`redb::Error`].
macro_rules! from_redb {
    ($($error:ty),+) => {
        $(impl From<$error> for StoreError {
            fn from(error: $error) -> Self {
                StoreError::Database(Box::new(error.into()))
            }
        })+
    };
}

from_redb!(redb::TransactionError, redb::TableError, redb::StorageError, redb::CommitError);

/// What others wrote, in words.
struct Contested(Option<MemberId>);

impl fmt::Display for Contested {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(member) => write!(formatter, "member {member}"),
            None => write!(formatter, "the subscription"),
        }
    }
}
