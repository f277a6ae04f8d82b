//! Reindex jobs and how far they are.

use super::StoreError;
use crate::jobs::reindex::{Job, JobId};

/// The reindex jobs of a store.
pub trait JobStore {
    /// Writes a job, new or further on.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn put_job(&self, job: &Job) -> Result<(), StoreError>;

    /// A job.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn job(&self, id: &JobId) -> Result<Option<Job>, StoreError>;

    /// All jobs, the newest first.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn jobs(&self) -> Result<Vec<Job>, StoreError>;

    /// Forgets a job.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    fn remove_job(&self, id: &JobId) -> Result<(), StoreError>;
}
