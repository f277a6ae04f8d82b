//! Members: what is known of each without its document, and the document itself.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use redb::{ReadableTable, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::Store;
use super::tables::{self, damaged, decode, encode};
use crate::event::MemberVersion;
use crate::member::MemberId;
use crate::store::StoreError;

/// What the store knows of a member beside its document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberRow {
    /// One more with each update that changed what is stored, and never again the same: event ids are made of it.
    pub version: MemberVersion,
    /// The highest version number that a sender gave.
    pub explicit_version: Option<u64>,
    /// Whether there is a document.
    pub state: MemberState,
}

impl MemberRow {
    /// Whether an older document is kept because the newest says nothing of positions.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(&self.state, MemberState::Known(profile) if profile.silent)
    }
}

/// Whether a member has a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum MemberState {
    /// It has.
    Known(Profile),
    /// It was erased: nothing of the person is left.
    Erased,
}

/// What identifies a member's document and positions without reading them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Digest of the document as a JSON value.
    pub digest: [u8; 32],
    /// Fingerprint of the positions; `None` as long as no document said anything of positions.
    pub fingerprint: Option<[u8; 32]>,
    /// When the document says that it was crawled.
    pub last_updated: Option<Timestamp>,
    /// Whether the newest document says nothing of positions while an older one did: that one is kept as the baseline.
    pub silent: bool,
    /// Positions that were seen and vanished, as the engine encodes them.
    pub remembered: Vec<u8>,
}

/// What one commit does to a member.
pub(crate) struct MemberWrite {
    pub(crate) id: MemberId,
    pub(crate) row: Arc<MemberRow>,
    /// The new document; `None` leaves the stored one.
    pub(crate) document: Option<Bytes>,
    pub(crate) baseline: BaselineWrite,
}

/// What becomes of the last document that said anything of positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BaselineWrite {
    /// What is stored stays.
    Keep,
    /// The newest document says something itself.
    Clear,
    /// The newest document says nothing: this one is kept beside it.
    Set(Bytes),
}

impl Store {
    /// What is known of a member; `None` for one that was never seen.
    pub fn member(&self, id: MemberId) -> Result<Option<MemberRow>, StoreError> {
        let table = self.read()?.open_table(tables::MEMBERS)?;
        let row = table.get(id.get())?;
        row.map(|row| decode("members", || id.to_string(), row.value())).transpose()
    }

    /// The exact bytes of a member's document as they were last accepted.
    pub fn document(&self, id: MemberId) -> Result<Option<Bytes>, StoreError> {
        let table = self.read()?.open_table(tables::DOCUMENTS)?;
        Ok(table.get(id.get())?.map(|bytes| Bytes::copy_from_slice(bytes.value())))
    }

    /// The last document that said anything of positions: the newest one, unless that says nothing.
    pub(crate) fn baseline(&self, id: MemberId) -> Result<Option<Bytes>, StoreError> {
        let transaction = self.read()?;
        let baselines = transaction.open_table(tables::BASELINES)?;
        if let Some(bytes) = baselines.get(id.get())? {
            return Ok(Some(Bytes::copy_from_slice(bytes.value())));
        }
        let documents = transaction.open_table(tables::DOCUMENTS)?;
        Ok(documents.get(id.get())?.map(|bytes| Bytes::copy_from_slice(bytes.value())))
    }

    /// Calls `visit` with at most `limit` documents, those of the highest ids first, until it says `false`.
    pub(crate) fn for_each_document_backwards(
        &self,
        limit: usize,
        mut visit: impl FnMut(MemberId, &[u8]) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
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

    /// Erases a member: only its id and version stay. Events about it stay without what they said of the person.
    /// Returns whether there was anything to erase.
    pub(crate) fn erase(&self, id: MemberId) -> Result<bool, StoreError> {
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
