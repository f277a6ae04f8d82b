//! The embedded store: one redb file, `tripline.redb`, in the data directory.
//!
//! redb is copy-on-write: a transaction is there wholly or not at all, and when `EmbeddedStore::write` returns its pages
//! have been synced. One write transaction runs at a time; readers see the last commit and wait for nobody.

mod bulk_requests;
mod events;
mod jobs;
mod members;
mod outbox;
mod subscriptions;
mod tables;

use std::path::{Path, PathBuf};

use redb::{Database, DatabaseError, ReadTransaction, ReadableDatabase, ReadableTable, WriteTransaction};

use serde_json::Value;

use super::{EventStore, Store, StoreError};
use crate::query::QueryError;
use crate::subscription::{Selector, SubscriptionId};

#[cfg(test)]
pub(crate) use outbox::erase_from_batches;

/// The store's file within the data directory.
const FILE: &str = "tripline.redb";

/// The version of the tables and rows that this program writes.
const SCHEMA_VERSION: u64 = 1;

/// The embedded store.
pub struct EmbeddedStore {
    database: Database,
    directory: PathBuf,
}

/// Makes the directory where it is missing, for its owner alone: profiles and the secrets of webhooks will lie in it.
pub(crate) fn make_private(directory: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

impl EmbeddedStore {
    /// Opens the store of a data directory, and makes both where they are missing.
    ///
    /// `cache_bytes` bounds the memory for pages of the file.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] while another process has it open, [`StoreError::NewerSchema`] where a newer Tripline wrote
    /// it, [`StoreError::Open`] where the operating system refuses.
    pub fn open(directory: &Path, cache_bytes: usize) -> Result<EmbeddedStore, StoreError> {
        let failed =
            |source: redb::Error| StoreError::Open { directory: directory.to_owned(), source: Box::new(source) };
        make_private(directory).map_err(|error| failed(redb::Error::Io(error)))?;

        let database = Database::builder()
            .set_cache_size(cache_bytes)
            .set_repair_callback(|repair| {
                tracing::info!(progress = repair.progress(), "checking the store after a crash");
            })
            .create(directory.join(FILE))
            .map_err(|error| match error {
                DatabaseError::DatabaseAlreadyOpen => StoreError::InUse { directory: directory.to_owned() },
                other => failed(other.into()),
            })?;

        let store = EmbeddedStore { database, directory: directory.to_owned() };
        store.prepare_tables()?;
        Ok(store)
    }

    /// The last commit, as it stays for this reader whatever is written meanwhile.
    pub(crate) fn read(&self) -> Result<ReadTransaction, StoreError> {
        Ok(self.database.begin_read()?)
    }

    /// Does `work` in one transaction: all of it is durable when this returns `Ok`, none of it is there otherwise.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let transaction = self.database.begin_write()?;
        // An early return drops the transaction, which aborts it.
        let result = work(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }

    /// Checks the schema version and makes the tables, so that readers always find them.
    fn prepare_tables(&self) -> Result<(), StoreError> {
        self.write(|transaction| {
            let mut meta = transaction.open_table(tables::META)?;
            let found = meta.get(tables::meta::SCHEMA_VERSION)?.map(|version| version.value());
            match found {
                Some(found) if found > SCHEMA_VERSION => {
                    let directory = self.directory.clone();
                    return Err(StoreError::NewerSchema { directory, found, known: SCHEMA_VERSION });
                }
                Some(_) => {}
                None => {
                    meta.insert(tables::meta::SCHEMA_VERSION, SCHEMA_VERSION)?;
                }
            }
            transaction.open_table(tables::MEMBERS)?;
            transaction.open_table(tables::DOCUMENTS)?;
            transaction.open_table(tables::BASELINES)?;
            transaction.open_table(tables::SUBSCRIPTIONS)?;
            transaction.open_table(tables::SUBSCRIPTIONS_BY_TENANT)?;
            transaction.open_table(tables::CHANGES)?;
            transaction.open_table(tables::CHANGES_BY_TIME)?;
            transaction.open_table(tables::EVENTS)?;
            bulk_requests::prepare(transaction)?;
            jobs::prepare(transaction)?;
            outbox::create_tables(transaction)
        })
    }
}

impl Store for EmbeddedStore {
    fn is_shared(&self) -> bool {
        false
    }

    fn percolates(&self) -> bool {
        false
    }

    fn percolate(&self, documents: &[&Value]) -> Result<Vec<Vec<SubscriptionId>>, StoreError> {
        Ok(vec![Vec::new(); documents.len()])
    }

    fn check_selector(&self, _selector: &Selector) -> Result<(), QueryError> {
        Ok(())
    }

    fn check(&self) -> Result<(), StoreError> {
        self.last_sequence().map(drop)
    }
}
