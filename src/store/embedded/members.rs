//! Members: what is known of each without its document, and the document itself.

use std::sync::Arc;

use bytes::Bytes;
use redb::{ReadableTable, WriteTransaction};

use super::EmbeddedStore;
use super::tables::{self, damaged, decode, encode};
use crate::member::MemberId;
use crate::store::{
    BaselineWrite, MemberRow, MemberState, MemberStore, MemberWrite, Stamp, StoreError, Stored, VisitDocument,
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
