//! Members as they are committed: a bounded cache of their rows in front of the store.

use std::sync::Arc;

use bytes::Bytes;
use moka::sync::Cache;

use crate::member::MemberId;
use crate::store::embedded::{MemberRow, MemberState};
use crate::store::{Store, StoreError};

/// Committed members.
pub(super) struct Members {
    store: Arc<Store>,
    rows: Cache<MemberId, Arc<MemberRow>>,
}

/// What a row costs in the cache beside what it remembers: the row itself, and the cache's own entry.
const ENTRY_BYTES: usize = size_of::<MemberRow>() + 96;

impl Members {
    pub(super) fn new(store: Arc<Store>, cache_bytes: u64) -> Self {
        let rows = Cache::builder().max_capacity(cache_bytes).weigher(|_, row: &Arc<MemberRow>| weight(row)).build();
        Members { store, rows }
    }

    /// What is known of a member; `None` for one that was never seen.
    pub(super) fn row(&self, id: MemberId) -> Result<Option<Arc<MemberRow>>, StoreError> {
        if let Some(row) = self.rows.get(&id) {
            return Ok(Some(row));
        }
        let Some(row) = self.store.member(id)?.map(Arc::new) else { return Ok(None) };
        self.rows.insert(id, Arc::clone(&row));
        Ok(Some(row))
    }

    /// A member's newest document.
    pub(super) fn document(&self, id: MemberId) -> Result<Option<Bytes>, StoreError> {
        self.store.document(id)
    }

    /// A member's newest document that says anything of positions.
    pub(super) fn baseline(&self, id: MemberId) -> Result<Option<Bytes>, StoreError> {
        self.store.baseline(id)
    }

    /// Takes over what was committed.
    pub(super) fn committed(&self, id: MemberId, row: Arc<MemberRow>) {
        self.rows.insert(id, row);
    }

    /// A commit failed, so only the store can tell what it holds.
    pub(super) fn forget(&self, id: MemberId) {
        self.rows.invalidate(&id);
    }
}

fn weight(row: &MemberRow) -> u32 {
    let remembered = match &row.state {
        MemberState::Known(profile) => profile.remembered.len(),
        MemberState::Erased => 0,
    };
    u32::try_from(ENTRY_BYTES + remembered).unwrap_or(u32::MAX)
}
