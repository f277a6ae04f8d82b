//! Reindex jobs and how far they are; and members in the order of their ids, for what must go through all of them.

use redb::{ReadableTable, TableDefinition, WriteTransaction};

use super::tables::{self, damaged, decode};
use super::{MemberRow, MemberState, Store};
use crate::engine::StoredMember;
use crate::event::MemberVersion;
use crate::jobs::reindex::{Job, JobId};
use crate::member::MemberId;
use crate::store::StoreError;

/// Job → JSON: few rows, written often, and read by people when something went wrong.
const JOBS: TableDefinition<&str, &[u8]> = TableDefinition::new("jobs");

/// Makes the table, so that readers always find it.
pub(super) fn prepare(transaction: &WriteTransaction) -> Result<(), StoreError> {
    transaction.open_table(JOBS)?;
    Ok(())
}

impl Store {
    /// Writes a job, new or further on.
    pub(crate) fn put_job(&self, job: &Job) -> Result<(), StoreError> {
        let row = serde_json::to_vec(job)
            .map_err(|error| StoreError::Unwritable { table: "jobs", reason: error.to_string() })?;
        self.write(|transaction| {
            transaction.open_table(JOBS)?.insert(job.id.as_str(), row.as_slice())?;
            Ok(())
        })
    }

    /// A job.
    pub(crate) fn job(&self, id: &JobId) -> Result<Option<Job>, StoreError> {
        let table = self.read()?.open_table(JOBS)?;
        table.get(id.as_str())?.map(|row| from_row(id.as_str(), row.value())).transpose()
    }

    /// All jobs, the newest first.
    pub(crate) fn jobs(&self) -> Result<Vec<Job>, StoreError> {
        let table = self.read()?.open_table(JOBS)?;
        let mut jobs = Vec::new();
        for entry in table.iter()?.rev() {
            let (id, row) = entry?;
            jobs.push(from_row(id.value(), row.value())?);
        }
        Ok(jobs)
    }

    /// Forgets a job.
    pub(crate) fn remove_job(&self, id: &JobId) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.open_table(JOBS)?.remove(id.as_str())?;
            Ok(())
        })
    }

    /// Members that have a document, with their versions, in the order of their ids, from the first one behind `after`; none when
    /// there are no more.
    pub(crate) fn member_versions(
        &self,
        after: Option<MemberId>,
        limit: usize,
    ) -> Result<Vec<(MemberId, MemberVersion)>, StoreError> {
        let members = self.read()?.open_table(tables::MEMBERS)?;
        let mut found = Vec::new();
        for entry in members.range(behind(after)..)? {
            let (id, row) = entry?;
            let id = member_id(id.value())?;
            let row: MemberRow = decode("members", || id.to_string(), row.value())?;
            if let MemberState::Known(_) = row.state {
                found.push((id, row.version));
            }
            if found.len() == limit {
                break;
            }
        }
        Ok(found)
    }

    /// Everything that is stored of members, erased ones too, in the order of their ids, from the first one behind `after`; none
    /// when there are no more.
    pub(crate) fn stored_members(
        &self,
        after: Option<MemberId>,
        limit: usize,
        limit_bytes: usize,
    ) -> Result<Vec<StoredMember>, StoreError> {
        let transaction = self.read()?;
        let members = transaction.open_table(tables::MEMBERS)?;
        let documents = transaction.open_table(tables::DOCUMENTS)?;
        let baselines = transaction.open_table(tables::BASELINES)?;
        let mut found = Vec::new();
        let mut bytes = 0;
        for entry in members.range(behind(after)..)? {
            let (id, row) = entry?;
            let id = member_id(id.value())?;
            let row = decode("members", || id.to_string(), row.value())?;
            let document = documents.get(id.get())?.map(|document| document.value().to_vec().into());
            let baseline = baselines.get(id.get())?.map(|document| document.value().to_vec().into());
            let member = StoredMember { id, row, document, baseline };
            bytes += member.document.as_ref().map_or(0, bytes::Bytes::len);
            found.push(member);
            if found.len() == limit || bytes >= limit_bytes {
                break;
            }
        }
        Ok(found)
    }
}

fn behind(after: Option<MemberId>) -> u64 {
    after.map_or(0, |id| id.get() + 1)
}

fn member_id(id: u64) -> Result<MemberId, StoreError> {
    MemberId::try_from(id).map_err(|error| damaged("members", id.to_string(), error))
}

fn from_row(id: &str, row: &[u8]) -> Result<Job, StoreError> {
    serde_json::from_slice(row).map_err(|error| damaged("jobs", id, error))
}
