//! Reindex jobs and how far they are.

use redb::{ReadableTable, TableDefinition, WriteTransaction};

use super::EmbeddedStore;
use super::tables::damaged;
use crate::jobs::reindex::{Job, JobId};
use crate::store::{JobStore, StoreError};

/// Job → JSON: few rows, written often, and read by people when something went wrong.
const JOBS: TableDefinition<&str, &[u8]> = TableDefinition::new("jobs");

/// Makes the table, so that readers always find it.
pub(super) fn prepare(transaction: &WriteTransaction) -> Result<(), StoreError> {
    transaction.open_table(JOBS)?;
    Ok(())
}

impl JobStore for EmbeddedStore {
    fn put_job(&self, job: &Job) -> Result<(), StoreError> {
        let row = serde_json::to_vec(job)
            .map_err(|error| StoreError::Unwritable { table: "jobs", reason: error.to_string() })?;
        self.write(|transaction| {
            transaction.open_table(JOBS)?.insert(job.id.as_str(), row.as_slice())?;
            Ok(())
        })
    }

    fn job(&self, id: &JobId) -> Result<Option<Job>, StoreError> {
        let table = self.read()?.open_table(JOBS)?;
        table.get(id.as_str())?.map(|row| from_row(id.as_str(), row.value())).transpose()
    }

    fn jobs(&self) -> Result<Vec<Job>, StoreError> {
        let table = self.read()?.open_table(JOBS)?;
        let mut jobs = Vec::new();
        for entry in table.iter()?.rev() {
            let (id, row) = entry?;
            jobs.push(from_row(id.value(), row.value())?);
        }
        Ok(jobs)
    }

    fn remove_job(&self, id: &JobId) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.open_table(JOBS)?.remove(id.as_str())?;
            Ok(())
        })
    }
}

fn from_row(id: &str, row: &[u8]) -> Result<Job, StoreError> {
    serde_json::from_slice(row).map_err(|error| damaged("jobs", id, error))
}
