//! Members that another store has exported: taken over as they are, with all that is known of them, and nobody is told.

use std::sync::Arc;

use super::reading::Reading;
use super::update::{Outcome, OutcomeKind, Rejection, Update};
use super::{Engine, RACES};
use crate::member::MemberId;
use crate::store::{BaselineWrite, MemberState, MemberWrite, Stamp, StoreError, StoredMember};

/// A member that was exported, checked and waiting for its turn.
pub struct PreparedMember {
    member: StoredMember,
    last_updated: Option<jiff::Timestamp>,
}

impl PreparedMember {
    /// Whose it is.
    pub fn id(&self) -> MemberId {
        self.member.id
    }

    /// When its document says that it was crawled.
    pub fn last_updated(&self) -> Option<jiff::Timestamp> {
        self.last_updated
    }
}

/// Why an exported member is not taken over.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoredMemberError {
    /// Its document is refused.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// What belongs together does not.
    #[error("the exported member is not whole: {reason}; export it again")]
    NotWhole {
        /// What is missing or was changed.
        reason: &'static str,
    },
}

impl Engine {
    /// Checks a member that was exported.
    ///
    /// # Errors
    ///
    /// Where its document is refused, or is not the one that its digest was made of.
    pub fn prepare_stored(&self, member: StoredMember) -> Result<PreparedMember, StoredMemberError> {
        let not_whole = |reason| Err(StoredMemberError::NotWhole { reason });
        let MemberState::Known(profile) = &member.row.state else {
            return Ok(PreparedMember { member, last_updated: None });
        };
        let Some(document) = &member.document else { return not_whole("its document is missing") };
        let reading = Reading::of(Update::new(member.id, document.clone()), &self.options.schema)?;
        self.accept(&reading)?;
        if reading.digest != profile.digest {
            return not_whole("its digest is not the document's");
        }
        if profile.silent != member.baseline.is_some() {
            return not_whole("its baseline is missing, or is not needed");
        }
        let last_updated = profile.last_updated;
        Ok(PreparedMember { member, last_updated })
    }

    /// Takes exported members over in one commit. Where a member is known here, the higher version stays.
    ///
    /// # Errors
    ///
    /// Where the store fails: then nothing of them is known to be stored, and all of it may be sent again.
    pub fn restore(&self, members: &[PreparedMember]) -> Result<Vec<Outcome>, StoreError> {
        let _turn = self.turn();
        let mut outcomes = Vec::new();
        for _ in 0..RACES {
            let ids: Vec<MemberId> = members.iter().map(PreparedMember::id).collect();
            let known = self.members.known(&ids)?;
            let mut writes = Vec::new();
            outcomes.clear();
            for PreparedMember { member, .. } in members {
                let stored = known.row(member.id);
                let kind = match stored.map(|stored| &*stored.row) {
                    None => OutcomeKind::New,
                    Some(known) if *known == member.row => OutcomeKind::Unchanged,
                    Some(known) if known.version >= member.row.version => OutcomeKind::Stale,
                    Some(_) => OutcomeKind::Cosmetic,
                };
                outcomes.push(Outcome { id: member.id, kind, changes: Vec::new(), notified: Vec::new() });
                if matches!(kind, OutcomeKind::New | OutcomeKind::Cosmetic) {
                    writes.push(write_of(member, stored.map_or_else(Stamp::default, |stored| stored.stamp.clone())));
                }
            }
            // Those that another node wrote meanwhile are looked at again, with all the others.
            if self.commit(writes, &[])?.is_empty() {
                return Ok(outcomes);
            }
        }
        Err(StoreError::Contended { member: None, races: RACES })
    }

    fn accept(&self, reading: &Reading) -> Result<(), Rejection> {
        let read = self.percolator.document(Some(reading.id), &reading.json);
        read.map(|_| ()).map_err(|error| Rejection { id: Some(reading.id), reason: error.into() })
    }
}

fn write_of(member: &StoredMember, stamp: Stamp) -> MemberWrite {
    MemberWrite {
        id: member.id,
        row: Arc::new(member.row.clone()),
        stamp,
        document: member.document.clone(),
        baseline: member.baseline.clone().map_or(BaselineWrite::Clear, BaselineWrite::Set),
    }
}
