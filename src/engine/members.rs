//! Members as they are committed: what a batch of updates asks of them, in as few questions as can be, and a bounded cache of
//! their rows where no other node writes them.

use std::sync::Arc;

use bytes::Bytes;
use moka::sync::Cache;
use rustc_hash::FxHashMap;

use crate::member::MemberId;
use crate::store::{MemberRow, MemberState, Stamp, Store, StoreError, Stored};

/// Committed members.
pub(super) struct Members {
    store: Arc<dyn Store>,
    /// `None` where the store is shared: what is remembered may be old.
    rows: Option<Cache<MemberId, Arc<MemberRow>>>,
}

/// What a batch knows of the members that its updates are about.
#[derive(Default)]
pub(super) struct Known {
    rows: FxHashMap<MemberId, Stored<Arc<MemberRow>>>,
    documents: FxHashMap<MemberId, Bytes>,
    baselines: FxHashMap<MemberId, Bytes>,
}

/// What a row costs in the cache beside what it remembers: the row itself, and the cache's own entry.
const ENTRY_BYTES: usize = size_of::<MemberRow>() + 96;

impl Members {
    pub(super) fn new(store: Arc<dyn Store>, cache_bytes: u64) -> Self {
        let rows = (!store.is_shared())
            .then(|| Cache::builder().max_capacity(cache_bytes).weigher(|_, row: &Arc<MemberRow>| weight(row)).build());
        Members { store, rows }
    }

    /// What is known of these members, each named once.
    pub(super) fn known(&self, ids: &[MemberId]) -> Result<Known, StoreError> {
        let mut known = Known::default();
        let mut asked = Vec::new();
        for id in ids {
            match self.rows.as_ref().and_then(|rows| rows.get(id)) {
                Some(row) => {
                    known.rows.insert(*id, Stored { row, stamp: Stamp::default() });
                }
                None => asked.push(*id),
            }
        }
        if asked.is_empty() {
            return Ok(known);
        }
        for (id, found) in asked.iter().zip(self.store.members(&asked)?) {
            let Some(found) = found else { continue };
            if let Some(rows) = &self.rows {
                rows.insert(*id, Arc::clone(&found.row));
            }
            known.rows.insert(*id, found);
        }
        Ok(known)
    }

    /// Reads the documents of these members: their newest, and the newest that say anything of positions.
    pub(super) fn read(
        &self,
        known: &mut Known,
        newest: &[MemberId],
        baselines: &[MemberId],
    ) -> Result<(), StoreError> {
        let found = |ids: &[MemberId], documents: Vec<Option<Bytes>>| {
            ids.iter().copied().zip(documents).filter_map(|(id, bytes)| Some((id, bytes?))).collect()
        };
        if !newest.is_empty() {
            known.documents = found(newest, self.store.documents(newest)?);
        }
        if !baselines.is_empty() {
            known.baselines = found(baselines, self.store.baselines(baselines)?);
        }
        Ok(())
    }

    /// A member's newest document.
    pub(super) fn document(&self, id: MemberId) -> Result<Option<Bytes>, StoreError> {
        Ok(self.store.documents(&[id])?.pop().flatten())
    }

    /// A member's newest document that says anything of positions.
    pub(super) fn baseline(&self, id: MemberId) -> Result<Option<Bytes>, StoreError> {
        Ok(self.store.baselines(&[id])?.pop().flatten())
    }

    /// Takes over what was committed.
    pub(super) fn committed(&self, id: MemberId, row: Arc<MemberRow>) {
        if let Some(rows) = &self.rows {
            rows.insert(id, row);
        }
    }

    /// A commit failed, so only the store can tell what it holds.
    pub(super) fn forget(&self, id: MemberId) {
        if let Some(rows) = &self.rows {
            rows.invalidate(&id);
        }
    }
}

impl Known {
    /// What is known of a member; `None` for one that was never seen.
    pub(super) fn row(&self, id: MemberId) -> Option<&Stored<Arc<MemberRow>>> {
        self.rows.get(&id)
    }

    /// A member's newest document, where it was read.
    pub(super) fn document(&self, id: MemberId) -> Option<&Bytes> {
        self.documents.get(&id)
    }

    /// A member's newest document that says anything of positions, where it was read.
    pub(super) fn baseline(&self, id: MemberId) -> Option<&Bytes> {
        self.baselines.get(&id)
    }
}

fn weight(row: &MemberRow) -> u32 {
    let remembered = match &row.state {
        MemberState::Known(profile) => profile.remembered.len(),
        MemberState::Erased => 0,
    };
    u32::try_from(ENTRY_BYTES + remembered).unwrap_or(u32::MAX)
}
