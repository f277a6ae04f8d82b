//! Why the store could not do what it was asked.

use std::fmt;
use std::path::PathBuf;

use crate::member::MemberId;

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
    /// The database failed: most often the disk is full or broken.
    #[error("the store failed: {0}")]
    Database(#[source] Box<redb::Error>),
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
