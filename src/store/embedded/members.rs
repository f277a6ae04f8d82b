//! Members: what is known of each without its document, and the document itself.

use std::sync::Arc;

use bytes::Bytes;
use redb::{ReadableTable, WriteTransaction};

use super::EmbeddedStore;
use super::tables::{self, damaged, decode, encode};
use crate::event::MemberVersion;
use crate::member::MemberId;
use crate::store::{
    BaselineWrite, MemberRow, MemberState, MemberStore, MemberWrite, Stamp, StoreError, Stored, StoredMember,
    VisitDocument,
};

impl MemberStore for EmbeddedStore {
    fn members(&self, ids: &[MemberId]) -> Result<Vec<Option<Stored<Arc<MemberRow>>>>, StoreError> {
        let table = self.read()?.open_table(tables::MEMBERS)?;
        let row = |id: &MemberId| {
            let Some(row) = table.get(id.get())? else { return Ok(None) };
            let row = decode("members", || id.to_string(), row.value())?;
            Ok(Some(Stored { row: Arc::new(row), stamp: Stamp::default() }))
        };
        ids.iter().map(row).collect()
    }

    fn documents(&self, ids: &[MemberId]) -> Result<Vec<Option<Bytes>>, StoreError> {
        let table = self.read()?.open_table(tables::DOCUMENTS)?;
        ids.iter().map(|id| bytes_of(&table, *id)).collect()
    }

    fn baselines(&self, ids: &[MemberId]) -> Result<Vec<Option<Bytes>>, StoreError> {
        let transaction = self.read()?;
        let baselines = transaction.open_table(tables::BASELINES)?;
        let documents = transaction.open_table(tables::DOCUMENTS)?;
        let baseline = |id: &MemberId| match bytes_of(&baselines, *id)? {
            Some(bytes) => Ok(Some(bytes)),
            None => bytes_of(&documents, *id),
        };
        ids.iter().map(baseline).collect()
    }

    fn for_each_document_backwards(&self, limit: usize, visit: &mut VisitDocument<'_>) -> Result<(), StoreError> {
        let documents = self.read()?.open_table(tables::DOCUMENTS)?;
        for entry in documents.iter()?.rev().take(limit) {
            let (key, bytes) = entry?;
            let id = key.value();
            let id = MemberId::try_from(id).map_err(|error| damaged("documents", id.to_string(), error))?;
            if !visit(id, bytes.value())? {
                break;
            }
        }
        Ok(())
    }

    fn member_versions(
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

    fn stored_members(
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

    fn erase(&self, id: MemberId) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let mut members = transaction.open_table(tables::MEMBERS)?;
            let row =
                members.get(id.get())?.map(|row| decode("members", || id.to_string(), row.value())).transpose()?;
            let tombstone = match row {
                None | Some(MemberRow { state: MemberState::Erased, .. }) => return Ok(false),
                Some(row) => MemberRow { state: MemberState::Erased, ..row },
            };
            members.insert(id.get(), encode("members", &tombstone)?.as_slice())?;
            transaction.open_table(tables::DOCUMENTS)?.remove(id.get())?;
            transaction.open_table(tables::BASELINES)?.remove(id.get())?;
            super::events::erase(transaction, id)?;
            super::outbox::erase_from_batches(transaction, id)?;
            Ok(true)
        })
    }
}

/// Writes members within a transaction.
pub(super) fn write(transaction: &WriteTransaction, writes: &[MemberWrite]) -> Result<(), StoreError> {
    let mut members = transaction.open_table(tables::MEMBERS)?;
    let mut documents = transaction.open_table(tables::DOCUMENTS)?;
    let mut baselines = transaction.open_table(tables::BASELINES)?;
    for write in writes {
        let key = write.id.get();
        members.insert(key, encode("members", write.row.as_ref())?.as_slice())?;
        if let Some(document) = &write.document {
            documents.insert(key, document.as_ref())?;
        }
        match &write.baseline {
            BaselineWrite::Keep => {}
            BaselineWrite::Clear => {
                baselines.remove(key)?;
            }
            BaselineWrite::Set(document) => {
                baselines.insert(key, document.as_ref())?;
            }
        }
    }
    Ok(())
}

fn bytes_of(table: &impl ReadableTable<u64, &'static [u8]>, id: MemberId) -> Result<Option<Bytes>, StoreError> {
    Ok(table.get(id.get())?.map(|bytes| Bytes::copy_from_slice(bytes.value())))
}

fn behind(after: Option<MemberId>) -> u64 {
    after.map_or(0, |id| id.get() + 1)
}

fn member_id(id: u64) -> Result<MemberId, StoreError> {
    MemberId::try_from(id).map_err(|error| damaged("members", id.to_string(), error))
}
